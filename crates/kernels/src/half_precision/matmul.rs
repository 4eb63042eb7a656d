//! The product as Burn sees it, with a backward pass of its own.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Scalar, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, Tensor};

/// What the magnitudes of a gradient that are added up come to at most, which its scale is chosen by: a quarter of what 16 bits hold, for inputs of about 1.
const LARGEST_SUM: f64 = 16_384.0;
/// What a gradient of nothing but zeros is taken to reach.
const LEAST: f32 = 1e-30;

/// x W, both rounded to 16 bits, in 32: `[batch, inputs]` and `[inputs, outputs]` to `[batch, outputs]`.
pub(super) fn half(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(<Dispatch as HalfMatmul>::half_matmul(x, weight))
}

/// Products whose operands have 16 bits.
#[backend_extension(
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Flex: cfg(feature = "flex"),
    Autodiff
)]
pub(crate) trait HalfMatmul: Backend {
    /// x W.
    fn half_matmul(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let product = Self::float_matmul(lowered::<Self>(x), lowered::<Self>(weight));
        raised::<Self>(product)
    }
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl HalfMatmul for burn::backend::Cube {}
#[cfg(feature = "flex")]
impl HalfMatmul for burn::backend::Flex {}

impl<B: Backend, C: CheckpointStrategy> HalfMatmul for Autodiff<B, C> {
    fn half_matmul(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let x = lowered::<B>(x.into_primitive());
        let weight = lowered::<B>(weight.into_primitive());
        let y = raised::<B>(B::float_matmul(x.clone(), weight.clone()));
        match Back.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish([x, weight], y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

fn lowered<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_cast(tensor, FloatDType::F16)
}

fn raised<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    B::float_cast(tensor, FloatDType::F32)
}

/// The largest magnitude of a gradient: `[batch, outputs]` to `[1, 1]`.
fn largest<B: Backend>(dy: &FloatTensor<B>) -> FloatTensor<B> {
    // In two stages: one long search is for one group of a graphics card's threads.
    let of_rows = B::float_max_abs_dim(dy.clone(), 1); // [batch, 1]
    let largest = B::float_max_dim(of_rows, 0); // [1, 1]
    B::float_clamp_min(largest, Scalar::from(LEAST))
}

#[derive(Debug)]
struct Back;

impl<B: Backend> Backward<B, 2> for Back {
    /// x and the weights, in 16 bits.
    type State = [FloatTensor<B>; 2];

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight] = ops.parents.map(|node| node.map(|node| node.id));
        let [x, weight] = ops.state;
        let dy = grads.consume::<B>(&ops.node); // [batch, outputs]
        // As many numbers as there are rows are added up at each weight.
        let reach = (LARGEST_SUM / dy.shape()[0] as f64).min(1.0);
        let unit = B::float_div_scalar(largest::<B>(&dy), Scalar::from(reach)); // [1, 1]
        let scaled = lowered::<B>(B::float_div(dy, unit.clone()));
        let full = |gradient| B::float_mul(raised::<B>(gradient), unit.clone());
        if let Some(node) = for_x {
            let dx = B::float_matmul(scaled.clone(), B::float_transpose(weight));
            grads.register::<B>(node, full(dx));
        }
        if let Some(node) = for_weight {
            let dw = B::float_matmul(B::float_transpose(x), scaled);
            grads.register::<B>(node, full(dw));
        }
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::half_precision::within;
    use crate::testing::numbers;
    use crate::{Activation, linear};

    /// What comes out of a layer, and the gradients at x and at the weights of its product with fixed numbers, which are `scale` large.
    fn found(scale: f64, half: bool) -> [Vec<f32>; 3] {
        let device = Device::flex().autodiff();
        let leaf = |shape: [usize; 2], seed| {
            let data = TensorData::new(numbers(shape[0] * shape[1], seed), shape);
            Tensor::<2>::from_data(data, &device).require_grad()
        };
        let (x, weight) = (leaf([7, 12], 1), leaf([12, 5], 2));
        let y = within(half, || {
            let bias = Tensor::ones([5], &device);
            linear(x.clone(), weight.clone(), bias, Activation::Tanh)
        });
        let gradients = (y.clone() * leaf([7, 5], 3).mul_scalar(scale))
            .sum()
            .backward();
        let of = |leaf: &Tensor<2>| leaf.grad(&gradients).expect("it is a leaf").into_data();
        [y.into_data(), of(&x), of(&weight)].map(|data| data.iter::<f32>().collect())
    }

    /// The largest difference of two results, in parts of the largest number.
    fn apart(one: &[f32], other: &[f32]) -> f32 {
        assert_eq!(one.len(), other.len());
        let magnitudes = other.iter().map(|value| value.abs());
        let differences = one
            .iter()
            .zip(other)
            .map(|(one, other)| (one - other).abs());
        differences.fold(0.0_f32, f32::max) / magnitudes.fold(0.0_f32, f32::max)
    }

    /// Eleven bits of a number are left: were nothing rounded, the results would be the same.
    #[test]
    fn a_layer_and_its_gradients_are_those_of_single_precision_to_the_rounding() {
        for (half, single) in found(1.0, true).iter().zip(&found(1.0, false)) {
            let apart = apart(half, single);
            assert!(apart > 1e-6 && apart < 2e-3, "{apart}");
        }
    }

    /// 16 bits end at 6e-8 and 65,504.
    #[test]
    fn gradients_far_below_and_above_what_16_bits_hold_are_as_good() {
        for scale in [1e-12, 1e9] {
            for (half, single) in found(scale, true).iter().zip(&found(scale, false)) {
                let apart = apart(half, single);
                assert!(apart < 2e-3, "{apart}");
            }
        }
    }

    #[test]
    fn a_gradient_of_zeros_stays_zero_and_one_that_is_lost_stays_lost() {
        let [_, x, weight] = found(0.0, true);
        assert!(x.iter().chain(&weight).all(|value| *value == 0.0));
        let [_, x, _] = found(f64::INFINITY, true);
        assert!(x.iter().any(|value| !value.is_finite()));
    }

    /// A running sum in 16 bits takes in no more halves when it has come to 2,048.
    #[test]
    fn sums_have_more_than_16_bits() {
        const TERMS: usize = 8192;
        let device = Device::flex();
        let x = Tensor::<2>::ones([2, TERMS], &device);
        let weight = Tensor::<2>::ones([TERMS, 3], &device).mul_scalar(0.5);
        let y = half(x, weight).into_data();
        assert!(y.iter::<f32>().all(|sum| sum == 4096.0), "{y}");
    }
}
