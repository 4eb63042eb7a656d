//! The variational autoencoder with a Gaussian posterior: codes that can be sampled.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use espejo_nets::{Activation, Batch, Model, seeded};
//! use espejo_vae::VaeConfig;
//!
//! let device = Device::flex();
//! let model = VaeConfig::mirrored(35, &[16], 2, Activation::Relu).init(&mut seeded(42), &device);
//! assert_eq!(burn::module::Module::num_params(&model), 1287);
//! let loss = model.loss(&Batch::same(Tensor::<2>::zeros([32, 35], &device)));
//! assert_eq!(loss.0.iter().map(|term| term.name).collect::<Vec<_>>(), ["reconstruction", "kl"]);
//! ```

mod vae;

pub use vae::{Vae, VaeConfig, kl_per_dimension};
