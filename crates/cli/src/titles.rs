//! How figures name their model and their data.

use std::path::Path;

use espejo_train::{Folder, RunConfig, Trained};

/// Name of the model, its layers and its data, for titles.
pub fn subject(trained: &Trained) -> String {
    subject_on(trained, &data_name(trained))
}

/// Name of the model, its layers and the data that it is shown, for titles.
pub fn subject_on(trained: &Trained, data: &str) -> String {
    format!("{} on {data}", model_name(trained))
}

/// Name of the model with its layers.
pub fn model_name(trained: &Trained) -> String {
    let architecture = &trained.prepared().spec.architecture;
    let kind = short(trained.config().model.kind.name());
    format!("{kind} {}", architecture.title)
}

/// The name of a run, which is that of its folder.
pub fn run_name(folder: &Folder) -> String {
    file_name(&folder.path().to_string_lossy())
}

/// The name of the run's own data.
pub fn data_name(trained: &Trained) -> String {
    data_name_of(trained.config())
}

/// The name of the data that a configuration trains on.
pub fn data_name_of(config: &RunConfig) -> String {
    file_name(&config.data.name)
}

/// The name of data; of a file or folder without the way there.
pub fn file_name(name: &str) -> String {
    let file = Path::new(name).file_name();
    file.map_or(name.to_owned(), |file| file.to_string_lossy().into_owned())
}

/// A latent code for captions, its first numbers where it is long.
pub fn code_text(code: &[f32]) -> String {
    const SHOWN: usize = 4;
    let numbers = code.iter().take(SHOWN).map(|number| {
        let text = format!("{number:.2}");
        // A minus sign as wide as a plus, and no nought with a sign.
        match text.as_str() {
            "-0.00" => "0.00".to_owned(),
            _ => text.replace('-', "−"),
        }
    });
    let mut numbers: Vec<String> = numbers.collect();
    if code.len() > SHOWN {
        numbers.push("…".to_owned());
    }
    format!("({})", numbers.join(", "))
}

/// The names of the classes for a legend. Those of the built-in fonts say nothing to who does not know the set.
pub fn class_names(classes: &[String]) -> Vec<String> {
    let plain = |name: &String| match name.as_str() {
        "font1" => "digits, punctuation".to_owned(),
        "font2" => "capitals".to_owned(),
        "font3" => "small letters".to_owned(),
        _ => name.clone(),
    };
    classes.iter().map(plain).collect()
}

/// The name of a family in a title: `ae` is `AE`, `classifier` is `Classifier`.
fn short(name: &str) -> String {
    match name.len() {
        0..=3 => name.to_uppercase(),
        _ => name[..1].to_uppercase() + &name[1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short() {
        assert_eq!(code_text(&[0.5, -1.256]), "(0.50, −1.26)");
        assert_eq!(code_text(&[-0.001]), "(0.00)");
        assert_eq!(code_text(&[1.0; 9]), "(1.00, 1.00, 1.00, 1.00, …)");
    }
}
