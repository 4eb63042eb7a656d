//! Layers with their weights as plain numbers.

use std::collections::HashMap;

use burn::nn::BatchNormConfig;
use espejo_export::{Activation, Join, Kind, Layer, Tensor};
use espejo_nets::{self as nets, Criterion, LayerConfig, LayersConfig};

/// The layers of a stack whose weights are called `prefix.0.weight` and so on; what acts while training alone is left out.
///
/// # Panics
///
/// Where a weight is missing: they are those of this very model.
pub fn stack(
    prefix: &str,
    config: &LayersConfig,
    weights: &mut HashMap<String, Tensor>,
) -> Vec<Layer> {
    let mut layers = Vec::new();
    for (place, (layer, activation)) in config.layers.iter().enumerate() {
        let mut layer = one(&format!("{prefix}.{place}"), layer, weights);
        layer.activation = activation_of(*activation);
        let is_idle = matches!(layer.kind, Kind::Identity);
        if !(is_idle && layer.activation == Activation::Linear) {
            layers.push(layer);
        }
    }
    layers
}

/// Puts what a criterion makes of the last layer's values behind it.
pub fn end(layers: &mut Vec<Layer>, criterion: &Criterion) {
    let Some(last) = layers.last_mut() else {
        return;
    };
    let parts = match criterion {
        Criterion::SoftmaxCrossEntropy => {
            std::iter::once(0..last.output.iter().product()).collect()
        }
        Criterion::Mixed { categories } => categories.clone(),
        _ => return,
    };
    let numbers = std::mem::replace(&mut last.activation, Activation::Linear);
    let (name, shape) = (format!("{}.softmax", last.name), last.output);
    layers.push(Layer {
        name,
        input: shape,
        output: shape,
        kind: Kind::Softmax { parts, numbers },
        activation: Activation::Linear,
    });
}

/// Puts the probabilities of both classes, σ(-z) and σ(z), in place of that of the second, of which z is the logit.
pub fn both_classes(layers: &mut Vec<Layer>) {
    let Some(last) = layers.last_mut() else {
        return;
    };
    let activation = std::mem::replace(&mut last.activation, Activation::Linear);
    let input = last.output;
    layers.push(Layer {
        name: "both_classes".to_owned(),
        input,
        output: [2, 1, 1],
        kind: Kind::Dense {
            weight: Tensor::new(vec![2, 1], vec![-1.0, 1.0]),
            bias: Tensor::new(vec![2], vec![0.0, 0.0]),
        },
        activation,
    });
}

/// One layer without an activation.
pub fn one(name: &str, layer: &LayerConfig, weights: &mut HashMap<String, Tensor>) -> Layer {
    let mut take = |part: &str| {
        let name = format!("{name}.{part}");
        let tensor = weights.remove(&name);
        tensor.unwrap_or_else(|| panic!("the model has a weight `{name}`"))
    };
    let [_, height, width] = layer.input();
    let kind = match layer {
        LayerConfig::Linear { .. } => Kind::Dense {
            weight: take("weight"),
            bias: take("bias"),
        },
        LayerConfig::Conv { window, .. } => Kind::Conv {
            weight: take("weight"),
            bias: take("bias"),
            stride: window.stride,
            padding: window.zeros_around([height, width]),
        },
        LayerConfig::Transposed { kernel, output, .. } => Kind::Transposed {
            weight: take("weight"),
            bias: take("bias"),
            padding: kernel / 2,
            missing: [output[0] + 1 - 2 * height, output[1] + 1 - 2 * width],
        },
        LayerConfig::Pool { .. } => Kind::MaxPool {
            kernel: [2, 2],
            stride: 2,
            // An odd size ends in a narrower window.
            padding: [(0, height % 2), (0, width % 2)],
        },
        LayerConfig::MaxPool { window, .. } => Kind::MaxPool {
            kernel: window.kernel,
            stride: window.stride,
            padding: window.places_around([height, width]),
        },
        LayerConfig::Upsample { .. } => Kind::Upsample,
        LayerConfig::BatchNorm { input } => Kind::BatchNorm {
            weight: take("weight"),
            bias: take("bias"),
            mean: take("running_mean"),
            variance: take("running_var"),
            epsilon: BatchNormConfig::new(input[0]).epsilon,
        },
        // They act while training alone; an activation may stand behind them.
        LayerConfig::Dropout { .. } | LayerConfig::Noise { .. } => Kind::Identity,
        // What has it is refused before, but for the decoder, which has not.
        LayerConfig::Mask { .. } => Kind::Identity,
        LayerConfig::Embedding { .. } => Kind::Embedding {
            weight: take("weight"),
        },
        LayerConfig::Skip { inner, join } => Kind::Skip {
            layers: stack(&format!("{name}.inner"), inner, weights),
            join: match join {
                nets::Join::Concat => Join::Concat,
                nets::Join::Add => Join::Add,
            },
        },
    };
    Layer {
        name: name.to_owned(),
        input: layer.input(),
        output: layer.output(),
        kind,
        activation: Activation::Linear,
    }
}

fn activation_of(activation: nets::Activation) -> Activation {
    match activation {
        nets::Activation::Linear => Activation::Linear,
        nets::Activation::Relu => Activation::Relu,
        nets::Activation::LeakyRelu => Activation::LeakyRelu,
        nets::Activation::Elu => Activation::Elu,
        nets::Activation::Gelu => Activation::Gelu,
        nets::Activation::Silu => Activation::Silu,
        nets::Activation::Tanh => Activation::Tanh,
        nets::Activation::Sigmoid => Activation::Sigmoid,
    }
}
