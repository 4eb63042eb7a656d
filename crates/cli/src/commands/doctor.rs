//! `espejo doctor`: the devices, a short training on each, and the one that `auto` selects.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use espejo_train::{Error, Event, Folder, RunConfig, device, fit, prepare};
use serde_json::{Value, json};

use crate::output;

/// Length of the training on each device, about.
const CHECK: Duration = Duration::from_secs(1);

/// Lists and tests the devices.
pub fn doctor(json: bool) -> anyhow::Result<()> {
    let backends = device::backends();
    let mut devices: Vec<(String, String)> = device::adapters()
        .into_iter()
        .map(|adapter| (adapter.name, adapter.about))
        .collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let processors = [
        (
            "flex",
            format!("CPU, {threads} threads, Burn's flex backend"),
        ),
        (
            "ndarray",
            format!("CPU, {threads} threads, Burn's ndarray backend"),
        ),
        ("cuda", "NVIDIA GPU through CUDA".to_owned()),
    ];
    let built_in = processors
        .into_iter()
        .filter(|(name, _)| backends.contains(name));
    devices.extend(built_in.map(|(name, about)| (name.to_owned(), about)));
    let checked: Vec<Value> = devices
        .iter()
        .map(|(name, about)| check(name, about))
        .collect();
    let auto = match device::choose("auto") {
        Ok(chosen) => json!({ "used": chosen.used, "why": chosen.why }),
        Err(error) => json!({ "error": error.to_string() }),
    };
    if json {
        return output::json(&json!({ "backends": backends, "devices": checked, "auto": auto }));
    }
    let mut text = format!(
        "espejo {}, built with {}\n\n",
        env!("CARGO_PKG_VERSION"),
        backends.join(", ")
    );
    for entry in &checked {
        let word = |key: &str| entry[key].as_str().unwrap_or("").to_owned();
        let result = match (
            entry["steps_per_second"].as_f64(),
            entry["first_step_seconds"].as_f64(),
        ) {
            (Some(rate), Some(first)) => {
                format!("ok, {rate:.0} training steps/s, first step after {first:.2} s")
            }
            _ => format!("failed: {}", word("error")),
        };
        text += &format!("{:<9}{}\n{:<9}{result}\n", word("name"), word("about"), "");
    }
    let auto_line = match auto["used"].as_str() {
        Some(used) => format!(
            "`--device auto` selects {used}: {}",
            auto["why"].as_str().unwrap_or("")
        ),
        None => format!(
            "`--device auto` fails: {}",
            auto["error"].as_str().unwrap_or("")
        ),
    };
    output::text(&(text + "\n" + &auto_line + "\n"))
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
