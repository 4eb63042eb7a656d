//! Scores, flags and decoded codes from outside.

use serde_json::Value;

use crate::program::{Ran, Room};

/// A ring of points in four columns, with an identity; every tenth row of `kind` `far` stands outside of it.
fn ring(room: &Room, name: &str, rows: u32, far: bool) {
    let mut text = "id,a,b,c,d,kind\n".to_owned();
    for row in 0..rows {
        let is_far = far && row % 10 == 3;
        let turn = f64::from(row) * 0.7;
        let length = if is_far {
            4.0
        } else {
            1.0 + 0.1 * (turn * 5.0).sin()
        };
        let (x, y) = (length * turn.cos(), length * turn.sin());
        let kind = if is_far { "far" } else { "near" };
        text += &format!("r{row},{x:.4},{y:.4},{:.4},{:.4},{kind}\n", x + y, x - y);
    }
    room.write(name, text);
}

const MODEL: [&str; 12] = [
    "near.csv",
    "--index",
    "id",
    "--label",
    "kind",
    "--test-fraction=.3",
    "--layers",
    "6",
    "--latent",
    "2",
    "--set",
    "train.epochs=120",
];

/// A run that learned rows without outliers, in a room with others.
fn room() -> Room {
    let room = Room::new();
    ring(&room, "near.csv", 400, false);
    ring(&room, "new.csv", 100, true);
    room.train("r", &MODEL);
    room
}

fn score(room: &Room, more: &[&str]) -> Ran {
    room.run(&[&["score", "r", "--data", "new.csv"], more].concat())
}

#[test]
fn rows_that_stand_out_are_flagged_and_named() {
    let room = room();
    let ran = score(
        &room,
        &["--threshold", "conformal:.05", "--outliers", "far"],
    );
    let lines = ran.rows();
    assert_eq!(
        lines[0].join(","),
        "sample,caption,score,rank,p,flag,outlier,row,id"
    );
    assert_eq!(lines.len(), 101);
    let flagged = |outlier: &str| {
        let rows = lines[1..].iter().filter(|line| line[6] == outlier);
        rows.filter(|line| line[5] == "1").count()
    };
    assert_eq!(flagged("1"), 10, "{}", ran.stdout);
    assert!(flagged("0") <= 12, "{}", ran.stdout);
    assert_eq!(lines[4][8], "r3");
    for name in [
        "this run",
        "isolation forest",
        "Mahalanobis",
        "nearest",
        "PCA",
    ] {
        assert!(ran.stderr.contains(name), "{name}: {}", ran.stderr);
    }
    assert!(room.path("runs/r/figures/scores.png").is_file());
    let curves = room.text("runs/r/figures/score-curves.csv");
    for name in ["this run ", "forest ", "chance", "share of anomalies"] {
        assert!(curves.contains(name), "{name}: {curves}");
    }
    // The rule is kept with the run.
    assert_eq!(
        room.json("runs/r/threshold.json")["threshold"],
        "conformal:0.05"
    );
    assert!(score(&room, &[]).stderr.contains("conformal:0.05"));
}

#[test]
fn shares_of_columns_add_up_to_the_score() {
    let room = room();
    let lines = score(&room, &["--explain", "--top", "5"]).rows();
    assert_eq!(lines.len(), 6);
    assert!(
        lines[0]
            .join(",")
            .contains(",flag,from a,from b,from c,from d,row,id")
    );
    let at = lines[0]
        .iter()
        .position(|name| name == "from a")
        .expect("it is there");
    let number = |text: &String| text.parse::<f64>().expect("a number");
    for line in &lines[1..] {
        let sum: f64 = line[at..at + 4].iter().map(number).sum();
        assert_eq!(sum, number(&line[2]), "{line:?}");
    }
    let scores: Vec<f64> = lines[1..].iter().map(|line| number(&line[2])).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

#[test]
fn a_score_is_the_same_alone_and_with_its_columns_in_another_order() {
    let room = room();
    let all = score(&room, &[]).rows();
    room.write(
        "one.csv",
        "d,c,b,a,kind,id\n0.5000,-0.5000,1.0000,0.2500,near,x\n",
    );
    room.write(
        "same.csv",
        "id,a,b,c,d,kind\nx,0.2500,1.0000,-0.5000,0.5000,near\n",
    );
    let one = |name| room.run(&["score", "r", "--data", name]).rows()[1][2].clone();
    assert_eq!(one("one.csv"), one("same.csv"));
    let text = room.text("new.csv");
    let mut rows = text.lines();
    let head = rows.next().expect("a header");
    room.write(
        "fourth.csv",
        format!("{head}\n{}\n", rows.nth(3).expect("a row")),
    );
    assert_eq!(one("fourth.csv"), all[4][2]);
}

/// A table too long for one look is scored as it is read, and gives what it gives read whole, which `--explain` asks for.
#[test]
fn a_long_table_is_scored_as_it_is_read_to_the_same_bits() {
    let room = room();
    let row = |row: u32| {
        let turn = f64::from(row) * 0.37;
        let [x, y] = [turn.cos(), turn.sin() * (1.0 + f64::from(row % 7) / 10.0)];
        match row % 900 {
            // A hole, a bad row and a comment.
            5 => format!("r{row},,{y:.5},{:.5},{:.5}\n", x + y, x - y),
            6 => format!("r{row},1,2\n# {row}\n"),
            _ => format!("r{row},{x:.5},{y:.5},{:.5},{:.5}\n", x + y, x - y),
        }
    };
    let rows: String = (0..8000).map(row).collect();
    let quoted = rows.replace("r4000,", "\"r4000\",");
    for (name, rows) in [("long.csv", &rows), ("quoted.csv", &quoted)] {
        room.write(name, format!("id,a,b,c,d\n{rows}"));
        let score = |more: &[&str]| {
            let long = ["score", "r", "--skip-bad", "--data", name];
            room.run(&[&long[..], more].concat()).ok()
        };
        let (passed, whole) = (score(&[]), score(&["--explain"]));
        let notes = |ran: &Ran| {
            let lines = ran.stderr.lines();
            let told = lines.filter(|line| !line.starts_with("figure"));
            told.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(notes(&passed), notes(&whole));
        assert!(passed.stderr.contains("column `a` misses 9 of 7991 cells"));
        assert!(passed.stderr.contains("skipped 9:"), "{}", passed.stderr);
        let (passed, whole) = (passed.rows(), whole.rows());
        assert_eq!(passed.len(), 7992);
        assert_eq!(
            passed[0].join(","),
            "sample,caption,score,rank,p,flag,row,id"
        );
        let names = |cells: &[String]| [&cells[..6], &cells[cells.len() - 2..]].concat();
        for (passed, whole) in passed.iter().zip(&whole).skip(1) {
            assert_eq!(*passed, names(whole));
        }
        assert_eq!(passed[8][7], "r8");
    }
    // What is wrong with a row is told with its line.
    let refused = room.run(&["score", "r", "--data", "long.csv"]).failed(3);
    assert!(refused.stderr.contains("long.csv:8`: expected 5 fields"));
}

#[test]
fn the_false_discovery_rate_flags_by_p_values() {
    let room = room();
    let lines = score(&room, &["--fdr", ".2"]).rows();
    let flagged: Vec<&str> = lines[1..]
        .iter()
        .filter(|line| line[5] == "1")
        .map(|line| line[7].as_str())
        .collect();
    assert!(
        flagged.contains(&"r3") && flagged.len() >= 10,
        "{flagged:?}"
    );
}

#[test]
fn what_cannot_be_scored_is_refused_with_what_helps() {
    let room = room();
    for (more, message) in [
        (&["--threshold", "conformal:.0001"][..], "calibration rows"),
        (
            &["--threshold", "conformal:.05", "--calibrate", "train"],
            "not trained on",
        ),
        (&["--outliers", "purple"], "no class `purple`"),
        (&["--threshold", "best-f1"], "labels"),
        (&["--score", "elbo"], "only a `vae`"),
        (&["--fdr", "2"], "between 0 and 1"),
        (&["--top", "0"], "give 1 to 100"),
        (
            &["--to", "f.png", "--no-figures"],
            "asks for a figure, and `--no-figures` for none",
        ),
    ] {
        let ran = score(&room, more);
        assert_eq!(ran.code, Some(2), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{more:?}: {}", ran.stderr);
    }
    // Nothing of what was refused is kept with the run.
    assert!(!room.path("runs/r/threshold.json").exists());
    let trained_on = ["score", "r", "--part", "train", "--calibrate", "half"];
    for rule in [["--threshold", "conformal:.1"], ["--fdr", ".1"]] {
        let refused = room.run(&[&trained_on[..], &rule].concat()).failed(2);
        assert!(
            refused.stderr.contains("not trained on"),
            "{}",
            refused.stderr
        );
    }
    // Another label would draw another test part of the run's own rows.
    assert_eq!(room.run(&["score", "r", "--label", "kind"]).code, Some(2));
    let own = room.run(&["score", "r", "--threshold", "conformal:.1"]);
    assert_eq!(own.code, Some(0), "{}", own.stderr);
    assert!(own.stderr.contains("drawn by the seed"), "{}", own.stderr);
}

#[test]
fn codes_decode_to_the_reconstruction_in_the_units_of_the_table() {
    let room = room();
    let codes = room.run(&["encode", "r"]);
    room.write("codes.csv", &codes.stdout);
    let decoded = room.run(&["decode", "r", "--codes", "codes.csv"]).rows();
    assert_eq!(decoded[0].join(","), "a,b,c,d");
    assert_eq!(decoded.len(), codes.stdout.lines().count());
    room.run(&["encode", "r", "--to", "codes.npy"]);
    let again = room.run(&["decode", "r", "--codes", "codes.npy"]).rows();
    assert_eq!(again, decoded);
    let json = room.run(&["reconstruct", "r", "--json"]);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert!(
        json["model"]["squared_error"].as_f64() < Some(1.0),
        "{json}"
    );
    room.write("wrong.csv", "z1\n0.5\n");
    let wrong = room.run(&["decode", "r", "--codes", "wrong.csv"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.contains("the codes of this run have 2"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn the_nearest_training_rows_are_listed_and_vote() {
    let room = Room::new();
    ring(&room, "both.csv", 400, true);
    room.train("n", &[&["both.csv"][..], &MODEL[1..]].concat());
    let ran = room.run(&["neighbours", "n", "-k", "3"]);
    let lines = ran.rows();
    assert_eq!(
        lines[0].join(","),
        "sample,caption,rank,distance,nearest,nearest_caption,row,id"
    );
    assert_eq!(lines.len(), 1 + 3 * 120);
    for of_one in lines[1..].chunks(3) {
        let distance = |line: &Vec<String>| line[3].parse::<f64>().expect("a number");
        assert!(of_one.iter().map(distance).is_sorted(), "{of_one:?}");
    }
    for what in ["codes of 2 dimensions", "all 4 values"] {
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
    // A training row is not its own neighbour.
    let own = room.run(&["neighbours", "n", "-k", "1", "--part", "train", "--json"]);
    let own = own.json();
    for sample in own["samples"].as_array().expect("a list") {
        assert_ne!(sample["row"], sample["neighbours"][0]["row"]);
    }
    let refused = room.run(&["neighbors", "n", "-k", "0"]).failed(2);
    assert!(
        refused.stderr.contains("give 1 to 280"),
        "{}",
        refused.stderr
    );
}

#[test]
fn rows_are_grouped_and_the_centres_decoded() {
    let room = Room::new();
    ring(&room, "both.csv", 200, true);
    room.train("g", &[&["both.csv"][..], &MODEL[1..]].concat());
    for method in [&["-k", "4"][..], &["-k", "4", "--mixture"]] {
        let ran = room.run(
            &[
                &["cluster", "g", "--part", "train", "--centres", "c.csv"],
                method,
            ]
            .concat(),
        );
        let lines = ran.rows();
        assert_eq!(lines[0].join(","), "sample,caption,cluster,row,id");
        assert_eq!(lines.len(), 141);
        let mut clusters: Vec<&str> = lines[1..].iter().map(|line| line[2].as_str()).collect();
        clusters.sort_unstable();
        clusters.dedup();
        assert_eq!(clusters, ["0", "1", "2", "3"]);
        assert!(ran.stderr.contains("adjusted Rand index"), "{}", ran.stderr);
        let centres = room.text("c.csv");
        assert_eq!(centres.lines().count(), 5);
        // In the units of the table: a centre lies among the rows.
        for line in centres.lines().skip(1) {
            let cells = line
                .split(',')
                .map(|cell| cell.parse::<f64>().expect("a number"));
            let cells: Vec<f64> = cells.collect();
            assert!(
                cells.len() == 4 && cells.iter().all(|cell| cell.abs() < 6.0),
                "{line}"
            );
        }
    }
    room.run(&["cluster", "g"]).ok();
    room.run(&["cluster", "g", "-k", "1000"]).failed(2);
}
