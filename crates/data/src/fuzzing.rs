//! The readers of foreign bytes, for tests that damage files.

use crate::picture::Picture;
use crate::{Error, Scaling, arff, cifar, idx, npy, parquet, table};

/// Reads bytes as a file of labels and as one of images, packed or not.
pub fn idx(bytes: &[u8]) -> [Result<(), Error>; 2] {
    idx::try_both(bytes)
}

/// Reads bytes as records of CIFAR-10.
pub fn cifar(bytes: &[u8]) -> Result<(), Error> {
    cifar::try_records(bytes)
}

/// Reads bytes as an array, or an archive of arrays.
pub fn npy(bytes: &[u8]) -> Result<(), Error> {
    npy::try_bytes(bytes)
}

/// Reads bytes as a table.
pub fn table(bytes: &[u8]) -> Result<(), Error> {
    table::try_bytes(bytes)
}

/// Reads bytes as a table in ARFF.
pub fn arff(bytes: &[u8]) -> Result<(), Error> {
    arff::try_bytes(bytes)
}

/// Reads bytes as a Parquet file.
pub fn parquet(bytes: &[u8]) -> Result<(), Error> {
    parquet::try_bytes(bytes)
}

/// Reads bytes as the scaling that a run keeps.
pub fn scaling(bytes: &[u8]) -> Result<(), Error> {
    Scaling::from_csv(&String::from_utf8_lossy(bytes), "bytes").map(drop)
}

/// Reads bytes as an image of any format.
pub fn picture(bytes: &[u8]) -> Result<(), String> {
    Picture::decode(bytes).map(drop)
}
