//! Steps and errors of dense autoencoders by own code: steps without Burn's record of the operations, with the same gradients to the bit,
//! and errors in one pass through the net.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use espejo_kernels::{Activation as Fused, DenseNet, Deviation, FusedLoss};
use espejo_nets::{Activation, Batch, Criterion, LayerConfig, Loss, Penalties, Range, Term};

use crate::feed::training_batch;
use crate::model::{AnyModel, penalties};
use crate::optimizer::{Gradient, trained_numbers};
use crate::prepare::Prepared;

/// How the net of a run is gone through.
pub(crate) struct OwnSteps {
    /// After each layer but the last, whose output are logits.
    activations: Vec<Fused>,
    criterion: Criterion,
    output: Activation,
}

impl OwnSteps {
    /// The steps of a run that starts with `model`; none where only Burn's record finds the gradient: of other layers, of penalties and
    /// heads, of weights that are shared among ranks or averaged, and on other devices.
    pub(crate) fn of(prepared: &Prepared, model: &AnyModel) -> Option<Self> {
        let is_alone = !prepared.exchange.is_shared() && prepared.config.train.ema <= 0.0;
        if !is_alone || trained_numbers(model) != model.num_params() {
            return None;
        }
        Self::through(prepared, model, true)
    }

    /// The way through the net of a run whose loss is that of the reconstruction alone, while `training` or after it; none where own code does
    /// not know it, or it does not lie in memory.
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
        let is_plain = spec.kind.only_reconstructs() && weights.iter().all(|weight| *weight <= 0.0);
        let is_near = model.devices().iter().all(espejo_kernels::in_memory);
        if !(is_plain && is_near) {
            return None;
        }
        let layers = mirror.encoder.layers.iter().chain(&mirror.decoder.layers);
        let mut activations: Vec<Fused> = Vec::new();
        for (layer, activation) in layers {
            let activation = activation.fused()?;
            match (layer, activations.last_mut()) {
                (LayerConfig::Linear { .. }, _) => activations.push(activation),
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
        *activations.last_mut()? = Fused::Linear;
        Some(Self {
            activations,
            criterion: spec.criterion.clone(),
            output: mirror.decoder.layers.last()?.1,
        })
    }

    /// The loss of a batch, as the model itself has it, and its gradient.
    pub(crate) fn step(&self, model: &AnyModel, batch: Batch) -> (Loss, Gradient) {
        let (net, device) = (self.net(model), batch.inputs.device());
        let found = match self.fused().filter(|_| batch.known.is_none()) {
            Some(loss) => {
                let inputs = batch.inputs.into_tensor();
                let found = net.loss_gradients(loss, inputs, batch.targets);
                found.map(|(value, gradients)| (Tensor::from_floats([value], &device), gradients))
            }
            None => {
                let inputs = batch.inputs.clone().into_tensor();
                net.gradients(inputs, |logits| self.at_logits(logits, batch))
            }
        };
        let (value, gradients) = found.expect("the model lies in memory, and batches with it");
        let term = Term::new("reconstruction", 1.0, value);
        (Loss(vec![term]), gradients.into())
    }

    /// The net of a model.
    fn net(&self, model: &AnyModel) -> DenseNet<'_> {
        let mut net = Parameters(DenseNet::new(&self.activations));
        model.visit(&mut net);
        net.0
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

/// What measures a dense autoencoder by own code, where it knows the loss.
pub(crate) struct OwnErrors(OwnSteps, FusedLoss);

impl OwnErrors {
    /// The errors of `model`; none where Burn's operations are to find them.
    pub(crate) fn of(prepared: &Prepared, model: &AnyModel) -> Option<Self> {
        let own = OwnSteps::through(prepared, model, false)?;
        let loss = own.fused().filter(|_| model.prior().is_none())?;
        // One half is the middle of this range alone.
        let is_unit = prepared.spec.range == Range::Unit;
        is_unit.then_some(Self(own, loss))
    }

    /// How far the output of each sample of a batch is from its targets, all of which are known.
    pub(crate) fn of_batch(&self, model: &AnyModel, batch: Batch) -> Vec<Deviation> {
        let found =
            (self.0.net(model)).deviations(self.1, batch.inputs.into_tensor(), batch.targets);
        found.expect("the model lies in memory, and batches with it")
    }
}

/// Gathers the parameters of a model.
struct Parameters<'a>(DenseNet<'a>);

impl ModuleVisitor for Parameters<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val());
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Gradients;
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
        struct Visit(Gradients, Vec<Vec<f32>>);
        impl ModuleVisitor for Visit {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let gradient = param.val().grad(&self.0).expect("the loss reaches all");
                self.1.push(gradient.into_data().iter().collect());
            }
        }
        let loss = model.loss(&training_batch(batch));
        let mut visit = Visit(loss.objective(1.0).backward(), Vec::new());
        model.visit(&mut visit);
        (loss.0[0].value.clone().into_scalar(), visit.1)
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
                        let (found, gradient) = own.step(&model, batch.clone());
                        let Gradient::Plain(gradients) = gradient else {
                            panic!("own code keeps no record");
                        };
                        let value = found.0[0].value.clone().into_scalar::<f32>();
                        let expected = recorded(&model, batch);
                        assert_eq!((value, gradients.collect()), expected, "{kind:?} {loss:?}");
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
            let (found, gradient) = own.step(&model, batch.clone());
            let Gradient::Plain(gradients) = gradient else {
                panic!("own code keeps no record");
            };
            let (value, expected) = recorded(&model, batch);
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
            |config: &mut RunConfig| config.model.kind = ModelKind::Vae,
        ] {
            assert_eq!(has(change), Some(false));
        }
    }
}
