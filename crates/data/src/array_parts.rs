//! Arrays of samples and of labels, put together to the parts of a set.

use std::collections::HashMap;

use crate::array::{self, Array, Column, Held, Values};
use crate::classes::{self, Classes};
use crate::error::content_of as content;
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets};

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

    /// The column of a table with so many that is called by its number.
    fn column(&self, source: &Source, width: usize) -> Result<Column, Error> {
        match self.name.parse() {
            Ok(number @ 1usize..) if number <= width => Ok(Column {
                place: number - 1,
                kind: self.kind,
            }),
            _ => Err(self.refuse(source, format!("a column by its number, 1 to {width}"))),
        }
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
    let mut skipped = Vec::new();
    let mut held: Vec<_> = parts
        .iter()
        .map(|part| part.held(wanted.as_ref(), &mut notes))
        .collect::<Result<_, _>>()?;
    // Labels of one part alone would be no labels of the set.
    if held.iter().any(Option::is_none) {
        held.iter_mut().for_each(|held| *held = None);
    }
    let values = values(
        source,
        &parts,
        wanted.as_ref(),
        &mut held,
        &mut skipped,
        &mut notes,
    )?;
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
        skipped,
        notes,
    })
}

/// The values of each part. What is held of a table loses the rows that are left out, or is a column of it.
fn values(
    source: &Source,
    parts: &[Part],
    wanted: Option<&Wanted>,
    held: &mut [Option<Held>],
    skipped: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> Result<Vec<Values>, Error> {
    let is_table = |part: &Part| part.data.shape.len() == 2;
    if parts.iter().any(|part| !is_table(part)) {
        if let Some(wanted) = wanted.filter(|_| held.iter().any(Option::is_none)) {
            let expected = "none for images without an array of labels";
            return Err(wanted.refuse(source, expected));
        }
        let arrays: Vec<_> = parts.iter().map(|part| &part.data).collect();
        let (values, note) = array::pixels(source, &arrays)?;
        notes.extend(note);
        return Ok(values);
    }
    let mut values = Vec::new();
    for (part, held) in parts.iter().zip(held) {
        part.refuse_fit(source)?;
        let column = wanted.filter(|_| held.is_none());
        let column = column.map(|wanted| wanted.column(source, part.data.shape[1]));
        let none = Held::none(None);
        let beside = held.as_ref().unwrap_or(&none);
        let (numbers, kept) = part
            .data
            .table(source, column.transpose()?, beside, skipped)?;
        *held = Some(kept);
        values.push(numbers);
    }
    Ok(values)
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

    /// Refuses what only images can be brought to.
    fn refuse_fit(&self, source: &Source) -> Result<(), Error> {
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

fn with_numbers(samples: Samples, column: &str, numbers: Vec<f32>) -> Result<Samples, Error> {
    samples.with_targets(Targets::Numbers {
        columns: [column.to_owned()].into(),
        values: numbers.into(),
    })
}

fn same_shape(parts: &[Part], values: &[Values]) -> Result<(), Error> {
    let [_, test] = parts else { return Ok(()) };
    let shapes: Vec<_> = values.iter().map(Values::shape).collect();
    match shapes[0] == shapes[1] {
        true => Ok(()),
        false => {
            let expected = format!("samples of shape {} as in training", shapes[0]);
            Err(content(&test.data.origin, expected, shapes[1].to_string()))
        }
    }
}
