//! Matrix products on all threads: each product is cut into as many parts as there are threads, and a part is one call of
//! `gemm` on one thread. The sum over the inner dimension has the same order however a product is cut.

use std::ops::Range;

use crate::activation::Activation;
use crate::buffers;
use crate::simd_loops::pairs;
use crate::threads;
#[cfg(target_arch = "x86_64")]
use crate::vectors;

mod thin;

/// A matrix in a slice of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

/// A product left · right, and what is then done with it.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    /// `[m, k]`
    pub left: Matrix<'a>,
    /// `[k, n]`
    pub right: Matrix<'a>,
    /// `[n]`, added to each row before the activation.
    pub bias: Option<&'a [f32]>,
    /// What each number passes through at the end.
    pub activation: Activation,
}

/// Multiplications below which a product is not worth cutting: some 10 µs of one core.
const SMALL: usize = 1 << 20;
/// The least length of a part.
const GRAIN: usize = 16;
/// A result with no side longer than this is computed by `gemm` in another way, whose sums have another order.
const NARROW: usize = 64;
/// Length of the parts of a result with one such side, whatever the number of threads.
const BLOCK: usize = 1024;
/// Parts of a shorter one that are worth it, where none of them gets shorter than [`NARROW`].
const PARTS: usize = 4;

impl<'a> Matrix<'a> {
    /// The matrix whose rows lie one after the other.
    ///
    /// # Panics
    ///
    /// Where there are not rows · columns values.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(
            values.len(),
            rows * columns,
            "a matrix of {rows} x {columns}"
        );
        Self {
            values,
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// Its rows, columns and numbers.
    pub(crate) fn whole(self) -> (usize, usize, &'a [f32]) {
        (self.rows, self.columns, self.values)
    }

    /// Some of its columns.
    ///
    /// # Panics
    ///
    /// Where it has not all of them.
    pub(crate) fn columns(self, some: Range<usize>) -> Self {
        assert!(some.end <= self.columns, "columns of a matrix");
        Self {
            values: &self.values[some.start * self.column_stride..],
            columns: some.len(),
            ..self
        }
    }

    /// Rows for columns.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// The products, each `[m, n]` row by row, computed side by side.
///
/// # Panics
///
/// Where the shapes of a product do not fit each other.
pub fn multiply<const N: usize>(products: [Product<'_>; N]) -> [Vec<f32>; N] {
    let work: usize = products.iter().map(Product::multiplications).sum();
    let count = if work < SMALL { 1 } else { threads::count() };
    let mut outs = products.map(|product| buffers::take(product.len()));
    let cut = products.into_iter().zip(&mut outs);
    let parts = cut.flat_map(|(product, out)| product.cut(count, out));
    if work < SMALL {
        parts.for_each(Part::multiply);
    } else {
        threads::each(parts.collect(), Part::multiply);
    }
    outs
}

/// The product, row by row, by this thread alone.
///
/// # Panics
///
/// Where its shapes do not fit each other, or `out`.
pub(crate) fn multiply_here(product: Product<'_>, out: &mut [f32]) {
    product.cut(1, out).into_iter().for_each(Part::multiply);
}

/// Some rows and columns of a product.
struct Part<'a> {
    product: Product<'a>,
    out: *mut f32,
    stride: usize,
}

// SAFETY: `out` is the only thing in it that is not `Send` by itself; it stands for rows and columns of a slice that is borrowed
// mutably for `'a`, which no other part has.
unsafe impl Send for Part<'_> {}

impl<'a> Product<'a> {
    /// The plain product.
    pub fn new(left: Matrix<'a>, right: Matrix<'a>) -> Self {
        Self {
            left,
            right,
            bias: None,
            activation: Activation::Linear,
        }
    }

    /// Numbers in the result.
    fn len(&self) -> usize {
        self.left.rows * self.right.columns
    }

    fn multiplications(&self) -> usize {
        self.len() * self.left.columns
    }

    /// Parts of a narrow result of this length: by its sizes alone.
    fn narrow_parts(&self, side: usize) -> usize {
        let more = match self.multiplications() < SMALL {
            true => 1,
            false => PARTS.min(side / NARROW),
        };
        side.div_ceil(BLOCK).max(more)
    }

    /// At most `count` parts, along the longer side, of the result in `out`; as many as there are blocks where it is narrow.
    fn cut(self, count: usize, out: &'a mut [f32]) -> Vec<Part<'a>> {
        let (m, n) = (self.left.rows, self.right.columns);
        assert_eq!(
            self.left.columns, self.right.rows,
            "the inner dimensions of a product"
        );
        assert!(
            self.bias.is_none_or(|bias| bias.len() == n),
            "a bias for each of {n} columns"
        );
        assert_eq!(out.len(), m * n, "room for a product of {m} x {n}");
        let (by_rows, side, out) = (m >= n, m.max(n), out.as_mut_ptr());
        let count = if m.min(n) > NARROW {
            count.min(side / GRAIN)
        } else {
            self.narrow_parts(side)
        };
        let part = |index: usize| {
            let (start, end) = (index * side / count, (index + 1) * side / count);
            let mut product = self;
            if by_rows {
                product.left.values = &self.left.values[start * self.left.row_stride..];
                product.left.rows = end - start;
            } else {
                product.right.values = &self.right.values[start * self.right.column_stride..];
                product.right.columns = end - start;
                product.bias = self.bias.map(|bias| &bias[start..end]);
            }
            // SAFETY: the part begins within `out`, which has m · n numbers.
            let out = unsafe { out.add(if by_rows { start * n } else { start }) };
            Part {
                product,
                out,
                stride: n,
            }
        };
        (0..count).map(part).collect()
    }
}

impl Part<'_> {
    fn multiply(self) {
        let Product {
            left,
            right,
            bias,
            activation,
        } = self.product;
        let (m, n) = (left.rows, right.columns);
        // SAFETY: rows that are as long as the result's lie one after the other, m · n numbers that no other part has.
        let whole = || unsafe { std::slice::from_raw_parts_mut(self.out, m * n) };
        let is_thin = self.stride == n && thin::multiply(&self.product, whole());
        if !is_thin {
            self.multiply_by_gemm();
        }
        if bias.is_none() && activation == Activation::Linear {
            return;
        }
        for row in 0..m {
            // SAFETY: the row lies within the result, was written above, and belongs to this part alone.
            let row = unsafe { std::slice::from_raw_parts_mut(self.out.add(row * self.stride), n) };
            if let Some(bias) = bias {
                add(row, bias);
            }
            activation.apply(row);
        }
    }

    fn multiply_by_gemm(&self) {
        let Product { left, right, .. } = self.product;
        let (m, n, k) = (left.rows, right.columns, left.columns);
        let stride = |stride: usize| stride as isize;
        // SAFETY: `Matrix::new` saw that the slices hold every element that rows, columns and strides name; there is room for the
        // result, and no other part has its rows and columns. `out` is written, not read.
        unsafe {
            product(
                m,
                n,
                k,
                self.out,
                1,
                stride(self.stride),
                left.values.as_ptr(),
                stride(left.column_stride),
                stride(left.row_stride),
                right.values.as_ptr(),
                stride(right.column_stride),
                stride(right.row_stride),
            );
        }
    }
}

/// A product on this thread: with the machine's own vectors by `gemm`'s choice, with narrower ones where a run holds their width. `out` is
/// written, not read.
///
/// # Safety
///
/// Rows, columns and strides name elements that the matrices have, and those of `out` are nobody else's.
#[allow(clippy::too_many_arguments)]
unsafe fn product(
    m: usize,
    n: usize,
    k: usize,
    out: *mut f32,
    out_column: isize,
    out_row: isize,
    left: *const f32,
    left_column: isize,
    left_row: isize,
    right: *const f32,
    right_column: isize,
    right_row: isize,
) {
    #[cfg(target_arch = "x86_64")]
    if let Some(arch) = vectors::narrower() {
        // As `gemm` itself does it: its kernels want the longer stride of the result along its columns.
        let (m, n, out_column, out_row, left, right) = if out_column.abs() < out_row.abs() {
            let (left, right) = (
                (left, left_row, left_column),
                (right, right_row, right_column),
            );
            (n, m, out_row, out_column, right, left)
        } else {
            let (left, right) = (
                (left, left_column, left_row),
                (right, right_column, right_row),
            );
            (m, n, out_column, out_row, left, right)
        };
        // SAFETY: that of this function, of which the product of the transposed matrices asks the same.
        return unsafe {
            narrow::product(arch, (m, n, k), (out, out_column, out_row), left, right)
        };
    }
    // SAFETY: that of this function.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out,
            out_column,
            out_row,
            false,
            left,
            left_column,
            left_row,
            right,
            right_column,
            right_row,
            0.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// Products by those kernels of `gemm` that it would not choose on this machine.
#[cfg(target_arch = "x86_64")]
mod narrow {
    use gemm_common::gemm::gemm_basic_generic;
    use gemm_common::simd::{MixedSimd, Scalar, V3};
    use gemm_f32::microkernel;
    use pulp::Arch;

    /// A matrix: its first element, and the way to the next column and row.
    type Placed<T> = (T, isize, isize);

    /// # Safety
    ///
    /// As of the function above.
    pub(super) unsafe fn product(
        arch: Arch,
        (m, n, k): (usize, usize, usize),
        (out, out_column, out_row): Placed<*mut f32>,
        (left, left_column, left_row): Placed<*const f32>,
        (right, right_column, right_row): Placed<*const f32>,
    ) {
        macro_rules! by {
            ($simd:expr, $kernels:ident, $lanes:literal) => {{
                use microkernel::$kernels::f32::{H_M, H_N, H_UKR, MR_DIV_N, NR, UKR};
                const ROWS: usize = MR_DIV_N * $lanes;
                // SAFETY: that of this function; the kernels are those of the instructions that `simd` stands for.
                unsafe {
                    gemm_basic_generic::<_, f32, $lanes, ROWS, NR, MR_DIV_N, H_M, H_N>(
                        $simd,
                        m,
                        n,
                        k,
                        out,
                        out_column,
                        out_row,
                        false,
                        left,
                        left_column,
                        left_row,
                        right,
                        right_column,
                        right_row,
                        0.0,
                        1.0,
                        false,
                        false,
                        false,
                        |a, b, c| a * b + c,
                        &UKR,
                        &H_UKR,
                        false,
                        gemm::Parallelism::None,
                    );
                }
            }};
        }
        let wide = match arch {
            Arch::V3(_) => <V3 as MixedSimd<f32, f32, f32, f32>>::try_new(),
            _ => None,
        };
        match wide {
            Some(simd) => by!(simd, fma, 8),
            None => by!(Scalar, scalar, 1),
        }
    }
}

/// Adds number by number.
pub(crate) fn add(sum: &mut [f32], numbers: &[f32]) {
    pairs(sum, numbers, |sum, number| *sum += number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// What the product should be, and how large its terms are.
    fn exact(left: Matrix<'_>, right: Matrix<'_>, row: usize, column: usize) -> (f64, f64) {
        let term = |k: usize| {
            let a = left.values[row * left.row_stride + k * left.column_stride];
            let b = right.values[k * right.row_stride + column * right.column_stride];
            f64::from(a) * f64::from(b)
        };
        let terms = (0..left.columns).map(term);
        terms.fold((0.0, 0.0), |(sum, size), term| {
            (sum + term, size + term.abs())
        })
    }

    #[test]
    fn products_of_all_shapes_and_orders() {
        for (m, n, k) in [
            (1, 1, 1),
            (3, 5, 7),
            (32, 2, 256),
            (128, 784, 256),
            (784, 256, 128),
            (33, 700, 2),
            (17, 1025, 600),
        ] {
            let (a, b, bias) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3));
            for (a_turned, b_turned) in [(false, false), (true, false), (false, true), (true, true)]
            {
                let left = if a_turned {
                    Matrix::new(&a, k, m).transposed()
                } else {
                    Matrix::new(&a, m, k)
                };
                let right = if b_turned {
                    Matrix::new(&b, n, k).transposed()
                } else {
                    Matrix::new(&b, k, n)
                };
                let biased = Product {
                    bias: Some(&bias),
                    activation: Activation::Relu,
                    ..Product::new(left, right)
                };
                let [plain, activated] = multiply([Product::new(left, right), biased]);
                for index in (0..m * n).step_by(1 + m * n / 500) {
                    let (row, column) = (index / n, index % n);
                    let (sum, size) = exact(left, right, row, column);
                    assert!((f64::from(plain[index]) - sum).abs() <= 1e-6 * size);
                    let biased = (plain[index] + bias[column]).max(0.0);
                    assert_eq!(activated[index], biased);
                }
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn products_with_narrower_vectors_are_the_same_to_rounding() {
        use pulp::Arch;
        let wide = pulp::x86::V3::try_new().map(Arch::V3);
        for (m, n, k) in [
            (1, 1, 1),
            (3, 5, 7),
            (128, 78, 256),
            (33, 700, 2),
            (17, 102, 600),
        ] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let (left, right) = (Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            for arch in [Some(Arch::Scalar), wide].into_iter().flatten() {
                let mut out = vec![f32::NAN; m * n];
                let stride = |stride: usize| stride as isize;
                // SAFETY: slices of m · k, k · n and m · n numbers, and the strides of their rows and columns; the product is that of the
                // transposed matrices, as `product` asks for it.
                unsafe {
                    narrow::product(
                        arch,
                        (n, m, k),
                        (out.as_mut_ptr(), stride(n), 1),
                        (
                            b.as_ptr(),
                            stride(right.row_stride),
                            stride(right.column_stride),
                        ),
                        (
                            a.as_ptr(),
                            stride(left.row_stride),
                            stride(left.column_stride),
                        ),
                    );
                }
                for index in (0..m * n).step_by(1 + m * n / 500) {
                    let (sum, size) = exact(left, right, index / n, index % n);
                    assert!(
                        (f64::from(out[index]) - sum).abs() <= 1e-6 * size,
                        "{arch:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn parts_change_no_bit() {
        for (m, n, k) in [
            (128, 784, 256),
            (128, 256, 784),
            (784, 256, 128),
            (32, 3200, 1024),
            (5000, 2, 256),
            (100, 35, 1700),
            (70, 65, 1700),
        ] {
            let (a, b) = (numbers(m * k, 4), numbers(k * n, 5));
            let product = Product::new(Matrix::new(&a, m, k), Matrix::new(&b, k, n));
            let in_parts = |count: usize| {
                let mut out = vec![0.0; m * n];
                let parts = product.cut(count, &mut out);
                parts.into_iter().for_each(Part::multiply);
                out
            };
            let whole = in_parts(1);
            for count in [2, 3, 8] {
                assert!(in_parts(count) == whole, "{m} x {n} x {k} in {count} parts");
            }
        }
    }
}
