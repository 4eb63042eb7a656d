//! Choosing the samples that a command puts through a model: the run's own, or others.

use std::path::Path;

use clap::Args;
use espejo_data::{Error as DataError, FitKind, Samples, Selection, Shape};
use espejo_train::config::{DataConfig, SplitKind};
use espejo_train::{Error, Part, Trained};

use crate::open_run::RunArgs;
use crate::output::{tell_data, usage};
use crate::sample_columns::Chosen;

/// A run and the samples that go through its model.
#[derive(Args, Clone)]
pub struct SampleArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Other data: a data set, a folder of images, or a table [default: the data of the run]
    #[arg(long)]
    pub data: Option<String>,
    /// The column of `--data` that holds the classes [default: that of the training]
    #[arg(long, value_name = "COLUMN", requires = "data")]
    pub label: Option<String>,
    /// Part of the data: `test` or `train`
    #[arg(long, default_value = "test")]
    pub part: Part,
    /// Take both parts of the run's own data, with a column `split` of `train` or `test`
    #[arg(long, conflicts_with_all = ["data", "label", "part", "letters", "first"])]
    pub split: bool,
    /// Use only these glyphs, in this order
    #[arg(long, allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Use only these classes, as in `Sneaker,Bag`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// Use only the first N samples
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
}

impl SampleArgs {
    /// Whether a part that these arguments chose is that on which the run was trained.
    pub fn is_training(&self, trained: &Trained, part: &Chosen) -> bool {
        let is_training = match part.part {
            Some(name) => name == "train",
            None => self.part == Part::Train || !trained.prepared().held_out,
        };
        is_training && self.data.is_none() && self.letters.is_none()
    }

    /// The same arguments with other data.
    pub fn of_data(&self, name: &str) -> Self {
        Self {
            data: Some(name.to_owned()),
            ..self.clone()
        }
    }
}

/// The samples of the run's test or training part, or those of other data.
pub fn chosen_samples(trained: &Trained, args: &SampleArgs) -> anyhow::Result<Samples> {
    let samples = if args.data.is_none() && args.letters.is_none() {
        // The run's own split, also where only some classes of it are wanted.
        let part = match args.part {
            Part::Test => trained.test(),
            Part::Train => &trained.prepared().train,
        };
        let wanted = Selection {
            classes: args.classes.clone(),
            ..Selection::default()
        };
        wanted.part(part).map_err(Error::from)?
    } else {
        other_samples(trained, args)?
    };
    match args.first {
        None => Ok(samples),
        Some(first) if (1..=samples.len()).contains(&first) => {
            Ok(samples.select(&Vec::from_iter(0..first)))
        }
        Some(first) => Err(usage(
            format!("`--first` is {first}"),
            format!("give 1 to {}", samples.len()),
        )),
    }
}

/// The samples that are chosen, part by part where both parts are asked for.
pub fn chosen_parts(trained: &Trained, args: &SampleArgs) -> anyhow::Result<Vec<Chosen>> {
    if !args.split {
        let samples = chosen_samples(trained, args)?;
        return Ok(vec![Chosen {
            samples,
            part: None,
        }]);
    }
    let wanted = Selection {
        classes: args.classes.clone(),
        ..Selection::default()
    };
    let prepared = trained.prepared();
    let mut parts = vec![("train", &prepared.train)];
    if prepared.held_out {
        parts.push(("test", &prepared.test));
    }
    let chosen = parts.into_iter().map(|(part, samples)| {
        Ok(Chosen {
            samples: wanted.part(samples).map_err(Error::from)?,
            part: Some(part),
        })
    });
    chosen.collect()
}

/// Samples of other data, or other glyphs. New rows need not have the column of the labels, or of the target.
pub fn other_samples(trained: &Trained, args: &SampleArgs) -> anyhow::Result<Samples> {
    let shape = (!trained.test().is_table()).then(|| trained.shape());
    let wanted = trained.other_data(args.part, |data| change(data, args, shape));
    let other = match wanted {
        Err(Error::Data(DataError::Selection { field, .. }))
            if args.data.is_some() && ["label", "target"].contains(&field) =>
        {
            trained.other_data(args.part, |data| {
                change(data, args, shape);
                match field {
                    "label" => data.label = None,
                    _ => data.target = None,
                }
            })?
        }
        wanted => wanted?,
    };
    tell_data(&other.skipped, &other.notes);
    Ok(other.samples)
}

/// Changes the run's data configuration to the data that the arguments ask for; the shape is that of the images learned, if any.
fn change(data: &mut DataConfig, args: &SampleArgs, shape: Option<Shape>) {
    if let Some(name) = &args.data {
        *data = DataConfig {
            name: name.clone(),
            directory: data.directory.take(),
            size: data.size.take(),
            label: data.label.take(),
            target: data.target.take(),
            ..data.clone()
        };
        // Images of a folder are resized to the shape that the model was trained on.
        if let Some(shape) = shape.filter(|_| Path::new(name).is_dir()) {
            if data.size.is_none() {
                data.size = Some(format!("{}x{}", shape.height, shape.width));
                data.fit = FitKind::Crop;
            }
            data.grey |= shape.channels == 1;
        }
        let may_be_rows = espejo_data::is_table_file(name) || espejo_data::is_array_file(name);
        if !may_be_rows {
            // Images are what they are, whatever rows a run learned them from.
            data.shape = None;
        }
        data.words = data.words.take().filter(|_| name == "imdb");
        data.subject = None;
        data.test_fraction = None;
        data.split = SplitKind::default();
        data.fold = None;
        // Nothing is split off of other data, by time or not.
        data.split = SplitKind::Random;
        data.limit = None;
    }
    if args.label.is_some() {
        data.label.clone_from(&args.label);
    }
    if args.data.is_some() || args.letters.is_some() || !args.classes.is_empty() {
        data.letters.clone_from(&args.letters);
        data.classes.clone_from(&args.classes);
        data.first = None;
        data.fraction = None;
    }
}
