//! Truncated Newton: Newton's equations solved by conjugate gradients, as far as a trust region goes.
//!
//! T. Steihaug, The conjugate gradient method and trust regions in large scale optimization, SIAM Journal on Numerical Analysis 20
//! (1983); S. G. Nash, Newton-type minimization via the Lanczos method, SIAM Journal on Numerical Analysis 21 (1984); for nets
//! J. Martens, Deep learning via Hessian-free optimization, ICML (2010). It needs gradients and nine vectors: a product with the
//! Hessian is a difference of two gradients, and counts as an evaluation with its gradient. Where the function curves downwards
//! the step goes to the end of the region, which is how it leaves saddles.
//!
//! In J. Nocedal and S. J. Wright, Numerical Optimization, 2nd edition (2006), the outer iteration is Algorithm 4.1 and the inner one
//! Algorithm 7.2, with f the function, g its gradient, B its Hessian, p the step and Δ the radius.

use crate::Ended;
use crate::evaluation_budget::Search;
use crate::line_search::Point;
use crate::vector::{add, dot, largest, norm, sum};

/// The first radius of the trust region, and the largest: longer steps drive the units of a net into saturation.
const FIRST: f64 = 1.0;
const LARGEST: f64 = 1.0;
/// The part of the gradient that the residual of Newton's equations may keep; less where the gradient is small.
const FORCING: f64 = 0.4;
/// Products with the Hessian for a step, at most.
const MOST: usize = 300;
/// The part of the predicted decrease below which a step is not taken, below which the region shrinks, above which it grows.
const TAKEN: f64 = 1e-4;
const POOR: f64 = 0.25;
const GOOD: f64 = 0.75;
/// The part of the predicted decrease above which twice the step is tried.
const BETTER: f64 = 1.1;
/// A region of this radius holds no step that a number can tell from none.
const LEAST: f64 = 1e-14;

pub(crate) fn truncated_newton(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    let mut now = Point::new(start);
    let (mut next, mut further) = (now.clone(), now.clone());
    let mut inner = Inner::new(start.len());
    let mut radius = FIRST;
    now.evaluate(search)?;
    if !now.is_finite() {
        return Ok(Ended::NotFinite);
    }
    while largest(&now.gradient) > search.tolerance() {
        // p by Algorithm 7.2.
        let step = inner.solve(search, &now, radius)?;
        sum(&mut next.at, &now.at, 1.0, &inner.step);
        next.evaluate(search)?;
        // ρ = (f(x) - f(x + p)) / (m(0) - m(p)), how much of what the model m promised came true (4.4).
        let part = if next.is_finite() {
            (now.loss - next.loss) / step.decrease
        } else {
            0.0
        };
        if part > BETTER {
            // The model says too little of this direction: where the Hessian is almost singular twice the step goes much lower.
            sum(&mut further.at, &now.at, 2.0, &inner.step);
            further.evaluate(search)?;
            if further.is_finite() && further.loss < next.loss {
                std::mem::swap(&mut next, &mut further);
            }
        }
        // Algorithm 4.1: a smaller region where the model was poor, a larger one where it was good and the region in its way. Smaller
        // than the step, not than the old radius: an inner step would otherwise be tried again as it was.
        if part < POOR {
            radius = POOR * norm(&inner.step);
        } else if part > GOOD && step.is_at_edge {
            radius = (2.0 * radius).min(LARGEST);
        }
        // Algorithm 4.1: x + p where ρ is above its η, else x again, with the smaller region.
        if part > TAKEN {
            std::mem::swap(&mut now, &mut next);
            search.iterated(now.loss, &now.at)?;
        } else if radius < LEAST {
            return Ok(Ended::Stalled);
        }
    }
    Ok(Ended::Converged)
}

/// What the quadratic model says of a step.
struct Step {
    /// How much lower it says the step ends.
    decrease: f64,
    /// Whether the region cut it short.
    is_at_edge: bool,
}

/// The inner iteration and its vectors.
struct Inner {
    step: Vec<f64>,
    residual: Vec<f64>,
    direction: Vec<f64>,
    product: Vec<f64>,
    beside: Vec<f64>,
}

impl Inner {
    fn new(dimension: usize) -> Self {
        let zeros = || vec![0.0; dimension];
        Self {
            step: zeros(),
            residual: zeros(),
            direction: zeros(),
            product: zeros(),
            beside: zeros(),
        }
    }

    /// The step within `radius` that solves Newton's equations as far as their residual asks for (Dembo and Steihaug 1983).
    fn solve(&mut self, search: &mut Search<'_>, now: &Point, radius: f64) -> Result<Step, Ended> {
        // Algorithm 7.2 with ε = min(0.4, √‖g‖) ‖g‖: rough far from a minimum, and close enough near to one that the outer iteration
        // converges superlinearly.
        let slope = norm(&now.gradient);
        let enough = slope * FORCING.min(slope.sqrt());
        // z = 0, r = g, d = -r.
        self.step.fill(0.0);
        self.residual.copy_from_slice(&now.gradient);
        sum(&mut self.direction, &self.step, -1.0, &self.residual);
        let mut square = slope * slope;
        let mut decrease = 0.0;
        for _ in 0..MOST {
            self.multiply(search, now)?;
            // d · B d, the τ at which z + τ d meets the edge, and α = r · r / d · B d.
            let curvature = dot(&self.direction, &self.product);
            let edge = self.edge(radius);
            let length = square / curvature;
            if curvature <= 0.0 || length >= edge {
                // -τ d · r - ½ τ² d · B d, where d · r = -r · r, for r is orthogonal to the directions before.
                decrease += edge * square - 0.5 * edge * edge * curvature;
                add(&mut self.step, edge, &self.direction);
                return Ok(Step {
                    decrease,
                    is_at_edge: true,
                });
            }
            // That with τ = α. Then z + α d, r + α B d, β = r · r / (r · r before), d = -r + β d.
            decrease += 0.5 * length * square;
            add(&mut self.step, length, &self.direction);
            add(&mut self.residual, length, &self.product);
            let next = dot(&self.residual, &self.residual);
            if next.sqrt() <= enough {
                break;
            }
            let part = next / square;
            for (d, r) in self.direction.iter_mut().zip(&self.residual) {
                *d = part * *d - r;
            }
            square = next;
        }
        Ok(Step {
            decrease,
            is_at_edge: false,
        })
    }

    /// product ← Hessian · direction.
    fn multiply(&mut self, search: &mut Search<'_>, now: &Point) -> Result<(), Ended> {
        // B d ≈ (g(x + ε d) - g(x)) / ε (7.10). The gradients have some 16 digits: with half of them for the difference, rounding and
        // curvature of g spoil about as many each.
        let apart = 2.0 * f64::EPSILON.sqrt() * (1.0 + norm(&now.at)) / norm(&self.direction);
        sum(&mut self.beside, &now.at, apart, &self.direction);
        search.gradient(&self.beside, &mut self.product)?;
        for (product, gradient) in self.product.iter_mut().zip(&now.gradient) {
            *product = (*product - gradient) / apart;
        }
        Ok(())
    }

    /// How often the direction fits between the step and the edge of the region.
    fn edge(&self, radius: f64) -> f64 {
        let (dd, sd) = (
            dot(&self.direction, &self.direction),
            dot(&self.step, &self.direction),
        );
        // The positive root τ of ‖s + τ d‖² = Δ²: τ² d · d + 2 τ s · d = Δ² - s · s. Rounding may put s just outside.
        let room = (radius * radius - dot(&self.step, &self.step)).max(0.0);
        ((sd * sd + dd * room).sqrt() - sd) / dd
    }
}
