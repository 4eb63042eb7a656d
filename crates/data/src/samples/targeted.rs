//! What samples know of their targets.

use crate::error::content_of as content;
use crate::{Error, Samples, Targets};

impl Samples {
    /// What is to be predicted of the samples.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The class of a sample as an index into [`classes`](Self::classes); `None` where the set has no labels.
    ///
    /// # Panics
    /// Where the set has labels and `index` is not below [`len`](Self::len).
    pub fn label(&self, index: usize) -> Option<usize> {
        match &self.targets {
            Targets::Classes { labels, .. } => Some(usize::from(labels[index])),
            Targets::None | Targets::Numbers { .. } => None,
        }
    }

    /// The names of the classes: of a font set its fonts (`font1`). Empty where the set has no labels.
    pub fn classes(&self) -> &[String] {
        match &self.targets {
            Targets::Classes { names, .. } => names,
            Targets::None | Targets::Numbers { .. } => &[],
        }
    }

    /// How many samples each class has, in the order of [`classes`](Self::classes).
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes().len()];
        for label in (0..self.len()).filter_map(|index| self.label(index)) {
            counts[label] += 1;
        }
        counts
    }

    /// The names of the numbers to predict; empty where the targets are no numbers.
    pub fn target_columns(&self) -> &[String] {
        match &self.targets {
            Targets::Numbers { columns, .. } => columns,
            Targets::None | Targets::Classes { .. } => &[],
        }
    }

    /// The numbers to predict of a sample, in the order of [`target_columns`](Self::target_columns); `None` where the
    /// targets are no numbers.
    ///
    /// # Panics
    /// Where the targets are numbers and `index` is not below [`len`](Self::len).
    pub fn target_row(&self, index: usize) -> Option<&[f64]> {
        match &self.targets {
            Targets::Numbers { columns, values } => {
                Some(&values[index * columns.len()..][..columns.len()])
            }
            Targets::None | Targets::Classes { .. } => None,
        }
    }

    /// Replaces the targets; captions stay.
    ///
    /// # Errors
    /// [`Error::Content`] where there is not one label, or one row of finite numbers, for each sample, where a label has no
    /// class, or where numbers have no column.
    pub fn with_targets(self, targets: Targets) -> Result<Self, Error> {
        targets.check(&self.name, self.len())?;
        Ok(Self { targets, ..self })
    }

    /// Samples whose classes are those of another set, to hold new data against what a model was trained on.
    ///
    /// Each class that a sample has is looked up by its name among `names`, which become the classes. Captions stay.
    ///
    /// # Errors
    /// [`Error::Content`] where the samples have no classes, or for the first sample of a class that is not among `names`.
    pub fn relabelled(&self, names: &[String]) -> Result<Self, Error> {
        let expected = || format!("a class among `{}`", names.join("`, `"));
        let refused = |found: &str| content(&self.name, expected(), found);
        let Targets::Classes { labels, names: own } = &self.targets else {
            return Err(refused(match self.targets {
                Targets::Numbers { .. } => "numbers to predict",
                _ => "samples without classes",
            }));
        };
        let place = |class: &String| names.iter().position(|name| name == class);
        // A class without a sample may be unknown: nothing is ever said of it.
        let places: Vec<_> = own.iter().map(place).collect();
        let label = |(index, &label): (usize, &u16)| {
            let place = places[usize::from(label)];
            let place = place.and_then(|place| u16::try_from(place).ok());
            place.ok_or_else(|| {
                let class = &own[usize::from(label)];
                let place = self.place_in_words(index);
                refused(&format!(
                    "`{class}` in {place} (`--skip-bad` leaves it out)"
                ))
            })
        };
        let labels: Result<_, Error> = labels.iter().enumerate().map(label).collect();
        self.clone().with_targets(Targets::Classes {
            labels: labels?,
            names: names.into(),
        })
    }

    /// The samples whose class is among these names, and what is to be said of each other one.
    ///
    /// Samples without classes all stay.
    pub fn of_known_classes(&self, names: &[String]) -> (Self, Vec<String>) {
        let Targets::Classes { labels, names: own } = &self.targets else {
            return (self.clone(), Vec::new());
        };
        let class = |index: usize| &own[usize::from(labels[index])];
        let (known, unknown): (Vec<usize>, Vec<usize>) =
            (0..self.len()).partition(|index| names.contains(class(*index)));
        if unknown.is_empty() || known.is_empty() {
            return (self.clone(), Vec::new());
        }
        let listed = names.join("`, `");
        let said = unknown.iter().map(|index| {
            let (class, place) = (class(*index), self.place_in_words(*index));
            format!(
                "{place} of {}: expected a class among `{listed}`, found `{class}`",
                self.name
            )
        });
        (self.select(&known), said.collect())
    }

    /// Where a sample stands in its data set: `row 3`, `image 3`, `text 3`.
    fn place_in_words(&self, index: usize) -> String {
        let what = match (self.is_text(), self.is_table()) {
            (true, _) => "text",
            (false, true) => "row",
            (false, false) => "image",
        };
        match self.row_name(index).filter(|_| self.is_text()) {
            Some(name) => format!("{what} `{name}`"),
            None => format!("{what} {}", self.row(index) + 1),
        }
    }

    /// The SHA-256 of the targets, 64 hexadecimal digits; `None` where there are none.
    ///
    /// For classes it is taken over the 16 bytes `espejo classes 1`, then the number of samples and that of classes as
    /// little-endian `u64`, then each name of a class as its length in bytes (`u64`) and its UTF-8, then the labels as
    /// little-endian `u16`. For numbers it is taken over `espejo targets 1`, then the number of samples and that of columns,
    /// then the names of the columns likewise, then the numbers, row-major, rounded to little-endian
    /// `f32`.
    pub fn targets_sha256(&self) -> Option<String> {
        self.targets.sha256()
    }

    /// Selects samples as [`select`](Self::select) does, with the classes reduced to these, in this order.
    ///
    /// # Panics
    /// As `select`, and where a sample at `indices` is of none of these classes.
    pub(crate) fn select_classes(&self, indices: &[usize], classes: &[usize]) -> Self {
        let selected = self.select(indices);
        let label = |index| {
            let old = selected.label(index);
            let new = classes.iter().position(|&class| Some(class) == old);
            new.expect("a sample of a class that is kept") as u16
        };
        let names = self.classes();
        let targets = Targets::Classes {
            labels: (0..selected.len()).map(label).collect(),
            names: classes.iter().map(|&i| names[i].clone()).collect(),
        };
        Self {
            targets,
            ..selected
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Selection, Shape, Source, load};

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    /// A table of one column with this many rows, each its own number.
    fn table(rows: usize) -> Samples {
        let facts = Facts {
            name: "mine".to_owned(),
            ..Facts::default()
        };
        let numbers = (0..rows).map(|row| row as f64).collect();
        Samples::table(facts, strings(&["x"]), vec![numbers]).expect("the parts fit")
    }

    fn classes(labels: &[u16], names: &[&str]) -> Targets {
        Targets::Classes {
            labels: labels.into(),
            names: strings(names).into(),
        }
    }

    fn numbers(columns: &[&str], values: &[f64]) -> Targets {
        Targets::Numbers {
            columns: strings(columns).into(),
            values: values.into(),
        }
    }

    fn with(rows: usize, targets: Targets) -> Samples {
        table(rows).with_targets(targets).expect("the targets fit")
    }

    fn check_refused<T: std::fmt::Debug>(result: Result<T, Error>, message: &str) {
        let error = result.expect_err(message);
        assert_eq!(error.to_string(), format!("`mine`: expected {message}"));
    }

    #[test]
    fn labels_of_a_set_are_its_targets() {
        let fonts = load(&Source::named("fonts:all")).expect("built in").train;
        let Targets::Classes { labels, names } = fonts.targets() else {
            panic!("fonts are classes");
        };
        assert_eq!((labels.len(), labels[0], labels[95]), (96, 0, 2));
        assert_eq!(**names, strings(&["font1", "font2", "font3"]));
        assert_eq!(fonts.class_counts(), [32, 32, 32]);
        assert_eq!(
            (fonts.target_columns().len(), fonts.target_row(0)),
            (0, None)
        );
    }

    #[test]
    fn samples_without_labels_have_no_targets() {
        let plain = table(2);
        assert_eq!(*plain.targets(), Targets::None);
        assert_eq!((plain.label(0), plain.target_row(0)), (None, None));
        assert!(plain.classes().is_empty() && plain.class_counts().is_empty());
        assert_eq!(plain.targets_sha256(), None);
    }

    #[test]
    fn numbers_to_predict_go_with_their_sample() {
        let priced = with(
            3,
            numbers(&["price", "age"], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        );
        assert_eq!(priced.target_columns(), ["price", "age"]);
        assert_eq!(priced.target_row(1), Some(&[3.0, 4.0][..]));
        assert_eq!((priced.label(1), priced.classes().len()), (None, 0));
        let some = priced.select(&[2, 0, 2]);
        assert_eq!(some.target_row(0), Some(&[5.0, 6.0][..]));
        assert_eq!(some.target_row(1), Some(&[1.0, 2.0][..]));
        assert_eq!(some.target_row(2), Some(&[5.0, 6.0][..]));
        let again = some.select(&[1]).with_scaled(vec![9.0]);
        assert_eq!(again.target_row(0), Some(&[1.0, 2.0][..]));
        assert_eq!(
            priced.select(&[]).targets(),
            &numbers(&["price", "age"], &[])
        );
    }

    #[test]
    fn classes_go_with_their_sample_and_are_counted() {
        let sorted = with(4, classes(&[1, 0, 1, 1], &["cat", "dog", "owl"]));
        assert_eq!(sorted.class_counts(), [1, 3, 0]);
        let some = sorted.select(&[1, 3]);
        assert_eq!((some.label(0), some.label(1)), (Some(0), Some(1)));
        assert_eq!(some.class_counts(), [1, 1, 0]);
        let dogs = Selection {
            classes: strings(&["dog"]),
            ..Selection::default()
        };
        let dogs = dogs.part(&sorted).expect("there are three");
        assert_eq!(*dogs.targets(), classes(&[0, 0, 0], &["dog"]));
    }

    #[test]
    fn targets_that_do_not_fit_are_refused() {
        for (targets, message) in [
            (
                classes(&[0], &["cat"]),
                "one label a sample or none at all, found 1 labels for 2 samples",
            ),
            (
                classes(&[0, 1], &["cat"]),
                "labels below 1, found 1 for sample 1",
            ),
            (
                numbers(&[], &[]),
                "at least one column of targets, found none",
            ),
            (
                numbers(&["x"], &[1.0, 2.0, 3.0]),
                "1 targets for each of 2 samples, found 3",
            ),
            (
                numbers(&["a", "b"], &[1.0, 2.0, 3.0, f64::NAN]),
                "finite numbers as targets, found NaN in row 2, column `b`",
            ),
        ] {
            check_refused(table(2).with_targets(targets), message);
        }
    }

    // The sums are those of Python's hashlib over the bytes that the documentation names.
    #[test]
    fn sha256_of_targets_is_of_names_and_values() {
        let sum = |samples: &Samples| samples.targets_sha256().expect("it has targets");
        let pets = with(3, classes(&[1, 0, 1], &["cat", "dög"]));
        let expected = "db9f6169344673d44d6662c3f9cc538678705311662329fcd2f60db893e20498";
        assert_eq!(sum(&pets), expected);
        let priced = with(2, numbers(&["price", "age"], &[1.5, -2.0, 3.0, 0.25]));
        let expected = "3fc69673a6f84f371a89734e864797a50bc4ec4278e572cc0452ff68a4e08e68";
        assert_eq!(sum(&priced), expected);
        let renamed = with(3, classes(&[1, 0, 1], &["cat", "dog"]));
        assert_ne!(sum(&pets), sum(&renamed));
        let values = |samples: &Samples| samples.sha256().expect("in memory");
        assert_eq!(values(&pets), values(&table(3)));
    }

    #[test]
    fn new_data_gets_the_classes_of_the_training_set() {
        let new = with(3, classes(&[0, 1, 0], &["owl", "cat"]));
        let known = strings(&["cat", "dog", "owl"]);
        let named = new.relabelled(&known).expect("both are known");
        assert_eq!(
            *named.targets(),
            classes(&[2, 0, 2], &["cat", "dog", "owl"])
        );
        // A class that no sample has may have any name.
        let unused = with(1, classes(&[0], &["owl", "cow"]));
        assert!(unused.relabelled(&known).is_ok());
    }

    #[test]
    fn an_unknown_class_is_named_with_its_first_sample() {
        let known = strings(&["cat", "dog"]);
        let new = with(3, classes(&[1, 0, 0], &["owl", "cat"]));
        check_refused(
            new.relabelled(&known),
            "a class among `cat`, `dog`, found `owl` in row 2 (`--skip-bad` leaves it out)",
        );
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 1,
        };
        let facts = Facts {
            name: "mine".to_owned(),
            ..Facts::default()
        };
        let image = Samples::pictures(facts, shape, 1, vec![0]).expect("the parts fit");
        let owl = image
            .with_targets(classes(&[0], &["owl"]))
            .expect("it fits");
        check_refused(
            owl.relabelled(&known),
            "a class among `cat`, `dog`, found `owl` in image 1 (`--skip-bad` leaves it out)",
        );
        check_refused(
            table(1).relabelled(&known),
            "a class among `cat`, `dog`, found samples without classes",
        );
        check_refused(
            with(1, numbers(&["price"], &[1.0])).relabelled(&known),
            "a class among `cat`, `dog`, found numbers to predict",
        );
    }
}
