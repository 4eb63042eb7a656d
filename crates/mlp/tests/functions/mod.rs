//! Functions with a known minimum of zero, on which minimisers are compared.

use espejo_mlp::Objective;

/// Writes the gradient at a point, and gives the value there.
type Evaluate = fn(&[f64], &mut [f64]) -> f64;

/// A test function: its start, its minimum, what it computes.
#[derive(Clone)]
pub struct Function {
    /// The name of the function in `tests/reference/minimizers.json`.
    pub name: &'static str,
    /// Where minimisations start.
    pub start: Vec<f64>,
    /// Where the function is zero.
    pub minimum: Vec<f64>,
    evaluate: Evaluate,
    scratch: Vec<f64>,
}

impl Function {
    fn new(name: &'static str, start: &[f64], minimum: &[f64], evaluate: Evaluate) -> Self {
        Self {
            name,
            start: start.to_vec(),
            minimum: minimum.to_vec(),
            evaluate,
            scratch: vec![0.0; start.len()],
        }
    }
}

impl Objective for Function {
    fn dimension(&self) -> usize {
        self.start.len()
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        (self.evaluate)(at, &mut self.scratch)
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        (self.evaluate)(at, gradient)
    }
}

/// All of them.
pub fn functions() -> Vec<Function> {
    let long: Vec<f64> = [-1.2, 1.0].repeat(5);
    vec![
        Function::new("rosenbrock-2", &[-1.2, 1.0], &[1.0; 2], rosenbrock),
        Function::new("rosenbrock-10", &long, &[1.0; 10], rosenbrock),
        Function::new("quadratic", &[1.0; 10], &[0.0; 10], quadratic),
        Function::new("beale", &[1.0; 2], &[3.0, 0.5], beale),
        Function::new("powell", &[3.0, -1.0, 0.0, 1.0], &[0.0; 4], powell_singular),
    ]
}

/// Rosenbrock 1960; in more than two dimensions the extended form, pair by pair.
fn rosenbrock(x: &[f64], gradient: &mut [f64]) -> f64 {
    let pairs = x.chunks_exact(2).zip(gradient.chunks_exact_mut(2));
    pairs
        .map(|(x, g)| {
            let (valley, side) = (x[1] - x[0] * x[0], 1.0 - x[0]);
            g[0] = -400.0 * x[0] * valley - 2.0 * side;
            g[1] = 200.0 * valley;
            100.0 * valley * valley + side * side
        })
        .sum()
}

/// ½ Σ λᵢ yᵢ² with λ from 1 to 10⁴ and y the mirror image of x in the plane across (1, ..., 1).
fn quadratic(x: &[f64], gradient: &mut [f64]) -> f64 {
    let size = x.len() as f64;
    let shift = 2.0 * x.iter().sum::<f64>() / size;
    let mut value = 0.0;
    for (index, (x, g)) in x.iter().zip(gradient.iter_mut()).enumerate() {
        let y = x - shift;
        *g = 10f64.powf(4.0 * index as f64 / (size - 1.0)) * y;
        value += 0.5 * *g * y;
    }
    let shift = 2.0 * gradient.iter().sum::<f64>() / size;
    gradient.iter_mut().for_each(|g| *g -= shift);
    value
}

/// Beale 1958.
fn beale(x: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    let constants = [1.5, 2.25, 2.625].into_iter().zip(1..);
    constants
        .map(|(constant, power)| {
            let r = constant - x[0] * (1.0 - x[1].powi(power));
            gradient[0] -= 2.0 * r * (1.0 - x[1].powi(power));
            gradient[1] += 2.0 * r * x[0] * f64::from(power) * x[1].powi(power - 1);
            r * r
        })
        .sum()
}

/// Powell 1962: its Hessian at the minimum is singular.
fn powell_singular(x: &[f64], gradient: &mut [f64]) -> f64 {
    let (a, b) = (x[0] + 10.0 * x[1], x[2] - x[3]);
    let (c, d) = (x[1] - 2.0 * x[2], x[0] - x[3]);
    gradient[0] = 2.0 * a + 40.0 * d.powi(3);
    gradient[1] = 20.0 * a + 4.0 * c.powi(3);
    gradient[2] = 10.0 * b - 8.0 * c.powi(3);
    gradient[3] = -10.0 * b - 40.0 * d.powi(3);
    a * a + 5.0 * b * b + c.powi(4) + 10.0 * d.powi(4)
}
