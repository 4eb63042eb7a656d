//! NumPy's array files.

use espejo_export::npy_header;
use espejo_train::Rows;

/// Rows as a NumPy array, `<f4`, `[rows, columns]`, version 1.0 of the format.
pub fn npy(rows: &Rows) -> Vec<u8> {
    let mut bytes = head("<f4", rows);
    rows.iter()
        .flatten()
        .for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes
}

/// Rows of bytes as a NumPy array, `|u1`, `[rows, columns]`.
pub fn npy_bytes(rows: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = head("|u1", rows);
    bytes.extend(rows.iter().flatten());
    bytes
}

/// All that comes before the numbers.
fn head<T>(descr: &str, rows: &[Vec<T>]) -> Vec<u8> {
    let width = rows.first().map_or(0, Vec::len);
    npy_header(descr, &[rows.len(), width])
}
