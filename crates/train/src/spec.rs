//! From a configuration and the shape of the data to a model: every check that Burn would answer with a panic is here.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use espejo_ae::{Ae, AeConfig};
use espejo_dae::{Dae, DaeConfig};
use espejo_data::{ScalingKind, Shape};
use espejo_nets::{
    Activation, Batch, LayerInfo, Loss, Model, Noise, Penalties, Range, Reconstruction, seeded,
};
use espejo_vae::{Vae, VaeConfig};

use crate::Error;
use crate::architecture::Architecture;
use crate::classical::check_precision;
use crate::config::{Kind, LossKind, OptimizerKind, RunConfig};
use crate::seed::{Purpose, stream};

/// The most pixel values that noisy copies may make.
const MAX_COPIED: usize = 1 << 29;

/// A configuration made concrete for samples of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Which model.
    pub kind: Kind,
    /// Its layers.
    pub architecture: Architecture,
    /// Activation of the output.
    pub output: Activation,
    /// The ends of the pixel values: signed for a tanh output, else unit. Numbers of a table stay as they are.
    pub range: Range,
    /// The reconstruction loss.
    pub reconstruction: Reconstruction,
    /// The corruption of a denoising model.
    pub noise: Noise,
}

impl Spec {
    /// Checks the whole configuration against samples of this shape; `table` where they are rows of a table.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the first key that cannot be used.
    pub fn new(config: &RunConfig, shape: Shape, table: bool) -> Result<Self, Error> {
        let (reconstruction, output) = loss_and_output(config)?;
        check_table(config, table, output)?;
        let architecture = Architecture::new(&config.model, shape, output)?;
        check_objective(config)?;
        check_penalties(config, &architecture)?;
        check_train(config)?;
        check_precision(config, &architecture)?;
        let range = pixel_range(config, table, reconstruction, output)?;
        Ok(Self {
            kind: config.model.kind,
            architecture,
            output,
            range,
            reconstruction,
            noise: noise(config, table)?,
        })
    }

    /// Size of the code.
    pub fn latent(&self) -> usize {
        self.architecture.latent()
    }

    /// A model with first weights from the seed of the configuration, the same on every device.
    pub fn init(&self, config: &RunConfig, device: &Device) -> AnyModel {
        let mut rng = seeded(stream(config.train.seed, 0, Purpose::Weights));
        let (model, objective) = (&config.model, &config.objective);
        let Architecture {
            encoder,
            head,
            decoder,
            ..
        } = self.architecture.clone();
        if let Some(head) = head {
            let vae = VaeConfig {
                encoder,
                head,
                decoder,
                initializer: model.initializer,
                reconstruction: self.reconstruction,
                beta: objective.beta,
                free_bits: objective.free_bits,
                weight_decay: objective.weight_decay,
            };
            return AnyModel::Vae(vae.init(&mut rng, device));
        }
        let autoencoder = AeConfig {
            encoder,
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

/// The ends of the pixel values: as asked for, else signed where the output is.
fn pixel_range(
    config: &RunConfig,
    table: bool,
    reconstruction: Reconstruction,
    output: Activation,
) -> Result<Range, Error> {
    let usual = match output {
        Activation::Tanh if !table => Range::Signed,
        _ => Range::Unit,
    };
    let Some(range) = config.model.range else {
        return Ok(usual);
    };
    let fixed = matches!(
        reconstruction,
        Reconstruction::Bce | Reconstruction::Entropic
    );
    let reason = if table {
        "the numbers of a table stay as they are scaled".to_owned()
    } else if fixed && range != usual {
        format!(
            "loss `{}` is for pixels that are `{}`",
            reconstruction.name(),
            usual.name()
        )
    } else {
        return Ok(range);
    };
    let message = format!("`model.range` is `{}`, and {reason}", range.name());
    Err(Error::config(message, Some("leave it out".to_owned())))
}

/// Refuses what is for pixels where there are none, and the other way round.
fn check_table(config: &RunConfig, table: bool, output: Activation) -> Result<(), Error> {
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    let scale = config.data.scale;
    if !table {
        return match scale {
            ScalingKind::None => Ok(()),
            _ => refuse(
                "`data.scale` is for tables, and these are pictures",
                "leave it out: pixels are scaled by their own range",
            ),
        };
    }
    if config.model.conv.is_some() {
        return refuse(
            "`model.conv` is for pictures, and this is a table",
            "give `--layers` in place of `--conv`",
        );
    }
    let bounded = matches!(output, Activation::Sigmoid | Activation::Tanh);
    if bounded && scale != ScalingKind::MinMax {
        return refuse(
            &format!(
                "an output of `{}` cannot give back the numbers of a table scaled by `{}`",
                output.name(),
                scale.name()
            ),
            "take `--loss mse --set model.output_activation=linear`, or `--scale min-max`",
        );
    }
    if config.objective.loss == LossKind::Entropic {
        return refuse(
            "loss `entropic` is for pixels of -1 and +1",
            "take `--loss mse`",
        );
    }
    Ok(())
}

/// Refuses penalties that these layers do not have.
fn check_penalties(config: &RunConfig, architecture: &Architecture) -> Result<(), Error> {
    if config.objective.contractive > 0.0 && !architecture.encoder.is_dense() {
        return Err(Error::config(
            "`objective.contractive` is for dense encoders",
            Some("leave it out, or `--conv`".into()),
        ));
    }
    Ok(())
}

fn noise(config: &RunConfig, table: bool) -> Result<Noise, Error> {
    let noise = match &config.noise.kind {
        // Numbers of a table have no ends to jump to.
        None if config.model.kind == Kind::Dae && table => Noise::Gaussian(0.1),
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
        ("train.device_memory", train.device_memory),
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
            Self::Adaptive => "adaptive",
            Self::Rprop => "rprop",
            Self::Cg => "cg",
            Self::Bfgs => "bfgs",
            Self::Lbfgs => "lbfgs",
            Self::TruncatedNewton => "truncated-newton",
            Self::Powell => "powell",
            Self::NelderMead => "nelder-mead",
        }
    }
}
