//! The data sets that have a name, and what each holds.

use crate::source::DataSet;
use crate::{Shape, fonts};

/// What MNIST and all made after it have.
const HANDWRITTEN: Shape = Shape {
    channels: 1,
    height: 28,
    width: 28,
};

/// The official size; `size` brings them to another.
const FACES: Shape = Shape {
    channels: 1,
    height: 243,
    width: 320,
};

/// The shape of the images of CIFAR.
const COLOUR: Shape = Shape {
    channels: 3,
    height: 32,
    width: 32,
};

/// The shape of the images of STL-10.
const LARGER_COLOUR: Shape = Shape {
    channels: 3,
    height: 96,
    width: 96,
};

/// A row of a table of so many columns.
const fn row(width: usize) -> Shape {
    Shape {
        channels: 1,
        height: 1,
        width,
    }
}

const NAMES: [DataSet; 23] = [
    DataSet {
        name: "fonts",
        title: "7x5 font, capitals",
        train: 32,
        test: 0,
        shape: fonts::SHAPE,
        is_table: false,
        about: "the same as `fonts:2`",
        folder: None,
    },
    DataSet {
        name: "fonts:1",
        title: "7x5 font, digits",
        train: 32,
        test: 0,
        shape: fonts::SHAPE,
        is_table: false,
        about: "space, punctuation and digits, code points 0x20 to 0x3f",
        folder: None,
    },
    DataSet {
        name: "fonts:2",
        title: "7x5 font, capitals",
        train: 32,
        test: 0,
        shape: fonts::SHAPE,
        is_table: false,
        about: r"the capitals with @ [ \ ] ^ and _, code points 0x40 to 0x5f",
        folder: None,
    },
    DataSet {
        name: "fonts:3",
        title: "7x5 font, small letters",
        train: 32,
        test: 0,
        shape: fonts::SHAPE,
        is_table: false,
        about: "the small letters with ` { | } ~ and DEL, code points 0x60 to 0x7f",
        folder: None,
    },
    DataSet {
        name: "fonts:all",
        title: "7x5 fonts",
        train: 96,
        test: 0,
        shape: fonts::SHAPE,
        is_table: false,
        about: "the three fonts in order, code points 0x20 to 0x7f",
        folder: None,
    },
    DataSet {
        name: "lorenz",
        title: "Lorenz system",
        train: 700,
        test: 300,
        shape: row(25),
        is_table: true,
        about: "25 mixtures of its variables, one of which is out of order for 10 of 100 seconds, by the seed",
        folder: None,
    },
    DataSet {
        name: "logistic-map",
        title: "logistic map",
        train: 700,
        test: 300,
        shape: row(1),
        is_table: true,
        about: "a series: x(t) = 4 x(t-1) (1 - x(t-1)), its first value by the seed",
        folder: None,
    },
    DataSet {
        name: "mnist",
        title: "MNIST",
        train: 60_000,
        test: 10_000,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten digits, 10 classes",
        folder: Some("mnist"),
    },
    DataSet {
        name: "fashion",
        title: "Fashion-MNIST",
        train: 60_000,
        test: 10_000,
        shape: HANDWRITTEN,
        is_table: false,
        about: "articles of clothing, 10 classes",
        folder: Some("fashion-mnist"),
    },
    DataSet {
        name: "emnist-letters",
        title: "EMNIST letters",
        train: 124_800,
        test: 20_800,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten letters, both cases together, 26 classes",
        folder: Some("emnist-letters"),
    },
    DataSet {
        name: "emnist-balanced",
        title: "EMNIST balanced",
        train: 112_800,
        test: 18_800,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten digits and letters, as many of each, 47 classes",
        folder: Some("emnist-balanced"),
    },
    DataSet {
        name: "emnist-byclass",
        title: "EMNIST byclass",
        train: 697_932,
        test: 116_323,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten digits and letters, 62 classes",
        folder: Some("emnist-byclass"),
    },
    DataSet {
        name: "emnist-bymerge",
        title: "EMNIST bymerge",
        train: 697_932,
        test: 116_323,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten digits and letters, cases that look alike together, 47 classes",
        folder: Some("emnist-bymerge"),
    },
    DataSet {
        name: "emnist-digits",
        title: "EMNIST digits",
        train: 240_000,
        test: 40_000,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten digits, as many of each, 10 classes",
        folder: Some("emnist-digits"),
    },
    DataSet {
        name: "emnist-mnist",
        title: "EMNIST mnist",
        train: 60_000,
        test: 10_000,
        shape: HANDWRITTEN,
        is_table: false,
        about: "handwritten digits, chosen as those of MNIST, 10 classes",
        folder: Some("emnist-mnist"),
    },
    DataSet {
        name: "yale",
        title: "Yale faces",
        train: 165,
        test: 0,
        shape: FACES,
        is_table: false,
        about: "faces of 15 subjects, 11 expressions and lights",
        folder: Some("yalefaces"),
    },
    DataSet {
        name: "cifar10",
        title: "CIFAR-10",
        train: 50_000,
        test: 10_000,
        shape: COLOUR,
        is_table: false,
        about: "small colour photographs, 10 classes",
        folder: Some("cifar-10-batches-bin"),
    },
    DataSet {
        name: "cifar100",
        title: "CIFAR-100",
        train: 50_000,
        test: 10_000,
        shape: COLOUR,
        is_table: false,
        about: "small colour photographs, 100 classes (`label`: `fine`, or the 20 of `coarse`)",
        folder: Some("cifar-100-binary"),
    },
    DataSet {
        name: "stl10",
        title: "STL-10",
        train: 5_000,
        test: 8_000,
        shape: LARGER_COLOUR,
        is_table: false,
        about: "colour photographs of 96x96 pixels, 10 classes",
        folder: Some("stl10_binary"),
    },
    DataSet {
        name: "satimage",
        title: "Statlog Landsat",
        train: 4_435,
        test: 2_000,
        shape: row(36),
        is_table: true,
        about: "a table of 36 columns: 4 spectral bands of 3x3 pixels, 6 classes of ground",
        folder: Some("satimage"),
    },
    DataSet {
        name: "boston",
        title: "Boston housing",
        train: 506,
        test: 0,
        // The target is among them, here and in `pima`.
        shape: row(14),
        is_table: true,
        about: "a table of 14 columns, the value of homes `medv` last; one column is a racial share (datasets/boston.md)",
        folder: Some("boston"),
    },
    DataSet {
        name: "pima",
        title: "Pima diabetes",
        train: 768,
        test: 0,
        shape: row(9),
        is_table: true,
        about: "a table of 8 measurements and `class`, whether a woman had diabetes; impossible zeros are missing cells",
        folder: Some("pima"),
    },
    DataSet {
        name: "imdb",
        title: "IMDB reviews",
        train: 25_000,
        test: 25_000,
        // `words` brings it to another number.
        shape: row(1000),
        is_table: true,
        about: "film reviews as sets of their most frequent words (`words`: 1000), negative or positive",
        folder: Some("imdb"),
    },
];

/// The data sets that [`load`](crate::load) knows by name.
pub fn names() -> &'static [DataSet] {
    &NAMES
}

/// The data set of this name; `fashion-mnist` is another name for `fashion`.
pub fn set_named(name: &str) -> Option<&'static DataSet> {
    let name = match name {
        "fashion-mnist" => "fashion",
        name => name,
    };
    NAMES.iter().find(|set| set.name == name)
}
