//! The 255 colours of a GIF, or of one of its frames.

use std::collections::HashMap;

/// Most colours of a palette; the 256th index of a GIF is left to "as in the frame before".
pub(crate) const MOST: usize = 255;
/// So many of the most frequent colours are kept as they are: paper, and the pixels of small images.
const EXACT: usize = 64;
/// Sixteen greys this far apart are always kept, for the soft edges of texts; the theme's inks are among them.
const GREY_STEP: u8 = 17;

/// Few colours that stand for all of some images.
pub(crate) struct Palette {
    pub(crate) colours: Vec<[u8; 3]>,
    index: HashMap<[u8; 3], u8>,
}

impl Palette {
    /// A palette for the pixels counted here: exact where there are at most 255 colours, else some greys, the most
    /// frequent colours, and a median cut (Heckbert 1982) of the rest.
    pub(crate) fn of(counts: &HashMap<[u8; 3], u64>) -> Self {
        let mut by_count: Vec<([u8; 3], u64)> = counts
            .iter()
            .map(|(colour, count)| (*colour, *count))
            .collect();
        // The colour decides between equals, so that a palette does not depend on the order of a hash map.
        by_count.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
        let colours = if by_count.len() <= MOST {
            by_count.iter().map(|(colour, _)| *colour).collect()
        } else {
            reduced(&by_count)
        };
        let nearest = |(colour, _): &([u8; 3], u64)| (*colour, nearest(&colours, *colour));
        let index = by_count.iter().map(nearest).collect();
        Self { colours, index }
    }

    /// Index of the colour that stands for `colour`.
    pub(crate) fn index(&self, colour: [u8; 3]) -> u8 {
        self.index.get(&colour).copied().unwrap_or(0)
    }
}

/// 255 colours for more than that, given by falling count.
fn reduced(by_count: &[([u8; 3], u64)]) -> Vec<[u8; 3]> {
    let mut colours: Vec<[u8; 3]> = (0..=255 / GREY_STEP)
        .map(|step| [GREY_STEP * step; 3])
        .collect();
    let (exact, rest) = by_count.split_at(EXACT);
    let new = |(colour, _): &&([u8; 3], u64)| !colours.contains(colour);
    let exact: Vec<[u8; 3]> = exact
        .iter()
        .filter(new)
        .map(|(colour, _)| *colour)
        .collect();
    // By their square roots, counts of rare colours, such as a legend's, still weigh something.
    let weighed = |(colour, count): &([u8; 3], u64)| (*colour, count.isqrt());
    let rest = rest.iter().filter(new).map(weighed).collect();
    colours.extend(exact);
    let room = MOST - colours.len();
    colours.extend(median_cut(rest, room));
    colours
}

/// Adds the colours of RGB bytes to `counts`. Images are full of runs, so runs are counted at once.
pub(crate) fn count(counts: &mut HashMap<[u8; 3], u64>, bytes: &[u8]) {
    let (pixels, _) = bytes.as_chunks::<3>();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len() as u64;
    }
}

fn nearest(colours: &[[u8; 3]], colour: [u8; 3]) -> u8 {
    let distance = |other: &[u8; 3]| -> i32 {
        let squares = other
            .iter()
            .zip(colour)
            .map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2));
        squares.sum()
    };
    let best = colours
        .iter()
        .enumerate()
        .min_by_key(|(_, other)| distance(other));
    best.map_or(0, |(index, _)| index as u8)
}

/// Halves the box with the most weight times width until there are enough; a box stands for its mean.
fn median_cut(colours: Vec<([u8; 3], u64)>, most: usize) -> Vec<[u8; 3]> {
    let mut boxes = vec![colours];
    while boxes.len() < most {
        let weight = |colours: &[([u8; 3], u64)]| {
            let pixels: u64 = colours.iter().map(|(_, count)| count).sum();
            pixels * u64::from(widest(colours).1)
        };
        let heaviest = (0..boxes.len()).max_by_key(|index| weight(&boxes[*index]));
        let Some(heaviest) = heaviest.filter(|index| boxes[*index].len() > 1) else {
            break;
        };
        let mut colours = boxes.swap_remove(heaviest);
        let (channel, _) = widest(&colours);
        colours.sort_by_key(|(colour, _)| (colour[channel], *colour));
        let half = colours.iter().map(|(_, count)| count).sum::<u64>() / 2;
        let mut seen = 0;
        let mut below = |(_, count): &([u8; 3], u64)| {
            seen += count;
            seen <= half
        };
        let middle = colours.iter().take_while(|entry| below(entry)).count();
        let upper = colours.split_off(middle.clamp(1, colours.len() - 1));
        boxes.extend([colours, upper]);
    }
    boxes.iter().map(|colours| mean(colours)).collect()
}

/// The channel in which colours differ most, and by how much.
fn widest(colours: &[([u8; 3], u64)]) -> (usize, u8) {
    let width = |channel: usize| {
        let values = colours.iter().map(|(colour, _)| colour[channel]);
        let (low, high) = values.fold((255, 0), |(low, high), value| {
            (value.min(low), value.max(high))
        });
        u8::saturating_sub(high, low)
    };
    let channel = (0..3).max_by_key(|channel| width(*channel)).unwrap_or(0);
    (channel, width(channel))
}

fn mean(colours: &[([u8; 3], u64)]) -> [u8; 3] {
    let pixels = colours.iter().map(|(_, count)| count).sum::<u64>().max(1);
    [0, 1, 2].map(|channel| {
        let sum: u64 = colours
            .iter()
            .map(|(colour, count)| u64::from(colour[channel]) * count)
            .sum();
        ((sum + pixels / 2) / pixels) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_exact() {
        let mut counts = HashMap::new();
        count(&mut counts, &[255, 255, 255, 255, 255, 255, 1, 2, 3]);
        let palette = Palette::of(&counts);
        assert_eq!(palette.colours, [[255, 255, 255], [1, 2, 3]]);
        assert_eq!(palette.index([1, 2, 3]), 1);
    }

    #[test]
    fn many_colours_keep_the_frequent_ones_and_stay_near_the_others() {
        let mut counts = HashMap::from([([255, 255, 255], 1_000_000), ([34, 34, 34], 5000)]);
        for red in 0..40u8 {
            for green in 0..40u8 {
                counts.entry([red * 6, green * 6, 77]).or_insert(3);
            }
        }
        let palette = Palette::of(&counts);
        assert_eq!(palette.colours.len(), 255);
        for kept in [[255, 255, 255], [34, 34, 34], [85, 85, 85]] {
            assert!(palette.colours.contains(&kept), "{kept:?}");
        }
        let error = |colour: &[u8; 3]| {
            let shown = palette.colours[usize::from(palette.index(*colour))];
            (0..3)
                .map(|channel| shown[channel].abs_diff(colour[channel]))
                .max()
        };
        let worst = counts.keys().filter_map(error).max();
        assert!(worst <= Some(24), "{worst:?}");
    }
}
