//! Batches whose channels are images: each is one run of `area` numbers in every sample.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use super::{Affine, Moments, Shape, Slope};

/// Numbers that are summed in single precision, 64 side by side, before they are added to a sum in double.
const RUN: usize = 1024;

/// The moments of each channel of some samples.
pub struct Sums<'a> {
    pub shape: Shape,
    pub x: &'a [f32],
    /// `[channels]`
    pub moments: &'a mut [Moments],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { shape, x, moments } = self;
        let samples = x.len() / shape.row();
        for (channel, moments) in moments.iter_mut().enumerate() {
            let images = x.chunks(shape.area).skip(channel);
            let mut images = images.step_by(shape.channels);
            // The mean of one image lies well within the deviation of a few: a pivot that costs one look at it.
            let first = images.next().expect("a piece has samples");
            let pivot = mean(simd, first);
            let mut totals = Totals::new(simd);
            for image in std::iter::once(first).chain(images) {
                totals.add_moments(simd, pivot, image);
            }
            *moments = Moments::around(pivot, samples * shape.area, totals.taken(simd));
        }
    }
}

/// Σ dy and Σ dy (x - pivot) for each channel of some samples.
pub struct Products<'a> {
    pub area: usize,
    /// `[channels]`
    pub pivots: &'a [f32],
    pub x: &'a [f32],
    pub dy: &'a [f32],
    /// `[channels]`
    pub sums: &'a mut [[f64; 2]],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            area,
            pivots,
            x,
            dy,
            sums,
        } = self;
        let channels = pivots.len();
        for (channel, (pivot, sums)) in zip(pivots, sums).enumerate() {
            let images = zip(x.chunks(area), dy.chunks(area)).skip(channel);
            let mut totals = Totals::new(simd);
            for (x, dy) in images.step_by(channels) {
                totals.add_products(simd, *pivot, x, dy);
            }
            *sums = totals.taken(simd);
        }
    }
}

/// y of some samples.
pub struct Apply<'a> {
    pub area: usize,
    /// `[channels]`
    pub affine: &'a [Affine],
    pub x: &'a [f32],
    pub y: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { area, affine, x, y } = self;
        let images = zip(x.chunks_exact(area), y.chunks_exact_mut(area));
        for ((x, y), affine) in zip(images, affine.iter().cycle()) {
            let Affine {
                pivot,
                scale,
                shift,
            } = *affine;
            for (x, y) in zip(x, y) {
                *y = (x - pivot) * scale + shift;
            }
        }
    }
}

/// Turns the gradients at y of some samples into those at x.
pub struct Back<'a> {
    pub area: usize,
    /// `[channels]`
    pub slopes: &'a [Slope],
    pub x: &'a [f32],
    pub dy: &'a mut [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            area,
            slopes,
            x,
            dy,
        } = self;
        let images = zip(x.chunks_exact(area), dy.chunks_exact_mut(area));
        for ((x, dy), slopes) in zip(images, slopes.iter().cycle()) {
            let Slope {
                pivot,
                scale,
                slope,
                shift,
            } = *slopes;
            for (x, dy) in zip(x, dy) {
                *dy = scale * *dy + (slope * (x - pivot) + shift);
            }
        }
    }
}

/// The mean of an image, roughly.
#[inline(always)]
fn mean<S: Simd>(simd: S, image: &[f32]) -> f32 {
    let mut totals = Totals::new(simd);
    totals.add_moments(simd, 0.0, image);
    (totals.taken(simd)[0] / image.len() as f64) as f32
}

/// Two sums: vectors of short ones in single precision, and what came of them in double.
struct Totals<S: Simd> {
    sums: [[S::f32s; 2]; 2],
    held: usize,
    totals: [f64; 2],
}

impl<S: Simd> Totals<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        Self {
            sums: [[simd.splat_f32s(0.0); 2]; 2],
            held: 0,
            totals: [0.0; 2],
        }
    }

    /// Adds Σ (x - pivot) and Σ (x - pivot)².
    #[inline(always)]
    fn add_moments(&mut self, simd: S, pivot: f32, image: &[f32]) {
        for x in image.chunks(RUN) {
            let all = simd.splat_f32s(pivot);
            let (pairs, last, rest) = parts::<S>(x);
            for pair in pairs {
                for (sums, x) in zip(&mut self.sums, pair) {
                    let apart = simd.sub_f32s(*x, all);
                    *sums = added(simd, *sums, apart, apart);
                }
            }
            let apart = last.map(|x| simd.sub_f32s(x, all));
            let beyond = (!rest.is_empty()).then(|| {
                // Zeros stand beyond the end, and must stay zeros.
                let here = simd.partial_load_f32s(&[pivot; 16][..rest.len()]);
                simd.sub_f32s(simd.partial_load_f32s(rest), here)
            });
            for apart in apart.into_iter().chain(beyond) {
                self.sums[0] = added(simd, self.sums[0], apart, apart);
            }
            self.hold(simd, x.len());
        }
    }

    /// Adds Σ dy and Σ dy (x - pivot).
    #[inline(always)]
    fn add_products(&mut self, simd: S, pivot: f32, x: &[f32], dy: &[f32]) {
        let all = simd.splat_f32s(pivot);
        for (x, dy) in zip(x.chunks(RUN), dy.chunks(RUN)) {
            let (pairs, last, rest) = parts::<S>(x);
            let (dy_pairs, dy_last, dy_rest) = parts::<S>(dy);
            for (pair, dy_pair) in zip(pairs, dy_pairs) {
                for (sums, (x, dy)) in zip(&mut self.sums, zip(pair, dy_pair)) {
                    *sums = added(simd, *sums, *dy, simd.sub_f32s(*x, all));
                }
            }
            // Beyond the end dy is zero, whatever x is there.
            let beyond = (!rest.is_empty()).then(|| {
                (
                    simd.partial_load_f32s(rest),
                    simd.partial_load_f32s(dy_rest),
                )
            });
            for (x, dy) in last.zip(dy_last).into_iter().chain(beyond) {
                self.sums[0] = added(simd, self.sums[0], dy, simd.sub_f32s(x, all));
            }
            self.hold(simd, x.len());
        }
    }

    /// Counts what was added, and empties the sums in single precision where that was enough.
    #[inline(always)]
    fn hold(&mut self, simd: S, numbers: usize) {
        self.held += numbers;
        if self.held >= RUN {
            self.empty(simd);
        }
    }

    #[inline(always)]
    fn empty(&mut self, simd: S) {
        let [even, odd] = self.sums;
        for (which, total) in self.totals.iter_mut().enumerate() {
            let sum = simd.add_f32s(even[which], odd[which]);
            *total += f64::from(simd.reduce_sum_f32s(sum));
        }
        (self.sums, self.held) = ([[simd.splat_f32s(0.0); 2]; 2], 0);
    }

    #[inline(always)]
    fn taken(mut self, simd: S) -> [f64; 2] {
        self.empty(simd);
        self.totals
    }
}

/// The sums with a added to the first and a b to the second.
#[inline(always)]
fn added<S: Simd>(simd: S, [sum, product]: [S::f32s; 2], a: S::f32s, b: S::f32s) -> [S::f32s; 2] {
    [simd.add_f32s(sum, a), simd.mul_add_e_f32s(a, b, product)]
}

/// Pairs of vectors, a vector that is left, and numbers that fill none.
type Parts<'a, S> = (
    &'a [[<S as Simd>::f32s; 2]],
    Option<<S as Simd>::f32s>,
    &'a [f32],
);

/// Numbers as pairs of vectors, one more vector where there is one, and the rest.
#[inline(always)]
fn parts<S: Simd>(numbers: &[f32]) -> Parts<'_, S> {
    let (vectors, rest) = S::as_simd_f32s(numbers);
    let (pairs, last) = vectors.as_chunks::<2>();
    (pairs, last.first().copied(), rest)
}
