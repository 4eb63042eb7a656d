//! The report as one page that carries its figures.

use std::fmt::Write as _;

use espejo_pictures::Figure;
use espejo_report::{Cell, Language, Table as PageTable, document, escaped, image};

use crate::report::{Chapter, Place, Verdict, claim_word, numbers_table};
use crate::row::{Scale, Table};

/// The report as HTML; it loads nothing from anywhere. `file` gives the bytes of a figure (`.png`) or an animation (`.gif`) by the name
/// of its file.
///
/// # Errors
///
/// Those of `file`.
pub fn html<E>(
    chapters: &[Chapter],
    scale: Scale,
    place: &Place,
    file: impl Fn(&str) -> Result<Vec<u8>, E>,
) -> Result<String, E> {
    let held = chapters
        .iter()
        .filter(|chapter| chapter.verdict() == Verdict::Reproduced)
        .count();
    let mut body = format!(
        "<header><h1>Reproduction</h1>\n<p><code>{}</code>, {}, {}: {held} of {} rows within their bands; {}. Numbers are the median over {} seeds (least to greatest).</p>\n",
        escaped(&place.command),
        escaped(&place.date),
        escaped(&place.machine),
        chapters.len(),
        place.time(),
        scale.seeds
    );
    body += &contents(chapters).html();
    body += "</header>\n<main>\n";
    for chapter in chapters {
        body += &chapter_html(chapter, &file)?;
    }
    body += "</main>\n";
    Ok(document(
        Language::English,
        "Espejo: reproduction",
        &body,
        None,
    ))
}

/// Every chapter in a line, which leads to it.
fn contents(chapters: &[Chapter]) -> PageTable {
    let mut table = PageTable::new(["row", "document", "what", "verdict"]).of_words();
    for chapter in chapters {
        let row = chapter.row;
        let id = Cell {
            link: Some(row.id.to_owned()),
            ..Cell::from(row.id)
        };
        let cells = [row.document, row.title].map(Cell::from);
        let verdict = verdict_cell(chapter.verdict().name());
        table.row([id].into_iter().chain(cells).chain([verdict]));
    }
    table
}

fn chapter_html<E>(
    chapter: &Chapter,
    file: &impl Fn(&str) -> Result<Vec<u8>, E>,
) -> Result<String, E> {
    let row = chapter.row;
    let mut text = format!(
        "<section class=\"chapter\" id=\"{}\"><h2>{}: {}</h2>\n",
        row.id,
        row.id,
        escaped(row.title)
    );
    let _ = writeln!(
        text,
        "<p><em>{}</em></p><p>{}</p>",
        escaped(row.claim),
        escaped(row.about)
    );
    let tables =
        std::iter::once(numbers_table(chapter)).chain(chapter.section.tables.iter().cloned());
    for one in tables.filter(|table| !table.rows.is_empty()) {
        text += &table(&one).html();
    }
    if !chapter.section.claims.is_empty() {
        text += "<ul>\n";
        for claim in &chapter.section.claims {
            let _ = writeln!(
                text,
                "<li><b>{}</b> {} {}</li>",
                escaped(&claim.text),
                claim_word(claim),
                escaped(&claim.seen)
            );
        }
        text += "</ul>\n";
    }
    for (stem, what, figure) in &chapter.section.figures {
        let png = file(&format!("{stem}.png"))?;
        text += &image("png", &png, size(figure), what);
    }
    for animation in &chapter.section.animations {
        let gif = file(&format!("{}.gif", animation.stem))?;
        if let Some(first) = animation.frames.first() {
            text += &image("gif", &gif, size(first), &animation.about);
        }
    }
    Ok(text + "</section>\n")
}

/// Width and height in whole pixels.
fn size(figure: &Figure) -> (usize, usize) {
    let (width, height) = figure.size();
    (width as usize, height as usize)
}

/// A table of the report as one of a page.
fn table(of: &Table) -> PageTable {
    let mut table = PageTable::new(of.columns.iter().cloned()).of_words();
    table.title = of.title.clone();
    for cells in &of.rows {
        table.row(cells.iter().map(|cell| verdict_cell(cell)));
    }
    table
}

/// A cell that stands out where it says that a number is outside of its band.
fn verdict_cell(cell: &str) -> Cell {
    Cell {
        class: if cell == "OUTSIDE" { "out" } else { "" },
        ..Cell::from(cell)
    }
}
