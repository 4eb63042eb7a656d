//! Why a net cannot be written in a format.

/// Why a net cannot be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More than the format holds.
    #[error("the net has {found} {what}, and {format} holds at most {most}")]
    TooLarge {
        /// The format.
        format: &'static str,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
}
