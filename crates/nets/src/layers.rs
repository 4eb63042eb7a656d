//! Stacks of layers, described by a value, and where their first weights come from.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Activation;

/// A generator of host random numbers: the same seed gives the same numbers on every device and platform.
pub fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// How first weights are drawn; biases start at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initializer {
    /// Uniform within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010).
    #[default]
    Glorot,
    /// Uniform within ±√(6 / inputs), for rectifiers (He et al. 2015).
    He,
}

impl Initializer {
    /// Every initialiser, in the order in which messages list them.
    pub const ALL: [Self; 2] = [Self::Glorot, Self::He];

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glorot => "glorot",
            Self::He => "he",
        }
    }

    /// A linear layer with weights `[inputs, outputs]`, drawn on the host so that every device starts alike.
    pub fn linear(
        self,
        inputs: usize,
        outputs: usize,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Linear {
        let fan = match self {
            Self::Glorot => inputs + outputs,
            Self::He => inputs,
        };
        let bound = (6.0 / fan as f64).sqrt() as f32;
        let weights: Vec<f32> = (0..inputs * outputs)
            .map(|_| rng.random_range(-bound..bound))
            .collect();
        Linear {
            weight: Param::from_tensor(Tensor::from_data(
                TensorData::new(weights, [inputs, outputs]),
                device,
            )),
            bias: Some(Param::from_tensor(Tensor::zeros([outputs], device))),
        }
    }
}

/// A stack of layers as a value: what it is made of decides how it is run, not its type.
#[derive(Clone, Debug, PartialEq)]
pub enum LayersConfig {
    /// Fully connected layers.
    Dense(DenseConfig),
}

/// Fully connected layers of the given sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseConfig {
    /// Input size first, output size last; one linear layer between each two.
    pub sizes: Vec<usize>,
    /// Activation after every layer but the last.
    pub hidden: Activation,
    /// Activation after the last layer.
    pub last: Activation,
}

impl LayersConfig {
    /// Fully connected layers of `sizes`, with `hidden` after all but the last, which has `last`.
    pub fn dense(sizes: impl Into<Vec<usize>>, hidden: Activation, last: Activation) -> Self {
        Self::Dense(DenseConfig {
            sizes: sizes.into(),
            hidden,
            last,
        })
    }

    /// Size of the last layer.
    ///
    /// # Panics
    ///
    /// Without sizes: configurations are checked before.
    pub fn output_size(&self) -> usize {
        match self {
            Self::Dense(dense) => *dense.sizes.last().expect("a stack has sizes"),
        }
    }

    /// Layers with first weights from `rng`.
    pub fn init(&self, initializer: Initializer, rng: &mut impl Rng, device: &Device) -> Layers {
        match self {
            Self::Dense(dense) => {
                let linears: Vec<Linear> = dense
                    .sizes
                    .windows(2)
                    .map(|pair| initializer.linear(pair[0], pair[1], rng, device))
                    .collect();
                let mut activations = vec![dense.hidden; linears.len()];
                if let Some(last) = activations.last_mut() {
                    *last = dense.last;
                }
                Layers {
                    stack: linears,
                    activations,
                }
            }
        }
    }
}

/// A stack of layers with its weights.
#[derive(Module, Debug)]
pub struct Layers {
    stack: Vec<Linear>,
    #[module(skip)]
    activations: Vec<Activation>,
}

/// One row of a layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// What it is, e.g. `linear + tanh`.
    pub kind: String,
    /// Shape of what comes out for one sample.
    pub output: Vec<usize>,
    /// Trainable numbers in it.
    pub parameters: usize,
}

impl Layers {
    /// The output of the last layer: `[batch, input]` to `[batch, output]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.stack
            .iter()
            .zip(&self.activations)
            .fold(x, |x, (linear, activation)| {
                activation.forward(linear.forward(x))
            }) // [batch, outputs]
    }

    /// The output before the last activation: `[batch, output]`; logits where that activation is a sigmoid.
    pub fn forward_logits(&self, x: Tensor<2>) -> Tensor<2> {
        let (last, before) = self.stack.split_last().expect("a stack has layers");
        let hidden = before
            .iter()
            .zip(&self.activations)
            .fold(x, |x, (linear, activation)| {
                activation.forward(linear.forward(x))
            }); // [batch, hidden]
        last.forward(hidden) // [batch, outputs]
    }

    /// The activation after the last layer.
    pub fn last_activation(&self) -> Activation {
        *self.activations.last().expect("a stack has layers")
    }

    /// The squared Frobenius norm of the Jacobian ∂output/∂input, one number a sample: `[batch, 1]`.
    ///
    /// The whole chain of layers counts, not the last one alone: J = D_L W_Lᵀ ... D_1 W_1ᵀ with D_i = diag f'(a_i).
    pub fn jacobian_norm_squared(&self, x: Tensor<2>) -> Tensor<2> {
        let [batch, _] = x.dims();
        let mut derivatives = Vec::with_capacity(self.stack.len());
        let mut h = x;
        for (linear, activation) in self.stack.iter().zip(&self.activations) {
            let a = linear.forward(h); // [batch, outputs]
            derivatives.push(activation.derivative(a.clone()));
            h = activation.forward(a);
        }
        let [_, outputs] = h.dims();
        let mut jacobian = Tensor::<2>::eye(outputs, &h.device())
            .unsqueeze::<3>()
            .expand([batch, outputs, outputs]);
        for (linear, derivative) in self.stack.iter().zip(derivatives).rev() {
            let [inputs, width] = linear.weight.dims();
            let scaled = jacobian * derivative.unsqueeze_dim::<3>(1); // [batch, outputs, width]
            let rows = scaled
                .reshape([batch * outputs, width])
                .matmul(linear.weight.val().transpose());
            jacobian = rows.reshape([batch, outputs, inputs]); // [batch, outputs, inputs]
        }
        let [_, _, inputs] = jacobian.dims();
        jacobian
            .square()
            .reshape([batch, outputs * inputs])
            .sum_dim(1) // [batch, 1]
    }

    /// The linear layers, in order.
    pub fn linears(&self) -> &[Linear] {
        &self.stack
    }

    /// One row a layer, in order.
    pub fn table(&self) -> Vec<LayerInfo> {
        self.stack
            .iter()
            .zip(&self.activations)
            .map(|(linear, activation)| describe(linear, Some(*activation)))
            .collect()
    }
}

/// Half the sum of the squared weights of some layers, biases left out, each summed in two stages for the sake of f32: `[1]`.
///
/// # Panics
///
/// Without layers.
pub fn half_squares<'a>(layers: impl IntoIterator<Item = &'a Linear>) -> Tensor<1> {
    let squares = layers
        .into_iter()
        .map(|linear| linear.weight.val().square().sum_dim(1).sum());
    let sum = squares
        .reduce(|sum, next| sum + next)
        .expect("there are layers");
    sum.mul_scalar(0.5)
}

/// The table row of one linear layer.
pub(crate) fn describe(linear: &Linear, activation: Option<Activation>) -> LayerInfo {
    let [inputs, outputs] = linear.weight.dims();
    let biases = if linear.bias.is_some() { outputs } else { 0 };
    let kind = match activation {
        None | Some(Activation::Linear) => "linear".to_owned(),
        Some(activation) => format!("linear + {}", activation.name()),
    };
    LayerInfo {
        kind,
        output: vec![outputs],
        parameters: inputs * outputs + biases,
    }
}

impl LayerInfo {
    /// The row of a bare linear layer, such as the two heads of a variational encoder.
    pub fn linear(linear: &Linear) -> Self {
        describe(linear, None)
    }
}
