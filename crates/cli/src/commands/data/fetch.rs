//! `espejo data fetch`: the official files of a data set.

use std::path::PathBuf;

use clap::Args;
use espejo_data::{Progress, directory_or, fetch};
use indicatif::ProgressBar;
use serde_json::json;

use crate::completion;
use crate::output::{self, message, shown};
use crate::progress;

/// The arguments of `espejo data fetch`.
#[derive(Args)]
pub struct FetchArgs {
    /// The data set, as in `espejo data list`
    #[arg(add = completion::data_sets())]
    pub name: String,
    /// Directory of the data sets [default: $ESPEJO_DATA, else the platform's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Try this address first, laid out like the data directory; may be repeated [default: $ESPEJO_MIRROR]
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
}

/// The variable that names an address to try first.
const MIRROR: &str = "ESPEJO_MIRROR";

/// Downloads the files of a data set that are missing or damaged.
pub fn get(args: &FetchArgs, json: bool) -> anyhow::Result<()> {
    let directory = directory_or(args.data_dir.as_deref()).map_err(espejo_train::Error::from)?;
    let mut mirrors = args.mirror.clone();
    if mirrors.is_empty() {
        mirrors.extend(std::env::var(MIRROR).ok().filter(|url| !url.is_empty()));
    }
    let bar = Bar::new();
    let fetched = fetch(&args.name, &directory, &mirrors, &mut |progress| {
        bar.show(&progress)
    });
    bar.finish();
    let fetched = fetched.map_err(espejo_train::Error::from)?;
    if json {
        let value = json!({ "folder": shown(&fetched.folder), "fetched": fetched.fetched, "kept": fetched.kept });
        return output::json(&value);
    }
    let mut text = format!("{}\n", shown(&fetched.folder));
    fetched
        .fetched
        .iter()
        .for_each(|file| text += &format!("  fetched  {file}\n"));
    fetched
        .kept
        .iter()
        .for_each(|file| text += &format!("  kept     {file}\n"));
    output::text(&text)
}

/// A bar on a terminal, a line a file elsewhere.
struct Bar {
    bar: Option<ProgressBar>,
    told: std::cell::RefCell<String>,
}

impl Bar {
    fn new() -> Self {
        let template = "{msg}  {wide_bar:.cyan} {bytes}/{total_bytes}  {bytes_per_sec}";
        Self {
            bar: progress::bar(template, 0),
            told: std::cell::RefCell::default(),
        }
    }

    fn show(&self, event: &Progress<'_>) {
        match (event, &self.bar) {
            (Progress::Bytes { file, done, total }, Some(bar)) => {
                bar.set_message((*file).to_owned());
                bar.set_length(total.unwrap_or(*done));
                bar.set_position(*done);
            }
            (Progress::Bytes { file, .. }, None) => {
                let mut told = self.told.borrow_mut();
                if *told != *file {
                    message(&format!("fetching {file}"));
                    (*file).clone_into(&mut told);
                }
            }
            (Progress::Retry { file, reason }, bar) => {
                progress::say(bar.as_ref(), &format!("{file}: {reason}"));
            }
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
