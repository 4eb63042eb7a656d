//! The gradient at a parameter. That at a large weight is kept as the two factors whose product it is: an optimiser multiplies them part by part, and
//! uses each part while it lies in a cache, so that the whole is never written to memory and read again.

use std::ops::Range;

use crate::buffers;
use crate::gemm::{Matrix, Product, multiply, multiply_here};
use crate::linear::Shape;

/// The gradient at a parameter, in one of two forms.
#[derive(Clone, Debug)]
pub enum ParameterGradient {
    /// A number for each of the parameter.
    Numbers(Vec<f32>),
    /// A product that is not worked out yet.
    Factors(Factors),
}

/// xᵀ da `[inputs, outputs]`, of what came to a layer `[batch, inputs]` and the gradient before its activation `[batch, outputs]`.
#[derive(Clone, Debug)]
pub struct Factors {
    shape: Shape,
    x: Vec<f32>,
    da: Vec<f32>,
}

/// Weights of a gradient that is kept as factors: many times what a cache of one core holds.
const LARGE: usize = 1 << 20;
/// Rows of a part: a product with fewer than 65 sums in another order.
const ROWS: usize = 128;

impl ParameterGradient {
    /// How many numbers it has.
    #[allow(clippy::len_without_is_empty, reason = "no parameter is empty")]
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Factors(factors) => factors.len(),
        }
    }

    /// Its numbers.
    pub fn into_numbers(self) -> Vec<f32> {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Factors(factors) => {
                let [numbers] = multiply([factors.product(0..factors.shape.inputs)]);
                factors.give();
                numbers
            }
        }
    }

    /// Keeps its memory for the next.
    pub fn give(self) {
        match self {
            Self::Numbers(numbers) => buffers::give(numbers),
            Self::Factors(factors) => factors.give(),
        }
    }
}

impl Factors {
    /// The factors x `[batch, inputs]` and da `[batch, outputs]` of the gradient at the weight of a layer of this shape.
    ///
    /// # Panics
    ///
    /// Where there are more or fewer numbers.
    pub fn new(shape: Shape, x: Vec<f32>, da: Vec<f32>) -> Self {
        assert_eq!(x.len(), shape.batch * shape.inputs, "a row of x a sample");
        assert_eq!(
            da.len(),
            shape.batch * shape.outputs,
            "a row of da a sample"
        );
        Self { shape, x, da }
    }

    /// Whether a layer of this shape has a gradient that is better kept so.
    pub(crate) fn suit(shape: Shape) -> bool {
        let Shape {
            batch,
            inputs,
            outputs,
        } = shape;
        inputs.min(outputs) > ROWS
            && inputs * outputs >= LARGE
            && 4 * batch * (inputs + outputs) < inputs * outputs
    }

    /// How many numbers the product has.
    pub(crate) fn len(&self) -> usize {
        self.shape.inputs * self.shape.outputs
    }

    /// The rows of each part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (rows, parts) = (self.shape.inputs, (self.shape.inputs / ROWS).max(1));
        (0..parts).map(move |part| part * rows / parts..(part + 1) * rows / parts)
    }

    /// How many numbers some rows have.
    pub(crate) fn len_of(&self, rows: &Range<usize>) -> usize {
        rows.len() * self.shape.outputs
    }

    /// The numbers of some rows, by this thread.
    pub(crate) fn part(&self, rows: Range<usize>, out: &mut [f32]) {
        multiply_here(self.product(rows), out);
    }

    /// The product that makes some rows.
    fn product(&self, rows: Range<usize>) -> Product<'_> {
        let Shape {
            batch,
            inputs,
            outputs,
        } = self.shape;
        let x = Matrix::new(&self.x, batch, inputs).columns(rows);
        Product::new(x.transposed(), Matrix::new(&self.da, batch, outputs))
    }

    fn give(self) {
        buffers::give(self.x);
        buffers::give(self.da);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer_step::Step;
    use crate::testing::numbers;

    #[test]
    fn a_step_down_factors_is_that_down_their_product_to_the_bit() {
        for (batch, inputs, outputs) in [(32, 1030, 1024), (3, 129, 130), (7, 300, 200)] {
            let shape = Shape {
                batch,
                inputs,
                outputs,
            };
            let factors = Factors::new(
                shape,
                numbers(batch * inputs, 1),
                numbers(batch * outputs, 2),
            );
            let whole = ParameterGradient::Factors(factors.clone()).into_numbers();
            let step = Step::Adam {
                rate: 1e-2,
                betas: [0.9, 0.99],
                bias: 1.0,
                epsilon: 1e-8,
                shrink: 0.9,
            };
            let after = |by_factors: bool| {
                let mut weights = numbers(inputs * outputs, 3);
                let mut moments = [4, 5].map(|seed| numbers(inputs * outputs, seed));
                moments[1].iter_mut().for_each(|v| *v = v.abs());
                let [m, v] = moments.each_mut().map(|of| &mut of[..]);
                match by_factors {
                    true => step.apply_product(&mut weights, &factors, 0.5, [m, v]),
                    false => step.apply(&mut weights, &whole, 0.5, [m, v]),
                }
                (weights, moments)
            };
            assert!(after(true) == after(false), "{batch} {inputs} {outputs}");
        }
    }
}
