//! Dense nets trained the classical way: one flat vector of weights in double precision, its exact gradient, and the methods
//! that minimise such functions.
//!
//! For whoever trains small nets to the end, or compares optimisers. It knows no tensors, no files and no clock.
//!
//! ```
//! use espejo_mlp::{Activation, Fit, Initializer, Limits, Loss, Method, Net, minimize};
//!
//! // Four corners through one number and back.
//! let corners = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
//! let net = Net::new(&[2, 4, 1, 4, 2], &[Activation::Tanh, Activation::Linear, Activation::Tanh, Activation::Sigmoid]);
//! let start = net.init(Initializer::Glorot, 1);
//! let mut fit = Fit::new(net, Loss::Bce, &corners, &corners);
//! let limits = Limits { max_evaluations: Some(2_000), ..Limits::default() };
//! let minimum = minimize(Method::Lbfgs, &mut fit, &start, &limits, &mut |_| true);
//! assert!(minimum.loss < 0.1, "{}", minimum.loss);
//! ```

mod activation;
mod bfgs;
mod brent;
mod conjugate;
mod descent;
mod descent_direction_loop;
mod evaluation_budget;
mod fit;
mod initializer;
mod lbfgs;
mod line_search;
mod loss;
mod math;
mod method;
mod nelder_mead;
mod net;
mod newton;
mod objective;
mod powell;
mod simd_vector;
mod symmetric_matrix;
mod vector;

pub use activation::Activation;
pub use descent::{Adaptive, Descending, Descent, Rule, descend};
pub use fit::Fit;
pub use initializer::Initializer;
pub use loss::Loss;
pub use method::{Method, minimize};
pub use net::{Layer, Net};
pub use objective::{Counts, Ended, GradientKind, Limits, Minimum, Objective, Progress};
