//! What can be wrong with a data set, said so that it can be mended.

use std::io;
use std::path::{Path, PathBuf};

use crate::{catalogue, fonts};

/// A data set that cannot be had, with what was expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No data set has this name.
    #[error("no data set `{name}`: expected {}", catalogue::accepted())]
    UnknownDataSet {
        /// The name as asked for.
        name: String,
    },

    /// The data set has no glyph for one of the letters asked for.
    #[error("no glyph `{letter}` in `{set}`, which has {available}")]
    UnknownGlyph {
        /// The data set as asked for.
        set: String,
        /// All the letters asked for.
        letters: String,
        /// The first of them that is missing, spelled as captions are.
        letter: String,
        /// The captions of the data set, with a space between them.
        available: String,
    },

    /// A field of [`Selection`](crate::Selection) or [`Source`](crate::Source) has a value that this data set cannot serve.
    #[error("`{field}` of `{set}`: expected {expected}, found {found}")]
    Selection {
        /// The field of it or of [`Source`](crate::Source).
        field: &'static str,
        /// The data set as asked for.
        set: String,
        /// What the field takes.
        expected: String,
        /// What it was given.
        found: String,
    },

    /// The content is not that of a data set: a damaged file, wrong lengths, or values out of their range.
    #[error("`{origin}`: expected {expected}, found {found}")]
    Content {
        /// The data set, or the file and line that hold it.
        origin: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A column that is to hold classes has a number with a fraction.
    #[error(
        "`{origin}`: expected a class (a word or a whole number) in column `{column}`, found {found}"
    )]
    NoClass {
        /// The file, and the line or row.
        origin: String,
        /// The column.
        column: String,
        /// The field as it stands there, in backticks.
        found: String,
    },

    /// The pictures of a folder are not of one size.
    #[error("`{}`: expected {expected} pixels as in `{first}`, found {found}", path.display())]
    Sizes {
        /// The first picture of another size.
        path: PathBuf,
        /// The name of the first picture.
        first: String,
        /// Height and width of the first picture.
        expected: String,
        /// Height and width of this one.
        found: String,
    },

    /// The files of a data set are not there.
    #[error("`{name}` is not in `{}`: there is no `{file}`", directory.display())]
    Missing {
        /// The data set.
        name: String,
        /// The folder that should hold its files.
        directory: PathBuf,
        /// The first file that is missing.
        file: String,
        /// All files that belong there, and where they come from, as a line for the user.
        hint: String,
    },

    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A file could not be fetched from any of its addresses.
    #[error("cannot fetch `{file}`: {reason}")]
    Fetch {
        /// The file.
        file: String,
        /// What went wrong at the last address tried.
        reason: String,
        /// What to do about it.
        hint: String,
    },
}

/// Names less alike than this (Jaro-Winkler, 0 to 1) are not suggested.
const LIKENESS: f64 = 0.8;

impl Error {
    /// What to do about it, as a line for the user; `None` where the message already says all.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownDataSet { name } => Some(match nearest(name) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`espejo data list` shows what each data set holds".to_owned(),
            }),
            Self::UnknownGlyph { letters, .. } => fonts::set_with(letters)
                .map(|set| format!("`{set}` has every letter of `{letters}`")),
            Self::Selection {
                field: "fraction", ..
            } => Some("`first` takes a number of samples, `fraction` a part of them".to_owned()),
            Self::NoClass { .. } => Some(
                "a number to predict is for regression: take the column as numbers, not as classes"
                    .to_owned(),
            ),
            Self::Sizes { expected, .. } => Some(format!(
                "`--size {expected}` brings all pictures to one size"
            )),
            Self::Missing { hint, .. } | Self::Fetch { hint, .. } => Some(hint.clone()),
            Self::Selection { .. } | Self::Content { .. } | Self::Io { .. } => None,
        }
    }
}

/// That a file of a set is not in its folder, and how to get all of them.
pub(crate) fn missing(set: &str, folder: &Path, file: &str, files: &str) -> Error {
    Error::Missing {
        name: set.to_owned(),
        directory: folder.to_owned(),
        file: file.to_owned(),
        hint: format!("`espejo data fetch {set}` gets them: {files}"),
    }
}

/// That a file holds something else than it should.
pub(crate) fn content(path: &Path, expected: impl Into<String>, found: impl Into<String>) -> Error {
    content_of(&path.display().to_string(), expected, found)
}

/// The same of a part of a file, or of what has no file.
pub(crate) fn content_of(
    origin: &str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Error {
    Error::Content {
        origin: origin.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// That a file could not be read: damaged where a decoder says so, out of reach where the system does.
pub(crate) fn unreadable(path: &Path, source: io::Error) -> Error {
    if source.raw_os_error().is_none() {
        return content(path, "a whole file", source.to_string());
    }
    Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    }
}

/// The name of a data set most like `name`, if any is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let mut best = None;
    let mut likeness = LIKENESS;
    for set in catalogue::names() {
        let this = strsim::jaro_winkler(&name, set.name);
        // The first of equals wins: the shorter name stands first.
        if this > likeness {
            (best, likeness) = (Some(set.name), this);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Loaded, Samples, Selection, Shape, Source, load};

    const CAPITALS: &str = r"@ A B C D E F G H I J K L M N O P Q R S T U V W X Y Z [ \ ] ^ _";
    const NAMES: &str = "`fonts`, `fonts:1`, `fonts:2`, `fonts:3`, `fonts:all`, `mnist`, `fashion`, `emnist-letters`, \
        `emnist-balanced`, `emnist-byclass`, `emnist-bymerge`, `emnist-digits`, `emnist-mnist`, `yale`, `cifar10`, \
        `satimage`, a folder of pictures, or a `.csv`, `.npy` or `.npz` file";

    fn check<T: std::fmt::Debug>(result: Result<T, Error>, message: &str, hint: Option<&str>) {
        let error = result.expect_err(message);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().as_deref(), hint, "{message}");
    }

    fn letters(letters: &str) -> Selection {
        Selection {
            letters: Some(letters.to_owned()),
            ..Selection::default()
        }
    }

    fn part(first: Option<usize>, fraction: Option<f64>) -> Selection {
        Selection {
            first,
            fraction,
            ..Selection::default()
        }
    }

    fn take(name: &str, selection: Selection) -> Result<Loaded, Error> {
        load(&Source {
            selection,
            ..Source::named(name)
        })
    }

    #[test]
    fn unknown_names_list_the_known_and_suggest_the_nearest() {
        for (name, hint) in [
            ("font", "did you mean `fonts`?"),
            ("FONTS", "did you mean `fonts`?"),
            ("font1", "did you mean `fonts:1`?"),
            ("Font3", "did you mean `fonts:3`?"),
            ("fonts-all", "did you mean `fonts:all`?"),
            ("fonts:4", "did you mean `fonts`?"),
            ("", "`espejo data list` shows what each data set holds"),
            ("fashoin", "did you mean `fashion`?"),
            ("cifar", "did you mean `cifar10`?"),
            ("yalefaces", "did you mean `yale`?"),
            ("cats", "`espejo data list` shows what each data set holds"),
        ] {
            check(
                load(&Source::named(name)),
                &format!("no data set `{name}`: expected {NAMES}"),
                Some(hint),
            );
        }
    }

    #[test]
    fn a_way_to_nowhere_is_no_unknown_name() {
        let message = "cannot read `no/such.csv`: there is no such file or folder";
        check(load(&Source::named("no/such.csv")), message, None);
    }

    #[test]
    fn refused_selections_say_what_is_accepted() {
        let fraction_hint = Some("`first` takes a number of samples, `fraction` a part of them");
        for (set, selection, message, hint) in [
            (
                "fonts",
                letters("Ab"),
                format!("no glyph `b` in `fonts`, which has {CAPITALS}"),
                Some("`fonts:all` has every letter of `Ab`"),
            ),
            (
                "fonts:2",
                letters("abc"),
                format!("no glyph `a` in `fonts:2`, which has {CAPITALS}"),
                Some("`fonts:3` has every letter of `abc`"),
            ),
            (
                "fonts",
                letters("A B"),
                format!("no glyph `SPACE` in `fonts`, which has {CAPITALS}"),
                Some("`fonts:all` has every letter of `A B`"),
            ),
            (
                "fonts",
                letters("Ñ"),
                format!("no glyph `Ñ` in `fonts`, which has {CAPITALS}"),
                None,
            ),
            (
                "fonts",
                letters("\n"),
                format!(r"no glyph `\n` in `fonts`, which has {CAPITALS}"),
                None,
            ),
            (
                "fonts",
                letters("ABA"),
                "`letters` of `fonts`: expected each letter once, found `A` again in `ABA`".into(),
                None,
            ),
            (
                "fonts",
                letters(""),
                "`letters` of `fonts`: expected at least one letter, found none".into(),
                None,
            ),
            (
                "fonts:all",
                part(Some(0), None),
                "`first` of `fonts:all`: expected 1 to 96 samples, found 0".into(),
                None,
            ),
            (
                "fonts",
                part(Some(33), None),
                "`first` of `fonts`: expected 1 to 32 samples, found 33".into(),
                None,
            ),
            (
                "fonts",
                Selection {
                    first: Some(3),
                    ..letters("AB")
                },
                "`first` of `fonts`: expected 1 to 2 samples, found 3".into(),
                None,
            ),
            (
                "fonts",
                part(None, Some(0.0)),
                "`fraction` of `fonts`: expected a number above 0 and up to 1, found 0".into(),
                fraction_hint,
            ),
            (
                "fonts",
                part(None, Some(1.5)),
                "`fraction` of `fonts`: expected a number above 0 and up to 1, found 1.5".into(),
                fraction_hint,
            ),
            (
                "fonts",
                part(None, Some(f64::NAN)),
                "`fraction` of `fonts`: expected a number above 0 and up to 1, found NaN".into(),
                fraction_hint,
            ),
            (
                "fonts",
                part(Some(8), Some(0.5)),
                "`fraction` of `fonts`: expected either `first` or `fraction`, found both, 8 and 0.5"
                    .into(),
                fraction_hint,
            ),
        ] {
            check(take(set, selection), &message, hint);
        }
    }

    #[test]
    fn refused_content_says_what_belongs_there() {
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 2,
        };
        let flat = Shape { height: 0, ..shape };
        let mine = |shape, levels, pixels: &[u8], captions, labels: &[u16]| {
            let facts = Facts {
                name: "mine".to_owned(),
                captions: vec![String::new(); captions],
                labels: labels.to_vec(),
                classes: vec!["only".to_owned()],
            };
            Samples::pictures(facts, shape, levels, pixels.to_vec())
        };
        for (images, message) in [
            (
                mine(flat, 1, &[0, 1], 1, &[]),
                "at least one pixel an image, found shape 1x0x2",
            ),
            (
                mine(shape, 0, &[0, 0], 1, &[]),
                "a largest pixel value of 1 to 255, found 0",
            ),
            (
                mine(shape, 1, &[], 0, &[]),
                "at least one image, found none",
            ),
            (
                mine(shape, 1, &[0, 1, 1], 1, &[]),
                "a multiple of 2 pixels (shape 1x1x2), found 3",
            ),
            (
                mine(shape, 1, &[0, 1, 1, 2], 2, &[]),
                "pixels of 0 to 1, found 2 in image 1",
            ),
            (
                mine(shape, 1, &[0, 1], 2, &[]),
                "one caption a sample or none at all, found 2 captions for 1 samples",
            ),
            (
                mine(shape, 1, &[0, 1], 1, &[0, 0]),
                "one label a sample or none at all, found 2 labels for 1 samples",
            ),
            (
                mine(shape, 1, &[0, 1, 1, 1], 2, &[0, 1]),
                "labels below 1, found 1 for sample 1",
            ),
        ] {
            check(images, &format!("`mine`: expected {message}"), None);
        }
    }

    #[test]
    fn a_damaged_font_file_is_refused_with_its_line() {
        for (line, from, to, message) in [
            (1, "index", "place", "the header `font,index,"),
            (
                4,
                "\"\"\"\"",
                "\"",
                "a row starting with `font1,2,0x22,\"\"\"\",`, found",
            ),
            (6, "0x1e,0x04", "0x1e", "7 rows of pixels, found 6"),
            (
                6,
                "0x1e",
                "0x20",
                "a row of pixels of 0x00 to 0x1f, found `0x20`",
            ),
            (
                6,
                "0x1e",
                "0x+e",
                "a row of pixels of 0x00 to 0x1f, found `0x+e`",
            ),
            (
                6,
                "0x1e",
                "0x1E",
                "a row of pixels of 0x00 to 0x1f, found `0x1E`",
            ),
            (
                97,
                "font3,31",
                "font3,32",
                "a row starting with `font3,31,0x7f,DEL,`, found",
            ),
        ] {
            let damaged: Vec<_> = (1..)
                .zip(fonts::CSV.lines())
                .map(|(number, text)| match number == line {
                    true => text.replacen(from, to, 1),
                    false => text.to_owned(),
                })
                .collect();
            let error = fonts::parse(&damaged.join("\n")).expect_err(message);
            let start = format!("`datasets/fonts7x5.csv:{line}`: expected {message}");
            assert!(error.to_string().starts_with(&start), "{error}");
        }
        let short = fonts::CSV.rsplit_once("font3,31").expect("the last row").0;
        check(
            fonts::parse(short),
            "`datasets/fonts7x5.csv`: expected 96 glyphs, found 95",
            None,
        );
        check(
            fonts::parse(&format!("{}font4,0", fonts::CSV)),
            "`datasets/fonts7x5.csv`: expected 96 glyphs, found 97",
            None,
        );
    }
}
