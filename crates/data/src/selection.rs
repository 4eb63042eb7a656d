//! What to take of a data set.

use std::collections::HashSet;

use crate::{Error, Samples, fonts};

/// What to take of a data set; the default is all of it.
///
/// `subject`, `classes` and `letters` come first; of what they leave a test part is split off where there is to be one, and
/// `first` or `fraction` take of the training part. `limit` comes last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Only the samples of these classes, by name; the classes keep the order of the set. Empty: all.
    pub classes: Vec<String>,
    /// The images of one subject of `yale`: `1`, `01` or `subject01`.
    pub subject: Option<String>,
    /// The glyphs of these characters, in this order, each at most once; a space is the glyph `SPACE`, U+007F is `DEL`.
    pub letters: Option<String>,
    /// The first training samples, 1 to as many as there are. Not together with `fraction`.
    pub first: Option<usize>,
    /// The part of the training samples to take, above 0 and up to 1, from the start: `fraction` times their number, rounded to the
    /// nearest (a half goes up), at least one. Not together with `first`.
    pub fraction: Option<f64>,
    /// At most this many samples of each part, at least one, drawn at random with each class in its proportion.
    pub limit: Option<usize>,
}

/// The training and the test part of a set.
pub(crate) type Pair = (Samples, Option<Samples>);

impl Selection {
    /// What `classes` and `letters` leave of a set. A test part without a sample of these classes is left out.
    pub(crate) fn choose(&self, (train, test): Pair) -> Result<Pair, Error> {
        let (train, test) = match self.classes.is_empty() {
            true => (train, test),
            false => self.of_classes(&train, test)?,
        };
        let Some(letters) = &self.letters else {
            return Ok((train, test));
        };
        if test.is_some() || !distinct(&train) {
            let expected = "a set with a caption of its own for each sample (for other sets there is `classes`)";
            let found = format!("`{}` more than once", train.caption(0));
            return Err(refuse(&train, "letters", expected, found));
        }
        Ok((train.select(&indices(&train, letters)?), None))
    }

    /// What `classes` leave of one part of a set that is already split.
    ///
    /// # Errors
    /// [`Error::Selection`] where the set has no such class, or the part no sample of these.
    pub fn part(&self, samples: &Samples) -> Result<Samples, Error> {
        Ok(match self.classes.is_empty() {
            true => samples.clone(),
            false => self.of_classes(samples, None)?.0,
        })
    }

    /// What `first` or `fraction` leave of the training part.
    pub(crate) fn head(&self, train: Samples) -> Result<Samples, Error> {
        let count = self.count(&train)?;
        if count == train.len() {
            return Ok(train);
        }
        Ok(train.select(&Vec::from_iter(0..count)))
    }

    /// The samples of the classes asked for.
    fn of_classes(&self, train: &Samples, test: Option<Samples>) -> Result<Pair, Error> {
        let names = train.classes();
        let known = |class: &&String| names.contains(class);
        if let Some(unknown) = self.classes.iter().find(|class| !known(class)) {
            let expected = match names {
                [] => "a set with classes".to_owned(),
                names => format!("classes of `{}`", names.join("`, `")),
            };
            return Err(refuse(train, "classes", expected, format!("`{unknown}`")));
        }
        let kept: Vec<_> = (0..names.len())
            .filter(|&class| self.classes.contains(&names[class]))
            .collect();
        let part = |samples: &Samples| {
            let of_kept = |&index: &usize| {
                let label = samples.label(index);
                label.is_some_and(|label| kept.contains(&label))
            };
            let indices: Vec<_> = (0..samples.len()).filter(of_kept).collect();
            samples.select_classes(&indices, &kept)
        };
        let chosen = part(train);
        if chosen.is_empty() {
            let found = format!("none of `{}`", self.classes.join("`, `"));
            return Err(refuse(train, "classes", "classes with samples", found));
        }
        let test = test.map(|test| part(&test));
        Ok((chosen, test.filter(|test| !test.is_empty())))
    }

    /// How many samples `first` or `fraction` keep.
    fn count(&self, samples: &Samples) -> Result<usize, Error> {
        let all = samples.len();
        match (self.first, self.fraction) {
            (None, None) => Ok(all),
            (Some(first), None) if (1..=all).contains(&first) => Ok(first),
            (Some(first), None) => {
                let expected = format!("1 to {all} samples");
                Err(refuse(samples, "first", expected, first.to_string()))
            }
            (None, Some(fraction)) if fraction > 0.0 && fraction <= 1.0 => {
                Ok(((fraction * all as f64).round() as usize).max(1))
            }
            (None, Some(fraction)) => {
                let expected = "a number above 0 and up to 1";
                Err(refuse(samples, "fraction", expected, fraction.to_string()))
            }
            (Some(first), Some(fraction)) => {
                let found = format!("both, {first} and {fraction}");
                let expected = "either `first` or `fraction`";
                Err(refuse(samples, "fraction", expected, found))
            }
        }
    }
}

/// Whether no caption comes twice.
fn distinct(samples: &Samples) -> bool {
    let mut seen = HashSet::new();
    (0..samples.len()).all(|index| seen.insert(samples.caption(index)))
}

/// Where the glyphs of these letters are.
fn indices(glyphs: &Samples, letters: &str) -> Result<Vec<usize>, Error> {
    let mut indices = Vec::new();
    for letter in letters.chars() {
        let caption = fonts::caption(letter);
        let Some(index) = glyphs.position(&caption) else {
            let captions: Vec<_> = (0..glyphs.len()).map(|i| glyphs.caption(i)).collect();
            return Err(Error::UnknownGlyph {
                set: glyphs.name().to_owned(),
                letters: letters.to_owned(),
                letter: caption,
                available: captions.join(" "),
                suggestion: fonts::set_with(letters),
            });
        };
        if indices.contains(&index) {
            let found = format!("`{caption}` again in `{letters}`");
            return Err(refuse(glyphs, "letters", "each letter once", found));
        }
        indices.push(index);
    }
    if indices.is_empty() {
        return Err(refuse(glyphs, "letters", "at least one letter", "none"));
    }
    Ok(indices)
}

pub(crate) fn refuse(
    samples: &Samples,
    field: &'static str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Error {
    Error::Selection {
        field,
        set: samples.name().to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Shape, Source, load};

    fn take(set: &str, selection: Selection) -> Samples {
        let source = Source {
            selection,
            ..Source::named(set)
        };
        load(&source).expect("the selection fits").train
    }

    fn check(set: &str, selection: Selection, expected: &[&str]) {
        let images = take(set, selection.clone());
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
        for selection in [fraction(1.0), first(32)] {
            assert_eq!(take("fonts", selection).len(), 32);
        }
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

    #[test]
    fn classes_are_kept_in_the_order_of_the_set_and_relabelled() {
        let classes = |names: &[&str]| Selection {
            classes: names.iter().map(|&name| name.to_owned()).collect(),
            ..Selection::default()
        };
        let two = take("fonts:all", classes(&["font3", "font1"]));
        assert_eq!(two.classes(), ["font1", "font3"]);
        assert_eq!((two.len(), two.caption(32)), (64, "`"));
        assert_eq!((two.label(31), two.label(32)), (Some(0), Some(1)));
        let one = Selection {
            letters: Some("ba".to_owned()),
            ..classes(&["font3"])
        };
        check("fonts:all", one, &["b", "a"]);
    }

    #[test]
    fn a_limit_is_drawn_by_the_seed() {
        let captions = |seed| {
            let selection = Selection {
                limit: Some(6),
                ..Selection::default()
            };
            let source = Source {
                selection,
                seed,
                ..Source::named("fonts:all")
            };
            let train = load(&source).expect("the selection fits").train;
            let labels = (0..6).map(|index| train.label(index));
            assert_eq!(Vec::from_iter(labels), [0, 0, 1, 1, 2, 2].map(Some));
            Vec::from_iter((0..6).map(|index| train.caption(index).to_owned()))
        };
        assert_eq!(captions(1), captions(1));
        assert_ne!(captions(1), captions(2));
    }

    /// Two samples of one caption, and a test part that may lack their class.
    #[test]
    fn what_does_not_fit_the_set_is_refused() {
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 1,
        };
        let samples = |labels: &[u16]| {
            let facts = Facts {
                name: "mine".to_owned(),
                labels: labels.to_vec(),
                classes: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
                ..Facts::default()
            };
            let pixels = vec![0; labels.len()];
            Samples::pictures(facts, shape, 1, pixels).expect("the parts fit")
        };
        let choose = |classes: &[&str], letters: Option<&str>| {
            let selection = Selection {
                classes: classes.iter().map(|&name| name.to_owned()).collect(),
                letters: letters.map(str::to_owned),
                ..Selection::default()
            };
            selection.choose((samples(&[0, 0, 1]), Some(samples(&[1]))))
        };
        let (train, test) = choose(&["a"], None).expect("there are two");
        assert_eq!((train.len(), test.is_none()), (2, true));
        for (classes, letters, message) in [
            (
                &["d"][..],
                None,
                "`classes` of `mine`: expected classes of `a`, `b`, `c`, found `d`",
            ),
            (
                &["c"],
                None,
                "`classes` of `mine`: expected classes with samples, found none of `c`",
            ),
            (
                &[],
                Some("a"),
                "`letters` of `mine`: expected a set with a caption of its own for each sample (for other sets there is \
                 `classes`), found `a` more than once",
            ),
        ] {
            let error = choose(classes, letters).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
    }
}
