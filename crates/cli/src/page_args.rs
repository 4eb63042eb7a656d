//! What the commands that write a page have in common.

use std::path::Path;

use clap::{Args, ValueEnum};
use espejo_report::Language;

use crate::figure_file::has_ending;
use crate::output::{shown, usage};

/// How a page is written.
#[derive(Args)]
pub struct PageArgs {
    /// The language of the page: `en` or `es`
    #[arg(
        long,
        value_name = "LANGUAGE",
        default_value = "en",
        hide_possible_values = true
    )]
    pub lang: PageLanguage,
}

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageLanguage {
    /// English.
    En,
    /// Spanish.
    Es,
}

impl PageArgs {
    /// The language as the pages know it.
    pub fn language(&self) -> Language {
        match self.lang {
            PageLanguage::En => Language::English,
            PageLanguage::Es => Language::Spanish,
        }
    }
}

/// Refuses a file that no browser would take for a page.
pub fn check_page(flag: &str, path: &Path) -> anyhow::Result<()> {
    match has_ending(path, &["html", "htm"]) {
        true => Ok(()),
        false => Err(usage(
            format!("`{flag}` is `{}`", shown(path)),
            "give a file ending in `.html`",
        )),
    }
}

/// The last line of a page.
pub fn footer(language: Language) -> String {
    language.fill(
        "Written by Espejo {}: one file, which fetches nothing.",
        &[env!("CARGO_PKG_VERSION")],
    )
}
