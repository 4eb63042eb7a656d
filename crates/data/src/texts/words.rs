//! What a word is.

/// What breaks a line in texts out of web pages.
const LINE_BREAK: &str = "<br />";

/// Gives each word of a text in small letters, in order. A word is a run of letters, digits and apostrophes, without apostrophes at its
/// ends: `don't` is one, `well-made` are two, and of `'so'` the marks fall off. Line breaks of web pages are blanks.
pub(crate) fn each_word(text: &str, mut take: impl FnMut(&str)) {
    let is_apostrophe = |letter| matches!(letter, '\'' | '’');
    let mut lower = String::new();
    for line in text.split(LINE_BREAK) {
        let words = line.split(|letter: char| !letter.is_alphanumeric() && !is_apostrophe(letter));
        for word in words.map(|word| word.trim_matches(is_apostrophe)) {
            if word.is_empty() {
                continue;
            }
            lower.clear();
            for letter in word.chars() {
                match is_apostrophe(letter) {
                    true => lower.push('\''),
                    false => lower.extend(letter.to_lowercase()),
                }
            }
            take(&lower);
        }
    }
}

/// Whether a text has any word.
pub(crate) fn has_words(text: &str) -> bool {
    let mut any = false;
    each_word(text, |_| any = true);
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_letters_digits_and_apostrophes_within() {
        for (text, expected) in [
            (
                "It's a well-made film.<br /><br />10/10!",
                "it's a well made film 10 10",
            ),
            ("'Tis \"SO\" 'good', isn’t it?", "tis so good isn't it"),
            ("Amélie ÀGE naïve", "amélie àge naïve"),
            ("'' - ... ''", ""),
            ("", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }
}
