//! What is done with the scores and codes that a trained model gives: thresholds and p-values, rankings held against labels,
//! other detectors of anomalies, neighbours, binary codes, clusters.
//!
//! For whoever has rows of numbers. It knows no tensors, no files and no clock; everything random is a function of a seed.

mod agreement;
mod distance;
mod hamming;
mod interval;
mod matrix;
mod neighbors;
mod parallel;
mod sample;
mod silhouette;

pub use agreement::{adjusted_rand_index, contingency, normalized_mutual_information};
pub use hamming::{BinaryCodes, CodeNeighbor, MeanAtDistance};
pub use interval::wilson;
pub use matrix::Matrix;
pub use neighbors::{Neighbor, nearest, neighbor_accuracy, vote};
pub use silhouette::{SILHOUETTE_ROWS, silhouette};
