//! Arrays of samples and of labels, put together to the parts of a set.

use std::collections::HashMap;

use crate::array::{self, Array, Held, Values};
use crate::classes::{self, Classes};
use crate::error::content_of as content;
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets, columns};

/// The array or column that the targets are to come from.
pub(crate) struct Wanted<'a> {
    /// The field of [`Source`] that names it.
    field: &'static str,
    pub(crate) name: &'a str,
    /// What it was asked for as; nothing for a plain label.
    kind: Option<TargetKind>,
}

/// What `source` says of the targets.
pub(crate) fn wanted(source: &Source) -> Result<Option<Wanted<'_>>, Error> {
    let label = source.label.as_deref();
    let target = source.target.as_ref();
    match (label, target) {
        (Some(label), Some(target)) if label != target.column => {
            Err(source.two_targets(label, &target.column))
        }
        (_, Some(target)) => Ok(Some(Wanted {
            field: "target",
            name: &target.column,
            kind: Some(target.kind),
        })),
        (Some(name), None) => Ok(Some(Wanted {
            field: "label",
            name,
            kind: None,
        })),
        (None, None) => Ok(None),
    }
}

/// The arrays of one part.
pub(crate) struct Part {
    pub(crate) data: Array,
    pub(crate) labels: Option<Labels>,
    /// What classes are called instead of their label.
    pub(crate) class_names: HashMap<String, String>,
}

/// The labels of a part.
pub(crate) struct Labels {
    pub(crate) array: Array,
    /// Whether they were asked for by name. Others never stand between the user and the samples.
    pub(crate) is_asked: bool,
}

impl Wanted<'_> {
    pub(crate) fn refuse(&self, source: &Source, expected: impl Into<String>) -> Error {
        source.refuse(self.field, expected, format!("`{}`", self.name))
    }
}

/// Puts the parts together, the first being learned from and the second held out; both share their classes, and what the
/// numbers of their images mean.
pub(crate) fn parts(
    source: &Source,
    parts: Vec<Part>,
    mut notes: Vec<String>,
) -> Result<Parts, Error> {
    let wanted = wanted(source)?;
    let mut held: Vec<_> = parts
        .iter()
        .map(|part| part.held(wanted.as_ref(), &mut notes))
        .collect::<Result<_, _>>()?;
    // Labels of one part alone would be no labels of the set.
    if held.iter().any(Option::is_none) {
        held.iter_mut().for_each(|held| *held = None);
    }
    if parts.iter().all(|part| part.data.is_table()) {
        let parts = tables(source, &parts, wanted.as_ref(), held)?;
        return Ok(Parts {
            notes: [notes, parts.notes].concat(),
            ..parts
        });
    }
    if let Some(wanted) = wanted.as_ref().filter(|_| held.iter().any(Option::is_none)) {
        let expected = "none for images without an array of labels";
        return Err(wanted.refuse(source, expected));
    }
    source.refuse_table_columns()?;
    let arrays: Vec<_> = parts.iter().map(|part| &part.data).collect();
    let (values, note) = array::pixels(source, &arrays)?;
    notes.extend(note);
    same_shape(&parts, &values)?;
    let mut classes = Classes::default();
    let mut counts = Vec::new();
    let mut to_predict = Vec::new();
    for (part, held) in parts.iter().zip(held.into_iter().flatten()) {
        match held {
            Held::Classes(labels) => {
                counts.push(labels.len());
                part.push_all(&mut classes, &labels)?;
            }
            Held::Numbers(numbers) => {
                counts.push(0);
                to_predict.push(numbers);
            }
        }
    }
    let (mut labels, classes) = classes.sorted();
    let test_labels = labels.split_off(counts.first().copied().unwrap_or(0));
    let mut samples = values.into_iter().zip([labels, test_labels]);
    let mut to_predict = to_predict.into_iter();
    let mut next = || {
        let facts = |labels| Facts {
            name: source.name.clone(),
            captions: Vec::new(),
            labels,
            classes: classes.clone(),
            ..Facts::default()
        };
        let (values, labels) = samples.next()?;
        let samples = values.samples(facts(labels));
        Some(match (&wanted, to_predict.next()) {
            (Some(wanted), Some(numbers)) => {
                samples.and_then(|samples| with_numbers(samples, wanted.name, numbers))
            }
            _ => samples,
        })
    };
    let train = next().expect("there is always a training part")?;
    Ok(Parts {
        train,
        test: next().transpose()?,
        skipped: Vec::new(),
        notes,
        columns: Vec::new(),
        unseen: None,
    })
}

/// The parts of a table. Targets that are held elsewhere become a column of it, which is then the one that is asked for.
fn tables(
    source: &Source,
    parts: &[Part],
    wanted: Option<&Wanted>,
    held: Vec<Option<Held>>,
) -> Result<Parts, Error> {
    let name = wanted.map_or("label", |wanted| wanted.name);
    let mut source = source.clone();
    let is_held = held.iter().all(Option::is_some);
    if is_held {
        let last = (parts[0].data.shape[1] + 1).to_string();
        match &mut source.target {
            Some(target) => {
                target.column.clone_from(&last);
                source.label = None;
            }
            None => source.label = Some(last),
        }
    }
    let mut frames = Vec::new();
    for (part, held) in parts.iter().zip(held) {
        part.refuse_fit(&source)?;
        if part.data.shape[1] != parts[0].data.shape[1] {
            let expected = format!("{} columns as in training", parts[0].data.shape[1]);
            let found = part.data.shape[1].to_string();
            return Err(content(&part.data.origin, expected, found));
        }
        let held = held.map(|held| part.named(held));
        let held = held.as_ref().map(|held| (name, held));
        frames.push(part.data.frame(&source, held)?);
    }
    let mut frames = frames.into_iter();
    let train = frames.next().expect("there is always a training part");
    columns::parts(&source, train, frames.next())
}

impl Part {
    /// What the array of labels says, if there is one.
    fn held(
        &self,
        wanted: Option<&Wanted>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Held>, Error> {
        let Some(Labels { array, is_asked }) = &self.labels else {
            return Ok(None);
        };
        let samples = self.data.shape.first().copied().unwrap_or(0);
        let kind = wanted.and_then(|wanted| wanted.kind);
        let name = wanted.map_or("", |wanted| wanted.name);
        match array.targets(samples, kind, name) {
            Ok(held) => Ok(Some(held)),
            Err(error) if *is_asked => Err(error),
            Err(error) => {
                notes.push(format!("left out the labels: {error}"));
                Ok(None)
            }
        }
    }

    /// Targets with the names that their classes have.
    fn named(&self, held: Held) -> Held {
        let name = |label: String| self.class_names.get(&label).cloned().unwrap_or(label);
        match held {
            Held::Classes(labels) => Held::Classes(labels.into_iter().map(name).collect()),
            numbers => numbers,
        }
    }

    /// Refuses what only images can be brought to.
    fn refuse_fit(&self, source: &Source) -> Result<(), Error> {
        // Rows that are images can be brought to any.
        if source.shape.is_some() {
            return Ok(());
        }
        if let Some([height, width]) = source.size {
            let found = format!("{height}x{width} for a table");
            return Err(source.refuse("size", "a set of grey or colour images", found));
        }
        match source.grey {
            true => Err(source.refuse("grey", "a set of images", "a table")),
            false => Ok(()),
        }
    }

    /// Takes in the classes of a part.
    fn push_all(&self, classes: &mut Classes, labels: &[String]) -> Result<(), Error> {
        let named = |label| self.class_names.get(label).unwrap_or(label);
        match labels.iter().find(|label| !classes.push(named(label))) {
            None => Ok(()),
            Some(label) => {
                let expected = format!("at most {} classes", classes::MOST);
                Err(content(
                    &self.data.origin,
                    expected,
                    format!("another, `{label}`"),
                ))
            }
        }
    }
}

fn with_numbers(samples: Samples, column: &str, numbers: Vec<f64>) -> Result<Samples, Error> {
    samples.with_targets(Targets::Numbers {
        columns: [column.to_owned()].into(),
        values: numbers.into(),
    })
}

fn same_shape(parts: &[Part], values: &[Values]) -> Result<(), Error> {
    let [_, test] = parts else { return Ok(()) };
    let shapes: Vec<_> = values.iter().map(|values| values.shape).collect();
    match shapes[0] == shapes[1] {
        true => Ok(()),
        false => {
            let expected = format!("samples of shape {} as in training", shapes[0]);
            Err(content(&test.data.origin, expected, shapes[1].to_string()))
        }
    }
}
