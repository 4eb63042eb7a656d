//! What was found: verdicts, and the report as Markdown.

use std::fmt::Write as _;

use espejo_pictures::Figure;
use espejo_train::Error;

use crate::row::{Animation, Band, Claim, Results, Row, Scale, Section, Table};
use crate::statistics::{Spread, number};

/// Whether a row came out as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every number lies in its band.
    Reproduced,
    /// A number lies outside.
    Outside,
}

impl Verdict {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Outside => "OUTSIDE",
        }
    }
}

/// A number of a row, published and ours.
#[derive(Clone, Debug)]
pub struct Line {
    /// What is measured.
    pub what: &'static str,
    /// What the document says.
    pub published: Option<f64>,
    /// Ours, over the seeds.
    pub ours: Spread,
    /// Where the median must lie.
    pub band: Band,
    /// Whether it does; none where it is only shown.
    pub holds: Option<bool>,
    /// Digits after the point.
    pub digits: usize,
}

/// A row with everything that came of it.
#[derive(Debug)]
pub struct Chapter {
    /// The row.
    pub row: &'static Row,
    /// Numbers of the row.
    pub lines: Vec<Line>,
    /// Claims, tables and figures.
    pub section: Section,
}

impl Chapter {
    /// The chapter that the outcomes of a row make.
    pub fn of(row: &'static Row, results: &Results) -> Result<Self, Error> {
        let lines = row.numbers.iter().map(|number| {
            let ours = results.spread(number.from.0, number.from.1);
            Line {
                what: number.what,
                published: number.published,
                band: number.band,
                // A case that a quick run leaves out is neither in its band nor outside.
                holds: if ours.values.is_empty() {
                    None
                } else {
                    number.band.holds(ours.median())
                },
                digits: number.digits,
                ours,
            }
        });
        Ok(Self {
            row,
            lines: lines.collect(),
            section: (row.section)(results)?,
        })
    }

    /// Whether every number lies in its band.
    pub fn verdict(&self) -> Verdict {
        match self.lines.iter().any(|line| line.holds == Some(false)) {
            true => Verdict::Outside,
            false => Verdict::Reproduced,
        }
    }
}

/// Where and when it was run.
#[derive(Clone, Debug)]
pub struct Place {
    /// The day, e.g. `2026-11-21`.
    pub date: String,
    /// The machine, in a few words.
    pub machine: String,
    /// The command that repeats it.
    pub command: String,
    /// Seconds that it took.
    pub seconds: f64,
    /// The trainings that earlier calls had done, of how many.
    pub kept: (usize, usize),
}

impl Place {
    /// How long it took, and what was not done in that time.
    pub(crate) fn time(&self) -> String {
        match self.kept {
            (0, _) => format!("{:.0} s", self.seconds),
            (kept, all) if kept == all => format!("all {all} trainings done by earlier calls"),
            (kept, all) => format!(
                "{:.0} s, {kept} of {all} trainings done by earlier calls",
                self.seconds
            ),
        }
    }
}

/// The report, with the figures' PNG files in `figures` beside it.
pub fn markdown(chapters: &[Chapter], scale: Scale, place: &Place, figures: &str) -> String {
    let mut text = String::from("# Reproduction\n\n");
    text += &introduction(chapters, scale, place);
    for chapter in chapters {
        text += &chapter_text(chapter, figures);
    }
    text
}

/// What stands above the chapters.
fn introduction(chapters: &[Chapter], scale: Scale, place: &Place) -> String {
    let held = chapters
        .iter()
        .filter(|chapter| chapter.verdict() == Verdict::Reproduced)
        .count();
    let mut text = format!(
        "`{}`, {}, {}: {held} of {} rows within their bands; {}. Numbers are the median over {} seeds (least to greatest).\n\n",
        place.command,
        place.date,
        place.machine,
        chapters.len(),
        place.time(),
        scale.seeds
    );
    text += "S1 to S40 are systems of five course documents: 000 is ITBA's TP5 of group 1, 001 that of group 3, 002 a talk by David Charte, \
             003 lecture slides by Juan Bekios Calfa, 004 exercises by T. Hüttebräucker. A row is reproduced where the median is as good as the published number or better within the published budget; where a published number comes \
             from a mistake, the text says so. A band is the range that this median must lie in. Rows without a document go beyond them.\n\n";
    text += "| row | document | what | verdict |\n| --- | --- | --- | --- |\n";
    for Chapter { row, .. } in chapters {
        let verdict = chapters
            .iter()
            .find(|chapter| chapter.row.id == row.id)
            .map_or_else(String::new, verdict_words);
        let _ = writeln!(
            text,
            "| [{}](#{}) | {} | {} | {verdict} |",
            row.id,
            anchor(row),
            row.document,
            row.title
        );
    }
    text.push('\n');
    text
}

/// The address of a chapter within the page, as Markdown hosts make it of the heading.
fn anchor(row: &Row) -> String {
    let heading = format!("{} {}", row.id, row.title).to_lowercase();
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn chapter_text(chapter: &Chapter, figures: &str) -> String {
    let Chapter { row, section, .. } = chapter;
    let mut text = format!("## {}: {}\n\n", row.id, row.title);
    let _ = writeln!(text, "*{}*\n\n{}\n", row.claim, row.about);
    if let Some(preset) = row.preset {
        let _ = writeln!(text, "One of its trainings: `espejo train {preset}`.\n");
    }
    for table in std::iter::once(numbers_table(chapter)).chain(section.tables.iter().cloned()) {
        text += &markdown_table(&table);
    }
    for claim in &section.claims {
        let _ = writeln!(
            text,
            "- **{}** {} {}",
            claim.text,
            claim_word(claim),
            sentence(&claim.seen)
        );
    }
    if !section.claims.is_empty() {
        text.push('\n');
    }
    for (stem, what, _) in &section.figures {
        let _ = writeln!(text, "![{}: {what}]({figures}/{stem}.png)\n", row.id);
    }
    for Animation { stem, about, .. } in &section.animations {
        let _ = writeln!(text, "![{}: {about}]({figures}/{stem}.gif)\n", row.id);
    }
    text
}

/// Whether the numbers of a row are as they should be, and how many sentences of its document are confirmed.
fn verdict_words(chapter: &Chapter) -> String {
    let claims = &chapter.section.claims;
    let confirmed = claims.iter().filter(|claim| claim.holds).count();
    let verdict = chapter.verdict().name();
    match claims.len() {
        0 => verdict.to_owned(),
        count => format!("{verdict}; claims confirmed: {confirmed} of {count}"),
    }
}

/// What a claim came to.
pub fn claim_word(claim: &Claim) -> &'static str {
    if claim.holds {
        "Confirmed:"
    } else {
        "Not confirmed:"
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// The numbers of a chapter.
pub fn numbers_table(chapter: &Chapter) -> Table {
    let columns = ["what", "published", "ours", "band", "verdict"];
    let row = |line: &Line| {
        let verdict = match line.holds {
            Some(true) => "within",
            Some(false) => "OUTSIDE",
            None => "shown",
        };
        vec![
            line.what.to_owned(),
            line.published
                .map_or("–".to_owned(), |published| number(published, line.digits)),
            line.ours.text(line.digits),
            line.band.text(line.digits),
            verdict.to_owned(),
        ]
    };
    Table {
        title: String::new(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: chapter.lines.iter().map(row).collect(),
    }
}

fn markdown_table(table: &Table) -> String {
    if table.rows.is_empty() {
        return String::new();
    }
    let line = |cells: &[String]| {
        let cells = cells.iter().map(|cell| cell.replace('|', "\\|"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let mut text = if table.title.is_empty() {
        String::new()
    } else {
        format!("{}:\n\n", table.title)
    };
    text += &line(&table.columns);
    text += &format!("|{}\n", " --- |".repeat(table.columns.len()));
    for row in &table.rows {
        text += &line(row);
    }
    text.push('\n');
    text
}

/// Every figure of some chapters with its file name.
pub fn figures(chapters: &[Chapter]) -> impl Iterator<Item = (&str, &Figure)> {
    let all = chapters.iter().flat_map(|chapter| &chapter.section.figures);
    all.map(|(stem, _, figure)| (stem.as_str(), figure))
}

/// Every animation of some chapters.
pub fn animations(chapters: &[Chapter]) -> impl Iterator<Item = &Animation> {
    let sections = chapters.iter().map(|chapter| &chapter.section);
    sections.flat_map(|section| &section.animations)
}
