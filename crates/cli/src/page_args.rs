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

#[cfg(test)]
mod tests {
    use super::*;

    /// What says the words of a page.
    const SOURCES: [&str; 10] = [
        include_str!("commands/compare.rs"),
        include_str!("commands/compare/page.rs"),
        include_str!("commands/report.rs"),
        include_str!("commands/report/lead.rs"),
        include_str!("commands/report/live.rs"),
        include_str!("commands/report/predictions.rs"),
        include_str!("commands/report/samples.rs"),
        include_str!("commands/report/training.rs"),
        include_str!("page_args.rs"),
        include_str!("run_groups.rs"),
    ];
    /// Words that a variable brings where they are said, names of measures among them.
    const MORE: [&str; 25] = [
        "RMSE",
        "epoch",
        "loss",
        "measured on other samples",
        "another kind of measure",
        "test",
        "train",
        "accuracy",
        "accuracy high",
        "accuracy low",
        "active units",
        "average precision",
        "calibration error",
        "cross entropy",
        "kl",
        "psnr",
        "psnr pooled",
        "r2",
        "reconstruction",
        "reconstruction at mean",
        "rmse",
        "roc auc",
        "squared error",
        "wrong pixels max",
        "wrong pixels mean",
    ];
    /// The same in both languages.
    const SAME: [&str; 1] = ["Espejo"];

    /// The literals of a piece of source that have a letter.
    fn literals(source: &str) -> Vec<&str> {
        let inside = source.split('"').skip(1).step_by(2);
        inside
            .filter(|text| text.contains(char::is_alphabetic))
            .collect()
    }

    /// What stands in the brackets that `source` begins within.
    fn bracketed(source: &str) -> &str {
        let mut depth = 1;
        let mut end = source.char_indices().filter(|(_, sign)| {
            match sign {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        end.next().map_or(source, |(at, _)| &source[..at])
    }

    /// The English words that a source says: within `say`, the first of `fill`, and those that a variable or a list holds for one of these.
    fn said(source: &'static str) -> Vec<&'static str> {
        let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
        let after = |start: &'static str| source.split(start).skip(1);
        let mut words: Vec<&str> = after("say(")
            .flat_map(|rest| literals(bracketed(rest)))
            .collect();
        for start in ["fill(", "add("] {
            let starts_so = after(start).filter(|rest| rest.trim_start().starts_with('"'));
            words.extend(starts_so.filter_map(|rest| rest.split('"').nth(1)));
        }
        let kept = [
            ("let words =", ";\n"),
            ("let word =", ";\n"),
            ("let verdict =", ";\n"),
            ("captions_of: match", "},\n"),
            ("Table::new([", "]"),
        ];
        for (start, end) in kept {
            let ended = after(start).map(|rest| rest.split(end).next().unwrap_or(rest));
            words.extend(ended.flat_map(literals));
        }
        words
    }

    #[test]
    fn every_word_of_a_page_has_its_translation() {
        let found: Vec<&str> = SOURCES.into_iter().flat_map(said).collect();
        assert!(found.len() > 120, "{} words were found", found.len());
        for words in found.into_iter().chain(MORE) {
            let spanish = Language::Spanish.say(words);
            assert_eq!(spanish == words, SAME.contains(&words), "`{words}`");
        }
    }
}
