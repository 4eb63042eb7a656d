//! The plain autoencoder and, through its penalties and losses, the sparse, contractive and robust ones.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use espejo_ae::AeConfig;
//! use espejo_nets::{Activation, Autoencoder, Batch, Model, seeded};
//!
//! let device = Device::flex();
//! let model = AeConfig::mirrored(35, &[25], 2, Activation::Tanh).init(&mut seeded(42), &device);
//! let glyphs = Tensor::<2>::zeros([32, 35], &device);
//! assert_eq!(model.encode(glyphs.clone()).dims(), [32, 2]);
//! assert_eq!(model.loss(&Batch::same(glyphs)).0[0].name, "reconstruction");
//! ```

mod ae;

pub use ae::{Ae, AeConfig};
