//! Pages that open by double click: what is in them, that nothing in them is fetched or run, and in a browser that their nets give what
//! the program gives.

use std::fmt::Write as _;

use serde_json::Value;

use crate::browser::{attribute, opened};
use crate::program::Room;

/// The largest difference that is rounding of single precision, in parts of the range.
const SINGLE: f64 = 1e-5;
/// The same where weights have 16 bits.
const HALF: f64 = 1e-3;

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
    if let Some(dom) = opened(&room.path(&page)) {
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
    // Rows without a name are told apart by their number, not by their class.
    assert!(room.text("table-f32.html").contains("<th scope=\"row\">#"));
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
    if let Some(dom) = opened(&room.path("hostile-auto.html")) {
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
    opened(&room.path("runs/next/report.html"));
}

#[test]
fn runs_are_compared_on_a_page() {
    let room = Room::new();
    room.train("small", &["--latent", "1"]);
    room.train("large", &["--latent", "3"]);
    room.train("few", &["--letters", "ABCDEFGH"]);
    room.train("loss", &["--loss", "mse"]);
    let compare = ["compare", "small", "large", "few", "loss", "--page"];
    let told = room.run(&[&compare[..], &["both.html"]].concat()).ok();
    let html = room.text("both.html");
    for part in [
        "model.latent",
        "The same samples by each",
        "Codes side by side",
        "measures of <code>few</code> are not held against those of <code>small</code>: measured on other samples",
        "one seed each, so that differences may be chance",
    ] {
        assert!(html.contains(part), "{part}");
    }
    // The page remarks what the program does.
    assert_eq!(
        told.lines("note: ").len(),
        html.matches("<p class=\"note\">").count() - 2
    );
    opened(&room.path("both.html"));

    room.run(&[&compare[..], &["ambos.html", "--lang", "es"]].concat())
        .ok();
    let html = room.text("ambos.html");
    for part in [
        ">por encima del primero, por semilla</th>",
        ">error cuadrático (prueba)</th>",
        ">no se compara</td>",
        "las medidas de <code>few</code> no se comparan con las de <code>small</code>: medidas en otras muestras",
        "la pérdida de <code>loss</code> es otra que la de <code>small</code>, y no se compara",
        "una semilla cada uno",
        "en este orden: small, large, loss.",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let (words, _) = html.split_once("<script").expect("a script");
    for english in [
        "above the first",
        "not compared",
        "not held against",
        "seed each",
        "test squared",
    ] {
        assert!(!words.contains(english), "{english}");
    }
    opened(&room.path("ambos.html"));
}

#[test]
fn a_run_without_its_data_leaves_the_others_on_the_page() {
    let room = Room::new();
    let data = |name: &str| {
        room.write(name, table(&["rose", "lily"], ["a", "b", "c", "kind"]));
        ["--data", name, "--label", "kind", "--test-fraction", ".3"].map(str::to_owned)
    };
    for (name, latent) in [("lost", "1"), ("kept", "2")] {
        let data = data(&format!("{name}.csv"));
        let data: Vec<&str> = data.iter().map(String::as_str).collect();
        room.train(name, &[&data[..], &["--latent", latent]].concat());
    }
    std::fs::remove_file(room.path("lost.csv")).expect("it was there");
    let ran = room
        .run(&["compare", "lost", "kept", "--page", "both.html"])
        .ok();
    let start = "note: `lost` has no samples on the page: ";
    let why = ran.lines(start);
    assert!(why.len() == 1 && why[0].contains("lost.csv"), "{ran:?}");
    let html = room.text("both.html");
    let (_, codes) = html
        .split_once("Codes side by side</h2>")
        .expect("the codes of one");
    let (codes, _) = codes.split_once("</section>").expect("its end");
    assert_eq!(codes.matches("<figure").count(), 1, "{codes}");
    assert!(codes.contains("kept") && !codes.contains("lost"), "{codes}");
    opened(&room.path("both.html"));
}

#[test]
fn long_runs_are_compared_by_thinned_curves() {
    let room = Room::new();
    room.train("small", &["--latent", "1"]);
    room.train("large", &["--latent", "3"]);
    for run in ["small", "large"] {
        let mut course = "epoch,test_squared_error\n".to_owned();
        for epoch in 1..=150_000 {
            let _ = writeln!(course, "{epoch},{}", 1.0 / f64::from(epoch));
        }
        room.write(&format!("runs/{run}/metrics.csv"), course);
    }
    room.run(&["compare", "small", "large", "--page", "both.html"])
        .ok();
    let length = room.text("both.html").len();
    assert!(length < 500_000, "{length}");
    if let Some(dom) = opened(&room.path("both.html")) {
        assert_eq!(dom.matches("<polyline").count(), 2);
    }
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
