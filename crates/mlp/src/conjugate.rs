//! Nonlinear conjugate gradients.
//!
//! Polak and Ribière's formula, not under zero: J. C. Gilbert and J. Nocedal, Global convergence properties of conjugate gradient
//! methods for optimization, SIAM Journal on Optimization 2 (1992). It starts anew where successive gradients are far from
//! orthogonal (M. J. D. Powell, Restart procedures for the conjugate gradient method, Mathematical Programming 12, 1977). It
//! needs gradients and three vectors.

use crate::Ended;
use crate::descent_direction_loop::follow_directions;
use crate::evaluation_budget::Search;
use crate::line_search::Wolfe;
use crate::vector::dot;

const WOLFE: Wolfe = Wolfe {
    decrease: 1e-4,
    curvature: 0.3,
};
/// The part of a gradient that may lie along the one before.
const OVERLAP: f64 = 0.2;

pub(crate) fn conjugate_gradient(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    follow_directions(search, start, &WOLFE, |now, step, direction| {
        let square = dot(&now.gradient, &now.gradient);
        let Some(step) = step else {
            steepest(direction, &now.gradient);
            return 1.0 / square.sqrt();
        };
        let before = &step.from.gradient;
        let overlap = dot(&now.gradient, before);
        let beta = ((square - overlap) / dot(before, before)).max(0.0);
        let mut slope = beta * dot(&now.gradient, direction) - square;
        if overlap.abs() > OVERLAP * square || slope >= 0.0 {
            slope = -square;
            steepest(direction, &now.gradient);
        } else {
            for (d, g) in direction.iter_mut().zip(&now.gradient) {
                *d = beta * *d - g;
            }
        }
        // As much lower as the last step went.
        let drop = 2.0 * (now.loss - step.from.loss) / slope;
        if drop > 0.0 { 1.01 * drop } else { 1.0 }
    })
}

/// direction ← -gradient.
pub(crate) fn steepest(direction: &mut [f64], gradient: &[f64]) {
    for (d, g) in direction.iter_mut().zip(gradient) {
        *d = -g;
    }
}
