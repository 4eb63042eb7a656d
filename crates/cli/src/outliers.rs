//! Which samples are known anomalies: those of the classes that are named so.

use espejo_data::Samples;

use crate::output::usage;
use crate::sample_columns::Chosen;

/// Whether each sample of the parts is of a class in `names`; none where no class is named.
pub fn of_parts(names: &[String], parts: &[Chosen]) -> anyhow::Result<Option<Vec<bool>>> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut labels = Vec::new();
    let mut missing: Vec<&String> = names.iter().collect();
    for Chosen { samples, .. } in parts {
        missing.retain(|name| !samples.classes().contains(name));
        labels.extend(of(names, samples)?);
    }
    if let Some(name) = missing.first() {
        let known = parts[0].samples.classes().join("`, `");
        return Err(usage(
            format!("`--outliers`: there is no class `{name}`"),
            format!("the classes are `{known}`"),
        ));
    }
    Ok(Some(labels))
}

/// Whether each sample is of a class in `names`.
pub fn of(names: &[String], samples: &Samples) -> anyhow::Result<Vec<bool>> {
    if samples.classes().is_empty() {
        return Err(usage(
            format!(
                "`--outliers` names classes, and `{}` has none",
                samples.name()
            ),
            "say with `--label COLUMN` which column holds them",
        ));
    }
    let is_outlier = |index| {
        let label = samples.label(index)?;
        let class = samples.classes().get(label)?;
        Some(names.contains(class))
    };
    Ok((0..samples.len())
        .map(|index| is_outlier(index).unwrap_or(false))
        .collect())
}

/// The class of anomalies where none is named: that of `1`, `true` or `yes` in a column of such words and their opposites that was asked for,
/// as the files of series have it. Empty where there is no such class, or no row of the other.
pub fn usual(rows: &[Chosen]) -> Vec<String> {
    const ANOMALY: [&str; 3] = ["1", "true", "yes"];
    const ORDINARY: [&str; 3] = ["0", "false", "no"];
    let Some(Chosen { samples, .. }) = rows.first() else {
        return Vec::new();
    };
    let is_of = |words: &[&str], class: &str| words.contains(&class.to_lowercase().as_str());
    let mut found = Vec::new();
    for (class, count) in samples.classes().iter().zip(samples.class_counts()) {
        match (is_of(&ANOMALY, class), is_of(&ORDINARY, class)) {
            (true, _) if (1..samples.len()).contains(&count) => found.push(class.clone()),
            (false, false) => return Vec::new(),
            _ => {}
        }
    }
    found
}
