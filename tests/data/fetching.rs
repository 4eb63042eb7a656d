//! Files of known sets that come from a server.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::*;

/// A server on this machine that answers with these files, and refuses everything else. It ends with the tests.
fn server(file: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("a port"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A program that hangs up is no failure of the test.
            let _ = answer(stream, &file);
        }
    });
    address
}

fn answer(mut stream: TcpStream, file: impl Fn(&str) -> Option<Vec<u8>>) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?).lines();
    let first = request.next().transpose()?.unwrap_or_default();
    for line in request {
        if line?.is_empty() {
            break;
        }
    }
    let path = first
        .strip_prefix("GET ")
        .and_then(|rest| rest.split(' ').next());
    let (status, body) = match path.and_then(file) {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}

/// Fetches where this server is all of the network there is.
fn fetch(room: &Room, line: &str, server: &str) -> Ran {
    let mut command = room.command(&words(line));
    command
        .env("ALL_PROXY", server)
        .env("NO_PROXY", "127.0.0.1");
    ran(command.env("ESPEJO_MIRROR", server))
}

#[test]
fn a_fetch_believes_no_mirror_that_sends_something_else() {
    let room = Room::new();
    let server = server(|_| Some(b"something else".to_vec()));
    let line = format!("data fetch emnist-letters --data-dir data --mirror {server}");
    let ran = fetch(&room, &line, &server).failed(3);
    let error = ran.lines("error: ")[0];
    assert!(
        error.starts_with("cannot fetch `emnist-letters/emnist-letters-"),
        "{error}"
    );
    let hint = ran.lines("hint: ")[0];
    assert!(hint.contains("data/emnist-letters`"), "{hint}");
    assert!(ran.stderr.contains("it offers 14 bytes"), "{ran:#?}");
    let files = fs::read_dir(room.path("data/emnist-letters")).expect("a folder");
    for file in files {
        let name = file.expect("an entry").file_name();
        assert!(name.to_string_lossy().ends_with(".part"), "{name:?}");
    }
}

#[test]
fn a_fetch_takes_what_a_mirror_has_and_keeps_what_is_there() {
    let room = Room::new();
    let all = server(|path| path.strip_prefix("/yalefaces/subject").map(|_| grey(7)));
    // The publisher of the faces hands them out by hand: no other address is tried.
    let none = server(|_| None);
    let line = "data fetch yale --data-dir data";
    let ran = fetch(&room, line, &none).failed(3);
    let error = ran.lines("error: ")[0];
    assert!(
        error.contains("`yalefaces/subject01.centerlight`"),
        "{error}"
    );
    assert!(error.contains("404"), "{error}");

    let fetched = |line: &str| {
        let value = fetch(&room, &format!("{line} --json"), &all).ok().json();
        ["fetched", "kept"].map(|key| value[key].as_array().map_or(0, Vec::len))
    };
    assert_eq!(fetched(line), [165, 0]);
    assert_eq!(fetched(line), [0, 165]);
    run(&room, "data verify yale --data-dir data").ok();
    assert!(!room.path("data/yalefaces/subject01.happy.part").exists());
    train(&room, "face", "yale --data-dir data --subject 3 --layers 8");
    assert_eq!(facts(&room, "face")["train"], 11);
}
