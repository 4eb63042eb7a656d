//! From a configuration and the shape of the data to a model: every check that Burn would answer with a panic is here.

use std::ops::Range as Places;

use burn::tensor::Device;
use espejo_data::{ScalingKind, TextForm};
use espejo_nets::{Activation, Criterion, Noise, Range};

use crate::Error;
use crate::architecture::{Architecture, Layout};
use crate::augmentation;
use crate::classical::check_precision;
use crate::config::{LossKind, ModelKind, OptimizerKind, RunConfig, ScheduleKind};
use crate::model::AnyModel;
use crate::task::Task;

/// The most pixel values that noisy copies may make.
const MAX_COPIED: usize = 1 << 29;

/// A configuration made concrete for samples of one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The family of the model.
    pub kind: ModelKind,
    /// What it is trained for.
    pub task: Task,
    /// The layers.
    pub architecture: Architecture,
    /// Activation of the output; linear for the logits of a classifier, a sigmoid where it has a single one.
    pub output: Activation,
    /// The ends of the pixel values: signed for a tanh output, else unit. Numbers of a table stay as they are.
    pub range: Range,
    /// What outputs are held against targets by.
    pub criterion: Criterion,
}

impl Spec {
    /// Checks the whole configuration against the samples that the model shall fit.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the first key that cannot be used.
    pub fn new(config: &RunConfig, layout: impl Into<Layout>) -> Result<Self, Error> {
        let layout = layout.into();
        let table = layout.table;
        let task = Task::of(config, table)?;
        let (criterion, output) = loss_and_output(config, task, &layout)?;
        check_table(config, task, &layout, output)?;
        let architecture = Architecture::new(&config.model, &layout, output)?;
        check_objective(config, task)?;
        check_code_noise(config)?;
        check_penalties(config, &architecture)?;
        check_train(config)?;
        augmentation::check(config, table, layout.shape)?;
        check_precision(config, task, &criterion, &architecture)?;
        let range = pixel_range(config, task, table, &criterion, output)?;
        Ok(Self {
            kind: config.model.kind,
            task,
            architecture,
            output,
            range,
            criterion,
        })
    }

    /// Whether it tells two classes apart by a single output, the probability of the second.
    pub fn is_binary(&self) -> bool {
        self.task == Task::Classify && self.criterion == Criterion::Bce
    }

    /// Dimensions of the latent code; 0 for a model without one.
    pub fn latent(&self) -> usize {
        self.architecture.latent()
    }

    /// The corruption of a denoising model; none for the others.
    pub fn noise(&self) -> Noise {
        self.task.noise()
    }

    /// A model with first weights from the seed of the configuration, the same on every device.
    pub fn init(&self, config: &RunConfig, device: &Device) -> AnyModel {
        AnyModel::init(self, config, device)
    }
}

/// Refuses noisy copies that no memory would hold; `key` names what asks for them.
///
/// # Errors
///
/// [`Error::Config`] with the most that there may be.
pub fn check_copies(key: &str, copies: usize, samples: usize, values: usize) -> Result<(), Error> {
    let most = MAX_COPIED / (samples * values).max(1);
    if copies <= most {
        return Ok(());
    }
    let message = format!("`{key}` is {copies}, too many for {samples} samples of {values} values");
    Err(Error::config(message, format!("give 1 to {most}")))
}

fn loss_and_output(
    config: &RunConfig,
    task: Task,
    layout: &Layout,
) -> Result<(Criterion, Activation), Error> {
    let objective = &config.objective;
    let width = objective.correntropy_width;
    let (criterion, needed) = match objective.loss {
        LossKind::Bce => (Criterion::Bce, Some(Activation::Sigmoid)),
        LossKind::Entropic => (Criterion::Entropic, Some(Activation::Tanh)),
        LossKind::Mse => (Criterion::Mse, None),
        LossKind::Mae => (Criterion::Mae, None),
        LossKind::LogCosh => (Criterion::LogCosh, None),
        LossKind::Correntropy => (Criterion::Correntropy { width }, None),
        LossKind::CrossEntropy => (Criterion::SoftmaxCrossEntropy, Some(Activation::Linear)),
        LossKind::Mixed => (mixed(&layout.categories), None),
    };
    task.check_loss(&criterion)?;
    let usual = match task.has_targets() {
        true => Activation::Linear,
        false => Activation::Sigmoid,
    };
    let output = config.model.output_activation.or(needed).unwrap_or(usual);
    match needed {
        Some(needed) if output != needed => {
            let message = format!(
                "loss `{}` needs output activation `{}`, not `{}`",
                criterion.name(),
                needed.name(),
                output.name()
            );
            Err(Error::config(
                message,
                Some("leave `model.output_activation` out, or take `--loss mse`".into()),
            ))
        }
        _ => Ok((criterion, output)),
    }
}

/// The loss of rows with these categories.
fn mixed(categories: &[Places<usize>]) -> Criterion {
    match categories {
        [] => Criterion::Mse,
        _ => Criterion::Mixed {
            categories: categories.to_vec(),
        },
    }
}

/// The ends of the pixel values: as asked for, else signed where the output is.
fn pixel_range(
    config: &RunConfig,
    task: Task,
    table: bool,
    criterion: &Criterion,
    output: Activation,
) -> Result<Range, Error> {
    let usual = match output {
        Activation::Tanh if !table && !task.has_targets() => Range::Signed,
        _ => Range::Unit,
    };
    let Some(range) = config.model.range else {
        return Ok(usual);
    };
    let of_pixels = matches!(criterion, Criterion::Bce | Criterion::Entropic);
    let fixed = of_pixels && !task.has_targets();
    let reason = if table {
        "the numbers of a table stay as they are scaled".to_owned()
    } else if fixed && range != usual {
        format!(
            "loss `{}` is for pixels that are `{}`",
            criterion.name(),
            usual.name()
        )
    } else {
        return Ok(range);
    };
    let message = format!("`model.range` is `{}`, and {reason}", range.name());
    Err(Error::config(message, Some("leave it out".to_owned())))
}

/// Refuses what is for pixels where there are none, and the other way round.
fn check_table(
    config: &RunConfig,
    task: Task,
    layout: &Layout,
    output: Activation,
) -> Result<(), Error> {
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    let scale = config.data.scale;
    if layout.tokens.is_some() {
        return check_tokens(config);
    }
    if config.model.embedding.is_some() {
        return refuse(
            "`model.embedding` is for sequences of words, and these samples are none",
            "add `--text-as sequence`, or leave `--embedding` out",
        );
    }
    if !layout.table {
        return match scale {
            ScalingKind::None => Ok(()),
            _ => refuse(
                "`data.scale` is for tables, and these are images",
                "leave it out: pixels are scaled by their own range",
            ),
        };
    }
    if config.model.conv.is_some() {
        return refuse(
            "`model.conv` is for images, and this is a table",
            "give `--layers` in place of `--conv`, or `--shape 28x28` where rows are images",
        );
    }
    if task.has_targets() {
        return Ok(());
    }
    let bounded = matches!(output, Activation::Sigmoid | Activation::Tanh);
    let unit = scale.is_unit() || config.data.text_as == Some(TextForm::Binary);
    if bounded && !unit {
        return refuse(
            &format!(
                "an output of `{}` cannot give back the numbers of a table scaled by `{}`",
                output.name(),
                scale.name()
            ),
            "take `--loss mse --set model.output_activation=linear`, or `--scale min-max` or `quantile`",
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

/// Refuses what a sequence of words cannot be put through: a token is a name, not a number.
fn check_tokens(config: &RunConfig) -> Result<(), Error> {
    let model = &config.model;
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    if model.kind.has_code() {
        return refuse(
            "sequences of words are for `classifier` and `regressor`: a token cannot be given back as a number",
            "take `--text-as binary` or `counts`, or another `--model`",
        );
    }
    if model.latent.is_some() || model.init_from.is_some() {
        return refuse(
            "an encoder takes numbers, and these samples are sequences of words",
            "leave `--latent` and `--init-from` out, or take `--text-as binary` or `counts`",
        );
    }
    Ok(())
}

/// Refuses penalties that these layers do not have.
fn check_penalties(config: &RunConfig, architecture: &Architecture) -> Result<(), Error> {
    let dense = architecture
        .mirror()
        .is_some_and(|mirror| mirror.encoder.is_dense());
    if config.objective.contractive > 0.0 && !dense {
        let reason = match config.model.conv {
            Some(_) => "`--conv`",
            None if config.data.missing_mask => "`--missing-mask`",
            None => "the noise within the encoder",
        };
        return Err(Error::config(
            "`objective.contractive` is for dense encoders",
            format!("leave it out, or {reason}"),
        ));
    }
    Ok(())
}

/// Refuses noise on a code that is not there or is drawn at random.
fn check_code_noise(config: &RunConfig) -> Result<(), Error> {
    let (noise, kind) = (config.model.code_noise, config.model.kind);
    range("model.code_noise", noise, "0 or more", noise >= 0.0)?;
    if noise == 0.0 || (kind.has_code() && !kind.has_posterior()) {
        return Ok(());
    }
    let message = format!(
        "`model.code_noise` is for `ae` and `dae`, and this is `{}`",
        kind.name()
    );
    let hint = match kind.has_posterior() {
        true => "leave `--code-noise` out: the code of a `vae` is drawn at random already",
        false => "leave `--code-noise` out, or put `noise:SD` into `--layers`",
    };
    Err(Error::config(message, Some(hint.to_owned())))
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

fn check_objective(config: &RunConfig, task: Task) -> Result<(), Error> {
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
    check_smoothing(objective.label_smoothing, task)?;
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
    if let Some((name, _)) = on_code.iter().find(|(_, weight)| *weight > 0.0) {
        check_code_penalty(config, task, name)?;
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

/// Refuses label smoothing where there are no labels.
fn check_smoothing(smoothing: f64, task: Task) -> Result<(), Error> {
    range(
        "objective.label_smoothing",
        smoothing,
        "0 or more and under 1",
        (0.0..1.0).contains(&smoothing),
    )?;
    if smoothing == 0.0 || task == Task::Classify {
        return Ok(());
    }
    Err(Error::config(
        "`objective.label_smoothing` is for classifiers, and this model has no classes",
        Some("leave it out, or add `--model classifier`".to_owned()),
    ))
}

/// Refuses a warm-up longer than the training or before one cycle, and an average that never moves.
fn check_steps(config: &RunConfig) -> Result<(), Error> {
    let train = &config.train;
    range(
        "train.ema",
        train.ema,
        "0 or more and under 1",
        (0.0..1.0).contains(&train.ema),
    )?;
    let message = if train.warmup > 0 && train.schedule == ScheduleKind::OneCycle {
        "`train.warmup` stands before schedule `one-cycle`, which has a warm-up of its own"
            .to_owned()
    } else if train.warmup > train.epochs {
        let (warmup, epochs) = (train.warmup, train.epochs);
        format!("`train.warmup` is {warmup}, longer than the {epochs} epochs of the training")
    } else {
        return Ok(());
    };
    Err(Error::config(
        message,
        Some("leave `--warmup` out".to_owned()),
    ))
}

/// Refuses a penalty on the code where there is no code, or where it is drawn at random.
fn check_code_penalty(config: &RunConfig, task: Task, name: &str) -> Result<(), Error> {
    let kind = config.model.kind;
    let (reason, hint) = if task.has_targets() {
        ("which has no code", "use `objective.weight_decay`")
    } else if kind.has_posterior() {
        (
            "whose code is drawn at random",
            "use `--beta` to shape the code of a `vae`",
        )
    } else {
        return Ok(());
    };
    let message = format!(
        "`objective.{name}` is for `ae` and `dae`, and this is a `{}`, {reason}",
        kind.name()
    );
    Err(Error::config(message, Some(hint.to_owned())))
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
    let widths = espejo_kernels::vectors::WIDTHS;
    range(
        "train.vector_width",
        train.vector_width as f64,
        "0, 128, 256 or 512",
        train.vector_width == 0 || widths.contains(&train.vector_width),
    )?;
    if train.vector_width > 0 && train.is_classical() {
        let message = "`train.vector_width` is for training in single precision, and this optimiser works in double precision";
        let hint = "leave it out, or choose another `--optimizer`".to_owned();
        return Err(Error::config(message, hint));
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
    check_steps(config)?;
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
