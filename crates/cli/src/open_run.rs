//! Opening a run for a command that uses its model.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_train::{Error, Folder, Half, RunConfig, Trained, Which, device};

use crate::choose_samples::SampleArgs;
use crate::completion;
use crate::output::{self, usage};

/// A run and how to open it.
#[derive(Args, Clone)]
pub struct RunArgs {
    /// A run: its folder, its name or any part of it that no other run has, `last`, or `last~1` for the one before
    #[arg(add = completion::runs())]
    pub run: String,
    /// Parent directory of the run folders
    #[arg(long, help_heading = "Run", value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Weights to use: `best` (lowest test loss), `last`, or the number of an epoch that was kept
    #[arg(long, help_heading = "Run", default_value = "best", add = completion::these(&["best", "last"]))]
    pub checkpoint: Which,
    #[arg(long, help_heading = "Run", add = completion::devices(), help = format!("Device: {} [default: that of the training]", device::NAMES.join(", ")))]
    pub device: Option<String>,
    /// Directory of the data sets, or of the run's file or folder where it has moved [default: that of the training]
    #[arg(long, help_heading = "Run", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

impl RunArgs {
    /// The weights that were asked for in place of the best ones, for the names of figures.
    pub fn told(&self) -> Vec<String> {
        match self.checkpoint {
            Which::Best => Vec::new(),
            which => vec![which.name()],
        }
    }
}

/// Opens a run as its arguments say, with its data; an exported half is refused.
pub fn open(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    whole(args, open_any(args, true)?)
}

/// Opens a run with its data, whatever samples go through it.
pub fn open_with_data(args: &SampleArgs) -> anyhow::Result<(Folder, Trained)> {
    whole(&args.run, open_half_or_whole(args, true)?)
}

/// Opens a run without its data; an exported half is refused.
pub fn open_without_data(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    whole(args, open_any(args, false)?)
}

/// Opens a run whose layers and figures are shown and that computes nothing, unless a device or a place of the data was named; an exported half is refused.
pub fn open_to_look(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    if args.device.is_some() || args.data_dir.is_some() {
        return open_without_data(args);
    }
    let folder = Folder::find(&args.run, &args.out)?;
    let trained = Trained::open_to_look(&folder, args.checkpoint)?;
    whole(args, (folder, trained))
}

/// Opens a run for samples that may be others than its own, whose data it needs then no more.
pub fn open_for(args: &SampleArgs) -> anyhow::Result<(Folder, Trained)> {
    whole(&args.run, open_half_or_whole(args, args.data.is_none())?)
}

fn whole(args: &RunArgs, opened: (Folder, Trained)) -> anyhow::Result<(Folder, Trained)> {
    let Some(half) = opened.1.half() else {
        return Ok(opened);
    };
    let (has, other, command) = match half {
        Half::Encoder => ("encoder", "decoder", "espejo encode"),
        Half::Decoder => ("decoder", "encoder", "espejo decode"),
    };
    Err(usage(
        format!(
            "`{}` is an exported {has}: it has no {other} and no data",
            args.run
        ),
        format!("use `{command}`, or the run that it was exported from"),
    ))
}

/// Opens a run or the half of one for samples, with its data where that is needed.
pub fn open_half_or_whole(
    args: &SampleArgs,
    needs_data: bool,
) -> anyhow::Result<(Folder, Trained)> {
    opened(&args.run, needs_data, args.skip_bad)
}

/// Opens a run, with its data where that is needed, or the half of one that was exported.
pub fn open_any(args: &RunArgs, needs_data: bool) -> anyhow::Result<(Folder, Trained)> {
    opened(args, needs_data, false)
}

fn opened(args: &RunArgs, needs_data: bool, skip_bad: bool) -> anyhow::Result<(Folder, Trained)> {
    let folder = Folder::find(&args.run, &args.out)?;
    let change = |config: &mut RunConfig| {
        config.data.skip_bad |= skip_bad;
        if let Some(device) = &args.device {
            device.clone_into(&mut config.train.device);
        }
        if let Some(directory) = &args.data_dir {
            config.data.directory = Some(directory.clone());
            if let Some(moved) = moved(&config.data.name, directory) {
                config.data.name = moved;
            }
        }
    };
    if !needs_data {
        let trained = Trained::open_without_data(&folder, args.checkpoint, change)?;
        return Ok((folder, trained));
    }
    let opened = Trained::open_with(&folder, args.checkpoint, change);
    if let Err(Error::Data(_)) = opened {
        output::message(
            "note: the folder of a run is enough for other samples (`--data`) and for codes (`decode`, `generate --at`); `--data-dir DIR` says where its own data lies now",
        );
    }
    let trained = opened?;
    if !trained.has_its_data(&folder)? {
        output::message(&format!(
            "note: `{}` has changed since this run was trained",
            trained.config().data.name
        ));
    }
    Ok((folder, trained))
}

/// Where a file or folder that is no longer at its place lies in `directory`.
fn moved(name: &str, directory: &Path) -> Option<String> {
    let path = Path::new(name);
    let place = directory.join(path.file_name()?);
    (!path.exists() && place.exists()).then(|| place.to_string_lossy().into_owned())
}
