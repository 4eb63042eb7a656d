//! What `mlp` cannot do is refused before anything is loaded or written.

use espejo_data::Samples;
use espejo_nets::Criterion;

use crate::Error;
use crate::architecture::{Architecture, has_noise};
use crate::config::{
    GradientSource, OptimizerKind, Precision, RunConfig, ScheduleKind, TrainConfig,
};
use crate::task::Task;

/// Bytes of the samples in double precision, and of the matrix that some methods keep, at most.
const MAX_BYTES: usize = 1 << 30;
/// Bytes of a number.
const NUMBER: usize = size_of::<f64>();

fn refuse(message: String, hint: impl Into<String>) -> Result<(), Error> {
    Err(Error::config(message, Some(hint.into())))
}

/// Refuses a training in double precision that `mlp` has not, and its keys in one of single precision.
pub(crate) fn check_precision(
    config: &RunConfig,
    task: Task,
    criterion: &Criterion,
    architecture: &Architecture,
) -> Result<(), Error> {
    if !config.train.is_classical() {
        return check_single(&config.train);
    }
    if matches!(criterion, Criterion::Mixed { .. }) {
        return refuse(
            format!(
                "the table has categories, whose cross-entropy is for single precision, and `{}` trains in double",
                config.train.optimizer.name()
            ),
            "add `--loss mse`, or take `--optimizer adam`",
        );
    }
    check_optimizer(&config.train)?;
    check_model(config, task)?;
    check_matrix(&config.train, architecture)
}

/// Refuses keys that a training in single precision has no use for.
fn check_single(train: &TrainConfig) -> Result<(), Error> {
    let finite = train.gradient == GradientSource::Finite;
    let set = [
        ("max_evaluations", train.max_evaluations.is_some()),
        ("max_iterations", train.max_iterations.is_some()),
        ("gradient", finite),
    ];
    let Some((key, _)) = set.iter().find(|(_, set)| *set) else {
        return Ok(());
    };
    let double = match has_double(train.optimizer) && *key != "gradient" {
        true => "add `--precision double`, or ",
        false => "",
    };
    let epochs = match *key {
        "max_iterations" => "; `--epochs` bounds what trains in single precision",
        _ => "",
    };
    refuse(
        format!(
            "`train.{key}` is for training in double precision, and `{}` trains in single",
            train.optimizer.name()
        ),
        format!("{double}take an optimiser such as `--optimizer bfgs`{epochs}"),
    )
}

/// Whether an optimiser of single precision has its like in `mlp`.
fn has_double(optimizer: OptimizerKind) -> bool {
    use OptimizerKind::{Adam, Momentum, Sgd};
    matches!(optimizer, Adam | Momentum | Sgd)
}

/// Refuses `[train]` as far as `mlp` has not what it asks for.
pub(super) fn check_optimizer(train: &TrainConfig) -> Result<(), Error> {
    let (optimizer, name) = (train.optimizer, train.optimizer.name());
    let other = train
        .precision
        .filter(|precision| *precision != Precision::Double);
    if let Some(other) = other.filter(|_| optimizer.is_classical()) {
        let other = other.name();
        return refuse(
            format!("`train.precision` is `{other}`, and `{name}` trains in double precision"),
            "leave `--precision` out",
        );
    }
    if !optimizer.is_classical() && train.precision != Some(Precision::Double) {
        return refuse(
            format!("`{name}` trains in single precision"),
            "add `--precision double`, or take an optimiser such as `--optimizer bfgs`",
        );
    }
    if !optimizer.is_classical() && !has_double(optimizer) {
        return refuse(
            format!("`{name}` trains in single precision alone"),
            "leave `--precision` out, or take `--optimizer adam`, `sgd` or `momentum`",
        );
    }
    check_gradient(train)?;
    check_learning(train)?;
    check_numbers(train)
}

/// Refuses differences where nobody asks for a gradient.
fn check_gradient(train: &TrainConfig) -> Result<(), Error> {
    use OptimizerKind::{NelderMead, Powell};
    let finite = train.gradient == GradientSource::Finite;
    if !finite || !matches!(train.optimizer, Powell | NelderMead) {
        return Ok(());
    }
    refuse(
        format!("`{}` uses no gradient", train.optimizer.name()),
        "leave `--gradient` out, or take `--optimizer bfgs`",
    )
}

/// Refuses what happens to steps in single precision alone.
fn check_learning(train: &TrainConfig) -> Result<(), Error> {
    let name = train.optimizer.name();
    if train.schedule != ScheduleKind::Constant {
        return refuse(
            format!("`train.schedule` is for single precision, and `{name}` trains in double"),
            "add `--schedule constant`",
        );
    }
    let set = [
        ("clip_norm", train.clip_norm > 0.0),
        ("warmup", train.warmup > 0),
        ("ema", train.ema > 0.0),
    ];
    match set.iter().find(|(_, set)| *set) {
        None => Ok(()),
        Some((key, _)) => refuse(
            format!("`train.{key}` is for single precision, and `{name}` trains in double"),
            format!("leave it out, or `--set train.{key}=0`"),
        ),
    }
}

fn check_numbers(train: &TrainConfig) -> Result<(), Error> {
    let counts = [
        ("max_evaluations", train.max_evaluations),
        ("max_iterations", train.max_iterations),
        ("adaptive_after", train.adaptive_after),
    ];
    if let Some((key, _)) = counts.iter().find(|(_, count)| *count == Some(0)) {
        let message = format!("`train.{key}` is 0, expected 1 or more");
        return Err(Error::config(message, None));
    }
    let wrong = |key: &str, value: f64, expected: &str| {
        let message = format!("`train.{key}` is {value}, expected {expected}");
        Err(Error::config(message, None))
    };
    match (train.adaptive_raise, train.adaptive_lower) {
        (Some(raise), _) if !(raise >= 0.0 && raise.is_finite()) => {
            wrong("adaptive_raise", raise, "0 or more")
        }
        (_, Some(lower)) if !(0.0..1.0).contains(&lower) => {
            wrong("adaptive_lower", lower, "0 or more and under 1")
        }
        _ => Ok(()),
    }
}

/// Refuses models and objectives that are no function of the weights alone, or that `mlp` has not.
pub(super) fn check_model(config: &RunConfig, task: Task) -> Result<(), Error> {
    let name = config.train.optimizer.name();
    let single = "take `--optimizer adam` in single precision";
    let kind = config.model.kind;
    if kind.target().is_some() {
        return refuse(
            format!(
                "`{name}` in double precision trains `ae` and `dae`, and this is `{}`",
                kind.name()
            ),
            single,
        );
    }
    if kind.has_posterior() {
        return refuse(
            format!("`{name}` in double precision trains `ae` and `dae`, and this is `vae`"),
            format!("the loss of a `vae` is drawn anew each time; {single}"),
        );
    }
    if config.model.conv.is_some() {
        return refuse(
            format!("`{name}` in double precision trains dense nets, and this has convolutions"),
            format!("leave `--conv` out, or {single}"),
        );
    }
    if config.model.code_noise > 0.0 || has_noise(&config.model) {
        return refuse(
            format!("`{name}` in double precision trains without noise within the net"),
            format!("leave `--code-noise` and `noise:SD` out, or {single}"),
        );
    }
    let objective = &config.objective;
    let penalties = [
        ("l1", objective.l1),
        ("sparsity", objective.sparsity),
        ("contractive", objective.contractive),
        ("weight_decay", objective.weight_decay),
    ];
    if let Some((key, _)) = penalties.iter().find(|(_, weight)| *weight > 0.0) {
        return refuse(
            format!("`objective.{key}` is for single precision, and `{name}` trains in double"),
            format!("leave it out, or {single}"),
        );
    }
    if task.denoises() && config.noise.copies == 0 {
        return refuse(
            format!(
                "`{name}` in double precision needs noise that stays, not fresh noise each time"
            ),
            "add `--copies 10`: so many noisy copies of each sample, drawn once",
        );
    }
    Ok(())
}

/// Refuses methods that keep a matrix of all weights by all weights where it would fill the memory.
fn check_matrix(train: &TrainConfig, architecture: &Architecture) -> Result<(), Error> {
    use OptimizerKind::{Bfgs, NelderMead};
    let weights = architecture.weights();
    let bytes = weights.saturating_mul(weights).saturating_mul(NUMBER);
    if !matches!(train.optimizer, Bfgs | NelderMead) || bytes <= MAX_BYTES {
        return Ok(());
    }
    refuse(
        format!(
            "`{}` keeps {weights} x {weights} numbers for {weights} weights, {} MiB, expected at most {}",
            train.optimizer.name(),
            bytes.div_ceil(1 << 20),
            MAX_BYTES >> 20
        ),
        "take `--optimizer lbfgs` or `cg`, which keep a few numbers a weight, or smaller `--layers`",
    )
}

/// Columns that are named in a message, at most.
const NAMED_COLUMNS: usize = 8;

/// How many cells are missing in each column that misses some, as in "2 of 80 in column `a`".
fn missing_by_column(train: &Samples) -> String {
    let rows = train.points();
    let counts = rows.columns().iter().enumerate().map(|(place, name)| {
        let missing = rows.column(place).filter(|number| number.is_nan()).count();
        (missing, name)
    });
    let some: Vec<_> = counts.filter(|(missing, _)| *missing > 0).collect();
    let named = some.iter().take(NAMED_COLUMNS);
    let mut words: Vec<String> = named
        .map(|(missing, name)| format!("{missing} of {} in column `{name}`", rows.len()))
        .collect();
    if some.len() > NAMED_COLUMNS {
        words.push(format!(
            "more in {} other columns",
            some.len() - NAMED_COLUMNS
        ));
    }
    words.join(", ")
}

/// Refuses samples that would fill the memory in double precision.
pub(crate) fn check_values(config: &RunConfig, train: &Samples) -> Result<(), Error> {
    if train.has_missing() {
        let message = format!(
            "`{}` has missing cells, which training in double precision cannot leave out of the loss: {}",
            train.name(),
            missing_by_column(train)
        );
        return refuse(
            message,
            "take an optimiser of single precision, such as `--optimizer adam`, or leave columns out with `--drop`",
        );
    }
    let samples = train.len().saturating_mul(config.noise.copies.max(1));
    let values = samples.saturating_mul(train.shape().pixels());
    let bytes = values.saturating_mul(NUMBER);
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    refuse(
        format!(
            "{samples} samples take {} MiB in double precision, expected at most {}",
            bytes.div_ceil(1 << 20),
            MAX_BYTES >> 20
        ),
        "give fewer of them (`--limit`, `--copies`), smaller ones (`--size`), or train in single precision",
    )
}
