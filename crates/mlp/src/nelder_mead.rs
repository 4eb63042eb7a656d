//! Nelder and Mead's simplex.

use crate::Ended;
use crate::evaluation_budget::Search;

/// A simplex whose corners differ by no more than this, in each variable and in value, has converged.
const TOLERANCE: f64 = 1e-4;

/// Moves a simplex of as many corners as there are variables, and one more, downhill by its values alone.
///
/// Each iteration replaces the highest corner by its reflection in the centre of the others, farther out or nearer by as much
/// as the value there suggests, or draws all corners to the lowest. For few variables, and for functions that are not smooth;
/// keeps (n + 1) n numbers.
/// Nelder and Mead, *A simplex method for function minimization*, Computer Journal 7 (1965), with the parameters for n variables
/// of Gao and Han, *Implementing the Nelder-Mead simplex algorithm with adaptive parameters*, Computational Optimization and
/// Applications 51 (2012).
pub(crate) fn nelder_mead(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    let mut simplex = Simplex::new(search, start)?;
    let factors = Factors::new(start.len());
    let mut trial = start.to_vec();
    while !simplex.is_small() {
        match simplex.step(search, &factors, &mut trial)? {
            Some(value) => simplex.replace_highest(&trial, value),
            None => simplex.shrink(search, factors.shrink)?,
        }
        let (value, at) = simplex.lowest();
        search.iterated(value, at)?;
    }
    Ok(Ended::Converged)
}

/// How far each move goes.
struct Factors {
    expand: f64,
    contract: f64,
    shrink: f64,
}

impl Factors {
    /// Gao and Han's factors; for two variables they are Nelder and Mead's.
    fn new(dimension: usize) -> Self {
        let n = dimension.max(2) as f64;
        Self {
            expand: 1.0 + 2.0 / n,
            contract: 0.75 - 1.0 / (2.0 * n),
            shrink: 1.0 - 1.0 / n,
        }
    }
}

struct Simplex {
    corners: Vec<Vec<f64>>,
    values: Vec<f64>,
    /// The corners from the lowest to the highest.
    order: Vec<usize>,
    /// The sum of all corners.
    sum: Vec<f64>,
    /// Moves until the sum is taken afresh, because its rounding errors add up.
    fresh: usize,
}

impl Simplex {
    /// Beside `start`, a corner a variable, 5 % farther from zero, or 0.00025 where it is zero.
    fn new(search: &mut Search<'_>, start: &[f64]) -> Result<Self, Ended> {
        let mut corners = vec![start.to_vec(); start.len() + 1];
        for (index, corner) in corners[1..].iter_mut().enumerate() {
            let x = &mut corner[index];
            *x = if *x == 0.0 { 0.00025 } else { 1.05 * *x };
        }
        let mut values = Vec::with_capacity(corners.len());
        for corner in &corners {
            values.push(height(search, corner)?);
        }
        if !values[0].is_finite() {
            return Err(Ended::NotFinite);
        }
        let order = (0..corners.len()).collect();
        let mut simplex = Self {
            corners,
            values,
            order,
            sum: start.to_vec(),
            fresh: 0,
        };
        simplex.order_all();
        Ok(simplex)
    }

    fn lowest(&self) -> (f64, &[f64]) {
        (self.values[self.order[0]], &self.corners[self.order[0]])
    }

    /// Values that are near each other are asked first: they cost nothing.
    fn is_small(&self) -> bool {
        let (value, lowest) = self.lowest();
        let near = |corner: &Vec<f64>| {
            corner
                .iter()
                .zip(lowest)
                .all(|(x, y)| (x - y).abs() <= TOLERANCE)
        };
        self.values[self.highest()] - value <= TOLERANCE && self.corners.iter().all(near)
    }

    fn highest(&self) -> usize {
        self.order[self.order.len() - 1]
    }

    /// Looks for a corner that is better than the highest: its value, and the corner in `trial`.
    fn step(
        &mut self,
        search: &mut Search<'_>,
        factors: &Factors,
        trial: &mut [f64],
    ) -> Result<Option<f64>, Ended> {
        let (lowest, highest) = (self.lowest().0, self.values[self.highest()]);
        let second = self.values[self.order[self.order.len() - 2]];
        self.reflect(-1.0, trial);
        let reflected = height(search, trial)?;
        if reflected < lowest {
            return self.expand(search, factors, reflected, trial).map(Some);
        }
        if reflected < second {
            return Ok(Some(reflected));
        }
        let side = if reflected < highest { -1.0 } else { 1.0 };
        self.reflect(side * factors.contract, trial);
        let contracted = height(search, trial)?;
        let better = if side < 0.0 {
            contracted <= reflected
        } else {
            contracted < highest
        };
        Ok(better.then_some(contracted))
    }

    /// The better of the reflected corner, which is in `trial`, and one farther out.
    fn expand(
        &self,
        search: &mut Search<'_>,
        factors: &Factors,
        reflected: f64,
        trial: &mut [f64],
    ) -> Result<f64, Ended> {
        self.reflect(-factors.expand, trial);
        let expanded = height(search, trial)?;
        if expanded < reflected {
            return Ok(expanded);
        }
        self.reflect(-1.0, trial);
        Ok(reflected)
    }

    /// Into `to`: from the centre of all corners but the highest, `factor` of the way to the highest.
    fn reflect(&self, factor: f64, to: &mut [f64]) {
        let highest = &self.corners[self.highest()];
        let others = (self.order.len() - 1) as f64;
        for ((to, sum), high) in to.iter_mut().zip(&self.sum).zip(highest) {
            let centre = (sum - high) / others;
            *to = centre + factor * (high - centre);
        }
    }

    fn replace_highest(&mut self, corner: &[f64], value: f64) {
        let index = self.highest();
        let old = &mut self.corners[index];
        for ((sum, old), new) in self.sum.iter_mut().zip(old.iter_mut()).zip(corner) {
            *sum += new - *old;
            *old = *new;
        }
        self.values[index] = value;
        self.order.pop();
        let place = self
            .order
            .partition_point(|other| self.values[*other] <= value);
        self.order.insert(place, index);
        self.fresh -= 1;
        if self.fresh == 0 {
            self.add_up();
        }
    }

    /// Draws all corners nearer to the lowest.
    fn shrink(&mut self, search: &mut Search<'_>, factor: f64) -> Result<(), Ended> {
        let lowest = self.corners[self.order[0]].clone();
        for index in self.order[1..].iter().copied() {
            for (x, low) in self.corners[index].iter_mut().zip(&lowest) {
                *x = low + factor * (*x - low);
            }
            self.values[index] = height(search, &self.corners[index])?;
        }
        self.order_all();
        Ok(())
    }

    /// Orders the corners after all of them have moved.
    fn order_all(&mut self) {
        self.order
            .sort_by(|a, b| self.values[*a].total_cmp(&self.values[*b]));
        self.add_up();
    }

    fn add_up(&mut self) {
        self.sum.fill(0.0);
        for corner in &self.corners {
            for (sum, x) in self.sum.iter_mut().zip(corner) {
                *sum += x;
            }
        }
        self.fresh = self.corners.len();
    }
}

/// The value at a point; what is not a number counts as high.
fn height(search: &mut Search<'_>, at: &[f64]) -> Result<f64, Ended> {
    let value = search.value(at)?;
    Ok(if value.is_nan() { f64::INFINITY } else { value })
}
