//! How figures name their model and their data.

use espejo_train::Trained;

/// Name of the model, its layers and its data, for titles.
pub fn subject(trained: &Trained) -> String {
    let architecture = &trained.prepared().spec.architecture;
    format!(
        "{} {} on {}",
        short(trained.config().model.kind.name()),
        architecture.title,
        data_name(trained)
    )
}

/// The name of the data; of a file or folder without the way there.
pub fn data_name(trained: &Trained) -> String {
    let name = &trained.config().data.name;
    let path = std::path::Path::new(name);
    path.file_name()
        .map_or(name.clone(), |file| file.to_string_lossy().into_owned())
}

/// The name of a family in a title: `ae` is `AE`, `classifier` is `Classifier`.
fn short(name: &str) -> String {
    match name.len() {
        0..=3 => name.to_uppercase(),
        _ => name[..1].to_uppercase() + &name[1..],
    }
}
