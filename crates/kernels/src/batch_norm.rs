//! Batch normalisation on the CPU (Ioffe and Szegedy 2015): y = γ (x - μ) / √(σ² + ε) + β, where each channel has its γ and β, and
//! the mean μ and the biased variance σ² of its values, over all samples and pixels.
//!
//! Long sums in single precision are wrong in the digits that matter: 2²⁵ ones add up to 2²⁴. So each piece of a batch finds its
//! moments around a pivot near its own mean, in sums short enough for single precision, and the pieces are put together in double
//! precision, in their order: the number of threads changes no bit.
//!
//! Where a channel is an image, its values are one run of numbers (`images.rs`). Where it is one value, or a few, the columns of
//! `[batch, channels * area]` are summed side by side, and the columns of a channel put together at the end (`columns.rs`).

mod columns;
mod images;
#[cfg(test)]
mod tests;

use std::iter::zip;

use crate::threads;
use crate::vectors::arch;

/// Numbers that one piece of work reads, about.
const PIECE: usize = 32 << 10;
/// Rows of a piece whose columns are summed: as many as single precision adds up well.
const ROWS: usize = 256;
/// Numbers that are not worth a second thread.
const FEW: usize = 1 << 14;
/// Pixels from which on a channel is taken for an image: those of a long vector.
const IMAGE: usize = 16;

/// The sizes of a batch, `[batch, channels, area]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Samples.
    pub batch: usize,
    /// Channels.
    pub channels: usize,
    /// Values of a channel in one sample: height times width, or 1 after a dense layer.
    pub area: usize,
}

/// What a batch says of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// `[channels]`
    pub mean: Vec<f64>,
    /// Mean squared deviation from the mean (biased: divided by the number of values): `[channels]`.
    pub variance: Vec<f64>,
}

/// The gradients at the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// `[channels]`
    pub gamma: Vec<f32>,
    /// `[channels]`
    pub beta: Vec<f32>,
}

/// Moments of some values.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    /// Sum of the squared deviations from the mean.
    squares: f64,
}

/// For one channel, or column: y = (x - pivot) scale + shift.
///
/// The pivot is the mean as far as single precision holds it. Taking it off first is exact where values are near their mean, so
/// that values of a million with a deviation of one keep their digits; the shift has the rest of the mean.
#[derive(Clone, Copy, Default)]
struct Affine {
    pivot: f32,
    scale: f32,
    shift: f32,
}

/// For one channel, or column: dx = scale dy + slope (x - pivot) + shift.
#[derive(Clone, Copy, Default)]
struct Slope {
    pivot: f32,
    scale: f32,
    slope: f32,
    shift: f32,
}

impl Shape {
    /// Numbers in a sample.
    fn row(&self) -> usize {
        self.channels * self.area
    }

    fn is_images(&self) -> bool {
        self.area >= IMAGE
    }

    /// Columns of each channel that are summed for themselves: an image is one, else every pixel is.
    fn columns(&self) -> usize {
        if self.is_images() { 1 } else { self.area }
    }

    /// Numbers of a piece of work: whole samples. Whether more than one thread is there makes no difference.
    fn piece(&self) -> usize {
        let samples = (PIECE / self.row()).max(1);
        let most = if self.is_images() { usize::MAX } else { ROWS };
        samples.min(most) * self.row()
    }

    fn check(&self, x: &[f32]) {
        let expected = self.batch * self.row();
        assert_eq!(x.len(), expected, "x is [batch, channels, area]");
    }
}

/// The mean and the biased variance of each channel of `x`, `[batch, channels, area]`; NaN where there is no sample.
///
/// # Panics
///
/// Where `x` has another length.
pub fn statistics(shape: Shape, x: &[f32]) -> Statistics {
    shape.check(x);
    let columns = shape.channels * shape.columns();
    let pieces = if x.is_empty() {
        0
    } else {
        x.len().div_ceil(shape.piece())
    };
    let mut moments = vec![Moments::default(); pieces * columns]; // [pieces, channels, columns of a channel]
    if !x.is_empty() {
        let work = zip(x.chunks(shape.piece()), moments.chunks_mut(columns));
        on_threads(x.len(), work, |(x, moments)| {
            if shape.is_images() {
                arch().dispatch(images::Sums { shape, x, moments });
            } else {
                arch().dispatch(columns::Sums { x, moments });
            }
        });
    }
    let (mean, variance) = (0..shape.channels)
        .map(|channel| together(&of_channel(&moments, shape, channel)))
        .unzip();
    Statistics { mean, variance }
}

/// Writes γ (x - μ) / √(σ² + ε) + β to `y`.
///
/// - `x`, `y`: `[batch, channels, area]`
/// - `gamma`, `beta`: `[channels]`
///
/// # Panics
///
/// Where a slice has another length than that.
pub fn normalize(
    shape: Shape,
    x: &[f32],
    statistics: &Statistics,
    (gamma, beta): (&[f32], &[f32]),
    epsilon: f64,
    y: &mut [f32],
) {
    shape.check(x);
    shape.check(y);
    assert_eq!(gamma.len(), shape.channels, "gamma is [channels]");
    assert_eq!(beta.len(), shape.channels, "beta is [channels]");
    if x.is_empty() {
        return;
    }
    let affine = |channel: usize| {
        let (mean, scale) = (
            statistics.mean[channel],
            f64::from(gamma[channel]) * inverse_deviation(statistics, channel, epsilon),
        );
        let pivot = mean as f32;
        let shift = f64::from(beta[channel]) - (mean - f64::from(pivot)) * scale;
        Affine {
            pivot,
            scale: scale as f32,
            shift: shift as f32,
        }
    };
    let affine = of_columns(shape, affine);
    let work = zip(x.chunks(shape.piece()), y.chunks_mut(shape.piece()));
    on_threads(x.len(), work, |(x, y)| {
        let affine = &affine;
        if shape.is_images() {
            let area = shape.area;
            arch().dispatch(images::Apply { area, affine, x, y });
        } else {
            arch().dispatch(columns::Apply { affine, x, y });
        }
    });
}

/// The backward pass through [`statistics`] and [`normalize`] together, given the gradient `dy` at y, which becomes that at `x`
/// where `with_x`, and else stays.
///
/// With x̂ = (x - μ) / √(σ² + ε) over n values of a channel: dβ = Σ dy, dγ = Σ dy x̂, and
/// dx = γ / √(σ² + ε) (dy - dβ / n - x̂ dγ / n).
///
/// - `x`, `dy`: `[batch, channels, area]`
/// - `gamma`: `[channels]`
///
/// # Panics
///
/// Where a slice has another length than that.
pub fn backward(
    shape: Shape,
    x: &[f32],
    statistics: &Statistics,
    gamma: &[f32],
    epsilon: f64,
    dy: &mut [f32],
    with_x: bool,
) -> Gradients {
    shape.check(x);
    shape.check(dy);
    assert_eq!(gamma.len(), shape.channels, "gamma is [channels]");
    let totals = totals(shape, x, statistics, dy); // [channels] of Σ dy and Σ dy (x - pivot)
    let inverse = |channel: usize| inverse_deviation(statistics, channel, epsilon);
    let rest = |channel: usize| {
        let mean = statistics.mean[channel];
        mean - f64::from(mean as f32)
    };
    let for_gamma: Vec<f64> = zip(0.., &totals)
        .map(|(channel, [sum, product])| (product - rest(channel) * sum) * inverse(channel))
        .collect();
    if with_x && !x.is_empty() {
        let count = (shape.batch * shape.area) as f64;
        add_gradient(shape, x, dy, |channel| {
            let scale = f64::from(gamma[channel]) * inverse(channel);
            let slope = -scale * inverse(channel) * for_gamma[channel] / count;
            let shift = -scale * totals[channel][0] / count - slope * rest(channel);
            Slope {
                pivot: statistics.mean[channel] as f32,
                scale: scale as f32,
                slope: slope as f32,
                shift: shift as f32,
            }
        });
    }
    Gradients {
        gamma: for_gamma.iter().map(|sum| *sum as f32).collect(),
        beta: totals.iter().map(|[sum, _]| *sum as f32).collect(),
    }
}

/// For each channel Σ dy and Σ dy (x - pivot).
fn totals(shape: Shape, x: &[f32], statistics: &Statistics, dy: &[f32]) -> Vec<[f64; 2]> {
    let mut totals = vec![[0.0; 2]; shape.channels];
    if x.is_empty() {
        return totals;
    }
    let pivots = of_columns(shape, |channel| statistics.mean[channel] as f32);
    let mut sums = vec![[0.0; 2]; x.len().div_ceil(shape.piece()) * pivots.len()];
    let read = zip(x.chunks(shape.piece()), dy.chunks(shape.piece()));
    on_threads(
        x.len(),
        zip(read, sums.chunks_mut(pivots.len())),
        |((x, dy), sums)| {
            let (area, pivots) = (shape.area, &pivots);
            if shape.is_images() {
                arch().dispatch(images::Products {
                    area,
                    pivots,
                    x,
                    dy,
                    sums,
                });
            } else {
                arch().dispatch(columns::Products {
                    pivots,
                    x,
                    dy,
                    sums,
                });
            }
        },
    );
    for (channel, total) in totals.iter_mut().enumerate() {
        for [sum, product] in of_channel(&sums, shape, channel) {
            *total = [total[0] + sum, total[1] + product];
        }
    }
    totals
}

/// Turns gradients at y into those at x.
fn add_gradient(shape: Shape, x: &[f32], dy: &mut [f32], slope: impl Fn(usize) -> Slope) {
    let slopes = of_columns(shape, slope);
    let work = zip(x.chunks(shape.piece()), dy.chunks_mut(shape.piece()));
    on_threads(x.len(), work, |(x, dy)| {
        let (area, slopes) = (shape.area, &slopes);
        if shape.is_images() {
            arch().dispatch(images::Back {
                area,
                slopes,
                x,
                dy,
            });
        } else {
            arch().dispatch(columns::Back { slopes, x, dy });
        }
    });
}

/// 1 / √(σ² + ε)
fn inverse_deviation(statistics: &Statistics, channel: usize, epsilon: f64) -> f64 {
    1.0 / (statistics.variance[channel] + epsilon).sqrt()
}

/// What each channel has, for each of its columns: `[channels, columns of a channel]`.
fn of_columns<T: Copy>(shape: Shape, of: impl Fn(usize) -> T) -> Vec<T> {
    let repeated = |channel| std::iter::repeat_n(of(channel), shape.columns());
    (0..shape.channels).flat_map(repeated).collect()
}

/// What the pieces found in the columns of a channel, of `[pieces, channels, columns of a channel]`.
fn of_channel<T: Copy>(found: &[T], shape: Shape, channel: usize) -> Vec<T> {
    let columns = shape.columns();
    found
        .chunks(shape.channels * columns)
        .flat_map(|piece| &piece[channel * columns..][..columns])
        .copied()
        .collect()
}

/// The mean and the biased variance of all values that these moments are of.
fn together(moments: &[Moments]) -> (f64, f64) {
    let count: f64 = moments.iter().map(|part| part.count).sum();
    let mean = moments
        .iter()
        .map(|part| part.count * part.mean)
        .sum::<f64>()
        / count;
    let squares = moments.iter().map(|part| {
        let apart = part.mean - mean;
        part.squares + part.count * apart * apart
    });
    (mean, squares.sum::<f64>() / count)
}

impl Moments {
    /// Moments of `count` values whose deviations from the pivot have this sum and sum of squares.
    fn around(pivot: f32, count: usize, [sum, squares]: [f64; 2]) -> Self {
        let count = count as f64;
        let squares = squares - sum * sum / count;
        Self {
            count,
            mean: f64::from(pivot) + sum / count,
            // Rounding may take equal values below zero. A NaN stays one.
            squares: if squares < 0.0 { 0.0 } else { squares },
        }
    }
}

/// Does the work for each item, on all threads where there are numbers enough.
fn on_threads<T: Send>(numbers: usize, items: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
    if numbers < FEW {
        items.for_each(work);
    } else {
        threads::each(items.collect(), work);
    }
}
