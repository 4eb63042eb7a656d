//! What a model is trained for, and what follows from it: noise, targets, losses, measures.

use espejo_nets::{Criterion, Noise};

use crate::Error;
use crate::config::{LossKind, ModelKind, RunConfig};
use crate::suggest::nearest_word;

/// What a model is trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    /// To give back what it sees.
    Reconstruct,
    /// To give back the clean sample behind a noisy one.
    Denoise(Noise),
    /// To tell the class of a sample.
    Classify,
    /// To give numbers that belong to a sample.
    Regress,
}

/// Reads noise such as `salt-pepper:.1`.
///
/// # Errors
///
/// [`Error::Config`] with the kind that may be meant.
pub fn parse_noise(text: &str) -> Result<Noise, Error> {
    text.parse().map_err(|error: espejo_nets::ParseNoiseError| {
        let kind = text.split(':').next().unwrap_or(text);
        let near = nearest_word(kind, &Noise::NAMES).filter(|near| *near != kind);
        let hint = match near {
            Some(near) => format!("did you mean `--noise {near}:.1`?"),
            None => "as in `--noise salt-pepper:.1`".to_owned(),
        };
        Error::config(error.to_string(), Some(hint))
    })
}

impl Task {
    /// The task of a configuration; `table` where samples are rows of a table.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the noise cannot be read, or is for another task.
    pub(crate) fn of(config: &RunConfig, table: bool) -> Result<Self, Error> {
        let noise = match &config.noise.kind {
            None => None,
            Some(text) => Some(parse_noise(text)?),
        };
        let task = match config.model.kind {
            ModelKind::Ae | ModelKind::Vae => Self::Reconstruct,
            // Numbers of a table have no ends to jump to.
            ModelKind::Dae if table => Self::Denoise(noise.unwrap_or(Noise::Gaussian(0.1))),
            ModelKind::Dae => Self::Denoise(noise.unwrap_or(Noise::SaltPepper(0.1))),
            ModelKind::Classifier => Self::Classify,
            ModelKind::Regressor => Self::Regress,
            #[cfg(test)]
            ModelKind::Dummy => Self::Reconstruct,
        };
        let copies = config.noise.copies > 0;
        let noisy = copies || noise.is_some_and(|noise| noise != Noise::None);
        if noisy && !task.denoises() {
            let message = format!(
                "noise is for a denoising model, and this is `{}`",
                config.model.kind.name()
            );
            let hint = "add `--model dae`, or leave the noise out";
            return Err(Error::config(message, Some(hint.into())));
        }
        if copies && task.noise() == Noise::None {
            let message = "`noise.copies` without noise makes copies that are all alike";
            return Err(Error::config(message, None));
        }
        Ok(task)
    }

    /// The noise that inputs get.
    pub fn noise(self) -> Noise {
        match self {
            Self::Denoise(noise) => noise,
            Self::Reconstruct | Self::Classify | Self::Regress => Noise::None,
        }
    }

    /// Whether inputs get noise.
    pub fn denoises(self) -> bool {
        matches!(self, Self::Denoise(_))
    }

    /// Whether samples bring targets of their own; else they are their own targets.
    pub fn has_targets(self) -> bool {
        match self {
            Self::Reconstruct | Self::Denoise(_) => false,
            Self::Classify | Self::Regress => true,
        }
    }

    /// The measures that have a column in `metrics.csv`, beside the terms of the loss.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Reconstruct | Self::Denoise(_) => {
                &["squared_error", "wrong_pixels_mean", "wrong_pixels_max"]
            }
            Self::Classify => &[],
            Self::Regress => &["rmse", "r2"],
        }
    }

    /// Refuses a loss that is no measure of this task.
    pub(crate) fn check_loss(self, criterion: &Criterion) -> Result<(), Error> {
        let name = criterion.name();
        let (message, hint) = match (self, criterion) {
            (Self::Classify, Criterion::SoftmaxCrossEntropy | Criterion::Bce) => return Ok(()),
            (Self::Classify, _) => (
                format!("loss `{name}` is for numbers, and a classifier gives probabilities"),
                "leave `--loss` out, or take `--loss cross-entropy`, or `bce` for one output that tells two classes apart",
            ),
            (_, Criterion::SoftmaxCrossEntropy) => (
                format!("loss `{name}` is for classes, and this model gives numbers"),
                "take `--loss mse`, or `--model classifier`",
            ),
            (Self::Regress, Criterion::Bce | Criterion::Entropic) => (
                format!("loss `{name}` is for pixels, and a regressor gives numbers"),
                "leave `--loss` out, or take `mse`, `mae`, `log-cosh` or `correntropy`",
            ),
            (Self::Regress, Criterion::Mixed { .. }) => (
                format!(
                    "loss `{name}` is for reconstructing the rows of a table, and a regressor predicts targets"
                ),
                "leave `--loss` out, or take `mse`, `mae`, `log-cosh` or `correntropy`",
            ),
            _ => return Ok(()),
        };
        Err(Error::config(message, Some(hint.into())))
    }
}

impl LossKind {
    /// The loss of a family of models where none is named.
    pub(crate) fn usual(kind: ModelKind) -> Self {
        match kind {
            ModelKind::Ae | ModelKind::Dae | ModelKind::Vae => Self::Bce,
            ModelKind::Classifier => Self::CrossEntropy,
            ModelKind::Regressor => Self::Mse,
            #[cfg(test)]
            ModelKind::Dummy => Self::Bce,
        }
    }
}
