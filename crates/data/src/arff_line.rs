//! One line of an ARFF file, taken apart: words, quotes and escapes.

use std::borrow::Cow;

/// A line that is read from its start.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    rest: &'a str,
}

/// A word of a line.
#[derive(Debug, PartialEq)]
pub(crate) struct Word<'a> {
    pub(crate) text: Cow<'a, str>,
    /// A quoted `?` is a question mark, a bare one a missing value.
    pub(crate) is_quoted: bool,
}

/// A quote that is opened and not closed.
#[derive(Debug, PartialEq)]
pub(crate) struct OpenQuote;

impl<'a> Line<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text.trim() }
    }

    /// Whether nothing more stands here, or only a comment.
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with('%')
    }

    /// What is still unread, for messages.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// The next character, where it is this one; the blanks after it are gone with it.
    pub(crate) fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                self.skip_blanks();
                true
            }
            None => false,
        }
    }

    /// The next word: in quotes, or up to a blank or one of `ends`.
    pub(crate) fn word(&mut self, ends: &[char]) -> Result<Word<'a>, OpenQuote> {
        self.until(|c| c.is_whitespace() || ends.contains(&c))
    }

    /// The next value of a list with commas: in quotes, or up to a comma or one of `ends`, with the blanks inside it.
    pub(crate) fn value(&mut self, ends: &[char]) -> Result<Word<'a>, OpenQuote> {
        self.until(|c| c == ',' || ends.contains(&c))
    }

    fn until(&mut self, is_end: impl Fn(char) -> bool) -> Result<Word<'a>, OpenQuote> {
        let word = match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => Word {
                text: self.quoted(quote)?,
                is_quoted: true,
            },
            _ => Word {
                text: self.bare(is_end).into(),
                is_quoted: false,
            },
        };
        self.skip_blanks();
        Ok(word)
    }

    /// A word without quotes. A comment begins with `%` after a blank: `50%` is a word.
    fn bare(&mut self, is_end: impl Fn(char) -> bool) -> &'a str {
        let mut after_blank = true;
        let end = self.rest.find(|c: char| {
            let comment = c == '%' && after_blank;
            after_blank = c.is_whitespace();
            comment || is_end(c)
        });
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word.trim_end()
    }

    /// A word in quotes; a quote inside it is written with a backslash, or twice.
    fn quoted(&mut self, quote: char) -> Result<Cow<'a, str>, OpenQuote> {
        let inner = &self.rest[1..];
        let special = inner.find([quote, '\\']).ok_or(OpenQuote)?;
        let after = &inner[special..];
        if after.starts_with(quote) && !after[1..].starts_with(quote) {
            self.rest = &after[1..];
            return Ok(inner[..special].into());
        }
        let mut text = inner[..special].to_owned();
        let mut chars = after.char_indices();
        while let Some((at, c)) = chars.next() {
            if c == '\\' {
                let (_, escaped) = chars.next().ok_or(OpenQuote)?;
                match escaped {
                    'u' => text.push(unicode(&mut chars)),
                    escaped => text.push(meant(escaped)),
                }
            } else if c == quote {
                let rest = &after[at + 1..];
                if !rest.starts_with(quote) {
                    self.rest = rest;
                    return Ok(text.into());
                }
                chars.next();
                text.push(quote);
            } else {
                text.push(c);
            }
        }
        Err(OpenQuote)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// What a letter after a backslash stands for.
fn meant(escaped: char) -> char {
    match escaped {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        other => other,
    }
}

/// The character of the four hexadecimal digits after `\u`; the letter itself where there are none.
fn unicode(chars: &mut std::str::CharIndices) -> char {
    let digits: String = chars.clone().map(|(_, c)| c).take(4).collect();
    let code = match digits.len() {
        4 => u32::from_str_radix(&digits, 16).ok(),
        _ => None,
    };
    match code.and_then(char::from_u32) {
        Some(c) => {
            // All four are one byte long, or they would be no digits.
            chars.nth(3);
            c
        }
        None => 'u',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, words: &[&str]) {
        let mut line = Line::new(line);
        let mut found = Vec::new();
        loop {
            found.push(line.value(&[]).expect("its quotes are closed").text);
            if !line.eat(',') {
                break;
            }
        }
        assert_eq!(found, words);
        assert!(line.is_done(), "{}", line.rest());
    }

    #[test]
    fn quotes_and_escapes() {
        check(" a , b c ,d", &["a", "b c", "d"]);
        check("'a, b' ,\"c 'd'\"", &["a, b", "c 'd'"]);
        check(
            r"'it\'s','it''s','\\','50\%'",
            &["it's", "it's", "\\", "50%"],
        );
        check(
            r#""say \"no\"",'\t|\n','\u00e9','\ux'"#,
            &["say \"no\"", "\t|\n", "é", "ux"],
        );
        check("'',,x", &["", "", "x"]);
        check("50%, a % a comment, with a comma", &["50%", "a"]);
        check("é'x, 'ü'", &["é'x", "ü"]);
        assert_eq!(Line::new("'open").value(&[]), Err(OpenQuote));
        assert_eq!(Line::new(r"'open\").value(&[]), Err(OpenQuote));
    }
}
