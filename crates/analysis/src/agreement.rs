//! How well two labellings of the same rows agree, whatever the labels are called.

/// How many rows have each pair of labels, `[labels of the first, labels of the second]`.
///
/// # Panics
///
/// Where the labellings are not equally long.
pub fn contingency(first: &[usize], second: &[usize]) -> Vec<Vec<usize>> {
    assert_eq!(first.len(), second.len(), "both label the same rows");
    let count = |labels: &[usize]| labels.iter().max().map_or(0, |largest| largest + 1);
    let mut table = vec![vec![0; count(second)]; count(first)];
    for (first, second) in first.iter().zip(second) {
        table[*first][*second] += 1;
    }
    table
}

/// The Rand index adjusted for chance (Hubert and Arabie 1985): 1 for the same groups, 0 on average for random ones, below 0 for
/// worse than that.
///
/// # Panics
///
/// Where the labellings are not equally long.
pub fn adjusted_rand_index(first: &[usize], second: &[usize]) -> f64 {
    let table = contingency(first, second);
    let (rows, columns) = margins(&table);
    let together = |counts: &[usize]| counts.iter().map(|count| pairs(*count)).sum::<f64>();
    let both: f64 = table.iter().map(|row| together(row)).sum();
    let (in_first, in_second, all) = (together(&rows), together(&columns), pairs(first.len()));
    let expected = if all > 0.0 {
        in_first * in_second / all
    } else {
        0.0
    };
    let most = (in_first + in_second) / 2.0;
    // One group each, or each row by itself in both: the same groups.
    if most == expected {
        1.0
    } else {
        (both - expected) / (most - expected)
    }
}

/// The mutual information over the mean of both entropies: from 0 for independent labels to 1 for the same groups.
///
/// # Panics
///
/// Where the labellings are not equally long.
pub fn normalized_mutual_information(first: &[usize], second: &[usize]) -> f64 {
    let table = contingency(first, second);
    let (rows, columns) = margins(&table);
    let count = first.len() as f64;
    let mean = (entropy(&rows, count) + entropy(&columns, count)) / 2.0;
    if mean == 0.0 {
        return 1.0;
    }
    let mut shared = 0.0;
    for (row, row_count) in table.iter().zip(&rows) {
        for (both, column_count) in row.iter().zip(&columns).filter(|(both, _)| **both > 0) {
            let both = *both as f64;
            shared +=
                both / count * (both * count / (*row_count as f64 * *column_count as f64)).ln();
        }
    }
    (shared / mean).clamp(0.0, 1.0)
}

/// Unordered pairs of so many rows.
fn pairs(count: usize) -> f64 {
    let count = count as f64;
    count * (count - 1.0) / 2.0
}

/// In nats.
fn entropy(counts: &[usize], total: f64) -> f64 {
    let shares = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| *count as f64 / total);
    shares.map(|share| -share * share.ln()).sum()
}

/// The sums of the rows and of the columns.
fn margins(table: &[Vec<usize>]) -> (Vec<usize>, Vec<usize>) {
    let rows = table.iter().map(|row| row.iter().sum()).collect();
    let columns = table.first().map_or(0, Vec::len);
    let column = |column: usize| table.iter().map(|row| row[column]).sum();
    (rows, (0..columns).map(column).collect())
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn the_table_counts_pairs_of_labels() {
        assert_eq!(
            contingency(&[0, 0, 1, 1], &[0, 2, 2, 2]),
            [[1, 0, 1], [0, 0, 2]]
        );
    }

    #[test]
    fn the_same_groups_by_other_names_agree_entirely() {
        let (first, second) = ([0, 0, 1, 1, 2], [2, 2, 0, 0, 5]);
        assert_eq!(adjusted_rand_index(&first, &second), 1.0);
        assert_relative_eq!(
            normalized_mutual_information(&first, &second),
            1.0,
            epsilon = 1e-12
        );
    }

    #[test]
    fn independent_labels_share_no_information() {
        let (first, second) = ([0, 0, 1, 1], [0, 1, 0, 1]);
        assert_relative_eq!(adjusted_rand_index(&first, &second), -0.5);
        assert_eq!(normalized_mutual_information(&first, &second), 0.0);
    }

    #[test]
    fn one_group_each_is_the_same_group() {
        for labels in [&[][..], &[3], &[1, 1, 1]] {
            assert_eq!(adjusted_rand_index(labels, labels), 1.0);
            assert_eq!(normalized_mutual_information(labels, labels), 1.0);
        }
    }

    #[test]
    fn one_of_six_rows_in_the_other_group() {
        // Pairs together in both 4, in the first 6, in the second 7, of 15: (4 - 2.8) / (6.5 - 2.8).
        let (first, second) = ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1]);
        assert_relative_eq!(
            adjusted_rand_index(&first, &second),
            1.2 / 3.7,
            epsilon = 1e-12
        );
    }
}
