//! Images as a training sees them: shifted, turned, mirrored, with a hole in them, anew each time.
//!
//! Shifts and turns are those of Keras' `ImageDataGenerator` with its defaults `fill_mode="nearest"` and `interpolation_order=1`:
//! angle and shifts uniform within ±range, one affine map about the middle of the image, the value between pixels bilinear, and what
//! would come from outside taken from the nearest pixel of the edge; then the mirror. The hole is that of T. DeVries and G. W. Taylor,
//! *Improved Regularization of Convolutional Neural Networks with Cutout*, 2017.

use rand::{Rng, RngExt};

use crate::Shape;

/// How far images are changed; what is 0 or false changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augment {
    /// The largest shift, as a part of the height and of the width.
    pub shift: f64,
    /// The largest angle of a turn, in degrees.
    pub rotate: f64,
    /// Whether every other image, on average, is mirrored left to right.
    pub flip: bool,
    /// The side of the square that is cut out, in pixels.
    pub cutout: usize,
}

/// What one image becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// Down and to the right, in pixels: the image comes from there, and so moves up and to the left.
    pub shift: [f64; 2],
    /// The angle of the turn, in degrees.
    pub angle: f64,
    /// Whether it is mirrored left to right.
    pub flip: bool,
    /// Row and column of the middle of the square that is cut out, and its side, in pixels.
    pub hole: Option<([usize; 2], usize)>,
}

impl Augment {
    /// A change within these ranges. What is off draws nothing.
    pub fn draw(&self, shape: Shape, rng: &mut impl Rng) -> Change {
        let mut within = |range: f64| match range {
            0.0 => 0.0,
            range => (2.0 * rng.random::<f64>() - 1.0) * range,
        };
        let (height, width) = (shape.height, shape.width);
        let change = Change {
            angle: within(self.rotate),
            shift: [
                within(self.shift) * height as f64,
                within(self.shift) * width as f64,
            ],
            ..Change::default()
        };
        let flip = self.flip && rng.random::<f64>() < 0.5;
        let mut below = |size: usize| (rng.random::<f64>() * size as f64) as usize;
        let hole = (self.cutout > 0).then(|| ([below(height), below(width)], self.cutout));
        Change {
            flip,
            hole,
            ..change
        }
    }
}

impl Change {
    /// Changes an image: `[channels, height, width]`, row by row. `scratch` is room that is used again for the next image.
    ///
    /// # Panics
    /// Where the image has not this shape.
    pub fn apply(&self, shape: Shape, image: &mut [f32], scratch: &mut Vec<f32>) {
        assert_eq!(image.len(), shape.pixels(), "an image of this shape");
        if self.angle != 0.0 || self.shift != [0.0; 2] {
            scratch.clear();
            scratch.extend_from_slice(image);
            self.move_pixels(shape, scratch, image);
        }
        if self.flip {
            image
                .chunks_exact_mut(shape.width)
                .for_each(<[f32]>::reverse);
        }
        if let Some((middle, side)) = self.hole {
            cut_out(shape, image, middle, side);
        }
    }

    /// Turns and shifts `from` into `to`.
    fn move_pixels(&self, shape: Shape, from: &[f32], to: &mut [f32]) {
        let (height, width) = (shape.height, shape.width);
        let area = height * width;
        let (sin, cos) = self.angle.to_radians().sin_cos();
        let middle = [height, width].map(|size| (size as f64 - 1.0) / 2.0);
        for row in 0..height {
            let y = row as f64 - middle[0] + self.shift[0];
            for column in 0..width {
                let x = column as f64 - middle[1] + self.shift[1];
                let rows = Between::of(middle[0] + cos * y - sin * x, height);
                let columns = Between::of(middle[1] + sin * y + cos * x, width);
                let upper = rows.place * width + columns.place;
                let lower = upper + rows.step * width;
                let at = row * width + column;
                let planes = from.chunks_exact(area).zip(to.chunks_exact_mut(area));
                for (from, to) in planes {
                    let above = columns.value(from[upper], from[upper + columns.step]);
                    let below = columns.value(from[lower], from[lower + columns.step]);
                    to[at] = rows.value(above, below);
                }
            }
        }
    }
}

/// A place between two pixels of a line.
#[derive(Clone, Copy)]
struct Between {
    /// The pixel before it.
    place: usize,
    /// How far the next one is: 0 at the end of the line.
    step: usize,
    /// The part of the way to it.
    part: f32,
}

impl Between {
    /// The place at this coordinate, which is brought onto a line of `size` pixels where it lies beside it.
    fn of(coordinate: f64, size: usize) -> Self {
        let last = size - 1;
        let inside = coordinate.clamp(0.0, last as f64);
        let place = inside as usize;
        Self {
            place,
            step: usize::from(place < last),
            part: (inside - place as f64) as f32,
        }
    }

    fn value(self, before: f32, after: f32) -> f32 {
        before + self.part * (after - before)
    }
}

/// Fills a square with the mean colour of the image; what of it lies outside is lost, as in the paper, which has images whose mean is 0.
fn cut_out(shape: Shape, image: &mut [f32], middle: [usize; 2], side: usize) {
    let reach = |middle: usize, size: usize| {
        let start = middle.saturating_sub(side / 2);
        start..(middle + side.div_ceil(2)).min(size)
    };
    let (rows, columns) = (
        reach(middle[0], shape.height),
        reach(middle[1], shape.width),
    );
    let area = shape.height * shape.width;
    for plane in image.chunks_exact_mut(area) {
        let mean = plane.iter().sum::<f32>() / area as f32;
        let lines = plane.chunks_exact_mut(shape.width);
        for line in lines.skip(rows.start).take(rows.len()) {
            line[columns.clone()].fill(mean);
        }
    }
}

#[cfg(test)]
mod tests;
