//! Products with a few columns or a few terms, as the layers around a code of few numbers have them.
//!
//! `gemm` computes a vector of columns at a time, most of which two columns leave empty. Here vectors lie along the inner dimension, or along the
//! rows, whichever lies side by side in memory. Sums of two terms `gemm` takes number by number.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use pulp::bytemuck::cast_slice;
use pulp::{Simd, WithSimd};

use super::{Matrix, Product};
use crate::row_products::{Piece, ROWS};
use crate::vectors::arch;

/// Columns of a thin product: with one column `gemm` is faster.
const FEW: RangeInclusive<usize> = 2..=4;
/// The inner dimension from which on it pays.
const LONG: usize = 128;
/// Vectors of rows that are summed side by side: with four columns 16 sums.
const SIDE: usize = 4;
/// Terms that are summed before they are added to the sums of others, and such sums before they are, so that long sums keep their digits.
const RUN: usize = 512;

/// Writes the product `[rows, columns]` to `out`, row by row, where it is thin, and says whether it was. The sums of a row do not depend on the
/// rows beside it.
pub(super) fn multiply(product: &Product<'_>, out: &mut [f32]) -> bool {
    let Product { left, right, .. } = *product;
    let (inner, columns) = (right.rows, right.columns);
    if out.is_empty() {
        return true;
    }
    if (1..=2).contains(&inner) {
        arch().dispatch(FewTerms {
            left,
            right: &column_by_column(right.transposed()),
            out,
        });
        return true;
    }
    if !FEW.contains(&columns) || inner < LONG {
        return false;
    }
    if left.column_stride == 1 && left.row_stride == inner && left.rows >= ROWS {
        arch().dispatch(Piece {
            y: &column_by_column(right),
            w: &left.values[..left.rows * inner],
            outputs: inner,
            sums: out,
        });
        return true;
    }
    if left.row_stride == 1 && right.column_stride == 1 && right.row_stride == columns {
        arch().dispatch(AlongRows {
            left: left.values,
            stride: left.column_stride,
            right: right.values,
            out,
            columns,
        });
        return true;
    }
    false
}

/// The numbers of a matrix one column after the other.
fn column_by_column(matrix: Matrix<'_>) -> Cow<'_, [f32]> {
    let Matrix { rows, columns, .. } = matrix;
    if matrix.row_stride == 1 && matrix.column_stride == rows {
        return Cow::Borrowed(&matrix.values[..rows * columns]);
    }
    let number = |place: usize| {
        let (row, column) = (place % rows, place / rows);
        matrix.values[row * matrix.row_stride + column * matrix.column_stride]
    };
    (0..rows * columns).map(number).collect()
}

/// A left matrix with a column or two, and the rows of the right one, one after the other.
struct FewTerms<'a> {
    left: Matrix<'a>,
    right: &'a [f32],
    /// `[rows, columns]`
    out: &'a mut [f32],
}

impl WithSimd for FewTerms<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { left, right, out } = self;
        let columns = right.len() / left.columns;
        for (row, out) in out.chunks_exact_mut(columns).enumerate() {
            let number = |at: usize| left.values[row * left.row_stride + at * left.column_stride];
            let first = number(0);
            if left.columns == 1 {
                (out.iter_mut().zip(right)).for_each(|(out, x)| *out = first * x);
                continue;
            }
            let (second, (xs, ys)) = (number(1), right.split_at(columns));
            for ((out, x), y) in out.iter_mut().zip(xs).zip(ys) {
                *out = first * x + second * y;
            }
        }
    }
}

/// A left matrix whose rows lie side by side, its columns `stride` apart, and a right one `[inner, columns]`.
struct AlongRows<'a> {
    left: &'a [f32],
    stride: usize,
    right: &'a [f32],
    /// `[rows, columns]`
    out: &'a mut [f32],
    columns: usize,
}

impl WithSimd for AlongRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.columns {
            2 => self.multiply::<S, 2>(simd),
            3 => self.multiply::<S, 3>(simd),
            _ => self.multiply::<S, 4>(simd),
        }
    }
}

impl AlongRows<'_> {
    #[inline(always)]
    fn multiply<S: Simd, const N: usize>(self, simd: S) {
        let (right, _) = self.right.as_chunks::<N>();
        let (out, _) = self.out.as_chunks_mut::<N>();
        let side = SIDE * S::F32_LANES;
        let (whole, rest) = out.split_at_mut(out.len() / side * side);
        for (place, out) in whole.chunks_exact_mut(side).enumerate() {
            let left = &self.left[place * side..];
            let load = |row: &[f32], at: usize| S::as_simd_f32s(&row[..side]).0[at];
            rows::<S, N, SIDE>(simd, (left, self.stride), right, out, load);
        }
        let first = whole.len();
        for (place, out) in rest.chunks_mut(S::F32_LANES).enumerate() {
            let left = &self.left[first + place * S::F32_LANES..];
            let count = out.len();
            let load = |row: &[f32], _: usize| simd.partial_load_f32s(&row[..count]);
            rows::<S, N, 1>(simd, (left, self.stride), right, out, load);
        }
    }
}

/// Some rows of the result, as many as `V` vectors have numbers or, of one, fewer; `load` gives the vector with this place in a column of the left matrix.
#[inline(always)]
fn rows<S: Simd, const N: usize, const V: usize>(
    simd: S,
    (left, stride): (&[f32], usize),
    right: &[[f32; N]],
    out: &mut [[f32; N]],
    load: impl Fn(&[f32], usize) -> S::f32s,
) {
    out.fill([0.0; N]);
    let none = [[simd.splat_f32s(0.0); N]; V];
    let mut columns = right.iter().enumerate();
    while columns.len() > 0 {
        let mut of_runs = none;
        for _ in 0..RUN {
            let mut sums = none;
            for (term, right) in columns.by_ref().take(RUN) {
                let column = &left[term * stride..];
                let right = right.map(|number| simd.splat_f32s(number));
                for (place, sums) in sums.iter_mut().enumerate() {
                    let vector = load(column, place);
                    for (sum, right) in sums.iter_mut().zip(right) {
                        *sum = simd.mul_add_e_f32s(vector, right, *sum);
                    }
                }
            }
            for (all, sum) in of_runs.iter_mut().flatten().zip(sums.iter().flatten()) {
                *all = simd.add_f32s(*all, *sum);
            }
            if columns.len() == 0 {
                break;
            }
        }
        for (out, sums) in out.chunks_mut(S::F32_LANES).zip(&of_runs) {
            for (column, sum) in sums.iter().enumerate() {
                let sum: &[f32] = cast_slice(std::slice::from_ref(sum));
                (out.iter_mut().zip(sum)).for_each(|(out, sum)| out[column] += sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::multiply_here;
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn thin_products_are_the_sums_of_double_precision_whatever_rows_there_are() {
        for (rows, inner, columns) in [
            (128, 256, 2),
            (5, 128, 2),
            (100, 1300, 3),
            (67, 129, 4),
            (30, 2, 70),
            (30, 1, 256),
        ] {
            let (a, b) = (numbers(rows * inner, 1), numbers(inner * columns, 2));
            for (left_turned, right_turned) in [(false, false), (true, false), (false, true)] {
                let left = match left_turned {
                    true => Matrix::new(&a, inner, rows).transposed(),
                    false => Matrix::new(&a, rows, inner),
                };
                let right = match right_turned {
                    true => Matrix::new(&b, columns, inner).transposed(),
                    false => Matrix::new(&b, inner, columns),
                };
                let mut out = vec![f32::NAN; rows * columns];
                assert!(multiply(&Product::new(left, right), &mut out));
                for (place, found) in out.iter().enumerate() {
                    let (row, column) = (place / columns, place % columns);
                    let (mut sum, mut sizes) = (0.0, 0.0);
                    for at in 0..inner {
                        let x = left.values[row * left.row_stride + at * left.column_stride];
                        let y = right.values[at * right.row_stride + column * right.column_stride];
                        let term = f64::from(x) * f64::from(y);
                        (sum, sizes) = (sum + term, sizes + term.abs());
                    }
                    assert!((f64::from(*found) - sum).abs() <= 1e-6 * sizes, "{place}");
                }
                let mut last = vec![f32::NAN; (rows - 1) * columns];
                let mut without_first = left;
                without_first.values = &left.values[left.row_stride..];
                without_first.rows = rows - 1;
                multiply_here(Product::new(without_first, right), &mut last);
                assert!(out[columns..] == last, "rows without the first");
            }
        }
    }

    #[test]
    fn products_without_a_row_or_a_column_are_empty() {
        let (a, none) = (numbers(300 * 200, 1), Vec::new());
        let whole = Matrix::new(&a, 300, 200);
        for (left, right) in [
            (whole, Matrix::new(&none, 200, 0)),
            (Matrix::new(&none, 0, 300), whole),
        ] {
            let [found] = crate::gemm::multiply([Product::new(left, right)]);
            assert!(found.is_empty());
        }
    }

    #[test]
    fn a_product_without_terms_is_zero() {
        let none = Vec::new();
        let (left, right) = (Matrix::new(&none, 300, 0), Matrix::new(&none, 0, 200));
        let mut out = vec![f32::NAN; 300 * 200];
        multiply_here(Product::new(left, right), &mut out);
        assert!(out.iter().all(|x| *x == 0.0));
    }

    /// A running sum in single precision ends 0.6 % off.
    #[test]
    fn ten_million_terms_have_the_sum_of_double_precision() {
        let inner = 10_000_000;
        let (left, right) = (vec![0.1; inner], vec![1.0; 2 * inner]);
        let (left, right) = (Matrix::new(&left, inner, 1), Matrix::new(&right, inner, 2));
        let mut out = [f32::NAN; 2];
        assert!(multiply(&Product::new(left.transposed(), right), &mut out));
        let expected = f64::from(0.1_f32) * inner as f64;
        let apart = out.map(|sum| (f64::from(sum) / expected - 1.0).abs());
        assert!(apart.iter().all(|apart| *apart < 1e-4), "{out:?}");
    }
}
