//! The columns that join a line of output to the sample it came from.

use espejo_data::Samples;

use crate::csv_cell::csv_field;

/// The samples that a command puts through a model, and which part of the run's data they are where that is asked for.
pub struct Chosen {
    pub samples: Samples,
    /// `train` or `test`, with `--split`.
    pub part: Option<&'static str>,
}

impl Chosen {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// The names of the columns that close each line: the row in the file, what names the rows, the part.
    pub fn header(&self) -> String {
        let mut text = ",row".to_owned();
        if let Some(column) = self.samples.index_column() {
            text += &format!(",{}", csv_field(column));
        }
        if self.part.is_some() {
            text += ",split";
        }
        text
    }

    /// These columns of a sample.
    pub fn cells(&self, index: usize) -> String {
        let mut text = format!(",{}", self.samples.row(index));
        if let Some(name) = self.samples.row_name(index) {
            text += &format!(",{}", csv_field(name));
        }
        if let Some(part) = self.part {
            text += &format!(",{part}");
        }
        text
    }
}

/// What has a score of its own: of windows over a series the rows that they cover, else the samples themselves.
pub fn scored_rows(samples: &Samples) -> Samples {
    match samples.window() {
        Some(_) => samples.points().select(&samples.covered()),
        None => samples.clone(),
    }
}
