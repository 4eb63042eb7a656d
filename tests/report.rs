//! Pages that open by double click: what is in them, that nothing in them is fetched or run, and in a browser that their nets give what
//! the program gives.

use std::fmt::Write as _;
use std::process::Command;

use serde_json::Value;

use crate::program::{Room, ran};

/// The largest difference that is rounding of single precision, in parts of the range.
const SINGLE: f64 = 1e-5;
/// The same where weights have 16 bits.
const HALF: f64 = 1e-3;

/// A browser, where there is one.
fn chromium() -> Option<String> {
    let named = std::env::var("ESPEJO_CHROMIUM").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned);
    let mut programs = named.into_iter().chain(usual);
    let found = programs.find(|program| {
        let probe = Command::new(program).arg("--version").output();
        probe.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        eprintln!("skipped: there is no Chromium; ESPEJO_CHROMIUM names one");
    }
    found
}

/// What a page has become in a browser without a network, once its script has run; none without a browser. Errors on its console are none.
#[track_caller]
fn opened(room: &Room, page: &str) -> Option<String> {
    let chromium = chromium()?;
    let profile = format!("--user-data-dir={}", room.path("profile").display());
    let address = format!("file://{}", room.path(page).display());
    let ran = ran(room
        .in_it(&chromium, &["--headless", "--no-sandbox", "--disable-gpu"])
        .args([
            "--virtual-time-budget=8000",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            &profile,
            "--dump-dom",
            &address,
        ]));
    let console: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(console.is_empty(), "{page}: {console:#?}");
    assert!(
        ran.stdout.contains("data-ready=\"yes\""),
        "{page} is not ready: {}",
        ran.stderr
    );
    assert!(
        !ran.stdout.contains("data-failed"),
        "{page}: the live part failed"
    );
    Some(ran.stdout)
}

/// An attribute of the page's root.
fn attribute<'a>(dom: &'a str, name: &str) -> Option<&'a str> {
    let start = format!("data-{name}=\"");
    dom.split(&start).nth(1)?.split('"').next()
}

/// Writes the page of a run, opens it, and holds its net against the program's numbers; what the program says of it.
#[track_caller]
fn check(room: &Room, run: &str, weights: &str) -> Value {
    let page = format!("{run}-{weights}.html");
    let args = [
        "report",
        run,
        "--device",
        "cpu",
        "--weights",
        weights,
        "--to",
        &page,
        "--json",
    ];
    let said = room.run(&args).ok().json();
    assert_eq!(said["live"], true, "{said}");
    let html = room.text(&page);
    assert_eq!(
        html.matches("http:").count(),
        html.matches("http://www.w3.org/2000/svg").count()
    );
    assert!(!html.contains("https:"));
    if let Some(dom) = opened(room, &page) {
        let difference: f64 = attribute(&dom, "difference")
            .expect("it was checked")
            .parse()
            .expect("a number");
        let most = if said["weights"] == "f32" {
            SINGLE
        } else {
            HALF
        };
        eprintln!("{run}, {}: {difference:e}", said["weights"]);
        assert!(difference <= most, "{run}: {difference:e}");
    }
    said
}

/// Rows of numbers and a class, one of them with a hole.
fn table(classes: &[&str], columns: [&str; 4]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut text = columns.map(quoted).join(",") + "\n";
    for row in 0..90 {
        let turn = f64::from(row) * 0.31;
        let class = classes[row as usize % classes.len()];
        let first = if row == 7 {
            String::new()
        } else {
            format!("{:.3}", 100.0 + 30.0 * turn.sin())
        };
        let _ = writeln!(
            text,
            "{first},{:.4},{:.2},{}",
            0.01 * turn.cos(),
            f64::from(row % 3) - turn.sin(),
            quoted(class)
        );
    }
    text
}

#[test]
fn a_dense_autoencoder_is_alive_in_its_page() {
    let room = Room::new();
    room.train("letters", &["--layers", "12", "--activation", "gelu"]);
    let said = check(&room, "letters", "f32");
    assert_eq!(
        (&said["weights"], &said["points"]),
        (&"f32".into(), &32.into())
    );
    check(&room, "letters", "f16");
    let said = check(&room, "letters", "auto");
    assert!(said["difference"].as_f64().expect("a number") < HALF);
}

#[test]
fn convolutions_of_odd_sizes_with_batch_normalisation_are_too() {
    let room = Room::new();
    let conv = ["--conv", "3,4", "--latent", "3", "--batch-norm"];
    room.train("pooled", &[&conv[..], &["--model", "vae"]].concat());
    check(&room, "pooled", "f32");
    let strided = [
        "--down",
        "stride",
        "--up",
        "transpose",
        "--loss",
        "entropic",
    ];
    room.train("strided", &[&conv[..], &strided, &["--permute"]].concat());
    check(&room, "strided", "f32");
    room.train("noisy", &["--model", "dae", "--latent", "1"]);
    check(&room, "noisy", "auto");
}

#[test]
fn tables_and_nets_with_targets_are_too() {
    let room = Room::new();
    room.write(
        "flowers.csv",
        table(&["rose", "lily"], ["width", "height", "depth", "kind"]),
    );
    let data = ["--data", "flowers.csv", "--test-fraction", ".3"];
    room.train("table", &[&data[..], &["--label", "kind"]].concat());
    check(&room, "table", "f32");
    let classifier = ["--model", "classifier", "--target", "kind"];
    room.train("kinds", &[&data[..], &classifier].concat());
    check(&room, "kinds", "f32");
    let regressor = [
        "--model",
        "regressor",
        "--target",
        "depth",
        "--drop",
        "kind",
    ];
    room.train("depths", &[&data[..], &regressor].concat());
    check(&room, "depths", "f32");
    room.train("fonts", &["--data", "fonts:all", "--model", "classifier"]);
    check(&room, "fonts", "auto");
}

#[test]
fn names_from_the_data_are_text() {
    let room = Room::new();
    let hostile = "</script><script>document.documentElement.dataset.hacked=1</script>";
    let image = "<img src=x onerror=\"document.documentElement.dataset.hacked=2\">";
    room.write(
        "hostile.csv",
        table(&[hostile, image], [hostile, "b\"'>", image, "class"]),
    );
    let args = [
        "--data",
        "hostile.csv",
        "--test-fraction",
        ".3",
        "--label",
        "class",
    ];
    room.train("hostile", &args);
    check(&room, "hostile", "auto");
    let html = room.text("hostile-auto.html");
    assert_eq!(
        html.matches("<script").count(),
        2,
        "the page's own data and script"
    );
    if let Some(dom) = opened(&room, "hostile-auto.html") {
        assert_eq!(attribute(&dom, "hacked"), None);
    }
}

#[test]
fn a_page_says_what_it_cannot_show() {
    let room = Room::new();
    let mut series = "when,a,b\n".to_owned();
    for row in 0..200 {
        let turn = f64::from(row) * 0.2;
        let _ = writeln!(series, "{row},{:.3},{:.3}", turn.sin(), turn.cos());
    }
    room.write("series.csv", &series);
    let data = [
        "--data",
        "series.csv",
        "--time",
        "when",
        "--test-fraction",
        ".3",
        "--split",
        "time",
    ];
    room.train("series", &[&data[..], &["--window", "8"]].concat());
    check(&room, "series", "f32");
    let lags = ["--model", "regressor", "--target", "a", "--lags", "4"];
    room.train("next", &[&data[..], &lags].concat());
    let said = room
        .run(&[
            "report", "next", "--device", "cpu", "--json", "--lang", "es",
        ])
        .ok()
        .json();
    assert_eq!(said["live"], false);
    let html = room.text("runs/next/report.html");
    assert!(html.contains("no muestra un mapa vivo") && html.contains("<html lang=\"es\">"));
    opened(&room, "runs/next/report.html");
}

#[test]
fn runs_are_compared_on_a_page() {
    let room = Room::new();
    room.train("small", &["--latent", "1"]);
    room.train("large", &["--latent", "3"]);
    room.run(&["compare", "small", "large", "--page", "both.html"])
        .ok();
    let html = room.text("both.html");
    for part in [
        "model.latent",
        "The same samples by each",
        "Codes side by side",
    ] {
        assert!(html.contains(part), "{part}");
    }
    opened(&room, "both.html");
}

#[test]
fn what_is_no_page_is_refused() {
    let room = Room::new();
    room.train("letters", &[]);
    for args in [
        ["report", "letters", "--to", "page.pdf"],
        ["report", "letters", "--lang", "fr"],
        ["report", "letters", "--points", "0"],
    ] {
        assert_eq!(room.run(&args).code, Some(2), "{args:?}");
    }
    assert!(!room.path("page.pdf").exists());
}
