//! Bash, which takes `=` and `:` for the ends of words: `--set train.schedule=co` are four words to it.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

use clap_complete::env::EnvCompleter;

/// Bash.
pub struct Bash;

/// The variable that has what Bash takes for the word to complete.
const CURRENT: &str = "_ESPEJO_CURRENT";

/// Bash hands over the words up to the cursor, and puts each line of the answer in the place of the last.
const SCRIPT: &str = r#"_clap_complete_NAME() {
    local IFS=$'\n'
    COMPREPLY=( $( CURRENT="$2" VAR=bash "COMPLETER" -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" ) )
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" != *[=:/] ]]; then
        compopt +o nospace 2> /dev/null
    fi
}
complete -o nospace -o bashdefault -o default -o nosort -F _clap_complete_NAME BIN 2> /dev/null ||
    complete -o nospace -o bashdefault -o default -F _clap_complete_NAME BIN
"#;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        // Within double quotes.
        let mut quoted = String::new();
        for character in completer.chars() {
            if "\"\\$`".contains(character) {
                quoted.push('\\');
            }
            quoted.push(character);
        }
        let script = SCRIPT
            .replace("NAME", &name.replace('-', "_"))
            .replace("CURRENT", CURRENT)
            .replace("VAR", var)
            .replace("BIN", bin)
            .replace("COMPLETER", &quoted);
        buf.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let args = args.iter().map(|arg| arg.to_string_lossy().into_owned());
        let current = std::env::var(CURRENT).unwrap_or_default();
        let Split { words, kept } = whole_words(args.collect(), &current);
        let last = words.len().saturating_sub(1);
        let words = words.into_iter().map(OsString::from).collect();
        for found in clap_complete::engine::complete(cmd, words, last, current_dir)? {
            let found = found.get_value().to_string_lossy();
            // Bash keeps what stands before its own word.
            writeln!(buf, "{}", found.strip_prefix(&kept).unwrap_or(&found))?;
        }
        Ok(())
    }
}

/// Words as a person typed them.
#[derive(Debug, PartialEq, Eq)]
struct Split {
    words: Vec<String>,
    /// What of the last word stands before that of Bash.
    kept: String,
}

/// Joins what Bash has split at `=` and `:`, where `current` is its own last word.
fn whole_words(parts: Vec<String>, current: &str) -> Split {
    let is_break = |part: &str| !part.is_empty() && part.chars().all(|c| "=:".contains(c));
    let mut words: Vec<String> = Vec::new();
    let mut joins = false;
    for (place, part) in parts.iter().enumerate() {
        // Of a word that the cursor is in, what stands before it.
        let part = match place + 1 == parts.len() && !is_break(part) {
            true => current,
            false => part,
        };
        match words.last_mut() {
            Some(word) if is_break(part) || joins => word.push_str(part),
            _ => words.push(part.to_owned()),
        }
        joins = is_break(part);
    }
    let last = words.last().cloned().unwrap_or_default();
    let kept = last.strip_suffix(current).unwrap_or("").to_owned();
    Split { words, kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], current: &str, words: &[&str], kept: &str) {
        let parts = parts.iter().map(|part| (*part).to_owned()).collect();
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let kept = kept.to_owned();
        assert_eq!(whole_words(parts, current), Split { words, kept });
    }

    #[test]
    fn words_are_joined_where_bash_has_split_them() {
        check(
            &["train", "--model", "v"],
            "v",
            &["train", "--model", "v"],
            "",
        );
        check(&["--model", "=", "v"], "v", &["--model=v"], "--model=");
        check(&["--model", "="], "", &["--model="], "--model=");
        check(
            &["--set", "train.schedule", "=", "co"],
            "co",
            &["--set", "train.schedule=co"],
            "train.schedule=",
        );
        check(
            &["train", "fonts", ":", "a"],
            "a",
            &["train", "fonts:a"],
            "fonts:",
        );
        check(&["train", ""], "", &["train", ""], "");
        check(&["train", "fashion"], "fa", &["train", "fa"], "");
    }
}
