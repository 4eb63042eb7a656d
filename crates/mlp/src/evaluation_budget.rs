//! The counted side of a minimisation: what every method evaluates through.

use crate::{Counts, Ended, GradientKind, Limits, Minimum, Objective, Progress};

/// An objective with its counts, its limits and the best point that was seen.
///
/// A method is a function that evaluates through it and ends with `?` wherever a limit is reached, also in the middle of a line
/// search: `fn powell(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended>`. Its `Ok` is an end of its own.
pub(crate) struct Search<'a> {
    objective: &'a mut dyn Objective,
    limits: &'a Limits,
    watch: &'a mut dyn FnMut(&Progress<'_>) -> bool,
    counts: Counts,
    best: Vec<f64>,
    best_loss: f64,
    /// A point beside another, for differences.
    beside: Vec<f64>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        objective: &'a mut dyn Objective,
        start: &[f64],
        limits: &'a Limits,
        watch: &'a mut dyn FnMut(&Progress<'_>) -> bool,
    ) -> Self {
        assert_eq!(objective.dimension(), start.len(), "a point of the domain");
        Self {
            objective,
            limits,
            watch,
            counts: Counts::default(),
            best: start.to_vec(),
            best_loss: f64::INFINITY,
            beside: start.to_vec(),
        }
    }

    /// The largest part of a gradient that counts as zero.
    pub(crate) fn tolerance(&self) -> f64 {
        self.limits.gradient_tolerance
    }

    /// Evaluations that a gradient costs.
    pub(crate) fn gradient_cost(&self) -> usize {
        match self.limits.gradient {
            GradientKind::Exact => 1,
            GradientKind::Finite => 1 + self.best.len(),
        }
    }

    /// The value at a point.
    ///
    /// # Errors
    ///
    /// Why the search is over, where a limit is reached.
    pub(crate) fn value(&mut self, at: &[f64]) -> Result<f64, Ended> {
        self.may_evaluate()?;
        self.counts.evaluations += 1;
        let value = self.objective.value(at);
        self.note(value, at);
        Ok(value)
    }

    /// The value at a point, and its gradient into `gradient`.
    ///
    /// # Errors
    ///
    /// Why the search is over, where a limit is reached.
    pub(crate) fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, Ended> {
        if self.limits.gradient == GradientKind::Finite {
            let value = self.value(at)?;
            self.differences(at, value, gradient)?;
            return Ok(value);
        }
        self.may_evaluate()?;
        self.counts.evaluations += 1;
        self.counts.gradients += 1;
        let value = self.objective.gradient(at, gradient);
        self.note(value, at);
        Ok(value)
    }

    /// Forward differences, with the step of half the digits.
    fn differences(&mut self, at: &[f64], value: f64, gradient: &mut [f64]) -> Result<(), Ended> {
        let mut beside = std::mem::take(&mut self.beside);
        beside.copy_from_slice(at);
        for (index, slope) in gradient.iter_mut().enumerate() {
            let step = f64::EPSILON.sqrt() * at[index].abs().max(1.0);
            beside[index] = at[index] + step;
            // The step as it is in floating point.
            let step = beside[index] - at[index];
            *slope = (self.value(&beside)? - value) / step;
            beside[index] = at[index];
        }
        self.beside = beside;
        Ok(())
    }

    /// Counts an iteration that ended at a point, and asks whoever watches.
    ///
    /// # Errors
    ///
    /// Why the search is over, where it is.
    pub(crate) fn iterated(&mut self, loss: f64, at: &[f64]) -> Result<(), Ended> {
        self.counts.iterations += 1;
        let progress = Progress {
            counts: self.counts,
            loss,
            at,
            best_loss: self.best_loss,
            best: &self.best,
        };
        if !(self.watch)(&progress) {
            return Err(Ended::Stopped);
        }
        if self
            .limits
            .target
            .is_some_and(|target| self.best_loss <= target)
        {
            return Err(Ended::Target);
        }
        if !loss.is_finite() {
            return Err(Ended::NotFinite);
        }
        match self.limits.max_iterations {
            Some(most) if self.counts.iterations >= most => Err(Ended::Iterations),
            _ => Ok(()),
        }
    }

    /// What came of it.
    pub(crate) fn finish(self, ended: Ended) -> Minimum {
        Minimum {
            at: self.best,
            loss: self.best_loss,
            counts: self.counts,
            ended,
        }
    }

    fn may_evaluate(&self) -> Result<(), Ended> {
        match self.limits.max_evaluations {
            Some(most) if self.counts.evaluations >= most => Err(Ended::Evaluations),
            _ => Ok(()),
        }
    }

    fn note(&mut self, value: f64, at: &[f64]) {
        if value < self.best_loss {
            self.best_loss = value;
            self.best.copy_from_slice(at);
        }
    }
}
