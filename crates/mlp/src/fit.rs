//! The loss of a net on samples, as a function of its weights.

mod buffer;
mod forward_backward;
mod product;
mod samples;
mod single_sample_steps;

use pulp::Arch;

pub(crate) use self::single_sample_steps::{Online, StepSize};

use self::buffer::Buffer;
use self::forward_backward::{Pass, Task};
use self::samples::{BLOCK, Blocks};
use crate::simd_vector::padded;
use crate::{Loss, Net, Objective};

/// A net, samples and targets: an [`Objective`] over the weights of the net.
///
/// The value is the loss per sample, the mean over the samples; with [`Fit::summed`] the sum. All memory is taken when it is
/// made: an evaluation takes none.
#[derive(Clone, Debug)]
pub struct Fit {
    net: Net,
    loss: Loss,
    /// Row-major `[samples, inputs]`.
    inputs: Vec<f64>,
    /// Row-major `[samples, outputs]`.
    targets: Vec<f64>,
    /// [`Loss::entropy`] of each sample.
    entropies: Vec<f64>,
    samples: usize,
    summed: bool,
    /// The inputs and the targets.
    blocks: [Blocks; 2],
    /// Inputs and targets of a batch.
    batch: [Blocks; 2],
    pass: Pass,
    /// `[samples, padded]`.
    losses: Buffer,
    arch: Arch,
}

impl Fit {
    /// `inputs` are `[samples, inputs]` row by row, `targets` `[samples, outputs]`.
    ///
    /// # Panics
    ///
    /// Without a sample, where targets are not as many, or where the loss does not fit the last activation.
    pub fn new(net: Net, loss: Loss, inputs: &[f64], targets: &[f64]) -> Self {
        let samples = inputs.len() / net.inputs();
        assert!(samples > 0, "a sample at least");
        assert_eq!(samples * net.inputs(), inputs.len(), "whole samples");
        assert_eq!(samples * net.outputs(), targets.len(), "a target a sample");
        // A cross-entropy is worked out from the logits and contains its activation: another one would be silently ignored.
        let last = net.layers()[net.layers().len() - 1].activation;
        let fitting = loss.output().unwrap_or(last);
        assert_eq!(fitting, last, "the output that the loss is made for");
        let rows = targets.chunks_exact(net.outputs());
        let entropies = rows.clone().map(|row| loss.entropy(row)).collect();
        let blocks = |count| {
            [
                Blocks::new(count, net.inputs(), true),
                Blocks::new(count, net.outputs(), false),
            ]
        };
        let mut fit = Self {
            loss,
            inputs: inputs.to_vec(),
            targets: targets.to_vec(),
            entropies,
            samples,
            summed: false,
            blocks: blocks(samples),
            batch: blocks(0),
            pass: Pass::new(&net),
            losses: Buffer::new(padded(samples)),
            arch: Arch::new(),
            net,
        };
        fit.blocks[0].fill(inputs.chunks_exact(fit.net.inputs()));
        fit.blocks[1].fill(rows);
        fit
    }

    /// Takes the sum over the samples in place of their mean.
    #[must_use]
    pub fn summed(self) -> Self {
        Self {
            summed: true,
            ..self
        }
    }

    /// The net.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Puts other inputs in place for the same targets, as fresh noise makes them: `[samples, inputs]`.
    ///
    /// # Panics
    ///
    /// Where they are not as many.
    pub fn set_inputs(&mut self, inputs: &[f64]) {
        self.inputs.copy_from_slice(inputs);
        self.blocks[0].fill(inputs.chunks_exact(self.net.inputs()));
    }

    /// The loss of each sample: `[samples]`.
    pub fn losses(&mut self, at: &[f64]) -> Vec<f64> {
        self.value(at);
        self.losses
            .iter()
            .zip(&self.entropies)
            .map(|(loss, entropy)| loss - entropy)
            .collect()
    }

    /// Puts the samples of a batch side by side.
    pub(crate) fn stage(&mut self, batch: &[usize]) {
        let sizes = [self.net.inputs(), self.net.outputs()];
        for (index, rows) in [&self.inputs, &self.targets].into_iter().enumerate() {
            let columns = sizes[index];
            // Memory grows to the largest batch and stays: later batches take none.
            if self.batch[index].room() < batch.len() {
                self.batch[index] = Blocks::new(batch.len(), columns, index == 0);
            }
            let rows = batch
                .iter()
                .map(|sample| &rows[sample * columns..][..columns]);
            self.batch[index].fill(rows);
        }
    }

    /// The loss of the batch that was staged last, and its gradient; both are means or sums as those of all samples.
    pub(crate) fn batch_gradient(
        &mut self,
        at: &[f64],
        batch: &[usize],
        gradient: &mut [f64],
    ) -> f64 {
        let scale = self.scale(batch.len());
        let task = task(&self.net, self.loss, at, &self.batch);
        self.pass
            .gradient(self.arch, task, &mut self.losses, (gradient, scale));
        self.batch_total(batch)
    }

    /// The loss of the batch that was staged last.
    pub(crate) fn batch_value(&mut self, at: &[f64], batch: &[usize]) -> f64 {
        let task = task(&self.net, self.loss, at, &self.batch);
        self.pass.value(self.arch, task, &mut self.losses);
        self.batch_total(batch)
    }

    /// A step by each of these samples.
    pub(crate) fn steps(&self, online: &mut Online, step_size: StepSize, order: &[usize]) {
        let (inputs, outputs) = (self.net.inputs(), self.net.outputs());
        let samples = order.iter().map(|sample| {
            let row = &self.inputs[sample * inputs..][..inputs];
            (row, &self.targets[sample * outputs..][..outputs])
        });
        online.steps(self.arch, &self.net, self.loss, step_size, samples);
    }

    fn batch_total(&self, batch: &[usize]) -> f64 {
        let entropy: f64 = batch.iter().map(|sample| self.entropies[*sample]).sum();
        // Cut off what stands in the padding behind the samples.
        let sum: f64 = self.losses[..batch.len()].iter().sum();
        (sum - entropy) * self.scale(batch.len())
    }

    /// The loss of all samples, of those of each.
    fn total(&self) -> f64 {
        let entropy: f64 = self.entropies.iter().sum();
        let sum: f64 = self.losses[..self.samples].iter().sum();
        (sum - entropy) * self.scale(self.samples)
    }

    /// What a sum over samples is multiplied by.
    fn scale(&self, samples: usize) -> f64 {
        // Value and gradient are both multiplied by it, so that the one stays the derivative of the other.
        if self.summed {
            1.0
        } else {
            1.0 / samples as f64
        }
    }
}

fn task<'a>(net: &'a Net, loss: Loss, weights: &'a [f64], blocks: &'a [Blocks; 2]) -> Task<'a> {
    assert_eq!(weights.len(), net.parameters(), "the weights of the net");
    Task {
        net,
        loss,
        weights,
        inputs: &blocks[0],
        targets: &blocks[1],
    }
}

impl Objective for Fit {
    fn dimension(&self) -> usize {
        self.net.parameters()
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        let task = task(&self.net, self.loss, at, &self.blocks);
        self.pass.value(self.arch, task, &mut self.losses);
        self.total()
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let scale = self.scale(self.samples);
        let task = task(&self.net, self.loss, at, &self.blocks);
        self.pass
            .gradient(self.arch, task, &mut self.losses, (gradient, scale));
        self.total()
    }
}

impl Net {
    /// What comes out for `inputs` `[samples, inputs]`: `[samples, outputs]`, row by row.
    ///
    /// # Panics
    ///
    /// Where these are not whole samples, or not the weights of this net.
    pub fn predict(&self, weights: &[f64], inputs: &[f64]) -> Vec<f64> {
        assert_eq!(weights.len(), self.parameters(), "the weights of the net");
        assert_eq!(inputs.len() % self.inputs(), 0, "whole samples");
        let arch = Arch::new();
        let mut pass = Pass::new(self);
        let mut block = Blocks::new(BLOCK, self.inputs(), true);
        let mut out = Vec::with_capacity(inputs.len() / self.inputs() * self.outputs());
        for rows in inputs.chunks(BLOCK * self.inputs()) {
            block.fill(rows.chunks_exact(self.inputs()));
            for (count, inputs) in block.iter() {
                let values = pass.predict(arch, self, weights, inputs);
                // A block has its samples side by side: `[outputs, width]`, of which sample s is column s.
                let width = padded(count);
                out.extend((0..count).flat_map(|sample| values[sample..].iter().step_by(width)));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Initializer};

    /// Machines with narrower vectors, as far as this one can be one of them.
    fn narrower() -> Vec<Arch> {
        let mut all = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        all.extend(pulp::x86::V3::try_new().map(Arch::V3));
        all
    }

    #[test]
    fn narrower_vectors_give_the_same() {
        for (activation, samples) in [
            (Activation::Sigmoid, 1),
            (Activation::Gelu, 9),
            (Activation::Tanh, 45),
        ] {
            let net = Net::new(
                &[7, 19, 2, 11],
                &[activation, Activation::Elu, Activation::Sigmoid],
            );
            let at = net.init(Initializer::Glorot, 5);
            let numbers = |count: usize| {
                (0..count)
                    .map(|k| (k as f64).sin().abs())
                    .collect::<Vec<_>>()
            };
            let mut fit = Fit::new(
                net,
                Loss::Bce,
                &numbers(7 * samples),
                &numbers(11 * samples),
            );
            let [mut wide, mut narrow] = [vec![0.0; at.len()], vec![0.0; at.len()]];
            let loss = fit.gradient(&at, &mut wide);
            for arch in narrower() {
                fit.arch = arch;
                assert!((fit.gradient(&at, &mut narrow) / loss - 1.0).abs() < 1e-14);
                for (wide, narrow) in wide.iter().zip(&narrow) {
                    assert!(
                        (wide - narrow).abs() < 1e-14,
                        "{wide}, not {narrow} with {arch:?}"
                    );
                }
            }
        }
    }
}
