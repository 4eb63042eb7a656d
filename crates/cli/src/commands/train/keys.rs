//! `espejo train --keys`: every key of the configuration.

use espejo_train::{Accepted, KEYS, Key, RunConfig, accepted_by, default_of};
use serde_json::{Value, json};

use crate::output;
use crate::terminal::paragraph;

/// Prints every key with what it accepts, its value in `config` and what it means, section by section.
pub fn list_keys(config: &RunConfig, json: bool) -> anyhow::Result<()> {
    if json {
        let keys: Vec<Value> = KEYS.iter().map(|key| as_json(key, config)).collect();
        return output::json(&json!({ "keys": keys }));
    }
    let mut text = paragraph(
        "",
        "Set a key with `--set`, as in `--set objective.contractive=0.1`, or in a file for `--config`. \
         Behind `=` stands what this command has without it: data, model and preset change it.",
    );
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            text += &format!("\n[{section}] {}\n", about(section));
        }
        text += &format!("  {} = {}\n", key.path(), default_of(key, config));
        text += &paragraph("      ", key.meaning);
        text += &paragraph("      ", &format!("accepts {}", accepted(key)));
    }
    output::text(&text)
}

fn accepted(key: &Key) -> String {
    match accepted_by(key) {
        Accepted::Words(words) => words.join(", "),
        Accepted::Text(text) => text,
    }
}

fn about(section: &str) -> &'static str {
    match section {
        "data" => "what to learn from",
        "model" => "what to train",
        "objective" => "what to minimise: loss and penalties",
        "noise" => "noise that a denoising model learns to remove",
        _ => "how to train",
    }
}

fn as_json(key: &Key, config: &RunConfig) -> Value {
    let words = match accepted_by(key) {
        Accepted::Words(words) => json!(words),
        Accepted::Text(_) => Value::Null,
    };
    json!({
        "key": key.path(), "section": key.section, "meaning": key.meaning, "accepts": accepted(key),
        "words": words, "default": default_of(key, config),
    })
}
