//! What goes into an exported model and what Espejo makes of it, for others to compare with.

use burn::tensor::Tensor;
use espejo_data::Samples;
use espejo_export::{Array, Graph, Numbers, Signal};
use espejo_nets::Model;

use super::ExportRule;
use crate::Error;
use crate::classification::largest;
use crate::half::Half;
use crate::host_rows::{Rows, rows};
use crate::score::ScoreRule;
use crate::trained::Trained;

/// Samples as a graph takes them, with Espejo's own results.
#[derive(Clone, Debug)]
pub struct Example {
    /// What goes in.
    pub input: Array,
    /// What comes out, each with its name, in the order of the graph.
    pub outputs: Vec<(String, Array)>,
}

impl Trained {
    /// What Espejo itself makes of samples, in the units of `graph`, which is that of the same rule.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn example(
        &self,
        graph: &Graph,
        rule: ExportRule,
        samples: &Samples,
    ) -> Result<Example, Error> {
        let count = samples.len();
        let mut outputs = Vec::new();
        let mut push = |name: &str, array| outputs.push((name.to_owned(), array));
        let input = match rule.half {
            Some(Half::Decoder) => {
                let codes = self.encode(samples)?;
                let model = self.with(Half::Decoder)?;
                let rows = self.decoded(&codes, |codes| model.decode(codes));
                let signal = &graph.outputs[0].signal;
                push(&signal.name, outside(signal, &rows));
                outside(&graph.input, &codes)
            }
            Some(Half::Encoder) => {
                let [first, rest @ ..] = &graph.outputs[..] else {
                    unreachable!("an encoder gives codes");
                };
                let codes = self.encode(samples)?;
                push(&first.signal.name, outside(&first.signal, &codes));
                if let [second, ..] = rest {
                    let variances = self.log_variances(samples)?;
                    push(&second.signal.name, outside(&second.signal, &variances));
                }
                self.inputs(&graph.input, samples)?
            }
            None => {
                let rows = self.by_chunks(samples, |chunk| self.model().output(chunk))?;
                let signal = &graph.outputs[0].signal;
                push(&signal.name, outside(signal, &rows));
                if graph.tells_class {
                    let classes = rows.iter().map(|row| largest(row) as i64);
                    let classes = Numbers::Whole(classes.collect());
                    push("class", of(&[], count, classes));
                }
                self.inputs(&graph.input, samples)?
            }
        };
        if let (Some(score), Some((kind, _))) = (&graph.score, rule.score) {
            let rule = ScoreRule {
                kind,
                draws: 1,
                seed: 1,
            };
            let scores = self.score(samples, rule, true)?;
            let flags = scores.values.iter().map(|value| *value > score.limit);
            let flags = Numbers::Truth(flags.collect());
            let parts: Rows = scores
                .shares
                .iter()
                .map(|shares| shares.iter().map(|share| *share as f32).collect())
                .collect();
            let signal = Signal {
                order: graph.input.order.clone(),
                ..Signal::plain("contributions", graph.input.shape.clone())
            };
            push("contributions", outside(&signal, &parts));
            push("score", of(&[], count, Numbers::Double(scores.values)));
            push("flag", of(&[], count, flags));
        }
        Ok(Example { input, outputs })
    }

    /// Codes through `decode`, a chunk at a time.
    fn decoded(&self, codes: &Rows, decode: impl Fn(Tensor<2>) -> Tensor<2>) -> Rows {
        let chunks = codes.chunks(self.chunk());
        let decoded = chunks.flat_map(|codes| {
            let codes = self.write(codes, self.latent()); // [codes, latent]
            rows(decode(codes))
        });
        decoded.collect()
    }

    /// Samples in the units of a signal; what is missing is NaN.
    fn inputs(&self, signal: &Signal, samples: &Samples) -> Result<Array, Error> {
        let mut values = Vec::with_capacity(samples.len() * signal.width());
        samples.read(0..samples.len(), self.range().low() as f32, &mut values)?;
        let rows: Rows = values
            .chunks_exact(signal.width())
            .map(<[f32]>::to_vec)
            .collect();
        Ok(outside(signal, &rows))
    }
}

/// Rows of a net in the units of a signal.
fn outside(signal: &Signal, rows: &Rows) -> Array {
    let numbers = rows.iter().flat_map(|row| signal.outside(row));
    let numbers = match signal.is_double() {
        true => Numbers::Double(numbers.collect()),
        false => Numbers::Single(numbers.map(|number| number as f32).collect()),
    };
    of(&signal.shape, rows.len(), numbers)
}

fn of(sizes: &[usize], count: usize, numbers: Numbers) -> Array {
    Array {
        shape: [&[count], sizes].concat(),
        numbers,
    }
}
