//! `espejo doctor`: the devices, a short training on each, and the one that `auto` selects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use espejo_train::{Error, Event, Folder, RunConfig, device, fit, prepare};
use serde_json::{Value, json};

use crate::output;

/// The arguments of `espejo doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    /// Train on software adapters, too, which may take minutes
    #[arg(long)]
    pub bench: bool,
}

/// Length of the training on each device, about, from its first step on.
const CHECK: Duration = Duration::from_secs(1);

/// A device that is listed.
struct Candidate {
    name: String,
    about: String,
    /// Whether it is a processor pretending to be a graphics adapter, whose first step takes minutes.
    software: bool,
}

/// Lists and tests the devices, each line as soon as it is known.
pub fn doctor(args: &DoctorArgs, json: bool) -> anyhow::Result<()> {
    let backends = device::backends();
    let say = |text: &str| match json {
        true => Ok(()),
        false => output::text(text),
    };
    say(&format!(
        "espejo {}, built with {}\n\n",
        env!("CARGO_PKG_VERSION"),
        backends.join(", ")
    ))?;
    let mut checked = Vec::new();
    for device in candidates(&backends) {
        say(&format!("{:<9}{}\n", device.name, device.about))?;
        let entry = match device.software && !args.bench {
            true => json!({
                "name": device.name, "about": device.about, "ok": null, "skipped": "a software adapter, slow; `--bench` tests it",
            }),
            false => check(&device.name, &device.about),
        };
        say(&format!("{:<9}{}\n", "", result(&entry)))?;
        checked.push(entry);
    }
    let auto = match device::choose("auto") {
        Ok(chosen) => json!({ "used": chosen.used, "why": chosen.why }),
        Err(error) => json!({ "error": error.to_string() }),
    };
    if json {
        return output::json(&json!({ "backends": backends, "devices": checked, "auto": auto }));
    }
    output::text(&format!("\n{}\n", automatic(&auto)))
}

/// The adapters and the backends on the processor.
fn candidates(backends: &[&str]) -> Vec<Candidate> {
    let adapters = device::adapters().into_iter().map(|adapter| Candidate {
        name: adapter.name,
        about: adapter.about,
        software: adapter.software,
    });
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = output::counted(threads, "thread");
    let built_in = [
        ("flex", format!("CPU, {threads}, Burn's flex backend")),
        ("ndarray", format!("CPU, {threads}, Burn's ndarray backend")),
        ("cuda", "NVIDIA GPU through CUDA".to_owned()),
    ];
    let built_in = built_in
        .into_iter()
        .filter(|(name, _)| backends.contains(name));
    let built_in = built_in.map(|(name, about)| Candidate {
        name: name.to_owned(),
        about,
        software: false,
    });
    adapters.chain(built_in).collect()
}

/// What came of a device, in words.
fn result(entry: &Value) -> String {
    let number = |key: &str| entry[key].as_f64();
    match (number("steps_per_second"), number("first_step_seconds")) {
        (Some(rate), Some(first)) => {
            format!("ok, {rate:.0} training steps/s, first step after {first:.2} s")
        }
        _ => match entry["skipped"].as_str() {
            Some(why) => format!("not tested: {why}"),
            None => format!("failed: {}", entry["error"].as_str().unwrap_or("")),
        },
    }
}

/// What `--device auto` selects, in words.
fn automatic(auto: &Value) -> String {
    let word = |key: &str| auto[key].as_str().unwrap_or("");
    match auto["used"].as_str() {
        Some(used) => format!("`--device auto` selects {used}: {}", word("why")),
        None => format!("`--device auto` fails: {}", word("error")),
    }
}

/// Trains the letters on one device for a second.
fn check(name: &str, about: &str) -> Value {
    match measure(name) {
        Ok((steps, seconds, first)) => {
            let rate = if seconds > 0.0 {
                steps as f64 / seconds
            } else {
                0.0
            };
            json!({ "name": name, "about": about, "ok": true, "steps_per_second": rate, "first_step_seconds": first })
        }
        Err(error) => {
            json!({ "name": name, "about": about, "ok": false, "error": error.to_string() })
        }
    }
}

/// Steps and seconds after the first step, and the seconds to it.
fn measure(name: &str) -> Result<(usize, f64, f64), Error> {
    let mut config = RunConfig::default();
    config.train.device = name.to_owned();
    config.train.epochs = 1_000_000;
    config.train.eval_every = 1_000_000;
    config.train.batch_size = 0;
    let begun = Instant::now();
    let prepared = prepare(config)?;
    let scratch = tempfile::tempdir().map_err(|source| Error::Io {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })?;
    let folder = Folder::create(scratch.path(), Some("doctor"), &prepared.config)?;
    let stop = AtomicBool::new(false);
    let (mut steps, mut first) = (0, None);
    let outcome = fit(&prepared, &folder, "doctor", &stop, &mut |event| {
        if let Event::Epoch { .. } = event {
            let first = *first.get_or_insert_with(|| begun.elapsed());
            steps += 1;
            if begun.elapsed() > first + CHECK {
                stop.store(true, Ordering::Relaxed);
            }
        }
    })?;
    let first = first.map_or(0.0, |first| first.as_secs_f64());
    let seconds = &outcome.report.seconds;
    Ok((steps - 1, seconds.total - seconds.first_epoch, first))
}
