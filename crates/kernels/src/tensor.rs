//! The operations on tensors, whatever their device.

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor, TensorData, activation, module};

use crate::activation::{Activation, LEAK};
use crate::dropout::Rule;
use crate::images::{self, from_rows, into_rows};
use crate::inputs::Inputs;
use crate::random_numbers::{self, Law};
use crate::self_gated::SelfGated;
use crate::window_pool::Windows;
use crate::{buffers, half_precision, sums};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use {
    crate::fused::{Conv, Fused, WindowConv},
    crate::window_conv::{Kind, in_tiles},
    burn::backend::{Dispatch, DispatchTensor, DispatchTensorKind, TensorMetadata},
};

/// Channels, height and width of an image that travels as a row.
pub type Map = [usize; 3];

/// f(x W + b): x `[batch, inputs]`, weight `[inputs, outputs]` and bias `[outputs]` to `[batch, outputs]`.
pub fn linear(
    x: impl Into<Inputs>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Activation,
) -> Tensor<2> {
    let x = x.into();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if let Inputs::Sparse(rows, _) = &x
        && multiplies(&weight.clone().into_dispatch())
    {
        let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
        let of = (rows.clone(), activation);
        return Tensor::from_dispatch(<Dispatch as Fused>::sparse_linear(weight, bias, of));
    }
    let x = x.into_tensor().into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if multiplies(&x) {
        let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
        return Tensor::from_dispatch(<Dispatch as Fused>::linear(x, weight, bias, activation));
    }
    activation.compose(half_precision::product(Tensor::from_dispatch(x), weight) + bias.unsqueeze())
}

/// f(x ∗ weight + bias) of images of `size`, which stays; their edges are padded with zeros. x `[batch, inputs * height * width]`,
/// weight `[outputs, inputs, kernel, kernel]` with an odd kernel and bias `[outputs]` to `[batch, outputs * height * width]`.
pub fn conv(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    size: [usize; 2],
    activation: Activation,
) -> Tensor<2> {
    convolved(x, weight, bias, (size, activation), false)
}

/// The maximum of each window of 2 x 2 pixels of what [`conv`] gives: x `[batch, inputs * height * width]` to
/// `[batch, outputs * ⌈height / 2⌉ * ⌈width / 2⌉]`, without the images in between where the device is the processor.
pub fn pooled_conv(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    size: [usize; 2],
    activation: Activation,
) -> Tensor<2> {
    convolved(x, weight, bias, (size, activation), true)
}

/// A window that slides over images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Rows and columns of the images.
    pub size: [usize; 2],
    /// Pixels by which it moves in both directions, at least 1.
    pub stride: usize,
    /// Zeros before and after the rows and the columns.
    pub zeros: [(usize, usize); 2],
}

impl Sliding {
    /// Rows and columns of what comes out for a window of `kernel`, which fits into an image with its zeros.
    pub fn output(&self, kernel: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|side| {
            let (before, after) = self.zeros[side];
            (before + self.size[side] + after - kernel[side]) / self.stride + 1
        })
    }

    /// Rows and columns that no window reaches, zeros included.
    pub(crate) fn left_out(&self, kernel: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|side| {
            let (before, after) = self.zeros[side];
            (before + self.size[side] + after - kernel[side]) % self.stride
        })
    }
}

/// f(x ∗ weight + bias) with any window: x `[batch, inputs * rows * columns]`, weight `[outputs, inputs, kernel rows, kernel columns]` and bias
/// `[outputs]` to `[batch, outputs * rows' * columns']`.
pub fn window_conv(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    sliding: Sliding,
    activation: Activation,
) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return our_window_conv(x, weight, bias, (sliding, activation, Kind::Plain));
    }
    let [_, inputs, ..] = weight.dims();
    let [rows, columns] = sliding.size;
    let maps = from_rows(Tensor::from_dispatch(x), [inputs, rows, columns]);
    into_rows(images::conv(maps, weight, bias, sliding, activation))
}

/// f(x ∗ weight + bias), where ∗ turns the convolution around that slides so over what comes out; its zeros are alike on both sides. x
/// `[batch, inputs * rows' * columns']` has the size that comes out of that convolution, weight is `[inputs, outputs, kernel rows, kernel columns]`, bias
/// `[outputs]`, to `[batch, outputs * rows * columns]`.
pub fn transposed_conv(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    sliding: Sliding,
    activation: Activation,
) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return our_window_conv(x, weight, bias, (sliding, activation, Kind::Transposed));
    }
    let [inputs, _, rows, columns] = weight.dims();
    let [high, wide] = sliding.output([rows, columns]);
    let maps = from_rows(Tensor::from_dispatch(x), [inputs, high, wide]);
    into_rows(images::transposed_conv(
        maps, weight, bias, sliding, activation,
    ))
}

/// What [`conv`] gives of images of twice as many rows and columns, each of whose pixels is there twice in both directions: x
/// `[batch, inputs * height * width]` to `[batch, outputs * 2 height * 2 width]`, without the larger images where the device is the processor and the
/// channels are such that it pays.
pub fn upsampled_conv(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    [height, width]: [usize; 2],
    activation: Activation,
) -> Tensor<2> {
    let size = [2 * height, 2 * width];
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) && suits_small_images(weight.dims(), size) {
        let [_, _, kernel, _] = weight.dims();
        let how = (keeping(size, kernel), activation, Kind::Upsampled);
        return our_window_conv(x, weight, bias, how);
    }
    let [_, inputs, ..] = weight.dims();
    let raised = upsample(Tensor::from_dispatch(x), [inputs, height, width], size);
    conv(raised, weight, bias, size, activation)
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn our_window_conv(
    x: DispatchTensor,
    weight: Tensor<4>,
    bias: Tensor<1>,
    (sliding, activation, kind): (Sliding, Activation, Kind),
) -> Tensor<2> {
    let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
    let conv = WindowConv {
        sliding,
        activation,
        kind,
    };
    Tensor::from_dispatch(<Dispatch as Fused>::window_conv(x, weight, bias, conv))
}

/// A square window of odd side that moves by one pixel and keeps the size.
fn keeping(size: [usize; 2], kernel: usize) -> Sliding {
    Sliding {
        size,
        stride: 1,
        zeros: [(kernel / 2, kernel / 2); 2],
    }
}

fn convolved(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    (size, activation): ([usize; 2], Activation),
    pooled: bool,
) -> Tensor<2> {
    let [_, inputs, kernel, _] = weight.dims();
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        let [outputs, ..] = weight.dims();
        if suits_products([inputs, outputs], kernel, size) {
            let how = (keeping(size, kernel), activation, Kind::Plain);
            let y = our_window_conv(x, weight, bias, how);
            return match pooled {
                true => max_pool(y, [outputs, size[0], size[1]]),
                false => y,
            };
        }
        let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
        let conv = Conv {
            size,
            activation,
            pooled,
        };
        return Tensor::from_dispatch(<Dispatch as Fused>::conv(x, weight, bias, conv));
    }
    let maps = from_rows(Tensor::from_dispatch(x), [inputs, size[0], size[1]]);
    let sliding = keeping(size, kernel);
    let y = images::conv(maps, weight, bias, sliding, activation); // [batch, height, width, outputs]
    into_rows(match pooled {
        true => images::max_pool(y),
        false => y,
    })
}

/// Whether a convolution that keeps the size is faster by products: in tiles, of 32x32 pixels and 32 channels three fifths of the time, of 14x14 and 256 four
/// ninths; else of small images with many channels, whose shifts are short, and where there are so many weights that they fill the cache
/// (`cargo bench --bench kernels --features flex -- window`).
#[cfg(any(feature = "flex", feature = "ndarray"))]
fn suits_products(channels: [usize; 2], kernel: usize, [rows, columns]: [usize; 2]) -> bool {
    let [inputs, outputs] = channels;
    in_tiles(channels, [kernel; 2], 1)
        || inputs.min(outputs) >= 64 && (rows * columns <= 64 || inputs * outputs >= 1 << 15)
}

/// Whether a convolution behind an upsampling is faster by sums over the small images: there are enough inputs that the products are worth the shifts, and
/// the large images do not go by tiles, which take as few products.
#[cfg(any(feature = "flex", feature = "ndarray"))]
fn suits_small_images([outputs, inputs, kernel, _]: [usize; 4], size: [usize; 2]) -> bool {
    inputs >= 4 && !suits_products([inputs, outputs], kernel, size)
}

/// The maximum of each window of 2 x 2 pixels: `[batch, channels * height * width]` to
/// `[batch, channels * ⌈height / 2⌉ * ⌈width / 2⌉]`.
pub fn max_pool(x: Tensor<2>, map: Map) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return Tensor::from_dispatch(<Dispatch as Fused>::max_pool(x, map));
    }
    into_rows(images::max_pool(from_rows(Tensor::from_dispatch(x), map)))
}

/// The maximum of each window: `[batch, channels * rows * columns]` to `[batch, channels * rows' * columns']`.
///
/// A plane with a NaN in it becomes NaN throughout: backends differ in whether a maximum passes over it, and a net that diverged must not
/// look sound on one of them.
pub fn max_pool_of_windows(x: Tensor<2>, windows: Windows) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return Tensor::from_dispatch(<Dispatch as Fused>::window_pool(x, windows));
    }
    let x: Tensor<2> = Tensor::from_dispatch(x);
    let ([_, values], [rows, columns]) = (x.dims(), windows.size);
    let maps = from_rows(x, [values / (rows * columns), rows, columns]);
    into_rows(images::max_pool_of_windows(maps, windows))
}

/// Numbers of `x` `[batch, values]` dropped by a rule, and the others divided by the share that is kept, where they lie in this process's memory and are
/// 32-bit floats; else what `otherwise` makes of them, and no rule is asked for.
pub fn dropped(
    x: Tensor<2>,
    rule: impl FnOnce() -> Rule,
    otherwise: impl FnOnce(Tensor<2>) -> Tensor<2>,
) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return Tensor::from_dispatch(<Dispatch as Fused>::dropout(x, rule()));
    }
    #[cfg(not(any(feature = "flex", feature = "ndarray")))]
    let _ = rule;
    otherwise(Tensor::from_dispatch(x))
}

/// Random numbers of the form of `like` by a seed, where that lies in this process's memory and is of 32-bit floats; else none, and no seed is
/// asked for.
pub fn random(like: &Tensor<2>, law: Law, seed: impl FnOnce() -> [u32; 2]) -> Option<Tensor<2>> {
    let device = like.device();
    if device.is_autodiff() || !in_memory(&device) || like.dtype() != DType::F32 {
        return None;
    }
    let shape = like.dims();
    let mut numbers = buffers::take(shape[0] * shape[1]);
    random_numbers::fill(law, seed(), &mut numbers);
    Some(Tensor::from_data(TensorData::new(numbers, shape), &device))
}

/// f(a), element by element.
pub fn self_gated<const D: usize>(a: Tensor<D>, gated: SelfGated) -> Tensor<D> {
    let a = a.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&a) {
        return Tensor::from_dispatch(<Dispatch as Fused>::self_gated(a, gated));
    }
    let a: Tensor<D> = Tensor::from_dispatch(a);
    match gated {
        // Burn's own has, on every backend but flex, the gradient of the tanh approximation.
        SelfGated::Gelu => a.clone() * normal_cdf(a),
        SelfGated::Silu => activation::silu(a),
    }
}

/// Φ(a) = ½(1 + erf(a / √2)), in Burn's own operations.
pub fn normal_cdf<const D: usize>(a: Tensor<D>) -> Tensor<D> {
    let erf = a.mul_scalar(std::f64::consts::FRAC_1_SQRT_2).erf();
    erf.add_scalar(1.0).mul_scalar(0.5)
}

/// Each pixel twice in both directions, up to `size`, which is twice that of `map` or one less: `[batch, channels * height * width]`
/// to `[batch, channels * size]`.
pub fn upsample(x: Tensor<2>, map: Map, size: [usize; 2]) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return Tensor::from_dispatch(<Dispatch as Fused>::upsample(x, map, size));
    }
    into_rows(images::upsample(
        from_rows(Tensor::from_dispatch(x), map),
        size,
    ))
}

/// γ (x - μ) / √(σ² + ε) + β, where μ and σ² are the mean and the biased variance of each channel over the batch: x
/// `[batch, channels * area]`, gamma and beta `[channels]`, to y `[batch, channels * area]`, the mean `[channels]` and the variance
/// `[channels]`. Gradients go through y alone, and count that the mean and the variance depend on x.
pub fn batch_norm(
    x: Tensor<2>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> (Tensor<2>, Tensor<1>, Tensor<1>) {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        let (gamma, beta) = (gamma.into_dispatch(), beta.into_dispatch());
        let (y, mean, variance) = <Dispatch as Fused>::batch_norm(x, gamma, beta, epsilon);
        return (
            Tensor::from_dispatch(y),
            Tensor::from_dispatch(mean),
            Tensor::from_dispatch(variance),
        );
    }
    composed_batch_norm(Tensor::from_dispatch(x), gamma, beta, epsilon)
}

/// γ (x - μ) / √(σ² + ε) + β with a given mean μ and variance σ²: x `[batch, channels * area]`, the others `[channels]`, to
/// `[batch, channels * area]`.
pub fn batch_norm_inference(
    x: Tensor<2>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Tensor<2> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return Tensor::from_dispatch(<Dispatch as Fused>::batch_norm_inference(
            x,
            mean.into_dispatch(),
            variance.into_dispatch(),
            gamma.into_dispatch(),
            beta.into_dispatch(),
            epsilon,
        ));
    }
    let x: Tensor<2> = Tensor::from_dispatch(x);
    let ([batch, values], [channels]) = (x.dims(), gamma.dims());
    let maps = x.reshape([batch, channels, values / channels]);
    module::batch_norm(maps, gamma, beta, mean, variance, epsilon).flatten(1, 2)
}

/// Means are taken in two stages: one running sum of a whole batch in f32 loses digits, and software renderers cut it short.
fn composed_batch_norm(
    x: Tensor<2>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> (Tensor<2>, Tensor<1>, Tensor<1>) {
    let ([batch, values], [channels]) = (x.dims(), gamma.dims());
    let (area, count) = (values / channels, batch * (values / channels));
    let first = first_stage(count);
    let by_channel = x.reshape([batch, channels, area]).swap_dims(0, 1).reshape([
        channels,
        count / first,
        first,
    ]);
    let average = |of: Tensor<3>| {
        let first_means = of.mean_dim(2).reshape([channels, count / first]);
        let sums = sums::row_sums(first_means).div_scalar((count / first) as f64);
        sums.reshape([channels, 1, 1])
    };
    let mean = average(by_channel.clone()); // [channels, 1, 1]
    let apart = by_channel - mean.clone(); // [channels, count / first, first]
    let variance = average(apart.clone().square()); // [channels, 1, 1]
    let scale = gamma.reshape([channels, 1, 1]) / variance.clone().add_scalar(epsilon).sqrt();
    let y = apart * scale + beta.reshape([channels, 1, 1]); // [channels, count / first, first]
    let y = y
        .reshape([channels, batch, area])
        .swap_dims(0, 1)
        .reshape([batch, values]);
    let told = |of: Tensor<3>| of.reshape([channels]).detach();
    (y, told(mean), told(variance))
}

/// The greatest divisor of a count that is no more than its root: parts of it, all alike, make two short sums of a long one.
fn first_stage(count: usize) -> usize {
    let root = count.isqrt();
    (1..=root)
        .rev()
        .find(|part| count.is_multiple_of(*part))
        .unwrap_or(1)
}

/// -Σ t ln σ(z) + (1-t) ln(1-σ(z)) in nats, summed over each row of logits z and targets t, `[batch, width]` both, mean over the
/// rows: `[1]`. Gradients reach the logits alone.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let logits = logits.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&logits) {
        return Tensor::from_dispatch(<Dispatch as Fused>::cross_entropy(
            logits,
            targets.into_dispatch(),
        ));
    }
    let logits: Tensor<2> = Tensor::from_dispatch(logits);
    // References are recorded operation by operation.
    if logits.dtype() == DType::F64 || !logits.device().is_autodiff() {
        return sums::mean(sums::row_sums(nats(logits, targets)));
    }
    let (here, targets) = (logits.clone().detach(), targets.detach());
    let value = sums::mean(sums::row_sums(nats(here.clone(), targets.clone())));
    let [rows, _] = here.dims();
    let slope = (activation::sigmoid(here) - targets).div_scalar(rows as f64);
    value + zeros_with_slope(slope, logits).sum()
}

/// max(z, 0) - z t + ln(1 + e^-|z|), without overflow: `[batch, width]`.
///
/// The maximum is written ½(z + |z|): with a rectifier, whose slope at 0 is 0, the gradient of undecided logits, which blank
/// images have at the start, would be -t and not ½ - t. The sum goes in two stages, because one running sum of a whole batch in
/// f32 is off in the fifth digit.
fn nats(z: Tensor<2>, t: Tensor<2>) -> Tensor<2> {
    let size = z.clone().abs();
    z * (-t + 0.5) + size.clone().mul_scalar(0.5) + (-size).exp().log1p()
}

/// Zeros whose derivatives by the numbers of `x` are `slope`, each by its own. Added to a value whose gradient is known it is one recorded product, where
/// the operations of the value would be as many again on the way back, each a launch on a graphics card.
pub fn zeros_with_slope<const D: usize>(slope: Tensor<D>, x: Tensor<D>) -> Tensor<D> {
    slope.detach() * (x.clone() - x.detach())
}

/// Σ x² over all numbers: `[rows, width]` to `[1]`.
pub fn sum_of_squares(x: Tensor<2>) -> Tensor<1> {
    let x = x.into_dispatch();
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if is_ours(&x) {
        return Tensor::from_dispatch(<Dispatch as Fused>::sum_of_squares(x));
    }
    let x: Tensor<2> = Tensor::from_dispatch(x);
    sums::sum(sums::row_sums(x.square()))
}

/// Whether own code multiplies what lies in a dense layer: it knows products in single precision alone.
#[cfg(any(feature = "flex", feature = "ndarray"))]
fn multiplies(tensor: &DispatchTensor) -> bool {
    is_ours(tensor) && !half_precision::is_on()
}

/// Whether own code can work on a tensor: its numbers lie in memory, in single precision.
#[cfg(any(feature = "flex", feature = "ndarray"))]
fn is_ours(tensor: &DispatchTensor) -> bool {
    fn lies_here(kind: &DispatchTensorKind) -> bool {
        match kind {
            #[cfg(feature = "flex")]
            DispatchTensorKind::Flex(_) => true,
            #[cfg(feature = "ndarray")]
            DispatchTensorKind::NdArray(_) => true,
            DispatchTensorKind::Autodiff(inner) => lies_here(inner),
            #[allow(unreachable_patterns, reason = "there are others in builds with a GPU")]
            _ => false,
        }
    }
    lies_here(&tensor.kind) && tensor.dtype() == DType::F32
}

/// Whether own code works on the numbers of tensors on this device: they lie in this process's memory.
pub fn in_memory(device: &Device) -> bool {
    fn holds(device: &DispatchDevice) -> bool {
        match device {
            #[cfg(feature = "flex")]
            DispatchDevice::Flex(_) => true,
            #[cfg(feature = "ndarray")]
            DispatchDevice::NdArray(_) => true,
            DispatchDevice::Autodiff(device) => holds(device),
            #[allow(unreachable_patterns, reason = "there are others in builds with a GPU")]
            _ => false,
        }
    }
    holds(device.as_dispatch())
}

impl Activation {
    /// f(a), element by element, in Burn's own operations: for every device, and differentiable twice.
    pub fn compose<const D: usize>(self, a: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Linear => a,
            Self::Relu => activation::relu(a),
            // Burn's own has slope 1 at 0.
            Self::LeakyRelu => {
                let on = a.zeros_like().mask_fill(a.clone().greater_scalar(0.0), 1.0);
                a * on.mul_scalar(1.0 - f64::from(LEAK)).add_scalar(LEAK)
            }
            // The exponential sees only a <= 0: Burn's own overflows for a > 88 and its gradient is then NaN.
            Self::Elu => activation::relu(a.clone()) + a.clamp_max(0.0).exp().sub_scalar(1.0),
            Self::Tanh => activation::tanh(a),
            Self::Sigmoid => activation::sigmoid(a),
        }
    }
}
