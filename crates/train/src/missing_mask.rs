//! A mask of missing cells as a second input of a model (`data.missing_mask`).
//!
//! The mask is made by the first layer of the net (`espejo_nets`' mask) from NaN in its inputs, so that all that goes through the net
//! brings its own mask along: `train::feed` leaves NaN where others get 0.

use espejo_data::{FillKind, Samples};

use crate::Error;
use crate::config::RunConfig;
use crate::half::Half;

/// Refuses a mask where no cell can be missing, or the layers do not take one.
///
/// # Errors
///
/// [`Error::Config`] with what stands against it.
pub(crate) fn check(config: &RunConfig, train: &Samples) -> Result<(), Error> {
    if !config.data.missing_mask {
        return Ok(());
    }
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    if !train.is_table() || train.is_text() {
        return refuse(
            "`data.missing_mask` is for tables of numbers, whose cells may be missing",
            "leave it out",
        );
    }
    if config.data.fill != FillKind::None {
        return refuse(
            "`data.fill` leaves no cell missing that `data.missing_mask` could show",
            "leave one of `--fill` and `--missing-mask` out",
        );
    }
    if config.model.conv.is_some() {
        return refuse(
            "`data.missing_mask` is for dense nets: a mask stands beside a row, and not beside each of its cells",
            "leave one of `--conv` and `--missing-mask` out",
        );
    }
    if config.train.is_classical() {
        return refuse(
            "`data.missing_mask` is for training in single precision, which leaves missing cells out",
            "take `--optimizer adam`, or leave `--missing-mask` out",
        );
    }
    Ok(())
}

/// Says where there is nothing to see.
pub(crate) fn note(config: &RunConfig, train: &Samples) -> Option<String> {
    let is_idle = config.data.missing_mask && !train.has_missing();
    is_idle.then(|| {
        "no cell of the training part is missing: the mask of missing cells never changes"
            .to_owned()
    })
}

/// Refuses to export what takes a mask: in exported formats a missing cell is 0.
///
/// # Errors
///
/// [`Error::Config`] for all but a decoder.
pub(crate) fn check_export(config: &RunConfig, half: Option<Half>) -> Result<(), Error> {
    if !config.data.missing_mask || half == Some(Half::Decoder) {
        return Ok(());
    }
    let message = "this run sees which cells are missing (`data.missing_mask`), which no exported format shows it";
    let hint = "export its decoder (`--part decoder`), or train without `--missing-mask`";
    Err(Error::config(message, Some(hint.to_owned())))
}
