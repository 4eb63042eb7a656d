//! Files of arrays with names (`.npz`, `.safetensors`, MATLAB, HDF5): which array holds what.
//!
//! A name is taken apart into words, as in `x_train`, `TrainImages` or `dataset.train.images`. One word may say the part, and
//! what is left says what the array holds. So the names of Keras, MedMNIST, dSprites, SVHN, EMNIST and scikit-learn are all
//! known by one rule, and an array that is asked for by name is found in every part.

use std::collections::HashMap;

use crate::array::Array;
use crate::array_parts::{Labels, Part, Wanted, parts, wanted};
use crate::delimited_text::shown;
use crate::error::content_of as content;
use crate::matlab_order;
use crate::source::Parts;
use crate::{Error, Source};

/// What is left of the name of an array that holds samples; the first that is there is taken. Nothing is left of `train`.
const SAMPLES: [&str; 10] = [
    "x", "data", "images", "imgs", "image", "img", "samples", "features", "arr 0", "",
];
/// What is left of the name of an array that holds their labels.
const LABELS: [&str; 8] = [
    "y", "labels", "label", "targets", "target", "classes", "class", "arr 1",
];

/// The parts of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Which {
    Train,
    Validation,
    Test,
}

/// A name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name<'a> {
    full: &'a str,
    part: Option<Which>,
    /// The other words, in small letters with a space between them.
    rest: String,
}

/// A file of arrays with names.
pub(crate) struct NamedArrays<'a> {
    /// The file, for messages.
    pub(crate) origin: String,
    /// The arrays in it.
    pub(crate) names: Vec<String>,
    /// The array that is asked for by its name.
    pub(crate) asked: Option<&'a str>,
    /// Whether they are laid out as MATLAB does: samples along the last axis.
    pub(crate) is_matlab: bool,
    /// Reads one of them.
    pub(crate) read: &'a mut dyn FnMut(&str, Extent) -> Result<Array, Error>,
}

/// How much of an array is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Its type and shape, which may be all that is right of what is given.
    Header,
    Whole,
}

/// The arrays of one part.
struct Chosen<'a> {
    samples: &'a str,
    labels: Option<&'a str>,
}

/// Loads the samples of such a file, with their labels and parts where it has any.
///
/// The samples are the array that `source` names (`FILE.npz:NAME`), or the first of the usual names that is there, or the
/// only array. Labels are what `source.label` or `source.target` names, or the first of the usual names. An array that is
/// not taken is named in a note.
///
/// # Errors
/// [`Error::Content`] with the file and array, or [`Error::Selection`] for a label or an array that is not there.
pub(crate) fn load(source: &Source, mut file: NamedArrays) -> Result<Parts, Error> {
    let (whole, notes) = chosen(source, &mut file, Extent::Whole)?;
    parts(source, whole, notes)
}

/// Whether the samples of such a file are rows of a table, by the headers of its arrays.
///
/// # Errors
/// As [`load`], as far as the headers go.
pub(crate) fn is_table(source: &Source, mut file: NamedArrays) -> Result<bool, Error> {
    let (parts, _) = chosen(source, &mut file, Extent::Header)?;
    Ok(parts.iter().all(|part| part.data.is_table()))
}

/// The arrays of the parts, and what is to be said of the choice.
fn chosen(
    source: &Source,
    file: &mut NamedArrays,
    extent: Extent,
) -> Result<(Vec<Part>, Vec<String>), Error> {
    file.names.sort();
    let all = std::mem::take(&mut file.names);
    let names: Vec<_> = all.iter().map(|name| Name::of(name)).collect();
    let choice = choose(source, &file.origin, file.asked, &names)?;
    let mut notes = Vec::new();
    let class_names = match extent {
        Extent::Whole => class_names(file, &names, &choice),
        Extent::Header => HashMap::new(),
    };
    let wanted = wanted(source)?;
    let mut whole = Vec::new();
    for chosen in choice.values() {
        let mut part = Part {
            data: (file.read)(chosen.samples, extent)?,
            labels: None,
            class_names: class_names.clone(),
        };
        let is_asked = wanted.is_some();
        part.labels = match chosen.labels.map(|name| (file.read)(name, extent)) {
            None => None,
            Some(Ok(array)) => Some(Labels { array, is_asked }),
            Some(Err(error)) if is_asked => return Err(error),
            Some(Err(error)) => {
                notes.push(format!("left out the labels: {error}"));
                None
            }
        };
        if file.is_matlab {
            matlab_order::upright(&mut part, chosen.samples);
        }
        whole.push(part);
    }
    notes.extend(left_out(&names, &choice));
    Ok((whole, notes))
}

/// The parts, in order: the first is learned from, the second held out.
type Choice<'a> = std::collections::BTreeMap<Which, Chosen<'a>>;

fn choose<'a>(
    source: &Source,
    origin: &str,
    asked: Option<&str>,
    names: &[Name<'a>],
) -> Result<Choice<'a>, Error> {
    let wanted = wanted(source)?;
    if let Some(asked) = asked {
        let Some(name) = names.iter().find(|name| name.full == asked) else {
            let expected = format!("one of its arrays, {}", listed(names));
            return Err(content(origin, expected, format!("`:{asked}`")));
        };
        let labels = labels_of(source, names, name.part, Some(name.full), wanted.as_ref())?;
        let samples = name.full;
        return Ok([(Which::Train, Chosen { samples, labels })].into());
    }
    let mut choice = Choice::new();
    let train = samples_of(names, Some(Which::Train));
    let mut main = train.or_else(|| samples_of(names, None));
    if main.is_none() {
        main = only_one(source, names, wanted.as_ref())?;
    }
    let Some(main) = main else {
        let ending = origin.rsplit('.').next().unwrap_or_default();
        let expected = format!(
            "an array `x`, `data`, `images` or `x_train`, or one array only (any other: `FILE.{ending}:NAME`)"
        );
        return Err(content(origin, expected, listed(names)));
    };
    let mut take = |which, samples: &Name<'a>| -> Result<(), Error> {
        let labels = labels_of(
            source,
            names,
            samples.part,
            Some(samples.full),
            wanted.as_ref(),
        );
        let samples = samples.full;
        let labels = labels?;
        choice.insert(which, Chosen { samples, labels });
        Ok(())
    };
    take(Which::Train, main)?;
    let test = samples_of(names, Some(Which::Test));
    if let Some(test) = test.or_else(|| samples_of(names, Some(Which::Validation))) {
        take(Which::Test, test)?;
    }
    Ok(choice)
}

/// The samples of a part by the usual names.
fn samples_of<'n, 'a>(names: &'n [Name<'a>], part: Option<Which>) -> Option<&'n Name<'a>> {
    usual(names, part, &SAMPLES)
}

fn usual<'n, 'a>(
    names: &'n [Name<'a>],
    part: Option<Which>,
    words: &[&str],
) -> Option<&'n Name<'a>> {
    let of_part = |word: &&str| {
        // Small letters sort last, and come first.
        let mut names = names.iter().rev();
        names.find(|name| name.part == part && name.rest == *word)
    };
    // A part without a further word holds samples; a file without any word does not.
    let words = words
        .iter()
        .filter(|word| part.is_some() || !word.is_empty());
    words.into_iter().find_map(of_part)
}

/// The only array that is no label.
fn only_one<'n, 'a>(
    source: &Source,
    names: &'n [Name<'a>],
    wanted: Option<&Wanted>,
) -> Result<Option<&'n Name<'a>>, Error> {
    let labels = labels_of(source, names, None, None, wanted)?;
    let mut others = names.iter().filter(|name| Some(name.full) != labels);
    Ok(match (others.next(), others.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

/// The labels of the samples of a part. A label that is a number may also be a column, and a target too.
fn labels_of<'a>(
    source: &Source,
    names: &[Name<'a>],
    part: Option<Which>,
    samples: Option<&str>,
    wanted: Option<&Wanted>,
) -> Result<Option<&'a str>, Error> {
    let is_other = |name: &&Name| Some(name.full) != samples;
    let Some(wanted) = wanted else {
        let known = usual(names, part, &LABELS).filter(is_other);
        return Ok(known.map(|name| name.full));
    };
    let asked = Name::of(wanted.name);
    let exact = names.iter().find(|name| name.full == wanted.name);
    let alike = |name: &&Name| name.part == part && name.rest == asked.rest && is_other(name);
    let found = match exact {
        Some(exact) if exact.part == part || part.is_none() => Some(exact),
        _ => names.iter().find(alike),
    };
    match found {
        Some(name) => Ok(Some(name.full)),
        None if wanted.name.parse::<usize>().is_ok() => Ok(None),
        None => {
            let expected = format!("one of {}, or a column by its number", listed(names));
            Err(wanted.refuse(source, expected))
        }
    }
}

/// What the classes are called, where an array says so: EMNIST's `mapping` from labels to code points.
fn class_names(file: &mut NamedArrays, names: &[Name], choice: &Choice) -> HashMap<String, String> {
    let has_labels = choice.values().any(|chosen| chosen.labels.is_some());
    let mapping = names
        .iter()
        .find(|name| name.rest == "mapping" && has_labels);
    let mapping = mapping.and_then(|name| (file.read)(name.full, Extent::Whole).ok());
    let characters = mapping.and_then(|array| matlab_order::characters(&array).ok());
    characters.unwrap_or_default()
}

/// A note that names every array that is not taken.
fn left_out(names: &[Name], choice: &Choice) -> Option<String> {
    let is_taken = |name: &&Name| {
        name.rest == "mapping"
            || choice
                .values()
                .any(|chosen| chosen.samples == name.full || chosen.labels == Some(name.full))
    };
    let rest: Vec<_> = names
        .iter()
        .filter(|name| !is_taken(name))
        .cloned()
        .collect();
    match rest.len() {
        0 => None,
        1 => Some(format!("left out the array {}", listed(&rest))),
        count => Some(format!("left out {count} arrays: {}", listed(&rest))),
    }
}

fn listed(names: &[Name]) -> String {
    let list: Vec<_> = names
        .iter()
        .map(|name| shown(name.full.as_bytes()))
        .collect();
    match &list[..] {
        [] => "none".to_owned(),
        [first @ .., _] if first.len() >= 12 => {
            format!("{} and {} more", list[..12].join(", "), list.len() - 12)
        }
        list => list.join(", "),
    }
}

impl<'a> Name<'a> {
    fn of(full: &'a str) -> Self {
        let mut words = words(full);
        // The struct in which EMNIST ships.
        if words.len() > 1 && words[0] == "dataset" {
            words.remove(0);
        }
        let part = words.iter().position(|word| which(word).is_some());
        let part = part.and_then(|at| which(&words.remove(at)));
        let rest = words.join(" ");
        Self { full, part, rest }
    }
}

fn which(word: &str) -> Option<Which> {
    match word {
        "train" | "training" | "trn" => Some(Which::Train),
        "val" | "valid" | "validation" | "dev" => Some(Which::Validation),
        "test" | "testing" | "tst" | "t10k" => Some(Which::Test),
        _ => None,
    }
}

/// The words of a name, in small letters: at signs between them, and where a capital follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in name.chars() {
        let is_start = letter.is_uppercase() && before.is_lowercase();
        before = letter;
        if is_start || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if letter.is_alphanumeric() {
            words
                .last_mut()
                .expect("there is always one")
                .extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: &[(&str, Option<&str>)]) {
        let names: Vec<_> = names.iter().map(|name| Name::of(name)).collect();
        let choice = choose(&Source::named("a.npz"), "a.npz", None, &names).expect("samples");
        let found: Vec<_> = choice
            .values()
            .map(|chosen| (chosen.samples, chosen.labels))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_usual_names_are_known() {
        check(&["X", "y"], &[("X", Some("y"))]);
        check(&["X", "x", "y"], &[("x", Some("y"))]);
        check(&["faces"], &[("faces", None)]);
        check(&["faces", "y"], &[("faces", Some("y"))]);
        check(&["arr_0", "arr_1"], &[("arr_0", Some("arr_1"))]);
        let keras = ["x_train", "y_train", "x_test", "y_test"];
        let both = [("x_train", Some("y_train")), ("x_test", Some("y_test"))];
        check(&keras, &both);
        let med = [
            "train_images",
            "val_images",
            "test_images",
            "train_labels",
            "val_labels",
            "test_labels",
        ];
        let both = [
            ("train_images", Some("train_labels")),
            ("test_images", Some("test_labels")),
        ];
        check(&med, &both);
        check(&["X_train", "X_val"], &[("X_train", None), ("X_val", None)]);
        check(
            &[
                "imgs",
                "latents_classes",
                "latents_names",
                "latents_values",
                "metadata",
            ],
            &[("imgs", None)],
        );
        check(
            &[
                "dataset.train.images",
                "dataset.train.labels",
                "dataset.mapping",
            ],
            &[("dataset.train.images", Some("dataset.train.labels"))],
        );
        check(
            &["train", "test", "neighbors"],
            &[("train", None), ("test", None)],
        );
        check(&["trainX", "trainY"], &[("trainX", Some("trainY"))]);
    }

    #[test]
    fn what_is_not_told_is_asked_for() {
        let names = ["faces", "shapes"];
        let names: Vec<_> = names.iter().map(|name| Name::of(name)).collect();
        let error = choose(&Source::named("a.npz"), "a.npz", None, &names).err();
        assert_eq!(
            error.expect("two unknown names").to_string(),
            "`a.npz`: expected an array `x`, `data`, `images` or `x_train`, or one array only (any other: \
             `FILE.npz:NAME`), found `faces`, `shapes`"
        );
        let source = Source::named("a.npz:shapes");
        let choice = choose(&source, "a.npz", Some("shapes"), &names).expect("it is named");
        assert_eq!(choice[&Which::Train].samples, "shapes");
    }
}
