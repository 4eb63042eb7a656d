//! The median filter (Tukey 1971): the classic remedy for salt-and-pepper noise.

/// Each value replaced by the median of the `size` x `size` pixels around it in its channel; past the edge, the edge repeats.
///
/// `picture` is `[channels, height, width]`, and so is the result; `size` is odd, and 1 leaves the picture as it is. Values that
/// are not numbers give medians of no meaning.
///
/// # Panics
///
/// When `size` is even, or `picture` has not `channels * height * width` values.
pub fn median_filter(
    picture: &[f32],
    channels: usize,
    height: usize,
    width: usize,
    size: usize,
) -> Vec<f32> {
    assert!(size % 2 == 1, "a window has a middle");
    assert_eq!(
        picture.len(),
        channels * height * width,
        "the picture's values"
    );
    let mut filtered = Vec::with_capacity(picture.len());
    if picture.is_empty() {
        return filtered;
    }
    for plane in picture.chunks_exact(height * width) {
        let padded = pad(plane, width, size / 2);
        if size == 3 {
            medians_of_nine(&padded, width + 2, &mut filtered);
        } else {
            medians(&padded, width + size - 1, size, &mut filtered);
        }
    }
    filtered
}

/// The plane with `margin` copies of its edge on each side.
fn pad(plane: &[f32], width: usize, margin: usize) -> Vec<f32> {
    let height = plane.len() / width;
    let mut padded = Vec::with_capacity((height + 2 * margin) * (width + 2 * margin));
    for y in 0..height + 2 * margin {
        let row = y.saturating_sub(margin).min(height - 1) * width;
        let row = &plane[row..row + width];
        padded.extend(std::iter::repeat_n(row[0], margin));
        padded.extend_from_slice(row);
        padded.extend(std::iter::repeat_n(row[width - 1], margin));
    }
    padded
}

/// Appends the medians of the windows inside a padded plane, by selection.
fn medians(padded: &[f32], stride: usize, size: usize, filtered: &mut Vec<f32>) {
    let height = padded.len() / stride + 1 - size;
    let mut window = Vec::with_capacity(size * size);
    for start in (0..height).flat_map(|y| y * stride..(y + 1) * stride + 1 - size) {
        window.clear();
        for row in 0..size {
            window.extend_from_slice(&padded[start + row * stride..][..size]);
        }
        let middle = window.len() / 2;
        let (_, median, _) = window.select_nth_unstable_by(middle, f32::total_cmp);
        filtered.push(*median);
    }
}

/// Appends the medians of the 3 x 3 windows inside a padded plane. Where each column of a window is sorted, its median is the
/// median of the largest low, the middle middle and the smallest high (Smith 1996), and neighbours share their columns: all
/// of it is minima and maxima over whole rows, without a branch.
fn medians_of_nine(padded: &[f32], stride: usize, filtered: &mut Vec<f32>) {
    let (mut low, mut middle, mut high) = (vec![0.0; stride], vec![0.0; stride], vec![0.0; stride]);
    for start in (0..padded.len() - 2 * stride).step_by(stride) {
        let row = |i: usize| &padded[start + i * stride..][..stride];
        let (above, here, below) = (row(0), row(1), row(2));
        for x in 0..stride {
            let (small, large) = (here[x].min(below[x]), here[x].max(below[x]));
            low[x] = above[x].min(small);
            middle[x] = above[x].max(small).min(large);
            high[x] = above[x].max(large);
        }
        filtered.extend((0..stride - 2).map(|x| {
            let lowest = low[x].max(low[x + 1]).max(low[x + 2]);
            let centre = median_of_three(middle[x], middle[x + 1], middle[x + 2]);
            let highest = high[x].min(high[x + 1]).min(high[x + 2]);
            median_of_three(lowest, centre, highest)
        }));
    }
}

fn median_of_three(a: f32, b: f32, c: f32) -> f32 {
    a.min(b).max(a.max(b).min(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A image that looks random, of whole numbers: `(i*i*7 + i*13 + 1) % 101`.
    fn picture(values: usize) -> Vec<f32> {
        (0..values)
            .map(|i| ((i * i * 7 + i * 13 + 1) % 101) as f32)
            .collect()
    }

    fn check(size: usize, expected: [f32; 20]) {
        assert_eq!(median_filter(&picture(20), 1, 4, 5, size), expected);
    }

    /// The sum of the medians, each times its place modulo 17, counted from 1.
    fn check_sum([channels, height, width]: [usize; 3], size: usize, expected: f64) {
        let before = picture(channels * height * width);
        let filtered = median_filter(&before, channels, height, width, size);
        let weighted = (1..).zip(&filtered);
        let sum: f64 = weighted
            .map(|(i, value)| f64::from(i % 17) * f64::from(*value))
            .sum();
        assert_eq!(sum, expected);
    }

    /// scipy 1.17.1: `scipy.ndimage.median_filter(plane, size, mode="nearest")`.
    #[test]
    fn medians_of_scipy() {
        check(
            3,
            [
                21., 28., 28., 55., 64., 23., 31., 40., 48., 48., 39., 39., 48., 48., 48., 54.,
                54., 79., 48., 48.,
            ],
        );
        check(
            5,
            [
                23., 23., 39., 54., 55., 28., 31., 40., 48., 54., 39., 40., 48., 48., 48., 54.,
                54., 48., 48., 48.,
            ],
        );
    }

    /// One call on each channel.
    #[test]
    fn channels_of_scipy() {
        check_sum([3, 32, 32], 3, 1_231_707.0);
        check_sum([3, 32, 32], 5, 1_249_805.0);
        check_sum([3, 32, 32], 7, 1_261_191.0);
        check_sum([2, 7, 9], 3, 46_809.0);
        check_sum([2, 7, 9], 5, 45_380.0);
        check_sum([2, 7, 9], 7, 43_866.0);
    }

    #[test]
    fn a_speck_vanishes_and_a_window_of_one_changes_nothing() {
        let mut speck = vec![0.25; 25];
        speck[12] = 1.0;
        assert_eq!(median_filter(&speck, 1, 5, 5, 3), [0.25; 25]);
        assert_eq!(median_filter(&speck, 1, 5, 5, 1), speck);
        assert_eq!(median_filter(&[0.5], 1, 1, 1, 3), [0.5]);
    }
}
