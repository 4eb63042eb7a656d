//! NumPy's array files.

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
    let mut header = format!(
        "{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}, {width}), }}",
        rows.len()
    );
    // Magic, version, length and header together take a multiple of 64 bytes, of which the last is a line feed.
    let filled = (10 + header.len() + 1).next_multiple_of(64);
    header += &" ".repeat(filled - 10 - header.len() - 1);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes
}
