//! The figures: a value that says what is shown, and the function that draws it.

pub(crate) mod confusion_matrix;
pub(crate) mod parity_plot;
pub(crate) mod reliability;
