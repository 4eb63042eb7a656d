//! What is done with the scores and codes that a trained model gives: thresholds and p-values, rankings held against labels,
//! other detectors of anomalies, neighbours, binary codes, clusters.
//!
//! For whoever has rows of numbers. It knows no tensors, no files and no clock; everything random is a function of a seed.
//!
//! ```
//! use espejo_analysis::{Threshold, p_values, roc_auc};
//!
//! // Scores of rows that were never trained on, and of new ones.
//! let calibration: Vec<f64> = (0..99).map(f64::from).collect();
//! let scores = [97.5, 40.0, 12.0];
//!
//! let limit = "conformal:.05".parse::<Threshold>()?.limit(&calibration, None)?;
//! assert_eq!(limit, 94.0);
//! assert_eq!(p_values(&calibration, &scores), [0.02, 0.6, 0.88]);
//! assert_eq!(roc_auc(&scores, &[true, false, false]).map(|auc| auc.value), Some(1.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod agreement;
mod auc;
mod bootstrap;
mod choose_count;
mod conformal;
mod curves;
mod distance;
mod events;
mod halves;
mod hamming;
mod hashing;
mod impute;
mod interval;
mod isolation_forest;
mod kmeans;
mod mahalanobis;
mod matrix;
mod mixture;
mod neighbors;
mod parallel;
mod ranking;
mod sample;
mod silhouette;
mod student;
mod threshold;
mod two_sample;
mod window;

pub use agreement::{adjusted_rand_index, contingency, normalized_mutual_information};
pub use auc::{Auc, roc_auc};
pub use bootstrap::{Bootstrap, Estimate, Place, PooledCurves};
pub use choose_count::{COUNTS, CountScore, choose_count_by_bic, choose_count_by_silhouette};
pub use conformal::{adjusted_p_values, benjamini_hochberg, p_values, smallest_p_value, ties};
pub use curves::{
    BestF1, CurvePoint, average_precision, average_precision_interval, best_f1,
    precision_recall_curve, roc_curve,
};
pub use events::{EventCounts, events, point_adjusted_f1};
pub use halves::halves;
pub use hamming::{BinaryCodes, CodeNeighbor, MeanAtDistance};
pub use hashing::{medians, saturation};
pub use impute::{impute_nearest, known_means};
pub use interval::wilson;
pub use isolation_forest::IsolationForest;
pub use kmeans::{KMeans, STARTS, k_means};
pub use mahalanobis::Mahalanobis;
pub use matrix::Matrix;
pub use mixture::{Covariance, Mixture};
pub use neighbors::{Neighbor, nearest, neighbor_accuracy, vote};
pub use ranking::{Share, precision_at, ranks};
pub use silhouette::{SILHOUETTE_ROWS, silhouette};
pub use student::{MeanInterval, mean_interval};
pub use threshold::{ParseThresholdError, Threshold, ThresholdError};
pub use two_sample::{
    CorrelationDifference, DistanceSummary, Nearness, QUANTILES, TwoSample, correlation_difference,
    distances_to_nearest, kolmogorov_smirnov, kolmogorov_smirnov_of, nearest_neighbor_two_sample,
    nearness, total_variation,
};
pub use window::{autocorrelation, spread_back, spread_over, suggest_window};
