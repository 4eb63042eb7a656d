//! BFGS: a quasi-Newton method with a dense estimate of the inverse Hessian.
//!
//! J. Nocedal and S. J. Wright, Numerical Optimization, 2nd edition (2006), chapter 6; the first estimate is the identity. It
//! needs gradients and half a matrix: 15 MB for 1,937 variables, which every iteration reads once.

use crate::Ended;
use crate::conjugate::steepest;
use crate::descent_direction_loop::follow_directions;
use crate::evaluation_budget::Search;
use crate::line_search::Wolfe;
use crate::symmetric_matrix::Symmetric;
use crate::vector::{add, dot, norm, scale, sum};

const WOLFE: Wolfe = Wolfe {
    decrease: 1e-4,
    curvature: 0.9,
};

pub(crate) fn bfgs(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    let zeros = || vec![0.0; start.len()];
    let mut inverse = Symmetric::new(start.len());
    let mut is_first = true;
    // The step, the change of the gradient over it, H times gradients and changes.
    let (mut s, mut y, mut hg, mut hy) = (zeros(), zeros(), zeros(), zeros());
    follow_directions(search, start, &WOLFE, |now, step, direction| {
        let Some(step) = step else {
            is_first = true;
            steepest(direction, &now.gradient);
            return 1.0 / norm(&now.gradient);
        };
        sum(&mut s, &now.at, -1.0, &step.from.at);
        sum(&mut y, &now.gradient, -1.0, &step.from.gradient);
        let (sy, yy) = (dot(&s, &y), dot(&y, &y));
        let curves = sy > f64::EPSILON * yy;
        if is_first {
            inverse.reset(1.0);
            steepest(direction, &step.from.gradient);
            is_first = false;
        }
        inverse.multiply(&now.gradient, &mut hg);
        if curves {
            // H y = H g - H g before, of which the direction is the second.
            sum(&mut hy, &hg, 1.0, direction);
            // H + s tᵀ + t sᵀ with t = ½ (1 + y·Hy / s·y) s / s·y - H y / s·y.
            let t = &mut hy;
            let factor = 0.5 * (1.0 + dot(&y, t) / sy) / sy;
            scale(t, -1.0 / sy);
            add(t, factor, &s);
            let (along_s, along_t) = (dot(&s, &now.gradient), dot(t, &now.gradient));
            add(&mut hg, along_t, &s);
            add(&mut hg, along_s, t);
            inverse.update(&s, t);
        }
        steepest(direction, &hg);
        1.0
    })
}
