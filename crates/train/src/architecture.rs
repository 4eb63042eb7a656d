//! The layers of a model, from a configuration and the shape of the samples.

use espejo_data::Shape;
use espejo_nets::{Activation, Common, ConvPlan, LayerConfig, LayersConfig, Style, Window};

use crate::Error;
use crate::config::{DownKind, Kind, ModelConfig, UpKind};

/// The largest layer, and the most weights, that a configuration may ask for.
const MAX_WIDTH: usize = 1 << 20;
const MAX_WEIGHTS: usize = 1 << 29;
/// The most values that all layers together may make of one sample.
const MAX_VALUES: usize = 1 << 26;
/// Samples that are measured or encoded at once, at most, and values that a layer may make of them.
const MAX_CHUNK: usize = 1024;
const CHUNK_VALUES: usize = 1 << 22;
/// The largest kernel.
const MAX_KERNEL: usize = 15;

/// The layers of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// From samples to codes; of a `vae`, to the last hidden layer.
    pub encoder: LayersConfig,
    /// Of a `vae`: the two heads on the encoder.
    pub head: Option<LayerConfig>,
    /// From codes to samples.
    pub decoder: LayersConfig,
    /// In a few words, e.g. `784-256-2-256-784` or `conv 32,16, code 2`.
    pub title: String,
}

impl Architecture {
    /// Checks the sizes and puts the layers together; `output` is the activation at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the first key that cannot be used.
    pub fn new(model: &ModelConfig, shape: Shape, output: Activation) -> Result<Self, Error> {
        check_sizes(model)?;
        let architecture = match &model.conv {
            None => dense(model, shape.pixels(), output)?,
            Some(plan) => convolutional(model, plan, shape, output)?,
        };
        architecture.check_weights()?;
        Ok(architecture)
    }

    /// Size of the code.
    pub fn latent(&self) -> usize {
        self.decoder.input.iter().product()
    }

    /// Values of a sample, then after each layer that has weights of its own.
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![self.encoder.input.iter().product()];
        sizes.extend(self.encoder.sizes());
        sizes.extend(self.head.as_ref().map(LayerConfig::output_size));
        sizes.extend(self.decoder.sizes());
        sizes
    }

    /// Samples that go through the net at once where nothing is learned: fewer where a layer makes much of each.
    pub fn chunk(&self) -> usize {
        let layers = self.encoder.layers.iter().chain(&self.decoder.layers);
        let widest = layers.map(|(layer, _)| layer.output_size()).max();
        (CHUNK_VALUES / widest.unwrap_or(1).max(1)).clamp(1, MAX_CHUNK)
    }

    /// Weights and biases.
    pub fn weights(&self) -> usize {
        let stacks = self.encoder.layers.iter().chain(&self.decoder.layers);
        let layers = stacks.map(|(layer, _)| layer).chain(&self.head);
        layers.fold(0, |sum, layer| sum.saturating_add(layer.parameters()))
    }

    /// Refuses a net that no memory would hold.
    fn check_weights(&self) -> Result<(), Error> {
        let layers = || {
            let stacks = self.encoder.layers.iter().chain(&self.decoder.layers);
            stacks.map(|(layer, _)| layer).chain(&self.head)
        };
        let total = |count: fn(&LayerConfig) -> usize| {
            layers().fold(0_usize, |sum, layer| sum.saturating_add(count(layer)))
        };
        let refuse = |what: &str, found: usize, most: usize, hint: &str| {
            let message = format!("{} has {found} {what}, expected at most {most}", self.title);
            Err(Error::config(message, Some(hint.to_owned())))
        };
        let (weights, values) = (
            total(LayerConfig::parameters),
            total(LayerConfig::output_size),
        );
        if weights > MAX_WEIGHTS {
            return refuse(
                "weights",
                weights,
                MAX_WEIGHTS,
                "give smaller `--layers`, or bring pictures to a smaller `--size`",
            );
        }
        if values > MAX_VALUES {
            let hint = "give fewer channels, or a smaller `--size`";
            return refuse("values a sample", values, MAX_VALUES, hint);
        }
        Ok(())
    }
}

fn check_sizes(model: &ModelConfig) -> Result<(), Error> {
    let bad = |size: &&usize| **size == 0 || **size > MAX_WIDTH;
    if let Some(bad) = model.layers.iter().find(bad) {
        return Err(Error::config(
            format!("layer size {bad} in `model.layers`, expected 1 to {MAX_WIDTH}"),
            None,
        ));
    }
    let kernel = model.kernel;
    if kernel.is_multiple_of(2) || kernel > MAX_KERNEL {
        return Err(Error::config(
            format!("`model.kernel` is {kernel}, expected an odd number of 1 to {MAX_KERNEL}"),
            None,
        ));
    }
    let plain = ModelConfig::default();
    let convolutional = [
        ("batch_norm", model.batch_norm),
        ("kernel", kernel != plain.kernel),
        ("down", model.down != plain.down),
        ("up", model.up != plain.up),
    ];
    match convolutional.iter().find(|(_, set)| *set) {
        Some((key, _)) if model.conv.is_none() => Err(Error::config(
            format!("`model.{key}` is for convolutional nets"),
            Some("add `--conv 32,16`, or leave it out".into()),
        )),
        _ => Ok(()),
    }
}

/// The size of a dense waist.
fn waist(model: &ModelConfig) -> Result<usize, Error> {
    let latent = model.latent.unwrap_or(2);
    if latent == 0 || latent > MAX_WIDTH {
        return Err(Error::config(
            format!("`model.latent` is {latent}, expected 1 to {MAX_WIDTH}"),
            None,
        ));
    }
    Ok(latent)
}

fn dense(model: &ModelConfig, pixels: usize, output: Activation) -> Result<Architecture, Error> {
    let (down, up) = dense_sizes(model, pixels)?;
    let hidden = model.activation;
    let title = down.iter().chain(&up[1..]).map(ToString::to_string);
    let title = title.collect::<Vec<_>>().join("-");
    let (encoder, head) = match model.kind {
        Kind::Vae => {
            let (latent, before) = down.split_last().expect("a way down has sizes");
            let encoder = LayersConfig::dense(before, hidden, hidden);
            let inputs = encoder.output_size();
            let outputs = *latent;
            (encoder, Some(LayerConfig::Linear { inputs, outputs }))
        }
        _ => (
            LayersConfig::dense(down, hidden, model.latent_activation),
            None,
        ),
    };
    Ok(Architecture {
        encoder,
        head,
        decoder: LayersConfig::dense(up, hidden, output),
        title,
    })
}

fn convolutional(
    model: &ModelConfig,
    plan: &str,
    shape: Shape,
    output: Activation,
) -> Result<Architecture, Error> {
    let unusable = |reason: String| {
        let hint = "give the channels of each level (`--conv 32,16`), or every step with a `/` where the code is \
                    (`--conv 32,pool,16,pool/16,up,32,up,1`)";
        Error::config(format!("`--conv {plan}` {reason}"), Some(hint.into()))
    };
    let parsed: ConvPlan = plan
        .parse()
        .map_err(|error| unusable(format!("cannot be read: {error}")))?;
    let style = Style {
        strided: model.down == DownKind::Stride,
        transposed: model.up == UpKind::Transpose,
    };
    if !parsed.is_mirrored() && (style.strided || style.transposed) {
        return Err(Error::config(
            "`model.down` and `model.up` are for mirrored nets",
            Some("in a whole list of steps, write `32s` to halve by a stride and `32t` to double by a transposed convolution".into()),
        ));
    }
    let common = Common {
        kernel: model.kernel,
        activation: model.activation,
        batch_norm: model.batch_norm,
    };
    let picture = [shape.channels, shape.height, shape.width];
    let (encoder, decoder) = parsed
        .layers(picture, style, common, output)
        .map_err(unusable)?;
    let whole = !parsed.is_mirrored() && model.latent.is_none();
    if whole || model.latent == Some(0) {
        fully_convolutional(model, plan, encoder, decoder)
    } else {
        with_waist(model, plan, encoder, decoder)
    }
}

/// The last map of the encoder is the code.
fn fully_convolutional(
    model: &ModelConfig,
    plan: &str,
    mut encoder: LayersConfig,
    decoder: LayersConfig,
) -> Result<Architecture, Error> {
    if !model.layers.is_empty() {
        let message = "`model.layers` needs a dense waist, and this net has none";
        let hint = "give the size of the waist with `--latent N`, or leave `--layers` out";
        return Err(Error::config(message, Some(hint.into())));
    }
    let input = encoder.output();
    let head = (model.kind == Kind::Vae).then_some(LayerConfig::Conv {
        input,
        outputs: input[0],
        window: Window::same(1, 1),
    });
    if head.is_none() {
        activate_code(&mut encoder, model.latent_activation);
    }
    let [channels, height, width] = input;
    Ok(Architecture {
        encoder,
        head,
        decoder,
        title: format!("conv {plan}, code {channels}x{height}x{width}"),
    })
}

/// Gives the last map its activation; pooling and repeating only choose among values, so what stands before them decides.
fn activate_code(encoder: &mut LayersConfig, code: Activation) {
    let resamples = |layer: &LayerConfig| {
        matches!(
            layer,
            LayerConfig::Pool { .. } | LayerConfig::Upsample { .. }
        )
    };
    let mut layers = encoder.layers.iter_mut().rev();
    match layers.find(|(layer, _)| !resamples(layer)) {
        Some((_, activation)) => *activation = code,
        None => {
            if let Some((_, activation)) = encoder.layers.last_mut() {
                *activation = code;
            }
        }
    }
}

/// Dense layers from the last map of the encoder to the code and back to the first map of the decoder.
fn with_waist(
    model: &ModelConfig,
    plan: &str,
    mut encoder: LayersConfig,
    decoder: LayersConfig,
) -> Result<Architecture, Error> {
    let latent = waist(model)?;
    let map = encoder.output_size();
    for size in &model.layers {
        encoder.push_linear(*size, model.activation);
    }
    let head = match model.kind {
        Kind::Vae => Some(LayerConfig::Linear {
            inputs: encoder.output_size(),
            outputs: latent,
        }),
        _ => {
            encoder.push_linear(latent, model.latent_activation);
            None
        }
    };
    let mut up = LayersConfig::new([latent, 1, 1]);
    for size in model.layers.iter().rev().chain([&map]) {
        up.push_linear(*size, model.activation);
    }
    up.layers.extend(decoder.layers);
    Ok(Architecture {
        encoder,
        head,
        decoder: up,
        title: format!("conv {plan}, code {latent}"),
    })
}

/// The way down and the way up, from either form of `layers`.
fn dense_sizes(model: &ModelConfig, pixels: usize) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let layers = &model.layers;
    let whole = layers.len() >= 3 && layers.first() == layers.last() && layers[0] == pixels;
    if !whole {
        let latent = waist(model)?;
        if layers.len() >= 3 && layers.first() == layers.last() {
            let message = format!(
                "layers {layers:?} start and end with {}, but a picture has {pixels} pixels",
                layers[0]
            );
            return Err(Error::config(
                message,
                format!(
                    "the whole list starts and ends with {pixels}; hidden sizes alone are mirrored"
                ),
            ));
        }
        let down = [&[pixels], layers.as_slice(), &[latent]].concat();
        let up = down.iter().rev().copied().collect();
        return Ok((down, up));
    }
    let inner = &layers[1..layers.len() - 1];
    let narrowest = *inner.iter().min().expect("a whole list has inner layers");
    let waist = 1 + inner
        .iter()
        .position(|size| *size == narrowest)
        .expect("the minimum is there");
    if inner.iter().filter(|size| **size == narrowest).count() > 1 {
        let message = format!("layers {layers:?} have no single narrowest layer to be the code");
        return Err(Error::config(
            message,
            Some("give the hidden sizes alone, and `--latent N`".into()),
        ));
    }
    if let Some(latent) = model.latent.filter(|latent| *latent != narrowest) {
        let message =
            format!("`latent` is {latent}, but the waist of layers {layers:?} is {narrowest}");
        return Err(Error::config(
            message,
            Some("leave `--latent` out when the whole list is given".into()),
        ));
    }
    Ok((layers[..=waist].to_vec(), layers[waist..].to_vec()))
}
