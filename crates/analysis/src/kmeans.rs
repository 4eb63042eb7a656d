//! k-means: groups around centres.

use std::iter::zip;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Matrix;

/// Rounds after which Lloyd's iteration ends where it has not come to rest.
const ROUNDS: usize = 300;

/// Starts of which the best is taken, where nobody says otherwise.
pub const STARTS: usize = 10;

/// Centres, and which row is nearest to which.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    /// The mean of the rows of each group.
    pub centers: Vec<Vec<f64>>,
    /// The group of each row.
    pub labels: Vec<usize>,
    /// The sum of the squared distances of the rows to their centres.
    pub inertia: f64,
}

/// Rows in `count` groups, whose squared distances to their centres are small in sum: the best of `starts` starts by k-means++ (Arthur and
/// Vassilvitskii 2007), each followed by Lloyd's iteration until no row changes its group (300 rounds at most).
///
/// A centre that loses all its rows starts again at the row farthest from its own centre. All is a function of `seed`; of equally near
/// centres the first counts, of equally good starts too. With fewer different rows than groups, some groups are empty or the same.
///
/// # Panics
///
/// Where there is no row, or `count` or `starts` is 0.
pub fn k_means(rows: Matrix, count: usize, starts: usize, seed: u64) -> KMeans {
    assert!(
        !rows.is_empty() && count > 0 && starts > 0,
        "rows, groups and starts are at least one"
    );
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let runs = (0..starts).map(|_| {
        let centers = plus_plus(rows, count, &mut random);
        lloyd(rows, centers)
    });
    runs.min_by(|a, b| a.inertia.total_cmp(&b.inertia))
        .expect("there is a start")
}

/// First centres: a row, then rows drawn with chances that grow with the squared distance to the nearest centre so far.
fn plus_plus(rows: Matrix, count: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let mut centers = vec![in_double(rows.row(random.random_range(0..rows.len())))];
    let mut nearest = vec![f64::INFINITY; rows.len()];
    while centers.len() < count {
        let last = &centers[centers.len() - 1];
        for (nearest, row) in zip(&mut nearest, rows.rows()) {
            *nearest = nearest.min(squared(row, last));
        }
        centers.push(in_double(rows.row(draw(&nearest, random))));
    }
    centers
}

/// A place, drawn with chances in proportion to `weights`; any, where all are 0.
fn draw(weights: &[f64], random: &mut ChaCha8Rng) -> usize {
    let total: f64 = weights.iter().sum();
    let mut left = random.random::<f64>() * total;
    let taken = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    // Rounding may leave a little over, which the last place of any weight takes.
    let last = || weights.iter().rposition(|weight| *weight > 0.0);
    taken
        .or_else(last)
        .unwrap_or_else(|| random.random_range(0..weights.len()))
}

/// Lloyd's iteration: each row to its nearest centre, each centre to the mean of its rows.
fn lloyd(rows: Matrix, mut centers: Vec<Vec<f64>>) -> KMeans {
    let (mut labels, mut distances) = assign(rows, &centers);
    for _ in 0..ROUNDS {
        centers = means(rows, &labels, &mut distances, centers.len());
        let (moved, moved_distances) = assign(rows, &centers);
        distances = moved_distances;
        let rests = moved == labels;
        labels = moved;
        if rests {
            break;
        }
    }
    KMeans {
        centers,
        labels,
        inertia: distances.iter().sum(),
    }
}

/// The nearest centre of each row, and its squared distance.
fn assign(rows: Matrix, centers: &[Vec<f64>]) -> (Vec<usize>, Vec<f64>) {
    let nearest = |row: &[f32]| {
        let distances = centers.iter().map(|center| squared(row, center));
        let nearer = |best: (usize, f64), (label, squared)| {
            if squared < best.1 {
                (label, squared)
            } else {
                best
            }
        };
        distances.enumerate().fold((0, f64::INFINITY), nearer)
    };
    rows.rows().map(nearest).unzip()
}

/// The mean of each group, and for an empty one the row farthest from its own centre, each such row once.
fn means(rows: Matrix, labels: &[usize], distances: &mut [f64], count: usize) -> Vec<Vec<f64>> {
    let mut sums = vec![vec![0.0; rows.columns()]; count];
    let mut counts = vec![0_usize; count];
    for (row, label) in rows.rows().zip(labels) {
        counts[*label] += 1;
        for (sum, value) in zip(&mut sums[*label], row) {
            *sum += f64::from(*value);
        }
    }
    for (sums, count) in zip(&mut sums, counts) {
        if count == 0 {
            let farthest =
                (0..distances.len()).max_by(|a, b| distances[*a].total_cmp(&distances[*b]));
            let farthest = farthest.expect("there is a row");
            distances[farthest] = 0.0;
            *sums = in_double(rows.row(farthest));
        } else {
            sums.iter_mut().for_each(|sum| *sum /= count as f64);
        }
    }
    sums
}

fn in_double(row: &[f32]) -> Vec<f64> {
    row.iter().map(|value| f64::from(*value)).collect()
}

fn squared(row: &[f32], center: &[f64]) -> f64 {
    zip(row, center)
        .map(|(value, center)| (f64::from(*value) - center).powi(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_pairs_on_a_line() {
        let rows = [0.0, 2.0, 10.0, 12.0];
        let found = k_means(Matrix::new(&rows, 1), 2, STARTS, 1);
        let mut centers = found.centers.concat();
        centers.sort_by(f64::total_cmp);
        assert_eq!((centers, found.inertia), (vec![1.0, 11.0], 4.0));
        assert!(found.labels[0] == found.labels[1] && found.labels[2] == found.labels[3]);
        assert_ne!(found.labels[0], found.labels[2]);
    }

    #[test]
    fn an_empty_group_starts_again_at_the_farthest_row() {
        // Both first centres are at 0, so that the second has no row; 10 is the farthest.
        let rows = [0.0, 1.0, 10.0];
        let found = lloyd(Matrix::new(&rows, 1), vec![vec![0.0], vec![0.0]]);
        assert_eq!(found.centers, [[0.5], [10.0]]);
        assert_eq!((found.labels, found.inertia), (vec![0, 0, 1], 0.5));
    }

    #[test]
    fn one_group_is_the_mean_and_as_many_as_rows_are_the_rows() {
        let rows = [1.0, 2.0, 6.0];
        let rows = Matrix::new(&rows, 1);
        assert_eq!(k_means(rows, 1, 1, 0).centers, [[3.0]]);
        assert_eq!(k_means(rows, 3, 1, 0).inertia, 0.0);
    }

    #[test]
    fn equal_rows_are_no_trouble() {
        let found = k_means(Matrix::new(&[4.0; 6], 2), 2, 3, 0);
        assert_eq!(found.inertia, 0.0);
        assert!(found.centers.iter().all(|center| *center == [4.0, 4.0]));
    }

    #[test]
    fn the_same_seed_gives_the_same_groups() {
        let rows: Vec<f32> = (0..200).map(|index| (index * 37 % 101) as f32).collect();
        let rows = Matrix::new(&rows, 2);
        assert_eq!(k_means(rows, 5, 3, 7), k_means(rows, 5, 3, 7));
    }
}
