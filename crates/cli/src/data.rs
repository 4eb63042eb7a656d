//! `espejo data`: what there is to learn from.

use espejo_data::{Selection, as_text, load, names};
use espejo_pictures::{Sheet, sheet};
use espejo_train::unit_rows;
use serde_json::json;

use crate::args::DataCommand;
use crate::figures::{captions, tile};
use crate::output::{self, shown};

/// Columns of glyphs in a terminal, and of a sheet.
const COLUMNS: usize = 8;
const SHEET_COLUMNS: usize = 16;

/// Lists the sets or shows one.
pub fn data(command: &DataCommand, json: bool) -> anyhow::Result<()> {
    match command {
        DataCommand::List => list(json),
        DataCommand::Show {
            name,
            letters,
            first,
            fraction,
            png,
        } => {
            let selection = Selection {
                letters: letters.clone(),
                first: *first,
                fraction: *fraction,
            };
            let images = load(name, &selection).map_err(espejo_train::Error::from)?;
            let shape = images.shape();
            if let Some(path) = png {
                let tiles = unit_rows(&images)
                    .iter()
                    .map(|row| Some(tile(row, shape, images.two_valued())))
                    .collect();
                let figure = sheet(&Sheet {
                    title: format!("{name}: {} pictures of {shape}", images.len()),
                    rows: vec![(String::new(), tiles)],
                    captions: captions(&images),
                    marks: Vec::new(),
                    wrap: SHEET_COLUMNS,
                });
                espejo_train::write_file(path, &figure.png()?)?;
                if !json {
                    return output::text(&format!("picture  {}\n", shown(path)));
                }
            }
            if json {
                let shape = [shape.channels, shape.height, shape.width];
                let value = json!({ "name": name, "pictures": images.len(), "shape": shape, "sha256": images.sha256(), "captions": captions(&images) });
                return output::json(&value);
            }
            output::text(&as_text(&images, COLUMNS))
        }
    }
}

fn list(json: bool) -> anyhow::Result<()> {
    if json {
        let sets = names().iter().map(|set| {
            let shape = [set.shape.channels, set.shape.height, set.shape.width];
            json!({ "name": set.name, "title": set.title, "pictures": set.images, "shape": shape, "about": set.about })
        });
        return output::json(&json!({ "sets": sets.collect::<Vec<_>>() }));
    }
    let mut text = format!(
        "{:<12}{:>9}  {:<8}  {}\n",
        "name", "pictures", "shape", "what"
    );
    for set in names() {
        text += &format!(
            "{:<12}{:>9}  {:<8}  {}\n",
            set.name,
            set.images,
            set.shape.to_string(),
            set.about
        );
    }
    output::text(&text)
}
