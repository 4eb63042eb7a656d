//! What stands for values: colours, tiles, points, and the legends that say what they mean.

pub(crate) mod class_legend;
pub(crate) mod colour;
pub(crate) mod colour_bar;
pub(crate) mod density;
pub(crate) mod draw_order;
pub(crate) mod mark_legend;
pub(crate) mod point_labels;
pub(crate) mod raster_points;
pub(crate) mod tile;
