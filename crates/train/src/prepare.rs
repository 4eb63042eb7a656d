//! A configuration with its data loaded, its sizes known and its device found: ready to train, nothing written yet.

use espejo_data::{Samples, Scaling, ScalingKind, Selection, Source};

use crate::Error;
use crate::batch::{Feed, bytes};
use crate::config::{DataConfig, Kind, RunConfig, ScaleKind};
use crate::device::{self, Chosen};
use crate::seed::{Purpose, stream};
use crate::spec::{Spec, check_copies};

/// Noisy test pictures of a denoising model are drawn until there are about this many, so that the measure is steady.
const NOISY_TEST_PICTURES: usize = 1000;

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
    let loaded = espejo_data::load(&source(&config)?)?;
    let scaling = match kept {
        Some(scaling) => Some(scaling),
        None => scaling(&config, &loaded.train)?,
    };
    let scaled = |samples: &Samples| match &scaling {
        Some(scaling) => scaling.apply(samples),
        None => Ok(samples.clone()),
    };
    let train = scaled(&loaded.train)?;
    let test = loaded.test.as_ref().map(scaled).transpose()?;
    let spec = Spec::new(&config, train.shape(), train.is_table())?;
    let (samples, pixels) = (train.len(), train.shape().pixels());
    check_copies("noise.copies", config.noise.copies, samples, pixels)?;
    let chosen = device::choose(&config.train.device)?;
    Ok(Prepared {
        config,
        spec,
        held_out: test.is_some(),
        test: test.unwrap_or_else(|| train.clone()),
        train,
        skipped: loaded.skipped,
        scaling,
        chosen,
    })
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
        test_fraction: data.test_fraction,
        seed: config.train.seed,
        size: data.size()?,
        grey: data.grey,
        label: data.label.clone(),
        skip_bad: data.skip_bad,
        memory: budget(config),
    })
}

/// Bytes that the data may take.
fn budget(config: &RunConfig) -> usize {
    config.train.device_memory.saturating_mul(1 << 20)
}

fn scaling(config: &RunConfig, train: &Samples) -> Result<Option<Scaling>, Error> {
    let kind = match config.data.scale {
        ScaleKind::Standardise => ScalingKind::Standardise,
        ScaleKind::MinMax => ScalingKind::MinMax,
        ScaleKind::None => return Ok(None),
    };
    // Pictures with a scale are refused with the rest of the configuration.
    let scaling = train.is_table().then(|| Scaling::fit(train, kind));
    Ok(scaling.transpose()?)
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
    /// Bytes of the device that the data may take.
    pub(crate) fn budget(&self) -> usize {
        budget(&self.config)
    }

    /// Whether the training samples take more of the device than they may, and are read while they are used.
    pub fn streams(&self) -> bool {
        bytes(&self.train, 1) > self.budget()
    }

    /// `samples` on their way to the device.
    pub(crate) fn feed(&self, samples: &Samples) -> Result<Feed, Error> {
        Feed::new(samples, self.spec.range, &self.chosen.device, self.budget())
    }

    /// The samples to learn from.
    pub(crate) fn training_data(&self) -> Result<Feed, Error> {
        let feed = self.feed(&self.train)?;
        match self.config.noise.copies {
            0 => Ok(feed),
            copies => {
                let seed = self.seed(Purpose::Copies);
                feed.with_kept_noise(self.spec.noise, copies, seed, self.budget())
            }
        }
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
