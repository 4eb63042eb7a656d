//! Fixed images that are put through an autoencoder again and again while it trains, so that one sees it learn.

use burn::tensor::{Tensor, TensorData};
use espejo_nets::seeded;

use crate::Error;
use crate::feed::upload;
use crate::fit::Event;
use crate::host_rows::{in_unit, normal, rows};
use crate::model::AnyModel;
use crate::prepare::Prepared;
use crate::seed::{Purpose, stream};

/// Images shown, at most.
const IMAGES: usize = 16;

/// The images, on the device.
pub(crate) struct FixedSamples {
    clean: Tensor<2>,         // [images, values]
    noisy: Option<Tensor<2>>, // [images, values]
    drawn: Option<Tensor<2>>, // [images, latent]
}

impl FixedSamples {
    /// Images spread over the test set; none for a table, for a model without a code, or where none are asked for.
    pub(crate) fn of(prepared: &Prepared) -> Result<Option<Self>, Error> {
        let test = &prepared.test;
        let spec = &prepared.spec;
        if prepared.config.train.samples_every == 0 || test.is_table() || !spec.kind.has_code() {
            return Ok(None);
        }
        let count = IMAGES.min(test.len());
        let indices: Vec<usize> = (0..count).map(|i| i * test.len() / count).collect();
        let (range, device) = (prepared.spec.range, &prepared.chosen.device);
        let clean = upload(&test.select(&indices), 0..count, range, device)?;
        let seed = stream(prepared.config.train.seed, 0, Purpose::Use);
        device.seed(seed);
        let noisy = spec
            .task
            .denoises()
            .then(|| spec.noise().apply(clean.clone(), range));
        let drawn = spec.kind.has_posterior().then(|| {
            let latent = spec.latent();
            let mut rng = seeded(seed);
            let codes: Vec<f32> = (0..count * latent).map(|_| normal(&mut rng)).collect();
            Tensor::from_data(TensorData::new(codes, [count, latent]), device)
        });
        Ok(Some(Self {
            clean,
            noisy,
            drawn,
        }))
    }

    /// What a model on a plain device makes of them.
    pub(crate) fn event(
        &self,
        epoch: usize,
        model: &AnyModel,
        prepared: &Prepared,
    ) -> Event<'static> {
        let rows = |images: Tensor<2>| rows(in_unit(images, prepared.spec.range));
        let model = model
            .autoencoder()
            .expect("images are shown of autoencoders alone");
        let seen = self.noisy.as_ref().unwrap_or(&self.clean);
        Event::Samples {
            epoch,
            pictures: rows(self.clean.clone()),
            noisy: self.noisy.clone().map(rows),
            outputs: rows(model.decode(model.encode(seen.clone()))),
            drawn: self.drawn.clone().map(|codes| rows(model.decode(codes))),
        }
    }
}
