//! `espejo reproduce`: rows beside their published numbers, kept outcomes, verdicts and exit codes.

use std::fs;
use std::path::PathBuf;

use crate::program::Room;

/// The kept outcomes of a reproduction, in order of their names.
fn kept(room: &Room, name: &str) -> Vec<PathBuf> {
    let jobs = room.path("runs").join(name).join("jobs");
    let rows = fs::read_dir(&jobs).expect("rows are kept");
    let files = rows.flat_map(|row| fs::read_dir(row.expect("a row").path()).expect("outcomes"));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn rows_are_listed() {
    let room = Room::new();
    let text = room.run(&["reproduce", "--list"]).ok().stdout;
    for id in ["S1", "S2", "S5", "S10", "S16", "S21", "S25"] {
        assert!(
            text.lines().any(|line| line.starts_with(&format!("{id} "))),
            "{id}: {text}"
        );
    }
    let json = room.run(&["reproduce", "--list", "--json"]).ok().json();
    assert_eq!(json["rows"][0]["id"], "S1");
    assert!(room.tree().is_empty());
}

#[test]
fn a_row_writes_its_report_and_figures() {
    let room = Room::new();
    let json = room
        .run(&["reproduce", "s1", "--json", "--page", "page.md"])
        .ok()
        .json();
    let row = &json["rows"][0];
    assert_eq!(
        (&row["id"], &row["verdict"]),
        (&"S1".into(), &"reproduced".into())
    );
    let mean = row["numbers"][1]["median"].as_f64().expect("a number");
    assert!((mean - 7.112).abs() < 5e-4, "{mean}");
    let report = room.text("runs/reproduction/report.md");
    assert!(
        report.contains("| mean image, font 2 | 7.112 | 7.112 |"),
        "{report}"
    );
    assert!(report.contains("](figures/s1-fonts.png)"), "{report}");
    for file in [
        "report.html",
        "figures/s1-fonts.png",
        "figures/s1-fonts.svg",
        "figures/s1-fonts.csv",
    ] {
        assert!(
            room.path("runs/reproduction").join(file).is_file(),
            "{file}"
        );
    }
    // A page stands on its own wherever it is.
    let html = room.text("runs/reproduction/report.html");
    assert!(
        html.contains("data:image/png;base64,")
            && !html.contains("http:")
            && !html.contains("https:"),
        "self-contained"
    );
    assert!(room.text("page.md").contains("](page/s1-fonts.png)"));
    assert!(room.path("page/s1-fonts.png").is_file());
}

#[test]
fn what_was_done_is_kept_and_forgotten_when_asked() {
    let room = Room::new();
    let args = ["reproduce", "S2", "--quick", "--json"];
    let first = room.run(&args).ok();
    let files = kept(&room, "reproduction-quick");
    assert!(!files.is_empty());
    // As if it had been interrupted: the rest is done again, to the same numbers.
    fs::remove_file(&files[0]).expect("removed");
    fs::write(&files[1], "{").expect("torn");
    let second = room.run(&args).ok();
    let done = format!(
        "{} of {} trainings were done before",
        files.len() - 2,
        files.len()
    );
    assert!(second.stderr.contains(&done), "{}", second.stderr);
    assert_eq!(first.json()["rows"], second.json()["rows"]);
    let fresh = room.run(&[&args[..], &["--fresh"]].concat()).ok();
    assert!(!fresh.stderr.contains("done before"), "{}", fresh.stderr);
    assert_eq!(first.json()["rows"], fresh.json()["rows"]);
}

#[test]
fn a_number_outside_its_band_is_exit_code_6() {
    let room = Room::new();
    room.run(&["reproduce", "S1"]).ok();
    for file in kept(&room, "reproduction") {
        fs::write(
            file,
            r#"{"mean image": [99.0], "PCA-2": [4.0], "closest": [3.0]}"#,
        )
        .expect("written");
    }
    let ran = room.run(&["reproduce", "S1"]);
    assert_eq!(ran.code, Some(6), "{ran:#?}");
    assert!(
        ran.stdout.contains("S1 The fonts: OUTSIDE"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("0 of 1 rows within their bands"),
        "{}",
        ran.stdout
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_is_done() {
    use std::process::Stdio;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use crate::program::{Ran, ran};

    let room = Room::new();
    let args = ["reproduce", "S10", "S11", "--out", "out"];
    let mut command = room.command(&args);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let end = Instant::now() + Duration::from_secs(60);
    while !room.path("out/reproduction/jobs").exists() && Instant::now() < end {
        sleep(Duration::from_millis(5));
    }
    ran(&mut room.in_it("kill", &["-INT", &child.id().to_string()])).ok();
    let stopped: Ran = child.wait_with_output().expect("ended").into();
    assert_eq!(stopped.code, Some(130), "{stopped:#?}");
    assert!(
        stopped.stderr.contains("the same command continues"),
        "{}",
        stopped.stderr
    );
    let whole = room.run(&args);
    assert!(
        whole.stderr.contains("were done before"),
        "{}",
        whole.stderr
    );
    assert!(
        room.path("out/reproduction/report.md").is_file(),
        "{whole:#?}"
    );
}

#[test]
fn every_row_is_within_its_bands_when_it_is_quick() {
    let room = Room::new();
    let ran = room.run(&["reproduce", "all", "--quick"]).ok();
    assert!(
        ran.stdout.contains("24 of 24 rows within their bands"),
        "{}",
        ran.stdout
    );
}
