//! Matrix products of small matrices, a block of the result in registers.
//!
//! In both, one factor is broadcast number by number and the other comes in vectors: `right` `[steps, width]`, where `width` is
//! a multiple of [`crate::simd_vector::LANES`], and so is that of `out` `[rows, width]`.

use pulp::{Simd, WithSimd};

use crate::simd_vector::{Wide, vectors, vectors_mut};

// A step of the sum is an outer product: R numbers of one factor times V vectors of the other, R · V multiply-adds for R + V
// loads. With the sums of a whole block in registers nothing is written before the end, and as none waits for another, they
// hide each other's latency. Beside 6 · 4 sums 4 vectors and a number need 29 registers of 32; 6 · 2 sums need 15 of 16.

/// Rows of a block at most: with four vectors each they fill 24 of 32 registers.
const ROWS: usize = 6;

/// out = leftᵀ right, with `left` `[steps, rows]`.
pub(crate) struct Columns<'a> {
    pub(crate) left: &'a [f64],
    pub(crate) right: &'a [f64],
    pub(crate) out: &'a mut [f64],
    pub(crate) rows: usize,
    pub(crate) width: usize,
}

/// out = left right, or out + left right with `add`. `left` has `rows` rows that are `stride` apart, of which the first
/// `steps` numbers count.
pub(crate) struct Rows<'a> {
    pub(crate) left: &'a [f64],
    pub(crate) stride: usize,
    pub(crate) steps: usize,
    pub(crate) right: &'a [f64],
    pub(crate) out: &'a mut [f64],
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) add: bool,
}

/// Cuts `total` into parts of nearly the same size, `most` at most: where they begin and their sizes.
#[inline(always)]
fn parts(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = total.div_ceil(most);
    (0..count).map(move |part| {
        let begin = part * total / count;
        (begin, (part + 1) * total / count - begin)
    })
}

/// Vectors of a row in a block at most.
#[inline(always)]
fn most_vectors<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 4 } else { 2 }
}

/// Calls `$block` with the two sizes of a block as constants.
macro_rules! sized {
    ($rows:expr, $vectors:expr, $block:ident $arguments:tt) => {
        match $vectors {
            1 => sized!(@1, $rows, $block $arguments),
            2 => sized!(@2, $rows, $block $arguments),
            3 => sized!(@3, $rows, $block $arguments),
            4 => sized!(@4, $rows, $block $arguments),
            _ => unreachable!("a block has at most 4 vectors"),
        }
    };
    (@$vectors:literal, $rows:expr, $block:ident $arguments:tt) => {
        match $rows {
            1 => $block::<S, 1, $vectors> $arguments,
            2 => $block::<S, 2, $vectors> $arguments,
            3 => $block::<S, 3, $vectors> $arguments,
            4 => $block::<S, 4, $vectors> $arguments,
            5 => $block::<S, 5, $vectors> $arguments,
            6 => $block::<S, 6, $vectors> $arguments,
            _ => unreachable!("a block has at most 6 rows"),
        }
    };
}

impl WithSimd for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (right, out) = (vectors::<S>(self.right), vectors_mut::<S>(self.out));
        let width = self.width / S::F64_LANES;
        for (at, count) in parts(width, most_vectors::<S>()) {
            for (first, rows) in parts(self.rows, ROWS) {
                let left = (self.left, self.rows, first);
                let out = &mut out[first * width..];
                sized!(
                    rows,
                    count,
                    column_block(simd, left, right, out, (width, at))
                );
            }
        }
    }
}

/// A block of `R` rows from `first` on and `V` vectors from `at` on.
#[inline(always)]
fn column_block<S: Simd, const R: usize, const V: usize>(
    simd: S,
    (left, rows, first): (&[f64], usize, usize),
    right: &[S::f64s],
    out: &mut [S::f64s],
    (width, at): (usize, usize),
) {
    let mut sums = [[Wide::splat(simd, 0.0); V]; R];
    // out[r, v] = Σ over steps left[step, r] right[step, v]: both factors are read a row a step.
    for (left, right) in left.chunks_exact(rows).zip(right.chunks_exact(width)) {
        step(&mut sums, chunk(left, first), chunk(right, at));
    }
    for (row, sums) in sums.iter().enumerate() {
        *chunk_mut(out, row * width + at) = sums.map(|sum| sum.1);
    }
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (right, out) = (vectors::<S>(self.right), vectors_mut::<S>(self.out));
        let width = self.width / S::F64_LANES;
        for (at, count) in parts(width, most_vectors::<S>()) {
            for (first, rows) in parts(self.rows, ROWS) {
                let left = (&self.left[first * self.stride..], self.stride, self.steps);
                let out = &mut out[first * width..];
                sized!(
                    rows,
                    count,
                    row_block(simd, left, right, out, (width, at), self.add)
                );
            }
        }
    }
}

/// A block of `R` rows and `V` vectors from `at` on.
#[inline(always)]
fn row_block<S: Simd, const R: usize, const V: usize>(
    simd: S,
    (left, stride, steps): (&[f64], usize, usize),
    right: &[S::f64s],
    out: &mut [S::f64s],
    (width, at): (usize, usize),
    add: bool,
) {
    let mut sums = [[Wide::splat(simd, 0.0); V]; R];
    // out[r, v] = Σ over steps left[r, step] right[step, v]: R rows are read side by side.
    let left: [&[f64]; R] = std::array::from_fn(|row| &left[row * stride..][..steps]);
    for (index, right) in (0..steps).zip(right.chunks_exact(width)) {
        let left = std::array::from_fn(|row| left[row][index]);
        step(&mut sums, &left, chunk(right, at));
    }
    for (row, sums) in sums.iter().enumerate() {
        let out = chunk_mut::<_, V>(out, row * width + at);
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = if add { *sum + Wide(simd, *out) } else { *sum }.1;
        }
    }
}

/// Adds the products of a number for each row with the vectors.
#[inline(always)]
fn step<S: Simd, const R: usize, const V: usize>(
    sums: &mut [[Wide<S>; V]; R],
    left: &[f64; R],
    right: &[S::f64s; V],
) {
    let simd = sums[0][0].0;
    for (sums, left) in sums.iter_mut().zip(left) {
        let left = Wide::splat(simd, *left);
        for (sum, right) in sums.iter_mut().zip(right) {
            *sum = left.mul_add(Wide(simd, *right), *sum);
        }
    }
}

/// `N` of a row from `at` on.
#[inline(always)]
fn chunk<T, const N: usize>(row: &[T], at: usize) -> &[T; N] {
    row[at..]
        .first_chunk()
        .expect("a block ends with its matrix")
}

/// `N` of a row from `at` on, to write.
#[inline(always)]
fn chunk_mut<T, const N: usize>(row: &mut [T], at: usize) -> &mut [T; N] {
    row[at..]
        .first_chunk_mut()
        .expect("a block ends with its matrix")
}
