//! Counts in words.

/// A count with its noun, as in `1 epoch`, `3 epochs` or `2 classes`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    let hisses = ["s", "x", "ch", "sh"];
    // The end of `epoch` is spoken as a k.
    let plural = match noun != "epoch" && hisses.iter().any(|end| noun.ends_with(end)) {
        true => "es",
        false => "s",
    };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_thing_has_no_plural() {
        assert_eq!(counted(1, "epoch"), "1 epoch");
        assert_eq!(counted(0, "image"), "0 images");
        assert_eq!(counted(2, "class"), "2 classes");
        assert_eq!(counted(2, "batch"), "2 batches");
        assert_eq!(counted(5000, "epoch"), "5000 epochs");
    }
}
