//! Truth values in words.

/// The truth value that a word stands for.
pub(super) fn flag(word: &str) -> Option<u8> {
    match word.to_lowercase().as_str() {
        "false" | "no" => Some(0),
        "true" | "yes" => Some(1),
        _ => None,
    }
}

/// How false and true are written in a column with these words. One that does not occur is written as the other is.
pub(super) fn truth(words: &[String]) -> [String; 2] {
    let first = |value| words.iter().find(|word| flag(word) == Some(value)).cloned();
    let other = |word: &str| {
        let lower = word.to_lowercase();
        let other = [("false", "true"), ("no", "yes")]
            .iter()
            .find_map(|&(no, yes)| match lower.as_str() {
                word if word == no => Some(yes),
                word if word == yes => Some(no),
                _ => None,
            });
        let other = other.unwrap_or_default();
        match word.chars().map(char::is_uppercase).collect::<Vec<_>>()[..] {
            [true, true, ..] => other.to_uppercase(),
            [true, ..] => other[..1].to_uppercase() + &other[1..],
            _ => other.to_owned(),
        }
    };
    match (first(0), first(1)) {
        (Some(no), Some(yes)) => [no, yes],
        (Some(no), None) => [no.clone(), other(&no)],
        (None, Some(yes)) => [other(&yes), yes],
        (None, None) => ["false".to_owned(), "true".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_value_that_does_not_occur_is_written_as_the_other_one() {
        let truth = |words: &[&str]| {
            truth(
                &words
                    .iter()
                    .map(|&word| word.to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(truth(&["Yes", "No"]), ["No", "Yes"]);
        assert_eq!(truth(&["True"]), ["False", "True"]);
        assert_eq!(truth(&["NO"]), ["NO", "YES"]);
        assert_eq!(truth(&["false"]), ["false", "true"]);
    }
}
