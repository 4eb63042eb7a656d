//! What cannot be cross-validated, and why.

use espejo_data::Loaded;

use super::seed;
use crate::Error;
use crate::config::{RunConfig, ScheduleKind, SplitKind};

/// Refuses folds that a configuration cannot have.
///
/// # Errors
///
/// [`Error::Config`] with what to do about it.
pub(crate) fn check(config: &RunConfig) -> Result<(), Error> {
    let (data, train) = (&config.data, &config.train);
    let refuse = |message: String, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    let Some(folds) = data.folds else {
        return match data.repeats {
            None => Ok(()),
            Some(_) => refuse(
                "`data.repeats` deals the samples out to folds again, and there are no `data.folds`".to_owned(),
                "add `--folds 5`, or leave `--repeats` out",
            ),
        };
    };
    if folds < 2 {
        return refuse(
            format!("`data.folds` is {folds}, expected 2 or more"),
            "as in `--folds 5`; `--test-fraction .2` holds one part out",
        );
    }
    if data.repeats == Some(0) {
        return refuse(
            "`data.repeats` is 0, expected 1 or more".to_owned(),
            "as in `--repeats 3`, or leave it out",
        );
    }
    if data.fold.is_some() || data.test_fraction.is_some() || data.split == SplitKind::Time {
        return refuse(
            "`data.folds` holds out every sample in turn, and another part is to be held out too"
                .to_owned(),
            "leave `--fold`, `--test-fraction` and `--split` out, or `--folds`",
        );
    }
    if data.name == "-" {
        return refuse(
            "`data.folds` reads the data twice, and standard input can be read once".to_owned(),
            "train on a file",
        );
    }
    if train.is_classical() {
        let name = train.optimizer.name();
        return refuse(
            format!(
                "`data.folds` is for training in single precision, and `{name}` trains in double"
            ),
            "take `--optimizer adam`, or one fold at a time with `--fold 1/5`",
        );
    }
    if train.patience > 0 || train.target_loss.is_some() || train.schedule == ScheduleKind::Plateau
    {
        return refuse(
            "`data.folds` measures on what was held out, and a training that goes by its test loss would have seen it".to_owned(),
            "leave `--patience`, `--target-loss` and `--schedule plateau` out",
        );
    }
    Ok(())
}

/// Refuses data that cannot be dealt out to the folds of a configuration.
///
/// # Errors
///
/// [`Error::Config`] for a set with a test part of its own, [`Error::Data`] for too few samples, groups, or samples of a class.
pub(crate) fn check_data(config: &RunConfig, loaded: &Loaded) -> Result<(), Error> {
    let Some((repeats, of)) = config.folds() else {
        return Ok(());
    };
    if loaded.test.is_some() {
        let message = format!("`{}` has a test part of its own", loaded.train.name());
        let hint = "leave `--folds` out: it is measured on that part";
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    for repeat in 1..=repeats {
        let rules = config.version as u8;
        loaded.train.folds(of, seed(config, repeat), rules)?;
    }
    Ok(())
}
