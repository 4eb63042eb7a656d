//! What figures become: SVG, PNG, animations, CSV.

pub(crate) mod apng;
pub(crate) mod csv;
pub(crate) mod figure;
pub(crate) mod film;
pub(crate) mod frames;
pub(crate) mod gif;
pub(crate) mod numbers;
pub(crate) mod palette;
pub(crate) mod raster;
pub(crate) mod svg;
