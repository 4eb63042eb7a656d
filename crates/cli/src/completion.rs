//! Completions in a shell: which values an argument may have.
//!
//! The script that `espejo completions` prints asks the program itself, with [`VARIABLE`] set, so that runs, presets and data sets
//! are those that are there. A completer only proposes: what an argument accepts, and what an error says of it, stays as it is.

mod bash;

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::CommandFactory;
use clap::builder::StyledStr;
use clap_complete::CompleteEnv;
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::{Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use espejo_train::{Accepted, KEYS, Key, Noise, PRESETS, RunNames, accepted_by, device};

use crate::args::Args;
use crate::printable::is_hidden;
use bash::Bash;

/// The variable that tells the program to answer a shell. It names the shell.
pub const VARIABLE: &str = "ESPEJO_COMPLETE";

const SHELLS: Shells<'_> = Shells(&[&Bash, &Elvish, &Fish, &Powershell, &Zsh]);

/// Answers a shell that asks for completions, and ends the program then.
pub fn answer() {
    CompleteEnv::with_factory(Args::command)
        .var(VARIABLE)
        .shells(SHELLS)
        .complete();
}

/// The script that makes a shell ask; none for a shell that is not known.
pub fn script(shell: &str) -> Option<std::io::Result<String>> {
    let shells = SHELLS;
    shells.completer(shell).map(written)
}

fn written(shell: &dyn EnvCompleter) -> std::io::Result<String> {
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "espejo", "espejo", &program(), &mut script)?;
    String::from_utf8(script).map_err(std::io::Error::other)
}

/// How the shell starts the program: by its name where it was found by that, else by its path.
fn program() -> String {
    let name = PathBuf::from(
        std::env::args_os()
            .next()
            .unwrap_or_else(|| "espejo".into()),
    );
    let is_path = name.components().count() > 1;
    let path = is_path.then(|| std::path::absolute(&name).ok()).flatten();
    path.unwrap_or(name).to_string_lossy().into_owned()
}

/// The words that a key of the configuration accepts.
pub fn words(key: &'static str) -> ArgValueCandidates {
    ArgValueCandidates::new(move || candidates(words_of(key).iter().copied()))
}

fn words_of(path: &str) -> &'static [&'static str] {
    let key = KEYS.iter().find(|key| key.path() == path);
    match key.map(accepted_by) {
        Some(Accepted::Words(words)) => words,
        _ => &[],
    }
}

/// The devices.
pub fn devices() -> ArgValueCandidates {
    let names = device::NAMES
        .into_iter()
        .filter(|name| !name.ends_with(":N"));
    ArgValueCandidates::new(move || candidates(names.clone()))
}

/// The kinds of noise, with the colon that their strength follows.
pub fn noises() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = Noise::NAMES.into_iter().map(|name| match name {
            "none" => name.to_owned(),
            name => format!("{name}:"),
        });
        candidates(names)
    })
}

/// These words.
pub fn these(words: &'static [&'static str]) -> ArgValueCandidates {
    ArgValueCandidates::new(move || candidates(words.iter().copied()))
}

/// The data sets.
pub fn data_sets() -> ArgValueCandidates {
    ArgValueCandidates::new(|| sets().collect())
}

fn sets() -> impl Iterator<Item = CompletionCandidate> {
    let sets = espejo_data::names().iter();
    sets.map(|set| described(set.name, set.about))
}

/// Data sets, and files and folders.
pub fn data() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| with_paths(begun(sets(), current), current))
}

/// Presets, data sets, and files and folders.
pub fn preset_or_data() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let presets = PRESETS.into_iter();
        let presets = presets.map(|preset| described(preset.name, preset.about));
        with_paths(begun(presets.chain(sets()), current), current)
    })
}

/// Runs: `last`, names below the folder of runs, and folders.
pub fn runs() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let names = RunNames::below(&out()).runs.into_iter();
        // A shell shows what it is told as it is.
        let names = names.filter(|run| !run.name.contains(is_hidden));
        let names = names.map(|run| described(&run.name, ""));
        let last = described("last", "the newest run");
        let found = begun([last].into_iter().chain(names), current);
        // A name is what is meant, unless none begins like this.
        match found.is_empty() {
            true => PathCompleter::dir().complete(current),
            false => found,
        }
    })
}

/// Keys of the configuration with `=`, and behind it their words.
pub fn settings() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let typed = current.to_string_lossy();
        let Some((path, _)) = typed.split_once('=') else {
            let keys = KEYS.iter();
            let keys = keys.map(|key: &Key| described(&format!("{}=", key.path()), key.meaning));
            return begun(keys, current);
        };
        let words = words_of(path).iter();
        begun(
            words.map(|word| described(&format!("{path}={word}"), "")),
            current,
        )
    })
}

/// The folder of runs that the words typed so far name.
fn out() -> PathBuf {
    let words: Vec<String> = std::env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let behind = words.iter().position(|word| word == "--out");
    let behind = behind.and_then(|place| words.get(place + 1));
    let joined = words.iter().find_map(|word| word.strip_prefix("--out="));
    let out = behind.map(String::as_str).or(joined);
    PathBuf::from(out.unwrap_or("runs"))
}

fn candidates<W: Into<std::ffi::OsString>>(
    words: impl IntoIterator<Item = W>,
) -> Vec<CompletionCandidate> {
    words.into_iter().map(CompletionCandidate::new).collect()
}

fn described(word: &str, about: &str) -> CompletionCandidate {
    let about = (!about.is_empty()).then(|| StyledStr::from(about.to_owned()));
    CompletionCandidate::new(word).help(about)
}

/// Those that begin as what is typed.
fn begun(
    candidates: impl IntoIterator<Item = CompletionCandidate>,
    current: &OsStr,
) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy().into_owned();
    let begins = |candidate: &CompletionCandidate| {
        candidate.get_value().to_string_lossy().starts_with(&typed)
    };
    candidates.into_iter().filter(begins).collect()
}

fn with_paths(mut found: Vec<CompletionCandidate>, current: &OsStr) -> Vec<CompletionCandidate> {
    found.extend(PathCompleter::any().complete(current));
    found
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    /// What the engine proposes for the last of these words.
    fn proposed(line: &str) -> Vec<String> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let last = words.len() - 1;
        let mut command = Args::command();
        let found = clap_complete::engine::complete(&mut command, words, last, None);
        let found = found.expect("an answer").into_iter();
        found
            .map(|found| found.get_value().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn values_are_proposed_as_the_types_have_them() {
        for (line, expected) in [
            ("espejo train --optimizer l", &["lbfgs"][..]),
            (
                "espejo train --model ",
                &["ae", "dae", "vae", "classifier", "regressor"],
            ),
            ("espejo train --loss m", &["mse", "mae", "mixed"]),
            ("espejo train --activation l", &["linear", "leaky-relu"]),
            ("espejo train --schedule c", &["constant", "cosine"]),
            ("espejo train --scale s", &["standardise"]),
            ("espejo train --noise s", &["salt-pepper:"]),
            ("espejo train --device f", &["flex"]),
            ("espejo train fashion-v", &["fashion-vae"]),
            ("espejo train mnis", &["mnist"]),
            (
                "espejo train --set objective.con",
                &["objective.contractive="],
            ),
            (
                "espejo train --set train.schedule=c",
                &["train.schedule=constant", "train.schedule=cosine"],
            ),
            ("espejo data show satim", &["satimage"]),
            ("espejo eval la", &["last"]),
            ("espejo completions b", &["bash"]),
        ] {
            assert_eq!(proposed(line), expected, "{line}");
        }
    }

    #[test]
    fn every_shell_has_a_script_that_asks_the_program() {
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let script = script(shell).expect(shell).expect("it writes");
            assert!(script.contains(VARIABLE), "{shell}: {script}");
        }
        assert!(script("csh").is_none());
    }
}
