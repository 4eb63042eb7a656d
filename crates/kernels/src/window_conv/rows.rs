//! Images with their channels side by side and zeros around them, and the runs of numbers that a window sees of them.

use std::array::from_fn;

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
    // Of one channel there is nothing to turn.
    if rows == 1 && out_stride == 1 || columns == 1 && stride == 1 {
        let count = rows * columns;
        return out[..count].copy_from_slice(&matrix[..count]);
    }
    let whole = rows - rows % ROWS;
    for start in (0..whole).step_by(ROWS) {
        turn_rows(
            &matrix[start * stride..],
            columns,
            stride,
            &mut out[start..],
            out_stride,
        );
    }
    for column in 0..columns {
        for row in whole..rows {
            out[column * out_stride + row] = matrix[row * stride + column];
        }
    }
}

/// Rows that are turned at a time.
const ROWS: usize = 8;

/// Writes the transpose of so many rows.
fn turn_rows(matrix: &[f32], columns: usize, stride: usize, out: &mut [f32], out_stride: usize) {
    let rows: [&[f32]; ROWS] = from_fn(|row| &matrix[row * stride..][..columns]);
    for column in 0..columns {
        let turned: [f32; ROWS] = from_fn(|row| rows[row][column]);
        out[column * out_stride..][..ROWS].copy_from_slice(&turned);
    }
}
