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
mod atomic_files;
mod augmentation;
mod average;
mod baselines;
mod batch_means;
mod before;
mod checkpoint;
mod class_errors;
mod classical;
mod classification;
pub mod config;
pub mod device;
#[cfg(feature = "wgpu")]
mod device_loops;
mod device_probe;
mod epochs;
mod error;
mod exchange;
mod exported;
mod feed;
mod findings;
mod fit;
mod fixed_samples;
mod folder;
mod folds;
mod forecast;
mod graphics_files;
mod half;
mod host_rows;
mod image_quality;
mod imputation;
mod init_from;
mod kept;
mod key_names;
mod keys;
mod least_squares;
mod logs;
mod median;
pub mod merge;
mod metrics;
mod missing_mask;
mod model;
mod naive_bayes;
mod noted_codes;
mod optimizer;
mod own_steps;
mod pca;
mod plain_files;
mod prediction;
mod prepare;
mod preset;
mod reconstruction_errors;
mod regression;
mod report;
mod resume;
mod run_identity;
mod run_list;
mod run_names;
mod run_report;
mod schedule;
mod score;
mod score_passing;
mod score_rows;
mod seed;
mod session;
mod spec;
mod suggest;
mod suited;
mod synthetic;
mod synthetic_report;
mod target_rows;
mod task;
pub mod tensors;
mod trained;
mod training_state;
mod windows;

pub use architecture::{Architecture, Layout, Mirror, Stacks};
pub use atomic_files::{sha256, write_file, write_file_by};
pub use baselines::{Baseline, to_json as baselines_json};
pub use class_errors::{ClassErrors, SampleErrors, WorstSample, class_errors};
pub use classical::{Algorithm, DenseFit, dense_fit, method};
pub use classification::{Classification, ConfidenceBin, largest};
pub use config::RunConfig;
pub use error::{Error, OUT_OF_MEMORY};
pub use espejo_analysis::{Estimate, Place, PooledCurves, wilson};
pub use espejo_data::Targets;
pub use espejo_nets::{DenseStep, Noise};
#[cfg(feature = "mpi")]
pub use exchange::Ranks;
pub use exchange::{Exchange, check_ranks};
pub use exported::{Example, ExportRule};
pub use findings::{Finding, Severity, VerdictWords, verdict, verdict_in};
pub use fit::{Event, Outcome, fit, follow};
pub use folder::{Folder, Which, check_name, write_new_folder};
pub use folds::{Fold, FoldCurve, FoldEntry, FoldMeasure, FoldsReport, Pooled, folds_of, pooled};
pub use forecast::{ForecastReport, ForecastStep};
pub use half::Half;
pub use host_rows::{Rows, fill_missing, nearest, squared_error, unit_rows, wrong_pixels};
pub use image_quality::{psnr, ssim};
pub use imputation::{
    Calibration, ColumnKind, HideRule, HoledTable, ImputationMeasures, ImputationReport,
    ImputeRule, Imputed, ImputedCell, ImputedColumn, MethodReport, cells_for_level,
};
pub use keys::{Accepted, KEYS, Key, accepted_by, default_of};
pub use median::median_filter;
pub use metrics::{ACTIVE_VARIANCE, Measure, Metrics};
pub use model::AnyModel;
pub use optimizer::Optimizer;
pub use pca::{Pca, principal_plane};
pub use plain_files::{append, check_folder, read_plain, read_text};
pub use prepare::{Prepared, prepare, prepare_shared, prepare_suited, suited_config};
pub use preset::{PRESETS, Preset};
pub use reconstruction_errors::MAX_PSNR;
pub use report::{EpochReport, Results, data_report, layer_rows, layer_table, model_report};
pub use run_list::{Compared, ListedRun, MainMeasure, listed_run};
pub use run_names::{NamedRun, RunNames};
pub use run_report::{
    ClassReport, DataReport, DeviceReport, EpochCounts, ExchangeReport, ModelReport,
    OptimizerReport, PartMetrics, RunReport, Seconds, Status, TargetReport, WindowReport,
};
pub use schedule::{StepPlace, learning_rate};
pub use score::{ScoreKind, ScoreRule, Scores};
pub use score_passing::ScoredRows;
pub use score_rows::over_rows;
pub use spec::{Spec, check_copies};
pub use suggest::{hint as accepted_hint, nearest_word};
pub use synthetic::{CodeOrigin, OutputDraw, RawTable, Synthetic, SyntheticRule};
pub use synthetic_report::{
    ColumnComparison, Content, CorrelationComparison, RowCounts, SyntheticReport, moments,
};
pub use task::{Task, parse_noise};
pub use trained::{Evaluation, OtherData, Part, Trained};
pub use training_state::TrainingState;
pub use windows::WindowLength;
