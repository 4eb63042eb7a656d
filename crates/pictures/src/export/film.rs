//! One animation in two files: as GIF, which every program plays, and as PNG in full colour.

use std::{path::Path, thread};

use crate::{
    Error, Figure,
    export::{
        apng,
        frames::{Frames, Pace},
        gif,
    },
};

/// Writes the same animation as [`gif`](crate::gif()) into `gif_path` and as [`apng`](crate::apng()) into `png_path`. The frames are
/// rendered once, and both files are packed at the same time.
///
/// # Errors
///
/// Those of the two functions.
pub fn film(
    figures: &[Figure],
    pace: impl Into<Pace>,
    gif_path: &Path,
    png_path: &Path,
) -> Result<(), Error> {
    let pace = pace.into();
    let frames = Frames::of(figures, gif_path)?;
    thread::scope(|scope| {
        let full = scope.spawn(|| apng::write(&frames, pace, png_path));
        gif::write(&frames, pace, gif_path)?;
        full.join().expect("packing does not panic")
    })
}
