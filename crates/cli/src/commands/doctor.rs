//! `espejo doctor`: the devices, whether each computes right, a short training, and the one that `auto` selects.
//!
//! Each device is examined in a process of its own (`examination`), which is ended when its time is up: a driver that hangs or crashes
//! takes no other device with it.

mod examination;

use clap::Args;
use espejo_train::device;
use serde_json::{Value, json};

use crate::output;
use examination::{Examination, examine};

/// The arguments of `espejo doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    /// Wait for each device as long as it takes, and train on software adapters, too: minutes
    #[arg(long)]
    pub bench: bool,

    /// Examine one device in this process, and print what was found as it is found
    #[arg(long, hide = true, value_name = "DEVICE")]
    pub examine: Option<String>,

    /// Leave the training out of that
    #[arg(long, hide = true, requires = "examine")]
    pub untrained: bool,
}

/// A device that is listed.
struct Candidate {
    name: String,
    about: String,
    /// Whether it is a processor pretending to be a graphics adapter, whose first step takes minutes.
    software: bool,
}

/// Lists and tests the devices, each line as soon as it is known.
pub fn doctor(args: &DoctorArgs, json: bool) -> anyhow::Result<()> {
    if let Some(name) = &args.examine {
        return examination::here(name, !args.untrained);
    }
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
        let train = args.bench || !device.software;
        let found = examine(&device.name, train, args.bench)?;
        let entry = entry(&device, &found, train);
        say(&format!("{:<9}{}\n", "", result(&entry)))?;
        checked.push(entry);
    }
    let auto = examine("auto", false, args.bench)?;
    let auto = match (&auto.used, &auto.why) {
        (Some(used), Some(why)) => json!({ "used": used, "why": why }),
        _ => json!({ "error": auto.problem.unwrap_or_else(late) }),
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

/// What came of a device: `ok` is whether it computes right, null where it did not say so in time.
fn entry(device: &Candidate, found: &Examination, train: bool) -> Value {
    let mut entry = json!({ "name": device.name, "about": device.about });
    let is_right = found.used.is_some();
    entry["ok"] = match (is_right, found.in_time) {
        (true, _) => json!(found.problem.is_none()),
        (false, true) => json!(false),
        (false, false) => Value::Null,
    };
    if let Some(seconds) = found.check_seconds {
        entry["check_seconds"] = json!(seconds);
    }
    if let Some(problem) = &found.problem {
        entry["error"] = json!(problem);
    }
    match found.training {
        Some((rate, first)) => {
            entry["steps_per_second"] = json!(rate);
            entry["first_step_seconds"] = json!(first);
        }
        None if !train && is_right => {
            entry["skipped"] = json!("a software adapter, slow; `--bench` trains on it");
        }
        None if !found.in_time => {
            entry["skipped"] = json!(late());
        }
        None => {}
    }
    entry
}

/// What is said of a device whose time was up.
fn late() -> String {
    let seconds = examination::LIMIT.as_secs_f64();
    format!("not done within {seconds} s; `--bench` waits for it")
}

/// What came of a device, in words.
fn result(entry: &Value) -> String {
    let number = |key: &str| entry[key].as_f64();
    let word = |key: &str| entry[key].as_str();
    match (word("error"), entry["ok"].as_bool(), word("skipped")) {
        (Some(error), ..) => format!("failed: {error}"),
        (None, Some(true), Some(why)) => format!("computes right; training not measured: {why}"),
        (None, _, Some(why)) => format!("not tested: {why}"),
        (None, ..) => {
            let (rate, first) = (number("steps_per_second"), number("first_step_seconds"));
            format!(
                "ok, {:.0} training steps/s, first step after {:.2} s",
                rate.unwrap_or(0.0),
                first.unwrap_or(0.0)
            )
        }
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
