//! Letters of 7x5 pixels as numbers: noise on them, and what counts as the right letter.

use espejo_data::{Samples, Source};
use espejo_pictures::Tile;
use espejo_train::Error;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Pixels of a glyph.
pub const PIXELS: usize = 35;
const SHAPE: (usize, usize) = (7, 5);

/// Pixels of 0 and 1, row by row.
pub type Glyph = [bool; PIXELS];

/// Some glyphs with their names.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyphs {
    /// Pixels of each glyph.
    pub pixels: Vec<Glyph>,
    /// Names of the glyphs.
    pub names: Vec<String>,
}

impl Glyphs {
    /// The glyphs of a built-in set, e.g. `fonts:2`.
    pub fn of(set: &str) -> Result<Self, Error> {
        let loaded = espejo_data::load(&Source::named(set))?;
        Self::from_samples(&loaded.train)
    }

    /// Two-valued samples as glyphs.
    pub fn from_samples(samples: &Samples) -> Result<Self, Error> {
        let pixels = (0..samples.len()).map(|index| {
            let pixels = samples.pixels(index)?;
            Ok(std::array::from_fn(|place| pixels[place] > 0))
        });
        Ok(Self {
            pixels: pixels.collect::<Result<_, Error>>()?,
            names: (0..samples.len())
                .map(|index| samples.caption(index).to_owned())
                .collect(),
        })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.pixels.len()
    }

    /// Only those at these places.
    pub fn select(&self, places: &[usize]) -> Self {
        Self {
            pixels: places.iter().map(|place| self.pixels[*place]).collect(),
            names: places
                .iter()
                .map(|place| self.names[*place].clone())
                .collect(),
        }
    }

    /// Row-major `[glyphs, 35]` with `low` for paper and 1 for ink.
    pub fn values(&self, low: f64) -> Vec<f64> {
        values(&self.pixels, low)
    }

    /// The place of the glyph with the fewest different pixels, the first of equals, and that distance.
    pub fn nearest(&self, glyph: &Glyph) -> (usize, usize) {
        let distances = self.pixels.iter().map(|other| distance(glyph, other));
        let (at, least) = distances
            .enumerate()
            .min_by_key(|(at, distance)| (*distance, *at))
            .unwrap_or((0, PIXELS));
        (at, least)
    }

    /// The mean image.
    pub fn mean(&self) -> Vec<f64> {
        let share = |place: usize| {
            let ink = self.pixels.iter().filter(|glyph| glyph[place]).count();
            ink as f64 / self.len() as f64
        };
        (0..PIXELS).map(share).collect()
    }

    /// What is to be expected of a pixel, given a noisy glyph: the mean over these glyphs, each weighted by how likely it
    /// became what is seen when every pixel flips with probability `p`. No rule that knows these glyphs and this noise has a
    /// smaller expected squared error, nor, thresholded at one half, fewer wrong pixels.
    pub fn posterior_mean(&self, noisy: &Glyph, p: f64) -> Vec<f64> {
        let odds = (p / (1.0 - p)).max(f64::MIN_POSITIVE);
        let least = self.nearest(noisy).1 as f64;
        let weight = |glyph: &Glyph| odds.powf(distance(glyph, noisy) as f64 - least);
        let weights: Vec<f64> = self.pixels.iter().map(weight).collect();
        let total: f64 = weights.iter().sum();
        let ink = |place: usize| {
            let with = self
                .pixels
                .iter()
                .zip(&weights)
                .filter(|(glyph, _)| glyph[place]);
            with.map(|(_, weight)| weight).sum::<f64>() / total
        };
        (0..PIXELS).map(ink).collect()
    }
}

/// Row-major `[glyphs, 35]` with `low` for paper and 1 for ink.
pub fn values(glyphs: &[Glyph], low: f64) -> Vec<f64> {
    let pixels = glyphs.iter().flatten();
    pixels.map(|ink| if *ink { 1.0 } else { low }).collect()
}

/// Pixels that differ.
pub fn distance(a: &Glyph, b: &Glyph) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// A glyph with each pixel flipped with this probability.
pub fn flipped(glyph: &Glyph, p: f64, rng: &mut ChaCha8Rng) -> Glyph {
    std::array::from_fn(|place| glyph[place] != (rng.random::<f64>() < p))
}

/// `copies` noisy copies of each glyph, glyph after glyph.
pub fn noisy(glyphs: &[Glyph], p: f64, copies: usize, rng: &mut ChaCha8Rng) -> Vec<Glyph> {
    let each = glyphs
        .iter()
        .flat_map(|glyph| std::iter::repeat_n(glyph, copies));
    each.map(|glyph| flipped(glyph, p, rng)).collect()
}

/// A generator for one use of a seed.
pub fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Outputs as pixels: ink above the middle between `low` and 1.
pub fn thresholded(row: &[f64], low: f64) -> Glyph {
    std::array::from_fn(|place| row[place] > (1.0 + low) / 2.0)
}

/// A glyph as a tile of a figure.
pub fn tile(glyph: &Glyph) -> Tile {
    tile_of(glyph.iter().map(|ink| if *ink { 1.0 } else { 0.0 }))
}

/// Values from 0 to 1 as a tile of a figure.
pub fn tile_of(values: impl IntoIterator<Item = f64>) -> Tile {
    Tile {
        pixels: values.into_iter().map(|value| value as f32).collect(),
        channels: 1,
        height: SHAPE.0,
        width: SHAPE.1,
        ink: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_nothing_and_of_everything() {
        let glyphs = Glyphs::of("fonts:2").expect("built in");
        let mut rng = generator(1, 0);
        assert_eq!(noisy(&glyphs.pixels, 0.0, 1, &mut rng), glyphs.pixels);
        let inverse = noisy(&glyphs.pixels, 1.0, 1, &mut rng);
        assert_eq!(distance(&inverse[3], &glyphs.pixels[3]), PIXELS);
    }

    #[test]
    fn the_posterior_mean_knows_its_glyphs() {
        let glyphs = Glyphs::of("fonts:2").expect("built in");
        let seen = glyphs.pixels[7];
        let sure = glyphs.posterior_mean(&seen, 1e-6);
        assert!(thresholded(&sure, 0.0) == seen);
        // Where nothing is seen, what is left is the mean.
        let blind = glyphs.posterior_mean(&seen, 0.5);
        let mean = glyphs.mean();
        assert!(blind.iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1e-12));
        // By hand for two glyphs: 2 of 35 pixels apart, one of them seen, the odds are even.
        let mut two = glyphs.select(&[7, 7]);
        two.pixels[1][0] ^= true;
        two.pixels[1][1] ^= true;
        let mut between = two.pixels[0];
        between[0] ^= true;
        let mean = two.posterior_mean(&between, 0.1);
        assert!((mean[0] - 0.5).abs() < 1e-12 && (mean[1] - 0.5).abs() < 1e-12);
    }
}
