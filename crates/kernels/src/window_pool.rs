//! The maximum of each window of any size, on the CPU. [`pool`](crate::pool) is faster, but knows squares of 2 x 2 pixels alone.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use crate::threads;
use crate::vectors::arch;

/// Numbers that one piece of work reads, about.
const PIECE: usize = 32 << 10;

/// Where no gradient goes: a plane with a NaN.
const NOWHERE: u32 = u32::MAX;

/// Windows over a plane. Places beyond its edges are never the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Rows and columns of a plane.
    pub size: [usize; 2],
    /// Rows and columns of a window.
    pub kernel: [usize; 2],
    /// Pixels by which it moves in both directions, at least 1.
    pub stride: usize,
    /// Places above and before the plane; fewer than the window has.
    pub before: [usize; 2],
    /// Rows and columns of what comes out.
    pub output: [usize; 2],
}

impl Windows {
    fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Numbers that come out of a plane.
    pub(crate) fn count(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Planes of a piece of work.
    fn piece(&self) -> usize {
        (PIECE / self.plane()).max(1)
    }

    fn check(&self, x: &[f32], y: &[f32], places: &[u32]) {
        let planes = x.len() / self.plane().max(1);
        assert_eq!(
            x.len(),
            planes * self.plane(),
            "x is [planes, rows, columns]"
        );
        let expected = "y and places are [planes, rows, columns] of windows";
        assert_eq!(y.len(), planes * self.count(), "{expected}");
        assert_eq!(places.len(), y.len(), "{expected}");
    }
}

/// Writes the greatest number of each window to `y` and its place in its plane to `places`; of equal numbers the first counts. A plane with a NaN
/// becomes NaN throughout: a net that diverged must not look sound.
///
/// - `x`: `[planes, size]`
/// - `y`, `places`: `[planes, output]`
///
/// # Panics
///
/// Where a slice has another length than that.
pub fn forward(windows: &Windows, x: &[f32], y: &mut [f32], places: &mut [u32]) {
    windows.check(x, y, places);
    if y.is_empty() {
        return;
    }
    let planes = windows.piece();
    let out = zip(
        y.chunks_mut(planes * windows.count()),
        places.chunks_mut(planes * windows.count()),
    );
    let pieces = zip(x.chunks(planes * windows.plane()), out);
    threads::each(pieces.collect(), |(x, (y, places))| {
        arch().dispatch(Forward {
            windows,
            x,
            y,
            places,
        });
    });
}

/// Backward pass of [`forward`]: adds the gradient of each window where its greatest number was, and writes zeros elsewhere.
///
/// - `dy`, `places`: `[planes, output]`
/// - `dx`: `[planes, size]`
///
/// # Panics
///
/// Where a slice has another length than that.
pub fn backward(windows: &Windows, dy: &[f32], places: &[u32], dx: &mut [f32]) {
    windows.check(dx, dy, places);
    if dy.is_empty() {
        return dx.fill(0.0);
    }
    let planes = windows.piece();
    let read = zip(
        dy.chunks(planes * windows.count()),
        places.chunks(planes * windows.count()),
    );
    let pieces = zip(read, dx.chunks_mut(planes * windows.plane()));
    threads::each(pieces.collect(), |((dy, places), dx)| {
        dx.fill(0.0);
        let read = zip(dy.chunks(windows.count()), places.chunks(windows.count()));
        for ((dy, places), dx) in zip(read, dx.chunks_mut(windows.plane())) {
            for (dy, place) in zip(dy, places) {
                if let Some(dx) = dx.get_mut(*place as usize) {
                    *dx += dy;
                }
            }
        }
    });
}

/// Forward pass of some planes.
struct Forward<'a> {
    windows: &'a Windows,
    x: &'a [f32],
    y: &'a mut [f32],
    places: &'a mut [u32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let windows = self.windows;
        let out = zip(
            self.y.chunks_mut(windows.count()),
            self.places.chunks_mut(windows.count()),
        );
        for (x, (y, places)) in zip(self.x.chunks(windows.plane()), out) {
            // Branch-free: whole vectors are looked at.
            let is_broken = x
                .iter()
                .fold(false, |broken, value| broken | value.is_nan());
            if is_broken {
                y.fill(f32::NAN);
                places.fill(NOWHERE);
                continue;
            }
            let wide = windows.output[1];
            let rows = zip(y.chunks_mut(wide), places.chunks_mut(wide));
            for (row, (y, places)) in rows.enumerate() {
                row_of_windows(windows, x, row, y, places);
            }
        }
    }
}

/// The maxima of the windows beside each other whose number from above is `row`.
#[inline(always)]
fn row_of_windows(windows: &Windows, x: &[f32], row: usize, y: &mut [f32], places: &mut [u32]) {
    let ([height, width], stride) = (windows.size, windows.stride);
    y.fill(f32::NEG_INFINITY);
    // What is negative infinity throughout has its first place, as any window of equal numbers.
    places.fill(NOWHERE);
    for tap in 0..windows.kernel[0] {
        let Some(from) = (row * stride + tap).checked_sub(windows.before[0]) else {
            continue;
        };
        if from >= height {
            continue;
        }
        let pixels = &x[from * width..][..width];
        for column in 0..windows.kernel[1] {
            // Windows whose pixel in this column lies in the plane.
            let first = windows.before[1].saturating_sub(column).div_ceil(stride);
            let end = (width + windows.before[1]).saturating_sub(column);
            let end = end.div_ceil(stride).min(y.len());
            if first >= end {
                continue;
            }
            let start = first * stride + column - windows.before[1];
            let (y, places) = (&mut y[first..end], &mut places[first..end]);
            let place = (from * width + start) as u32;
            if stride == 1 {
                let pixels = &pixels[start..][..y.len()];
                greater(zip(y, places), pixels.iter(), place, 1);
            } else {
                greater(
                    zip(y, places),
                    pixels[start..].iter().step_by(stride),
                    place,
                    stride as u32,
                );
            }
        }
    }
}

/// Takes each number that is greater than the one before, or the first of its window, and its place.
#[inline(always)]
fn greater<'a>(
    best: impl Iterator<Item = (&'a mut f32, &'a mut u32)>,
    pixels: impl Iterator<Item = &'a f32>,
    mut place: u32,
    step: u32,
) {
    for ((y, at), pixel) in zip(best, pixels) {
        let takes = *pixel > *y || *at == NOWHERE;
        *y = if takes { *pixel } else { *y };
        *at = if takes { place } else { *at };
        place += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    const CASES: [Windows; 6] = [
        windows([13, 13], ([3, 3], 1), [0, 0], [11, 11]),
        windows([13, 12], ([2, 2], 2), [0, 0], [6, 6]),
        windows([5, 5], ([2, 2], 1), [0, 0], [4, 4]),
        // Padded: before less than after, and a window that sees little but beyond the edge.
        windows([6, 7], ([3, 4], 2), [0, 1], [3, 4]),
        windows([1, 9], ([1, 3], 3), [0, 0], [1, 3]),
        windows([4, 4], ([5, 5], 4), [2, 2], [1, 1]),
    ];

    const fn windows(
        size: [usize; 2],
        (kernel, stride): ([usize; 2], usize),
        before: [usize; 2],
        output: [usize; 2],
    ) -> Windows {
        Windows {
            size,
            kernel,
            stride,
            before,
            output,
        }
    }

    /// The greatest number of a window and its place, by looking at each.
    fn greatest(windows: &Windows, x: &[f32], place: usize) -> (f32, u32) {
        let (row, column) = (place / windows.output[1], place % windows.output[1]);
        let mut found = None;
        for tap in 0..windows.kernel[0] * windows.kernel[1] {
            let row = row * windows.stride + tap / windows.kernel[1];
            let column = column * windows.stride + tap % windows.kernel[1];
            let (row, column) = (
                row.wrapping_sub(windows.before[0]),
                column.wrapping_sub(windows.before[1]),
            );
            if row < windows.size[0] && column < windows.size[1] {
                let at = row * windows.size[1] + column;
                if found.is_none_or(|(best, _)| x[at] > best) {
                    found = Some((x[at], at as u32));
                }
            }
        }
        found.expect("every window sees the plane")
    }

    #[test]
    fn maxima_and_gradients_are_those_of_each_window() {
        for windows in &CASES {
            let planes = 3 * windows.piece() + 1;
            // Few different numbers, so that many are equal.
            let mut x = numbers(planes * windows.plane(), 1);
            x.iter_mut().for_each(|x| *x = (*x * 4.0).round());
            x[0] = f32::NEG_INFINITY;
            let mut y = vec![0.0; planes * windows.count()];
            let mut places = vec![0; y.len()];
            forward(windows, &x, &mut y, &mut places);
            let dy = numbers(y.len(), 2);
            let mut expected = vec![0.0; x.len()];
            for at in 0..y.len() {
                let (plane, place) = (at / windows.count(), at % windows.count());
                let of_plane = &x[plane * windows.plane()..][..windows.plane()];
                let (value, from) = greatest(windows, of_plane, place);
                assert_eq!((y[at], places[at]), (value, from), "{windows:?}");
                expected[plane * windows.plane() + from as usize] += dy[at];
            }
            let mut dx = vec![f32::NAN; x.len()];
            backward(windows, &dy, &places, &mut dx);
            assert_eq!(dx, expected, "{windows:?}");
        }
    }

    #[test]
    fn a_plane_with_a_nan_is_nan_and_has_no_gradient() {
        let windows = &CASES[2];
        let mut x = numbers(3 * windows.plane(), 1);
        x[windows.plane() + 7] = f32::NAN;
        let count = windows.count();
        let (mut y, mut places) = (vec![0.0; 3 * count], vec![0; 3 * count]);
        forward(windows, &x, &mut y, &mut places);
        let is_nan = |part: &[f32]| part.iter().filter(|value| value.is_nan()).count();
        assert_eq!(
            [0, 1, 2].map(|plane| is_nan(&y[plane * count..][..count])),
            [0, count, 0]
        );
        let mut dx = vec![f32::NAN; x.len()];
        backward(windows, &vec![1.0; y.len()], &places, &mut dx);
        let sums = dx
            .chunks(windows.plane())
            .map(|plane| plane.iter().sum::<f32>());
        assert_eq!(
            sums.collect::<Vec<f32>>(),
            [count as f32, 0.0, count as f32]
        );
    }
}
