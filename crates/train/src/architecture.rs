//! The layers of a model, from a configuration and the shape of the samples.

use std::ops::Range;

use espejo_data::Shape;
use espejo_nets::{
    Activation, Common, ConvChain, ConvPlan, DenseStep, LayerConfig, LayersConfig, Map, Style,
    Window,
};

use crate::Error;
use crate::config::{DownKind, ModelConfig, UpKind};

/// The largest layer, and the most weights, that a configuration may ask for.
const MAX_WIDTH: usize = 1 << 20;
pub(crate) const MAX_WEIGHTS: usize = 1 << 29;
/// The most values that all layers together may make of one sample.
const MAX_VALUES: usize = 1 << 26;
/// Samples that are measured or encoded at once, at most, and values that a layer may make of them.
const MAX_CHUNK: usize = 1024;
const CHUNK_VALUES: usize = 1 << 22;
/// Values of the vector of a token, where nobody says how many, and at most.
const EMBEDDING: usize = 32;
const MAX_EMBEDDING: usize = 4096;
/// The largest kernel.
const MAX_KERNEL: usize = 15;

/// The layers of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// The layers themselves.
    pub stacks: Stacks,
    /// How many of a chain's first layers are the encoder of an autoencoder; 0 without one.
    pub body: usize,
    /// In a few words, e.g. `784-256-2-256-784` or `conv 32,16, code 2`.
    pub title: String,
}

/// The layers of an autoencoder, or of a net with targets.
#[derive(Clone, Debug, PartialEq)]
pub enum Stacks {
    /// Down to a code and up again.
    Mirror(Mirror),
    /// From samples to targets.
    Chain(LayersConfig),
}

/// The layers of an autoencoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    /// From samples to codes; where there are heads, to the last hidden layer.
    pub encoder: LayersConfig,
    /// The two heads on the encoder that give mean and log-variance of a posterior.
    pub head: Option<LayerConfig>,
    /// From codes to samples.
    pub decoder: LayersConfig,
}

/// What the layers of a model have to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The shape of a sample.
    pub shape: Shape,
    /// Whether samples are rows of a table.
    pub table: bool,
    /// Values of a target: classes, or columns of numbers; 0 where the samples are their own targets.
    pub outputs: usize,
    /// The one-hot columns of each category of a table.
    pub categories: Vec<Range<usize>>,
    /// How many different tokens there are, where a sample is a sequence of such.
    pub tokens: Option<usize>,
    /// Whether the first layer sees which values of a sample are missing.
    pub missing_mask: bool,
}

impl From<Shape> for Layout {
    /// Images that are their own targets.
    fn from(shape: Shape) -> Self {
        Self {
            shape,
            table: false,
            outputs: 0,
            categories: Vec::new(),
            tokens: None,
            missing_mask: false,
        }
    }
}

impl Architecture {
    /// Checks the sizes and puts the layers together; `output` is the activation at the end.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the first key that cannot be used.
    pub fn new(model: &ModelConfig, layout: &Layout, output: Activation) -> Result<Self, Error> {
        check_sizes(model)?;
        let shape = layout.shape;
        let architecture = match (model.kind.has_code(), &model.conv) {
            (false, _) => chain(model, layout, output)?,
            (true, None) => dense(model, layout, output)?,
            (true, Some(plan)) => convolutional(model, plan, shape, output)?,
        };
        architecture.check_weights()?;
        Ok(architecture)
    }

    /// The layers of an autoencoder, where it is one.
    pub fn mirror(&self) -> Option<&Mirror> {
        match &self.stacks {
            Stacks::Mirror(mirror) => Some(mirror),
            Stacks::Chain(_) => None,
        }
    }

    /// Dimensions of the latent code; 0 where there is none.
    pub fn latent(&self) -> usize {
        self.mirror()
            .map_or(0, |mirror| mirror.decoder.input.iter().product())
    }

    /// Values of a sample, then after each layer that has weights of its own.
    pub fn sizes(&self) -> Vec<usize> {
        match &self.stacks {
            Stacks::Mirror(mirror) => {
                let mut sizes = vec![mirror.encoder.input.iter().product()];
                sizes.extend(mirror.encoder.sizes());
                sizes.extend(mirror.head.as_ref().map(LayerConfig::output_size));
                sizes.extend(mirror.decoder.sizes());
                sizes
            }
            Stacks::Chain(layers) => {
                let mut sizes = vec![layers.input.iter().product()];
                sizes.extend(layers.sizes());
                sizes
            }
        }
    }

    /// Samples that go through the net at once where nothing is learned: fewer where a layer makes much of each.
    pub fn chunk(&self) -> usize {
        let widest = self.stacked().map(LayerConfig::output_size).max();
        (CHUNK_VALUES / widest.unwrap_or(1).max(1)).clamp(1, MAX_CHUNK)
    }

    /// Weights and biases.
    pub fn weights(&self) -> usize {
        let layers = self.stacked().chain(self.head());
        layers.fold(0, |sum, layer| sum.saturating_add(layer.parameters()))
    }

    /// Every layer but the heads.
    pub(crate) fn stacked(&self) -> Box<dyn Iterator<Item = &LayerConfig> + '_> {
        match &self.stacks {
            Stacks::Mirror(Mirror {
                encoder, decoder, ..
            }) => {
                let layers = encoder.layers.iter().chain(&decoder.layers);
                Box::new(layers.map(|(layer, _)| layer))
            }
            Stacks::Chain(layers) => Box::new(layers.layers.iter().map(|(layer, _)| layer)),
        }
    }

    fn head(&self) -> Option<&LayerConfig> {
        self.mirror().and_then(|mirror| mirror.head.as_ref())
    }

    /// Refuses a net that no memory would hold.
    fn check_weights(&self) -> Result<(), Error> {
        let total = |count: fn(&LayerConfig) -> usize| {
            let layers = self.stacked().chain(self.head());
            layers.fold(0_usize, |sum, layer| sum.saturating_add(count(layer)))
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
                "give smaller `--layers`, or bring images to a smaller `--size`",
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
    let sizes = model.layers.iter().filter_map(|step| match step {
        DenseStep::Size(size) => Some(*size),
        DenseStep::BatchNorm | DenseStep::Dropout(_) | DenseStep::Noise(_) | DenseStep::Concat => {
            None
        }
    });
    let mut bad = sizes.filter(|size| !(1..=MAX_WIDTH).contains(size));
    if let Some(bad) = bad.next() {
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

/// The sizes in `model.layers` of an autoencoder, whose mirrored layers have no other steps but noise on the way down.
fn sizes(model: &ModelConfig) -> Result<Vec<usize>, Error> {
    let size = |step: &DenseStep| match step {
        DenseStep::Size(size) => Some(Ok(*size)),
        DenseStep::Noise(_) => None,
        other => Some(Err(Error::config(
            format!("`{other}` in `model.layers` is for `classifier` and `regressor`"),
            Some("give sizes alone, as in `--layers 256,64`".to_owned()),
        ))),
    };
    model.layers.iter().filter_map(size).collect()
}

/// Whether noise stands among the hidden sizes.
pub(crate) fn has_noise(model: &ModelConfig) -> bool {
    let mut steps = model.layers.iter();
    steps.any(|step| matches!(step, DenseStep::Noise(_)))
}

/// The last layer down to a code, with noise before its activation where that is asked for.
fn push_code(encoder: &mut LayersConfig, latent: usize, model: &ModelConfig) {
    encoder.push_linear(latent, model.latent_activation);
    if model.code_noise > 0.0 {
        encoder.add_noise_before_last_activation(model.code_noise);
    }
}

/// Dimensions of a dense bottleneck.
fn bottleneck(model: &ModelConfig) -> Result<usize, Error> {
    let latent = model.latent.unwrap_or(2);
    if latent == 0 || latent > MAX_WIDTH {
        return Err(Error::config(
            format!("`model.latent` is {latent}, expected 1 to {MAX_WIDTH}"),
            None,
        ));
    }
    Ok(latent)
}

fn mirror(
    encoder: LayersConfig,
    head: Option<LayerConfig>,
    decoder: LayersConfig,
    title: String,
) -> Architecture {
    Architecture {
        stacks: Stacks::Mirror(Mirror {
            encoder,
            head,
            decoder,
        }),
        body: 0,
        title,
    }
}

/// From samples to targets: hidden layers, or the encoder of an autoencoder where a bottleneck is asked for, and a dense layer
/// of the target's size.
fn chain(model: &ModelConfig, layout: &Layout, output: Activation) -> Result<Architecture, Error> {
    let encoded = model.latent.is_some() || model.init_from.is_some();
    let (mut layers, words) = match encoded {
        true => body(model, layout)?,
        false => hidden(model, layout)?,
    };
    let body = if encoded { layers.layers.len() } else { 0 };
    layers.push_linear(layout.outputs, output);
    Ok(Architecture {
        stacks: Stacks::Chain(layers),
        body,
        title: format!("{words}-{}", layout.outputs),
    })
}

/// The hidden layers that the keys name.
fn hidden(model: &ModelConfig, layout: &Layout) -> Result<(LayersConfig, String), Error> {
    let shape = layout.shape;
    let (mut layers, mut words) = match layout.tokens {
        Some(tokens) => embedded(model, shape.pixels(), tokens)?,
        None => {
            let input = [shape.channels, shape.height, shape.width];
            (beginning(input, layout), vec![input_words(layout)])
        }
    };
    match &model.conv {
        None => {}
        Some(text) => {
            let unusable = |reason: String| {
                let hint = "give the steps in order, as in `--conv 32,pool,bn,16,pool,bn`; a net with targets has no way back";
                Error::config(format!("`--conv {text}` {reason}"), Some(hint.into()))
            };
            let chain: ConvChain = text
                .parse()
                .map_err(|error| unusable(format!("cannot be read: {error}")))?;
            let maps = chain.layers(layers.output(), common(model));
            layers.append(maps.map_err(unusable)?);
            if layout.tokens.is_none() {
                words.clear();
            }
            words.push(format!("conv {text}"));
        }
    }
    if model.layers.first() == Some(&DenseStep::Concat) {
        let message =
            "`concat` in `model.layers` is the first of them, and has nothing to go around";
        let hint = "put it behind other layers, as in `--layers 100,10,concat`";
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    layers.push_steps(&model.layers, model.activation);
    words.extend(model.layers.iter().map(ToString::to_string));
    Ok((layers, words.join("-")))
}

/// A learned vector for each token of a sequence.
fn embedded(
    model: &ModelConfig,
    length: usize,
    tokens: usize,
) -> Result<(LayersConfig, Vec<String>), Error> {
    let dimension = model.embedding.unwrap_or(EMBEDDING);
    if !(1..=MAX_EMBEDDING).contains(&dimension) {
        let message = format!("`model.embedding` is {dimension}, expected 1 to {MAX_EMBEDDING}");
        return Err(Error::config(message, None));
    }
    let table = LayerConfig::Embedding {
        vocabulary: tokens,
        dimension,
        length,
    };
    let mut layers = LayersConfig::new(table.input());
    layers.layers.push((table, Activation::Linear));
    let words = vec![
        length.to_string(),
        format!("embedding {tokens}x{dimension}"),
    ];
    Ok((layers, words))
}

/// What all convolutions of a net have in common.
fn common(model: &ModelConfig) -> Common {
    Common {
        kernel: model.kernel,
        activation: model.activation,
        batch_norm: model.batch_norm,
    }
}

/// The encoder that an autoencoder with these keys would have.
fn body(model: &ModelConfig, layout: &Layout) -> Result<(LayersConfig, String), Error> {
    let plain = Activation::Linear;
    let architecture = match &model.conv {
        None => dense(model, layout, plain)?,
        Some(plan) => convolutional(model, plan, layout.shape, plain)?,
    };
    let Stacks::Mirror(mirror) = architecture.stacks else {
        unreachable!("an autoencoder's layers are a mirror")
    };
    let code = mirror.decoder.input.iter().product::<usize>();
    let words = match &model.conv {
        None => {
            let sizes = mirror.encoder.sizes().into_iter();
            let sizes = sizes.map(|size| size.to_string());
            let sizes = std::iter::once(input_words(layout)).chain(sizes);
            sizes.collect::<Vec<_>>().join("-")
        }
        Some(plan) => format!("conv {plan}, code {code}"),
    };
    Ok((mirror.encoder, words))
}

/// The layers of a net before its first own one, for what has the shape `input`.
fn beginning(input: Map, layout: &Layout) -> LayersConfig {
    let mut layers = LayersConfig::new(input);
    if layout.missing_mask {
        let mask = LayerConfig::Mask { input };
        layers.layers.push((mask, Activation::Linear));
    }
    layers
}

/// The values of a sample in the title of a net.
fn input_words(layout: &Layout) -> String {
    let values = layout.shape.pixels();
    match layout.missing_mask {
        true => format!("{values}+mask"),
        false => values.to_string(),
    }
}

fn dense(model: &ModelConfig, layout: &Layout, output: Activation) -> Result<Architecture, Error> {
    let pixels = layout.shape.pixels();
    let (down, up) = dense_sizes(model, pixels)?;
    let hidden = model.activation;
    let sizes = down[1..].iter().chain(&up[1..]).map(ToString::to_string);
    let sizes = std::iter::once(input_words(layout)).chain(sizes);
    let title = sizes.collect::<Vec<_>>().join("-");
    let (latent, before) = down.split_last().expect("a way down has sizes");
    let mut encoder = beginning([pixels, 1, 1], layout);
    match has_noise(model) {
        true => encoder.push_steps(&model.layers, hidden),
        false => before[1..]
            .iter()
            .for_each(|size| encoder.push_linear(*size, hidden)),
    }
    let head = match model.kind.has_posterior() {
        true => Some(LayerConfig::Linear {
            inputs: encoder.output_size(),
            outputs: *latent,
        }),
        false => {
            push_code(&mut encoder, *latent, model);
            None
        }
    };
    let decoder = LayersConfig::dense(up, hidden, output);
    Ok(mirror(encoder, head, decoder, title))
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
    let common = common(model);
    let picture = [shape.channels, shape.height, shape.width];
    let (encoder, decoder) = parsed
        .layers(picture, style, common, output)
        .map_err(unusable)?;
    let whole = !parsed.is_mirrored() && model.latent.is_none();
    if whole || model.latent == Some(0) {
        fully_convolutional(model, plan, encoder, decoder)
    } else {
        with_bottleneck(model, plan, encoder, decoder)
    }
}

/// The last map of the encoder is the code.
fn fully_convolutional(
    model: &ModelConfig,
    plan: &str,
    mut encoder: LayersConfig,
    decoder: LayersConfig,
) -> Result<Architecture, Error> {
    if model.code_noise > 0.0 {
        let message = "`model.code_noise` needs a dense code, and that of this net is its last map";
        let hint = "give its dimensions with `--latent N`, or leave `--code-noise` out";
        return Err(Error::config(message, Some(hint.into())));
    }
    if !model.layers.is_empty() {
        let message = "`model.layers` needs a dense bottleneck, and this net has none";
        let hint = "give its dimensions with `--latent N`, or leave `--layers` out";
        return Err(Error::config(message, Some(hint.into())));
    }
    let input = encoder.output();
    let head = model.kind.has_posterior().then_some(LayerConfig::Conv {
        input,
        outputs: input[0],
        window: Window::same(1, 1),
    });
    if head.is_none() {
        activate_code(&mut encoder, model.latent_activation);
    }
    let [channels, height, width] = input;
    let title = format!("conv {plan}, code {channels}x{height}x{width}");
    Ok(mirror(encoder, head, decoder, title))
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
fn with_bottleneck(
    model: &ModelConfig,
    plan: &str,
    mut encoder: LayersConfig,
    decoder: LayersConfig,
) -> Result<Architecture, Error> {
    let latent = bottleneck(model)?;
    let map = encoder.output_size();
    let sizes = sizes(model)?;
    encoder.push_steps(&model.layers, model.activation);
    let head = match model.kind.has_posterior() {
        true => Some(LayerConfig::Linear {
            inputs: encoder.output_size(),
            outputs: latent,
        }),
        false => {
            push_code(&mut encoder, latent, model);
            None
        }
    };
    let mut up = LayersConfig::new([latent, 1, 1]);
    for size in sizes.iter().rev().chain([&map]) {
        up.push_linear(*size, model.activation);
    }
    up.layers.extend(decoder.layers);
    let title = format!("conv {plan}, code {latent}");
    Ok(mirror(encoder, head, up, title))
}

/// The way down and the way up, from either form of `layers`.
fn dense_sizes(model: &ModelConfig, pixels: usize) -> Result<(Vec<usize>, Vec<usize>), Error> {
    let layers = &sizes(model)?;
    let whole = layers.len() >= 3 && layers.first() == layers.last() && layers[0] == pixels;
    if !whole {
        let latent = bottleneck(model)?;
        if layers.len() >= 3 && layers.first() == layers.last() {
            let message = format!(
                "layers {layers:?} start and end with {}, but a sample has {pixels} values",
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
    if has_noise(model) {
        let message = format!("layers {layers:?} are a whole list, in which noise has no place");
        let hint = "give the hidden sizes alone, as in `--layers 256,noise:16 --latent 10`";
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    let inner = &layers[1..layers.len() - 1];
    let narrowest = *inner.iter().min().expect("a whole list has inner layers");
    let narrow = 1 + inner
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
            format!("`latent` is {latent}, but the bottleneck of layers {layers:?} is {narrowest}");
        return Err(Error::config(
            message,
            Some("leave `--latent` out when the whole list is given".into()),
        ));
    }
    Ok((layers[..=narrow].to_vec(), layers[narrow..].to_vec()))
}
