//! The figures of a net with targets: curves, confusion matrix, reliability, mistakes; of a regressor its predictions over targets.

use espejo_data::{Samples, Targets};
use espejo_pictures::{
    ConfusionMatrix, Figure, ParityPlot, Reliability, ReliabilityBin, Sheet, confusion_matrix,
    parity_plot, reliability, sheet,
};
use espejo_train::{
    Baseline, Classification, Folder, Rows, Task, Trained, largest, unit_rows, wilson,
};

use crate::curves;
use crate::figures::{Made, sheet_columns, tile};
use crate::titles::subject;

/// Mistakes on a sheet, at most.
const MISTAKES: usize = 40;

/// Every figure that suits the run, by its file name.
pub fn all(
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
) -> anyhow::Result<Vec<Made>> {
    let mut figures = vec![("loss", curves::prediction(trained, folder, baselines))];
    let test = trained.test();
    let outputs = trained.predict(test)?;
    if trained.prepared().spec.task == Task::Classify {
        let found = trained.classification(test, &outputs)?;
        figures.push(("confusion", Ok(confusion(trained, &found))));
        figures.push(("reliability", Ok(calibration(trained, &found))));
        if !test.is_table() {
            let mistakes = mistakes(trained, &outputs).transpose();
            figures.extend(mistakes.map(|figure| ("mistakes", figure)));
        }
    } else if let Some(figure) = parity(trained, &outputs) {
        figures.push(("parity", Ok(figure)));
    }
    Ok(figures)
}

fn confusion(trained: &Trained, found: &Classification) -> Figure {
    let (low, high) = found.accuracy_interval();
    confusion_matrix(&ConfusionMatrix {
        title: format!("Confusion matrix, {}", subject(trained)),
        classes: found.classes.clone(),
        counts: found.confusion.clone(),
        note: Some(format!(
            "accuracy {:.4} of {} test samples, 95 % interval {low:.4} to {high:.4}",
            found.accuracy(),
            found.samples()
        )),
    })
}

fn calibration(trained: &Trained, found: &Classification) -> Figure {
    let width = 1.0 / found.bins.len() as f64;
    let bin = |(place, bin): (usize, &espejo_train::ConfidenceBin)| {
        let (count, right) = (bin.samples as f64, bin.right as f64);
        ReliabilityBin {
            low: place as f64 * width,
            high: (place + 1) as f64 * width,
            count: bin.samples,
            confidence: bin.confidence / count,
            accuracy: right / count,
            accuracy_interval: wilson(right, count),
        }
    };
    reliability(&Reliability {
        title: format!("Reliability, {}", subject(trained)),
        bins: found.bins.iter().enumerate().map(bin).collect(),
        calibration_error: found.calibration_error(),
        note: None,
    })
}

/// The images whose wrong class was given with the most confidence; none where all are right.
fn mistakes(trained: &Trained, outputs: &Rows) -> anyhow::Result<Option<Figure>> {
    let test = trained.test();
    let mut wrong: Vec<(usize, usize, f32)> = outputs
        .iter()
        .enumerate()
        .map(|(index, row)| (index, largest(row), row[largest(row)]))
        .filter(|(index, given, _)| test.label(*index) != Some(*given))
        .collect();
    if wrong.is_empty() {
        return Ok(None);
    }
    let count = wrong.len();
    // Stable: equally sure ones keep the order of the set.
    wrong.sort_by(|a, b| b.2.total_cmp(&a.2));
    wrong.truncate(MISTAKES);
    let places: Vec<usize> = wrong.iter().map(|(index, _, _)| *index).collect();
    // Images are shown as they are in the set, also where a net sees their pixels in another order.
    let images = test.unpermuted().select(&places);
    let tiles = unit_rows(&images)?;
    let tiles = tiles
        .iter()
        .map(|row| Some(tile(row, trained.shape(), test.two_valued())));
    let name = |class: usize| test.classes()[class].as_str();
    let mark = |(index, given, confidence): &(usize, usize, f32)| {
        let own = test.label(*index).map_or("?", name);
        Some(format!(
            "{own}, not {}\n{:.0} %",
            name(*given),
            100.0 * confidence
        ))
    };
    Ok(Some(sheet(&Sheet {
        title: format!("Most confident of {count} mistakes, {}", subject(trained)),
        rows: vec![(String::new(), tiles.collect())],
        marks: vec![wrong.iter().map(mark).collect()],
        wrap: sheet_columns(trained.shape()),
        key: "Under an image: its class, the class that was given in its place, and how sure the net was".to_owned(),
        ..Sheet::default()
    })))
}

/// Predictions over targets, of the first column.
fn parity(trained: &Trained, outputs: &Rows) -> Option<Figure> {
    let test: &Samples = trained.test();
    let Targets::Numbers { columns, .. } = test.targets() else {
        return None;
    };
    let point = |(index, output): (usize, &Vec<f32>)| {
        let target = test.target_row(index)?;
        Some((target[0], f64::from(output[0])))
    };
    Some(parity_plot(&ParityPlot {
        title: format!("Predictions, {}", subject(trained)),
        column: columns[0].clone(),
        points: outputs.iter().enumerate().filter_map(point).collect(),
        note: Some(format!("{} test samples", test.len())),
    }))
}
