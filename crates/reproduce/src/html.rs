//! The report as one page that carries its figures.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use espejo_pictures::Figure;

use crate::report::{Chapter, Place, Verdict, claim_word, numbers_table};
use crate::row::{Scale, Table};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
    table{border-collapse:collapse;font-size:.9rem;margin:1rem 0;display:block;overflow-x:auto}\
    td,th{border-bottom:1px solid #ddd;padding:.25rem .6rem;text-align:left}\
    img{max-width:100%;height:auto}figure{margin:1.5rem 0}figcaption{color:#555;font-size:.9rem}\
    .out{color:#b00020;font-weight:bold}h2{margin-top:3rem}em{color:#444}";

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
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Espejo: reproduction</title><style>{STYLE}</style>\n<h1>Reproduction</h1>\n"
    );
    let held = chapters
        .iter()
        .filter(|chapter| chapter.verdict() == Verdict::Reproduced)
        .count();
    let _ = writeln!(
        page,
        "<p><code>{}</code>, {}, {}: {held} of {} rows within their bands; {}. Numbers are the median over {} seeds (least to greatest).</p>",
        escaped(&place.command),
        escaped(&place.date),
        escaped(&place.machine),
        chapters.len(),
        place.time(),
        scale.seeds
    );
    let contents = Table {
        title: String::new(),
        columns: ["row", "document", "what", "verdict"]
            .map(str::to_owned)
            .to_vec(),
        rows: Vec::new(),
    };
    page += &table(&contents, |page| {
        for chapter in chapters {
            let row = chapter.row;
            let _ = writeln!(
                page,
                "<tr><td><a href=\"#{id}\">{id}</a></td><td>{}</td><td>{}</td>{}</tr>",
                row.document,
                escaped(row.title),
                verdict_cell(chapter.verdict().name()),
                id = row.id
            );
        }
    });
    for chapter in chapters {
        page += &chapter_html(chapter, &file)?;
    }
    Ok(page + "</html>\n")
}

fn chapter_html<E>(
    chapter: &Chapter,
    file: &impl Fn(&str) -> Result<Vec<u8>, E>,
) -> Result<String, E> {
    let row = chapter.row;
    let mut text = format!(
        "<h2 id=\"{}\">{}: {}</h2>\n",
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
        if !one.title.is_empty() {
            let _ = writeln!(text, "<p>{}</p>", escaped(&one.title));
        }
        text += &table(&one, |page| {
            for cells in &one.rows {
                let cells: String = cells.iter().map(|cell| verdict_cell(cell)).collect();
                let _ = writeln!(page, "<tr>{cells}</tr>");
            }
        });
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
        text += &image(figure, what, ("png", png.as_slice()));
    }
    for animation in &chapter.section.animations {
        let gif = file(&format!("{}.gif", animation.stem))?;
        if let Some(first) = animation.frames.first() {
            text += &image(first, &animation.about, ("gif", gif.as_slice()));
        }
    }
    Ok(text)
}

/// An image of the size of a figure, within the page.
fn image(figure: &Figure, what: &str, (kind, bytes): (&str, &[u8])) -> String {
    let (width, height) = figure.size();
    let data = BASE64_STANDARD.encode(bytes);
    let what = escaped(what);
    format!(
        "<figure><img width=\"{width}\" height=\"{height}\" alt=\"{what}\" src=\"data:image/{kind};base64,{data}\"><figcaption>{what}</figcaption></figure>\n"
    )
}

fn table(of: &Table, rows: impl FnOnce(&mut String)) -> String {
    let head: String = of
        .columns
        .iter()
        .map(|column| format!("<th>{}</th>", escaped(column)))
        .collect();
    let mut text = format!("<table><tr>{head}</tr>\n");
    rows(&mut text);
    text + "</table>\n"
}

fn verdict_cell(cell: &str) -> String {
    let class = if cell == "OUTSIDE" {
        " class=\"out\""
    } else {
        ""
    };
    format!("<td{class}>{}</td>", escaped(cell))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
