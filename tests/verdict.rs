//! What a run is told of its result, before the numbers.

use serde_json::Value;

use crate::program::{Ran, Room};

/// The summaries of a good and of a bad run down to the folder, for the golden texts. The last bits of a training depend on the
/// processor, so that decimal numbers stand there as `#.#`.
pub fn summaries(room: &Room) -> Vec<(&'static str, String)> {
    let of = |name: &'static str, epochs: &str| {
        let args = [
            "train",
            "--device",
            "cpu",
            "--no-figures",
            "--name",
            name,
            "--epochs",
            epochs,
        ];
        (name, summary(&room.run(&args).ok()))
    };
    vec![of("verdict-good", "1500"), of("verdict-bad", "20")]
}

fn summary(ran: &Ran) -> String {
    let lines = ran.stdout.lines();
    let lines = lines.take_while(|line| !line.starts_with("run "));
    let words = |line: &str| line.split(' ').map(masked).collect::<Vec<_>>().join(" ");
    lines.map(|line| words(line) + "\n").collect()
}

/// A word with its decimal number as `#.#`.
fn masked(word: &str) -> String {
    let number = word.trim_matches(|c: char| !c.is_ascii_digit());
    match number.contains('.') && number.parse::<f64>().is_ok() {
        true => word.replace(number, "#.#"),
        false => word.to_owned(),
    }
}

fn names(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("a list");
    let names = findings.iter().map(|finding| finding["name"].as_str());
    names.collect::<Option<_>>().expect("each has a name")
}

#[test]
fn findings_stand_in_the_report_the_log_and_every_json() {
    let room = Room::new();
    let args = [
        "train",
        "--device",
        "cpu",
        "--no-figures",
        "--name",
        "run",
        "--epochs",
        "20",
        "--json",
    ];
    let trained: Value = serde_json::from_str(&room.run(&args).ok().stdout).expect("JSON");
    assert!(names(&trained).contains(&"too-few-steps"), "{trained:#}");
    assert!(
        trained["findings"][1]["try"]
            .as_str()
            .is_some_and(|flag| flag.starts_with("--epochs "))
    );
    let report = room.json("runs/run/run.json");
    assert_eq!(report["findings"], trained["findings"]);
    assert!(room.text("runs/run/log.txt").contains("\nverdict  "));
    let again: Value =
        serde_json::from_str(&room.run(&["eval", "run", "--json"]).ok().stdout).expect("JSON");
    assert_eq!(again["findings"], report["findings"]);
    assert!(
        room.run(&["inspect", "run"])
            .ok()
            .stdout
            .contains("\nverdict  ")
    );
}

#[test]
fn a_finite_loss_that_no_result_could_have_fails() {
    let room = Room::new();
    let args = [
        "train",
        "--device",
        "cpu",
        "--no-figures",
        "--name",
        "wild",
        "--lr",
        "1e9",
        "--epochs",
        "100",
    ];
    let ran = room.run(&args).failed(1);
    assert!(
        ran.lines("error: ")[0].starts_with("diverged: at epoch 100 the error is "),
        "{ran:?}"
    );
    assert!(
        ran.lines("hint: ")[0].starts_with("try `--lr 0.001`; the best checkpoint stays in "),
        "{ran:?}"
    );
    let report = room.json("runs/wild/run.json");
    assert_eq!(
        (report["status"].as_str(), names(&report)),
        (Some("failed"), vec!["diverged"])
    );
    assert!(
        report["reason"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("diverged: "))
    );
    assert!(room.path("runs/wild/checkpoints/best").is_dir());
    let again: Value =
        serde_json::from_str(&room.run(&["eval", "wild", "--json"]).ok().stdout).expect("JSON");
    assert_eq!(names(&again), ["diverged"]);
}

#[test]
fn a_run_of_an_older_version_is_read_without_findings() {
    let room = Room::new();
    room.train("old", &[]);
    let mut report = room.json("runs/old/run.json");
    report
        .as_object_mut()
        .expect("an object")
        .remove("findings");
    room.write("runs/old/run.json", report.to_string());
    assert!(
        !room
            .run(&["inspect", "old"])
            .ok()
            .stdout
            .contains("verdict")
    );
    assert!(
        room.run(&["eval", "old"])
            .ok()
            .stdout
            .contains("\nverdict  ")
    );
}
