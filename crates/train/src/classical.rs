//! Training the classical way: dense nets in double precision by [`espejo_mlp`], on the processor.
//!
//! A configuration means it by its optimiser (`adaptive`, `cg`, `bfgs`, `lbfgs`, `truncated-newton`, `powell`, `nelder-mead`) or
//! by `train.precision = "double"` with `sgd`, `momentum` or `adam`. First weights are those that the same configuration gives
//! in single precision, so that optimisers can be held against each other.

mod check;
mod dense;
mod method;
mod record;
mod run;
mod solution;

pub(crate) use check::{check_precision, check_values};
pub(crate) use dense::rows;
pub use dense::{DenseFit, dense_fit};
pub use method::{Algorithm, method};
pub(crate) use run::{begin, train};
pub(crate) use solution::Solution;
