//! Where things stand: axes and their ticks, names beside and under a plot, the font that all widths come from.

pub(crate) mod axis;
pub(crate) mod column_labels;
pub(crate) mod dodge;
pub(crate) mod font;
pub(crate) mod row_labels;
pub(crate) mod side_labels;
pub(crate) mod theme;
pub(crate) mod ticks;
