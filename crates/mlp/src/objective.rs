//! What is minimised, how long, and what came of it.

/// A function to minimise.
pub trait Objective {
    /// Variables.
    fn dimension(&self) -> usize;

    /// The value at a point.
    fn value(&mut self, at: &[f64]) -> f64;

    /// The value at a point; `gradient` takes the gradient there.
    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64;
}

/// Where gradients come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GradientKind {
    /// From the objective.
    #[default]
    Exact,
    /// From differences of values, a value a variable; each is counted.
    Finite,
}

/// How long a minimisation goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Evaluations of the function, at most.
    pub max_evaluations: Option<usize>,
    /// Iterations of the method, at most.
    pub max_iterations: Option<usize>,
    /// A value at or under which it is over.
    pub target: Option<f64>,
    /// The largest part of a gradient that counts as zero.
    pub gradient_tolerance: f64,
    /// Where gradients come from.
    pub gradient: GradientKind,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_evaluations: None,
            max_iterations: None,
            target: None,
            gradient_tolerance: 1e-5,
            gradient: GradientKind::Exact,
        }
    }
}

/// What a minimisation has cost, counted as scipy does: a value is one evaluation, and so is a value with its gradient, which
/// counts as a gradient, too. A difference for a gradient is an evaluation like any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Evaluations of the function.
    pub evaluations: usize,
    /// Gradients that the objective gave.
    pub gradients: usize,
    /// Iterations of the method.
    pub iterations: usize,
}

/// Where a minimisation stands after an iteration.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What the minimisation has cost.
    pub counts: Counts,
    /// The value at `at`.
    pub loss: f64,
    /// The point of this iteration.
    pub at: &'a [f64],
    /// The lowest value so far.
    pub best_loss: f64,
    /// The point of the lowest value.
    pub best: &'a [f64],
}

/// Why a minimisation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The gradient, or the simplex, is as small as asked.
    Converged,
    /// The method finds no lower value.
    Stalled,
    /// The limit of evaluations was reached.
    Evaluations,
    /// The limit of iterations was reached.
    Iterations,
    /// The target was reached.
    Target,
    /// Whoever watched asked for it.
    Stopped,
    /// The value is not a finite number any more.
    NotFinite,
}

/// What came of a minimisation.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// The point with the lowest value that was seen.
    pub at: Vec<f64>,
    /// The lowest value.
    pub loss: f64,
    /// What the minimisation has cost.
    pub counts: Counts,
    /// Why it ended.
    pub ended: Ended,
}
