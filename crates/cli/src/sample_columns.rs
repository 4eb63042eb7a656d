//! The columns that join a line of output to the sample it came from.

use std::fmt::Write as _;

use espejo_data::Samples;

use crate::csv_cell::csv_field;
use crate::csv_lines::push_field;

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
        let mut text = String::new();
        self.push_cells(index, &mut text);
        text
    }

    /// Appends these columns of a sample.
    pub fn push_cells(&self, index: usize, line: &mut String) {
        let _ = write!(line, ",{}", self.samples.row(index));
        if let Some(name) = self.samples.row_name(index) {
            line.push(',');
            push_field(line, name);
        }
        if let Some(part) = self.part {
            line.push(',');
            line.push_str(part);
        }
    }
}

/// What has a score of its own: of windows over a series the rows that they cover, else the samples themselves.
pub fn scored_rows(samples: &Samples) -> Samples {
    match samples.window() {
        Some(_) => samples.points().select(&samples.covered()),
        None => samples.clone(),
    }
}
