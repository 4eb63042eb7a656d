//! One run, from a configuration to a trained model and its use.
//!
//! For programs that train or embed autoencoders; the program `espejo` is a thin layer over it.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use espejo_train::{Folder, RunConfig, fit, prepare};
//!
//! let mut config = RunConfig::default(); // fonts, 35-25-2-25-35
//! config.train.epochs = 20;
//! config.train.device = "cpu".into();
//! let out = tempfile::tempdir()?;
//!
//! # if espejo_train::device::choose("cpu").is_err() { return Ok(()); } // a build with wgpu alone
//! let prepared = prepare(config)?;
//! let folder = Folder::create(out.path(), Some("first"), &prepared.config)?;
//! let outcome = fit(&prepared, &folder, "doc", &AtomicBool::new(false), &mut |_event| ())?;
//! assert!(outcome.results.expect("it ran to its end").test.loss < 35.0 * std::f64::consts::LN_2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod architecture;
mod baselines;
mod batch;
mod checkpoint;
mod classical;
pub mod config;
mod course;
pub mod device;
mod epochs;
mod error;
mod files;
mod fit;
mod folder;
mod logs;
mod median;
pub mod merge;
mod metrics;
mod optimizer;
mod pca;
mod prepare;
mod preset;
mod quality;
mod report;
mod rows;
mod schedule;
mod seed;
mod session;
mod shown;
mod spec;
mod suggest;
mod tally;
pub mod tensors;
mod trained;

pub use architecture::Architecture;
pub use baselines::Baseline;
pub use classical::{Algorithm, DenseFit, dense_fit, method};
pub use config::RunConfig;
pub use course::Course;
pub use error::Error;
pub use espejo_nets::Noise;
pub use files::{sha256, write_file};
pub use fit::{Event, MAX_MAPPED, Outcome, fit};
pub use folder::{Folder, Which};
pub use median::median_filter;
pub use metrics::Metrics;
pub use optimizer::Optimizer;
pub use pca::{Pca, principal_plane};
pub use prepare::{Prepared, prepare};
pub use preset::{PRESETS, Preset};
pub use quality::{psnr, ssim};
pub use report::{EpochReport, Results, Status, data_json, layer_table, model_json};
pub use rows::{Rows, nearest, squared_error, unit_rows, wrong_pixels};
pub use schedule::learning_rate;
pub use spec::{AnyModel, Spec, check_copies};
pub use tally::{MAX_PSNR, Quality};
pub use trained::{Part, Trained};
