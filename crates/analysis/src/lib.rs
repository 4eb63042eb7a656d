//! What is done with the scores and codes that a trained model gives: thresholds and p-values, rankings held against labels,
//! other detectors of anomalies, neighbours, binary codes, clusters.
//!
//! For whoever has rows of numbers. It knows no tensors, no files and no clock; everything random is a function of a seed.

mod agreement;
mod choose_count;
mod distance;
mod hamming;
mod interval;
mod kmeans;
mod matrix;
mod mixture;
mod neighbors;
mod parallel;
mod sample;
mod silhouette;
mod two_sample;

pub use agreement::{adjusted_rand_index, contingency, normalized_mutual_information};
pub use choose_count::{COUNTS, CountScore, choose_count_by_bic, choose_count_by_silhouette};
pub use hamming::{BinaryCodes, CodeNeighbor, MeanAtDistance};
pub use interval::wilson;
pub use kmeans::{KMeans, STARTS, k_means};
pub use matrix::Matrix;
pub use mixture::{Covariance, Mixture};
pub use neighbors::{Neighbor, nearest, neighbor_accuracy, vote};
pub use silhouette::{SILHOUETTE_ROWS, silhouette};
pub use two_sample::{
    CorrelationDifference, DistanceSummary, QUANTILES, TwoSample, correlation_difference,
    distances_to_nearest, kolmogorov_smirnov, nearest_neighbor_two_sample,
};
