//! Means over the samples of many batches, kept on the device and read once.

use burn::tensor::{ElementConversion, Tensor};

/// Batches whose shares are added on the device, in single precision. The sums of such groups are added on the host, in double: a
/// running sum over 20,000 batches is off in the fourth digit.
const GROUP: usize = 256;

/// The means so far: each batch adds its share of each.
#[derive(Default)]
pub(crate) struct BatchMeans {
    /// The sums of the groups, `[groups][means]`; the last may still grow.
    groups: Vec<Vec<Tensor<1>>>,
    batches: usize,
}

impl BatchMeans {
    /// Adds the shares of a batch: its means times its part of all samples. Each batch has the same means, vectors of any length.
    pub(crate) fn add(&mut self, shares: Vec<Tensor<1>>) {
        let opens_a_group = self.batches.is_multiple_of(GROUP);
        self.batches += 1;
        match self.groups.last_mut().filter(|_| !opens_a_group) {
            None => self.groups.push(shares),
            Some(sums) => {
                let pairs = std::mem::take(sums).into_iter().zip(shares);
                *sums = pairs.map(|(sum, share)| sum + share).collect();
            }
        }
    }

    /// The means, and `others` as they are: one read from the device for everything.
    pub(crate) fn read(self, others: Vec<Tensor<1>>) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let means = self.groups.first().map_or(0, Vec::len);
        let groups = self.groups.len();
        let parts: Vec<Tensor<1>> = self.groups.into_iter().flatten().chain(others).collect();
        let sizes: Vec<usize> = parts.iter().map(|part| part.dims()[0]).collect();
        if parts.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let data = Tensor::cat(parts, 0).into_data();
        let mut values = data.iter::<f32>().map(ElementConversion::elem::<f64>);
        let mut parts = sizes
            .into_iter()
            .map(|size| values.by_ref().take(size).collect::<Vec<f64>>());
        let mut sums: Vec<Vec<f64>> = parts.by_ref().take(means).collect();
        for _ in 1..groups {
            for (sum, part) in sums.iter_mut().zip(parts.by_ref().take(means)) {
                let pairs = sum.iter_mut().zip(part);
                pairs.for_each(|(sum, value)| *sum += value);
            }
        }
        (sums, parts.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device;

    /// 10⁷ samples in batches of 512, the last one shorter. A running sum of them is 1.1e-4 off.
    #[test]
    fn ten_million_samples_have_the_mean_of_double_precision() {
        let Ok(chosen) = device::choose("cpu") else {
            return; // a build with wgpu alone
        };
        let tensor = |values: &[f32]| Tensor::<1>::from_floats(values, &chosen.device);
        let (samples, batch) = (10_000_000_usize, 512);
        let mut means = BatchMeans::default();
        let mut expected = [0.0; 3];
        for start in (0..samples).step_by(batch) {
            let share = batch.min(samples - start) as f64 / samples as f64;
            let of_batch = [0.1, 3.0, (start / batch % 5) as f32];
            means.add(vec![
                tensor(&of_batch[..1]).mul_scalar(share),
                tensor(&of_batch[1..]).mul_scalar(share),
            ]);
            for (sum, value) in expected.iter_mut().zip(of_batch) {
                *sum += f64::from(value) * share;
            }
        }
        let (found, others) = means.read(vec![tensor(&[7.0, 8.0])]);
        assert_eq!(others, [[7.0, 8.0]]);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
        for (found, expected) in found.concat().into_iter().zip(expected) {
            assert!(
                (found / expected - 1.0).abs() < 1e-5,
                "{found}, expected {expected}"
            );
        }
    }

    #[test]
    fn without_a_batch_there_is_nothing_to_read() {
        assert_eq!(
            BatchMeans::default().read(Vec::new()),
            (Vec::new(), Vec::new())
        );
    }
}
