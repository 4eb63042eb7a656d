//! The experiments, a file a family.

pub mod anomalies;
pub mod architectures;
pub mod boston;
pub mod capacity;
pub mod denoiser;
pub mod denoising;
pub mod diabetes;
pub mod few_labels;
pub mod fonts;
pub mod generation;
pub mod hashing;
pub mod landsat;
pub mod logistic_map;
pub mod optimizers;
pub mod parity;
pub mod photographs;
pub mod reviews;
mod show;
pub mod structures;
pub mod supervised;
mod trained;
pub mod variational;
