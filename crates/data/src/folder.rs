//! A folder of images; its sub-folders are their classes, or parts with such.

use std::path::Path;

use crate::image_tree::{self, Part};
use crate::picture_files::{Gathered, ImageFile, gather};
use crate::source::Parts;
use crate::{Error, Facts, Samples, Source, array_files};

/// All images of a folder, by name. Hidden files are passed over, and those that do not end like an image are noted.
pub(crate) fn load(source: &Source, folder: &Path) -> Result<Parts, Error> {
    load_as(source, folder, folder)
}

/// All images of a folder that is called `shown` in messages.
pub(crate) fn load_as(source: &Source, folder: &Path, shown: &Path) -> Result<Parts, Error> {
    let images = image_tree::find(folder, shown)?;
    if images.are_arrays {
        return array_files::load(source, shown, images);
    }
    let mut notes = images.notes;
    let (train, mut skipped) = part(source, &images.train, &images.classes, &mut notes)?;
    let test = match &images.test {
        None => None,
        Some(test) => {
            let source = of_test(source, &train);
            let (test, more) = part(&source, test, &images.classes, &mut notes)?;
            skipped.extend(more);
            Some(same_shape(shown, &train, test)?)
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

/// One image file, as a set of one.
pub(crate) fn load_file(source: &Source, path: &Path) -> Result<Parts, Error> {
    let stem = path.file_stem().unwrap_or_default();
    let alone = Part {
        files: vec![ImageFile::at(path.to_owned())],
        labels: Vec::new(),
        names: vec![stem.to_string_lossy().into_owned()],
    };
    let mut notes = Vec::new();
    let (train, skipped) = part(source, &alone, &[], &mut notes)?;
    Ok(Parts {
        train,
        test: None,
        skipped,
        notes,
        columns: Vec::new(),
        unseen: None,
    })
}

/// The samples of a part, and the files left out.
fn part(
    source: &Source,
    part: &Part,
    classes: &[String],
    notes: &mut Vec<String>,
) -> Result<(Samples, Vec<String>), Error> {
    let Gathered {
        store,
        shape,
        range,
        kept,
        skipped,
        note,
    } = gather(source, &part.files.as_slice())?;
    notes.extend(note);
    let samples = Samples::stored(facts(source, part, classes, &kept), shape, 255, store)?;
    let samples = match range {
        Some(range) => samples.with_pixel_range(range),
        None => samples,
    };
    Ok((samples, skipped))
}

/// What is known of the files of a part that are kept.
pub(crate) fn facts(source: &Source, part: &Part, classes: &[String], kept: &[usize]) -> Facts {
    let labels = kept.iter().filter(|_| !part.labels.is_empty());
    Facts {
        name: source.name.clone(),
        captions: kept.iter().map(|&at| part.names[at].clone()).collect(),
        labels: labels.map(|&at| part.labels[at]).collect(),
        classes: if part.labels.is_empty() {
            Vec::new()
        } else {
            classes.to_vec()
        },
        ..Facts::default()
    }
}

/// What the test part is read by: the range of pixels is that of what is learned from.
pub(crate) fn of_test(source: &Source, train: &Samples) -> Source {
    Source {
        pixel_range: source.pixel_range.or_else(|| train.pixel_range()),
        ..source.clone()
    }
}

/// The test part, grey or in colour as the other; another size is refused.
fn same_shape(folder: &Path, train: &Samples, test: Samples) -> Result<Samples, Error> {
    if test.shape() == train.shape() {
        return Ok(test);
    }
    Err(crate::error::content(
        folder,
        format!(
            "test images of shape {} as in training (`size`, `grey`)",
            train.shape()
        ),
        test.shape().to_string(),
    ))
}

#[cfg(test)]
mod tests;
