//! Images with their channels side by side and zeros around them, and the runs of numbers that a window sees of them.

use super::Shape;
use crate::turning::turn_between;

/// How an image lies with zeros around it: `[rows, columns, inputs]`.
pub struct Frame {
    inputs: usize,
    /// Where each pixel of the image begins.
    pixels: Vec<usize>,
    /// Rows and columns, with the zeros.
    framed: [usize; 2],
    kernel_rows: usize,
    stride: usize,
    /// Rows and columns of outputs.
    output: [usize; 2],
    /// Numbers that one row of the window sees.
    pub run: usize,
}

impl Frame {
    pub fn new(shape: &Shape) -> Self {
        // As far as the image or the last window reaches.
        let framed = [0, 1].map(|side| {
            let last = (shape.output[side] - 1) * shape.stride + shape.kernel[side];
            last.max(shape.zeros[side] + shape.size[side])
        });
        let [height, width] = shape.size;
        let pixel = |at: usize| {
            let (row, column) = (at / width + shape.zeros[0], at % width + shape.zeros[1]);
            (row * framed[1] + column) * shape.inputs
        };
        Self {
            inputs: shape.inputs,
            pixels: (0..height * width).map(pixel).collect(),
            framed,
            kernel_rows: shape.kernel[0],
            stride: shape.stride,
            output: shape.output,
            run: shape.kernel[1] * shape.inputs,
        }
    }

    /// Numbers of a framed image.
    pub fn len(&self) -> usize {
        self.framed[0] * self.framed[1] * self.inputs
    }

    /// Numbers of an image without the zeros.
    pub fn image(&self) -> usize {
        self.inputs * self.pixels.len()
    }

    /// Numbers of a pixel.
    pub fn channels(&self) -> usize {
        self.inputs
    }

    /// Numbers of a row.
    pub fn row_length(&self) -> usize {
        self.framed[1] * self.inputs
    }

    /// Tells where each run begins: for each output, from left to right and row by row, those of the rows of its window.
    #[inline(always)]
    pub fn each_run(&self, mut each: impl FnMut(usize)) {
        let row = self.row_length();
        let step = self.stride * self.inputs;
        let [rows, columns] = self.output;
        for output_row in 0..rows {
            let first = output_row * self.stride * row;
            for column in 0..columns {
                let first = first + column * step;
                for kernel_row in 0..self.kernel_rows {
                    each(first + kernel_row * row);
                }
            }
        }
    }

    /// Writes an image, `[inputs, rows, columns]`, into its frame.
    pub fn set(&self, image: &[f32], framed: &mut [f32]) {
        let channels = (self.inputs, |channel| channel * self.pixels.len());
        turn_between(image, channels, framed, self.pixels());
    }

    /// Writes the image in its frame as `[inputs, rows, columns]`.
    pub fn take(&self, framed: &[f32], image: &mut [f32]) {
        let channels = (self.inputs, |channel| channel * self.pixels.len());
        turn_between(framed, self.pixels(), image, channels);
    }

    /// How many pixels the image has, and where each begins in the frame.
    fn pixels(&self) -> (usize, impl Fn(usize) -> usize) {
        (self.pixels.len(), |pixel| self.pixels[pixel])
    }
}
