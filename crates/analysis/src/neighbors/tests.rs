use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::distance::squared_distance;

/// Numbers from 0 to 1 in steps of a `steps`-th: the fewer steps, the more ties.
fn rows(count: usize, columns: usize, steps: u32, seed: u64) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let number = |_| random.random_range(0..=steps) as f32 / steps as f32;
    (0..count * columns).map(number).collect()
}

/// What a sort of all distances gives.
fn sorted(train: Matrix, query: &[f32], k: usize) -> Vec<Neighbor> {
    let squared = train.rows().map(|row| squared_distance(query, row));
    let mut all: Vec<(f64, usize)> = squared.zip(0..).collect();
    all.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
    let neighbor = |(squared, index): (f64, usize)| Neighbor {
        index,
        distance: squared.sqrt(),
    };
    all.into_iter().take(k).map(neighbor).collect()
}

fn indices(neighbors: &[Neighbor]) -> Vec<usize> {
    neighbors.iter().map(|neighbor| neighbor.index).collect()
}

#[test]
fn on_a_line_the_nearest_are_beside_the_query() {
    let train = [0.0, 1.0, 2.0, 3.0, 10.0];
    let found = nearest(Matrix::new(&train, 1), Matrix::new(&[2.25], 1), 3);
    let expected = [(2, 0.25), (3, 0.75), (1, 1.25)];
    assert_eq!(
        found[0],
        expected.map(|(index, distance)| Neighbor { index, distance })
    );
}

#[test]
fn three_and_four_make_five_in_any_number_of_columns() {
    for columns in 2..12 {
        let mut train = vec![7.0; 2 * columns];
        train[0] = 10.0;
        train[1] = 11.0;
        let query = vec![7.0; columns];
        let found = nearest(
            Matrix::new(&train, columns),
            Matrix::new(&query, columns),
            2,
        );
        let expected = [(1, 0.0), (0, 5.0)];
        assert_eq!(
            found[0],
            expected.map(|(index, distance)| Neighbor { index, distance })
        );
    }
}

#[test]
fn neighbours_are_those_of_a_sort_of_all_distances() {
    for columns in [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 33, 64] {
        for steps in [1, 3, 1_000_000] {
            let (train, queries) = (rows(700, columns, steps, 1), rows(30, columns, steps, 2));
            let (train, queries) = (Matrix::new(&train, columns), Matrix::new(&queries, columns));
            for k in [1, 5, 40] {
                for (query, found) in queries.rows().zip(nearest(train, queries, k)) {
                    assert_eq!(
                        found,
                        sorted(train, query, k),
                        "{columns} columns, {steps} steps, k {k}"
                    );
                }
            }
        }
    }
}

#[test]
fn rows_far_from_zero_and_close_together_are_told_apart() {
    for columns in [3, 10] {
        let close = rows(500, columns, 1_000_000, 3);
        let train: Vec<f32> = close.iter().map(|value| 1000.0 + value / 100.0).collect();
        let train = Matrix::new(&train, columns);
        for (query, found) in train.rows().zip(nearest(train, train, 4)) {
            assert_eq!(found, sorted(train, query, 4), "{columns} columns");
        }
    }
}

#[test]
fn one_row_of_huge_numbers_spoils_no_other() {
    for huge in [1e12, 1e30, f32::MAX] {
        let mut train = rows(300, 8, 1_000, 4);
        train[17] = huge;
        let train = Matrix::new(&train, 8);
        for (query, found) in train.rows().zip(nearest(train, train, 3)) {
            assert_eq!(found, sorted(train, query, 3), "{huge}");
        }
    }
}

#[test]
fn a_row_with_nan_comes_last() {
    for columns in [2, 9] {
        let mut train = rows(50, columns, 1_000, 5);
        train[0] = f32::NAN;
        let train = Matrix::new(&train, columns);
        for found in nearest(train, Matrix::new(train.row(3), columns), 50) {
            assert_eq!(
                found[0],
                Neighbor {
                    index: 3,
                    distance: 0.0
                }
            );
            assert_eq!(
                found[49],
                Neighbor {
                    index: 0,
                    distance: f64::INFINITY
                }
            );
        }
    }
}

#[test]
fn of_equal_rows_the_lower_indices_are_given() {
    for columns in [2, 10] {
        let same = vec![0.5; 200 * columns];
        let same = Matrix::new(&same, columns);
        for found in nearest(same, Matrix::new(same.row(0), columns), 5) {
            assert_eq!(indices(&found), [0, 1, 2, 3, 4]);
        }
    }
}

#[test]
fn neither_threads_nor_other_queries_change_a_bit() {
    for columns in [3, 20] {
        let (train, queries) = (rows(1_000, columns, 50, 6), rows(601, columns, 50, 7));
        let (train, queries) = (Matrix::new(&train, columns), Matrix::new(&queries, columns));
        let all = nearest_on(1, train, queries, 6);
        for threads in [2, 3, 7] {
            assert_eq!(
                all,
                nearest_on(threads, train, queries, 6),
                "{threads} threads"
            );
        }
        for place in [0, 1, 255, 256, 600] {
            let alone = nearest_on(2, train, Matrix::new(queries.row(place), columns), 6);
            assert_eq!(alone[0], all[place], "query {place} alone");
        }
    }
}

#[test]
fn fewer_rows_than_wanted_are_all_given_and_no_rows_give_none() {
    let found = nearest(Matrix::new(&[1.0, 3.0], 1), Matrix::new(&[2.5], 1), 5);
    assert_eq!(indices(&found[0]), [1, 0]);
    assert_eq!(
        nearest(Matrix::new(&[], 1), Matrix::new(&[2.5], 1), 5),
        [vec![]]
    );
    assert!(nearest(Matrix::new(&[1.0], 1), Matrix::new(&[], 1), 5).is_empty());
}

#[test]
fn the_most_votes_win_and_of_equally_many_the_nearest() {
    let neighbors: Vec<Neighbor> = (0..4)
        .map(|index| Neighbor {
            index,
            distance: index as f64,
        })
        .collect();
    assert_eq!(vote(&neighbors, &[2, 0, 0, 1], 3), 0);
    assert_eq!(vote(&neighbors, &[2, 0, 0, 2], 3), 2);
    assert_eq!(vote(&neighbors, &[1, 0, 0, 1], 3), 1);
    assert_eq!(vote(&neighbors, &[0, 1, 2, 3], 4), 0);
}

#[test]
fn three_of_four_queries_are_of_the_class_of_their_neighbours() {
    let (train, queries) = ([0.0, 1.0, 10.0, 11.0], [0.5, 0.6, 10.5, 10.4]);
    let (train, queries) = (Matrix::new(&train, 1), Matrix::new(&queries, 1));
    assert_eq!(
        neighbor_accuracy(train, &[0, 0, 1, 1], queries, &[0, 1, 1, 1], 2),
        0.75
    );
}
