//! What to take of a data set.

use crate::{Error, Images, fonts};

/// What to take of a data set; the default is all of it.
///
/// `letters` comes first, then `first` or `fraction` of what it left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The glyphs of these characters, in this order, each at most once; a space is the glyph `SPACE`, U+007F is `DEL`.
    pub letters: Option<String>,
    /// The first images, 1 to as many as there are. Not together with `fraction`.
    pub first: Option<usize>,
    /// This part of the images, above 0 and up to 1, from the start: `fraction` times their number, rounded to the nearest
    /// (a half goes up), at least one. Not together with `first`.
    pub fraction: Option<f64>,
}

impl Selection {
    /// What this selection takes of `images`.
    pub(crate) fn apply(&self, images: Images) -> Result<Images, Error> {
        let images = match &self.letters {
            Some(letters) => images.select(&indices(&images, letters)?),
            None => images,
        };
        let count = self.count(&images)?;
        if count == images.len() {
            return Ok(images);
        }
        Ok(images.select(&Vec::from_iter(0..count)))
    }

    /// How many images `first` or `fraction` keep.
    fn count(&self, images: &Images) -> Result<usize, Error> {
        let all = images.len();
        match (self.first, self.fraction) {
            (None, None) => Ok(all),
            (Some(first), None) if (1..=all).contains(&first) => Ok(first),
            (Some(first), None) => Err(refuse(
                images,
                "first",
                format!("1 to {all} images"),
                first.to_string(),
            )),
            (None, Some(fraction)) if fraction > 0.0 && fraction <= 1.0 => {
                Ok(((fraction * all as f64).round() as usize).max(1))
            }
            (None, Some(fraction)) => Err(refuse(
                images,
                "fraction",
                "a number above 0 and up to 1".to_owned(),
                fraction.to_string(),
            )),
            (Some(first), Some(fraction)) => Err(refuse(
                images,
                "fraction",
                "either `first` or `fraction`".to_owned(),
                format!("both, {first} and {fraction}"),
            )),
        }
    }
}

/// Where the glyphs of these letters are.
fn indices(images: &Images, letters: &str) -> Result<Vec<usize>, Error> {
    let mut indices = Vec::new();
    for letter in letters.chars() {
        let caption = fonts::caption(letter);
        let Some(index) = images.position(&caption) else {
            let captions: Vec<_> = (0..images.len()).map(|i| images.caption(i)).collect();
            return Err(Error::UnknownGlyph {
                set: images.name().to_owned(),
                letters: letters.to_owned(),
                letter: caption,
                available: captions.join(" "),
            });
        };
        if indices.contains(&index) {
            return Err(refuse(
                images,
                "letters",
                "each letter once".to_owned(),
                format!("`{caption}` again in `{letters}`"),
            ));
        }
        indices.push(index);
    }
    if indices.is_empty() {
        return Err(refuse(
            images,
            "letters",
            "at least one letter".to_owned(),
            "none".to_owned(),
        ));
    }
    Ok(indices)
}

fn refuse(images: &Images, field: &'static str, expected: String, found: String) -> Error {
    Error::Selection {
        field,
        set: images.name().to_owned(),
        expected,
        found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    fn check(set: &str, selection: Selection, expected: &[&str]) {
        let images = load(set, &selection).expect("the selection fits");
        let captions: Vec<_> = (0..images.len()).map(|i| images.caption(i)).collect();
        assert_eq!(captions, expected, "{set} {selection:?}");
    }

    fn letters(letters: &str) -> Selection {
        Selection {
            letters: Some(letters.to_owned()),
            ..Selection::default()
        }
    }

    #[test]
    fn letters_come_in_the_order_given() {
        check("fonts", letters("CAB"), &["C", "A", "B"]);
        check("fonts:1", letters(" \",7"), &["SPACE", "\"", ",", "7"]);
        check("fonts:3", letters("\u{7f}`"), &["DEL", "`"]);
        check("fonts:all", letters("a'\\A"), &["a", "'", "\\", "A"]);
    }

    #[test]
    fn first_and_fraction_count_from_the_start() {
        let first = |n| Selection {
            first: Some(n),
            ..Selection::default()
        };
        let fraction = |part| Selection {
            fraction: Some(part),
            ..Selection::default()
        };
        check("fonts", first(3), &["@", "A", "B"]);
        check("fonts", fraction(3.0 / 32.0), &["@", "A", "B"]);
        check("fonts", fraction(0.078), &["@", "A"]); // 2.496
        check("fonts", fraction(0.078_125), &["@", "A", "B"]); // 2.5
        check("fonts", fraction(1e-9), &["@"]);
        let whole = load("fonts", &Selection::default()).expect("built in");
        assert_eq!(load("fonts", &fraction(1.0)).expect("all of it"), whole);
        assert_eq!(load("fonts", &first(32)).expect("all of it"), whole);
    }

    #[test]
    fn letters_apply_before_first_and_fraction() {
        let first = Selection {
            first: Some(2),
            ..letters("XYZ")
        };
        check("fonts", first, &["X", "Y"]);
        let fraction = Selection {
            fraction: Some(0.5),
            ..letters("XYZW")
        };
        check("fonts", fraction, &["X", "Y"]);
    }
}
