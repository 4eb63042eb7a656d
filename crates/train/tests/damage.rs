//! No damage to a configuration or to a run makes anything panic, where every checksum was made to fit again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use espejo_damage::{check, check_rounds, rounds};
use espejo_nets::{DenseStep, Noise};
use espejo_train::config::{DataConfig, ModelConfig, ModelKind, RunConfig, TrainConfig};
use espejo_train::{
    Error, Folder, PRESETS, RunNames, ScoreKind, Trained, Which, device, fit, listed_run, merge,
    parse_noise, prepare, sha256, tensors,
};

/// One of that many damaged files is tried where a whole run is opened for each.
const SHARE: usize = 16;

#[test]
fn configurations() {
    let texts = PRESETS
        .iter()
        .step_by(7)
        .map(|preset| preset.text.to_owned());
    for text in texts.chain([RunConfig::default().to_toml()]) {
        configuration(text.as_bytes()).expect("a configuration");
        check(text.as_bytes(), configuration);
    }
}

/// Reads bytes as a configuration and prepares what needs no data of others; no weight is drawn.
fn configuration(bytes: &[u8]) -> Result<(), Error> {
    let table = merge::parse(&String::from_utf8_lossy(bytes), "bytes")?;
    let mut config = merge::into_config(table, "bytes")?;
    if config.data.name.starts_with("fonts") {
        config.train.device = "auto".to_owned();
        drop(prepare(config));
    }
    Ok(())
}

#[test]
fn words_of_flags() {
    for word in [
        "model.latent=2",
        "noise.kind=\"flip:.1\"",
        "train.learning_rate=.01",
    ] {
        check(word.as_bytes(), |bytes| {
            drop(merge::parse_set(&String::from_utf8_lossy(bytes)));
        });
    }
    for word in ["salt-pepper:.15", "gaussian:0.3", "flip:.1", "mask:.5"] {
        check(word.as_bytes(), |bytes| {
            let word = String::from_utf8_lossy(bytes);
            drop(parse_noise(&word));
            drop(word.parse::<Noise>());
        });
    }
    for word in ["25", "dropout:.5", "noise:.3", "concat"] {
        check(word.as_bytes(), |bytes| {
            drop(String::from_utf8_lossy(bytes).parse::<DenseStep>());
        });
    }
    for word in ["elbo", "squared-error", "iw-bound"] {
        check(word.as_bytes(), |bytes| {
            drop(String::from_utf8_lossy(bytes).parse::<ScoreKind>());
        });
    }
}

#[test]
fn tensors_of_a_checkpoint() {
    let tensors = [
        ("encoder.0.weight", vec![3, 2]),
        ("encoder.0.bias", vec![3]),
    ];
    let named = tensors.map(|(name, shape)| tensors::Named {
        name: name.to_owned(),
        values: vec![0.5; shape.iter().product()],
        shape,
    });
    let whole = tensors::to_bytes(&named);
    assert!(tensors::from_bytes(&whole).is_ok());
    check(&whole, |bytes| drop(tensors::from_bytes(bytes)));
}

/// A convolutional run of letters in permuted order, and one of a table with holes whose last column is learned.
fn runs(out: &Path) -> Vec<Folder> {
    let table = out.join("table.csv");
    let rows = (0..24).map(|row| match row % 5 {
        0 => format!("{row},,{}\n", row * 2),
        _ => format!("{row},{},{}\n", row % 3, row * 2),
    });
    fs::write(&table, format!("a,b,y\n{}", rows.collect::<String>())).expect("room");
    let train = TrainConfig {
        epochs: 2,
        batch_size: 8,
        device: "cpu".to_owned(),
        ..TrainConfig::default()
    };
    let letters = RunConfig {
        model: ModelConfig {
            kind: ModelKind::Vae,
            conv: Some("2,2".to_owned()),
            layers: Vec::new(),
            batch_norm: true,
            ..ModelConfig::default()
        },
        data: DataConfig {
            permute: true,
            first: Some(16),
            ..DataConfig::default()
        },
        train: train.clone(),
        ..RunConfig::default()
    };
    let text = format!(
        "[data]\nname = {:?}\ntarget = \"y\"\nscale = \"standardise\"\nfill = \"mean\"\ntest_fraction = 0.25\n\
         [model]\nkind = \"regressor\"\nlayers = [4]\n[train]\nepochs = 2\nbatch_size = 8\ndevice = \"cpu\"\n",
        table.display().to_string()
    );
    let parsed = merge::parse(&text, "test").expect("TOML");
    let numbers = merge::into_config(parsed, "test").expect("a configuration");
    let trained = [("letters", letters), ("numbers", numbers)].map(|(name, config)| {
        let prepared = prepare(config).expect("it can be trained");
        let folder = Folder::create(out, Some(name), &prepared.config).expect("a run");
        let stop = AtomicBool::new(false);
        fit(&prepared, &folder, "test", &stop, &mut |_| ()).expect("it is trained");
        folder
    });
    trained.to_vec()
}

/// The files that are read again when a run is opened. What a configuration asks for may be more than there is memory for; it is
/// damaged by itself above.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && !["figures", "animations"].contains(&&*name) {
            found.extend(files(&path));
        } else if path.is_file() && name != "config.toml" && name != "log.txt" {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Makes the list of checksums beside a file fit what is there, as whoever made a run can.
fn sign(file: &Path) {
    let folder = file.parent().expect("a folder");
    let sums = folder.join("SHA256SUMS");
    let Ok(list) = fs::read_to_string(&sums) else {
        return;
    };
    let lines = list.lines().filter_map(|line| {
        let (_, name) = line.split_once("  ")?;
        let bytes = fs::read(folder.join(name)).ok()?;
        Some(format!("{}  {name}\n", sha256(&bytes)))
    });
    fs::write(&sums, lines.collect::<String>()).expect("room");
}

/// All that a command may do with a run before it writes anything.
fn used(folder: &Folder) {
    let out = folder.path().parent().expect("a folder of runs");
    for named in RunNames::below(out).runs {
        drop(listed_run(&named));
    }
    drop(folder.report());
    drop(folder.code_history(4));
    for which in [Which::Best, Which::Last] {
        if let Ok(trained) = Trained::open(folder, which, Some("cpu")) {
            drop(trained.has_its_data(folder));
            if let Ok(evaluation) = trained.evaluate() {
                drop(trained.findings(folder, &evaluation));
            }
        }
        drop(Trained::open_without_data(folder, which, |_| ()));
    }
}

#[test]
fn signed_runs() {
    if device::choose("cpu").is_err() {
        return;
    }
    let out = tempfile::tempdir().expect("room");
    for run in runs(out.path()) {
        used(&run);
        for file in files(run.path()) {
            let whole = fs::read(&file).expect("a file");
            check_rounds(rounds() / SHARE, &whole, |bytes| {
                fs::write(&file, bytes).expect("room");
                if !file.ends_with("SHA256SUMS") {
                    sign(&file);
                }
                used(&run);
            });
            fs::write(&file, &whole).expect("room");
            sign(&file);
        }
        Trained::open(&run, Which::Last, Some("cpu")).expect("it is whole again");
    }
}
