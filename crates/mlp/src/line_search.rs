//! Steps along a direction that satisfy the strong Wolfe conditions.
//!
//! J. J. Moré and D. J. Thuente, Line search algorithms with guaranteed sufficient decrease, ACM Transactions on Mathematical
//! Software 20 (1994); the constants are MINPACK-2's. It needs values and gradients, and a direction downhill.
//!
//! Two things are added. Where a value is no finite number, the step is cut. Where the values differ by no more than rounding,
//! the slope alone decides (the approximate Wolfe conditions of W. W. Hager and H. Zhang, SIAM Journal on Optimization 16, 2005).
//!
//! With φ(α) = f(x + α d) along the direction d, the conditions are
//!
//! ```text
//!   φ(α) <= φ(0) + μ α φ'(0)      sufficient decrease, μ = `Wolfe::decrease`
//!   |φ'(α)| <= η |φ'(0)|          curvature,           η = `Wolfe::curvature`
//! ```
//!
//! Nocedal and Wright have them as (3.7), and a simpler search of the same outline as Algorithms 3.5 (steps grow until an interval
//! holds a good one: here as long as a `Bracket` is not closed) and 3.6 (zoom: the interval shrinks).

use crate::Ended;
use crate::brent::{Place, bracket, brent, look};
use crate::evaluation_budget::Search;
use crate::vector::{dot, largest, sum};

/// A point, its value and its gradient.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) at: Vec<f64>,
    pub(crate) loss: f64,
    pub(crate) gradient: Vec<f64>,
}

impl Point {
    pub(crate) fn new(at: &[f64]) -> Self {
        Self {
            at: at.to_vec(),
            loss: f64::INFINITY,
            gradient: vec![0.0; at.len()],
        }
    }

    /// Evaluates value and gradient.
    pub(crate) fn evaluate(&mut self, search: &mut Search<'_>) -> Result<(), Ended> {
        self.loss = search.gradient(&self.at, &mut self.gradient)?;
        Ok(())
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.loss.is_finite() && largest(&self.gradient).is_finite()
    }
}

/// When a step is good enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wolfe {
    /// The part of the decrease that the first slope promises which has to come true.
    pub(crate) decrease: f64,
    /// The part of the first slope that may be left.
    pub(crate) curvature: f64,
}

/// Evaluations of one line search, at most.
const MOST_TRIALS: usize = 30;
/// How narrow an interval becomes, relative to its end.
const NARROWEST: f64 = 1e-14;
/// How a step grows without a bracket: between these times the distance between the last two.
const GROWTH: (f64, f64) = (1.1, 4.0);
/// Evaluations for a gradient above which a line is searched by values alone, and how closely.
const LINE: usize = 50;
const TOLERANCE: f64 = 0.05;
/// Differences of values under this part of the value are rounding.
const ROUNDING: f64 = 1e-14;

/// A step length with the value and the slope there.
#[derive(Clone, Copy, Debug)]
struct Trial {
    length: f64,
    value: f64,
    slope: f64,
}

/// Goes from `from` along `direction`, a step of `first` at first, to the point `to`; says whether any step goes down.
pub(crate) fn line_search(
    search: &mut Search<'_>,
    wolfe: &Wolfe,
    from: &Point,
    direction: &[f64],
    first: f64,
    to: &mut Point,
) -> Result<bool, Ended> {
    if search.gradient_cost() > LINE {
        return by_values(search, from, direction, first, to);
    }
    let start = Trial {
        length: 0.0,
        value: from.loss,
        slope: dot(&from.gradient, direction),
    };
    // Not downhill, so neither condition can be asked for: the caller starts anew with the steepest descent.
    if start.slope.is_nan() || start.slope >= 0.0 {
        return Ok(false);
    }
    let mut bracket = Bracket::new(start);
    let mut length = first;
    for _ in 0..MOST_TRIALS {
        let trial = evaluate(search, from, direction, length, to)?;
        if !(trial.value.is_finite() && trial.slope.is_finite()) {
            length = bracket.cut(length);
            continue;
        }
        if is_good(wolfe, &start, &trial) {
            return Ok(true);
        }
        match bracket.next(wolfe, trial) {
            Some(next) => length = next,
            None => break,
        }
    }
    // The best step goes down, if less than asked.
    let best = bracket.best;
    if best.value < start.value {
        // The last trial need not be the best one, and `to` is where the caller goes.
        if to.loss != best.value {
            evaluate(search, from, direction, best.length, to)?;
        }
        return Ok(true);
    }
    Ok(false)
}

/// Searches the line by values alone, close to the lowest place of the line: where a gradient is made of thousands of differences, a few
/// values more are nothing beside it.
fn by_values(
    search: &mut Search<'_>,
    from: &Point,
    direction: &[f64],
    first: f64,
    to: &mut Point,
) -> Result<bool, Ended> {
    let mut line = |length: f64| {
        sum(&mut to.at, &from.at, length, direction);
        search.value(&to.at)
    };
    let here = Place {
        at: 0.0,
        value: from.loss,
    };
    let there = look(&mut line, first)?;
    let found = bracket(&mut line, here, there)?;
    let lowest = brent(&mut line, found, TOLERANCE, 0.0)?;
    if lowest.value >= from.loss {
        return Ok(false);
    }
    sum(&mut to.at, &from.at, lowest.at, direction);
    to.evaluate(search)?;
    Ok(true)
}

fn evaluate(
    search: &mut Search<'_>,
    from: &Point,
    direction: &[f64],
    length: f64,
    to: &mut Point,
) -> Result<Trial, Ended> {
    sum(&mut to.at, &from.at, length, direction);
    to.evaluate(search)?;
    Ok(Trial {
        length,
        value: to.loss,
        slope: dot(&to.gradient, direction),
    })
}

/// The strong Wolfe conditions, or the approximate ones where values are equal but for rounding.
fn is_good(wolfe: &Wolfe, start: &Trial, trial: &Trial) -> bool {
    let promised = start.value + wolfe.decrease * trial.length * start.slope;
    let is_flat = trial.slope.abs() <= wolfe.curvature * start.slope.abs();
    let is_equal = (trial.value - start.value).abs() <= ROUNDING * start.value.abs();
    // Hager and Zhang: on a parabola (2 μ - 1) φ'(0) >= φ'(α) says the same as sufficient decrease, but slopes keep their digits where
    // values no longer differ.
    let is_lower = trial.slope <= (2.0 * wolfe.decrease - 1.0) * start.slope;
    is_flat && (trial.value <= promised || is_equal && is_lower)
}

/// The interval in which a good step lies.
struct Bracket {
    start: Trial,
    /// The end with the lowest value.
    best: Trial,
    /// The other end.
    other: Trial,
    is_closed: bool,
    /// Whether the function less its promised decrease is the one that is lowered (the first stage of the paper).
    is_first_stage: bool,
    width: f64,
    width_before: f64,
    /// A length at which the value was no finite number.
    ceiling: f64,
}

impl Bracket {
    fn new(start: Trial) -> Self {
        Self {
            start,
            best: start,
            other: start,
            is_closed: false,
            is_first_stage: true,
            width: f64::INFINITY,
            width_before: f64::INFINITY,
            ceiling: f64::INFINITY,
        }
    }

    /// A shorter step than one that left the domain.
    fn cut(&mut self, length: f64) -> f64 {
        self.ceiling = length;
        self.best.length + 0.1 * (length - self.best.length)
    }

    /// Takes a trial in; gives the length of the next one, or none where there is nothing between the ends any more.
    fn next(&mut self, wolfe: &Wolfe, trial: Trial) -> Option<f64> {
        // Moré and Thuente's auxiliary function is ψ(α) = φ(α) - φ(0) - μ φ'(0) α, which is at most 0 where the decrease is sufficient.
        // Stage one looks for a step with ψ <= 0 and φ' >= 0 by minimising ψ, stage two minimises φ.
        let promise = wolfe.decrease * self.start.slope;
        let promised = self.start.value + trial.length * promise;
        if self.is_first_stage && trial.value <= promised && trial.slope >= 0.0 {
            self.is_first_stage = false;
        }
        let next =
            if self.is_first_stage && trial.value <= self.best.value && trial.value > promised {
                // ψ only differs from φ by a straight line (and a constant, which moves no minimum): values and slopes are tilted,
                // and afterwards tilted back. As in `dcsrch`, only while the trial is lower in φ, but not enough.
                self.tilt(-promise);
                let next = self.update(trial.tilted(-promise));
                self.tilt(promise);
                next
            } else {
                self.update(trial)
            };
        let next = self.safe(next);
        let (low, high) = self.ends();
        let is_narrow = self.is_closed && high - low <= NARROWEST * high;
        (!is_narrow && next.is_finite() && next > 0.0).then_some(next)
    }

    fn tilt(&mut self, slope: f64) {
        self.best = self.best.tilted(slope);
        self.other = self.other.tilted(slope);
    }

    fn ends(&self) -> (f64, f64) {
        let (a, b) = (self.best.length, self.other.length);
        (a.min(b), a.max(b))
    }

    /// Bisects where the interval hardly shrinks, and stays inside of the domain.
    fn safe(&mut self, next: f64) -> f64 {
        if self.is_closed {
            let width = (self.other.length - self.best.length).abs();
            // Two updates must shrink the interval to two thirds; interpolation can creep along from one end for long.
            let is_slow = width >= 0.66 * self.width_before;
            self.width_before = self.width;
            self.width = width;
            if is_slow {
                return 0.5 * (self.best.length + self.other.length);
            }
        }
        if next >= self.ceiling {
            return 0.5 * (self.best.length + self.ceiling);
        }
        next
    }

    /// The next length by cubic and quadratic interpolation, and the smaller interval (`dcstep` of the paper).
    fn update(&mut self, trial: Trial) -> f64 {
        // Section 4 of the paper, cases 1 to 4: higher; lower beyond the minimum; lower and flatter; lower and steeper. The trial
        // is its t, the better end its l, the other end its u. Slopes of two signs have a minimum between them, on whichever side
        // of l the trial lies: case 2.
        let best = self.best;
        let is_higher = trial.value > best.value;
        let is_beyond = trial.slope * best.slope < 0.0;
        let closes = is_higher || is_beyond;
        let next = if is_higher {
            self.case_higher(&trial)
        } else if is_beyond {
            self.case_beyond(&trial)
        } else if trial.slope.abs() <= best.slope.abs() {
            self.case_flatter(&trial)
        } else {
            self.case_steeper(&trial)
        };
        // The updating algorithm of the paper. U1 (case 1): l stays, u becomes t. U2 (cases 3 and 4): l becomes t. U3 (case 2): u
        // becomes l, l becomes t. So l is the lowest of all.
        if is_higher {
            self.other = trial;
        } else {
            if is_beyond {
                self.other = best;
            }
            self.best = trial;
        }
        self.is_closed |= closes;
        next
    }

    /// A higher value: the minimum lies between.
    fn case_higher(&self, trial: &Trial) -> f64 {
        let best = &self.best;
        let cubic = cubic(best, trial);
        let width = trial.length - best.length;
        let quadratic = best.length
            + 0.5 * width * best.slope / ((best.value - trial.value) / width + best.slope);
        // The cubic through both values and slopes where it is closer to l, else half way to the parabola through φ(l), φ'(l), φ(t):
        // t may be far up, and then the parabola lies too close to l.
        if (cubic - best.length).abs() < (quadratic - best.length).abs() {
            cubic
        } else {
            0.5 * (cubic + quadratic)
        }
    }

    /// A lower value and a slope of the other sign: the minimum lies between.
    fn case_beyond(&self, trial: &Trial) -> f64 {
        let (cubic, secant) = (cubic(&self.best, trial), secant(&self.best, trial));
        // Case 2 of the paper takes the one that is farther from t.
        let is_farther = (cubic - trial.length).abs() > (secant - trial.length).abs();
        if is_farther { cubic } else { secant }
    }

    /// A lower value and a flatter slope of the same sign: the minimum lies beyond.
    fn case_flatter(&self, trial: &Trial) -> f64 {
        let (best, farthest) = (&self.best, self.farthest(trial));
        let cubic = match cubic_beyond(best, trial) {
            Some(length) => length,
            None => farthest,
        };
        // The cubic may have no minimum beyond t, or bend the other way: then the farthest step allowed stands for it.
        let secant = secant(best, trial);
        let is_closer = (cubic - trial.length).abs() < (secant - trial.length).abs();
        if self.is_closed {
            let next = if is_closer { cubic } else { secant };
            // Not quite to u, so that the interval shrinks from this side, too.
            let limit = trial.length + 0.66 * (self.other.length - trial.length);
            if trial.length > best.length {
                next.min(limit)
            } else {
                next.max(limit)
            }
        } else {
            let next = if is_closer { secant } else { cubic };
            let nearest = trial.length + GROWTH.0 * (trial.length - best.length);
            next.clamp(nearest.min(farthest), nearest.max(farthest))
        }
    }

    /// A lower value and a steeper slope of the same sign.
    fn case_steeper(&self, trial: &Trial) -> f64 {
        if self.is_closed {
            cubic(&self.other, trial)
        } else {
            self.farthest(trial)
        }
    }

    fn farthest(&self, trial: &Trial) -> f64 {
        trial.length + GROWTH.1 * (trial.length - self.best.length)
    }
}

impl Trial {
    /// This trial of a function to which a straight line of this slope is added.
    fn tilted(self, slope: f64) -> Self {
        Self {
            value: self.value + slope * self.length,
            slope: self.slope + slope,
            ..self
        }
    }
}

/// The cubic through two trials: (θ, γ² of the paper's appendix, both over a scale; the scale).
fn cubic_parts(a: &Trial, b: &Trial) -> (f64, f64, f64) {
    let theta = 3.0 * (a.value - b.value) / (b.length - a.length) + a.slope + b.slope;
    let scale = theta.abs().max(a.slope.abs()).max(b.slope.abs());
    let theta = theta / scale;
    (
        theta,
        theta * theta - a.slope / scale * (b.slope / scale),
        scale,
    )
}

/// The minimum of the cubic through two trials.
fn cubic(a: &Trial, b: &Trial) -> f64 {
    let (theta, square, scale) = cubic_parts(a, b);
    let gamma = square.max(0.0).sqrt().copysign(b.length - a.length);
    let (p, q) = (
        gamma - a.slope / scale + theta,
        2.0 * gamma + (b.slope - a.slope) / scale,
    );
    a.length + p / q * (b.length - a.length)
}

/// The minimum of that cubic beyond `b`, where there is one.
fn cubic_beyond(a: &Trial, b: &Trial) -> Option<f64> {
    let (theta, square, scale) = cubic_parts(a, b);
    let gamma = square.max(0.0).sqrt().copysign(b.length - a.length);
    let (p, q) = (
        gamma - b.slope / scale + theta,
        2.0 * gamma + (a.slope - b.slope) / scale,
    );
    let r = p / q;
    (r < 0.0 && gamma != 0.0).then_some(b.length + r * (a.length - b.length))
}

/// Where a line through the slopes is zero.
fn secant(a: &Trial, b: &Trial) -> f64 {
    b.length + b.slope / (b.slope - a.slope) * (a.length - b.length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parabola (α - 0.6)², of which the minimum must stay between the ends.
    fn parabola(length: f64) -> Trial {
        Trial {
            length,
            value: (length - 0.6).powi(2),
            slope: 2.0 * (length - 0.6),
        }
    }

    #[test]
    fn a_trial_on_either_side_of_the_better_end_closes_around_the_minimum() {
        // From below and from above: the better end first, then the other one and the trial.
        for (best, other, trial) in [(0.4, 2.0, 0.7), (0.9, 0.0, 0.5)] {
            let mut bracket = Bracket::new(parabola(0.0));
            (bracket.best, bracket.other) = (parabola(best), parabola(other));
            bracket.is_closed = true;
            let next = bracket.update(parabola(trial));
            assert!((next - 0.6).abs() < 1e-12, "{next}");
            let (low, high) = bracket.ends();
            assert_eq!((low, high), (best.min(trial), best.max(trial)));
        }
    }
}
