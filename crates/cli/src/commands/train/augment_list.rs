//! The list of `--augment` as the section of the configuration that it means.

use espejo_train::accepted_hint;
use toml::{Table, Value};

use crate::output::usage;

/// The changes by their names, with a value as an example where they take one.
const CHANGES: [(&str, &str); 5] = [
    ("shift", "shift:.1"),
    ("rotate", "rotate:15"),
    ("flip", "flip"),
    ("cutout", "cutout:8"),
    ("mixup", "mixup:.2"),
];

/// The section of `shift:.1,flip`: all of its keys, so that a list stands in place of what a preset has. `none` turns everything off.
pub fn augment_section(list: &str) -> anyhow::Result<Table> {
    let mut section = Table::from_iter(CHANGES.map(|(name, _)| (name.to_owned(), off(name))));
    if list.trim() == "none" {
        return Ok(section);
    }
    for word in list.split(',').map(str::trim) {
        let (name, value) = match word.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        section.insert(name.to_owned(), read(name, value, list)?);
    }
    Ok(section)
}

fn off(name: &str) -> Value {
    match name {
        "flip" => Value::Boolean(false),
        "cutout" => Value::Integer(0),
        _ => Value::Float(0.0),
    }
}

/// The value of a change; what is beyond its range is refused with the rest of the configuration.
fn read(name: &str, value: Option<&str>, list: &str) -> anyhow::Result<Value> {
    let Some((_, example)) = CHANGES.iter().find(|(known, _)| *known == name) else {
        let words: Vec<&str> = CHANGES.iter().map(|(known, _)| *known).collect();
        let hint = accepted_hint(name, &words);
        return Err(usage(
            format!("`--augment {list}`: `{name}` is no change of an image"),
            hint,
        ));
    };
    let read = match (name, value) {
        ("flip", None) => Some(Value::Boolean(true)),
        ("cutout", Some(value)) => value.parse().ok().map(Value::Integer),
        ("flip", Some(_)) | (_, None) => None,
        (_, Some(value)) => value.parse().ok().map(Value::Float),
    };
    read.ok_or_else(|| {
        let word = value.map_or(name.to_owned(), |value| format!("{name}:{value}"));
        usage(
            format!("`--augment {list}`: `{word}` cannot be read"),
            format!("as in `{example}`"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_all_keys() {
        let expected: Table = "shift = 0.1\nrotate = 0.0\nflip = true\ncutout = 8\nmixup = 0.2"
            .parse()
            .expect("TOML");
        let found = augment_section("shift:.1, flip,cutout:8,mixup:.2").expect("a list");
        assert_eq!(found, expected);
        let off: Table = "shift = 0.0\nrotate = 0.0\nflip = false\ncutout = 0\nmixup = 0.0"
            .parse()
            .expect("TOML");
        assert_eq!(augment_section("none").expect("a list"), off);
    }

    #[test]
    fn what_is_no_change_is_refused_as_it_was_typed() {
        for (list, expected) in [
            ("flop", "`--augment flop`: `flop` is no change of an image"),
            ("flip:1", "`--augment flip:1`: `flip:1` cannot be read"),
            (
                "flip,shift",
                "`--augment flip,shift`: `shift` cannot be read",
            ),
            (
                "cutout:.5",
                "`--augment cutout:.5`: `cutout:.5` cannot be read",
            ),
            ("", "`--augment `: `` is no change of an image"),
        ] {
            let error = augment_section(list).expect_err(list);
            assert_eq!(error.to_string(), expected);
        }
    }
}
