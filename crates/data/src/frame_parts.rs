//! A frame as samples, as far as it takes to train on what a file of numbers holds.
//!
//! Stands here until the conversion that all formats of tables share takes its place.

use std::collections::HashMap;

use crate::error::content_of;
use crate::frame::{Cells, Column, Frame};
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets};

/// The parts of these tables: every column a column of samples, but the one that `source` names, which becomes the classes
/// or the numbers to predict.
///
/// # Errors
/// [`Error::Content`] for a word or a missing cell where a number belongs, [`Error::Selection`] for a column that is not
/// there.
pub(crate) fn parts(source: &Source, train: Frame, test: Option<Frame>) -> Result<Parts, Error> {
    let mut skipped = train.skipped.clone();
    skipped.extend(test.iter().flat_map(|test| test.skipped.clone()));
    Ok(Parts {
        train: samples(source, &train)?,
        test: test.map(|test| samples(source, &test)).transpose()?,
        skipped,
    })
}

fn samples(source: &Source, frame: &Frame) -> Result<Samples, Error> {
    let target = source.target.as_ref();
    let wanted = target
        .map(|target| &target.column)
        .or(source.label.as_ref());
    let is_number = target.is_some_and(|target| target.kind == TargetKind::Numbers);
    let chosen = match wanted {
        Some(wanted) => match frame
            .columns
            .iter()
            .position(|column| column.name == *wanted)
        {
            Some(place) => Some(place),
            None => {
                let names: Vec<_> = frame.columns.iter().map(|column| &*column.name).collect();
                return Err(source.refuse("label", names.join(", "), wanted.clone()));
            }
        },
        None => None,
    };
    let mut names = Vec::new();
    let mut inputs = Vec::new();
    for (place, column) in frame.columns.iter().enumerate() {
        if Some(place) != chosen {
            names.push(column.name.clone());
            inputs.push(numbers(frame, column)?);
        }
    }
    let rows = 0..frame.len();
    let values = rows
        .flat_map(|row| inputs.iter().map(move |column| column[row]))
        .collect();
    let mut facts = Facts {
        name: source.name.clone(),
        ..Facts::default()
    };
    let column = chosen.map(|place| &frame.columns[place]);
    match column {
        Some(column) if !is_number => (facts.labels, facts.classes) = classes(frame, column)?,
        _ => {}
    }
    let samples = Samples::table(facts, names, values)?;
    match column {
        Some(column) if is_number => samples.with_targets(Targets::Numbers {
            columns: [column.name.clone()].into(),
            values: numbers(frame, column)?.into(),
        }),
        _ => Ok(samples),
    }
}

pub(crate) fn numbers(frame: &Frame, column: &Column) -> Result<Vec<f32>, Error> {
    let expected = format!("a finite number in column `{}`", column.name);
    let found = |row: usize, found: &str| Err(content_of(&frame.at(row), &*expected, found));
    match &column.cells {
        Cells::Numbers(numbers) => match numbers.iter().position(|number| !number.is_finite()) {
            None => Ok(numbers.iter().map(|&number| number as f32).collect()),
            Some(row) => found(row, "none"),
        },
        Cells::Words(words) => match words.codes.is_empty() {
            true => Ok(Vec::new()),
            false => found(0, &format!("`{}`", words.get(0).unwrap_or_default())),
        },
    }
}

/// The classes of a column: words as they are declared, numbers in their order.
pub(crate) fn classes(frame: &Frame, column: &Column) -> Result<(Vec<u16>, Vec<String>), Error> {
    let (codes, names) = match &column.cells {
        Cells::Words(words) => (words.codes.clone(), words.names.clone()),
        Cells::Numbers(numbers) => {
            let mut known: Vec<f64> = numbers.clone();
            known.retain(|number| !number.is_nan());
            known.sort_by(f64::total_cmp);
            known.dedup();
            let code: HashMap<u64, u32> = (0..)
                .zip(&known)
                .map(|(code, number)| (number.to_bits(), code))
                .collect();
            let codes = numbers
                .iter()
                .map(|number| code.get(&number.to_bits()).copied().unwrap_or(u32::MAX));
            (codes.collect(), known.iter().map(f64::to_string).collect())
        }
    };
    let label = |(row, code): (usize, u32)| {
        u16::try_from(code).map_err(|_| {
            content_of(
                &frame.at(row),
                format!("a class in column `{}`", column.name),
                "none",
            )
        })
    };
    Ok((
        codes
            .into_iter()
            .enumerate()
            .map(label)
            .collect::<Result<_, _>>()?,
        names,
    ))
}
