//! Which trainings can be shared among ranks.

use espejo_data::counted;
use espejo_nets::LayerConfig;

use crate::Error;
use crate::prepare::Prepared;

/// Refuses a training that would not be, to rounding, that of one process: where a batch is worth more than the sum of its rows.
///
/// # Errors
///
/// [`Error::Config`] with what stands in the way.
pub fn check_ranks(prepared: &Prepared, ranks: usize) -> Result<(), Error> {
    if ranks <= 1 {
        return Ok(());
    }
    let (config, architecture) = (&prepared.config, &prepared.spec.architecture);
    let normalised = architecture.stacked().any(is_normalised);
    let obstacles = [
        (
            config.train.is_classical(),
            format!(
                "`{}` trains in double precision, in one process",
                config.train.optimizer.name()
            ),
            "take `--optimizer adam`, or one device",
        ),
        (
            normalised,
            "batch normalisation measures a whole batch, and each rank has a part of it".to_owned(),
            "leave `bn` and `--batch-norm` out, or take one device",
        ),
        (
            config.objective.sparsity > 0.0,
            "`objective.sparsity` is of the mean of a whole batch, and each rank has a part of it"
                .to_owned(),
            "take `objective.l1`, or one device",
        ),
        (
            config.objective.free_bits > 0.0,
            "`objective.free_bits` are of the mean of a whole batch, and each rank has a part of it"
                .to_owned(),
            "leave `objective.free_bits` out, or take one device",
        ),
        (
            config.folds().is_some(),
            "the nets of a cross-validation are trained in one process".to_owned(),
            "take one device; or one fold a run, as in `--fold 1/5`",
        ),
    ];
    if let Some((_, message, hint)) = obstacles.into_iter().find(|(stands, ..)| *stands) {
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    let samples = prepared.train.len() * config.noise.copies.max(1);
    let rows = match config.train.batch_size {
        0 => samples,
        size => size.min(samples),
    };
    if rows < ranks {
        let shared = counted(rows, "row");
        let message = format!("{ranks} ranks share batches of {shared}: some would have none");
        let hint = format!(
            "take at most {}, or a larger `--batch-size`",
            counted(rows, "device")
        );
        return Err(Error::config(message, Some(hint)));
    }
    Ok(())
}

fn is_normalised(layer: &LayerConfig) -> bool {
    match layer {
        LayerConfig::BatchNorm { .. } => true,
        LayerConfig::Skip { inner, .. } => {
            inner.layers.iter().any(|(layer, _)| is_normalised(layer))
        }
        _ => false,
    }
}
