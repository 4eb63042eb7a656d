//! Gradient descent over samples: online, in batches or over all of them at once.

use pulp::{Arch, Simd, WithSimd};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::fit::{Online, StepSize};
use crate::{Counts, Ended, Fit, GradientKind, Limits, Minimum, Objective, Progress};

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
    /// Rprop without backtracking (Riedmiller and Braun 1993; iRprop- of Igel and Hüsken 2000): each weight has a step of its
    /// own, at first the learning rate, that grows by a fifth while the sign of its slope stays and halves where it changes, to
    /// 5 at most. Slopes that almost vanish, as behind saturated units, hold nothing up. It wants all samples in a step.
    Rprop,
}

/// How the learning rate follows the loss (the course's adaptive step).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// What is added to the learning rate after `after` epochs with a falling loss.
    pub raise: f64,
    /// Epochs in a row in which the loss has to fall before the rate is raised.
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
    /// How the learning rate follows the loss; constant without.
    pub adaptive: Option<Adaptive>,
    /// Batch size: samples per step; 1 is online, 0 takes all of them.
    pub batch: usize,
    /// A seed for a new order of the samples in each epoch; without it they come as they are.
    pub shuffle: Option<u64>,
}

/// Descends from `start` until a limit, or until `watch`, asked after each epoch, says false. An iteration is an epoch.
///
/// With all samples in a step, an epoch is an evaluation with its gradient, and what is watched is the loss at its point. Else
/// the steps of an epoch count as an evaluation and a gradient, the loss after it is a second evaluation, and that is watched.
/// Differences for [`GradientKind::Finite`] count as everywhere: an epoch of them is an evaluation a weight more, and no
/// gradient. A descent by all samples also ends at a zero gradient.
pub fn descend(
    descent: &Descent,
    fit: &mut Fit,
    start: &[f64],
    limits: &Limits,
    watch: &mut dyn FnMut(&Progress<'_>) -> bool,
) -> Minimum {
    let mut descending = Descending::new(descent, start).with_gradient(limits.gradient);
    let mut minimum = Minimum {
        at: start.to_vec(),
        loss: f64::INFINITY,
        counts: Counts::default(),
        ended: Ended::Evaluations,
    };
    let cost = descending.cost();
    let affordable = |counts: Counts| {
        let most = limits.max_evaluations;
        most.is_none_or(|most| counts.evaluations + cost.evaluations <= most)
    };
    while affordable(minimum.counts) {
        let loss = descending.measure(fit);
        minimum.counts.evaluations += cost.evaluations;
        minimum.counts.gradients += cost.gradients;
        minimum.counts.iterations += 1;
        if loss < minimum.loss {
            minimum.loss = loss;
            minimum.at.copy_from_slice(descending.weights());
        }
        let progress = Progress {
            counts: minimum.counts,
            loss,
            at: descending.weights(),
            best_loss: minimum.loss,
            best: &minimum.at,
        };
        let stopped = !watch(&progress);
        let ended = if stopped {
            Some(Ended::Stopped)
        } else {
            over(limits, &minimum, loss)
        };
        if let Some(ended) = ended.or_else(|| descending.settled(limits.gradient_tolerance)) {
            minimum.ended = ended;
            break;
        }
        descending.follow(loss);
    }
    minimum
}

/// Why a descent is over after an epoch with this loss, where it is.
fn over(limits: &Limits, minimum: &Minimum, loss: f64) -> Option<Ended> {
    if limits.target.is_some_and(|target| minimum.loss <= target) {
        Some(Ended::Target)
    } else if !loss.is_finite() {
        Some(Ended::NotFinite)
    } else if limits
        .max_iterations
        .is_some_and(|most| minimum.counts.iterations >= most)
    {
        Some(Ended::Iterations)
    } else {
        None
    }
}

/// A descent on its way, for whoever goes epoch by epoch: with other inputs in each, say. [`descend`] is a loop over it.
#[derive(Clone, Debug)]
pub struct Descending {
    descent: Descent,
    kind: GradientKind,
    learning_rate: f64,
    weights: Vec<f64>,
    gradient: Vec<f64>,
    /// The velocity; Adam's means of gradients and of their squares; or Rprop's slopes of before, and its steps.
    moments: [Vec<f64>; 2],
    steps: i32,
    epochs: u64,
    order: Vec<usize>,
    /// The loss of the epoch before, and how many have fallen up to it.
    before: f64,
    falling: usize,
    /// Weights and velocity of a descent by single samples.
    online: Option<Online>,
}

impl Descending {
    /// A descent that begins at these weights.
    pub fn new(descent: &Descent, start: &[f64]) -> Self {
        let zeros = vec![0.0; start.len()];
        let steps = match descent.rule {
            Rule::Rprop => vec![descent.learning_rate; start.len()],
            _ => zeros.clone(),
        };
        Self {
            descent: *descent,
            kind: GradientKind::Exact,
            learning_rate: descent.learning_rate,
            weights: start.to_vec(),
            gradient: zeros.clone(),
            moments: [zeros, steps],
            steps: 0,
            epochs: 0,
            order: Vec::new(),
            before: f64::INFINITY,
            falling: 0,
            online: None,
        }
    }

    /// Takes gradients of this kind.
    #[must_use]
    pub fn with_gradient(self, kind: GradientKind) -> Self {
        Self { kind, ..self }
    }

    /// The weights as they are now.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Goes on with another learning rate.
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = learning_rate;
    }

    /// The learning rate as it is now.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Goes through the samples once. What comes back is the loss after that; with all samples in a step it is the loss
    /// before, which comes with the gradient.
    pub fn epoch(&mut self, fit: &mut Fit) -> f64 {
        let loss = self.measure(fit);
        self.follow(loss);
        loss
    }

    /// The part of an epoch up to its loss, which is that of the weights as they are afterwards.
    fn measure(&mut self, fit: &mut Fit) -> f64 {
        self.epochs += 1;
        if self.is_whole() {
            let Self {
                weights, gradient, ..
            } = self;
            return slope(self.kind, fit, weights, gradient);
        }
        self.sort(fit.samples());
        match (self.descent.rule, self.kind) {
            (Rule::Gradient { momentum }, GradientKind::Exact) if self.descent.batch == 1 => {
                let step_size = StepSize {
                    rate: self.learning_rate,
                    momentum,
                };
                let online = self
                    .online
                    .get_or_insert_with(|| Online::new(fit.net(), &self.weights));
                fit.steps(online, step_size, &self.order);
                online.copy_weights(fit.net(), &mut self.weights);
            }
            _ => self.pass(fit),
        }
        fit.value(&self.weights)
    }

    /// The steps of an epoch, a batch each.
    fn pass(&mut self, fit: &mut Fit) {
        let order = std::mem::take(&mut self.order);
        for samples in order.chunks(self.descent.batch) {
            let Self {
                weights, gradient, ..
            } = self;
            fit.stage(samples);
            slope(self.kind, &mut Batch(fit, samples), weights, gradient);
            self.step();
        }
        self.order = order;
    }

    /// The part of an epoch after its loss: the learning rate, and the step by all samples.
    fn follow(&mut self, loss: f64) {
        if let Some(adaptive) = self.descent.adaptive {
            self.adapt(adaptive, loss);
        }
        self.before = loss;
        if self.is_whole() {
            self.step();
        }
    }

    fn adapt(&mut self, adaptive: Adaptive, loss: f64) {
        if loss > self.before {
            self.learning_rate -= adaptive.lower * self.learning_rate;
        }
        // The first loss has nothing to fall from.
        self.falling = if loss < self.before && self.before.is_finite() {
            self.falling + 1
        } else {
            0
        };
        if self.falling > 0 && self.falling >= adaptive.after {
            self.learning_rate += adaptive.raise;
        }
    }

    /// A step by the gradient.
    fn step(&mut self) {
        self.steps = self.steps.saturating_add(1);
        let [first, second] = &mut self.moments;
        let rate = self.learning_rate;
        Arch::new().dispatch(Step {
            rule: self.descent.rule,
            rate,
            steps: self.steps,
            weights: &mut self.weights,
            gradient: &self.gradient,
            first,
            second,
        });
    }

    /// The samples of an epoch in their order.
    fn sort(&mut self, samples: usize) {
        self.order.clear();
        self.order.extend(0..samples);
        if let Some(seed) = self.descent.shuffle {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(self.epochs);
            for last in (1..samples).rev() {
                self.order.swap(last, rng.random_range(0..=last));
            }
        }
    }

    /// Whether a step takes all samples.
    fn is_whole(&self) -> bool {
        self.descent.batch == 0
    }

    /// What an epoch costs.
    fn cost(&self) -> Counts {
        let differences = match self.kind {
            GradientKind::Exact => 0,
            GradientKind::Finite => self.weights.len(),
        };
        Counts {
            evaluations: 1 + differences + usize::from(!self.is_whole()),
            gradients: usize::from(self.kind == GradientKind::Exact),
            iterations: 1,
        }
    }

    /// Whether the gradient at these weights is known, and zero.
    fn settled(&self, tolerance: f64) -> Option<Ended> {
        let zero = self.is_whole() && self.gradient.iter().all(|slope| slope.abs() <= tolerance);
        zero.then_some(Ended::Converged)
    }
}

/// Some samples of a fit, which [`Fit::stage`] was given before.
struct Batch<'a>(&'a mut Fit, &'a [usize]);

impl Objective for Batch<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        self.0.batch_value(at, self.1)
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        self.0.batch_gradient(at, self.1, gradient)
    }
}

/// The value at a point and its gradient, exact or by forward differences with a step of half the digits.
fn slope(
    kind: GradientKind,
    objective: &mut dyn Objective,
    at: &mut [f64],
    gradient: &mut [f64],
) -> f64 {
    if kind == GradientKind::Exact {
        return objective.gradient(at, gradient);
    }
    let value = objective.value(at);
    for (index, slope) in gradient.iter_mut().enumerate() {
        let here = at[index];
        let beside = here + f64::EPSILON.sqrt() * here.abs().max(1.0);
        at[index] = beside;
        *slope = (objective.value(at) - value) / (beside - here);
        at[index] = here;
    }
    value
}

/// Decay of Adam's means of gradients and of their squares.
const DECAYS: [f64; 2] = [0.9, 0.999];
/// What Adam adds to a root before it divides by it.
const EPSILON: f64 = 1e-8;

/// What Rprop's steps are multiplied by where the sign of a slope stays, and where it changes; the least and the largest step.
const GROW: f64 = 1.2;
const SHRINK: f64 = 0.5;
const LEAST: f64 = 1e-9;
const LARGEST: f64 = 5.0;

/// A step of the weights by a gradient.
struct Step<'a> {
    rule: Rule,
    rate: f64,
    steps: i32,
    weights: &'a mut [f64],
    gradient: &'a [f64],
    first: &'a mut [f64],
    second: &'a mut [f64],
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.rule {
            Rule::Gradient { momentum } => self.momentum(momentum),
            Rule::Adam => self.adam(),
            Rule::Rprop => self.rprop(),
        }
    }
}

impl Step<'_> {
    #[inline(always)]
    fn momentum(self, momentum: f64) {
        let slopes = self.gradient.iter().zip(self.first);
        for (weight, (slope, velocity)) in self.weights.iter_mut().zip(slopes) {
            *velocity = momentum * *velocity + slope;
            *weight -= self.rate * *velocity;
        }
    }

    #[inline(always)]
    fn adam(self) {
        let [first_decay, second_decay] = DECAYS;
        // The means begin at zero, and are too small at first.
        let rate = self.rate / (1.0 - first_decay.powi(self.steps));
        let correction = 1.0 / (1.0 - second_decay.powi(self.steps));
        let moments = self.first.iter_mut().zip(self.second);
        for ((weight, slope), (first, second)) in
            self.weights.iter_mut().zip(self.gradient).zip(moments)
        {
            *first = first_decay * *first + (1.0 - first_decay) * slope;
            *second = second_decay * *second + (1.0 - second_decay) * slope * slope;
            *weight -= rate * *first / ((*second * correction).sqrt() + EPSILON);
        }
    }

    #[inline(always)]
    fn rprop(self) {
        let memory = self.first.iter_mut().zip(self.second);
        for ((weight, slope), (before, step)) in
            self.weights.iter_mut().zip(self.gradient).zip(memory)
        {
            let turned = *slope * *before;
            let factor = if turned > 0.0 { GROW } else { 1.0 };
            let factor = if turned < 0.0 { SHRINK } else { factor };
            *step = (*step * factor).clamp(LEAST, LARGEST);
            // After a change of sign the weight rests, and the next slope is compared with nothing.
            let slope = if turned < 0.0 { 0.0 } else { *slope };
            let sign = if slope > 0.0 { 1.0 } else { 0.0 } - if slope < 0.0 { 1.0 } else { 0.0 };
            *weight -= sign * *step;
            *before = slope;
        }
    }
}
