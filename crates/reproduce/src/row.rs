//! A row of the reproduction table, and what comes of it.

use std::collections::BTreeMap;

use espejo_pictures::{Figure, Pace};
use espejo_train::Error;
use serde::{Deserialize, Serialize};

use crate::statistics::Spread;

/// A published experiment, or one that the documents call for: what is claimed, how it is run, what must come out.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name on the command line and in reports, e.g. `S10`.
    pub id: &'static str,
    /// The document that has it; empty for what goes beyond them.
    pub document: &'static str,
    /// Title.
    pub title: &'static str,
    /// What the document claims.
    pub claim: &'static str,
    /// How it is run here, and what is known of the published numbers.
    pub about: &'static str,
    /// The configuration that it starts from: `espejo train PRESET` trains one of its nets.
    pub preset: Option<&'static str>,
    /// The numbers that are held against published ones or against bands.
    pub numbers: &'static [Number],
    /// The trainings that it needs, each on its own.
    pub jobs: fn(&Scale) -> Vec<Job>,
    /// One of them.
    pub run: fn(&Job) -> Result<Outcome, Error>,
    /// What they say together.
    pub section: fn(&Results) -> Result<Section, Error>,
    /// Rows whose trainings it reads beside its own.
    pub reads: &'static [&'static str],
    /// The data set that it needs beside what is built in.
    pub data: Option<&'static str>,
}

/// A number of the table: the median over the seeds is held against the band.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// What is measured, with its unit.
    pub what: &'static str,
    /// The case and the measure of the trainings that give it.
    pub from: (&'static str, &'static str),
    /// What the document says.
    pub published: Option<f64>,
    /// What ours must be.
    pub band: Band,
    /// Digits after the point.
    pub digits: usize,
}

/// Where a number must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// At this or under it.
    AtMost(f64),
    /// At this or over it.
    AtLeast(f64),
    /// Between the two.
    Within(f64, f64),
    /// Anywhere: it is shown for comparison.
    Shown,
}

impl Band {
    /// Whether a number lies in it; none where it is only shown.
    pub fn holds(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(most) => Some(value <= most),
            Self::AtLeast(least) => Some(value >= least),
            Self::Within(low, high) => Some((low..=high).contains(&value)),
            Self::Shown => None,
        }
    }

    /// In a few characters.
    pub fn text(self, digits: usize) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most:.digits$}"),
            Self::AtLeast(least) => format!("≥ {least:.digits$}"),
            Self::Within(low, high) => format!("{low:.digits$} to {high:.digits$}"),
            Self::Shown => String::new(),
        }
    }
}

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// Seeds a case.
    pub seeds: u64,
    /// Whether the wide sweeps are thinned out.
    pub quick: bool,
}

impl Scale {
    /// What reports stand on.
    pub const FULL: Self = Self {
        seeds: 5,
        quick: false,
    };
    /// What shows that it runs.
    pub const QUICK: Self = Self {
        seeds: 2,
        quick: true,
    };

    /// A job a case and seed.
    pub fn each<S: Into<String>>(self, cases: impl IntoIterator<Item = S>, cost: f64) -> Vec<Job> {
        let cases = cases.into_iter().map(Into::into);
        cases
            .flat_map(|case| {
                (1..=self.seeds).map(move |seed| Job {
                    case: case.clone(),
                    seed,
                    cost,
                    scale: self,
                })
            })
            .collect()
    }
}

/// One training, or a few that belong together: a case of a row with a seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// What varies over the row.
    pub case: String,
    /// The seed.
    pub seed: u64,
    /// About how many seconds it takes; the long ones come first.
    pub cost: f64,
    /// How much is run.
    pub scale: Scale,
}

/// What a job measured: lists of numbers by name; a list of one is a measure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcome(pub BTreeMap<String, Vec<f64>>);

impl Outcome {
    /// The outcome with a measure more.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.0.insert(name.to_owned(), vec![value]);
        self
    }

    /// The outcome with a list more.
    #[must_use]
    pub fn with_list(mut self, name: &str, values: impl IntoIterator<Item = f64>) -> Self {
        self.0.insert(name.to_owned(), values.into_iter().collect());
        self
    }

    /// A measure; NaN where it was not taken.
    pub fn get(&self, name: &str) -> f64 {
        self.list(name).first().copied().unwrap_or(f64::NAN)
    }

    /// A list; empty where it was not taken.
    pub fn list(&self, name: &str) -> &[f64] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

/// The outcomes of a row's jobs, and of those that it reads.
#[derive(Clone, Debug)]
pub struct Results {
    /// How much was run.
    pub scale: Scale,
    /// Row, job, outcome.
    pub outcomes: Vec<(&'static str, Job, Outcome)>,
}

impl Results {
    /// The outcomes of a case, seed by seed.
    pub fn of<'a>(&'a self, case: &'a str) -> impl Iterator<Item = &'a Outcome> + 'a {
        let all = self.outcomes.iter();
        all.filter(move |(_, job, _)| job.case == case)
            .map(|(_, _, outcome)| outcome)
    }

    /// The first seed's.
    pub fn first<'a>(&'a self, case: &'a str) -> Option<&'a Outcome> {
        self.of(case).next()
    }

    /// A measure of a case over its seeds.
    pub fn spread(&self, case: &str, measure: &str) -> Spread {
        Spread::of(self.of(case).map(|outcome| outcome.get(measure)).collect())
    }

    /// The sum of a list's entries over all seeds of a case.
    pub fn total(&self, case: &str, measure: &str) -> f64 {
        self.of(case)
            .flat_map(|outcome| outcome.list(measure))
            .sum()
    }
}

/// What a row has to show beside its numbers.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Statements of the document, each held against what was measured.
    pub claims: Vec<Claim>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Figures: file name without its extension, what it shows, the drawing.
    pub figures: Vec<(String, String, Figure)>,
    /// Animations.
    pub animations: Vec<Animation>,
}

/// Frames that are shown one after the other.
#[derive(Clone, Debug)]
pub struct Animation {
    /// File name without its extension.
    pub stem: String,
    /// What it shows.
    pub about: String,
    /// The frames, all of one size.
    pub frames: Vec<Figure>,
    /// How fast they follow each other.
    pub pace: Pace,
}

/// A statement and what was measured of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The statement.
    pub text: String,
    /// What was seen.
    pub seen: String,
    /// Whether that bears it out.
    pub holds: bool,
}

/// A table of a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
}
