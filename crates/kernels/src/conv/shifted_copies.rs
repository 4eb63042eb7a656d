//! Shifted copies of an image, from which every shift that a kernel sees can be read as one run of memory.
//!
//! An example: an image of 3x3 pixels, and a 3x3 kernel, whose taps are (row, column):
//!
//! ```text
//!   image      one copy for each column of the kernel, rows one after the other,
//!              zeros above and below (here 3 of them, one row of the image):
//!   a b c
//!   d e f      copy 0   0 0 0 | 0 a b  0 d e  0 g h | 0 0 0    the left neighbour of each pixel
//!   g h i      copy 1   0 0 0 | a b c  d e f  g h i | 0 0 0    the pixel itself
//!              copy 2   0 0 0 | b c 0  e f 0  h i 0 | 0 0 0    the right neighbour
//!
//!   tap (0, 0) copy 0, 3 before the image:   0 0 0  0 a b  0 d e   the neighbour above to the left
//!   tap (1, 1) copy 1, at the image:         a b c  d e f  g h i   the pixel itself
//!   tap (2, 2) copy 2, 3 behind its start:   e f 0  h i 0  0 0 0   the neighbour below to the right
//! ```
//!
//! Tap (row, column) is the run of 9 numbers of copy `column` that begins `(row - 1) * 3` numbers from the start of its image.
//! Output number p of a convolution is Σ weight(tap) · run(tap)\[p\], and neighbouring p need neighbouring numbers of each run:
//! whole vectors are multiplied and added, with no test for the edges. Reading a neighbour from the image alone would not do:
//! one to the left of d stands c, which is the end of the row above, where the padding says 0. A shift by rows needs no copy
//! of its own, because beyond the first and last row there is nothing but zeros. So 3 copies serve 9 taps, where im2col makes 9.

use std::iter::zip;

use pulp::Simd;

use super::Shape;
use crate::scratch::LINE;

/// How the copies of an image lie in memory.
///
/// Each column of the kernel has a copy that is shifted by that column, with zeros where the shift would read beyond the end of
/// a row. Its rows have no gaps, and there are zeros above and below, so that each row of the kernel is one more shift, of the
/// copy as a whole.
pub struct Grid {
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// Columns of the image.
    pub width: usize,
    /// Pixels of the image.
    pub image: usize,
    /// Zeros above the image: the padding.
    pub top: usize,
    /// From one copy to the next.
    pub copy: usize,
    /// Where each copy has a pixel of the image: `[kernel, flat]`, one or zero.
    inside: Vec<f32>,
}

impl Grid {
    pub fn new(shape: &Shape) -> Self {
        let Shape {
            height,
            width,
            kernel,
            ..
        } = *shape;
        // "Same" padding: the kernel looks `pad` pixels beyond each edge.
        let (image, pad) = (height * width, kernel / 2);
        let flat = image.next_multiple_of(LINE);
        // The first tap begins `pad` rows before the image and, where tap sums are shifted instead of images
        // (`Correlation::shift_and_add`), `pad` pixels more.
        let top = (pad * (width + 1)).next_multiple_of(LINE);
        // Below as above, and an odd number of lines: the same pixel of all copies must not compete for one set of the cache.
        let copy = LINE * (((2 * top + flat) / LINE) | 1);
        // A shift by `column - pad` stays in the row where 0 <= x + column - pad < width, x being the pixel's place in its row;
        // `pad` is added on both sides to stay with unsigned numbers.
        let inside = |column: usize, pixel: usize| {
            let within = (pad..pad + width).contains(&(pixel % width + column)) && pixel < image;
            if within { 1.0 } else { 0.0 }
        };
        let inside =
            (0..kernel).flat_map(|column| (0..flat).map(move |pixel| inside(column, pixel)));
        Self {
            kernel,
            width,
            image,
            top,
            copy,
            inside: inside.collect(),
        }
    }

    /// Pixels of the image, and as many more as make whole lines.
    pub fn flat(&self) -> usize {
        self.image.next_multiple_of(LINE)
    }

    /// From the copies of one image to those of the next.
    pub fn copies(&self) -> usize {
        self.kernel * self.copy
    }

    /// Where the image begins that each tap of a kernel sees: `[channels, kernel, kernel]`.
    pub fn taps(&self, channels: usize) -> Vec<usize> {
        let first = self.top - self.kernel / 2 * self.width;
        let mut taps = Vec::with_capacity(channels * self.kernel * self.kernel);
        for channel in 0..channels {
            for row in 0..self.kernel {
                let start = channel * self.copies() + first + row * self.width;
                taps.extend((0..self.kernel).map(|column| start + column * self.copy));
            }
        }
        taps
    }

    /// `images`, `[_, image]`, as `[_, flat]`, in `scratch` where that is not the same.
    #[inline(always)]
    pub fn flatten<'a, S: Simd>(
        &self,
        simd: S,
        images: &'a [f32],
        scratch: &'a mut [f32],
    ) -> &'a [f32] {
        if self.image == self.flat() {
            return images;
        }
        for (image, flat) in zip(images.chunks(self.image), scratch.chunks_mut(self.flat())) {
            flatten(simd, image, flat);
        }
        &scratch[..images.len() / self.image * self.flat()]
    }

    /// Writes the copies of images, `stride` apart, to `copies`, `[_, kernel, copy]`, which must be zero around them.
    #[inline(always)]
    pub fn spread<S: Simd>(&self, simd: S, images: &[f32], stride: usize, copies: &mut [f32]) {
        for (image, copies) in zip(images.chunks(stride), copies.chunks_mut(self.copies())) {
            // The middle copy is the image itself; the others are made of it, so that the image is read once.
            let (before, rest) = copies.split_at_mut(self.kernel / 2 * self.copy);
            let (middle, after) = rest.split_at_mut(self.copy);
            flatten(simd, &image[..self.image], &mut middle[self.top..]);
            let sides = before.chunks_mut(self.copy).enumerate();
            for (column, copy) in
                sides.chain((self.kernel / 2 + 1..).zip(after.chunks_mut(self.copy)))
            {
                self.shift(simd, column, middle, &mut copy[self.top..]);
            }
        }
    }

    /// Writes what the middle copy has `column - kernel / 2` further.
    #[inline(always)]
    fn shift<S: Simd>(&self, simd: S, column: usize, middle: &[f32], copy: &mut [f32]) {
        let flat = self.flat();
        let middle = S::as_simd_f32s(&middle[self.top + column - self.kernel / 2..][..flat]).0;
        let copy = S::as_mut_simd_f32s(&mut copy[..flat]).0;
        for ((copy, pixels), inside) in zip(zip(copy, middle), self.inside::<S>(column)) {
            // Chosen, not multiplied: an infinite neighbour that is not there would become 0 · ∞ = NaN.
            *copy = where_positive(simd, *inside, *pixels);
        }
    }

    /// Where the copy of a column has pixels of the image: one, elsewhere zero.
    #[inline(always)]
    pub fn inside<S: Simd>(&self, column: usize) -> &[S::f32s] {
        let flat = self.flat();
        S::as_simd_f32s(&self.inside[column * flat..][..flat]).0
    }
}

/// The numbers where those of `signs` are positive, else zero.
#[inline(always)]
pub fn where_positive<S: Simd>(simd: S, signs: S::f32s, numbers: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.greater_than_f32s(signs, zero), numbers, zero)
}

/// Copies an image and fills its last line with zeros.
#[inline(always)]
pub fn flatten<S: Simd>(simd: S, image: &[f32], flat: &mut [f32]) {
    let (vectors, rest) = S::as_simd_f32s(image);
    let flat = S::as_mut_simd_f32s(flat).0;
    for (flat, pixels) in zip(&mut *flat, vectors) {
        *flat = *pixels;
    }
    if !rest.is_empty() {
        flat[vectors.len()] = simd.partial_load_f32s(rest);
    }
}

/// Copies an image as [`flatten`] does, but zeros where `y` is not positive.
#[inline(always)]
pub fn flatten_where_positive<S: Simd>(simd: S, y: &[f32], image: &[f32], flat: &mut [f32]) {
    let ((pixels, rest), (ys, y_rest)) = (S::as_simd_f32s(image), S::as_simd_f32s(y));
    let flat = S::as_mut_simd_f32s(flat).0;
    for ((flat, pixels), y) in zip(zip(&mut *flat, pixels), ys) {
        *flat = where_positive(simd, *y, *pixels);
    }
    if !rest.is_empty() {
        flat[pixels.len()] = where_positive(
            simd,
            simd.partial_load_f32s(y_rest),
            simd.partial_load_f32s(rest),
        );
    }
}
