//! The file formats that a data set may come in. A new format is a file of its own and one row here.

use std::path::Path;

#[cfg(feature = "hdf5")]
use crate::hdf5;
use crate::source::{Parts, Source};
use crate::{
    Error, arff, arrow, folder, idx_files, image_tree, matlab, npy, parquet, safetensors_file,
    tar_images, text_table,
};

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
    /// Whether what a file holds is a table, by its headers alone.
    pub(crate) is_table: fn(&Source, &Path) -> Result<bool, Error>,
}

/// Of formats whose files are always tables.
fn always(_: &Source, _: &Path) -> Result<bool, Error> {
    Ok(true)
}

/// Of formats whose files never are.
fn never(_: &Source, _: &Path) -> Result<bool, Error> {
    Ok(false)
}

/// What the files of a format hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Rows of a table.
    Table,
    /// Images, one or many.
    Image,
    /// Arrays, which are images or rows of a table by their dimensions.
    Array,
}

/// The formats, in the order in which messages name them.
static FORMATS: &[Format] = &[
    Format {
        named: &["csv"],
        also: &["tsv", "txt", "data"],
        contents: Contents::Table,
        load: text_table::load,
        is_table: always,
    },
    Format {
        named: &["arff"],
        also: &[],
        contents: Contents::Table,
        load: arff::load,
        is_table: always,
    },
    Format {
        named: &["parquet"],
        also: &[],
        // Rows of a table or images, as an array.
        contents: Contents::Array,
        load: parquet::load,
        is_table: parquet::is_table,
    },
    Format {
        named: &[],
        also: &["arrow", "feather", "ipc", "arrows"],
        contents: Contents::Array,
        load: arrow::load,
        is_table: arrow::is_table,
    },
    Format {
        named: &["npy", "npz"],
        also: &[],
        contents: Contents::Array,
        load: npy::load,
        is_table: npy::is_table,
    },
    Format {
        named: &[],
        also: &["mat"],
        contents: Contents::Array,
        load: matlab::load,
        is_table: matlab::is_table,
    },
    #[cfg(feature = "hdf5")]
    Format {
        named: &[],
        also: &["h5", "hdf5", "he5", "hdf"],
        contents: Contents::Array,
        load: hdf5::load,
        is_table: hdf5::is_table,
    },
    Format {
        named: &[],
        also: &["idx"],
        contents: Contents::Array,
        load: idx_files::load,
        is_table: idx_files::is_table,
    },
    Format {
        named: &[],
        also: &["safetensors"],
        contents: Contents::Array,
        load: safetensors_file::load,
        is_table: safetensors_file::is_table,
    },
    Format {
        named: &[],
        also: &image_tree::ENDINGS,
        contents: Contents::Image,
        load: folder::load_file,
        is_table: never,
    },
    Format {
        named: &[],
        also: &["tar", "tgz"],
        contents: Contents::Image,
        load: tar_images::load,
        is_table: never,
    },
];

/// Whether a file of this name is a table by its ending (`.csv`, `.tsv`, `.txt`, `.data` or `.arff`); it need not be there.
pub fn is_table_file(name: &str) -> bool {
    holds(name, Contents::Table)
}

/// Whether a file of this name is one image by its ending (`.png`, `.jpg`, ...); an archive of images is none.
pub fn is_image_file(name: &str) -> bool {
    let format = format_of(Path::new(name)).filter(|format| format.contents == Contents::Image);
    format.is_some_and(|format| !format.also.contains(&"tar")) && Path::new(name).is_file()
}

/// Whether a file of this name holds arrays or images by its ending (`.npy`, `.npz` or `.parquet`, ...), so that only its contents tell whether they are
/// images or rows of a table; it need not be there.
pub fn is_array_file(name: &str) -> bool {
    holds(name, Contents::Array)
}

fn holds(name: &str, contents: Contents) -> bool {
    let file = named_array(name).map_or(name, |(file, _)| file);
    format_of(Path::new(file)).is_some_and(|format| format.contents == contents)
}

/// The file and the array in it that a name like `FILE.npz:NAME` stands for; `None` for other names.
pub(crate) fn named_array(name: &str) -> Option<(&str, &str)> {
    let places = name.match_indices(':').map(|(place, _)| place);
    let mut split = places.map(|place| (&name[..place], &name[place + 1..]));
    split.find(|(file, array)| {
        let format = format_of(Path::new(file));
        !array.is_empty() && format.is_some_and(|format| format.contents == Contents::Array)
    })
}

/// The name of the array that `source` asks for.
pub(crate) fn member(source: &Source) -> Option<&str> {
    let whole = Path::new(&source.name).is_file();
    let (_, array) = named_array(&source.name).filter(|_| !whole)?;
    Some(array)
}

/// The format of a file by the ending of its name, in capitals or not.
pub(crate) fn format_of(path: &Path) -> Option<&'static Format> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    if name == "-" {
        return Some(text_format());
    }
    // Text may come packed.
    if let Some(inner) = name.strip_suffix(".gz") {
        let inner =
            format_of(Path::new(inner)).filter(|format| std::ptr::eq(*format, text_format()));
        if inner.is_some() {
            return inner;
        }
    }
    let ending = match idx_files::is_name(&name) {
        true => "idx".to_owned(),
        false if name.ends_with(".tar.gz") => "tgz".to_owned(),
        false => path.extension()?.to_str()?.to_lowercase(),
    };
    let has = |endings: &[&str]| endings.contains(&&*ending);
    FORMATS
        .iter()
        .find(|format| has(format.named) || has(format.also))
}

/// The format of text, which standard input is read as.
pub(crate) fn text_format() -> &'static Format {
    &FORMATS[0]
}

/// The endings that every message names: "`.csv`, `.arff`, `.parquet`, `.npy` or `.npz`".
pub(crate) fn named_endings() -> String {
    let endings = FORMATS.iter().flat_map(|format| format.named);
    listed(endings.map(|ending| format!("`.{ending}`")).collect())
}

/// All endings: ".csv, .tsv, .txt, .data, .arff, .parquet, .arrow, ... or .tgz".
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
        let all = all_endings();
        assert!(
            all.starts_with(
                ".csv, .tsv, .txt, .data, .arff, .parquet, .arrow, .feather, .ipc, .arrows, .npy, "
            ),
            "{all}"
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
        for name in [
            "a.npy",
            "A.NPZ",
            "a.npz:x",
            "x/train-images-idx3-ubyte",
            "T10K-labels.idx1-ubyte.GZ",
            "C:\\a.npz:b:c",
        ] {
            assert_eq!(
                (is_table_file(name), is_array_file(name)),
                (false, true),
                "{name}"
            );
        }
        for name in ["mnist", "csv", "a.png", "idx3", "", "satimage"] {
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
