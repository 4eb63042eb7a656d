//! The experiments, a file a family.

pub mod architectures;
pub mod capacity;
pub mod denoiser;
pub mod denoising;
pub mod fonts;
pub mod generation;
pub mod optimizers;
mod show;
pub mod structures;
