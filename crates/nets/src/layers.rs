//! Stacks of layers, described by a value: dense or convolutional, a stack takes rows and gives rows.

mod hidden;
mod images;

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use espejo_kernels::Inputs;
use espejo_kernels::sums::row_sums;
use rand::Rng;

use crate::conv::Map;
use crate::{Activation, DenseStep, Initializer, Join, Layer, LayerConfig, LayerInfo};

pub use hidden::Hidden;

/// A stack of layers as a value: what it is made of decides how it is run, not its type.
#[derive(Clone, Debug, PartialEq)]
pub struct LayersConfig {
    /// Shape of what comes in; dense values are channels of 1x1.
    pub input: Map,
    /// The layers in order, each with the activation after it.
    pub layers: Vec<(LayerConfig, Activation)>,
}

impl LayersConfig {
    /// No layers yet, for what has the shape `input`.
    pub fn new(input: Map) -> Self {
        Self {
            input,
            layers: Vec::new(),
        }
    }

    /// Fully connected layers of `sizes`, with `hidden` after all but the last, which has `last`.
    pub fn dense(sizes: impl Into<Vec<usize>>, hidden: Activation, last: Activation) -> Self {
        let sizes = sizes.into();
        let count = sizes.len().saturating_sub(1);
        let mut config = Self::new([sizes.first().copied().unwrap_or(0), 1, 1]);
        for (index, outputs) in sizes.into_iter().skip(1).enumerate() {
            config.push_linear(outputs, if index + 1 == count { last } else { hidden });
        }
        config
    }

    /// Adds a fully connected layer.
    pub fn push_linear(&mut self, outputs: usize, activation: Activation) {
        let inputs = self.output_size();
        self.layers
            .push((LayerConfig::Linear { inputs, outputs }, activation));
    }

    /// Adds what `steps` say: `activation` follows each fully connected layer, and a batch normalisation, dropout or noise acts
    /// on what is there. The maps of a convolution come to a fully connected layer as they are: rows are flat. A concatenation puts what
    /// came to the first of these steps before what is there; as the first of them it has nothing to go around, and is none.
    pub fn push_steps(&mut self, steps: &[DenseStep], activation: Activation) {
        let known = self.layers.len();
        let before = self.output();
        for step in steps {
            let input = self.output();
            let plain = |layer| (layer, Activation::Linear);
            match *step {
                DenseStep::Size(outputs) => self.push_linear(outputs, activation),
                DenseStep::BatchNorm => self.layers.push(plain(LayerConfig::BatchNorm { input })),
                DenseStep::Dropout(rate) => self
                    .layers
                    .push(plain(LayerConfig::Dropout { input, rate })),
                DenseStep::Noise(deviation) => self
                    .layers
                    .push(plain(LayerConfig::Noise { input, deviation })),
                DenseStep::Concat if self.layers.len() == known => {}
                DenseStep::Concat => {
                    let inner = Box::new(Self {
                        input: before,
                        layers: self.layers.split_off(known),
                    });
                    let join = Join::Concat;
                    self.layers.push(plain(LayerConfig::Skip { inner, join }));
                }
            }
        }
    }

    /// Puts Gaussian noise of this standard deviation between the last layer and its activation; what has no layer stays so.
    pub fn add_noise_before_last_activation(&mut self, deviation: f64) {
        let input = self.output();
        if let Some((_, activation)) = self.layers.last_mut() {
            let activation = std::mem::replace(activation, Activation::Linear);
            self.layers
                .push((LayerConfig::Noise { input, deviation }, activation));
        }
    }

    /// Adds the layers of `next`, whose input is the output of these.
    pub fn append(&mut self, next: Self) {
        self.layers.extend(next.layers);
    }

    /// Values that come in.
    pub fn input_size(&self) -> usize {
        self.input.iter().product()
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        self.layers
            .last()
            .map_or(self.input, |(layer, _)| layer.output())
    }

    /// Values that come out.
    pub fn output_size(&self) -> usize {
        self.output().iter().product()
    }

    /// Numbers in all layers, `usize::MAX` where they cannot be counted.
    pub fn parameters(&self) -> usize {
        let each = self.layers.iter().map(|(layer, _)| layer.parameters());
        each.fold(0, usize::saturating_add)
    }

    /// What cannot be built of it, in words that name the layer, counted from 1.
    ///
    /// # Errors
    ///
    /// For the first layer that cannot be built, or that takes another number of values than reaches it.
    pub fn check(&self) -> Result<(), String> {
        let mut reached = self.input_size();
        for (place, (layer, _)) in (1..).zip(&self.layers) {
            layer
                .check()
                .map_err(|reason| format!("layer {place} {reason}"))?;
            let expected: usize = layer.input().iter().product();
            if expected != reached {
                return Err(format!(
                    "layer {place} takes {expected} values, but {reached} reach it"
                ));
            }
            reached = layer.output_size();
        }
        Ok(())
    }

    /// Values after each layer that has weights of its own.
    pub fn sizes(&self) -> Vec<usize> {
        let layers = self.layers.iter().map(|(layer, _)| layer);
        layers
            .filter(|layer| layer.is_weighted())
            .map(LayerConfig::output_size)
            .collect()
    }

    /// Whether every layer is fully connected.
    pub fn is_dense(&self) -> bool {
        let mut layers = self.layers.iter();
        layers.all(|(layer, _)| matches!(layer, LayerConfig::Linear { .. }))
    }

    /// Layers with first weights from `rng`.
    pub fn init(&self, initializer: Initializer, rng: &mut impl Rng, device: &Device) -> Layers {
        let stack = self
            .layers
            .iter()
            .map(|(layer, _)| layer.init(initializer, rng, device))
            .collect();
        Layers {
            stack,
            activations: self
                .layers
                .iter()
                .map(|(_, activation)| *activation)
                .collect(),
            input: self.input,
        }
    }
}

/// The output of layers, each with the activation after it. A convolution and the pooling behind it are one operation, and so are an upsampling and the
/// convolution behind it, and a wide concatenation and the fully connected layer behind it; where these are not, images stay images.
fn through(layers: &[Layer], activations: &[Activation], x: Inputs) -> Inputs {
    let ([layer, rest @ ..], [activation, after @ ..]) = (layers, activations) else {
        return x;
    };
    let count = images::suited(layers, &x);
    if count > 0 {
        let ((images, rest), (between, after)) =
            (layers.split_at(count), activations.split_at(count));
        return through(rest, after, images::forward(images, between, x));
    }
    if let (Layer::Conv(conv), Some(fused)) = (layer, activation.fused())
        && let ([Layer::Pool(_), rest @ ..], [Activation::Linear, after @ ..]) = (rest, after)
    {
        let pooled = conv.forward_pooled(x.into_tensor(), fused);
        return through(rest, after, pooled.into());
    }
    if let (Layer::Upsample(upsample), Activation::Linear) = (layer, activation)
        && let ([Layer::Conv(conv), rest @ ..], [activation, after @ ..]) = (rest, after)
        && let Some(fused) = activation.fused()
    {
        let y = conv.forward_upsampled(upsample, x.into_tensor(), fused);
        return through(rest, after, y.into());
    }
    if let (Layer::Skip(skip), Activation::Linear) = (layer, activation)
        && let ([Layer::Linear(linear), rest @ ..], [activation, after @ ..]) = (rest, after)
        && skip.is_wide()
    {
        let y = activation.forward(skip.before_linear(linear, x));
        return through(rest, after, y.into());
    }
    through(rest, after, layer.activated(x, *activation).into())
}

/// A stack of layers with its weights.
#[derive(Module, Debug)]
pub struct Layers {
    stack: Vec<Layer>,
    #[module(skip)]
    activations: Vec<Activation>,
    input: Map,
}

impl Layers {
    /// The output of the last layer: `[batch, input]` to `[batch, output]`.
    pub fn forward(&self, x: impl Into<Inputs>) -> Tensor<2> {
        self.outputs(x).into_tensor() // [batch, outputs]
    }

    /// What [`forward`](Self::forward) gives for layers that come next: images where it lies as such.
    pub fn outputs(&self, x: impl Into<Inputs>) -> Inputs {
        through(&self.stack, &self.activations, x.into())
    }

    /// The output before the last activation: `[batch, output]`; logits where that activation is a sigmoid.
    pub fn forward_logits(&self, x: impl Into<Inputs>) -> Tensor<2> {
        let mut activations = self.activations.clone();
        *activations.last_mut().expect("a stack has layers") = Activation::Linear;
        through(&self.stack, &activations, x.into()).into_tensor() // [batch, outputs]
    }

    /// The activation after the last layer.
    pub fn last_activation(&self) -> Activation {
        *self.activations.last().expect("a stack has layers")
    }

    /// The squared Frobenius norm of the Jacobian ∂output/∂input, one number a sample: `[batch, 1]`.
    ///
    /// The whole chain of layers counts, not the last one alone: J = D_L W_Lᵀ ... D_1 W_1ᵀ with D_i = diag f'(a_i).
    ///
    /// # Panics
    ///
    /// With a layer that is not fully connected: configurations are checked before.
    pub fn jacobian_norm_squared(&self, x: Tensor<2>) -> Tensor<2> {
        let [batch, _] = x.dims();
        let mut derivatives = Vec::with_capacity(self.stack.len());
        let mut h = x;
        for (linear, activation) in self.linears().zip(&self.activations) {
            let a = linear.forward(h); // [batch, outputs]
            derivatives.push(activation.derivative(a.clone()));
            h = activation.forward(a);
        }
        let [_, outputs] = h.dims();
        let mut jacobian = Tensor::<2>::eye(outputs, &h.device())
            .unsqueeze::<3>()
            .expand([batch, outputs, outputs]);
        let linears: Vec<&Linear> = self.linears().collect();
        for (linear, derivative) in linears.into_iter().zip(derivatives).rev() {
            let [inputs, width] = linear.weight.dims();
            let scaled = jacobian * derivative.unsqueeze_dim::<3>(1); // [batch, outputs, width]
            let rows = scaled
                .reshape([batch * outputs, width])
                .matmul(linear.weight.val().transpose());
            jacobian = rows.reshape([batch, outputs, inputs]); // [batch, outputs, inputs]
        }
        let [_, _, inputs] = jacobian.dims();
        row_sums(jacobian.square().reshape([batch, outputs * inputs])) // [batch, 1]
    }

    fn linears(&self) -> impl Iterator<Item = &Linear> {
        self.stack.iter().map(|layer| match layer {
            Layer::Linear(linear) => linear,
            other => panic!("a Jacobian is for linear layers, not {other:?}"),
        })
    }

    /// These layers with the first `count` frozen: they keep their weights while the others are trained. Batch normalisation among
    /// them goes by its running means, dropout lets everything through and noise is none.
    pub fn freeze_first(mut self, count: usize) -> Self {
        let layers = self.stack.into_iter().enumerate();
        self.stack = layers
            .map(|(place, layer)| match place < count {
                true => layer.freeze(),
                false => layer,
            })
            .collect();
        self
    }

    /// The layers, in order.
    pub fn stack(&self) -> &[Layer] {
        &self.stack
    }

    /// Shape of what comes in.
    pub fn input(&self) -> Map {
        self.input
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let shape = |before: Map, layer: &Layer| layer.output().unwrap_or(before);
        self.stack.iter().fold(self.input, shape)
    }

    /// One row a layer, in order; the layers inside of a skip are indented and stand before it.
    pub fn table(&self) -> Vec<LayerInfo> {
        let mut before = self.input;
        let rows = |(layer, activation): (&Layer, &Activation)| {
            let rows = layer.rows(*activation, before);
            before = layer.output().unwrap_or(before);
            rows
        };
        let layers = self.stack.iter().zip(&self.activations);
        layers.flat_map(rows).collect()
    }
}
