//! What a page is made of.

use crate::curves::CurvePanel;
use crate::escape::{escaped, escaped_with_code};
use crate::picture::Picture;
use crate::table::Table;

/// A heading and what stands below it.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The heading, which is in the list at the top as well.
    pub title: String,
    /// What it holds.
    pub parts: Vec<Part>,
}

/// Something in a section.
#[derive(Clone, Debug)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// A paragraph that explains, in small letters.
    Note(String),
    /// A table.
    Table(Table),
    /// Diagrams beside each other.
    Curves(Vec<CurvePanel>),
    /// Pictures of one shape below each other, with a caption; many such beside each other.
    Pictures(Vec<(Vec<Picture>, String)>),
    /// Words as they are typed.
    Code(String),
    /// The same, folded away below a title.
    Folded(String, String),
    /// The latent space, alive.
    Space,
}

impl Section {
    /// A section.
    pub fn new(title: impl Into<String>, parts: Vec<Part>) -> Self {
        Self {
            title: title.into(),
            parts,
        }
    }
}

impl Part {
    /// As HTML; curves are left to the script, which finds their numbers in `curves`.
    pub(crate) fn html(&self, curves: &mut Vec<CurvePanel>) -> String {
        match self {
            Self::Text(text) => format!("<p>{}</p>\n", escaped_with_code(text)),
            Self::Note(text) => format!("<p class=\"note\">{}</p>\n", escaped_with_code(text)),
            Self::Table(table) => table.html(),
            Self::Code(text) => format!("<pre>{}</pre>\n", escaped(text)),
            Self::Folded(title, text) => format!(
                "<details><summary>{}</summary><pre>{}</pre></details>\n",
                escaped(title),
                escaped(text)
            ),
            Self::Space => "<div class=\"explorer\" id=\"explorer\"></div>\n".to_owned(),
            Self::Curves(panels) => {
                let mut text = "<div class=\"curves\">\n".to_owned();
                for panel in panels {
                    text += &format!(
                        "<figure id=\"curve-{}\"><h3>{}</h3><div class=\"drawing\"></div><div class=\"readout\"></div></figure>\n",
                        curves.len(),
                        escaped(&panel.title)
                    );
                    curves.push(panel.clone());
                }
                text + "</div>\n"
            }
            Self::Pictures(stacks) => pictures(stacks),
        }
    }
}

/// Sides above which pictures are shown larger.
const SMALL: usize = 40;

fn pictures(stacks: &[(Vec<Picture>, String)]) -> String {
    let large = stacks
        .iter()
        .any(|(stack, _)| stack.iter().any(|one| one.width.max(one.height) > SMALL));
    let class = if large { "pairs large" } else { "pairs" };
    let mut text = format!("<div class=\"{class}\">\n");
    for (stack, caption) in stacks {
        let Some(first) = stack.first() else { continue };
        let size = (first.width * 3, first.height * 3 * stack.len());
        text += &crate::picture::image("png", &Picture::png(stack), size, caption);
    }
    text + "</div>\n"
}
