//! The rows of a batch that one of several processes has, and random numbers that do not depend on who has which.
//!
//! Processes that train one model share each batch out. What a row meets by chance must be the same whoever has it, so each process
//! draws for the whole batch and keeps the numbers of its rows.

use std::cell::RefCell;
use std::ops::Range;

use burn::tensor::{Device, Distribution, Tensor, TensorCreationOptions, s};

use crate::Batch;

thread_local! {
    /// The part that a model sees now; none where batches are whole.
    static NOW: RefCell<Option<Part>> = const { RefCell::new(None) };
}

/// A run of rows of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The rows.
    pub rows: Range<usize>,
    /// Rows of the whole batch.
    pub of: usize,
    /// What the mean over the rows counts for in the mean over the whole batch.
    pub weight: f64,
}

impl Part {
    /// The rows of process `rank` of `size`, of a batch with `of` rows, at least 1: runs in the order of the ranks, whose lengths differ by at
    /// most one. A rank that there is no row for has one that counts nothing, so that all ranks do the same.
    pub fn of_rank(rank: usize, size: usize, of: usize) -> Self {
        let rows = rank * of / size..(rank + 1) * of / size;
        let weight = rows.len() as f64 / of as f64;
        let rows = match rows.is_empty() {
            true => 0..1,
            false => rows,
        };
        Self { rows, of, weight }
    }

    /// Whether it is all there is.
    pub fn is_whole(&self) -> bool {
        self.rows.len() == self.of
    }

    /// Its rows of a whole batch.
    pub fn select(&self, batch: Batch) -> Batch {
        if self.is_whole() {
            return batch;
        }
        let rows = |tensor: Tensor<2>| tensor.slice(s![self.rows.clone(), ..]); // [rows, values]
        Batch {
            inputs: rows(batch.inputs.into_tensor()).into(),
            targets: rows(batch.targets),
            known: batch.known.map(rows),
        }
    }

    /// Does `work`, in which models draw for the rows of this part what they would draw for them in the whole batch.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let part = (!self.is_whole()).then(|| self.clone());
        let before = NOW.replace(part);
        let done = work();
        NOW.set(before);
        done
    }
}

/// Random numbers for the rows that a model sees: `[rows, values]`.
pub fn random(
    [rows, values]: [usize; 2],
    distribution: Distribution,
    options: impl Into<TensorCreationOptions>,
) -> Tensor<2> {
    let Some(part) = NOW.with_borrow(Clone::clone) else {
        return Tensor::random([rows, values], distribution, options);
    };
    debug_assert_eq!(rows, part.rows.len(), "a model sees the rows of its part");
    let whole = Tensor::random([part.of, values], distribution, options); // [batch, values]
    whole.slice(s![part.rows, ..])
}

/// The place in the whole batch of the first row that a model sees.
pub(crate) fn first_row() -> usize {
    NOW.with_borrow(|part| part.as_ref().map_or(0, |part| part.rows.start))
}

/// [`random`] numbers of the form, device and precision of `x`.
pub(crate) fn random_like(x: &Tensor<2>, distribution: Distribution) -> Tensor<2> {
    random(x.dims(), distribution, (&x.device(), x.dtype()))
}

/// A seed from the random numbers of the device.
pub(crate) fn drawn_seed(device: &Device) -> [u32; 2] {
    let drawn = Tensor::<1>::random([2], Distribution::Default, device).into_data();
    // Numbers from 0 to 1, of 24 bits.
    let mut bits = drawn
        .iter::<f32>()
        .map(|number| (number * 2.0_f32.powi(24)) as u32);
    [0; 2].map(|_| bits.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LayerConfig;

    #[test]
    fn parts_cover_the_batch_in_order_and_weigh_what_they_hold() {
        for (size, of) in [(1, 7), (2, 128), (2, 129), (3, 128), (4, 3), (3, 1)] {
            let parts: Vec<Part> = (0..size)
                .map(|rank| Part::of_rank(rank, size, of))
                .collect();
            let mut next = 0;
            for part in parts.iter().filter(|part| part.weight > 0.0) {
                assert_eq!(part.rows.start, next);
                next = part.rows.end;
                assert!(part.rows.len().abs_diff(of / size) <= 1);
            }
            assert_eq!(next, of);
            let weights: f64 = parts.iter().map(|part| part.weight).sum();
            assert!((weights - 1.0).abs() < 1e-12);
            assert!(parts.iter().all(|part| !part.rows.is_empty()));
        }
    }

    /// Dropout and noise of two parts, one above the other, are those of the whole batch.
    #[test]
    fn what_a_row_meets_by_chance_is_the_same_whoever_has_it() {
        let device = Device::flex().autodiff();
        let ones = Tensor::<2>::ones([5, 4], &device);
        let input = [4, 1, 1];
        for config in [
            LayerConfig::Dropout { input, rate: 0.5 },
            LayerConfig::Noise {
                input,
                deviation: 2.0,
            },
        ] {
            let layer = config.init(crate::Initializer::Glorot, &mut crate::seeded(1), &device);
            let drawn = |part: &Part| {
                device.seed(9);
                let batch = part.select(Batch::same(ones.clone()));
                let out = part.within(|| layer.forward(batch.inputs.into_tensor()));
                out.into_data().iter::<f32>().collect::<Vec<_>>()
            };
            let whole = drawn(&Part::of_rank(0, 1, 5));
            let parts = [0, 1].map(|rank| drawn(&Part::of_rank(rank, 2, 5)));
            assert_eq!(parts.concat(), whole);
            assert_ne!(whole, vec![1.0; 20]);
        }
    }
}
