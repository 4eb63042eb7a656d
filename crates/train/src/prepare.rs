//! A configuration with its data loaded, its sizes known and its device found: ready to train, nothing written yet.

use std::path::Path;
use std::sync::Arc;

use burn::tensor::Tensor;
use espejo_data::{
    ColumnChoice, ColumnFacts, Fill, FillKind, HoldOut, Loaded, PixelRange, RowShape, Samples,
    Scaling, ScalingKind, Selection, Source, TargetColumn, TextChoice, TextForm, Window,
    permutation,
};
use toml::Table;

use crate::Error;
use crate::architecture::Layout;
use crate::classical::{check_values, rows};
use crate::config::{DataConfig, LossKind, RunConfig, SplitKind};
use crate::device::{self, Chosen};
use crate::exchange::Exchange;
use crate::feed::{Feed, bytes, without_holes};
use crate::folds;
use crate::kept::Kept;
use crate::missing_mask;
use crate::seed::{Purpose, stream};
use crate::spec::{Spec, check_copies};
use crate::suited::{DataFacts, suited};
use crate::target_rows::{self, NumberTarget, TargetRows};
use crate::task::Task;
use crate::windows::{self, WindowLength};

/// Noisy test samples of a denoising model are drawn until there are about this many, so that the measure is steady.
const NOISY_TEST_SAMPLES: usize = 1000;

/// Bytes of samples that are kept as floats where the device is the processor, at most: of tables, whose numbers are gathered in nine tenths of the time
/// that it takes to scale and round them again, and of images, of which all threads make more than these sooner than one would gather them.
const TABLES_RESIDENT: usize = 32 << 20;
const IMAGES_RESIDENT: usize = 4 << 20;

/// Bytes of samples that each of several processes keeps for itself where they share them: a task's own needs are larger.
const PRIVATE: usize = 16 << 20;
/// Rows that are checked at a time, for there may be more of them than memory holds.
const CHECKED_AT_A_TIME: usize = 4096;

/// Everything that a run needs before it starts.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The configuration.
    pub config: RunConfig,
    /// The configuration made concrete for the data.
    pub spec: Spec,
    /// The samples to learn from.
    pub train: Samples,
    /// The samples to measure with.
    pub test: Samples,
    /// Whether the test samples were kept out of training; the fonts have no such split, there the course tests what was
    /// learned.
    pub held_out: bool,
    /// What was left out because it could not be read.
    pub skipped: Vec<String>,
    /// What the reader of the data found that its user should know.
    pub notes: Vec<String>,
    /// The columns of a table as they stand in its file.
    pub columns: Vec<ColumnFacts>,
    /// What stands for the missing cells of a table.
    pub fill: Option<Fill>,
    /// How the columns of a table were scaled.
    pub scaling: Option<Scaling>,
    /// The numbers that a regressor learns.
    pub target: Option<NumberTarget>,
    /// The place that each value of a sample is taken from, where values change places.
    pub permutation: Option<Arc<[u32]>>,
    /// The device.
    pub chosen: Chosen,
    /// The other processes that train the same model, each on a device of its own.
    pub exchange: Exchange,
}

/// Loads the data, checks the configuration against it and finds the device.
///
/// # Errors
///
/// For each of these that fails, in this order: data, configuration, device.
pub fn prepare(config: RunConfig) -> Result<Prepared, Error> {
    prepare_with(config, Kept::default())
}

/// Prepares a run of which only the keys in `said` were given: the others are what suits its data.
///
/// # Errors
///
/// As [`prepare`].
pub fn prepare_suited(config: RunConfig, said: &Table) -> Result<Prepared, Error> {
    finish(load(&config, Kept::default(), Some(said), None)?)
}

/// Prepares a run whose data other processes of this machine read as well: what is large of it lies in the folder `shared`, or where it came
/// from, and is in memory once for all of them. The samples are those of [`prepare`], or with `said` of [`prepare_suited`].
///
/// # Errors
///
/// As [`prepare`], and [`Error::Data`] where the folder takes no file.
pub fn prepare_shared(
    config: RunConfig,
    said: Option<&Table>,
    shared: &Path,
) -> Result<Prepared, Error> {
    finish(load(&config, Kept::default(), said, Some(shared))?)
}

/// Prepares a run again, with what it has kept.
pub(crate) fn prepare_with(config: RunConfig, kept: Kept) -> Result<Prepared, Error> {
    finish(load(&config, kept, None, None)?)
}

/// The configuration of a run of which only the keys in `said` were given, once its data is known.
///
/// # Errors
///
/// [`Error::Data`] or [`Error::Config`] where the data cannot be loaded, or does not go with the configuration.
pub fn suited_config(config: &RunConfig, said: &Table) -> Result<RunConfig, Error> {
    load(config, Kept::default(), Some(said), None).map(|checked| checked.config)
}

/// Finds the device of what was checked.
fn finish(checked: Checked) -> Result<Prepared, Error> {
    let train = &checked.config.train;
    // First: a device is probed with the code that will run.
    device::hold_width(train.vector_width)?;
    let chosen = match (train.is_classical(), train.device.as_str()) {
        (true, "auto") => beside_the_processor()?,
        (_, device) => device::choose(device)?,
    };
    Ok(on(chosen, checked))
}

/// Prepares what was loaded, on the device that another run uses.
pub(crate) fn prepare_loaded(
    config: &RunConfig,
    loaded: Loaded,
    chosen: Chosen,
) -> Result<Prepared, Error> {
    Ok(on(chosen, check(config, Kept::default(), None, loaded)?))
}

/// What was checked, on its device.
fn on(chosen: Chosen, checked: Checked) -> Prepared {
    let mut config = checked.config;
    if let Some(window) = checked.window.filter(|_| config.data.window.is_some()) {
        // A length that was found stands in the run as a number.
        config.data.window = Some(WindowLength::Rows(window.length));
    }
    Prepared {
        config,
        spec: checked.spec,
        train: checked.train,
        test: checked.test,
        held_out: checked.held_out,
        skipped: checked.skipped,
        notes: checked.notes,
        columns: checked.columns,
        fill: checked.fill,
        scaling: checked.scaling,
        target: checked.target,
        permutation: checked.permutation,
        chosen,
        exchange: Exchange::Alone,
    }
}

/// A run prepared again without its data: `samples`, which are like those it learned, stand in for them.
///
/// # Errors
///
/// [`Error::Config`] where the configuration does not fit them, [`Error::Device`] without the device.
pub(crate) fn without_data(
    config: RunConfig,
    kept: Kept,
    samples: Samples,
    chosen: Chosen,
) -> Result<Prepared, Error> {
    let samples = match &kept.permutation {
        Some(order) => samples.permuted(order.clone())?,
        None => samples,
    };
    let scaling = match config.version {
        1 => kept.scaling.map(Scaling::single),
        _ => kept.scaling,
    };
    let spec = Spec::new(&config, layout(&config, &samples)?)?;
    device::hold_width(config.train.vector_width)?;
    Ok(Prepared {
        target: number_target(&spec, &samples, None, kept.target_scaling)?,
        spec,
        chosen,
        config,
        train: samples.clone(),
        test: samples,
        held_out: false,
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        fill: kept.fill,
        scaling,
        permutation: kept.permutation,
        exchange: Exchange::Alone,
    })
}

/// The device that measures what the processor trains: itself, where the build can.
fn beside_the_processor() -> Result<Chosen, Error> {
    let chosen = device::choose("cpu").or_else(|_| device::choose("auto"))?;
    Ok(Chosen {
        requested: "auto".to_owned(),
        ..chosen
    })
}

/// What a configuration means, as far as no device is needed.
pub(crate) struct Checked {
    pub config: RunConfig,
    pub spec: Spec,
    pub train: Samples,
    pub test: Samples,
    pub held_out: bool,
    pub skipped: Vec<String>,
    pub notes: Vec<String>,
    pub columns: Vec<ColumnFacts>,
    pub fill: Option<Fill>,
    pub scaling: Option<Scaling>,
    pub target: Option<NumberTarget>,
    pub permutation: Option<Arc<[u32]>>,
    pub window: Option<Window>,
}

/// Loads the data and checks the configuration against it; where `said` has all keys that were given, the others are made to suit the data.
/// What is large of the data lies in the folder `shared` where there is one.
pub(crate) fn load(
    config: &RunConfig,
    kept: Kept,
    said: Option<&Table>,
    shared: Option<&Path>,
) -> Result<Checked, Error> {
    windows::check(config)?;
    folds::check(config)?;
    let mut source = source(config)?;
    if let Some(folder) = shared {
        source.memory = source.memory.min(PRIVATE);
        source.shared = Some(folder.to_owned());
    }
    if let Some(text) = kept
        .outline
        .as_ref()
        .and_then(|outline| outline.text.as_ref())
    {
        source.texts.learned = Some(text.words.clone().into());
    }
    let loaded = espejo_data::load(&source)?;
    check_texts(config, &loaded.train)?;
    folds::check_data(config, &loaded)?;
    check(config, kept, said, loaded)
}

/// Treats what was loaded as a configuration says, by the statistics of its training part, and checks one against the other.
fn check(
    config: &RunConfig,
    kept: Kept,
    said: Option<&Table>,
    loaded: Loaded,
) -> Result<Checked, Error> {
    check_fill(config, &loaded.train)?;
    missing_mask::check(config, &loaded.train)?;
    let fill = match (config.data.fill, kept.fill) {
        (FillKind::None, _) => None,
        (FillKind::Mean, Some(fill)) => Some(fill),
        (FillKind::Mean, None) => Some(Fill::fit(&loaded.train)?),
    };
    let loaded = match &fill {
        None => loaded,
        Some(fill) => Loaded {
            train: fill.apply(&loaded.train)?,
            test: loaded.test.map(|test| fill.apply(&test)).transpose()?,
            ..loaded
        },
    };
    check_squares(config, &loaded.train)?;
    let (window, found) = windows::of(config, &loaded.train)?;
    let mut notes = loaded.notes;
    notes.extend(found);
    notes.extend(nothing_to_learn(&loaded.train)?);
    notes.extend(missing_mask::note(config, &loaded.train));
    check_whole_categories(config, &loaded.train)?;
    let columns = loaded.train.shape().pixels();
    let scaling = match kept.scaling {
        Some(scaling) if scaling.columns.len() != columns => {
            let message = format!(
                "its `scaling.csv` has {} columns, and the data {columns}",
                scaling.columns.len()
            );
            return Err(Error::config(message, None));
        }
        Some(scaling) => Some(scaling),
        None => scaling(config, &loaded.train)?,
    };
    let scaling = match config.version {
        1 => scaling.map(Scaling::single),
        _ => scaling,
    };
    let scaled = |samples: &Samples| match &scaling {
        Some(scaling) => scaling.apply(samples),
        None => Ok(samples.clone()),
    };
    let permutation = match kept.permutation {
        None => drawn_permutation(config, columns),
        kept => kept,
    };
    let permuted = |samples: Samples| match &permutation {
        Some(order) => Ok(samples.permuted(order.clone())?),
        None => Ok::<Samples, Error>(samples),
    };
    let cut = |samples: Samples, part: &str| windows::cut(samples, window, part);
    let train = cut(permuted(scaled(&loaded.train)?)?, "training part")?;
    let test = loaded.test.as_ref().map(scaled).transpose()?;
    let test = test.map(permuted).transpose()?;
    let test = test.map(|test| cut(test, "test part")).transpose()?;
    notes.extend(windows::notes(&train));
    let config = &match said {
        Some(said) => suited(config, said, facts(config, &train, test.is_some())),
        None => config.clone(),
    };
    let spec = Spec::new(config, layout(config, &train)?)?;
    let target = number_target(&spec, &train, test.as_ref(), kept.target_scaling)?;
    if spec.task == Task::Classify {
        check_classes(&train)?;
    }
    let gives_back = !spec.task.has_targets();
    if config.objective.loss == LossKind::Bce && train.is_table() && gives_back {
        check_probabilities(test.as_ref().unwrap_or(&train).points())?;
    }
    let (samples, pixels) = (train.len(), train.shape().pixels());
    check_copies("noise.copies", config.noise.copies, samples, pixels)?;
    if config.train.is_classical() {
        check_values(config, &train)?;
    }
    Ok(Checked {
        config: config.clone(),
        spec,
        held_out: test.is_some(),
        test: test.unwrap_or_else(|| train.clone()),
        train,
        skipped: loaded.skipped,
        notes,
        columns: loaded.columns,
        fill,
        scaling,
        target,
        permutation,
        window,
    })
}

/// What the defaults of a run go by.
fn facts(config: &RunConfig, train: &Samples, held_out: bool) -> DataFacts {
    DataFacts {
        samples: train.len().saturating_mul(config.noise.copies.max(1)),
        shape: train.shape(),
        is_table: train.is_table(),
        held_out,
    }
}

/// What the layers of a model have to fit.
pub(crate) fn layout(config: &RunConfig, train: &Samples) -> Result<Layout, Error> {
    Ok(Layout {
        shape: train.shape(),
        table: train.is_table(),
        outputs: target_rows::outputs(config, train)?,
        categories: train.categories().to_vec(),
        tokens: train.tokens(),
        missing_mask: config.data.missing_mask,
    })
}

/// Refuses what is done to the numbers of a table where these are of texts.
fn check_texts(config: &RunConfig, train: &Samples) -> Result<(), Error> {
    let Some(form) = train.text_form() else {
        return Ok(());
    };
    let data = &config.data;
    let asked = [
        ("scale", data.scale != ScalingKind::None),
        ("permute", data.permute),
        ("window", data.window.is_some()),
        ("lags", data.lags.is_some()),
        ("fill", data.fill != FillKind::None),
        ("missing_mask", data.missing_mask),
        ("folds", data.folds.is_some()),
    ];
    if let Some((key, _)) = asked.iter().find(|(_, asked)| *asked) {
        let message = format!("`data.{key}` is for tables of numbers, and these are texts");
        let hint = match *key {
            "scale" => "take `--scale none`: counts of words stay as they are",
            // Each fold has a vocabulary of its own.
            "folds" => "take one fold at a time, as in `--fold 1/5`",
            _ => "leave it out",
        };
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    if config.train.is_classical() && form == TextForm::Sequence {
        let message = "sequences of words need an embedding, which is trained in single precision";
        let hint = "take `--optimizer adam`, or `--text-as counts`";
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    Ok(())
}

/// Refuses training samples of one class, or with a class that none of them has.
fn check_classes(train: &Samples) -> Result<(), Error> {
    let counts = train.class_counts();
    let known = counts.iter().filter(|count| **count > 0).count();
    if known >= 2 {
        return Ok(());
    }
    let message = format!(
        "the training samples of `{}` are of {known} class, expected at least 2",
        train.name()
    );
    let hint = "a classifier tells classes apart: add samples of another class, or choose another `--target`";
    Err(Error::config(message, Some(hint.to_owned())))
}

/// The numbers that a regressor learns, scaled by the statistics of its training part.
fn number_target(
    spec: &Spec,
    train: &Samples,
    test: Option<&Samples>,
    kept: Option<Scaling>,
) -> Result<Option<NumberTarget>, Error> {
    match spec.task {
        Task::Regress => NumberTarget::of(train, test.unwrap_or(train), kept).map(Some),
        Task::Reconstruct | Task::Denoise(_) | Task::Classify => Ok(None),
    }
}

/// The order that the configuration asks for, drawn from its seed.
fn drawn_permutation(config: &RunConfig, values: usize) -> Option<Arc<[u32]>> {
    let seed = stream(config.train.seed, 0, Purpose::Permutation);
    config
        .data
        .permute
        .then(|| permutation(values, seed).into())
}

/// Says where nothing tells the training samples apart.
fn nothing_to_learn(train: &Samples) -> Result<Option<String>, Error> {
    let (one, many) = match (train.is_text(), train.is_table()) {
        (true, _) => ("text", "texts"),
        (false, true) => ("row", "rows"),
        (false, false) => ("image", "images"),
    };
    let note = match train.len() {
        1 => format!("there is one {one} to learn from: nothing differs"),
        count if train.all_equal()? => {
            format!("all {count} {many} to learn from are equal: nothing differs")
        }
        _ => return Ok(None),
    };
    Ok(Some(note))
}

/// Refuses an order of columns that tears apart the columns of a category, where each category has a loss of its own.
fn check_whole_categories(config: &RunConfig, train: &Samples) -> Result<(), Error> {
    let is_mixed = config.objective.loss == LossKind::Mixed;
    if !is_mixed || !config.data.permute || train.categories().is_empty() {
        return Ok(());
    }
    let message = "`data.permute` tears the columns of a category apart, and loss `mixed` takes them together";
    Err(Error::config(message, Some("add `--loss mse`".to_owned())))
}

/// Refuses to fill cells where there are none, or where a missing cell is no part of the loss.
fn check_fill(config: &RunConfig, train: &Samples) -> Result<(), Error> {
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    if config.data.fill == FillKind::None {
        return Ok(());
    }
    if !train.is_table() {
        return refuse(
            "`data.fill` is for tables, and these are images",
            "leave it out",
        );
    }
    match config.model.kind.target() {
        Some(_) => Ok(()),
        None => refuse(
            "`data.fill` is for nets that learn a target: an autoencoder leaves missing cells out of its loss",
            "leave it out, or add `--model classifier` or `--model regressor`",
        ),
    }
}

/// Refuses unscaled numbers whose squares single precision does not hold: whatever is learned, their squared error is infinite.
fn check_squares(config: &RunConfig, train: &Samples) -> Result<(), Error> {
    let is_scaled = config.data.scale != ScalingKind::None;
    // No count of words is as large.
    if !train.is_table() || train.is_text() || is_scaled || config.train.is_classical() {
        return Ok(());
    }
    let largest = f64::from(f32::MAX).sqrt();
    let beyond = train
        .columns()
        .iter()
        .enumerate()
        .find_map(|(place, name)| {
            if !train.may_exceed(place, largest) {
                return None;
            }
            let number = train.column(place).find(|number| number.abs() > largest)?;
            Some((name, number))
        });
    let Some((name, number)) = beyond else {
        return Ok(());
    };
    let message =
        format!("column `{name}` has {number:e}, whose square is beyond single precision");
    let hint = "take `--scale standardise`, or leave the column out with `--drop`";
    Err(Error::config(message, Some(hint.to_owned())))
}

/// Refuses rows outside [0, 1], of which there is no cross-entropy: test rows may leave the range of the training rows.
fn check_probabilities(rows: &Samples) -> Result<(), Error> {
    let (width, columns) = (rows.shape().pixels(), rows.columns());
    let mut values = Vec::new();
    for start in (0..rows.len()).step_by(CHECKED_AT_A_TIME) {
        values.clear();
        let end = (start + CHECKED_AT_A_TIME).min(rows.len());
        rows.read(start..end, 0.0, &mut values)?;
        let Some(at) = values.iter().position(|value| *value < 0.0 || *value > 1.0) else {
            continue;
        };
        let message = format!(
            "loss `bce` needs values of 0 to 1, and test row {} has {} in column `{}` after scaling",
            start + at / width + 1,
            values[at],
            columns[at % width]
        );
        return Err(Error::config(message, Some("take `--loss mse`".to_owned())));
    }
    Ok(())
}

/// What the data part of a configuration asks for.
pub(crate) fn source(config: &RunConfig) -> Result<Source, Error> {
    let data = &config.data;
    Ok(Source {
        name: data.name.clone(),
        directory: data.directory.clone(),
        selection: Selection {
            letters: data.letters.clone(),
            first: data.first,
            fraction: data.fraction,
            classes: data.classes.clone(),
            subject: data.subject.clone(),
            limit: data.limit,
        },
        hold_out: data.hold_out()?,
        seed: config.train.seed,
        size: data.size()?,
        fit: data.fit,
        grey: data.grey,
        label: data.label.clone(),
        target: target_column(config)?,
        target_is_input: data.lags.is_some(),
        words: data.words,
        texts: TextChoice {
            column: data.text.clone(),
            form: data.text_as,
            length: data.text_length,
            learned: None,
        },
        columns: ColumnChoice {
            only: data.columns.clone(),
            drop: data.drop.clone(),
            index: data.index.clone(),
            group: data.group.clone(),
            dates: data.dates.clone(),
        },
        header: data.header,
        missing: data.missing.clone(),
        missing_in: data.missing_in.clone(),
        learned: None,
        pixel_range: data.pixel_range()?,
        shape: data.shape()?,
        rules: config.version as u8,
        skip_bad: data.skip_bad,
        memory: budget(config),
        shared: None,
    })
}

/// The column that the model learns to give.
fn target_column(config: &RunConfig) -> Result<Option<TargetColumn>, Error> {
    let Some(column) = &config.data.target else {
        return Ok(None);
    };
    let Some(kind) = config.model.kind.target() else {
        let message = format!(
            "`data.target` is for nets that learn a target, and this is `{}`",
            config.model.kind.name()
        );
        let hint =
            "add `--model classifier` or `--model regressor`, or give the column as `--label`";
        return Err(Error::config(message, Some(hint.to_owned())));
    };
    Ok(Some(TargetColumn {
        column: column.clone(),
        kind,
    }))
}

/// Bytes that the data may take.
fn budget(config: &RunConfig) -> usize {
    config.train.device_memory.saturating_mul(1 << 20)
}

fn scaling(config: &RunConfig, train: &Samples) -> Result<Option<Scaling>, Error> {
    let kind = config.data.scale;
    // Images with a scale are refused with the rest of the configuration.
    let scaled = train.is_table() && kind != ScalingKind::None;
    if !scaled {
        return Ok(None);
    }
    let scaling = Scaling::fit(train, kind)?;
    Ok(Some(match config.objective.loss {
        // A cross-entropy takes probabilities as targets, 0 and 1.
        LossKind::Mixed => scaling.except(train.categories().iter().cloned().flatten()),
        _ => scaling,
    }))
}

impl DataConfig {
    /// Which samples are kept out of training.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where `fold` is no fold, or stands beside `test_fraction`.
    pub fn hold_out(&self) -> Result<HoldOut, Error> {
        let Some(text) = &self.fold else {
            return Ok(match (self.test_fraction, self.split) {
                (None, SplitKind::Random) => HoldOut::Official,
                (None, SplitKind::Time) => {
                    let message =
                        "`data.split` is `time`, and no part is to be split off".to_owned();
                    let hint = "say how much, as in `--test-fraction .2`".to_owned();
                    return Err(Error::config(message, Some(hint)));
                }
                (Some(fraction), SplitKind::Random) => HoldOut::Fraction(fraction),
                (Some(fraction), SplitKind::Time) => HoldOut::Last(fraction),
            });
        };
        let refuse =
            |message: String, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
        if self.split == SplitKind::Time {
            let message = format!("`data.fold` is `{text}`, and `data.split` is `time`");
            return refuse(message, "folds are drawn: give one of them");
        }
        if self.test_fraction.is_some() {
            let message = format!("`data.fold` is `{text}`, and `data.test_fraction` is given too");
            return refuse(message, "give one of them");
        }
        let parts = text
            .split_once('/')
            .and_then(|(index, of)| Some((index.trim().parse().ok()?, of.trim().parse().ok()?)));
        match parts {
            Some((index, of)) => Ok(HoldOut::Fold { index, of }),
            None => refuse(
                format!("`data.fold` is `{text}`, expected a fold and how many there are"),
                "as in `--fold 2/5`, the second of five",
            ),
        }
    }

    /// The numbers that become black and white.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the first is not below the second.
    pub fn pixel_range(&self) -> Result<Option<PixelRange>, Error> {
        match self.pixel_range {
            None => Ok(None),
            Some([low, high]) if low < high && (high - low).is_finite() => {
                Ok(Some(PixelRange { low, high }))
            }
            Some([low, high]) => Err(Error::config(
                format!("`data.pixel_range` is {low} to {high}, expected black below white"),
                Some("as in `--pixel-range 0,16`".into()),
            )),
        }
    }

    /// The image that each row of a table is.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it is no shape.
    pub fn shape(&self) -> Result<Option<RowShape>, Error> {
        let shape = self
            .shape
            .as_deref()
            .map(str::parse::<RowShape>)
            .transpose();
        shape.map_err(|found: String| Error::config(format!("`data.shape` is {found}"), None))
    }

    /// The height and width that `size` asks for.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it is no size.
    pub fn size(&self) -> Result<Option<[usize; 2]>, Error> {
        let Some(text) = &self.size else {
            return Ok(None);
        };
        let parts = text
            .split_once('x')
            .and_then(|(height, width)| Some([height.parse().ok()?, width.parse().ok()?]));
        parts.map(Some).ok_or_else(|| {
            let hint = match text.parse::<usize>() {
                Ok(side) => format!("did you mean `--size {side}x{side}`?"),
                Err(_) => "as in `--size 50x37`".to_owned(),
            };
            let message = format!("`data.size` is `{text}`, expected height and width");
            Error::config(message, Some(hint))
        })
    }
}

impl Prepared {
    /// Where training takes place, and why there.
    pub fn device_words(&self) -> (String, String) {
        let (train, chosen) = (&self.config.train, &self.chosen);
        if !train.is_classical() {
            return (chosen.used.clone(), chosen.why.clone());
        }
        let why = format!(
            "`{}` trains there, `{}` measures",
            train.optimizer.name(),
            chosen.used
        );
        ("cpu (double precision, own code)".to_owned(), why)
    }

    /// What its samples are called where their pace is told.
    pub(crate) fn sample_unit(&self) -> &'static str {
        match self.train.is_table() {
            true if self.train.window().is_some() => "windows",
            true if self.train.is_text() => "texts",
            true => "rows",
            false => "img",
        }
    }

    /// Bytes of the device that the data may take.
    pub(crate) fn budget(&self) -> usize {
        budget(&self.config)
    }

    /// A row that a model gave, in the units and the order of its file.
    pub fn unscaled(&self, row: &[f32]) -> Vec<f64> {
        let mut stored = row.to_vec();
        if let Some(order) = &self.permutation {
            for (&place, value) in order.iter().zip(row) {
                stored[place as usize] = *value;
            }
        }
        match &self.scaling {
            Some(scaling) => {
                // A window is some rows, one after the other.
                let rows = stored.chunks_exact(scaling.columns.len());
                rows.flat_map(|row| scaling.invert_row(row)).collect()
            }
            None => stored.iter().map(|number| shortest(*number)).collect(),
        }
    }

    /// What the run keeps of its data.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            fill: self.fill.clone(),
            scaling: self.scaling.clone(),
            target_scaling: self.target.as_ref().map(|target| target.scaling.clone()),
            permutation: self.permutation.clone(),
            outline: Some(self.train.outline()),
        }
    }

    /// Whether the training samples take more of the device than they may, and are read while they are used.
    pub fn streams(&self) -> bool {
        bytes(&self.train, 1) > self.budget()
    }

    /// Whether [`prepare_shared`] may find something to share: texts are none of it, and samples that are few.
    pub fn may_be_shared(&self) -> bool {
        let values = self.train.len().saturating_mul(self.train.shape().pixels());
        // A number of a table takes twelve bytes, a pixel one.
        !self.train.is_text() && values > PRIVATE / 12
    }

    /// `samples` on their way to the device.
    pub(crate) fn feed(&self, samples: &Samples) -> Result<Feed, Error> {
        // A processor trains from its own memory: bytes that become floats batch by batch, on a thread beside the training,
        // take a quarter of the room and less time than floats gathered from all over it.
        // Counts of words are nearly all zeros, and only a batch of them is ever written out.
        let is_sparse = samples.is_text() && samples.tokens().is_none();
        let most = match (self.chosen.is_processor() || is_sparse, samples.is_table()) {
            (true, true) => TABLES_RESIDENT,
            (true, false) => IMAGES_RESIDENT,
            (false, _) => self.chosen.largest,
        };
        self.feed_within(samples, self.budget().min(most))
    }

    /// `samples` as they are, to be seen once: none is kept on the device.
    pub(crate) fn passing(&self, samples: &Samples) -> Result<Feed, Error> {
        self.feed_within(samples, 0)
    }

    /// Rows as a model sees them, `[rows, values]`: with their missing cells where it is shown which these are, else with what stands for them.
    pub(crate) fn seen(&self, rows: Tensor<2>) -> Tensor<2> {
        match self.config.data.missing_mask {
            true => rows,
            false => without_holes(rows),
        }
    }

    fn feed_within(&self, samples: &Samples, budget: usize) -> Result<Feed, Error> {
        let feed = Feed::new(samples, self.spec.range, &self.chosen.device, budget)?;
        Ok(feed.showing_missing(self.config.data.missing_mask))
    }

    /// The samples to learn from.
    pub(crate) fn training_data(&self) -> Result<Feed, Error> {
        let copies = self.config.noise.copies;
        if copies == 0 {
            let augmentation = self.config.augment.augmentation();
            let feed = match augmentation {
                // What is changed anew in every epoch is no use on the device.
                Some(_) => self.passing(&self.train)?,
                None => self.feed(&self.train)?,
            };
            let feed = feed.with_augmentation(augmentation);
            return Ok(match self.targets(&self.train)? {
                Some(targets) => feed.with_targets(targets),
                None => feed.with_fresh_noise(self.spec.noise()),
            });
        }
        let budget = self.budget().min(self.chosen.largest);
        let feed = self.feed_within(&self.train, budget)?;
        if !self.config.train.is_classical() {
            let (noise, seed) = (self.spec.noise(), self.seed(Purpose::Copies));
            return feed.with_kept_noise(noise, copies, seed, budget);
        }
        let (_, noisy) = rows(&self.config, &self.spec, &self.train)?;
        let noisy = noisy.expect("copies are for denoising models alone");
        feed.with_kept_copies(noisy, copies, budget)
    }

    /// The targets of `samples`, where they are not the samples themselves.
    pub(crate) fn targets(&self, samples: &Samples) -> Result<Option<TargetRows>, Error> {
        let scaling = self.target.as_ref().map(|target| &target.scaling);
        TargetRows::of(&self.spec, samples, scaling)
    }

    /// `samples` as they are measured: a denoising model gets noisy copies drawn from the stream of `purpose`.
    pub(crate) fn measured_data(&self, samples: &Samples, purpose: Purpose) -> Result<Feed, Error> {
        let feed = self.feed(samples)?;
        if let Some(targets) = self.targets(samples)? {
            return Ok(feed.with_targets(targets));
        }
        if !self.spec.task.denoises() {
            return Ok(feed);
        }
        let copies = NOISY_TEST_SAMPLES.div_ceil(samples.len());
        Ok(feed.with_noise_per_pass(self.spec.noise(), copies, self.seed(purpose)))
    }

    fn seed(&self, purpose: Purpose) -> u64 {
        stream(self.config.train.seed, 0, purpose)
    }
}

/// The number with the fewest digits that rounds to this one.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}
