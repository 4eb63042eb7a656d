//! Images with their channels side by side and zeros around them, and the runs of numbers that a window sees of them.

use super::Shape;

/// How an image lies with zeros around it: `[rows, columns, inputs]`.
pub struct Frame {
    inputs: usize,
    /// Rows and columns of the image.
    size: [usize; 2],
    /// Zeros above and before it.
    zeros: [usize; 2],
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
        Self {
            inputs: shape.inputs,
            size: shape.size,
            zeros: shape.zeros,
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
        self.inputs * self.size[0] * self.size[1]
    }

    /// Numbers of a pixel.
    pub fn channels(&self) -> usize {
        self.inputs
    }

    /// Numbers of a row.
    pub fn row_length(&self) -> usize {
        self.framed[1] * self.inputs
    }

    /// Where each run begins: for each output, from left to right and row by row, those of the rows of its window.
    pub fn runs(&self) -> impl Iterator<Item = usize> {
        let row = self.row_length();
        let step = self.stride * self.inputs;
        let [rows, columns] = self.output;
        let first = (0..rows).map(move |at| at * self.stride * row);
        first.flat_map(move |first| {
            let first = (0..columns).map(move |at| first + at * step);
            first.flat_map(move |first| (0..self.kernel_rows).map(move |at| first + at * row))
        })
    }

    /// Where a row of the image begins in the frame.
    fn row(&self, row: usize) -> usize {
        ((row + self.zeros[0]) * self.framed[1] + self.zeros[1]) * self.inputs
    }

    /// Writes an image, `[inputs, rows, columns]`, into its frame.
    pub fn set(&self, image: &[f32], framed: &mut [f32]) {
        let [rows, columns] = self.size;
        for row in 0..rows {
            let (image, framed) = (&image[row * columns..], &mut framed[self.row(row)..]);
            turn(
                image,
                (self.inputs, columns),
                rows * columns,
                framed,
                self.inputs,
            );
        }
    }

    /// Writes the image in its frame as `[inputs, rows, columns]`.
    pub fn take(&self, framed: &[f32], image: &mut [f32]) {
        let [rows, columns] = self.size;
        for row in 0..rows {
            let (framed, image) = (&framed[self.row(row)..], &mut image[row * columns..]);
            turn(
                framed,
                (columns, self.inputs),
                self.inputs,
                image,
                rows * columns,
            );
        }
    }
}

/// Writes the transpose of a matrix whose rows are `stride` apart, its rows `out_stride` apart.
pub fn turn(
    matrix: &[f32],
    (rows, columns): (usize, usize),
    stride: usize,
    out: &mut [f32],
    out_stride: usize,
) {
    /// Rows at a time: what is written of them is a line of the cache.
    const ROWS: usize = 16;
    for start in (0..rows).step_by(ROWS) {
        let count = ROWS.min(rows - start);
        for column in 0..columns {
            let out = &mut out[column * out_stride + start..][..count];
            for (row, out) in out.iter_mut().enumerate() {
                *out = matrix[(start + row) * stride + column];
            }
        }
    }
}
