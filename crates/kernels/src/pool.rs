//! The maximum of each window of 2 x 2 pixels, on the CPU.

use std::iter::zip;
use std::slice::from_ref;

use pulp::bytemuck::cast_slice;
use pulp::{Simd, WithSimd};

use crate::threads;
use crate::vectors::arch;

/// Numbers that one piece of work reads, about.
const PIECE: usize = 32 << 10;

/// Pooled rows or columns of an image: an odd last one has a window to itself.
pub fn pooled(size: usize) -> usize {
    size.div_ceil(2)
}

/// Writes the greatest number of each window to `y` and where in its window it was to `indices`: 0 and 1 above, 2 and 3 below.
///
/// The first of equal numbers counts, and the last NaN where there is one.
///
/// - `x`: `[planes, height, width]`
/// - `y`, `indices`: `[planes, pooled(height), pooled(width)]`
///
/// # Panics
///
/// Where a slice has another length than that.
pub fn forward(
    planes: usize,
    [height, width]: [usize; 2],
    x: &[f32],
    y: &mut [f32],
    indices: &mut [u8],
) {
    let (image, windows) = check(planes, [height, width], x, y, indices);
    if x.is_empty() {
        return;
    }
    let planes = (PIECE / image).max(1);
    let out = zip(
        y.chunks_mut(planes * windows),
        indices.chunks_mut(planes * windows),
    );
    threads::each(
        zip(x.chunks(planes * image), out).collect(),
        |(x, (y, indices))| {
            arch().dispatch(Forward {
                size: [height, width],
                x,
                y,
                indices,
            });
        },
    );
}

/// Backward pass of [`forward`]: writes each window's gradient to where its greatest number was, and zeros elsewhere.
///
/// - `dy`, `indices`: `[planes, pooled(height), pooled(width)]`
/// - `dx`: `[planes, height, width]`
///
/// # Panics
///
/// Where a slice has another length than that.
pub fn backward(
    planes: usize,
    [height, width]: [usize; 2],
    dy: &[f32],
    indices: &[u8],
    dx: &mut [f32],
) {
    let (image, windows) = check(planes, [height, width], dx, dy, indices);
    if dx.is_empty() {
        return;
    }
    let planes = (PIECE / image).max(1);
    let read = zip(
        dy.chunks(planes * windows),
        indices.chunks(planes * windows),
    );
    threads::each(
        zip(dx.chunks_mut(planes * image), read).collect(),
        |(dx, (dy, indices))| {
            arch().dispatch(Backward {
                size: [height, width],
                dy,
                indices,
                dx,
            });
        },
    );
}

/// Numbers of an image and of what is pooled of it, where all lengths are right.
fn check(
    planes: usize,
    [height, width]: [usize; 2],
    large: &[f32],
    small: &[f32],
    indices: &[u8],
) -> (usize, usize) {
    let (image, windows) = (height * width, pooled(height) * pooled(width));
    assert_eq!(large.len(), planes * image, "x is [planes, height, width]");
    let expected = "y is [planes, pooled height, pooled width]";
    assert_eq!(small.len(), planes * windows, "{expected}");
    assert_eq!(indices.len(), small.len(), "indices are as many as y");
    (image, windows)
}

/// Forward pass of some planes, as [`forward`] has it.
pub(crate) struct Forward<'a> {
    pub(crate) size: [usize; 2],
    pub(crate) x: &'a [f32],
    pub(crate) y: &'a mut [f32],
    pub(crate) indices: &'a mut [u8],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            size: [height, width],
            x,
            y,
            indices,
        } = self;
        let (rows, columns) = (pooled(height), pooled(width));
        // A plane's left and right columns, with what never wins where an odd size has none.
        let mut left = vec![f32::NEG_INFINITY; 2 * rows * columns + S::F32_LANES];
        let mut right = left.clone();
        let planes = zip(
            y.chunks_mut(rows * columns),
            indices.chunks_mut(rows * columns),
        );
        for (x, (y, indices)) in zip(x.chunks(height * width), planes) {
            part_columns(width, x, &mut left, &mut right);
            for row in 0..rows {
                for column in (0..columns).step_by(S::F32_LANES) {
                    let (top, out) = (2 * row * columns + column, row * columns + column);
                    let tops = [load(simd, &left[top..]), load(simd, &right[top..])];
                    let bottoms = [
                        load(simd, &left[top + columns..]),
                        load(simd, &right[top + columns..]),
                    ];
                    let (numbers, places) = greatest(simd, tops, bottoms);
                    write(simd, numbers, places, &mut y[out..], &mut indices[out..]);
                }
            }
        }
    }
}

/// Backward pass of some planes.
struct Backward<'a> {
    size: [usize; 2],
    dy: &'a [f32],
    indices: &'a [u8],
    dx: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            size: [height, width],
            dy,
            indices,
            dx,
        } = self;
        let windows = pooled(height) * pooled(width);
        let planes = zip(dy.chunks(windows), indices.chunks(windows));
        for (dx, (dy, indices)) in zip(dx.chunks_mut(height * width), planes) {
            backward_plane(width, dy, indices, dx);
        }
    }
}

/// Backward pass of one plane, `[height, width]`, as [`backward`] has it.
#[inline(always)]
pub(crate) fn backward_plane(width: usize, dy: &[f32], indices: &[u8], dx: &mut [f32]) {
    let read = zip(dy.chunks(pooled(width)), indices.chunks(pooled(width)));
    for (rows, (dy, indices)) in zip(dx.chunks_mut(2 * width), read) {
        // An odd last row has no other below it.
        let (top, bottom) = rows.split_at_mut(width);
        hand_back::<0>(dy, indices, top);
        hand_back::<2>(dy, indices, bottom);
    }
}

/// Writes every other number of each row to `left`, the others to `right`.
#[inline(always)]
fn part_columns(width: usize, x: &[f32], left: &mut [f32], right: &mut [f32]) {
    // Where rows end with a pair they are one.
    let (row, columns) = if width.is_multiple_of(2) {
        (x.len(), x.len() / 2)
    } else {
        (width, pooled(width))
    };
    for (x, (left, right)) in zip(
        x.chunks(row),
        zip(left.chunks_mut(columns), right.chunks_mut(columns)),
    ) {
        let (pairs, last) = x.as_chunks::<2>();
        for (pair, (left, right)) in zip(pairs, zip(&mut *left, right)) {
            [*left, *right] = *pair;
        }
        if let ([x], [.., left]) = (last, left) {
            *left = *x;
        }
    }
}

/// The greatest number of each window, and where it is.
#[inline(always)]
fn greatest<S: Simd>(simd: S, tops: [S::f32s; 2], bottoms: [S::f32s; 2]) -> (S::f32s, S::u32s) {
    let place = |place| simd.splat_u32s(place);
    let top = later(simd, (tops[0], place(0)), (tops[1], place(1)));
    let bottom = later(simd, (bottoms[0], place(2)), (bottoms[1], place(3)));
    later(simd, top, bottom)
}

/// The second where it is greater or NaN, else the first.
#[inline(always)]
fn later<S: Simd>(
    simd: S,
    first: (S::f32s, S::u32s),
    second: (S::f32s, S::u32s),
) -> (S::f32s, S::u32s) {
    let greater = simd.greater_than_f32s(second.0, first.0);
    let number = simd.equal_f32s(second.0, second.0);
    let later = simd.or_m32s(greater, simd.not_m32s(number));
    (
        simd.select_f32s(later, second.0, first.0),
        simd.select_u32s(later, second.1, first.1),
    )
}

/// Writes a vector of windows, also beyond the end of a row: the next row is written over it.
#[inline(always)]
fn write<S: Simd>(simd: S, numbers: S::f32s, places: S::u32s, y: &mut [f32], indices: &mut [u8]) {
    let places: &[u32] = cast_slice(from_ref(&places));
    for (index, place) in zip(indices, places) {
        *index = *place as u8;
    }
    match S::as_mut_simd_f32s(y).0.first_mut() {
        Some(y) => *y = numbers,
        None => simd.partial_store_f32s(y, numbers),
    }
}

#[inline(always)]
fn load<S: Simd>(_: S, numbers: &[f32]) -> S::f32s {
    S::as_simd_f32s(numbers).0[0]
}

/// Writes one row of pixels, whose windows count from `FIRST` on in it.
#[inline(always)]
fn hand_back<const FIRST: u8>(dy: &[f32], indices: &[u8], row: &mut [f32]) {
    let (pairs, last) = row.as_chunks_mut::<2>();
    match pairs.len() {
        8.. => hand_back_blocks::<FIRST, 8>(dy, indices, pairs),
        4..8 => hand_back_blocks::<FIRST, 4>(dy, indices, pairs),
        _ => hand_back_blocks::<FIRST, 1>(dy, indices, pairs),
    }
    if let ([pixel], [.., dy], [.., index]) = (last, dy, indices) {
        *pixel = if *index == FIRST { *dy } else { 0.0 };
    }
}

#[inline(always)]
fn hand_back_blocks<const FIRST: u8, const N: usize>(
    dy: &[f32],
    indices: &[u8],
    pairs: &mut [[f32; 2]],
) {
    for start in blocks::<N>(pairs.len()) {
        let (dy, indices): (&[f32; N], &[u8; N]) = (part(dy, start), part(indices, start));
        let mut out = [[0.0; 2]; N];
        for (out, (dy, index)) in zip(&mut out, zip(dy, indices)) {
            *out = placed(*dy, u32::from(*index).wrapping_sub(u32::from(FIRST)));
        }
        *part_mut(pairs, start) = out;
    }
}

/// A number at place 0 or 1 of a pair, or at none: as a shift of its bits, which vectors have an instruction for.
#[inline(always)]
fn placed(number: f32, place: u32) -> [f32; 2] {
    let pair = u64::from(number.to_bits()).unbounded_shl(place.saturating_mul(32));
    [
        f32::from_bits(pair as u32),
        f32::from_bits((pair >> 32) as u32),
    ]
}

/// Where blocks of N begin that cover `0..count`: the last lies over the one before it, so that all are whole.
///
/// There must be N at least, or none.
#[inline(always)]
pub(crate) fn blocks<const N: usize>(count: usize) -> impl Iterator<Item = usize> {
    (0..count).step_by(N).map(move |start| start.min(count - N))
}

/// N numbers of a slice.
#[inline(always)]
pub(crate) fn part<T, const N: usize>(slice: &[T], start: usize) -> &[T; N] {
    slice[start..].first_chunk().expect("a block is whole")
}

/// N numbers of a slice, to write.
#[inline(always)]
pub(crate) fn part_mut<T, const N: usize>(slice: &mut [T], start: usize) -> &mut [T; N] {
    slice[start..].first_chunk_mut().expect("a block is whole")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: [usize; 2], x: &[f32], expected_y: &[f32], expected_indices: &[u8]) {
        let (mut y, mut indices) = (vec![0.0; expected_y.len()], vec![9; expected_y.len()]);
        let planes = x.len() / (size[0] * size[1]);
        forward(planes, size, x, &mut y, &mut indices);
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        assert_eq!(bits(&y), bits(expected_y), "{x:?}");
        assert_eq!(indices, expected_indices, "{x:?}");
    }

    #[test]
    fn the_first_of_equals_and_the_last_nan_win() {
        check([2, 2], &[1.0, 1.0, 1.0, 1.0], &[1.0], &[0]);
        check([2, 2], &[0.0, 2.0, 2.0, 1.0], &[2.0], &[1]);
        check([2, 2], &[0.0, 2.0, 3.0, 3.0], &[3.0], &[2]);
        check([2, 2], &[-1.0, -2.0, -3.0, -0.5], &[-0.5], &[3]);
        check([2, 2], &[f32::NAN, 2.0, 3.0, 3.0], &[f32::NAN], &[0]);
        check([2, 2], &[f32::NAN, 2.0, f32::NAN, 3.0], &[f32::NAN], &[2]);
        check(
            [1, 3],
            &[f32::NEG_INFINITY; 3],
            &[f32::NEG_INFINITY; 2],
            &[0, 0],
        );
    }

    #[test]
    fn odd_sizes_end_in_narrow_windows() {
        check(
            [3, 3],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
            &[5.0, 6.0, 8.0, 9.0],
            &[3, 2, 1, 0],
        );
    }

    /// For each window where the first of its greatest pixels is in the image.
    fn winners([height, width]: [usize; 2], image: &[f32]) -> Vec<(usize, u8)> {
        let mut winners = Vec::new();
        for top in (0..height).step_by(2) {
            for left in (0..width).step_by(2) {
                let places =
                    (0..4).map(|place: usize| (top + place / 2, left + place % 2, place as u8));
                let within = places.filter(|(row, column, _)| *row < height && *column < width);
                let found = within.map(|(row, column, place)| (row * width + column, place));
                winners.extend(found.reduce(|best, next| {
                    if image[next.0] > image[best.0] {
                        next
                    } else {
                        best
                    }
                }));
            }
        }
        winners
    }

    #[test]
    fn random_sizes() {
        let mut state = 1_u32;
        let mut random = |end: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % end
        };
        for _ in 0..300 {
            let (planes, size) = (
                1 + random(20) as usize,
                [1 + random(33) as usize, 1 + random(33) as usize],
            );
            let image = size[0] * size[1];
            // Few different numbers, so that many are equal.
            let x: Vec<f32> = (0..planes * image).map(|_| random(10) as f32).collect();
            let winners: Vec<Vec<(usize, u8)>> =
                x.chunks(image).map(|image| winners(size, image)).collect();
            let greatest = zip(x.chunks(image), &winners);
            let y: Vec<f32> = greatest
                .flat_map(|(x, places)| places.iter().map(|place| x[place.0]))
                .collect();
            let indices: Vec<u8> = winners.iter().flatten().map(|winner| winner.1).collect();
            check(size, &x, &y, &indices);

            let dy: Vec<f32> = y.iter().map(|_| random(1000) as f32).collect();
            let (mut dx, mut expected) = (vec![f32::NAN; x.len()], vec![0.0; x.len()]);
            let mut gradients = dy.iter();
            for (dx, winners) in zip(expected.chunks_mut(image), &winners) {
                zip(winners, &mut gradients).for_each(|(winner, dy)| dx[winner.0] = *dy);
            }
            backward(planes, size, &dy, &indices, &mut dx);
            assert_eq!(dx, expected, "{size:?}");
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let x: Vec<f32> = (0..200 * 783)
            .map(|place| (place * 7919 % 1013) as f32)
            .collect();
        let both = || {
            let (mut y, mut indices, mut dx) =
                (vec![0.0; 200 * 210], vec![0; 200 * 210], vec![0.0; x.len()]);
            forward(200, [27, 29], &x, &mut y, &mut indices);
            backward(200, [27, 29], &y, &indices, &mut dx);
            (y, indices, dx)
        };
        let (mut serial, parallel) = (None, both());
        // Within work of the threads all work is done by one of them.
        threads::each(vec![&mut serial, &mut None], |result| {
            *result = Some(both())
        });
        assert_eq!(serial, Some(parallel));
    }
}
