//! Half of an autoencoder on its own: an encoder without its decoder, or the other way round.
//!
//! A half lies in a folder that looks like that of a run, and needs no data to be opened: `half.json` says which half it is and what
//! samples are like, `config.toml` how the layers are made, `scaling.csv` how columns are scaled; the weights of the other
//! half are nowhere in it.

use std::path::Path;

use burn::module::Module;
use espejo_data::{Outline, Samples};
use espejo_nets::Autoencoder;
use serde::{Deserialize, Serialize};

use crate::atomic_files::write_file;
use crate::config::RunConfig;
use crate::error::OTHER_VERSION;
use crate::folder::{Folder, Which, write_new_folder};
use crate::kept::Kept;
use crate::model::AnyModel;
use crate::prepare::without_data;
use crate::trained::Trained;
use crate::training_state::TrainingState;
use crate::{Error, checkpoint, device, tensors};

/// The file that makes a folder that of a half.
pub(crate) const HALF: &str = "half.json";
/// The version of that file.
const VERSION: u32 = 1;
/// What the parameters of a decoder are called.
const DECODER: &str = "decoder.";

/// Half of an autoencoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Half {
    /// From samples to codes.
    Encoder,
    /// From codes to samples.
    Decoder,
}

impl Half {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
        }
    }

    fn owns(self, parameter: &str) -> bool {
        parameter.starts_with(DECODER) == (self == Self::Decoder)
    }
}

/// What `half.json` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct HalfReport {
    version: u32,
    half: Half,
    /// The epoch of the weights.
    epoch: usize,
    /// Dimensions of a code.
    latent: usize,
    /// What samples are like.
    samples: Outline,
}

impl Trained {
    /// Which half this is; none for a whole run.
    pub fn half(&self) -> Option<Half> {
        self.half
    }

    /// The model, where it has this half.
    pub(crate) fn with(&self, half: Half) -> Result<&dyn Autoencoder, Error> {
        match self.half {
            Some(own) if own != half => {
                let message = format!(
                    "this is an exported {}, without the weights of the {}",
                    own.name(),
                    half.name()
                );
                let hint = match own {
                    Half::Encoder => {
                        "an encoder makes codes alone; who has the decoder gets samples of them, by `espejo decode`"
                    }
                    Half::Decoder => {
                        "a decoder makes samples of codes alone; who has the encoder gets codes, by `espejo encode`"
                    }
                };
                Err(Error::config(message, Some(hint.to_owned())))
            }
            _ => self.autoencoder(),
        }
    }

    /// The model, where it is whole.
    pub(crate) fn whole(&self) -> Result<&dyn Autoencoder, Error> {
        self.with(Half::Encoder)?;
        self.with(Half::Decoder)
    }

    /// Writes one half into a new folder, from which [`Trained::open`] reads it without the data of the run.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the folder exists, or the model has no halves; [`Error::Io`] where it cannot be written.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, Half, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// trained.export(Half::Encoder, Path::new("my-encoder"))?;
    /// let encoder = Trained::open(&Folder::find("my-encoder", Path::new("."))?, Which::Best, None)?;
    /// assert!(encoder.decode(&[vec![0.0; encoder.latent()]]).is_err());
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn export(&self, half: Half, to: &Path) -> Result<(), Error> {
        self.with(half)?;
        write_new_folder(to, |path| self.write_half(half, path))
    }

    fn write_half(&self, half: Half, into: &Path) -> Result<(), Error> {
        let prepared = self.prepared();
        let mut config = self.config().clone();
        // Where the data lies is no business of who gets a half.
        config.data.directory = None;
        let report = HalfReport {
            version: VERSION,
            half,
            epoch: self.epoch(),
            latent: self.latent(),
            samples: prepared.train.outline(),
        };
        let text = serde_json::to_string_pretty(&report).expect("a report is plain values");
        write_file(&into.join(HALF), text.as_bytes())?;
        write_file(&into.join("config.toml"), config.to_toml().as_bytes())?;
        let folder = Folder::at(into);
        // `half.json` says what samples are like.
        let kept = Kept {
            outline: None,
            ..prepared.kept()
        };
        kept.write(&folder)?;
        let mut weights = tensors::collect(self.model());
        weights.retain(|tensor| half.owns(&tensor.name));
        let state = TrainingState {
            epoch: self.epoch(),
            ..TrainingState::default()
        };
        checkpoint::save(&folder.checkpoint(Which::Best), &weights, None, &state)
    }
}

/// What the folder of a half says of it; none for the folder of a run.
fn report(folder: &Folder) -> Result<Option<HalfReport>, Error> {
    let report = folder.read(HALF, &|text, _| serde_json::from_str::<HalfReport>(text))?;
    match report {
        Some(report) if report.version != VERSION => Err(Error::checkpoint(
            &folder.path().join(HALF),
            format!("has version {}, expected {VERSION}", report.version),
            Some(OTHER_VERSION.to_owned()),
        )),
        report => Ok(report),
    }
}

/// A half, ready for use; none where the folder is that of a run.
pub(crate) fn open(
    folder: &Folder,
    which: Which,
    config: &RunConfig,
    kept: &Kept,
) -> Result<Option<Trained>, Error> {
    let Some(report) = report(folder)? else {
        return Ok(None);
    };
    if which != Which::Best {
        let message = format!("an exported {} has one set of weights", report.half.name());
        return Err(Error::config(
            message,
            Some("leave `--checkpoint` out".to_owned()),
        ));
    }
    let path = folder.path().join(HALF);
    let samples = Samples::of_outline(&report.samples)
        .map_err(|error| Error::checkpoint(&path, error.to_string(), None))?;
    let damaged = |error: Error| error.of_file(&path);
    let chosen = device::choose(&config.train.device).map_err(damaged)?;
    let prepared = without_data(config.clone(), kept.clone(), samples, chosen).map_err(damaged)?;
    let blank = prepared
        .spec
        .init(&prepared.config, &prepared.chosen.device);
    let (model, epoch) = load(folder, report.half, blank)?;
    let mut trained = Trained::new(prepared, model.valid(), epoch);
    trained.half = Some(report.half);
    Ok(Some(trained))
}

/// The model with the weights of one half, zeros being those of the other, and their epoch.
fn load(folder: &Folder, half: Half, blank: AnyModel) -> Result<(AnyModel, usize), Error> {
    let path = folder.checkpoint(Which::Best);
    let mut weights = checkpoint::load_tensors(&path)?;
    if let Some(other) = weights.iter().find(|tensor| !half.owns(&tensor.name)) {
        let message = format!(
            "the weights of an exported {} have no tensor `{}`",
            half.name(),
            other.name
        );
        return Err(Error::checkpoint(&path, message, None));
    }
    let other = tensors::collect(&blank).into_iter();
    weights.extend(
        other
            .filter(|tensor| !half.owns(&tensor.name))
            .map(|tensor| tensors::Named {
                values: vec![0.0; tensor.values.len()],
                ..tensor
            }),
    );
    let model = tensors::apply(blank, weights).map_err(|problem| {
        let hint = "its `config.toml` describes another model".to_owned();
        Error::checkpoint(&path, problem, Some(hint))
    })?;
    let state = checkpoint::load_state(&path).unwrap_or_default();
    Ok((model, state.epoch))
}
