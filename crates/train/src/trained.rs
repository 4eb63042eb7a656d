//! A trained model in use: samples to codes and back, or to predictions, on the host's side of the tensors.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use espejo_data::{FillKind, Loaded, Samples, ScalingKind, Shape, Source};
use espejo_nets::{Activation, Autoencoder, Model, Noise, Prior, Range, seeded};
use rand::RngExt;

use crate::baselines::{self, Baseline};
use crate::classification::Classification;
use crate::config::{DataConfig, RunConfig};
use crate::device::{self, Chosen};
use crate::findings::{self, Finding, Measured};
use crate::folder::{Folder, Which};
use crate::folds::FoldsReport;
use crate::half::{self, Half};
use crate::host_rows::{self, Rows, in_unit, normal};
use crate::kept::{FILL, Kept, SAMPLES, SCALING, TARGET_SCALING};
use crate::metrics::{Metrics, evaluate};
use crate::model::AnyModel;
use crate::prepare::{Prepared, prepare_with, source, without_data};
use crate::run_report::{ClassReport, Status};
use crate::seed::{Purpose, stream};
use crate::task::Task;
use crate::{Error, checkpoint, noted_codes, prediction, tensors, windows};

/// Numbers that the codes of a map may be, all together.
const MAX_CODES: usize = 1 << 26;

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The samples to learn from.
    Train,
    /// The samples kept out of training; where there are none, those to learn from.
    Test,
    /// Both.
    All,
}

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "train" => Ok(Self::Train),
            "test" => Ok(Self::Test),
            "all" => Ok(Self::All),
            _ => Err("expected `train`, `test` or `all`".to_owned()),
        }
    }
}

/// What a run is measured by.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The metrics of the model.
    pub metrics: Metrics,
    /// What one gets without training.
    pub baselines: Vec<Baseline>,
    /// Every class of the test samples, for a classifier.
    pub classes: Vec<ClassReport>,
}

/// Samples that are not the run's own.
#[derive(Clone, Debug)]
pub struct OtherData {
    /// The samples, treated as the run's own were.
    pub samples: Samples,
    /// What was left out because it could not be read: the file (and row), and why.
    pub skipped: Vec<String>,
    /// What the reader found that its user should know, in sentences.
    pub notes: Vec<String>,
}

/// A run that was trained, with the weights of one of its checkpoints.
#[derive(Clone, Debug)]
pub struct Trained {
    prepared: Prepared,
    model: AnyModel,
    epoch: usize,
    /// Which half it is, where it is no whole run.
    pub(crate) half: Option<Half>,
}

/// What a run is opened for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// For its own data.
    ItsData,
    /// For other samples and for codes.
    Others,
    /// To be looked at: nothing is computed.
    Looks,
}

/// A run prepared again: with its data, or where that is not needed and the run says what samples are like, with one of zeros in
/// their stead.
fn prepared_again(
    folder: &Folder,
    config: RunConfig,
    kept: Kept,
    wanted: Use,
) -> Result<Prepared, Error> {
    match &kept.outline {
        Some(outline) if wanted != Use::ItsData => {
            let damaged = |error: espejo_data::Error| {
                Error::checkpoint(&folder.path().join(SAMPLES), error.to_string(), None)
            };
            let samples = Samples::of_outline(outline).map_err(damaged)?;
            let choose = match wanted {
                Use::Looks => device::choose_to_look,
                _ => device::choose,
            };
            let chosen = choose(&config.train.device)?;
            without_data(config, kept, samples, chosen)
        }
        _ => prepare_with(config, kept),
    }
}

impl Trained {
    /// A model on a plain device, with the weights of `epoch`.
    pub(crate) fn new(prepared: Prepared, model: AnyModel, epoch: usize) -> Self {
        Self {
            prepared,
            model,
            epoch,
            half: None,
        }
    }

    /// Reads a run, or the half of one that was exported; `device` in place of the one it was trained on, if given.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when anything in the folder is damaged or does not fit, [`Error::Device`] without the device.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, Some("cpu"))?;
    /// let codes = trained.encode(trained.test())?;
    /// assert_eq!(codes.len(), trained.test().len());
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn open(folder: &Folder, which: Which, device: Option<&str>) -> Result<Self, Error> {
        Self::open_with(folder, which, |config| {
            if let Some(device) = device {
                device.clone_into(&mut config.train.device);
            }
        })
    }

    /// Reads a run on a machine on which something lies elsewhere: `change` may set the device, the data directory and the
    /// memory for data.
    ///
    /// # Errors
    ///
    /// As [`Trained::open`], and [`Error::Data`] where the data of the run is not there.
    pub fn open_with(
        folder: &Folder,
        which: Which,
        change: impl FnOnce(&mut RunConfig),
    ) -> Result<Self, Error> {
        Self::opened(folder, which, change, Use::ItsData)
    }

    /// Reads a run as [`open_with`](Self::open_with) does, without its own data, for other samples and for codes: the folder alone is
    /// enough. [`test`](Self::test) and the training part are then one sample of zeros that has their shape, columns and classes.
    ///
    /// A run of before its folder said what samples are like is opened with its data.
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open_without_data(
        folder: &Folder,
        which: Which,
        change: impl FnOnce(&mut RunConfig),
    ) -> Result<Self, Error> {
        Self::opened(folder, which, change, Use::Others)
    }

    /// Reads a run whose layers and weights are looked at, without its data and without its device: a processor will do, and it need not show that it
    /// computes right. To compute with a model, open it [without its data](Self::open_without_data).
    ///
    /// A run of before its folder said what samples are like is opened with its data and its device.
    ///
    /// # Errors
    ///
    /// As [`open_with`](Self::open_with).
    pub fn open_to_look(folder: &Folder, which: Which) -> Result<Self, Error> {
        Self::opened(folder, which, |_| (), Use::Looks)
    }

    fn opened(
        folder: &Folder,
        which: Which,
        change: impl FnOnce(&mut RunConfig),
        wanted: Use,
    ) -> Result<Self, Error> {
        let mut config = folder.config()?;
        let before = config.train.device.clone();
        change(&mut config);
        let damaged = |error: Error| error.of_file(&folder.path().join("config.toml"));
        device::narrow_to_what_there_is(&mut config.train.vector_width);
        if config.train.device != before {
            // A word that is no device is the user's slip, not the run's damage.
            device::choose(&config.train.device)?;
        }
        let kept = Kept::read(folder)?;
        if let Some(half) = half::open(folder, which, &config, &kept)? {
            return Ok(half);
        }
        let missing = |name: &str, hint: &str| {
            Err(Error::checkpoint(
                &folder.path().join(name),
                "is missing",
                Some(hint.to_owned()),
            ))
        };
        let (scaled, scaling) = (
            config.data.scale != ScalingKind::None,
            kept.scaling.is_some(),
        );
        let target_scaling = kept.target_scaling.is_some();
        let is_unfilled = config.data.fill != FillKind::None && kept.fill.is_none();
        if config.data.name == "-" && (wanted == Use::ItsData || kept.outline.is_none()) {
            let message = "its data came through standard input, which is gone".to_owned();
            let hint = "give other data with `--data`, or train on a file".to_owned();
            return Err(Error::config(message, Some(hint)));
        }
        let prepared = prepared_again(folder, config, kept, wanted).map_err(damaged)?;
        if is_unfilled {
            return missing(FILL, "without it nobody knows what stood for missing cells");
        }
        if scaled && !scaling {
            return missing(
                SCALING,
                "without it nobody knows how the model's columns were scaled",
            );
        }
        if prepared.target.is_some() && !target_scaling {
            return missing(
                TARGET_SCALING,
                "without it nobody knows how the numbers to predict were scaled",
            );
        }
        folder.check_checkpoint(which)?;
        let blank = prepared
            .spec
            .init(&prepared.config, &prepared.chosen.device);
        let place = folder.checkpoint(which);
        let (model, state) = checkpoint::load_model(&place, blank)?;
        folder.check_state(&place, &state)?;
        let epoch = if which == Which::Best && state.best_epoch > 0 {
            state.best_epoch
        } else {
            state.epoch
        };
        Ok(Self {
            prepared,
            model: model.valid(),
            epoch,
            half: None,
        })
    }

    /// The configuration of the run.
    pub fn config(&self) -> &RunConfig {
        &self.prepared.config
    }

    /// The samples that the run is measured with: those kept out of training, where there are such, else those it learned.
    pub fn test(&self) -> &Samples {
        &self.prepared.test
    }

    /// Other samples for the model: those of `change`d data, scaled as the run's own.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where they cannot be had, [`Error::Config`] where their shape is another than the run's.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, Part, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// let mine = trained.samples(Part::Test, |data| data.name = "measured-today.csv".into())?;
    /// let codes = trained.encode(&mine)?;
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn samples(
        &self,
        part: Part,
        change: impl FnOnce(&mut DataConfig),
    ) -> Result<Samples, Error> {
        Ok(self.other_data(part, change)?.samples)
    }

    /// Other samples for the model, as [`samples`](Self::samples) gives them, with what is to be said of them.
    ///
    /// # Errors
    ///
    /// As [`samples`](Self::samples).
    pub fn other_data(
        &self,
        part: Part,
        change: impl FnOnce(&mut DataConfig),
    ) -> Result<OtherData, Error> {
        let mut config = self.config().clone();
        change(&mut config.data);
        let Loaded {
            train,
            test,
            skipped,
            notes,
            ..
        } = espejo_data::load(&self.other_source(&config)?)?;
        let samples = match part {
            Part::Train => train,
            Part::Test => test.unwrap_or(train),
            Part::All => match &test {
                Some(test) => train.joined(test, self.prepared.budget())?,
                None => train,
            },
        };
        let mut skipped = skipped;
        let samples = match self.prepared.spec.task {
            Task::Classify if config.data.skip_bad => {
                let (known, unknown) = samples.of_known_classes(self.test().classes());
                skipped.extend(unknown);
                known
            }
            _ => samples,
        };
        let samples = self.treated(samples, &config.data.name)?;
        let samples = windows::cut(samples, self.test().window(), "other data")?;
        let mut notes = notes;
        notes.extend(windows::notes(&samples));
        Ok(OtherData {
            samples,
            skipped,
            notes,
        })
    }

    /// What to load for a configuration that is the run's own but for its data.
    pub(crate) fn other_source(&self, config: &RunConfig) -> Result<Source, Error> {
        let mut wanted = source(config)?;
        // Stretched as what was learned, not by what the new images hold.
        let plain = [(0.0, 255.0), (0.0, 1.0)];
        let learned = self.prepared.train.pixel_range();
        let stretched = learned.filter(|range| !plain.contains(&(range.low, range.high)));
        wanted.pixel_range = wanted.pixel_range.or(stretched);
        let pixel_columns = self.prepared.train.pixel_columns();
        if let Some(form) = self.test().text_form() {
            wanted.words = None;
            wanted.texts.form = Some(form);
            wanted.texts.length = self.test().tokens().map(|_| self.shape().width);
            wanted.texts.learned = Some(self.test().vocabulary());
        } else if self.test().is_table() {
            let learned = self.prepared.train.points().unpermuted();
            wanted.learned = Some(learned.columns().to_vec());
        } else if wanted.shape.is_some() {
            wanted.learned = Some(pixel_columns.to_vec());
            wanted.pixel_range = wanted.pixel_range.or(learned);
        }
        Ok(wanted)
    }

    /// Other samples, of `name`, scaled as the run's own, with their classes and the order of their values.
    pub(crate) fn treated(&self, samples: Samples, name: &str) -> Result<Samples, Error> {
        // Grey in colour is three channels that are alike, as in a folder of both.
        let samples = match self.shape().channels {
            3 => samples.in_colour(self.prepared.budget())?,
            _ => samples,
        };
        let shape = self.test().points().shape();
        if (samples.shape(), samples.is_table()) != (shape, self.test().is_table()) {
            let message = format!(
                "`{name}` has samples of {}, and this run learned {shape}",
                samples.shape()
            );
            let hint = "a model takes samples of the shape it was trained on";
            return Err(Error::config(message, Some(hint.to_owned())));
        }
        let samples = match &self.prepared.fill {
            Some(fill) => fill.apply(&samples)?,
            None => samples,
        };
        let samples = match &self.prepared.scaling {
            Some(scaling) => scaling.apply(&samples)?,
            None => samples,
        };
        // The classes of other data are those that the model learned, or a mistake.
        let samples = match self.prepared.spec.task {
            Task::Classify if !samples.classes().is_empty() => {
                samples.relabelled(self.test().classes())?
            }
            _ => samples,
        };
        Ok(match &self.prepared.permutation {
            Some(order) => samples.permuted(order.clone())?,
            None => samples,
        })
    }

    /// Whether the training data is what it was when the run was trained.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn has_its_data(&self, folder: &Folder) -> Result<bool, Error> {
        self.prepared.is_data_of(folder)
    }

    /// The run with everything known about it before training.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// The model itself.
    pub fn model(&self) -> &AnyModel {
        &self.model
    }

    /// The epoch of the weights.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// The device in use.
    pub fn device(&self) -> &Chosen {
        &self.prepared.chosen
    }

    /// The shape of a sample.
    pub fn shape(&self) -> Shape {
        self.prepared.train.shape()
    }

    /// The noise that the run was trained with.
    pub fn noise(&self) -> Noise {
        self.prepared.spec.noise()
    }

    /// The model as an encoder and a decoder.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it has no code.
    pub fn autoencoder(&self) -> Result<&dyn Autoencoder, Error> {
        self.model.autoencoder().ok_or_else(|| {
            let kind = self.prepared.spec.kind.name();
            let message = format!("this run is a `{kind}`, which has no latent code");
            Error::config(
                message,
                Some("use `espejo predict` and `espejo eval`".to_owned()),
            )
        })
    }

    /// The distribution from which codes can be drawn, where training shaped one.
    pub fn prior(&self) -> Option<Prior> {
        self.model.prior()
    }

    /// Codes drawn at random: from the prior where there is one, else evenly over the span of the known codes.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read, [`Error::Config`] where the model has no code.
    pub fn random_codes(&self, count: usize, seed: u64) -> Result<Rows, Error> {
        let mut rng = seeded(stream(seed, 0, Purpose::Use));
        if let Some(Prior::StandardNormal) = self.prior() {
            return Ok((0..count)
                .map(|_| (0..self.latent()).map(|_| normal(&mut rng)).collect())
                .collect());
        }
        let codes = self.encode(&self.mapped())?;
        let span = |dimension: usize| {
            let values = codes.iter().map(|code| code[dimension]);
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let spans: Vec<(f32, f32)> = (0..self.latent()).map(span).collect();
        let mut draw = |(low, high): &(f32, f32)| low + (high - low) * rng.random::<f32>();
        Ok((0..count)
            .map(|_| spans.iter().map(&mut draw).collect())
            .collect())
    }

    /// Dimensions of the latent code; 0 for a model without one.
    pub fn latent(&self) -> usize {
        self.prepared.spec.latent()
    }

    /// The ends of the range of a code's numbers where its activation has such: 0 and 1 of a sigmoid, -1 and 1 of tanh.
    pub fn code_range(&self) -> Option<(f32, f32)> {
        let model = &self.config().model;
        match model.latent_activation {
            // The mean of a posterior has no activation.
            _ if model.kind.has_posterior() => None,
            Activation::Sigmoid => Some((0.0, 1.0)),
            Activation::Tanh => Some((-1.0, 1.0)),
            _ => None,
        }
    }

    /// The code of each sample (the posterior mean of a variational model): `[samples][latent]`.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read, [`Error::Config`] where the model has no code.
    pub fn encode(&self, samples: &Samples) -> Result<Rows, Error> {
        let model = self.with(Half::Encoder)?;
        self.by_chunks(samples, |chunk| model.encode(chunk))
    }

    /// The log-variance of each sample's posterior in each latent dimension, in nats: `[samples][latent]`.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode), and [`Error::Config`] where the model is not variational.
    pub fn log_variances(&self, samples: &Samples) -> Result<Rows, Error> {
        let model = self.with(Half::Encoder)?;
        if self.prior().is_none() {
            let message = "only a `vae` has a posterior with a variance".to_owned();
            let hint = "leave `--log-variances` out".to_owned();
            return Err(Error::config(message, Some(hint)));
        }
        let variance = |chunk| {
            model
                .log_variance(chunk)
                .expect("what has a prior has a posterior")
        };
        self.by_chunks(samples, variance)
    }

    /// A draw from each sample's posterior; the code itself where there is none.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn sample(&self, samples: &Samples, seed: u64) -> Result<Rows, Error> {
        let model = self.with(Half::Encoder)?;
        let device = &self.prepared.chosen.device;
        device.seed(stream(seed, 0, Purpose::Use));
        self.by_chunks(samples, |chunk| model.sample(chunk))
    }

    /// The sample of each code; codes are `[codes][latent]`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the model has no code.
    pub fn decode(&self, codes: &[Vec<f32>]) -> Result<Rows, Error> {
        let model = self.with(Half::Decoder)?;
        let chunks = codes.chunks(self.chunk()).flat_map(|codes| {
            let codes = self.write(codes, self.latent()); // [codes, latent]
            self.read_unit(model.decode(codes))
        });
        Ok(chunks.collect())
    }

    /// Each sample through the code and back; images with values in [0, 1], NaN for a missing cell of a table.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the model has no code.
    pub fn reconstruct(&self, samples: &[Vec<f32>]) -> Result<Rows, Error> {
        let model = self.whole()?;
        let low = self.range().low();
        let chunks = samples.chunks(self.chunk()).flat_map(|rows| {
            let rows = self
                .write(rows, self.shape().pixels())
                .mul_scalar(1.0 - low)
                + low; // [rows, values]
            self.read_unit(model.decode(model.encode(self.prepared.seen(rows))))
        });
        Ok(chunks.collect())
    }

    /// What a net with targets says of each sample, `[samples][outputs]`: the probability of each class, or numbers in the units
    /// of their columns.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read, [`Error::Config`] where the model learns no target.
    pub fn predict(&self, samples: &Samples) -> Result<Rows, Error> {
        if !self.prepared.spec.task.has_targets() {
            let kind = self.prepared.spec.kind.name();
            let message = format!("this run is a `{kind}`, which learns no target to predict");
            let hint = "use `espejo encode` or `espejo reconstruct`, or train with `--model classifier` or `regressor`";
            return Err(Error::config(message, Some(hint.to_owned())));
        }
        let mut rows = self.by_chunks(samples, |chunk| self.model.output(chunk))?;
        if let Some(target) = &self.prepared.target {
            for row in &mut rows {
                let numbers = target.scaling.invert_row(row);
                *row = numbers.into_iter().map(|number| number as f32).collect();
            }
        }
        Ok(rows)
    }

    /// What a net with targets gives for rows as it sees them, `[rows][outputs]`: the probability of each class, or scaled numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the model learns no target.
    pub fn outputs_of(&self, rows: &[Vec<f32>]) -> Result<Rows, Error> {
        if !self.prepared.spec.task.has_targets() {
            let kind = self.prepared.spec.kind.name();
            let message = format!("this run is a `{kind}`, which learns no target to predict");
            return Err(Error::config(message, None));
        }
        let chunks = rows.chunks(self.chunk()).flat_map(|rows| {
            let rows = self.write(rows, self.shape().pixels()); // [rows, values]
            host_rows::rows(self.model.output(self.prepared.seen(rows)))
        });
        Ok(chunks.collect())
    }

    /// The same model with another number in place of each of its weights, as `change` makes it of the old one: to see what rounding
    /// does to it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the weights do not fit the model that they come from.
    pub fn with_weights(&self, change: impl Fn(f32) -> f32) -> Result<Self, Error> {
        let mut named = tensors::collect(&self.model);
        let values = named.iter_mut().flat_map(|tensor| &mut tensor.values);
        values.for_each(|value| *value = change(*value));
        // Not into a copy of this model, with which it would share its running means.
        let prepared = &self.prepared;
        let blank = prepared
            .spec
            .init(&prepared.config, &prepared.chosen.device);
        let model = tensors::apply(blank, named).map_err(|message| Error::config(message, None))?;
        Ok(Self {
            model: model.valid(),
            ..self.clone()
        })
    }

    /// The numbers that a regressor says of each sample, `[samples][columns]`, in the units of their columns and with all of their
    /// digits, which [`predict`](Self::predict) rounds to single precision.
    ///
    /// # Errors
    ///
    /// As [`predict`](Self::predict), and [`Error::Config`] where the model tells classes.
    pub fn predict_numbers(&self, samples: &Samples) -> Result<Vec<Vec<f64>>, Error> {
        let Some(target) = &self.prepared.target else {
            let kind = self.prepared.spec.kind.name();
            let message = format!("this run is a `{kind}`, which predicts no numbers");
            return Err(Error::config(message, None));
        };
        let rows = self.by_chunks(samples, |chunk| self.model.output(chunk))?;
        let numbers = rows.iter().map(|row| target.scaling.invert_row(row));
        Ok(numbers.collect())
    }

    /// Noisy copies of samples, `copies` of each, copy by copy.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn noisy(
        &self,
        samples: &Samples,
        noise: Noise,
        copies: usize,
        seed: u64,
    ) -> Result<Rows, Error> {
        let seed = stream(seed, 0, Purpose::Use);
        let feed = self.prepared.feed(samples)?;
        let mut rows = Rows::new();
        for batch in feed
            .with_noise_per_pass(noise, copies, seed)
            .in_order(self.chunk())
        {
            rows.extend(self.read_unit(batch?.inputs.into_tensor()));
        }
        Ok(rows)
    }

    /// The metrics of `run.json`, on the run's test samples.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn evaluate(&self) -> Result<Evaluation, Error> {
        self.evaluate_on(&self.prepared.test)
    }

    /// The metrics of other samples, beside baselines that know the run's training part.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate), and [`Error::Config`] where the model learns a target and the samples have none.
    pub fn evaluate_on(&self, samples: &Samples) -> Result<Evaluation, Error> {
        if self.half.is_some() {
            self.whole()?;
        }
        let targets = self.prepared.spec.task.has_targets();
        if targets && *samples.targets() == espejo_data::Targets::None {
            let message = format!("`{}` has no targets to evaluate against", samples.name());
            let hint = "name their column with `--label`, or use `espejo predict`";
            return Err(Error::config(message, Some(hint.to_owned())));
        }
        let prepared = &Prepared {
            test: samples.clone(),
            ..self.prepared.clone()
        };
        let data = prepared.measured_data(&prepared.test, Purpose::Evaluate)?;
        let metrics = evaluate(&self.model, &data, prepared)?;
        let found = baselines::measure(prepared, &self.model)?;
        Ok(Evaluation {
            metrics: metrics.with(found.model),
            baselines: found.baselines,
            classes: found.classes,
        })
    }

    /// Whether the run is any good, by what [`evaluate`](Self::evaluate) measured and the course of its training in `folder`: the
    /// findings of `run.json`, computed again.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read, [`Error::Checkpoint`] where `run.json` is damaged.
    pub fn findings(
        &self,
        folder: &Folder,
        evaluation: &Evaluation,
    ) -> Result<Vec<Finding>, Error> {
        let report = folder.report()?;
        let ended = report.reason.filter(|_| report.status == Status::Completed);
        let means = report.folds.as_ref().map(FoldsReport::means);
        let (metrics, baselines) = match &means {
            Some((metrics, baselines)) => (metrics, baselines),
            None => (&evaluation.metrics, &evaluation.baselines),
        };
        let measured = Measured {
            prepared: &self.prepared,
            model: &self.model,
            metrics,
            baselines,
            classes: &evaluation.classes,
            ended: ended.as_deref(),
        };
        let mut found = findings::of_run(&measured, folder)?;
        // A loss that was no number is not in the course of the training: the run's own report knows of it.
        let lost = report.findings.into_iter().filter(Finding::is_error);
        if report.status == Status::Failed && !found.iter().any(Finding::is_error) {
            found.splice(0..0, lost);
        }
        Ok(found)
    }

    /// Holds the probabilities that [`predict`](Self::predict) gave for samples against their classes.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the model tells no classes or the samples have none.
    pub fn classification(
        &self,
        samples: &Samples,
        probabilities: &Rows,
    ) -> Result<Classification, Error> {
        if self.prepared.spec.task != Task::Classify || samples.classes().is_empty() {
            let message = format!(
                "`{}` has no classes to hold predictions against",
                samples.name()
            );
            return Err(Error::config(message, None));
        }
        Ok(prediction::held_against(probabilities, samples))
    }

    /// The test samples, or as many of them, evenly spread, as their codes can be held at once.
    pub fn mapped(&self) -> Samples {
        let test = self.test();
        let most = (MAX_CODES / self.latent().max(1)).max(1);
        if test.len() <= most {
            return test.clone();
        }
        let spread: Vec<usize> = (0..most).map(|i| i * test.len() / most).collect();
        test.select(&spread)
    }

    /// The samples whose codes were recorded during training, in the order in which they were.
    pub fn noted(&self) -> Samples {
        noted_codes::noted(&self.prepared)
    }

    /// Samples that go through the model at once.
    pub(crate) fn chunk(&self) -> usize {
        self.prepared.spec.architecture.chunk()
    }

    pub(crate) fn range(&self) -> Range {
        self.prepared.spec.range
    }

    /// What `through` makes of samples, a chunk at a time.
    pub(crate) fn by_chunks(
        &self,
        samples: &Samples,
        through: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Result<Rows, Error> {
        let mut rows = Rows::with_capacity(samples.len());
        for chunk in self.prepared.passing(samples)?.in_order(self.chunk()) {
            rows.extend(host_rows::rows(through(chunk?.inputs.into_tensor()))); // [chunk, values]
        }
        Ok(rows)
    }

    pub(crate) fn write(&self, rows: &[Vec<f32>], width: usize) -> Tensor<2> {
        let data = TensorData::new(rows.concat(), [rows.len(), width]);
        Tensor::from_data(data, &self.prepared.chosen.device) // [rows, width]
    }

    fn read_unit(&self, samples: Tensor<2>) -> Rows {
        host_rows::rows(in_unit(samples, self.range()))
    }
}
