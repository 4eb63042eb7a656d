//! What it costs to change images, beside reading them as floats: `cargo bench -p espejo-data --bench augment`, on one thread.
//!
//! `items` are images of 3x32x32.

use divan::Bencher;
use divan::counter::ItemsCount;
use espejo_data::{Augment, Facts, Samples, Shape};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const SHAPE: Shape = Shape {
    channels: 3,
    height: 32,
    width: 32,
};
const COUNT: usize = 128;

fn main() {
    divan::main();
}

/// Images of all shades, as bytes.
fn images() -> Samples {
    let pixels = (0..COUNT * SHAPE.pixels()).map(|place| (place * 37 % 251) as u8);
    let samples = Samples::pictures(Facts::default(), SHAPE, 255, pixels.collect());
    samples.expect("they are images")
}

fn read(images: &Samples) -> Vec<f32> {
    let mut values = Vec::with_capacity(COUNT * SHAPE.pixels());
    images
        .read(0..COUNT, 0.0, &mut values)
        .expect("they are in memory");
    values
}

/// Reading a batch, without any change.
#[divan::bench]
fn reading(bencher: Bencher) {
    let images = images();
    let bencher = bencher.counter(ItemsCount::new(COUNT));
    bencher.bench_local(|| read(&images));
}

/// Changing the images of a batch, each with a generator of its own.
#[divan::bench(args = ["shift", "shift, rotate", "flip", "cutout", "all"])]
fn changing(bencher: Bencher, what: &str) {
    let all = what == "all";
    let has = |change| all || what.contains(change);
    let part = |change, most| if has(change) { most } else { 0.0 };
    let augment = Augment {
        shift: part("shift", 0.1),
        rotate: part("rotate", 15.0),
        flip: has("flip"),
        cutout: if has("cutout") { 8 } else { 0 },
    };
    let (mut values, mut scratch) = (read(&images()), Vec::new());
    let bencher = bencher.counter(ItemsCount::new(COUNT));
    bencher.bench_local(|| {
        for (index, image) in values.chunks_exact_mut(SHAPE.pixels()).enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(index as u64);
            let change = augment.draw(SHAPE, &mut rng);
            change.apply(SHAPE, image, &mut scratch);
        }
    });
}
