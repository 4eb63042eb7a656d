//! Targets as a net is trained on them: one-hot rows of classes, or scaled numbers.

use std::sync::Arc;

use espejo_data::{Facts, Samples, Scaling, ScalingKind, TargetKind, Targets};

use crate::Error;
use crate::config::{LossKind, RunConfig};
use crate::spec::Spec;
use crate::task::Task;

/// One row of numbers for each sample, made when it is wanted: a hundred classes in one-hot rows would take more than the images.
#[derive(Clone, Debug)]
pub(crate) struct TargetRows {
    width: usize,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// The class of each sample.
    Labels(Arc<[u16]>),
    /// The same of two classes, 1 for the second.
    Binary(Arc<[u16]>),
    /// Numbers row by row, `[samples, width]`.
    Numbers(Arc<[f32]>),
}

impl TargetRows {
    /// The targets that `samples` have for a net; none where they are their own. Numbers are scaled by `scaling`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the samples do not have such targets.
    pub(crate) fn of(
        spec: &Spec,
        samples: &Samples,
        scaling: Option<&Scaling>,
    ) -> Result<Option<Self>, Error> {
        match spec.task {
            Task::Reconstruct | Task::Denoise(_) => Ok(None),
            Task::Classify if spec.is_binary() => binary(samples).map(Some),
            Task::Classify => classes(samples).map(Some),
            Task::Regress => numbers(samples, scaling).map(Some),
        }
    }

    /// One number for each sample.
    #[cfg(test)]
    pub(crate) fn of_numbers(numbers: Vec<f32>) -> Self {
        Self {
            width: 1,
            values: Values::Numbers(numbers.into()),
        }
    }

    /// Values of a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Appends the row of a sample.
    pub(crate) fn append(&self, index: usize, out: &mut Vec<f32>) {
        match &self.values {
            Values::Labels(labels) => {
                let start = out.len();
                out.resize(start + self.width, 0.0);
                out[start + usize::from(labels[index])] = 1.0;
            }
            Values::Binary(labels) => out.push(f32::from(labels[index])),
            Values::Numbers(values) => {
                out.extend_from_slice(&values[index * self.width..][..self.width]);
            }
        }
    }
}

/// Outputs of a net with targets: one for each class, or a single one of two classes by their binary cross-entropy; one for each
/// column of numbers; 0 where there is no target.
///
/// # Errors
///
/// [`Error::Config`] where the samples do not have such targets.
pub(crate) fn outputs(config: &RunConfig, samples: &Samples) -> Result<usize, Error> {
    match config.model.kind.target() {
        None => Ok(0),
        Some(TargetKind::Classes) if config.objective.loss == LossKind::Bce => {
            binary(samples).map(|rows| rows.width)
        }
        Some(TargetKind::Classes) => classes(samples).map(|rows| rows.width),
        Some(TargetKind::Numbers) => Ok(target_table(samples)?.shape().pixels()),
    }
}

/// The numbers that a regressor learns.
#[derive(Clone, Debug)]
pub struct NumberTarget {
    /// How they are scaled for training.
    pub scaling: Scaling,
    /// What a scaled one is in the unit of its column: its standard deviation in the training part.
    pub units: Vec<f64>,
    /// The variance of each column in the test part, in its unit squared.
    pub test_variances: Vec<f64>,
}

impl NumberTarget {
    /// The statistics of the training part, unless a run has `kept` them, and the spread of the test part.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where samples have no numbers.
    pub(crate) fn of(
        train: &Samples,
        test: &Samples,
        kept: Option<Scaling>,
    ) -> Result<Self, Error> {
        let scaling = match kept {
            Some(scaling) => scaling,
            None => Scaling::fit(&target_table(train)?, ScalingKind::Standardise)?,
        };
        Ok(Self {
            units: scaling.scale.clone(),
            test_variances: variances(&target_table(test)?),
            scaling,
        })
    }
}

/// The variance of each column.
fn variances(table: &Samples) -> Vec<f64> {
    let rows = table.len() as f64;
    let variance = |place: usize| {
        let mean = table.column(place).sum::<f64>() / rows;
        table
            .column(place)
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / rows
    };
    (0..table.shape().pixels()).map(variance).collect()
}

/// One number for each sample of two classes.
fn binary(samples: &Samples) -> Result<TargetRows, Error> {
    let TargetRows { width, values } = classes(samples)?;
    let Values::Labels(labels) = values else {
        unreachable!("classes are labels")
    };
    if width != 2 {
        let message = format!(
            "loss `bce` of a classifier is for two classes, and `{}` has {width}",
            samples.name()
        );
        let hint = "take `--loss cross-entropy`, or two classes with `--classes A,B`";
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    Ok(TargetRows {
        width: 1,
        values: Values::Binary(labels),
    })
}

/// A row of 0 and 1 for each sample, 1 at its class.
///
/// # Errors
///
/// [`Error::Config`] where the samples have no classes.
pub(crate) fn classes(samples: &Samples) -> Result<TargetRows, Error> {
    let Targets::Classes { labels, names } = samples.targets() else {
        let message = format!("`{}` has no classes to learn", samples.name());
        let hint = "a classifier needs a set with classes, a folder with a sub-folder for each class, or a table with \
                    `--target COLUMN`";
        return Err(Error::config(message, Some(hint.to_owned())));
    };
    Ok(TargetRows {
        width: names.len(),
        values: Values::Labels(labels.clone()),
    })
}

fn numbers(samples: &Samples, scaling: Option<&Scaling>) -> Result<TargetRows, Error> {
    let mut table = target_table(samples)?;
    if let Some(scaling) = scaling {
        table = scaling.apply(&table)?;
    }
    let mut values = Vec::new();
    table.read(0..table.len(), 0.0, &mut values)?;
    Ok(TargetRows {
        width: table.shape().pixels(),
        values: Values::Numbers(values.into()),
    })
}

/// The numbers that belong to samples, as a table of their own.
///
/// # Errors
///
/// [`Error::Config`] where there are none.
pub(crate) fn target_table(samples: &Samples) -> Result<Samples, Error> {
    let Targets::Numbers { columns, values } = samples.targets() else {
        let message = format!("`{}` has no numbers to predict", samples.name());
        let hint = "a regressor needs a table and `--target COLUMN`, a column of numbers";
        return Err(Error::config(message, Some(hint.to_owned())));
    };
    let facts = Facts {
        name: samples.name().to_owned(),
        ..Facts::default()
    };
    let width = columns.len();
    let column = |place| values.iter().skip(place).step_by(width).copied().collect();
    let numbers = (0..width).map(column).collect();
    Ok(Samples::table(facts, columns.to_vec(), numbers)?)
}
