//! `espejo predict`: the class or the numbers of each sample, as CSV.

use espejo_data::Samples;
use espejo_pictures::csv_field;
use espejo_train::{Rows, Targets, Task, Trained, largest};
use serde_json::{Value, json};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::open_run::open;
use crate::output;

/// Writes a row for each sample: its class and the probability of every class, or the numbers of a regressor in their own units.
pub fn predict(args: &SampleArgs, json: bool) -> anyhow::Result<()> {
    let (_, trained) = open(&args.run)?;
    let samples = chosen_samples(&trained, args)?;
    let outputs = trained.predict(&samples)?;
    let names = names(&trained);
    let classifies = trained.prepared().spec.task == Task::Classify;
    if classifies && !samples.classes().is_empty() {
        tell_accuracy(&trained, &samples, &outputs)?;
    }
    if json {
        return output::json(&as_json(classifies, &names, &outputs));
    }
    let mut text = header(classifies, &names);
    for (index, row) in outputs.iter().enumerate() {
        let mut cells = vec![index.to_string(), csv_field(samples.caption(index))];
        if classifies {
            let given = largest(row);
            cells.push(csv_field(&names[given]));
            cells.push(row[given].to_string());
        }
        cells.extend(row.iter().map(ToString::to_string));
        text += &(cells.join(",") + "\n");
    }
    output::text(&text)
}

/// The classes, or the columns, that the run learned.
fn names(trained: &Trained) -> Vec<String> {
    match trained.prepared().train.targets() {
        Targets::Classes { names, .. } => names.to_vec(),
        Targets::Numbers { columns, .. } => columns.to_vec(),
        Targets::None => Vec::new(),
    }
}

fn header(classifies: bool, names: &[String]) -> String {
    let mut columns = vec!["sample".to_owned(), "caption".to_owned()];
    if classifies {
        columns.extend(["class".to_owned(), "probability".to_owned()]);
    }
    let column = |name: &String| match classifies {
        true => csv_field(&format!("p({name})")),
        false => csv_field(name),
    };
    columns.extend(names.iter().map(column));
    columns.join(",") + "\n"
}

fn as_json(classifies: bool, names: &[String], outputs: &Rows) -> Value {
    if !classifies {
        return json!({ "columns": names, "predictions": outputs });
    }
    let entry = |row: &Vec<f32>| json!({ "class": names[largest(row)], "probabilities": row });
    json!({ "classes": names, "predictions": outputs.iter().map(entry).collect::<Vec<_>>() })
}

/// Where the classes are known, says on stderr how many predictions are right.
fn tell_accuracy(trained: &Trained, samples: &Samples, outputs: &Rows) -> anyhow::Result<()> {
    let found = trained.classification(samples, outputs)?;
    let (low, high) = found.accuracy_interval();
    output::message(&format!(
        "accuracy {:.4} ({} of {}), 95 % interval {low:.4} to {high:.4}",
        found.accuracy(),
        found.right(),
        found.samples()
    ));
    Ok(())
}
