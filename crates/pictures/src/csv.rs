//! The numbers behind a figure, as text.

/// One field of a CSV file, quoted where RFC 4180 asks for it.
pub fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
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
