//! Results on stdout, messages on stderr.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
pub use espejo_data::counted;
use espejo_kernels::allocator::ends_the_process;
use espejo_train::OUT_OF_MEMORY;
use serde_json::Value;

use crate::drawing::{self, Drawn, Undrawn};
use crate::printable::{is_hidden, on_one_line, printable, short_numbers};

/// Writes a result to stdout. A reader that has seen enough (`| head`) is no error.
pub fn text(text: &str) -> anyhow::Result<()> {
    bytes(text.as_bytes())
}

/// Writes a result that need not be UTF-8 to stdout: as it is to files and other programs, and as it may be seen to a terminal.
pub fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    written(|out| out.write_all(bytes))
}

/// Lines as they may be seen on a terminal, each as soon as it is whole.
struct Lines<'a, W: Write> {
    out: &'a mut W,
    line: Vec<u8>,
}

impl<'a, W: Write> Lines<'a, W> {
    fn new(out: &'a mut W) -> Self {
        let line = Vec::new();
        Self { out, line }
    }

    /// Shows what has no end of line.
    fn end(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.out
            .write_all(printable(&String::from_utf8_lossy(&line)).as_bytes())
    }
}

impl<W: Write> Write for Lines<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a result to stdout, by what `write` writes.
pub fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let outcome = match stdout.is_terminal() {
        true => {
            let mut lines = Lines::new(&mut stdout);
            write(&mut lines).and_then(|()| lines.end())
        }
        false => write(&mut stdout),
    };
    match outcome.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// Writes one JSON object to stdout. What is hidden in its texts is written by its number, as JSON has it.
pub fn json(value: &Value) -> anyhow::Result<()> {
    let mut object = String::new();
    for c in format!("{value:#}\n").chars() {
        match is_hidden(c) && c != '\n' {
            true => object.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => object.push(c),
        }
    }
    text(&object)
}

/// Writes a message for people to stderr.
pub fn message(text: &str) {
    // Nothing is left to do when stderr itself is gone.
    let _ = writeln!(io::stderr(), "{}", printable(&short_numbers(text)));
}

/// Says what was left out of some data and what its reader found, without filling the screen.
pub fn tell_data(skipped: &[String], notes: &[String]) {
    const TOLD: usize = 5;
    if !skipped.is_empty() {
        message(&format!("skipped {}:", skipped.len()));
    }
    let told = skipped.iter().take(TOLD);
    told.for_each(|what| message(&format!("  {}", on_one_line(what))));
    if skipped.len() > TOLD {
        message(&format!("  and {} more", skipped.len() - TOLD));
    }
    notes
        .iter()
        .for_each(|note| message(&format!("note: {}", on_one_line(note))));
}

/// Prints an error and its hint once, and gives its exit code.
pub fn report(error: &anyhow::Error) -> u8 {
    let (code, hint) = code_and_hint(error);
    message(&format!("error: {}", on_one_line(&told(error))));
    if let Some(hint) = hint {
        message(&format!("hint: {}", on_one_line(&hint)));
    }
    code
}

/// The same of the error that ends the program.
pub fn report_last(error: &anyhow::Error) -> u8 {
    if code_and_hint(error).0 == OUT_OF_MEMORY {
        // Another thread may have found none at the same time, and said so.
        ends_the_process();
    }
    report(error)
}

/// The exit code of an error, and what to do about it.
fn code_and_hint(error: &anyhow::Error) -> (u8, Option<String>) {
    if let Some(Undrawn(error, flag)) = error.downcast_ref() {
        let picture = error.downcast_ref();
        return match picture {
            Some(picture) => (1, drawing::hint(picture, Some(flag))),
            None => code_and_hint(error),
        };
    }
    if let Some(picture) = error.downcast_ref() {
        return (1, drawing::hint(picture, None));
    }
    match error.downcast_ref::<espejo_train::Error>() {
        Some(error) => (error.exit_code(), error.hint()),
        None => (1, None),
    }
}

/// Prints what is wrong with the command line and its hint, and gives the exit code.
pub fn refused(error: &str, hint: &str) -> u8 {
    report(&usage(error, hint))
}

/// The message of an error, followed by those causes that it does not repeat.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// An error of usage, exit code 2.
pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    espejo_train::Error::Config {
        message: message.into(),
        hint: Some(hint.into()),
    }
    .into()
}

/// A path as it is printed.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Says where figures were written, as text or as JSON; an error where one was not.
pub fn drawn(drawn: Drawn, as_json: bool) -> anyhow::Result<()> {
    match as_json {
        true => json(&serde_json::json!({ "figures": drawn.files() }))?,
        false => text(&drawn.lines())?,
    }
    drawn.only()
}

/// The line of an animation, where there is one.
pub fn animation_line(animation: Option<String>) -> String {
    animation.map_or(String::new(), |file| format!("film    {file}\n"))
}

/// The files of figures, a line each.
pub fn figure_lines(figures: &[String]) -> String {
    let lines = figures.iter().map(|figure| format!("figure  {figure}\n"));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_sees_each_line_when_it_is_whole() {
        let mut seen = Vec::new();
        let mut lines = Lines::new(&mut seen);
        lines
            .write_all("a\u{1b}[2J\nñ".as_bytes().split_at(7).0)
            .expect("memory");
        let first = lines.out.clone();
        assert_eq!(first, printable("a\u{1b}[2J\n").as_bytes());
        // The rest of a character that was cut in two.
        lines.write_all(&"ñ".as_bytes()[1..]).expect("memory");
        lines.end().expect("memory");
        assert_eq!(seen, [&first[..], "ñ".as_bytes()].concat());
    }
}
