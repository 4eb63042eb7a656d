//! Fetching from servers on this machine that misbehave in every way that servers do.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::*;
use crate::manifests::Packing;

/// What a server sends for one request, after which it hangs up.
#[derive(Clone, Default)]
struct Reply {
    /// Status and header lines without the last empty line.
    head: String,
    body: Vec<u8>,
    /// How long to wait before the body.
    pause: Duration,
}

/// A request: its path, and where its range starts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    path: String,
    start: Option<usize>,
}

/// A server on a free port of this machine; it lives as long as the tests.
struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers with what `reply` makes of a request and of the number of requests before it.
    fn new(reply: impl Fn(&Request, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = request(&stream) else {
                    continue;
                };
                let before = {
                    let mut log = log.lock().expect("no test panics with it");
                    log.push(request.clone());
                    log.len() - 1
                };
                let reply = reply(&request, before);
                thread::spawn(move || send(stream, &reply));
            }
        });
        Self {
            address: format!("http://127.0.0.1:{port}"),
            seen,
        }
    }

    /// Where the ranges of all requests so far start.
    fn starts(&self) -> Vec<Option<usize>> {
        let seen = self.seen.lock().expect("no test panics with it");
        seen.iter().map(|request| request.start).collect()
    }
}

fn request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut start = None;
    for line in lines {
        let line = line.ok()?.to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = range.trim_end_matches('-').parse().ok();
        }
    }
    Some(Request { path, start })
}

/// Whatever goes wrong here is for the other side to see.
fn send(mut stream: TcpStream, reply: &Reply) {
    let head = format!("HTTP/1.1 {}\r\nConnection: close\r\n\r\n", reply.head);
    if stream.write_all(head.as_bytes()).is_ok() {
        thread::sleep(reply.pause);
        let _ = stream.write_all(&reply.body);
    }
}

fn content() -> Vec<u8> {
    (0..200_000u32)
        .map(|number| (number.wrapping_mul(number) >> 7) as u8)
        .collect()
}

fn status(status: &str) -> Reply {
    Reply {
        head: format!("{status}\r\nContent-Length: 0"),
        ..Reply::default()
    }
}

/// The file from `start` on, as a server should send it.
fn right(start: Option<usize>) -> Reply {
    let whole = content();
    let length = whole.len();
    let body = whole[start.unwrap_or(0)..].to_vec();
    let head = match start {
        Some(start) => format!(
            "206 Partial Content\r\nContent-Range: bytes {start}-{}/{length}\r\nContent-Length: {}",
            length - 1,
            body.len()
        ),
        None => format!("200 OK\r\nContent-Length: {length}"),
    };
    Reply {
        head,
        body,
        ..Reply::default()
    }
}

fn record(name: &str, bytes: &[u8]) -> DataFile {
    let digest = Sha256::digest(bytes);
    DataFile {
        name: name.to_owned(),
        bytes: Some(bytes.len() as u64),
        sha256: Some(digest.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

fn one_file(places: &[&Server]) -> Manifest {
    let place = |server: &&Server| Place::Folder(format!("{}/", server.address));
    Manifest {
        folder: "set".to_owned(),
        page: "https://example.org/set",
        files: vec![record("a.bin", &content())],
        places: places.iter().map(place).collect(),
    }
}

fn client() -> Client {
    let patience = Patience {
        connect: Duration::from_secs(2),
        idle: Duration::from_millis(300),
        tries: 3,
        pause: Duration::from_millis(1),
    };
    Client::with_proxy(patience, None)
}

fn fetched(manifest: &Manifest, directory: &Path) -> Result<Fetched, Error> {
    let target = directory.join("set/a.bin");
    fetch_all(&client(), manifest, directory, &[], &mut |_| {
        // What is at the final name is whole at any time.
        if let Ok(found) = fs::read(&target) {
            assert!(found == content() || found == b"damaged before");
        }
    })
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The file arrives whole from this server, by requests that start here.
fn check(server: &Server, starts: &[Option<usize>]) {
    let directory = directory();
    let manifest = one_file(&[server]);
    let done = fetched(&manifest, directory.path()).expect("it is fetched");
    let folder = directory.path().join("set");
    assert_eq!(done.fetched, ["a.bin"]);
    assert!(fs::read(folder.join("a.bin")).expect("it is there") == content());
    assert!(!folder.join("a.bin.part").exists());
    assert_eq!(server.starts(), starts);
    // The second time nothing is asked for.
    let again = fetched(&manifest, directory.path()).expect("it is there");
    assert_eq!(
        (again.kept, again.fetched),
        (vec!["a.bin".to_owned()], vec![])
    );
    assert_eq!(server.starts().len(), starts.len());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link_in_a_shared_folder() {
    let directory = directory();
    let folder = directory.path().join("set");
    fs::create_dir(&folder).expect("writable");
    let victim = directory.path().join("victim");
    fs::write(&victim, "mine").expect("writable");
    std::os::unix::fs::symlink(&victim, folder.join("a.bin.part")).expect("writable");
    let server = Server::new(|request, _| right(request.start));
    fetched(&one_file(&[&server]), directory.path()).expect("it is fetched");
    assert_eq!(fs::read(&victim).expect("it is there"), b"mine");
    let found = fs::symlink_metadata(folder.join("a.bin")).expect("it is there");
    assert!(found.is_file(), "a plain file, and no link");
    assert_eq!(server.starts(), [None]);
}

/// The file does not arrive, for this reason, and nothing has its name.
fn check_fails(server: &Server, reason: &str) -> tempfile::TempDir {
    let directory = directory();
    let error = fetched(&one_file(&[server]), directory.path()).expect_err(reason);
    let folder = directory.path().join("set");
    let expected = format!(
        "cannot fetch `set/a.bin`: {}/a.bin: {reason}",
        server.address
    );
    assert_eq!(error.to_string(), expected);
    let hint = format!(
        "get `a.bin` from https://example.org/set and put them into `{}`",
        folder.display()
    );
    assert_eq!(error.hint(), Some(hint));
    assert!(!folder.join("a.bin").exists());
    directory
}

#[test]
fn a_good_server_is_asked_once() {
    check(&Server::new(|request, _| right(request.start)), &[None]);
}

#[test]
fn a_server_that_breaks_off_is_asked_for_the_rest() {
    let server = Server::new(|request, before| {
        let mut reply = right(request.start);
        if before < 4 {
            reply.body.truncate(30_000);
        }
        reply
    });
    let starts = [0, 30_000, 60_000, 90_000, 120_000].map(|start| (start > 0).then_some(start));
    check(&server, &starts);
}

#[test]
fn what_came_before_an_interruption_is_kept() {
    let server = Server::new(|request, _| right(request.start));
    let directory = directory();
    let folder = directory.path().join("set");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("a.bin.part"), &content()[..70_000]).expect("written");
    fetched(&one_file(&[&server]), directory.path()).expect("it is fetched");
    assert_eq!(server.starts(), [Some(70_000)]);
    assert!(fs::read(folder.join("a.bin")).expect("it is there") == content());
}

#[test]
fn a_wrong_beginning_is_found_out_and_fetched_anew() {
    let server = Server::new(|request, _| right(request.start));
    let directory = directory();
    let folder = directory.path().join("set");
    fs::create_dir(&folder).expect("a folder");
    for (before, starts) in [
        (vec![7; 70_000], vec![Some(70_000), None]),
        (vec![7; 200_000], vec![None]),
        (vec![7; 300_000], vec![None]),
    ] {
        fs::write(folder.join("a.bin.part"), before).expect("written");
        fs::write(folder.join("a.bin"), "damaged before").expect("written");
        let already = server.starts().len();
        fetched(&one_file(&[&server]), directory.path()).expect("it is fetched");
        assert_eq!(server.starts()[already..], starts);
        assert!(fs::read(folder.join("a.bin")).expect("it is there") == content());
    }
}

#[test]
fn a_server_without_ranges_starts_anew() {
    let server = Server::new(|_, before| {
        let mut reply = right(None);
        if before == 0 {
            reply.body.truncate(50_000);
        }
        reply
    });
    check(&server, &[None, Some(50_000)]);
}

#[test]
fn a_server_that_goes_on_elsewhere_is_not_believed() {
    let server = Server::new(|request, before| match before {
        0 => Reply {
            body: content()[..50_000].to_vec(),
            ..right(None)
        },
        1 => right(Some(60_000)),
        2 => right(request.start),
        _ => status("500 Oops"),
    });
    check(&server, &[None, Some(50_000), None]);
    let server = Server::new(|request, before| match (before, request.start) {
        (0, _) => Reply {
            body: content()[..50_000].to_vec(),
            ..right(None)
        },
        (_, Some(_)) => status("416 Range Not Satisfiable"),
        _ => right(None),
    });
    check(&server, &[None, Some(50_000), None]);
}

#[test]
fn a_silent_server_is_left_after_a_while() {
    let server = Server::new(|_, _| Reply {
        pause: Duration::from_millis(900),
        ..right(None)
    });
    let directory = directory();
    let error = fetched(&one_file(&[&server]), directory.path()).expect_err("silence");
    let error = error.to_string();
    assert!(
        error.contains("a.bin: it broke off after 0 of 200000 bytes"),
        "{error}"
    );
    // A slow one is not: the wait starts anew with every byte.
    let server = Server::new(|request, before| Reply {
        pause: Duration::from_millis(if before == 0 { 900 } else { 100 }),
        ..right(request.start)
    });
    check(&server, &[None, None]);
}

#[test]
fn lies_about_the_length_are_refused() {
    let claims = |claimed: usize, sent: usize| {
        Server::new(move |_, _| {
            let mut body = content();
            body.resize(sent, 0);
            Reply {
                head: format!("200 OK\r\nContent-Length: {claimed}"),
                body,
                ..Reply::default()
            }
        })
    };
    let too_short = "it offers 100 bytes, expected 200000";
    check_fails(&claims(100, 200_000), too_short);
    let too_long = "it offers 300000 bytes, expected 200000";
    check_fails(&claims(300_000, 200_000), too_long);
    check_fails(&claims(300_000, 300_000), too_long);
    // Without a length the end is where the server hangs up.
    let unknown = |sent: usize| {
        Server::new(move |_, _| {
            let mut body = content();
            body.resize(sent, 0);
            Reply {
                head: "200 OK".to_owned(),
                body,
                ..Reply::default()
            }
        })
    };
    check(&unknown(200_000), &[None]);
    check_fails(&unknown(300_000), "it sends more than the file");
    let left = check_fails(&unknown(90_000), "it broke off after 90000 of 200000 bytes");
    // What came may be the beginning of the file, so it stays for the next time.
    let part = left.path().join("set/a.bin.part");
    assert_eq!(fs::read(part).expect("it stays").len(), 90_000);
}

#[test]
fn damage_of_the_right_length_is_refused_and_not_kept() {
    let server = Server::new(|_, _| {
        let mut reply = right(None);
        reply.body[100] ^= 1;
        reply
    });
    let mut damaged = content();
    damaged[100] ^= 1;
    let digest = |bytes: &[u8]| record("", bytes).sha256.expect("on record");
    let reason = format!(
        "its SHA-256 is {}, expected {}",
        digest(&damaged),
        digest(&content())
    );
    let left = check_fails(&server, &reason);
    assert!(!left.path().join("set/a.bin.part").exists());
    assert_eq!(server.starts(), [None]);
}

#[test]
fn redirections_are_followed_to_the_end_but_not_in_circles() {
    let server = Server::new(|request, _| match &*request.path {
        "/a.bin" => status("302 Found\r\nLocation: /there/a.bin"),
        _ => right(request.start),
    });
    check(&server, &[None, None]);
    let server = Server::new(|_, _| status("302 Found\r\nLocation: /a.bin"));
    check_fails(&server, "too many redirects");
}

#[test]
fn the_next_address_serves_where_one_does_not() {
    for (bad, asked) in [
        ("404 Not Found", 1),
        ("403 Forbidden", 1),
        ("500 Oops", 3),
        ("503 Later", 3),
    ] {
        let bad = Server::new(move |_, _| status(bad));
        let good = Server::new(|request, _| right(request.start));
        let directory = directory();
        fetched(&one_file(&[&bad, &good]), directory.path()).expect("the second has it");
        assert_eq!((bad.starts().len(), good.starts().len()), (asked, 1));
    }
    check_fails(
        &Server::new(|_, _| status("404 Not Found")),
        "status 404 Not Found",
    );
    check_fails(
        &Server::new(|_, _| status("503 Later")),
        "status 503 Service Unavailable",
    );
}

#[test]
fn mirrors_go_first_and_none_at_all_is_said() {
    let mirror = Server::new(|request, _| match &*request.path {
        "/pub/set/a.bin" => right(request.start),
        _ => status("404 Not Found"),
    });
    let official = Server::new(|_, _| status("500 Oops"));
    let directory = directory();
    let mirrors = [format!("{}/pub/", mirror.address)];
    let manifest = one_file(&[&official]);
    let done = fetch_all(
        &client(),
        &manifest,
        directory.path(),
        &mirrors,
        &mut |_| {},
    );
    assert_eq!(done.expect("the mirror has it").fetched, ["a.bin"]);
    assert!(official.starts().is_empty());

    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = nobody.local_addr().expect("it is bound").port();
    drop(nobody);
    let manifest = Manifest {
        places: vec![Place::Folder(format!("http://127.0.0.1:{port}/"))],
        ..manifest
    };
    let elsewhere = tempfile::tempdir().expect("a folder");
    let error = fetched(&manifest, elsewhere.path()).expect_err("nobody is there");
    let error = error.to_string().to_lowercase();
    assert!(error.contains("connection refused"), "{error}");
    let by_hand = Manifest {
        places: Vec::new(),
        ..manifest
    };
    let error = fetched(&by_hand, elsewhere.path()).expect_err("there is no address");
    assert_eq!(
        error.to_string(),
        "cannot fetch `set/a.bin`: its publisher gives it out by hand only"
    );
}

#[test]
fn two_at_once_do_not_spoil_each_other() {
    let server = Server::new(|request, _| right(request.start));
    let directory = directory();
    let part = directory.path().join("set/a.bin.part");
    fs::create_dir(directory.path().join("set")).expect("a folder");
    let other = fs::File::create(&part).expect("written");
    other.lock().expect("nobody has it");
    let error = fetched(&one_file(&[&server]), directory.path()).expect_err("locked");
    let message = format!("another program is writing `{}`", part.display());
    assert!(error.to_string().ends_with(&message), "{error}");
    drop(other);
    fetched(&one_file(&[&server]), directory.path()).expect("it is free");
}

/// Members of archives: right ones, others, and some that try to get out of the folder.
fn members() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("gzip/readme.txt", b"not asked for".to_vec()),
        ("gzip/a.bin", content()),
        ("../../evil.bin", b"evil".to_vec()),
        ("/b.bin", b"second".to_vec()),
    ]
}

fn zipped(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).expect("in memory");
        writer.write_all(bytes).expect("in memory");
    }
    writer.finish().expect("in memory").into_inner()
}

fn tarred(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut writer = tar::Builder::new(packed);
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        // The safe way to set a path refuses the evil ones.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        writer.append(&header, &bytes[..]).expect("in memory");
    }
    let packed = writer.into_inner().expect("in memory");
    packed.finish().expect("in memory")
}

/// A server of an archive, and the manifest of the two files in it.
fn archived(bytes: Vec<u8>, packing: Packing) -> (Server, Manifest) {
    let file = DataFile {
        sha256: None,
        ..record("all.pack", &bytes)
    };
    let server = Server::new(move |_, _| Reply {
        head: format!("200 OK\r\nContent-Length: {}", bytes.len()),
        body: bytes.clone(),
        ..Reply::default()
    });
    let address = format!("{}/all.pack", server.address);
    let place = Place::Archive(Archive {
        file,
        address,
        packing,
    });
    let mut manifest = one_file(&[]);
    manifest.files.push(record("b.bin", b"second"));
    manifest.places.push(place);
    (server, manifest)
}

#[test]
fn archives_give_the_wanted_files_and_nothing_else() {
    for (bytes, packing) in [
        (zipped(&members()), Packing::Zip),
        (tarred(&members()), Packing::TarGz),
    ] {
        let (server, manifest) = archived(bytes, packing);
        let outer = directory();
        let directory = outer.path().join("deep/data");
        let done = fetched(&manifest, &directory).expect("both are in it");
        assert_eq!(done.fetched, ["a.bin", "b.bin"]);
        let listed = |path: &Path| {
            let entries = fs::read_dir(path).expect("a folder");
            let names = entries.map(|entry| entry.expect("an entry").file_name());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        assert_eq!(listed(&directory.join("set")), ["a.bin", "b.bin"]);
        assert_eq!(listed(outer.path()), ["deep"]);
        assert_eq!(listed(&outer.path().join("deep")), ["data"]);
        assert_eq!(
            fs::read(directory.join("set/b.bin")).expect("there"),
            b"second"
        );
        // Only what is missing is taken out of it again.
        fs::remove_file(directory.join("set/b.bin")).expect("it was there");
        let again = fetched(&manifest, &directory).expect("it is in it");
        assert_eq!(
            (again.fetched, again.kept),
            (vec!["b.bin".to_owned()], vec!["a.bin".to_owned()])
        );
        assert_eq!(server.starts(), [None, None]);
    }
}

#[test]
fn damaged_archives_are_refused() {
    for packing in [Packing::Zip, Packing::TarGz] {
        let packed = |members: &[(&str, Vec<u8>)]| match packing {
            Packing::Zip => zipped(members),
            Packing::TarGz => tarred(members),
        };
        let mut cut = packed(&members());
        cut.truncate(cut.len() / 2);
        let other = packed(&[("a.bin", b"other".to_vec())]);
        let longer = packed(&[("a.bin", [content(), vec![0]].concat())]);
        let less = packed(&members()[..2]);
        for (bytes, reason) in [
            (cut, "the archive is damaged: "),
            (
                other,
                "the archive holds another `a.bin`: 5 bytes, expected 200000",
            ),
            (
                longer,
                "the archive holds another `a.bin`: 200001 bytes, expected 200000",
            ),
            (less, "the archive has no such file"),
        ] {
            let (_server, manifest) = archived(bytes, packing);
            let directory = directory();
            let error = fetched(&manifest, directory.path()).expect_err(reason);
            assert!(error.to_string().contains(reason), "{error}");
            assert!(!directory.path().join("set/all.pack.part").exists());
            assert!(!directory.path().join("set/a.bin.part").exists());
        }
    }
}

#[test]
fn random_archives_are_an_error_at_worst() {
    let mut random = crate::test_random::random();
    let small = [("x/b.bin", b"second".to_vec()), ("c.bin", vec![5; 300])];
    let directory = directory();
    let wanted = record("b.bin", b"second");
    for round in 0..300 {
        let (mut bytes, packing) = match round % 2 {
            0 => (zipped(&small), Packing::Zip),
            _ => (tarred(&small), Packing::TarGz),
        };
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] ^= 1 << random(8),
                _ => bytes.truncate(at.max(4)),
            }
        }
        let archive = directory.path().join("all.pack");
        fs::write(&archive, bytes).expect("written");
        if let Ok(names) = extract(&archive, packing, &[&wanted], directory.path())
            && !names.is_empty()
        {
            let found = fs::read(directory.path().join("b.bin")).expect("it was placed");
            assert_eq!(found, b"second");
        }
    }
}

#[test]
fn verify_tells_right_from_missing_damaged_and_unknown() {
    let directory = directory();
    let folder = directory.path();
    fs::write(folder.join("a.bin"), content()).expect("written");
    let known = record("a.bin", &content());
    assert_eq!(state(folder, &known).expect("read"), State::Right);
    let unknown = DataFile {
        sha256: None,
        ..known.clone()
    };
    assert_eq!(state(folder, &unknown).expect("read"), State::Unknown);
    let other = record("a.bin", b"other");
    let found = known.sha256.clone().expect("on record");
    assert_eq!(
        state(folder, &other).expect("read"),
        State::Damaged { found }
    );
    let gone = record("b.bin", b"other");
    assert_eq!(state(folder, &gone).expect("read"), State::Missing);

    let states = verify("satimage", folder).expect("no file is there");
    let missing = |file: &str| FileState {
        file: file.to_owned(),
        state: State::Missing,
    };
    assert_eq!(states, [missing("sat.trn"), missing("sat.tst")]);
    assert_eq!(verify("fonts:1", folder).expect("built in"), []);
    assert!(matches!(
        verify("cats", folder),
        Err(Error::UnknownDataSet { .. })
    ));
    let built_in = fetch("fonts", folder, &[], &mut |_| {}).expect("built in");
    assert!(built_in.fetched.is_empty());
}
