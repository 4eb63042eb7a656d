//! Classes by the names that a file gives them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The most classes that labels can tell apart.
pub(crate) const MOST: usize = 1 << 16;

/// Labels as they come, and their classes.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// Each class and its number in the order of appearance.
    known: HashMap<String, u16>,
    labels: Vec<u16>,
}

impl Classes {
    /// Takes in the class of the next sample; false where it is one more than labels can tell apart.
    pub(crate) fn push(&mut self, name: &str) -> bool {
        let label = match self.known.get(name) {
            Some(&label) => label,
            None => {
                let Ok(label) = u16::try_from(self.known.len()) else {
                    return false;
                };
                self.known.insert(name.to_owned(), label);
                label
            }
        };
        self.labels.push(label);
        true
    }

    /// The labels as places among the sorted classes, and the classes: sorted as numbers where all of them are numbers.
    pub(crate) fn sorted(self) -> (Vec<u16>, Vec<String>) {
        let mut classes: Vec<_> = self.known.into_iter().collect();
        let number = |name: &str| name.parse::<f64>().ok();
        if classes.iter().all(|(name, _)| number(name).is_some()) {
            let value = |name: &str| number(name).unwrap_or(f64::NAN);
            classes.sort_by(|(a, _), (b, _)| match value(a).total_cmp(&value(b)) {
                Ordering::Equal => a.cmp(b),
                order => order,
            });
        } else {
            classes.sort();
        }
        let mut places = vec![0; classes.len()];
        for (place, (_, label)) in (0..=u16::MAX).zip(&classes) {
            places[usize::from(*label)] = place;
        }
        let labels = self.labels.iter().map(|&label| places[usize::from(label)]);
        (
            labels.collect(),
            classes.into_iter().map(|(name, _)| name).collect(),
        )
    }
}

/// The class that a field stands for: a word as it is, a whole number without what may be written around it (`3` for `3.0`,
/// `+3` and `03`); `None` for a number that is not whole.
pub(crate) fn class_name(field: &str) -> Option<Cow<'_, str>> {
    // First as a whole number: a float would make neighbours of more than 15 digits one class.
    if let Ok(whole) = field.parse::<i128>() {
        return Some(whole.to_string().into());
    }
    match field.parse::<f64>() {
        Err(_) => Some(field.into()),
        // The sum makes -0 a plain 0.
        Ok(number) if number.fract() == 0.0 => Some((number + 0.0).to_string().into()),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_class_however_it_is_written() {
        for field in ["3", "3.0", "+3", "03", "3e0", "30e-1"] {
            assert_eq!(class_name(field).as_deref(), Some("3"), "{field}");
        }
        assert_eq!(class_name("-0.0").as_deref(), Some("0"));
        let long = "9007199254740993";
        assert_eq!(class_name(long).as_deref(), Some(long));
        for word in ["red", "3rd", "2024-01-02", "1,5"] {
            assert_eq!(class_name(word).as_deref(), Some(word));
        }
        for number in ["2.75", "-1e-3", "NaN", "inf"] {
            assert_eq!(class_name(number), None, "{number}");
        }
    }

    #[test]
    fn numbers_are_sorted_as_numbers_and_words_as_words() {
        let sorted = |names: &[&str]| {
            let mut classes = Classes::default();
            assert!(names.iter().all(|name| classes.push(name)));
            classes.sorted()
        };
        let (labels, names) = sorted(&["10", "9", "-1", "9"]);
        assert_eq!(names, ["-1", "9", "10"]);
        assert_eq!(labels, [2, 1, 0, 1]);
        assert_eq!(sorted(&["10", "9", "a"]).1, ["10", "9", "a"]);
    }

    #[test]
    fn one_class_too_many_is_refused() {
        let mut classes = Classes::default();
        assert!((0..MOST).all(|class| classes.push(&class.to_string())));
        assert!(classes.push("7") && !classes.push("one more"));
    }
}
