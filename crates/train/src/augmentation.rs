//! `[augment]`: how images are changed while a model trains, drawn from (seed, epoch, sample) alone.
//!
//! Which thread reads an image, and in which batch it comes, changes nothing of what it becomes. Mixing is of a batch: it is drawn from
//! (seed, epoch, place of the batch).

use espejo_data::{Augment, Shape};
use espejo_nets::seeded;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use crate::Error;
use crate::config::{AugmentConfig, RunConfig};
use crate::prepare::Prepared;
use crate::seed::{Purpose, part_of, stream};

/// Marks the parts of a stream that are for batches; samples have theirs below it.
const OF_BATCH: u64 = 1 << 32;
/// The largest α of a mixture: beyond it nearly all images would be mixed half and half.
const LARGEST_ALPHA: f64 = 2.0;

/// What a training does to its images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Augmentation {
    change: Augment,
    mixup: f64,
}

/// An augmentation with the random numbers of one pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn {
    augmentation: Augmentation,
    seed: u64,
}

/// How the rows of a batch are mixed: each with that of its partner (H. Zhang et al., *mixup: Beyond Empirical Risk Minimization*, 2018).
pub(crate) struct Mix {
    /// The share of each row itself.
    share: f32,
    /// The place of each row's partner.
    partners: Vec<usize>,
}

impl AugmentConfig {
    /// Whether nothing is changed.
    pub(crate) fn is_off(&self) -> bool {
        *self == Self::default()
    }

    /// What it means for a training; none where it is off.
    pub(crate) fn augmentation(&self) -> Option<Augmentation> {
        let change = Augment {
            shift: self.shift,
            rotate: self.rotate,
            flip: self.flip,
            cutout: self.cutout,
        };
        (!self.is_off()).then_some(Augmentation {
            change,
            mixup: self.mixup,
        })
    }
}

impl Augmentation {
    /// The augmentation of a pass whose random numbers come from `seed`.
    pub(crate) fn of_pass(self, seed: u64) -> Drawn {
        Drawn {
            augmentation: self,
            seed,
        }
    }
}

impl Prepared {
    /// What training sees of a sample in an epoch, counted from 1, but for mixing: values of 0 to 1, `[channels, height, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the sample lies in a file that cannot be read.
    pub fn augmented(&self, index: usize, epoch: usize) -> Result<Vec<f32>, Error> {
        let mut values = Vec::new();
        self.train.read(index..index + 1, 0.0, &mut values)?;
        if let Some(augmentation) = self.config.augment.augmentation() {
            let seed = stream(self.config.train.seed, epoch, Purpose::Augment);
            let drawn = augmentation.of_pass(seed);
            drawn.change(self.train.shape(), &[index as u32], &mut values);
        }
        Ok(values)
    }
}

impl Drawn {
    /// Changes the images of these samples, one after the other in `values`.
    pub(crate) fn change(&self, shape: Shape, indices: &[u32], values: &mut [f32]) {
        let change = &self.augmentation.change;
        if *change == Augment::default() {
            return;
        }
        let mut scratch = Vec::new();
        for (index, image) in indices.iter().zip(values.chunks_mut(shape.pixels())) {
            let mut rng = seeded(part_of(self.seed, u64::from(*index)));
            change
                .draw(shape, &mut rng)
                .apply(shape, image, &mut scratch);
        }
    }

    /// How the batch of `count` rows from place `start` of the pass on is mixed; none where nothing is.
    pub(crate) fn mix(&self, start: usize, count: usize) -> Option<Mix> {
        let alpha = self.augmentation.mixup;
        if alpha == 0.0 {
            return None;
        }
        let mut rng = seeded(part_of(self.seed, OF_BATCH | start as u64));
        let share = symmetric_beta(alpha, &mut rng) as f32;
        let mut partners: Vec<usize> = (0..count).collect();
        partners.shuffle(&mut rng);
        Some(Mix { share, partners })
    }
}

impl Mix {
    /// Mixes rows that lie one after the other.
    pub(crate) fn apply(&self, rows: &mut [f32]) {
        let width = rows.len() / self.partners.len();
        let before = rows.to_vec();
        for (row, partner) in rows.chunks_exact_mut(width).zip(&self.partners) {
            let other = &before[partner * width..][..width];
            for (value, other) in row.iter_mut().zip(other) {
                *value = self.share * *value + (1.0 - self.share) * other;
            }
        }
    }
}

/// A number of the distribution Beta(α, α), by M. D. Jöhnk, 1964: of two powers of uniform numbers the part of the first, where their sum
/// is at most 1.
fn symmetric_beta(alpha: f64, rng: &mut impl Rng) -> f64 {
    loop {
        let mut power = || rng.random::<f64>().powf(1.0 / alpha);
        let (first, second) = (power(), power());
        let sum = first + second;
        if sum > 0.0 && sum <= 1.0 {
            return first / sum;
        }
    }
}

/// Refuses an augmentation that is no such thing, or that these samples cannot have.
///
/// # Errors
///
/// [`Error::Config`] naming the key.
pub(crate) fn check(config: &RunConfig, table: bool, shape: Shape) -> Result<(), Error> {
    let augment = &config.augment;
    check_ranges(augment, shape)?;
    if augment.is_off() {
        return Ok(());
    }
    let (reason, hint) = if table {
        (
            "is for images, and this is a table",
            "leave `--augment` out, or add `--shape 28x28` where rows are images",
        )
    } else if config.train.is_classical() {
        (
            "is for training in single precision",
            "leave `--augment` out, or take `--optimizer adam`",
        )
    } else if config.noise.copies > 0 {
        (
            "changes images in every epoch, and `noise.copies` draws them once",
            "add `--copies 0`, or leave `--augment` out",
        )
    } else if config.data.permute {
        (
            "moves pixels to their neighbours, and `data.permute` has moved these away",
            "leave one of `--augment` and `--permute` out",
        )
    } else {
        return Ok(());
    };
    Err(Error::config(
        format!("`augment` {reason}"),
        Some(hint.to_owned()),
    ))
}

fn check_ranges(augment: &AugmentConfig, shape: Shape) -> Result<(), Error> {
    let refuse = |key: &str, value: String, expected: String| {
        let message = format!("`augment.{key}` is {value}, expected {expected}");
        Err(Error::config(message, None))
    };
    let side = shape.height.max(shape.width);
    if !(0.0..1.0).contains(&augment.shift) {
        let expected = "a part of the image, 0 or more and under 1";
        return refuse("shift", augment.shift.to_string(), expected.to_owned());
    }
    if !(0.0..=180.0).contains(&augment.rotate) {
        let expected = "degrees of 0 to 180";
        return refuse("rotate", augment.rotate.to_string(), expected.to_owned());
    }
    if augment.cutout >= side && augment.cutout > 0 {
        let expected = format!("fewer pixels than the {side} of a side of these images");
        return refuse("cutout", augment.cutout.to_string(), expected);
    }
    if !(0.0..=LARGEST_ALPHA).contains(&augment.mixup) {
        let expected = format!("0 to {LARGEST_ALPHA}");
        return refuse("mixup", augment.mixup.to_string(), expected);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(augment: AugmentConfig) -> Drawn {
        augment.augmentation().expect("it is on").of_pass(7)
    }

    const SHAPE: Shape = Shape {
        channels: 1,
        height: 5,
        width: 6,
    };

    fn images(count: usize) -> Vec<f32> {
        (0..30 * count).map(|place| (place % 37) as f32).collect()
    }

    #[test]
    fn an_image_becomes_the_same_whoever_changes_it() {
        let drawn = drawn(AugmentConfig {
            shift: 0.2,
            rotate: 20.0,
            flip: true,
            cutout: 2,
            mixup: 0.0,
        });
        let mut together = images(3);
        drawn.change(SHAPE, &[4, 9, 2], &mut together);
        assert_ne!(together, images(3));
        let mut alone = images(3);
        for (place, index) in [(2, 2), (0, 4), (1, 9)] {
            drawn.change(SHAPE, &[index], &mut alone[30 * place..][..30]);
        }
        assert_eq!(alone, together);
        let mut other = images(3);
        drawn
            .augmentation
            .of_pass(8)
            .change(SHAPE, &[4, 9, 2], &mut other);
        assert_ne!(other, together);
    }

    #[test]
    fn rows_and_targets_are_mixed_in_the_same_shares() {
        let mix = Mix {
            share: 0.75,
            partners: vec![2, 0, 1],
        };
        let mut rows = vec![4.0, 0.0, 8.0, 4.0, 0.0, 12.0];
        mix.apply(&mut rows);
        assert_eq!(rows, [3.0, 3.0, 7.0, 3.0, 2.0, 10.0]);
        let mut targets = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        mix.apply(&mut targets);
        assert_eq!(targets, [0.75, 0.0, 0.25, 0.25, 0.75, 0.0, 0.0, 0.25, 0.75]);
    }

    #[test]
    fn each_row_is_the_partner_of_one() {
        let drawn = drawn(AugmentConfig {
            mixup: 1.0,
            ..AugmentConfig::default()
        });
        let mix = drawn.mix(128, 50).expect("it is on");
        let mut partners = mix.partners.clone();
        partners.sort_unstable();
        assert_eq!(partners, Vec::from_iter(0..50));
        assert_eq!(drawn.mix(128, 50).expect("it is on").share, mix.share);
        assert_ne!(drawn.mix(256, 50).expect("it is on").share, mix.share);
    }

    /// Beta(α, α) has mean ½ and variance 1 / (4 (2α + 1)).
    #[test]
    fn shares_have_the_moments_of_their_distribution() {
        for alpha in [0.2, 1.0, 2.0] {
            let mut rng = seeded(3);
            let draws: Vec<f64> = (0..20_000)
                .map(|_| symmetric_beta(alpha, &mut rng))
                .collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 20_000.0;
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 0.015, "{alpha}: {mean}");
            assert!(
                (variance / expected - 1.0).abs() < 0.05,
                "{alpha}: {variance}"
            );
        }
    }

    #[test]
    fn what_is_no_augmentation_is_refused_by_its_key() {
        let refused = |augment: AugmentConfig| {
            let config = RunConfig {
                augment,
                ..RunConfig::default()
            };
            check(&config, false, SHAPE)
                .expect_err("refused")
                .to_string()
        };
        let plain = AugmentConfig::default();
        for (augment, expected) in [
            (
                AugmentConfig {
                    shift: 1.0,
                    ..plain
                },
                "`augment.shift` is 1, expected a part of the image, 0 or more and under 1",
            ),
            (
                AugmentConfig {
                    rotate: -5.0,
                    ..plain
                },
                "`augment.rotate` is -5, expected degrees of 0 to 180",
            ),
            (
                AugmentConfig { cutout: 6, ..plain },
                "`augment.cutout` is 6, expected fewer pixels than the 6 of a side of these images",
            ),
            (
                AugmentConfig {
                    mixup: f64::NAN,
                    ..plain
                },
                "`augment.mixup` is NaN, expected 0 to 2",
            ),
        ] {
            assert_eq!(refused(augment), expected);
        }
        let flip = AugmentConfig {
            flip: true,
            ..plain
        };
        let config = RunConfig {
            augment: flip,
            ..RunConfig::default()
        };
        assert!(check(&config, false, SHAPE).is_ok());
        let error = check(&config, true, SHAPE).expect_err("a table");
        assert_eq!(
            error.to_string(),
            "`augment` is for images, and this is a table"
        );
    }
}
