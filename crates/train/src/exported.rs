//! A trained model as a graph of plain numbers, for programs that know nothing of Espejo, and examples of what it gives.

mod examples;
mod layers;
mod signals;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use espejo_export::{Graph, Loss, Measure, Output, Score, Signal, Tensor};
use espejo_nets::Criterion;

use crate::architecture::{Mirror, Stacks};
use crate::half::Half;
use crate::score::ScoreKind;
use crate::trained::Trained;
use crate::{Error, missing_mask, tensors};

pub use examples::Example;

/// What of a model is written, and in which units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ExportRule {
    /// Half of an autoencoder; none for the whole model.
    pub half: Option<Half>,
    /// Whether values are those that the net works on, in place of the data's own units.
    pub normalised: bool,
    /// How samples are scored, and the limit above which they are flagged; for a whole autoencoder.
    pub score: Option<(ScoreKind, f64)>,
}

impl Trained {
    /// The model, or half of it, as a graph.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it has no halves, or no graph says its score.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{ExportRule, Folder, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// let graph = trained.graph(ExportRule::default())?;
    /// assert_eq!(graph.input.width(), trained.shape().pixels());
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn graph(&self, rule: ExportRule) -> Result<Graph, Error> {
        if let Some(half) = rule.half {
            self.with(half)?;
        }
        missing_mask::check_export(self.config(), rule.half)?;
        let named = tensors::collect(self.model()).into_iter();
        let mut weights: HashMap<String, Tensor> = named
            .map(|tensor| (tensor.name, Tensor::new(tensor.shape, tensor.values)))
            .collect();
        let spec = &self.prepared().spec;
        let part = rule.half.map_or("model", Half::name);
        let name = format!("{part} of a {} on {}", spec.kind.name(), self.test().name());
        match &spec.architecture.stacks {
            Stacks::Mirror(mirror) => self.of_mirror(name, mirror, &mut weights, rule),
            Stacks::Chain(chain) => {
                let mut layers = layers::stack("layers", chain, &mut weights);
                layers::end(&mut layers, &spec.criterion);
                if spec.is_binary() {
                    layers::both_classes(&mut layers);
                }
                Ok(Graph {
                    name,
                    input: self.sample_signal("input", rule.normalised),
                    outputs: vec![self.prediction_signal(rule.normalised)],
                    tells_class: self.tells_classes(),
                    layers,
                    score: None,
                })
            }
        }
    }

    fn of_mirror(
        &self,
        name: String,
        mirror: &Mirror,
        weights: &mut HashMap<String, Tensor>,
        rule: ExportRule,
    ) -> Result<Graph, Error> {
        let samples = |name| self.sample_signal(name, rule.normalised);
        let code = |name| Signal::plain(name, [self.latent()]);
        let plain = |signal| Output { signal, head: None };
        let mut encoder = layers::stack("encoder", &mirror.encoder, weights);
        let mut decoder = layers::stack("decoder", &mirror.decoder, weights);
        layers::end(&mut decoder, &self.prepared().spec.criterion);
        let mut head = |name: &str| {
            let layer = mirror.head.as_ref()?;
            Some(layers::one(name, layer, weights))
        };
        let (mean, log_variance) = (head("mean"), head("log_variance"));
        let (input, layers, outputs) = match (rule.half, mean) {
            (Some(Half::Encoder), None) => (samples("input"), encoder, vec![plain(code("code"))]),
            (Some(Half::Encoder), mean) => {
                let with_head = |name, head| Output {
                    signal: code(name),
                    head,
                };
                let heads = vec![
                    with_head("mean", mean),
                    with_head("log_variance", log_variance),
                ];
                (samples("input"), encoder, heads)
            }
            (Some(Half::Decoder), _) => {
                let output = plain(without_holes(samples("output")));
                (code("code"), decoder, vec![output])
            }
            (None, mean) => {
                encoder.extend(mean);
                encoder.append(&mut decoder);
                let output = plain(without_holes(samples("output")));
                (samples("input"), encoder, vec![output])
            }
        };
        Ok(Graph {
            name,
            input,
            layers,
            outputs,
            tells_class: false,
            score: match (rule.half, rule.score) {
                (None, Some((kind, limit))) => Some(Score {
                    measure: self.measure(kind)?,
                    limit,
                }),
                _ => None,
            },
        })
    }

    /// Whether a graph can say this score: refuses what is no function of a sample and its reconstruction alone.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with the reason.
    pub fn check_exported_score(&self, kind: ScoreKind) -> Result<(), Error> {
        self.measure(kind).map(drop)
    }

    /// What a kind of score measures of each value.
    fn measure(&self, kind: ScoreKind) -> Result<Measure, Error> {
        let refuse = |message: String| {
            let hint = "leave the score out; `espejo score` gives it".to_owned();
            Err(Error::config(message, Some(hint)))
        };
        if self.test().window().is_some() {
            let message = "rows of a series are scored by all windows around them, which no graph of one window knows";
            return refuse(message.to_owned());
        }
        let loss = match kind {
            ScoreKind::SquaredError => {
                return Ok(Measure::SquaredError {
                    span: 1.0 - self.range().low(),
                });
            }
            ScoreKind::Loss => &self.prepared().spec.criterion,
            ScoreKind::NegativeElbo | ScoreKind::ImportanceWeighted => {
                return refuse(format!(
                    "the score `{}` draws codes at random, and no graph holds these draws",
                    kind.name()
                ));
            }
        };
        Ok(Measure::Loss(match loss {
            Criterion::Bce => Loss::Bce,
            Criterion::Mse => Loss::Mse,
            Criterion::Mae => Loss::Mae,
            Criterion::LogCosh => Loss::LogCosh,
            Criterion::Correntropy { width } => Loss::Correntropy { width: *width },
            Criterion::Entropic | Criterion::SoftmaxCrossEntropy | Criterion::Mixed { .. } => {
                return refuse(format!(
                    "the loss `{}` is no score that a graph can say yet",
                    loss.name()
                ));
            }
        }))
    }
}

/// A result has no holes.
fn without_holes(signal: Signal) -> Signal {
    Signal {
        has_holes: false,
        ..signal
    }
}
