//! Figures of fixed samples during training, and an animation of them at its end.

use std::time::{Duration, Instant};

use espejo_data::Shape;
use espejo_pictures::{Figure, Sheet, Tile, film, sheet};
use espejo_train::{Event, Folder, Prepared, Rows};

use crate::figures::{sheet_columns, tile};
use crate::output::{message, shown};
use crate::titles::data_name_of;

/// Frames per second of the animation.
const FRAMES_PER_SECOND: f64 = 4.0;
/// Frames of the animation, at most: above this number, every other one is dropped.
const MAX_FRAMES: usize = 200;
/// Longest side of an image, in units: a film has many of them.
const TILE: f64 = 56.0;
/// The shortest time between two writings of the figure: a person who watches it sees no more, and a short training would spend half
/// of its time on them.
const PAUSE: Duration = Duration::from_secs(1);

/// The figures that a training has drawn of its fixed samples.
pub struct SampleFigures<'a> {
    folder: &'a Folder,
    shape: Shape,
    ink: bool,
    data: String,
    frames: Vec<Figure>,
    last: Option<Figure>,
    written: Option<Instant>,
    /// One figure in so many becomes a frame.
    every: usize,
    taken: usize,
    failed: bool,
}

/// The files of a training's fixed samples, as they are printed.
#[derive(Default)]
pub struct SampleFiles {
    /// The samples after the last epoch.
    pub figure: Option<String>,
    /// The film of all.
    pub animation: Option<String>,
}

impl<'a> SampleFigures<'a> {
    /// Starts without a figure.
    pub fn new(prepared: &Prepared, folder: &'a Folder) -> Self {
        Self {
            folder,
            shape: prepared.test.shape(),
            ink: prepared.test.two_valued(),
            data: data_name_of(&prepared.config),
            frames: Vec::new(),
            last: None,
            written: None,
            every: 1,
            taken: 0,
            failed: false,
        }
    }

    /// Draws `figures/samples.png` anew, at most once a second. A figure that cannot be written is reported once and does not stop the training.
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
            title: format!("Samples of {} after epoch {epoch}", self.data),
            rows: rows.collect(),
            wrap: sheet_columns(self.shape),
            tile: TILE,
            ..Sheet::default()
        });
        if self.written.is_none_or(|at| at.elapsed() >= PAUSE) {
            let into = self.folder.path().join("figures");
            // Where this fails, the next line says why.
            _ = std::fs::create_dir_all(&into);
            self.tell(figure.save_as(&into.join("samples.png")));
            self.written = Some(Instant::now());
        }
        self.last = Some(figure.clone());
        self.keep(figure);
    }

    /// Says the first time that a figure cannot be written.
    fn tell(&mut self, written: Result<(), espejo_pictures::Error>) {
        if let (Err(error), false) = (written, self.failed) {
            self.failed = true;
            message(&format!("cannot draw the samples: {error}"));
        }
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

    /// Writes the last figure, and the animation if it has two frames or more; gives the files that a person shall look at.
    pub fn finish(mut self) -> anyhow::Result<SampleFiles> {
        if let Some(last) = self.last.take() {
            let written = last.save(&self.folder.path().join("figures"), "samples");
            self.tell(written.map(|_| ()));
        }
        let drawn = !self.frames.is_empty() && !self.failed;
        let still = self.folder.path().join("figures/samples.png");
        let mut files = SampleFiles {
            figure: drawn.then(|| shown(&still)),
            animation: None,
        };
        if self.frames.len() > 1 {
            let into = self.folder.path().join("animations");
            let moving = into.join("samples.gif");
            let full = into.join("samples.png");
            film(&self.frames, FRAMES_PER_SECOND, &moving, &full)?;
            files.animation = Some(shown(&moving));
        }
        Ok(files)
    }

    fn tiles(&self, rows: &Rows) -> Vec<Option<Tile>> {
        rows.iter()
            .map(|row| Some(tile(row, self.shape, self.ink)))
            .collect()
    }
}
