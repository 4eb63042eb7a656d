//! `espejo data list`: the data sets there are.

use espejo_data::{DataSet, directory, names};
use serde_json::json;

use crate::output;
use crate::table::{Column, table};
use crate::terminal;

const COLUMNS: [Column; 5] = [
    Column::words("name"),
    Column::numbers("samples"),
    Column::words("shape"),
    Column::words("here"),
    Column::words("contents").cut_to(20),
];

/// Prints the data sets.
pub fn list(json: bool) -> anyhow::Result<()> {
    if json {
        let sets = names().iter().map(|set| {
            let shape = [set.shape.channels, set.shape.height, set.shape.width];
            json!({ "name": set.name, "title": set.title, "pictures": set.train, "test": set.test, "shape": shape, "here": here(set), "about": set.about })
        });
        return output::json(&json!({ "sets": sets.collect::<Vec<_>>() }));
    }
    let row = |set: &DataSet| {
        vec![
            set.name.to_owned(),
            (set.train + set.test).to_string(),
            set.shape.to_string(),
            here(set).to_owned(),
            set.about.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = names().iter().map(row).collect();
    let mut text = table(&COLUMNS, &rows, terminal::width());
    text += "\na folder of images, or a .csv, .npy or .npz file, can be used as well,\n.parquet and .arrow too (with --features parquet / arrow)\n";
    output::text(&text)
}

/// Whether the files of a set are in the data directory.
fn here(set: &DataSet) -> &'static str {
    match (set.folder, directory()) {
        (None, _) => "built in",
        // A fetch that failed leaves an empty folder.
        (Some(folder), Ok(directory))
            if std::fs::read_dir(directory.join(folder))
                .is_ok_and(|mut files| files.next().is_some()) =>
        {
            "yes"
        }
        _ => "no",
    }
}
