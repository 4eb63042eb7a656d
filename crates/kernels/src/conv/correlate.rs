//! Sums of shifted images, each times a weight: the forward pass, and the gradient at the inputs in the backward pass.
//!
//! With channels c, rows r (the channels of the result), taps t of the kernel and pixels p:
//!
//! ```text
//!   forward    y[r, p]  = f(bias[r] + Σ_c Σ_t W[r, c, t]  x[c, p + shift(t)])
//!   backward   dx[r, p] =             Σ_c Σ_t W[c, r, t] dz[c, p - shift(t)]      dz = dy f'(y)
//! ```
//!
//! `shift(t)` moves by rows and columns of the image, with zeros beyond its edges. The tap opposite to t, on the other side of the
//! middle of the kernel, has the shift -shift(t): the second sum is the first with transposed channels and kernels rotated by 180°.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use super::Shape;
use super::shifted_copies::{Grid, where_positive};
use super::weights::{Packed, ROWS, rotated_transpose, split};

/// A correlation of the channels of a sample with kernels, `[channels, image]` to `[rows, image]`.
pub struct Correlation<'a> {
    grid: &'a Grid,
    channels: usize,
    /// Where what a weight is multiplied by begins.
    taps: Vec<usize>,
    weights: Packed,
    scatters: bool,
}

impl<'a> Correlation<'a> {
    /// Correlation of the forward pass, with weights `[outputs, inputs, kernel, kernel]`.
    pub fn forward(grid: &'a Grid, shape: &Shape, weight: &[f32]) -> Self {
        Self::new(grid, shape.inputs, shape.outputs, weight)
    }

    /// Correlation of the backward pass: the channels transposed, the kernels rotated by 180°.
    pub fn backward(grid: &'a Grid, shape: &Shape, weight: &[f32]) -> Self {
        Self::new(
            grid,
            shape.outputs,
            shape.inputs,
            &rotated_transpose(weight, shape.outputs, shape.inputs),
        )
    }

    /// One row alone would load more than it adds: there each tap is a row, of plain channels, that is shifted afterwards.
    fn new(grid: &'a Grid, channels: usize, rows: usize, weight: &[f32]) -> Self {
        // A tile of one row uses each loaded vector once. With the sums over t and c exchanged,
        //     y[p] = bias + Σ_t z[t, p + shift(t)],    z[t, p] = Σ_c W[c, t] x[c, p],
        // z has a row for each tap, which fills the tiles. The price, one more pass over kernel² rows, pays from 4 channels on.
        let scatters = rows == 1 && channels >= 4;
        let (taps, weights) = if scatters {
            let kernels = grid.kernel * grid.kernel;
            let taps = (0..channels).map(|channel| channel * grid.flat()).collect();
            // `[channels, kernel, kernel]` transposed to `[kernel, kernel, channels]`: the taps are now the rows.
            let by_tap =
                (0..kernels).flat_map(|tap| weight.iter().skip(tap).step_by(kernels).copied());
            (taps, Packed::new(kernels, &by_tap.collect::<Vec<f32>>()))
        } else {
            (grid.taps(channels), Packed::new(rows, weight))
        };
        Self {
            grid,
            channels,
            taps,
            weights,
            scatters,
        }
    }

    /// Whether [`run`](Self::run) takes the copies of each channel, `[channels, kernel, copy]`, or else `[channels, flat]`.
    pub fn takes_copies(&self) -> bool {
        !self.scatters
    }

    /// Numbers that [`run`](Self::run) takes.
    pub fn source(&self) -> usize {
        self.channels
            * if self.scatters {
                self.grid.flat()
            } else {
                self.grid.copies()
            }
    }

    /// What [`run`](Self::run) takes, of a sample `[channels, image]`, in `scratch` where need be, zeros at first.
    #[inline(always)]
    pub fn prepare<'b, S: Simd>(
        &self,
        simd: S,
        images: &'b [f32],
        scratch: &'b mut [f32],
    ) -> &'b [f32] {
        if self.scatters {
            return self.grid.flatten(simd, images, scratch);
        }
        self.grid.spread(simd, images, self.grid.image, scratch);
        scratch
    }

    /// Numbers that [`run`](Self::run) works with, zeros at first.
    pub fn work(&self) -> usize {
        let Grid { kernel, copy, .. } = *self.grid;
        if self.scatters {
            kernel * kernel * copy
        } else {
            self.weights.most() * self.grid.flat()
        }
    }

    /// Writes the correlation and the bias of each row to `y`, `[rows, image]`, but no number below `lowest`.
    #[inline(always)]
    pub fn run<S: Simd>(
        &self,
        simd: S,
        source: &[f32],
        bias: &[f32],
        lowest: f32,
        work: &mut [f32],
        y: &mut [f32],
    ) {
        if self.scatters {
            self.sum_each_tap(simd, source, work);
            self.shift_and_add(simd, work, bias[0], lowest, y);
        } else {
            self.gather(simd, source, bias, lowest, work, y);
        }
    }

    /// Works out f(bias[r] + Σ_c Σ_t W[r, c, t] x[c, p + shift(t)]), a tile of rows after the other.
    #[inline(always)]
    fn gather<S: Simd>(
        &self,
        simd: S,
        source: &[f32],
        bias: &[f32],
        lowest: f32,
        work: &mut [f32],
        y: &mut [f32],
    ) {
        let Grid { image, .. } = *self.grid;
        let flat = self.grid.flat();
        for (rows, weights) in self.weights.tiles() {
            let (bias, y) = (
                &bias[rows.clone()],
                &mut y[rows.start * image..rows.end * image],
            );
            let tile = Tile {
                source,
                taps: &self.taps,
                weights,
                bias,
                lowest,
            };
            // Whole vectors also work out the `flat - image` numbers behind the image. They are not zero (a tap of the row above
            // sees pixels there), so they go to `work` and stay behind.
            if image == flat {
                simd.vectorize(Rows {
                    tile,
                    flat,
                    out: y,
                    stride: flat,
                });
            } else {
                simd.vectorize(Rows {
                    tile,
                    flat,
                    out: work,
                    stride: flat,
                });
                for (y, flat) in zip(y.chunks_mut(image), work.chunks(flat)) {
                    y.copy_from_slice(&flat[..image]);
                }
            }
        }
    }

    /// Writes the sums over channels for each tap to `work`, `[kernel, kernel, copy]`.
    #[inline(always)]
    fn sum_each_tap<S: Simd>(&self, simd: S, source: &[f32], work: &mut [f32]) {
        let Grid { top, copy, .. } = *self.grid;
        for (rows, weights) in self.weights.tiles() {
            let tile = Tile {
                source,
                taps: &self.taps,
                weights,
                bias: &[0.0; ROWS][..rows.len()],
                lowest: f32::NEG_INFINITY,
            };
            // `work` is zero above `top` and below the image, as the copies of an image are: the shifts read beyond the edges.
            let out = &mut work[rows.start * copy + top..];
            simd.vectorize(Rows {
                tile,
                flat: self.grid.flat(),
                out,
                stride: copy,
            });
        }
    }

    /// Adds up what each tap has seen: y[p] = bias + Σ_t z[t, p + shift(t)].
    #[inline(always)]
    fn shift_and_add<S: Simd>(&self, simd: S, work: &[f32], bias: f32, lowest: f32, y: &mut [f32]) {
        let Grid {
            kernel,
            width,
            image,
            top,
            copy,
            ..
        } = *self.grid;
        let lowest = simd.splat_f32s(lowest);
        // shift(row, column) = (row - pad) width + (column - pad); this is the part without row and column.
        let start = top - kernel / 2 * (width + 1);
        for (vector, y) in y[..image].chunks_mut(S::F32_LANES).enumerate() {
            let mut sum = simd.splat_f32s(bias);
            for column in 0..kernel {
                // A shift by columns may run into the row beside it: the mask depends on the column of the kernel alone.
                let inside = self.grid.inside::<S>(column)[vector];
                for row in 0..kernel {
                    let place = (row * kernel + column) * copy
                        + start
                        + row * width
                        + column
                        + vector * S::F32_LANES;
                    let numbers = S::as_simd_f32s(&work[place..][..S::F32_LANES]).0[0];
                    sum = simd.add_f32s(sum, where_positive(simd, inside, numbers));
                }
            }
            // ReLU where `lowest` is 0. Not a maximum, which may drop a NaN: this comparison is false for one, so it stays to be seen.
            let sum = simd.select_f32s(simd.less_than_f32s(sum, lowest), lowest, sum);
            match S::as_mut_simd_f32s(y) {
                ([y], _) => *y = sum,
                (_, rest) => simd.partial_store_f32s(rest, sum),
            }
        }
    }
}

/// A few rows of one sample.
struct Tile<'a> {
    source: &'a [f32],
    taps: &'a [usize],
    /// `[taps, rows]`
    weights: &'a [f32],
    /// `[rows]`
    bias: &'a [f32],
    lowest: f32,
}

/// A tile, and where its sums go.
struct Rows<'a> {
    tile: Tile<'a>,
    /// Numbers in a row.
    flat: usize,
    out: &'a mut [f32],
    /// From one row to the next.
    stride: usize,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Beside a sum for each row and vector there is room for the vectors and one weight: 4 · 6 + 6 + 1 = 31 registers of 32, or
        // 4 · 3 + 3 + 1 = 16 of 16.
        let most = if S::REGISTER_COUNT >= 32 { 6 } else { 3 };
        let Self {
            tile,
            flat,
            out,
            stride,
        } = self;
        for vectors in split(flat / S::F32_LANES, most) {
            let start = vectors.start * S::F32_LANES;
            match tile.bias.len() {
                1 => tile.of_rows::<S, 1>(simd, start, vectors.len(), out, stride),
                2 => tile.of_rows::<S, 2>(simd, start, vectors.len(), out, stride),
                3 => tile.of_rows::<S, 3>(simd, start, vectors.len(), out, stride),
                _ => tile.of_rows::<S, 4>(simd, start, vectors.len(), out, stride),
            }
        }
    }
}

impl Tile<'_> {
    #[inline(always)]
    fn of_rows<S: Simd, const R: usize>(
        &self,
        simd: S,
        start: usize,
        vectors: usize,
        out: &mut [f32],
        stride: usize,
    ) {
        match vectors {
            1 => self.sum::<S, R, 1>(simd, start, out, stride),
            2 => self.sum::<S, R, 2>(simd, start, out, stride),
            3 => self.sum::<S, R, 3>(simd, start, out, stride),
            4 => self.sum::<S, R, 4>(simd, start, out, stride),
            5 => self.sum::<S, R, 5>(simd, start, out, stride),
            _ => self.sum::<S, R, 6>(simd, start, out, stride),
        }
    }

    /// R rows of V vectors, from the pixel `start` on: sums[r][v] = bias[r] + Σ W[r, tap] · source[tap + start + v].
    ///
    /// R and V are constants, so that the sums stay in registers. Each vector that is loaded serves R products, and R · V sums that
    /// do not wait for each other hide the latency of a multiply-add. Each sum adds its taps in order: no bit depends on the tiles.
    #[inline(always)]
    fn sum<S: Simd, const R: usize, const V: usize>(
        &self,
        simd: S,
        start: usize,
        out: &mut [f32],
        stride: usize,
    ) {
        let source = &self.source[start..];
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (sums, bias) in zip(&mut sums, self.bias.as_chunks::<R>().0[0]) {
            *sums = [simd.splat_f32s(bias); V];
        }
        for (&tap, weights) in zip(self.taps, self.weights.as_chunks::<R>().0) {
            let mut pixels = [simd.splat_f32s(0.0); V];
            pixels.copy_from_slice(S::as_simd_f32s(&source[tap..][..V * S::F32_LANES]).0);
            for (sums, weight) in zip(&mut sums, weights) {
                let weight = simd.splat_f32s(*weight);
                for (sum, pixels) in zip(sums, pixels) {
                    *sum = simd.mul_add_e_f32s(weight, pixels, *sum);
                }
            }
        }
        let lowest = simd.splat_f32s(self.lowest);
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut out[row * stride + start..][..V * S::F32_LANES];
            for (out, sum) in zip(S::as_mut_simd_f32s(out).0, sums) {
                *out = simd.select_f32s(simd.less_than_f32s(*sum, lowest), lowest, *sum);
            }
        }
    }
}
