//! The letters themselves (S1).

use espejo_pictures::{Sheet, sheet};
use espejo_train::Error;

use crate::glyphs::{Glyphs, distance, tile};
use crate::lab::baselines;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};

const FONTS: [&str; 3] = ["fonts:1", "fonts:2", "fonts:3"];

pub fn jobs(scale: &Scale) -> Vec<Job> {
    let once = Scale { seeds: 1, ..*scale };
    once.each(FONTS, 0.01)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let glyphs = Glyphs::of(&job.case)?;
    let [(_, mean), (_, plane)] = baselines(&glyphs, 2);
    Ok(Outcome::default()
        .with("mean image", mean)
        .with("PCA-2", plane)
        .with("closest", closest(&glyphs).2 as f64))
}

/// The closest pair: the places and the pixels between them.
fn closest(glyphs: &Glyphs) -> (usize, usize, usize) {
    let pairs = (0..glyphs.len()).flat_map(|a| (0..a).map(move |b| (b, a)));
    let apart = |(a, b): (usize, usize)| (a, b, distance(&glyphs.pixels[a], &glyphs.pixels[b]));
    pairs
        .map(apart)
        .min_by_key(|(_, _, apart)| *apart)
        .unwrap_or_default()
}

pub fn section(_: &Results) -> Result<Section, Error> {
    let capitals = Glyphs::of("fonts:2")?;
    let apart = closest(&capitals).2;
    let pairs = (0..capitals.len()).flat_map(|a| (a + 1..capitals.len()).map(move |b| (a, b)));
    let close =
        pairs.filter(|(a, b)| distance(&capitals.pixels[*a], &capitals.pixels[*b]) == apart);
    let names: Vec<String> = close
        .map(|(a, b)| format!("{}-{}", capitals.names[a], capitals.names[b]))
        .collect();
    let mut rows = Vec::new();
    for font in FONTS {
        let glyphs = Glyphs::of(font)?;
        let tiles = glyphs.pixels.iter().map(|glyph| Some(tile(glyph)));
        rows.push((font.to_owned(), tiles.collect()));
    }
    Ok(Section {
        claims: vec![Claim {
            text: "C and G are the closest pair of the second font.".to_owned(),
            seen: format!("{apart} pixels apart: {}", names.join(", ")),
            holds: names.iter().any(|pair| pair == "C-G"),
        }],
        figures: vec![(
            "s1-fonts".to_owned(),
            "the three fonts, 32 glyphs each".to_owned(),
            sheet(&Sheet {
                title: "The fonts (S1)".to_owned(),
                rows,
                wrap: 16,
                ..Sheet::default()
            }),
        )],
        ..Section::default()
    })
}
