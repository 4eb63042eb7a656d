//! Codes on a plane: a few points with names, or a cloud with classes.

use std::fmt::Write as _;

use crate::{
    Figure,
    charts::scatter_plot::Map,
    export::{csv::field, svg::Svg},
};

/// One point of a map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// Horizontal value.
    pub x: f64,
    /// Vertical value.
    pub y: f64,
    /// Name beside the point; not drawn in a map of more than 2,000 points. Where the map has classes and more than 40 points, names are
    /// not drawn if more than a quarter of them are longer than three letters: there the legend says enough.
    pub label: Option<String>,
    /// Index into the map's classes.
    pub class: Option<usize>,
}

/// A map of points.
///
/// Above 2,000 points it is a cloud: the marks are pixels, the classes are drawn by turns, so that none covers another,
/// and the name of each stands at the median of its points. A cloud without classes is drawn as counts in square cells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scatter {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Name of the horizontal axis.
    pub x_label: String,
    /// Name of the vertical axis.
    pub y_label: String,
    /// The points; those that are not finite are not drawn.
    pub points: Vec<Point>,
    /// Names of the classes, for the legend; may be empty. Above ten, colours are evenly spread hues.
    pub classes: Vec<String>,
    /// Least and greatest x, least and greatest y; without it, those of the points and a little more.
    pub range: Option<[(f64, f64); 2]>,
    /// Small line under the title.
    pub note: Option<String>,
    /// Radii of circles around the origin, such as the standard deviations of a prior. The axes then hold the circles, and both have
    /// the same scale.
    pub circles: Vec<f64>,
    /// Whether grey behind the marks shows how densely they lie.
    pub density: bool,
}

/// Draws a map. Labels stand where they cover neither each other nor a point, with a thin line where that is further
/// away; the legend stands outside the plot. The CSV is `x,y,label,class`.
pub fn scatter(scatter: &Scatter) -> Figure {
    let map = Map::of(scatter, &[]);
    let (width, height) = map.size();
    let mut svg = Svg::default();
    let top = svg.heading(&scatter.title, scatter.note.as_deref(), width) + 4.0;
    map.draw(&mut svg, (0.0, top));
    Figure::new(svg, csv(scatter), (width, top + height))
}

fn csv(scatter: &Scatter) -> String {
    let mut csv = String::with_capacity(24 * scatter.points.len() + 16);
    csv.push_str("x,y,label,class\n");
    for point in &scatter.points {
        let label = point.label.as_deref().map(field).unwrap_or_default();
        let _ = write!(csv, "{},{},{label},", point.x, point.y);
        if let Some(class) = point.class {
            let number = || class.to_string();
            csv.push_str(
                &scatter
                    .classes
                    .get(class)
                    .map_or_else(number, |name| field(name)),
            );
        }
        csv.push('\n');
    }
    csv
}
