//! What is done with the scores and codes that a trained model gives: thresholds and p-values, rankings held against labels,
//! other detectors of anomalies, neighbours, binary codes, clusters.
//!
//! For whoever has rows of numbers. It knows no tensors, no files and no clock; everything random is a function of a seed.

mod halves;
mod matrix;

pub use halves::halves;
pub use matrix::Matrix;
