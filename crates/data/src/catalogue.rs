//! How any data set is loaded: one with a name, a folder or a file.

use std::path::Path;

use crate::formats::{
    Contents, Format, all_endings, format_of, named_array, named_endings, text_format,
};
use crate::named_sets::{names, set_named};
use crate::selection::{Pair, refuse};
use crate::shards::{self, Shards};
use crate::source::{DataSet, HoldOut, Loaded, Parts, Source};
use crate::split::Draw;
use crate::{
    Error, Samples, cifar, directory, folder, folds, fonts, idx, idx_files, image_tree, imdb,
    logistic_map, lorenz, nowhere, read_instead, record_sets, satimage, small_tables, split,
    tar_images, texts, yale,
};

/// Names less alike than this (Jaro-Winkler, 0 to 1) are not suggested.
const LIKENESS: f64 = 0.8;

/// The most pixels that `size` may ask for, each way.
const LARGEST: usize = 4096;

/// What a name stands for.
enum Target<'a> {
    Set(&'static DataSet),
    Folder(&'a Path),
    /// A folder of files that are one table.
    Shards(Shards),
    File(&'a Path, &'static Format),
}

/// Whether [`load`] can take this name: that of a set, or of a folder or file that is there.
pub fn is_source(name: &str) -> bool {
    target(&Source::named(name)).is_ok()
}

/// Holds a name against the sets, folders and files that there are, without reading any.
///
/// # Errors
/// [`Error::UnknownDataSet`] for a name of nothing, [`Error::NoFile`] for a path to nothing, [`Error::Content`] for a file that holds no data set.
pub fn check_source(name: &str) -> Result<(), Error> {
    target(&Source::named(name)).map(drop)
}

/// Whether what a name stands for is a table, as far as headers say it: no sample is read. What cannot be read, or is not there, is none; a
/// name that ends as one of a table is one.
pub fn is_table(name: &str) -> bool {
    let source = Source::named(name);
    let is_table = match target(&source) {
        Ok(Target::Set(set)) => Ok(set.is_table),
        Ok(Target::Shards(shards)) => shards.form.is_table()(&shards),
        Ok(Target::Folder(path)) => Ok(image_tree::has_rows(path)),
        Ok(Target::File(path, format)) => (format.is_table)(&source, path),
        Err(_) => Ok(crate::is_table_file(name)),
    };
    is_table.unwrap_or(false)
}

/// Whether this is a folder that holds texts in folders of classes, and neither images nor numbers.
pub fn is_text_folder(name: &str) -> bool {
    match target(&Source::named(name)) {
        Ok(Target::Folder(path)) => image_tree::holds_texts(path),
        _ => false,
    }
}

/// Loads what `source` asks for.
///
/// # Errors
/// [`Error::UnknownDataSet`] where the name is neither a set nor a file or folder that is there; [`Error::Missing`] where the
/// files of a set are not there; [`Error::Io`], [`Error::Content`] and [`Error::Sizes`] where they cannot be read or are not
/// what they should be; [`Error::UnknownGlyph`] and [`Error::Selection`] where the set cannot serve what is asked of it.
pub fn load(source: &Source) -> Result<Loaded, Error> {
    selected(source, parts(source)?)
}

/// What the selection of a source leaves of its parts.
pub(crate) fn selected(source: &Source, parts: Parts) -> Result<Loaded, Error> {
    let selection = &source.selection;
    let chosen = selection.choose((parts.train, parts.test))?;
    let (train, test) = split_off(source, chosen)?;
    let train = selection.head(train)?;
    if selection.limit == Some(0) {
        return Err(refuse(&train, "limit", "at least 1 sample", "0"));
    }
    let count = selection.limit.unwrap_or(usize::MAX);
    let limited = |samples| split::limit(samples, count, draw(source));
    let (train, test) = (limited(train), test.map(limited));
    let (mut columns, mut notes) = (parts.columns, parts.notes);
    if let Some(unseen) = parts.unseen {
        let (found, more) = unseen.told(source, &train)?;
        columns = found;
        notes.extend(more);
    }
    let loaded = Loaded {
        train: train.seen(source.memory)?,
        test: test.map(|test| test.seen(source.memory)).transpose()?,
        skipped: parts.skipped,
        notes,
        columns,
    };
    texts::numbered(source, loaded)
}

/// The path of the table in text that a source names, `-` for standard input.
///
/// # Errors
/// [`Error::Content`] where it is something else, and those of [`load`] where there is nothing of this name.
pub(crate) fn text_path(source: &Source) -> Result<&Path, Error> {
    let target = target(source)?;
    refuse_misplaced(source, &target)?;
    let found = match target {
        Target::File(path, format) if std::ptr::eq(format, text_format()) => return Ok(path),
        Target::Set(_) => "a data set by its name",
        Target::Folder(_) | Target::Shards(_) => "a folder",
        Target::File(..) => "a file of another format",
    };
    Err(Error::Content {
        origin: source.name.clone(),
        expected: "a table in text, as a `.csv`, `.tsv`, `.txt` or `.data` file".to_owned(),
        found: found.to_owned(),
    })
}

/// How parts are drawn.
fn draw(source: &Source) -> Draw {
    Draw {
        seed: source.seed,
        rules: source.rules,
    }
}

/// The parts, after splitting a test part off where that is asked for.
fn split_off(source: &Source, (train, test): Pair) -> Result<Pair, Error> {
    let (field, asked) = match source.hold_out {
        HoldOut::Official => return Ok((train, test)),
        HoldOut::Fraction(fraction) | HoldOut::Last(fraction) => {
            ("test_fraction", fraction.to_string())
        }
        HoldOut::Fold { of, .. } => ("folds", of.to_string()),
    };
    if test.is_some() {
        let expected = "none, for the set has a test part of its own";
        return Err(refuse(&train, field, expected, asked));
    }
    let (train, test) = match source.hold_out {
        HoldOut::Official => return Ok((train, None)),
        HoldOut::Fraction(fraction) => split::split(&train, fraction, draw(source))?,
        HoldOut::Last(fraction) => split::last(&train, fraction)?,
        HoldOut::Fold { index, of } => folds::fold(&train, index, of, draw(source))?,
    };
    Ok((train, Some(test)))
}

/// All of the set, the folder or the file.
fn parts(source: &Source) -> Result<Parts, Error> {
    let target = target(source)?;
    refuse_misplaced(source, &target)?;
    let parts = match text_parts(source, &target)? {
        Some(parts) => parts,
        None => plain_parts(source, target)?,
    };
    refuse_idle_words(source, &parts.train)?;
    Ok(parts)
}

/// The texts that a source asks for, or that a folder holds; none where what it names is read in its own way.
fn text_parts(source: &Source, target: &Target) -> Result<Option<Parts>, Error> {
    let choice = &source.texts;
    let parts = match target {
        Target::Folder(path) if choice.form.is_some() || image_tree::holds_texts(path) => {
            texts::load_folder(source, path)
        }
        Target::File(path, format) if choice.form.is_some() => {
            let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
            match format.contents {
                Contents::Image if tar_images::is_archive(path) => {
                    texts::load_archive(source, path)
                }
                Contents::Table if choice.column.is_some() => return Ok(None),
                Contents::Table if *path == Path::new("-") => texts::load_lines(source),
                Contents::Table if ending == "txt" => texts::load_file(source, path),
                _ => {
                    let expected = "the column that holds the texts (`--text COLUMN`)";
                    return Err(source.refuse("text", expected, "none"));
                }
            }
        }
        _ => return Ok(None),
    };
    parts.map(Some)
}

/// Refuses what is asked of texts where there are none.
fn refuse_idle_words(source: &Source, train: &Samples) -> Result<(), Error> {
    if train.is_text() || source.texts.learned.is_some() {
        return Ok(());
    }
    let choice = &source.texts;
    let words = source.words.filter(|_| source.name != "imdb");
    let asked = [
        ("words", words.map(|words| words.to_string())),
        (
            "text",
            choice.column.as_ref().map(|column| format!("`{column}`")),
        ),
        (
            "text_as",
            choice.form.map(|form| format!("`{}`", form.name())),
        ),
        (
            "text_length",
            choice.length.map(|length| length.to_string()),
        ),
    ];
    let asked = asked
        .into_iter()
        .find_map(|(field, asked)| Some((field, asked?)));
    match asked {
        Some((field, found)) => {
            let expected = "texts: a folder or archive of `.txt` files, a column of a table (`--text COLUMN`), or the set `imdb`";
            Err(source.refuse(field, expected, found))
        }
        None => Ok(()),
    }
}

/// All of a set, a folder or a file that holds no texts.
fn plain_parts(source: &Source, target: Target) -> Result<Parts, Error> {
    match target {
        Target::Set(set) => set_parts(source, set),
        Target::Folder(path) => match idx_files::in_folder(path)? {
            files if files.is_empty() => folder::load(source, path),
            files => idx_files::load_folder(source, path, files),
        },
        Target::Shards(shards) => (shards.form.load())(source, shards),
        Target::File(path, format) => (format.load)(source, path),
    }
}

/// All of a set by name.
fn set_parts(source: &Source, set: &'static DataSet) -> Result<Parts, Error> {
    let Some(folder) = set.folder else {
        let fonts = match set.name {
            "lorenz" => return lorenz::load(source),
            "logistic-map" => return logistic_map::load(source),
            "fonts:1" => 0..1,
            "fonts:3" => 2..3,
            "fonts:all" => 0..3,
            _ => 1..2,
        };
        return Ok(Parts {
            train: fonts::load(&source.name, fonts),
            test: None,
            skipped: Vec::new(),
            notes: Vec::new(),
            columns: Vec::new(),
            unseen: None,
        });
    };
    let directory = directory::directory_or(source.directory.as_deref())?;
    let folder = idx::folder(set, &directory, folder);
    let mut parts = match set.name {
        "boston" => small_tables::boston(source, &folder),
        "pima" => small_tables::pima(source, &folder),
        "imdb" => imdb::load(source, &folder),
        "satimage" => satimage::load(source, &folder),
        "yale" => yale::load(source, &folder),
        "cifar10" => cifar::load(source, set, &folder),
        "cifar100" => record_sets::cifar100(source, set, &folder),
        "stl10" => record_sets::stl10(source, set, &folder),
        _ => idx::load(source, set, &folder),
    }?;
    let counts = (
        parts.train.len(),
        parts.test.as_ref().map_or(0, Samples::len),
    );
    let note = read_instead::incomplete(set, &directory, &folder, counts);
    parts.notes.extend(note);
    Ok(parts)
}

/// What the name stands for: a set before a file or folder.
fn target(source: &Source) -> Result<Target<'_>, Error> {
    let name = source.name.as_str();
    if let Some(set) = set_named(name) {
        return Ok(Target::Set(set));
    }
    let path = Path::new(name);
    if name == "-" {
        return Ok(Target::File(path, text_format()));
    }
    if let Some((file, _)) = named_array(name).filter(|(file, _)| Path::new(file).is_file()) {
        let path = Path::new(file);
        let format = format_of(path).expect("a name is cut off only behind a known ending");
        return Ok(Target::File(path, format));
    }
    match format_of(path) {
        _ if nowhere::is_run(path) => Err(Error::Content {
            origin: name.to_owned(),
            expected: "a folder of images, or of files of numbers".to_owned(),
            found: "the folder of a run (`espejo train --resume` goes on with it, `--config` repeats its `config.toml`)".to_owned(),
        }),
        _ if path.is_dir() => Ok(match shards::find(path)? {
            Some(shards) => Target::Shards(shards),
            None => Target::Folder(path),
        }),
        Some(format) if path.is_file() => Ok(Target::File(path, format)),
        _ if path.is_file() => Err(Error::Content {
            origin: name.to_owned(),
            expected: format!("a file ending in {}", all_endings()),
            found: nowhere::kind_of_file(path),
        }),
        _ if path.exists() => Err(Error::Content {
            origin: name.to_owned(),
            expected: "a file or a folder".to_owned(),
            found: "a pipe or a device; `-` reads standard input".to_owned(),
        }),
        // The name of a file that is not there is no misspelt name of a data set.
        _ if nowhere::is_path(name) => Err(nowhere::no_file(name)),
        _ => Err(unknown(name)),
    }
}

/// Refuses what this kind of set cannot do, rather than leave it out in silence.
fn refuse_misplaced(source: &Source, target_of: &Target) -> Result<(), Error> {
    let set = match target_of {
        Target::Set(set) => set.name,
        _ => "",
    };
    let built_in = matches!(target_of, Target::Set(set) if set.folder.is_none());
    let table = match target_of {
        Target::File(_, format) => format.contents == Contents::Table && source.shape.is_none(),
        Target::Set(set) => set.is_table,
        _ => false,
    };
    let file = match target_of {
        Target::File(_, format) => format.contents != Contents::Image,
        Target::Shards(_) => true,
        Target::Set(set) => set.has_columns(),
        Target::Folder(_) => false,
    };
    let refuse = |field, expected: &str, found: String| Err(source.refuse(field, expected, found));
    if let Some(target) = source.target.as_ref().filter(|_| !file) {
        let whose = match target_of {
            Target::Folder(_) => "the sub-folders",
            _ => "the set itself",
        };
        let expected = format!(
            "none, for the classes come from {whose}; `target` is for a {} file",
            named_endings()
        );
        return refuse("target", &expected, format!("`{}`", target.column));
    }
    if !file {
        source.refuse_table_columns()?;
    }
    match (&source.selection.subject, source.size, &source.label) {
        (Some(subject), ..) if set != "yale" => {
            refuse("subject", "the set `yale`", format!("`{subject}`"))
        }
        _ if source.words.is_some() && !["", "imdb"].contains(&set) => {
            let found = source.words.unwrap_or_default().to_string();
            refuse("words", "the set `imdb`, or other texts", found)
        }
        (_, Some([height, width]), _) if file && table => refuse(
            "size",
            "a set of grey or colour images, or a table whose rows are images, which `--shape` says",
            format!("{height}x{width}"),
        ),
        (_, Some([height, width]), _) if built_in || table => refuse(
            "size",
            "a set of grey or colour images",
            format!("{height}x{width}"),
        ),
        (_, Some([height, width]), _)
            if !(1..=LARGEST).contains(&height.max(width)) || height.min(width) == 0 =>
        {
            refuse(
                "size",
                &format!("1 to {LARGEST} pixels each way"),
                format!("{height}x{width}"),
            )
        }
        (.., Some(label)) if !file && set != "cifar100" => refuse(
            "label",
            &format!("a {} file", named_endings()),
            format!("`{label}`"),
        ),
        _ if source.grey && table => refuse("grey", "a set of images", "a table".to_owned()),
        _ => Ok(()),
    }
}

/// Says that no data set has this name, which ones there are, and which of them may be meant.
pub(crate) fn unknown(name: &str) -> Error {
    let names: Vec<_> = names()
        .iter()
        .map(|set| format!("`{}`", set.name))
        .collect();
    Error::UnknownDataSet {
        name: name.to_owned(),
        accepted: format!(
            "{}, a folder of images, or a {} file",
            names.join(", "),
            named_endings()
        ),
        suggestion: nearest(name),
    }
}

/// The name of a data set most like `name`, if any is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let mut best = None;
    let mut likeness = LIKENESS;
    for set in names() {
        let this = strsim::jaro_winkler(&name, set.name);
        // The first of equals wins: the shorter name stands first.
        if this > likeness {
            (best, likeness) = (Some(set.name), this);
        }
    }
    best
}

#[cfg(test)]
mod tests;
