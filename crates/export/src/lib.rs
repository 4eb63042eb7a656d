//! Trained nets for programs that know nothing of Espejo: as an ONNX graph, as a PyTorch module, as JSON.
//!
//! For `espejo export` and for whoever writes another format. A [`Graph`] says in plain numbers what a net computes, from values in the
//! units of the user's data to results in theirs; each format is a function of it. Nothing here knows a tensor library, and a graph says
//! nothing that only training needs: dropout and noise are gone, batch normalisation has its running statistics.
//!
//! ```
//! use espejo_export::{Activation, Graph, Kind, Layer, Output, Signal, Tensor, Values};
//!
//! let half = Layer {
//!     name: "encoder.0".into(),
//!     input: [2, 1, 1],
//!     output: [1, 1, 1],
//!     kind: Kind::Dense {
//!         weight: Tensor::new([1, 2], vec![0.5, 0.5]),
//!         bias: Tensor::new([1], vec![0.0]),
//!     },
//!     activation: Activation::Tanh,
//! };
//! let signal = |name: &str, width| Signal::plain(name, [width]);
//! let graph = Graph {
//!     name: "mean of two".into(),
//!     input: signal("input", 2),
//!     layers: vec![half],
//!     outputs: vec![Output { signal: signal("code", 1), head: None }],
//!     tells_class: false,
//!     score: None,
//! };
//! let bytes = espejo_export::onnx(&graph, &[("made by".into(), "hand".into())])?;
//! assert!(bytes.len() > 100);
//! # Ok::<(), espejo_export::Error>(())
//! ```

mod array;
mod error;
mod graph;
mod json;
mod onnx;
mod outside;
mod proto;
mod torch;

pub use array::{Array, Numbers, npy_header};
pub use error::Error;
pub use graph::{
    Activation, Columns, Graph, Join, Kind, Layer, Loss, Map, Measure, Output, Pixels, Score,
    Signal, Tensor, Values,
};
pub use json::{LARGEST_JSON, json};
pub use onnx::{IR_VERSION, OPSET, onnx};
pub use torch::torch;
