//! Commands that put pictures through a trained model: eval, reconstruct, denoise.

use std::path::Path;

use espejo_data::{Error as DataError, Samples, Selection, Shape};
use espejo_train::config::DataConfig;
use espejo_train::{
    Error, Folder, MAX_PSNR, Noise, Part, Rows, Trained, check_copies, median_filter, nearest,
    psnr, squared_error, unit_rows, wrong_pixels,
};
use serde_json::json;

use crate::args::{DenoiseArgs, PicturesArgs, RunArgs};
use crate::figures;
use crate::output::{self, shown, usage};
use crate::table::{baseline_name, results_table};

/// Training samples that the nearest-picture rule compares with, at most.
const MAX_NEAREST: usize = 1000;
/// Noisy pictures that are measured where nobody says how many, about, and copies of each, at most.
const NOISY_PICTURES: usize = 3200;
const MAX_COPIES: usize = 100;

/// Opens a run as its arguments say.
pub fn open(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    let folder = Folder::find(&args.run, &args.out)?;
    let trained = Trained::open_with(&folder, args.checkpoint, |config| {
        if let Some(device) = &args.device {
            device.clone_into(&mut config.train.device);
        }
        if let Some(directory) = &args.data_dir {
            config.data.directory = Some(directory.clone());
        }
    })?;
    if !trained.has_its_data(&folder)? {
        output::message(&format!(
            "note: `{}` has changed since this run was trained",
            trained.config().data.name
        ));
    }
    Ok((folder, trained))
}

/// The run's test samples, or other ones.
pub fn pictures(trained: &Trained, args: &PicturesArgs) -> anyhow::Result<Samples> {
    let samples = if args.data.is_none() && args.letters.is_none() {
        // The run's own split, whatever classes of it are wanted.
        let part = match args.part {
            Part::Test => trained.test(),
            Part::Train => &trained.prepared().train,
        };
        let wanted = Selection {
            classes: args.classes.clone(),
            ..Selection::default()
        };
        wanted.part(part).map_err(Error::from)?
    } else {
        let shape = trained.shape();
        let wanted = trained.samples(args.part, |data| change(data, args, shape));
        match wanted {
            // New rows need not have the column of the labels.
            Err(Error::Data(DataError::Selection { field: "label", .. }))
                if args.data.is_some() =>
            {
                trained.samples(args.part, |data| {
                    change(data, args, shape);
                    data.label = None;
                })?
            }
            wanted => wanted?,
        }
    };
    match args.first {
        None => Ok(samples),
        Some(first) if (1..=samples.len()).contains(&first) => {
            Ok(samples.select(&Vec::from_iter(0..first)))
        }
        Some(first) => Err(usage(
            format!("`--first` is {first}"),
            format!("give 1 to {}", samples.len()),
        )),
    }
}

/// The data that the arguments ask for, where it is not the run's own.
fn change(data: &mut DataConfig, args: &PicturesArgs, shape: Shape) {
    if let Some(name) = &args.data {
        *data = DataConfig {
            name: name.clone(),
            directory: data.directory.take(),
            size: data.size.take(),
            label: data.label.take(),
            ..data.clone()
        };
        // Pictures of a folder are brought to what the run learned.
        if Path::new(name).is_dir() {
            data.size
                .get_or_insert(format!("{}x{}", shape.height, shape.width));
            data.grey |= shape.channels == 1;
        }
        data.subject = None;
        data.test_fraction = None;
        data.limit = None;
    }
    if args.data.is_some() || args.letters.is_some() || !args.classes.is_empty() {
        data.letters.clone_from(&args.letters);
        data.classes.clone_from(&args.classes);
        data.first = None;
        data.fraction = None;
    }
}

/// Measures the run again, and draws its pictures again.
pub fn eval(args: &RunArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(args)?;
    // A run whose report is damaged is not passed over in silence.
    folder.report()?;
    let (metrics, baselines) = trained.evaluate()?;
    let metrics = metrics.to_json();
    let drawn = figures::draw_all(&trained, &folder, &baselines)?;
    if json {
        let value = json!({ "run": shown(folder.path()), "epoch": trained.epoch(), "metrics": metrics, "baselines": baselines, "figures": drawn });
        output::json(&value)?;
    } else {
        output::text(&format!(
            "epoch {} of {}\n",
            trained.epoch(),
            shown(folder.path())
        ))?;
        output::text(&results_table(&metrics, &baselines))?;
        output::text(&format!("picture  {}\n", drawn.join("\npicture  ")))?;
    }
    Ok(())
}

/// How far outputs are from what they should be: of two-valued pictures the wrong pixels, of others the noise ratio.
fn errors(samples: &Samples, outputs: &Rows, targets: &Rows) -> serde_json::Value {
    if samples.two_valued() {
        return wrong(outputs, targets);
    }
    let pairs = || outputs.iter().zip(targets);
    let mean = |measure: &dyn Fn(&[f32], &[f32]) -> f64| {
        pairs().map(|(o, t)| measure(o, t)).sum::<f64>() / targets.len() as f64
    };
    let squared = mean(&|o, t| squared_error(o, t));
    let mut value = json!({ "squared_error": squared, "pictures": targets.len() });
    if !samples.is_table() {
        value["psnr"] = json!(mean(&|o, t| psnr(o, t).min(MAX_PSNR)));
    }
    value
}

/// Mean and worst of the wrong pixels, and how many pictures have none.
fn wrong(outputs: &Rows, targets: &Rows) -> serde_json::Value {
    let counts: Vec<usize> = outputs
        .iter()
        .zip(targets)
        .map(|(output, target)| wrong_pixels(output, target))
        .collect();
    let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    let exact = counts.iter().filter(|count| **count == 0).count();
    json!({ "wrong_pixels_mean": mean, "wrong_pixels_max": counts.iter().max(), "exact": exact, "pictures": counts.len() })
}

/// Draws pictures beside their reconstructions.
pub fn reconstruct(args: &PicturesArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(&args.run)?;
    let images = pictures(&trained, args)?;
    let clean = unit_rows(&images)?;
    let numbers = errors(&images, &trained.reconstruct(&clean), &clean);
    let drawn = if images.is_table() {
        Vec::new()
    } else {
        let shown = figures::spread(&images);
        let figure = figures::reconstruction(&trained, &shown)?;
        figures::save_all(&folder, &[("reconstruction", figure)])?
    };
    if json {
        return output::json(&json!({ "figures": drawn, "model": numbers }));
    }
    let total = &numbers["pictures"];
    // A JSON value itself is printed with all its digits.
    let number = |value: &serde_json::Value| value.as_f64().unwrap_or(f64::NAN);
    let mut text = match (
        &numbers["exact"],
        &numbers["psnr"],
        &numbers["squared_error"],
    ) {
        (exact, _, _) if exact.is_number() => {
            format!("{exact} of {total} pictures come back exactly\n")
        }
        (_, psnr, squared) if psnr.is_number() => format!(
            "{total} pictures come back with {:.2} dB, squared error {:.3}\n",
            number(psnr),
            number(squared)
        ),
        (_, _, squared) => format!(
            "{total} rows come back with squared error {:.4}\n",
            number(squared)
        ),
    };
    drawn
        .iter()
        .for_each(|figure| text += &format!("picture  {figure}\n"));
    output::text(&text)
}

/// Adds noise, cleans it, and measures both beside the nearest-picture rule.
pub fn denoise(args: &DenoiseArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(&args.pictures.run)?;
    let images = pictures(&trained, &args.pictures)?;
    let noise: Noise = match &args.noise {
        None if trained.noise() == Noise::None => {
            return Err(usage(
                "this run was trained without noise",
                "say which to add, as in `--noise gaussian:.2`",
            ));
        }
        None => trained.noise(),
        Some(text) => text
            .parse()
            .map_err(|error| usage(format!("{error}"), "as in `--noise salt-pepper:.1`"))?,
    };
    let copies = args
        .copies
        .unwrap_or_else(|| NOISY_PICTURES.div_ceil(images.len()).min(MAX_COPIES));
    if copies == 0 {
        return Err(usage("`--copies` is 0", "give 1 or more"));
    }
    check_copies("--copies", copies, images.len(), images.shape().pixels())?;
    let noisy = trained.noisy(&images, noise, copies, args.seed)?;
    let clean = unit_rows(&images)?
        .into_iter()
        .cycle()
        .take(noisy.len())
        .collect::<Rows>();
    let mut entries = vec![("model", trained.reconstruct(&noisy))];
    let learned = &trained.prepared().train;
    if learned.len() <= MAX_NEAREST {
        let known = unit_rows(learned)?;
        let rows = noisy.iter().map(|row| nearest(row, &known).to_vec());
        entries.push(("nearest", rows.collect()));
    }
    let grey = !images.is_table() && !images.two_valued();
    if grey {
        let shape = images.shape();
        let filter =
            |row: &Vec<f32>| median_filter(row, shape.channels, shape.height, shape.width, 3);
        entries.push(("median", noisy.iter().map(filter).collect()));
    }
    entries.insert(1, ("identity", noisy));
    let numbers: Vec<(&str, serde_json::Value)> = entries
        .iter()
        .map(|(name, outputs)| (*name, errors(&images, outputs, &clean)))
        .collect();
    let drawn = if images.is_table() {
        Vec::new()
    } else {
        let shown = figures::spread(&images);
        let figure = figures::denoising(&trained, &shown, noise, args.seed)?;
        figures::save_all(&folder, &[("denoising", figure)])?
    };
    if json {
        let mut value = json!({ "noise": noise.to_string(), "copies": copies, "figures": drawn });
        for (name, entry) in numbers {
            value[name] = entry;
        }
        return output::json(&value);
    }
    let heading = format!(
        "noise {noise}, {} noisy copies of {} pictures\n",
        copies,
        images.len()
    );
    let mut text = heading + &denoise_table(&numbers, images.two_valued());
    drawn
        .iter()
        .for_each(|figure| text += &format!("picture  {figure}\n"));
    output::text(&text)
}

/// Model and baselines, a row each.
fn denoise_table(numbers: &[(&str, serde_json::Value)], two_valued: bool) -> String {
    if !two_valued {
        let mut text = format!("{:<16}  {:>13}  {:>8}\n", "", "squared error", "PSNR dB");
        for (name, entry) in numbers {
            let squared = entry["squared_error"].as_f64().unwrap_or(f64::NAN);
            let psnr = entry["psnr"].as_f64();
            let psnr = psnr.map_or("–".to_owned(), |psnr| format!("{psnr:.2}"));
            text += &format!(
                "{:<16}  {squared:>13.4}  {psnr:>8}\n",
                baseline_name(name, &serde_json::Value::Null)
            );
        }
        return text;
    }
    let mut text = format!(
        "{:<16}  {:>12}  {:>5}  {:>14}\n",
        "", "wrong pixels", "worst", "exact pictures"
    );
    for (name, entry) in numbers {
        let name = baseline_name(name, &serde_json::Value::Null);
        let number = |key: &str| entry[key].as_f64().unwrap_or(f64::NAN);
        let share = 100.0 * number("exact") / number("pictures");
        let (mean, worst) = (number("wrong_pixels_mean"), &entry["wrong_pixels_max"]);
        text += &format!("{name:<16}  {mean:>12.3}  {worst:>5}  {share:>12.1} %\n");
    }
    text
}
