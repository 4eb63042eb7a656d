//! A list of `--layers` that is meant to be whole and is not.

use espejo_train::{DenseStep, Prepared};

use super::flags::TrainArgs;
use crate::output::usage;

/// Refuses a list of `--layers` that begins or ends with the size of a sample, and is not the whole list: a slip would be taken for hidden sizes, mirrored.
pub fn check_layer_list(args: &TrainArgs, prepared: &Prepared) -> anyhow::Result<()> {
    let model = &prepared.config.model;
    if args.model.layers.is_none() || model.conv.is_some() || !model.kind.has_code() {
        return Ok(());
    }
    let size = |step: &DenseStep| match step {
        DenseStep::Size(size) => Some(*size),
        DenseStep::BatchNorm | DenseStep::Dropout(_) | DenseStep::Noise(_) | DenseStep::Concat => {
            None
        }
    };
    let sizes: Option<Vec<usize>> = model.layers.iter().map(size).collect();
    let values = prepared.train.shape().pixels();
    let Some(whole) = sizes.and_then(|sizes| Some((meant(&sizes, values)?, sizes))) else {
        return Ok(());
    };
    let (meant, sizes) = whole;
    let (given, meant) = (listed(&sizes), listed(&meant));
    let end = match sizes.first() == Some(&values) {
        true => "begins",
        false => "ends",
    };
    Err(usage(
        format!(
            "`--layers {given}` {end} with {values}, the size of a sample, and is no whole list, which begins and ends with it"
        ),
        format!(
            "did you mean `--layers {meant}`? Hidden sizes alone, without {values}, are mirrored in the decoder"
        ),
    ))
}

/// The palindrome that is meant by a list of which one end is the size of a sample and the other is not; `None` for other lists.
fn meant(sizes: &[usize], values: usize) -> Option<Vec<usize>> {
    let ends = (sizes.first()? == &values, sizes.last()? == &values);
    let mut down = sizes.to_vec();
    match ends {
        (true, false) => {}
        (false, true) => down.reverse(),
        _ => return None,
    }
    let narrowest = down.iter().min()?;
    let code = down.iter().position(|size| size == narrowest)?;
    down.truncate(code + 1);
    let up: Vec<usize> = down[..code].iter().rev().copied().collect();
    Some([down, up].concat())
}

fn listed(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    sizes.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_whole_list_is_told_from_hidden_sizes() {
        let meant = |sizes: &[usize]| meant(sizes, 35);
        assert_eq!(meant(&[35, 25, 2, 25, 36]), Some(vec![35, 25, 2, 25, 35]));
        assert_eq!(meant(&[36, 25, 2, 25, 35]), Some(vec![35, 25, 2, 25, 35]));
        assert_eq!(meant(&[35, 25, 2]), Some(vec![35, 25, 2, 25, 35]));
        assert_eq!(meant(&[35, 2]), Some(vec![35, 2, 35]));
        for fine in [
            &[25][..],
            &[35],
            &[35, 25, 2, 30, 35],
            &[25, 12],
            &[36, 2, 36],
        ] {
            assert_eq!(meant(fine), None, "{fine:?}");
        }
    }
}
