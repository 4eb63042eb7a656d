//! Statlog (Landsat Satellite): four spectral bands of 3x3 pixels, and what grows on the middle one.
//!
//! A. Srinivasan, Statlog (Landsat Satellite), UCI Machine Learning Repository, 1993, doi 10.24432/C55887.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use crate::delimited_text::{Row, Rows, Separator, shown};
use crate::error::{missing, unreadable};
use crate::source::{Parts, Source};
use crate::{Error, Facts, Samples};

/// Numbers before the class: 9 pixels of 4 bands.
const COLUMNS: usize = 36;
/// The classes as the files number them; there is no 6.
const CLASSES: [(&str, &str); 6] = [
    ("1", "red soil"),
    ("2", "cotton crop"),
    ("3", "grey soil"),
    ("4", "damp grey soil"),
    ("5", "vegetation stubble"),
    ("7", "very damp grey soil"),
];

/// Loads `sat.trn` and, as the official test part, `sat.tst` from a folder.
///
/// # Errors
/// [`Error::Missing`] where a file is not there, [`Error::Content`] with the line where it is damaged, or [`Error::Io`].
pub(crate) fn load(source: &Source, folder: &Path) -> Result<Parts, Error> {
    Ok(Parts {
        train: part(source, folder, "sat.trn")?,
        test: Some(part(source, folder, "sat.tst")?),
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

fn part(source: &Source, folder: &Path, name: &str) -> Result<Samples, Error> {
    let path = folder.join(name);
    let reading = |failure| unreadable(&path, failure);
    let file = File::open(&path).map_err(|failure| match failure.kind() {
        io::ErrorKind::NotFound => missing("satimage", folder, name, "`sat.trn` and `sat.tst`"),
        _ => reading(failure),
    })?;
    let mut rows = Rows::new(BufReader::new(file), Separator::Blanks);
    let mut row = Row::default();
    let (mut numbers, mut labels) = (vec![Vec::new(); COLUMNS], Vec::new());
    while rows.next(&mut row).map_err(reading)? {
        let damaged = |expected: String, found: String| Error::Content {
            origin: format!("{}:{}", path.display(), row.line),
            expected,
            found,
        };
        if row.len() != COLUMNS + 1 {
            let expected = format!("{COLUMNS} numbers and a class");
            return Err(damaged(expected, format!("{} fields", row.len())));
        }
        for (column, field) in numbers.iter_mut().zip(row.fields()) {
            let text = std::str::from_utf8(field).ok();
            let Some(value) = text.and_then(|text| text.parse::<u8>().ok()) else {
                return Err(damaged("numbers of 0 to 255".to_owned(), shown(field)));
            };
            column.push(f64::from(value));
        }
        let class = row.fields().last().unwrap_or_default();
        let label = (0..)
            .zip(CLASSES)
            .find(|(_, (number, _))| number.as_bytes() == class);
        match label {
            Some((label, _)) => labels.push(label),
            None => {
                return Err(damaged(
                    "a class 1, 2, 3, 4, 5 or 7".to_owned(),
                    shown(class),
                ));
            }
        }
    }
    if labels.is_empty() {
        return Err(Error::Content {
            origin: path.display().to_string(),
            expected: "a row of numbers".to_owned(),
            found: "none".to_owned(),
        });
    }
    let facts = Facts {
        name: source.name.clone(),
        labels,
        classes: CLASSES.iter().map(|(_, name)| (*name).to_owned()).collect(),
        ..Facts::default()
    };
    Samples::table(facts, columns(), numbers)
}

/// The columns in the order of the files: pixel by pixel, from top left to bottom right, its four bands.
fn columns() -> Vec<String> {
    let pixels = 1..=COLUMNS / 4;
    let name = |pixel| (1..=4).map(move |band| format!("pixel{pixel}_band{band}"));
    pixels.flat_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn row(first: &str, class: &str) -> String {
        format!("{first}{} {class}\n", " 80".repeat(35))
    }

    fn load(train: &str) -> Result<Parts, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("sat.trn"), train).expect("written");
        fs::write(folder.path().join("sat.tst"), row("5", "7")).expect("written");
        super::load(&Source::named("satimage"), folder.path())
    }

    #[test]
    fn rows_are_pixels_of_four_bands_and_a_class() {
        let parts = load(&(row("92", "3") + &row("84", "7"))).expect("it is right");
        let train = &parts.train;
        assert_eq!((train.len(), train.columns().len()), (2, 36));
        assert_eq!(train.columns()[16], "pixel5_band1");
        assert_eq!(train.columns()[35], "pixel9_band4");
        let classes: Vec<_> = (0..2).filter_map(|row| train.label(row)).collect();
        assert_eq!(classes, [2, 5]);
        assert_eq!(train.classes()[5], "very damp grey soil");
        let mut numbers = Vec::new();
        train.read([1], 0.0, &mut numbers).expect("in memory");
        assert_eq!(numbers[..2], [84.0, 80.0]);
        assert_eq!(parts.test.map(|test| test.len()), Some(1));
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, message) in [
            (
                row("1", "3") + &row("x", "3"),
                "sat.trn:2`: expected numbers of 0 to 255, found `x`",
            ),
            (
                row("1", "6"),
                "sat.trn:1`: expected a class 1, 2, 3, 4, 5 or 7, found `6`",
            ),
            (
                "1 2 3\n".to_owned(),
                "sat.trn:1`: expected 36 numbers and a class, found 3 fields",
            ),
            (
                String::new(),
                "sat.trn`: expected a row of numbers, found none",
            ),
        ] {
            let error = load(&text).err().expect(message).to_string();
            assert!(error.ends_with(message), "{error}");
        }
        let empty = tempfile::tempdir().expect("a folder");
        let error = super::load(&Source::named("satimage"), empty.path())
            .err()
            .expect("missing");
        let message = format!(
            "`satimage` is not in `{}`: there is no `sat.trn`",
            empty.path().display()
        );
        assert_eq!(error.to_string(), message);
    }
}
