//! What is done with the scores and codes that a trained model gives: thresholds and p-values, rankings held against labels,
//! other detectors of anomalies, neighbours, binary codes, clusters.
//!
//! For whoever has rows of numbers. It knows no tensors, no files and no clock; everything random is a function of a seed.
mod auc;
mod conformal;
mod curves;
mod events;
mod halves;
mod interval;
mod matrix;
mod ranking;
mod threshold;

pub use auc::{Auc, roc_auc};
pub use conformal::{adjusted_p_values, benjamini_hochberg, p_values, smallest_p_value, ties};
pub use curves::{
    BestF1, CurvePoint, average_precision, best_f1, precision_recall_curve, roc_curve,
};
pub use events::{EventCounts, events, point_adjusted_f1};
pub use halves::halves;
pub use interval::wilson;
pub use matrix::Matrix;
pub use ranking::{Share, precision_at, ranks};
pub use threshold::{ParseThresholdError, Threshold, ThresholdError};
