//! Opening a run for a command that uses its model.

use espejo_train::{Folder, Trained};

use crate::args::RunArgs;
use crate::output;

/// Opens a run as its arguments say.
pub fn open(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
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
