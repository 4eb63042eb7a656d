//! Many small pictures in little room.
//!
//! Two-valued pictures, and few pictures, are kept exactly. Others are brought to 16 steps of brightness (a mean error of a hundredth of
//! the range), and coded by an asymmetric numeral system (Duda 2013, in the byte-wise form of Giesen 2014): the probability of a value
//! goes by those left of it, above it and beyond the corner. 10,000 pictures of 28x28 take 1.3 MB in place of 7.8. `pictures.js` reads it.

use serde_json::{Value, json};

use crate::numbers::{base64, shorts};

/// Bytes up to which pictures are kept as they are.
const EXACT: usize = 300_000;
/// Steps of brightness of the others.
const STEPS: usize = 16;
/// Probabilities are multiples of 1 in 2^12.
const BITS: u32 = 12;
/// The state lies in [2^23, 2^31).
const LEAST: u32 = 1 << 23;
/// What the value beyond the corner is told by.
const CORNERS: usize = 4;

/// Pictures of one shape, packed.
#[derive(Clone, Debug)]
pub struct PackedPictures {
    count: usize,
    planes: usize,
    size: [usize; 2],
    /// 256 for bytes as they are.
    levels: usize,
    /// How many in 4,096 a value is, `[context][value]`; none for bytes as they are.
    frequencies: Vec<u16>,
    data: Vec<u8>,
}

impl PackedPictures {
    /// Packs pictures of values in [0, 1], each `[channels, height, width]`.
    pub fn pack(pictures: &[Vec<f32>], [channels, height, width]: [usize; 3]) -> Self {
        let values = || pictures.iter().flatten().copied();
        let two_valued = values().all(|value| value == 0.0 || value == 1.0);
        let total = pictures.len() * channels * height * width;
        let start = Self {
            count: pictures.len(),
            planes: pictures.len() * channels,
            size: [height, width],
            levels: 256,
            frequencies: Vec::new(),
            data: Vec::new(),
        };
        let step = |levels: usize| {
            move |value: f32| (value.clamp(0.0, 1.0) * (levels - 1) as f32).round() as u8
        };
        if total <= EXACT && !two_valued {
            let data = values().map(step(256)).collect();
            return Self { data, ..start };
        }
        let levels = if two_valued { 2 } else { STEPS };
        let steps: Vec<u8> = values().map(step(levels)).collect();
        let contexts = contexts(&steps, [height, width], levels);
        let frequencies = frequencies(&steps, &contexts, levels);
        let data = coded(&steps, &contexts, &frequencies, levels);
        Self {
            levels,
            frequencies,
            data,
            ..start
        }
    }

    /// Bytes in the page.
    pub fn bytes(&self) -> usize {
        (self.data.len() + 2 * self.frequencies.len()).div_ceil(3) * 4
    }

    /// Whether they are what the samples are, but for the rounding to bytes.
    pub fn is_exact(&self) -> bool {
        self.levels != STEPS
    }

    /// Steps of brightness.
    pub fn levels(&self) -> usize {
        self.levels
    }

    pub(crate) fn to_json(&self, which: Option<&[usize]>) -> Value {
        let [height, width] = self.size;
        let mut value = json!({
            "count": self.count, "planes": self.planes, "height": height, "width": width, "levels": self.levels,
            "data": base64(&self.data),
        });
        if !self.frequencies.is_empty() {
            value["frequencies"] = shorts(&self.frequencies).into();
        }
        if let Some(which) = which {
            value["which"] = json!(which);
        }
        value
    }
}

/// What is known of each value before it is read: those left of it, above it, beyond the corner; 0 outside.
fn contexts(steps: &[u8], [height, width]: [usize; 2], levels: usize) -> Vec<u16> {
    let context = |at: usize| {
        let (x, y) = (at % width, at / width % height);
        let known = |there: bool, back: usize| {
            if there {
                usize::from(steps[at - back])
            } else {
                0
            }
        };
        let (left, up) = (known(x > 0, 1), known(y > 0, width));
        let corner = known(x > 0 && y > 0, width + 1);
        ((left * levels + up) * CORNERS + CORNERS * corner / levels) as u16
    };
    (0..steps.len()).map(context).collect()
}

/// How many in 4,096 each value is, context by context: at least one where it occurs, 4,096 together.
fn frequencies(steps: &[u8], contexts: &[u16], levels: usize) -> Vec<u16> {
    let mut counts = vec![0u64; levels * levels * CORNERS * levels];
    for (step, context) in steps.iter().zip(contexts) {
        counts[usize::from(*context) * levels + usize::from(*step)] += 1;
    }
    counts.chunks(levels).flat_map(shared).collect()
}

/// Counts in parts of 4,096; a context that never is, is all zeros.
fn shared(counts: &[u64]) -> Vec<u16> {
    let whole = 1u64 << BITS;
    let total: u64 = counts.iter().sum();
    let share = |count: &u64| match count {
        0 => 0,
        count => (count * whole / total).max(1) as u16,
    };
    let mut shares: Vec<u16> = counts.iter().map(share).collect();
    if total > 0 {
        // What rounding has left over, or taken too much, is that of the most frequent value, for which it matters least.
        let most = (0..shares.len())
            .max_by_key(|place| shares[*place])
            .unwrap_or(0);
        let others: u64 =
            shares.iter().map(|share| u64::from(*share)).sum::<u64>() - u64::from(shares[most]);
        shares[most] = (whole - others) as u16;
    }
    shares
}

/// The values as bytes, of which a reader takes the first ones first.
fn coded(steps: &[u8], contexts: &[u16], frequencies: &[u16], levels: usize) -> Vec<u8> {
    let starts: Vec<u32> = frequencies
        .chunks(levels)
        .flat_map(|shares| {
            shares.iter().scan(0u32, |start, share| {
                let own = *start;
                *start += u32::from(*share);
                Some(own)
            })
        })
        .collect();
    let (mut bytes, mut state) = (Vec::new(), LEAST);
    for (step, context) in steps.iter().zip(contexts).rev() {
        let entry = usize::from(*context) * levels + usize::from(*step);
        let share = u32::from(frequencies[entry]);
        // In 64 bits, for a value that is certain would reach 2^31 and more.
        let most = u64::from((LEAST >> BITS) << 8) * u64::from(share);
        while u64::from(state) >= most {
            bytes.push(state as u8);
            state >>= 8;
        }
        state = ((state / share) << BITS) + state % share + starts[entry];
    }
    bytes.extend(state.to_be_bytes());
    bytes.reverse();
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `pictures.js` does.
    fn unpacked(packed: &PackedPictures) -> Vec<u8> {
        let (levels, [height, width]) = (packed.levels, packed.size);
        let mut bytes = packed.data.iter().map(|byte| u32::from(*byte));
        let mut state = (0..4).fold(0, |state, place| {
            state | (bytes.next().expect("a state") << (8 * place))
        });
        let mut steps: Vec<u8> = Vec::new();
        for at in 0..packed.planes * height * width {
            let (x, y) = (at % width, at / width % height);
            let known = |there: bool, back: usize| {
                if there {
                    usize::from(steps[at - back])
                } else {
                    0
                }
            };
            let corner = known(x > 0 && y > 0, width + 1);
            let context = (known(x > 0, 1) * levels + known(y > 0, width)) * CORNERS
                + CORNERS * corner / levels;
            let shares = &packed.frequencies[context * levels..][..levels];
            let slot = state & ((1 << BITS) - 1);
            let (mut step, mut start) = (0, 0);
            while start + u32::from(shares[step]) <= slot {
                start += u32::from(shares[step]);
                step += 1;
            }
            state = u32::from(shares[step]) * (state >> BITS) + slot - start;
            while state < LEAST {
                state = (state << 8) | bytes.next().expect("a byte");
            }
            steps.push(step as u8);
        }
        assert_eq!((bytes.next(), state), (None, LEAST), "everything was read");
        steps
    }

    fn drawn(count: usize, pixels: usize, of: impl Fn(usize, usize) -> f32) -> Vec<Vec<f32>> {
        (0..count)
            .map(|i| (0..pixels).map(|p| of(i, p)).collect())
            .collect()
    }

    #[test]
    fn steps_come_back() {
        let pictures = drawn(900, 3 * 12 * 11, |i, p| {
            ((i * 31 + p * p * 7) % 97) as f32 / 96.0
        });
        let packed = PackedPictures::pack(&pictures, [3, 12, 11]);
        assert_eq!((packed.levels, packed.is_exact()), (16, false));
        let expected: Vec<u8> = pictures
            .iter()
            .flatten()
            .map(|v| (v * 15.0).round() as u8)
            .collect();
        assert_eq!(unpacked(&packed), expected);
    }

    #[test]
    fn two_values_are_exact_and_small() {
        let pictures = drawn(4000, 35, |i, p| f32::from(u8::from((i / 7 + p) % 5 == 0)));
        let packed = PackedPictures::pack(&pictures, [1, 7, 5]);
        assert!(packed.is_exact() && packed.data.len() < 4000 * 35 / 8);
        let expected: Vec<u8> = pictures.iter().flatten().map(|v| *v as u8).collect();
        assert_eq!(unpacked(&packed), expected);
    }

    #[test]
    fn one_value_alone_takes_no_room() {
        let packed = PackedPictures::pack(&drawn(50, 100, |_, _| 1.0), [1, 10, 10]);
        assert!(packed.data.len() < 50, "{}", packed.data.len());
        assert_eq!(unpacked(&packed), vec![1; 5000]);
    }

    #[test]
    fn few_pictures_are_bytes() {
        let packed = PackedPictures::pack(&[vec![0.0, 0.5, 1.0, 0.2]], [1, 2, 2]);
        assert_eq!(packed.data, [0, 128, 255, 51]);
    }
}
