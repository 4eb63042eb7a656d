//! Backward pass of a convolution, a few samples at a time.
//!
//! With z = x ∗ W + bias and y = f(z), samples n, outputs o, inputs i, taps t and pixels p, in the order in which it is done:
//!
//! ```text
//!   dz[n, o, p] = dy[n, o, p] f'(z[n, o, p])                      slopes; f' is read off y. Where only the maximum of each window
//!                                                                 of y went on, dz is 0 but for the pixel that it was
//!   dbias[o]    = Σ_n Σ_p dz[n, o, p]                             add_bias
//!   dx[n, i, p] = Σ_o Σ_t W[o, i, t] dz[n, o, p - shift(t)]       inputs, by `correlate`
//!   dW[o, i, t] = Σ_n Σ_p dz[n, o, p] x[n, i, p + shift(t)]       `weight_gradient`
//! ```

use std::iter::zip;

use pulp::{Simd, WithSimd};

use super::correlate::Correlation;
use super::shifted_copies::{Grid, flatten, flatten_where_positive, where_positive};
use super::weight_gradient::{self, WeightGradient};
use super::{Activation, Outputs, PIECE, Shape};
use crate::pool;
use crate::scratch::Scratch;

/// Bytes that the gradient at the weights reads again and again: most of a common first-level cache.
const BLOCK: usize = 32 << 10;

/// What all pieces of a batch share.
pub struct Plan<'a> {
    shape: &'a Shape,
    grid: &'a Grid,
    activation: Activation,
    /// From the gradient at the outputs to that at the inputs, where that is wanted, with a bias of zero.
    correlation: Option<(Correlation<'a>, Vec<f32>)>,
    weight_gradient: WeightGradient<'a>,
    inputs_are_rows: bool,
}

impl<'a> Plan<'a> {
    pub fn new(
        shape: &'a Shape,
        grid: &'a Grid,
        weight: &[f32],
        activation: Activation,
        dx: bool,
    ) -> Self {
        // The gradient at the inputs needs shifts of dy, the one at the weights those of either: the same, or of the fewer.
        //
        // With q = p + shift(t) the sum for dW shifts dz in place of x:
        //     dW[o, i, t] = Σ_n Σ_q x[n, i, q] dz[n, o, q - shift(t)],
        // and -shift(t) is the shift of the opposite tap. So where `inputs_are_rows` the sums come with channels transposed and
        // kernels rotated by 180°, which `conv::backward` undoes once, at the end.
        let inputs_are_rows = dx || shape.inputs >= shape.outputs;
        let weight_gradient = if inputs_are_rows {
            WeightGradient::new(grid, shape.inputs, shape.outputs)
        } else {
            WeightGradient::new(grid, shape.outputs, shape.inputs)
        };
        let correlation = dx.then(|| {
            (
                Correlation::backward(grid, shape, weight),
                vec![0.0; shape.inputs],
            )
        });
        Self {
            shape,
            grid,
            activation,
            correlation,
            weight_gradient,
            inputs_are_rows,
        }
    }

    /// Whether a piece's gradient at the weights is `[inputs, outputs, kernel, kernel]`, the kernels rotated by 180°.
    pub fn inputs_are_rows(&self) -> bool {
        self.inputs_are_rows
    }

    /// Samples that are worked on at once: their images stay in the first-level cache while all shifts pass by.
    fn block(&self) -> usize {
        // A tile of `weight_gradient` reads that many images of each sample; the next tile has some of them in common.
        let images = weight_gradient::ROWS + weight_gradient::SHIFTS;
        (BLOCK / (images * self.grid.flat() * size_of::<f32>())).clamp(1, PIECE)
    }
}

/// Samples of one piece of work, and the sums of their gradients.
pub struct Piece<'a> {
    pub plan: &'a Plan<'a>,
    pub x: &'a [f32],
    pub outputs: Outputs<'a>,
    pub dx: Option<&'a mut [f32]>,
    pub dweight: &'a mut [f32],
    pub dbias: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Plan {
            shape,
            grid,
            weight_gradient,
            ..
        } = self.plan;
        let block = self.plan.block();
        // Zeros once: every sample writes the same places of these, and what lies around them stays zero.
        let mut flat_x = Scratch::zeros(block * shape.inputs * grid.flat());
        let mut flat_dy = Scratch::zeros(block * shape.outputs * grid.flat());
        let mut copies = Scratch::zeros(block * weight_gradient.copies());
        let mut work = Scratch::zeros(
            self.plan
                .correlation
                .as_ref()
                .map_or(0, |(correlation, _)| correlation.work()),
        );
        let input = block * shape.input();
        let Outputs { y, dy, indices } = self.outputs;
        let output = match indices {
            None => block * shape.output(),
            Some(_) => block * shape.pooled(),
        };
        let mut windows = Scratch::zeros(shape.windows());
        let read = zip(
            self.x.chunks(input),
            zip(y.chunks(output), dy.chunks(output)),
        );
        for (index, (x, (y, dy))) in read.enumerate() {
            let dy = match indices {
                None => self.slopes(simd, y, dy, &mut flat_dy),
                Some(indices) => {
                    let indices = &indices[index * output..][..y.len()];
                    self.slopes_of_maxima(simd, (y, dy, indices), &mut windows, &mut flat_dy)
                }
            };
            self.add_bias(simd, dy);
            // The last block may have fewer samples.
            let copies = &mut copies[..x.len() / shape.input() * weight_gradient.copies()];
            if self.plan.inputs_are_rows {
                grid.spread(simd, dy, grid.flat(), copies);
                self.inputs(simd, index * input, dy, copies, &mut work);
                weight_gradient.add(
                    simd,
                    grid.flatten(simd, x, &mut flat_x),
                    copies,
                    self.dweight,
                );
            } else {
                grid.spread(simd, x, grid.image, copies);
                weight_gradient.add(simd, dy, copies, self.dweight);
            }
        }
    }
}

impl Piece<'_> {
    /// The gradient before the activation, `[samples, outputs, flat]`.
    #[inline(always)]
    fn slopes<'b, S: Simd>(
        &self,
        simd: S,
        y: &[f32],
        dy: &'b [f32],
        scratch: &'b mut [f32],
    ) -> &'b [f32] {
        let Plan {
            grid, activation, ..
        } = self.plan;
        if *activation == Activation::Linear {
            return grid.flatten(simd, dy, scratch);
        }
        // Behind each image dz is zero up to the next whole line, so that neither the sums over pixels nor the shifts see anything
        // there.
        let images = zip(y.chunks(grid.image), dy.chunks(grid.image));
        for ((y, dy), flat) in zip(images, scratch.chunks_mut(grid.flat())) {
            if *activation == Activation::Relu {
                flatten_where_positive(simd, y, dy, flat);
            } else {
                flatten(simd, dy, flat);
                activation.multiply_slope(&mut flat[..grid.image], y);
            }
        }
        &scratch[..dy.len() / grid.image * grid.flat()]
    }

    /// The gradient before the activation, `[samples, outputs, flat]`, from that at the maximum of each window of 2 x 2 pixels.
    #[inline(always)]
    fn slopes_of_maxima<'b, S: Simd>(
        &self,
        simd: S,
        (y, dy, indices): (&[f32], &[f32], &[u8]),
        windows: &mut [f32],
        scratch: &'b mut [f32],
    ) -> &'b [f32] {
        let Plan {
            shape,
            grid,
            activation,
            ..
        } = self.plan;
        let count = shape.windows();
        let read = zip(
            y.chunks(count),
            zip(dy.chunks(count), indices.chunks(count)),
        );
        for ((y, (dy, indices)), flat) in zip(read, scratch.chunks_mut(grid.flat())) {
            if *activation == Activation::Relu {
                where_positive_of(simd, y, dy, windows);
            } else {
                windows.copy_from_slice(dy);
                activation.multiply_slope(windows, y);
            }
            // Every pixel of the image is written, most with a zero; what lies behind it stays zero.
            pool::backward_plane(grid.width, windows, indices, &mut flat[..grid.image]);
        }
        &scratch[..y.len() / count * grid.flat()]
    }

    #[inline(always)]
    fn add_bias<S: Simd>(&mut self, simd: S, dy: &[f32]) {
        let flat = self.plan.grid.flat();
        for sample in dy.chunks(flat * self.plan.shape.outputs) {
            // dbias[o] += Σ_p dz[n, o, p]
            for (sum, image) in zip(&mut *self.dbias, sample.chunks(flat)) {
                *sum += total(simd, image);
            }
        }
    }

    /// Writes the gradient at some inputs, from number `start` on.
    #[inline(always)]
    fn inputs<S: Simd>(
        &mut self,
        simd: S,
        start: usize,
        dy: &[f32],
        copies: &[f32],
        work: &mut [f32],
    ) {
        let Some(((correlation, bias), dx)) =
            self.plan.correlation.as_ref().zip(self.dx.as_deref_mut())
        else {
            return;
        };
        let source = if correlation.takes_copies() {
            copies
        } else {
            dy
        };
        let dx = dx[start..].chunks_mut(self.plan.shape.input());
        for (source, dx) in zip(source.chunks(correlation.source()), dx) {
            correlation.run(simd, source, bias, f32::NEG_INFINITY, work, dx);
        }
    }
}

/// Copies the numbers where those of `y` are positive, zeros elsewhere.
#[inline(always)]
fn where_positive_of<S: Simd>(simd: S, y: &[f32], numbers: &[f32], out: &mut [f32]) {
    let ((ys, y_rest), (vectors, rest)) = (S::as_simd_f32s(y), S::as_simd_f32s(numbers));
    let (out, out_rest) = S::as_mut_simd_f32s(out);
    for ((out, numbers), y) in zip(zip(out, vectors), ys) {
        *out = where_positive(simd, *y, *numbers);
    }
    for ((out, number), y) in zip(zip(out_rest, rest), y_rest) {
        *out = if *y > 0.0 { *number } else { 0.0 };
    }
}

/// The sum of whole vectors.
#[inline(always)]
fn total<S: Simd>(simd: S, numbers: &[f32]) -> f32 {
    // Four sums at once: one alone would wait some four cycles for each addition before it can begin the next.
    let mut sums = [simd.splat_f32s(0.0); 4];
    let (fours, rest) = S::as_simd_f32s(numbers).0.as_chunks::<4>();
    for four in fours {
        for (sum, vector) in zip(&mut sums, four) {
            *sum = simd.add_f32s(*sum, *vector);
        }
    }
    for vector in rest {
        sums[0] = simd.add_f32s(sums[0], *vector);
    }
    let [a, b, c, d] = sums;
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)))
}
