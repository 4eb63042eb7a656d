//! Figures of fixed samples during training, and an animation of them at its end.

use espejo_data::Shape;
use espejo_pictures::{Figure, Sheet, Tile, apng, gif, sheet};
use espejo_train::{Event, Folder, Prepared, Rows};

use crate::figures::tile;
use crate::output::message;

/// Frames per second of the animation.
const FRAMES_PER_SECOND: f64 = 4.0;
/// Frames of the animation, at most: above this number, every other one is dropped.
const MAX_FRAMES: usize = 200;

/// The figures that a training has drawn of its fixed samples.
pub struct SampleFigures<'a> {
    folder: &'a Folder,
    shape: Shape,
    ink: bool,
    frames: Vec<Figure>,
    /// One figure in so many becomes a frame.
    every: usize,
    taken: usize,
    failed: bool,
}

impl<'a> SampleFigures<'a> {
    /// Starts without a figure.
    pub fn new(prepared: &Prepared, folder: &'a Folder) -> Self {
        Self {
            folder,
            shape: prepared.test.shape(),
            ink: prepared.test.two_valued(),
            frames: Vec::new(),
            every: 1,
            taken: 0,
            failed: false,
        }
    }

    /// Draws `figures/samples.png` anew. A figure that cannot be written is reported once and does not stop the training.
    pub fn take(&mut self, event: &Event<'_>) {
        let Event::Samples {
            epoch,
            pictures,
            noisy,
            outputs,
            drawn,
        } = event
        else {
            return;
        };
        let rows = [
            ("original", Some(pictures)),
            ("noisy", noisy.as_ref()),
            ("output", Some(outputs)),
            ("from the prior", drawn.as_ref()),
        ];
        let rows = rows
            .into_iter()
            .filter_map(|(name, rows)| Some((name.to_owned(), self.tiles(rows?))));
        let figure = sheet(&Sheet {
            title: format!("Samples after epoch {epoch}"),
            rows: rows.collect(),
            captions: Vec::new(),
            marks: Vec::new(),
            wrap: pictures.len(),
        });
        let written = figure.save(&self.folder.path().join("figures"), "samples");
        if let (Err(error), false) = (written, self.failed) {
            self.failed = true;
            message(&format!("cannot draw the samples: {error}"));
        }
        self.keep(figure);
    }

    fn keep(&mut self, figure: Figure) {
        if self.taken.is_multiple_of(self.every) {
            self.frames.push(figure);
        }
        self.taken += 1;
        if self.frames.len() > MAX_FRAMES {
            let mut index = 0;
            self.frames.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.every *= 2;
        }
    }

    /// Writes the animation if it has two frames or more.
    pub fn finish(&self) -> anyhow::Result<()> {
        if self.frames.len() < 2 {
            return Ok(());
        }
        let into = self.folder.path().join("animations");
        gif(&self.frames, FRAMES_PER_SECOND, &into.join("samples.gif"))?;
        apng(&self.frames, FRAMES_PER_SECOND, &into.join("samples.png"))?;
        Ok(())
    }

    fn tiles(&self, rows: &Rows) -> Vec<Option<Tile>> {
        rows.iter()
            .map(|row| Some(tile(row, self.shape, self.ink)))
            .collect()
    }
}
