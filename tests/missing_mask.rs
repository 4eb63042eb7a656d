//! A mask of missing cells as a second input, from outside.

use crate::program::Room;

/// Four columns that one number makes, with holes in some rows, and whether that number is above 0.
fn holed(rows: u32) -> String {
    let mut text = "a,b,c,d,high\n".to_owned();
    for row in 0..rows {
        let t = f64::from(row * 37 % 100) / 50.0 - 0.99;
        let high = if t > 0.0 { "yes" } else { "no" };
        let mut cells = [t, 2.0 * t, -t, 0.5 * t].map(|cell| format!("{cell:.3}"));
        if row % 3 == 0 {
            cells[row as usize % 4].clear();
        }
        text += &format!("{},{high}\n", cells.join(","));
    }
    text
}

const ROWS: [&str; 6] = [
    "holed.csv",
    "--label=high",
    "--scale=none",
    "--test-fraction=.25",
    "--layers=8",
    "--latent=1",
];

fn room() -> Room {
    let room = Room::new();
    room.write("holed.csv", holed(200));
    // The same row with a hole and with a 0 there.
    room.write("hole.csv", "a,b,c,d\n0.5,,-0.5,0.25\n");
    room.write("zero.csv", "a,b,c,d\n0.5,0,-0.5,0.25\n");
    room
}

#[test]
fn a_hole_is_no_longer_a_zero() {
    let room = room();
    room.train("plain", &ROWS);
    room.train("mask", &[&ROWS[..], &["--missing-mask"]].concat());
    let code = |run: &str, data: &str| {
        let ran = room.run(&["encode", run, "--data", data]);
        ran.rows()[1][2].clone()
    };
    assert_eq!(code("plain", "hole.csv"), code("plain", "zero.csv"));
    assert_ne!(code("mask", "hole.csv"), code("mask", "zero.csv"));
    let config = room.text("runs/mask/config.toml");
    assert!(config.contains("missing_mask = true"), "{config}");
    assert!(!room.text("runs/plain/config.toml").contains("missing_mask"));
    // Twice as many values go in, as many as before come out: 4 * 8 more weights.
    let layers = room.text("runs/mask/model.txt");
    assert!(layers.contains("values and which are missing"), "{layers}");
    let parameters = |run: &str| {
        let report = room.json(&format!("runs/{run}/run.json"));
        report["model"]["parameters"].as_u64().expect("a count")
    };
    assert_eq!(parameters("mask"), parameters("plain") + 32);
}

#[test]
fn every_command_shows_the_mask_to_the_model() {
    let room = room();
    for (name, more) in [
        ("ae", &["--model=ae"][..]),
        ("dae", &["--model=dae", "--noise=gaussian:.1"]),
        ("vae", &["--model=vae"]),
    ] {
        room.train(name, &[&ROWS[..], &["--missing-mask"], more].concat());
        for command in ["encode", "score", "reconstruct", "eval"] {
            room.run(&[command, name]).ok();
        }
        let filled = room.run(&["impute", name, "--data", "hole.csv"]).ok();
        let cells = filled
            .stdout
            .strip_prefix("a,b,c,d\n0.5,")
            .expect("as it was");
        let cell = cells.strip_suffix(",-0.5,0.25\n").expect("as it was");
        assert!(cell.parse::<f64>().expect("a number").is_finite());
        // Alone and among others, scored as it is read.
        let of = |data: &str| room.run(&["score", name, "--data", data]).rows();
        let text = room.text("hole.csv") + &"0.5,1,,0.25\n0.5,,-0.5,0.25\n".repeat(4000);
        room.write("many.csv", text);
        let (alone, many) = (of("hole.csv"), of("many.csv"));
        assert_eq!(many.len(), 8002);
        for at in [1, 3, 8001] {
            assert_eq!(many[at][2], alone[1][2]);
        }
        let export = ["export", name, "--format", "onnx", "--to"];
        let refused = room.run(&[&export[..], &["all"]].concat()).failed(2);
        assert!(refused.stderr.contains("which cells are missing"));
        let decoder = format!("decoder-of-{name}");
        room.run(&[&export[..], &[&decoder, "--part", "decoder"]].concat())
            .ok();
    }
    // Training goes on where it was.
    let more = ["train", "--resume", "ae", "--epochs", "21", "--no-figures"];
    room.run(&more).ok();
}

#[test]
fn a_classifier_sees_what_is_missing() {
    let room = room();
    let learn = [
        "holed.csv",
        "--model=classifier",
        "--target=high",
        "--layers=8",
        "--scale=none",
    ];
    room.train("plain", &learn);
    room.train("mask", &[&learn[..], &["--missing-mask"]].concat());
    let says = |run: &str, data: &str| room.run(&["predict", run, "--data", data]).ok().stdout;
    assert_eq!(says("plain", "hole.csv"), says("plain", "zero.csv"));
    assert_ne!(says("mask", "hole.csv"), says("mask", "zero.csv"));
}

#[test]
fn a_mask_is_refused_where_it_means_nothing() {
    let room = room();
    let classifier = [
        "holed.csv",
        "--model=classifier",
        "--target=high",
        "--fill=mean",
    ];
    for (args, message) in [
        (&["fonts"][..], "for tables of numbers"),
        (&classifier, "`data.fill` leaves no cell missing"),
        (&["holed.csv", "--conv=4"], "for dense nets"),
        (
            &["holed.csv", "--drop=high", "--optimizer=lbfgs"],
            "single precision",
        ),
    ] {
        let train = [&["train"], args, &["--missing-mask", "--dry-run"]].concat();
        let refused = room.run(&train).failed(2);
        assert!(
            refused.stderr.contains(message),
            "{args:?}: {}",
            refused.stderr
        );
    }
    room.write("whole.csv", "a,b\n1,2\n2,3\n3,5\n");
    let idle = room
        .run(&["train", "whole.csv", "--missing-mask", "--dry-run"])
        .ok();
    assert!(
        idle.stderr
            .contains("the mask of missing cells never changes")
    );
}
