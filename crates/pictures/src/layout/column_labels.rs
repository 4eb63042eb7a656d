//! Names under the columns of a plot: in lines where they fit, else slanted, else upright.

use crate::{
    export::svg::{Anchor, Svg},
    layout::{
        font,
        theme::{SOFT_INK, TICK},
    },
};

/// From the axis to the names.
const GAP: f64 = 7.0;
/// From one line of a name to the next.
const LINE: f64 = TICK + 2.0;
/// Between names that stand beside each other.
const BETWEEN: f64 = 8.0;
/// A longer name that is turned ends in an ellipsis.
const LONGEST: f64 = 220.0;
/// Slant in degrees.
const SLANT: f64 = 35.0;

/// How names are turned, so that none touches the next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Level,
    Slanted,
    Upright,
}

/// Names of equally wide columns.
#[derive(Debug)]
pub(crate) struct Across {
    /// The lines of each name; one line where names are turned.
    names: Vec<Vec<String>>,
    turn: Turn,
    pitch: f64,
}

impl Across {
    /// The names of columns that are `pitch` units wide.
    pub(crate) fn of(names: &[String], pitch: f64) -> Self {
        Self::within(names, pitch, LONGEST)
    }

    /// The names of columns that are `pitch` units wide; a name that is turned and longer than `longest` is cut.
    pub(crate) fn within(names: &[String], pitch: f64, longest: f64) -> Self {
        let room = pitch - BETWEEN;
        let lines = names.iter().map(|name| font::wrap(name, TICK, room));
        if let Some(names) = lines.collect() {
            let turn = Turn::Level;
            return Self { names, turn, pitch };
        }
        let apart = pitch * SLANT.to_radians().sin();
        // Of columns narrower than a line of text not all are named.
        let stride = (TICK / pitch).ceil().max(1.0) as usize;
        let shown = |(index, name): (usize, &String)| match index % stride {
            0 => vec![font::fit(name, TICK, longest)],
            _ => vec![String::new()],
        };
        Self {
            names: names.iter().enumerate().map(shown).collect(),
            turn: if apart >= LINE {
                Turn::Slanted
            } else {
                Turn::Upright
            },
            pitch,
        }
    }

    /// Columns at least this wide show all of these names in one line.
    pub(crate) fn level_pitch(names: &[String]) -> f64 {
        let widths = names.iter().map(|name| width(&font::visible(name)));
        widths.fold(0.0, f64::max) + BETWEEN
    }

    /// Height of the names with the gap over them; 0 where all are empty.
    pub(crate) fn height(&self) -> f64 {
        let widest = self.lines().map(|line| width(line)).fold(0.0, f64::max);
        if widest == 0.0 {
            return 0.0;
        }
        let (sine, cosine) = SLANT.to_radians().sin_cos();
        let most = self.names.iter().map(Vec::len).max().unwrap_or(0);
        GAP + match self.turn {
            Turn::Level => most as f64 * LINE,
            Turn::Slanted => widest * sine + LINE * cosine,
            Turn::Upright => widest,
        }
    }

    /// How far the names reach out at the left of the first column's edge.
    pub(crate) fn overhang(&self) -> f64 {
        if self.turn != Turn::Slanted {
            return 0.0;
        }
        let reach = |(index, line): (usize, &String)| {
            width(line) * SLANT.to_radians().cos() + TICK - (index as f64 + 0.5) * self.pitch
        };
        self.lines().enumerate().map(reach).fold(0.0, f64::max)
    }

    fn lines(&self) -> impl Iterator<Item = &String> {
        self.names.iter().flatten()
    }

    /// Draws the names under the columns of a plot whose lower left corner is here.
    pub(crate) fn draw(&self, svg: &mut Svg, (left, bottom): (f64, f64)) {
        for (index, lines) in self.names.iter().enumerate() {
            let x = left + (index as f64 + 0.5) * self.pitch;
            for (row, line) in lines.iter().enumerate() {
                let y = bottom + GAP;
                let end = Anchor::End;
                match self.turn {
                    Turn::Level => {
                        let at = (x, y + 0.75 * TICK + row as f64 * LINE);
                        svg.text(at, line, TICK, SOFT_INK, Anchor::Middle);
                    }
                    Turn::Slanted => {
                        let at = (x + 3.0, y + 0.7 * TICK);
                        svg.turned_text(at, -SLANT, line, TICK, SOFT_INK, end);
                    }
                    Turn::Upright => {
                        let at = (x + 0.36 * TICK, y);
                        svg.turned_text(at, -90.0, line, TICK, SOFT_INK, end);
                    }
                }
            }
        }
    }
}

fn width(text: &str) -> f64 {
    font::width(text, TICK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn names_turn_as_columns_grow_narrow() {
        let long = names(&["35-25-2-25-35", "b"]);
        let turn = |pitch: f64| Across::of(&long, pitch).turn;
        assert_eq!(
            [120.0, 60.0, 15.0].map(turn),
            [Turn::Level, Turn::Slanted, Turn::Upright]
        );
        assert_eq!(turn(Across::level_pitch(&long)), Turn::Level);
    }

    #[test]
    fn only_slanted_names_reach_out() {
        let long = names(&["35-25-2-25-35"]);
        assert_eq!(Across::of(&long, 120.0).overhang(), 0.0);
        let overhang = Across::of(&long, 60.0).overhang();
        let expected = width("35-25-2-25-35") * 35f64.to_radians().cos() + 11.0 - 30.0;
        assert!((overhang - expected).abs() < 1e-9, "{overhang}");
        assert_eq!(Across::of(&names(&["", ""]), 60.0).height(), 0.0);
    }
}
