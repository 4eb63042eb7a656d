//! Images in a column of a Parquet file, as Hugging Face publishes its data sets.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::ByteArray;
use ::parquet::file::reader::FileReader;

use super::leaves::Leaf;
use super::{Failure, Table, broken, open};
use crate::error::content_of;
use crate::frame::{Cells, Column, Frame, MISSING};
use crate::picture::Fit;
use crate::picture_files::{AT_A_TIME, Pile, decode, read_together};
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets, frame_parts};

/// Loads images, with the column that `source` names as what is to be predicted; else that called `label`, else the first
/// one of classes, where there is such.
pub(super) fn parts(source: &Source, train: &Table, test: Option<&Table>) -> Result<Parts, Error> {
    let mut skipped = Vec::new();
    let train = samples(source, train, None, &mut skipped)?;
    let test = match test {
        Some(test) => Some(samples(source, test, Some(train.classes()), &mut skipped)?),
        None => None,
    };
    Ok(Parts {
        train,
        test,
        skipped,
    })
}

/// The images of a part; `classes` are those of the training part.
fn samples(
    source: &Source,
    table: &Table,
    classes: Option<&[String]>,
    skipped: &mut Vec<String>,
) -> Result<Samples, Error> {
    let picture = table.picture().ok_or_else(|| {
        content_of(
            &table.origin,
            "a column of images as in the training part",
            "none",
        )
    })?;
    let target = target(source, table)?;
    let beside: Vec<_> = target.into_iter().cloned().collect();
    let frame = table.frame(source, &beside)?;
    let captions = captions(source, table, picture)?;

    let row = |index: usize| PathBuf::from(format!("{}: row {}", table.origin, index + 1));
    // What a lying file promises is no reason to make room.
    let mut pile = Pile::new(source.memory, 0, &row);
    gather(source, table, picture, &mut pile, skipped)?;
    let Some(shape) = pile.shape else {
        let found = match skipped.first() {
            Some(first) => format!("none in {} rows; {first}", table.rows),
            None => "none".to_owned(),
        };
        return Err(content_of(
            &table.origin,
            "an image that can be read",
            found,
        ));
    };
    let (kept, store) = (pile.kept, pile.sink.finish());
    let mut facts = Facts {
        name: source.name.clone(),
        ..Facts::default()
    };
    if !captions.is_empty() {
        facts.captions = kept.iter().map(|&row| captions[row].clone()).collect();
    }
    let column = frame.columns.first();
    let wants_numbers = source.target.as_ref();
    let wants_numbers = wants_numbers.is_some_and(|target| target.kind == TargetKind::Numbers);
    match column {
        Some(column) if !wants_numbers && is_known(column) => {
            let (labels, names) = labels(&frame, column, &kept, classes)?;
            (facts.labels, facts.classes) = (labels, names);
        }
        _ => {}
    }
    let samples = Samples::stored(facts, shape, 255, store)?;
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

/// The names of the image files without their endings, where all rows have one.
fn captions(source: &Source, table: &Table, picture: &Leaf) -> Result<Vec<String>, Error> {
    let stem = picture.name.strip_suffix(".bytes");
    let Some(path) = stem.and_then(|stem| table.leaf(&format!("{stem}.path"))) else {
        return Ok(Vec::new());
    };
    let frame = table.frame(source, std::slice::from_ref(path))?;
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
        Cells::Words(words) => words.codes.iter().any(|&code| code != MISSING),
    }
}

/// The classes of these rows, numbered as those of the training part.
fn labels(
    frame: &Frame,
    column: &Column,
    kept: &[usize],
    classes: Option<&[String]>,
) -> Result<(Vec<u16>, Vec<String>), Error> {
    let (labels, names) = frame_parts::classes(frame, column)?;
    let labels = kept.iter().map(|&row| (row, labels[row]));
    let Some(classes) = classes.filter(|classes| !classes.is_empty()) else {
        return Ok((labels.map(|(_, label)| label).collect(), names));
    };
    let place = |(row, label): (usize, u16)| {
        let name = &names[usize::from(label)];
        let place = classes.iter().position(|class| class == name);
        let unknown = || {
            let expected = format!("a class of the training part in column `{}`", column.name);
            content_of(&frame.at(row), expected, format!("`{name}`"))
        };
        place.map(|place| place as u16).ok_or_else(unknown)
    };
    Ok((
        labels.map(place).collect::<Result<_, _>>()?,
        classes.to_vec(),
    ))
}

/// The numbers to predict of these rows.
fn numbers(frame: &Frame, column: &Column, kept: &[usize]) -> Result<Targets, Error> {
    let values = frame_parts::numbers(frame, column)?;
    Ok(Targets::Numbers {
        columns: [column.name.clone()].into(),
        values: kept.iter().map(|&row| values[row]).collect(),
    })
}

/// Takes all images in, some at a time on all cores.
fn gather(
    source: &Source,
    table: &Table,
    picture: &Leaf,
    pile: &mut Pile,
    skipped: &mut Vec<String>,
) -> Result<(), Error> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let fit = Fit::of(source);
    let mut index = 0;
    for path in &table.files {
        let reader = open(path)?;
        for group in 0..reader.num_row_groups() {
            let failed = |failure| table.failed(&picture.name, failure);
            let column = reader.get_row_group(group);
            let column = column.and_then(|group| group.get_column_reader(picture.index));
            let ColumnReader::ByteArrayColumnReader(mut column) =
                column.map_err(|error| failed(Failure::Reader(error)))?
            else {
                return Err(failed(broken("bytes", "another type")));
            };
            loop {
                let (mut values, mut defined) = (Vec::new(), Vec::new());
                let count = threads * AT_A_TIME;
                let read = column.read_records(count, Some(&mut defined), None, &mut values);
                let (rows, ..) = read.map_err(|error| failed(Failure::Reader(error)))?;
                if rows == 0 {
                    break;
                }
                let images = images(picture, index, rows, values, &defined);
                let decoded = read_together(&images, threads, |(row, bytes)| {
                    let decoded = match bytes {
                        Some(bytes) => decode(bytes.data(), fit),
                        None => Err("none".to_owned()),
                    };
                    let at = format!("{}: row {}", table.origin, row + 1);
                    decoded.map_err(|found| content_of(&at, "an image that can be read", found))
                });
                for (image, (row, _)) in decoded.into_iter().zip(&images) {
                    match image {
                        Ok(image) => pile.push(*row, image)?,
                        Err(error) if source.skip_bad => skipped.push(error.to_string()),
                        Err(error) => return Err(error),
                    }
                }
                index += rows;
            }
        }
    }
    match index as u64 == table.rows {
        true => Ok(()),
        false => Err(content_of(
            &table.origin,
            format!("{} images", table.rows),
            index.to_string(),
        )),
    }
}

/// The bytes of each row, where it has some.
fn images(
    picture: &Leaf,
    first: usize,
    rows: usize,
    values: Vec<ByteArray>,
    defined: &[i16],
) -> Vec<(usize, Option<ByteArray>)> {
    let mut values = values.into_iter();
    let is_there = |row: usize| {
        defined
            .get(row)
            .is_none_or(|&level| level == picture.defined)
    };
    let row = |row: usize| (first + row, is_there(row).then(|| values.next()).flatten());
    (0..rows).map(row).collect()
}
