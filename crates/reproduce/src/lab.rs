//! From a preset to a trained net: what every experiment does.

use std::time::Instant;

use espejo_mlp::{Counts, Fit, Limits, Minimum, Net, Objective, Progress, descend, minimize};
use espejo_train::merge::{into_config, overlay, parse_set};
use espejo_train::{Algorithm, DenseFit, Error, Pca, Preset, RunConfig, dense_fit, method};

use rand::RngExt;

use crate::glyphs::{Glyph, Glyphs, PIXELS, distance, generator, thresholded, values};

/// A stream of random numbers.
const POSITIVE: u64 = 1;

/// A preset with some of its keys set anew, e.g. `model.layers=[35,2,35]`.
pub fn configured(preset: &str, sets: &[String]) -> Result<RunConfig, Error> {
    let mut table = Preset::find(preset)?.table();
    for assignment in sets {
        overlay(&mut table, parse_set(assignment)?);
    }
    into_config(table, preset)
}

/// A configuration ready to train, on its own letters or on others.
pub struct Setup {
    /// The net, its first weights, its loss.
    pub dense: DenseFit,
    /// How it is trained.
    pub algorithm: Algorithm,
    /// How long.
    pub limits: Limits,
    /// The letters of the configuration.
    pub glyphs: Glyphs,
}

impl Setup {
    /// A preset with some of its keys set anew.
    pub fn of(preset: &str, sets: &[String]) -> Result<Self, Error> {
        let config = configured(preset, sets)?;
        let (algorithm, limits) = method(&config.train)?;
        let dense = dense_fit(&config)?;
        Ok(Self {
            glyphs: Glyphs::from_samples(&dense.train)?,
            dense,
            algorithm,
            limits,
        })
    }

    /// The value of paper; ink is 1.
    pub fn low(&self) -> f64 {
        self.dense.range.low()
    }

    /// The objective of bringing `inputs` to `targets`, one for one.
    pub fn fit(&self, inputs: &[Glyph], targets: &[Glyph]) -> Fit {
        let (inputs, targets) = (values(inputs, self.low()), values(targets, self.low()));
        Fit::new(self.dense.net.clone(), self.dense.loss, &inputs, &targets)
    }

    /// Trains from first weights that are all positive, uniform in [0, 1) over the root of a layer's inputs, as the code
    /// of document 001 draws them.
    #[must_use]
    pub fn with_positive_weights(mut self, seed: u64) -> Self {
        let mut rng = generator(seed, POSITIVE);
        let layers = self.dense.net.layers().iter();
        let each = layers.flat_map(|layer| std::iter::repeat_n(layer.inputs, layer.parameters()));
        self.dense.start = each
            .map(|inputs| rng.random::<f64>() / (inputs as f64).sqrt())
            .collect();
        self
    }

    /// Trains on the letters of the configuration.
    pub fn learn(&self) -> Learned {
        self.train(self.dense.fit.clone())
    }

    /// Trains on an objective.
    pub fn train(&self, fit: Fit) -> Learned {
        let mut seen = Seen::new(fit);
        let minimum = match self.algorithm {
            Algorithm::Minimize(method) => minimize(
                method,
                &mut seen,
                &self.dense.start,
                &self.limits,
                &mut |_| true,
            ),
            Algorithm::Descend(descent) => {
                let Seen {
                    fit, curve, begun, ..
                } = &mut seen;
                descend(
                    &descent,
                    fit,
                    &self.dense.start,
                    &self.limits,
                    &mut |progress| {
                        curve.take(progress.counts, progress.best_loss, *begun);
                        true
                    },
                )
            }
        };
        let Seen {
            mut curve, begun, ..
        } = seen;
        curve.push(minimum.counts, minimum.loss, begun);
        Learned {
            mirror: self.mirror(&minimum.at),
            minimum,
            curve,
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    /// Descends on an objective under somebody's eyes.
    pub fn watched(&self, fit: Fit, watch: &mut dyn FnMut(&Progress<'_>) -> bool) -> Minimum {
        let mut dense = self.dense.clone();
        dense.fit = fit;
        dense.run(&self.algorithm, &self.limits, watch)
    }

    /// The net with these weights.
    pub fn mirror(&self, weights: &[f64]) -> Mirror {
        Mirror {
            net: self.dense.net.clone(),
            weights: weights.to_vec(),
            encoder_layers: self.dense.encoder_layers,
            low: self.low(),
        }
    }
}

/// An objective whose every evaluation is seen: an iteration may take thousands.
struct Seen {
    fit: Fit,
    counts: Counts,
    best: f64,
    curve: Curve,
    begun: Instant,
}

impl Seen {
    fn new(fit: Fit) -> Self {
        Self {
            fit,
            counts: Counts::default(),
            best: f64::INFINITY,
            curve: Curve::default(),
            begun: Instant::now(),
        }
    }

    fn note(&mut self, loss: f64, gradients: usize) -> f64 {
        self.counts.evaluations += 1;
        self.counts.gradients += gradients;
        self.best = self.best.min(loss);
        self.curve.take(self.counts, self.best, self.begun);
        loss
    }
}

impl Objective for Seen {
    fn dimension(&self) -> usize {
        self.fit.dimension()
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        let loss = self.fit.value(at);
        self.note(loss, 0)
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let loss = self.fit.gradient(at, gradient);
        self.note(loss, 1)
    }
}

/// A training that has ended.
pub struct Learned {
    /// The net with its best weights.
    pub mirror: Mirror,
    /// What the method says of them.
    pub minimum: Minimum,
    /// The losses on the way.
    pub curve: Curve,
    /// How long it took.
    pub seconds: f64,
}

/// The best loss so far, at places that lie ever further apart.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    /// Iterations.
    pub iterations: Vec<f64>,
    /// Evaluations.
    pub evaluations: Vec<f64>,
    /// Gradients.
    pub gradients: Vec<f64>,
    /// Seconds.
    pub seconds: Vec<f64>,
    /// The best loss by then.
    pub best: Vec<f64>,
    next: f64,
}

impl Curve {
    /// Places a tenfold of evaluations has, about.
    const DENSITY: f64 = 60.0;

    fn take(&mut self, counts: Counts, best: f64, begun: Instant) {
        let evaluations = counts.evaluations as f64;
        if evaluations >= self.next && best.is_finite() {
            self.next = (evaluations * 10.0_f64.powf(1.0 / Self::DENSITY)).max(evaluations + 1.0);
            self.push(counts, best, begun);
        }
    }

    fn push(&mut self, counts: Counts, best: f64, begun: Instant) {
        self.iterations.push(counts.iterations as f64);
        self.evaluations.push(counts.evaluations as f64);
        self.gradients.push(counts.gradients as f64);
        self.seconds.push(begun.elapsed().as_secs_f64());
        self.best.push(best);
    }
}

/// A trained net on letters.
pub struct Mirror {
    net: Net,
    weights: Vec<f64>,
    encoder_layers: usize,
    low: f64,
}

impl Mirror {
    /// The value of paper.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// Outputs of letters, `[letters][35]`.
    pub fn outputs(&self, letters: &[Glyph]) -> Vec<Vec<f64>> {
        rows(
            &self.net.predict(&self.weights, &values(letters, self.low)),
            PIXELS,
        )
    }

    /// What comes back, as letters.
    pub fn mirrored(&self, letters: &[Glyph]) -> Vec<Glyph> {
        let outputs = self.outputs(letters);
        outputs
            .iter()
            .map(|row| thresholded(row, self.low))
            .collect()
    }

    /// Pixels that come back wrong, letter by letter, when `inputs` should become `targets`.
    pub fn wrong(&self, inputs: &[Glyph], targets: &[Glyph]) -> Vec<usize> {
        let back = self.mirrored(inputs);
        back.iter()
            .zip(targets)
            .map(|(a, b)| distance(a, b))
            .collect()
    }

    /// ‖x - x̂‖² letter by letter, with pixels in [0, 1] or [-1, 1] as the net has them.
    pub fn squared_errors(&self, inputs: &[Glyph], targets: &[Glyph]) -> Vec<f64> {
        let targets = values(targets, self.low);
        let outputs = self.outputs(inputs);
        let pairs = outputs.iter().zip(targets.chunks_exact(PIXELS));
        pairs
            .map(|(y, t)| y.iter().zip(t).map(|(y, t)| (y - t) * (y - t)).sum())
            .collect()
    }

    /// Codes of letters, `[letters][latent]`.
    pub fn encode(&self, letters: &[Glyph]) -> Vec<Vec<f64>> {
        let (encoder, _) = self.net.split(self.encoder_layers);
        let weights = &self.weights[..encoder.parameters()];
        rows(
            &encoder.predict(weights, &values(letters, self.low)),
            encoder.outputs(),
        )
    }

    /// What the decoder makes of codes, `[codes][35]`, as shades from 0 to 1.
    pub fn decode(&self, codes: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let (encoder, decoder) = self.net.split(self.encoder_layers);
        let weights = &self.weights[encoder.parameters()..];
        let low = self.low;
        let outputs = decoder.predict(weights, &codes.concat());
        let shades = outputs.iter().map(|y| (y - low) / (1.0 - low));
        rows(&shades.collect::<Vec<f64>>(), PIXELS)
    }
}

fn rows(values: &[f64], width: usize) -> Vec<Vec<f64>> {
    values.chunks_exact(width).map(<[f64]>::to_vec).collect()
}

/// ‖x - x̂‖² a letter, pixels in [0, 1], of what needs no net: the mean image, and as many principal components.
pub fn baselines(glyphs: &Glyphs, components: usize) -> [(String, f64); 2] {
    let rows: Vec<Vec<f32>> = glyphs
        .values(0.0)
        .chunks_exact(PIXELS)
        .map(|row| row.iter().map(|value| *value as f32).collect())
        .collect();
    let left = |components| {
        let pca = Pca::fit(&rows, components);
        let errors = rows.iter().map(|row| {
            let back = pca.project(row);
            let pairs = row.iter().zip(&back);
            pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        });
        errors.sum::<f64>() / rows.len() as f64
    };
    [
        ("mean image".to_owned(), left(0)),
        (format!("PCA-{components}"), left(components)),
    ]
}
