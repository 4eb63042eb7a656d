//! The denoising autoencoder: it sees a corrupted picture and is trained to give back the clean one.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use espejo_ae::AeConfig;
//! use espejo_dae::DaeConfig;
//! use espejo_nets::{Activation, Batch, Model, Noise, Range, seeded};
//!
//! let device = Device::flex();
//! let autoencoder = AeConfig::mirrored(35, &[], 12, Activation::Tanh);
//! let config = DaeConfig { autoencoder, noise: Noise::SaltPepper(0.1), range: Range::Unit };
//! let model = config.init(&mut seeded(42), &device);
//! assert_eq!(burn::module::Module::num_params(&model), 887);
//! # let _ = model.loss(&Batch::clean(Tensor::<2>::zeros([8, 35], &device)));
//! ```

mod dae;

pub use dae::{Dae, DaeConfig};
