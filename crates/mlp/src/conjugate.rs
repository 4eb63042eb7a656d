//! Nonlinear conjugate gradients.
//!
//! Polak and Ribière's formula, not under zero: J. C. Gilbert and J. Nocedal, Global convergence properties of conjugate gradient
//! methods for optimization, SIAM Journal on Optimization 2 (1992). It starts anew where successive gradients are far from
//! orthogonal (M. J. D. Powell, Restart procedures for the conjugate gradient method, Mathematical Programming 12, 1977). It
//! needs gradients and three vectors.

use crate::Ended;
use crate::line_search::Wolfe;
use crate::search::Search;
use crate::vector::dot;
use crate::walk::walk;

const WOLFE: Wolfe = Wolfe {
    decrease: 1e-4,
    curvature: 0.4,
};

pub(crate) fn conjugate_gradient(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    walk(search, start, &WOLFE, |_, now, step, direction| {
        let square = dot(&now.gradient, &now.gradient);
        let Some(step) = step else {
            steepest(direction, &now.gradient);
            return Ok(1.0 / square.sqrt());
        };
        let before = &step.from.gradient;
        let slope_before = dot(before, direction);
        let common = dot(&now.gradient, before);
        let mut beta = ((square - common) / dot(before, before)).max(0.0);
        if common.abs() > 0.9 * square {
            beta = 0.0;
        }
        for (d, g) in direction.iter_mut().zip(&now.gradient) {
            *d = beta * *d - g;
        }
        let mut slope = dot(&now.gradient, direction);
        if slope >= 0.0 {
            steepest(direction, &now.gradient);
            slope = -square;
        }
        // As far down as the step before.
        let _ = slope_before;
        let drop = 2.02 * (now.loss - step.from.loss) / slope;
        Ok(if drop > 0.0 { drop.min(1.0) } else { 1.0 })
    })
}

/// direction ← -gradient.
pub(crate) fn steepest(direction: &mut [f64], gradient: &[f64]) {
    for (d, g) in direction.iter_mut().zip(gradient) {
        *d = -g;
    }
}
