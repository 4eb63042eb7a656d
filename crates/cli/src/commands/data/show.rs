//! `espejo data show`: a data set in the terminal or as a PNG sheet.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_data::{
    ColumnChoice, ColumnFacts, ColumnRole, FitKind, Loaded, Samples, Selection, Shape, Source,
    as_text, load,
};
use espejo_pictures::{Sheet, sheet};
use espejo_train::unit_rows;
use serde_json::json;

use crate::accepted_words::accepted_words;
use crate::figures::{captions, spread, tile};
use crate::output::{self, shown};
use crate::sample_kind::SampleKind;
use crate::table_flags::TableFlags;

/// The arguments of `espejo data show`.
#[derive(Args)]
pub struct ShowArgs {
    /// A data set, as in `espejo data list`, a folder of images, or a table
    pub name: String,
    /// Directory of the data sets [default: $ESPEJO_DATA, else the platform's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Show only these glyphs, in this order
    #[arg(long, allow_hyphen_values = true)]
    pub letters: Option<String>,
    /// Show only these classes, as in `Sneaker,Bag`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// Show only this subject of the data set `yale`
    #[arg(long, value_name = "N")]
    pub subject: Option<String>,
    /// Show only the first N samples
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Show only this fraction of the samples, above 0 and up to 1
    #[arg(long, value_name = "FRACTION")]
    pub fraction: Option<f64>,
    /// Resize images to this height and width, as in `50x37`
    #[arg(long, value_name = "HxW")]
    pub size: Option<String>,
    #[arg(long, value_name = "HOW", requires = "size", default_value = "crop", help = format!("How --size treats images of another form: {} (cut out the middle; add black bars; distort)", accepted_words(|config| config.data.fit)))]
    pub fit: FitKind,
    /// The column of a table that holds the class labels, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    #[command(flatten)]
    pub table: TableFlags,
    /// Skip samples that cannot be read
    #[arg(long)]
    pub skip_bad: bool,
    /// Write a PNG sheet to this file in place of showing text
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
}

/// Characters that images may take side by side in a terminal, and columns of a sheet.
const TEXT_WIDTH: usize = 96;
const SHEET_COLUMNS: usize = 16;

/// Shows a data set: images as text or as a sheet, a table by its columns.
pub fn show(args: &ShowArgs, json: bool) -> anyhow::Result<()> {
    let Loaded {
        train: samples,
        notes,
        columns,
        ..
    } = loaded(args)?;
    if samples.is_table() && args.png.is_some() {
        return Err(output::usage(
            "a table has no images to draw",
            "leave `--png` out",
        ));
    }
    // A large data set is shown by some images, unless the first N were asked for.
    let some = if args.first.is_some() || samples.is_table() {
        samples.clone()
    } else {
        spread(&samples)
    };
    if let Some(path) = &args.png {
        draw(args, &samples, &some, path)?;
        if !json {
            return output::text(&output::figure_lines(&[shown(path)]));
        }
    }
    if json {
        let Shape {
            channels,
            height,
            width,
        } = samples.shape();
        let sha256 = samples.sha256().map_err(espejo_train::Error::from)?;
        let value = json!({ "name": args.name, "pictures": samples.len(), "shape": [channels, height, width], "sha256": sha256, "captions": captions(&samples), "classes": samples.classes() });
        return output::json(&value);
    }
    if samples.is_table() {
        return output::text(&columns_table(&samples, &columns, &notes));
    }
    if samples.shape().width > TEXT_WIDTH {
        return Err(output::usage(
            format!("images of {} are too large for a terminal", samples.shape()),
            "draw them with `--png FILE`, or resize them with `--size`",
        ));
    }
    let columns = (TEXT_WIDTH / (2 * samples.shape().width + 2)).max(1);
    let mut text = as_text(&some, columns).map_err(espejo_train::Error::from)?;
    if some.len() < samples.len() {
        text += &format!(
            "\n{} of {} images; `--first N` shows the first N, `--png FILE` draws them\n",
            some.len(),
            samples.len()
        );
    }
    output::text(&text)
}

/// The training samples of the set.
fn loaded(args: &ShowArgs) -> anyhow::Result<Loaded> {
    let data = espejo_train::config::DataConfig {
        size: args.size.clone(),
        shape: args.table.shape.clone(),
        ..Default::default()
    };
    let source = Source {
        directory: args.data_dir.clone(),
        size: data.size()?,
        fit: args.fit,
        shape: data.shape()?,
        label: args.label.clone(),
        columns: ColumnChoice {
            only: args.table.columns.clone(),
            drop: args.table.drop.clone(),
            index: args.table.index.clone(),
            group: None,
            dates: args.table.dates.clone(),
        },
        header: args.table.header,
        missing: args.table.missing.clone(),
        skip_bad: args.skip_bad,
        selection: Selection {
            letters: args.letters.clone(),
            first: args.first,
            fraction: args.fraction,
            classes: args.classes.clone(),
            subject: args.subject.clone(),
            limit: None,
        },
        ..Source::named(&args.name)
    };
    Ok(load(&source).map_err(espejo_train::Error::from)?)
}

fn draw(args: &ShowArgs, samples: &Samples, some: &Samples, path: &Path) -> anyhow::Result<()> {
    let tiles = unit_rows(some)?
        .iter()
        .map(|row| Some(tile(row, some.shape(), some.two_valued())))
        .collect();
    let figure = sheet(&Sheet {
        title: format!(
            "{}: {} of {}",
            args.name,
            SampleKind::Image.count(samples.len()),
            samples.shape()
        ),
        rows: vec![(String::new(), tiles)],
        captions: captions(some),
        marks: Vec::new(),
        wrap: SHEET_COLUMNS,
    });
    Ok(espejo_train::write_file(path, &figure.png()?)?)
}

/// What each column of the file holds, what is done with it, and the sizes of its numbers.
fn columns_table(samples: &Samples, columns: &[ColumnFacts], notes: &[String]) -> String {
    let mut text = format!("{}\n", SampleKind::Row.count(samples.len()));
    if !samples.classes().is_empty() {
        text += &format!("classes: {}\n", samples.classes().join(", "));
    }
    text += &format!(
        "{:<32}{:>12}  {:>12}  {:>12}  {:>8}  {}\n",
        "column", "minimum", "mean", "maximum", "missing", "use"
    );
    let place = |name: &String| samples.columns().iter().position(|column| column == name);
    if columns.is_empty() {
        for (place, name) in samples.columns().iter().enumerate() {
            text += &column_line(name, Some(numbers(samples, place)), 0, "learned");
        }
    }
    for column in columns {
        let numbers = place(&column.name).map(|place| numbers(samples, place));
        text += &column_line(&column.name, numbers, column.missing, &usage_of(column));
    }
    for note in notes {
        text += &format!("note: {note}\n");
    }
    text
}

fn column_line(name: &str, numbers: Option<[f64; 3]>, missing: usize, role: &str) -> String {
    let cell = |place: usize| numbers.map_or("–".to_owned(), |of| short(of[place]));
    let (low, mean, high) = (cell(0), cell(1), cell(2));
    format!("{name:<32}{low:>12}  {mean:>12}  {high:>12}  {missing:>8}  {role}\n")
}

/// Least number, mean and greatest number of a column.
fn numbers(samples: &Samples, place: usize) -> [f64; 3] {
    let known = || samples.column(place).filter(|number| !number.is_nan());
    let low = known().fold(f64::INFINITY, f64::min);
    let high = known().fold(f64::NEG_INFINITY, f64::max);
    // From the least number on, so that the mean of large numbers keeps its digits.
    let mean = low + known().map(|number| number - low).sum::<f64>() / known().count() as f64;
    [low, mean, high]
}

/// A number with four digits behind the point, or as it is where it is very small or very large.
fn short(number: f64) -> String {
    match number.abs() {
        0.0 => "0.0000".to_owned(),
        size if (1e-3..1e12).contains(&size) => format!("{number:.4}"),
        _ => format!("{number:e}"),
    }
}

/// What is done with a column.
fn usage_of(column: &ColumnFacts) -> String {
    let words = column
        .words
        .map_or(String::new(), |words| format!(", {words} words"));
    match column.role {
        ColumnRole::Number => "learned".to_owned(),
        ColumnRole::Flag => "learned, as 0 and 1".to_owned(),
        ColumnRole::Category => format!("learned, a column for each word{words}"),
        ColumnRole::Date => "learned, as days since 1970-01-01".to_owned(),
        ColumnRole::Target => format!("label{words}"),
        ColumnRole::Index => "names the rows".to_owned(),
        ColumnRole::Group => "keeps rows together".to_owned(),
        ColumnRole::Dropped => "left out".to_owned(),
    }
}
