//! `espejo data list`: the data sets there are.

use espejo_data::{DataSet, Presence, directory, names, presence};
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
            let files = found(set).map(|files| json!({ "there": files.there, "of": files.of }));
            json!({
                "name": set.name, "title": set.title, "pictures": set.train, "test": set.test, "shape": shape, "here": here(set),
                "files": files, "about": set.about,
            })
        });
        return output::json(&json!({ "sets": sets.collect::<Vec<_>>() }));
    }
    let row = |set: &DataSet| {
        vec![
            set.name.to_owned(),
            (set.train + set.test).to_string(),
            set.shape.to_string(),
            here(set),
            set.about.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = names().iter().map(row).collect();
    let mut text = table(&COLUMNS, &rows, terminal::width());
    text += "\nhere: the official files of the set in the data directory; `espejo data fetch NAME` gets what is missing\n";
    text += "a folder of images, or a .csv, .npy or .npz file, can be used as well,\n.parquet and .arrow too (with --features parquet / arrow)\n";
    output::text(&text)
}

/// Whether the files of a set are in the data directory: all, none, or so many of them.
fn here(set: &DataSet) -> String {
    match found(set) {
        _ if set.folder.is_none() => "built in".to_owned(),
        None | Some(Presence { there: 0, .. }) => "no".to_owned(),
        Some(Presence { there, of }) if there == of => "yes".to_owned(),
        Some(Presence { there, of }) => format!("{there} of {of}"),
    }
}

/// The files of a set that are there.
fn found(set: &DataSet) -> Option<Presence> {
    presence(set.name, &directory().ok()?)
}
