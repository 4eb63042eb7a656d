//! Flags that would have no effect are refused: who gives one expects that something comes of it.
//!
//! This is of flags alone. A preset, a configuration file and `--set` may hold keys that another key makes idle.

use espejo_train::config::{OptimizerKind, SplitKind};
use espejo_train::{Prepared, RunConfig};

use super::flags::TrainArgs;
use crate::output::usage;

/// A flag, whether it was given, whether something comes of it, what it is for, and what to do about it.
struct Effect {
    flag: &'static str,
    given: bool,
    has_effect: bool,
    is_for: String,
    remedy: String,
}

impl Effect {
    fn new(flag: &'static str, given: bool, has_effect: bool, is_for: &str, remedy: &str) -> Self {
        Self {
            flag,
            given,
            has_effect,
            is_for: is_for.to_owned(),
            remedy: remedy.to_owned(),
        }
    }
}

/// Refuses flags that the configuration makes idle, before any data is read.
pub fn check_configuration(args: &TrainArgs, config: &RunConfig) -> anyhow::Result<()> {
    let groups = [
        of_model(args, config),
        of_objective(args, config),
        of_training(args, config),
        of_split(args, config),
    ];
    refuse_idle(groups.into_iter().flatten())
}

/// Refuses flags that are for images where the data is a table, or the other way round.
pub fn check_data(args: &TrainArgs, prepared: &Prepared) -> anyhow::Result<()> {
    let table = prepared.train.is_table();
    let rows = table || args.data.table.shape.is_some() || prepared.config.data.shape.is_some();
    let data = &args.data;
    let name = &prepared.config.data.name;
    let named = espejo_data::set_named(name).is_some();
    let text = !named && !espejo_data::is_array_file(name);
    let of_rows = |flag, given| {
        let remedy = "leave it out";
        Effect::new(
            flag,
            given,
            rows,
            "for tables, and these are images",
            remedy,
        )
    };
    let of_images = |flag, given| {
        let is_for = "for images, and this is a table";
        let remedy = "leave it out, or add `--shape 28x28` where rows are images";
        Effect::new(flag, given, !table, is_for, remedy)
    };
    let samples = args.train.samples_every.is_some_and(|every| every > 0);
    refuse_idle([
        of_rows("--header", data.table.header.is_some()),
        Effect::new(
            "--header",
            data.table.header.is_some(),
            text,
            "for tables in text",
            "leave it out",
        ),
        of_rows("--window", data.window.is_some()),
        of_rows("--missing", !data.table.missing.is_empty()),
        of_rows("--missing-in", !data.table.missing_in.is_empty()),
        of_images("--grey", data.grey),
        of_images("--size", data.size.is_some()),
        of_images("--pixel-range", !data.pixel_range.is_empty()),
        Effect::new(
            "--pixel-range",
            !data.pixel_range.is_empty(),
            !named,
            "for files of images, and what the pixels of this data set mean is known",
            "leave it out",
        ),
        Effect::new(
            "--samples-every",
            samples,
            !table && prepared.spec.latent() > 0,
            "for figures of images beside their reconstructions, and this run has none",
            "leave it out",
        ),
    ])
}

/// Refuses the first flag that was given and has no effect.
fn refuse_idle(effects: impl IntoIterator<Item = Effect>) -> anyhow::Result<()> {
    let mut idle = effects.into_iter().filter(|of| of.given && !of.has_effect);
    match idle.next() {
        None => Ok(()),
        Some(Effect {
            flag,
            is_for,
            remedy,
            ..
        }) => Err(usage(format!("`{flag}` is {is_for}"), remedy)),
    }
}

fn of_model(args: &TrainArgs, config: &RunConfig) -> Vec<Effect> {
    let conv = config.model.conv.is_some();
    let of_conv = |flag, given| {
        let remedy = "add `--conv 32,16`, or leave it out";
        Effect::new(flag, given, conv, "for convolutional nets", remedy)
    };
    let model = &args.model;
    // A net with targets lists every step, unless it starts with an encoder, and it has no way back up.
    let mirrored = config.model.kind.has_code();
    let levels = mirrored || config.model.latent.is_some() || config.model.init_from.is_some();
    let of_mirror = |flag, given, has_effect| {
        let is_for = "for autoencoders, and a net with targets lists every step in `--conv`";
        Effect::new(flag, given, has_effect, is_for, "leave it out")
    };
    vec![
        of_conv("--kernel", model.kernel.is_some()),
        of_conv("--down", model.down.is_some()),
        of_conv("--up", model.up.is_some()),
        of_conv("--batch-norm", model.batch_norm),
        of_mirror("--down", model.down.is_some(), levels),
        of_mirror("--up", model.up.is_some(), mirrored),
    ]
}

fn of_objective(args: &TrainArgs, config: &RunConfig) -> Vec<Effect> {
    let kind = config.model.kind;
    let of_vae = |flag, given| {
        let is_for = format!("for a `vae`, and this is `{}`", kind.name());
        let remedy = "add `--model vae`, or leave it out";
        Effect::new(flag, given, kind.has_posterior(), &is_for, remedy)
    };
    let of_noise = |flag, given| {
        let is_for = format!("for a denoising model, and this is `{}`", kind.name());
        let remedy = "add `--model dae`, or leave it out";
        Effect::new(flag, given, kind.denoises(), &is_for, remedy)
    };
    vec![
        of_vae("--beta", args.objective.beta.is_some()),
        of_vae("--kl-warmup", args.objective.kl_warmup.is_some()),
        of_noise("--copies", args.noise.copies.is_some()),
    ]
}

fn of_training(args: &TrainArgs, config: &RunConfig) -> Vec<Effect> {
    let (train, given) = (&config.train, &args.train);
    let name = train.optimizer.name();
    let double = train.is_classical();
    let descends = !double || train.optimizer.is_descent();
    let by_batches = descends && train.optimizer != OptimizerKind::Rprop;
    let of_double = |flag, given| {
        let is_for = format!("for training in double precision, and `{name}` trains in single");
        let remedy = "take an optimiser such as `--optimizer bfgs`, or leave it out";
        Effect::new(flag, given, double, &is_for, remedy)
    };
    let whole =
        format!("for optimisers that go step by step, and `{name}` takes all samples at once");
    let own_steps =
        format!("for optimisers that have a learning rate, and `{name}` finds its steps itself");
    let in_single = format!("for training in single precision, and `{name}` trains in double");
    let leave = "leave it out, or take `--optimizer adam`";
    let figures = "for the figures that `--no-figures` leaves out";
    let samples = given.samples_every.is_some_and(|every| every > 0);
    vec![
        // Others than exact ones are refused with the configuration.
        of_double("--gradient", given.gradient.as_deref() == Some("exact")),
        Effect::new("--lr", given.lr.is_some(), descends, &own_steps, leave),
        Effect::new(
            "--batch-size",
            given.batch_size.is_some(),
            by_batches,
            &whole,
            leave,
        ),
        Effect::new(
            "--samples-every",
            samples,
            !args.run.no_figures,
            figures,
            "leave one of them out",
        ),
        Effect::new("--samples-every", samples, !double, &in_single, leave),
    ]
}

fn of_split(args: &TrainArgs, config: &RunConfig) -> Vec<Effect> {
    let data = &config.data;
    let splits = data.test_fraction.is_some() || data.fold.is_some();
    // `time` without a part is refused with the configuration.
    let random = args.data.split.is_some() && data.split == SplitKind::Random;
    vec![Effect::new(
        "--split",
        random,
        splits,
        "for taking a test part, and none is to be split off",
        "say how much, as in `--test-fraction .2`, or leave it out",
    )]
}
