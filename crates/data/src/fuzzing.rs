//! The readers of foreign bytes, for tests that damage files.

#[cfg(feature = "hdf5")]
use crate::hdf5;
#[cfg(any(feature = "parquet", feature = "arrow"))]
use crate::hugging_face;
use crate::picture::Picture;
use crate::{
    Error, Fill, Scaling, arff, arrow, cifar, idx, idx_files, imdb, matlab, npy, parquet,
    record_sets, safetensors_file, tar_images, text_table, texts, times,
};

/// Reads bytes as a file of labels and as one of images, packed or not.
pub fn idx(bytes: &[u8]) -> [Result<(), Error>; 2] {
    idx::try_both(bytes)
}

/// Reads bytes as numbers in idx form, of any type, packed or not.
pub fn any_idx(bytes: &[u8]) -> Result<(), Error> {
    idx_files::try_bytes(bytes)
}

/// Reads bytes as records of CIFAR-10.
pub fn cifar(bytes: &[u8]) -> Result<(), Error> {
    cifar::try_records(bytes)
}

/// Reads bytes as records of CIFAR-100.
pub fn records(bytes: &[u8]) -> Result<(), Error> {
    record_sets::try_records(bytes)
}

/// Reads bytes as an array, or an archive of arrays.
pub fn npy(bytes: &[u8]) -> Result<(), Error> {
    npy::try_bytes(bytes)
}

/// Reads bytes as arrays in MATLAB's format of version 5.
pub fn matlab(bytes: &[u8]) -> Result<(), Error> {
    matlab::try_bytes(bytes)
}

/// Reads bytes as arrays in HDF5, of MATLAB 7.3 or not.
#[cfg(feature = "hdf5")]
pub fn hdf5(bytes: &[u8]) -> Result<(), Error> {
    hdf5::try_bytes(bytes)
}

/// Reads bytes as arrays in a safetensors file.
pub fn safetensors(bytes: &[u8]) -> Result<(), Error> {
    safetensors_file::try_bytes(bytes)
}

/// Reads bytes as a tar archive of images, packed or not.
pub fn tar(bytes: &[u8]) -> Result<(), Error> {
    tar_images::try_bytes(bytes)
}

/// Reads bytes as a table in text and fills its missing cells.
pub fn refill(bytes: &[u8]) -> Result<(), Error> {
    text_table::try_refill(bytes)
}

/// Reads bytes as an archive of film reviews, packed or not.
pub fn reviews(bytes: &[u8]) -> Result<(), Error> {
    imdb::try_bytes(bytes)
}

/// Reads bytes as a tar archive of texts, packed or not.
pub fn text_archive(bytes: &[u8]) -> Result<(), Error> {
    texts::try_archive(bytes)
}

/// Reads bytes as texts, one a line.
pub fn text_lines(bytes: &[u8]) -> Result<(), Error> {
    texts::try_lines(bytes)
}

/// Reads bytes as a table whose first column holds texts.
pub fn text_column(bytes: &[u8]) -> Result<(), Error> {
    text_table::try_texts(bytes)
}

/// Reads bytes as a table.
pub fn table(bytes: &[u8]) -> Result<(), Error> {
    text_table::try_bytes(bytes)
}

/// Reads bytes as a table in ARFF.
pub fn arff(bytes: &[u8]) -> Result<(), Error> {
    arff::try_bytes(bytes)
}

/// Reads bytes as a Parquet file.
pub fn parquet(bytes: &[u8]) -> Result<(), Error> {
    parquet::try_bytes(bytes)
}

/// Reads bytes as an Arrow file or stream.
pub fn arrow(bytes: &[u8]) -> Result<(), Error> {
    arrow::try_bytes(bytes)
}

/// Reads bytes as a date, and says whether they are one.
pub fn date(bytes: &[u8]) -> bool {
    times::read(&String::from_utf8_lossy(bytes)).is_some()
}

/// Reads bytes as the scaling that a run keeps.
pub fn scaling(bytes: &[u8]) -> Result<(), Error> {
    Scaling::from_csv(&String::from_utf8_lossy(bytes), "bytes").map(drop)
}

/// Reads bytes as the filling that a run keeps.
pub fn fill(bytes: &[u8]) -> Result<(), Error> {
    Fill::from_csv(&String::from_utf8_lossy(bytes), "bytes").map(drop)
}

/// Reads bytes as what Hugging Face notes of columns, and counts those.
#[cfg(any(feature = "parquet", feature = "arrow"))]
pub fn features(bytes: &[u8]) -> usize {
    let features = hugging_face::Features::parse(&String::from_utf8_lossy(bytes));
    features.classes.len() + features.images.len()
}

/// Reads bytes as an image of any format.
pub fn picture(bytes: &[u8]) -> Result<(), String> {
    Picture::decode(bytes, None).map(drop)
}
