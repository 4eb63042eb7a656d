//! Files as nobody means well with them: each is refused with its message, and nothing hangs, panics, or is written elsewhere.
//!
//! They lie in `tests/attacks`: `data` and `config` as they are, and in `run` the files that are laid over a good run. None of them
//! harms anything: they lie about sizes, places and numbers.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::program::{Room, ran};

/// One case a line: the file below `tests/attacks` | what is run | exit code | what the error says, in full after `=`.
///
/// A file of data or of a configuration lies in the room under the last part of its name; one of a run in the run `small`.
const CASES: &str = r"
data/brace.arff | train brace.arff | 3 | brace.arff:2`: expected `}` after the words of attribute `a`, found the end of the line
data/index.arff | train index.arff | 3 | index.arff:5`: expected the number of an attribute, 0 to 1, found `99999999999999999999`
data/open-quote.csv | train open-quote.csv | 3 | open-quote.csv:3`: expected rows of fields, found a quote that is not closed
data/ragged.csv | train ragged.csv | 3 | ragged.csv:3`: expected 2 fields as in line 1, found 3
data/infinite.csv | train infinite.csv | 3 | infinite.csv:3`: expected a finite number in column `b`, found `1e999`
data/huge.npy | train huge.npy | 3 | expected a shape that fits memory, not [1099511627776, 1099511627776], found 16 bytes
data/large.npy | train large.npy | 3 | expected 3367254360064 bytes for the shape [4294967296, 28, 28], found 16 bytes
data/pickle.npy | train pickle.npy | 3 | expected an array of whole numbers or floats of up to 8 bytes, found `|O`
data/negative.npy | train negative.npy | 3 | expected a NumPy array, found the header
data/header.npy | train header.npy | 3 | expected a NumPy array, found no header of version 1 to 3
data/outside.npz | train outside.npz | 3 | outside.npz: ../../../x`: expected a shape that fits memory, not [4294967296, 4294967296], found 0 bytes
data/offsets.safetensors | train offsets.safetensors | 3 | expected a whole safetensors file, found invalid shape, data type, or offset for tensor
data/header.safetensors | train header.safetensors | 3 | expected a whole safetensors file, found header too large
data/dimensions-idx3-ubyte | train dimensions-idx3-ubyte | 3 | expected at most 4096 MiB, found the shape [4294967295, 4294967295, 4294967295]
data/element.mat | train element.mat | 3 | expected whole elements, found an element that is cut off or damaged
data/broken.h5 | train broken.h5 | 3 | broken.h5`: expected a whole HDF5 file
data/huge-png | train huge-png | 3 | a.png`: expected an image that can be read, found Image size exceeds limit
data/cut-png | train cut-png | 3 | a.png`: expected an image that can be read
data/huge-pgm | train huge-pgm | 3 | a.pgm`: expected an image that can be read, found Image size exceeds limit
data/huge-bmp | train huge-bmp | 3 | a.bmp`: expected an image that can be read
data/huge-gif | train huge-gif | 3 | a.gif`: expected an image that can be read, found Image size exceeds limit
data/outside.tar | train outside.tar | 3 | outside.tar`: expected images, with names in
config/version.toml | train --config version.toml | 2 | =`version.toml` has version 99, expected 1 or 2
config/deep.toml | train --config deep.toml | 2 | `deep.toml` is not TOML
config/nan.toml | train --config nan.toml | 2 | =`train.learning_rate` is NaN, expected a number above 0
config/endless.toml | train --config endless.toml | 2 | =`train.epochs` in `endless.toml` is `-1`, expected a whole number of 0 or more
config/wide.toml | train --config wide.toml | 2 | has 2199105044517 weights, expected at most 536870912
config/outside.toml | train --config outside.toml | 3 | =`/dev/zero`: expected a file or a folder, found a pipe or a device; `-` reads standard input
config/tasks.toml | sweep tasks.toml --plan | 2 | =`train.seed=1..1000000000000` is no range of up to 100000 whole numbers
run/nan | eval small | 5 | =`runs/small/checkpoints/best/model.safetensors`: tensor `decoder.0.weight` has the value NaN, expected finite numbers
run/nan | encode small | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | latent small | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | generate small | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | animate small --walk loop | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | morph small A B | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | reconstruct small | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | score small | 5 | tensor `decoder.0.weight` has the value NaN
run/nan | export small --format onnx --to out | 5 | tensor `decoder.0.weight` has the value NaN
run/infinite | encode small | 5 | tensor `encoder.0.bias` has the value -inf, expected finite numbers
run/escape | encode small | 5 | tensor `a\u{1b}[31m` has the value NaN
run/half-precision | encode small | 5 | tensor `a` has type F16, expected F32
run/offsets | encode small | 5 | is no safetensors file: invalid shape, data type, or offset for tensor
run/shape | encode small | 5 | model.safetensors`:
run/hostname | eval small | 5 | =`runs/small/checkpoints/best/SHA256SUMS`: names `/etc/hostname`, expected each of `model.safetensors`, `optimizer.safetensors`, `best.safetensors`, `trained.safetensors`, `course.json` at most once
run/outside | eval small | 5 | SHA256SUMS`: names `../../config.toml`, expected
run/zero | eval small | 5 | SHA256SUMS`: names `/dev/zero`, expected
run/other | eval small | 5 | SHA256SUMS`: names `extra.bin`, expected
run/no-list | eval small | 5 | SHA256SUMS`: line `course.json` is not `SUM  NAME`
run/epoch | train --resume small --epochs 60 | 5 | =`runs/small/checkpoints/last/course.json`: epoch 1000000000000 is beyond the 20 epochs of this run
run/epoch-best | eval small | 5 | best/course.json`: epoch 1000000000000 is beyond the 20 epochs of this run
run/plateau | train --resume small --epochs 60 | 5 | =`runs/small/checkpoints/last/course.json`: `plateau_start` is 1000000 at epoch 20
run/seconds | train --resume small --epochs 60 | 5 | last/course.json`: `seconds` is -5e0, expected 0 to 1e12
run/negative | train --resume small --epochs 60 | 5 | last/course.json`: invalid value
run/other-run | train --resume small --epochs 60 | 5 | last/course.json`: belongs to another run: its identity is `00000000000000000000000000000000`, and `run.json` has
run/other-run-best | encode small | 5 | best/course.json`: belongs to another run
run/unknown-key | encode small | 5 | best/course.json`: unknown field `more`
run/nan-moment | train --resume small --epochs 60 | 5 | last/optimizer.safetensors`: tensor `moment_1` has the value NaN
run/extra-tensor | train --resume small --epochs 60 | 5 | last/optimizer.safetensors`: has a tensor `moment_3` that `adam` lacks
run/steps | train --resume small --epochs 60 | 5 | last/optimizer.safetensors`: `steps` is [0.5, -20.0], expected two whole numbers of 0 to 65535
run/cut-report | train --resume small --epochs 60 | 5 | =`runs/small/run.json`: damaged: EOF while parsing a string at line 1 column 30
run/cut-report | encode small | 5 | runs/small/run.json`: damaged
run/list-report | train --resume small --epochs 60 | 5 | =`runs/small/run.json`: damaged: no JSON object
run/version-report | train --resume small --epochs 60 | 5 | =`runs/small/run.json`: has version 99, expected 1
run/version | eval small | 5 | =`runs/small/config.toml`: has version 99, expected 1 or 2
run/version | train --resume small --epochs 60 | 5 | =`runs/small/config.toml`: has version 99, expected 1 or 2
run/no-toml | eval small | 5 | `runs/small/config.toml`: is not TOML
run/no-toml | train --resume small --epochs 60 | 5 | `runs/small/config.toml`: is not TOML
run/bad-value | eval small | 5 | =`runs/small/config.toml`: `train.learning_rate` is -1, expected a number above 0
run/bad-value | train --resume small --epochs 60 | 5 | =`runs/small/config.toml`: `train.learning_rate` is -1, expected a number above 0
run/samples | generate small --at 0,0 | 5 | runs/small/samples.json`
run/codes | animate small | 5 | runs/small/codes.csv`: damaged: line `1,0,nan,x` is no `epoch,picture,z1,z2`
";

/// The folder of the files.
fn attacks() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/attacks")
}

/// A room with the small run that the files are laid over.
static TRAINED: LazyLock<Room> = LazyLock::new(|| {
    let room = Room::new();
    room.train("small", &[]);
    room
});

/// Copies a folder over another.
fn lay(from: &Path, over: &Path) {
    fs::create_dir_all(over).expect("the room is writable");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("an entry").path();
        let place = over.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => lay(&path, &place),
            false => drop(fs::copy(&path, &place).expect("it copies")),
        }
    }
}

/// Writes the checksums of a checkpoint anew, as whoever changed it would.
fn sign(checkpoint: &Path) {
    let mut sums = String::new();
    for entry in fs::read_dir(checkpoint).expect("a checkpoint") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if name != "SHA256SUMS" {
            let sum = espejo_train::sha256(&fs::read(&path).expect("a file"));
            sums += &format!("{sum}  {name}\n");
        }
    }
    fs::write(checkpoint.join("SHA256SUMS"), sums).expect("the room is writable");
}

/// A room with a file of the table in it.
fn furnished(file: &str) -> Room {
    let room = Room::new();
    let from = attacks().join(file);
    let Some(run) = file.strip_prefix("run/") else {
        let place = room.path(file.rsplit('/').next().expect("a name"));
        match from.is_dir() {
            true => lay(&from, &place),
            false => drop(fs::copy(&from, &place).expect("it copies")),
        }
        return room;
    };
    let small = with_run(&room);
    lay(&attacks().join("run").join(run), &small);
    for name in ["best", "last"] {
        let checkpoint = small.join("checkpoints").join(name);
        let is_signed = from
            .join("checkpoints")
            .join(name)
            .join("SHA256SUMS")
            .exists();
        if !is_signed {
            sign(&checkpoint);
        }
    }
    room
}

/// The run `small` in a room.
fn with_run(room: &Room) -> std::path::PathBuf {
    let small = room.path("runs/small");
    lay(&TRAINED.path("runs/small"), &small);
    small
}

/// Checks one line of the table; what is wrong with it, if anything is.
fn check(case: &str) -> Result<(), String> {
    let columns: Vec<&str> = case.split(" | ").map(str::trim).collect();
    let [file, args, code, message] = *columns else {
        panic!("four columns: {case}")
    };
    let room = furnished(file);
    let before = room.tree();
    let ran = room.run(&args.split_whitespace().collect::<Vec<_>>());
    let wrong = |what: String| {
        Err(format!(
            "{file}: {args}\n  {what}\n{}{}",
            ran.stdout, ran.stderr
        ))
    };
    if ran.code != code.parse().ok() {
        return wrong(format!("exit code {:?}, expected {code}", ran.code));
    }
    let errors = ran.lines("error: ");
    let says = |error: &str| match message.strip_prefix('=') {
        Some(exact) => error == exact,
        None => error.contains(message),
    };
    if errors.len() != 1 || !says(errors[0]) {
        return wrong(format!("expected one error: {message}"));
    }
    if ran.stderr.contains("panicked") || ran.stderr.contains('\u{1b}') {
        return wrong("a panic, or an escape".to_owned());
    }
    if room.tree() != before {
        return wrong("files were written or changed".to_owned());
    }
    Ok(())
}

#[test]
fn every_file_that_is_to_be_refused_is_refused_with_its_message() {
    let cases: Vec<&str> = CASES.lines().filter(|line| !line.is_empty()).collect();
    let wrong: Vec<String> = cases.iter().filter_map(|case| check(case).err()).collect();
    let (failed, all) = (wrong.len(), cases.len());
    assert!(wrong.is_empty(), "{failed} of {all}:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_in_the_table() {
    for kind in ["data", "config", "run"] {
        for entry in fs::read_dir(attacks().join(kind)).expect("it is there") {
            let name = entry.expect("an entry").file_name();
            let start = format!("{kind}/{} | ", name.to_string_lossy());
            assert!(
                CASES.lines().any(|line| line.starts_with(&start)),
                "{start}"
            );
        }
    }
}

/// Each fault of the table in `attacks/README.md` names tests, and these are there.
#[test]
fn every_fault_has_its_tests() {
    let table = fs::read_to_string(attacks().join("README.md")).expect("it is there");
    let root = attacks().join("../..");
    let mut faults = 0;
    for line in table
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains(".rs`"))
    {
        let (fault, tests) = line
            .trim_matches('|')
            .rsplit_once(" | ")
            .expect("two cells");
        faults += usize::from(fault.trim().starts_with('F'));
        let mut source = String::new();
        for word in tests.split('`').skip(1).step_by(2) {
            match word.ends_with(".rs") {
                true => source = fs::read_to_string(root.join(word)).expect(word),
                false => assert!(
                    source.contains(&format!("#[test]\n    fn {word}()"))
                        || source.contains(&format!("#[test]\nfn {word}()")),
                    "{fault}: {word}"
                ),
            }
        }
    }
    assert_eq!(faults, 19, "F1 to F21 without F10 and F17");
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    /// What is put in the place of a file, and how.
    type Foreign = (&'static str, fn(&Path));

    /// A pipe that nobody writes to.
    fn pipe(path: &Path) {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.expect("every Unix has it").success());
    }

    #[test]
    fn a_pipe_a_device_or_a_link_in_a_run_is_told_and_never_waited_for() {
        let kinds: [Foreign; 3] = [
            ("a pipe or a device", pipe),
            ("a link", |path| {
                symlink("/dev/zero", path).expect("writable")
            }),
            ("a link", |path| {
                symlink("config.toml", path).expect("writable")
            }),
        ];
        for (kind, make) in kinds {
            for name in ["model.safetensors", "course.json"] {
                let room = Room::new();
                let path = with_run(&room).join("checkpoints/best").join(name);
                fs::remove_file(&path).expect("it was there");
                make(&path);
                let ran = room.run(&["encode", "small"]).failed(5);
                let expected = format!("{name}`: is {kind}, expected a plain file");
                assert!(ran.lines("error: ")[0].ends_with(&expected), "{ran:?}");
            }
        }
        for name in ["samples.json", "run.json", "codes.csv", "threshold.json"] {
            let room = Room::new();
            let path = with_run(&room).join(name);
            _ = fs::remove_file(&path);
            pipe(&path);
            let args: &[&str] = match name {
                "codes.csv" => &["animate", "small"],
                "threshold.json" => &["score", "small"],
                _ => &["encode", "small"],
            };
            let ran = room.run(args);
            assert!(ran.code != Some(0) && ran.code.is_some(), "{name}: {ran:?}");
            assert!(
                ran.stderr.contains("is a pipe or a device"),
                "{name}: {ran:?}"
            );
        }
    }

    #[test]
    fn a_pipe_in_place_of_what_a_resume_keeps_or_shows_is_never_waited_for() {
        for name in ["model.txt", "codes.csv", "animations/samples.frames"] {
            let room = Room::new();
            let path = with_run(&room).join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            _ = fs::remove_file(&path);
            pipe(&path);
            let more = ["--resume", "small", "--epochs", "30", "--device", "cpu"];
            for args in [&["train"][..], &["eval", "small"]] {
                let more = if args.len() == 1 { &more[..] } else { &[] };
                let ran = room.run(&[args, more].concat());
                assert!(ran.code.is_some(), "{name}: {ran:?}");
            }
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        for name in ["log.txt", "checkpoints", "figures", "animations", "folds"] {
            let room = Room::new();
            let own = with_run(&room).join(name);
            let elsewhere = room.path("elsewhere");
            match own.is_dir() {
                true => fs::rename(&own, &elsewhere).expect("writable"),
                false if name == "log.txt" => fs::rename(&own, &elsewhere).expect("writable"),
                false => fs::create_dir(&elsewhere).expect("writable"),
            }
            symlink(&elsewhere, &own).expect("writable");
            let before = room.tree();
            let resume = [
                "train", "--resume", "small", "--epochs", "30", "--device", "cpu",
            ];
            let ran = room.run(&resume).failed(5);
            let expected = format!("`runs/small/{name}`: is a link, expected a ");
            assert!(ran.lines("error: ")[0].contains(&expected), "{ran:?}");
            assert_eq!(room.tree(), before, "{name}");
        }
        let room = Room::new();
        let figures = with_run(&room).join("figures");
        fs::create_dir(room.path("elsewhere")).expect("writable");
        symlink(room.path("elsewhere"), &figures).expect("writable");
        room.run(&["latent", "small"]).failed(5);
        room.run(&["generate", "small", "--at", "0,0"]).failed(5);
        assert_eq!(
            fs::read_dir(room.path("elsewhere"))
                .expect("a folder")
                .count(),
            0
        );
    }

    #[test]
    fn a_pipe_in_a_folder_of_images_is_passed_over() {
        let room = Room::new();
        fs::create_dir(room.path("images")).expect("writable");
        pipe(&room.path("images/a.png"));
        let ran = room.run(&["data", "show", "images"]).failed(3);
        assert!(ran.lines("error: ")[0].contains("`images`"), "{ran:?}");
    }
}

/// A data set and a run whose names steer a terminal: classes, labels, columns and files.
#[test]
fn nothing_that_comes_from_data_or_arguments_steers_a_terminal() {
    let room = Room::new();
    let steer = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}";
    let rows: String = (0..40)
        .map(|row| format!("{row},{},{}{steer}\n", row % 7, ["a", "b"][row % 2]))
        .collect();
    room.write("t.csv", format!("one,two{steer},{steer}kind\n{rows}"));
    let label = format!("{steer}kind");
    let train = [
        "train",
        "t.csv",
        "--epochs",
        "2",
        "--device",
        "cpu",
        "--no-figures",
    ];
    room.run(&[&train[..], &["--label", &label, "--name", "t"]].concat())
        .ok();
    room.train("small", &[]);
    let path = format!("zz{steer}.csv");
    let setting = format!("train.epochs={steer}");
    let cases: [&[&str]; 12] = [
        &["train", &path],
        &["eval", steer],
        &["train", steer],
        &["train", "--set", &setting],
        &["train", "--set", steer],
        &["train", "--config", &path],
        &["train", "t.csv", "--label", "zz"],
        &["train", "t.csv", "--columns", steer],
        &["train", "--epochs", steer],
        &[steer],
        &["morph", "small", steer, "A"],
        &["data", "show", "mnist", "--data-dir", steer],
    ];
    for args in cases {
        let ran = room.run(args);
        assert_ne!(ran.code, Some(0), "{args:?}: {ran:?}");
        let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!ran.stderr.contains(hidden), "{args:?}: {:?}", ran.stderr);
        assert!(
            ran.stderr.contains("\\u{1b}") || args.contains(&"zz"),
            "{args:?}: {ran:?}"
        );
    }
    let json = room.run(&["encode", "t", "--json"]).ok().stdout;
    assert!(
        !json.contains('\u{9b}') && !json.contains('\u{202e}'),
        "{json}"
    );
}

/// What `script` sees is what a terminal would: results that go there are escaped, those that go to a file are not.
#[cfg(target_os = "linux")]
#[test]
fn results_are_escaped_on_a_terminal_alone() {
    let room = Room::new();
    for class in ["a\u{1b}[31m", "b"] {
        fs::create_dir_all(room.path(&format!("images/{class}"))).expect("writable");
        for shade in [10, 200] {
            let image = [b"P5 4 4 255\n".to_vec(), vec![shade; 16]].concat();
            room.write(&format!("images/{class}/{shade}.pgm"), image);
        }
    }
    let shown = room.run(&["data", "show", "images"]).ok().stdout;
    assert!(shown.contains("a\u{1b}[31m"), "{shown:?}");
    let Some(seen) = on_a_terminal(&room, "data show images") else {
        return;
    };
    assert!(seen.contains("a\\u{1b}[31m"), "{seen:?}");
    assert!(!seen.contains('\u{1b}'), "{seen:?}");
}

/// What a terminal sees of a command; none where there is no `script` to play one.
#[cfg(target_os = "linux")]
fn on_a_terminal(room: &Room, args: &str) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_espejo");
    let command = format!("stty rows 24 cols 65535; {program} {args}");
    let mut script = room.in_it("script", &["-qec", &command, "/dev/null"]);
    let seen = script.output().ok()?;
    Some(String::from_utf8_lossy(&seen.stdout).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_of_absurd_width_is_not_filled_with_a_bar() {
    let room = Room::new();
    let train = "train --device cpu --epochs 3000 --no-figures";
    if let Some(seen) = on_a_terminal(&room, train) {
        assert!(seen.contains("3000 epochs"), "{seen:?}");
        // One bar alone would be longer.
        assert!(seen.len() < 60_000, "{} bytes", seen.len());
    }
}

#[test]
fn cells_that_a_spreadsheet_would_compute_are_guarded_and_read_back() {
    let room = Room::new();
    let rows: String = (0..30)
        .map(|row| {
            format!(
                "{},{},{}\n",
                row % 5,
                row % 7,
                ["=1+1", "@x", "-y", "-2"][row % 4]
            )
        })
        .collect();
    room.write("t.csv", format!("=one,two,kind\n{rows}"));
    let train = [
        "train", "t.csv", "--label", "kind", "--epochs", "3", "--device", "cpu",
    ];
    room.run(&[&train[..], &["--no-figures", "--name", "t"]].concat())
        .ok();
    let captions = |more: &[&str]| {
        let rows = room.run(&[&["encode", "t"], more].concat()).rows();
        rows[1..5]
            .iter()
            .map(|row| row[1].clone())
            .collect::<Vec<_>>()
    };
    let guarded = captions(&[]);
    let raw = captions(&["--raw-csv"]);
    for (guarded, raw) in guarded.iter().zip(&raw) {
        match raw.as_str() {
            "-2" => assert_eq!(guarded, raw),
            _ => assert_eq!(*guarded, format!("'{raw}")),
        }
    }
    assert!(raw.contains(&"=1+1".to_owned()), "{raw:?}");
    let codes = room.run(&["encode", "t"]).ok().stdout;
    room.write("codes.csv", codes);
    let rows = room.run(&["decode", "t", "--codes", "codes.csv"]).rows();
    assert_eq!(rows[0], ["'=one", "two"]);
    assert_eq!(rows.len(), 31);
    // The run's own files are guarded, and mean what they meant.
    assert!(room.text("runs/t/scaling.csv").contains("\n'=one,"));
    room.run(&["encode", "t", "--data", "t.csv"]).ok();
}

#[test]
fn a_run_keeps_its_identity_and_one_of_before_has_none() {
    let room = Room::new();
    with_run(&room);
    let identity = room.json("runs/small/run.json")["identity"].clone();
    assert_eq!(identity.as_str().map(str::len), Some(32), "{identity}");
    for name in ["best", "last"] {
        let state = room.json(&format!("runs/small/checkpoints/{name}/course.json"));
        assert_eq!(state["run"], identity);
    }
    let resume = ["train", "--resume", "small", "--no-figures", "--epochs"];
    room.run(&[&resume[..], &["30"]].concat()).ok();
    assert_eq!(room.json("runs/small/run.json")["identity"], identity);
    room.train("other", &[]);
    assert_ne!(room.json("runs/other/run.json")["identity"], identity);
    // The checkpoint of a run of before has no identity, and belongs to whom it is found with.
    let path = "runs/small/checkpoints/last/course.json";
    let mut state = room.json(path);
    state.as_object_mut().expect("an object").remove("run");
    room.write(path, state.to_string());
    sign(&room.path("runs/small/checkpoints/last"));
    room.run(&[&resume[..], &["40"]].concat()).ok();
}

#[test]
fn a_run_without_its_report_is_used_and_not_gone_on_with() {
    let room = Room::new();
    let small = with_run(&room);
    fs::remove_file(small.join("run.json")).expect("it was there");
    room.run(&["encode", "small"]).ok();
    let ran = room
        .run(&["train", "--resume", "small", "--epochs", "30"])
        .failed(5);
    assert!(
        ran.lines("error: ")[0].contains("run.json`: is missing"),
        "{ran:?}"
    );
    // Without a checkpoint there is nothing yet that could belong elsewhere.
    fs::remove_dir_all(small.join("checkpoints")).expect("it was there");
    room.run(&[
        "train",
        "--resume",
        "small",
        "--no-figures",
        "--epochs",
        "30",
    ])
    .ok();
}

#[test]
fn a_flag_that_does_not_fit_a_good_run_is_no_damage_of_it() {
    let room = Room::new();
    with_run(&room);
    room.run(&["train", "--resume", "small", "--epochs", "0"])
        .failed(2);
}

#[test]
fn names_stay_below_their_folder_on_every_system() {
    let room = Room::new();
    room.train("run", &[]);
    let names = [
        "../x", "a/b", "..", "", " ", "a ", " a", "con", "CON", "nul.txt", "com1", "LPT9", "last",
        "LAST", "Last~2", "a.", "-a", "a\u{1b}", "a\\b", "a:b",
    ];
    let long = "x".repeat(300);
    let before = room.tree();
    for name in names.into_iter().chain([long.as_str()]) {
        let name = format!("--name={name}");
        for command in ["train", "reproduce"] {
            let ran = room.run(&[command, "--out", "runs", &name]).failed(2);
            assert!(
                ran.lines("error: ")[0].contains("cannot name a run"),
                "{ran:?}"
            );
        }
    }
    let ran = room
        .run(&["reproduce", "S1", "--quick", "--name", "run"])
        .failed(2);
    assert_eq!(ran.lines("error: "), ["`runs/run` is the folder of a run"]);
    assert_eq!(room.tree(), before);
    for name in ["compare", "com", "console", "lasting", "null"] {
        room.train(name, &[]);
    }
    fs::create_dir_all(room.path("runs/other/jobs/mine")).expect("writable");
    room.write("runs/other/jobs/mine/thesis.txt", "years");
    let fresh = ["reproduce", "S1", "--quick", "--name", "other", "--fresh"];
    let ran = room.run(&fresh).failed(2);
    assert!(
        ran.lines("error: ")[0].contains("nothing that a reproduction keeps"),
        "{ran:?}"
    );
    assert_eq!(room.text("runs/other/jobs/mine/thesis.txt"), "years");
}

#[test]
fn more_threads_than_any_machine_has_are_refused() {
    let room = Room::new();
    let data = ["data", "list"];
    let refused = ran(room.command(&data).env("RAYON_NUM_THREADS", "100000")).failed(2);
    assert_eq!(
        refused.lines("error: "),
        ["`RAYON_NUM_THREADS` is `100000`, expected at most 1024"]
    );
    for threads in ["0", "7", "many"] {
        ran(room.command(&data).env("RAYON_NUM_THREADS", threads)).ok();
    }
}
