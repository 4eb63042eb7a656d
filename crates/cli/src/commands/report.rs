//! `espejo report`: a run as one HTML page that opens by double click.

mod lead;
mod live;
mod precision;
mod predictions;
mod samples;
mod training;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};
use espejo_report::{Language, Page, Part, Precision, Section};
use espejo_train::{Folder, RunReport, Trained, write_file};
use serde_json::json;

use crate::figure_file::has_ending;
use crate::figure_name::figure_name;
use crate::open_run::{RunArgs, open};
use crate::output::{self, message, shown, usage};
use crate::sample_kind::SampleKind;
use crate::titles::{run_name, subject};

use live::Live;
pub use samples::{as_in_set, picture};

/// The arguments of `espejo report`.
#[derive(Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
    /// The language of the page: `en` or `es`
    #[arg(
        long,
        value_name = "LANGUAGE",
        default_value = "en",
        hide_possible_values = true
    )]
    pub lang: PageLanguage,
    /// Write the page to this file [default: `report.html` in the run's folder]
    #[arg(long, value_name = "FILE.html")]
    pub to: Option<PathBuf>,
    /// Test samples on the map of the latent space, at most, evenly spread
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub points: usize,
    /// Weights of the net in the page: `f16`, `f32`, or `auto`, which takes `f16` where that changes its results by less than a thousandth of
    /// their range
    #[arg(
        long,
        value_name = "KIND",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub weights: Weights,
}

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageLanguage {
    /// English.
    En,
    /// Spanish.
    Es,
}

impl PageLanguage {
    /// As the pages know it.
    pub fn language(self) -> Language {
        match self {
            Self::En => Language::English,
            Self::Es => Language::Spanish,
        }
    }
}

/// How weights are kept in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Weights {
    /// By what rounding does to the results.
    Auto,
    /// 16 bits.
    F16,
    /// 32 bits.
    F32,
}

impl Weights {
    fn precision(self) -> Option<Precision> {
        match self {
            Self::Auto => None,
            Self::F16 => Some(Precision::Half),
            Self::F32 => Some(Precision::Single),
        }
    }
}

/// A run with all that its page is made from.
struct Told<'a> {
    trained: &'a Trained,
    folder: &'a Folder,
    report: &'a RunReport,
    language: Language,
    kind: SampleKind,
}

impl Told<'_> {
    fn say(&self, words: &str) -> String {
        self.language.say(words)
    }

    fn fill(&self, words: &str, values: &[&str]) -> String {
        self.language.fill(words, values)
    }
}

/// Writes the page of a run.
pub fn report(args: &ReportArgs, json: bool) -> anyhow::Result<()> {
    if let Some(path) = args.to.as_deref() {
        check_name("--to", path)?;
    }
    if args.points == 0 {
        return Err(usage("`--points` is 0", "give at least 1"));
    }
    let (folder, trained) = open(&args.run)?;
    let told = Told {
        trained: &trained,
        folder: &folder,
        report: &folder.report()?,
        language: args.lang.language(),
        kind: SampleKind::of(trained.test()),
    };
    let live = live::of(&told, args.points, args.weights.precision())?;
    let html = page(&told, &live)?.html();
    let path = match &args.to {
        Some(path) => path.clone(),
        None => folder
            .path()
            .join(format!("{}.html", figure_name("report", &args.run.told()))),
    };
    write_file(&path, html.as_bytes())?;
    tell(&path, html.len(), &live, json)?;
    if args.open {
        open_in_browser(&path);
    }
    Ok(())
}

/// Refuses a file that no browser would take for a page.
pub fn check_name(flag: &str, path: &Path) -> anyhow::Result<()> {
    match has_ending(path, &["html", "htm"]) {
        true => Ok(()),
        false => Err(usage(
            format!("`{flag}` is `{}`", shown(path)),
            "give a file ending in `.html`",
        )),
    }
}

fn page(told: &Told<'_>, live: &Live) -> anyhow::Result<Page> {
    let has_targets = told.trained.prepared().spec.task.has_targets();
    let mut sections = vec![live_section(told, live)];
    sections.push(training::results(told));
    if has_targets {
        sections.extend(predictions::sections(told)?);
    } else {
        sections.extend(samples::sections(told)?);
    }
    sections.push(training::curves(told)?);
    sections.extend(training::folds(told));
    sections.push(training::layers(told));
    sections.push(training::repeat(told));
    Ok(Page {
        title: run_name(told.folder),
        subtitle: subject(told.trained),
        lead: lead::sentences(told),
        verdict: espejo_train::verdict(&told.report.findings),
        facts: lead::facts(told),
        sections,
        space: live.space.clone(),
        footer: told.fill(
            "Written by Espejo {}: one file, which fetches nothing.",
            &[env!("CARGO_PKG_VERSION")],
        ),
        ..Page::new(told.language)
    })
}

fn live_section(told: &Told<'_>, live: &Live) -> Section {
    let notes = live.notes.iter().cloned().map(Part::Note);
    match &live.space {
        None => Section::new(told.say("Alive"), notes.collect()),
        Some(_) => {
            let how = told.say("Drag the ring anywhere, or click a sample: what stands there is computed in this page. The wheel zooms, dragging the map moves it.");
            let start = [Part::Text(how), Part::Space];
            Section::new(live.title.clone(), start.into_iter().chain(notes).collect())
        }
    }
}

fn tell(path: &Path, bytes: usize, live: &Live, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&json!({
            "page": shown(path),
            "bytes": bytes,
            "points": live.points,
            "live": live.space.is_some(),
            "weights": live.precision.map(|(precision, _)| precision.name()),
            "difference": live.precision.map(|(_, difference)| difference),
            "notes": live.notes,
        }));
    }
    live.notes
        .iter()
        .for_each(|note| message(&format!("note: {note}")));
    message(&format!("{:.1} MB", bytes as f64 / 1e6));
    output::text(&format!("page    {}\n", shown(path)))
}

/// Hands the page to what the desktop opens HTML with; where there is no such, the file is there all the same.
fn open_in_browser(path: &Path) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Err(error) = quiet.arg(&path).spawn() {
        message(&format!(
            "note: no program opens the page ({error}); open `{}` in a browser",
            shown(&path)
        ));
    }
}
