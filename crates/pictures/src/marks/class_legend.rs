//! Class names beside a plot, and the marks of classes.

use crate::{
    export::svg::{Anchor, Svg, number, pair},
    layout::{
        font,
        theme::{self, LABEL, SOFT_INK},
    },
    marks::colour,
};

const SIZE: f64 = LABEL - 1.0;
const PITCH: f64 = 17.0;
const MARK_ROOM: f64 = 14.0;
const LONGEST_NAME: f64 = 220.0;
const COLUMN_GAP: f64 = 14.0;
/// Classes that are named, at most: a column of times would make a figure as wide as a street.
const MOST: usize = 64;

/// The names of the classes, in as many columns as they need.
pub(crate) struct Legend {
    names: Vec<String>,
    rows: usize,
    /// Whether classes beyond the tenth have shapes of their own; the discs of a cloud have not.
    shapes: bool,
    column_width: f64,
    colours: Vec<colour::Rgb>,
}

impl Legend {
    pub(crate) fn of(classes: &[String], height: f64, shapes: bool) -> Self {
        let colours = colour::of_classes(classes.len());
        let mut names: Vec<String> = classes
            .iter()
            .take(MOST)
            .map(|name| font::fit(name, SIZE, LONGEST_NAME))
            .collect();
        if let Some(more) = classes.len().checked_sub(MOST).filter(|more| *more > 0) {
            names.push(format!("and {more} more"));
        }
        let widest = names
            .iter()
            .map(|name| font::width(name, SIZE))
            .fold(0.0, f64::max);
        let most = ((height / PITCH) as usize).max(1);
        let columns = names.len().div_ceil(most).max(1);
        Self {
            rows: names.len().div_ceil(columns).max(1),
            colours,
            names,
            shapes,
            column_width: MARK_ROOM + widest.ceil() + COLUMN_GAP,
        }
    }

    /// Width beside the plot; 0 without classes.
    pub(crate) fn width(&self) -> f64 {
        match self.names.len() {
            0 => 0.0,
            count => count.div_ceil(self.rows) as f64 * self.column_width,
        }
    }

    pub(crate) fn draw(&self, svg: &mut Svg, (left, top): (f64, f64)) {
        for (class, name) in self.names.iter().enumerate() {
            let x = left + (class / self.rows) as f64 * self.column_width;
            let y = top + ((class % self.rows) as f64 + 0.5) * PITCH;
            let shape = if self.shapes { class } else { 0 };
            let colour = colour::hex(self.colours[class]);
            if class < MOST {
                mark(svg, (x + 4.0, y), 4.0, shape, &colour, 1.0);
            }
            svg.text(
                (x + MARK_ROOM, y + 4.0),
                name,
                SIZE,
                SOFT_INK,
                Anchor::Start,
            );
        }
    }
}

/// The mark of a class: discs for the first ten, then squares, triangles and diamonds.
pub(crate) fn mark(
    svg: &mut Svg,
    (x, y): (f64, f64),
    radius: f64,
    class: usize,
    colour: &str,
    alpha: f64,
) {
    let look = match alpha {
        1.0 => format!(r#"fill="{colour}""#),
        alpha => format!(r#"fill="{colour}" fill-opacity="{alpha}""#),
    };
    let corners: &[(f64, f64)] = match class / theme::CLASSES.len() % 4 {
        0 => {
            let (x, y, radius) = (number(x), number(y), number(radius));
            return svg.raw(&format!(
                r#"<circle cx="{x}" cy="{y}" r="{radius}" {look}/>"#
            ));
        }
        1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2 => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        _ => &[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)],
    };
    let at = |(dx, dy): &(f64, f64)| pair((x + dx * radius, y + dy * radius));
    let corners: Vec<String> = corners.iter().map(at).collect();
    svg.raw(&format!(r#"<path d="M{}z" {look}/>"#, corners.join("L")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_has_an_end() {
        let names: Vec<String> = (0..2000).map(|second| second.to_string()).collect();
        let legend = Legend::of(&names, 400.0, true);
        assert_eq!(legend.names.len(), MOST + 1);
        assert_eq!(legend.names[MOST], "and 1936 more");
        assert!(legend.width() < 500.0, "{}", legend.width());
        assert_eq!(Legend::of(&names[..MOST], 400.0, true).names.len(), MOST);
    }
}
