//! The results of another program beside Espejo's own.

use std::fs;
use std::path::{Path, PathBuf};

use espejo_data::read_npy;
use espejo_export::{Graph, Signal};
use espejo_train::{Error, ExportRule, Half, sha256};
use serde_json::json as object;

use super::ExportArgs;
use super::certificate::{Certificate, Check, Difference, TOLERANCE};
use super::portable::weights_sha256;
use crate::open_run::open_without_data;
use crate::output::{self, counted, shown, usage};

/// What ends a program whose numbers are not what they shall be.
const DIFFERS: u8 = 6;

/// Compares results with Espejo's, prints the largest difference of each output and keeps it in the certificate; the exit code.
pub fn check(args: &ExportArgs, results: &Path, json: bool) -> anyhow::Result<u8> {
    let mut certificate = Certificate::read(&args.to)?;
    let (folder, trained) = open_without_data(&args.run)?;
    if weights_sha256(&folder, args.run.checkpoint)? != certificate.run.weights_sha256 {
        let message = format!(
            "`{}` was exported from other weights, those of epoch {} of `{}`",
            shown(&args.to),
            certificate.run.epoch,
            certificate.run.name
        );
        return Err(usage(message, "name that run, and its `--checkpoint`"));
    }
    let score = certificate.score.as_ref();
    let rule = ExportRule {
        half: match certificate.part.as_str() {
            "encoder" => Some(Half::Encoder),
            "decoder" => Some(Half::Decoder),
            _ => None,
        },
        normalised: certificate.normalised,
        score: score.and_then(|score| Some((score.kind.parse().ok()?, score.limit))),
    };
    let graph = trained.graph(rule)?;
    let mut checks = Vec::new();
    for (output, file) in chosen(&certificate, results)? {
        checks.push(compared(args, &certificate, &graph, &output, &file)?);
    }
    for check in &checks {
        let is_other = |old: &Check| (&old.output, &old.runtime) != (&check.output, &check.runtime);
        certificate.checks.retain(is_other);
        certificate.checks.push(check.clone());
    }
    certificate.write(&args.to)?;
    tell(&checks, json)?;
    Ok(match checks.iter().all(|check| check.passed) {
        true => 0,
        false => DIFFERS,
    })
}

/// The files to compare, each with the output that it is.
fn chosen(certificate: &Certificate, results: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let names: Vec<&str> = certificate
        .outputs
        .iter()
        .map(|output| output.name.as_str())
        .collect();
    if results.is_dir() {
        let found = names.iter().filter_map(|name| {
            let path = results.join(format!("{name}.npy"));
            path.exists().then(|| ((*name).to_owned(), path))
        });
        let found: Vec<_> = found.collect();
        if found.is_empty() {
            let message = format!("`{}` has no results", shown(results));
            let hint = format!("they are called `{}.npy`", names.join(".npy`, `"));
            return Err(usage(message, hint));
        }
        return Ok(found);
    }
    let stem = results.file_stem().unwrap_or_default().to_string_lossy();
    match (names.iter().find(|name| **name == stem), &names[..]) {
        (Some(name), _) => Ok(vec![((*name).to_owned(), results.to_owned())]),
        (None, [only]) => Ok(vec![((*only).to_owned(), results.to_owned())]),
        (None, _) => {
            let message = format!("`{}` is called like no output", shown(results));
            let hint = format!("call it `{}.npy`", names.join(".npy` or `"));
            Err(usage(message, hint))
        }
    }
}

fn compared(
    args: &ExportArgs,
    certificate: &Certificate,
    graph: &Graph,
    output: &str,
    results: &Path,
) -> anyhow::Result<Check> {
    let name = format!("{output}.npy");
    let own = args.to.join(&name);
    let bytes = read(&own)?;
    if certificate.files.get(&name) != Some(&sha256(&bytes)) {
        let error = Error::Checkpoint {
            path: own,
            message: "is not what the certificate says".to_owned(),
            hint: Some("export the run again, into a new folder".to_owned()),
        };
        return Err(error.into());
    }
    let (shape, expected) = read_npy(&own).map_err(Error::from)?;
    let (found_shape, found) = read_npy(results).map_err(Error::from)?;
    if found_shape != shape {
        let error = espejo_data::Error::Content {
            origin: shown(results),
            expected: format!("an array of {shape:?}, as `{}`", shown(&own)),
            found: format!("{found_shape:?}"),
        };
        return Err(Error::Data(error).into());
    }
    let plain = Signal::plain(output, graph.input.shape.clone());
    let signals = graph.outputs.iter().map(|output| &output.signal);
    let signal = signals.into_iter().find(|signal| signal.name == output);
    let largest = largest(signal.unwrap_or(&plain), shape[0], &expected, &found);
    Ok(Check {
        output: output.to_owned(),
        runtime: args.runtime.clone(),
        sha256: sha256(&read(results)?),
        samples: shape[0],
        passed: largest.value.is_some_and(|value| value <= TOLERANCE),
        largest_difference: largest,
    })
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(|source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    Ok(bytes)
}

/// The largest difference, the first of equal ones.
fn largest(signal: &Signal, samples: usize, expected: &[f64], found: &[f64]) -> Difference {
    let width = (expected.len() / samples.max(1)).max(1);
    let finite = |number: f64| number.is_finite().then_some(number);
    let mut largest = (0.0, 0);
    for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
        let difference = signal.difference(at % width, *expected, *found);
        if difference > largest.0 {
            largest = (difference, at);
        }
    }
    let (value, at) = largest;
    Difference {
        value: finite(value),
        sample: at / width,
        place: at % width,
        expected: expected.get(at).copied().and_then(finite),
        found: found.get(at).copied().and_then(finite),
    }
}

fn tell(checks: &[Check], json: bool) -> anyhow::Result<()> {
    if json {
        let passed = checks.iter().all(|check| check.passed);
        return output::json(
            &object!({ "checks": checks, "tolerance": TOLERANCE, "passed": passed }),
        );
    }
    let shown = |number: Option<f64>| number.map_or("none".to_owned(), |number| number.to_string());
    let lines = checks.iter().map(|check| {
        let difference = &check.largest_difference;
        let value = difference
            .value
            .map_or("no number".to_owned(), |value| format!("{value:.1e}"));
        let verdict = match check.passed {
            true => format!("at or under {TOLERANCE:e}"),
            false => format!(
                "over {TOLERANCE:e}: sample {}, value {} is {}, expected {}",
                difference.sample,
                difference.place,
                shown(difference.found),
                shown(difference.expected)
            ),
        };
        let samples = counted(check.samples, "sample");
        format!("{:<13}  {value}  {samples}  {verdict}\n", check.output)
    });
    output::text(&lines.collect::<String>())
}
