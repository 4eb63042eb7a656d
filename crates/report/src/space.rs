//! The latent space that the page keeps alive: samples with their codes, and the nets that it computes itself.

use espejo_export::{Layer, Signal};
use serde_json::{Value, json};

use crate::numbers::{half_rounded, halves, shorts, singles};
use crate::packed_pictures::PackedPictures;

/// How weights are kept in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 16 bits.
    Half,
    /// 32 bits.
    Single,
}

impl Precision {
    /// The name of the numbers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Half => "f16",
            Self::Single => "f32",
        }
    }

    /// A number as it is after being kept.
    pub fn kept(self, value: f32) -> f32 {
        match self {
            Self::Half => half_rounded(value),
            Self::Single => value,
        }
    }
}

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// An image, of one channel or three.
    Image,
    /// A row of a table.
    Row,
    /// So many rows of a series, each with all columns.
    Window(usize),
}

/// A net with its weights.
#[derive(Clone, Debug)]
pub struct Net {
    /// The layers, in order.
    pub layers: Vec<Layer>,
    /// How the weights are kept.
    pub precision: Precision,
}

/// What a net with targets says of the sample at the ring.
#[derive(Clone, Debug)]
pub struct Said {
    /// From a sample as the net sees it.
    pub net: Net,
    /// What its outputs mean.
    pub signal: Signal,
    /// Whether they are probabilities of classes.
    pub classes: bool,
    /// Their names.
    pub names: Vec<String>,
    /// The least and the greatest value of each over the samples.
    pub spans: Vec<(f64, f64)>,
}

/// The samples' own pictures.
#[derive(Clone, Debug)]
pub struct SpacePictures {
    /// The pictures.
    pub packed: PackedPictures,
    /// Whose they are, where there are not all; ascending.
    pub which: Option<Vec<usize>>,
}

/// Codes with what Espejo gives for them, by which the page checks itself.
#[derive(Clone, Debug)]
pub struct Check {
    /// One code after the other.
    pub codes: Vec<f32>,
    /// What comes out, one row after the other.
    pub expected: Vec<f32>,
    /// The range of each value that comes out, or one of all.
    pub ranges: Vec<f32>,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Space {
    /// What a sample is.
    pub kind: SampleKind,
    /// What the numbers of a code are called.
    pub names: Vec<String>,
    /// The codes of the samples, one after the other.
    pub codes: Vec<f32>,
    /// What samples are called; empty where they have numbers alone.
    pub captions: Vec<String>,
    /// The names of the classes; empty without.
    pub classes: Vec<String>,
    /// The class of each sample, `u16::MAX` for none.
    pub labels: Vec<u16>,
    /// The class that a classifier gives to each sample.
    pub given: Option<Vec<u16>>,
    /// From codes to samples.
    pub net: Net,
    /// What the numbers of a sample mean.
    pub signal: Signal,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// Whether images are drawn dark on light paper.
    pub ink: bool,
    /// The columns of a table, in the order of its file.
    pub columns: Vec<String>,
    /// The least and the greatest value of each column.
    pub spans: Vec<(f64, f64)>,
    /// The pictures of the samples.
    pub pictures: Option<SpacePictures>,
    /// The samples of a table as the net sees them, one after the other, NaN for what is missing.
    pub rows: Option<Vec<f32>>,
    /// What a net says of a sample.
    pub says: Option<Said>,
    /// Whether codes were shaped into a standard normal distribution.
    pub prior: bool,
    /// Whether the numbers of a code are the columns of the table.
    pub as_columns: bool,
    /// What the page is checked by.
    pub check: Check,
    /// What the picture at the ring is called, and what a sample's is; in English, for the page to translate.
    pub captions_of: (&'static str, &'static str),
}

impl Space {
    pub(crate) fn to_json(&self) -> Value {
        let dimensions = self.names.len();
        let (kind, window) = match self.kind {
            SampleKind::Image => ("image", None),
            SampleKind::Row => ("row", None),
            SampleKind::Window(length) => ("window", Some(length)),
        };
        let [channels, height, width] = self.shape;
        let mut value = json!({
            "kind": kind,
            "window": window,
            "dimensions": dimensions,
            "names": self.names,
            "count": self.labels.len(),
            "codes": singles(&self.codes),
            "classes": self.classes,
            "labels": shorts(&self.labels),
            "net": self.net.to_json(),
            "signal": self.signal,
            "shape": { "channels": channels, "height": height, "width": width },
            "ink": self.ink,
            "columns": self.columns,
            "spans": self.spans,
            "prior": self.prior,
            "asColumn": self.as_columns,
            "decoded": self.captions_of.0,
            "again": self.captions_of.1,
            "check": {
                "codes": singles(&self.check.codes),
                "expected": singles(&self.check.expected),
                "ranges": self.check.ranges,
            },
        });
        if !self.captions.is_empty() {
            value["captions"] = json!(self.captions);
        }
        if let Some(given) = &self.given {
            value["given"] = shorts(given).into();
        }
        if let Some(pictures) = &self.pictures {
            value["pictures"] = pictures.packed.to_json(pictures.which.as_deref());
        }
        if let Some(rows) = &self.rows {
            value["rows"] = json!({ "values": singles(rows) });
        }
        if let Some(said) = &self.says {
            value["says"] = json!({
                "net": said.net.to_json(),
                "signal": said.signal,
                "kind": if said.classes { "classes" } else { "numbers" },
                "names": said.names,
                "spans": said.spans,
            });
        }
        value
    }
}

impl Net {
    /// The layers without weights, and all weights in the order in which the layers name them.
    fn to_json(&self) -> Value {
        let (mut layers, mut weights) = (self.layers.clone(), Vec::new());
        layers
            .iter_mut()
            .for_each(|layer| layer.take_weights(&mut weights));
        let weights = match self.precision {
            Precision::Half => halves(&weights),
            Precision::Single => singles(&weights),
        };
        json!({ "layers": layers, "weights": weights })
    }
}
