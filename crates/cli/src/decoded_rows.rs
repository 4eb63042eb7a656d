//! Rows that a model made, in the units of their table.

use espejo_pictures::csv_field;
use espejo_train::{Rows, Trained};

/// Decoded rows in the units of their columns; of a window all of its rows, one after the other.
pub fn in_units(trained: &Trained, decoded: &Rows) -> Vec<Vec<f64>> {
    let scaling = &trained.prepared().scaling;
    let row = |row: &Vec<f32>| match scaling {
        Some(scaling) => {
            let rows = row.chunks_exact(scaling.columns.len());
            rows.flat_map(|row| scaling.invert_row(row)).collect()
        }
        None => row.iter().map(|number| shortest(*number)).collect(),
    };
    decoded.iter().map(row).collect()
}

/// Rows as CSV, with the names of the columns.
pub fn as_csv(trained: &Trained, rows: &[Vec<f64>]) -> String {
    let columns = trained.test().columns().iter();
    let names: Vec<String> = columns.map(|column| csv_field(column)).collect();
    let mut text = names.join(",") + "\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &(cells.join(",") + "\n");
    }
    text
}

/// The number with the fewest digits that rounds to this one.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}
