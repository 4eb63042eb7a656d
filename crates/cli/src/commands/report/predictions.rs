//! Sections on a net with targets: confusions and mistakes of a classifier, predictions of a regressor.

use espejo_report::{Cell, Curve, CurvePanel, Part, Section, Table};
use espejo_train::{Classification, Rows, Task, largest, unit_rows};

use super::Told;
use super::lead::{digits, whole};
use super::samples::picture;

/// Classes of a confusion matrix, at most; beyond them the most frequent confusions are listed.
const MOST_CLASSES: usize = 26;
/// Confusions that are listed.
const LISTED: usize = 20;
/// Mistakes that are shown.
const MISTAKES: usize = 24;
/// Points of a diagram, at most.
const MOST_POINTS: usize = 1500;

/// All that suits the task.
pub fn sections(told: &Told<'_>) -> anyhow::Result<Vec<Section>> {
    let test = told.trained.test();
    let outputs = told.trained.predict(test)?;
    if told.trained.prepared().spec.task != Task::Classify {
        return Ok(vec![parity(told, &outputs)]);
    }
    let found = told.trained.classification(test, &outputs)?;
    let mut sections = vec![Section::new(
        told.say("What is taken for what"),
        vec![
            Part::Text(told.say("A row is a class, a column what the net took its samples for.")),
            Part::Table(confusions(told, &found)),
        ],
    )];
    if let Some(mistakes) = mistakes(told, &outputs)? {
        sections.push(mistakes);
    }
    Ok(sections)
}

fn confusions(told: &Told<'_>, found: &Classification) -> Table {
    if found.classes.len() > MOST_CLASSES {
        return listed(told, found);
    }
    let names = found.classes.iter().cloned();
    let mut table = Table::new([String::new()].into_iter().chain(names));
    table.heat = true;
    for (name, counts) in found.classes.iter().zip(&found.confusion) {
        let total = counts.iter().sum::<u64>().max(1);
        let cell = |count: &u64| Cell {
            text: if *count == 0 {
                "·".to_owned()
            } else {
                whole(*count as usize, told.language)
            },
            class: heat(*count as f64 / total as f64),
            link: None,
        };
        table.row(
            [Cell::from(name.as_str())]
                .into_iter()
                .chain(counts.iter().map(cell)),
        );
    }
    table
}

/// A class of the style sheet for a share.
fn heat(share: f64) -> &'static str {
    const STEPS: [&str; 10] = ["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9"];
    // By the root, for mistakes are rare, and are what one looks for.
    STEPS[(share.sqrt() * 9.0).ceil() as usize % 10]
}

fn listed(told: &Told<'_>, found: &Classification) -> Table {
    let mut all: Vec<(u64, usize, usize)> = Vec::new();
    for (own, counts) in found.confusion.iter().enumerate() {
        let others = counts
            .iter()
            .enumerate()
            .filter(|(given, count)| *given != own && **count > 0);
        all.extend(others.map(|(given, count)| (*count, own, given)));
    }
    all.sort_by(|a, b| b.0.cmp(&a.0).then(a.cmp(b)));
    let mut table = Table::new(["class", "taken for", "samples"].map(|name| told.say(name)));
    table.columns[1].1 = espejo_report::Align::Left;
    for (count, own, given) in all.into_iter().take(LISTED) {
        let names = [own, given].map(|class| found.classes[class].clone());
        table.row(
            names
                .into_iter()
                .chain([whole(count as usize, told.language)]),
        );
    }
    table
}

/// The samples whose wrong class was given with the most confidence.
fn mistakes(told: &Told<'_>, outputs: &Rows) -> anyhow::Result<Option<Section>> {
    let test = told.trained.test();
    let rows = outputs
        .iter()
        .enumerate()
        .map(|(index, row)| (index, largest(row), row[largest(row)]));
    let mut wrong: Vec<(usize, usize, f32)> = rows
        .filter(|(index, given, _)| test.label(*index) != Some(*given))
        .collect();
    if wrong.is_empty() {
        return Ok(None);
    }
    let count = whole(wrong.len(), told.language);
    // Stable: equally sure ones keep the order of the set.
    wrong.sort_by(|a, b| b.2.total_cmp(&a.2));
    wrong.truncate(MISTAKES);
    let name = |class: Option<usize>| class.map_or("?", |class| test.classes()[class].as_str());
    let sure = |confidence: f32| format!("{:.0} %", 100.0 * confidence);
    let part = if test.is_table() {
        let mut table =
            Table::new(["sample", "class", "taken for", "how sure"].map(|name| told.say(name)));
        table.columns[1].1 = espejo_report::Align::Left;
        table.columns[2].1 = espejo_report::Align::Left;
        for (index, given, confidence) in wrong {
            let own = name(test.label(index)).to_owned();
            table.row([
                test.caption(index).to_owned(),
                own,
                name(Some(given)).to_owned(),
                sure(confidence),
            ]);
        }
        Part::Table(table)
    } else {
        let places: Vec<usize> = wrong.iter().map(|(index, _, _)| *index).collect();
        let images = unit_rows(&test.unpermuted().select(&places))?;
        let stack = |(row, (index, given, confidence)): (&Vec<f32>, &(usize, usize, f32))| {
            let caption = format!(
                "{} → {}, {}",
                name(test.label(*index)),
                name(Some(*given)),
                sure(*confidence)
            );
            (vec![picture(told.trained, row)], caption)
        };
        Part::Pictures(images.iter().zip(&wrong).map(stack).collect())
    };
    let text = told.fill("The most confident of {} mistakes: the class, what it was taken for, how sure the net was.", &[&count]);
    Ok(Some(Section::new(
        told.say("Mistakes"),
        vec![Part::Text(text), part],
    )))
}

/// Predictions over what they should be, a diagram for each column.
fn parity(told: &Told<'_>, outputs: &Rows) -> Section {
    let test = told.trained.test();
    let step = outputs.len().div_ceil(MOST_POINTS).max(1);
    let panel = |(column, name): (usize, &String)| {
        let point = |(index, output): (usize, &Vec<f32>)| {
            Some((
                *test.target_row(index)?.get(column)?,
                f64::from(*output.get(column)?),
            ))
        };
        CurvePanel {
            title: name.clone(),
            x: told.say("what it is"),
            series: vec![Curve {
                name: told.say("what was predicted"),
                points: outputs
                    .iter()
                    .enumerate()
                    .step_by(step)
                    .filter_map(point)
                    .collect(),
                dots: true,
                ..Curve::default()
            }],
            diagonal: true,
            ..CurvePanel::default()
        }
    };
    let panels: Vec<CurvePanel> = test
        .target_columns()
        .iter()
        .enumerate()
        .map(panel)
        .collect();
    let mut worst =
        Table::new(["sample", "what it is", "what was predicted"].map(|name| told.say(name)));
    let mut order: Vec<(f64, usize)> = (0..outputs.len())
        .filter_map(|index| {
            let target = test.target_row(index)?.first()?;
            Some(((f64::from(outputs[index][0]) - target).abs(), index))
        })
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, index) in order.into_iter().take(10) {
        let target = test
            .target_row(index)
            .and_then(|row| row.first())
            .copied()
            .unwrap_or(f64::NAN);
        let cells =
            [target, f64::from(outputs[index][0])].map(|value| digits(value, told.language));
        worst.row([test.caption(index).to_owned()].into_iter().chain(cells));
    }
    worst.title = told.say("The furthest off");
    Section::new(
        told.say("Predictions"),
        vec![Part::Curves(panels), Part::Table(worst)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_share_has_its_step() {
        assert_eq!([0.0, 0.001, 0.25, 1.0].map(heat), ["h0", "h1", "h5", "h9"]);
    }
}
