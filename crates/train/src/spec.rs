//! From a configuration and the shape of the data to a model: every check that Burn would answer with a panic is here.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use espejo_ae::{Ae, AeConfig};
use espejo_dae::{Dae, DaeConfig};
use espejo_nets::{
    Activation, Batch, LayerInfo, LayersConfig, Loss, Model, Noise, Penalties, Range,
    Reconstruction, seeded,
};
use espejo_vae::{Vae, VaeConfig};

use crate::Error;
use crate::config::{Kind, LossKind, OptimizerKind, RunConfig};
use crate::seed::{Purpose, stream};

/// The largest layer, and the most weights, that a configuration may ask for.
const MAX_WIDTH: usize = 1 << 20;
const MAX_WEIGHTS: usize = 1 << 29;
/// The most pixel values that noisy copies may make.
const MAX_COPIED: usize = 1 << 29;

/// A configuration made concrete for pictures of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Which model.
    pub kind: Kind,
    /// Layer sizes from pixels to code, both included.
    pub down: Vec<usize>,
    /// Layer sizes from code to pixels, both included.
    pub up: Vec<usize>,
    /// Activation of the output.
    pub output: Activation,
    /// The ends of the pixel values: signed for a tanh output, else unit.
    pub range: Range,
    /// The reconstruction loss.
    pub reconstruction: Reconstruction,
    /// The corruption of a denoising model.
    pub noise: Noise,
}

impl Spec {
    /// Checks the whole configuration against pictures of `pixels` values.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the first key that cannot be used.
    pub fn new(config: &RunConfig, pixels: usize) -> Result<Self, Error> {
        let (down, up) = sizes(config, pixels)?;
        check_weights(&down, &up)?;
        let (reconstruction, output) = loss_and_output(config)?;
        check_objective(config)?;
        check_train(config)?;
        let range = if output == Activation::Tanh {
            Range::Signed
        } else {
            Range::Unit
        };
        Ok(Self {
            kind: config.model.kind,
            down,
            up,
            output,
            range,
            reconstruction,
            noise: noise(config)?,
        })
    }

    /// Size of the code.
    pub fn latent(&self) -> usize {
        self.up[0]
    }

    /// The sizes as they are written, e.g. `[35, 25, 2, 25, 35]`.
    pub fn layers(&self) -> Vec<usize> {
        self.down.iter().chain(&self.up[1..]).copied().collect()
    }

    /// A model with first weights from the seed of the configuration, the same on every device.
    pub fn init(&self, config: &RunConfig, device: &Device) -> AnyModel {
        let mut rng = seeded(stream(config.train.seed, 0, Purpose::Weights));
        let model = &config.model;
        let decoder = LayersConfig::dense(self.up.as_slice(), model.activation, self.output);
        if self.kind == Kind::Vae {
            let hidden = &self.down[..self.down.len() - 1];
            let vae = VaeConfig {
                encoder: LayersConfig::dense(hidden, model.activation, model.activation),
                latent: self.latent(),
                decoder,
                initializer: model.initializer,
                reconstruction: self.reconstruction,
                beta: config.objective.beta,
                free_bits: config.objective.free_bits,
                weight_decay: config.objective.weight_decay,
            };
            return AnyModel::Vae(vae.init(&mut rng, device));
        }
        let objective = &config.objective;
        let autoencoder = AeConfig {
            encoder: LayersConfig::dense(
                self.down.as_slice(),
                model.activation,
                model.latent_activation,
            ),
            decoder,
            initializer: model.initializer,
            reconstruction: self.reconstruction,
            penalties: Penalties {
                l1: objective.l1,
                sparsity: objective.sparsity,
                sparsity_target: objective.sparsity_target,
                contractive: objective.contractive,
                weight_decay: objective.weight_decay,
            },
        };
        match self.kind {
            Kind::Dae => AnyModel::Dae(
                DaeConfig {
                    autoencoder,
                    noise: self.noise,
                    range: self.range,
                }
                .init(&mut rng, device),
            ),
            _ => AnyModel::Ae(autoencoder.init(&mut rng, device)),
        }
    }
}

/// Any of the models; which one is a value, so that everything past this file is written once.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one model in a run")]
pub enum AnyModel {
    /// The autoencoder.
    Ae(Ae),
    /// The denoising autoencoder.
    Dae(Dae),
    /// The variational autoencoder.
    Vae(Vae),
}

macro_rules! each {
    ($self:expr, $model:ident => $call:expr) => {
        match $self {
            AnyModel::Ae($model) => $call,
            AnyModel::Dae($model) => $call,
            AnyModel::Vae($model) => $call,
        }
    };
}

impl Model for AnyModel {
    fn encode(&self, pictures: Tensor<2>) -> Tensor<2> {
        each!(self, model => model.encode(pictures)) // [batch, latent]
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<2> {
        each!(self, model => model.decode(codes)) // [batch, pixels]
    }

    fn loss(&self, batch: &Batch) -> Loss {
        each!(self, model => model.loss(batch))
    }

    fn table(&self) -> Vec<(&'static str, LayerInfo)> {
        each!(self, model => model.table())
    }
}

/// The way down and the way up, from either form of `layers`.
fn sizes(config: &RunConfig, pixels: usize) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let layers = &config.model.layers;
    if let Some(bad) = layers.iter().find(|size| **size == 0 || **size > MAX_WIDTH) {
        return Err(Error::config(
            format!("layer size {bad} in `model.layers`, expected 1 to {MAX_WIDTH}"),
            None,
        ));
    }
    let whole = layers.len() >= 3 && layers.first() == layers.last() && layers[0] == pixels;
    if !whole {
        let latent = config.model.latent.unwrap_or(2);
        if latent == 0 || latent > MAX_WIDTH {
            return Err(Error::config(
                format!("`model.latent` is {latent}, expected 1 to {MAX_WIDTH}"),
                None,
            ));
        }
        if layers.len() >= 3 && layers.first() == layers.last() {
            let message = format!(
                "layers {layers:?} start and end with {}, but a picture has {pixels} pixels",
                layers[0]
            );
            return Err(Error::config(
                message,
                format!(
                    "the whole list starts and ends with {pixels}; hidden sizes alone are mirrored"
                ),
            ));
        }
        let down = [&[pixels], layers.as_slice(), &[latent]].concat();
        let up = down.iter().rev().copied().collect();
        return Ok((down, up));
    }
    let inner = &layers[1..layers.len() - 1];
    let narrowest = *inner.iter().min().expect("a whole list has inner layers");
    let waist = 1 + inner
        .iter()
        .position(|size| *size == narrowest)
        .expect("the minimum is there");
    if inner.iter().filter(|size| **size == narrowest).count() > 1 {
        let message = format!("layers {layers:?} have no single narrowest layer to be the code");
        return Err(Error::config(
            message,
            Some("give the hidden sizes alone, and `--latent N`".into()),
        ));
    }
    if let Some(latent) = config.model.latent.filter(|latent| *latent != narrowest) {
        let message =
            format!("`latent` is {latent}, but the waist of layers {layers:?} is {narrowest}");
        return Err(Error::config(
            message,
            Some("leave `--latent` out when the whole list is given".into()),
        ));
    }
    Ok((layers[..=waist].to_vec(), layers[waist..].to_vec()))
}

/// Refuses noisy copies that no memory would hold; `key` names what asks for them.
///
/// # Errors
///
/// [`Error::Config`] with the most that there may be.
pub fn check_copies(key: &str, copies: usize, pictures: usize, pixels: usize) -> Result<(), Error> {
    let most = MAX_COPIED / (pictures * pixels).max(1);
    if copies <= most {
        return Ok(());
    }
    let message =
        format!("`{key}` is {copies}, too many for {pictures} pictures of {pixels} pixels");
    Err(Error::config(message, format!("give 1 to {most}")))
}

/// Refuses a net that no memory would hold.
fn check_weights(down: &[usize], up: &[usize]) -> Result<(), Error> {
    let pairs = down.windows(2).chain(up.windows(2));
    let weights: usize = pairs
        .map(|pair| pair[0].saturating_mul(pair[1]))
        .fold(0, usize::saturating_add);
    if weights <= MAX_WEIGHTS {
        return Ok(());
    }
    let message =
        format!("layers {down:?} and back have {weights} weights, expected at most {MAX_WEIGHTS}");
    Err(Error::config(
        message,
        Some("give smaller `--layers`".into()),
    ))
}

fn loss_and_output(config: &RunConfig) -> Result<(Reconstruction, Activation), Error> {
    let objective = &config.objective;
    let width = objective.correntropy_width;
    let (reconstruction, needed) = match objective.loss {
        LossKind::Bce => (Reconstruction::Bce, Some(Activation::Sigmoid)),
        LossKind::Entropic => (Reconstruction::Entropic, Some(Activation::Tanh)),
        LossKind::Mse => (Reconstruction::Mse, None),
        LossKind::Mae => (Reconstruction::Mae, None),
        LossKind::LogCosh => (Reconstruction::LogCosh, None),
        LossKind::Correntropy => (Reconstruction::Correntropy { width }, None),
    };
    let output = config
        .model
        .output_activation
        .or(needed)
        .unwrap_or(Activation::Sigmoid);
    match needed {
        Some(needed) if output != needed => {
            let message = format!(
                "loss `{}` needs output activation `{}`, not `{}`",
                reconstruction.name(),
                needed.name(),
                output.name()
            );
            Err(Error::config(
                message,
                Some("leave `model.output_activation` out, or take `--loss mse`".into()),
            ))
        }
        _ => Ok((reconstruction, output)),
    }
}

fn noise(config: &RunConfig) -> Result<Noise, Error> {
    let noise = match &config.noise.kind {
        None if config.model.kind == Kind::Dae => Noise::SaltPepper(0.1),
        None => Noise::None,
        Some(text) => text
            .parse()
            .map_err(|error| Error::config(format!("{error}"), None))?,
    };
    if config.model.kind != Kind::Dae && (noise != Noise::None || config.noise.copies > 0) {
        let message = format!(
            "noise is for a denoising model, and this is `{}`",
            config.model.kind.name()
        );
        return Err(Error::config(
            message,
            Some("add `--model dae`, or leave the noise out".into()),
        ));
    }
    if config.noise.copies > 0 && noise == Noise::None {
        return Err(Error::config(
            "`noise.copies` without noise makes copies that are all alike",
            None,
        ));
    }
    Ok(noise)
}

/// A number outside its range.
fn range(key: &str, value: f64, expected: &str, ok: bool) -> Result<(), Error> {
    if ok && value.is_finite() {
        return Ok(());
    }
    Err(Error::config(
        format!("`{key}` is {value}, expected {expected}"),
        None,
    ))
}

fn check_objective(config: &RunConfig) -> Result<(), Error> {
    let objective = &config.objective;
    let weights = [
        ("objective.beta", objective.beta),
        ("objective.free_bits", objective.free_bits),
        ("objective.l1", objective.l1),
        ("objective.sparsity", objective.sparsity),
        ("objective.contractive", objective.contractive),
        ("objective.weight_decay", objective.weight_decay),
    ];
    for (key, value) in weights {
        range(key, value, "0 or more", value >= 0.0)?;
    }
    let (width, target) = (objective.correntropy_width, objective.sparsity_target);
    range(
        "objective.correntropy_width",
        width,
        "a number above 0",
        width > 0.0,
    )?;
    range(
        "objective.sparsity_target",
        target,
        "a number between 0 and 1",
        target > 0.0 && target < 1.0,
    )?;
    let on_code = [
        ("l1", objective.l1),
        ("sparsity", objective.sparsity),
        ("contractive", objective.contractive),
    ];
    if let Some((name, _)) = on_code
        .iter()
        .find(|(_, weight)| config.model.kind == Kind::Vae && *weight > 0.0)
    {
        let message = format!(
            "`objective.{name}` is for `ae` and `dae`; the code of a `vae` is drawn at random"
        );
        return Err(Error::config(
            message,
            Some("use `--beta` to shape the code of a `vae`".into()),
        ));
    }
    if objective.sparsity > 0.0 && config.model.latent_activation != Activation::Sigmoid {
        let message = format!(
            "`objective.sparsity` needs codes between 0 and 1, not `latent_activation = \"{}\"`",
            config.model.latent_activation.name()
        );
        return Err(Error::config(
            message,
            Some("add `--set model.latent_activation=sigmoid`".into()),
        ));
    }
    Ok(())
}

fn check_train(config: &RunConfig) -> Result<(), Error> {
    let train = &config.train;
    let positive = [
        ("train.epochs", train.epochs),
        ("train.eval_every", train.eval_every),
        ("train.schedule_epochs", train.schedule_epochs),
    ];
    for (key, value) in positive {
        range(key, value as f64, "1 or more", value > 0)?;
    }
    range(
        "train.learning_rate",
        train.learning_rate,
        "a number above 0",
        train.learning_rate > 0.0,
    )?;
    range(
        "train.momentum",
        train.momentum,
        "0 or more and under 1",
        (0.0..1.0).contains(&train.momentum),
    )?;
    range("train.decay", train.decay, "0 or more", train.decay >= 0.0)?;
    range(
        "train.clip_norm",
        train.clip_norm,
        "0 or more",
        train.clip_norm >= 0.0,
    )?;
    range(
        "train.checkpoint_seconds",
        train.checkpoint_seconds,
        "0 or more",
        train.checkpoint_seconds >= 0.0,
    )?;
    let factor = train.schedule_factor;
    range(
        "train.schedule_factor",
        factor,
        "a number between 0 and 1",
        factor > 0.0 && factor < 1.0,
    )?;
    if let Some(target) = train.target_loss {
        range("train.target_loss", target, "a number", true)?;
    }
    // TOML integers are signed: a larger seed could not be read back from `config.toml`.
    if i64::try_from(train.seed).is_err() {
        return Err(Error::config(
            format!(
                "`train.seed` is {}, expected at most {}",
                train.seed,
                i64::MAX
            ),
            None,
        ));
    }
    Ok(())
}

impl OptimizerKind {
    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Adamw => "adamw",
            Self::Rmsprop => "rmsprop",
            Self::Sgd => "sgd",
            Self::Momentum => "momentum",
        }
    }
}
