//! A trained model in use: pictures to codes and back, on the host's side of the tensors.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use espejo_data::{Images, Shape};
use espejo_nets::{Model, Noise, Range, seeded};
use rand::{Rng, RngExt};
use serde_json::Value;

use crate::baselines;
use crate::batch::Resident;
use crate::config::{Kind, RunConfig};
use crate::device::{self, Chosen};
use crate::folder::{Folder, Which};
use crate::metrics::{Metrics, evaluate};
use crate::prepare::{Prepared, prepare};
use crate::rows::Rows;
use crate::seed::{Purpose, stream};
use crate::spec::AnyModel;
use crate::{Error, checkpoint};

/// A run that was trained, with the weights of one of its checkpoints.
#[derive(Clone, Debug)]
pub struct Trained {
    prepared: Prepared,
    model: AnyModel,
    epoch: usize,
}

impl Trained {
    /// A model on a plain device, with the weights of `epoch`.
    pub(crate) fn new(prepared: Prepared, model: AnyModel, epoch: usize) -> Self {
        Self {
            prepared,
            model,
            epoch,
        }
    }

    /// Reads a run; `device` in place of the one it was trained on, if given.
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
    /// let codes = trained.encode(trained.images());
    /// assert_eq!(codes.len(), trained.images().len());
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn open(folder: &Folder, which: Which, device: Option<&str>) -> Result<Self, Error> {
        let mut config = folder.config()?;
        if let Some(device) = device {
            device.clone_into(&mut config.train.device);
        }
        let damaged = |error: Error| match error {
            Error::Config { message, hint } => Error::Checkpoint {
                path: folder.path().join("config.toml"),
                message,
                hint,
            },
            other => other,
        };
        if let Some(device) = device {
            // A word that is no device is the user's slip, not the run's damage.
            device::choose(device)?;
        }
        let prepared = prepare(config).map_err(damaged)?;
        let blank = prepared
            .spec
            .init(&prepared.config, &prepared.chosen.device);
        let (model, course) = checkpoint::load_model(&folder.checkpoint(which), blank)?;
        let epoch = if which == Which::Best && course.best_epoch > 0 {
            course.best_epoch
        } else {
            course.epoch
        };
        Ok(Self {
            prepared,
            model: model.valid(),
            epoch,
        })
    }

    /// The configuration of the run.
    pub fn config(&self) -> &RunConfig {
        &self.prepared.config
    }

    /// The pictures that the run learned.
    pub fn images(&self) -> &Images {
        &self.prepared.train
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

    /// Shape of a picture.
    pub fn shape(&self) -> Shape {
        self.prepared.train.shape()
    }

    /// The noise that the run was trained with.
    pub fn noise(&self) -> Noise {
        self.prepared.spec.noise
    }

    /// Codes drawn at random: from the prior N(0, I) for a `vae`, else evenly over the span of the known codes.
    pub fn random_codes(&self, count: usize, seed: u64) -> Rows {
        let mut rng = seeded(stream(seed, 0, Purpose::Use));
        if self.prepared.spec.kind == Kind::Vae {
            return (0..count)
                .map(|_| (0..self.latent()).map(|_| normal(&mut rng)).collect())
                .collect();
        }
        let codes = self.encode(self.images());
        let span = |dimension: usize| {
            let values = codes.iter().map(|code| code[dimension]);
            values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            })
        };
        let spans: Vec<(f32, f32)> = (0..self.latent()).map(span).collect();
        let mut draw = |(low, high): &(f32, f32)| low + (high - low) * rng.random::<f32>();
        (0..count)
            .map(|_| spans.iter().map(&mut draw).collect())
            .collect()
    }

    /// Size of a code.
    pub fn latent(&self) -> usize {
        self.prepared.spec.latent()
    }

    /// The code of each picture (the posterior mean of a `vae`): `[pictures][latent]`.
    pub fn encode(&self, images: &Images) -> Rows {
        self.read(self.model.encode(self.upload(images)))
    }

    /// A draw from each picture's posterior, for a `vae`; the code itself for the others.
    pub fn sample(&self, images: &Images, seed: u64) -> Rows {
        self.seed(seed);
        match &self.model {
            AnyModel::Vae(vae) => self.read(vae.sample(self.upload(images))),
            _ => self.encode(images),
        }
    }

    /// The picture of each code; codes are `[codes][latent]`.
    pub fn decode(&self, codes: &[Vec<f32>]) -> Rows {
        let codes = self.write(codes, self.latent()); // [codes, latent]
        self.read_unit(self.model.decode(codes))
    }

    /// Each picture through the code and back; `pictures` with values in [0, 1].
    pub fn reconstruct(&self, pictures: &[Vec<f32>]) -> Rows {
        let low = self.range().low();
        let pictures = self
            .write(pictures, self.shape().pixels())
            .mul_scalar(1.0 - low)
            + low; // [pictures, pixels]
        self.read_unit(self.model.decode(self.model.encode(pictures)))
    }

    /// Noisy copies of pictures, `copies` of each, copy by copy.
    pub fn noisy(&self, images: &Images, noise: Noise, copies: usize, seed: u64) -> Rows {
        let seed = stream(seed, 0, Purpose::Use);
        let resident = Resident::upload(images, self.range(), &self.prepared.chosen.device);
        let noisy = resident
            .with_noise(noise, copies, self.range(), seed)
            .whole()
            .noisy;
        self.read_unit(noisy.expect("noise was drawn"))
    }

    /// The metrics of `run.json`, on the run's test pictures.
    pub fn evaluate(&self) -> Metrics {
        let prepared = &self.prepared;
        let data = prepared.measured_data(&prepared.test, Purpose::Evaluate);
        evaluate(
            &self.model,
            &data,
            self.range(),
            prepared.train.two_valued(),
            prepared.config.train.seed,
        )
    }

    /// What one gets without training, measured on the same pictures as [`Trained::evaluate`], as it stands in `run.json`.
    pub fn baselines(&self) -> Value {
        baselines::to_json(&baselines::of(&self.prepared))
    }

    fn range(&self) -> Range {
        self.prepared.spec.range
    }

    fn seed(&self, seed: u64) {
        self.prepared
            .chosen
            .device
            .seed(stream(seed, 0, Purpose::Use));
    }

    fn upload(&self, images: &Images) -> Tensor<2> {
        Resident::upload(images, self.range(), &self.prepared.chosen.device)
            .whole()
            .clean // [pictures, pixels]
    }

    fn write(&self, rows: &[Vec<f32>], width: usize) -> Tensor<2> {
        let data = TensorData::new(rows.concat(), [rows.len(), width]);
        Tensor::from_data(data, &self.prepared.chosen.device) // [rows, width]
    }

    fn read(&self, tensor: Tensor<2>) -> Rows {
        let [_, width] = tensor.dims();
        let values: Vec<f32> = tensor.into_data().iter().collect();
        values.chunks_exact(width).map(<[f32]>::to_vec).collect()
    }

    fn read_unit(&self, pictures: Tensor<2>) -> Rows {
        let low = self.range().low();
        self.read((pictures - low).div_scalar(1.0 - low))
    }
}

/// A standard normal number, by Box and Muller (1958).
fn normal(rng: &mut impl Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = 2.0 * std::f64::consts::PI * rng.random::<f64>();
    (radius * angle.cos()) as f32
}
