//! One vector a step: the gradients of all parameters, the terms of the loss, and whether a rank has been told to stop.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use espejo_kernels::{buffers, in_memory};

use super::Exchange;

/// What the ranks have added up beside their gradients.
pub(crate) struct Step {
    /// The terms of the loss, of the whole batch.
    pub terms: Vec<f32>,
    /// Whether a rank has been told to stop.
    pub stop: bool,
    /// Numbers that were exchanged.
    pub numbers: usize,
}

/// Adds up the gradients of all ranks in place, with the terms of the loss, `[1]` each, that belong to them, and with who is to stop.
pub(crate) fn add_up<M: Module>(
    exchange: Exchange,
    model: &M,
    gradients: &mut Gradients,
    terms: Vec<Tensor<1>>,
    stop: bool,
) -> Step {
    let count = terms.len();
    let mut collect = Collect {
        gradients,
        pieces: Vec::new(),
        values: Vec::new(),
    };
    model.visit(&mut collect);
    terms.into_iter().for_each(|term| collect.push(term));
    let mut values = collect.end();
    values.push(f32::from(u8::from(stop)));
    exchange.sum(&mut values);
    let numbers = values.len();
    let stop = values.pop().is_some_and(|told| told > 0.0);
    let terms = values.split_off(values.len() - count);
    model.visit(&mut HandBack {
        gradients,
        values: &values,
        whole: None,
    });
    buffers::give(values);
    Step {
        terms,
        stop,
        numbers,
    }
}

/// Lays gradients end to end on the host.
struct Collect<'a> {
    gradients: &'a mut Gradients,
    /// What lies on a device, which is asked once.
    pieces: Vec<Tensor<1>>,
    /// What lay in memory.
    values: Vec<f32>,
}

impl Collect<'_> {
    fn push<const D: usize>(&mut self, tensor: Tensor<D>) {
        if !in_memory(&tensor.device()) {
            let count = tensor.shape().num_elements();
            return self.pieces.push(tensor.reshape([count]));
        }
        let data = tensor.into_data();
        self.values
            .extend_from_slice(data.as_slice().expect("tensors are of f32"));
        if let Ok(values) = data.try_into_vec() {
            buffers::give(values);
        }
    }

    fn end(self) -> Vec<f32> {
        match self.pieces.is_empty() {
            true => self.values,
            false => Tensor::cat(self.pieces, 0).into_data().iter().collect(),
        }
    }
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if !tensor.is_require_grad() {
            return;
        }
        let gradient = tensor.grad_remove(self.gradients);
        // A parameter that the loss does not reach has no gradient, here as on every other rank.
        self.push(gradient.unwrap_or_else(|| tensor.inner().zeros_like()));
    }
}

/// Hands each parameter its part of the sums.
struct HandBack<'a> {
    gradients: &'a mut Gradients,
    /// What has not been handed out.
    values: &'a [f32],
    /// The same on a device, which is given everything at once; none before the first parameter there.
    whole: Option<Tensor<1>>,
}

impl ModuleVisitor for HandBack<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if !tensor.is_require_grad() {
            return;
        }
        let (shape, device) = (tensor.dims(), tensor.device().inner());
        let count = shape.iter().product();
        let gradient = if in_memory(&device) {
            let (own, rest) = self.values.split_at(count);
            self.values = rest;
            let mut values = buffers::take(count);
            values.copy_from_slice(own);
            Tensor::from_data(TensorData::new(values, shape), &device)
        } else {
            let whole = self.whole.take().unwrap_or_else(|| {
                let data = TensorData::new(self.values.to_vec(), [self.values.len()]);
                Tensor::from_data(data, &device) // [parameters]
            });
            let [left] = whole.dims();
            let own = whole.clone().slice(0..count).reshape(shape);
            self.whole = (left > count).then(|| whole.slice(count..left));
            own
        };
        tensor.grad_replace(self.gradients, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use espejo_nets::{Activation, Batch, Model, seeded};

    /// Without others the gradients, and the step by them, stay what they are, on whatever kind of device.
    #[test]
    fn gradients_come_back_as_they_went() {
        let Ok(chosen) = crate::device::choose("cpu") else {
            return; // a build with wgpu alone
        };
        let device = chosen.device.autodiff();
        let config = espejo_ae::AeConfig::mirrored(6, &[5], 2, Activation::Tanh);
        let model = config.init(&mut seeded(3), &device);
        let batch = Batch::same(Tensor::<2>::ones([4, 6], &device));
        let flat = |gradients: &mut Gradients| {
            let mut collect = Collect {
                gradients,
                pieces: Vec::new(),
                values: Vec::new(),
            };
            model.visit(&mut collect);
            collect.end()
        };
        let backward = || model.loss(&batch).objective(1.0).backward();
        let expected = flat(&mut backward());
        assert_eq!(expected.len(), crate::optimizer::trained_numbers(&model));
        let mut gradients = backward();
        let terms = vec![Tensor::from_floats([2.5], &device.inner())];
        let step = add_up(Exchange::Alone, &model, &mut gradients, terms, true);
        assert_eq!((step.terms, step.stop), (vec![2.5], true));
        assert_eq!(step.numbers, expected.len() + 2);
        assert_eq!(flat(&mut gradients), expected);
    }
}
