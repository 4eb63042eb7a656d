//! What the numbers mean that enter and leave an exported model.

use espejo_data::{Samples, Scaling, ScalingKind};
use espejo_export::{Columns, Output, Pixels, Signal, Values};

use crate::task::Task;
use crate::trained::Trained;

impl Trained {
    /// The values of samples: images as `[channels, height, width]`, rows as `[values]`, windows row by row.
    pub(super) fn sample_signal(&self, name: &str, normalised: bool) -> Signal {
        let samples = self.test();
        let shape = samples.shape();
        let sizes = match samples.is_table() {
            true => vec![shape.pixels()],
            false => vec![shape.channels, shape.height, shape.width],
        };
        let values = match (normalised, samples.is_table()) {
            (true, _) => Values::Plain,
            (false, true) => Values::Columns(self.columns()),
            (false, false) => Values::Pixels(pixels(samples, self.range().low())),
        };
        Signal {
            values,
            order: self.order(),
            has_holes: samples.is_table() && !self.must_be_filled(),
            ..Signal::plain(name, sizes)
        }
    }

    /// Probabilities of classes, or numbers in the units of their columns.
    pub(super) fn prediction_signal(&self, normalised: bool) -> Output {
        let spec = &self.prepared().spec;
        let width = match spec.is_binary() {
            true => 2,
            false => spec.architecture.sizes().last().copied().unwrap_or(0),
        };
        let signal = match &self.prepared().target {
            None => Signal::plain("probabilities", [width]),
            Some(target) => Signal {
                values: match normalised {
                    true => Values::Plain,
                    false => Values::Columns(repeated(&target.scaling, 1)),
                },
                ..Signal::plain("prediction", [width])
            },
        };
        Output { signal, head: None }
    }

    /// What the net sees of black: 0 or -1.
    pub fn normalised_low(&self) -> f64 {
        self.range().low()
    }

    /// Whether the model tells classes.
    pub(super) fn tells_classes(&self) -> bool {
        self.prepared().spec.task == Task::Classify
    }

    /// Whether 0 is not what stands for a missing cell: means were put there before the scaling, and only that by mean and deviation makes
    /// 0 of them.
    fn must_be_filled(&self) -> bool {
        let prepared = self.prepared();
        let scaling = prepared.scaling.as_ref().map(|scaling| scaling.kind);
        prepared.fill.is_some() && scaling != Some(ScalingKind::Standardise)
    }

    /// How the values of a row, or of each row of a window, are scaled.
    fn columns(&self) -> Columns {
        let width = self.test().points().columns().len();
        match &self.prepared().scaling {
            Some(scaling) => repeated(scaling, self.rows_of_a_sample()),
            None => Columns {
                shift: vec![0.0; width * self.rows_of_a_sample()],
                scale: vec![1.0; width * self.rows_of_a_sample()],
                knots: vec![Vec::new(); width * self.rows_of_a_sample()],
            },
        }
    }

    /// Value i of what the model sees is value `order[i]` of a sample; empty where none changed its place.
    fn order(&self) -> Vec<usize> {
        let order = self.prepared().permutation.as_deref().unwrap_or_default();
        order.iter().map(|&from| from as usize).collect()
    }

    fn rows_of_a_sample(&self) -> usize {
        self.test().window().map_or(1, |window| window.length)
    }
}

/// The scaling of rows that stand one behind the other.
fn repeated(scaling: &Scaling, rows: usize) -> Columns {
    Columns {
        shift: scaling.shift.repeat(rows),
        scale: scaling.scale.repeat(rows),
        knots: (0..rows).flat_map(|_| scaling.knots.clone()).collect(),
    }
}

/// Pixels as they stand in the file of these images, of which the net sees `net_low` to 1.
fn pixels(samples: &Samples, net_low: f64) -> Pixels {
    let levels = samples.levels();
    match samples.pixel_range() {
        // Bytes are what they are.
        Some(range) if (range.low, range.high) != (0.0, f64::from(levels)) => Pixels {
            low: range.low,
            high: range.high,
            steps: Some(levels),
            net_low,
        },
        _ => Pixels {
            low: 0.0,
            high: f64::from(levels),
            steps: None,
            net_low,
        },
    }
}
