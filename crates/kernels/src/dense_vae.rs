//! A variational autoencoder of fully connected layers, there and back at once, as [`crate::DenseNet`] is.

use std::borrow::Cow;

use burn::backend::DispatchTensor;
use burn::tensor::Tensor;

use crate::activation::Activation;
use crate::buffers;
use crate::dense_net::{DenseParameters, ROWS, of_parts, stack};
use crate::deviation::{FusedLoss, Wanted};
use crate::dispatched::{numbers, recycle};
use crate::gemm::add;
use crate::net_errors::NetErrors;
use crate::parameter_gradient::ParameterGradient;
use crate::posterior::{Divergence, Posterior};

/// The parameters of layers to a posterior N(μ, diag σ²) and of layers from a draw of it.
#[derive(Debug)]
pub struct DenseVae<'a> {
    /// f of each layer of the encoder and of the decoder; between them are two heads without an activation.
    activations: [&'a [Activation]; 2],
    /// Weight and bias of each layer: of the encoder, the heads of μ and of ln σ², the decoder.
    parameters: Vec<DispatchTensor>,
}

/// The samples of a step or an evaluation.
#[derive(Debug)]
pub struct VaeSamples {
    /// `[batch, values]`
    pub inputs: Tensor<2>,
    /// Standard normal numbers, `[batch, latent]`.
    pub noise: Tensor<2>,
    /// `[batch, outputs]`
    pub targets: Tensor<2>,
}

/// The layers where their numbers lie.
struct Layers<'a> {
    encoder: Vec<stack::Layer<'a>>,
    /// Of μ and of ln σ².
    heads: [Vec<stack::Layer<'a>>; 2],
    decoder: Vec<stack::Layer<'a>>,
}

impl<'a> DenseVae<'a> {
    /// Layers of an encoder and a decoder with these activations; parameters are those of the encoder, of the heads of μ and of ln σ², and of the
    /// decoder.
    pub fn new([encoder, decoder]: [&'a [Activation]; 2], parameters: DenseParameters) -> Self {
        Self {
            activations: [encoder, decoder],
            parameters: parameters.0,
        }
    }

    /// The divergence of the posteriors, mean over the batch, and the gradient at each parameter, in their order. `loss` gets what the decoder makes
    /// of a draw of each row, `batch` times `outputs` numbers, and gives its gradient there, with anything else.
    ///
    /// None where a tensor lies elsewhere than in memory, or is one that Burn records.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other, or parameters are missing.
    pub fn gradients<T>(
        &self,
        divergence: Divergence,
        samples: VaeSamples,
        loss: impl FnOnce(Vec<f32>, &[f32]) -> (T, Vec<f32>),
    ) -> Option<(f32, T, Vec<ParameterGradient>)> {
        let [batch, _] = samples.inputs.dims();
        let tensors = samples.into_tensors();
        let [inputs, noise, targets] = of_tensors(&tensors)?;
        let layers = self.layers(batch)?;
        let encoded = stack::forward(&layers.encoder, &inputs);
        let hidden = encoded.last().map_or(&*inputs, |last| &last.y);
        let heads = layers.heads.each_ref();
        let [means, log_variances] = heads.map(|head| stack::forward(head, hidden));
        let posterior = Posterior {
            mean: &means[0].y,
            log_variance: &log_variances[0].y,
            noise: &noise,
            latent: layers.heads[0][0].outputs(),
        };
        let draws = posterior.draws();
        let loss = |outputs| loss(outputs, &targets);
        let (value, decoder) = stack::through(&layers.decoder, &draws, loss, true)?;
        let (nats, [at_mean, at_log_variance]) = posterior.backward(&decoder.inputs, divergence);
        let goes_on = !layers.encoder.is_empty();
        let [of_means, of_log_variances] = heads;
        let mean = stack::backward(of_means, hidden, means, at_mean, goes_on);
        let log_variance = stack::backward(
            of_log_variances,
            hidden,
            log_variances,
            at_log_variance,
            goes_on,
        );
        let mut at_hidden = mean.inputs;
        add(&mut at_hidden, &log_variance.inputs);
        let encoder = stack::backward(&layers.encoder, &inputs, encoded, at_hidden, false);
        let parts = [
            encoder.parameters,
            mean.parameters,
            log_variance.parameters,
            decoder.parameters,
        ];
        let gradients = parts.into_iter().flatten().collect();
        drop((inputs, noise, targets));
        tensors.into_iter().for_each(recycle);
        Some((nats, value, gradients))
    }

    /// How far what the layers make of each row is from its targets, summed over the rows. All threads take some rows at a time through all layers.
    ///
    /// None where a tensor lies elsewhere than in memory, or is one that Burn records.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other, or parameters are missing.
    pub fn errors(&self, loss: FusedLoss, samples: VaeSamples) -> Option<NetErrors> {
        let ([batch, width], [_, outputs]) = (samples.inputs.dims(), samples.targets.dims());
        let tensors = samples.into_tensors();
        let [inputs, noise, targets] = of_tensors(&tensors)?;
        let layers = self.layers(batch)?;
        let latent = layers.heads[0][0].outputs();
        let parts = inputs.chunks(ROWS * width);
        let parts = parts.zip(noise.chunks(ROWS * latent));
        let parts = parts.zip(targets.chunks(ROWS * outputs));
        let found = of_parts(parts, |((inputs, noise), targets)| {
            layers.errors(loss, [inputs, noise, targets])
        });
        drop((inputs, noise, targets));
        tensors.into_iter().for_each(recycle);
        Some(found)
    }

    fn layers(&self, batch: usize) -> Option<Layers<'_>> {
        let [encoder, decoder] = self.activations;
        let of_encoder = 2 * encoder.len();
        let layers = |activations: &[Activation], from: usize| {
            let to = from + 2 * activations.len();
            stack::layers(activations, &self.parameters[from..to], batch)
        };
        let head = [Activation::Linear];
        Some(Layers {
            encoder: layers(encoder, 0)?,
            heads: [layers(&head, of_encoder)?, layers(&head, of_encoder + 2)?],
            decoder: layers(decoder, of_encoder + 4)?,
        })
    }
}

impl VaeSamples {
    fn into_tensors(self) -> [DispatchTensor; 3] {
        [self.inputs, self.noise, self.targets].map(Tensor::into_dispatch)
    }
}

/// The numbers of all three; none where one lies elsewhere than in memory.
fn of_tensors([inputs, noise, targets]: &[DispatchTensor; 3]) -> Option<[Cow<'_, [f32]>; 3]> {
    Some([numbers(inputs)?, numbers(noise)?, numbers(targets)?])
}

impl Layers<'_> {
    /// What is made of some rows: their inputs, noise and targets.
    fn errors(&self, loss: FusedLoss, [inputs, noise, targets]: [&[f32]; 3]) -> NetErrors {
        let latent = self.heads[0][0].outputs();
        let rows = noise.len() / latent;
        let encoded = stack::values(&self.encoder, inputs, rows);
        let hidden = match self.encoder.is_empty() {
            true => inputs,
            false => &encoded,
        };
        let heads = self.heads.each_ref();
        let [mean, log_variance] = heads.map(|head| stack::values(head, hidden, rows));
        buffers::give(encoded);
        let posterior = Posterior {
            mean: &mean,
            log_variance: &log_variance,
            noise,
            latent,
        };
        let decoded = |codes: &[f32], wanted| {
            let values = stack::values(&self.decoder, codes, rows);
            let found = loss.deviations(wanted, &values, targets, rows);
            buffers::give(values);
            NetErrors::of(&found)
        };
        NetErrors {
            loss: decoded(&posterior.draws(), Wanted::Loss).loss,
            posterior: posterior.sums(),
            ..decoded(&mean, Wanted::Outputs)
        }
    }
}
