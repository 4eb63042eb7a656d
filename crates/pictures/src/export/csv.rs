//! The numbers behind a figure, as text.

/// One field of a CSV file, quoted where RFC 4180 asks for it.
pub fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
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
        assert_eq!(super::field("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(super::field("two\nlines"), "\"two\nlines\"");
    }
}
