//! Hidden units that do nothing, and outputs that are the same for every sample.

use super::words::percent;
use super::{Facts, Finding, advice, comparison};

/// A layer has lost too many of its units from this share on; a few dead ones are usual behind a rectifier.
const MANY_DEAD: f64 = 0.5;
/// A layer is saturated where this share of its values is within 1 % of the ends of its activation's range: nothing can be learned
/// through it, for its slope there is under 0.02.
const SATURATED: f64 = 0.9;
/// Outputs are constant where they vary less than this share of what their targets vary.
const CONSTANT: f64 = 1e-3;

/// How the units of a hidden layer are used.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LayerUse {
    /// What it is called, such as `encoder layer 1`.
    pub name: String,
    /// Its units: of a convolution its channels.
    pub units: usize,
    /// Units that give 0 for every sample.
    pub dead: usize,
    /// The share of values at the ends of its activation's range, where it has two.
    pub saturated: f64,
}

/// How much outputs and targets vary over the samples, both summed over their values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub outputs: f64,
    pub targets: f64,
}

/// Outputs that do not depend on what comes in.
pub(super) fn outputs(facts: &Facts<'_>) -> Option<Finding> {
    let Spread { outputs, targets } = facts.outputs?;
    if targets <= 0.0 || outputs > CONSTANT * targets {
        return None;
    }
    let what = match facts.code.is_some() {
        true => "the reconstructions are",
        false => "the predictions are",
    };
    let message = format!("{what} the same for every {}", facts.sample);
    let finding = Finding::warning("constant-outputs", message)
        .number("variance", outputs)
        .number("variance_of_targets", targets);
    Some(finding.advise(advice::lower_rate(facts.config)))
}

/// Dead and saturated units.
pub(super) fn layers(facts: &Facts<'_>) -> Vec<Finding> {
    [dead(facts), saturated(facts)]
        .into_iter()
        .flatten()
        .collect()
}

fn dead(facts: &Facts<'_>) -> Option<Finding> {
    let share = |layer: &LayerUse| layer.dead as f64 / layer.units.max(1) as f64;
    let worst = facts
        .layers
        .iter()
        .max_by(|a, b| share(a).total_cmp(&share(b)))?;
    if share(worst) < MANY_DEAD {
        return None;
    }
    let message = format!(
        "{} of {} units of {} are dead: 0 for every {}",
        worst.dead, worst.units, worst.name, facts.sample
    );
    // A net that is good without them has more than it needs: wide nets of rectifiers often lose half.
    let finding = match comparison::is_beaten(facts) {
        true => Finding::warning("dead-units", message),
        false => Finding::info("dead-units", message),
    };
    let finding = finding
        .number("dead", worst.dead as f64)
        .number("units", worst.units as f64);
    Some(finding.advise("--activation leaky-relu".to_owned()))
}

fn saturated(facts: &Facts<'_>) -> Option<Finding> {
    let layers = facts.layers.iter();
    let worst = layers.max_by(|a, b| a.saturated.total_cmp(&b.saturated))?;
    if worst.saturated < SATURATED {
        return None;
    }
    let message = format!(
        "{} is saturated: {} of its values are at the ends of its activation's range",
        worst.name,
        percent(worst.saturated)
    );
    let finding = Finding::warning("saturated-units", message).number("share", worst.saturated);
    Some(finding.advise(against_saturation(facts)))
}

/// Unscaled columns drive units to their ends before the first step; else too long steps do.
fn against_saturation(facts: &Facts<'_>) -> String {
    use espejo_data::ScalingKind;
    match facts.config.data.scale == ScalingKind::None && !facts.is_image {
        true => "--scale standardise".to_owned(),
        false => advice::lower_rate(facts.config),
    }
}

/// The name of a layer in sentences.
pub(super) fn layer_name(part: &str, layer: usize) -> String {
    match part {
        "layers" => format!("layer {layer}"),
        part => format!("{part} layer {layer}"),
    }
}
