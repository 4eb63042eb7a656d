//! Loss terms that leave the others no say.

use super::words::short;
use super::{Facts, Finding, advice, comparison};
use crate::config::ObjectiveConfig;

/// A term weighs too much where it is so many times all that the model is there for.
const SWAMPS: f64 = 3.0;
/// A model that gets no further than this share of the error of the mean has learned nothing for what it was to learn.
const NOTHING_LEARNED: f64 = 0.9;

/// The weight of a term in the loss; none of what every model has.
fn weight(term: &str, objective: &ObjectiveConfig) -> Option<f64> {
    match term {
        "kl" => Some(objective.beta),
        "l1" => Some(objective.l1),
        "sparsity" => Some(objective.sparsity),
        "contractive" => Some(objective.contractive),
        "weight_decay" => Some(objective.weight_decay),
        _ => None,
    }
}

/// The flag that sets a weight.
fn flag(term: &str, value: f64) -> String {
    let value = advice::plain(value);
    match term {
        "kl" => format!("--beta {value}"),
        term => format!("--set objective.{term}={value}"),
    }
}

/// The term that outweighs what the model is there for: at the end, or at the start where little was learned for it.
pub(super) fn swamping(facts: &Facts<'_>) -> Option<Finding> {
    let wanted = facts.course.terms().next()?;
    let (first, last) = (first(facts, wanted)?, facts.course.last(&column(wanted))?.1);
    let nothing_learned = facts
        .remaining()
        .is_some_and(|share| share > NOTHING_LEARNED);
    let beaten = comparison::is_beaten(facts);
    let swamps = |term: &str| {
        let weight = weight(term, &facts.config.objective)?;
        let now = weight * facts.course.last(&column(term))?.1;
        let before = weight * first_of(facts, term)?;
        let ratio = match nothing_learned || beaten {
            // Who swamps the others brings itself to zero first.
            true => (now / last).max(before / first),
            false => now / last,
        };
        let limit = if nothing_learned { 1.0 } else { SWAMPS };
        (ratio > limit).then(|| (term.to_owned(), weight, ratio))
    };
    let found = facts.course.terms().filter_map(swamps);
    let (term, weight, ratio) = found.max_by(|a, b| a.2.total_cmp(&b.2))?;
    let message = format!(
        "the term `{term}` swamps the others: with its weight of {} it is {} times `{wanted}`",
        advice::plain(weight),
        short(ratio),
    );
    let finding = Finding::warning("swamping-term", message)
        .number("weight", weight)
        .number("times", ratio);
    Some(finding.advise(flag(&term, weight / (10.0 * ratio.max(1.0)))))
}

fn column(term: &str) -> String {
    format!("train_{term}")
}

fn first_of(facts: &Facts<'_>, term: &str) -> Option<f64> {
    facts
        .course
        .series(&column(term))
        .first()
        .map(|(_, value)| *value)
}

fn first(facts: &Facts<'_>, wanted: &str) -> Option<f64> {
    first_of(facts, wanted).filter(|value| *value > 0.0)
}
