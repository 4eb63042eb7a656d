//! `espejo data`: the data sets, their files and what they look like.

mod fetch;
mod list;
mod show;
mod terminal_page;
mod verify;

use clap::{Args, Subcommand};

use fetch::FetchArgs;
use show::ShowArgs;
use verify::VerifyArgs;

/// The arguments of `espejo data`.
#[derive(Args)]
pub struct DataArgs {
    #[command(subcommand)]
    pub command: DataCommand,
}

#[derive(Subcommand)]
pub enum DataCommand {
    /// List the data sets
    List,
    /// Download the official files of a data set
    #[command(after_help = "Example:\n  espejo data fetch fashion")]
    Fetch(FetchArgs),
    /// Verify the files of data sets against their official checksums
    #[command(after_help = "Example:\n  espejo data verify fashion")]
    Verify(VerifyArgs),
    /// Show the images of a data set in the terminal or as a PNG sheet, or the columns of a table
    #[command(
        after_help = "Examples:\n  espejo data show fonts --letters ABC\n  espejo data show fashion --png sheet.png"
    )]
    Show(Box<ShowArgs>),
}

/// Runs one of the commands on data sets.
pub fn data(command: &DataCommand, json: bool) -> anyhow::Result<()> {
    match command {
        DataCommand::List => list::list(json),
        DataCommand::Fetch(args) => fetch::get(args, json),
        DataCommand::Verify(args) => verify::check(args, json),
        DataCommand::Show(args) => show::show(args, json),
    }
}
