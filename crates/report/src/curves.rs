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

impl Curve {
    /// The same with finite points alone, and of these and of the band at most so many, evenly spread from the first to the last: a page
    /// shows no more of a long run.
    #[must_use]
    pub fn thinned(mut self, most: usize) -> Self {
        self.points.retain(|(x, y)| x.is_finite() && y.is_finite());
        self.band
            .retain(|(x, low, high)| x.is_finite() && low.is_finite() && high.is_finite());
        self.points = evenly(self.points, most);
        self.band = evenly(self.band, most);
        self
    }
}

/// At most so many of these, evenly spread, the first and the last among them.
fn evenly<T: Copy>(values: Vec<T>, most: usize) -> Vec<T> {
    if values.len() <= most {
        return values;
    }
    let (last, steps) = (values.len() - 1, most.saturating_sub(1).max(1));
    let places = (0..most).map(|place| place * last / steps);
    places.map(|place| values[place]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: u32) -> Curve {
        let values = (0..count).map(f64::from);
        Curve {
            points: values.clone().map(|at| (at, -at)).collect(),
            band: values.map(|at| (at, -at, at)).collect(),
            ..Curve::default()
        }
    }

    #[test]
    fn points_and_bands_are_thinned_alike() {
        let thin = of(10).thinned(4);
        assert_eq!(
            thin.points,
            [(0.0, 0.0), (3.0, -3.0), (6.0, -6.0), (9.0, -9.0)]
        );
        let places: Vec<f64> = thin.band.iter().map(|(at, _, _)| *at).collect();
        assert_eq!(places, [0.0, 3.0, 6.0, 9.0]);
        let long = of(150_000).thinned(2000);
        assert_eq!((long.points.len(), long.band.len()), (2000, 2000));
        // A run that diverges does so at its end.
        assert_eq!(long.points.last(), Some(&(149_999.0, -149_999.0)));
    }

    #[test]
    fn few_points_stay_but_for_those_that_no_page_can_draw() {
        let mut curve = of(3);
        curve.points.push((3.0, f64::NAN));
        curve.band.push((3.0, 1.0, f64::INFINITY));
        let thin = curve.thinned(4);
        assert_eq!((thin.points, thin.band), (of(3).points, of(3).band));
    }
}
