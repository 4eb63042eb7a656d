//! Rows that a model made, in the units of their table.

use espejo_train::{Rows, Trained};

use crate::csv_cell::csv_field;

/// Decoded rows in the units of their columns, in the order of the file; of a window all of its rows, one after the other.
pub fn in_units(trained: &Trained, decoded: &Rows) -> Vec<Vec<f64>> {
    let prepared = trained.prepared();
    decoded.iter().map(|row| prepared.unscaled(row)).collect()
}

/// The names of the columns that a model sees, in the order of the file.
pub fn columns(trained: &Trained) -> Vec<String> {
    trained.test().unpermuted().columns().to_vec()
}

/// Rows as CSV, with the names of the columns.
pub fn as_csv(trained: &Trained, rows: &[Vec<f64>]) -> String {
    let columns = columns(trained);
    let names: Vec<String> = columns.iter().map(|column| csv_field(column)).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &(cells.join(",") + "\n");
    }
    text
}
