//! Layers that make images of images, run without a turn into rows between them, where each such turn is a copy: on a graphics card.

use burn::tensor::Tensor;
use espejo_kernels::images::max_pool;
use espejo_kernels::{Activation as Fused, Inputs, in_memory};

use crate::conv::Map;
use crate::{Activation, Layer};

/// How many layers at the head of a stack are to be run so. None where own code reaches the numbers, which works on rows.
pub(super) fn suited(layers: &[Layer], x: &Inputs) -> usize {
    match count(layers) {
        0 => 0,
        _ if in_memory(&x.device()) => 0,
        count => count,
    }
}

/// How many layers at the head of a stack each make images of those that the one before it gives.
fn count(layers: &[Layer]) -> usize {
    let mut reached = layers.first().and_then(input);
    let follows = |layer: &&Layer| {
        let fits = input(layer).is_some() && input(layer) == reached;
        reached = layer.output();
        fits
    };
    layers.iter().take_while(follows).count()
}

/// The output of such layers, each with the activation after it.
pub(super) fn forward(layers: &[Layer], activations: &[Activation], x: Inputs) -> Inputs {
    let Some(map) = layers.first().and_then(input) else {
        return x;
    };
    let each = layers.iter().zip(activations);
    Inputs::Images(each.fold(x.into_images(map), |y, (layer, activation)| {
        activated(layer, y, *activation)
    }))
}

/// The shape of the images that a layer takes; of those alone that make images of them.
fn input(layer: &Layer) -> Option<Map> {
    match layer {
        Layer::Conv(conv) => Some(conv.input()),
        Layer::Transposed(conv) => Some(conv.input()),
        Layer::Pool(pool) => Some(pool.input()),
        Layer::MaxPool(pool) => Some(pool.input()),
        Layer::Upsample(upsample) => Some(upsample.input()),
        _ => None,
    }
}

/// Layer and activation, `[batch, height, width, channels]` to `[batch, height', width', channels']`.
fn activated(layer: &Layer, x: Tensor<4>, activation: Activation) -> Tensor<4> {
    let (with, after) = match activation.fused() {
        Some(fused) => (fused, Activation::Linear),
        None => (Fused::Linear, activation),
    };
    match layer {
        Layer::Conv(conv) => after.forward(conv.forward_images(x, with)),
        Layer::Transposed(conv) => after.forward(conv.forward_images(x, with)),
        Layer::Pool(_) => activation.forward(max_pool(x)),
        Layer::MaxPool(pool) => activation.forward(pool.forward_images(x)),
        Layer::Upsample(upsample) => activation.forward(upsample.forward_images(x)),
        other => panic!("images are for layers that make images of them, not {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::{Initializer, LayerConfig, Layers, LayersConfig, Window, seeded};

    /// Every layer that makes images of images, with activations that are fused and such as are not, then one that makes none.
    fn config() -> LayersConfig {
        let same = |stride| Window::same(3, stride);
        let conv = |input, outputs, window| LayerConfig::Conv {
            input,
            outputs,
            window,
        };
        let (input, output) = ([5, 5, 4], [10, 7]);
        LayersConfig {
            input: [1, 9, 7],
            layers: vec![
                (conv([1, 9, 7], 3, same(1)), Activation::Relu),
                (LayerConfig::Pool { input: [3, 9, 7] }, Activation::Linear),
                (conv([3, 5, 4], 5, same(2)), Activation::Gelu),
                (
                    LayerConfig::MaxPool {
                        input: [5, 3, 2],
                        window: same(1),
                    },
                    Activation::Tanh,
                ),
                (
                    LayerConfig::Transposed {
                        input: [5, 3, 2],
                        outputs: 5,
                        kernel: 3,
                        output: [5, 4],
                    },
                    Activation::LeakyRelu,
                ),
                (LayerConfig::Upsample { input, output }, Activation::Linear),
                (conv([5, 10, 7], 2, same(1)), Activation::Sigmoid),
                (
                    LayerConfig::Linear {
                        inputs: 140,
                        outputs: 4,
                    },
                    Activation::Tanh,
                ),
            ],
        }
    }

    fn layers(config: &LayersConfig) -> Layers {
        config.init(Initializer::He, &mut seeded(1), &Device::flex())
    }

    #[test]
    fn images_give_what_rows_give() {
        let config = config();
        config.check().expect("sizes that fit");
        let layers = layers(&config);
        let x = Tensor::<2>::random([3, 63], Distribution::Default, &Device::flex());
        let (stack, activations) = (&layers.stack[..7], &layers.activations[..7]);
        let y = forward(stack, activations, x.clone().into());
        assert_eq!(y.dims(), [3, 140]);
        let rows = stack
            .iter()
            .zip(activations)
            .fold(x, |x, (layer, activation)| layer.activated(x, *activation));
        let apart = (y.into_tensor() - rows).abs().max().into_scalar::<f32>();
        assert!(apart < 1e-5, "{apart}");
    }

    #[test]
    fn a_run_ends_where_images_do_or_have_another_shape() {
        let mut config = config();
        assert_eq!(count(&layers(&config).stack), 7);
        // As many values in another shape: they are turned into rows in between.
        config.layers[6].0 = LayerConfig::Pool { input: [10, 5, 7] };
        assert_eq!(count(&layers(&config).stack), 6);
        assert_eq!(count(&layers(&config).stack[7..]), 0);
    }
}
