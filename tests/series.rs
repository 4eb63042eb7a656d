//! Series: windows of consecutive rows as samples, and their scores on the axis of time.

use std::f64::consts::TAU;

use crate::program::Room;

/// Writes a series of two columns with a period of 20 rows, a time of ten seconds a row, and where `is_odd` both columns flat.
fn series(room: &Room, name: &str, rows: std::ops::Range<usize>, is_odd: impl Fn(usize) -> bool) {
    let mut text = "time,a,b,odd\n".to_owned();
    for row in rows {
        let turn = TAU * row as f64 / 20.0;
        let (a, b) = match is_odd(row) {
            true => (0.1, 0.1),
            false => (turn.sin(), 3.0 + turn.cos() + 0.05 * (turn * 7.3).sin()),
        };
        let seconds = 10 * row;
        let time = format!(
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        text += &format!(
            "2026-11-29T{time},{a:.5},{b:.5},{}\n",
            u8::from(is_odd(row))
        );
    }
    room.write(name, text);
}

const MODEL: [&str; 10] = [
    "--time=time",
    "--drop=odd",
    "--window=10",
    "--layers",
    "12",
    "--latent",
    "3",
    "--set",
    "train.epochs=150",
    "--seed=1",
];

/// A run `s` over an ordinary series, and a newer one with two odd stretches, rows 1050 to 1079 and 1150 to 1159 of 1000 to 1199.
fn room() -> Room {
    let room = Room::new();
    series(&room, "old.csv", 0..600, |_| false);
    series(&room, "new.csv", 1000..1200, |row| {
        (1050..1080).contains(&row) || (1150..1160).contains(&row)
    });
    let held_out = ["old.csv", "--test-fraction=.3", "--split=time"];
    room.train("s", &[&held_out[..], &MODEL].concat());
    room
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

#[test]
fn every_row_of_a_series_has_a_score_and_events_are_counted_as_such() {
    let room = room();
    let words = [
        "score",
        "s",
        "--data",
        "new.csv",
        "--label",
        "odd",
        "--threshold",
        "conformal:.02",
    ];
    let ran = room.run(&words);
    let lines = ran.rows();
    assert_eq!(
        lines[0].join(","),
        "sample,caption,score,rank,p,flag,outlier,row,time"
    );
    assert_eq!(lines.len(), 201);
    assert_eq!(
        lines[200][7..],
        ["199".to_owned(), "2026-11-29T03:19:50".to_owned()]
    );
    let flagged = |rows: std::ops::Range<usize>| {
        let rows = lines[1..][rows].iter();
        rows.filter(|line| line[5] == "1").count()
    };
    assert!(
        flagged(55..75) == 20 && flagged(0..40) < 8,
        "{}",
        ran.stdout
    );
    for words in [
        "note: rows of class `1` are taken for anomalies",
        "2 of 2 events found, ",
        "of 40 rows of known anomalies flagged",
        "point-adjusted F1 ",
        "a random score reaches a high value (Kim et al. 2022",
        "this run",
        "isolation forest",
        "`--fdr` promises nothing",
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    let drawn = room.text("runs/s/figures/scores.csv");
    assert!(
        drawn.contains(",shaded_from,,49.5,\n,shaded_to,,79.5,\n"),
        "{drawn}"
    );
    let json = room.run(&[&words[..], &["--json"]].concat()).json();
    assert_eq!(
        (&json["events"]["events"], &json["events"]["found"]),
        (&2.into(), &2.into())
    );
    assert_eq!(json["samples"].as_array().map(Vec::len), Some(200));
    assert!(
        json["detectors"][0]["roc_auc"].as_f64() > Some(0.9),
        "{json}"
    );
}

/// Rows alone are one window, whose score each of them then has.
#[test]
fn a_row_has_the_mean_score_of_the_windows_that_cover_it() {
    let room = room();
    let scores = |first: usize, count: usize| -> Vec<f64> {
        series(&room, "part.csv", first..first + count, |row| row % 9 == 0);
        let ran = room.run(&["score", "s", "--data", "part.csv"]);
        ran.rows()[1..]
            .iter()
            .map(|line| number(&line[2]))
            .collect()
    };
    let windows: Vec<f64> = (0..3)
        .map(|start| {
            let alone = scores(1000 + start, 10);
            assert!(alone.iter().all(|score| *score == alone[0]), "{alone:?}");
            alone[0]
        })
        .collect();
    let rows = scores(1000, 12);
    for (row, covering) in [(0, 0..1), (1, 0..2), (5, 0..3), (10, 1..3), (11, 2..3)] {
        let count = covering.len() as f64;
        let mean = windows[covering].iter().sum::<f64>() / count;
        assert!(
            (rows[row] / mean - 1.0).abs() < 1e-12,
            "{row}: {} {mean}",
            rows[row]
        );
    }
}

#[test]
fn shares_of_columns_add_up_to_the_score_of_a_row() {
    let room = room();
    let explained = room.run(&["score", "s", "--data", "new.csv", "--explain"]);
    let (plain, lines) = (
        room.run(&["score", "s", "--data", "new.csv"]).rows(),
        explained.rows(),
    );
    assert!(lines[0].join(",").contains(",flag,from a,from b,row,time"));
    let at = lines[0]
        .iter()
        .position(|name| name == "from a")
        .expect("it is there");
    for (line, plain) in lines[1..].iter().zip(&plain[1..]) {
        assert_eq!(
            number(&line[at]) + number(&line[at + 1]),
            number(&line[2]),
            "{line:?}"
        );
        assert_eq!(line[2], plain[2]);
    }
}

#[test]
fn every_command_takes_windows() {
    let room = room();
    let report = room.json("runs/s/run.json");
    let window = &report["data"]["window"];
    assert_eq!(
        (&window["length"], &window["stride"]),
        (&10.into(), &1.into())
    );
    assert_eq!(
        (&window["train_rows"], &window["test_rows"]),
        (&420.into(), &180.into())
    );
    assert_eq!(
        (&report["data"]["train"], &report["data"]["test"]),
        (&411.into(), &171.into())
    );
    assert_eq!(report["data"]["shape"], serde_json::json!([1, 1, 20]));
    let codes = room.run(&["encode", "s"]);
    let of_codes = codes.rows();
    assert_eq!(of_codes.len(), 172);
    // A window has the number and the time of its first row.
    assert_eq!(
        of_codes[1][5..],
        ["420".to_owned(), "2026-11-29T01:10:00".to_owned()]
    );
    room.write("codes.csv", &codes.stdout);
    let decoded = room.run(&["decode", "s", "--codes", "codes.csv"]).rows();
    assert_eq!(decoded[0][..3], ["a[0]", "b[0]", "a[1]"].map(str::to_owned));
    let (a, b) = (number(&decoded[6][0]), number(&decoded[6][1]));
    assert!(
        (a - 1.0).abs() < 0.5 && (b - 3.0).abs() < 0.5,
        "in units: {a} {b}"
    );
    for words in [
        &["eval", "s"][..],
        &["reconstruct", "s", "--data", "new.csv"],
        &["latent", "s"],
        &["generate", "s", "--count", "2"],
        &["cluster", "s", "-k", "2"],
        &["inspect", "s"],
        &["denoise", "s", "--noise", "gaussian:.1"],
        &["score", "s", "--split", "--calibrate", "train"],
        &["score", "s", "--threshold", "conformal:.1"],
        &["neighbours", "s", "--data", "new.csv"],
    ] {
        room.run(words).ok();
    }
    let eval = room.run(&["eval", "s"]).ok();
    assert!(eval.stdout.contains("mean window"), "{}", eval.stdout);
    // Windows that share rows are no neighbours of each other.
    let near = room
        .run(&["neighbours", "s", "-k", "2", "--part", "train", "--json"])
        .json();
    for sample in near["samples"].as_array().expect("a list") {
        let of = |value: &serde_json::Value| value["row"].as_u64().expect("a number");
        for neighbour in sample["neighbours"].as_array().expect("a list") {
            assert!(of(neighbour).abs_diff(of(sample)) >= 10, "{sample}");
        }
    }
}

#[test]
fn denoising_and_variational_models_take_windows_too() {
    let room = Room::new();
    series(&room, "old.csv", 0..300, |_| false);
    series(&room, "new.csv", 400..500, |row| (440..460).contains(&row));
    for (model, score) in [("dae", "loss"), ("vae", "elbo"), ("vae", "iw-bound")] {
        let name = format!("{model}-{score}");
        let model = ["old.csv", "--model", model, "--stride=3"];
        room.train(&name, &[&model[..], &MODEL].concat());
        // Draws are for the bounds of a `vae` alone.
        let draws = if score == "loss" {
            &[][..]
        } else {
            &["--draws=4"]
        };
        let args = ["score", &name, "--data", "new.csv", "--score", score];
        let ran = room.run(&[&args[..], draws].concat());
        assert_eq!(ran.rows().len(), 101, "{}", ran.stderr);
    }
    let explained = room.run(&[
        "score",
        "vae-elbo",
        "--data",
        "new.csv",
        "--score=elbo",
        "--explain",
    ]);
    let lines = explained.rows();
    assert!(
        lines[0]
            .join(",")
            .contains("from a,from b,from kl of z1,from kl of z2,from kl of z3"),
        "{:?}",
        lines[0]
    );
    for line in &lines[1..] {
        let shares: f64 = line[5..10].iter().map(|share| number(share)).sum();
        assert_eq!(shares, number(&line[2]), "{line:?}");
    }
}

#[test]
fn a_window_stays_within_its_group_and_between_gaps() {
    let room = Room::new();
    series(&room, "gap.csv", 0..100, |_| false);
    let text = room.text("gap.csv");
    let rows: Vec<&str> = text.lines().collect();
    let kept = |from: usize, to: usize| rows[1 + from..1 + to].join("\n");
    // Without rows 40 to 59: of 80 rows those around the gap begin no window of 10.
    room.write(
        "gap.csv",
        format!("{}\n{}\n{}\n", rows[0], kept(0, 40), kept(60, 100)),
    );
    let dry = [
        "train",
        "gap.csv",
        "--drop=odd",
        "--window=10",
        "--dry-run",
        "--json",
    ];
    let data = |more: &[&str]| room.run(&[&dry[..], more].concat()).json()["data"].clone();
    let with_time = data(&["--time", "time"]);
    assert_eq!(with_time["train"], 62);
    let notes = with_time["notes"].to_string();
    assert!(
        notes.contains("time jumps once in column `time`"),
        "{notes}"
    );
    assert_eq!(data(&["--drop=odd,time"])["train"], 71);
    let grouped: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| {
            let group = if at == 0 {
                "machine"
            } else if at <= 50 {
                "m1"
            } else {
                "m2"
            };
            format!("{row},{group}")
        })
        .collect();
    room.write("gap.csv", grouped.join("\n") + "\n");
    let whole = data(&[
        "--time",
        "time",
        "--group",
        "machine",
        "--test-fraction",
        ".5",
    ]);
    assert_eq!((&whole["train"], &whole["test"]), (&41.into(), &41.into()));
    // A cell that is missing is one in every window around it, and no error.
    let holes = text.replacen(",0.00000,4", ",,4", 3);
    assert_ne!(holes, text);
    room.write("holes.csv", holes);
    room.train("h", &[&["holes.csv"][..], &MODEL].concat());
    let scores = room.run(&["score", "h"]);
    assert_eq!(scores.rows().len(), 101);
}

#[test]
fn the_length_can_be_left_to_the_period() {
    let room = Room::new();
    series(&room, "old.csv", 0..400, |_| false);
    let words = ["old.csv", "--time=time", "--drop=odd", "--window=auto"];
    room.train("auto", &words);
    assert!(room.text("runs/auto/config.toml").contains("window = 20\n"));
    let notes = room.json("runs/auto/run.json")["data"]["notes"].to_string();
    assert!(
        notes.contains("windows of 20 rows: the median of the periods of 2 columns"),
        "{notes}"
    );
    // The configuration repeats the run.
    room.train("again", &["--config", "runs/auto/config.toml"]);
    let weights = |run: &str| room.bytes(&format!("runs/{run}/checkpoints/best/model.safetensors"));
    assert_eq!(weights("auto"), weights("again"));
    room.write("flat.csv", "a\n".to_owned() + &"1\n".repeat(50));
    let refused = room
        .run(&["train", "flat.csv", "--window", "auto", "--dry-run"])
        .failed(2);
    assert!(refused.stderr.contains("--window 25"), "{}", refused.stderr);
}

#[test]
fn what_is_no_series_is_refused_with_what_helps() {
    let room = Room::new();
    series(&room, "old.csv", 0..30, |_| false);
    for (more, words) in [
        (&["--window=31"][..], "found 31"),
        (
            &["--window=20", "--test-fraction=.2", "--split=time"],
            "(test part)",
        ),
        (&["--window=5", "--test-fraction=.3"], "`--split time`"),
        (
            &["--window=5", "--fold=1/3"],
            "--test-fraction .2 --split time",
        ),
        (&["--window=5", "--limit=10"], "`--first N`"),
        (&["--window=5", "--stride=6"], "give 1 to 5"),
        (&["--window=5", "--stride=0"], "give 1 to 5"),
        (&["--stride=2"], "`--window 25`"),
        (&["--window=0"], "a number of rows above 0, or `auto`"),
        (&["--window=many"], "a number of rows above 0, or `auto`"),
        (
            &["--window=5", "--model=classifier", "--target=odd"],
            "a window has no target",
        ),
    ] {
        let words_of_all = ["train", "old.csv", "--time=time", "--drop=odd", "--dry-run"];
        let words_of_all = match more.contains(&"--target=odd") {
            true => &words_of_all[..3],
            false => &words_of_all[..],
        };
        let ran = room.run(&[words_of_all, more].concat());
        assert!(matches!(ran.code, Some(2 | 3)), "{more:?}: {ran:?}");
        assert!(ran.stderr.contains(words), "{more:?}: {}", ran.stderr);
    }
    let images = room
        .run(&["train", "fonts", "--window", "3", "--dry-run"])
        .failed(2);
    assert!(
        images.stderr.contains("these are images"),
        "{}",
        images.stderr
    );
    room.train("s", &[&["old.csv"][..], &MODEL].concat());
    series(&room, "short.csv", 0..8, |_| false);
    let short = room.run(&["score", "s", "--data", "short.csv"]).failed(2);
    assert!(
        short.stderr.contains("expected at most 8"),
        "{}",
        short.stderr
    );
    let names = room.run(&["score", "s", "--outliers", "1"]).failed(2);
    assert!(names.stderr.contains("--label COLUMN"), "{}", names.stderr);
}
