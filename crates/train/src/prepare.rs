//! A configuration with its data loaded, its sizes known and its device found: ready to train, nothing written yet.

use espejo_data::{HoldOut, Samples, Scaling, ScalingKind, Selection, Source};

use crate::Error;
use crate::batch::{Feed, bytes};
use crate::classical::{check_values, rows};
use crate::config::{DataConfig, Kind, LossKind, RunConfig};
use crate::device::{self, Chosen};
use crate::folder::Folder;
use crate::seed::{Purpose, stream};
use crate::spec::{Spec, check_copies};

/// Noisy test pictures of a denoising model are drawn until there are about this many, so that the measure is steady.
const NOISY_TEST_PICTURES: usize = 1000;

/// Bytes of samples that are kept as floats where the device is the processor, at most.
const PROCESSOR_RESIDENT: usize = 32 << 20;

/// Everything that a run needs before it starts.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The configuration.
    pub config: RunConfig,
    /// The same, made concrete for the data.
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
    /// How the columns of a table were scaled.
    pub scaling: Option<Scaling>,
    /// The device.
    pub chosen: Chosen,
}

/// Loads the data, checks the configuration against it and finds the device.
///
/// # Errors
///
/// For each of these that fails, in this order: data, configuration, device.
pub fn prepare(config: RunConfig) -> Result<Prepared, Error> {
    prepare_with(config, None)
}

/// The same with the scaling that a run has kept.
pub(crate) fn prepare_with(config: RunConfig, kept: Option<Scaling>) -> Result<Prepared, Error> {
    let checked = load(&config, kept)?;
    let chosen = match (config.train.is_classical(), config.train.device.as_str()) {
        (true, "auto") => beside_the_processor()?,
        (_, device) => device::choose(device)?,
    };
    Ok(Prepared {
        config,
        spec: checked.spec,
        train: checked.train,
        test: checked.test,
        held_out: checked.held_out,
        skipped: checked.skipped,
        scaling: checked.scaling,
        chosen,
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
    pub spec: Spec,
    pub train: Samples,
    pub test: Samples,
    pub held_out: bool,
    pub skipped: Vec<String>,
    pub scaling: Option<Scaling>,
}

/// Loads the data and checks the configuration against it.
pub(crate) fn load(config: &RunConfig, kept: Option<Scaling>) -> Result<Checked, Error> {
    let loaded = espejo_data::load(&source(config)?)?;
    let columns = loaded.train.shape().pixels();
    let scaling = match kept {
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
    let scaled = |samples: &Samples| match &scaling {
        Some(scaling) => scaling.apply(samples),
        None => Ok(samples.clone()),
    };
    let train = scaled(&loaded.train)?;
    let test = loaded.test.as_ref().map(scaled).transpose()?;
    let spec = Spec::new(config, train.shape(), train.is_table())?;
    if config.objective.loss == LossKind::Bce && train.is_table() {
        check_probabilities(test.as_ref().unwrap_or(&train))?;
    }
    let (samples, pixels) = (train.len(), train.shape().pixels());
    check_copies("noise.copies", config.noise.copies, samples, pixels)?;
    if config.train.is_classical() {
        check_values(config, &train)?;
    }
    Ok(Checked {
        spec,
        held_out: test.is_some(),
        test: test.unwrap_or_else(|| train.clone()),
        train,
        skipped: loaded.skipped,
        scaling,
    })
}

/// Refuses rows outside [0, 1], of which there is no cross-entropy: test rows may leave the range of the training rows.
fn check_probabilities(rows: &Samples) -> Result<(), Error> {
    let mut values = Vec::new();
    rows.read(0..rows.len(), 0.0, &mut values)?;
    let Some(at) = values.iter().position(|value| !(0.0..=1.0).contains(value)) else {
        return Ok(());
    };
    let (width, columns) = (rows.shape().pixels(), rows.columns());
    let message = format!(
        "loss `bce` needs values of 0 to 1, and test row {} has {} in column `{}` after scaling",
        at / width + 1,
        values[at],
        columns[at % width]
    );
    Err(Error::config(message, Some("take `--loss mse`".to_owned())))
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
        hold_out: data
            .test_fraction
            .map_or(HoldOut::Official, HoldOut::Fraction),
        seed: config.train.seed,
        size: data.size()?,
        grey: data.grey,
        label: data.label.clone(),
        target: None,
        skip_bad: data.skip_bad,
        memory: budget(config),
    })
}

/// Bytes that the data may take.
fn budget(config: &RunConfig) -> usize {
    config.train.device_memory.saturating_mul(1 << 20)
}

fn scaling(config: &RunConfig, train: &Samples) -> Result<Option<Scaling>, Error> {
    let kind = config.data.scale;
    // Pictures with a scale are refused with the rest of the configuration.
    let scaled = train.is_table() && kind != ScalingKind::None;
    Ok(scaled.then(|| Scaling::fit(train, kind)).transpose()?)
}

impl DataConfig {
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
            Error::config(
                format!("`data.size` is `{text}`, expected height and width"),
                Some("as in `--size 50x37`".into()),
            )
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

    /// Bytes of the device that the data may take.
    pub(crate) fn budget(&self) -> usize {
        budget(&self.config)
    }

    /// Whether the data is what it was when the run in `folder` was started, as far as its report says.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn is_data_of(&self, folder: &Folder) -> Result<bool, Error> {
        // A run that was killed as it started has no report yet.
        let report = folder.report().unwrap_or_default();
        let same = |key: &str, samples: &Samples| match report["data"][key].as_str() {
            Some(noted) => Ok::<bool, Error>(noted == samples.sha256()?),
            None => Ok(true),
        };
        Ok(same("sha256", &self.train)? && same("test_sha256", &self.test)?)
    }

    /// Whether the training samples take more of the device than they may, and are read while they are used.
    pub fn streams(&self) -> bool {
        bytes(&self.train, 1) > self.budget()
    }

    /// `samples` on their way to the device.
    pub(crate) fn feed(&self, samples: &Samples) -> Result<Feed, Error> {
        // A processor trains from its own memory: bytes that become floats batch by batch, on a thread beside the training,
        // take a quarter of the room and less time than floats gathered from all over it.
        let most = match self.chosen.is_processor() {
            true => PROCESSOR_RESIDENT,
            false => self.chosen.largest,
        };
        self.feed_within(samples, self.budget().min(most))
    }

    fn feed_within(&self, samples: &Samples, budget: usize) -> Result<Feed, Error> {
        Feed::new(samples, self.spec.range, &self.chosen.device, budget)
    }

    /// The samples to learn from.
    pub(crate) fn training_data(&self) -> Result<Feed, Error> {
        let copies = self.config.noise.copies;
        if copies == 0 {
            return self.feed(&self.train);
        }
        let budget = self.budget().min(self.chosen.largest);
        let feed = self.feed_within(&self.train, budget)?;
        if !self.config.train.is_classical() {
            let (noise, seed) = (self.spec.noise, self.seed(Purpose::Copies));
            return feed.with_kept_noise(noise, copies, seed, budget);
        }
        let (_, noisy) = rows(&self.config, &self.spec, &self.train)?;
        let noisy = noisy.expect("copies are for denoising models alone");
        feed.with_kept_copies(noisy, copies, budget)
    }

    /// `samples` as they are measured: a denoising model gets noisy copies drawn from the stream of `purpose`.
    pub(crate) fn measured_data(&self, samples: &Samples, purpose: Purpose) -> Result<Feed, Error> {
        let feed = self.feed(samples)?;
        if self.spec.kind != Kind::Dae {
            return Ok(feed);
        }
        let copies = NOISY_TEST_PICTURES.div_ceil(samples.len());
        Ok(feed.with_noise_per_pass(self.spec.noise, copies, self.seed(purpose)))
    }

    fn seed(&self, purpose: Purpose) -> u64 {
        stream(self.config.train.seed, 0, purpose)
    }
}
