//! Opening a run for a command that uses its model.

use std::path::PathBuf;

use clap::Args;
use espejo_train::{Folder, Half, Trained, Which, device};

use crate::output::{self, usage};

/// A run and how to open it.
#[derive(Args, Clone)]
pub struct RunArgs {
    /// A run folder, a run's name, or `last`
    pub run: String,
    /// Parent directory of the run folders
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Weights to use: `best` (lowest test loss), `last`, or the number of an epoch that was kept
    #[arg(long, default_value = "best")]
    pub checkpoint: Which,
    #[arg(long, help = format!("Device: {} [default: that of the training]", device::NAMES.join(", ")))]
    pub device: Option<String>,
    /// Directory of the data sets [default: that of the training]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Opens a run as its arguments say; an exported half is refused.
pub fn open(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    let (folder, trained) = open_any(args)?;
    match trained.half() {
        None => Ok((folder, trained)),
        Some(half) => {
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
    }
}

/// Opens a run, or the half of one that was exported.
pub fn open_any(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    let folder = Folder::find(&args.run, &args.out)?;
    let trained = Trained::open_with(&folder, args.checkpoint, |config| {
        if let Some(device) = &args.device {
            device.clone_into(&mut config.train.device);
        }
        if let Some(directory) = &args.data_dir {
            config.data.directory = Some(directory.clone());
        }
    })?;
    if !trained.has_its_data(&folder)? {
        output::message(&format!(
            "note: `{}` has changed since this run was trained",
            trained.config().data.name
        ));
    }
    Ok((folder, trained))
}
