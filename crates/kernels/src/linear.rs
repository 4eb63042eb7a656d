//! A fully connected layer with its bias and activation: y = f(x W + b).

use crate::activation::Activation;
use crate::buffers;
use crate::gemm::{Matrix, Product, add, multiply};
use crate::row_products::rows_by_rows;
use crate::sparse_rows::SparseRows;
use crate::threads;
use crate::turning::turn;

/// Sizes of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of x and y.
    pub batch: usize,
    /// Columns of x.
    pub inputs: usize,
    /// Columns of y.
    pub outputs: usize,
}

impl Shape {
    /// Whether the gradient at x is faster by [`rows_by_rows`]: with 8 samples a seventh, with 32 less than half and with 128 nine tenths of the time of
    /// `gemm` and of turning the weights for it, with 512 as much (`cargo bench --bench kernels --features flex -- way_back`). Short rows have too few
    /// vectors for their sums.
    fn suits_rows(self) -> bool {
        self.batch <= 256 && self.outputs >= 128 && self.inputs >= 4
    }
}

/// Gradients of a layer: what the backward pass makes of the gradient at y.
#[derive(Debug)]
pub struct Gradients {
    /// `[batch, inputs]`, where it was asked for.
    pub x: Option<Vec<f32>>,
    /// `[inputs, outputs]`
    pub weight: Vec<f32>,
    /// `[outputs]`
    pub bias: Vec<f32>,
}

/// Rows whose bias gradients are summed together; fixed, so that sums are the same on any number of threads.
const ROWS: usize = 16;
/// Sums of such rows that are added in single precision.
const GROUP: usize = 1024;
/// Numbers that are not worth a second thread.
const FEW: usize = 1 << 14;
/// Side of the squares that are turned: a line of the cache.
const TILE: usize = 16;

/// y `[batch, outputs]` of x `[batch, inputs]`, weight `[inputs, outputs]` and bias `[outputs]`, and the rows of x for
/// [`backward`] where all of them are mostly zeros.
///
/// # Panics
///
/// Where a slice has another length.
pub fn forward(
    shape: Shape,
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    activation: Activation,
) -> (Vec<f32>, Option<SparseRows>) {
    let Shape {
        inputs, outputs, ..
    } = shape;
    let Some(rows) = SparseRows::of(x, inputs) else {
        return (dense(shape, x, (weight, bias), activation), None);
    };
    if rows.all() {
        let y = sparse_forward(shape, &rows, (weight, bias), activation);
        return (y, Some(rows));
    }
    // All rows, not the dense ones alone: how many there are would change the order of their sums.
    let mut y = dense(shape, x, (weight, bias), activation);
    rows.multiply(outputs, (weight, bias), activation, &mut y);
    (y, None)
}

fn dense(
    shape: Shape,
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    activation: Activation,
) -> Vec<f32> {
    let Shape {
        batch,
        inputs,
        outputs,
    } = shape;
    let (left, right) = (
        Matrix::new(x, batch, inputs),
        Matrix::new(weight, inputs, outputs),
    );
    let [y] = multiply([Product {
        left,
        right,
        bias: Some(bias),
        activation,
    }]);
    y
}

/// Backward pass of [`forward`]: the gradients, given `dy` `[batch, outputs]` at y, which becomes the gradient before the activation.
/// The gradient at x is worked out only where `with_x`. `sparse` is what the forward pass found of x.
///
/// # Panics
///
/// Where a slice has another length.
pub fn backward(
    shape: Shape,
    (x, weight): (&[f32], &[f32]),
    sparse: Option<&SparseRows>,
    (y, activation): (&[f32], Activation),
    dy: &mut [f32],
    with_x: bool,
) -> Gradients {
    let Shape {
        batch,
        inputs,
        outputs,
    } = shape;
    let weights = Matrix::new(weight, inputs, outputs);
    if let Some(rows) = sparse {
        let found = sparse_backward(shape, rows, (y, activation), dy);
        let da = Matrix::new(dy, batch, outputs);
        let x = with_x.then(|| multiply([Product::new(da, weights.transposed())]));
        return Gradients {
            x: x.map(|[x]| x),
            ..found
        };
    }
    let bias = before_activation(shape, y, activation, dy);
    let da = Matrix::new(dy, batch, outputs);
    let for_weight = Product::new(Matrix::new(x, batch, inputs).transposed(), da);
    if with_x && shape.suits_rows() {
        let [weight_gradient] = multiply([for_weight]);
        return Gradients {
            x: Some(rows_by_rows(dy, weight, outputs)),
            weight: weight_gradient,
            bias,
        };
    }
    let turned = (with_x && batch >= TILE && inputs * outputs >= FEW).then(|| turned(weights));
    let for_x = match &turned {
        Some(turned) => Product::new(da, Matrix::new(turned, outputs, inputs)),
        None => Product::new(da, weights.transposed()),
    };
    let (weight, x) = if with_x {
        let [weight, x] = multiply([for_weight, for_x]);
        (weight, Some(x))
    } else {
        let [weight] = multiply([for_weight]);
        (weight, None)
    };
    turned.into_iter().for_each(buffers::give);
    Gradients { x, weight, bias }
}

/// [`backward`] but for the gradient at the weight, xᵀ `dy` of what `dy` has become: the gradients at the bias, and at x where `with_x`.
///
/// # Panics
///
/// Where a slice has another length.
pub(crate) fn backward_around_weight(
    shape: Shape,
    weight: &[f32],
    (y, activation): (&[f32], Activation),
    dy: &mut [f32],
    with_x: bool,
) -> (Vec<f32>, Option<Vec<f32>>) {
    let bias = before_activation(shape, y, activation, dy);
    let x = with_x.then(|| {
        if shape.suits_rows() {
            return rows_by_rows(dy, weight, shape.outputs);
        }
        let weights = Matrix::new(weight, shape.inputs, shape.outputs);
        let da = Matrix::new(dy, shape.batch, shape.outputs);
        let turned = turned(weights);
        let rows = Matrix::new(&turned, shape.outputs, shape.inputs);
        let [x] = multiply([Product::new(da, rows)]);
        buffers::give(turned);
        x
    });
    (bias, x)
}

/// [`forward`] of rows all of which are sparse: y `[batch, outputs]`.
///
/// # Panics
///
/// Where a slice has another length.
pub fn sparse_forward(
    shape: Shape,
    rows: &SparseRows,
    (weight, bias): (&[f32], &[f32]),
    activation: Activation,
) -> Vec<f32> {
    let Shape {
        batch,
        inputs,
        outputs,
    } = shape;
    assert_eq!(
        weight.len(),
        inputs * outputs,
        "a matrix of {inputs} x {outputs}"
    );
    let mut y = buffers::take(batch * outputs);
    rows.multiply(outputs, (weight, bias), activation, &mut y);
    y
}

/// Backward pass of [`sparse_forward`], as [`backward`], without the gradient at x.
///
/// # Panics
///
/// Where a slice has another length.
pub fn sparse_backward(
    shape: Shape,
    rows: &SparseRows,
    (y, activation): (&[f32], Activation),
    dy: &mut [f32],
) -> Gradients {
    let bias = before_activation(shape, y, activation, dy);
    let mut weight = buffers::take(shape.inputs * shape.outputs);
    rows.weight_gradient(shape, dy, &mut weight);
    Gradients {
        x: None,
        weight,
        bias,
    }
}

/// The transpose of a matrix whose rows lie one after the other, as numbers. A product with rows for columns would take every part of its own to
/// do this, number by number, and where rows are a power of two apart each number is a miss of the cache.
fn turned(matrix: Matrix<'_>) -> Vec<f32> {
    let (rows, columns, values) = matrix.whole();
    let mut turned = buffers::take(values.len());
    // Some columns of the matrix, which are rows of what comes out.
    let parts = turned.chunks_mut(TILE * rows).enumerate().collect();
    threads::each(parts, |(part, out): (usize, &mut [f32])| {
        let some = (rows, out.len() / rows);
        turn(&values[part * TILE..], some, columns, out, rows);
    });
    turned
}

/// Makes the gradient at y the one before the activation, and sums it over the batch: `[outputs]`.
fn before_activation(shape: Shape, y: &[f32], activation: Activation, dy: &mut [f32]) -> Vec<f32> {
    let Shape { batch, outputs, .. } = shape;
    let (chunk, small) = (ROWS * outputs, dy.len() < FEW);
    let mut sums = vec![0.0; batch.div_ceil(ROWS) * outputs];
    let parts = dy
        .chunks_mut(chunk)
        .enumerate()
        .zip(sums.chunks_mut(outputs));
    let work = |((index, dy), sum): ((usize, &mut [f32]), &mut [f32])| {
        if activation != Activation::Linear {
            activation.multiply_slope(dy, &y[index * chunk..][..dy.len()]);
        }
        dy.chunks(outputs).for_each(|row| add(sum, row));
    };
    if small {
        parts.for_each(work);
    } else {
        threads::each(parts.collect(), work);
    }
    // A running sum of more than these would lose digits: their sums are put together in double precision.
    let mut bias = vec![0.0_f64; outputs];
    for group in sums.chunks(GROUP * outputs) {
        let mut together = vec![0.0; outputs];
        group
            .chunks(outputs)
            .for_each(|sum| add(&mut together, sum));
        let pairs = bias.iter_mut().zip(together);
        pairs.for_each(|(sum, next)| *sum += f64::from(next));
    }
    bias.into_iter().map(|sum| sum as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// Σ y · dy, whose gradients are what `backward` gives.
    fn objective(
        shape: Shape,
        x: &[f32],
        parameters: (&[f32], &[f32]),
        activation: Activation,
        dy: &[f32],
    ) -> f64 {
        let (y, _) = forward(shape, x, parameters, activation);
        y.iter()
            .zip(dy)
            .map(|(y, dy)| f64::from(*y) * f64::from(*dy))
            .sum()
    }

    /// A running sum in single precision ends 0.6 % off.
    #[test]
    fn the_bias_of_ten_million_rows_has_the_gradient_of_double_precision() {
        let batch = 10_000_000;
        let shape = Shape {
            batch,
            inputs: 1,
            outputs: 1,
        };
        let expected = f64::from(0.1_f32) * batch as f64;
        let found = before_activation(shape, &[], Activation::Linear, &mut vec![0.1; batch]);
        let apart = (f64::from(found[0]) / expected - 1.0).abs();
        assert!(apart < 2e-5, "{found:?}, expected {expected}");
    }

    #[test]
    fn a_turned_matrix_has_rows_for_columns() {
        for (rows, columns) in [(1, 1), (64, 1024), (37, 50), (50, 16)] {
            let values = numbers(rows * columns, 1);
            let turned = turned(Matrix::new(&values, rows, columns));
            let exact = |at: usize| values[at % rows * columns + at / rows];
            assert!(turned.iter().enumerate().all(|(at, x)| *x == exact(at)));
        }
    }

    #[test]
    fn gradients_are_finite_differences() {
        let sizes = [(5, 7, 3), (40, 9, 11), (1, 1, 1), (20, 130, 131)];
        for (batch, inputs, outputs) in sizes {
            let shape = Shape {
                batch,
                inputs,
                outputs,
            };
            let x = numbers(batch * inputs, 1);
            let (weight, bias) = (numbers(inputs * outputs, 2), numbers(outputs, 3));
            let dy = numbers(batch * outputs, 4);
            for activation in [
                Activation::Linear,
                Activation::Tanh,
                Activation::Sigmoid,
                Activation::Elu,
            ] {
                let (y, sparse) = forward(shape, &x, (&weight, &bias), activation);
                let found = backward(
                    shape,
                    (&x, &weight),
                    sparse.as_ref(),
                    (&y, activation),
                    &mut dy.clone(),
                    true,
                );
                let dx = found.x.expect("asked for");
                let cases = [
                    (&x, &dx, 0),
                    (&weight, &found.weight, 1),
                    (&bias, &found.bias, 2),
                ];
                for (values, gradient, which) in cases {
                    let at = values.len() / 2;
                    let moved = |by: f32| {
                        let mut values = values.clone();
                        values[at] += by;
                        let pick = |own, other| if own == which { &values } else { other };
                        objective(
                            shape,
                            pick(0, &x),
                            (pick(1, &weight), pick(2, &bias)),
                            activation,
                            &dy,
                        )
                    };
                    let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                    assert!(
                        (f64::from(gradient[at]) - difference).abs()
                            < 2e-3 * (1.0 + difference.abs())
                    );
                }
            }
        }
    }
}
