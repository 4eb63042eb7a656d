//! What can go wrong once a figure leaves memory. Drawing itself cannot fail.

use std::path::PathBuf;

/// Why a figure could not be rendered or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be written.
    #[error("cannot write `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A figure could not be turned into pixels; a defect of this crate, or a figure beyond all measure.
    #[error("cannot render a figure of {width} x {height}: {reason}")]
    Render {
        /// Width of the figure in its own units.
        width: u32,
        /// Height of the figure in its own units.
        height: u32,
        /// What the renderer said.
        reason: String,
    },
    /// An animation needs at least one frame.
    #[error("`{}` would be an animation without frames", path.display())]
    NoFrames {
        /// The animation that was asked for.
        path: PathBuf,
    },
}
