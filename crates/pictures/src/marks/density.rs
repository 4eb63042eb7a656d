//! How densely points lie: counts in square cells, on a logarithmic scale.

use crate::{
    export::{
        raster::{self, Compression, Raster},
        svg::Svg,
    },
    layout::{axis::Frame, ticks},
    marks::{
        colour::{self, Rgb},
        colour_bar,
    },
};

/// Points counted in cells.
pub(crate) struct Density {
    columns: usize,
    rows: usize,
    /// Side of a cell, in SVG units.
    side: f64,
    /// Row-major from the upper left.
    counts: Vec<u32>,
}

/// Grey of the densest place behind marks of classes, whose colours must stay readable.
const DEEPEST_SHADE: f64 = 70.0;
const BAR_TITLE: &str = "points a cell";

impl Density {
    /// Counts points on the paper; the more points, the finer the cells.
    pub(crate) fn of(points: &[(f64, f64)], frame: &Frame) -> Self {
        let side = match points.len() {
            0..=30_000 => 5.0,
            30_001..=300_000 => 4.0,
            _ => 2.0,
        };
        let columns = (frame.width() / side).ceil().max(1.0) as usize;
        let rows = (frame.height() / side).ceil().max(1.0) as usize;
        let mut counts = vec![0; columns * rows];
        for (x, y) in points {
            // A point on the right or lower edge belongs to the last cell.
            let column = (((x - frame.left) / side).max(0.0) as usize).min(columns - 1);
            let row = (((y - frame.top) / side).max(0.0) as usize).min(rows - 1);
            counts[row * columns + column] += 1;
        }
        Self {
            columns,
            rows,
            side,
            counts,
        }
    }

    /// Points in the fullest cell.
    pub(crate) fn most(&self) -> u32 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// Draws the cells as sharp squares, empty ones left out.
    pub(crate) fn draw(&self, svg: &mut Svg, frame: &Frame) {
        let most = self.most();
        let pixel = |count: &u32| match *count {
            0 => [0; 4],
            count => opaque(colour::ramp(share(count, most))),
        };
        let bytes = self.counts.iter().flat_map(pixel).collect();
        self.image(svg, frame, bytes, true);
    }

    /// Draws the density as soft grey behind marks.
    pub(crate) fn shade(&self, svg: &mut Svg, frame: &Frame) {
        let smooth = self.smooth();
        let most = smooth.iter().copied().fold(0.0, f64::max);
        let pixel = |value: &f64| {
            let share = (1.0 + value).ln() / (1.0 + most).ln().max(1e-9);
            [0, 0, 0, (DEEPEST_SHADE * share).round() as u8]
        };
        self.image(svg, frame, smooth.iter().flat_map(pixel).collect(), false);
    }

    fn image(&self, svg: &mut Svg, frame: &Frame, bytes: Vec<u8>, sharp: bool) {
        let raster = Raster {
            width: self.columns as u32,
            height: self.rows as u32,
            channels: 4,
            bytes,
        };
        let size = (
            self.columns as f64 * self.side,
            self.rows as f64 * self.side,
        );
        // Encoding in memory fails for no plot.
        if let Ok(png) = raster::encode(&raster, Compression::Balanced) {
            svg.image((frame.left, frame.top), size, &png, sharp);
        }
    }

    /// Each count spread over its neighbours by binomial weights, in both directions; done three times.
    fn smooth(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.counts.iter().map(|count| f64::from(*count)).collect();
        for _ in 0..3 {
            let at = |index: usize, back: bool, step: usize, inside: bool| match (inside, back) {
                (false, _) => 0.0,
                (true, true) => values[index - step],
                (true, false) => values[index + step],
            };
            let across = |index: usize| {
                let column = index % self.columns;
                let left = at(index, true, 1, column > 0);
                let right = at(index, false, 1, column + 1 < self.columns);
                0.25 * left + 0.5 * values[index] + 0.25 * right
            };
            let level: Vec<f64> = (0..values.len()).map(across).collect();
            let down = |index: usize| {
                let above = index.checked_sub(self.columns).map_or(0.0, |i| level[i]);
                let below = level.get(index + self.columns).copied().unwrap_or(0.0);
                0.25 * above + 0.5 * level[index] + 0.25 * below
            };
            values = (0..level.len()).map(down).collect();
        }
        values
    }
}

/// Where a count stands between 1 and the greatest one, by their logarithms.
fn share(count: u32, most: u32) -> f64 {
    match most {
        0 | 1 => 0.5,
        most => f64::from(count).ln() / f64::from(most).ln(),
    }
}

fn opaque([red, green, blue]: Rgb) -> [u8; 4] {
    [red, green, blue, 255]
}

/// Room beside the plot for the scale.
pub(crate) fn scale_width() -> f64 {
    colour_bar::text_width(BAR_TITLE) + 12.0
}

/// Draws what the colours mean.
pub(crate) fn draw_scale(svg: &mut Svg, most: u32, at: (f64, f64)) {
    if most == 0 {
        return;
    }
    let mark = |(value, text): (u32, String)| (share(value, most), text);
    let marks: Vec<(f64, String)> = marks(most).into_iter().map(mark).collect();
    colour_bar::draw(svg, BAR_TITLE, &marks, colour::ramp, at, colour_bar::HEIGHT);
}

/// The whole numbers beside the scale: 1, the greatest count, and round ones well between.
fn marks(most: u32) -> Vec<(u32, String)> {
    let apart = |value: &u32| *value < most && (0.1..0.9).contains(&share(*value, most));
    let round = ticks::logarithmic(1.0, f64::from(most.max(2)), 6)
        .into_iter()
        .filter(|(value, _)| value.fract() == 0.0)
        .map(|(value, _)| value as u32);
    let mut values: Vec<u32> = round.filter(apart).collect();
    values.extend([1, most]);
    values.sort_unstable();
    values.dedup();
    let write = |value: u32| (value, ticks::short(f64::from(value)));
    values.into_iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        left: 10.0,
        top: 20.0,
        right: 30.0,
        bottom: 30.0,
    };

    #[test]
    fn points_are_counted_in_their_cells() {
        let points = [(10.0, 20.0), (14.9, 24.9), (15.0, 20.0), (30.0, 30.0)];
        let density = Density::of(&points, &FRAME);
        assert_eq!((density.columns, density.rows), (4, 2));
        assert_eq!(density.counts, [2, 1, 0, 0, 0, 0, 0, 1]);
        assert_eq!(density.most(), 2);
    }

    #[test]
    fn smoothing_keeps_the_sum_away_from_the_edges() {
        let wide = Frame {
            right: 110.0,
            bottom: 120.0,
            ..FRAME
        };
        let smooth = Density::of(&[(60.0, 70.0)], &wide).smooth();
        assert!((smooth.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Three binomial passes give the weight 20/64 in the middle, in each direction.
        let middle = smooth.iter().copied().fold(0.0, f64::max);
        assert!((middle - (20.0f64 / 64.0).powi(2)).abs() < 1e-12);
    }

    #[test]
    fn the_scale_is_logarithmic() {
        assert_eq!([1, 10, 100].map(|count| share(count, 100)), [0.0, 0.5, 1.0]);
        let texts = |most| marks(most).into_iter().map(|(_, text)| text);
        assert_eq!(texts(1).collect::<Vec<_>>(), ["1"]);
        assert_eq!(
            texts(120).collect::<Vec<_>>(),
            ["1", "3", "10", "30", "120"]
        );
    }
}
