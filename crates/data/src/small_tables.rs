//! Two small tables without a header, which people put in place themselves.
//!
//! - `boston`: D. Harrison and D. L. Rubinfeld, *Hedonic prices and the demand for clean air*, J. Environ. Econ. Manage. 5, 1978.
//! - `pima`: J. W. Smith et al., *Using the ADAP learning algorithm to forecast the onset of diabetes mellitus*, 1988.

use std::io;
use std::path::Path;

use crate::error::{content_of as content, missing};
use crate::frame::{Cells, Frame};
use crate::source::{Parts, Source};
use crate::{Error, columns, text_table};

/// A table without a header.
struct SmallTable {
    set: &'static str,
    file: &'static str,
    columns: &'static [&'static str],
    /// Columns in which a 0 stands for a missing cell.
    zero_is_missing: &'static [&'static str],
}

const BOSTON: SmallTable = SmallTable {
    set: "boston",
    file: "housing.data",
    columns: &[
        "crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio", "b",
        "lstat", "medv",
    ],
    zero_is_missing: &[],
};

const PIMA: SmallTable = SmallTable {
    set: "pima",
    file: "pima-indians-diabetes.data.csv",
    columns: &[
        "pregnancies",
        "glucose",
        "pressure",
        "skin",
        "insulin",
        "bmi",
        "pedigree",
        "age",
        "class",
    ],
    zero_is_missing: &["glucose", "pressure", "skin", "insulin", "bmi"],
};

/// Loads `housing.data` from a folder: 506 tracts of Boston, the median value of a home in thousands of dollars last.
///
/// # Errors
/// [`Error::Missing`] without the file, [`Error::Content`] where it is another, and those of [`columns::parts`].
pub(crate) fn boston(source: &Source, folder: &Path) -> Result<Parts, Error> {
    parts(source, folder, &BOSTON)
}

/// Loads `pima-indians-diabetes.data.csv` from a folder: 768 women, whether they had diabetes last. The zeros that no body has are
/// missing cells.
///
/// # Errors
/// As [`boston`].
pub(crate) fn pima(source: &Source, folder: &Path) -> Result<Parts, Error> {
    parts(source, folder, &PIMA)
}

fn parts(source: &Source, folder: &Path, table: &SmallTable) -> Result<Parts, Error> {
    // The file knows its columns by number alone.
    let number = |name: &String| {
        let place = table.columns.iter().position(|column| column == name);
        place.map_or_else(|| name.clone(), |place| (place + 1).to_string())
    };
    let headless = Source {
        header: Some(false),
        missing_in: source.missing_in.iter().map(number).collect(),
        ..source.clone()
    };
    let frame = text_table::frame(&headless, &folder.join(table.file));
    let mut frame = frame.map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            missing(table.set, folder, table.file, &format!("`{}`", table.file))
        }
        other => other,
    })?;
    name_columns(&mut frame, table)?;
    columns::parts(source, frame, None)
}

/// Gives the columns their names, and takes zeros that stand for a missing cell out.
fn name_columns(frame: &mut Frame, table: &SmallTable) -> Result<(), Error> {
    let (count, found) = (table.columns.len(), frame.columns.len());
    if found != count {
        let expected = format!("{count} columns");
        return Err(content(&frame.origin, expected, found.to_string()));
    }
    frame.is_named = true;
    for (column, &name) in frame.columns.iter_mut().zip(table.columns) {
        name.clone_into(&mut column.name);
        if let (Cells::Numbers(numbers), true) =
            (&mut column.cells, table.zero_is_missing.contains(&name))
        {
            let zeros = numbers.iter_mut().filter(|number| **number == 0.0);
            zeros.for_each(|number| *number = f64::NAN);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TargetColumn, TargetKind};
    use std::fs;

    fn target(column: &str, kind: TargetKind) -> Option<TargetColumn> {
        let column = column.to_owned();
        Some(TargetColumn { column, kind })
    }

    #[test]
    fn columns_have_names_and_impossible_zeros_are_missing() {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = "6,148,72,35,0,33.6,0.627,50,1\n0,85,66,29,94,26.6,0.351,31,0";
        fs::write(folder.path().join(PIMA.file), rows).expect("written");
        let source = Source {
            target: target("class", TargetKind::Classes),
            ..Source::named("pima")
        };
        let train = pima(&source, folder.path()).expect("it is right").train;
        assert_eq!((train.len(), train.columns()[4].as_str()), (2, "insulin"));
        assert_eq!((train.label(0), train.label(1)), (Some(1), Some(0)));
        let column = |place| train.column(place).collect::<Vec<f64>>();
        // No pregnancy is a number as any other; no insulin is none.
        assert_eq!(column(0), [6.0, 0.0]);
        assert!(column(4)[0].is_nan() && column(4)[1] == 94.0);
    }

    #[test]
    fn what_is_not_there_or_another_file_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Source {
            target: target("medv", TargetKind::Numbers),
            ..Source::named("boston")
        };
        let error = boston(&source, folder.path()).err().expect("missing");
        assert!(error.to_string().contains("`boston` is not in"), "{error}");
        fs::write(folder.path().join(BOSTON.file), "1 2 3\n4 5 6\n").expect("written");
        let error = boston(&source, folder.path()).err().expect("another file");
        let message = "housing.data`: expected 14 columns, found 3";
        assert!(error.to_string().ends_with(message), "{error}");
    }
}
