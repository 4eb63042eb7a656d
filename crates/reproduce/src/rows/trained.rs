//! A training on a device, in a folder that is gone afterwards.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use espejo_train::{Error, Event, Folder, Outcome, Prepared, RunConfig, device, fit, prepare};

/// The device's random numbers are one stream for the whole process: two trainings at once would share it out by chance.
pub static DEVICE: Mutex<()> = Mutex::new(());

/// Trains a configuration; whoever calls it holds [`DEVICE`].
pub fn trained(config: RunConfig, watch: &mut dyn FnMut(Event<'_>)) -> Result<Outcome, Error> {
    let prepared = prepare(on_processor(config))?;
    let scratch = scratch()?;
    let folder = Folder::create(scratch.path(), None, &prepared.config)?;
    fit_in(&prepared, &folder, watch)
}

/// Trains what is prepared into a folder.
pub fn fit_in(
    prepared: &Prepared,
    folder: &Folder,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Error> {
    fit(
        prepared,
        folder,
        "espejo reproduce",
        &AtomicBool::new(false),
        watch,
    )
}

/// The processor where the build has it: a row's numbers are then the same on every machine.
pub fn on_processor(mut config: RunConfig) -> RunConfig {
    let cpu = device::choose("cpu").is_ok();
    config.train.device = if cpu { "cpu" } else { "auto" }.to_owned();
    config
}

/// A folder that is gone when it is dropped.
pub fn scratch() -> Result<tempfile::TempDir, Error> {
    tempfile::Builder::new()
        .prefix("espejo-reproduce-")
        .tempdir()
        .map_err(|source| Error::Io {
            action: "create",
            path: std::env::temp_dir(),
            source,
        })
}
