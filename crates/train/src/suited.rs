//! Defaults that suit the data: what nobody has said of a run is decided once its samples are known, and then stands in its
//! configuration like everything else.
//!
//! Presets are made for the sets that they name. Of other data they know neither how many samples there are, by which the number of steps in
//! an epoch goes, nor how large an image is, or how wide a row. So these are decided here: the batch size, the length of a training in
//! steps, when it stops early, and the layers. A key that a user has given is never touched, and neither is a preset that was named.

use espejo_data::Shape;
use espejo_nets::DenseStep;
use toml::{Table, Value};

use crate::config::{DownKind, LossKind, RunConfig, ScheduleKind};

/// Steps that an epoch should have at least: below this the batches get smaller.
const STEPS_AN_EPOCH: usize = 8;
/// The smallest batch that is chosen.
const SMALLEST_BATCH: usize = 16;
/// Sets with fewer samples than this are small: no preset was made for them.
const SMALL: usize = 1024;
/// Steps that a training takes at least: of rows, of images through convolutions, and of images through dense layers.
const LEAST_STEPS_ROWS: usize = 1000;
const LEAST_STEPS_CONV: usize = 450;
const LEAST_STEPS_DENSE: usize = 600;
/// The same of a denoiser, whose maps are as large as the image: a step takes ten times as long, and fewer are enough.
const LEAST_STEPS_DENOISER: usize = 200;
/// Images of fixed samples while training, at most about this many.
const FRAMES: usize = 20;
/// The shortest side of an image from which on neighbouring pixels tell enough of each other for convolutions.
const CONVOLVED: usize = 32;
/// The part of a training that may pass without a better test loss, and the fewest evaluations that may.
const PATIENCE: f64 = 0.25;
const LEAST_PATIENCE: usize = 10;

/// What the defaults go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFacts {
    /// Samples to learn from.
    pub samples: usize,
    /// The shape of one.
    pub shape: Shape,
    /// Whether they are rows of a table.
    pub is_table: bool,
    /// Whether other samples are kept out of training.
    pub held_out: bool,
}

/// The configuration with every key that `said` does not have brought to what suits the data.
pub fn suited(config: &RunConfig, said: &Table, facts: DataFacts) -> RunConfig {
    let mut config = config.clone();
    let open = |section: &str, key: &str| {
        let section = said.get(section).and_then(Value::as_table);
        !section.is_some_and(|section| section.contains_key(key))
    };
    // Double precision knows dense nets alone, and most of its methods no batches and no epochs.
    if config.train.is_classical() {
        return config;
    }
    suit_layers(&mut config, &open, facts);
    if facts.samples < SMALL {
        suit_steps(&mut config, &open, facts);
    }
    suit_length(&mut config, &open, facts);
    config
}

/// Convolutions for images that are large enough, and for rows a hidden layer by their width.
fn suit_layers(config: &mut RunConfig, open: &dyn Fn(&str, &str) -> bool, facts: DataFacts) {
    let kind = config.model.kind;
    let given = !open("model", "layers") || !open("model", "conv");
    if given || config.model.init_from.is_some() || !kind.has_code() {
        return;
    }
    if facts.is_table {
        // Twice the width: what bends needs room to unbend.
        let hidden = (2 * facts.shape.pixels()).clamp(16, 128);
        config.model.layers = vec![DenseStep::Size(hidden)];
        if kind.has_posterior() && open("objective", "beta") && is_squared(config) {
            config.objective.beta = ROW_BETA;
        }
        return;
    }
    let side = facts.shape.height.min(facts.shape.width);
    let wants_dense = config.data.permute || config.objective.contractive > 0.0;
    if config.model.conv.is_some() {
        return;
    }
    if side < CONVOLVED || wants_dense {
        if facts.samples < SMALL {
            // Half of what the preset has for 60,000 images: as good on a few hundred, in half the time.
            config.model.layers = [128, 32].map(DenseStep::Size).to_vec();
        }
        return;
    }
    let (channels, hidden) = match facts.samples {
        ..SMALL => ("4,8,16", 32),
        _ => ("8,16,32", 64),
    };
    config.model.conv = Some(channels.to_owned());
    if open("model", "down") {
        config.model.down = DownKind::Stride;
    }
    // Without it a net of this depth stays at the mean image for most of a short training.
    config.model.batch_norm = true;
    config.model.layers = match config.model.latent {
        Some(0) => Vec::new(),
        _ => vec![DenseStep::Size(hidden)],
    };
}

/// Smaller batches for a small set, and the learning rate that goes with few steps.
fn suit_steps(config: &mut RunConfig, open: &dyn Fn(&str, &str) -> bool, facts: DataFacts) {
    let has_code = config.model.kind.has_code();
    let is_normalised = config.model.batch_norm;
    let train = &mut config.train;
    if open("train", "batch_size") && train.batch_size > 0 {
        let fitting = (facts.samples / STEPS_AN_EPOCH).max(1);
        let fitting = 1 << fitting.ilog2();
        train.batch_size = fitting.clamp(SMALLEST_BATCH.min(train.batch_size), train.batch_size);
    }
    if has_code && open("train", "learning_rate") && open("train", "optimizer") {
        train.learning_rate = match (facts.is_table, is_normalised) {
            (true, _) => 1e-2,
            (false, true) => 5e-3,
            (false, false) => 3e-3,
        };
    }
    // Running means settle while the steps get smaller.
    if is_normalised && open("train", "schedule") {
        train.schedule = ScheduleKind::Cosine;
    }
}

/// As many epochs as make the steps that a training needs; where it got longer by that, it stops once the held-out part no longer improves.
fn suit_length(config: &mut RunConfig, open: &dyn Fn(&str, &str) -> bool, facts: DataFacts) {
    let train = &mut config.train;
    let batch = match train.batch_size {
        0 => facts.samples,
        size => size,
    };
    let least = match (facts.is_table, &config.model.conv) {
        (true, _) => LEAST_STEPS_ROWS,
        (false, Some(_)) if config.model.kind.denoises() => LEAST_STEPS_DENOISER,
        (false, Some(_)) => LEAST_STEPS_CONV,
        (false, None) => LEAST_STEPS_DENSE,
    };
    let needed = least.div_ceil(facts.samples.div_ceil(batch).max(1));
    if !open("train", "epochs") || needed <= train.epochs {
        return;
    }
    train.epochs = needed;
    if open("train", "patience") && facts.held_out {
        train.patience = LEAST_PATIENCE.max((PATIENCE * needed as f64) as usize);
    }
    if open("train", "samples_every") && train.samples_every > 0 {
        train.samples_every = train.samples_every.max(needed / FRAMES);
    }
}

/// Whether outputs are held against inputs by squared error, as numbers of a table are.
fn is_squared(config: &RunConfig) -> bool {
    matches!(config.objective.loss, LossKind::Mse | LossKind::Mixed)
}

/// Weight of the KL term for rows: half the squared error takes each column for as noisy as it is wide, variance 1, and then most of a
/// row is not worth a code. A tenth of that says a noise variance of 0.1.
const ROW_BETA: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::into_config;
    use crate::preset::Preset;

    fn facts(samples: usize, [channels, height, width]: [usize; 3], is_table: bool) -> DataFacts {
        DataFacts {
            samples,
            shape: Shape {
                channels,
                height,
                width,
            },
            is_table,
            held_out: true,
        }
    }

    fn configured(preset: &str, said: &str, facts: DataFacts) -> RunConfig {
        let said: Table = said.parse().expect("TOML");
        let mut merged = Preset::find(preset).expect("a preset").table();
        crate::merge::overlay(&mut merged, said.clone());
        let config = into_config(merged, "test").expect("valid");
        suited(&config, &said, facts)
    }

    /// Batch size, epochs and patience.
    fn check(preset: &str, said: &str, facts: DataFacts, expected: [usize; 3]) {
        let train = configured(preset, said, facts).train;
        let found = [train.batch_size, train.epochs, train.patience];
        assert_eq!(found, expected, "{preset} {said} {facts:?}");
    }

    #[test]
    fn sets_that_presets_were_made_for_keep_their_numbers() {
        let sets = [
            ("pictures", 60_000, [1, 28, 28], false),
            ("pictures-vae", 60_000, [1, 28, 28], false),
            ("pictures-dae", 60_000, [1, 28, 28], false),
            ("classifier", 60_000, [1, 28, 28], false),
            ("classifier-table", 4435, [1, 1, 36], true),
        ];
        for (preset, samples, shape, is_table) in sets {
            let table = Preset::find(preset).expect("a preset").table();
            let plain = into_config(table, preset).expect("valid");
            let facts = facts(samples, shape, is_table);
            assert_eq!(configured(preset, "", facts), plain, "{preset}");
        }
        let few = facts(2000, [1, 28, 28], false);
        check("pictures", "train.epochs = 1", few, [128, 1, 0]);
    }

    #[test]
    fn a_training_has_the_steps_it_needs_however_few_samples_there_are() {
        let rows = |samples| facts(samples, [1, 1, 8], true);
        let images = |samples| facts(samples, [1, 28, 28], false);
        check("table", "", rows(4435), [128, 100, 0]);
        check("table", "", rows(480), [32, 100, 0]);
        check("table", "", rows(160), [16, 100, 0]);
        check("table", "", rows(40), [16, 334, 83]);
        check("table", "", rows(1), [16, 1000, 250]);
        check("pictures", "", images(2000), [128, 38, 10]);
        check("pictures", "", images(240), [16, 40, 10]);
        check(
            "pictures",
            "train.batch_size = 0",
            images(240),
            [0, 600, 150],
        );
        check("pictures", "train.patience = 3", images(240), [16, 40, 3]);
    }

    #[test]
    fn nothing_stops_early_by_a_part_that_was_learned() {
        let facts = DataFacts {
            held_out: false,
            ..facts(40, [1, 1, 8], true)
        };
        check("table", "", facts, [16, 334, 0]);
    }

    #[test]
    fn layers_follow_the_data_unless_they_are_given() {
        let layers = |preset: &str, said: &str, facts| {
            let model = configured(preset, said, facts).model;
            let sizes = model.layers.iter().map(ToString::to_string);
            format!(
                "{} {}",
                model.conv.unwrap_or_default(),
                sizes.collect::<Vec<_>>().join(",")
            )
        };
        let rows = |columns| facts(500, [1, 1, columns], true);
        assert_eq!(layers("table", "", rows(3)), " 16");
        assert_eq!(layers("table", "", rows(10)), " 20");
        assert_eq!(layers("table", "", rows(1000)), " 128");
        assert_eq!(layers("table", "model.layers = [5]", rows(10)), " 5");
        let photos = facts(300, [3, 48, 64], false);
        assert_eq!(layers("pictures", "", photos), "4,8,16 32");
        assert_eq!(
            layers("pictures", "", facts(5000, [3, 32, 32], false)),
            "8,16,32 64"
        );
        assert_eq!(layers("pictures", "model.layers = [5]", photos), " 5");
        assert_eq!(layers("pictures", "data.permute = true", photos), " 128,32");
        assert_eq!(
            layers("pictures", "", facts(300, [3, 31, 64], false)),
            " 128,32"
        );
    }
}
