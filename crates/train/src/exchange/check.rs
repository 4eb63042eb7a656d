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

/// Refuses a rank that rounds otherwise than rank 0, by the width of the vectors that each computes with: none is that of a graphics adapter.
/// Each rank steps by itself, and their weights would no longer be the same.
///
/// # Errors
///
/// [`Error::Config`] where the widths are not the same.
pub(crate) fn check_vectors(
    rank: usize,
    width: Option<usize>,
    first: Option<usize>,
) -> Result<(), Error> {
    if width == first {
        return Ok(());
    }
    let message = format!(
        "rank {rank} computes with {}, and rank 0 with {}: their weights would drift apart",
        vectors_of(width),
        vectors_of(first)
    );
    let hint = "give all ranks devices of one kind, and vectors that all have, as in `--set train.vector_width=128`";
    Err(Error::config(message, Some(hint.to_owned())))
}

/// What a device computes with, by the width of its vectors.
fn vectors_of(width: Option<usize>) -> String {
    width.map_or("a graphics adapter".to_owned(), |bits| {
        format!("vectors of {bits} bits")
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_that_round_otherwise_are_refused() {
        let widths = [None, Some(128), Some(256), Some(512)];
        for (place, width) in widths.into_iter().enumerate() {
            for (other, first) in widths.into_iter().enumerate() {
                let checked = check_vectors(1, width, first);
                assert_eq!(checked.is_ok(), place == other, "{width:?} {first:?}");
            }
        }
    }

    /// A processor beside a graphics adapter, whichever of them is rank 0.
    #[test]
    fn a_processor_beside_a_graphics_adapter_is_refused() {
        let said = |width, first| {
            check_vectors(1, width, first)
                .expect_err("refused")
                .to_string()
        };
        assert_eq!(
            said(None, Some(256)),
            "rank 1 computes with a graphics adapter, and rank 0 with vectors of 256 bits: their weights would drift apart"
        );
        assert_eq!(
            said(Some(512), None),
            "rank 1 computes with vectors of 512 bits, and rank 0 with a graphics adapter: their weights would drift apart"
        );
    }
}
