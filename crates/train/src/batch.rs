//! The only place where bytes become floats: pictures resident on a device, and the batches gathered from them there.

use burn::tensor::{Device, Int, Tensor, TensorData};
use espejo_data::Images;
use espejo_nets::{Batch, Noise, Range, seeded};
use rand::seq::SliceRandom;

use crate::seed::{Purpose, stream};

/// Pictures on a device, each perhaps with noisy copies drawn once.
#[derive(Clone, Debug)]
pub struct Resident {
    clean: Tensor<2>,         // [pictures, pixels]
    noisy: Option<Tensor<2>>, // [copies * pictures, pixels], copy by copy
    pictures: usize,
    copies: usize,
}

impl Resident {
    /// Uploads pictures, once; pixel values go from 0..=levels to the ends of `range`.
    pub fn upload(images: &Images, range: Range, device: &Device) -> Self {
        let (low, scale) = (
            range.low() as f32,
            (1.0 - range.low()) as f32 / f32::from(images.levels()),
        );
        let values: Vec<f32> = images
            .pixels()
            .iter()
            .map(|pixel| low + scale * f32::from(*pixel))
            .collect();
        let data = TensorData::new(values, [images.len(), images.shape().pixels()]);
        Self {
            clean: Tensor::from_data(data, device),
            noisy: None,
            pictures: images.len(),
            copies: 1,
        }
    }

    /// The same pictures, each with `copies` noisy ones drawn from `seed`.
    pub fn with_noise(self, noise: Noise, copies: usize, range: Range, seed: u64) -> Self {
        self.clean.device().seed(seed);
        let noisy = noise.apply(self.clean.clone().repeat_dim(0, copies), range); // [copies * pictures, pixels]
        Self {
            noisy: Some(noisy),
            copies,
            ..self
        }
    }

    /// The device they are on.
    pub fn device(&self) -> Device {
        self.clean.device()
    }

    /// Samples in an epoch: pictures, or noisy copies of them.
    pub fn samples(&self) -> usize {
        self.pictures * self.copies
    }

    /// Everything as one batch.
    pub fn whole(&self) -> Batch {
        let clean = if self.copies == 1 {
            self.clean.clone()
        } else {
            self.clean.clone().repeat_dim(0, self.copies)
        };
        Batch {
            clean,
            noisy: self.noisy.clone(),
        }
    }

    /// The samples in the given order.
    fn gather(&self, order: Tensor<1, Int>) -> Batch {
        let noisy = self
            .noisy
            .as_ref()
            .map(|noisy| noisy.clone().select(0, order.clone())); // [batch, pixels]
        let pictures = if self.copies == 1 {
            order
        } else {
            order.remainder_scalar(self.pictures as i64)
        };
        Batch {
            clean: self.clean.clone().select(0, pictures),
            noisy,
        } // [batch, pixels]
    }

    /// The batches of one epoch in the order that (seed, epoch) gives; all samples at once where they fit one batch.
    pub fn shuffled(&self, batch_size: usize, seed: u64, epoch: usize) -> Vec<Part<'_>> {
        let samples = self.samples();
        if batch_size == 0 || batch_size >= samples {
            return vec![Part {
                data: self,
                order: None,
                samples,
            }];
        }
        let mut order: Vec<i32> = (0..samples as i32).collect();
        order.shuffle(&mut seeded(stream(seed, epoch, Purpose::Shuffle)));
        let order =
            Tensor::<1, Int>::from_data(TensorData::new(order, [samples]), &self.clean.device());
        self.parts(batch_size, &order)
    }

    /// The batches of one pass in the order of the pictures.
    pub fn in_order(&self, batch_size: usize) -> Vec<Part<'_>> {
        let samples = self.samples();
        if batch_size >= samples {
            return vec![Part {
                data: self,
                order: None,
                samples,
            }];
        }
        self.parts(
            batch_size,
            &Tensor::arange(0..samples as i64, &self.clean.device()),
        )
    }

    fn parts(&self, batch_size: usize, order: &Tensor<1, Int>) -> Vec<Part<'_>> {
        let starts = (0..self.samples()).step_by(batch_size);
        starts
            .map(|start| {
                let end = (start + batch_size).min(self.samples());
                Part {
                    data: self,
                    order: Some(order.clone().slice(start..end)),
                    samples: end - start,
                }
            })
            .collect()
    }
}

/// A batch that has not been gathered yet.
#[derive(Debug)]
pub struct Part<'a> {
    data: &'a Resident,
    order: Option<Tensor<1, Int>>,
    samples: usize,
}

impl Part<'_> {
    /// Samples in it.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The batch, gathered on the device.
    pub fn batch(&self) -> Batch {
        match &self.order {
            None => self.data.whole(),
            Some(order) => self.data.gather(order.clone()),
        }
    }

    /// The batch, ready to be differentiated through.
    pub fn training_batch(&self) -> Batch {
        let Batch { clean, noisy } = self.batch();
        Batch {
            clean: Tensor::from_inner(clean),
            noisy: noisy.map(Tensor::from_inner),
        }
    }
}
