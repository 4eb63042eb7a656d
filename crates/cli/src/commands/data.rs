//! `espejo data`: the data sets, their files and what they look like.

mod fetch;
mod list;
mod show;
mod verify;

use crate::args::DataCommand;

/// Runs one of the commands on data sets.
pub fn data(command: &DataCommand, json: bool) -> anyhow::Result<()> {
    match command {
        DataCommand::List => list::list(json),
        DataCommand::Fetch {
            name,
            data_dir,
            mirror,
        } => fetch::get(name, data_dir.as_deref(), mirror, json),
        DataCommand::Verify { names, data_dir } => verify::check(names, data_dir.as_deref(), json),
        DataCommand::Show(args) => show::show(args, json),
    }
}
