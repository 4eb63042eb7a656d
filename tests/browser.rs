//! Pages in a browser, for the tests of all crates that write them.

use std::path::Path;
use std::process::{Command, Stdio};

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
/// The browser's profile lies beside the page.
#[track_caller]
pub fn opened(page: &Path) -> Option<String> {
    let chromium = chromium()?;
    let name = page.display();
    let profile = page.with_file_name("profile");
    let ran = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args([
            "--virtual-time-budget=8000",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--enable-logging=stderr",
            &format!("--user-data-dir={}", profile.display()),
            "--dump-dom",
            &format!("file://{name}"),
        ])
        .stdin(Stdio::null())
        .output()
        .expect("the browser starts");
    let [dom, told] =
        [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).expect("output is UTF-8"));
    let console: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    assert!(console.is_empty(), "{name}: {console:#?}");
    assert_eq!(attribute(&dom, "ready"), Some("yes"), "{name}: {told}");
    assert_eq!(attribute(&dom, "failed"), None, "{name}");
    Some(dom)
}

/// What the page's script has written to an attribute of its root.
pub fn attribute<'a>(dom: &'a str, name: &str) -> Option<&'a str> {
    let (root, _) = dom.split_once("<head")?;
    let start = format!("data-{name}=\"");
    root.split(&start).nth(1)?.split('"').next()
}
