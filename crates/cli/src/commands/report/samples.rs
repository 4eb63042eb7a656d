//! Sections on samples of an autoencoder: what comes back of them, and which of them are unusual.

use espejo_data::Samples;
use espejo_report::{Curve, CurvePanel, Part, Picture, Section, Table};
use espejo_train::{MAX_PSNR, Rows, ScoreKind, ScoreRule, Trained, psnr, unit_rows, wrong_pixels};

use super::Told;
use super::lead::{digits, whole};
use crate::decoded_rows::in_units;
use crate::figures::spread_over;
use crate::sample_columns::scored_rows;
use crate::sample_kind::SampleKind;
use crate::stored_threshold::{self, Stored};

/// Images beside their reconstructions.
const IMAGES: usize = 24;
/// Rows and columns of a table beside their reconstructions.
const ROWS: usize = 6;
const COLUMNS: usize = 8;
/// Columns of a window that are drawn.
const LINES: usize = 4;
/// Samples that are reconstructed worst.
const WORST: usize = 12;
/// Columns that are named beside a score.
const SHARES: usize = 3;
/// Points of a curve, at most.
const MOST_POINTS: usize = 2000;

/// All that suits the samples.
pub fn sections(told: &Told<'_>) -> anyhow::Result<Vec<Section>> {
    let mut sections = Vec::new();
    let parts = match told.kind {
        SampleKind::Image => images(told)?,
        SampleKind::Row => rows(told)?,
        SampleKind::Window => windows(told)?,
        SampleKind::Text => Vec::new(),
    };
    if !parts.is_empty() {
        sections.push(Section::new(told.say("Samples and what comes back"), parts));
    }
    sections.push(unusual(told)?);
    Ok(sections)
}

/// An image of a run as a page shows it.
pub fn picture(trained: &Trained, row: &[f32]) -> Picture {
    let shape = trained.shape();
    Picture {
        channels: shape.channels,
        height: shape.height,
        width: shape.width,
        values: row.to_vec(),
        ink: trained.test().two_valued(),
    }
}

/// Rows in the order of a model as images are in the set.
pub fn as_in_set(trained: &Trained, rows: &Rows) -> Rows {
    let Some(order) = &trained.prepared().permutation else {
        return rows.clone();
    };
    let row = |row: &Vec<f32>| {
        let mut image = row.clone();
        for (&place, value) in order.iter().zip(row) {
            image[place as usize] = *value;
        }
        image
    };
    rows.iter().map(row).collect()
}

/// Images, with denoising their noisy copies, and what comes back.
fn images(told: &Told<'_>) -> anyhow::Result<Vec<Part>> {
    let trained = told.trained;
    let shown = spread_over(trained.test(), IMAGES);
    let clean = unit_rows(&shown)?;
    let denoises = trained.prepared().spec.task.denoises();
    let seen = match denoises {
        true => trained.noisy(&shown, trained.noise(), 1, trained.config().train.seed)?,
        false => clean.clone(),
    };
    let output = trained.reconstruct(&seen)?;
    let words = match (denoises, shown.two_valued()) {
        (true, _) => "Above the sample, below it a noisy copy, then what the net makes of that.",
        (false, true) => {
            "Above the sample, below what comes back; the number says how many pixels are wrong."
        }
        (false, false) => {
            "Above the sample, below what comes back; the number is the peak signal-to-noise ratio in decibels, of which more is better."
        }
    };
    let mark = |output: &[f32], clean: &[f32]| match shown.two_valued() {
        true => wrong_pixels(output, clean).to_string(),
        false => match psnr(output, clean) {
            ratio if ratio >= MAX_PSNR => "=".to_owned(),
            ratio => format!("{} dB", told.language.number(&format!("{ratio:.1}"))),
        },
    };
    let marks: Vec<String> = output
        .iter()
        .zip(&clean)
        .map(|(output, clean)| mark(output, clean))
        .collect();
    let [clean, seen, output] = [clean, seen, output].map(|rows| as_in_set(told.trained, &rows));
    let stack = |index: usize| {
        let mut stack = vec![picture(told.trained, &clean[index])];
        if denoises {
            stack.push(picture(told.trained, &seen[index]));
        }
        stack.push(picture(told.trained, &output[index]));
        (stack, format!("{}: {}", shown.caption(index), marks[index]))
    };
    Ok(vec![
        Part::Text(told.say(words)),
        Part::Pictures((0..shown.len()).map(stack).collect()),
    ])
}

/// Rows of a table, the cell of the sample beside the one that comes back.
fn rows(told: &Told<'_>) -> anyhow::Result<Vec<Part>> {
    let trained = told.trained;
    let shown = spread_over(trained.test(), ROWS);
    let own = unit_rows(&shown)?;
    let filled: Rows = own.iter().map(|row| filled(row)).collect();
    let output = trained.reconstruct(&filled)?;
    let (own, output) = (in_units(trained, &own), in_units(trained, &output));
    let unpermuted = shown.unpermuted();
    let columns = &unpermuted.columns()[..unpermuted.columns().len().min(COLUMNS)];
    let mut table = Table::new([String::new()].into_iter().chain(columns.iter().cloned()));
    for index in 0..shown.len() {
        let cells = (0..columns.len()).map(|column| {
            let known = |value: f64| match value.is_nan() {
                true => "–".to_owned(),
                false => digits(value, told.language),
            };
            format!(
                "{} → {}",
                known(own[index][column]),
                known(output[index][column])
            )
        });
        table.row([name(&shown, index)].into_iter().chain(cells));
    }
    let mut words = told.say("Each cell: what the row has, and what comes back.");
    let more = unpermuted.columns().len() - columns.len();
    if more > 0 {
        words += " ";
        words += &told.fill(
            "{} more columns are in `espejo reconstruct --csv`.",
            &[&more.to_string()],
        );
    }
    Ok(vec![Part::Text(words), Part::Table(table)])
}

/// Missing cells as the net sees them.
pub fn filled(row: &[f32]) -> Vec<f32> {
    row.iter()
        .map(|value| if value.is_nan() { 0.0 } else { *value })
        .collect()
}

/// A window in the middle, each column with what comes back.
fn windows(told: &Told<'_>) -> anyhow::Result<Vec<Part>> {
    let trained = told.trained;
    let shown = trained.test().select(&[trained.test().len() / 2]);
    let own = unit_rows(&shown)?;
    let filled: Rows = own.iter().map(|row| filled(row)).collect();
    let output = trained.reconstruct(&filled)?;
    let (own, output) = (in_units(trained, &own), in_units(trained, &output));
    let columns = shown.points().unpermuted().columns().to_vec();
    let line = |of: &[f64], column: usize| {
        let values = of.iter().skip(column).step_by(columns.len()).enumerate();
        let points = values.map(|(at, value)| (at as f64, *value));
        points
            .filter(|(_, value)| value.is_finite())
            .collect::<Vec<_>>()
    };
    let panel = |(column, title): (usize, &String)| CurvePanel {
        title: title.clone(),
        x: told.say("row of the window"),
        whole: true,
        series: vec![
            Curve {
                name: told.say("sample"),
                points: line(&own[0], column),
                colour: 7,
                dashed: true,
                ..Curve::default()
            },
            Curve {
                name: told.say("its reconstruction"),
                points: line(&output[0], column),
                ..Curve::default()
            },
        ],
        ..CurvePanel::default()
    };
    let panels = columns.iter().enumerate().take(LINES).map(panel);
    Ok(vec![
        Part::Text(told.say("A window in the middle of the test part.")),
        Part::Curves(panels.collect()),
    ])
}

/// What a sample is called: by its caption, or by its row.
fn name(samples: &Samples, index: usize) -> String {
    match (samples.row_name(index), samples.caption(index)) {
        (Some(name), _) => name.to_owned(),
        (None, "") => format!("#{}", samples.row(index)),
        (None, caption) => caption.to_owned(),
    }
}

/// The samples that are reconstructed worst, with what adds most to it.
fn unusual(told: &Told<'_>) -> anyhow::Result<Section> {
    let stored = stored_threshold::last(told.folder)?;
    let rule = ScoreRule {
        kind: stored
            .as_ref()
            .map_or(ScoreKind::SquaredError, |stored| stored.kind),
        draws: 1,
        seed: told.trained.config().train.seed,
    };
    // Draws of the last scoring are not known, so that its limit is for plain scores alone.
    let (rule, stored) = match rule.kind.draws_codes() {
        true => (
            ScoreRule {
                kind: ScoreKind::SquaredError,
                ..rule
            },
            None,
        ),
        false => (rule, stored),
    };
    let test = told.trained.test();
    let explains = test.is_table() && !test.is_text();
    let scores = told.trained.score_rows(test, rule, explains)?;
    let samples = scored_rows(test);
    let mut parts = vec![Part::Text(flagged(
        told,
        &scores.values,
        rule.kind,
        stored.as_ref(),
    ))];
    let mut order: Vec<usize> = (0..scores.values.len()).collect();
    // Stable: equally unusual ones keep the order of the set.
    order.sort_by(|a, b| scores.values[*b].total_cmp(&scores.values[*a]));
    order.truncate(WORST);
    match told.kind {
        SampleKind::Image => parts.push(worst_images(told, &order, &scores.values)?),
        kind => {
            if kind == SampleKind::Window {
                parts.push(over_time(told, &scores.values, stored.as_ref()));
            }
            parts.push(worst_rows(told, &samples, &order, &scores));
        }
    }
    Ok(Section::new(told.say("Unusual samples"), parts))
}

/// The limit of the last scoring, where there was one.
fn flagged(told: &Told<'_>, scores: &[f64], kind: ScoreKind, stored: Option<&Stored>) -> String {
    let start = told.fill("These have the highest scores, by `{}`.", &[kind.name()]);
    let Some(stored) = stored else {
        let advice = told.say("`espejo score` sets a limit above which samples are flagged.");
        return format!("{start} {advice}");
    };
    let above = scores.iter().filter(|score| **score > stored.limit).count();
    let values = [
        whole(above, told.language),
        whole(scores.len(), told.language),
        digits(stored.limit, told.language),
    ];
    let flagged = told.fill(
        "{} of {} are above the limit {}.",
        &values.each_ref().map(String::as_str),
    );
    format!("{start} {flagged}")
}

fn worst_images(told: &Told<'_>, order: &[usize], scores: &[f64]) -> anyhow::Result<Part> {
    let shown = told.trained.test().select(order);
    let clean = unit_rows(&shown)?;
    let output = told.trained.reconstruct(&clean)?;
    let [clean, output] = [clean, output].map(|rows| as_in_set(told.trained, &rows));
    let stack = |(place, index): (usize, &usize)| {
        let stack = [&clean, &output].map(|rows| picture(told.trained, &rows[place]));
        let caption = format!(
            "{}: {}",
            shown.caption(place),
            digits(scores[*index], told.language)
        );
        (stack.to_vec(), caption)
    };
    Ok(Part::Pictures(
        order.iter().enumerate().map(stack).collect(),
    ))
}

fn worst_rows(
    told: &Told<'_>,
    samples: &Samples,
    order: &[usize],
    scores: &espejo_train::Scores,
) -> Part {
    let columns = told.trained.test().points().columns();
    let mut table = Table::new(["sample", "score", "most of it from"].map(|name| told.say(name)));
    for &index in order {
        let mut shares: Vec<(&String, f64)> = match scores.shares.get(index) {
            Some(shares) => columns.iter().zip(shares.iter().copied()).collect(),
            None => Vec::new(),
        };
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let named = shares.iter().take(SHARES).map(|(column, share)| {
            let part = 100.0 * share / scores.values[index].max(f64::MIN_POSITIVE);
            format!("{column} {part:.0} %")
        });
        let named: Vec<String> = named.collect();
        let score = digits(scores.values[index], told.language);
        table.row([name(samples, index), score, named.join(", ")]);
    }
    if let Some((_, align)) = table.columns.last_mut() {
        *align = espejo_report::Align::Left;
    }
    Part::Table(table)
}

/// The scores of the rows of a series, the highest of neighbours where there are many.
fn over_time(told: &Told<'_>, scores: &[f64], stored: Option<&Stored>) -> Part {
    let step = scores.len().div_ceil(MOST_POINTS).max(1);
    let highest = scores.chunks(step).enumerate().map(|(place, chunk)| {
        let most = chunk.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        ((place * step) as f64, most)
    });
    let limit = stored.map(|stored| (told.say("limit"), stored.limit));
    Part::Curves(vec![CurvePanel {
        title: told.say("score"),
        x: told.say("row"),
        whole: true,
        series: vec![Curve {
            name: told.say("score"),
            points: highest.filter(|(_, score)| score.is_finite()).collect(),
            ..Curve::default()
        }],
        baselines: limit.into_iter().collect(),
        log: true,
        diagonal: false,
    }])
}
