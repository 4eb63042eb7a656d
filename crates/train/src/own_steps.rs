//! Steps and errors of dense autoencoders by own code: steps without Burn's record of the operations, with the same gradients to the bit,
//! and errors in one pass through the net.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Distribution, Tensor, TensorData};
use espejo_kernels::{
    Activation as Fused, DenseNet, DenseParameters, DenseVae, Divergence, FusedLoss, NetErrors,
    VaeSamples,
};
use espejo_nets::{
    Activation, Batch, Criterion, LayerConfig, Loss, Penalties, Range, Term, random,
};

use crate::feed::training_batch;
use crate::model::{AnyModel, penalties};
use crate::optimizer::{Gradient, trained_numbers};
use crate::prepare::Prepared;

/// How the net of a run is gone through.
pub(crate) struct OwnSteps {
    net: Net,
    criterion: Criterion,
    output: Activation,
}

/// The activations after each layer but the last, whose output are logits.
enum Net {
    /// One layer behind the other.
    Chain(Vec<Fused>),
    /// With the heads of a posterior.
    Vae(VaeNet),
}

/// The layers around the heads of a posterior.
struct VaeNet {
    encoder: Vec<Fused>,
    decoder: Vec<Fused>,
    /// Numbers of a code.
    latent: usize,
    /// β before it warms up, and free bits.
    divergence: Divergence,
}

impl OwnSteps {
    /// The steps of a run that starts with `model`; none where only Burn's record finds the gradient: of other layers, of penalties, of weights
    /// that are shared among ranks or averaged, in half precision, and on other devices.
    pub(crate) fn of(prepared: &Prepared, model: &AnyModel) -> Option<Self> {
        let train = &prepared.config.train;
        let is_alone = !prepared.exchange.is_shared() && train.ema <= 0.0;
        if !is_alone || train.has_half_products() || trained_numbers(model) != model.num_params() {
            return None;
        }
        Self::through(prepared, model, true)
    }

    /// The way through the net of a run whose loss is that of the reconstruction, with a divergence where there is a posterior, while `training` or
    /// after it; none where own code does not know it, or it does not lie in memory.
    fn through(prepared: &Prepared, model: &AnyModel, training: bool) -> Option<Self> {
        let (spec, config) = (&prepared.spec, &prepared.config);
        let mirror = spec.architecture.mirror()?;
        // Whole, so that a penalty that is added later is not forgotten here.
        let Penalties {
            l1,
            sparsity,
            sparsity_target: _,
            contractive,
            weight_decay,
        } = penalties(&config.objective);
        let weights = [l1, sparsity, contractive, weight_decay];
        let is_plain = (spec.kind.only_reconstructs() || spec.kind.has_posterior())
            && weights.iter().all(|weight| *weight <= 0.0);
        let is_near = model.devices().iter().all(espejo_kernels::in_memory);
        if !(is_plain && is_near) {
            return None;
        }
        let (encoder, decoder) = (&mirror.encoder.layers, &mirror.decoder.layers);
        let net = match &mirror.head {
            None => Net::Chain(to_logits(encoder.iter().chain(decoder), training)?),
            Some(LayerConfig::Linear { outputs, .. }) => Net::Vae(VaeNet {
                encoder: activations(encoder.iter(), training)?,
                decoder: to_logits(decoder.iter(), training)?,
                latent: *outputs,
                divergence: Divergence {
                    weight: config.objective.beta,
                    free_bits: config.objective.free_bits,
                },
            }),
            Some(_) => return None,
        };
        Some(Self {
            net,
            criterion: spec.criterion.clone(),
            output: mirror.decoder.layers.last()?.1,
        })
    }

    /// The loss of a batch, as the model itself has it, and the gradient of what is optimised while terms warm up.
    pub(crate) fn step(&self, model: &AnyModel, batch: Batch, warm_up: f64) -> (Loss, Gradient) {
        let parameters = parameters(model);
        match &self.net {
            Net::Chain(activations) => self.through_chain(activations, parameters, batch),
            Net::Vae(net) => {
                let samples = drawn(&batch, net.latent);
                self.through_vae(net, parameters, (batch, samples), warm_up)
            }
        }
    }

    fn through_chain(
        &self,
        activations: &[Fused],
        parameters: DenseParameters,
        batch: Batch,
    ) -> (Loss, Gradient) {
        let net = DenseNet::new(activations, parameters);
        let device = batch.inputs.device();
        let found = match self.fused().filter(|_| batch.known.is_none()) {
            // Nobody else holds the samples any more: their memory is that of the next.
            Some(loss) => {
                let found = net.loss_gradients(loss, batch.inputs.into_tensor(), batch.targets);
                found.map(|(value, gradients)| (Tensor::from_floats([value], &device), gradients))
            }
            None => {
                let inputs = batch.inputs.clone().into_tensor();
                net.gradients(inputs, |logits| self.at_logits(logits, batch))
            }
        };
        let (value, gradients) = found.expect(IN_MEMORY);
        let term = Term::new("reconstruction", 1.0, value);
        (Loss(vec![term]), gradients.into())
    }

    fn through_vae(
        &self,
        net: &VaeNet,
        parameters: DenseParameters,
        (batch, samples): (Batch, VaeSamples),
        warm_up: f64,
    ) -> (Loss, Gradient) {
        let ([rows, _], device) = (batch.inputs.dims(), batch.inputs.device());
        let on_device = |value: f32| Tensor::from_floats([value], &device);
        let divergence = Divergence {
            weight: net.divergence.weight * warm_up,
            ..net.divergence
        };
        let of_net = net.with(parameters);
        let found = match self.fused().filter(|_| batch.known.is_none()) {
            Some(loss) => {
                // Nobody else holds the samples any more: their memory is that of the next.
                drop(batch);
                of_net.gradients(divergence, samples, |mut logits, targets| {
                    let value = loss.value_and_gradient(&mut logits, targets, rows);
                    (on_device(value), logits)
                })
            }
            None => of_net.gradients(divergence, samples, |logits, _| {
                self.at_logits(logits, batch)
            }),
        };
        let (nats, value, gradients) = found.expect(IN_MEMORY);
        let reconstruction = Term::new("reconstruction", 1.0, value);
        let divergence = Term {
            warms_up: true,
            ..Term::new("kl", net.divergence.weight, on_device(nats))
        };
        (Loss(vec![reconstruction, divergence]), gradients.into())
    }

    /// The loss, where own code knows it and what the net gives out beside it.
    fn fused(&self) -> Option<FusedLoss> {
        match (&self.criterion, self.output) {
            (Criterion::Bce, Activation::Sigmoid) => Some(FusedLoss::CrossEntropy),
            (Criterion::Mse, Activation::Linear) => Some(FusedLoss::HalfSquares),
            _ => None,
        }
    }

    /// The loss of logits `[batch, values]` `[1]`, and its gradient there: of the loss alone Burn keeps a record.
    fn at_logits(&self, logits: Vec<f32>, batch: Batch) -> (Tensor<1>, Vec<f32>) {
        let logits = TensorData::new(logits, batch.targets.dims());
        let device = batch.inputs.device().autodiff();
        let logits = Tensor::<2>::from_data(logits, &device).require_grad();
        let batch = training_batch(batch);
        let loss = self.criterion.of_batch(logits.clone(), &batch, self.output); // [1]
        let gradient = logits.grad_remove(&mut loss.backward());
        let gradient = gradient.expect("a loss depends on the logits").into_data();
        let gradient = gradient.try_into_vec().expect("tensors are of f32");
        (loss.inner(), gradient)
    }
}

impl VaeNet {
    fn with(&self, parameters: DenseParameters) -> DenseVae<'_> {
        DenseVae::new([&self.encoder, &self.decoder], parameters)
    }
}

/// Why own code finds all numbers.
const IN_MEMORY: &str = "the model lies in memory, and batches with it";

/// The activations after fully connected layers, while `training` or after it; none where there are others.
fn activations<'a>(
    layers: impl Iterator<Item = &'a (LayerConfig, Activation)>,
    training: bool,
) -> Option<Vec<Fused>> {
    let mut found: Vec<Fused> = Vec::new();
    for (layer, activation) in layers {
        let activation = activation.fused()?;
        match (layer, found.last_mut()) {
            (LayerConfig::Linear { .. }, _) => found.push(activation),
            // Afterwards they are the identity, and what follows them follows the layer before.
            (LayerConfig::Noise { .. } | LayerConfig::Dropout { .. }, Some(before))
                if !training && [activation, *before].contains(&Fused::Linear) =>
            {
                if activation != Fused::Linear {
                    *before = activation;
                }
            }
            _ => return None,
        }
    }
    Some(found)
}

/// [`activations`] without the last.
fn to_logits<'a>(
    layers: impl Iterator<Item = &'a (LayerConfig, Activation)>,
    training: bool,
) -> Option<Vec<Fused>> {
    let mut found = activations(layers, training)?;
    *found.last_mut()? = Fused::Linear;
    Some(found)
}

/// The samples of a batch with what their codes are drawn by: the numbers that the model itself would draw.
fn drawn(batch: &Batch, latent: usize) -> VaeSamples {
    let [samples, _] = batch.inputs.dims();
    let normal = Distribution::Normal(0.0, 1.0);
    VaeSamples {
        noise: random([samples, latent], normal, &batch.inputs.device()), // [batch, latent]
        inputs: batch.inputs.clone().into_tensor(),
        targets: batch.targets.clone(),
    }
}

/// What measures a dense autoencoder by own code, where it knows the loss.
pub(crate) struct OwnErrors(OwnSteps, FusedLoss);

impl OwnErrors {
    /// The errors of `model`; none where Burn's operations are to find them.
    pub(crate) fn of(prepared: &Prepared, model: &AnyModel) -> Option<Self> {
        let own = OwnSteps::through(prepared, model, false)?;
        let loss = own.fused()?;
        let is_known = match own.net {
            Net::Chain(_) => model.prior().is_none(),
            Net::Vae(_) => true,
        };
        // One half is the middle of this range alone.
        let is_unit = prepared.spec.range == Range::Unit;
        (is_unit && is_known).then_some(Self(own, loss))
    }

    /// How far what comes out for a batch is from its targets, all of which are known.
    pub(crate) fn of_batch(&self, model: &AnyModel, batch: Batch) -> NetErrors {
        let found = match &self.0.net {
            Net::Chain(activations) => {
                let net = DenseNet::new(activations, parameters(model));
                net.errors(self.1, batch.inputs.into_tensor(), batch.targets)
            }
            Net::Vae(net) => {
                let samples = drawn(&batch, net.latent);
                net.with(parameters(model)).errors(self.1, samples)
            }
        };
        found.expect(IN_MEMORY)
    }

    /// The weight of the divergence in the loss; none without a posterior.
    pub(crate) fn beta(&self) -> Option<f64> {
        match &self.0.net {
            Net::Chain(_) => None,
            Net::Vae(net) => Some(net.divergence.weight),
        }
    }
}

/// The parameters of a model, in the order of a visit.
fn parameters(model: &AnyModel) -> DenseParameters {
    struct Gather(DenseParameters);
    impl ModuleVisitor for Gather {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val());
        }
    }
    let mut gather = Gather(DenseParameters::default());
    model.visit(&mut gather);
    gather.0
}

#[cfg(test)]
mod tests {
    use burn::tensor::Gradients;
    use espejo_kernels::ParameterGradient;
    use espejo_nets::{DenseStep, Model};

    use super::*;
    use crate::config::{LossKind, ModelKind, RunConfig};
    use crate::prepare::prepare;
    use crate::seed::Purpose;

    /// A run on a font; none in a build without a processor backend.
    fn prepared(change: impl FnOnce(&mut RunConfig)) -> Option<Prepared> {
        let mut config = RunConfig::default();
        config.data.name = "fonts:1".into();
        config.train.device = "cpu".into();
        config.model.layers = vec![DenseStep::Size(16)];
        change(&mut config);
        crate::device::choose("cpu").ok()?;
        Some(prepare(config).expect("a run on a font"))
    }

    fn model(prepared: &Prepared) -> AnyModel {
        let device = prepared.chosen.device.clone().autodiff();
        prepared.spec.init(&prepared.config, &device)
    }

    /// The gradient at each parameter, by Burn's record.
    fn recorded(model: &AnyModel, batch: Batch) -> (f32, Vec<Vec<f32>>) {
        let (terms, gradients) = gradients(model, model.loss(&training_batch(batch)), 1.0);
        (terms[0].2, gradients)
    }

    /// Name, weight and value of a term.
    type Known = (&'static str, f64, f32);

    /// The terms of a loss, and the gradient of what is optimised at each parameter.
    fn gradients(model: &AnyModel, loss: Loss, warm_up: f64) -> (Vec<Known>, Vec<Vec<f32>>) {
        struct Visit(Gradients, Vec<Vec<f32>>);
        impl ModuleVisitor for Visit {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let gradient = param.val().grad(&self.0).expect("the loss reaches all");
                self.1.push(gradient.into_data().iter().collect());
            }
        }
        let mut visit = Visit(loss.objective(warm_up).backward(), Vec::new());
        model.visit(&mut visit);
        let terms = loss.0.into_iter();
        let terms = terms.map(|term| (term.name, term.weight, term.value.into_scalar()));
        (terms.collect(), visit.1)
    }

    #[test]
    fn loss_and_gradients_are_those_of_the_record_to_the_bit() {
        for kind in [ModelKind::Ae, ModelKind::Dae] {
            for loss in [
                LossKind::Bce,
                LossKind::Mse,
                LossKind::Mae,
                LossKind::LogCosh,
            ] {
                for activation in [Activation::Tanh, Activation::Relu, Activation::Sigmoid] {
                    let prepared = prepared(|config| {
                        config.model.kind = kind;
                        config.model.activation = activation;
                        config.objective.loss = loss;
                    });
                    let Some(prepared) = prepared else { return };
                    let model = model(&prepared);
                    let own = OwnSteps::of(&prepared, &model).expect("a dense net in memory");
                    let feed = prepared.measured_data(&prepared.train, Purpose::Evaluate);
                    for batch in feed.expect("a font").in_order(20) {
                        let batch = batch.expect("in memory");
                        let (found, gradient) = own.step(&model, batch.clone(), 1.0);
                        let Gradient::Plain(gradients) = gradient else {
                            panic!("own code keeps no record");
                        };
                        let value = found.0[0].value.clone().into_scalar::<f32>();
                        let expected = recorded(&model, batch);
                        let found = gradients.map(ParameterGradient::into_numbers).collect();
                        assert_eq!((value, found), expected, "{kind:?} {loss:?}");
                    }
                }
            }
        }
    }

    /// The small numbers of a posterior are summed in another order than the record's.
    #[test]
    fn a_vae_has_the_loss_and_the_gradients_of_the_record() {
        for (loss, free_bits, layers) in [
            (LossKind::Bce, 0.0, vec![DenseStep::Size(16)]),
            (LossKind::Bce, 0.05, vec![DenseStep::Size(16)]),
            (LossKind::Mae, 0.0, Vec::new()),
        ] {
            let prepared = prepared(|config| {
                config.model.kind = ModelKind::Vae;
                config.model.layers = layers;
                config.model.latent = Some(3);
                config.objective.loss = loss;
                config.objective.beta = 0.5;
                config.objective.free_bits = free_bits;
            });
            let Some(prepared) = prepared else { return };
            let model = model(&prepared);
            let own = OwnSteps::of(&prepared, &model).expect("a dense net in memory");
            let (Net::Vae(net), AnyModel::Vae(vae)) = (&own.net, &model) else {
                panic!("a variational autoencoder");
            };
            let feed = prepared.measured_data(&prepared.train, Purpose::Evaluate);
            for batch in feed.expect("a font").in_order(20) {
                let batch = batch.expect("in memory");
                let samples = drawn(&batch, net.latent);
                let recorded = training_batch(batch.clone());
                let noise = Tensor::from_inner(samples.noise.clone());
                let (expected, gradients) = gradients(&model, vae.loss_with(&recorded, noise), 0.7);
                let (found, gradient) =
                    own.through_vae(net, parameters(&model), (batch, samples), 0.7);
                let terms = found.0.iter().zip(&expected);
                for (term, (name, weight, value)) in terms {
                    assert_eq!((term.name, term.weight), (*name, *weight));
                    let found = term.value.clone().into_scalar::<f32>();
                    assert!((found / value - 1.0).abs() < 2e-6, "{found} for {value}");
                }
                let Gradient::Plain(found) = gradient else {
                    panic!("own code keeps no record");
                };
                let found = found.map(ParameterGradient::into_numbers);
                let found: Vec<Vec<f32>> = found.collect();
                assert_eq!(found.len(), gradients.len());
                for (found, expected) in found.iter().zip(&gradients) {
                    let largest = expected.iter().fold(0.0_f32, |most, of| most.max(of.abs()));
                    assert_eq!(found.len(), expected.len());
                    for (found, expected) in found.iter().zip(expected) {
                        let apart = (found - expected).abs();
                        assert!(apart <= 2e-6 * largest, "{loss:?}: {found} for {expected}");
                    }
                }
            }
        }
    }

    /// The gradients of ½‖t - o‖² are those of the record to the bit, too; its value is summed in double precision, not in two stages.
    #[test]
    fn half_squares_have_the_gradients_of_the_record() {
        let prepared = prepared(|config| {
            config.model.output_activation = Some(Activation::Linear);
            config.objective.loss = LossKind::Mse;
        });
        let Some(prepared) = prepared else { return };
        let model = model(&prepared);
        let own = OwnSteps::of(&prepared, &model).expect("a dense net in memory");
        assert_eq!(own.fused(), Some(FusedLoss::HalfSquares));
        let feed = prepared.measured_data(&prepared.train, Purpose::Evaluate);
        for batch in feed.expect("a font").in_order(20) {
            let batch = batch.expect("in memory");
            let (found, gradient) = own.step(&model, batch.clone(), 1.0);
            let Gradient::Plain(gradients) = gradient else {
                panic!("own code keeps no record");
            };
            let (value, expected) = recorded(&model, batch);
            let gradients = gradients.map(ParameterGradient::into_numbers);
            assert_eq!(gradients.collect::<Vec<_>>(), expected);
            let found = found.0[0].value.clone().into_scalar::<f32>();
            assert!((found / value - 1.0).abs() < 1e-6, "{found} for {value}");
        }
    }

    #[test]
    fn what_own_code_does_not_know_goes_by_the_record() {
        let has = |change: fn(&mut RunConfig)| {
            let prepared = prepared(change)?;
            Some(OwnSteps::of(&prepared, &model(&prepared)).is_some())
        };
        let Some(plain) = has(|_| {}) else { return };
        assert!(plain);
        for change in [
            |config: &mut RunConfig| config.objective.l1 = 0.1,
            |config: &mut RunConfig| config.objective.weight_decay = 0.1,
            |config: &mut RunConfig| config.train.ema = 0.9,
            |config: &mut RunConfig| config.model.activation = Activation::Gelu,
            |config: &mut RunConfig| {
                config.model.kind = ModelKind::Vae;
                config.objective.weight_decay = 0.1;
            },
        ] {
            assert_eq!(has(change), Some(false));
        }
    }
}
