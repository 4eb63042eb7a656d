//! The readers of foreign bytes, for tests that damage files.

use crate::picture::Picture;
use crate::{Error, cifar, idx};

/// As a file of labels and as one of pictures, packed or not.
pub fn idx(bytes: &[u8]) -> [Result<(), Error>; 2] {
    idx::try_both(bytes)
}

/// As records of CIFAR-10.
pub fn cifar(bytes: &[u8]) -> Result<(), Error> {
    cifar::try_records(bytes)
}

/// As a picture of any format.
pub fn picture(bytes: &[u8]) -> Result<(), String> {
    Picture::decode(bytes).map(drop)
}
