//! The file formats that a data set may come in. A new format is a file of its own and one row here.

use std::path::Path;

use crate::source::{Parts, Source};
use crate::{Error, arff, npy, parquet, table};

/// A file format: how its files are called, what they hold, and who reads them.
#[derive(Debug)]
pub(crate) struct Format {
    /// The endings of file names that every message names.
    named: &'static [&'static str],
    /// Further endings that mean the same.
    also: &'static [&'static str],
    /// What such a file holds.
    pub(crate) contents: Contents,
    /// Reads a file.
    pub(crate) load: fn(&Source, &Path) -> Result<Parts, Error>,
}

/// What the files of a format hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Rows of a table.
    Table,
    /// Images, or rows of a table: only what is in them tells.
    Array,
}

/// The formats, in the order in which messages name them.
static FORMATS: [Format; 4] = [
    Format {
        named: &["csv"],
        also: &["tsv", "txt", "data"],
        contents: Contents::Table,
        load: table::load,
    },
    Format {
        named: &["arff"],
        also: &[],
        contents: Contents::Table,
        load: arff::load,
    },
    Format {
        named: &["parquet"],
        also: &[],
        // Rows of a table or images, as an array.
        contents: Contents::Array,
        load: parquet::load,
    },
    Format {
        named: &["npy", "npz"],
        also: &[],
        contents: Contents::Array,
        load: npy::load,
    },
];

/// Whether a file of this name is a table by its ending (`.csv`, `.tsv`, `.txt`, `.data` or `.arff`); it need not be there.
pub fn is_table_file(name: &str) -> bool {
    holds(name, Contents::Table)
}

/// Whether a file of this name holds arrays by its ending (`.npy`, `.npz` or `.parquet`), so that only its contents tell whether they are
/// images or rows of a table; it need not be there.
pub fn is_array_file(name: &str) -> bool {
    holds(name, Contents::Array)
}

fn holds(name: &str, contents: Contents) -> bool {
    format_of(Path::new(name)).is_some_and(|format| format.contents == contents)
}

/// The format of a file by the ending of its name, in capitals or not.
pub(crate) fn format_of(path: &Path) -> Option<&'static Format> {
    let ending = path.extension()?.to_str()?.to_lowercase();
    let has = |endings: &[&str]| endings.contains(&&*ending);
    FORMATS
        .iter()
        .find(|format| has(format.named) || has(format.also))
}

/// The endings that every message names: "`.csv`, `.arff`, `.parquet`, `.npy` or `.npz`".
pub(crate) fn named_endings() -> String {
    let endings = FORMATS.iter().flat_map(|format| format.named);
    listed(endings.map(|ending| format!("`.{ending}`")).collect())
}

/// All endings: ".csv, .tsv, .txt, .data, .arff, .parquet, .npy or .npz".
pub(crate) fn all_endings() -> String {
    let endings = FORMATS
        .iter()
        .flat_map(|format| format.named.iter().chain(format.also));
    listed(endings.map(|ending| format!(".{ending}")).collect())
}

/// Words as "a, b or c".
fn listed(words: Vec<String>) -> String {
    match &words[..] {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        words => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_every_ending() {
        assert_eq!(
            named_endings(),
            "`.csv`, `.arff`, `.parquet`, `.npy` or `.npz`"
        );
        assert_eq!(
            all_endings(),
            ".csv, .tsv, .txt, .data, .arff, .parquet, .npy or .npz"
        );
    }

    #[test]
    fn a_file_is_known_by_its_ending() {
        for name in ["a.csv", "dir/b.TSV", "a.b.txt", "sat.data", "a.arff"] {
            assert_eq!(
                (is_table_file(name), is_array_file(name)),
                (true, false),
                "{name}"
            );
        }
        for name in ["a.npy", "A.NPZ", "a.parquet"] {
            assert_eq!(
                (is_table_file(name), is_array_file(name)),
                (false, true),
                "{name}"
            );
        }
        for name in ["mnist", "csv", "a.png", "a.csv.gz", "", "satimage"] {
            assert_eq!(
                (is_table_file(name), is_array_file(name)),
                (false, false),
                "{name}"
            );
        }
    }

    #[test]
    fn no_ending_stands_for_two_formats() {
        let all: Vec<_> = FORMATS
            .iter()
            .flat_map(|format| format.named.iter().chain(format.also))
            .collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
