//! `espejo data show`: a data set in the terminal or as a PNG sheet.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_data::{
    ColumnChoice, ColumnFacts, ColumnRole, FitKind, Loaded, Samples, Selection, Shape, Source,
    TextChoice, TextForm, load,
};
use espejo_pictures::{Sheet, sheet};
use espejo_train::{Part, unit_rows};
use serde_json::json;

use super::terminal_page;
use crate::accepted_words::accepted_words;
use crate::completion;
use crate::figure_file::FigureArgs;
use crate::figures::{captions, sheet_columns, spread, tile};
use crate::output::{self, shown};
use crate::sample_kind::SampleKind;
use crate::table::{Column, table};
use crate::table_flags::TableFlags;
use crate::terminal;
use crate::titles::file_name;

/// The arguments of `espejo data show`.
#[derive(Args)]
pub struct ShowArgs {
    /// A data set, as in `espejo data list`, a folder of images or texts, or a table
    #[arg(add = completion::data())]
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
    /// Show at most N samples, drawn at random with each class in its proportion
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Part of the data: `train`, `test` or `all`
    #[arg(long, default_value = "train")]
    pub part: Part,
    /// Resize images to this height and width, as in `50x37`
    #[arg(long, value_name = "HxW")]
    pub size: Option<String>,
    #[arg(long, value_name = "HOW", requires = "size", default_value = "crop", help = format!("How --size treats images of another form: {} (cut out the middle; add black bars; distort)", accepted_words(|config| config.data.fit)))]
    pub fit: FitKind,
    /// Convert colour images to grey
    #[arg(long)]
    pub grey: bool,
    /// The numbers of image files that become black and white, as in `0,16` [default: as the files say]
    #[arg(
        long,
        value_name = "LOW,HIGH",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub pixel_range: Vec<f64>,
    /// The column of a table that holds texts, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    #[arg(long, value_name = "HOW", value_parser = text_form, help = format!("How texts become numbers: {}", accepted_words(|config| config.data.text_as)))]
    pub text_as: Option<TextForm>,
    /// Take the N most frequent words of texts [default: 10000; of `imdb` without `--text-as` 1000]
    #[arg(long, value_name = "N")]
    pub words: Option<usize>,
    /// The column of a table that holds the class labels, by name or number
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    #[command(flatten)]
    pub table: TableFlags,
    /// Skip samples that cannot be read
    #[arg(long)]
    pub skip_bad: bool,
    /// Write a sheet to this PNG file, as `--to` does
    #[arg(long, value_name = "FILE", conflicts_with = "figure_file")]
    pub png: Option<PathBuf>,
    #[command(flatten)]
    pub figure: FigureArgs,
}

impl ShowArgs {
    /// The file that a sheet is written to.
    fn sheet(&self) -> Option<&Path> {
        self.figure.to.as_deref().or(self.png.as_deref())
    }
}

/// Bytes of images that are kept in memory where both parts are joined.
const MEMORY: usize = 1 << 30;

/// Shows a data set: images as text or as a sheet, a table by its columns.
pub fn show(args: &ShowArgs, json: bool) -> anyhow::Result<()> {
    args.figure.check()?;
    let loaded = loaded(args)?;
    let samples = part_of(args, &loaded)?;
    let Loaded {
        skipped,
        notes,
        columns,
        ..
    } = loaded;
    // A table tells its notes with its columns.
    let told = if samples.is_table() && !json {
        &[][..]
    } else {
        &notes
    };
    output::tell_data(&skipped, told);
    if samples.is_table() && args.sheet().is_some() {
        let flag = if args.png.is_some() { "--png" } else { "--to" };
        return Err(output::usage(
            "a table has no images to draw",
            format!("leave `{flag}` out"),
        ));
    }
    // A large data set is shown by some images, unless the first N were asked for.
    let some = if args.first.is_some() || samples.is_table() {
        samples.clone()
    } else {
        spread(&samples)
    };
    if let Some(path) = args.sheet() {
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
    output::text(&terminal_page::page(
        &some,
        samples.len(),
        args.first.is_some(),
    )?)
}

/// The part that was asked for.
fn part_of(args: &ShowArgs, loaded: &Loaded) -> anyhow::Result<Samples> {
    let Loaded { train, test, .. } = loaded;
    match (args.part, test) {
        (Part::Train, _) | (Part::All, None) => Ok(train.clone()),
        (Part::Test, Some(test)) => Ok(test.clone()),
        (Part::All, Some(test)) => {
            let joined = train.joined(test, MEMORY);
            Ok(joined.map_err(espejo_train::Error::from)?)
        }
        (Part::Test, None) => Err(output::usage(
            format!("`{}` has no test part of its own", args.name),
            "leave `--part` out: a run splits one off with `--test-fraction`",
        )),
    }
}

/// The form of texts with this name.
fn text_form(name: &str) -> Result<TextForm, String> {
    let forms = [TextForm::Binary, TextForm::Counts, TextForm::Sequence];
    let names = forms.map(|form| format!("`{}`", form.name())).join(", ");
    let found = forms.into_iter().find(|form| form.name() == name);
    found.ok_or_else(|| format!("expected one of {names}"))
}

/// The samples of the set.
fn loaded(args: &ShowArgs) -> anyhow::Result<Loaded> {
    let data = espejo_train::config::DataConfig {
        size: args.size.clone(),
        shape: args.table.shape.clone(),
        pixel_range: match args.pixel_range[..] {
            [] => None,
            [low, high] => Some([low, high]),
            _ => {
                return Err(output::usage(
                    "`--pixel-range` needs two numbers",
                    "as in `--pixel-range 0,16`",
                ));
            }
        },
        ..Default::default()
    };
    let source = Source {
        directory: args.data_dir.clone(),
        size: data.size()?,
        grey: args.grey,
        pixel_range: data.pixel_range()?,
        words: args.words,
        texts: TextChoice {
            column: args.text.clone(),
            form: args.text_as,
            ..TextChoice::default()
        },
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
        missing_in: args.table.missing_in.clone(),
        skip_bad: args.skip_bad,
        selection: Selection {
            letters: args.letters.clone(),
            first: args.first,
            fraction: args.fraction,
            classes: args.classes.clone(),
            subject: args.subject.clone(),
            limit: args.limit,
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
        title: title(&args.name, some, samples),
        rows: vec![(String::new(), tiles)],
        captions: captions(some),
        wrap: sheet_columns(some.shape()),
        ..Sheet::default()
    });
    match args.figure.to {
        Some(_) => figure.save_as(path)?,
        // `--png` writes a PNG whatever the file is called.
        None => espejo_train::write_file(path, &figure.png()?)?,
    }
    Ok(())
}

/// What is shown, out of how much: `photos: 32 of 304 images, 3x48x48 each`.
fn title(name: &str, some: &Samples, samples: &Samples) -> String {
    let all = SampleKind::Image.count(samples.len());
    let count = match some.len() < samples.len() {
        true => format!("{} of {all}", some.len()),
        false => all,
    };
    format!("{}: {count}, {} each", file_name(name), samples.shape())
}

/// What each column of the file holds, what is done with it, and the sizes of its numbers.
fn columns_table(samples: &Samples, columns: &[ColumnFacts], notes: &[String]) -> String {
    let mut text = format!("{}\n", SampleKind::of(samples).count(samples.len()));
    if !samples.classes().is_empty() {
        text += &format!("classes: {}\n", samples.classes().join(", "));
    }
    let mut rows = Vec::new();
    let place = |name: &String| samples.columns().iter().position(|column| column == name);
    if samples.is_text() {
        text += &words_page(samples);
    } else if columns.is_empty() {
        for (place, name) in samples.columns().iter().enumerate() {
            rows.push(column_row(
                name,
                Some(numbers(samples, place)),
                0,
                "learned",
            ));
        }
    }
    for column in columns {
        let found = place(&column.name).filter(|_| !samples.is_text());
        let numbers = found.map(|place| numbers(samples, place));
        rows.push(column_row(
            &column.name,
            numbers,
            column.missing,
            &usage_of(column),
        ));
    }
    if !rows.is_empty() {
        text += &table(&COLUMNS, &rows, terminal::width());
    }
    for note in notes {
        text += &format!("note: {note}\n");
    }
    text
}

/// How many words of a vocabulary are shown.
const WORDS: usize = 20;

/// The most frequent words of texts, and how many there are.
fn words_page(samples: &Samples) -> String {
    let words = samples.vocabulary();
    let first = words[..words.len().min(WORDS)].join(" ");
    format!(
        "{}, the most frequent first: {first} ...\n",
        output::counted(words.len(), "word")
    )
}

const COLUMNS: [Column; 6] = [
    Column::words("column").cut_to(12),
    Column::numbers("minimum"),
    Column::numbers("mean"),
    Column::numbers("maximum"),
    Column::numbers("missing"),
    Column::words("use"),
];

fn column_row(name: &str, numbers: Option<[f64; 3]>, missing: usize, role: &str) -> Vec<String> {
    let cell = |place: usize| numbers.map_or("–".to_owned(), |of| short(of[place]));
    vec![
        name.to_owned(),
        cell(0),
        cell(1),
        cell(2),
        missing.to_string(),
        role.to_owned(),
    ]
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
    let words = column.words.map_or(String::new(), |words| {
        format!(", {}", output::counted(words, "word"))
    });
    match column.role {
        ColumnRole::Number => "learned".to_owned(),
        ColumnRole::Flag => "learned, as 0 and 1".to_owned(),
        ColumnRole::Category => format!("learned, a column for each word{words}"),
        ColumnRole::Date => "learned, as days since 1970-01-01".to_owned(),
        ColumnRole::Target => format!("label{words}"),
        ColumnRole::Index => "names the rows".to_owned(),
        ColumnRole::Group => "keeps rows together".to_owned(),
        ColumnRole::Dropped => "left out".to_owned(),
        ColumnRole::Text => format!("texts{}", words.replace(" word", " different text")),
    }
}
