//! Images of twice as many rows and columns, on the CPU: each pixel becomes two by two.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use crate::pool::{blocks, part, part_mut};
use crate::threads;
use crate::vectors::arch;

/// Numbers of the larger images that one piece of work has, about.
const PIECE: usize = 32 << 10;

/// Writes each pixel of `x` to two rows and columns of `y`; a last row or column that `y` lacks is left out.
///
/// - `x`: `[planes, height, width]`
/// - `y`: `[planes, 2 height or one less, 2 width or one less]`
///
/// # Panics
///
/// Where a slice has another length than that, or the sizes do not fit.
pub fn forward(
    planes: usize,
    [height, width]: [usize; 2],
    [rows, columns]: [usize; 2],
    x: &[f32],
    y: &mut [f32],
) {
    check(planes, [height, width], [rows, columns], x, y);
    if y.is_empty() {
        return;
    }
    let planes = (PIECE / (rows * columns)).max(1);
    let pieces = zip(
        x.chunks(planes * height * width),
        y.chunks_mut(planes * rows * columns),
    );
    threads::each(pieces.collect(), |(x, y)| {
        arch().dispatch(Forward {
            small: [height, width],
            large: [rows, columns],
            x,
            y,
        });
    });
}

/// Backward pass of [`forward`]: writes to `dx` the sum of the gradients of the pixels that each pixel became.
///
/// - `dy`: `[planes, 2 height or one less, 2 width or one less]`
/// - `dx`: `[planes, height, width]`
///
/// # Panics
///
/// Where a slice has another length than that, or the sizes do not fit.
pub fn backward(
    planes: usize,
    [height, width]: [usize; 2],
    [rows, columns]: [usize; 2],
    dy: &[f32],
    dx: &mut [f32],
) {
    check(planes, [height, width], [rows, columns], dx, dy);
    if dy.is_empty() {
        return;
    }
    let planes = (PIECE / (rows * columns)).max(1);
    let pieces = zip(
        dx.chunks_mut(planes * height * width),
        dy.chunks(planes * rows * columns),
    );
    threads::each(pieces.collect(), |(dx, dy)| {
        arch().dispatch(Backward {
            small: [height, width],
            large: [rows, columns],
            dy,
            dx,
        });
    });
}

/// Forward pass of some planes.
struct Forward<'a> {
    small: [usize; 2],
    large: [usize; 2],
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            small: [height, width],
            large: [rows, columns],
            x,
            y,
        } = self;
        for (x, y) in zip(x.chunks(height * width), y.chunks_mut(rows * columns)) {
            for (x, y) in zip(x.chunks(width), y.chunks_mut(2 * columns)) {
                let (top, bottom) = y.split_at_mut(columns);
                double(x, top);
                if !bottom.is_empty() {
                    double(x, bottom);
                }
            }
        }
    }
}

/// Backward pass of some planes.
struct Backward<'a> {
    small: [usize; 2],
    large: [usize; 2],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            small: [height, width],
            large: [rows, columns],
            dy,
            dx,
        } = self;
        let none = vec![0.0; columns];
        for (dx, dy) in zip(dx.chunks_mut(height * width), dy.chunks(rows * columns)) {
            for (dx, dy) in zip(dx.chunks_mut(width), dy.chunks(2 * columns)) {
                let (top, bottom) = dy.split_at(columns);
                sum(top, if bottom.is_empty() { &none } else { bottom }, dx);
            }
        }
    }
}

fn check(
    planes: usize,
    [height, width]: [usize; 2],
    [rows, columns]: [usize; 2],
    small: &[f32],
    large: &[f32],
) {
    assert!(
        rows.div_ceil(2) == height && columns.div_ceil(2) == width,
        "twice the rows and columns, or one less"
    );
    assert_eq!(
        small.len(),
        planes * height * width,
        "the small images are [planes, height, width]"
    );
    assert_eq!(
        large.len(),
        planes * rows * columns,
        "the large images are [planes, rows, columns]"
    );
}

/// Writes each number twice.
#[inline(always)]
fn double(x: &[f32], y: &mut [f32]) {
    let (pairs, rest) = y.as_chunks_mut::<2>();
    match pairs.len() {
        8.. => double_blocks::<8>(x, pairs),
        4..8 => double_blocks::<4>(x, pairs),
        _ => double_blocks::<1>(x, pairs),
    }
    if let ([y], [.., x]) = (rest, x) {
        *y = *x;
    }
}

#[inline(always)]
fn double_blocks<const N: usize>(x: &[f32], pairs: &mut [[f32; 2]]) {
    for start in blocks::<N>(pairs.len()) {
        let x: &[f32; N] = part(x, start);
        *part_mut(pairs, start) = x.map(|x| [x; 2]);
    }
}

/// Writes the sums of two columns of two rows.
#[inline(always)]
fn sum(top: &[f32], bottom: &[f32], dx: &mut [f32]) {
    let ((tops, top), (bottoms, bottom)) = (top.as_chunks::<2>(), bottom.as_chunks::<2>());
    match tops.len() {
        8.. => sum_blocks::<8>(tops, bottoms, dx),
        4..8 => sum_blocks::<4>(tops, bottoms, dx),
        _ => sum_blocks::<1>(tops, bottoms, dx),
    }
    if let ([top], [bottom], [.., dx]) = (top, bottom, dx) {
        *dx = top + bottom;
    }
}

#[inline(always)]
fn sum_blocks<const N: usize>(top: &[[f32; 2]], bottom: &[[f32; 2]], dx: &mut [f32]) {
    for start in blocks::<N>(top.len()) {
        let (top, bottom): (&[[f32; 2]; N], &[[f32; 2]; N]) =
            (part(top, start), part(bottom, start));
        let mut sums = [0.0; N];
        for (sum, ([a, b], [c, d])) in zip(&mut sums, zip(top, bottom)) {
            *sum = (a + b) + (c + d);
        }
        *part_mut(dx, start) = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_becomes_four_or_less() {
        let mut y = [0.0; 9];
        forward(1, [2, 2], [3, 3], &[1.0, 2.0, 3.0, 4.0], &mut y);
        assert_eq!(y, [1.0, 1.0, 2.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4.0]);
        let mut dx = [0.0; 4];
        backward(
            1,
            [2, 2],
            [3, 3],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
            &mut dx,
        );
        assert_eq!(dx, [12.0, 9.0, 15.0, 9.0]);
    }

    #[test]
    fn random_sizes() {
        let mut state = 1_u32;
        let mut random = |end: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % end
        };
        for _ in 0..300 {
            let (planes, rows, columns) = (
                1 + random(20) as usize,
                1 + random(33) as usize,
                1 + random(33) as usize,
            );
            let (height, width) = (rows.div_ceil(2), columns.div_ceil(2));
            let source = |place: usize| {
                let (plane, row, column) = (
                    place / columns / rows,
                    place / columns % rows,
                    place % columns,
                );
                (plane * height + row / 2) * width + column / 2
            };
            let mut numbers = |count: usize| {
                (0..count)
                    .map(|_| random(1000) as f32)
                    .collect::<Vec<f32>>()
            };
            let (x, dy) = (
                numbers(planes * height * width),
                numbers(planes * rows * columns),
            );

            let mut y = vec![f32::NAN; dy.len()];
            forward(planes, [height, width], [rows, columns], &x, &mut y);
            assert!(
                y.iter()
                    .enumerate()
                    .all(|(place, y)| *y == x[source(place)]),
                "{rows} x {columns}"
            );

            let (mut dx, mut expected) = (vec![f32::NAN; x.len()], vec![0.0; x.len()]);
            dy.iter()
                .enumerate()
                .for_each(|(place, dy)| expected[source(place)] += dy);
            backward(planes, [height, width], [rows, columns], &dy, &mut dx);
            assert_eq!(dx, expected, "{rows} x {columns}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let x: Vec<f32> = (0..200 * 210)
            .map(|place| (place * 7919 % 1013) as f32 * 0.37)
            .collect();
        let both = || {
            let (mut y, mut dx) = (vec![0.0; 200 * 783], vec![0.0; x.len()]);
            forward(200, [14, 15], [27, 29], &x, &mut y);
            backward(200, [14, 15], [27, 29], &y, &mut dx);
            (y, dx)
        };
        let (mut serial, parallel) = (None, both());
        // Within work of the threads all work is done by one of them.
        threads::each(vec![&mut serial, &mut None], |result| {
            *result = Some(both())
        });
        assert_eq!(serial, Some(parallel));
    }
}
