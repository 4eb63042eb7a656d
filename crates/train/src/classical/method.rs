//! Which method of `mlp` a configuration means, and how long it goes on.

use espejo_mlp::{Adaptive, Descent, GradientKind, Limits, Method, Rule};

use crate::Error;
use crate::classical::check::check_optimizer;
use crate::config::{GradientSource, OptimizerKind, Precision, TrainConfig};
use crate::seed::{Purpose, stream};

/// Document 000's numbers for `adaptive`: a, the epochs that a step has to be right for, and b.
const RAISE: f64 = 1e-4;
const AFTER: usize = 3;
const LOWER: f64 = 1e-5;

/// How a net is trained in double precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// By a method that takes the loss of all samples as one function.
    Minimize(Method),
    /// By steps along the gradients of a few samples, or of all of them.
    Descend(Descent),
}

/// The algorithm and the limits of a configuration.
///
/// `train.target_loss` becomes a target for the training loss. A run on its own holds it against the test loss.
///
/// # Errors
///
/// [`Error::Config`] where the configuration means single precision, or what no method does.
pub fn method(train: &TrainConfig) -> Result<(Algorithm, Limits), Error> {
    check_optimizer(train)?;
    let algorithm = match train.optimizer {
        OptimizerKind::Cg => Algorithm::Minimize(Method::ConjugateGradient),
        OptimizerKind::Bfgs => Algorithm::Minimize(Method::Bfgs),
        OptimizerKind::Lbfgs => Algorithm::Minimize(Method::Lbfgs),
        OptimizerKind::TruncatedNewton => Algorithm::Minimize(Method::TruncatedNewton),
        OptimizerKind::Powell => Algorithm::Minimize(Method::Powell),
        OptimizerKind::NelderMead => Algorithm::Minimize(Method::NelderMead),
        _ => Algorithm::Descend(descent(train)),
    };
    let limits = Limits {
        max_evaluations: train.max_evaluations,
        max_iterations: Some(train.iterations()),
        target: train.target_loss,
        gradient: match train.gradient {
            GradientSource::Exact => GradientKind::Exact,
            GradientSource::Finite => GradientKind::Finite,
        },
        ..Limits::default()
    };
    Ok((algorithm, limits))
}

fn descent(train: &TrainConfig) -> Descent {
    let momentum = match train.optimizer {
        OptimizerKind::Sgd => 0.0,
        _ => train.momentum,
    };
    Descent {
        rule: match train.optimizer {
            OptimizerKind::Adam => Rule::Adam,
            OptimizerKind::Rprop => Rule::Rprop,
            _ => Rule::Gradient { momentum },
        },
        learning_rate: train.learning_rate,
        adaptive: (train.optimizer == OptimizerKind::Adaptive).then(|| Adaptive {
            raise: train.adaptive_raise.unwrap_or(RAISE),
            after: train.adaptive_after.unwrap_or(AFTER),
            lower: train.adaptive_lower.unwrap_or(LOWER),
        }),
        // The signs of a few samples' slopes would say little.
        batch: match train.optimizer {
            OptimizerKind::Rprop => 0,
            _ => train.batch_size,
        },
        shuffle: Some(stream(train.seed, 0, Purpose::Shuffle)),
    }
}

impl OptimizerKind {
    /// Whether it trains in double precision alone.
    pub fn is_classical(self) -> bool {
        match self {
            Self::Adam | Self::Adamw | Self::Rmsprop | Self::Sgd | Self::Momentum => false,
            Self::Adaptive
            | Self::Rprop
            | Self::Cg
            | Self::Bfgs
            | Self::Lbfgs
            | Self::TruncatedNewton
            | Self::Powell
            | Self::NelderMead => true,
        }
    }

    /// Whether it goes sample by sample, batch by batch, or over all samples, along their gradient.
    pub fn is_descent(self) -> bool {
        !self.is_classical() || matches!(self, Self::Adaptive | Self::Rprop)
    }
}

impl TrainConfig {
    /// Whether training is in double precision, by [`espejo_mlp`].
    pub fn is_classical(&self) -> bool {
        self.optimizer.is_classical() || self.precision == Some(Precision::Double)
    }

    /// Whether the products of a training are of numbers of 16 bits.
    pub(crate) fn has_half_products(&self) -> bool {
        self.precision == Some(Precision::Half)
    }

    /// Iterations of a training in double precision, at most.
    pub fn iterations(&self) -> usize {
        self.max_iterations.unwrap_or(self.epochs)
    }

    /// Writes down what `adaptive` takes where nothing is said.
    pub(crate) fn complete(&mut self) {
        if self.optimizer == OptimizerKind::Adaptive {
            self.adaptive_raise.get_or_insert(RAISE);
            self.adaptive_after.get_or_insert(AFTER);
            self.adaptive_lower.get_or_insert(LOWER);
        }
    }
}
