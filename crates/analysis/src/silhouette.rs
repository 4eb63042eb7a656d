//! The silhouette: how much nearer rows are to their own group than to the next (Rousseeuw 1987).

use crate::Matrix;
use crate::distance::squared_distance;
use crate::parallel::{cores, map_pieces};
use crate::sample::sample;

/// Rows up to which all are held against all.
pub const SILHOUETTE_ROWS: usize = 5_000;

/// The mean silhouette of labelled rows, from -1 to 1; none where all rows have one label, or each has its own.
///
/// With a, the mean distance of a row to the others of its label, and b, to those of the nearest other label, its silhouette is
/// (b - a) / max(a, b), and 0 for a row that has its label alone. Exact up to 5,000 rows; of more, 5,000 are drawn by `seed`, each as
/// likely as any other, and held against each other, for the time grows with the square of their number.
///
/// # Panics
///
/// Where rows and labels are not equally many.
pub fn silhouette(rows: Matrix, labels: &[usize], seed: u64) -> Option<f64> {
    assert_eq!(rows.len(), labels.len(), "each row has a label");
    let places = sample(rows.len(), SILHOUETTE_ROWS, seed);
    let labels: Vec<usize> = places.iter().map(|place| labels[*place]).collect();
    let mut counts = vec![0_usize; labels.iter().max().map_or(0, |largest| largest + 1)];
    for label in &labels {
        counts[*label] += 1;
    }
    let groups = counts.iter().filter(|count| **count > 0).count();
    if groups < 2 || groups == labels.len() {
        return None;
    }
    let of_each = map_pieces(places.len(), 64, cores(), |range| {
        let of = |own: usize| of_one(rows, &places, &labels, &counts, own);
        range.map(of).collect()
    });
    Some(of_each.iter().sum::<f64>() / of_each.len() as f64)
}

/// The silhouette of one row.
fn of_one(rows: Matrix, places: &[usize], labels: &[usize], counts: &[usize], own: usize) -> f64 {
    if counts[labels[own]] == 1 {
        return 0.0;
    }
    let row = rows.row(places[own]);
    let mut sums = vec![0.0; counts.len()];
    for (place, label) in places.iter().zip(labels) {
        sums[*label] += squared_distance(row, rows.row(*place)).sqrt();
    }
    // The distance to itself is 0.
    let inside = sums[labels[own]] / (counts[labels[own]] - 1) as f64;
    let others = (0..counts.len()).filter(|label| *label != labels[own] && counts[*label] > 0);
    let outside = others
        .map(|label| sums[label] / counts[label] as f64)
        .fold(f64::INFINITY, f64::min);
    let larger = inside.max(outside);
    if larger > 0.0 {
        (outside - inside) / larger
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn two_pairs_on_a_line() {
        // a = 1 for all; b is 10.5 for the outer and 9.5 for the inner rows.
        let rows = [0.0, 1.0, 10.0, 11.0];
        let found = silhouette(Matrix::new(&rows, 1), &[0, 0, 1, 1], 0).expect("two groups");
        assert_relative_eq!(found, (9.5 / 10.5 + 8.5 / 9.5) / 2.0, epsilon = 1e-12);
    }

    #[test]
    fn a_row_alone_counts_as_nought() {
        let rows = [0.0, 0.0, 5.0];
        let found = silhouette(Matrix::new(&rows, 1), &[0, 0, 4], 0);
        assert_eq!(found, Some(2.0 / 3.0));
    }

    #[test]
    fn one_group_has_no_silhouette_and_neither_have_rows_by_themselves() {
        let rows = [0.0, 1.0, 2.0];
        assert_eq!(silhouette(Matrix::new(&rows, 1), &[1, 1, 1], 0), None);
        assert_eq!(silhouette(Matrix::new(&rows, 1), &[0, 1, 2], 0), None);
        assert_eq!(silhouette(Matrix::new(&[], 1), &[], 0), None);
    }

    #[test]
    fn of_many_rows_a_sample_tells_nearly_the_same() {
        // Two groups of width 1, 10 apart: whoever is drawn, the value is that of 4,000 rows within a hundredth.
        let rows: Vec<f32> = (0..8_000)
            .map(|row| (row % 2 * 10) as f32 + row as f32 / 8_000.0)
            .collect();
        let labels: Vec<usize> = (0..8_000).map(|row| row % 2).collect();
        let sampled = silhouette(Matrix::new(&rows, 1), &labels, 1).expect("two groups");
        let exact = silhouette(
            Matrix::new(&rows[2_000..6_000], 1),
            &labels[2_000..6_000],
            1,
        )
        .expect("two groups");
        assert!((sampled - 0.966).abs() < 0.01, "{sampled}");
        assert!((exact - sampled).abs() < 0.03, "{exact}");
        assert_eq!(Some(sampled), silhouette(Matrix::new(&rows, 1), &labels, 1));
    }
}
