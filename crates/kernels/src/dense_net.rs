//! Fully connected layers one behind the other, there and back at once: where the numbers lie in memory no record of operations is needed
//! to find the way back, which takes longer than a small net itself.

pub(crate) mod stack;

use burn::backend::DispatchTensor;
use burn::tensor::Tensor;

use crate::activation::Activation;
use crate::deviation::{FusedLoss, Wanted};
use crate::dispatched::{numbers, recycle};
use crate::net_errors::NetErrors;
use crate::parameter_gradient::ParameterGradient;
use crate::{buffers, threads};

/// Rows that a thread takes through all layers at a time, where nothing is kept for the way back.
pub(crate) const ROWS: usize = 256;

/// The parameters of fully connected layers: of each its weight `[inputs, outputs]`, then its bias `[outputs]`.
#[derive(Debug, Default)]
pub struct DenseParameters(pub(crate) Vec<DispatchTensor>);

impl DenseParameters {
    /// Adds the next parameter. Nothing is recorded of it.
    pub fn push<const D: usize>(&mut self, parameter: Tensor<D>) {
        self.0.push(parameter.inner().into_dispatch());
    }
}

/// Fully connected layers, f(x W + b) each.
#[derive(Debug)]
pub struct DenseNet<'a> {
    /// f of each layer.
    activations: &'a [Activation],
    /// W `[inputs, outputs]` and b `[outputs]` of each layer.
    parameters: Vec<DispatchTensor>,
}

impl<'a> DenseNet<'a> {
    /// Layers with these activations.
    pub fn new(activations: &'a [Activation], parameters: DenseParameters) -> Self {
        Self {
            activations,
            parameters: parameters.0,
        }
    }

    /// [`gradients`](Self::gradients) of a loss beside `targets` `[batch, outputs]`, whose value, mean over the batch, comes with them.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other.
    pub fn loss_gradients(
        &self,
        loss: FusedLoss,
        inputs: Tensor<2>,
        targets: Tensor<2>,
    ) -> Option<(f32, Vec<ParameterGradient>)> {
        let [batch, _] = inputs.dims();
        let targets = targets.into_dispatch();
        let of_targets = numbers(&targets)?;
        let found = self.gradients(inputs, |mut values| {
            let value = loss.value_and_gradient(&mut values, &of_targets, batch);
            (value, values)
        });
        drop(of_targets);
        recycle(targets);
        found
    }

    /// How far what the layers make of `inputs` `[batch, values]` is from `targets` `[batch, outputs]`. All threads take some rows at a time
    /// through all layers, so that what lies between two layers stays in their caches.
    ///
    /// None where a tensor lies elsewhere than in memory, or is one that Burn records.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other, or parameters are missing.
    pub fn errors(
        &self,
        loss: FusedLoss,
        inputs: Tensor<2>,
        targets: Tensor<2>,
    ) -> Option<NetErrors> {
        let ([batch, width], [_, outputs]) = (inputs.dims(), targets.dims());
        let samples = [inputs.into_dispatch(), targets.into_dispatch()];
        let [inputs, targets] = [numbers(&samples[0])?, numbers(&samples[1])?];
        let layers = self.layers(batch)?;
        let parts = inputs.chunks(ROWS * width);
        let parts = parts.zip(targets.chunks(ROWS * outputs));
        let found = of_parts(parts, |(inputs, targets)| {
            let rows = targets.len() / outputs;
            let values = stack::values(&layers, inputs, rows);
            let found = loss.deviations(Wanted::All, &values, targets, rows);
            buffers::give(values);
            NetErrors::of(&found)
        });
        drop((inputs, targets));
        samples.into_iter().for_each(recycle);
        Some(found)
    }

    /// The gradient at each parameter, in their order. `loss` gets what the layers make of `inputs` `[batch, values]`, `batch` times `outputs`
    /// numbers, and gives its gradient there, with anything else. The numbers are to the bit those of [`crate::linear()`] and Burn's way back.
    ///
    /// None where a tensor lies elsewhere than in memory, or is one that Burn records.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other, or parameters are missing.
    pub fn gradients<T>(
        &self,
        inputs: Tensor<2>,
        loss: impl FnOnce(Vec<f32>) -> (T, Vec<f32>),
    ) -> Option<(T, Vec<ParameterGradient>)> {
        let [batch, _] = inputs.dims();
        let inputs = inputs.into_dispatch();
        let inputs = numbers(&inputs)?;
        let layers = self.layers(batch)?;
        let (value, found) = stack::through(&layers, &inputs, loss, false)?;
        Some((value, found.parameters))
    }

    fn layers(&self, batch: usize) -> Option<Vec<stack::Layer<'_>>> {
        stack::layers(self.activations, &self.parameters, batch)
    }
}

/// The sum of what is found of parts of the rows, by all threads; the parts are added in their order.
pub(crate) fn of_parts<T: Send>(
    parts: impl Iterator<Item = T>,
    find: impl Fn(T) -> NetErrors + Sync,
) -> NetErrors {
    let parts: Vec<T> = parts.collect();
    let mut found = vec![NetErrors::default(); parts.len()];
    let work = parts.into_iter().zip(&mut found);
    let find = |(part, found): (T, &mut NetErrors)| *found = find(part);
    if work.len() == 1 {
        // Of one part the products themselves are for all threads.
        work.for_each(find);
    } else {
        threads::each(work.collect(), find);
    }
    let mut all = NetErrors::default();
    found.into_iter().for_each(|found| all.add(found));
    all
}
