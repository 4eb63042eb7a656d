//! Transposed convolutions on the CPU: each pixel that comes in is laid over what goes out by all weights of a window, as a convolution lays the
//! gradient at what it gives over its inputs.
//!
//! A transposed convolution is told by the [`Shape`] of the convolution that it turns around, which leads from what goes out here to what comes
//! in. With its rows (n, p), what they see S and its weights W, as in `products`, and rows of channels X of what comes in:
//!
//! ```text
//!   forward   S = X W, whose numbers are added where they were seen: y, without bias and activation
//!   backward  S = what the rows see of dz, dW = Xᵀ S, dX = S Wᵀ
//! ```

use super::products::{Products, Seen, rows, take_rows};
use super::{Shape, Way};
use crate::gemm::{Matrix, Product, multiply_here};

pub struct Transposed<'a> {
    shape: &'a Shape,
    products: Products<'a>,
}

impl<'a> Transposed<'a> {
    pub fn new(shape: &'a Shape, weight: &[f32]) -> Self {
        Self {
            shape,
            products: Products::new(shape, weight),
        }
    }
}

impl Way for Transposed<'_> {
    fn samples(&self) -> usize {
        self.products.samples()
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        let shape = self.shape;
        let mut seen = Seen::any(shape, x.len() / shape.outputs());
        let x = rows(shape, x);
        let x = Matrix::new(&x, seen.rows, shape.outputs);
        multiply_here(Product::new(x, self.products.weight()), &mut seen.numbers);
        seen.add_where_seen(shape, y);
    }

    fn backward(&self, x: &[f32], dz: &[f32], dx: Option<&mut [f32]>, dweight: &mut [f32]) {
        let shape = self.shape;
        let seen = Seen::of(shape, dz);
        let mut x = rows(shape, x);
        let turned = Matrix::new(&x, seen.rows, shape.outputs).transposed();
        multiply_here(Product::new(turned, seen.matrix()), dweight);
        if let Some(dx) = dx {
            // What came in is not needed any more: its gradient takes its place.
            let weight = self.products.weight().transposed();
            multiply_here(Product::new(seen.matrix(), weight), &mut x);
            take_rows(shape, &x, dx);
        }
    }

    fn in_order(&self, weight: &[f32], ordered: &mut [f32]) {
        self.products.in_order(weight, ordered);
    }
}
