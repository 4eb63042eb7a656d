//! "Did you mean ...?"

/// Words that are less alike than this are not suggested.
const ALIKE: f64 = 0.75;

/// The accepted words most like `word`, the nearest first, `most` at most; none where none is like it at all.
pub fn nearest_words<'a>(word: &str, accepted: &[&'a str], most: usize) -> Vec<&'a str> {
    let likeness = |name: &&'a str| (strsim::jaro_winkler(word, name), *name);
    let mut near: Vec<_> = accepted.iter().map(likeness).collect();
    near.retain(|(likeness, _)| *likeness > ALIKE);
    // Stable: of words equally near the one listed first.
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(most);
    near.into_iter().map(|(_, name)| name).collect()
}

/// The accepted word most like `word`, where one is like it at all.
pub fn nearest_word<'a>(word: &str, accepted: &[&'a str]) -> Option<&'a str> {
    nearest_words(word, accepted, 1).first().copied()
}

/// A hint that lists the accepted words and suggests the nearest.
pub fn hint(word: &str, accepted: &[&str]) -> String {
    let list = accepted.join("`, `");
    match nearest_word(word, accepted) {
        Some(name) => format!("did you mean `{name}`? accepted: `{list}`"),
        None => format!("accepted: `{list}`"),
    }
}
