//! Powell's direction set.

use crate::Ended;
use crate::brent::{Bracket, Place, around, bracket, brent, curvature, look};
use crate::evaluation_budget::Search;

/// A sweep along the axes that lowers the value by less than this part of it is the last one.
const TOLERANCE: f64 = 1e-8;
/// The part of a step to which a line search finds it.
const LINE_TOLERANCE: f64 = 1e-2;
/// The first step along an axis.
const STEP: f64 = 0.5;
/// The shortest next step along a line, as a part of the last one.
const SHORTER: f64 = 0.5;
/// The longest step that a remembered curvature is trusted for, as a multiple of the first one.
const REACH: f64 = 10.0;
/// What a step of a line search has to promise as a part of the going rate, once the directions become conjugate.
const EXACT: f64 = 0.1;
/// A direction is left out while it promises less than this part of what an evaluation brings elsewhere.
const POOR: f64 = 0.2;
/// The least promise of a direction after a search, as a part of [`POOR`]: it is tried again after four sweeps.
const LEAST_PROMISE: f64 = 1.0 / 16.0;

/// Minimises along one direction after the other, at first along the axes, the last one first; after each sweep also along the way
/// of the sweep, which takes the place of the direction that lowered the value most, unless that makes the set one-sided.
///
/// Needs values only, and a function that is smooth where it goes. Powell, *An efficient method for finding the minimum of a
/// function of several variables without calculating derivatives*, Computer Journal 7 (1964); which direction goes is chosen as
/// in Numerical Recipes (section 10.7).
///
/// Where there are thousands of directions, evaluations must not be wasted on those that do not matter yet. An evaluation has to
/// promise as much as evaluations have brought on average since the last sweep began (the going rate):
///
/// - a line search goes on as long as its parabola promises that much, and not at all where the first step hardly changes the
///   value; a direction that remembers its curvature needs only one step to know its parabola;
/// - a direction that promises less than a part of it, going by its last search, is left out; its promise doubles every sweep.
///
/// After half as many sweeps as there are variables the directions begin to be conjugate, which needs exact searches: from then on
/// none is left out. Where a sweep brings next to nothing, another one spends as much as digits allow, and after it one along the
/// axes: if that brings nothing either, the minimum is found.
///
/// The axes begin with the last because the variables that a function depends on most directly often come last: in a net the biases
/// of the last layer.
pub(crate) fn powell(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    // The numbers in brackets are the steps of Powell's modified procedure (1964); p₀ is `from`, pₙ is `descent.at` after the sweep,
    // f₁ = f(p₀) is `high`, f₂ = f(pₙ) is `low`, f₃ = f(2 pₙ - p₀) is `farther`, Δ is `drop` and m is `largest`.
    let mut descent = Descent::new(search, start)?;
    let mut directions = axes(start.len());
    loop {
        let (high, from) = (descent.value, descent.at.clone());
        // (i) A line search along each direction, and (ii) which of them lowered the value most, and by how much.
        let (largest, drop) = descent.sweep(&mut directions)?;
        let low = descent.value;
        if 2.0 * (high - low) <= TOLERANCE * (high.abs() + low.abs()) + 1e-20 {
            // A sweep that saved evaluations proves nothing by bringing nothing, nor does one along directions that may have become
            // dependent: only a thorough one along the axes, which span the space, ends the search.
            match descent.care {
                Care::Thrifty | Care::Exact => descent.care = Care::Thorough,
                Care::Thorough => {
                    descent.care = Care::Axes;
                    directions = axes(start.len());
                }
                Care::Axes => return Ok(Ended::Converged),
            }
            continue;
        }
        descent.care = descent.usual_care();
        // (iii) f₃, and at once the search of step (v). Powell searches along the way only where it becomes a direction; here it is
        // always done, as f₁, f₂ and f₃ lie on that line and are its first parabola.
        let mut way = Direction::way(&from, &descent.at);
        let farther = descent.extrapolate(&mut way, high)?;
        // (iv), (v) The way in place of direction m, or all directions as they were. As in Numerical Recipes the last direction takes
        // the empty place, where Powell moves all that follow up by one.
        if is_worth(high, low, farther, drop) {
            directions.swap_remove(largest);
            directions.push(way);
        }
    }
}

fn axes(dimension: usize) -> Vec<Direction> {
    let lines = (0..dimension).rev().map(Line::Axis);
    lines.map(|line| Direction::new(line, STEP)).collect()
}

/// Whether the way of a sweep from `high` to `low`, with the value `farther` as far again, shall be a direction, and that with the
/// largest drop none.
fn is_worth(high: f64, low: f64, farther: f64, drop: f64) -> bool {
    // (iv): 2 (f₁ - 2 f₂ + f₃) (f₁ - f₂ - Δ)² < Δ (f₁ - f₃)² and f₃ < f₁. On a quadratic this says 2 Δ > f₁ - 2 f₂ + f₃: the step along
    // m was longer than the way, both measured by curvature. Then the determinant of the directions, each scaled to unit
    // curvature, grows by the exchange, and Powell shows that it is greatest where all are conjugate.
    let curved = 2.0 * (high + farther - 2.0 * low) * (high - low - drop).powi(2);
    farther < high && curved < drop * (high - farther).powi(2)
}

enum Line {
    /// Along one variable.
    Axis(usize),
    /// Along all of them.
    Way(Vec<f64>),
}

/// A line, and what the last search along it taught.
struct Direction {
    line: Line,
    /// The first step of the next search: as long as the last one took, and to the same side.
    step: f64,
    /// The curvature; zero where it is not known, or not above zero.
    curvature: f64,
    /// The gain that an evaluation promises.
    promise: f64,
}

impl Direction {
    fn new(line: Line, step: f64) -> Self {
        Self {
            line,
            step,
            curvature: 0.0,
            promise: f64::INFINITY,
        }
    }

    fn way(from: &[f64], to: &[f64]) -> Self {
        let way = to.iter().zip(from).map(|(to, from)| to - from);
        Self::new(Line::Way(way.collect()), STEP)
    }

    /// Writes `from` and a step from there to `to`, which is like `from` off the line.
    fn go(&self, from: &[f64], step: f64, to: &mut [f64]) {
        match &self.line {
            Line::Axis(index) => to[*index] = from[*index] + step,
            Line::Way(way) => {
                for ((to, from), way) in to.iter_mut().zip(from).zip(way) {
                    *to = from + step * way;
                }
            }
        }
    }

    fn learn(&mut self, found: &Found) {
        // At most halved at a time: one short step does not forget a length that many searches have found.
        self.curvature = found.curvature;
        let shorter = SHORTER * self.step.abs();
        self.step = if found.lowest.at == 0.0 {
            shorter.copysign(found.downhill)
        } else {
            found.lowest.at.abs().max(shorter).copysign(found.lowest.at)
        };
    }
}

/// What a sweep spends on directions that promise little.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// Nothing.
    Thrifty,
    /// A step, and another one where it is promising.
    Exact,
    /// Everything that digits allow, because the last sweep brought next to nothing.
    Thorough,
    /// Everything that digits allow, along the axes.
    Axes,
}

/// Where a minimisation stands.
struct Descent<'a, 'b> {
    search: &'a mut Search<'b>,
    at: Vec<f64>,
    value: f64,
    /// Like `at`, but for the line that is searched.
    trial: Vec<f64>,
    /// Evaluations so far.
    spent: usize,
    /// The value, and the evaluations until then, where the last sweep began, and this one.
    began: [(f64, usize); 2],
    sweeps: usize,
    care: Care,
}

impl<'a, 'b> Descent<'a, 'b> {
    fn new(search: &'a mut Search<'b>, start: &[f64]) -> Result<Self, Ended> {
        let value = search.value(start)?;
        if !value.is_finite() {
            return Err(Ended::NotFinite);
        }
        Ok(Self {
            search,
            at: start.to_vec(),
            value,
            trial: start.to_vec(),
            spent: 1,
            began: [(value, 1); 2],
            sweeps: 0,
            care: Care::Thrifty,
        })
    }

    fn usual_care(&self) -> Care {
        if 2 * self.sweeps < self.at.len() {
            Care::Thrifty
        } else {
            Care::Exact
        }
    }

    /// What an evaluation has to promise: as much as it has brought since the last sweep began, or what digits allow.
    fn worth(&self) -> f64 {
        let (value, spent) = self.began[0];
        // Over the last sweep and this one: this alone would be a rate of few evaluations when it has just begun.
        let rate = (value - self.value) / (self.spent - spent).max(1) as f64;
        let least = 0.01 * TOLERANCE * self.value.abs() / self.at.len() as f64;
        match self.care {
            Care::Thrifty => rate.max(least),
            Care::Exact => (EXACT * rate).max(least),
            Care::Thorough | Care::Axes => least,
        }
    }

    /// Along all directions; the one that lowered the value most, and by how much.
    fn sweep(&mut self, directions: &mut [Direction]) -> Result<(usize, f64), Ended> {
        self.began = [self.began[1], (self.value, self.spent)];
        let (mut largest, mut drop) = (0, 0.0);
        for (index, direction) in directions.iter_mut().enumerate() {
            let poor = POOR * self.worth();
            if direction.promise < poor && self.care == Care::Thrifty {
                direction.promise *= 2.0;
                continue;
            }
            let (high, spent) = (self.value, self.spent);
            self.along(direction)?;
            let gain = high - self.value;
            // At least a sixteenth of what was asked for, so that four doublings bring it back: no direction is given up.
            direction.promise = (gain / (self.spent - spent) as f64).max(LEAST_PROMISE * poor);
            if gain > drop {
                (largest, drop) = (index, gain);
            }
        }
        self.sweeps += 1;
        self.search.iterated(self.value, &self.at)?;
        Ok((largest, drop))
    }

    /// To the minimum along a direction, or nearer to it.
    fn along(&mut self, direction: &mut Direction) -> Result<(), Ended> {
        let (here, worth) = (self.here(), self.worth());
        let mut line = |step| self.look(direction, step);
        let found = search_line(&mut line, here, direction.step, direction.curvature, worth)?;
        self.take(direction, found.lowest);
        direction.learn(&found);
        Ok(())
    }

    /// Along the way of a sweep from `high`; the value as far again.
    fn extrapolate(&mut self, way: &mut Direction, high: f64) -> Result<f64, Ended> {
        let (here, worth) = (self.here(), self.worth());
        let mut line = |step| self.look(way, step);
        // In multiples of pₙ - p₀: p₀ lies at -1, pₙ at 0 and 2 pₙ - p₀ at 1. Two of the three values are known already.
        let from = Place {
            at: -1.0,
            value: high,
        };
        let farther = look(&mut line, 1.0)?;
        let around = around(&mut line, [from, here, farther])?;
        let found = within(&mut line, around, worth)?;
        self.take(way, found.lowest);
        way.learn(&found);
        Ok(farther.value)
    }

    fn here(&self) -> Place {
        Place {
            at: 0.0,
            value: self.value,
        }
    }

    /// The value a step from here.
    fn look(&mut self, direction: &Direction, step: f64) -> Result<f64, Ended> {
        direction.go(&self.at, step, &mut self.trial);
        self.spent += 1;
        self.search.value(&self.trial)
    }

    fn take(&mut self, direction: &Direction, lowest: Place) {
        self.value = lowest.value;
        // Both become the new point, as `go` along an axis writes its one variable and takes the others to be right.
        direction.go(&self.at, lowest.at, &mut self.trial);
        self.at.copy_from_slice(&self.trial);
    }
}

/// What came of a line search.
struct Found {
    /// The lowest place, here or elsewhere.
    lowest: Place,
    /// The curvature; zero where it is not known, or not above zero.
    curvature: f64,
    /// Below zero where it goes down to that side.
    downhill: f64,
}

/// A line search that starts with `step` and ends where nothing is promised that is `worth` an evaluation.
fn search_line(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    here: Place,
    step: f64,
    curvature: f64,
    worth: f64,
) -> Result<Found, Ended> {
    let first = look(line, step)?;
    // Two values and a curvature make a parabola; without the curvature a line that hardly changes is not worth a third value.
    let rise = first.value - here.value;
    if curvature > 0.0 && rise.is_finite() {
        return curved(line, here, first, curvature, worth);
    }
    if rise.abs() < worth {
        return Ok(Found {
            lowest: lower(here, first),
            curvature: 0.0,
            downhill: -rise * step,
        });
    }
    let around = bracket(line, here, first)?;
    within(line, around, worth)
}

/// Goes on from two places where the curvature is known.
fn curved(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    here: Place,
    first: Place,
    known: f64,
    worth: f64,
) -> Result<Found, Ended> {
    // f(s) = f(0) + slope s + ½ known s², solved for the slope by f(first); the vertex lies at -slope / known. A remembered curvature
    // is that of another point, hence the reach.
    let slope = (first.value - here.value) / first.at - 0.5 * known * first.at;
    let reach = REACH * first.at.abs();
    let step = (-slope / known).clamp(-reach, reach);
    let promised = here.value + (slope + 0.5 * known * step) * step;
    let lowest = lower(here, first);
    if step == 0.0 || step == first.at || lowest.value - promised <= worth {
        return Ok(Found {
            lowest,
            curvature: known,
            downhill: -slope,
        });
    }
    // The parabola was a guess: with its vertex there are three values, of which a bracket is made.
    let second = look(line, step)?;
    let around = around(line, toward_lower([here, first, second]))?;
    within(line, around, worth)
}

/// Goes on within a bracket.
fn within(
    line: &mut impl FnMut(f64) -> Result<f64, Ended>,
    around: Bracket,
    worth: f64,
) -> Result<Found, Ended> {
    let Bracket {
        first,
        middle,
        last,
    } = around;
    let curvature = curvature([first, middle, last]);
    Ok(Found {
        lowest: brent(line, around, LINE_TOLERANCE, worth)?,
        curvature: if curvature.is_finite() {
            curvature.max(0.0)
        } else {
            0.0
        },
        downhill: lower(first, last).at - middle.at,
    })
}

fn lower(a: Place, b: Place) -> Place {
    if b.value < a.value { b } else { a }
}

/// In order along the line, or against it, such that the last is lower than the first.
fn toward_lower(mut places: [Place; 3]) -> [Place; 3] {
    places.sort_by(|p, q| p.at.total_cmp(&q.at));
    if places[0].value < places[2].value {
        places.reverse();
    }
    places
}
