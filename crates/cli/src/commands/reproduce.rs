//! `espejo reproduce`: the documents' experiments over many seeds, beside their published numbers.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use espejo_pictures::gif;
use espejo_reproduce::{
    Chapter, Ended, Event, Line, Place, ROWS, Results, Row, Scale, Verdict, animations, claim_word,
    figures, html, markdown, number, rows_named, run, threads,
};
use espejo_train::{check_folder, check_name, write_file};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::interrupt::{Twice, stop_on_interrupt};
use crate::output::{self, message, shown, usage};
use crate::progress;

/// The arguments of `espejo reproduce`.
#[derive(Args)]
pub struct ReproduceArgs {
    /// Experiments to repeat, as in `S10 S12`, or `all` [default: all]
    #[arg(value_name = "ID")]
    pub rows: Vec<String>,
    /// Use fewer seeds and values: a minute, to see that it runs
    #[arg(long)]
    pub quick: bool,
    /// Repeat the trainings that were done before
    #[arg(long)]
    pub fresh: bool,
    /// List the experiments and exit
    #[arg(long)]
    pub list: bool,
    /// Parent directory of the reproduction's folder
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Name of the reproduction's folder [default: `reproduction`, with --quick `reproduction-quick`]
    #[arg(long)]
    pub name: Option<String>,
    /// Write the report to this file as well, its figures into a folder of the same name beside it
    #[arg(long, value_name = "FILE")]
    pub page: Option<PathBuf>,
}

/// The exit code of a reproduction that fell outside its band.
const OUTSIDE: u8 = 6;
/// The exit code of a reproduction that was interrupted; its finished trainings are kept.
const INTERRUPTED: u8 = 130;

/// Reproduces; the exit code is 0, 6 where a row fell outside its band, or 130 when interrupted.
pub fn reproduce(args: &ReproduceArgs, json: bool) -> anyhow::Result<u8> {
    if args.list {
        return list(json).map(|()| 0);
    }
    args.page.as_deref().map(stem_of).transpose()?;
    let scale = if args.quick {
        Scale::QUICK
    } else {
        Scale::FULL
    };
    let rows = rows_named(&args.rows, scale)?;
    let name = if args.quick {
        "reproduction-quick"
    } else {
        "reproduction"
    };
    if let Some(name) = &args.name {
        check_name(name)?;
    }
    let folder = args.out.join(args.name.as_deref().unwrap_or(name));
    check_place(&folder)?;
    if args.fresh {
        forget(&folder)?;
    }
    let begun = Instant::now();
    let stop = stop_on_interrupt(Some(Twice {
        code: INTERRUPTED,
        lost: "the trainings that were not finished begin again; the same command continues",
    }))?;
    let progress = Progress::default();
    let kept = Mutex::new((0, 0));
    let ended = run(&rows, scale, &folder, &stop, &|event| {
        if let Event::Begun { open, all } = event {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = (all - open, all);
        }
        progress.show(event);
    });
    progress.finish();
    let found = match ended? {
        Ended::Finished(found) => found,
        Ended::Interrupted => {
            message("stopped; finished trainings are kept, and the same command continues");
            return Ok(INTERRUPTED);
        }
    };
    let chapters = chapters(&found)?;
    let place = Place {
        date: jiff::Zoned::now().strftime("%Y-%m-%d").to_string(),
        machine: machine(),
        command: command(args),
        seconds: begun.elapsed().as_secs_f64(),
        kept: kept.into_inner().unwrap_or_else(PoisonError::into_inner),
    };
    let report = Written::below(&folder);
    match json {
        true => output::json(&to_json(&chapters, &report))?,
        false => output::text(&summary(&chapters))?,
    }
    write(&chapters, scale, &place, &report, args.page.as_deref())?;
    if !json {
        output::text(&report.lines())?;
    }
    let outside = chapters
        .iter()
        .any(|chapter| chapter.verdict() == Verdict::Outside);
    Ok(if outside { OUTSIDE } else { 0 })
}

/// The results of each row, drawn and measured on all cores.
fn chapters(found: &[(&'static Row, Results)]) -> anyhow::Result<Vec<Chapter>> {
    let chapters = found.iter().map(|(row, results)| Chapter::of(row, results));
    Ok(chapters.collect::<Result<_, _>>()?)
}

fn list(json: bool) -> anyhow::Result<()> {
    if json {
        let rows = ROWS.iter().map(|row| {
            json!({ "id": row.id, "document": row.document, "title": row.title, "claim": row.claim, "preset": row.preset })
        });
        return output::json(&json!({ "rows": rows.collect::<Vec<_>>() }));
    }
    let lines = ROWS
        .iter()
        .map(|row| format!("{:<10} {:<9} {}\n", row.id, row.document, row.title));
    output::text(&lines.collect::<String>())
}

/// Refuses a folder that holds something else than a reproduction, or leads elsewhere: files are written into it, and `--fresh`
/// removes some.
fn check_place(folder: &Path) -> anyhow::Result<()> {
    let others = [("config.toml", "a run"), ("sweep.toml", "a sweep")];
    let is_there = |(file, _): &(&str, &str)| folder.join(file).exists();
    if let Some((_, what)) = others.into_iter().find(is_there) {
        return Err(usage(
            format!("`{}` is the folder of {what}", shown(folder)),
            "choose another `--name`",
        ));
    }
    for own in ["jobs", "figures"] {
        check_folder(&folder.join(own))?;
    }
    let jobs = folder.join("jobs");
    let rows = std::fs::read_dir(&jobs).into_iter().flatten().flatten();
    let is_row = |name: &str| ROWS.iter().any(|row| row.id == name);
    let mut foreign = rows.filter(|entry| !entry.file_name().to_str().is_some_and(is_row));
    match foreign.next() {
        None => Ok(()),
        Some(entry) => Err(usage(
            format!(
                "`{}` is nothing that a reproduction keeps",
                shown(&entry.path())
            ),
            "choose another `--name`, or take it away",
        )),
    }
}

/// Removes the kept outcomes of earlier trainings, and nothing else.
fn forget(folder: &Path) -> anyhow::Result<()> {
    let jobs = folder.join("jobs");
    match std::fs::remove_dir_all(&jobs) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", shown(&jobs)))
        }
        _ => Ok(()),
    }
}

/// Cores and instructions, as far as they decide the speed.
fn machine() -> String {
    let wide = if cfg!(target_arch = "x86_64") && avx512() {
        ", AVX-512"
    } else {
        ""
    };
    let cores = match threads() {
        1 => "1 thread".to_owned(),
        count => format!("{count} threads"),
    };
    format!(
        "{cores}, {} {}{wide}",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

#[cfg(target_arch = "x86_64")]
fn avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
}
#[cfg(not(target_arch = "x86_64"))]
fn avx512() -> bool {
    false
}

/// The command that repeats this reproduction.
fn command(args: &ReproduceArgs) -> String {
    let rows = if args.rows.is_empty() {
        "all".to_owned()
    } else {
        args.rows.join(" ")
    };
    let quick = if args.quick { " --quick" } else { "" };
    format!("espejo reproduce {rows}{quick}")
}

/// Files of a report.
struct Written {
    markdown: PathBuf,
    html: PathBuf,
    figures: PathBuf,
}

impl Written {
    /// The files of the report in a folder.
    fn below(folder: &Path) -> Self {
        Self {
            markdown: folder.join("report.md"),
            html: folder.join("report.html"),
            figures: folder.join("figures"),
        }
    }

    /// A line for each.
    fn lines(&self) -> String {
        format!(
            "report   {}\npage     {}\nfigures  {}\n",
            shown(&self.markdown),
            shown(&self.html),
            shown(&self.figures)
        )
    }
}

/// Writes figures and reports into the folder, and the page where it is asked for.
fn write(
    chapters: &[Chapter],
    scale: Scale,
    place: &Place,
    written: &Written,
    page: Option<&Path>,
) -> anyhow::Result<()> {
    save_figures(chapters, &written.figures)?;
    let file = |name: &str| read_figure(&written.figures, name);
    write_file(
        &written.markdown,
        markdown(chapters, scale, place, "figures").as_bytes(),
    )?;
    write_file(
        &written.html,
        html(chapters, scale, place, file)?.as_bytes(),
    )?;
    if let Some(page) = page {
        write_page(chapters, scale, place, (page, &written.figures))?;
    }
    Ok(())
}

/// Draws and writes every figure, on all cores, and every animation.
fn save_figures(chapters: &[Chapter], into: &Path) -> anyhow::Result<()> {
    for animation in animations(chapters) {
        let path = into.join(format!("{}.gif", animation.stem));
        gif(&animation.frames, animation.pace, &path)?;
    }
    let all: Vec<_> = figures(chapters).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || -> Result<(), espejo_pictures::Error> {
            while let Some((stem, figure)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                figure.save(into, stem)?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads()).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().expect("drawing does not panic")?;
        }
        Ok(())
    })
}

/// The bytes of a figure's file.
fn read_figure(folder: &Path, name: &str) -> anyhow::Result<Vec<u8>> {
    let path = folder.join(name);
    std::fs::read(&path).with_context(|| format!("cannot read `{}`", shown(&path)))
}

/// Writes the report as a page of documentation, with its figures in a folder of the same name beside it.
fn write_page(
    chapters: &[Chapter],
    scale: Scale,
    place: &Place,
    (page, drawn): (&Path, &Path),
) -> anyhow::Result<()> {
    let stem = stem_of(page)?;
    let figures_folder = page.with_file_name(&stem);
    std::fs::create_dir_all(&figures_folder)
        .with_context(|| format!("cannot create `{}`", shown(&figures_folder)))?;
    let pngs = figures(chapters).map(|(stem, _)| format!("{stem}.png"));
    let gifs = animations(chapters).map(|animation| format!("{}.gif", animation.stem));
    for name in pngs.chain(gifs) {
        write_file(&figures_folder.join(&name), &read_figure(drawn, &name)?)?;
    }
    let written_by =
        "<!-- Written by `espejo reproduce all --page`; changes here are lost. -->\n\n";
    let text = written_by.to_owned() + &markdown(chapters, scale, place, &in_link(&stem));
    Ok(write_file(page, text.as_bytes())?)
}

/// A name as it stands in a link: whatever could end the link, or be taken for HTML, by its bytes.
fn in_link(name: &str) -> String {
    let shown = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    name.bytes().map(shown).collect()
}

/// The name of a page without its extension, which is the name of the folder of its figures.
fn stem_of(page: &Path) -> anyhow::Result<String> {
    let stem = page
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.ok_or_else(|| {
        output::usage(
            format!("`--page {}` names no file", shown(page)),
            "give a file, as `--page docs/reproduction.md`",
        )
    })
}

/// The published value, our value and the verdict, row by row.
fn summary(chapters: &[Chapter]) -> String {
    let lines = || chapters.iter().flat_map(|chapter| &chapter.lines);
    let width = lines()
        .map(|line| line.what.chars().count())
        .max()
        .unwrap_or(0);
    let ours = lines()
        .map(|line| line.ours.text(line.digits).chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for chapter in chapters {
        let row = chapter.row;
        text += &format!("{} {}: {}\n", row.id, row.title, chapter.verdict().name());
        if !chapter.lines.is_empty() {
            text += &format!(
                "  {:<width$}  {:>9}  {:<ours$}  verdict\n",
                "", "published", "ours"
            );
        }
        for line in &chapter.lines {
            text += &line_text(line, width, ours);
        }
        for claim in &chapter.section.claims {
            text += &format!("  {} {} {}\n", claim.text, claim_word(claim), claim.seen);
        }
        text.push('\n');
    }
    let held = chapters
        .iter()
        .filter(|chapter| chapter.verdict() == Verdict::Reproduced)
        .count();
    text + &format!("{held} of {} rows within their bands\n\n", chapters.len())
}

fn line_text(line: &Line, width: usize, ours: usize) -> String {
    let published = line
        .published
        .map_or("–".to_owned(), |published| number(published, line.digits));
    let verdict = match line.holds {
        Some(true) => format!("within {}", line.band.text(line.digits)),
        Some(false) => format!("OUTSIDE {}", line.band.text(line.digits)),
        None => String::new(),
    };
    let found = line.ours.text(line.digits);
    let text = format!(
        "  {:<width$}  {published:>9}  {found:<ours$}  {verdict}",
        line.what
    );
    format!("{}\n", text.trim_end())
}

fn to_json(chapters: &[Chapter], written: &Written) -> Value {
    let finite = |value: f64| {
        if value.is_finite() {
            json!(value)
        } else {
            Value::Null
        }
    };
    let line = |line: &Line| {
        json!({
            "what": line.what,
            "published": line.published,
            "median": finite(line.ours.median()),
            "low": finite(line.ours.low()),
            "high": finite(line.ours.high()),
            "seeds": line.ours.values.len(),
            "band": line.band.text(line.digits),
            "holds": line.holds,
        })
    };
    let rows = chapters.iter().map(|chapter| {
        let claims = chapter.section.claims.iter();
        let claims = claims
            .map(|claim| json!({ "claim": claim.text, "seen": claim.seen, "holds": claim.holds }));
        json!({
            "id": chapter.row.id,
            "document": chapter.row.document,
            "title": chapter.row.title,
            "verdict": chapter.verdict().name(),
            "numbers": chapter.lines.iter().map(line).collect::<Vec<_>>(),
            "claims": claims.collect::<Vec<_>>(),
        })
    });
    json!({
        "rows": rows.collect::<Vec<_>>(),
        "report": shown(&written.markdown),
        "page": shown(&written.html),
        "figures": shown(&written.figures),
    })
}

/// A bar over the trainings on a terminal, a line per row elsewhere.
#[derive(Default)]
struct Progress {
    bar: std::sync::OnceLock<ProgressBar>,
}

impl Progress {
    fn show(&self, event: Event<'_>) {
        match event {
            Event::Begun { open, all } => {
                if open < all {
                    message(&format!(
                        "{} of {all} trainings were done before; `--fresh` does them again",
                        all - open
                    ));
                }
                let template = "{wide_bar:.cyan} {pos}/{len} {msg} {eta}";
                match progress::bar(template, open as u64) {
                    Some(bar) => drop(self.bar.set(bar)),
                    None => message(&format!("{open} trainings on {}", machine())),
                }
            }
            Event::Done { row, case, seed } => {
                if let Some(bar) = self.bar.get() {
                    bar.inc(1);
                    bar.set_message(format!("{row} {case} s{seed}"));
                }
            }
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_page_leaves_its_link() {
        assert_eq!(in_link("reproduction-2.1_a~"), "reproduction-2.1_a~");
        assert_eq!(in_link("pa<script>x"), "pa%3Cscript%3Ex");
        assert_eq!(in_link("a) [b](c\n\"é"), "a%29%20%5Bb%5D%28c%0A%22%C3%A9");
    }
}
