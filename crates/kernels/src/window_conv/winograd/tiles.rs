//! Winograd's tiles: what squares of numbers are multiplied by from both sides, and the loop that does it.

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::vectors::arch;

/// Tiles of `M` x `M` outputs that see `N` x `N` inputs, N = M + 2, by N - 1 points and infinity (Toom and Cook's way to multiply polynomials, turned
/// round): products of a matrix and a vector, and of its transpose for the way back.
pub trait Tile<const M: usize, const N: usize>: Send + Sync {
    /// P v, of what a tile sees.
    fn input<S: Simd>(simd: S, v: [S::f32s; N]) -> [S::f32s; N];
    /// Pᵀ v
    fn input_back<S: Simd>(simd: S, v: [S::f32s; N]) -> [S::f32s; N];
    /// G v, of a kernel.
    fn kernel<S: Simd>(simd: S, v: [S::f32s; 3]) -> [S::f32s; N];
    /// Gᵀ v
    fn kernel_back<S: Simd>(simd: S, v: [S::f32s; N]) -> [S::f32s; 3];
    /// A v, of the products.
    fn output<S: Simd>(simd: S, v: [S::f32s; N]) -> [S::f32s; M];
    /// Aᵀ v
    fn output_back<S: Simd>(simd: S, v: [S::f32s; M]) -> [S::f32s; N];
}

/// The sum of vectors by their factors.
macro_rules! sum {
    ($simd:ident; $first:ident, $by:expr $(; $vector:ident, $factor:expr)*) => {{
        let sum = $simd.mul_f32s($simd.splat_f32s($by), $first);
        $(let sum = $simd.mul_add_f32s($simd.splat_f32s($factor), $vector, sum);)*
        sum
    }};
}

// Of the points tried these have the smallest errors: with 0, 1, -1, 2, -2, which are more usual, that of tiles of 4 x 4 is 1.6 times as large.

/// Tiles of 3 x 3: 25 multiplications in place of 81. Points 0, 1, -1, 1/2.
pub struct Three;

impl Tile<3, 5> for Three {
    #[inline(always)]
    fn input<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 5] {
        [
            sum!(simd; a, 0.5; b, -1.0; c, -0.5; d, 1.0),
            sum!(simd; b, -0.5; c, 0.5; d, 1.0),
            sum!(simd; b, 0.5; c, -1.5; d, 1.0),
            sum!(simd; b, -1.0; d, 1.0),
            sum!(simd; b, 0.5; c, -1.0; d, -0.5; e, 1.0),
        ]
    }

    #[inline(always)]
    fn input_back<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 5] {
        [
            sum!(simd; a, 0.5),
            sum!(simd; a, -1.0; b, -0.5; c, 0.5; d, -1.0; e, 0.5),
            sum!(simd; a, -0.5; b, 0.5; c, -1.5; e, -1.0),
            sum!(simd; a, 1.0; b, 1.0; c, 1.0; d, 1.0; e, -0.5),
            sum!(simd; e, 1.0),
        ]
    }

    #[inline(always)]
    fn kernel<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 5] {
        [
            sum!(simd; a, 2.0),
            sum!(simd; a, 1.0; b, 1.0; c, 1.0),
            sum!(simd; a, -1.0 / 3.0; b, 1.0 / 3.0; c, -1.0 / 3.0),
            sum!(simd; a, -8.0 / 3.0; b, -4.0 / 3.0; c, -2.0 / 3.0),
            sum!(simd; c, 1.0),
        ]
    }

    #[inline(always)]
    fn kernel_back<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 3] {
        [
            sum!(simd; a, 2.0; b, 1.0; c, -1.0 / 3.0; d, -8.0 / 3.0),
            sum!(simd; b, 1.0; c, 1.0 / 3.0; d, -4.0 / 3.0),
            sum!(simd; b, 1.0; c, -1.0 / 3.0; d, -2.0 / 3.0; e, 1.0),
        ]
    }

    #[inline(always)]
    fn output<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; 5]) -> [S::f32s; 3] {
        [
            sum!(simd; a, 1.0; b, 1.0; c, 1.0; d, 1.0),
            sum!(simd; b, 1.0; c, -1.0; d, 0.5),
            sum!(simd; b, 1.0; c, 1.0; d, 0.25; e, 1.0),
        ]
    }

    #[inline(always)]
    fn output_back<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 5] {
        [
            sum!(simd; a, 1.0),
            sum!(simd; a, 1.0; b, 1.0; c, 1.0),
            sum!(simd; a, 1.0; b, -1.0; c, 1.0),
            sum!(simd; a, 1.0; b, 0.5; c, 0.25),
            sum!(simd; c, 1.0),
        ]
    }
}

/// Tiles of 4 x 4: 36 multiplications in place of 144. Points 0, 1, -1, 2, -1/2.
pub struct Four;

impl Tile<4, 6> for Four {
    #[inline(always)]
    fn input<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        [
            sum!(simd; a, 1.0; b, 1.5; c, -2.0; d, -1.5; e, 1.0),
            sum!(simd; b, -1.0; c, -2.5; d, -0.5; e, 1.0),
            sum!(simd; b, 1.0; c, 0.5; d, -2.5; e, 1.0),
            sum!(simd; b, -0.5; c, -1.0; d, 0.5; e, 1.0),
            sum!(simd; b, 2.0; c, -1.0; d, -2.0; e, 1.0),
            sum!(simd; b, 1.0; c, 1.5; d, -2.0; e, -1.5; f, 1.0),
        ]
    }

    #[inline(always)]
    fn input_back<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        [
            sum!(simd; a, 1.0),
            sum!(simd; a, 1.5; b, -1.0; c, 1.0; d, -0.5; e, 2.0; f, 1.0),
            sum!(simd; a, -2.0; b, -2.5; c, 0.5; d, -1.0; e, -1.0; f, 1.5),
            sum!(simd; a, -1.5; b, -0.5; c, -2.5; d, 0.5; e, -2.0; f, -2.0),
            sum!(simd; a, 1.0; b, 1.0; c, 1.0; d, 1.0; e, 1.0; f, -1.5),
            sum!(simd; f, 1.0),
        ]
    }

    #[inline(always)]
    fn kernel<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 6] {
        [
            sum!(simd; a, 1.0),
            sum!(simd; a, -1.0 / 3.0; b, -1.0 / 3.0; c, -1.0 / 3.0),
            sum!(simd; a, 1.0 / 3.0; b, -1.0 / 3.0; c, 1.0 / 3.0),
            sum!(simd; a, 1.0 / 15.0; b, 2.0 / 15.0; c, 4.0 / 15.0),
            sum!(simd; a, -16.0 / 15.0; b, 8.0 / 15.0; c, -4.0 / 15.0),
            sum!(simd; c, 1.0),
        ]
    }

    #[inline(always)]
    fn kernel_back<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 3] {
        [
            sum!(simd; a, 1.0; b, -1.0 / 3.0; c, 1.0 / 3.0; d, 1.0 / 15.0; e, -16.0 / 15.0),
            sum!(simd; b, -1.0 / 3.0; c, -1.0 / 3.0; d, 2.0 / 15.0; e, 8.0 / 15.0),
            sum!(simd; b, -1.0 / 3.0; c, 1.0 / 3.0; d, 4.0 / 15.0; e, -4.0 / 15.0; f, 1.0),
        ]
    }

    #[inline(always)]
    fn output<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 4] {
        [
            sum!(simd; a, 1.0; b, 1.0; c, 1.0; d, 1.0; e, 1.0),
            sum!(simd; b, 1.0; c, -1.0; d, 2.0; e, -0.5),
            sum!(simd; b, 1.0; c, 1.0; d, 4.0; e, 0.25),
            sum!(simd; b, 1.0; c, -1.0; d, 8.0; e, -0.125; f, 1.0),
        ]
    }

    #[inline(always)]
    fn output_back<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 6] {
        [
            sum!(simd; a, 1.0),
            sum!(simd; a, 1.0; b, 1.0; c, 1.0; d, 1.0),
            sum!(simd; a, 1.0; b, -1.0; c, 1.0; d, -1.0),
            sum!(simd; a, 1.0; b, 2.0; c, 4.0; d, 8.0),
            sum!(simd; a, 1.0; b, -0.5; c, 0.25; d, -0.125),
            sum!(simd; d, 1.0),
        ]
    }
}

/// What squares of numbers are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum By {
    Input,
    InputBack,
    Kernel,
    KernelBack,
    Output,
    OutputBack,
}

/// Where squares lie: number (row, column) of the one that starts at s is at s + row · `row` + column · `column`, those of its channels behind it.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Where each square starts.
    pub starts: &'a [usize],
    /// From a row to the next.
    pub row: usize,
    /// From a column to the next.
    pub column: usize,
}

impl<'a> Places<'a> {
    /// Of squares whose rows, of `width` numbers each, lie one behind the other.
    pub fn new(starts: &'a [usize], width: usize, column: usize) -> Self {
        Self {
            starts,
            row: width * column,
            column,
        }
    }
}

/// Multiplies each square d of `from` by a matrix from both sides, P d Pᵀ, for each of some channels, and writes it to `to`; what tiles see overlaps, so that
/// its gradient, [`By::InputBack`], is added there to what the tiles above and before have; tiles come row by row, and the first begins at 0.
pub fn change<T: Tile<M, N>, const M: usize, const N: usize>(
    by: By,
    channels: usize,
    from: (&[f32], Places),
    to: (&mut [f32], Places),
) {
    arch().dispatch(Change {
        tile: PhantomData::<T>,
        by,
        channels,
        from,
        to,
    });
}

struct Change<'a, T, const M: usize, const N: usize> {
    tile: PhantomData<T>,
    by: By,
    channels: usize,
    from: (&'a [f32], Places<'a>),
    to: (&'a mut [f32], Places<'a>),
}

impl<T: Tile<M, N>, const M: usize, const N: usize> WithSimd for Change<'_, T, M, N> {
    type Output = ();

    // A macro, for a function handed to a function may end as one that is called, and that knows nothing of wide vectors.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ((from, out_of), (to, into)) = (self.from, self.to);
        macro_rules! each {
            ($matrix:ident, $rows:ident, $columns:expr, $add:literal) => {
                for (from_start, to_start) in out_of.starts.iter().zip(into.starts) {
                    // What the tiles above and before have written already.
                    let (above, before) = (*to_start >= into.row, to_start % into.row > 0);
                    for channel in (0..self.channels).step_by(S::F32_LANES) {
                        let mut rows = [[simd.splat_f32s(0.0); $columns]; $rows]; // P d
                        for column in 0..$columns {
                            let mut numbers = [simd.splat_f32s(0.0); $columns];
                            for (row, number) in numbers.iter_mut().enumerate() {
                                let at = from_start + row * out_of.row + column * out_of.column;
                                *number = vector::<S>(from, at + channel);
                            }
                            let numbers = T::$matrix(simd, numbers);
                            for (row, number) in rows.iter_mut().zip(numbers) {
                                row[column] = number;
                            }
                        }
                        for (row, numbers) in rows.into_iter().enumerate() {
                            let numbers = T::$matrix(simd, numbers);
                            for (column, number) in numbers.into_iter().enumerate() {
                                let at = to_start + row * into.row + column * into.column;
                                let to = vector_mut::<S>(to, at + channel);
                                let overlaps = above && row < N - M || before && column < N - M;
                                *to = match $add && overlaps {
                                    true => simd.add_f32s(*to, number),
                                    false => number,
                                };
                            }
                        }
                    }
                }
            };
        }
        const TAPS: usize = 3;
        match self.by {
            By::Input => each!(input, N, N, false),
            By::InputBack => each!(input_back, N, N, true),
            By::Kernel => each!(kernel, N, TAPS, false),
            By::KernelBack => each!(kernel_back, TAPS, N, false),
            By::Output => each!(output, M, N, false),
            By::OutputBack => each!(output_back, N, M, false),
        }
    }
}

#[inline(always)]
fn vector<S: Simd>(numbers: &[f32], at: usize) -> S::f32s {
    S::as_simd_f32s(&numbers[at..at + S::F32_LANES]).0[0]
}

#[inline(always)]
fn vector_mut<S: Simd>(numbers: &mut [f32], at: usize) -> &mut S::f32s {
    &mut S::as_mut_simd_f32s(&mut numbers[at..at + S::F32_LANES]).0[0]
}
