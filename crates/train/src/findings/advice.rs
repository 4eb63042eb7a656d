//! One flag to try, with a value that makes sense for the run at hand.

use super::Facts;
use crate::config::RunConfig;

/// Steps of an optimiser that a small net wants at least; Adam at its usual rate of 1e-3 moves a weight by about 1 in a thousand.
const ENOUGH_STEPS: usize = 2000;
/// What a run that was still falling is given: so many times its epochs.
const LONGER: usize = 3;
/// The usual learning rate of Adam.
const USUAL_RATE: f64 = 1e-3;
/// Images of at least so many pixels gain by convolutions.
const CONV_PIXELS: usize = 16 * 16;

/// A longer training: three times as long, and long enough for a small net.
pub(super) fn longer(facts: &Facts<'_>) -> Option<String> {
    let train = &facts.config.train;
    if train.is_classical() {
        if train.max_evaluations.is_some() {
            let most = train.max_evaluations.map_or(0, |most| most * LONGER);
            return Some(format!("--max-evaluations {}", round_up(most)));
        }
        return Some(format!(
            "--max-iterations {}",
            round_up(LONGER * train.iterations())
        ));
    }
    let enough = ENOUGH_STEPS.div_ceil(facts.steps?.max(1));
    let epochs = (LONGER * train.epochs).max(enough);
    Some(format!("--epochs {}", round_up(epochs)))
}

/// The next of 1, 2, 3, 5 times a power of ten.
fn round_up(count: usize) -> usize {
    let powers = (0..18).map(|power| 10_usize.pow(power));
    let mut round = powers.flat_map(|power| [1, 2, 3, 5].map(|digit| digit * power));
    round.find(|round| *round >= count).unwrap_or(count)
}

/// A lower learning rate: the usual one, or a tenth of what is not above it.
pub(super) fn lower_rate(config: &RunConfig) -> String {
    let rate = config.train.learning_rate;
    let lower = match rate > 3.0 * USUAL_RATE {
        true => USUAL_RATE,
        false => rate / 10.0,
    };
    format!("--lr {}", plain(lower))
}

/// A tenth of the weight of the Kullback-Leibler term.
pub(super) fn lower_beta(config: &RunConfig) -> String {
    format!("--beta {}", plain(config.objective.beta / 10.0))
}

/// More room for what a small net cannot say: convolutions for images, else a hidden layer of twice the size.
pub(super) fn more_room(facts: &Facts<'_>) -> Option<String> {
    let model = &facts.config.model;
    if model.conv.is_some() {
        return Some(format!(
            "--latent {}",
            2 * facts.code.as_ref()?.dimensions()
        ));
    }
    if facts.is_image && facts.values >= CONV_PIXELS && !facts.config.train.is_classical() {
        return Some("--conv 16,32".to_owned());
    }
    Some(format!("--layers {}", 2 * first_hidden(facts)))
}

/// Less room to learn samples by heart: hidden layers of half the size, or an early end.
pub(super) fn less_room(facts: &Facts<'_>) -> String {
    let model = &facts.config.model;
    match first_hidden(facts) {
        hidden if model.conv.is_none() && hidden >= 4 => format!("--layers {}", hidden / 2),
        _ => "--set objective.weight_decay=0.001".to_owned(),
    }
}

/// Values of the first hidden layer; those of half a sample where there is none.
fn first_hidden(facts: &Facts<'_>) -> usize {
    let sizes = facts.config.model.layers.iter();
    let mut sizes = sizes.filter_map(|step| match step {
        espejo_nets::DenseStep::Size(size) => Some(*size),
        _ => None,
    });
    match sizes.next() {
        // A whole list starts with the sample itself.
        Some(first) if first == facts.values => sizes.next(),
        first => first,
    }
    .unwrap_or(facts.values.div_ceil(2))
}

/// A number as it is typed: three digits at most.
pub(super) fn plain(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    match rounded {
        small if small < 1e-4 => format!("{small:e}"),
        value => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_numbers_are_at_least_as_large() {
        let of = |count| round_up(count);
        assert_eq!(
            [of(1), of(60), of(300), of(301), of(6000)],
            [1, 100, 300, 500, 10_000]
        );
    }

    #[test]
    fn rates_are_typed_as_people_do() {
        assert_eq!(
            [plain(1e-3), plain(0.05), plain(3e-5)],
            ["0.001", "0.05", "3e-5"]
        );
        let mut config = RunConfig::default();
        config.train.learning_rate = 1e9;
        assert_eq!(lower_rate(&config), "--lr 0.001");
        config.train.learning_rate = 1e-3;
        assert_eq!(lower_rate(&config), "--lr 0.0001");
    }
}
