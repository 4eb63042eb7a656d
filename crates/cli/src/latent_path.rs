//! Walks through the latent space: an image decoded at each point of a path.

use espejo_pictures::{Figure, Walk, WalkFrame, walk};
use espejo_train::{Rows, Trained};

use crate::figures::tile;
use crate::latent_figures::latent_scatter;
use crate::normal_distribution::normal_quantile;
use crate::output::{counted, usage};
use crate::titles::{code_text, subject};

/// Turns of a spiral, at most; with few frames it has fewer, so that a turn is seen as one.
const TURNS: f64 = 8.0;
/// Frames of a turn, at the least.
const TURN_FRAMES: f64 = 15.0;
/// Radius of a loop around the mean of the codes, in standard deviations.
const LOOP_RADIUS: f64 = 1.4;
/// Frames of a walk, at most.
const MAX_FRAMES: usize = 2000;

/// A path through the latent space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// A closed curve around the middle of the codes.
    Loop,
    /// From the edge of the plane inwards, over all of it.
    Spiral,
}

/// The frames of a walk; a loop ends one step before its start.
pub fn walk_frames(trained: &Trained, way: Way, count: usize) -> anyhow::Result<Vec<Figure>> {
    if !(2..=MAX_FRAMES).contains(&count) {
        return Err(usage(
            format!("`--frames` is {count}"),
            format!("give 2 to {MAX_FRAMES}"),
        ));
    }
    if trained.test().is_table() {
        return Err(usage(
            "a table has no images to walk through",
            "use `generate`, which writes rows",
        ));
    }
    if way == Way::Spiral && trained.latent() != 2 {
        return Err(usage(
            wrong_dimensions(trained.latent()),
            "a spiral needs 2 dimensions; use `--walk loop`, which needs any number",
        ));
    }
    let spread = Spread::of(trained)?;
    let places: Rows = (0..count)
        .map(|frame| match way {
            Way::Loop => spread.on_loop(frame as f64 / count as f64),
            Way::Spiral => spread.on_spiral(frame as f64 / (count - 1) as f64, turns(count)),
        })
        .collect();
    let ink = trained.test().two_valued();
    let decoded = trained.decode(&places)?;
    let (map, plane) = latent_scatter(trained)?;
    let frames = decoded.iter().zip(&places).map(|(row, place)| WalkFrame {
        tile: tile(row, trained.shape(), ink),
        at: plane.place(place, 0),
        text: code_text(place),
    });
    // One dimension makes no map.
    let map = Some(map).filter(|_| trained.latent() > 1);
    Ok(walk(&Walk {
        title: format!("Walk through the latent space, {}", subject(trained)),
        frames: frames.collect(),
        map,
        closed: way == Way::Loop,
    }))
}

/// Turns of a spiral of so many frames.
fn turns(count: usize) -> f64 {
    (count as f64 / TURN_FRAMES).clamp(1.0, TURNS)
}

/// Says how many dimensions the latent code of a run has, where another number is needed.
pub fn wrong_dimensions(latent: usize) -> String {
    format!(
        "the latent code of this run has {}",
        counted(latent, "dimension")
    )
}

/// Mean and standard deviation of the codes in each dimension.
struct Spread {
    prior: bool,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Spread {
    fn of(trained: &Trained) -> anyhow::Result<Self> {
        let latent = trained.latent();
        if trained.prior().is_some() {
            return Ok(Self {
                prior: true,
                mean: vec![0.0; latent],
                deviation: vec![1.0; latent],
            });
        }
        let codes = trained.encode(&trained.mapped())?;
        let count = codes.len() as f64;
        let mean_of =
            |value: &dyn Fn(&Vec<f32>) -> f64| codes.iter().map(value).sum::<f64>() / count;
        let mean: Vec<f64> = (0..latent)
            .map(|j| mean_of(&|code| f64::from(code[j])))
            .collect();
        let deviation = (0..latent)
            .map(|j| mean_of(&|code| (f64::from(code[j]) - mean[j]).powi(2)).sqrt())
            .collect();
        Ok(Self {
            prior: false,
            mean,
            deviation,
        })
    }

    /// A point on a closed curve at the fraction `share` of its length. Each dimension swings once to three times, out of phase
    /// with the others, so that the whole curve is smooth and returns to its start.
    fn on_loop(&self, share: f64) -> Vec<f32> {
        let turn = 2.0 * std::f64::consts::PI * share;
        let places = self.mean.iter().zip(&self.deviation).enumerate();
        places
            .map(|(j, (mean, deviation))| {
                let (times, phase) = ((j / 2 + 1).min(3) as f64, 2.4 * (j / 2) as f64);
                let swing = match j % 2 {
                    0 => (times * turn + phase).cos(),
                    _ => (times * turn + phase).sin(),
                };
                (mean + LOOP_RADIUS * deviation * swing) as f32
            })
            .collect()
    }

    /// A point on a spiral from the edge of the plane inwards, evenly over the quantiles of the prior or over the codes.
    fn on_spiral(&self, share: f64, turns: f64) -> Vec<f32> {
        // The square root keeps the speed along the path even.
        let radius = (1.0 - share).sqrt();
        let turn = 2.0 * std::f64::consts::PI * turns * radius;
        let place = |j: usize, swing: f64| {
            let standard = if self.prior {
                normal_quantile(0.5 + 0.45 * radius * swing)
            } else {
                2.0 * radius * swing
            };
            (self.mean[j] + self.deviation[j] * standard) as f32
        };
        vec![place(0, turn.cos()), place(1, turn.sin())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_frames_make_few_turns() {
        assert_eq!(
            [2, 20, 60, 120, 225].map(turns),
            [1.0, 20.0 / 15.0, 4.0, 8.0, 8.0]
        );
    }
}
