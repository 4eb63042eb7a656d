//! Figures of fixed samples during training, and an animation of them at its end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use espejo_data::Shape;
use espejo_pictures::{Figure, Sheet, Tile, film, sheet};
use espejo_train::{Event, Folder, Prepared, Rows, check_folder};

use crate::drawing::Drawn;
use crate::figures::{sheet_columns, tile};
use crate::film_frames::{ByteRows, FilmFrames, Fixed, Frame};
use crate::output::{message, shown, told};
use crate::titles::data_name_of;

/// Frames per second of the animation.
const FRAMES_PER_SECOND: f64 = 4.0;
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
    frames: FilmFrames,
    /// Of the training, unless it ends early.
    epochs: usize,
    written: Option<Instant>,
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
    /// Starts with the frames of the sessions before, where the run has such.
    pub fn new(prepared: &Prepared, folder: &'a Folder) -> Self {
        Self {
            folder,
            shape: prepared.test.shape(),
            ink: prepared.test.two_valued(),
            data: data_name_of(&prepared.config),
            frames: FilmFrames::open(folder.path(), prepared.config.train.samples_every),
            epochs: prepared.config.train.epochs,
            written: None,
            failed: false,
        }
    }

    /// Draws `figures/samples.png` anew, at most once a second, and not after the last epoch, when it is drawn with the others. A figure that cannot
    /// be written is reported once and does not stop the training.
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
        let fixed = Fixed {
            pictures: ByteRows::of(pictures),
            noisy: noisy.as_ref().map(ByteRows::of),
            has_drawn: drawn.is_some(),
        };
        let frame = Frame {
            epoch: *epoch,
            outputs: ByteRows::of(outputs),
            drawn: drawn.as_ref().map(ByteRows::of),
        };
        let kept = self.frames.push(fixed, frame);
        self.tell(kept.map_err(Into::into));
        if *epoch == self.epochs || self.written.is_some_and(|at| at.elapsed() < PAUSE) {
            return;
        }
        self.write();
    }

    /// Draws `figures/samples.png` as it is now: for a training that fails after its last epoch, which draws nothing else.
    pub fn write(&mut self) {
        if let Some(figure) = self.last() {
            let into = self.folder.path().join("figures");
            // Where this fails, the next line says why.
            _ = std::fs::create_dir_all(&into);
            self.tell(
                figure
                    .save_as(&into.join("samples.png"))
                    .map_err(Into::into),
            );
            self.written = Some(Instant::now());
        }
    }

    /// Says the first time that something cannot be written.
    fn tell(&mut self, written: anyhow::Result<()>) {
        if let (Err(error), false) = (written, self.failed) {
            self.failed = true;
            message(&format!("cannot draw the samples: {}", told(&error)));
        }
    }

    /// The samples after the latest epoch.
    pub fn last(&self) -> Option<Figure> {
        Some(self.figure(self.frames.fixed()?, self.frames.last()?))
    }

    /// The samples after an epoch.
    fn figure(&self, fixed: &Fixed, frame: &Frame) -> Figure {
        let rows = [
            ("original", Some(&fixed.pictures)),
            ("noisy", fixed.noisy.as_ref()),
            ("output", Some(&frame.outputs)),
            ("from the prior", frame.drawn.as_ref()),
        ];
        let rows = rows
            .into_iter()
            .filter_map(|(name, rows)| Some((name.to_owned(), self.tiles(&rows?.rows()))));
        sheet(&Sheet {
            title: format!("Samples of {} after epoch {}", self.data, frame.epoch),
            rows: rows.collect(),
            wrap: sheet_columns(self.shape),
            tile: TILE,
            ..Sheet::default()
        })
    }

    /// Writes the last figure, and the animation if it has two frames or more; gives the files that a person shall look at, and notes in
    /// `drawn` what went wrong.
    pub fn finish(self, drawn: &mut Drawn) -> SampleFiles {
        let mut files = SampleFiles::default();
        let Some(last) = self.last() else {
            return files;
        };
        let figures = self.folder.path().join("figures");
        match last.save(&figures, "samples") {
            Ok(_) => files.figure = Some(shown(&figures.join("samples.png"))),
            Err(error) => drawn.fail(error.into()),
        }
        files.animation = self.film(drawn);
        files
    }

    /// Draws what a training that was killed before its figures has left undrawn; nothing where its film is there.
    pub fn heal(self, drawn: &mut Drawn) -> SampleFiles {
        match self.animations().join("samples.gif").exists() {
            true => SampleFiles::default(),
            false => self.finish(drawn),
        }
    }

    fn animations(&self) -> PathBuf {
        self.folder.path().join("animations")
    }

    /// Writes the animation and gives its file, or notes in `drawn` what went wrong; none where it would not move.
    pub fn film(&self, drawn: &mut Drawn) -> Option<String> {
        let made = self.make_film();
        made.unwrap_or_else(|error| {
            drawn.fail(error);
            None
        })
    }

    fn make_film(&self) -> anyhow::Result<Option<String>> {
        let Some(fixed) = self.frames.fixed() else {
            return Ok(None);
        };
        let frames = self.frames.of_film();
        let frames: Vec<Figure> = frames.map(|frame| self.figure(fixed, frame)).collect();
        if frames.len() < 2 {
            return Ok(None);
        }
        check_folder(&self.animations())?;
        let moving = self.animations().join("samples.gif");
        let full = self.animations().join("samples.png");
        film(&frames, FRAMES_PER_SECOND, &moving, &full)?;
        Ok(Some(shown(&moving)))
    }

    fn tiles(&self, rows: &Rows) -> Vec<Option<Tile>> {
        rows.iter()
            .map(|row| Some(tile(row, self.shape, self.ink)))
            .collect()
    }
}
