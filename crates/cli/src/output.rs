//! Results on stdout, messages on stderr.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
pub use espejo_data::counted;
use serde_json::Value;

use crate::drawing::{self, Drawn, Undrawn};

/// Writes a result to stdout. A reader that has seen enough (`| head`) is no error.
pub fn text(text: &str) -> anyhow::Result<()> {
    bytes(text.as_bytes())
}

/// Writes a result that need not be UTF-8 to stdout.
pub fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to stdout"),
    }
}

/// Writes one JSON object to stdout.
pub fn json(value: &Value) -> anyhow::Result<()> {
    text(&format!("{value:#}\n"))
}

/// Writes a message for people to stderr.
pub fn message(text: &str) {
    // Nothing is left to do when stderr itself is gone.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Says what was left out of some data and what its reader found, without filling the screen.
pub fn tell_data(skipped: &[String], notes: &[String]) {
    const TOLD: usize = 5;
    if !skipped.is_empty() {
        message(&format!("skipped {}:", skipped.len()));
    }
    let told = skipped.iter().take(TOLD);
    told.for_each(|what| message(&format!("  {what}")));
    if skipped.len() > TOLD {
        message(&format!("  and {} more", skipped.len() - TOLD));
    }
    notes
        .iter()
        .for_each(|note| message(&format!("note: {note}")));
}

/// Prints an error and its hint once, and gives its exit code.
pub fn report(error: &anyhow::Error) -> u8 {
    let (code, hint) = code_and_hint(error);
    message(&format!("error: {}", told(error)));
    if let Some(hint) = hint {
        message(&format!("hint: {hint}"));
    }
    code
}

/// The exit code of an error, and what to do about it.
fn code_and_hint(error: &anyhow::Error) -> (u8, Option<String>) {
    if let Some(Undrawn(error)) = error.downcast_ref() {
        let picture = error.downcast_ref();
        return match picture {
            Some(picture) => (1, drawing::hint(picture, true)),
            None => code_and_hint(error),
        };
    }
    if let Some(picture) = error.downcast_ref() {
        return (1, drawing::hint(picture, false));
    }
    match error.downcast_ref::<espejo_train::Error>() {
        Some(error) => (error.exit_code(), error.hint()),
        None => (1, None),
    }
}

/// Prints what is wrong with the command line and its hint, and gives the exit code.
pub fn refused(error: &str, hint: &str) -> u8 {
    report(&usage(error, hint))
}

/// The message of an error, followed by those causes that it does not repeat.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// An error of usage, exit code 2.
pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    espejo_train::Error::Config {
        message: message.into(),
        hint: Some(hint.into()),
    }
    .into()
}

/// A path as it is printed.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Says where figures were written, as text or as JSON; an error where one was not.
pub fn drawn(drawn: Drawn, as_json: bool) -> anyhow::Result<()> {
    match as_json {
        true => json(&serde_json::json!({ "figures": drawn.files() }))?,
        false => text(&drawn.lines())?,
    }
    drawn.only()
}

/// The line of an animation, where there is one.
pub fn animation_line(animation: Option<String>) -> String {
    animation.map_or(String::new(), |file| format!("film    {file}\n"))
}

/// The files of figures, a line each.
pub fn figure_lines(figures: &[String]) -> String {
    let lines = figures.iter().map(|figure| format!("figure  {figure}\n"));
    lines.collect()
}
