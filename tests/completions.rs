//! Completions as a shell gets them.

use std::process::Command;

use crate::program::{Room, ran};

/// What Bash proposes for a line, the cursor at its end.
fn proposed(room: &Room, line: &str) -> Vec<String> {
    // As Readline splits it: `=` and `:` are words of their own, and the word to complete has none of them.
    let script = r#"
        source "$SCRIPT" || exit 1
        COMP_LINE=$1; COMP_POINT=${#COMP_LINE}
        COMP_WORDS=(); shift
        COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        current=${COMP_WORDS[COMP_CWORD]}
        [[ $current =~ ^[=:]+$ ]] && current=
        _clap_complete_espejo espejo "$current" "${COMP_WORDS[COMP_CWORD-1]}" 2>&1
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let words = line.replace('=', " = ").replace(':', " : ");
    let words = words
        .strip_suffix("= ")
        .map_or(words.clone(), |start| format!("{start}="));
    let mut command = room.in_it("bash", &["-c", script, "bash", line]);
    command.args(words.split(' ').filter(|word| !word.is_empty()));
    if line.ends_with(' ') {
        command.arg("");
    }
    command.env("SCRIPT", room.path("script"));
    let lines = ran(&mut command).ok().stdout;
    lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn room_with_script() -> Option<Room> {
    if Command::new("bash").arg("--version").output().is_err() {
        eprintln!("no bash here");
        return None;
    }
    let room = Room::new();
    let script = room.run(&["completions", "bash"]).ok().stdout;
    room.write("script", script);
    Some(room)
}

#[test]
fn bash_completes_values_runs_presets_and_keys() {
    let Some(room) = room_with_script() else {
        return;
    };
    room.train("my-first", &[]);
    room.train("my-second", &[]);
    for (line, expected) in [
        ("espejo insp", &["inspect"][..]),
        ("espejo train --optimizer l", &["lbfgs"]),
        ("espejo train --optimizer=l", &["lbfgs"]),
        (
            "espejo train --schedule=",
            &["constant", "cosine", "step", "plateau", "one-cycle"],
        ),
        ("espejo train --model v", &["vae"]),
        ("espejo train fashion-conv", &["fashion-conv-vae"]),
        ("espejo train --data satim", &["satimage"]),
        (
            "espejo train --set objective.spars",
            &["objective.sparsity=", "objective.sparsity_target="],
        ),
        (
            "espejo train --set train.schedule=co",
            &["constant", "cosine"],
        ),
        ("espejo train --noise flip:", &[]),
        ("espejo inspect my-", &["my-second", "my-first"]),
        ("espejo train --resume my-f", &["my-first"]),
        ("espejo inspect la", &["last"]),
        ("espejo inspect --out elsewhere my-", &[]),
        ("espejo doctor --be", &["--bench"]),
    ] {
        assert_eq!(proposed(&room, line), expected, "{line}");
    }
}

#[test]
fn a_shell_asks_by_a_variable_and_nothing_else_answers_it() {
    let room = Room::new();
    let mut command = room.command(&["train", "--presets"]);
    let usual = ran(&mut command).ok().stdout;
    for unasked in ["", "0"] {
        let again = ran(command.env("ESPEJO_COMPLETE", unasked)).ok().stdout;
        assert_eq!(again, usual, "`{unasked}`");
    }
}
