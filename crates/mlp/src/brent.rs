//! Brent's search for a minimum along a line.

use crate::Ended;

/// A place on a line and the value there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) at: f64,
    pub(crate) value: f64,
}

/// Three places in order along the line, or against it, of which the middle one is no higher than the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bracket {
    pub(crate) first: Place,
    pub(crate) middle: Place,
    pub(crate) last: Place,
}

/// (3 - √5) / 2: the smaller part of the golden section.
const GOLDEN: f64 = 0.381_966_011_250_105_1;
/// How far a bracket grows at a time, as a multiple of its last part.
const GROWTH: f64 = 110.0;
/// How often a bracket grows, and how often it shrinks: far above what a finite line needs.
const STEPS: usize = 500;
/// The least step at a minimum at zero.
const LEAST: f64 = 1e-11;

/// The value of a line at a place; what is not a number counts as high.
pub(crate) fn look(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    at: f64,
) -> Result<Place, Ended> {
    let value = line(at)?;
    let value = if value.is_nan() { f64::INFINITY } else { value };
    Ok(Place { at, value })
}

/// Three places around a minimum, from two known ones.
///
/// # Errors
///
/// The errors of `line`.
pub(crate) fn bracket(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    mut a: Place,
    mut b: Place,
) -> Result<Bracket, Ended> {
    // Downhill is from a to b from here on.
    if a.value < b.value {
        std::mem::swap(&mut a, &mut b);
    }
    let c = look(line, golden_beyond(a, b))?;
    around(line, [a, b, c])
}

/// Three places around a minimum, from three in order, or in the other order, the last of them toward lower values.
///
/// Goes downhill by golden sections and by parabolas through the last three places, as `mnbrak` of Numerical Recipes does. On a
/// line that falls without end the bracket's last place is as far as it came.
///
/// # Errors
///
/// The errors of `line`.
pub(crate) fn around(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    [mut a, mut b, mut c]: [Place; 3],
) -> Result<Bracket, Ended> {
    // `mnbrak`: a, b, c lie in order and fall, until c no longer lies lower than b; then the minimum is between a and c.
    for _ in 0..STEPS {
        if c.value >= b.value || !c.at.is_finite() {
            break;
        }
        let mut d = look(line, beyond(a, b, c))?;
        if (b.at < d.at) == (d.at < c.at) {
            // Between the last two: with either of them it may be a bracket.
            if d.value < c.value {
                return Ok(Bracket {
                    first: b,
                    middle: d,
                    last: c,
                });
            }
            if d.value > b.value {
                return Ok(Bracket {
                    first: a,
                    middle: b,
                    last: d,
                });
            }
            // The values b, d, c still fall: the parabola was of no use.
            d = look(line, golden_beyond(b, c))?;
        }
        (a, b, c) = (b, c, d);
    }
    Ok(Bracket {
        first: a,
        middle: b,
        last: c,
    })
}

/// A place as far beyond `b` as the golden section of what lies before it.
fn golden_beyond(a: Place, b: Place) -> f64 {
    b.at + (1.0 - GOLDEN) / GOLDEN * (b.at - a.at)
}

/// Where to look next, after three places ever lower: the vertex of their parabola within limits.
fn beyond(a: Place, b: Place, c: Place) -> f64 {
    // The cases of `mnbrak`: between b and the limit the vertex is believed; beyond the limit it is cut off there; behind b, where
    // the parabola opens downwards, or where it is no number (both comparisons fail), a golden section it is.
    let limit = b.at + GROWTH * (c.at - b.at);
    let vertex = b.at + to_vertex(b, a, c);
    let (low, high) = (b.at.min(limit), b.at.max(limit));
    if vertex > low && vertex < high {
        vertex
    } else if (vertex - limit) * (limit - c.at) >= 0.0 {
        limit
    } else {
        golden_beyond(b, c)
    }
}

/// How far the vertex of the parabola through three places lies from `x`; not finite where there is none.
fn to_vertex(x: Place, v: Place, w: Place) -> f64 {
    // Brent's r, q and p / q, whose sign he keeps apart.
    let r = (x.at - w.at) * (x.value - v.value);
    let q = (x.at - v.at) * (x.value - w.value);
    ((x.at - w.at) * r - (x.at - v.at) * q) / (2.0 * (q - r))
}

/// The lowest place between the ends of a bracket, to a part `tolerance` of where it lies.
///
/// Golden sections, and wherever they converge well steps to the vertex of the parabola through the three lowest places, of
/// which the bracket gives the first. Needs a line that is continuous; finds one of its minima where it has several.
/// Brent, *Algorithms for Minimization without Derivatives* (1973), chapter 5.
///
/// # Errors
///
/// The errors of `line`.
pub(crate) fn brent(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    bracket: Bracket,
    tolerance: f64,
    worth: f64,
) -> Result<Place, Ended> {
    let mut lowest = Lowest::new(bracket);
    for _ in 0..STEPS {
        // Brent's tol = ε |x| + t: no place is looked at that is closer to x.
        let least = tolerance * lowest.x.at.abs() + LEAST;
        if worth > 0.0 && lowest.gain() <= worth {
            break;
        }
        let Some(at) = lowest.next(least) else {
            break;
        };
        lowest.note(look(line, at)?);
    }
    Ok(lowest.x)
}

/// What Brent's method remembers: a, b, x, w, v, d and e of his procedure `localmin`, in this order.
struct Lowest {
    /// The ends between which the minimum lies.
    low: f64,
    high: f64,
    /// The lowest place, the second lowest, and the one that was second lowest before it.
    x: Place,
    w: Place,
    v: Place,
    /// The last step and the one before it.
    step: f64,
    before: f64,
}

impl Lowest {
    fn new(
        Bracket {
            first,
            middle,
            last,
        }: Bracket,
    ) -> Self {
        // Brent begins with x = w = v at a golden section of (a, b); a bracket has three values to begin with, enough for a parabola.
        let (low, high) = (first.at.min(last.at), first.at.max(last.at));
        let (w, v) = if first.value < last.value {
            (first, last)
        } else {
            (last, first)
        };
        let step = high - low;
        Self {
            low,
            high,
            x: middle,
            w,
            v,
            step,
            before: step,
        }
    }

    /// What the parabola promises; infinite where there is none between the ends.
    fn gain(&self) -> f64 {
        let step = to_vertex(self.x, self.v, self.w);
        let at = self.x.at + step;
        if at > self.low && at < self.high {
            0.5 * curvature([self.x, self.v, self.w]) * step * step
        } else {
            f64::INFINITY
        }
    }

    /// Where to look next, at least `least` from the lowest place; nowhere if the ends are as near as that.
    fn next(&mut self, least: f64) -> Option<f64> {
        let x = self.x.at;
        let middle = 0.5 * (self.low + self.high);
        // Brent's end: both ends lie within 2 tol of x.
        if (x - middle).abs() <= 2.0 * least - 0.5 * (self.high - self.low) {
            return None;
        }
        let parabolic = to_vertex(self.x, self.v, self.w);
        // A parabolic step must stay between the ends and be shorter than half the step before the last one, so that steps which do
        // not converge end in golden sections. The one before the last, as one bad step is no reason to give up.
        let inside = x + parabolic > self.low && x + parabolic < self.high;
        let step =
            if self.before.abs() > least && inside && parabolic.abs() < 0.5 * self.before.abs() {
                self.before = self.step;
                // Not within 2 tol of an end, but tol from x toward the middle: as x lies near that end, the new place mostly
                // becomes the other one, and the search is over.
                let edge = (x + parabolic - self.low).min(self.high - x - parabolic);
                if edge < 2.0 * least {
                    least.copysign(middle - x)
                } else {
                    parabolic
                }
            } else {
                // Golden section of the longer part.
                self.before = if x >= middle {
                    self.low - x
                } else {
                    self.high - x
                };
                GOLDEN * self.before
            };
        self.step = step;
        Some(
            x + if step.abs() < least {
                least.copysign(step)
            } else {
                step
            },
        )
    }

    /// Takes a new place in.
    fn note(&mut self, u: Place) {
        // u is the new x, and the old x an end: the minimum lies on u's side of it.
        if u.value <= self.x.value {
            *(if u.at >= self.x.at {
                &mut self.low
            } else {
                &mut self.high
            }) = self.x.at;
            (self.v, self.w, self.x) = (self.w, self.x, u);
            return;
        }
        // x stays, and u becomes the end on its side; w and v are the second and third lowest, for the next parabola.
        *(if u.at < self.x.at {
            &mut self.low
        } else {
            &mut self.high
        }) = u.at;
        if u.value <= self.w.value {
            (self.v, self.w) = (self.w, u);
        } else if u.value <= self.v.value {
            self.v = u;
        }
    }
}

/// The curvature of the parabola through three places; not finite where there is none.
pub(crate) fn curvature([u, v, w]: [Place; 3]) -> f64 {
    let slope = |p: Place, q: Place| (p.value - q.value) / (p.at - q.at);
    2.0 * (slope(u, v) - slope(u, w)) / (v.at - w.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The minimum that is found from a bracket of `a` and `b`, and the evaluations that it took.
    fn minimum(f: fn(f64) -> f64, [a, b]: [f64; 2], tolerance: f64) -> (Place, usize) {
        let mut evaluations = 0;
        let mut line = |x| {
            evaluations += 1;
            Ok(f(x))
        };
        let mut search = || {
            let (a, b) = (look(&mut line, a)?, look(&mut line, b)?);
            let around = bracket(&mut line, a, b)?;
            brent(&mut line, around, tolerance, 0.0)
        };
        let found = search().expect("no limits");
        (found, evaluations)
    }

    /// From 0 and 1, in at most a fifth more evaluations than `scipy.optimize.brent` 1.17.1.
    fn check(f: fn(f64) -> f64, tolerance: f64, expect: f64, near: f64, scipy: usize) {
        let (found, evaluations) = minimum(f, [0.0, 1.0], tolerance);
        assert_eq!(found.value, f(found.at));
        assert!((found.at - expect).abs() <= near, "{found:?}");
        assert!(evaluations * 5 <= scipy * 6, "{evaluations} evaluations");
    }

    const QUARTIC: fn(f64) -> f64 = |x| (x - 1.0).powi(4) + x;
    const EXPONENTIAL: fn(f64) -> f64 = |x| x.exp() - 2.0 * x;
    const ANGLE: fn(f64) -> f64 = |x| (x - 0.3).abs();
    const WAVE: fn(f64) -> f64 = |x| x * x / 10.0 - x.sin();
    /// Where [`QUARTIC`] has its minimum: 1 - 4^(-1/3).
    const ROOT: f64 = 0.370_039_475_052_563_4;

    #[test]
    fn known_minima() {
        check(|x| (x - 2.0).powi(2), 1.48e-8, 2.0, 1e-8, 8);
        check(f64::cos, 1.48e-8, std::f64::consts::PI, 1e-7, 12);
        check(QUARTIC, 1.48e-8, ROOT, 1e-7, 15);
        check(EXPONENTIAL, 1.48e-8, std::f64::consts::LN_2, 1e-7, 13);
        check(ANGLE, 1.48e-8, 0.3, 1e-7, 28);
        check(WAVE, 1.48e-8, 1.306_440_008_369_511_3, 1e-7, 12);
    }

    #[test]
    fn loose_tolerances() {
        check(f64::cos, 1e-2, std::f64::consts::PI, 0.03, 9);
        check(QUARTIC, 1e-2, ROOT, 0.01, 11);
        check(EXPONENTIAL, 1e-2, std::f64::consts::LN_2, 0.01, 9);
        check(ANGLE, 1e-2, 0.3, 0.01, 13);
        check(WAVE, 1e-2, 1.306, 0.02, 8);
    }

    #[test]
    fn lines_without_end_and_holes() {
        for f in [
            |x: f64| -x,
            |_: f64| 1.0,
            |x: f64| (x - 0.2).ln(),
            |x: f64| 1.0 / x,
        ] {
            let (found, evaluations) = minimum(f, [0.25, 1.0], 1e-2);
            assert!(found.value <= f(0.25).min(f(1.0)), "{found:?}");
            assert!(evaluations < 1_000, "{evaluations} evaluations");
        }
    }
}
