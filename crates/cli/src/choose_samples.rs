//! Choosing the samples that a command puts through a model: the run's own, or others.

use std::path::Path;

use clap::Args;
use espejo_data::{Error as DataError, FitKind, Samples, Selection, Shape};
use espejo_train::config::{DataConfig, SplitKind};
use espejo_train::{Error, Part, ScoreRule, ScoredRows, Trained};

use crate::completion;
use crate::open_run::RunArgs;
use crate::output::{tell_data, usage};
use crate::sample_columns::Chosen;
use crate::titles::{data_name, file_name};

/// A run and the samples that go through its model.
#[derive(Args, Clone)]
pub struct SampleArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Other data: a data set, a folder of images or texts, or a table [default: the data of the run]
    #[arg(long, help_heading = "Samples", add = completion::data())]
    pub data: Option<String>,
    /// The column of `--data` that holds the classes [default: that of the training]
    #[arg(
        long,
        help_heading = "Samples",
        value_name = "COLUMN",
        requires = "data"
    )]
    pub label: Option<String>,
    /// The column of `--data` that holds texts, for a run that learned texts [default: that of the training]
    #[arg(
        long,
        help_heading = "Samples",
        value_name = "COLUMN",
        requires = "data"
    )]
    pub text: Option<String>,
    /// Part of the data: `test`, `train` or `all`
    #[arg(long, help_heading = "Samples", default_value = "test", add = completion::these(&["test", "train", "all"]))]
    pub part: Part,
    /// Use only these glyphs, in this order
    #[arg(long, help_heading = "Samples", allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Use only these classes, as in `Sneaker,Bag`
    #[arg(
        long,
        help_heading = "Samples",
        value_name = "NAMES",
        value_delimiter = ','
    )]
    pub classes: Vec<String>,
    /// Use only the first N samples
    #[arg(long, help_heading = "Samples", value_name = "N")]
    pub first: Option<usize>,
    /// Use at most N samples, drawn by the seed of the run with each class in its proportion
    #[arg(long, help_heading = "Samples", value_name = "N")]
    pub limit: Option<usize>,
    /// Skip samples that cannot be read, and report how many
    #[arg(long, help_heading = "Samples")]
    pub skip_bad: bool,
}

/// A run and the samples that go through its model, of both parts of its data where that is asked for.
#[derive(Args, Clone)]
pub struct PartedArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Take both parts of the run's own data, with a column `split` of `train` or `test`
    #[arg(long, help_heading = "Samples", conflicts_with_all = ["data", "label", "part", "letters", "first"])]
    pub split: bool,
}

impl PartedArgs {
    /// Whether both parts of the run's own data are wanted.
    pub fn both_parts(&self) -> bool {
        self.split || (self.samples.part == Part::All && self.samples.is_own())
    }

    /// Whether a part that these arguments chose is that on which the run was trained.
    pub fn is_training(&self, trained: &Trained, part: &Chosen) -> bool {
        let is_training = match part.part {
            Some(name) => name == "train",
            None => self.samples.part == Part::Train || !trained.prepared().held_out,
        };
        is_training && self.samples.is_own()
    }
}

impl SampleArgs {
    /// Whether the samples are those of the run itself.
    pub fn is_own(&self) -> bool {
        self.data.is_none() && self.letters.is_none()
    }

    /// Whether the samples are those that the run is measured with, all of them.
    pub fn is_test_part(&self) -> bool {
        let chosen = self.first.is_some() || self.limit.is_some() || !self.classes.is_empty();
        self.is_own() && self.part == Part::Test && !chosen
    }

    /// The name of the data that these arguments choose, for titles.
    pub fn shown_data(&self, trained: &Trained) -> String {
        let name = match &self.data {
            Some(name) => file_name(name),
            None => data_name(trained),
        };
        match self.part {
            _ if !trained.prepared().held_out => name,
            Part::Test => name,
            Part::Train => format!("{name}, training part"),
            Part::All => format!("{name}, both parts"),
        }
    }

    /// What these arguments ask for in place of the run's own test part, a word or two each, for the names of figures.
    pub fn told(&self) -> Vec<String> {
        let mut told = self.run.told();
        told.extend(self.data.as_deref().map(file_name));
        told.extend(match self.part {
            Part::Test => None,
            Part::Train => Some("train".to_owned()),
            Part::All => Some("all".to_owned()),
        });
        told.extend(self.letters.clone());
        told.extend((!self.classes.is_empty()).then(|| self.classes.join(",")));
        told.extend(self.first.map(|first| format!("first-{first}")));
        told.extend(self.limit.map(|limit| format!("limit-{limit}")));
        told
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
    let prepared = trained.prepared();
    let own = |part: &Samples| wanted(args).part(part).map_err(Error::from);
    let samples = match args.part {
        _ if !args.is_own() => other_samples(trained, args)?,
        // The run's own split, also where only some classes of it are wanted.
        Part::Test => own(trained.test())?,
        Part::Train => own(&prepared.train)?,
        Part::All if !prepared.held_out => own(&prepared.train)?,
        Part::All => own(&trained.other_data(Part::All, |_| {})?.samples)?,
    };
    let samples = match first_of(args, samples.len())? {
        None => samples,
        Some(first) => samples.select(&Vec::from_iter(0..first)),
    };
    limited(trained, samples, args)
}

/// How many samples `--first` takes of so many.
fn first_of(args: &SampleArgs, all: usize) -> anyhow::Result<Option<usize>> {
    match args.first {
        Some(first) if !(1..=all).contains(&first) => Err(usage(
            format!("`--first` is {first}"),
            format!("give 1 to {all}"),
        )),
        first => Ok(first),
    }
}

/// The selection that applies to parts of a set that is already split.
fn wanted(args: &SampleArgs) -> Selection {
    Selection {
        classes: args.classes.clone(),
        ..Selection::default()
    }
}

/// At most as many samples as are asked for.
fn limited(trained: &Trained, samples: Samples, args: &SampleArgs) -> anyhow::Result<Samples> {
    match args.limit {
        Some(0) => Err(no_samples()),
        Some(limit) => Ok(samples.drawn(limit, trained.config().train.seed)),
        None => Ok(samples),
    }
}

/// The samples that are chosen, part by part where both parts are asked for.
pub fn chosen_parts(trained: &Trained, args: &PartedArgs) -> anyhow::Result<Vec<Chosen>> {
    let both = args.both_parts();
    let args = &args.samples;
    if !both {
        let samples = chosen_samples(trained, args)?;
        return Ok(vec![Chosen {
            samples,
            part: None,
        }]);
    }
    let prepared = trained.prepared();
    let mut parts = vec![("train", &prepared.train)];
    if prepared.held_out {
        parts.push(("test", &prepared.test));
    }
    let chosen = parts.into_iter().map(|(part, samples)| {
        Ok(Chosen {
            samples: wanted(args).part(samples).map_err(Error::from)?,
            part: Some(part),
        })
    });
    let chosen = first_of_parts(chosen.collect::<anyhow::Result<_>>()?, args)?;
    limited_parts(trained, chosen, args)
}

/// The first samples of all parts together that are asked for.
fn first_of_parts(parts: Vec<Chosen>, args: &SampleArgs) -> anyhow::Result<Vec<Chosen>> {
    let Some(first) = first_of(args, parts.iter().map(Chosen::len).sum())? else {
        return Ok(parts);
    };
    let mut left = first;
    let taken = parts.into_iter().filter_map(|part| {
        let count = left.min(part.len());
        left -= count;
        (count > 0).then(|| Chosen {
            samples: part.samples.select(&Vec::from_iter(0..count)),
            ..part
        })
    });
    Ok(taken.collect())
}

/// At most as many samples of all parts together as are asked for, of each part its share.
fn limited_parts(
    trained: &Trained,
    parts: Vec<Chosen>,
    args: &SampleArgs,
) -> anyhow::Result<Vec<Chosen>> {
    let all: usize = parts.iter().map(Chosen::len).sum();
    let Some(limit) = args.limit.filter(|limit| *limit < all) else {
        return Ok(parts);
    };
    if limit == 0 {
        return Err(no_samples());
    }
    let seed = trained.config().train.seed;
    let (mut left, mut of) = (limit, all);
    let limited = parts.into_iter().filter_map(|part| {
        let count = (left * part.len() + of / 2) / of.max(1);
        (left, of) = (left - count, of - part.len());
        (count > 0).then(|| Chosen {
            samples: part.samples.drawn(count, seed),
            ..part
        })
    });
    Ok(limited.collect())
}

fn no_samples() -> anyhow::Error {
    usage("`--limit` is 0", "give 1 or more")
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

/// Scores the rows of other data as they are read, where nothing but their scores is asked of them.
pub fn scored_passing(
    trained: &Trained,
    args: &PartedArgs,
    rule: ScoreRule,
) -> anyhow::Result<Option<ScoredRows>> {
    let PartedArgs { samples, split } = args;
    let is_chosen =
        samples.first.is_some() || samples.limit.is_some() || !samples.classes.is_empty();
    let has_texts = samples.label.is_some() || samples.letters.is_some() || samples.text.is_some();
    if samples.data.is_none() || *split || is_chosen || has_texts {
        return Ok(None);
    }
    let scored = trained.score_passing(|data| change(data, samples, None), rule)?;
    if let Some(ScoredRows { data, .. }) = &scored {
        tell_data(&data.skipped, &data.notes);
    }
    Ok(scored)
}

/// The column that holds the texts: as asked for, else that of the training, where the data has columns. Standard input is a text a line.
fn text_column(args: &SampleArgs, learned: Option<String>, name: &str) -> Option<String> {
    let is_text = name == "-" || name.to_lowercase().ends_with(".txt");
    let has_columns = espejo_data::is_table_file(name) || espejo_data::is_array_file(name);
    let asked = args.text.clone();
    asked.or_else(|| learned.filter(|_| has_columns && !is_text))
}

/// Changes the run's data configuration to the data that the arguments ask for; the shape is that of the images learned, if any.
fn change(data: &mut DataConfig, args: &SampleArgs, shape: Option<Shape>) {
    data.skip_bad |= args.skip_bad;
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
        data.text = text_column(args, data.text.take(), name);
        data.subject = None;
        data.test_fraction = None;
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
