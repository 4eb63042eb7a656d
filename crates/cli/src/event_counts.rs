//! Known anomalies of a series as events, and what flags find of them.

use std::ops::{Add, Range};

use espejo_analysis::{EventCounts, events};
use serde_json::{Value, json};

use crate::sample_columns::Chosen;

/// What is said wherever the point-adjusted F1 is printed.
const TRAP: &str = "a whole event counts as found by one flagged row, so that a random score reaches a high value (Kim et al. 2022, \
     \"Towards a rigorous evaluation of time-series anomaly detection\"): for a comparison with published numbers alone";

/// Holds flags against the labels of rows.
pub fn count(rows: &[Chosen], flags: &[bool], labels: &[bool]) -> EventCounts {
    let stretches = stretches(rows).into_iter();
    let counts = stretches.map(|place| EventCounts::of(&flags[place.clone()], &labels[place]));
    counts.fold(EventCounts::default(), EventCounts::add)
}

/// The ranges of rows that are labelled without a gap.
pub fn events_of(rows: &[Chosen], labels: &[bool]) -> Vec<Range<usize>> {
    let of_stretch = |place: Range<usize>| {
        let events = events(&labels[place.clone()]).into_iter();
        events.map(move |event| place.start + event.start..place.start + event.end)
    };
    stretches(rows).into_iter().flat_map(of_stretch).collect()
}

/// The stretches of rows that follow each other, with which events end, too.
fn stretches(rows: &[Chosen]) -> Vec<Range<usize>> {
    let (mut all, mut begin) = (Vec::new(), 0);
    for Chosen { samples, .. } in rows {
        let stretches = samples.stretches().into_iter();
        all.extend(stretches.map(|stretch| begin + stretch.start..begin + stretch.end));
        begin += samples.len();
    }
    all
}

/// The counts in sentences.
pub fn sentences(counts: &EventCounts) -> String {
    let rate = counts.false_alarms_per_1000();
    let rate = rate.map_or(String::new(), |rate| {
        format!(", {rate:.1} in 1,000 rows outside events")
    });
    let adjusted = counts.point_adjusted_f1();
    let adjusted = adjusted.map_or(String::new(), |f1| {
        format!("\npoint-adjusted F1 {f1:.4}: {TRAP}")
    });
    format!(
        "{} of {} events found, {} false alarms{rate}{adjusted}",
        counts.found, counts.events, counts.false_alarms
    )
}

/// The counts as one object.
pub fn as_json(counts: &EventCounts) -> Value {
    json!({
        "events": counts.events,
        "found": counts.found,
        "false_alarms": counts.false_alarms,
        "false_alarms_per_1000": counts.false_alarms_per_1000(),
        "precision_of_rows": counts.precision_of_rows(),
        "point_adjusted_f1": counts.point_adjusted_f1(),
        "point_adjusted_f1_note": TRAP,
    })
}
