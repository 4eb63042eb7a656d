//! What every model of Espejo shares: layers, activations, criteria, penalties, noise and the [`Model`] trait.
//!
//! For the model crates (`espejo-ae`, `espejo-dae`, `espejo-vae`, `espejo-supervised`) and for whoever writes another model. Tensor
//! code here cannot fail: sizes are checked where a configuration enters the program, a wrong shape further down is a bug.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use espejo_nets::{Activation, Criterion, Initializer, LayersConfig, seeded};
//!
//! let device = Device::flex();
//! let encoder = LayersConfig::dense([35, 25, 2], Activation::Tanh, Activation::Linear)
//!     .init(Initializer::Glorot, &mut seeded(42), &device);
//! let glyphs = Tensor::<2>::zeros([32, 35], &device);
//! assert_eq!(encoder.forward(glyphs.clone()).dims(), [32, 2]);
//!
//! // The cross-entropy of 35 undecided pixels is 35 ln 2 nats.
//! let loss = Criterion::Bce.mean(glyphs.clone(), glyphs, Activation::Sigmoid);
//! assert!((loss.into_scalar::<f32>() - 35.0 * std::f32::consts::LN_2).abs() < 1e-5);
//! ```

mod activation;
mod chain;
mod conv;
mod criterion;
mod embedding;
mod initializer;
mod layer;
mod layer_config;
mod layer_info;
mod layers;
mod mask;
mod model;
mod noise;
mod part;
mod penalties;
mod plan;
mod resample;
mod skip;
mod steps;
mod window;

pub use activation::Activation;
pub use chain::ConvChain;
pub use conv::{Conv, Map, Transposed};
pub use criterion::Criterion;
pub use embedding::Embedding;
/// Sums and means over many samples, which models need beside layers.
pub use espejo_kernels::{sums, zeros_with_slope};
pub use initializer::{Initializer, seeded};
pub use layer::{Layer, half_squares};
pub use layer_config::LayerConfig;
pub use layer_info::LayerInfo;
pub use layers::{Hidden, Layers, LayersConfig};
pub use model::{Autoencoder, Batch, Loss, Model, Prior, Term};
pub use noise::{Noise, ParseNoiseError, Range};
pub use part::{Part, random};
pub use penalties::Penalties;
pub use plan::{Common, ConvPlan, ParsePlanError, Style};
pub use resample::{MaxPool, Pool, Upsample};
pub use skip::{Join, Skip};
pub use steps::DenseStep;
pub use window::{Padding, Window};
