//! `espejo data`: what there is to learn from.

use espejo_data::{Loaded, Selection, Source, as_text, load, names};
use espejo_pictures::{Sheet, sheet};
use espejo_train::unit_rows;
use serde_json::json;

use crate::args::DataCommand;
use crate::fetch;
use crate::figures::{captions, tile};
use crate::output::{self, shown};

/// Columns of glyphs in a terminal, and of a sheet.
const COLUMNS: usize = 8;
const SHEET_COLUMNS: usize = 16;

/// Lists the sets or shows one.
pub fn data(command: &DataCommand, json: bool) -> anyhow::Result<()> {
    match command {
        DataCommand::List => list(json),
        DataCommand::Fetch {
            name,
            data_dir,
            mirror,
        } => fetch::get(name, data_dir.as_deref(), mirror, json),
        DataCommand::Verify { names, data_dir } => fetch::check(names, data_dir.as_deref(), json),
        DataCommand::Show {
            name,
            letters,
            first,
            fraction,
            data_dir,
            classes,
            subject,
            size,
            png,
        } => {
            let data = espejo_train::config::DataConfig {
                size: size.clone(),
                ..Default::default()
            };
            let source = Source {
                directory: data_dir.clone(),
                size: data.size()?,
                selection: Selection {
                    letters: letters.clone(),
                    first: *first,
                    fraction: *fraction,
                    classes: classes.clone(),
                    subject: subject.clone(),
                    limit: None,
                },
                ..Source::named(name)
            };
            let Loaded { train: images, .. } = load(&source).map_err(espejo_train::Error::from)?;
            let shape = images.shape();
            if let Some(path) = png {
                let tiles = unit_rows(&images)?
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
                let value = json!({ "name": name, "pictures": images.len(), "shape": shape, "sha256": images.sha256().map_err(espejo_train::Error::from)?, "captions": captions(&images) });
                return output::json(&value);
            }
            output::text(&as_text(&images, COLUMNS).map_err(espejo_train::Error::from)?)
        }
    }
}

fn list(json: bool) -> anyhow::Result<()> {
    if json {
        let sets = names().iter().map(|set| {
            let shape = [set.shape.channels, set.shape.height, set.shape.width];
            json!({ "name": set.name, "title": set.title, "pictures": set.train, "test": set.test, "shape": shape, "about": set.about })
        });
        return output::json(&json!({ "sets": sets.collect::<Vec<_>>() }));
    }
    let mut text = format!(
        "{:<16}{:>9}  {:<9}  {}\n",
        "name", "pictures", "shape", "what"
    );
    for set in names() {
        text += &format!(
            "{:<16}{:>9}  {:<9}  {}\n",
            set.name,
            set.train + set.test,
            set.shape.to_string(),
            set.about
        );
    }
    output::text(&text)
}
