//! Everything that the commands ask of the kind of a model.

use espejo_train::config::Kind;

/// Whether the model has a prior over its latent codes and a posterior for each sample.
pub fn has_prior(kind: Kind) -> bool {
    kind == Kind::Vae
}

/// Whether the model was trained to remove noise.
pub fn denoises(kind: Kind) -> bool {
    kind == Kind::Dae
}
