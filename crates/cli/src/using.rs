//! Commands that put pictures through a trained model: eval, reconstruct, denoise.

use espejo_data::{Images, Selection, load};
use espejo_train::{Folder, Noise, Rows, Trained, check_copies, nearest, unit_rows, wrong_pixels};
use serde_json::json;

use crate::args::{DenoiseArgs, PicturesArgs, RunArgs};
use crate::figures;
use crate::output::{self, shown, usage};
use crate::table::results_table;

/// Opens a run as its arguments say.
pub fn open(args: &RunArgs) -> anyhow::Result<(Folder, Trained)> {
    let folder = Folder::find(&args.run, &args.out)?;
    let trained = Trained::open(&folder, args.checkpoint, args.device.as_deref())?;
    Ok((folder, trained))
}

/// The run's pictures, or other ones of its data set.
pub fn pictures(trained: &Trained, args: &PicturesArgs) -> anyhow::Result<Images> {
    if args.letters.is_none() && args.first.is_none() {
        return Ok(trained.images().clone());
    }
    let selection = Selection {
        letters: args.letters.clone(),
        first: args.first,
        fraction: None,
    };
    Ok(load(&trained.config().data.name, &selection).map_err(espejo_train::Error::from)?)
}

/// Measures the run again, and draws its pictures again.
pub fn eval(args: &RunArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(args)?;
    // A run whose report is damaged is not passed over in silence.
    folder.report()?;
    let metrics = trained.evaluate().to_json();
    let baselines = trained.baselines();
    let drawn = figures::draw_all(&trained, &folder)?;
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
    let clean = unit_rows(&images);
    let numbers = wrong(&trained.reconstruct(&clean), &clean);
    let drawn = figures::save_all(
        &folder,
        &[("reconstruction", figures::reconstruction(&trained, &images))],
    )?;
    if json {
        output::json(&json!({ "figures": drawn, "model": numbers }))?;
    } else {
        let (exact, total) = (&numbers["exact"], &numbers["pictures"]);
        output::text(&format!(
            "{exact} of {total} pictures come back exactly\npicture  {}\n",
            drawn.join("\npicture  ")
        ))?;
    }
    Ok(())
}

/// Adds noise, cleans it, and measures both beside the nearest-picture rule.
pub fn denoise(args: &DenoiseArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(&args.pictures.run)?;
    let images = pictures(&trained, &args.pictures)?;
    let noise: Noise = match &args.noise {
        None => trained.noise(),
        Some(text) => text
            .parse()
            .map_err(|error| usage(format!("{error}"), "as in `--noise salt-pepper:.1`"))?,
    };
    if args.copies == 0 {
        return Err(usage("`--copies` is 0", "give 1 or more"));
    }
    check_copies(
        "--copies",
        args.copies,
        images.len(),
        images.shape().pixels(),
    )?;
    let noisy = trained.noisy(&images, noise, args.copies, args.seed);
    let clean = unit_rows(&images)
        .into_iter()
        .cycle()
        .take(noisy.len())
        .collect::<Rows>();
    let known = unit_rows(trained.images());
    let nearest: Rows = noisy
        .iter()
        .map(|row| nearest(row, &known).to_vec())
        .collect();
    let entries = [
        ("model", trained.reconstruct(&noisy)),
        ("identity", noisy),
        ("nearest", nearest),
    ];
    let numbers: Vec<(&str, serde_json::Value)> = entries
        .iter()
        .map(|(name, outputs)| (*name, wrong(outputs, &clean)))
        .collect();
    let drawn = figures::save_all(
        &folder,
        &[(
            "denoising",
            figures::denoising(&trained, &images, noise, args.seed),
        )],
    )?;
    if json {
        let mut value =
            json!({ "noise": noise.to_string(), "copies": args.copies, "figures": drawn });
        for (name, entry) in numbers {
            value[name] = entry;
        }
        return output::json(&value);
    }
    let heading = format!(
        "noise {noise}, {} noisy copies of {} pictures\n",
        args.copies,
        images.len()
    );
    output::text(
        &(heading
            + &denoise_table(&numbers)
            + &format!("picture  {}\n", drawn.join("\npicture  "))),
    )
}

/// Model, identity and nearest picture, a row each.
fn denoise_table(numbers: &[(&str, serde_json::Value)]) -> String {
    let mut text = format!(
        "{:<16}  {:>12}  {:>5}  {:>14}\n",
        "", "wrong pixels", "worst", "exact pictures"
    );
    for (name, entry) in numbers {
        let name = if *name == "nearest" {
            "nearest picture"
        } else {
            name
        };
        let number = |key: &str| entry[key].as_f64().unwrap_or(f64::NAN);
        let share = 100.0 * number("exact") / number("pictures");
        let (mean, worst) = (number("wrong_pixels_mean"), &entry["wrong_pixels_max"]);
        text += &format!("{name:<16}  {mean:>12.3}  {worst:>5}  {share:>12.1} %\n");
    }
    text
}
