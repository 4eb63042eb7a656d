//! Texts from outside: what becomes of them, that new ones are treated alike, and what is refused.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Ran, Room};

/// Words of each class, and words of both.
const GOOD: [&str; 6] = ["lovely", "great", "moving", "Fine", "it's superb", "joyful"];
const BAD: [&str; 6] = ["dull", "awful", "boring", "weak", "don't bother", "tired"];
const BOTH: [&str; 7] = ["film", "the", "actors", "plot", "very", "<br />", "schön"];

/// The texts of a class, each of some words of its own and some of both.
fn texts(own: &[&str; 6], count: usize, from: usize) -> Vec<String> {
    let text = |at: usize| {
        let at = at + from;
        let words = (0..9).map(|place| match place % 3 {
            0 => own[(at * 5 + place) % own.len()],
            _ => BOTH[(at * 3 + place * at) % BOTH.len()],
        });
        words.collect::<Vec<_>>().join(" ")
    };
    (0..count).map(text).collect()
}

/// `set/{train,test}/{bad,good}/N.txt`, 24 and 8 a class.
fn folder(room: &Room) {
    for (part, count, from) in [("train", 24, 0), ("test", 8, 100)] {
        for (class, own) in [("bad", &BAD), ("good", &GOOD)] {
            let folder = format!("set/{part}/{class}");
            fs::create_dir_all(room.path(&folder)).expect("a folder");
            for (at, text) in texts(own, count, from).iter().enumerate() {
                room.write(&format!("{folder}/{at}.txt"), text);
            }
        }
    }
}

/// The same texts as a table, `review,kind,stars`.
fn table(room: &Room) {
    let mut text = "review,kind,stars\n".to_owned();
    for at in 0..32 {
        for (class, own, stars) in [("bad", &BAD, 1), ("good", &GOOD, 5)] {
            text += &format!("\"{}, so.\",{class},{stars}\n", texts(own, 1, at)[0]);
        }
    }
    room.write("set.csv", text);
}

fn classifier<'a>(data: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[data, "--model", "classifier"][..], more].concat()
}

/// The lines of a table of predictions, without its heading.
fn lines(ran: &Ran) -> Vec<Vec<String>> {
    let lines = ran.stdout.lines().skip(1);
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// The probabilities of each line.
fn probabilities(ran: &Ran) -> Vec<Vec<String>> {
    lines(ran).iter().map(|line| line[4..6].to_vec()).collect()
}

/// Runs the program with these bytes on its standard input.
fn fed(room: &Room, args: &[&str], bytes: &[u8]) -> Ran {
    let mut command = room.command(args);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(bytes).expect("it listens");
    drop(input);
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn a_folder_of_texts_trains_a_classifier_and_new_texts_are_treated_alike() {
    let room = Room::new();
    folder(&room);
    let trained = room.train(
        "t",
        &classifier("set", &["--set", "train.epochs=80", "--json"]),
    );
    let report: Value = serde_json::from_str(&trained.stdout).expect("JSON");
    assert_eq!(report["data"]["train"], 48);
    assert_eq!(
        report["data"]["target"]["classes"],
        serde_json::json!(["bad", "good"])
    );
    let accuracy = report["metrics"]["test"]["accuracy"].as_f64();
    assert!(accuracy >= Some(0.9), "{report}");
    for key in ["majority", "linear", "naive_bayes"] {
        let found = report["baselines"][key]["accuracy"].as_f64();
        assert!(found >= Some(0.5), "{key}: {report}");
    }
    let words = room.json("runs/t/samples.json")["text"]["words"].clone();
    assert!(words.as_array().expect("words").contains(&"don't".into()));
    let own = room.run(&["predict", "t"]).ok();
    let again = room.run(&["predict", "t", "--data", "set/test"]).ok();
    assert_eq!(probabilities(&own), probabilities(&again));
    assert!(again.stderr.contains("accuracy "), "{}", again.stderr);
    // Without the texts that it learned, from files, a table and lines.
    fs::rename(room.path("set"), room.path("gone")).expect("renamed");
    let all: Vec<String> = [&BAD, &GOOD]
        .iter()
        .flat_map(|own| texts(own, 8, 100))
        .collect();
    let input = all.join("\n") + "\n";
    let from_lines = fed(&room, &["predict", "t", "--data", "-"], input.as_bytes()).ok();
    let expected = probabilities(&own);
    assert_eq!(expected.len(), 16);
    // Files come by name, 0, 1, ..., as lines do: there are fewer than ten of a class.
    assert_eq!(probabilities(&from_lines), expected);
    let rows = all.iter().map(|text| format!("7,\"{text}\"\n"));
    room.write("new.csv", format!("n,words\n{}", rows.collect::<String>()));
    let from_table = room
        .run(&["predict", "t", "--data", "new.csv", "--text", "words"])
        .ok();
    assert_eq!(probabilities(&from_table), expected);
    room.write("one.txt", &all[3]);
    let one = room.run(&["predict", "t", "--data", "one.txt"]).ok();
    assert_eq!(probabilities(&one), expected[3..4]);
}

/// Puts a file into an archive in the old form of tar.
fn put(archive: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut head = [0; 512];
    head[..name.len()].copy_from_slice(name.as_bytes());
    head[100..108].copy_from_slice(b"0000644\0");
    head[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
    head[148..156].fill(b' ');
    head[156] = b'0';
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive.extend(head);
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(512), 0);
}

#[test]
fn an_archive_of_texts_is_the_folder_that_it_holds() {
    let room = Room::new();
    folder(&room);
    let mut archive = Vec::new();
    for part in ["train", "test"] {
        for class in ["bad", "good"] {
            let folder = format!("set/{part}/{class}");
            let files = fs::read_dir(room.path(&folder)).expect("a folder");
            for file in files {
                let name = file.expect("a file").file_name();
                let name = format!("{folder}/{}", name.to_string_lossy());
                put(&mut archive, &format!("any/{name}"), &room.bytes(&name));
            }
        }
    }
    archive.resize(archive.len() + 1024, 0);
    room.write("set.tar", archive);
    let sha256 = |data| {
        let args = ["data", "show", data, "--text-as", "counts", "--json"];
        room.run(&args).ok().json()["sha256"].clone()
    };
    assert_eq!(sha256("set.tar"), sha256("set"));
    let shown = room.run(&["data", "show", "set"]).ok().stdout;
    assert!(
        shown.starts_with("48 texts\nclasses: bad, good\n"),
        "{shown}"
    );
}

#[test]
fn a_column_of_texts_is_learned_as_words_in_order() {
    let room = Room::new();
    table(&room);
    let flags = [
        "--text",
        "review",
        "--target",
        "kind",
        "--text-as",
        "sequence",
        "--text-length",
        "12",
        "--words",
        "30",
        "--embedding",
        "4",
        "--conv",
        "bn,8,pool",
        "--layers",
        "",
        "--loss",
        "bce",
        "--test-fraction",
        ".25",
        "--json",
    ];
    let trained = room.train("s", &classifier("set.csv", &flags));
    let report: Value = serde_json::from_str(&trained.stdout).expect("JSON");
    let notes = report["data"]["notes"].to_string();
    assert!(
        notes.contains("left out, beside the texts: `stars`"),
        "{notes}"
    );
    assert!(report["baselines"]["naive_bayes"].is_object(), "{report}");
    assert!(report["baselines"]["linear"].is_null(), "{report}");
    // 25 words and four tokens that stand for none: 29 * 4, 4 * 4, 4 * 8 * 3 + 8, 8 * 6 + 1.
    let words = room.json("runs/s/samples.json")["text"]["words"].clone();
    let tokens = words.as_array().expect("words").len() + 4;
    let expected = tokens * 4 + 16 + 104 + 49;
    assert_eq!(report["model"]["parameters"], expected);
    let own = room.run(&["predict", "s", "--data", "set.csv"]).ok();
    let all = fs::read_to_string(room.path("set.csv")).expect("a file");
    let texts: String = all
        .lines()
        .skip(1)
        .map(|line| line.split('"').nth(1).expect("a text").to_owned() + "\n")
        .collect();
    let from_lines = fed(&room, &["predict", "s", "--data", "-"], texts.as_bytes()).ok();
    assert_eq!(probabilities(&own), probabilities(&from_lines));
    // A regressor reads texts, too.
    let flags = [
        "--text",
        "review",
        "--target",
        "stars",
        "--test-fraction",
        ".25",
        "--json",
    ];
    let flags = [&["set.csv", "--model", "regressor"][..], &flags].concat();
    let report: Value = serde_json::from_str(&room.train("r", &flags).stdout).expect("JSON");
    assert!(report["metrics"]["test"]["rmse"].is_number(), "{report}");
    assert!(
        report["baselines"]["linear"]["rmse"].is_number(),
        "{report}"
    );
}

#[test]
fn a_resumed_run_sees_the_words_that_it_saw() {
    let room = Room::new();
    folder(&room);
    room.train("whole", &classifier("set", &["--set", "train.epochs=4"]));
    room.train("half", &classifier("set", &["--set", "train.epochs=2"]));
    let resumed = ["train", "--resume", "half", "--epochs", "4", "--no-figures"];
    room.run(&resumed).ok();
    let weights = |run: &str| room.bytes(&format!("runs/{run}/checkpoints/last/model.safetensors"));
    assert_eq!(weights("whole"), weights("half"));
}

#[test]
fn what_is_no_text_is_named_with_its_line_and_what_to_do() {
    let room = Room::new();
    folder(&room);
    table(&room);
    let dry = |args: &[&str]| {
        let args = [
            &[
                "train",
                "--dry-run",
                "--device",
                "cpu",
                "--model",
                "classifier",
            ],
            args,
        ]
        .concat();
        room.run(&args)
    };
    let column = ["set.csv", "--text", "review", "--target", "kind"];
    for (more, expected) in [
        (&["--text", "word"][..], "`text` of `"),
        (
            &["--scale", "standardise"],
            "`data.scale` is for tables of numbers, and these are texts",
        ),
        (&["--permute"], "`data.permute` is for tables of numbers"),
        (&["--folds", "3"], "`data.folds` is for tables of numbers"),
        (
            &["--text-length", "4"],
            "only texts as a `sequence` have one",
        ),
        (
            &["--embedding", "4"],
            "`model.embedding` is for sequences of words",
        ),
        (&["--conv", "8"], "`model.conv` is for images"),
        (&["--layers", "concat,8"], "has nothing to go around"),
        (
            &["--text-as", "sequence", "--words", "4"],
            "expected 5 to 1048576, found 4",
        ),
        (
            &["--text-as", "sequence", "--latent", "2"],
            "an encoder takes numbers",
        ),
    ] {
        let args: Vec<&str> = column.iter().chain(more).copied().collect();
        // A flag that is given twice is the last one.
        let args = match more[0] {
            "--text" => [&["set.csv", "--target", "kind"], more].concat(),
            _ => args,
        };
        let error = dry(&args);
        assert!(
            error.code == Some(3) || error.code == Some(4) || error.code == Some(2),
            "{error:#?}"
        );
        assert!(
            error.stderr.contains(expected),
            "{more:?}: {}",
            error.stderr
        );
    }
    let error = dry(&["fonts:all", "--text-as", "counts"]);
    assert!(
        error
            .stderr
            .contains("`text_as` of `fonts:all`: expected texts"),
        "{}",
        error.stderr
    );
    room.write("set/train/bad/x.txt", b"first line\nbad \xff byte\n");
    room.write("set/train/good/y.txt", "...");
    let error = dry(&["set"]).failed(3);
    assert!(
        error.stderr.contains("train/bad/x.txt:2`: expected text in UTF-8, found the byte 0xff (`--skip-bad` leaves the text out)"),
        "{}",
        error.stderr
    );
    let skipping = dry(&["set", "--skip-bad"]).ok();
    assert!(
        skipping.stderr.contains("skipped 2:"),
        "{}",
        skipping.stderr
    );
    let csv = room.text("set.csv");
    room.write(
        "holed.csv",
        csv.replacen("stars\n", "stars\n\" - \",bad,2\n", 1),
    );
    let holed = ["holed.csv", "--text", "review", "--target", "kind"];
    let error = dry(&holed).failed(3);
    assert!(
        error.stderr.contains("holed.csv:2`: expected a text with words in column `review`, found none (`--skip-bad` leaves the row out)"),
        "{}",
        error.stderr
    );
    let skipping = dry(&[&holed[..], &["--skip-bad"]].concat()).ok();
    assert!(
        skipping.stderr.contains("skipped 1:"),
        "{}",
        skipping.stderr
    );
}

#[test]
fn new_texts_that_cannot_be_predicted_are_refused_or_counted() {
    let room = Room::new();
    table(&room);
    let flags = [
        "--text",
        "review",
        "--target",
        "kind",
        "--test-fraction",
        ".25",
    ];
    room.train("t", &classifier("set.csv", &flags));
    let predict = ["predict", "t", "--data", "-"];
    let error = fed(&room, &predict, b"lovely film\n\n").failed(3);
    assert!(
        error
            .stderr
            .contains("`standard input:2`: expected a text with words"),
        "{}",
        error.stderr
    );
    let skipping = fed(
        &room,
        &[&predict[..], &["--skip-bad"]].concat(),
        b"lovely film\n\n\xff\n",
    )
    .ok();
    assert_eq!(lines(&skipping).len(), 1);
    assert!(
        skipping.stderr.contains("skipped 2:"),
        "{}",
        skipping.stderr
    );
    // Words that nobody learned are no words of the vocabulary, and no error.
    let unknown = fed(&room, &predict, b"xyzzy plugh\n").ok();
    assert_eq!(lines(&unknown).len(), 1);
    // A label that was never seen.
    room.write("new.csv", "review,kind\nlovely film,good\ndull film,odd\n");
    let error = room.run(&["predict", "t", "--data", "new.csv"]).failed(3);
    assert!(
        error
            .stderr
            .contains("expected a class among `bad`, `good`, found `odd` in text 2"),
        "{}",
        error.stderr
    );
    let skipping = room
        .run(&["predict", "t", "--data", "new.csv", "--skip-bad"])
        .ok();
    assert_eq!(lines(&skipping).len(), 1);
    assert!(
        skipping.stderr.contains("skipped 1:"),
        "{}",
        skipping.stderr
    );
    room.write("other.csv", "words,kind\nlovely film,good\n");
    let error = room.run(&["predict", "t", "--data", "other.csv"]);
    assert!(error.stderr.contains("`text` of `"), "{}", error.stderr);
    let error = room.run(&["predict", "t", "--data", "fonts"]);
    assert_ne!(error.code, Some(0), "{error:#?}");
}
