//! BFGS with the last few steps in place of a matrix.
//!
//! D. C. Liu and J. Nocedal, On the limited memory BFGS method for large scale optimization, Mathematical Programming 45 (1989).
//! The method needs gradients and twice [`MEMORY`] vectors.

use crate::Ended;
use crate::conjugate::steepest;
use crate::descent_direction_loop::{Step, follow_directions};
use crate::evaluation_budget::Search;
use crate::line_search::{Point, Wolfe};
use crate::vector::{add, dot, norm, scale, sum};

/// Steps that are remembered.
const MEMORY: usize = 10;

const WOLFE: Wolfe = Wolfe {
    decrease: 1e-4,
    curvature: 0.9,
};

pub(crate) fn lbfgs(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    let mut memory = Memory::new(start.len());
    follow_directions(search, start, &WOLFE, |now, step, direction| {
        let Some(step) = step else {
            memory.forget();
            steepest(direction, &now.gradient);
            return 1.0 / norm(&now.gradient);
        };
        memory.learn(now, &step);
        steepest(direction, &now.gradient);
        memory.apply(direction);
        1.0
    })
}

/// A step s and the change y of the gradient over it.
struct Pair {
    s: Vec<f64>,
    y: Vec<f64>,
    /// s · y.
    sy: f64,
    /// What the first of the two loops leaves for the second.
    alpha: f64,
}

/// The last steps, the oldest first.
struct Memory {
    pairs: std::collections::VecDeque<Pair>,
    spare: Vec<Pair>,
    /// s · y / y · y of the last step.
    scale: f64,
}

impl Memory {
    fn new(dimension: usize) -> Self {
        let pair = || Pair {
            s: vec![0.0; dimension],
            y: vec![0.0; dimension],
            sy: 0.0,
            alpha: 0.0,
        };

        Self {
            pairs: std::collections::VecDeque::with_capacity(MEMORY),
            spare: (0..MEMORY).map(|_| pair()).collect(),
            scale: 1.0,
        }
    }

    fn forget(&mut self) {
        self.spare.extend(self.pairs.drain(..));
    }

    fn learn(&mut self, now: &Point, step: &Step<'_>) {
        let Some(mut pair) = self.spare.pop().or_else(|| self.pairs.pop_front()) else {
            return;
        };
        sum(&mut pair.s, &now.at, -1.0, &step.from.at);
        sum(&mut pair.y, &now.gradient, -1.0, &step.from.gradient);
        pair.sy = dot(&pair.s, &pair.y);
        let yy = dot(&pair.y, &pair.y);
        // Without positive curvature there is nothing to learn.
        if pair.sy <= f64::EPSILON * yy {
            self.spare.push(pair);
            return;
        }
        self.scale = pair.sy / yy;
        self.pairs.push_back(pair);
    }

    /// vector ← H vector.
    fn apply(&mut self, vector: &mut [f64]) {
        for pair in self.pairs.iter_mut().rev() {
            pair.alpha = dot(&pair.s, vector) / pair.sy;
            add(vector, -pair.alpha, &pair.y);
        }
        scale(vector, self.scale);
        for pair in &self.pairs {
            let beta = dot(&pair.y, vector) / pair.sy;
            add(vector, pair.alpha - beta, &pair.s);
        }
    }
}
