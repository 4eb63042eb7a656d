//! Operations on images in Burn's own, `[batch, rows, columns, channels]`: for devices on which own code does not work.
//!
//! So they lie there: Burn's kernels take and give images whose channels are together, whatever the order of the sides, and what works on every number
//! by itself, an activation or its way back, keeps that order only where it is that of the sides. From one of these operations to the next nothing is
//! copied; each turn into rows of planes is a copy, and another one on the way back.

use burn::tensor::Tensor;
use burn::tensor::module::{conv_transpose2d, conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{
    ConvOptions, ConvTransposeOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions,
};

use crate::activation::Activation;
use crate::tensor::{Map, Sliding};
use crate::window_pool::Windows;

/// Rows as images: `[batch, channels * rows * columns]` to `[batch, rows, columns, channels]`.
pub fn from_rows(x: Tensor<2>, [channels, rows, columns]: Map) -> Tensor<4> {
    let [batch, _] = x.dims();
    match channels {
        // Nothing moves, and so that this is seen the planes are not turned.
        1 => x.reshape([batch, rows, columns, 1]),
        _ => channels_last(x.reshape([batch, channels, rows, columns])),
    }
}

/// Images as rows: `[batch, rows, columns, channels]` to `[batch, channels * rows * columns]`.
pub fn into_rows(y: Tensor<4>) -> Tensor<2> {
    let [_, _, _, channels] = y.dims();
    match channels {
        1 => y.flatten(1, 3),
        _ => channels_first(y).flatten(1, 3),
    }
}

/// The order of the sides that Burn's operations take, `[batch, channels, rows, columns]`: nothing is copied.
fn channels_first(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 3, 1, 2])
}

/// And back.
fn channels_last(x: Tensor<4>) -> Tensor<4> {
    x.permute([0, 2, 3, 1])
}

/// f(a + bias), a number for each channel: `[batch, rows, columns, channels]` to the same.
///
/// Burn's convolutions add it as well, but their way back copies the gradient into planes to sum it up. Pixels are rows here, whose sum needs no copy, and
/// what comes behind on every number by itself is one kernel with the addition where the device fuses.
fn activated(a: Tensor<4>, bias: Tensor<1>, activation: Activation) -> Tensor<4> {
    let [batch, rows, columns, channels] = a.dims();
    let pixels = a.reshape([batch * rows * columns, channels]) + bias.unsqueeze();
    let y = activation.compose(pixels);
    y.reshape([batch, rows, columns, channels])
}

/// What [`window_conv`](crate::window_conv()) gives: x `[batch, rows, columns, inputs]` to `[batch, rows', columns', outputs]`.
pub fn conv(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    sliding: Sliding,
    activation: Activation,
) -> Tensor<4> {
    let stride = [sliding.stride; 2];
    let options = ConvOptions::new_with_padding(stride, sliding.zeros, [1, 1], 1);
    let a = conv2d(channels_first(x), weight, None, options);
    activated(channels_last(a), bias, activation)
}

/// What [`transposed_conv`](crate::transposed_conv()) gives: x `[batch, rows', columns', inputs]` to `[batch, rows, columns, outputs]`.
pub fn transposed_conv(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    sliding: Sliding,
    activation: Activation,
) -> Tensor<4> {
    let [_, _, rows, columns] = weight.dims();
    let zeros = sliding.zeros.map(|(before, _)| before);
    let options = ConvTransposeOptions::new(
        [sliding.stride; 2],
        zeros,
        sliding.left_out([rows, columns]),
        [1, 1],
        1,
    );
    let a = conv_transpose2d(channels_first(x), weight, None, options);
    activated(channels_last(a), bias, activation)
}

/// What [`max_pool`](crate::max_pool()) gives: `[batch, rows, columns, channels]` to `[batch, ⌈rows / 2⌉, ⌈columns / 2⌉, channels]`.
pub fn max_pool(x: Tensor<4>) -> Tensor<4> {
    let options = MaxPoolOptions::new([2, 2])
        .with_stride([2, 2])
        .with_ceil_mode(true);
    channels_last(max_pool2d(channels_first(x), options))
}

/// What [`max_pool_of_windows`](crate::max_pool_of_windows()) gives: `[batch, rows, columns, channels]` to `[batch, rows', columns', channels]`.
pub fn max_pool_of_windows(x: Tensor<4>, windows: Windows) -> Tensor<4> {
    let broken = x.clone().detach().sum_dims(&[1, 2]).is_nan(); // [batch, 1, 1, channels]
    let around = [0, 1].map(|side| {
        let end = (windows.output[side] - 1) * windows.stride + windows.kernel[side];
        let before = windows.before[side];
        (before, end.saturating_sub(before + windows.size[side]))
    });
    let options = MaxPoolOptions::new(windows.kernel)
        .with_stride([windows.stride; 2])
        .with_padding_pairs(around);
    let y = channels_last(max_pool2d(channels_first(x), options)); // [batch, rows', columns', channels]
    let broken = broken.expand(y.dims());
    y.mask_fill(broken, f32::NAN)
}

/// What [`upsample`](crate::upsample()) gives: `[batch, rows, columns, channels]` to `[batch, rows', columns', channels]`.
pub fn upsample(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let options = InterpolateOptions::new(InterpolateMode::Nearest).with_output_size(size);
    channels_last(interpolate(channels_first(x), options))
}
