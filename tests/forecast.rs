//! Series with lags: the target of a row from the rows before it, one step ahead and further.

use serde_json::Value;

use crate::program::Room;

/// x(t) = 4 x(t-1) (1 - x(t-1)) for so many rows, with a row number `t` and a second column `y` that is no function of x.
fn logistic(rows: usize) -> String {
    let mut text = "t,x,y\n".to_owned();
    let mut x = 0.3;
    for t in 0..rows {
        text += &format!("{t},{x:.17},{}\n", t % 7);
        x = 4.0 * x * (1.0 - x);
    }
    text
}

/// A run `next` that learned x from its last value.
fn room() -> Room {
    let room = Room::new();
    room.write("x.csv", logistic(300));
    room.train(
        "next",
        &[
            "x.csv",
            "--index=t",
            "--columns=x",
            "--model=regressor",
            "--target=x",
            "--lags=1",
            "--layers=12",
            "--activation=tanh",
            "--lr=.01",
            "--test-fraction=.2",
            "--split=time",
            "--set",
            "train.epochs=300",
            "--seed=1",
        ],
    );
    room
}

#[test]
fn a_series_goes_on_beyond_its_last_row() {
    let room = room();
    let run = room.json("runs/next/run.json");
    // A linear function of the last value is of no use here, and neither is that value itself.
    let rmse = |of: &Value| of["rmse"].as_f64().expect("a number");
    let own = rmse(&run["metrics"]["test"]);
    assert!(own < 0.05, "{own}");
    for key in ["linear", "persistence", "mean"] {
        assert!(rmse(&run["baselines"][key]) > 5.0 * own, "{key}");
    }
    let rows = room.run(&["forecast", "next", "--steps=3"]).rows();
    assert_eq!(rows[0], ["step", "row", "x"]);
    assert_eq!((&*rows[1][1], &*rows[3][1], rows.len()), ("300", "302", 4));
    // The first step is what `predict` says of a row that follows, whatever value stands there.
    room.write("longer.csv", logistic(300) + "300,0.5,0\n");
    let predicted = room
        .run(&["predict", "next", "--data", "longer.csv"])
        .rows();
    let last = predicted.last().expect("a line");
    assert_eq!(last[2..], [&*rows[1][2], "300", "300"]);
    assert!(room.path("runs/next/figures/forecast.png").is_file());
    let ran = room.run(&["forecast", "next", "--data=longer.csv"]).ok();
    assert!(ran.stderr.contains("forecast-longer.csv.png"), "{ran:?}");
    let ran = room.run(&["forecast", "next", "--to=ahead.svg"]).ok();
    assert!(ran.stderr.contains("ahead.svg"), "{ran:?}");
    assert!(room.bytes("ahead.svg").starts_with(b"<svg"));
}

#[test]
fn errors_of_a_chaotic_series_double_with_each_step() {
    let room = room();
    let report = room
        .run(&["forecast", "next", "--evaluate", "--steps=8", "--json"])
        .ok();
    let report = report.json();
    // 60 held-out rows, of which the first has no past and the last 7 have not 8 rows from them on.
    assert_eq!(report["starts"], 52);
    let steps = report["steps"].as_array().expect("a list");
    let of = |step: usize, key: &str| steps[step][key].as_f64().expect("a number");
    assert_eq!(steps.len(), 8);
    assert!(of(0, "rmse") < of(3, "rmse") && of(3, "rmse") < of(7, "rmse"));
    assert!(of(0, "persistence") > 5.0 * of(0, "rmse"));
    let growth = report["growth"].as_f64().expect("enough steps are small");
    assert!(
        (0.4..1.0).contains(&growth),
        "ln 2 is 0.693, found {growth}"
    );
    let text = room.run(&["forecast", "next", "--evaluate"]).ok().stdout;
    assert!(text.contains("nats a step"), "{text}");
}

#[test]
fn what_has_no_future_is_refused_in_words() {
    let room = room();
    let refused = |args: &[&str], code, words: &str| {
        let ran = room.run(args).failed(code);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    };
    refused(&["forecast", "next", "--steps=0"], 2, "give 1 to");
    refused(
        &["forecast", "next", "--evaluate", "--steps=60"],
        2,
        "fewer `--steps`",
    );
    room.train(
        "both",
        &[
            "x.csv",
            "--drop=t",
            "--model=regressor",
            "--target=x",
            "--lags=2",
        ],
    );
    refused(&["forecast", "both"], 2, "is not known");
    room.train(
        "rows",
        &["x.csv", "--drop=t", "--model=regressor", "--target=x"],
    );
    refused(&["forecast", "rows"], 2, "learned no series");
    let train = ["train", "x.csv", "--model=regressor", "--target=x"];
    let train = |more: &[&'static str]| [&train[..], more].concat();
    refused(&train(&["--lags=0"]), 2, "at least the row before");
    refused(&train(&["--lags=300"]), 2, "fewer `--lags`");
    refused(
        &train(&["--lags=2", "--test-fraction=.2"]),
        2,
        "--split time",
    );
    refused(&["train", "x.csv", "--lags=2"], 2, "--target COLUMN");
    room.write("short.csv", "t,x,y\n0,.1,0\n");
    refused(&["predict", "next", "--data", "short.csv"], 2, "more rows");
}
