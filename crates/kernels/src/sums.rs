//! Sums and means of many values, in stages.
//!
//! Burn's backends on the processor keep one running sum in single precision for each column: after some ten thousand values it
//! loses digits, and 2²⁵ ones have the mean ½. On a graphics card one invocation may sum a whole row or column, and some drivers cut
//! a long loop short without an error. So what is more than [`LONGEST`] values is summed in parts of `PART`, then the sums of the
//! parts, until one is left. Up to there a sum is Burn's own operation, with its bits.

use burn::tensor::{Tensor, s};

/// Values that are summed by one operation, at most.
pub const LONGEST: usize = 1 << 14;
/// Values of a part of a longer sum.
const PART: usize = 256;

/// The sum over each row: `[rows, width]` to `[rows, 1]`.
pub fn row_sums(x: Tensor<2>) -> Tensor<2> {
    let [_, width] = x.dims();
    if width <= LONGEST {
        return x.sum_dim(1);
    }
    let mut sums = x;
    while sums.dims()[1] > PART {
        sums = parts_of_rows(sums); // [rows, ⌈width / PART⌉]
    }
    sums.sum_dim(1) // [rows, 1]
}

/// The mean of each column: `[rows, width]` to `[1, width]`.
pub fn column_means(x: Tensor<2>) -> Tensor<2> {
    let [rows, _] = x.dims();
    if rows <= LONGEST {
        return x.mean_dim(0);
    }
    let mut sums = x;
    while sums.dims()[0] > PART {
        sums = parts_of_columns(sums); // [⌈rows / PART⌉, width]
    }
    sums.sum_dim(0).div_scalar(rows as f64) // [1, width]
}

/// The sum of all values: `[rows, width]` to `[1]`.
pub fn sum(x: Tensor<2>) -> Tensor<1> {
    let [rows, width] = x.dims();
    if rows * width <= LONGEST {
        return x.sum();
    }
    row_sums(x.reshape([1, rows * width])).reshape([1])
}

/// The mean of all values: `[rows, width]` to `[1]`.
pub fn mean(x: Tensor<2>) -> Tensor<1> {
    let [rows, width] = x.dims();
    if rows * width <= LONGEST {
        return x.mean();
    }
    sum(x).div_scalar((rows * width) as f64)
}

/// The sums of the parts of each row, a shorter one last: `[rows, width]` to `[rows, ⌈width / PART⌉]`.
fn parts_of_rows(x: Tensor<2>) -> Tensor<2> {
    let [rows, width] = x.dims();
    let (parts, whole) = (width / PART, width - width % PART);
    let in_parts = |x: Tensor<2>| {
        let sums = x.reshape([rows * parts, PART]).sum_dim(1); // [rows * parts, 1]
        sums.reshape([rows, parts])
    };
    if whole == width {
        return in_parts(x);
    }
    let rest = x.clone().slice(s![.., whole..]).sum_dim(1); // [rows, 1]
    Tensor::cat(vec![in_parts(x.slice(s![.., ..whole])), rest], 1)
}

/// The sums of the parts of each column, a shorter one last: `[rows, width]` to `[⌈rows / PART⌉, width]`.
fn parts_of_columns(x: Tensor<2>) -> Tensor<2> {
    let [rows, width] = x.dims();
    let (parts, whole) = (rows / PART, rows - rows % PART);
    let in_parts = |x: Tensor<2>| {
        let sums = x.reshape([parts, PART, width]).sum_dim(1); // [parts, 1, width]
        sums.reshape([parts, width])
    };
    if whole == rows {
        return in_parts(x);
    }
    let rest = x.clone().slice(s![whole.., ..]).sum_dim(0); // [1, width]
    Tensor::cat(vec![in_parts(x.slice(s![..whole, ..])), rest], 0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    /// As many rows as a large table has.
    const ROWS: usize = 10_000_000;

    fn tensor(values: Vec<f32>, width: usize) -> Tensor<2> {
        let rows = values.len() / width;
        Tensor::from_data(TensorData::new(values, [rows, width]), &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
        tensor.into_data().iter().collect()
    }

    #[track_caller]
    fn check(found: f64, expected: f64) {
        let apart = (found / expected - 1.0).abs();
        assert!(apart < 1e-5, "{found}, expected {expected}");
    }

    /// In one running sum the mean of so many tenths is 0.1088.
    #[test]
    fn ten_million_rows_have_the_mean_of_double_precision() {
        let table: Vec<f32> = (0..ROWS).flat_map(|row| [0.1, (row % 7) as f32]).collect();
        let exact = |column: usize| {
            let column = table.iter().skip(column).step_by(2);
            column.map(|value| f64::from(*value)).sum::<f64>() / ROWS as f64
        };
        let expected = [exact(0), exact(1)];
        let found = values(column_means(tensor(table, 2)));
        for (found, expected) in found.into_iter().zip(expected) {
            check(found, expected);
        }
    }

    #[test]
    fn ten_million_values_of_a_batch_have_the_sum_and_mean_of_double_precision() {
        let tenth = f64::from(0.1_f32);
        let column = tensor(vec![0.1; ROWS], 1);
        check(values(mean(column.clone()))[0], tenth);
        check(values(sum(column.clone()))[0], tenth * ROWS as f64);
        let row = column.reshape([1, ROWS]);
        check(values(row_sums(row))[0], tenth * ROWS as f64);
    }

    /// With and without a shorter last part, and where no stage is needed.
    #[test]
    fn each_row_and_column_has_its_own_sum() {
        for count in [5, LONGEST, LONGEST + 1, 256 * 256, 256 * 256 + 255, 196_608] {
            let expected = |column: usize| {
                (0..count)
                    .map(|i| ((i * 7 + column) % 13) as f64)
                    .sum::<f64>()
            };
            let at = |i: usize, column: usize| ((i * 7 + column) % 13) as f32;
            let wide: Vec<f32> = (0..3)
                .flat_map(|row| (0..count).map(move |i| at(i, row)))
                .collect();
            let long: Vec<f32> = (0..count)
                .flat_map(|i| (0..3).map(move |column| at(i, column)))
                .collect();
            let sums = values(row_sums(tensor(wide, count)));
            let means = values(column_means(tensor(long, 3)));
            assert_eq!((sums.len(), means.len()), (3, 3));
            for place in 0..3 {
                check(sums[place], expected(place));
                check(means[place], expected(place) / count as f64);
            }
        }
    }

    #[test]
    fn gradients_reach_every_value() {
        let device = Device::flex().autodiff();
        for count in [10, LONGEST + 1, 2 * LONGEST] {
            let x = Tensor::<2>::ones([count, 2], &device).require_grad();
            let objective = column_means(x.clone()).sum() + sum(x.clone()) + mean(x.clone());
            let objective = objective + row_sums(x.clone().transpose()).sum();
            let gradients = objective.backward();
            let expected = 2.0 + 1.5 / count as f64;
            let found = values(x.grad(&gradients).expect("it is reached"));
            assert_eq!(found.len(), 2 * count);
            for found in found {
                check(found, expected);
            }
        }
    }
}
