//! Gradient descent over samples: online, in batches or over all of them at once.

use crate::{Fit, Limits, Minimum, Progress};

/// How a step is made of a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Against the gradient, with momentum (0 for none): v ← μ v + g, w ← w - η v.
    Gradient {
        /// μ, in [0, 1).
        momentum: f64,
    },
    /// Adam with its usual constants (Kingma and Ba 2015).
    Adam,
}

/// How the learning rate follows the loss (the course's adaptive step).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// What is added to the learning rate after `after` epochs with a falling loss.
    pub raise: f64,
    /// Those epochs.
    pub after: usize,
    /// The part of the learning rate that is taken off when the loss rises.
    pub lower: f64,
}

/// A gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent {
    /// How a step is made of a gradient.
    pub rule: Rule,
    /// The first learning rate.
    pub learning_rate: f64,
    /// How it follows the loss; constant without.
    pub adaptive: Option<Adaptive>,
    /// Samples a step; 1 is online, 0 takes all of them.
    pub batch: usize,
    /// A seed for a new order of the samples in each epoch; without it they come as they are.
    pub shuffle: Option<u64>,
}

/// Descends from `start` until a limit, or until `watch`, asked after each epoch, says false. An iteration is an epoch.
pub fn descend(
    _descent: &Descent,
    _fit: &mut Fit,
    _start: &[f64],
    _limits: &Limits,
    _watch: &mut dyn FnMut(&Progress<'_>) -> bool,
) -> Minimum {
    unimplemented!()
}
