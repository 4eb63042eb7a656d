//! The denoising autoencoder: it sees a corrupted sample and is trained to give back the clean one.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use espejo_ae::AeConfig;
//! use espejo_dae::{DaeConfig, corrupt};
//! use espejo_nets::{Activation, Model, Noise, Range, seeded};
//!
//! let device = Device::flex();
//! let autoencoder = AeConfig::mirrored(35, &[], 12, Activation::Tanh);
//! let model = DaeConfig { autoencoder }.init(&mut seeded(42), &device);
//! assert_eq!(burn::module::Module::num_params(&model), 887);
//! let clean = Tensor::<2>::zeros([8, 35], &device);
//! let loss = model.loss(&corrupt(clean, Noise::SaltPepper(0.1), Range::Unit));
//! assert_eq!(loss.0[0].name, "reconstruction");
//! ```

mod dae;

pub use dae::{Dae, DaeConfig, corrupt};
