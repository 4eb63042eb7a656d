//! `espejo sweep`: one configuration with some of its keys varied, each combination and seed a run.

mod child;
mod decoded;
mod folder;
mod halving;
mod local;
mod parallel;
mod plan;
mod results;
mod scripts;
mod sharing;
mod status;
mod task;
mod vary;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use espejo_train::{device, sha256};

use crate::commands::train::{
    AugmentFlags, DataFlags, Layers, ModelFlags, NoiseFlags, ObjectiveFlags, RunFlags, TrainArgs,
    TrainingFlags, check_configuration, check_data, data_name, layers_of,
};
use crate::completion;
use crate::interrupt::{Twice, stop_on_interrupt};
use crate::output::{counted, message, shown, usage};
use decoded::Decoded;
use folder::SweepFolder;
use local::{Here, PoolEnd};
use plan::{Plan, Variation};
use scripts::{Engine, Script};
use sharing::{Choice, Sharing};
use task::TaskRules;
use vary::{SEED, Varied};

/// The arguments of `espejo sweep`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, allow_negative_numbers = true)]
pub struct SweepArgs {
    #[command(subcommand)]
    command: Option<SweepCommand>,
    /// A preset, a data set, a folder of images, a table; or a configuration file ending in `.toml`, which may have a section
    /// `[sweep]`
    #[arg(add = completion::preset_or_data())]
    preset: Option<String>,
    /// Vary a key over some values (`model.latent=2,8,32`), whole numbers (`train.seed=1..5`), or with --random fractions
    /// (`train.learning_rate=log:1e-4..1e-2`); may be repeated
    #[arg(add = completion::settings(), long = "vary", value_name = "KEY=VALUES")]
    vary: Vec<String>,
    /// Train every setting with the seeds 1 to N, as `--vary train.seed=1..N`
    #[arg(long, value_name = "N")]
    seeds: Option<usize>,
    /// Draw N settings at random in place of all combinations
    #[arg(long, value_name = "N")]
    random: Option<usize>,
    /// Train all settings a little, and go on with the best of every N, each time N times as long
    #[arg(long, value_name = "N", conflicts_with = "submit")]
    halving: Option<usize>,
    /// Folder of the sweep [default: runs/sweep-NAME-CODE, by what is swept]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Who runs the tasks: this machine, or scripts for GNU parallel or Slurm, K tasks at a time
    #[arg(add = completion::these(&["local", "parallel", "slurm"]), long, value_name = "local|parallel|slurm[:K]", default_value = "local")]
    on: Engine,
    /// Start the scripts of `--on parallel` or `--on slurm`
    #[arg(long)]
    submit: bool,
    /// Draw the figures of every run
    #[arg(long)]
    figures: bool,
    /// Plan the sweep, list its tasks and exit
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    here: HereFlags,
    /// Set any key of the configuration, as in `train.clip_norm=1`; may be repeated
    #[arg(add = completion::settings(), long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
    #[command(flatten, next_help_heading = "Data")]
    data: DataFlags,
    #[command(flatten, next_help_heading = "Model")]
    model: ModelFlags,
    #[command(flatten, next_help_heading = "Objective")]
    objective: ObjectiveFlags,
    #[command(flatten, next_help_heading = "Noise")]
    noise: NoiseFlags,
    #[command(flatten, next_help_heading = "Augmentation")]
    augment: AugmentFlags,
    #[command(flatten, next_help_heading = "Training")]
    train: TrainingFlags,
}

/// How tasks run on this machine.
#[derive(Args, Clone)]
struct HereFlags {
    /// Runs at a time on this machine [default: one a core, or one on all cores where that is faster]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Devices, one run on each, as in `wgpu:0,wgpu:1` [default: that of the configuration]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    devices: Vec<String>,
}

#[derive(Subcommand)]
enum SweepCommand {
    /// Run the tasks of a sweep that are not done, or one of them: it trains, goes on, or does nothing where it is done
    #[command(
        after_help = "Examples:\n  espejo sweep run runs/latents\n  espejo sweep run runs/latents 3"
    )]
    Run(RunTaskArgs),
    /// Say where each task of a sweep stands
    #[command(after_help = "Example:\n  espejo sweep status runs/latents")]
    Status {
        /// Folder of the sweep
        dir: PathBuf,
    },
    /// Gather the results of a sweep: tables, figures, and the best setting with how sure that is
    #[command(
        after_help = "Examples:\n  espejo sweep collect runs/latents\n  espejo sweep collect runs/latents --json"
    )]
    Collect {
        /// Folder of the sweep
        dir: PathBuf,
    },
}

/// The arguments of `espejo sweep run`.
#[derive(Args)]
struct RunTaskArgs {
    /// Folder of the sweep
    dir: PathBuf,
    /// Number of the task, as in `tasks.csv` [default: all that are not done]
    number: Option<usize>,
    #[command(flatten)]
    here: HereFlags,
    /// Stop after this share of the epochs, to be resumed
    #[arg(long, hide = true)]
    until: Option<f64>,
    /// Tell progress on stdout, and stop when stdin ends
    #[arg(long, hide = true, requires = "number")]
    attached: bool,
    /// The folder where tasks that run at a time have what is large of their data
    #[arg(long, hide = true, requires = "number")]
    decoded: Option<PathBuf>,
}

/// Plans and runs a sweep, or does one of the things that can be done with one.
pub fn sweep(args: SweepArgs, json: bool) -> anyhow::Result<u8> {
    match &args.command {
        Some(SweepCommand::Run(task)) => return run(task, json),
        Some(SweepCommand::Status { dir }) => {
            return status::status(&SweepFolder::open(dir)?, json).map(|()| 0);
        }
        Some(SweepCommand::Collect { dir }) => {
            return results::collect(&SweepFolder::open(dir)?, json).map(|()| 0);
        }
        None => {}
    }
    let (on, submit, only_plan) = (args.on.clone(), args.submit, args.plan);
    let flags = args.here.clone();
    let (path, plan, train) = planned(args)?;
    check_engine(&plan, &on, submit)?;
    // What is wrong with the data or the device is said before anything is written.
    let here = match on {
        Engine::Local if !only_plan => {
            let device = flags.devices.first().map(String::as_str);
            let prepared = task::prepared(&plan, 1, device, None)?;
            check_data(&train, &prepared)?;
            Some(Here {
                may_share: prepared.may_be_shared(),
                ..here(&plan, &flags)?
            })
        }
        _ => None,
    };
    let sweep = SweepFolder::create(&path, plan)?;
    let count = counted(sweep.plan.len(), "task");
    let path = shown(&path);
    message(&format!(
        "sweep {path}: {count}, listed in `{path}/tasks.csv`"
    ));
    match (here, on) {
        (Some(here), _) => run_here(&sweep, here, json),
        (None, Engine::Local) => status::status(&sweep, json).map(|()| 0),
        (None, _) if only_plan => status::status(&sweep, json).map(|()| 0),
        (None, other) => Script::write(&sweep, &other)?.end(submit, json),
    }
}

/// Refuses what the engine cannot do.
fn check_engine(plan: &Plan, on: &Engine, submit: bool) -> anyhow::Result<()> {
    match on {
        Engine::Local if submit => Err(usage(
            "`--submit` starts the scripts of another engine",
            "add `--on parallel` or `--on slurm`, or leave it out",
        )),
        Engine::Parallel | Engine::Slurm(_) if plan.halving.is_some() => Err(usage(
            "`--halving` compares tasks while they run, which this machine does alone",
            "leave `--on` out, or `--halving`",
        )),
        _ => Ok(()),
    }
}

/// The folder of a sweep, its plan, and the flags that all tasks share.
fn planned(args: SweepArgs) -> anyhow::Result<(PathBuf, Plan, TrainArgs)> {
    if args.model.init_from.is_some() {
        return Err(usage(
            "`--init-from` is for a single run",
            "give the encoder by its key, `--set model.init_from=\"runs/first\"`, with the layers that it has",
        ));
    }
    let is_file = |name: &String| has_toml_ending(name) && Path::new(name).is_file();
    let (preset, file) = match args.preset {
        Some(name) if is_file(&name) => (None, Some(name)),
        other => (other, None),
    };
    let (mut plan, mut variation) = match &file {
        None => (Plan::default(), Variation::default()),
        Some(name) => read(name)?,
    };
    let train = TrainArgs {
        preset,
        config: None,
        sets: args.sets,
        data: args.data,
        model: args.model,
        objective: args.objective,
        noise: args.noise,
        augment: args.augment,
        train: args.train,
        run: RunFlags::none(),
    };
    let Layers { preset, over, .. } = layers_of(&train)?;
    espejo_train::merge::overlay(&mut plan.set, over);
    plan.preset = preset.map(|preset| preset.name.to_owned()).or(plan.preset);
    plan.halving = args.halving.or(plan.halving);
    plan.figures |= args.figures;
    variation.random = args.random.or(variation.random);
    for text in &args.vary {
        variation.add(Varied::parse(text)?);
    }
    if let Some(seeds) = args.seeds {
        variation.add(Varied::of_text(SEED, &format!("1..{seeds}"))?);
    }
    let plan = plan.with(variation)?;
    check(&plan, &train)?;
    let path = args
        .out
        .unwrap_or_else(|| usual_folder(&plan, file.as_deref()));
    Ok((path, plan, train))
}

fn has_toml_ending(name: &str) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// Reads a file with a section `[sweep]`; its data is where it is, from wherever a task is started.
fn read(name: &str) -> anyhow::Result<(Plan, Variation)> {
    let text = std::fs::read_to_string(name).map_err(|error| {
        usage(
            format!("cannot read `{name}`: {error}"),
            "give a configuration file",
        )
    })?;
    let (mut plan, variation) = Plan::from_toml(&text, name)?;
    let data = plan.file.as_mut().and_then(|file| file.get_mut("data"));
    if let Some(toml::Value::String(name)) = data.and_then(|data| data.get_mut("name")) {
        *name = data_name(name);
    }
    Ok((plan, variation))
}

/// Refuses a plan with a setting that cannot be configured, and a flag that is of use in none, before anything is written.
fn check(plan: &Plan, train: &TrainArgs) -> anyhow::Result<()> {
    halving::check(plan)?;
    let mut idle = None;
    let mut used = false;
    for setting in 0..plan.settings.len() {
        let merged = plan.merged(*plan.tasks_of(setting).start())?;
        match check_configuration(train, &merged.config) {
            // What the data decides is not known yet.
            Err(error) if merged.said.is_none() => idle = idle.or(Some(error)),
            _ => used = true,
        }
    }
    match idle {
        Some(error) if !used => Err(error),
        _ => Ok(()),
    }
}

/// The folder of a sweep without `--out`: the same for the same sweep, so that the same command goes on with it.
fn usual_folder(plan: &Plan, file: Option<&str>) -> PathBuf {
    let data = plan.set.get("data").and_then(|data| data.get("name"));
    let data = data.and_then(toml::Value::as_str);
    let stem = |name: &str| {
        let stem = Path::new(name).file_stem();
        stem.map_or(String::new(), |stem| stem.to_string_lossy().into_owned())
    };
    let name = plan.preset.clone().or(file.map(stem)).or(data.map(stem));
    let name = name.unwrap_or_else(|| "letters".to_owned());
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = name.chars().map(plain).collect();
    let code = &sha256(plan.to_toml().as_bytes())[..8];
    Path::new("runs").join(format!("sweep-{name}-{code}"))
}

/// `espejo sweep run`.
fn run(args: &RunTaskArgs, json: bool) -> anyhow::Result<u8> {
    let sweep = SweepFolder::open(&args.dir)?;
    let Some(number) = args.number else {
        let here = here(&sweep.plan, &args.here)?;
        return run_here(&sweep, here, json);
    };
    sweep.check_number(number)?;
    let rules = TaskRules {
        device: args.here.devices.first().cloned(),
        until: args.until,
        attached: args.attached,
        decoded: args.decoded.clone(),
    };
    if args.attached {
        return task::attached(&sweep, number, &rules);
    }
    let ended = task::run_task(&sweep, number, &rules)?;
    task::exit_code(&sweep, number, ended)
}

/// Runs all tasks on this machine, and gathers what came of them.
fn run_here(sweep: &SweepFolder, mut here: Here, json: bool) -> anyhow::Result<u8> {
    let stop = stop_on_interrupt(Some(Twice::training()))?;
    let tasks = open_tasks(sweep, 1..=sweep.plan.len());
    let decoded = Decoded::make(sweep, &here, &tasks)?;
    here.decoded = decoded.as_ref().map(|decoded| decoded.path().to_owned());
    let end = match sweep.plan.halving {
        Some(_) => halving::run(sweep, &mut here, &stop)?,
        None => local::run(sweep, &mut here, &tasks, None, &stop)?,
    };
    drop(decoded);
    let again = format!("espejo sweep run {}", shown(sweep.path()));
    match end {
        PoolEnd::Finished => {
            results::collect(sweep, json)?;
            Ok(0)
        }
        PoolEnd::Interrupted => {
            message(&format!(
                "stopped after saving; the same command or `{again}` goes on"
            ));
            Ok(130)
        }
        PoolEnd::Broken(code) => {
            message(&format!(
                "the sweep stopped; when this is mended, `{again}` goes on"
            ));
            Ok(code)
        }
    }
}

/// The tasks among these that have not ended.
fn open_tasks(sweep: &SweepFolder, numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let is_open = |number: &usize| !sweep.state(*number).is_ended();
    numbers.into_iter().filter(is_open).collect()
}

/// How tasks share this machine.
fn here(plan: &Plan, flags: &HereFlags) -> anyhow::Result<Here> {
    if flags.jobs == Some(0) {
        return Err(usage("`--jobs` is 0", "expected 1 or more"));
    }
    let devices = flags.devices.clone();
    let chosen: Vec<String> = match devices.is_empty() {
        false => devices.clone(),
        true => vec![plan.merged(1)?.config.train.device],
    };
    let mut on_processor = true;
    for name in &chosen {
        on_processor &= device::choose(name)?.is_processor();
    }
    let cores = espejo_reproduce::threads();
    let choice = match (flags.jobs, devices.len(), on_processor) {
        (Some(jobs), ..) => Choice::Made(shared(jobs, cores)),
        (None, count @ 1.., false) => Choice::Made(shared(count, cores)),
        // Runs on one graphics adapter take turns anyway.
        (None, _, false) => Choice::Made(shared(1, cores)),
        (None, _, true) if cores == 1 => Choice::Made(shared(1, 1)),
        (None, _, true) => Choice::EachCore { cores },
    };
    Ok(Here {
        choice,
        devices,
        may_share: true,
        decoded: None,
    })
}

fn shared(jobs: usize, cores: usize) -> Sharing {
    Sharing {
        jobs,
        threads: (cores / jobs).max(1),
    }
}
