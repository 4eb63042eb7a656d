//! SVG text, element by element.

use std::{fmt::Write as _, sync::OnceLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::layout::{
    font,
    theme::{INK, MARGIN, SOFT_INK, TICK, TITLE},
};

/// Which point of a text stands at its `x`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A title or a note with more lines than this is no title: it is cut.
const MOST_LINES: usize = 5;

/// A drawing that grows.
#[derive(Default)]
pub(crate) struct Svg {
    body: String,
}

impl Svg {
    /// Anything that has no method of its own. Coordinates come from [`number`], texts from [`escape`].
    pub(crate) fn raw(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64, fill: &str) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        self.raw(&format!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>"#
        ));
    }

    /// A straight line; `dash` is a `stroke-dasharray`, empty for a solid line.
    pub(crate) fn line(
        &mut self,
        [from, to]: [(f64, f64); 2],
        colour: &str,
        width: f64,
        dash: &str,
    ) {
        let path = format!("M{}L{}", pair(from), pair(to));
        self.stroke(&path, colour, width, dash);
    }

    /// A filled circle around a point.
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), radius: f64, colour: &str) {
        let (x, y, radius) = (number(x), number(y), number(radius));
        self.raw(&format!(
            r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>"#
        ));
    }

    /// An open path, given as SVG path data.
    pub(crate) fn stroke(&mut self, path: &str, colour: &str, width: f64, dash: &str) {
        let dash = match dash {
            "" => String::new(),
            dash => format!(r#" stroke-dasharray="{dash}""#),
        };
        let width = number(width);
        self.raw(&format!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dash}/>"#
        ));
    }

    /// A text whose baseline is at `y`. It must have gone through [`font::fit`] or [`font::visible`].
    pub(crate) fn text(
        &mut self,
        (x, y): (f64, f64),
        text: &str,
        size: f64,
        fill: &str,
        anchor: Anchor,
    ) {
        if text.is_empty() {
            return;
        }
        let anchor = anchor_attribute(anchor);
        let (x, y, size, text) = (number(x), number(y), number(size), escape(text));
        self.raw(&format!(
            r#"<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{anchor}>{text}</text>"#
        ));
    }

    /// A centred text with a white edge, readable over marks and lines.
    pub(crate) fn text_over(&mut self, at: (f64, f64), text: &str, size: f64, edge: f64) {
        self.text_over_in(INK, at, text, size, edge);
    }

    /// A centred text in a colour, with a white edge.
    pub(crate) fn text_over_in(
        &mut self,
        fill: &str,
        (x, y): (f64, f64),
        text: &str,
        size: f64,
        edge: f64,
    ) {
        let [x, y, size, edge] = [x, y, size, edge].map(number);
        let text = escape(text);
        self.raw(&format!(
            r##"<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" stroke="#ffffff" stroke-width="{edge}" stroke-linejoin="round" paint-order="stroke" text-anchor="middle">{text}</text>"##
        ));
    }

    /// A text that reads upwards, centred on `y`, its baseline at `x`.
    pub(crate) fn upward_text(&mut self, at: (f64, f64), text: &str, size: f64, fill: &str) {
        self.turned_text(at, -90.0, text, size, fill, Anchor::Middle);
    }

    /// A text turned clockwise by some degrees around its place.
    pub(crate) fn turned_text(
        &mut self,
        (x, y): (f64, f64),
        degrees: f64,
        text: &str,
        size: f64,
        fill: &str,
        anchor: Anchor,
    ) {
        if text.is_empty() {
            return;
        }
        let anchor = anchor_attribute(anchor);
        let [x, y, degrees, size] = [x, y, degrees, size].map(number);
        let text = escape(text);
        self.raw(&format!(
            r#"<text transform="translate({x} {y}) rotate({degrees})" font-size="{size}" fill="{fill}"{anchor}>{text}</text>"#
        ));
    }

    /// An encoded PNG; `sharp` keeps its pixels squares.
    pub(crate) fn image(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        png: &[u8],
        sharp: bool,
    ) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        let rendering = if sharp {
            // The renderer takes `pixelated` only as a style; programs that know no CSS take the attribute.
            r#" image-rendering="optimizeSpeed" style="image-rendering:pixelated""#
        } else {
            ""
        };
        let data = STANDARD.encode(png);
        self.raw(&format!(
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none"{rendering} href="data:image/png;base64,{data}"/>"#
        ));
    }

    /// The title and the small text under it, both in as many lines as they need in a figure of this width; returns where the rest
    /// begins.
    pub(crate) fn heading(&mut self, title: &str, note: Option<&str>, width: f64) -> f64 {
        let room = width - 2.0 * MARGIN;
        let mut y = MARGIN;
        if !title.is_empty() {
            y += TITLE;
            for (index, line) in font::lines(title, TITLE, room, MOST_LINES)
                .iter()
                .enumerate()
            {
                y += if index > 0 { TITLE + 4.0 } else { 0.0 };
                self.text((MARGIN, y - 2.0), line, TITLE, INK, Anchor::Start);
            }
            y += 6.0;
        }
        if let Some(note) = note {
            y += TICK;
            for (index, line) in font::lines(note, TICK, room, MOST_LINES).iter().enumerate() {
                y += if index > 0 { TICK + 3.0 } else { 0.0 };
                self.text((MARGIN, y - 1.0), line, TICK, SOFT_INK, Anchor::Start);
            }
            y += 6.0;
        }
        y
    }

    /// All elements, without the document around them.
    pub(crate) fn body(self) -> String {
        self.body
    }
}

/// What ends a document.
pub(crate) const END: &str = "</svg>\n";

/// The whole document, on white `paper` or on none.
pub(crate) fn document(body: &str, (width, height): (u32, u32), paper: bool) -> String {
    let style = style();
    let family = font::FAMILY;
    let paper = match paper {
        true => format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"),
        false => String::new(),
    };
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="'{family}', Verdana, sans-serif">
{style}
{paper}{body}{END}"##
    )
}

/// The font goes into each SVG file (24 kB) and texts stay texts: they can be selected, searched and edited, and a
/// browser shows the very glyphs the layout was measured with. Paths would save those bytes only in figures with few
/// letters, and lose all that. Programs that ignore `@font-face` find the same glyphs under the same family name on most
/// systems.
fn style() -> &'static str {
    static STYLE: OnceLock<String> = OnceLock::new();
    STYLE.get_or_init(|| {
        let family = font::FAMILY;
        let data = STANDARD.encode(font::WOFF2);
        format!(
            "<style>@font-face{{font-family:'{family}';src:url(data:font/woff2;base64,{data}) format('woff2')}}</style>"
        )
    })
}

fn anchor_attribute(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "",
        Anchor::Middle => r#" text-anchor="middle""#,
        Anchor::End => r#" text-anchor="end""#,
    }
}

/// A coordinate with at most two decimals, which is a fiftieth of a PNG pixel.
pub(crate) fn number(value: f64) -> String {
    let mut text = String::new();
    push_number(&mut text, value);
    text
}

/// Appends [`number`] without an allocation of its own.
pub(crate) fn push_number(out: &mut String, value: f64) {
    // Not finite means a caller forgot to look; 0 keeps the document well formed.
    let hundredths = if value.is_finite() {
        (value * 100.0).round() as i64
    } else {
        0
    };
    if hundredths < 0 {
        out.push('-');
    }
    let (whole, rest) = (hundredths.abs() / 100, hundredths.abs() % 100);
    let _ = match (rest, rest % 10) {
        (0, _) => write!(out, "{whole}"),
        (_, 0) => write!(out, "{whole}.{}", rest / 10),
        _ => write!(out, "{whole}.{rest:02}"),
    };
}

/// Two coordinates.
pub(crate) fn pair((x, y): (f64, f64)) -> String {
    let mut text = number(x);
    text.push(' ');
    push_number(&mut text, y);
    text
}

/// XML text with its three special characters and both quotes replaced.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_escaped() {
        assert_eq!(
            escape("<a & \"b\">'"),
            "&lt;a &amp; &quot;b&quot;&gt;&apos;"
        );
    }

    #[test]
    fn numbers_are_short() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.001, "0"),
            (1.5, "1.5"),
            (-2.25, "-2.25"),
            (7.049, "7.05"),
            (100.0, "100"),
            (f64::NAN, "0"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
