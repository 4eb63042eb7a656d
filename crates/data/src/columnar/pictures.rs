//! Images in a column of a table, as Hugging Face publishes its data sets.

use std::path::{Path, PathBuf};

use super::Table;
use super::meaning::Leaf;
use crate::classes::{self, Classes};
use crate::error::content_of;
use crate::folder::of_test;
use crate::frame::{Cells, Column, Frame, MISSING};
use crate::picture_files::{Images, Packed, gather};
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets};

/// Loads images, with the column that `source` names as what is to be predicted; else that called `label`, else the first
/// one of classes, where there is such.
pub(super) fn parts(source: &Source, train: &Table, test: Option<&Table>) -> Result<Parts, Error> {
    source.refuse_table_columns()?;
    let (mut skipped, mut notes) = (Vec::new(), Vec::new());
    let train = samples(source, train, None, &mut skipped, &mut notes)?;
    let test = match test {
        None => None,
        Some(test) => {
            let source = of_test(source, &train);
            let test = samples(&source, test, Some(&train), &mut skipped, &mut notes)?;
            Some(test)
        }
    };
    Ok(Parts {
        train,
        test,
        skipped,
        notes,
        columns: Vec::new(),
        unseen: None,
    })
}

/// The images of a part, beside those of the training part where there are such.
fn samples(
    source: &Source,
    table: &Table,
    train: Option<&Samples>,
    skipped: &mut Vec<String>,
    notes: &mut Vec<String>,
) -> Result<Samples, Error> {
    let wrong = |expected: &str, found: &str| content_of(&table.origin, expected, found);
    let Some(picture) = table.picture() else {
        return Err(wrong("a column of images as in the training part", "none"));
    };
    let target = target(source, table)?;
    let beside: Vec<_> = target.into_iter().cloned().collect();
    let frame = table.frame(&in_memory(source), &beside)?;
    let captions = captions(source, table, picture)?;
    let gathered = gather(source, &Rows { table, picture })?;
    skipped.extend(gathered.skipped);
    notes.extend(gathered.note);
    let kept = gathered.kept;
    let mut facts = Facts {
        name: source.name.clone(),
        ..Facts::default()
    };
    if !captions.is_empty() {
        facts.captions = kept.iter().map(|&row| captions[row].clone()).collect();
    }
    let wants_numbers = source.target.as_ref();
    let wants_numbers = wants_numbers.is_some_and(|target| target.kind == TargetKind::Numbers);
    let column = frame.columns.first().filter(|column| is_known(column));
    if let Some(column) = column.filter(|_| !wants_numbers) {
        let declared = table.features.classes.get(&column.name);
        let known = train
            .map(Samples::classes)
            .filter(|known| !known.is_empty());
        let known = known.or(declared.map(Vec::as_slice)).unwrap_or_default();
        (facts.labels, facts.classes) = labels(&frame, column, &kept, known)?;
    }
    let samples = Samples::stored(facts, gathered.shape, 255, gathered.store)?;
    let samples = match gathered.range {
        Some(range) => samples.with_pixel_range(range),
        None => samples,
    };
    if let Some(train) = train.filter(|train| train.shape() != samples.shape()) {
        let expected = format!(
            "test images of shape {} as in training (`size`, `grey`)",
            train.shape()
        );
        return Err(wrong(&expected, &samples.shape().to_string()));
    }
    match column {
        Some(column) if wants_numbers => samples.with_targets(numbers(&frame, column, &kept)?),
        _ => Ok(samples),
    }
}

/// The column that is to be predicted.
fn target<'a>(source: &Source, table: &'a Table) -> Result<Option<&'a Leaf>, Error> {
    let target = source.target.as_ref().map(|target| &target.column);
    if let (Some(label), Some(target)) = (&source.label, target)
        && label != target
    {
        return Err(source.two_targets(label, target));
    }
    let is_class = |leaf: &&Leaf| table.features.classes.contains_key(&leaf.name);
    let Some(wanted) = target.or(source.label.as_ref()) else {
        let label = table.leaf("label").filter(|leaf| leaf.depth == 0);
        return Ok(label.or_else(|| table.leaves.iter().find(is_class)));
    };
    match table.leaf(wanted) {
        Some(leaf) => Ok(Some(leaf)),
        None => {
            let names: Vec<_> = table
                .leaves
                .iter()
                .map(|leaf| format!("`{}`", leaf.name))
                .collect();
            let field = if target.is_some() { "target" } else { "label" };
            let expected = format!("one of {}", names.join(", "));
            Err(source.refuse(field, expected, format!("`{wanted}`")))
        }
    }
}

/// The same source, of which all may stay in memory: what images are called and of.
fn in_memory(source: &Source) -> Source {
    Source {
        memory: usize::MAX,
        ..source.clone()
    }
}

/// The names of the image files without their endings, where all rows have one.
fn captions(source: &Source, table: &Table, picture: &Leaf) -> Result<Vec<String>, Error> {
    let stem = picture.name.strip_suffix(".bytes");
    let Some(path) = stem.and_then(|stem| table.leaf(&format!("{stem}.path"))) else {
        return Ok(Vec::new());
    };
    let frame = table.frame(&in_memory(source), std::slice::from_ref(path))?;
    let Some(Cells::Words(words)) = frame.columns.first().map(|column| &column.cells) else {
        return Ok(Vec::new());
    };
    let stem = |name: &str| {
        Path::new(name)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    let captions = (0..frame.len()).map(|row| words.get(row).and_then(stem));
    Ok(captions.collect::<Option<_>>().unwrap_or_default())
}

/// Whether any row has a class.
fn is_known(column: &Column) -> bool {
    match &column.cells {
        Cells::Numbers(numbers) => numbers.iter().any(|number| !number.is_nan()),
        Cells::Stored(stored) => stored.summary.known > 0,
        Cells::Words(words) => words.codes.iter().any(|&code| code != MISSING),
    }
}

/// The classes of these rows, numbered as those that are known already, or as their column declares them.
fn labels(
    frame: &Frame,
    column: &Column,
    kept: &[usize],
    known: &[String],
) -> Result<(Vec<u16>, Vec<String>), Error> {
    let missing = |row: usize| {
        let expected = format!("a class in column `{}`", column.name);
        content_of(&frame.at(row), expected, "a missing cell")
    };
    let word = |row: usize| match &column.cells {
        Cells::Words(words) => words.get(row).map(str::to_owned),
        Cells::Numbers(numbers) => (!numbers[row].is_nan()).then(|| numbers[row].to_string()),
        Cells::Stored(_) => unreachable!("what images are called and of is in memory"),
    };
    let words = kept
        .iter()
        .map(|&row| Ok((row, word(row).ok_or_else(|| missing(row))?)));
    let words = words.collect::<Result<Vec<_>, Error>>()?;
    if known.is_empty() {
        let mut classes = Classes::default();
        if !words.iter().all(|(_, word)| classes.push(word)) {
            let expected = format!(
                "at most {} classes in column `{}`",
                classes::MOST,
                column.name
            );
            return Err(content_of(&frame.origin, expected, "more"));
        }
        return Ok(classes.sorted());
    }
    let label = |(row, word): &(usize, String)| {
        let place = known.iter().position(|class| class == word);
        let place = place.and_then(|place| u16::try_from(place).ok());
        place.ok_or_else(|| {
            let expected = format!("a class of the training part in column `{}`", column.name);
            content_of(&frame.at(*row), expected, format!("`{word}`"))
        })
    };
    let labels = words.iter().map(label).collect::<Result<_, _>>()?;
    Ok((labels, known.to_vec()))
}

/// The numbers to predict of these rows.
fn numbers(frame: &Frame, column: &Column, kept: &[usize]) -> Result<Targets, Error> {
    let number = |&row: &usize| match &column.cells {
        Cells::Numbers(numbers) if numbers[row].is_finite() => Ok(numbers[row]),
        _ => {
            let expected = format!("a number in column `{}`", column.name);
            Err(content_of(&frame.at(row), expected, "none"))
        }
    };
    Ok(Targets::Numbers {
        columns: [column.name.clone()].into(),
        values: kept.iter().map(number).collect::<Result<_, _>>()?,
    })
}

/// The images in the rows of a table.
struct Rows<'a> {
    table: &'a Table,
    picture: &'a Leaf,
}

impl Images for Rows<'_> {
    /// None: what a lying file promises is no reason to make room.
    fn count(&self) -> usize {
        0
    }

    fn shown(&self, index: usize) -> PathBuf {
        PathBuf::from(format!("{}: row {}", self.table.origin, index + 1))
    }

    fn each(
        &self,
        at_a_time: usize,
        take: &mut dyn FnMut(Vec<Packed>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let count = self
            .table
            .files
            .pictures(self.table, self.picture, at_a_time, take)?;
        match count == self.table.rows {
            true => Ok(()),
            false => {
                let expected = format!("{} images", self.table.rows);
                Err(content_of(&self.table.origin, expected, count.to_string()))
            }
        }
    }
}
