//! What a run keeps of its data, so that other samples can be treated as its own were.

use std::sync::Arc;

use espejo_data::{Fill, Outline, Scaling};

use crate::Error;
use crate::folder::Folder;

/// The file that says what stands for the missing cells of each column.
pub(crate) const FILL: &str = "fill.csv";
/// The file that says how the columns of a table were scaled.
pub(crate) const SCALING: &str = "scaling.csv";
/// The file that says how the numbers that a regressor predicts were scaled.
pub(crate) const TARGET_SCALING: &str = "target_scaling.csv";
/// The file that says how values changed places: a line for each value, the place that it is taken from.
const PERMUTATION: &str = "permutation.csv";
/// The heading of that file.
const HEADING: &str = "from";
/// The file that says what samples are like, so that a run can be used where its data is not.
pub(crate) const SAMPLES: &str = "samples.json";

/// Statistics of the training part, and what was drawn once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// What stands for missing cells.
    pub fill: Option<Fill>,
    /// How the columns of a table were scaled.
    pub scaling: Option<Scaling>,
    /// How the numbers to predict were scaled.
    pub target_scaling: Option<Scaling>,
    /// How values changed places.
    pub permutation: Option<Arc<[u32]>>,
    /// What samples are like; runs of before this was kept have none.
    pub outline: Option<Outline>,
}

impl Kept {
    /// What the run in `folder` has kept.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when a file is damaged.
    pub(crate) fn read(folder: &Folder) -> Result<Self, Error> {
        Ok(Self {
            fill: folder.read(FILL, &Fill::from_csv)?,
            scaling: folder.read(SCALING, &Scaling::from_csv)?,
            target_scaling: folder.read(TARGET_SCALING, &Scaling::from_csv)?,
            permutation: folder.read(PERMUTATION, &permutation)?,
            outline: folder.read(SAMPLES, &|text, _| serde_json::from_str(text))?,
        })
    }

    /// Writes it into the folder of a run.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when a file cannot be written.
    pub(crate) fn write(&self, folder: &Folder) -> Result<(), Error> {
        if let Some(fill) = &self.fill {
            folder.write(FILL, &fill.to_csv())?;
        }
        if let Some(scaling) = &self.scaling {
            folder.write(SCALING, &scaling.to_csv())?;
        }
        if let Some(scaling) = &self.target_scaling {
            folder.write(TARGET_SCALING, &scaling.to_csv())?;
        }
        if let Some(order) = &self.permutation {
            let places: String = order.iter().map(|place| format!("{place}\n")).collect();
            folder.write(PERMUTATION, &format!("{HEADING}\n{places}"))?;
        }
        if let Some(outline) = &self.outline {
            let text = serde_json::to_string_pretty(outline).expect("an outline is plain values");
            folder.write(SAMPLES, &(text + "\n"))?;
        }
        Ok(())
    }
}

/// The places in the text of [`PERMUTATION`]; `origin` is the file, for messages.
fn permutation(text: &str, origin: &str) -> Result<Arc<[u32]>, String> {
    let mut lines = text.lines();
    if lines.next() != Some(HEADING) {
        return Err(format!("`{origin}` does not start with `{HEADING}`"));
    }
    let places = lines.map(|line| line.parse().map_err(|_| format!("`{line}` is no place")));
    places.collect()
}
