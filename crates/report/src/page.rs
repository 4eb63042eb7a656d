//! One file: style, script and numbers within it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::escape::{escaped, escaped_with_code, json_in_script};
use crate::parts::{Part, Section};
use crate::space::Space;
use crate::words::Language;

const STYLE: &str = include_str!("style.css");
/// The modules, each in the scope of all before it.
const MODULES: [&str; 7] = [
    include_str!("js/numbers.js"),
    include_str!("js/decoder.js"),
    include_str!("js/pictures.js"),
    include_str!("js/curves.js"),
    include_str!("js/latent_map.js"),
    include_str!("js/explorer.js"),
    include_str!("js/main.js"),
];

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The language of the page's own words.
    pub language: Language,
    /// The heading.
    pub title: String,
    /// A line below it.
    pub subtitle: String,
    /// What it says in a few sentences.
    pub lead: Vec<String>,
    /// What was found, a line each; in English whatever the language is.
    pub verdict: Vec<String>,
    /// Names and values, beside each other.
    pub facts: Vec<(String, String)>,
    /// The rest.
    pub sections: Vec<Section>,
    /// What [`Part::Space`] shows.
    pub space: Option<Space>,
    /// The last line.
    pub footer: String,
}

impl Page {
    /// A page without anything on it.
    pub fn new(language: Language) -> Self {
        Self {
            language,
            title: String::new(),
            subtitle: String::new(),
            lead: Vec::new(),
            verdict: Vec::new(),
            facts: Vec::new(),
            sections: Vec::new(),
            space: None,
            footer: String::new(),
        }
    }

    /// The file.
    pub fn html(&self) -> String {
        let mut body = self.head();
        body += "<main>\n";
        let mut curves = Vec::new();
        for (place, section) in self.sections.iter().enumerate() {
            body += &format!(
                "<section id=\"part-{place}\"><h2>{}</h2>\n",
                escaped(&section.title)
            );
            let parts = section.parts.iter().map(|part| part.html(&mut curves));
            body += &parts.collect::<String>();
            body += "</section>\n";
        }
        body += &format!(
            "</main>\n<footer><p>{}</p></footer>\n",
            escaped(&self.footer)
        );
        let data = json!({
            "words": self.language.words(),
            "curves": curves,
            "space": self.space.as_ref().map(Space::to_json),
        });
        let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", MODULES.join("\n"));
        body += &format!(
            "<script type=\"application/json\" id=\"data\">{}</script>\n<script>{script}</script>\n",
            json_in_script(&data)
        );
        document(self.language, &self.title, &body, Some(&script))
    }

    fn head(&self) -> String {
        let paragraphs = |lines: &[String]| -> String {
            let line = |line: &String| format!("<p>{}</p>\n", escaped_with_code(line));
            lines.iter().map(line).collect()
        };
        let mut text = format!("<header>\n<h1>{}</h1>\n", escaped(&self.title));
        if !self.subtitle.is_empty() {
            text += &format!("<p class=\"subtitle\">{}</p>\n", escaped(&self.subtitle));
        }
        text += &format!("<div class=\"lead\">\n{}</div>\n", paragraphs(&self.lead));
        if !self.verdict.is_empty() {
            let lines = paragraphs(&self.verdict);
            text += &format!("<div class=\"verdict\" lang=\"en\">\n{lines}</div>\n");
        }
        if !self.facts.is_empty() {
            let fact = |(name, value): &(String, String)| {
                format!(
                    "<div><dt>{}</dt><dd>{}</dd></div>",
                    escaped(name),
                    escaped(value)
                )
            };
            let facts: String = self.facts.iter().map(fact).collect();
            text += &format!("<dl class=\"facts\">{facts}</dl>\n");
        }
        let link = |(place, section): (usize, &Section)| {
            format!(
                "<a href=\"#part-{place}\">{}</a>\n",
                escaped(&section.title)
            )
        };
        let links: String = self.sections.iter().enumerate().map(link).collect();
        text += &format!(
            "<nav aria-label=\"{}\">\n{links}</nav>\n",
            escaped(&self.language.say("Contents"))
        );
        if self.has_script_parts() {
            let words =
                "Curves and the latent space need JavaScript; everything else is here without it.";
            text += &format!(
                "<noscript><p class=\"note\">{}</p></noscript>\n",
                escaped(&self.language.say(words))
            );
        }
        text + "</header>\n"
    }

    fn has_script_parts(&self) -> bool {
        let mut parts = self.sections.iter().flat_map(|section| &section.parts);
        parts.any(|part| matches!(part, Part::Curves(_) | Part::Space))
    }
}

/// A file around the body of a page, with the style sheet; of scripts only this one runs, whatever else is in the body.
pub fn document(language: Language, title: &str, body: &str, script: Option<&str>) -> String {
    let checksum = |text: &str| {
        format!(
            "'sha256-{}'",
            BASE64_STANDARD.encode(Sha256::digest(text.as_bytes()))
        )
    };
    let scripts = script.map_or("'none'".to_owned(), checksum);
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src {}; script-src {scripts}; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        language.code(),
        checksum(STYLE),
        escaped(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::CurvePanel;
    use crate::table::Table;

    const HOSTILE: &str =
        "</script><script>document.title='run'</script><img src=x onerror=alert(1)>\"'&";

    #[test]
    fn what_users_wrote_is_text_wherever_it_stands() {
        let hostile = || HOSTILE.to_owned();
        let mut table = Table::new([HOSTILE, "b"]);
        table.row([HOSTILE, HOSTILE]);
        table.title = hostile();
        let panel = CurvePanel {
            title: hostile(),
            ..CurvePanel::default()
        };
        let page = Page {
            title: hostile(),
            subtitle: hostile(),
            lead: vec![hostile()],
            verdict: vec![hostile()],
            facts: vec![(hostile(), hostile())],
            footer: hostile(),
            sections: vec![Section::new(
                HOSTILE,
                vec![
                    Part::Text(hostile()),
                    Part::Note(hostile()),
                    Part::Code(hostile()),
                    Part::Folded(hostile(), hostile()),
                    Part::Table(table),
                    Part::Curves(vec![panel]),
                ],
            )],
            ..Page::new(Language::English)
        };
        let html = page.html();
        assert_eq!(html.matches("<script").count(), 2, "the page's own alone");
        assert!(!html.contains("<img"));
        assert_eq!(
            html.matches("onerror").count(),
            html.matches("src=x onerror=alert(1)&gt;").count() + 1
        );
    }

    #[test]
    fn a_page_names_nothing_that_lies_elsewhere() {
        let html = Page::new(Language::Spanish).html();
        for word in [
            "https:",
            "src=\"http",
            "@import",
            "url(",
            "fetch(",
            "XMLHttpRequest",
            "import(",
        ] {
            assert!(!html.contains(word), "{word}");
        }
        let namespace = "http://www.w3.org/2000/svg";
        assert_eq!(
            html.matches("http:").count(),
            html.matches(namespace).count()
        );
        assert!(html.contains("<html lang=\"es\">"));
    }
}
