//! Losses and activations whose values are known exactly, and their behaviour at the ends of the number line.

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor, TensorData};
use espejo_nets::{
    Activation, Criterion, Initializer, Layer, LayerConfig, LayersConfig, Penalties, seeded,
};

/// The value and the gradient by the logits of one row of pixels, held against the expected.
fn check(
    loss: Criterion,
    output: Activation,
    logits: &[f32],
    target: &[f32],
    value: f64,
    gradient: &[f64],
) {
    let device = Device::flex().autodiff();
    let row = |values: &[f32]| {
        let data = TensorData::new(values.to_vec(), [1, values.len()]);
        Tensor::<2>::from_data(data, &device)
    };
    let logits = row(logits).require_grad();
    let found = loss.mean(logits.clone(), row(target), output);
    let slope = logits.grad(&found.backward()).expect("it was reached");
    let found = f64::from(found.into_scalar::<f32>());
    let near = |a: f64, b: f64| (a - b).abs() <= 2e-6 * b.abs().max(1.0);
    assert!(
        near(found, value),
        "{}: {found}, expected {value}",
        loss.name()
    );
    let slope: Vec<f64> = slope.into_data().iter::<f64>().collect();
    assert!(
        slope.iter().zip(gradient).all(|(a, b)| near(*a, *b)),
        "{}, gradient: {slope:?}, expected {gradient:?}",
        loss.name()
    );
}

#[test]
fn the_cross_entropy_of_35_undecided_pixels_is_35_ln_2() {
    let target = [[1.0; 20].as_slice(), &[0.0; 15]].concat();
    let gradient = [[-0.5; 20].as_slice(), &[0.5; 15]].concat();
    check(
        Criterion::Bce,
        Activation::Sigmoid,
        &[0.0; 35],
        &target,
        35.0 * std::f64::consts::LN_2,
        &gradient,
    );
}

#[test]
fn the_cross_entropy_of_saturated_logits_is_finite() {
    check(
        Criterion::Bce,
        Activation::Sigmoid,
        &[1000.0, -1000.0, 1000.0, -1000.0, 1000.0],
        &[1.0, 0.0, 0.0, 1.0, 0.5],
        2500.0,
        &[0.0, 0.0, 1.0, -1.0, 0.5],
    );
}

#[test]
fn the_cross_entropy_of_a_batch_is_a_mean_over_its_pictures() {
    let device = Device::flex();
    let zeros = Tensor::<2>::zeros([9, 35], &device);
    let value = Criterion::Bce.mean(zeros.clone(), zeros, Activation::Sigmoid);
    let expected = 35.0 * std::f32::consts::LN_2;
    assert!((value.into_scalar::<f32>() / expected - 1.0).abs() < 1e-6);
}

#[test]
fn the_entropic_cost_of_perfect_signs_is_zero() {
    check(
        Criterion::Entropic,
        Activation::Tanh,
        &[50.0, -50.0, 1000.0, -1000.0],
        &[1.0, -1.0, 1.0, -1.0],
        0.0,
        &[0.0; 4],
    );
}

#[test]
fn the_entropic_cost_of_an_output_like_its_target_is_zero() {
    // tanh 0 = 0 and tanh(½ ln 3) = ½.
    let half = 0.5 * 3.0_f32.ln();
    check(
        Criterion::Entropic,
        Activation::Tanh,
        &[0.0, half, -half],
        &[0.0, 0.5, -0.5],
        0.0,
        &[0.0; 3],
    );
}

#[test]
fn the_entropic_cost_of_undecided_signs_is_ln_2_a_pixel() {
    check(
        Criterion::Entropic,
        Activation::Tanh,
        &[0.0, 0.0],
        &[1.0, -1.0],
        2.0 * std::f64::consts::LN_2,
        &[-1.0, 1.0],
    );
}

#[test]
fn the_entropic_cost_of_wrong_saturated_signs_is_finite() {
    check(
        Criterion::Entropic,
        Activation::Tanh,
        &[1000.0, -1000.0],
        &[-1.0, 1.0],
        4000.0,
        &[2.0, -2.0],
    );
}

#[test]
fn log_cosh_is_zero_at_zero_and_the_error_less_ln_2_far_away() {
    let linear = Activation::Linear;
    let loss = Criterion::LogCosh;
    check(
        loss.clone(),
        linear,
        &[0.0, 0.3],
        &[0.0, 0.3],
        0.0,
        &[0.0, 0.0],
    );
    let far = 500.0 - std::f64::consts::LN_2;
    check(
        loss,
        linear,
        &[500.0, -500.0],
        &[0.0, 0.0],
        2.0 * far,
        &[1.0, -1.0],
    );
}

#[test]
fn correntropy_approaches_the_squared_width_and_forgets_outliers() {
    let loss = Criterion::Correntropy { width: 0.5 };
    check(
        loss.clone(),
        Activation::Linear,
        &[100.0, -100.0, 1e6],
        &[0.0, 0.0, 0.0],
        0.75,
        &[0.0; 3],
    );
    check(loss, Activation::Linear, &[0.4], &[0.4], 0.0, &[0.0]);
}

#[test]
fn squared_and_absolute_errors() {
    let (logits, target) = ([3.0, -1.0, 0.5], [1.0, 0.0, 0.5]);
    let linear = Activation::Linear;
    check(
        Criterion::Mse,
        linear,
        &logits,
        &target,
        2.5,
        &[2.0, -1.0, 0.0],
    );
    check(
        Criterion::Mae,
        linear,
        &logits,
        &target,
        3.0,
        &[1.0, -1.0, 0.0],
    );
}

/// Value, slope by differentiation and written slope of an activation at `place`.
fn at(activation: Activation, place: f32) -> [f32; 3] {
    let device = Device::flex().autodiff();
    let a = Tensor::<1>::from_floats([place], &device).require_grad();
    let written = activation.derivative(a.clone()).into_scalar();
    let value = activation.forward(a.clone());
    let slope = a.grad(&value.backward()).expect("it was reached");
    [value.into_scalar(), slope.into_scalar(), written]
}

#[test]
fn the_exponential_linear_unit_far_out() {
    assert_eq!(at(Activation::Elu, 100.0), [100.0, 1.0, 1.0]);
    assert_eq!(at(Activation::Elu, -1000.0), [-1.0, 0.0, 0.0]);
}

#[test]
fn every_activation_is_finite_far_out_with_the_slope_that_is_written_down() {
    for activation in Activation::ALL {
        for place in [-1e6, -1000.0, -90.0, -20.0, 0.0, 20.0, 90.0, 1000.0, 1e6] {
            let [value, slope, written] = at(activation, place);
            let name = activation.name();
            assert!(value.is_finite(), "{name} at {place} is {value}");
            assert!(
                (slope - written).abs() < 1e-6,
                "{name} at {place} has slope {slope}, written {written}"
            );
        }
    }
}

#[test]
fn the_leaky_rectifier_keeps_positive_numbers_as_they_are() {
    for place in [1e-30, 0.1, 0.7, 3.0, 1e30] {
        assert_eq!(at(Activation::LeakyRelu, place)[0], place);
    }
}

#[test]
fn a_code_of_the_wanted_activity_has_no_sparsity_cost_and_a_dead_one_a_finite_one() {
    let device = Device::flex();
    let layers = LayersConfig::dense([4, 3], Activation::Tanh, Activation::Sigmoid).init(
        Initializer::Glorot,
        &mut seeded(1),
        &device,
    );
    let penalties = Penalties {
        sparsity: 1.0,
        sparsity_target: 0.1,
        ..Penalties::default()
    };
    let cost = |activity: f32| {
        let code = Tensor::<2>::ones([8, 3], &device).mul_scalar(activity);
        let input = Tensor::<2>::zeros([8, 4], &device);
        let terms = penalties.terms(&layers, &layers, input, code);
        terms[0].value.clone().into_scalar::<f32>()
    };
    assert!(cost(0.1).abs() < 1e-6);
    // KL(0.1 ‖ 0.5) = 0.1 ln 0.2 + 0.9 ln 1.8.
    let expected = 3.0 * (0.1 * 0.2_f32.ln() + 0.9 * 1.8_f32.ln());
    assert!((cost(0.5) - expected).abs() < 1e-5);
    assert!(cost(0.0).is_finite() && cost(1.0).is_finite());
}

/// Images of two channels of 4 x 5, another for each seed, whose channels have means and deviations of their own.
fn two_channels(seed: u64, device: &Device) -> Tensor<2> {
    let value = |place: u64| {
        let channel = (place / 20 % 2) as f32;
        3.0 * channel + (1.0 + channel) * ((place * 7919 + seed * 104_729) % 1013) as f32 / 1013.0
    };
    let values: Vec<f32> = (0..6 * 40).map(value).collect();
    Tensor::from_data(TensorData::new(values, [6, 40]), device)
}

fn near(what: &str, found: Vec<f32>, expected: Vec<f32>) {
    for (found, expected) in found.iter().zip(&expected) {
        let off = (found - expected).abs();
        assert!(
            off < 2e-6 * expected.abs().max(1.0),
            "{what}: {found}, expected {expected}"
        );
    }
}

#[test]
fn batch_normalisation_trains_and_remembers_as_that_of_burn() {
    let device = Device::flex().autodiff();
    let config = LayerConfig::BatchNorm { input: [2, 4, 5] };
    let layer = config.init(Initializer::He, &mut seeded(1), &device);
    let burns = BatchNormConfig::new(2).init(&device);
    let values = |tensor: Tensor<2>| tensor.into_data().iter().collect::<Vec<f32>>();
    let through =
        |norm: &BatchNorm, x: Tensor<2>| norm.forward(x.reshape([6, 2, 20])).reshape([6, 40]);
    for seed in 0..3 {
        let x = two_channels(seed, &device);
        let expected = values(through(&burns, x.clone()));
        near("while training", values(layer.forward(x)), expected);
    }
    let x = two_channels(9, &Device::flex());
    let (layer, burns) = (layer.valid(), burns.valid());
    let Layer::BatchNorm(norm) = &layer else {
        panic!("it is a batch norm");
    };
    for (what, ours, theirs) in [
        ("running mean", &norm.running_mean, &burns.running_mean),
        ("running variance", &norm.running_var, &burns.running_var),
    ] {
        let [found, expected] =
            [ours, theirs].map(|state| state.value().into_data().iter().collect());
        near(what, found, expected);
    }
    near(
        "afterwards",
        values(layer.forward(x.clone())),
        values(through(&burns, x)),
    );
}
