//! The only place where bytes become floats: samples on their way to a device, batch by batch.
//!
//! A set that fits its share of the device is uploaded once and gathered there. A larger one is read and converted batch by batch: for a
//! device that works in memory just when it is wanted, by all threads; for another one, and from a file that has to be waited for, by a
//! thread that is a few batches ahead of the training. All give the same batches.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Int, Tensor, TensorData};
use espejo_data::Samples;
use espejo_kernels::sparse_rows::SparseRows;
use espejo_kernels::{Inputs, buffers, threads};
use espejo_nets::{Batch, Noise, Range, seeded};
use rand::seq::SliceRandom;

use crate::Error;
use crate::augmentation::{Augmentation, Drawn};
use crate::seed::{Purpose, stream};
use crate::target_rows::TargetRows;

/// Batches that are read ahead of the training.
const AHEAD: usize = 3;
/// Samples that a thread reads at a time, at least, and parts of a large batch.
const ROWS: usize = 16;
const PARTS: usize = 16;
/// What a sample of a file takes at most where the system has it in memory, and what each of its values adds: half a microsecond
/// mostly, where a disk takes a hundred.
const QUICK: Duration = Duration::from_micros(20);
const QUICK_VALUE: Duration = Duration::from_nanos(5);

/// Samples for a device, each perhaps several times, with noise or with targets of their own.
#[derive(Clone, Debug)]
pub struct Feed {
    samples: Samples,
    range: Range,
    device: Device,
    /// The samples on the device, where they fit: `[samples, values]`.
    resident: Option<Tensor<2>>,
    noise: Noisy,
    copies: usize,
    targets: Option<Targets>,
    /// How images are changed where they are shuffled, which is while training.
    augmentation: Option<Augmentation>,
    /// Whether a cell of some sample is missing.
    has_missing: bool,
    /// Whether the model sees which: these cells of its inputs are then NaN.
    shows_missing: bool,
}

/// Targets that are not the samples themselves.
#[derive(Clone, Debug)]
struct Targets {
    rows: TargetRows,
    /// The rows on the device, where the samples are there: `[samples, outputs]`.
    resident: Option<Tensor<2>>,
}

/// Where the noise of the inputs comes from.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there are a few of them in a run"
)]
enum Noisy {
    /// There is none.
    None,
    /// Noise is drawn anew for each batch; one number after the other, as before it could be drawn by its place, or so.
    PerBatch { noise: Noise, by_place: bool },
    /// Noisy copies were drawn once: `[copies * samples, values]`, copy by copy.
    Kept(Tensor<2>),
    /// Noisy copies are drawn from this seed on each pass, the same in every one.
    PerPass { noise: Noise, seed: u64 },
}

impl Feed {
    /// Samples whose pixels go from 0..=levels to the ends of `range`; on the device from the start where they take at most
    /// `budget` bytes of it.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn new(
        samples: &Samples,
        range: Range,
        device: &Device,
        budget: usize,
    ) -> Result<Self, Error> {
        let bytes = bytes(samples, 1);
        let resident = (bytes <= budget)
            .then(|| upload(samples, 0..samples.len(), range, device))
            .transpose()?;
        Ok(Self {
            samples: samples.clone(),
            range,
            device: device.clone(),
            resident,
            noise: Noisy::None,
            copies: 1,
            targets: None,
            augmentation: None,
            has_missing: samples.has_missing(),
            shows_missing: false,
        })
    }

    /// Samples whose missing cells are NaN in the inputs of a model that sees which are missing, and else 0.
    pub fn showing_missing(self, shows_missing: bool) -> Self {
        Self {
            shows_missing,
            ..self
        }
    }

    /// Samples with targets of their own, one row each.
    pub(crate) fn with_targets(self, rows: TargetRows) -> Self {
        let upload = || {
            let mut values = Vec::new();
            (0..self.samples.len()).for_each(|index| rows.append(index, &mut values));
            let shape = [self.samples.len(), rows.width()];
            Tensor::from_data(TensorData::new(values, shape), &self.device) // [samples, outputs]
        };
        let resident = self.resident.is_some().then(upload);
        Self {
            targets: Some(Targets { rows, resident }),
            ..self
        }
    }

    /// Images that are changed anew in every shuffled pass; they go to the device batch by batch.
    pub(crate) fn with_augmentation(self, augmentation: Option<Augmentation>) -> Self {
        let resident = self.resident.filter(|_| augmentation.is_none());
        Self {
            resident,
            augmentation,
            ..self
        }
    }

    /// Samples that get fresh noise in every batch.
    pub fn with_fresh_noise(self, noise: Noise) -> Self {
        Self {
            noise: match noise {
                Noise::None => Noisy::None,
                noise => Noisy::PerBatch {
                    noise,
                    by_place: false,
                },
            },
            ..self
        }
    }

    /// Samples whose fresh noise is drawn by its place, where they get any, or is not.
    pub(crate) fn drawing(self, by_place: bool) -> Self {
        match self.noise {
            Noisy::PerBatch { noise, .. } => Self {
                noise: Noisy::PerBatch { noise, by_place },
                ..self
            },
            _ => self,
        }
    }

    /// Samples, each with `copies` noisy ones drawn once from `seed`; they have to fit the device.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where they take more than `budget` bytes.
    pub fn with_kept_noise(
        self,
        noise: Noise,
        copies: usize,
        seed: u64,
        budget: usize,
    ) -> Result<Self, Error> {
        let clean = self.room_for(copies, budget)?;
        self.device.seed(seed);
        let noisy = noise.apply(clean.repeat_dim(0, copies), self.range); // [copies * samples, values]
        Ok(self.keeping(noisy, copies))
    }

    /// Samples with `copies` noisy ones of each, copy by copy; they have to fit the device.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where they take more than `budget` bytes.
    pub fn with_kept_copies(
        self,
        noisy: Vec<f32>,
        copies: usize,
        budget: usize,
    ) -> Result<Self, Error> {
        let [samples, values] = self.room_for(copies, budget)?.dims();
        let noisy = TensorData::new(noisy, [copies * samples, values]);
        let noisy = Tensor::from_data(noisy, &self.device); // [copies * samples, values]
        Ok(self.keeping(noisy, copies))
    }

    /// The samples on the device, where so many noisy copies of each fit beside them.
    fn room_for(&self, copies: usize, budget: usize) -> Result<Tensor<2>, Error> {
        let needed = bytes(&self.samples, copies + 1);
        let clean = self.resident.clone().filter(|_| needed <= budget);
        clean.ok_or_else(|| {
            let message = format!(
                "{copies} noisy copies of {} samples need {} MiB of the device, which has {} for data",
                self.samples.len(),
                needed.div_ceil(1 << 20),
                budget >> 20
            );
            let hint =
                "raise `--device-memory`, or take `--copies 0` for fresh noise in every batch";
            Error::config(message, Some(hint.to_owned()))
        })
    }

    fn keeping(self, noisy: Tensor<2>, copies: usize) -> Self {
        Self {
            noise: Noisy::Kept(noisy),
            copies,
            ..self
        }
    }

    /// Samples, each with `copies` noisy ones drawn from `seed` on every pass.
    pub fn with_noise_per_pass(self, noise: Noise, copies: usize, seed: u64) -> Self {
        Self {
            noise: Noisy::PerPass { noise, seed },
            copies,
            ..self
        }
    }

    /// The device they are for.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether a cell of some sample is missing.
    pub(crate) fn has_missing(&self) -> bool {
        self.has_missing
    }

    /// Samples of a pass: images or rows, or noisy copies of them.
    pub fn samples(&self) -> usize {
        self.samples.len() * self.copies
    }

    /// The batches of one epoch in the order that (seed, epoch) gives; all samples at once where they fit one batch.
    pub fn shuffled(&self, batch_size: usize, seed: u64, epoch: usize) -> Batches {
        let samples = self.samples();
        let drawn = self
            .augmentation
            .map(|augmentation| augmentation.of_pass(stream(seed, epoch, Purpose::Augment)));
        if batch_size == 0 || batch_size >= samples {
            return self.batches(samples, None, drawn);
        }
        self.batches(batch_size, Some(order(samples, seed, epoch)), drawn)
    }

    /// The batches of one pass in the order of the samples.
    pub fn in_order(&self, batch_size: usize) -> Batches {
        self.batches(batch_size.clamp(1, self.samples()), None, None)
    }

    /// The batches of a pass whose images `drawn` changes.
    fn batches(&self, size: usize, order: Option<Vec<u32>>, drawn: Option<Drawn>) -> Batches {
        if let Noisy::PerPass { seed, .. } = self.noise {
            self.device.seed(seed);
        }
        let samples = self.samples();
        let source = match (&self.resident, order) {
            (Some(_), None) if size == samples => Source::Whole,
            (Some(_), order) => {
                let order: Vec<i32> = match order {
                    Some(order) => order.into_iter().map(|index| index as i32).collect(),
                    None => (0..samples as i32).collect(),
                };
                Source::Resident(Tensor::from_data(
                    TensorData::new(order, [samples]),
                    &self.device,
                ))
            }
            (None, order) => {
                let order = order.unwrap_or_else(|| (0..samples as u32).collect());
                if espejo_kernels::in_memory(&self.device) {
                    Source::Here(order)
                } else {
                    let stream = self.stream(order.clone(), size, drawn);
                    Source::Stream(stream, order)
                }
            }
        };
        Batches {
            feed: self.clone(),
            source,
            size,
            start: 0,
            drawn,
        }
    }
}

/// Bytes of the device that samples take, each so many times.
pub fn bytes(samples: &Samples, copies: usize) -> usize {
    let values = samples.len().saturating_mul(samples.shape().pixels());
    values.saturating_mul(4).saturating_mul(copies)
}

/// These samples on a device: `[indices, values]`.
pub fn upload(
    samples: &Samples,
    indices: std::ops::Range<usize>,
    range: Range,
    device: &Device,
) -> Result<Tensor<2>, Error> {
    let shape = [indices.len(), samples.shape().pixels()];
    let mut values = Vec::with_capacity(shape[0] * shape[1]);
    samples.read(indices, range.low() as f32, &mut values)?;
    Ok(Tensor::from_data(TensorData::new(values, shape), device))
}

/// The batches of one pass.
#[derive(Debug)]
pub struct Batches {
    feed: Feed,
    source: Source,
    size: usize,
    start: usize,
    /// How the images of this pass are changed.
    drawn: Option<Drawn>,
}

/// Where the samples of a batch come from.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one of them in an epoch"
)]
enum Source {
    /// All resident samples at once, in their own order.
    Whole,
    /// Resident samples in this order: `[samples]`.
    Resident(Tensor<1, Int>),
    /// Samples that all threads read when they are wanted, in this order.
    Here(Vec<u32>),
    /// A thread, which reads them in this order.
    Stream(Stream, Vec<u32>),
}

impl Batches {
    /// Whether everything comes as one batch.
    pub fn is_one(&self) -> bool {
        self.size >= self.feed.samples()
    }

    /// The samples from place `start` to `end` of the pass, with targets or kept noise.
    fn gather(&mut self, start: usize, end: usize) -> Result<Batch, Error> {
        let begun = Instant::now();
        let (mut rows, order) = match &self.source {
            Source::Whole => return Ok(self.whole()),
            Source::Resident(order) => {
                let order = order.clone().slice(start..end); // [batch]
                return Ok(self.select(order));
            }
            Source::Here(order) => {
                if self.drawn.is_none()
                    && let Some(batch) = self.feed.texts(&order[start..end])
                {
                    return Ok(batch);
                }
                (self.feed.read(&order[start..end], self.drawn)?, order)
            }
            Source::Stream(stream, order) => (stream.next()?, order),
        };
        let (count, taken) = (end - start, begun.elapsed());
        let mut targets = self.feed.targets.as_ref().map(|targets| {
            let rows = target_rows(&targets.rows, &order[start..end]);
            (rows, targets.rows.width())
        });
        if let Some(mix) = self.drawn.and_then(|drawn| drawn.mix(start, count)) {
            mix.apply(&mut rows);
            if let Some((targets, _)) = &mut targets {
                mix.apply(targets);
            }
        }
        let tensor = |rows, width| {
            Tensor::from_data(TensorData::new(rows, [count, width]), &self.feed.device)
        };
        let samples = tensor(rows, self.feed.samples.shape().pixels()); // [batch, values]
        let batch = match targets {
            None => Batch::same(samples),
            Some((targets, width)) => Batch::new(samples, tensor(targets, width)), // [batch, outputs]
        };
        self.read_ahead_where_slow(end, taken.div_f64(count as f64));
        Ok(batch)
    }

    /// Has a thread read what comes from place `end` on, where a sample took so long that it cannot have lain in memory: while the disk is
    /// waited for, the training goes on.
    fn read_ahead_where_slow(&mut self, end: usize, each: Duration) {
        let Source::Here(order) = &self.source else {
            return;
        };
        let feed = &self.feed;
        let quick = QUICK + QUICK_VALUE * feed.samples.shape().pixels() as u32;
        if each <= quick || feed.samples.in_memory() || end == order.len() {
            return;
        }
        let stream = feed.stream(order[end..].to_vec(), self.size, self.drawn);
        if let Source::Here(order) = std::mem::replace(&mut self.source, Source::Whole) {
            self.source = Source::Stream(stream, order);
        }
    }

    /// All resident samples, in their own order.
    fn whole(&self) -> Batch {
        let feed = &self.feed;
        let samples = match feed.copies {
            1 => feed.resident(),
            copies => feed.resident().repeat_dim(0, copies),
        }; // [copies * samples, values]
        let noisy = feed.kept();
        let targets = feed.resident_targets();
        let inputs = noisy.unwrap_or_else(|| samples.clone());
        Batch::new(inputs, targets.unwrap_or(samples))
    }

    /// Resident samples at these places: `[batch]`.
    fn select(&self, order: Tensor<1, Int>) -> Batch {
        let feed = &self.feed;
        let noisy = feed.kept().map(|noisy| noisy.select(0, order.clone())); // [batch, values]
        let places = match feed.copies {
            1 => order,
            _ => order.remainder_scalar(feed.samples.len() as i64),
        };
        let targets = feed.resident_targets();
        let targets = targets.map(|targets| targets.select(0, places.clone())); // [batch, outputs]
        let samples = feed.resident().select(0, places); // [batch, values]
        let inputs = noisy.unwrap_or_else(|| samples.clone());
        Batch::new(inputs, targets.unwrap_or(samples))
    }
}

impl Feed {
    fn resident(&self) -> Tensor<2> {
        self.resident
            .clone()
            .expect("the samples are on the device")
    }

    /// The targets on the device, where samples have targets of their own: `[samples, outputs]`.
    fn resident_targets(&self) -> Option<Tensor<2>> {
        let targets = self.targets.as_ref()?;
        Some(
            targets
                .resident
                .clone()
                .expect("where samples are, so are their targets"),
        )
    }

    /// The noisy copies that were drawn once.
    fn kept(&self) -> Option<Tensor<2>> {
        match &self.noise {
            Noisy::Kept(noisy) => Some(noisy.clone()),
            _ => None,
        }
    }

    /// These samples by the words that they have, where they are texts of a large vocabulary with targets of their own: nobody need lay out the words that
    /// they lack.
    fn texts(&self, indices: &[u32]) -> Option<Batch> {
        let (samples, targets) = (&self.samples, self.targets.as_ref()?);
        samples.word_counts(0)?;
        let counts = |index: u32| samples.word_counts(index as usize % samples.len());
        let width = samples.shape().pixels();
        let rows = SparseRows::gathered(indices.len(), width, |row, entries| {
            let (words, counts) = counts(indices[row]).expect("all are texts");
            let counts = counts.iter().copied().map(f32::from);
            entries.extend(words.iter().copied().zip(counts));
        })?;
        let shape = [indices.len(), targets.rows.width()];
        let targets = TensorData::new(target_rows(&targets.rows, indices), shape);
        let targets = Tensor::from_data(targets, &self.device); // [batch, outputs]
        let inputs = Inputs::Sparse(Arc::new(rows), self.device.clone());
        Some(Batch::new(inputs, targets))
    }

    /// The values of these samples, changed as `drawn` says, by all threads.
    pub(crate) fn read(&self, indices: &[u32], drawn: Option<Drawn>) -> Result<Vec<f32>, Error> {
        let width = self.samples.shape().pixels();
        let rows = ROWS.max(indices.len() / PARTS);
        let mut values = buffers::take(indices.len() * width);
        let failed = Mutex::new(None);
        let parts = indices.chunks(rows).zip(values.chunks_mut(rows * width));
        threads::each(
            parts.collect(),
            |(indices, values): (&[u32], &mut [f32])| {
                let read = read_part(&self.samples, indices, self.range, drawn, values);
                if let Err(error) = read {
                    // Whichever: each says that the file can no longer be read.
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            },
        );
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.into()),
            None => Ok(values),
        }
    }
}

impl Feed {
    /// A thread that reads these samples ahead.
    fn stream(&self, order: Vec<u32>, size: usize, drawn: Option<Drawn>) -> Stream {
        Stream::start(self.samples.clone(), order, size, self.range, drawn)
    }
}

/// Writes the values of these samples, of each of which there may be several, changed as `drawn` says.
fn read_part(
    samples: &Samples,
    indices: &[u32],
    range: Range,
    drawn: Option<Drawn>,
    values: &mut [f32],
) -> Result<(), espejo_data::Error> {
    let places = indices.iter().map(|index| *index as usize % samples.len());
    samples.read_into(&places.collect::<Vec<_>>(), range.low() as f32, values)?;
    if let Some(drawn) = drawn {
        drawn.change(samples.shape(), indices, values);
    }
    Ok(())
}

/// The targets of these samples: `[indices, outputs]`.
fn target_rows(rows: &TargetRows, indices: &[u32]) -> Vec<f32> {
    let mut values = Vec::with_capacity(indices.len() * rows.width());
    let indices = indices.iter().map(|index| *index as usize);
    indices.for_each(|index| rows.append(index, &mut values));
    values
}

impl Iterator for Batches {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.start;
        let end = (start + self.size).min(self.feed.samples());
        if start == end {
            return None;
        }
        self.start = end;
        let batch = self.gather(start, end).map(|batch| {
            let batch = match self.feed.has_missing {
                true => filled(batch, &self.feed),
                false => batch,
            };
            let range = self.feed.range;
            let noisy = match self.feed.noise {
                Noisy::None | Noisy::Kept(_) => return batch,
                Noisy::PerBatch {
                    noise,
                    by_place: true,
                } => noise.apply_by_place(batch.targets.clone(), range),
                Noisy::PerBatch { noise, .. } | Noisy::PerPass { noise, .. } => {
                    noise.apply(batch.targets.clone(), range)
                }
            }; // [batch, values]
            let known = batch.known.clone().filter(|_| self.feed.shows_missing);
            Batch {
                inputs: with_holes(noisy, known).into(),
                ..batch
            }
        });
        Some(batch)
    }
}

/// A thread that reads batches ahead.
#[derive(Debug)]
struct Stream {
    batches: Option<Receiver<Result<Vec<f32>, espejo_data::Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    fn start(
        samples: Samples,
        order: Vec<u32>,
        size: usize,
        range: Range,
        drawn: Option<Drawn>,
    ) -> Self {
        let (sender, batches) = sync_channel(AHEAD);
        let thread = std::thread::spawn(move || {
            for indices in order.chunks(size) {
                let mut values = vec![0.0; indices.len() * samples.shape().pixels()];
                let read = read_part(&samples, indices, range, drawn, &mut values);
                let read = read.map(|()| values);
                // Nobody listens any more when training was stopped.
                if sender.send(read).is_err() {
                    return;
                }
            }
        });
        Self {
            batches: Some(batches),
            thread: Some(thread),
        }
    }

    fn next(&self) -> Result<Vec<f32>, Error> {
        let batches = self.batches.as_ref().expect("open until it is dropped");
        let read = batches
            .recv()
            .expect("the reader sends as many batches as are asked for");
        Ok(read?)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // The reader ends when its channel does.
        drop(self.batches.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A batch with 0 in place of each missing cell, which is the mean of a standardised column, but in the inputs of a model that sees which are
/// missing. Where the samples are their own targets, the loss is to leave these cells out.
fn filled(batch: Batch, feed: &Feed) -> Batch {
    let inputs = match feed.shows_missing {
        true => batch.inputs,
        false => without_holes(batch.inputs.into_tensor()).into(),
    };
    if feed.targets.is_some() {
        return Batch { inputs, ..batch };
    }
    let known = batch.targets.clone().is_nan().bool_not().float(); // [batch, values]
    Batch {
        inputs,
        targets: without_holes(batch.targets),
        known: Some(known),
    }
}

/// Samples with 0 in place of what is missing: `[batch, values]`.
pub fn without_holes(samples: Tensor<2>) -> Tensor<2> {
    let missing = samples.clone().is_nan();
    samples.mask_fill(missing, 0.0)
}

/// Samples with NaN where `known` is 0: `[batch, values]`.
fn with_holes(samples: Tensor<2>, known: Option<Tensor<2>>) -> Tensor<2> {
    match known {
        Some(known) => samples.mask_fill(known.equal_scalar(0.0), f32::NAN),
        None => samples,
    }
}

/// A batch, ready to be differentiated through.
pub fn training_batch(batch: Batch) -> Batch {
    Batch {
        inputs: batch.inputs.autodiff(),
        targets: Tensor::from_inner(batch.targets),
        known: batch.known.map(Tensor::from_inner),
    }
}

/// The order of that many samples in an epoch.
fn order(samples: usize, seed: u64, epoch: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..samples as u32).collect();
    order.shuffle(&mut seeded(stream(seed, epoch, Purpose::Shuffle)));
    order
}

#[cfg(test)]
mod tests {
    use espejo_data::{Facts, Source, TextForm, load};

    use super::*;
    use crate::device;

    /// A hole is NaN in the inputs of a model that sees it, noise or not, else 0; of the targets it is 0 and left out of the loss.
    #[test]
    fn holes_are_shown_to_those_that_see_them() {
        let Ok(chosen) = device::choose("cpu") else {
            return;
        };
        let numbers = vec![vec![1.0, f64::NAN, -0.5], vec![0.5, 2.0, 0.25]];
        let names = vec!["a".to_owned(), "b".to_owned()];
        let table = Samples::table(Facts::default(), names, numbers).expect("a table");
        let values = |tensor: Tensor<2>| tensor.into_data().iter().collect::<Vec<f32>>();
        for (shows, noise) in [
            (false, Noise::None),
            (true, Noise::None),
            (false, Noise::Gaussian(0.0)),
            (true, Noise::Gaussian(0.0)),
        ] {
            let feed = Feed::new(&table, Range::Unit, &chosen.device, 0).expect("in memory");
            let feed = feed.with_fresh_noise(noise).showing_missing(shows);
            let batch = feed
                .in_order(3)
                .next()
                .expect("a batch")
                .expect("in memory");
            let inputs = values(batch.inputs.into_tensor());
            assert_eq!(inputs[2].is_nan(), shows, "{noise:?}");
            let others = [0, 1, 3, 4, 5].map(|at| inputs[at]);
            assert_eq!(others, [1.0, 0.5, 2.0, -0.5, 0.25]);
            assert_eq!(values(batch.targets), [1.0, 0.5, 0.0, 2.0, -0.5, 0.25]);
            let known = values(batch.known.expect("a cell is missing"));
            assert_eq!(known, [1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
        }
    }

    /// Over 200 seeds, and over 200 epochs of one seed: how often each of 64 samples is in each of 8 batches, by chi-squared (7 · 63 degrees
    /// of freedom, beyond 580 once in 100,000 times).
    #[test]
    fn no_sample_prefers_a_batch() {
        for (what, times) in [("seeds", [1, 0]), ("epochs", [0, 1])] {
            let mut counts = [[0_u32; 64]; 8];
            for time in 1..=200 {
                let [seed, epoch] = times.map(|factor| factor * time + 1);
                for (place, sample) in order(64, seed as u64, epoch).into_iter().enumerate() {
                    counts[place / 8][sample as usize] += 1;
                }
            }
            let deviation = |&count: &u32| (f64::from(count) - 25.0).powi(2) / 25.0;
            let chi_squared: f64 = counts.as_flattened().iter().map(deviation).sum();
            assert!(chi_squared < 580.0, "{what}: {chi_squared}");
        }
    }

    /// Batches of texts, which are kept sparse, and of a table of the same numbers, in order and shuffled.
    #[test]
    fn batches_of_texts_are_those_of_a_dense_table() {
        // A build with wgpu alone may have no device here.
        let Ok(chosen) = device::choose("cpu") else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("a", "b a b"),
            ("b", "c c c c a"),
            ("c", "d"),
            ("d", "a b c d a"),
            ("e", "c b"),
        ] {
            let path = folder.path().join(name).with_extension("txt");
            std::fs::write(path, text).expect("a file");
        }
        for form in [TextForm::Counts, TextForm::Binary, TextForm::Sequence] {
            let mut source = Source::named(folder.path().display().to_string());
            source.texts.form = Some(form);
            let texts = load(&source).expect("texts").train;
            let columns = 0..texts.columns().len();
            let numbers = columns.map(|column| texts.column(column).collect());
            let names = texts.columns().to_vec();
            let dense = Samples::table(Facts::default(), names, numbers.collect());
            let dense = dense.expect("a table");
            let batches = |samples: &Samples, budget: usize| {
                let feed = Feed::new(samples, Range::Unit, &chosen.device, budget).expect("read");
                let passes = feed.in_order(2).chain(feed.shuffled(2, 7, 1));
                let rows =
                    passes.map(|batch| batch.expect("read").inputs.into_tensor().into_data());
                rows.flat_map(|rows| rows.iter::<f32>().collect::<Vec<_>>())
                    .collect::<Vec<f32>>()
            };
            let expected = batches(&dense, 0);
            assert!(expected.iter().any(|value| *value > 0.0));
            assert_eq!(batches(&texts, 0), expected, "{form:?}");
            assert_eq!(batches(&texts, usize::MAX), expected, "{form:?}");
        }
    }

    /// Texts of many words that have targets come without the zeros, and are laid out where somebody asks for them.
    #[test]
    fn texts_of_many_words_are_sparse_where_they_have_targets() {
        let Ok(chosen) = device::choose("cpu") else {
            return;
        };
        let folder = tempfile::tempdir().expect("a folder");
        for text in 0..20 {
            let words = (0..60).map(|word| format!("w{text}x{word}"));
            let words = words.chain(["all".to_owned(), "all".to_owned()]);
            let path = folder.path().join(format!("{text}.txt"));
            std::fs::write(path, words.collect::<Vec<_>>().join(" ")).expect("a file");
        }
        let mut source = Source::named(folder.path().display().to_string());
        source.texts.form = Some(TextForm::Counts);
        let texts = load(&source).expect("texts").train;
        let count = texts.len() as u8;
        let feed = Feed::new(&texts, Range::Unit, &chosen.device, 0).expect("in memory");
        let rows = TargetRows::of_numbers((0..count).map(f32::from).collect());
        let targeted = feed.clone().with_targets(rows);
        let values = |tensor: Tensor<2>| tensor.into_data().iter().collect::<Vec<f32>>();
        let order = order(texts.len(), 7, 1);
        let batches = targeted.shuffled(3, 7, 1).zip(feed.shuffled(3, 7, 1));
        for (place, (targeted, dense)) in batches.enumerate() {
            let (targeted, dense) = (targeted.expect("read"), dense.expect("read"));
            let is_sparse = matches!(targeted.inputs, Inputs::Sparse(..));
            assert!(is_sparse && matches!(dense.inputs, Inputs::Dense(_)));
            let [targeted_inputs, dense] = [targeted.inputs, dense.inputs].map(Inputs::into_tensor);
            assert_eq!(values(targeted_inputs), values(dense));
            let own = order.iter().skip(3 * place).take(3);
            let own: Vec<f32> = own.map(|index| *index as f32).collect();
            assert_eq!(values(targeted.targets), own);
        }
    }
}
