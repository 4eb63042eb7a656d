//! `espejo train`: from flags to a run folder with its figures.

mod augment_list;
mod configuration;
mod effects;
mod flags;
mod keys;
mod layer_list;
mod ranks;
mod resume;
mod summary;

use espejo_data::Error as DataError;
use espejo_kernels::allocator::give_back_as_usual;
use espejo_train::device::check_half_precision;
use espejo_train::{
    Error, Folder, Outcome, PRESETS, Prepared, Preset, RunReport, Status, check_ranks, data_report,
    fit, follow, layer_table, model_report, prepare, prepare_suited, suited_config,
};
use serde_json::{Value as Json, json};

use configuration::merged;
pub use configuration::{Layers, Merged, layers_of};
pub use effects::{check_configuration, check_data};
pub use flags::{
    AugmentFlags, DataFlags, ModelFlags, NoiseFlags, ObjectiveFlags, RunFlags, TrainArgs,
    TrainingFlags, data_name,
};
use keys::list_keys;
use layer_list::check_layer_list;
use ranks::{Place, slurm_line};
use resume::resumed_config;
pub use summary::program;
use summary::{next_commands, summary};

use crate::augmented_figure::augmented;
use crate::drawing::Drawn;
use crate::figures;
use crate::interrupt::{Twice, stop_on_interrupt};
use crate::output::{self, counted, message, shown, tell_data};
use crate::progress::Progress;
use crate::sample_figures::SampleFigures;
use crate::terminal::paragraph;

/// Trains; the exit code is 0, or 130 when interrupted after saving.
pub fn train(args: TrainArgs, json: bool) -> anyhow::Result<u8> {
    if args.run.presets {
        return list_presets(json).map(|()| 0);
    }
    if args.run.keys {
        return list_keys(&merged(&args)?.config, json).map(|()| 0);
    }
    let place = Place::find(&args.run)?;
    let ended = at(&place, args, json);
    place.leave(ended)
}

/// Trains as one of the ranks of a training, or as the only one.
fn at(place: &Place, mut args: TrainArgs, json: bool) -> anyhow::Result<u8> {
    if let Some(device) = place.device(&args.run)? {
        args.train.device = Some(device);
    }
    let (merged, resumed) = match &args.run.resume {
        Some(run) => {
            let folder = resumed_folder(place, run, &args)?;
            (resumed_config(&folder, &args)?.into(), Some(folder))
        }
        None => (merged(&args)?, None),
    };
    let asks_only = args.run.print_config || args.run.dry_run;
    if place.exchange.rank() > 0 && asks_only {
        return Ok(0);
    }
    if args.run.print_config {
        return print_config(&merged).map(|()| 0);
    }
    let prepared = match &resumed {
        Some(folder) => prepare(merged.config).map_err(|error| of_run(folder, error))?,
        None => prepare_new(&args, merged)?,
    };
    check_half_precision(&prepared)?;
    give_back_as_usual();
    if args.run.dry_run {
        tell_data(&prepared.skipped, &prepared.notes);
        return dry_run(&prepared, json).map(|()| 0);
    }
    if let Some(nodes) = args.run.nodes {
        let devices = args.run.devices.len().max(1);
        check_ranks(&prepared, nodes.get() * devices)?;
        return output::text(&slurm_line(&args, nodes.get())?).map(|()| 0);
    }
    if place.is_to_start(&args.run) {
        return ranks::start(&prepared, &args.run);
    }
    place.check(&prepared, &args.run)?;
    let prepared = Prepared {
        exchange: place.exchange,
        ..prepared
    };
    if place.exchange.rank() > 0 {
        let stop = stop_on_interrupt(Some(Twice::training()))?;
        follow(&prepared, resumed.as_ref(), &stop)?;
        return Ok(0);
    }
    lead(&prepared, resumed, &args, json)
}

/// Trains into a folder as the rank that writes, and draws what came of it.
fn lead(
    prepared: &Prepared,
    resumed: Option<Folder>,
    args: &TrainArgs,
    json: bool,
) -> anyhow::Result<u8> {
    let before = resumed.as_ref().and_then(|folder| folder.report().ok());
    let folder = match resumed {
        Some(folder) if !prepared.is_data_of(&folder)? => return Err(changed_data(&folder)),
        Some(folder) => folder,
        None => Folder::create(&args.run.out, args.run.name.as_deref(), &prepared.config)?,
    };
    let (device, why) = prepared.device_words();
    message(&format!("device {device}: {why}"));
    tell_ranks(before.map(|before| before.ranks), prepared.exchange.size());
    if args.run.resume.is_some() && prepared.config.train.is_classical() {
        message(
            "a training in double precision starts again from its initial weights; the results are identical",
        );
    }
    tell_data(&prepared.skipped, &prepared.notes);
    if prepared.streams() {
        message("the data is larger than `--device-memory`: it is read from disk during training");
    }
    let (outcome, samples) = watched(prepared, &folder, !args.run.no_figures)?;
    let path = shown(folder.path());
    if outcome.status == Status::Stopped {
        tell_stopped(prepared, &outcome, &path);
        if json {
            output::json(&with_run(&outcome.report, &path, &[]))?;
        }
        // A film of what there is; the figures come when the training is over.
        let mut drawn = Drawn::default();
        if let Some(samples) = samples {
            samples.finish(&mut drawn);
        }
        // The run is saved, whatever came of its film.
        if let Err(error) = drawn.end() {
            output::report(&error);
        }
        return Ok(130);
    }
    if !json {
        output::text(&summary(prepared, &outcome, &path))?;
    }
    let (drawn, animation) = match samples {
        None => (Drawn::default(), None),
        Some(samples) => draw(prepared, &outcome, &folder, samples),
    };
    if json {
        let mut value = with_run(&outcome.report, &path, drawn.files());
        value["animations"] = json!(Vec::from_iter(animation));
        output::json(&value)?;
    } else {
        let files = drawn.lines() + &output::animation_line(animation);
        output::text(&(files + &next_commands(prepared, &path)))?;
    }
    drawn.end()?;
    Ok(0)
}

/// The run that is resumed: of all ranks the one that rank 0 finds, for `last` is another where a run is begun meanwhile.
fn resumed_folder(place: &Place, run: &str, args: &TrainArgs) -> anyhow::Result<Folder> {
    let out = &args.run.out;
    if place.exchange.rank() > 0 {
        let found = place.exchange.broadcast(String::new());
        return Ok(Folder::find(&found, out)?);
    }
    let folder = Folder::find(run, out)?;
    place.exchange.broadcast(shown(folder.path()));
    Ok(folder)
}

/// Says that several ranks share a run, and that it goes on with another number of them than before.
fn tell_ranks(before: Option<usize>, now: usize) {
    if now > 1 {
        message(&format!(
            "{now} ranks share each batch; this is what rank 0 says"
        ));
    }
    if let Some(before) = before.filter(|before| *before != now) {
        message(&format!(
            "this run was trained by {}, and goes on with {}: the order of sums changes, and with it the last digits",
            counted(before, "rank"),
            counted(now, "rank")
        ));
    }
}

/// What is wrong with the configuration of a run that is resumed: of its `config.toml`, unless only the flags given now made it so.
fn of_run(folder: &Folder, error: Error) -> Error {
    match folder.config().and_then(prepare) {
        Err(own @ Error::Config { .. }) => own.of_file(&folder.path().join("config.toml")),
        _ => error,
    }
}

/// Draws all figures of a run whose training is over, and gives its film.
fn draw(
    prepared: &Prepared,
    outcome: &Outcome,
    folder: &Folder,
    samples: SampleFigures<'_>,
) -> (Drawn, Option<String>) {
    let baselines = outcome.report.baselines.as_deref().unwrap_or_default();
    let mut more = Vec::new();
    more.extend(
        augmented(prepared)
            .transpose()
            .map(|made| ("augmented", made)),
    );
    more.extend(samples.last().map(|figure| ("samples", Ok(figure))));
    let mut drawn = figures::draw_all(&outcome.trained, folder, baselines, &[], more);
    let film = samples.film(&mut drawn);
    (drawn, film)
}

/// Prepares a new run, and refuses flags that would come to nothing.
fn prepare_new(args: &TrainArgs, merged: Merged) -> anyhow::Result<Prepared> {
    let Merged { config, said } = merged;
    refuse_single_image(&config.data.name)?;
    let prepared = match said {
        None => {
            check_configuration(args, &config)?;
            prepare(config)?
        }
        // What the data decides is known when it is read.
        Some(said) => {
            let prepared = prepare_suited(config, &said)?;
            check_configuration(args, &prepared.config)?;
            prepared
        }
    };
    check_data(args, &prepared)?;
    check_layer_list(args, &prepared)?;
    Ok(prepared)
}

/// Refuses a file of one image as the data of a training: there is nothing to tell it from.
fn refuse_single_image(name: &str) -> anyhow::Result<()> {
    if !espejo_data::is_image_file(name) {
        return Ok(());
    }
    let folder = std::path::Path::new(name)
        .parent()
        .map_or(String::new(), shown);
    Err(output::usage(
        format!("`{name}` is a single image, and a model learns from many"),
        format!("give the folder with the images, as in `espejo train {folder}`"),
    ))
}

/// Prints the configuration with what the data decides in it, as far as the data is there.
fn print_config(merged: &Merged) -> anyhow::Result<()> {
    let Some(said) = &merged.said else {
        return output::text(&merged.config.to_toml());
    };
    match suited_config(&merged.config, said) {
        Ok(config) => output::text(&config.to_toml()),
        // Files of a set that can be fetched may be on another machine.
        Err(Error::Data(error @ DataError::Missing { .. })) => {
            message(&format!(
                "{error}: what its samples decide is left as it is for any data of its kind"
            ));
            output::text(&merged.config.to_toml())
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what was saved and how to resume.
fn tell_stopped(prepared: &Prepared, outcome: &Outcome, path: &str) {
    let epoch = outcome.report.epochs.completed;
    if prepared.config.folds().is_some() && epoch == 0 {
        message(&format!(
            "stopped during the cross-validation, whose finished folds are kept; resume with `{} train --resume {path}`",
            program()
        ));
        return;
    }
    let (what, how) = match prepared.config.train.is_classical() {
        false => ("epoch", ""),
        true => ("iteration", ", which starts again from the initial weights"),
    };
    message(&format!(
        "stopped after saving {what} {epoch}; resume with `{} train --resume {path}`{how}",
        program()
    ));
}

fn list_presets(json: bool) -> anyhow::Result<()> {
    if json {
        let entry = |preset: Preset| json!({ "name": preset.name, "about": preset.about });
        let presets = PRESETS.map(entry).to_vec();
        return output::json(&json!({ "presets": presets }));
    }
    let longest = PRESETS.iter().map(|preset| preset.name.len()).max();
    let width = longest.unwrap_or(0) + 2;
    let line = |preset: Preset| paragraph(&format!("{:<width$}", preset.name), preset.about);
    output::text(&PRESETS.map(line).concat())
}

/// The error of resuming on other data, which could not give the numbers of the uninterrupted run.
pub fn changed_data(folder: &Folder) -> anyhow::Error {
    let error = espejo_train::Error::Checkpoint {
        path: folder.path().join("run.json"),
        message: "the data has changed since this run was started".to_owned(),
        hint: Some("restore the data, or start a new run".to_owned()),
    };
    error.into()
}

/// Trains with progress on stderr; Ctrl-C stops it after saving.
fn watched<'a>(
    prepared: &Prepared,
    folder: &'a Folder,
    figures: bool,
) -> anyhow::Result<(Outcome, Option<SampleFigures<'a>>)> {
    let stop = stop_on_interrupt(Some(Twice::training()))?;
    let words = std::env::args_os().map(|word| shell_word(&word.to_string_lossy()));
    let command = words.collect::<Vec<_>>().join(" ");
    let progress = Progress::new();
    let mut sample_figures = figures.then(|| SampleFigures::new(prepared, folder));
    let outcome = fit(prepared, folder, &command, &stop, &mut |event| {
        progress.show(&event);
        if let Some(sample_figures) = &mut sample_figures {
            sample_figures.take(&event);
        }
    });
    progress.finish();
    if let (Err(_), Some(sample_figures)) = (&outcome, &mut sample_figures) {
        sample_figures.write();
    }
    Ok((outcome?, sample_figures))
}

/// A word quoted as a shell needs it.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+.,:/@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn dry_run(prepared: &Prepared, json: bool) -> anyhow::Result<()> {
    let model = prepared
        .spec
        .init(&prepared.config, &prepared.chosen.device);
    if json {
        output::json(
            &json!({ "data": data_report(prepared)?, "model": model_report(prepared, &model) }),
        )?;
    } else {
        output::text(&layer_table(prepared, &model))?;
    }
    Ok(())
}

fn with_run(report: &RunReport, path: &str, figures: &[String]) -> Json {
    let mut report = report.to_json();
    report["run"] = json!(path);
    report["figures"] = json!(figures);
    report
}
