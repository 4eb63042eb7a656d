//! A model as a file for other programs, with examples and a certificate.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use espejo_export::{Graph, IR_VERSION, OPSET, Signal, json, onnx, torch};
use espejo_train::{
    Example, ExportRule, Folder, Trained, Which, sha256, tensors, write_file, write_new_folder,
};
use serde_json::json as object;

use super::certificate::{
    Certificate, MEASURE, NAME, OnnxVersions, Port, RunFacts, ScoreFacts, TOLERANCE, VERSION,
};
use super::facts::{facts, run_name};
use super::{ExportArgs, Format, Part};
use crate::open_run::{open, open_without_data};
use crate::output::{self, counted, shown, usage};
use crate::stored_threshold::{self, Stored};

/// Test samples that are written beside a model where nobody says how many.
const SAMPLES: usize = 64;
/// The weights of a module.
const WEIGHTS: &str = "model.safetensors";
/// Runs a model on the examples.
const CHECK: &str = "check.py";
const CHECK_ONNX: &str = include_str!("check_onnx.py");
const CHECK_TORCH: &str = include_str!("check_torch.py");

/// The files of a folder with their bytes.
type Files = Vec<(String, Vec<u8>)>;

/// Writes the folder of an export.
pub fn write(args: &ExportArgs, json: bool) -> anyhow::Result<()> {
    let wanted = args.samples.unwrap_or(SAMPLES);
    let (folder, trained) = match wanted {
        0 => open_without_data(&args.run)?,
        _ => open(&args.run)?,
    };
    let part = args.part.unwrap_or(Part::Whole);
    let stored = match part {
        Part::Whole => score(&folder, &trained)?,
        Part::Encoder | Part::Decoder => None,
    };
    let rule = ExportRule {
        half: part.half(),
        normalised: args.normalised,
        score: stored.as_ref().map(|stored| (stored.kind, stored.limit)),
    };
    let graph = trained.graph(rule)?;
    let known = facts(&trained, &folder, (part, args.normalised), stored.as_ref());
    let mut files = model_files(args.format, &graph, &trained, &known)?;
    let first: Vec<usize> = (0..trained.test().len().min(wanted)).collect();
    let samples = first.len();
    let example = match samples {
        0 => None,
        _ => Some(trained.example(&graph, rule, &trained.test().select(&first))?),
    };
    files.extend(
        example
            .iter()
            .flat_map(|example| example_files(&graph, example)),
    );
    let mut certificate = Certificate {
        version: VERSION,
        espejo: env!("CARGO_PKG_VERSION").to_owned(),
        run: run_facts(&folder, &trained, args.run.checkpoint)?,
        format: args.format.name().to_owned(),
        part: part.name().to_owned(),
        normalised: args.normalised,
        onnx: (args.format == Format::Onnx).then_some(OnnxVersions {
            opset: OPSET,
            ir: IR_VERSION,
        }),
        score: stored.as_ref().map(|stored| ScoreFacts {
            kind: stored.kind.name().to_owned(),
            limit: stored.limit,
        }),
        input: port(&graph.input, example.is_some()),
        outputs: ports(&graph, example.is_some()),
        samples,
        files: BTreeMap::new(),
        tolerance: TOLERANCE,
        difference: MEASURE.to_owned(),
        checks: Vec::new(),
    };
    for (name, bytes) in &files {
        certificate.files.insert(name.clone(), sha256(bytes));
    }
    files.push((NAME.to_owned(), certificate.bytes()));
    write_new_folder(&args.to, |path| {
        files
            .iter()
            .try_for_each(|(name, bytes)| write_file(&path.join(name), bytes))
    })?;
    tell(args, &certificate, &files, json)
}

/// How the run's samples were scored last, where a graph can say it.
fn score(folder: &Folder, trained: &Trained) -> anyhow::Result<Option<Stored>> {
    let Some(stored) = stored_threshold::last(folder)? else {
        return Ok(None);
    };
    match trained.check_exported_score(stored.kind) {
        Ok(()) => Ok(Some(stored)),
        Err(error) => {
            output::message(&format!("note: no score among the outputs: {error}"));
            Ok(None)
        }
    }
}

/// The model itself, and what runs it on the examples.
fn model_files(
    format: Format,
    graph: &Graph,
    trained: &Trained,
    known: &[(String, String)],
) -> anyhow::Result<Files> {
    let refused = |error: espejo_export::Error| {
        usage(
            error.to_string(),
            "give another `--format`: `torch` holds any net",
        )
    };
    let file = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    Ok(match format {
        Format::Onnx => vec![
            file("model.onnx", onnx(graph, known).map_err(refused)?),
            file(CHECK, CHECK_ONNX.into()),
        ],
        Format::Json => vec![file(
            "model.json",
            json(graph, known).map_err(refused)?.into(),
        )],
        Format::Torch | Format::Safetensors => {
            let names = weight_names(graph);
            let mut weights = tensors::collect(trained.model());
            weights.retain(|tensor| names.contains(&tensor.name));
            vec![
                file("model.py", torch(graph, WEIGHTS, known).into()),
                file(WEIGHTS, tensors::to_bytes(&weights)),
                file(CHECK, CHECK_TORCH.into()),
            ]
        }
    })
}

/// The names of a graph's weights in a checkpoint.
fn weight_names(graph: &Graph) -> HashSet<String> {
    let layers = graph.all_layers().into_iter();
    layers
        .flat_map(|layer| {
            let tensors = layer.tensors().into_iter();
            tensors.map(|(part, _)| format!("{}.{part}", layer.name))
        })
        .collect()
}

fn example_files(graph: &Graph, example: &Example) -> Files {
    let input = (graph.input.name.clone(), example.input.clone());
    let arrays = [input].into_iter().chain(example.outputs.iter().cloned());
    arrays
        .map(|(name, array)| (format!("{name}.npy"), array.npy()))
        .collect()
}

fn run_facts(folder: &Folder, trained: &Trained, which: Which) -> anyhow::Result<RunFacts> {
    Ok(RunFacts {
        name: run_name(folder),
        model: trained.config().model.kind.name().to_owned(),
        epoch: trained.epoch(),
        weights_sha256: weights_sha256(folder, which)?,
    })
}

/// The SHA-256 of the weights in a checkpoint.
pub fn weights_sha256(folder: &Folder, which: Which) -> anyhow::Result<String> {
    let path = folder.checkpoint(which).join(WEIGHTS);
    let bytes = fs::read(&path).map_err(|source| espejo_train::Error::Io {
        action: "read",
        path,
        source,
    })?;
    Ok(sha256(&bytes))
}

fn port(signal: &Signal, has_file: bool) -> Port {
    Port {
        name: signal.name.clone(),
        r#type: signal.kind().to_owned(),
        shape: signal.shape.clone(),
        file: has_file.then(|| format!("{}.npy", signal.name)),
    }
}

/// Every output, those of classes and scores among them.
fn ports(graph: &Graph, has_file: bool) -> Vec<Port> {
    graph
        .ports()
        .into_iter()
        .map(|(name, kind, shape)| Port {
            file: has_file.then(|| format!("{name}.npy")),
            name,
            r#type: kind.to_owned(),
            shape,
        })
        .collect()
}

fn tell(
    args: &ExportArgs,
    certificate: &Certificate,
    files: &Files,
    json: bool,
) -> anyhow::Result<()> {
    let path = |name: &str| shown(&args.to.join(name));
    if json {
        let files: Vec<String> = files.iter().map(|(name, _)| path(name)).collect();
        return output::json(&object!({
            "part": certificate.part,
            "format": certificate.format,
            "path": shown(&args.to),
            "files": files,
            "certificate": certificate,
        }));
    }
    let lines = files.iter().map(|(name, _)| {
        let what = what_it_is(name);
        format!("{what:<11}  {}\n", path(name))
    });
    output::text(&lines.collect::<String>())?;
    if certificate.samples > 0 && args.format != Format::Json {
        let results = Path::new(&args.to).join("outputs");
        output::message(&format!(
            "to check it on {}:\n  python3 {}\n  espejo export {} --to {} --check {}",
            counted(certificate.samples, "sample"),
            path(CHECK),
            args.run.run,
            shown(&args.to),
            shown(&results)
        ));
    }
    Ok(())
}

fn what_it_is(name: &str) -> &'static str {
    match name {
        NAME => "certificate",
        CHECK => "check",
        WEIGHTS => "weights",
        _ if name.ends_with(".npy") => "example",
        _ => "model",
    }
}
