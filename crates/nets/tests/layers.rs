//! Layers whose outputs are known exactly, what they refuse, and how they look in a table.

use burn::tensor::{Device, Tensor, TensorData};
use espejo_nets::{
    Activation, Common, ConvChain, Initializer, Join, Layer, LayerConfig, Layers, LayersConfig,
    Padding, Window, half_squares, seeded,
};

const LINEAR: Activation = Activation::Linear;

fn layers(input: [usize; 3], list: impl IntoIterator<Item = LayerConfig>) -> LayersConfig {
    let mut layers = LayersConfig::new(input);
    let list = list.into_iter().map(|layer| (layer, LINEAR));
    layers.layers.extend(list);
    layers
}

fn init(config: &LayersConfig, device: &Device) -> Layers {
    config.check().expect("it can be built");
    config.init(Initializer::Glorot, &mut seeded(1), device)
}

fn row(values: &[f32], device: &Device) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [1, values.len()]);
    Tensor::from_data(data, device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// What a single layer without weights makes of one row.
fn apply(layer: LayerConfig, values: &[f32]) -> Vec<f32> {
    let device = Device::flex();
    let config = layers(layer.input(), [layer]);
    numbers(init(&config, &device).forward(row(values, &device)))
}

/// What a convolution with ones for weights makes of one row: the sum of what is under its window.
fn sums(input: [usize; 3], window: Window, values: &[f32]) -> Vec<f32> {
    let device = Device::flex();
    let layer = LayerConfig::Conv {
        input,
        outputs: 1,
        window,
    };
    let Layer::Conv(mut conv) = layer.init(Initializer::Glorot, &mut seeded(1), &device) else {
        panic!("a convolution");
    };
    conv.weight = conv.weight.map(|weight| weight.ones_like());
    let output = Layer::Conv(conv).forward(row(values, &device));
    assert_eq!(output.dims()[1], layer.output_size());
    numbers(output)
}

fn window(kernel: [usize; 2], stride: usize, padding: Padding) -> Window {
    Window {
        kernel,
        stride,
        padding,
    }
}

const NINE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

// Convolutions.

/// As Keras: `keras.layers.Conv2D(1, 2, padding="same", kernel_initializer="ones")` on the numbers 1 to 9.
#[test]
fn an_even_kernel_looks_at_the_pixel_to_the_right_and_below() {
    assert_eq!(
        sums([1, 3, 3], Window::same(2, 1), &NINE),
        [12.0, 16.0, 9.0, 24.0, 28.0, 15.0, 15.0, 17.0, 9.0]
    );
}

#[test]
fn an_odd_kernel_looks_at_all_neighbours() {
    assert_eq!(
        sums([1, 3, 3], Window::same(3, 1), &NINE),
        [12.0, 21.0, 16.0, 27.0, 45.0, 33.0, 24.0, 39.0, 28.0]
    );
}

#[test]
fn a_convolution_without_padding_sees_whole_windows_alone() {
    let valid = |kernel, stride| window([kernel; 2], stride, Padding::Valid);
    assert_eq!(
        sums([1, 3, 3], valid(2, 1), &NINE),
        [12.0, 16.0, 24.0, 28.0]
    );
    assert_eq!(sums([1, 3, 3], valid(2, 2), &NINE), [12.0]);
    assert_eq!(sums([1, 3, 3], valid(3, 1), &NINE), [45.0]);
}

#[test]
fn a_kernel_of_height_1_is_a_convolution_along_the_row() {
    let along = |kernel, stride, padding| window([1, kernel], stride, padding);
    let input = [1, 1, 9];
    assert_eq!(
        sums(input, along(3, 1, Padding::Same), &NINE),
        [3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 17.0]
    );
    assert_eq!(
        sums(input, along(4, 2, Padding::Valid), &NINE),
        [10.0, 18.0, 26.0]
    );
    // ⌈9 / 4⌉ = 3 windows of 2 reach over 10 pixels: nothing before, one after.
    assert_eq!(
        sums(input, along(2, 4, Padding::Same), &NINE),
        [3.0, 11.0, 9.0]
    );
}

// Pooling.

#[test]
fn pooling_takes_the_maximum_of_each_window() {
    let pool = |window| {
        let input = [1, 3, 3];
        apply(LayerConfig::MaxPool { input, window }, &NINE)
    };
    assert_eq!(
        pool(window([2, 2], 1, Padding::Valid)),
        [5.0, 6.0, 8.0, 9.0]
    );
    assert_eq!(pool(window([3, 3], 1, Padding::Valid)), [9.0]);
    assert_eq!(
        pool(window([2, 2], 1, Padding::Same)),
        [5.0, 6.0, 6.0, 8.0, 9.0, 9.0, 8.0, 9.0, 9.0]
    );
    assert_eq!(pool(window([1, 3], 3, Padding::Same)), [3.0]);
}

#[test]
fn places_beyond_the_edge_are_no_maximum() {
    let negative = NINE.map(|value| -value);
    let input = [1, 3, 3];
    let window = window([3, 3], 2, Padding::Same);
    assert_eq!(
        apply(LayerConfig::MaxPool { input, window }, &negative),
        [-1.0, -2.0, -4.0, -5.0]
    );
}

#[test]
fn pooling_of_squares_side_by_side_is_that_of_the_fused_operation() {
    let input = [2, 5, 3];
    let values: Vec<f32> = (0..30).map(|i| ((i * 7) % 11) as f32 - 5.0).collect();
    let window = Window::same(2, 2);
    let any = apply(LayerConfig::MaxPool { input, window }, &values);
    assert_eq!(any, apply(LayerConfig::Pool { input }, &values));
}

#[test]
fn a_map_with_a_nan_is_nan_after_pooling_and_the_others_are_not() {
    let mut values = [NINE, NINE].concat();
    values[4] = f32::NAN;
    let input = [2, 3, 3];
    let window = window([2, 2], 1, Padding::Valid);
    let found = apply(LayerConfig::MaxPool { input, window }, &values);
    assert!(found[..4].iter().all(|value| value.is_nan()), "{found:?}");
    assert_eq!(found[4..], [5.0, 6.0, 8.0, 9.0]);
}

// Dropout.

#[test]
fn dropout_is_the_identity_where_nothing_is_trained() {
    let input = [9, 1, 1];
    assert_eq!(
        apply(LayerConfig::Dropout { input, rate: 0.9 }, &NINE),
        NINE
    );
}

#[test]
fn noise_is_the_identity_where_nothing_is_trained() {
    let input = [9, 1, 1];
    let deviation = 16.0;
    assert_eq!(apply(LayerConfig::Noise { input, deviation }, &NINE), NINE);
}

#[test]
fn noise_before_the_last_activation_leaves_what_is_not_trained_as_it_is() {
    let device = Device::flex();
    let plain = LayersConfig::dense([9, 4], LINEAR, Activation::Sigmoid);
    let mut noisy = plain.clone();
    noisy.add_noise_before_last_activation(16.0);
    assert_eq!((noisy.output(), noisy.parameters()), ([4, 1, 1], 40));
    let rows = init(&noisy, &device).table().into_iter();
    let kinds: Vec<_> = rows.map(|row| row.kind).collect();
    assert_eq!(kinds, ["linear", "noise 16 + sigmoid"]);
    let outputs = |config| numbers(init(config, &device).forward(row(&NINE, &device)));
    for (plain, noisy) in outputs(&plain).into_iter().zip(outputs(&noisy)) {
        assert!((plain - noisy).abs() < 1e-6, "{plain} {noisy}");
    }
}

/// One test for all that draws: the device's random numbers are one stream for the whole process.
#[test]
fn dropout_while_training_gives_zeros_or_what_keeps_the_mean() {
    let device = Device::flex().autodiff();
    let dropped = |rate: f64, seed: u64, x: Tensor<2>| {
        let [_, values] = x.dims();
        let input = [values, 1, 1];
        let net = init(
            &layers(input, [LayerConfig::Dropout { input, rate }]),
            &device,
        );
        device.seed(seed);
        net.forward(x)
    };
    let ones = Tensor::<2>::ones([100, 200], &device);
    let found = numbers(dropped(0.25, 1, ones.clone()));
    let kept = found.iter().filter(|value| **value != 0.0).count();
    assert!(
        found
            .iter()
            .all(|value| *value == 0.0 || (value - 4.0 / 3.0).abs() < 1e-6)
    );
    // 20,000 draws of probability 3/4: a standard deviation of 61.
    assert!((14_700..15_300).contains(&kept), "{kept} of 20000 kept");

    assert_eq!(numbers(dropped(0.25, 1, ones.clone())), found, "one seed");
    assert_ne!(numbers(dropped(0.25, 2, ones.clone())), found, "another");
    assert_eq!(numbers(dropped(0.0, 1, row(&NINE, &device))), NINE);

    // The gradient passes where the value did, scaled alike.
    let x = ones.require_grad();
    let gradients = dropped(0.25, 1, x.clone()).sum().backward();
    assert_eq!(numbers(x.grad(&gradients).expect("it was reached")), found);

    noise_while_training_has_its_variance_and_is_that_of_the_seed(&device);
}

fn noise_while_training_has_its_variance_and_is_that_of_the_seed(device: &Device) {
    let noisy = |deviation: f64, seed: u64, x: Tensor<2>| {
        let [_, values] = x.dims();
        let input = [values, 1, 1];
        let noise = LayerConfig::Noise { input, deviation };
        device.seed(seed);
        init(&layers(input, [noise]), device).forward(x)
    };
    let x = Tensor::<2>::ones([100, 200], device);
    let found = numbers(noisy(16.0, 1, x.clone()));
    let count = found.len() as f32;
    let mean = found.iter().sum::<f32>() / count;
    let variance = found
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f32>()
        / count;
    // 20,000 draws: standard errors of 16 / 141 of the mean and of 256 / 100 of the variance; five of each.
    assert!((mean - 1.0).abs() < 0.57, "mean {mean}");
    assert!((variance - 256.0).abs() < 12.8, "variance {variance}");

    assert_eq!(numbers(noisy(16.0, 1, x.clone())), found, "one seed");
    assert_ne!(numbers(noisy(16.0, 2, x.clone())), found, "another");
    assert_eq!(numbers(noisy(0.0, 1, row(&NINE, device))), NINE);
    // What is added has no slope of its own.
    let x = x.require_grad();
    let gradients = noisy(16.0, 1, x.clone()).sum().backward();
    let slopes = numbers(x.grad(&gradients).expect("it was reached"));
    assert!(slopes.iter().all(|slope| *slope == 1.0));
}

// Embeddings.

/// A table in which token t has the vector [10 t, 10 t + 1].
fn embedded(ids: &[f32]) -> Vec<f32> {
    let device = Device::flex();
    let config = LayerConfig::Embedding {
        vocabulary: 4,
        dimension: 2,
        length: ids.len(),
    };
    let Layer::Embedding(mut table) = config.init(Initializer::Glorot, &mut seeded(1), &device)
    else {
        panic!("an embedding");
    };
    let vectors: Vec<f32> = (0..4)
        .flat_map(|t| [10.0 * t as f32, 10.0 * t as f32 + 1.0])
        .collect();
    let vectors = Tensor::from_data(TensorData::new(vectors, [4, 2]), &device);
    table.weight = table.weight.map(|_| vectors);
    assert_eq!(table.output(), [2, 1, ids.len()]);
    numbers(Layer::Embedding(table).forward(row(ids, &device)))
}

#[test]
fn an_embedded_text_is_a_map_of_one_channel_a_dimension_along_the_text() {
    assert_eq!(
        embedded(&[3.0, 0.0, 1.0]),
        [30.0, 0.0, 10.0, 31.0, 1.0, 11.0]
    );
}

#[test]
fn ids_outside_of_the_vocabulary_take_the_nearest_one() {
    for (id, token) in [
        (-1.0, 0.0),
        (4.0, 3.0),
        (1e30, 3.0),
        (-1e30, 0.0),
        (f32::INFINITY, 3.0),
        (f32::NEG_INFINITY, 0.0),
        (f32::NAN, 0.0),
        (2.9, 2.0),
    ] {
        assert_eq!(embedded(&[id]), [10.0 * token, 10.0 * token + 1.0], "{id}");
    }
}

#[test]
fn first_vectors_lie_within_a_twentieth_and_are_not_all_alike() {
    let config = LayerConfig::Embedding {
        vocabulary: 50,
        dimension: 8,
        length: 1,
    };
    let Layer::Embedding(table) = config.init(Initializer::He, &mut seeded(1), &Device::flex())
    else {
        panic!("an embedding");
    };
    let found = numbers(table.weight.val());
    assert!(found.iter().all(|value| value.abs() < 0.05));
    assert!(found.iter().any(|value| *value > 0.04) && found.iter().any(|value| *value < -0.04));
}

// Skips.

fn skip(inner: LayersConfig, join: Join) -> LayerConfig {
    let inner = Box::new(inner);
    LayerConfig::Skip { inner, join }
}

/// Layers without weights that take the maximum of each 2 places, moving by one: as many values as before.
fn maxima(width: usize) -> LayersConfig {
    let input = [1, 1, width];
    let window = window([1, 2], 1, Padding::Same);
    layers(input, [LayerConfig::MaxPool { input, window }])
}

#[test]
fn a_skip_has_its_input_beside_its_output_or_added_to_it() {
    let values = [3.0, 1.0, 2.0];
    assert_eq!(
        apply(skip(maxima(3), Join::Concat), &values),
        [3.0, 1.0, 2.0, 3.0, 2.0, 2.0]
    );
    assert_eq!(apply(skip(maxima(3), Join::Add), &values), [6.0, 3.0, 4.0]);
}

#[test]
fn maps_of_one_size_are_concatenated_by_channels_and_others_by_values() {
    let conv = |outputs, stride| {
        let input = [2, 4, 6];
        let window = Window::same(3, stride);
        let conv = LayerConfig::Conv {
            input,
            outputs,
            window,
        };
        skip(layers(input, [conv]), Join::Concat)
    };
    assert_eq!(conv(3, 1).output(), [5, 4, 6]);
    assert_eq!(conv(3, 2).output(), [48 + 18, 1, 1]);
    let dense = LayersConfig::dense([4, 3], LINEAR, LINEAR);
    assert_eq!(skip(dense, Join::Concat).output(), [7, 1, 1]);
}

#[test]
fn a_wide_concatenation_and_the_layer_behind_it_are_what_they_are_one_by_one() {
    let device = Device::flex().autodiff();
    let inner = LayersConfig::dense([2000, 5], LINEAR, Activation::Relu);
    let mut config = layers([2000, 1, 1], [skip(inner, Join::Concat)]);
    config.push_linear(3, Activation::Tanh);
    let net = init(&config, &device);
    // One number in 50 is not zero in the first row, every one in the second: sparse and dense.
    let values = (0..4000).map(|place| match place < 2000 && place % 50 != 7 {
        true => 0.0,
        false => (place as f32 * 0.37).sin(),
    });
    let data = TensorData::new(values.collect(), [2, 2000]);
    let x = Tensor::<2>::from_data(data, &device);
    let together = net.forward(x.clone());
    let (_, one_by_one) = net.trace(x);
    let weights = |layer: &Layer| match layer {
        Layer::Linear(linear) => linear.weight.val(),
        Layer::Skip(skip) => match &skip.inner().stack()[0] {
            Layer::Linear(linear) => linear.weight.val(),
            other => panic!("a linear layer, not {other:?}"),
        },
        other => panic!("none of these, {other:?}"),
    };
    let weights: Vec<Tensor<2>> = net.stack().iter().map(weights).collect();
    let gradients = |y: Tensor<2>| {
        let gradients = y.square().sum().backward();
        let of = |weight: &Tensor<2>| numbers(weight.grad(&gradients).expect("a gradient"));
        weights.iter().flat_map(of).collect::<Vec<f32>>()
    };
    let close = |a: &[f32], b: &[f32]| {
        assert_eq!(a.len(), b.len());
        assert!(
            a.iter()
                .zip(b)
                .all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + b.abs()))
        );
    };
    close(&numbers(together.clone()), &numbers(one_by_one.clone()));
    close(&gradients(together), &gradients(one_by_one));
}

#[test]
fn a_table_has_the_layers_inside_of_a_skip_indented_and_counts_them_once() {
    let mut config = LayersConfig::new([4, 1, 1]);
    let inner = LayersConfig::dense([4, 3], Activation::Tanh, Activation::Relu);
    config
        .layers
        .push((skip(inner, Join::Concat), Activation::Tanh));
    config.push_linear(2, LINEAR);
    let net = init(&config, &Device::flex());
    let rows: Vec<_> = net
        .table()
        .into_iter()
        .map(|row| (row.kind, row.output, row.parameters))
        .collect();
    let expected = [
        ("  linear + relu", vec![3], 15),
        ("concat with input + tanh", vec![7], 0),
        ("linear", vec![2], 16),
    ];
    let expected = expected.map(|(kind, output, parameters)| (kind.to_owned(), output, parameters));
    assert_eq!(rows, expected);
    let whole = net.stack()[0].describe(LINEAR, [4, 1, 1]);
    assert_eq!(
        (whole.kind.as_str(), whole.parameters),
        ("concat with input", 15)
    );
}

#[test]
fn every_kind_of_layer_has_its_words_in_a_table() {
    let common = Common {
        kernel: 3,
        activation: Activation::Relu,
        batch_norm: false,
    };
    let chain: ConvChain = "4k4s2v,pool3s1v,bn,dropout:.25,3k2,pool,pool2s1"
        .parse()
        .expect("a chain");
    let config = chain.layers([1, 16, 14], common).expect("it fits");
    let rows = init(&config, &Device::flex()).table().into_iter();
    let rows: Vec<_> = rows.map(|row| (row.kind, row.output)).collect();
    let expected = [
        ("conv 4x4 / 2 valid + relu", [4, 7, 6]),
        ("max pool 3x3 / 1 valid", [4, 5, 4]),
        ("batch norm", [4, 5, 4]),
        ("dropout 0.25", [4, 5, 4]),
        ("conv 2x2 + relu", [3, 5, 4]),
        ("max pool 2x2", [3, 3, 2]),
        ("max pool 2x2 / 1", [3, 3, 2]),
    ];
    let expected = expected.map(|(kind, output)| (kind.to_owned(), output.to_vec()));
    assert_eq!(rows, expected);
    let table = LayerConfig::Embedding {
        vocabulary: 7,
        dimension: 4,
        length: 6,
    };
    let row = table
        .init(Initializer::Glorot, &mut seeded(1), &Device::flex())
        .describe(LINEAR, [6, 1, 1]);
    assert_eq!(row.kind, "embedding 7x4");
    assert_eq!((row.output, row.parameters), (vec![4, 1, 6], 28));
}

// Weight decay.

#[test]
fn weight_decay_reaches_into_a_skip_but_not_into_an_embedding() {
    let inner = LayersConfig::dense([2, 2], LINEAR, LINEAR);
    let table = LayerConfig::Embedding {
        vocabulary: 3,
        dimension: 1,
        length: 2,
    };
    let config = layers([2, 1, 1], [table, skip(inner, Join::Add)]);
    let net = init(&config, &Device::flex());
    let Layer::Skip(inside) = &net.stack()[1] else {
        panic!("a skip");
    };
    let whole = numbers(half_squares(net.stack()));
    assert_eq!(whole, numbers(half_squares(inside.inner().stack())));
    assert!(whole[0] > 0.0);
}

// What is refused.

#[test]
fn what_cannot_be_built_is_refused_in_words_that_name_the_layer() {
    let input = [3, 4, 4];
    let conv = |window| LayerConfig::Conv {
        input,
        outputs: 2,
        window,
    };
    let dense = |sizes: &[usize]| LayersConfig::dense(sizes, LINEAR, LINEAR);
    let first = LayerConfig::BatchNorm { input };
    for (layer, expected) in [
        (
            conv(window([5, 1], 1, Padding::Valid)),
            "layer 2 has a kernel of 5x1 that does not fit into a 4x4 map",
        ),
        (
            conv(window([3, 3], 0, Padding::Same)),
            "layer 2 has kernel 3x3 and stride 0",
        ),
        (
            LayerConfig::MaxPool {
                input,
                window: window([1, 5], 1, Padding::Valid),
            },
            "layer 2 has a kernel of 1x5",
        ),
        (
            LayerConfig::Conv {
                input,
                outputs: 0,
                window: Window::same(3, 1),
            },
            "layer 2 gives nothing",
        ),
        (
            LayerConfig::Dropout { input, rate: 1.0 },
            "layer 2 has the rate 1, expected a probability from 0 to less than 1",
        ),
        (
            LayerConfig::Dropout {
                input,
                rate: f64::NAN,
            },
            "layer 2 has the rate NaN",
        ),
        (
            LayerConfig::Noise {
                input,
                deviation: -1.0,
            },
            "layer 2 has noise of standard deviation -1, expected 0 or more",
        ),
        (
            LayerConfig::Embedding {
                vocabulary: 0,
                dimension: 2,
                length: 48,
            },
            "layer 2 has a vocabulary of 0, expected 1 to 16777216",
        ),
        (
            LayerConfig::Linear {
                inputs: 47,
                outputs: 2,
            },
            "layer 2 takes 47 values, but 48 reach it",
        ),
        (
            skip(dense(&[48, 47]), Join::Add),
            "layer 2 adds 48 values that go around its layers to 47 that come out of them, expected equally many",
        ),
        (
            skip(LayersConfig::new(input), Join::Concat),
            "layer 2 goes around nothing",
        ),
        (
            skip(
                layers(input, [LayerConfig::Dropout { input, rate: 2.0 }]),
                Join::Add,
            ),
            "layer 2 goes around layers of which layer 1 has the rate 2",
        ),
    ] {
        let error = layers(input, [first.clone(), layer])
            .check()
            .expect_err(expected);
        assert!(error.starts_with(expected), "{error}, expected {expected}");
    }
    assert!(
        layers(input, [first, skip(dense(&[48, 7, 48]), Join::Add)])
            .check()
            .is_ok()
    );
}
