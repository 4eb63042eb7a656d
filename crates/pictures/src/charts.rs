//! The figures: a value that says what is shown, and the function that draws it.

pub(crate) mod bars;
pub(crate) mod compose;
pub(crate) mod confusion_matrix;
pub(crate) mod curves;
pub(crate) mod grid;
pub(crate) mod histograms;
pub(crate) mod latent_walk;
pub(crate) mod matrix;
pub(crate) mod parallel_coordinates;
pub(crate) mod parity_plot;
pub(crate) mod reliability;
pub(crate) mod scatter;
pub(crate) mod scatter_plot;
pub(crate) mod sheet;
