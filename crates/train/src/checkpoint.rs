//! Checkpoints: weights, the optimiser's moments and the training state, under one checksum list.

use std::path::Path;

use crate::architecture::MAX_WEIGHTS;
use crate::atomic_files::{read_group, write_group};
use crate::model::AnyModel;
use crate::optimizer::{Optimizer, trained_numbers};
use crate::plain_files::check_folder;
use crate::prepare::Prepared;
use crate::training_state::TrainingState;
use crate::{Error, tensors};

const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const BEST: &str = "best.safetensors";
/// The weights that training goes on from, where those of `MODEL` are their average.
const TRAINED: &str = "trained.safetensors";
/// The training state.
pub(crate) const STATE: &str = "course.json";

/// Bytes of a file of weights, at most: four a weight, and the header before them, which the format bounds.
const LARGEST_WEIGHTS: u64 = MAX_WEIGHTS as u64 * 4 + (100 << 20);
/// What a checkpoint may consist of, and the bytes of each file, at most. An optimiser has up to two moments a weight.
const FILES: [(&str, u64); 5] = [
    (MODEL, LARGEST_WEIGHTS),
    (OPTIMIZER, 2 * LARGEST_WEIGHTS),
    (BEST, LARGEST_WEIGHTS),
    (TRAINED, LARGEST_WEIGHTS),
    (STATE, 1 << 20),
];

/// What training needs to go on from a checkpoint, beside its weights.
pub(crate) struct ResumeState<'a> {
    /// The moments.
    pub optimizer: &'a Optimizer,
    /// The best weights so far, where they are not the checkpoint's own: one group then holds all that belongs together.
    pub best: Option<Vec<tensors::Named>>,
    /// The weights as they were trained, where the checkpoint's own are their average.
    pub trained: Option<Vec<tensors::Named>>,
}

/// Refuses a checkpoint that is a link, or lies behind one: its folder is replaced when the next one is written.
fn check_place(folder: &Path) -> Result<(), Error> {
    folder.parent().map_or(Ok(()), check_folder)?;
    check_folder(folder)
}

/// Writes weights and training state, and the rest where training is to go on from here.
pub(crate) fn save(
    folder: &Path,
    model: &[tensors::Named],
    rest: Option<&ResumeState<'_>>,
    state: &TrainingState,
) -> Result<(), Error> {
    check_place(folder)?;
    let state = serde_json::to_string_pretty(state).expect("a training state is plain values");
    let mut files = vec![
        (MODEL, tensors::to_bytes(model)),
        (STATE, state.into_bytes()),
    ];
    if let Some(rest) = rest {
        files.push((OPTIMIZER, rest.optimizer.to_bytes()));
        for (name, weights) in [(BEST, &rest.best), (TRAINED, &rest.trained)] {
            let bytes = weights.as_deref().map(tensors::to_bytes);
            files.extend(bytes.map(|bytes| (name, bytes)));
        }
    }
    write_group(folder, &files)
}

/// `model` with the weights of a checkpoint, and the training state it was written at.
pub(crate) fn load_model(
    folder: &Path,
    model: AnyModel,
) -> Result<(AnyModel, TrainingState), Error> {
    let files = read_group(folder, &FILES)?;
    let state = state(folder, &files)?;
    Ok((weights(folder, &files, MODEL, model)?, state))
}

/// The weights of a checkpoint, whatever model they are of.
pub(crate) fn load_tensors(folder: &Path) -> Result<Vec<tensors::Named>, Error> {
    named(folder, &read_group(folder, &FILES)?, MODEL)
}

/// The training state that a checkpoint was written at, where there is a whole one.
pub(crate) fn load_state(folder: &Path) -> Option<TrainingState> {
    let files = read_group(folder, &FILES).ok()?;
    state(folder, &files).ok()
}

fn state(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<TrainingState, Error> {
    serde_json::from_slice(file(folder, files, STATE)?)
        .map_err(|error| Error::checkpoint(&folder.join(STATE), error.to_string(), None))
}

/// The best model known to a checkpoint that training goes on from: its own where it is the best.
pub(crate) fn load_best(folder: &Path, model: AnyModel) -> Result<AnyModel, Error> {
    let files = read_group(folder, &FILES)?;
    let name = if files.iter().any(|(name, _)| name == BEST) {
        BEST
    } else {
        MODEL
    };
    weights(folder, &files, name, model)
}

/// `model` with the weights that training goes on from, where those of the checkpoint are their average.
pub(crate) fn load_trained(folder: &Path, model: AnyModel) -> Result<AnyModel, Error> {
    weights(folder, &read_group(folder, &FILES)?, TRAINED, model)
}

fn weights(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    name: &str,
    model: AnyModel,
) -> Result<AnyModel, Error> {
    tensors::apply(model, named(folder, files, name)?).map_err(|problem| {
        let hint = "its `config.toml` describes another model: was it edited, or the checkpoint copied from another run?";
        Error::checkpoint(&folder.join(name), problem, Some(hint.into()))
    })
}

/// The optimiser with the moments of a checkpoint.
pub(crate) fn load_optimizer(
    folder: &Path,
    prepared: &Prepared,
    model: &AnyModel,
) -> Result<Optimizer, Error> {
    let files = read_group(folder, &FILES)?;
    let damaged = |problem| Error::checkpoint(&folder.join(OPTIMIZER), problem, None);
    let tensors = file(folder, &files, OPTIMIZER)?;
    let tensors = tensors::moments_from_bytes(tensors).map_err(damaged)?;
    Optimizer::new(&prepared.config.train)
        .with_named(&tensors, trained_numbers(model), &prepared.chosen.device)
        .map_err(damaged)
}

fn file<'a>(folder: &Path, files: &'a [(String, Vec<u8>)], name: &str) -> Result<&'a [u8], Error> {
    let found = files.iter().find(|(found, _)| found == name);
    found
        .map(|(_, bytes)| bytes.as_slice())
        .ok_or_else(|| Error::checkpoint(folder, format!("the checkpoint has no `{name}`"), None))
}

fn named(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    name: &str,
) -> Result<Vec<tensors::Named>, Error> {
    tensors::from_bytes(file(folder, files, name)?)
        .map_err(|problem| Error::checkpoint(&folder.join(name), problem, None))
}
