//! The data sets by name.

use crate::{Error, Images, Selection, Shape, fonts};

/// A data set that [`load`] knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// The name that [`load`] takes.
    pub name: &'static str,
    /// The name in running text.
    pub title: &'static str,
    /// How many images it has.
    pub images: usize,
    /// The shape of each image.
    pub shape: Shape,
    /// What it holds, in one line.
    pub about: &'static str,
}

const NAMES: [DataSet; 5] = [
    DataSet {
        name: "fonts",
        title: "7x5 font, capitals",
        images: 32,
        shape: fonts::SHAPE,
        about: "the same as `fonts:2`",
    },
    DataSet {
        name: "fonts:1",
        title: "7x5 font, digits",
        images: 32,
        shape: fonts::SHAPE,
        about: "space, punctuation and digits, code points 0x20 to 0x3f",
    },
    DataSet {
        name: "fonts:2",
        title: "7x5 font, capitals",
        images: 32,
        shape: fonts::SHAPE,
        about: r"the capitals with @ [ \ ] ^ and _, code points 0x40 to 0x5f",
    },
    DataSet {
        name: "fonts:3",
        title: "7x5 font, small letters",
        images: 32,
        shape: fonts::SHAPE,
        about: "the small letters with ` { | } ~ and DEL, code points 0x60 to 0x7f",
    },
    DataSet {
        name: "fonts:all",
        title: "7x5 fonts",
        images: 96,
        shape: fonts::SHAPE,
        about: "the three fonts in order, code points 0x20 to 0x7f",
    },
];

/// The data sets that [`load`] knows.
pub fn names() -> &'static [DataSet] {
    &NAMES
}

/// The data set of this name, or what `selection` takes of it.
///
/// Names are those of [`names`]: `fonts` (the same as `fonts:2`), `fonts:1`, `fonts:2`, `fonts:3` and `fonts:all`.
///
/// # Errors
/// [`Error::UnknownDataSet`] for another name; [`Error::UnknownGlyph`] or [`Error::Selection`] where the set cannot serve
/// the selection.
pub fn load(name: &str, selection: &Selection) -> Result<Images, Error> {
    let images = match name {
        "fonts:1" => fonts::load(name, 0..1),
        "fonts" | "fonts:2" => fonts::load(name, 1..2),
        "fonts:3" => fonts::load(name, 2..3),
        "fonts:all" => fonts::load(name, 0..3),
        _ => {
            return Err(Error::UnknownDataSet {
                name: name.to_owned(),
            });
        }
    };
    selection.apply(images)
}

/// The names in a row, for messages: "`a`, `b` or `c`".
pub(crate) fn accepted() -> String {
    let names: Vec<_> = NAMES.iter().map(|set| format!("`{}`", set.name)).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_is_as_listed() {
        for set in names() {
            let images = load(set.name, &Selection::default()).expect("built in");
            assert_eq!(images.name(), set.name);
            assert_eq!(images.len(), set.images, "{}", set.name);
            assert_eq!(images.shape(), set.shape, "{}", set.name);
        }
    }
}
