//! The reconstruction errors of each class, as a table for people.

use std::fmt::Write as _;

use espejo_train::ClassErrors;

/// Classes that are listed without `--json`, at most.
const MOST_CLASSES: usize = 30;
/// Characters of a name, at most.
const MOST_CHARACTERS: usize = 30;

/// Samples, mean error and worst sample of each class; empty where there are no classes.
pub fn class_error_table(classes: &[ClassErrors]) -> String {
    if classes.is_empty() {
        return String::new();
    }
    let names = classes.iter().map(|class| class.name.chars().count());
    let width = names.max().unwrap_or(0).clamp(5, MOST_CHARACTERS);
    let pixels = classes.iter().any(|class| class.wrong_pixels.is_some());
    let heading = if pixels { "  wrong pixels" } else { "" };
    let mut text = format!(
        "\n{:<width$}  {:>7}  {:>13}{heading}  {}\n",
        "class", "samples", "squared error", "worst sample"
    );
    for class in classes.iter().take(MOST_CLASSES) {
        let name: String = class.name.chars().take(width).collect();
        let _ = write!(
            text,
            "{name:<width$}  {:>7}  {:>13}",
            class.samples,
            number(class.squared_error, 4)
        );
        if pixels {
            let _ = write!(text, "  {:>12}", number(class.wrong_pixels, 3));
        }
        let worst = class.worst.as_ref().map_or("–".to_owned(), |worst| {
            let row = worst.row.to_string();
            let called = match worst.caption == row || worst.caption == class.name {
                true => format!("row {row}"),
                false => format!("{}, row {row}", worst.caption),
            };
            format!("{called} ({:.4})", worst.squared_error)
        });
        let _ = writeln!(text, "  {worst}");
    }
    let more = classes.len().saturating_sub(MOST_CLASSES);
    if more > 0 {
        let _ = writeln!(text, "and {more} more classes: `--json` gives all");
    }
    text
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use espejo_train::WorstSample;

    use super::*;

    #[test]
    fn every_class_has_its_error_and_its_worst_sample() {
        let class = |name: &str, error: Option<f64>, caption: &str| ClassErrors {
            name: name.to_owned(),
            samples: 3,
            squared_error: error,
            wrong_pixels: None,
            worst: error.map(|error| WorstSample {
                index: 7,
                row: 9,
                caption: caption.to_owned(),
                squared_error: 2.0 * error,
            }),
        };
        let classes = [
            class("cat", Some(0.5), "cat/tom"),
            class("dog", Some(1.5), "dog"),
            class("cow", None, ""),
        ];
        assert_eq!(
            class_error_table(&classes),
            "\nclass  samples  squared error  worst sample\n\
             cat          3         0.5000  cat/tom, row 9 (1.0000)\n\
             dog          3         1.5000  row 9 (3.0000)\n\
             cow          3              –  –\n"
        );
        assert_eq!(class_error_table(&[]), "");
    }
}
