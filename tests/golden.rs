//! Golden texts: what the program prints, held against the files in `tests/golden` word for word.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::program::{Room, ran};

/// Texts beside the help of every command: the name of the file and the command that prints it.
const TEXTS: [(&str, &str); 6] = [
    ("layers-dense", "train --device cpu --dry-run"),
    (
        "layers-conv",
        "train --conv 8,4 --latent 3 --device cpu --dry-run",
    ),
    ("layers-vae", "train --model vae --device cpu --dry-run"),
    ("glyph-fonts-1", "data show fonts:1 --letters 4"),
    ("glyph-fonts-2", "data show fonts:2 --letters R"),
    ("glyph-fonts-3", "data show fonts:3 --letters g"),
];

/// The commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        // The description of a command may go on in a line that is indented further.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(str::to_owned)
        .collect()
}

/// Prints a text, wrapped at 100 columns whatever terminal the tests run in.
fn printed(room: &Room, args: &[&str]) -> String {
    ran(room.command(args).env("COLUMNS", "100")).ok().stdout
}

/// Adds the help of a command, and of the commands below it.
fn add_help(room: &Room, command: &[&str], texts: &mut BTreeMap<String, String>) {
    let help = printed(room, &[command, &["--help"]].concat());
    for below in commands(&help) {
        add_help(room, &[command, &[below.as_str()]].concat(), texts);
    }
    let name = [&["help"], command].concat().join("-");
    texts.insert(format!("{name}.txt"), help);
}

/// Every golden text as the program prints it now, by the name of its file.
fn texts(room: &Room) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    add_help(room, &[], &mut texts);
    for (name, args) in TEXTS {
        let args: Vec<&str> = args.split(' ').collect();
        texts.insert(format!("{name}.txt"), printed(room, &args));
    }
    for (name, text) in crate::verdict::summaries(room) {
        texts.insert(format!("{name}.txt"), text);
    }
    texts
}

/// Every golden text as it was accepted.
fn accepted(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let text = |path: &Path| fs::read_to_string(path).expect("a text file");
    paths
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy();
            (name.into_owned(), text(&path))
        })
        .collect()
}

/// The first line in which two texts differ, or nothing where they are equal.
fn difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (mut expected, mut found) = (expected.lines(), found.lines());
    for number in 1.. {
        match (expected.next(), found.next()) {
            (None, None) => break,
            (one, other) if one == other => {}
            (one, other) => {
                let line = |line: Option<&str>| line.unwrap_or("(no more lines)").to_owned();
                return Some(format!(
                    "line {number}\n  accepted: {}\n  now:      {}",
                    line(one),
                    line(other)
                ));
            }
        }
    }
    Some("the line endings".to_owned())
}

#[test]
fn printed_texts_are_the_golden_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let room = Room::new();
    let now = texts(&room);
    assert!(now.len() > 20, "{:?}", now.keys());
    if std::env::var_os("ESPEJO_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("writable");
        for (name, text) in &now {
            fs::write(folder.join(name), text).expect("writable");
        }
    }
    let golden = accepted(&folder);
    let names = now
        .keys()
        .chain(golden.keys().filter(|name| !now.contains_key(*name)));
    let text =
        |texts: &BTreeMap<String, String>, name: &str| texts.get(name).cloned().unwrap_or_default();
    let differences: Vec<String> = names
        .filter_map(|name| {
            let difference = difference(&text(&golden, name), &text(&now, name))?;
            Some(format!("tests/golden/{name}: {difference}"))
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{}\n\nif these changes are wanted, run the tests with ESPEJO_BLESS=1, which renews tests/golden, and look at the \
         difference before you commit it",
        differences.join("\n")
    );
}

#[test]
fn a_difference_names_its_line() {
    assert_eq!(difference("a\nb\n", "a\nb\n"), None);
    let found = difference("a\nb\n", "a\nc\n").expect("they differ");
    assert_eq!(found, "line 2\n  accepted: b\n  now:      c");
    assert!(difference("a\n", "a").is_some());
}
