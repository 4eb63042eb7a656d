//! Nets with targets: classifiers and regressors.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use espejo_nets::{Activation, Batch, Criterion, LayersConfig, Model, seeded};
//! use espejo_supervised::NetworkConfig;
//!
//! let device = Device::flex();
//! let layers = LayersConfig::dense([4, 8, 3], Activation::Relu, Activation::Linear);
//! let model = NetworkConfig::new(layers, Criterion::SoftmaxCrossEntropy).init(&mut seeded(42), &device);
//! let irises = Tensor::<2>::zeros([2, 4], &device);
//! let targets = Tensor::<2>::from_data([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &device);
//! assert_eq!(model.output(irises.clone()).dims(), [2, 3]);
//!
//! // Zero inputs and zero biases: three classes that are alike cost ln 3 nats.
//! let loss = model.loss(&Batch::new(irises, targets));
//! assert!((loss.objective(1.0).into_scalar::<f32>() - 3_f32.ln()).abs() < 1e-6);
//! ```

mod network;

pub use network::{Network, NetworkConfig};
