//! The encoder of another run as the first layers of a net with targets.

use std::path::Path;

use espejo_nets::Activation;

use crate::config::ModelConfig;
use crate::folder::{Folder, Which};
use crate::model::AnyModel;
use crate::prepare::Prepared;
use crate::tensors::{self, Named};
use crate::{Error, checkpoint};

impl ModelConfig {
    /// The keys of a net with targets whose first layers are the encoder of the run in `folder`: those of that run's own model, with
    /// its bottleneck, however it was given.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where that run has no encoder, [`Error::Checkpoint`] where its configuration cannot be read.
    pub fn init_from(&mut self, folder: &Folder) -> Result<(), Error> {
        let source = folder.config()?;
        if !source.model.kind.has_code() {
            let message = format!(
                "`{}` is a `{}`, which has no encoder to start from",
                folder.path().display(),
                source.model.kind.name()
            );
            let hint = "give a run of `ae`, `dae` or `vae`";
            return Err(Error::config(message, Some(hint.to_owned())));
        }
        *self = Self {
            kind: self.kind,
            init_from: Some(folder.path().to_owned()),
            freeze: self.freeze,
            // The mean of a posterior has no activation.
            latent_activation: match source.model.kind.has_posterior() {
                true => Activation::Linear,
                false => source.model.latent_activation,
            },
            output_activation: None,
            range: None,
            // A classifier has no code to make binary.
            code_noise: 0.0,
            ..source.model
        };
        Ok(())
    }
}

/// `model` with its first layers from the best checkpoint of the run that the configuration names, if it names one.
pub(crate) fn initialised(prepared: &Prepared, model: AnyModel) -> Result<AnyModel, Error> {
    let Some(path) = &prepared.config.model.init_from else {
        return Ok(model);
    };
    let folder = Folder::find(&path.to_string_lossy(), Path::new("."))?;
    let file = folder.checkpoint(Which::Best);
    let found = checkpoint::load_tensors(&file)?;
    let mut weights = tensors::collect(&model);
    let last = prepared.spec.architecture.body.saturating_sub(1);
    let body = body_names(found, last);
    for (name, tensor) in &body {
        let Some(own) = weights.iter_mut().find(|own| own.name == *name) else {
            return Err(misfit(
                &file,
                &format!("its encoder has a tensor that becomes `{name}`, which this net lacks"),
            ));
        };
        if own.shape != tensor.shape {
            let message = format!(
                "`{}` has shape {:?}, and this net needs {:?}",
                tensor.name, tensor.shape, own.shape
            );
            return Err(misfit(&file, &message));
        }
        own.values.clone_from(&tensor.values);
    }
    tensors::apply(model, weights).map_err(|problem| misfit(&file, &problem))
}

fn misfit(file: &Path, message: &str) -> Error {
    let hint = "a net that starts from a run needs samples of the same shape and the same encoder";
    Error::checkpoint(file, message, Some(hint.to_owned()))
}

/// The tensors of an encoder under the names that they have as the first layers of a chain: `encoder.2.weight` is
/// `layers.2.weight`, and the head that gives the mean is the last of them.
fn body_names(found: Vec<Named>, last: usize) -> Vec<(String, Named)> {
    let renamed = |tensor: Named| {
        let name = match (
            tensor.name.strip_prefix("encoder."),
            tensor.name.strip_prefix("mean."),
        ) {
            (Some(rest), _) => format!("layers.{rest}"),
            (_, Some(rest)) => format!("layers.{last}.{rest}"),
            _ => return None,
        };
        Some((name, tensor))
    };
    found.into_iter().filter_map(renamed).collect()
}
