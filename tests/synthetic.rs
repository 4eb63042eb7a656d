//! New rows of a table, and the halves of a run, from outside.

use crate::program::{Ran, Room};

/// People: words with a comma, truth values, whole numbers, amounts, dates; amounts grow with age.
fn people(room: &Room, name: &str, rows: u32, holes: bool) {
    let mut text = "id,age,city,smoker,income,since\n".to_owned();
    for row in 0..rows {
        let turn = row * 7919 % 1000;
        let age = 20 + turn % 50;
        let city = ["\"Rome, Italy\"", "Lima", "Oslo"][(turn % 7 % 3) as usize];
        let smoker = if turn % 3 == 0 { "Yes" } else { "No" };
        let income = f64::from(age) * 12.5 + f64::from(turn % 11);
        let smoker = if holes && row % 9 == 4 { "" } else { smoker };
        text += &format!(
            "p{row},{age},{city},{smoker},{income:.2},2024-01-{:02}\n",
            1 + turn % 28
        );
    }
    room.write(name, text);
}

const MODEL: [&str; 12] = [
    "people.csv",
    "--index",
    "id",
    "--dates",
    "since",
    "--test-fraction=.3",
    "--layers",
    "12",
    "--latent",
    "3",
    "--set",
    "train.epochs=60",
];

/// A run on people, of a family of models.
fn room(model: &str, holes: bool) -> Room {
    let room = Room::new();
    people(&room, "people.csv", 300, holes);
    room.train(
        "r",
        &[&MODEL[..], &["--scale", "standardise", "--model", model]].concat(),
    );
    room
}

fn generate(room: &Room, more: &[&str]) -> Ran {
    room.run(&[&["generate", "r", "--csv", "--count", "80"], more].concat())
}

/// The cells of rows whose only quoted word is known.
fn cells(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let line = line.replace("\"Rome, Italy\"", "Rome");
        line.split(',').map(str::to_owned).collect()
    };
    text.lines().map(cells).collect()
}

#[track_caller]
fn are_rows_of_people(text: &str, count: usize) {
    let rows = cells(text);
    assert_eq!(rows[0].join(","), "age,city,smoker,income,since");
    assert_eq!(rows.len(), count + 1);
    for row in &rows[1..] {
        assert_eq!(row.len(), 5, "{row:?}");
        let age: u32 = row[0].parse().expect("a whole number");
        assert!((20..70).contains(&age), "{row:?}");
        assert!(
            ["Rome", "Lima", "Oslo"].contains(&row[1].as_str()),
            "{row:?}"
        );
        assert!(["Yes", "No"].contains(&row[2].as_str()), "{row:?}");
        let decimals = row[3]
            .split_once('.')
            .map_or(0, |(_, decimals)| decimals.len());
        assert!(row[3].parse::<f64>().is_ok() && decimals <= 1, "{row:?}");
        let day = row[4]
            .strip_prefix("2024-01-")
            .expect("a day of that month");
        assert!(
            (1..=28).contains(&day.parse::<u32>().expect("a day")),
            "{row:?}"
        );
    }
}

#[test]
fn new_rows_of_a_variational_model_are_rows_of_its_table() {
    let room = room("vae", false);
    let ran = generate(&room, &[]).ok();
    are_rows_of_people(&ran.stdout, 80);
    for words in [
        "codes from the prior",
        "residuals",
        "Kolmogorov-Smirnov",
        "correlations differ by",
        "two-sample test",
        "distance to the nearest training row",
        "exact copies of a training row: ",
        "held-out",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(room.path("runs/r/figures/synthetic.png").is_file());
    assert_eq!(ran.stdout, generate(&room, &[]).ok().stdout);
    assert_ne!(ran.stdout, generate(&room, &["--seed", "2"]).ok().stdout);
    let mean = generate(&room, &["--mean"]).ok();
    are_rows_of_people(&mean.stdout, 80);
    assert!(mean.stderr.contains("nothing drawn"), "{}", mean.stderr);
    assert_ne!(ran.stdout, mean.stdout);
}

#[test]
fn new_rows_of_a_plain_model_come_from_a_mixture_of_its_codes() {
    let room = room("ae", true);
    let ran = generate(&room, &["--to", "new.csv", "--report", "report.json"]).ok();
    assert_eq!(ran.stdout, "new.csv\n");
    are_rows_of_people(&room.text("new.csv"), 80);
    assert!(
        ran.stderr.contains("codes from a mixture of"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("have missing cells"), "{}", ran.stderr);
    let report = room.json("report.json");
    let columns = report["columns"].as_array().expect("a list");
    assert_eq!(columns.len(), 5);
    assert_eq!(columns[1]["words"][0], "Rome, Italy");
    let shares = columns[1]["synthetic"].as_array().expect("a list");
    let sum: f64 = shares.iter().filter_map(|share| share.as_f64()).sum();
    assert!((sum - 1.0).abs() < 1e-12, "{shares:?}");
    let mean = columns[0]["real"]["mean"].as_f64().expect("a number");
    assert!((30.0..60.0).contains(&mean), "{mean}");
    let numbers = [
        &columns[0]["kolmogorov_smirnov"],
        &columns[1]["total_variation"],
        &report["two_sample"]["accuracy"],
        &report["nearest_training_row"]["nearer_than_limit"],
        &report["correlations"]["largest_difference"],
    ];
    for number in numbers {
        assert!(number.as_f64().is_some_and(f64::is_finite), "{report}");
    }
    let json = generate(&room, &["--json"]).ok().json();
    assert_eq!(json["rows"].as_array().expect("a list").len(), 80);
    assert!(json["rows"][0]["age"].is_number() && json["rows"][0]["city"].is_string());
    assert_eq!(json["columns"], report["columns"]);
}

/// Rows that a loss of probabilities learned: words by their shares, numbers as decoded.
#[test]
fn without_a_likelihood_of_numbers_they_stay_as_decoded() {
    let room = Room::new();
    people(&room, "people.csv", 200, false);
    // Nothing is held out: test rows beyond the range of the others have no such loss.
    let without = MODEL
        .iter()
        .filter(|arg| !arg.starts_with("--test-fraction"));
    let more = ["--scale", "min-max", "--loss", "bce"];
    room.train("r", &without.copied().chain(more).collect::<Vec<_>>());
    let ran = generate(&room, &[]).ok();
    are_rows_of_people(&ran.stdout, 80);
    assert!(ran.stderr.contains("none were held out"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("no likelihood of numbers"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_cannot_be_generated_is_said() {
    let room = room("ae", false);
    room.train("letters", &["fonts"]);
    for (args, words) in [
        (vec!["generate", "letters", "--csv"], "learned images"),
        (
            vec!["generate", "r", "--csv", "--count", "0"],
            "`--count` is 0",
        ),
        (vec!["generate", "r", "--csv", "--to", "rows.txt"], "`.csv`"),
        (
            vec!["generate", "r", "--csv", "--report", "report.csv"],
            "`.json`",
        ),
    ] {
        let ran = room.run(&args).failed(2);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let wave = |row: u32| format!("{},{:.3}\n", row, f64::from(row % 20) / 20.0);
    room.write(
        "wave.csv",
        "t,x\n".to_owned() + &(0..200).map(wave).collect::<String>(),
    );
    room.train(
        "wave",
        &["wave.csv", "--time=t", "--window=10", "--latent=2"],
    );
    let ran = room.run(&["generate", "wave", "--csv"]).failed(2);
    assert!(ran.stderr.contains("windows of a series"), "{}", ran.stderr);
    assert_eq!(
        room.run(&["generate", "r", "--to", "rows.csv"]).code,
        Some(2)
    );
    assert_eq!(
        room.run(&["generate", "r", "--csv", "--at", "1,1,1"]).code,
        Some(2)
    );
}

/// Columns that change places for the model come back where they stood, in their own units.
#[test]
fn a_permuted_table_is_decoded_in_the_order_and_the_units_of_its_file() {
    let room = Room::new();
    let row = |row: u32| {
        let part = f64::from(row * 37 % 100) / 100.0;
        format!(
            "{part:.2},{:.2},{:.2},{:.2}\n",
            1e3 + part,
            -1e3 - part,
            50.0 + part
        )
    };
    let rows: String = (0..120).map(row).collect();
    room.write("t.csv", "a,b,c,d\n".to_owned() + &rows);
    room.train(
        "r",
        &[
            "t.csv",
            "--scale",
            "standardise",
            "--permute",
            "--latent",
            "2",
        ],
    );
    let codes = room.run(&["encode", "r"]).ok().stdout;
    room.write("codes.csv", codes);
    let decoded = room
        .run(&["decode", "r", "--codes", "codes.csv"])
        .ok()
        .stdout;
    let new = room
        .run(&["generate", "r", "--csv", "--count", "50"])
        .ok()
        .stdout;
    for text in [decoded, new] {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("a,b,c,d"));
        for line in lines {
            let cells = line
                .split(',')
                .map(|cell| cell.parse::<f64>().expect("a number"));
            for (cell, middle) in cells.zip([0.5, 1000.5, -1000.5, 50.5]) {
                assert!((cell - middle).abs() < 5.0, "{line}");
            }
        }
    }
}

#[test]
fn halves_make_what_the_whole_makes_and_no_more() {
    let room = room("vae", false);
    people(&room, "new.csv", 40, false);
    for part in ["encoder", "decoder"] {
        let to = format!("my-{part}");
        let ran = room.run(&["export", "r", "--part", part, "--to", &to]).ok();
        assert!(ran.stdout.contains(&to), "{}", ran.stdout);
        room.run(&["export", "r", "--part", part, "--to", &to])
            .failed(2);
    }
    let codes = |run: &str| {
        room.run(&["encode", run, "--data", "new.csv", "--log-variances"])
            .ok()
            .stdout
    };
    let whole = codes("r");
    assert_eq!(whole.lines().count(), 41);
    // A half needs no data of the run.
    std::fs::rename(room.path("people.csv"), room.path("away.csv")).expect("it is there");
    assert_eq!(codes("my-encoder"), whole);
    room.write("codes.csv", &whole);
    let rows = |run: &str| {
        room.run(&["decode", run, "--codes", "codes.csv"])
            .ok()
            .stdout
    };
    let decoded = rows("my-decoder");
    std::fs::rename(room.path("away.csv"), room.path("people.csv")).expect("it is there");
    assert_eq!(rows("r"), decoded);
    let other = |run: &str, args: &[&str], words: &str| {
        let ran = room.run(&[&[args[0], run], &args[1..]].concat()).failed(2);
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    };
    other(
        "my-encoder",
        &["decode", "--codes", "codes.csv"],
        "without the weights of the decoder",
    );
    other(
        "my-decoder",
        &["encode", "--data", "new.csv"],
        "without the weights of the encoder",
    );
    other("my-encoder", &["encode"], "`--data DATA`");
    for half in ["my-encoder", "my-decoder"] {
        for command in ["reconstruct", "score", "generate", "latent", "eval"] {
            other(half, &[command], "is an exported");
        }
    }
    let weights = |half: &str| room.bytes(&format!("{half}/checkpoints/best/model.safetensors"));
    let names = |half: &str| String::from_utf8_lossy(&weights(half)).into_owned();
    assert!(!names("my-encoder").contains("decoder.") && names("my-decoder").contains("decoder."));
    assert!(!names("my-decoder").contains("encoder."));
    assert!(!room.text("my-decoder/half.json").contains("p17"));
}

#[test]
fn a_damaged_half_is_an_error() {
    let room = room("ae", false);
    room.run(&["export", "r", "--part", "encoder", "--to", "e"])
        .ok();
    let encode = || room.run(&["encode", "e", "--data", "people.csv"]);
    let report = room.text("e/half.json");
    for damage in [
        "",
        "{}",
        &report.replace("\"version\": 1", "\"version\": 9"),
    ] {
        room.write("e/half.json", damage);
        let ran = encode().failed(5);
        assert!(ran.stderr.contains("half.json"), "{}", ran.stderr);
    }
    room.write("e/half.json", &report);
    encode().ok();
    let weights = room.path("e/checkpoints/best/model.safetensors");
    std::fs::write(weights, b"no weights").expect("it is writable");
    encode().failed(5);
}

#[test]
fn a_half_of_an_image_model_takes_new_images() {
    let room = Room::new();
    room.train("r", &["fonts:2"]);
    room.run(&["export", "r", "--part", "encoder", "--to", "e"])
        .ok();
    room.run(&["export", "r", "--part", "decoder", "--to", "d"])
        .ok();
    let codes = room.run(&["encode", "e", "--data", "fonts:2"]).ok().stdout;
    assert_eq!(codes, room.run(&["encode", "r"]).ok().stdout);
    room.write("codes.csv", &codes);
    room.run(&["decode", "d", "--codes", "codes.csv", "--to", "half.npy"])
        .ok();
    room.run(&["decode", "r", "--codes", "codes.csv", "--to", "whole.npy"])
        .ok();
    assert_eq!(room.bytes("half.npy"), room.bytes("whole.npy"));
    let json = room
        .run(&["decode", "d", "--codes", "codes.csv", "--json"])
        .ok()
        .json();
    assert_eq!(json["figures"].as_array().map(Vec::len), Some(1));
}
