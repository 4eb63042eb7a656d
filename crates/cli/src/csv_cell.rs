//! Cells of the CSV that commands write.

use std::sync::atomic::{AtomicBool, Ordering};

use espejo_data::{csv_field as quoted, guarded};

/// Whether `--raw-csv` was given, which holds for what commands print and write where they are told to; CSV beside figures is always
/// guarded.
static RAW: AtomicBool = AtomicBool::new(false);

/// Leaves cells as they are from now on, also those that a spreadsheet would compute.
pub fn leave_as_they_are() {
    RAW.store(true, Ordering::Relaxed);
}

/// A text as a cell of CSV: quoted where it has to be, and with an apostrophe where a spreadsheet would compute it.
pub fn csv_field(text: &str) -> String {
    quoted(&csv_word(text.to_owned()))
}

/// A line of such cells.
pub fn csv_line(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells: Vec<String> = cells
        .into_iter()
        .map(|cell| csv_field(cell.as_ref()))
        .collect();
    cells.join(",") + "\n"
}

/// A word for a table whose own way of quoting it is written in, with an apostrophe where a spreadsheet would compute it.
pub fn csv_word(word: String) -> String {
    match RAW.load(Ordering::Relaxed) {
        true => word,
        false => guarded(&word).into_owned(),
    }
}
