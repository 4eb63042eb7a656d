//! Anomalies of a series as events: ranges of labelled rows, of which one flagged row is enough.

use std::ops::{Add, Range};

use crate::ranking::positives;

/// The ranges of rows that are labelled without a gap.
pub fn events(labels: &[bool]) -> Vec<Range<usize>> {
    let mut events = Vec::new();
    let mut row = 0;
    for run in labels.chunk_by(|a, b| a == b) {
        if run[0] {
            events.push(row..row + run.len());
        }
        row += run.len();
    }
    events
}

/// What flags find of the events of a series. Those of several series add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// Events that there are.
    pub events: usize,
    /// Events with at least one flagged row.
    pub found: usize,
    /// Rows outside all events.
    pub normal_rows: usize,
    /// Flagged rows inside an event.
    pub right: usize,
    /// Flagged rows outside all events.
    pub false_alarms: usize,
    /// Rows of all events.
    pub labelled: usize,
    /// Rows of those events that were found.
    pub rows_of_found: usize,
}

impl Add for EventCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            found: self.found + other.found,
            normal_rows: self.normal_rows + other.normal_rows,
            right: self.right + other.right,
            false_alarms: self.false_alarms + other.false_alarms,
            labelled: self.labelled + other.labelled,
            rows_of_found: self.rows_of_found + other.rows_of_found,
        }
    }
}

impl EventCounts {
    /// Holds flags against labels, row by row in the order of time.
    ///
    /// # Panics
    ///
    /// Where there is not a flag for each label.
    pub fn of(flags: &[bool], labels: &[bool]) -> Self {
        assert_eq!(flags.len(), labels.len(), "a flag for each label");
        let events = events(labels);
        let found: Vec<_> = events.iter().filter(|event| any(flags, event)).collect();
        let right = flags.iter().zip(labels).filter(|(f, l)| **f && **l).count();
        let labelled = positives(labels);
        Self {
            events: events.len(),
            found: found.len(),
            normal_rows: labels.len() - labelled,
            right,
            false_alarms: positives(flags) - right,
            labelled,
            rows_of_found: found.into_iter().map(Range::len).sum(),
        }
    }

    /// Flagged rows in 1,000 rows outside all events; none where there is no such row.
    pub fn false_alarms_per_1000(&self) -> Option<f64> {
        ratio(1000 * self.false_alarms, self.normal_rows)
    }

    /// The share of the flagged rows that lie inside an event; none where nothing is flagged.
    pub fn precision_of_rows(&self) -> Option<f64> {
        ratio(self.right, self.right + self.false_alarms)
    }

    /// The F1 of rows after every row of an event counts as flagged where one of them is; none where there is no event.
    ///
    /// It flatters: a long event is found whole by a single lucky flag, so that a random score reaches a high value, often above
    /// that of published methods (Kim et al. 2022, "Towards a rigorous evaluation of time-series anomaly detection"). It is here to be
    /// compared with published numbers, beside the counts, never alone.
    pub fn point_adjusted_f1(&self) -> Option<f64> {
        if self.events == 0 {
            return None;
        }
        let found = self.rows_of_found;
        ratio(2 * found, found + self.false_alarms + self.labelled)
    }
}

/// What flags find of the events of a series, as [`EventCounts::point_adjusted_f1`] has it.
///
/// # Panics
///
/// Where there is not a flag for each label.
pub fn point_adjusted_f1(flags: &[bool], labels: &[bool]) -> Option<f64> {
    EventCounts::of(flags, labels).point_adjusted_f1()
}

fn any(flags: &[bool], event: &Range<usize>) -> bool {
    flags[event.clone()].contains(&true)
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::best_f1;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn bits(text: &str) -> Vec<bool> {
        text.chars().map(|bit| bit == '1').collect()
    }

    #[test]
    fn rows_without_a_gap_are_one_event() {
        assert_eq!(events(&bits("0110111001")), [1..3, 4..7, 9..10]);
        assert_eq!(events(&bits("000")), []);
        assert_eq!(events(&[]), []);
    }

    #[test]
    fn an_event_is_found_by_one_row() {
        let labels = bits("0110111001");
        let counts = EventCounts::of(&bits("1100010000"), &labels);
        let expected = EventCounts {
            events: 3,
            found: 2,
            normal_rows: 4,
            right: 2,
            false_alarms: 1,
            labelled: 6,
            rows_of_found: 5,
        };
        assert_eq!(counts, expected);
        // An event does not reach from one series into the next.
        let parts = [0..5, 5..10]
            .map(|part| EventCounts::of(&bits("1100010000")[part.clone()], &labels[part]));
        let [first, second] = parts;
        let sum = first + second;
        assert_eq!((sum.events, sum.found, sum.labelled), (4, 2, 6));
        assert_eq!(sum.rows_of_found, 4);
        assert_eq!(counts.false_alarms_per_1000(), Some(250.0));
        assert_eq!(counts.precision_of_rows(), Some(2.0 / 3.0));
        // Five rows count as found, one flag is false, and six rows are labelled.
        assert_eq!(
            point_adjusted_f1(&bits("1100010000"), &labels),
            Some(10.0 / 12.0)
        );
    }

    #[test]
    fn without_flags_or_events_there_is_nothing_to_divide_by() {
        let counts = EventCounts::of(&bits("00"), &bits("11"));
        assert_eq!(counts.false_alarms_per_1000(), None);
        assert_eq!(counts.precision_of_rows(), None);
        assert_eq!(point_adjusted_f1(&bits("00"), &bits("11")), Some(0.0));
        assert_eq!(point_adjusted_f1(&bits("10"), &bits("00")), None);
    }

    /// Ten events of 100 rows in 10,000: 1 % of the rows flagged at random.
    #[test]
    fn a_random_score_gets_a_high_point_adjusted_f1() {
        let labels: Vec<bool> = (0..10_000).map(|k| k % 1000 < 100).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let scores: Vec<f64> = labels.iter().map(|_| rng.random()).collect();
        let flags: Vec<bool> = scores.iter().map(|score| *score > 0.97).collect();
        let adjusted = point_adjusted_f1(&flags, &labels).expect("events");
        let plain = best_f1(&scores, &labels).expect("anomalies").f1;
        assert!(adjusted > 0.8, "{adjusted}");
        assert!(plain < 0.2, "{plain}");
    }
}
