//! The bytes of a tar archive, packed with gzip or not, and what is said of one that is damaged.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::Error;
use crate::error::{content, unreadable};
use crate::idx::unpack;

/// Opens an archive.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn open(path: &Path) -> Result<impl Read, Error> {
    let file = File::open(path).map_err(|failure| unreadable(path, failure))?;
    unpack(BufReader::with_capacity(1 << 16, file)).map_err(|failure| unreadable(path, failure))
}

/// What a failure to read an archive means: the system's own error, or an archive that is not whole.
pub(crate) fn damaged(path: &Path, failure: io::Error) -> Error {
    match failure.raw_os_error() {
        Some(_) => unreadable(path, failure),
        None => content(path, "a whole tar archive", failure.to_string()),
    }
}
