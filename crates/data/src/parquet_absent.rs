//! What stands in for the reader of Parquet in a program that was built without it.

use std::path::Path;

use crate::Error;
use crate::error::content_of;
use crate::shards::Shards;
use crate::source::{Parts, Source};

/// Says that this program does not read such files.
pub(crate) fn load(_: &Source, path: &Path) -> Result<Parts, Error> {
    refused(&path.display().to_string())
}

/// Says that this program does not read such folders.
pub(crate) fn load_shards(_: &Source, shards: Shards) -> Result<Parts, Error> {
    refused(&shards.origin)
}

/// Says that this program does not read such bytes.
pub(crate) fn try_bytes(_: &[u8]) -> Result<(), Error> {
    refused("bytes").map(drop)
}

fn refused(origin: &str) -> Result<Parts, Error> {
    let expected = "a form that this program was built to read";
    let found = "Parquet (build it with `--features parquet`)";
    Err(content_of(origin, expected, found))
}
