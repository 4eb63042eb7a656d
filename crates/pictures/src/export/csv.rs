//! The numbers behind a figure, as text.

/// What a spreadsheet takes for the start of a formula.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One field of a CSV file, quoted where RFC 4180 asks for it, and with an apostrophe where a spreadsheet would compute it: names come
/// from data, which may be anybody's. The same rule is that of `espejo_data::guarded`; this crate knows no other.
pub fn field(text: &str) -> String {
    let bare = text.trim_start_matches('\'');
    let is_formula = bare.starts_with(FORMULA) && bare.chars().nth(1).is_some();
    let guard = match is_formula && text.parse::<f64>().is_err() {
        true => "'",
        false => "",
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

/// The rows of a CSV text; a line break within quotes is part of its row.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let row = text.split_inclusive(move |letter| {
        quoted ^= letter == '"';
        letter == '\n' && !quoted
    });
    row.map(|row| row.strip_suffix('\n').unwrap_or(row))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_break_within_quotes_ends_no_row() {
        let rows: Vec<&str> = super::rows("a,b\n1,\"two\n\"\"lines\"\"\"\n3,4\n").collect();
        assert_eq!(rows, ["a,b", "1,\"two\n\"\"lines\"\"\"", "3,4"]);
        assert_eq!(super::rows("").count(), 0);
    }

    #[test]
    fn only_fields_that_need_it_are_quoted() {
        assert_eq!(super::field("plain text"), "plain text");
        assert_eq!(super::field(","), "\",\"");
        assert_eq!(super::field("\""), "\"\"\"\"");
        assert_eq!(super::field("a,b"), "\"a,b\"");
        assert_eq!(super::field("=1+1"), "'=1+1");
        assert_eq!(super::field("@a,b"), "\"'@a,b\"");
        assert_eq!(super::field("-1.5"), "-1.5");
        assert_eq!(super::field("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(super::field("two\nlines"), "\"two\nlines\"");
    }
}
