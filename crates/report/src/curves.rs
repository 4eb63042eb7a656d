//! Curves, which the page draws from their numbers.

use serde::Serialize;

/// A diagram of curves over one axis.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CurvePanel {
    /// What is drawn.
    pub title: String,
    /// What goes across, as `epoch`.
    pub x: String,
    /// Whether that is counted, so that its ticks are whole numbers.
    pub whole: bool,
    /// The curves.
    pub series: Vec<Curve>,
    /// Names and values of what one gets without training.
    pub baselines: Vec<(String, f64)>,
    /// Whether values are on a logarithmic axis, where all of them are above 0.
    pub log: bool,
    /// Whether the line of equal values is drawn, for predictions over what they should be.
    pub diagonal: bool,
}

/// A curve, or dots.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Curve {
    /// What it is of.
    pub name: String,
    /// Its points, finite.
    pub points: Vec<(f64, f64)>,
    /// Place, least and greatest value, where there are several runs.
    pub band: Vec<(f64, f64, f64)>,
    /// Its colour, one of ten.
    pub colour: usize,
    /// Whether it is dashed, as those of the test part are.
    pub dashed: bool,
    /// Whether its points are not joined.
    pub dots: bool,
}
