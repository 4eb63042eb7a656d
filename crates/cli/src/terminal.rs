//! The size of the terminal that results go to, and texts that fit it.

use terminal_size::{Height, Width, terminal_size_of};

/// Columns where neither a terminal nor `COLUMNS` says how many there are: of running text, which no pipe wants endless.
const TEXT_WIDTH: usize = 100;

/// Columns of the terminal on stdout, else those that `COLUMNS` says; none where results go elsewhere.
pub fn width() -> Option<usize> {
    let terminal = terminal_size_of(std::io::stdout());
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let width = terminal.map(|(Width(width), _)| usize::from(width));
    width.or_else(columns).filter(|width| *width > 0)
}

/// A bar of progress as wide as the terminal on stderr, or what a person sees of one that is wider than any screen: each of its columns is
/// written many times a second.
pub fn progress_bar() -> &'static str {
    bar_of(terminal_size_of(std::io::stderr()).map(|(Width(width), _)| width))
}

fn bar_of(width: Option<u16>) -> &'static str {
    match width {
        Some(1000..) => "{bar:200.cyan}",
        _ => "{wide_bar:.cyan}",
    }
}

/// Lines of the terminal on stdout.
pub fn height() -> Option<usize> {
    terminal_size_of(std::io::stdout()).map(|(_, Height(height))| usize::from(height))
}

/// Running text after `start`, which stands on its first line alone, in lines as wide as the terminal.
pub fn paragraph(start: &str, text: &str) -> String {
    hanging(start, text, width().unwrap_or(TEXT_WIDTH))
}

/// Running text in lines of at most `width` characters, all below the first as far in as that after `start`.
fn hanging(start: &str, text: &str, width: usize) -> String {
    let indent = start.chars().count();
    let mut lines = vec![start.to_owned()];
    for word in text.split_whitespace() {
        let length = |line: &String| line.chars().count();
        let line = lines.last_mut().expect("there is one");
        let begun = length(line) > indent;
        if begun && length(line) + 1 + word.chars().count() > width {
            lines.push(" ".repeat(indent) + word);
        } else {
            if begun {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hang_below_the_first_and_fit() {
        assert_eq!(
            hanging("a  ", "one two three", 11),
            "a  one two\n   three\n"
        );
        assert_eq!(
            hanging("a  ", "one two three", 13),
            "a  one two\n   three\n"
        );
        assert_eq!(hanging("a  ", "one two three", 16), "a  one two three\n");
        assert_eq!(hanging("", "", 10), "\n");
    }

    #[test]
    fn a_bar_is_no_wider_than_a_screen() {
        assert_eq!(bar_of(Some(999)), bar_of(None));
        assert_eq!(bar_of(Some(u16::MAX)), "{bar:200.cyan}");
    }

    #[test]
    fn a_word_longer_than_the_line_stands_whole() {
        assert_eq!(hanging("  ", "abcdefgh ij", 5), "  abcdefgh\n  ij\n");
    }
}
