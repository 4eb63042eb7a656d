//! `certificate.json`: what an export is, and by how much other programs' results differ from Espejo's.

use std::collections::BTreeMap;
use std::path::Path;

use espejo_train::{Error, write_file};
use serde::{Deserialize, Serialize};

/// The file in the folder of an export.
pub const NAME: &str = "certificate.json";
/// Its version.
pub const VERSION: u32 = 1;
/// The largest difference that is taken for rounding.
pub const TOLERANCE: f64 = 1e-5;
/// What a difference is.
pub const MEASURE: &str = "|found - expected|, divided by the larger of the value's scale (that of its column, the range of pixels, else 1) and the \
     distance of the expected number from the column's shift";

/// What an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Certificate {
    pub version: u32,
    /// The version of the program that wrote it.
    pub espejo: String,
    pub run: RunFacts,
    pub format: String,
    /// `encoder`, `decoder` or `whole`.
    pub part: String,
    pub normalised: bool,
    /// The versions of the operators and of the file format, of an ONNX file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onnx: Option<OnnxVersions>,
    /// How samples are scored and the limit, where there are such outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreFacts>,
    pub input: Port,
    pub outputs: Vec<Port>,
    /// Samples in the `.npy` files.
    pub samples: usize,
    /// The SHA-256 of each file of the folder.
    pub files: BTreeMap<String, String>,
    pub tolerance: f64,
    pub difference: String,
    /// What was compared.
    pub checks: Vec<Check>,
}

/// Where a model comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFacts {
    pub name: String,
    pub model: String,
    pub epoch: usize,
    /// The SHA-256 of the weights' file in the run's checkpoint.
    pub weights_sha256: String,
}

/// Versions of ONNX.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OnnxVersions {
    pub opset: i64,
    pub ir: i64,
}

/// How samples are scored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScoreFacts {
    pub kind: String,
    pub limit: f64,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Port {
    pub name: String,
    /// As NumPy calls it.
    pub r#type: String,
    /// Sizes of one sample; the batch stands before them.
    pub shape: Vec<usize>,
    /// The file with what Espejo has.
    pub file: Option<String>,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    pub output: String,
    /// What the results come from, as its user says.
    pub runtime: Option<String>,
    /// The SHA-256 of the results.
    pub sha256: String,
    pub samples: usize,
    pub largest_difference: Difference,
    /// Whether it is at or under the tolerance.
    pub passed: bool,
}

/// A largest difference and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Null where a number came out for none, or the other way round.
    pub value: Option<f64>,
    /// The sample, counted from 0.
    pub sample: usize,
    /// The value of the sample, counted from 0.
    pub place: usize,
    /// What Espejo has; null for none.
    pub expected: Option<f64>,
    /// What the other program has; null for none.
    pub found: Option<f64>,
}

impl Certificate {
    /// The certificate in the folder of an export.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        let text = match espejo_train::read_text(&path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("`{}` is no export: {error}", path.display());
                let hint =
                    "give as `--to` the folder that `espejo export --format onnx` or `torch` wrote";
                return Err(crate::output::usage(message, hint));
            }
        };
        let parsed: Result<Self, _> = serde_json::from_str(&text);
        let message = match parsed {
            Ok(certificate) if certificate.version == VERSION => return Ok(certificate),
            Ok(other) => format!(
                "version {}, and this program reads {VERSION}",
                other.version
            ),
            Err(error) => error.to_string(),
        };
        let hint = Some("export the run again, into a new folder".to_owned());
        let error = Error::Checkpoint {
            path,
            message,
            hint,
        };
        Err(error.into())
    }

    /// The certificate as the bytes of its file.
    pub fn bytes(&self) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self).expect("a certificate is plain values");
        (text + "\n").into_bytes()
    }

    /// Writes it in place of the one that is there.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        Ok(write_file(&folder.join(NAME), &self.bytes())?)
    }
}
