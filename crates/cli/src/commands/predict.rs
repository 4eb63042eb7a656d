//! `espejo predict`: the class or the numbers of each sample, as CSV.

use espejo_train::{Rows, Targets, Task, Trained, largest};
use serde_json::json;

use crate::choose_samples::{PartedArgs, chosen_parts};
use crate::csv_cell::csv_field;
use crate::open_run::open_for;
use crate::output;
use crate::sample_columns::Chosen;

/// Writes a row for each sample: its class and the probability of every class, or the numbers of a regressor in their own units.
pub fn predict(args: &PartedArgs, json: bool) -> anyhow::Result<()> {
    let (_, trained) = open_for(&args.samples)?;
    let parts = chosen_parts(&trained, args)?;
    let names = names(&trained);
    let classifies = trained.prepared().spec.task == Task::Classify;
    let mut text = header(classifies, &names, &parts[0]);
    let mut entries = Vec::new();
    for part in &parts {
        let samples = &part.samples;
        if !classifies {
            let numbers = trained.predict_numbers(samples)?;
            for (index, row) in numbers.iter().enumerate() {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                text += &line(entries.len(), part, index, &cells);
                entries.push(json!(row));
            }
            continue;
        }
        let outputs = trained.predict(samples)?;
        if !samples.classes().is_empty() {
            tell_accuracy(&trained, part, &outputs)?;
        }
        for (index, row) in outputs.iter().enumerate() {
            let given = largest(row);
            let mut cells = vec![csv_field(&names[given]), row[given].to_string()];
            cells.extend(row.iter().map(ToString::to_string));
            text += &line(entries.len(), part, index, &cells);
            entries.push(json!({ "class": names[given], "probabilities": row }));
        }
    }
    if !json {
        return output::text(&text);
    }
    let key = if classifies { "classes" } else { "columns" };
    output::json(&json!({ key: names, "predictions": entries }))
}

/// A line of the table.
fn line(number: usize, part: &Chosen, index: usize, cells: &[String]) -> String {
    let caption = csv_field(part.samples.caption(index));
    let cells = cells.join(",");
    format!("{number},{caption},{cells}{}\n", part.cells(index))
}

/// The classes, or the columns, that the run learned.
fn names(trained: &Trained) -> Vec<String> {
    match trained.prepared().train.targets() {
        Targets::Classes { names, .. } => names.to_vec(),
        Targets::Numbers { columns, .. } => columns.to_vec(),
        Targets::None => Vec::new(),
    }
}

fn header(classifies: bool, names: &[String], part: &Chosen) -> String {
    let mut columns = vec!["sample".to_owned(), "caption".to_owned()];
    if classifies {
        columns.extend(["class".to_owned(), "probability".to_owned()]);
    }
    let column = |name: &String| match classifies {
        true => csv_field(&format!("p({name})")),
        false => csv_field(name),
    };
    columns.extend(names.iter().map(column));
    columns.join(",") + &part.header() + "\n"
}

/// Where the classes are known, says on stderr how many predictions are right.
fn tell_accuracy(trained: &Trained, part: &Chosen, outputs: &Rows) -> anyhow::Result<()> {
    let found = trained.classification(&part.samples, outputs)?;
    let (low, high) = found.accuracy_interval();
    output::message(&format!(
        "{}accuracy {:.4} ({} of {}), 95 % interval {low:.4} to {high:.4}",
        part.part.map_or(String::new(), |part| format!("{part}: ")),
        found.accuracy(),
        found.right(),
        found.samples()
    ));
    Ok(())
}
