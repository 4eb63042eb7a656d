//! The loss of a net on samples, as a function of its weights.

use crate::{Loss, Net, Objective};

/// A net, samples and targets: an [`Objective`] over the weights of the net.
///
/// The value is the loss per sample, the mean over the samples; with [`Fit::summed`] the sum.
#[derive(Clone, Debug)]
pub struct Fit {
    net: Net,
    loss: Loss,
    /// Row-major `[samples, inputs]`.
    inputs: Vec<f64>,
    /// Row-major `[samples, outputs]`.
    targets: Vec<f64>,
    samples: usize,
    summed: bool,
}

impl Fit {
    /// `inputs` are `[samples, inputs]` row by row, `targets` `[samples, outputs]`.
    ///
    /// # Panics
    ///
    /// Where they are not as many, or the loss does not fit the last activation.
    pub fn new(net: Net, loss: Loss, inputs: &[f64], targets: &[f64]) -> Self {
        let samples = inputs.len() / net.inputs();
        assert_eq!(samples * net.inputs(), inputs.len(), "whole samples");
        assert_eq!(samples * net.outputs(), targets.len(), "a target a sample");
        Self {
            net,
            loss,
            inputs: inputs.to_vec(),
            targets: targets.to_vec(),
            samples,
            summed: false,
        }
    }

    /// The same with the sum over the samples in place of their mean.
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

    /// Other inputs for the same targets, as fresh noise makes them: `[samples, inputs]`.
    ///
    /// # Panics
    ///
    /// Where they are not as many.
    pub fn set_inputs(&mut self, inputs: &[f64]) {
        self.inputs.copy_from_slice(inputs);
    }
}

impl Objective for Fit {
    fn dimension(&self) -> usize {
        self.net.parameters()
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        let mut gradient = vec![0.0; at.len()];
        self.gradient(at, &mut gradient)
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let mut total = 0.0;
        let (wide, narrow) = (self.net.inputs(), self.net.outputs());
        for sample in 0..self.samples {
            let x = &self.inputs[sample * wide..][..wide];
            let t = &self.targets[sample * narrow..][..narrow];
            total += one(&self.net, self.loss, at, (x, t), gradient);
        }
        if !self.summed {
            let scale = 1.0 / self.samples as f64;
            gradient.iter_mut().for_each(|g| *g *= scale);
            total *= scale;
        }
        total
    }
}

/// The plainest form: a sample at a time. (To be replaced by the fast one; Tanh, Sigmoid, Linear and Bce, Mse only.)
fn one(net: &Net, loss: Loss, at: &[f64], (x, t): (&[f64], &[f64]), gradient: &mut [f64]) -> f64 {
    use crate::Activation::{Linear, Sigmoid, Tanh};
    let mut values = vec![x.to_vec()];
    let mut offset = 0;
    for layer in net.layers() {
        let (w, rest) = at[offset..].split_at(layer.inputs * layer.outputs);
        let input = values.last().expect("there is an input");
        let mut out = rest[..layer.outputs].to_vec();
        for (i, x) in input.iter().enumerate() {
            for (j, o) in out.iter_mut().enumerate() {
                *o += x * w[i * layer.outputs + j];
            }
        }
        for o in &mut out {
            *o = match layer.activation {
                Linear => *o,
                Tanh => o.tanh(),
                Sigmoid => 1.0 / (1.0 + (-*o).exp()),
                _ => unimplemented!(),
            };
        }
        values.push(out);
        offset += layer.parameters();
    }
    let y = values.last().expect("there is an output");
    let slope = |a, y: f64| match a {
        Linear => 1.0,
        Tanh => 1.0 - y * y,
        Sigmoid => y * (1.0 - y),
        _ => unimplemented!(),
    };
    let last = net.layers()[net.layers().len() - 1].activation;
    let mut total = 0.0;
    let mut delta: Vec<f64> = y
        .iter()
        .zip(t)
        .map(|(y, t)| match loss {
            Loss::Bce => {
                total -= t * y.max(1e-300).ln() + (1.0 - t) * (1.0 - y).max(1e-300).ln();
                y - t
            }
            Loss::Mse => {
                total += 0.5 * (y - t) * (y - t);
                (y - t) * slope(last, *y)
            }
            Loss::Entropic => {
                for (p, q) in [((1.0 + t) / 2.0, (1.0 + y) / 2.0), ((1.0 - t) / 2.0, (1.0 - y) / 2.0)] {
                    if p > 0.0 {
                        total += p * (p / q.max(1e-300)).ln();
                    }
                }
                y - t
            }
            _ => unimplemented!(),
        })
        .collect();
    for (index, layer) in net.layers().iter().enumerate().rev() {
        offset -= layer.parameters();
        let input = &values[index];
        let w = &at[offset..][..layer.inputs * layer.outputs];
        let g = &mut gradient[offset..][..layer.parameters()];
        for (i, x) in input.iter().enumerate() {
            for (j, d) in delta.iter().enumerate() {
                g[i * layer.outputs + j] += x * d;
            }
        }
        for (j, d) in delta.iter().enumerate() {
            g[layer.inputs * layer.outputs + j] += d;
        }
        if index > 0 {
            let before = net.layers()[index - 1].activation;
            delta = input
                .iter()
                .enumerate()
                .map(|(i, y)| {
                    let row = &w[i * layer.outputs..][..layer.outputs];
                    row.iter().zip(&delta).map(|(w, d)| w * d).sum::<f64>() * slope(before, *y)
                })
                .collect();
        }
    }
    total
}

impl Net {
    /// What comes out for `inputs` `[samples, inputs]`: `[samples, outputs]`, row by row.
    pub fn predict(&self, weights: &[f64], inputs: &[f64]) -> Vec<f64> {
        use crate::Activation::{Linear, Sigmoid, Tanh};
        let mut rows = inputs.to_vec();
        let mut offset = 0;
        for layer in self.layers() {
            let (w, rest) = weights[offset..].split_at(layer.inputs * layer.outputs);
            let samples = rows.chunks_exact(layer.inputs);
            rows = samples
                .flat_map(|x| {
                    let mut out = rest[..layer.outputs].to_vec();
                    for (i, x) in x.iter().enumerate() {
                        for (j, o) in out.iter_mut().enumerate() {
                            *o += x * w[i * layer.outputs + j];
                        }
                    }
                    for o in &mut out {
                        *o = match layer.activation {
                            Linear => *o,
                            Tanh => o.tanh(),
                            Sigmoid => 1.0 / (1.0 + (-*o).exp()),
                            _ => unimplemented!(),
                        };
                    }
                    out
                })
                .collect();
            offset += layer.parameters();
        }
        rows
    }
}
