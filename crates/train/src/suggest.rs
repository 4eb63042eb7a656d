//! "Did you mean ...?"

/// The accepted word most like `word`, where one is like it at all.
pub fn nearest_word<'a>(word: &str, accepted: &[&'a str]) -> Option<&'a str> {
    let likeness = accepted
        .iter()
        .map(|name| (strsim::jaro_winkler(word, name), *name));
    let nearest = likeness.max_by(|a, b| a.0.total_cmp(&b.0));
    nearest
        .filter(|(likeness, _)| *likeness > 0.75)
        .map(|(_, name)| name)
}

/// A hint that lists the accepted words and suggests the nearest.
pub fn hint(word: &str, accepted: &[&str]) -> String {
    let list = accepted.join("`, `");
    match nearest_word(word, accepted) {
        Some(name) => format!("did you mean `{name}`? accepted: `{list}`"),
        None => format!("accepted: `{list}`"),
    }
}
