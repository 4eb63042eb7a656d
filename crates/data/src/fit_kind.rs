//! How an image of one shape becomes one of another height and width.

use std::str::FromStr;

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};
use serde::{Deserialize, Serialize};

/// How images are brought to a height and width that they do not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitKind {
    /// The middle is cut out, as large as the wanted form allows: nothing is distorted, the ends of the longer side are lost.
    Crop,
    /// The whole image is there, between black bars.
    Pad,
    /// Height and width change each for itself: all is there, distorted.
    #[default]
    Stretch,
}

/// A part of an image: its first row and column, its height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    top: usize,
    left: usize,
    size: [usize; 2],
}

impl FitKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Crop, Self::Pad, Self::Stretch];

    /// The name of the kind: `crop`, `pad`, `stretch`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crop => "crop",
            Self::Pad => "pad",
            Self::Stretch => "stretch",
        }
    }

    /// Brings a plane of pixels to another height and width.
    pub(crate) fn resized(self, plane: &[u8], from: [usize; 2], to: [usize; 2]) -> Vec<u8> {
        match self {
            Self::Stretch => resize(plane, from, to),
            Self::Crop => {
                let window = Window::within(from, to);
                resize(&window.cut(plane, from[1]), window.size, to)
            }
            Self::Pad => {
                let window = Window::within(to, from);
                window.paste(&resize(plane, from, window.size), to)
            }
        }
    }
}

impl FromStr for FitKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join("`, `");
            format!("`{text}`: expected one of `{names}`")
        })
    }
}

impl Window {
    /// The largest part in the middle of `outer` that has the form of `form`, to the nearest pixel.
    fn within(outer: [usize; 2], form: [usize; 2]) -> Self {
        let [height, width] = outer;
        // Whole numbers: no size is beyond 16,384, no product beyond 64 bits.
        let rounded = |side: usize, times: usize, by: usize| ((side * times + by / 2) / by).max(1);
        let size = [
            rounded(width, form[0], form[1]).min(height),
            rounded(height, form[1], form[0]).min(width),
        ];
        Self {
            top: (height - size[0]) / 2,
            left: (width - size[1]) / 2,
            size,
        }
    }

    /// This part of a plane with rows of `width` pixels.
    fn cut(self, plane: &[u8], width: usize) -> Vec<u8> {
        let rows = plane.chunks(width).skip(self.top).take(self.size[0]);
        let rows = rows.flat_map(|row| &row[self.left..self.left + self.size[1]]);
        rows.copied().collect()
    }

    /// A plane of `size` that is black but for this part, which these pixels fill.
    fn paste(self, pixels: &[u8], size: [usize; 2]) -> Vec<u8> {
        let mut plane = vec![0; size[0] * size[1]];
        let rows = plane.chunks_mut(size[1]).skip(self.top);
        for (row, from) in rows.zip(pixels.chunks(self.size[1])) {
            row[self.left..self.left + self.size[1]].copy_from_slice(from);
        }
        plane
    }
}

/// Brings a plane to another height and width by cubic interpolation (Catmull-Rom), averaged over as many pixels as fall into one: what
/// Pillow calls `BICUBIC`, its default.
fn resize(plane: &[u8], from: [usize; 2], to: [usize; 2]) -> Vec<u8> {
    if from == to {
        return plane.to_vec();
    }
    let [height, width] = from.map(|side| side as u32);
    let plane: ImageBuffer<Luma<u8>, &[u8]> =
        ImageBuffer::from_raw(width, height, plane).expect("a plane is height times width");
    let [height, width] = to.map(|side| side as u32);
    imageops::resize(&plane, width, height, FilterType::CatmullRom).into_raw()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white square of 8x8 in the middle of a black image.
    fn square(size: [usize; 2]) -> Vec<u8> {
        let middle = Window {
            top: size[0] / 2 - 4,
            left: size[1] / 2 - 4,
            size: [8, 8],
        };
        middle.paste(&[255; 64], size)
    }

    /// Height and width of what is rather white than black.
    fn white(plane: &[u8], width: usize) -> [usize; 2] {
        let lit = |pixel: &u8| *pixel > 127;
        let rows = plane.chunks(width);
        let height = rows.clone().filter(|row| row.iter().any(lit)).count();
        let columns = (0..width).filter(|&x| rows.clone().any(|row| lit(&row[x])));
        [height, columns.count()]
    }

    fn check(fit: FitKind, from: [usize; 2], to: [usize; 2], expected: [usize; 2]) {
        let fitted = fit.resized(&square(from), from, to);
        assert_eq!(fitted.len(), to[0] * to[1]);
        assert_eq!(white(&fitted, to[1]), expected, "{fit:?} {from:?} {to:?}");
    }

    #[test]
    fn a_square_stays_a_square_unless_it_is_stretched() {
        // Sizes by which the ends of the square fall between two pixels.
        for from in [[24, 48], [48, 24]] {
            check(FitKind::Crop, from, [12, 12], [4, 4]);
            check(FitKind::Pad, from, [12, 12], [2, 2]);
        }
        check(FitKind::Stretch, [20, 40], [10, 10], [4, 2]);
        check(FitKind::Stretch, [40, 20], [10, 10], [2, 4]);
        check(FitKind::Crop, [20, 40], [40, 20], [16, 16]);
        check(FitKind::Pad, [16, 16], [32, 48], [16, 16]);
    }

    #[test]
    fn cropping_keeps_the_middle_and_padding_all() {
        let rows = [[1, 2, 3, 4], [5, 6, 7, 8]];
        let plane = rows.as_flattened();
        assert_eq!(FitKind::Crop.resized(plane, [2, 4], [2, 2]), [2, 3, 6, 7]);
        let padded = FitKind::Pad.resized(plane, [2, 4], [4, 4]);
        assert_eq!(padded[..4], [0; 4]);
        assert_eq!(padded[4..12], *plane);
        assert_eq!(padded[12..], [0; 4]);
    }

    #[test]
    fn the_thinnest_image_keeps_a_pixel() {
        assert_eq!(FitKind::Crop.resized(&[9; 64], [1, 64], [4, 4]), [9; 16]);
        let padded = FitKind::Pad.resized(&[9; 64], [1, 64], [4, 4]);
        assert_eq!(padded.iter().filter(|pixel| **pixel == 9).count(), 4);
    }

    #[test]
    fn a_size_that_is_there_already_changes_nothing() {
        let plane: Vec<u8> = (0..12).collect();
        for fit in FitKind::ALL {
            assert_eq!(fit.resized(&plane, [3, 4], [3, 4]), plane, "{fit:?}");
        }
    }
}
