//! What a device makes of sums that are known, before it is trusted with a training.
//!
//! A driver may compute wrong without an error: Mesa's software Vulkan 22.3.6 gives each invocation of a shader 65,535 rounds of all
//! its loops together and drops the rest, so that a long sum is short of its last values and a training goes wrong in silence. So a graphics
//! adapter counts the rounds of a loop (`device_loops`), and each device computes, when a process opens it for the first time, long sums in a row and in a column, the loss of wide rows, a batch
//! normalisation with its gradients and the gradient of a dense layer over a long batch. All of it is held against the host, in double
//! precision.
//!
//! On the processor run Burn's and Espejo's own loops, which no driver compiles: what could be wrong there is a kernel for one width of
//! vectors, and batches of a small part of the size show that in a few milliseconds.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{Device, Tensor, TensorData};
use espejo_kernels::{Activation as Fused, batch_norm, half_precision, linear};
use espejo_nets::{Activation, Criterion};

/// A result that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// What was computed, e.g. `a sum of 131072 values in a column`.
    pub what: String,
    pub expected: f64,
    /// What came out; none where the device gave up.
    pub found: Option<f64>,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, expected, .. } = self;
        match self.found {
            Some(found) => write!(to, "{what} is {found}, expected {expected}"),
            None => write!(to, "{what} ends in a failure of the driver"),
        }
    }
}

/// How large the probe is.
#[derive(Clone, Copy)]
struct Sizes {
    /// Values of a long sum.
    long: usize,
    /// Sums beside each other: from about a hundred on, a backend has one invocation for each.
    beside: usize,
    /// Values of a wide row: those of an image of 256 x 256 pixels in three colours.
    wide: usize,
    /// Samples of the batch normalisation, of 8 channels of 28 x 28 pixels.
    batch: usize,
}

const GRAPHICS: Sizes = Sizes {
    // Twice the rounds that Mesa gives; with those beside, 80 MiB, which each device holds in one tensor.
    long: 1 << 17,
    beside: 160,
    wide: 196_608,
    batch: 512,
};
const PROCESSOR: Sizes = Sizes {
    long: 20_000,
    beside: 4,
    wide: 20_000,
    batch: 8,
};

/// Something known that a device computes.
type Check = fn(&Device, Sizes) -> Result<(), Fault>;

/// Part of a result that it may be off by: sums in single precision, in any order.
const TOLERANCE: f64 = 1e-4;

/// What was found of the devices of this process, by name.
static PROBED: Mutex<Vec<(String, Option<Fault>)>> = Mutex::new(Vec::new());

/// Probes a device, unless this process has probed one of this name.
pub(crate) fn once(name: &str, probe: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    let mut probed = PROBED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = probed.iter().find(|(other, _)| other == name);
    let fault = match known {
        Some((_, fault)) => fault.clone(),
        None => {
            let fault = probe().err();
            probed.push((name.to_owned(), fault.clone()));
            fault
        }
    };
    fault.map_or(Ok(()), Err)
}

/// Has a graphics adapter go through a long loop, without Burn.
///
/// # Errors
///
/// Where it ends early.
#[cfg(feature = "wgpu")]
pub(crate) fn loops(adapter: &burn::tensor::wgpu::wgpu::Adapter) -> Result<(), Fault> {
    use crate::device_loops::{ROUNDS, rounds};
    match rounds(adapter) {
        Some(done) if done != ROUNDS => Err(Fault {
            what: "the number of rounds of a loop in a shader".to_owned(),
            expected: f64::from(ROUNDS),
            found: Some(f64::from(done)),
        }),
        // One that gives no answer fails with Burn, which says why.
        _ => Ok(()),
    }
}

/// Computes what is known on a device.
///
/// # Errors
///
/// The first result that is wrong.
pub(crate) fn probe(device: &Device) -> Result<(), Fault> {
    let sizes = match espejo_kernels::in_memory(device) {
        true => PROCESSOR,
        false => GRAPHICS,
    };
    let checks: [Check; 5] = [
        row_sum,
        column_sum,
        wide_loss,
        normalised_batch,
        dense_gradient,
    ];
    unless_it_panics("a first computation", || {
        checks
            .into_iter()
            .try_for_each(|check| check(device, sizes))
    })
}

/// Has a device with floats of 16 bits compute a dense layer in half precision.
///
/// # Errors
///
/// Where it adds up in 16 bits as well.
pub(crate) fn probe_half_precision(device: &Device) -> Result<(), Fault> {
    unless_it_panics("a product of 16 bits", || half_sum(device))
}

/// A driver that cannot compile a kernel makes Burn panic.
fn unless_it_panics(what: &str, check: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).unwrap_or_else(|_| {
        Err(Fault {
            what: what.to_owned(),
            expected: f64::NAN,
            found: None,
        })
    })
}

/// Eighths from 0 to 1½: so many of them as are summed here have an exact sum in single precision, in any order.
fn eighths(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 7 % 13) as f32 / 8.0).collect()
}

fn sum(values: &[f32]) -> f64 {
    values.iter().copied().map(f64::from).sum()
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn read<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

/// Holds what a device found against what is known, number by number; `one` is a number that they are compared with at least.
fn hold(what: &str, found: &[f64], expected: &[f64], one: f64) -> Result<(), Fault> {
    for (place, expected) in expected.iter().enumerate() {
        let found = found.get(place).copied().unwrap_or(f64::NAN);
        let is_near = (found - expected).abs() <= TOLERANCE * expected.abs().max(one);
        // NaN is near nothing.
        if !is_near {
            return Err(Fault {
                what: what.to_owned(),
                expected: *expected,
                found: Some(found),
            });
        }
    }
    Ok(())
}

/// Rows beside each other, each of which one invocation may sum, as Burn does it.
fn row_sum(device: &Device, sizes: Sizes) -> Result<(), Fault> {
    let Sizes { long, beside, .. } = sizes;
    let values = eighths(long);
    let expected = vec![sum(&values); beside];
    let row = tensor(values, [1, long], device);
    let found = read(row.expand([beside, long]).mul_scalar(1.0).sum_dim(1));
    let what = format!("a sum of {long} values in a row");
    hold(&what, &found, &expected, 1.0)
}

/// Columns beside each other, as Burn sums them.
fn column_sum(device: &Device, sizes: Sizes) -> Result<(), Fault> {
    let Sizes { long, beside, .. } = sizes;
    let values = eighths(long);
    let expected = vec![sum(&values); beside];
    let column = tensor(values, [long, 1], device);
    let found = read(column.expand([long, beside]).mul_scalar(1.0).sum_dim(0));
    let what = format!("a sum of {long} values in a column");
    hold(&what, &found, &expected, 1.0)
}

/// A long sum of halves in a dense layer: one in 16 bits takes in no more of them when it has come to 2,048.
fn half_sum(device: &Device) -> Result<(), Fault> {
    const TERMS: usize = 8192;
    const BESIDE: usize = 32;
    let x = Tensor::<2>::ones([BESIDE, TERMS], device);
    let halves = Tensor::<2>::ones([TERMS, BESIDE], device).mul_scalar(0.5);
    let none = Tensor::zeros([BESIDE], device);
    let sums = half_precision::within(true, || linear(x, halves, none, Fused::Linear));
    let expected = vec![TERMS as f64 / 2.0; BESIDE * BESIDE];
    let what = format!("a sum of {TERMS} products of 16 bits");
    hold(&what, &read(sums), &expected, 1.0)
}

/// The loss of wide rows, as a training has it: the squared error, half of it, of outputs that are 0.
fn wide_loss(device: &Device, sizes: Sizes) -> Result<(), Fault> {
    let values = eighths(sizes.wide);
    let squares = values.iter().map(|value| f64::from(*value).powi(2));
    let expected = [0.5 * squares.sum::<f64>(); 2];
    let target = tensor(values, [1, sizes.wide], device).expand([2, sizes.wide]);
    let loss = Criterion::Mse.per_sample(target.zeros_like(), target, Activation::Linear);
    let what = format!("a loss of rows of {} values", sizes.wide);
    hold(&what, &read(loss), &expected, 1.0)
}

/// Mean, variance and the gradients at γ and β of a batch normalisation.
fn normalised_batch(device: &Device, sizes: Sizes) -> Result<(), Fault> {
    const CHANNELS: usize = 8;
    const AREA: usize = 28 * 28;
    const EPSILON: f64 = 1e-5;
    let (batch, count) = (sizes.batch, sizes.batch * AREA);
    let values = eighths(batch * CHANNELS * AREA);
    let of_channel = |channel: usize| {
        let samples = values.chunks(CHANNELS * AREA);
        let pixels = samples.flat_map(move |sample| &sample[channel * AREA..][..AREA]);
        pixels.copied().map(f64::from)
    };
    let mut expected = [const { Vec::new() }; 4];
    for channel in 0..CHANNELS {
        let mean = of_channel(channel).sum::<f64>() / count as f64;
        let squares = of_channel(channel).map(|value| (value - mean).powi(2));
        let variance = squares.sum::<f64>() / count as f64;
        // The gradient at y is x: Σ x (x - μ) / σ is √variance for each value.
        let gamma = count as f64 * variance / (variance + EPSILON).sqrt();
        for (numbers, number) in
            expected
                .iter_mut()
                .zip([mean, variance, gamma, count as f64 * mean])
        {
            numbers.push(number);
        }
    }
    let learning = device.clone().autodiff();
    let x = tensor(values, [batch, CHANNELS * AREA], &learning);
    let gamma = Tensor::<1>::ones([CHANNELS], &learning).require_grad();
    let beta = Tensor::<1>::zeros([CHANNELS], &learning).require_grad();
    let (y, mean, variance) = batch_norm(x.clone(), gamma.clone(), beta.clone(), EPSILON);
    let gradients = (y * x).sum().backward();
    let gradient = |of: &Tensor<1>| of.grad(&gradients).map(read).unwrap_or_default();
    let found = [
        read(mean),
        read(variance),
        gradient(&gamma),
        gradient(&beta),
    ];
    let names = ["mean", "variance", "gradient at γ", "gradient at β"];
    for ((name, found), expected) in names.iter().zip(&found).zip(&expected) {
        let what = format!("the {name} of a batch normalisation of {batch}x{CHANNELS}x28x28");
        hold(&what, found, expected, 1e-3)?;
    }
    Ok(())
}

/// The gradients of a dense layer over a long batch: at its weights and at its bias.
fn dense_gradient(device: &Device, sizes: Sizes) -> Result<(), Fault> {
    const WIDTH: usize = 4;
    let learning = device.clone().autodiff();
    let values = eighths(sizes.long);
    let squares: f64 = values.iter().map(|value| f64::from(*value).powi(2)).sum();
    let (at_weight, at_bias) = ([squares; WIDTH * WIDTH], [sum(&values); WIDTH]);
    let column = tensor(values, [sizes.long, 1], &learning);
    let x = column.expand([sizes.long, WIDTH]).mul_scalar(1.0);
    let weight = Tensor::<2>::zeros([WIDTH, WIDTH], &learning).require_grad();
    let bias = Tensor::<1>::zeros([WIDTH], &learning).require_grad();
    let y = linear(x.clone(), weight.clone(), bias.clone(), Fused::Linear);
    let gradients = (y * x).sum().backward();
    let what = format!("the gradient of a dense layer over {} samples", sizes.long);
    let found = weight.grad(&gradients).map(read).unwrap_or_default();
    hold(&what, &found, &at_weight, 1.0)?;
    let found = bias.grad(&gradients).map(read).unwrap_or_default();
    hold(&what, &found, &at_bias, 1.0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::FloatDType;

    use super::*;

    #[test]
    fn the_processor_computes_right_at_either_size() {
        let Ok(chosen) = crate::device::choose("cpu!") else {
            return; // a build with wgpu alone
        };
        let device = chosen.device;
        assert_eq!(probe(&device), Ok(()));
        for check in [
            row_sum,
            column_sum,
            wide_loss,
            normalised_batch,
            dense_gradient,
        ] {
            assert_eq!(check(&device, GRAPHICS), Ok(()));
        }
        if device.supports_dtype(FloatDType::F16) {
            assert_eq!(probe_half_precision(&device), Ok(()));
        }
    }

    #[test]
    fn a_sum_that_was_cut_short_is_a_fault() {
        let values = eighths(GRAPHICS.long);
        let (whole, cut) = (sum(&values), sum(&values[..65_535]));
        assert_eq!(hold("a sum", &[whole, whole], &[whole, whole], 1.0), Ok(()));
        let fault = hold("a sum", &[whole, cut], &[whole, whole], 1.0).expect_err("it is short");
        assert_eq!(fault.found, Some(cut));
        assert_eq!(fault.to_string(), "a sum is 49150.625, expected 98302.875");
        for found in [&[whole, f64::NAN][..], &[whole]] {
            assert!(hold("a sum", found, &[whole, whole], 1.0).is_err());
        }
    }
}
