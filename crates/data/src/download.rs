//! One file from one address: in parts where the line breaks, and believed only when its checksum is right.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use crate::Error;
use crate::manifests::DataFile;

/// How much is read at once.
const BLOCK: usize = 64 << 10;

/// How long to wait, and how often to try.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a connection.
    pub(crate) connect: Duration,
    /// For the next bytes.
    pub(crate) idle: Duration,
    /// Tries in a row that bring nothing new, at one address.
    pub(crate) tries: u32,
    /// Before the second try; four times as long before each further one.
    pub(crate) pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            tries: 3,
            pause: Duration::from_secs(1),
        }
    }
}

/// What [`fetch`](fn@crate::fetch) is doing.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Bytes of a file have come.
    Bytes {
        /// The file.
        file: &'a str,
        /// How many bytes of it are here.
        done: u64,
        /// How many there will be, where that is known.
        total: Option<u64>,
    },
    /// Something went wrong, and is tried again or elsewhere.
    Retry {
        /// The file.
        file: &'a str,
        /// What went wrong.
        reason: &'a str,
    },
}

/// Why an address did not bring a file.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody answers there.
    Unreachable(String),
    /// The address has not got the file, or not the right one.
    Refused(String),
    /// This machine cannot go on.
    Local(Error),
}

/// What happened in one try.
enum Try {
    /// The file is whole.
    Whole,
    /// The file did not come, and may do so the next time; whether the server answered at all.
    Broken { answered: bool, reason: String },
}

/// Fetches files.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    patience: Patience,
}

impl Client {
    /// A client that goes through the proxy of the environment, if there is one.
    pub(crate) fn new(patience: Patience) -> Self {
        Self::with_proxy(patience, ureq::Proxy::try_from_env())
    }

    pub(crate) fn with_proxy(patience: Patience, proxy: Option<ureq::Proxy>) -> Self {
        let config = Agent::config_builder()
            .user_agent(concat!("espejo/", env!("CARGO_PKG_VERSION")))
            // An answer that is no success is looked at here, not made an error.
            .http_status_as_error(false)
            .timeout_resolve(Some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_recv_response(Some(patience.idle))
            .timeout_per_read(Some(patience.idle))
            .proxy(proxy)
            .build();
        Self {
            agent: config.into(),
            patience,
        }
    }

    /// Fetches a file from an address to `part`, going on where an earlier try stopped. On success it is all there, and its
    /// length and checksum are right; a wrong one is removed, and what is merely incomplete stays for the next time.
    pub(crate) fn fetch(
        &self,
        address: &str,
        file: &DataFile,
        part: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Failure> {
        remove_link(part).map_err(Failure::Local)?;
        let mut furthest = length(part);
        let mut tries = 0;
        loop {
            let resumed = length(part) > 0;
            let (answered, reason) = match self.attempt(address, file, part, progress)? {
                Try::Broken { answered, reason } => (answered, reason),
                Try::Whole => match wrong(part, file).map_err(Failure::Local)? {
                    None => return Ok(()),
                    Some(reason) => {
                        remove(part).map_err(Failure::Local)?;
                        // What it was added to may have been wrong, from another address or another day.
                        if !resumed {
                            return Err(Failure::Refused(reason));
                        }
                        (true, reason)
                    }
                },
            };
            let have = length(part);
            tries = if have > furthest { 1 } else { tries + 1 };
            furthest = furthest.max(have);
            if tries >= self.patience.tries {
                return Err(match answered {
                    true => Failure::Refused(reason),
                    false => Failure::Unreachable(reason),
                });
            }
            progress(Progress::Retry {
                file: &file.name,
                reason: &reason,
            });
            thread::sleep(self.patience.pause * 4u32.saturating_pow(tries - 1));
        }
    }

    fn attempt(
        &self,
        address: &str,
        file: &DataFile,
        part: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Try, Failure> {
        let mut have = length(part);
        if file.bytes.is_some_and(|bytes| have > bytes) {
            remove(part).map_err(Failure::Local)?;
            have = 0;
        }
        if have > 0 && Some(have) == file.bytes {
            return Ok(Try::Whole);
        }
        let mut request = self.agent.get(address);
        if have > 0 {
            request = request.header(header::RANGE, format!("bytes={have}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(failure) => return unanswered(failure),
        };
        let start = match start_of(&response, have, file)? {
            Ok(start) => start,
            Err(reason) => {
                remove_if_useless(&response, part).map_err(Failure::Local)?;
                return Ok(Try::Broken {
                    answered: true,
                    reason,
                });
            }
        };
        receive(response, start, file, part, progress)
    }
}

/// What a request without an answer means.
fn unanswered(failure: ureq::Error) -> Result<Try, Failure> {
    let reason = failure.to_string();
    match failure {
        ureq::Error::BadUri(_) | ureq::Error::TooManyRedirects => Err(Failure::Refused(reason)),
        ureq::Error::HostNotFound => Err(Failure::Unreachable(reason)),
        // How the system says that a name cannot be looked up: without a network no second try helps.
        ureq::Error::Io(_) if reason.contains("failed to lookup address") => {
            Err(Failure::Unreachable(reason))
        }
        _ => Ok(Try::Broken {
            answered: false,
            reason,
        }),
    }
}

/// Where in the file the body of this answer starts, or why it is worth another try.
fn start_of(
    response: &Response<Body>,
    have: u64,
    file: &DataFile,
) -> Result<Result<u64, String>, Failure> {
    let status = response.status();
    let start = match status {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT => match range_start(response) {
            Some(start) if start == have => have,
            _ => return Ok(Err("it goes on at another place than asked for".to_owned())),
        },
        StatusCode::RANGE_NOT_SATISFIABLE
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS => return Ok(Err(format!("status {status}"))),
        _ if status.is_server_error() => return Ok(Err(format!("status {status}"))),
        _ => return Err(Failure::Refused(format!("status {status}"))),
    };
    if let (Some(bytes), Some(rest)) = (file.bytes, response.body().content_length())
        && start.saturating_add(rest) != bytes
    {
        let offered = start.saturating_add(rest);
        let reason = format!("it offers {offered} bytes, expected {bytes}");
        return Err(Failure::Refused(reason));
    }
    Ok(Ok(start))
}

/// Where a partial answer says that it starts.
fn range_start(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?;
    let range = range.to_str().ok()?.trim().strip_prefix("bytes")?;
    range.trim_start().split_once('-')?.0.parse().ok()
}

/// After an answer about a range that the server does not go along with, the next try starts anew.
fn remove_if_useless(response: &Response<Body>, part: &Path) -> Result<(), Error> {
    match response.status() {
        StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT => remove(part),
        _ => Ok(()),
    }
}

/// Writes the body of an answer to the part, from this place on.
fn receive(
    response: Response<Body>,
    start: u64,
    file: &DataFile,
    part: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Try, Failure> {
    let mut out = open(part, start)?;
    let writing = |failure| Failure::Local(io_error("write", part, failure));
    let mut body = response.into_body().into_reader();
    let mut block = vec![0; BLOCK];
    let mut have = start;
    let broken = |have: u64, why: &str| {
        let of = file
            .bytes
            .map_or(String::new(), |bytes| format!(" of {bytes}"));
        Ok(Try::Broken {
            answered: true,
            reason: format!("it broke off after {have}{of} bytes{why}"),
        })
    };
    loop {
        let read = match body.read(&mut block) {
            Ok(0) => break,
            Ok(read) => read,
            Err(failure) if failure.kind() == ErrorKind::Interrupted => continue,
            Err(failure) => return broken(have, &format!(" ({failure})")),
        };
        have += read as u64;
        if file.bytes.is_some_and(|bytes| have > bytes) {
            drop(out);
            remove(part).map_err(Failure::Local)?;
            return Err(Failure::Refused("it sends more than the file".to_owned()));
        }
        out.write_all(&block[..read]).map_err(writing)?;
        progress(Progress::Bytes {
            file: &file.name,
            done: have,
            total: file.bytes,
        });
    }
    if file.bytes.is_some_and(|bytes| have < bytes) {
        return broken(have, "");
    }
    out.sync_all().map_err(writing)?;
    Ok(Try::Whole)
}

/// Opens the part for writing from this place on, which is its end or its start.
fn open(part: &Path, start: u64) -> Result<File, Failure> {
    let failed = |failure| Failure::Local(io_error("write", part, failure));
    let mut options = OpenOptions::new();
    let out = options
        .create(true)
        .append(true)
        .open(part)
        .map_err(failed)?;
    // Two programs that fetch the same file would spoil each other's. Where the file system knows no locks, the checksum
    // finds that out.
    if let Err(TryLockError::WouldBlock) = out.try_lock() {
        let reason = format!("another program is writing `{}`", part.display());
        return Err(Failure::Refused(reason));
    }
    if start == 0 {
        out.set_len(0).map_err(failed)?;
    }
    Ok(out)
}

/// What is wrong with a file, if anything is.
pub(crate) fn wrong(path: &Path, file: &DataFile) -> Result<Option<String>, Error> {
    let bytes = length(path);
    if let Some(expected) = file.bytes.filter(|&expected| expected != bytes) {
        return Ok(Some(format!("{bytes} bytes, expected {expected}")));
    }
    let Some(expected) = &file.sha256 else {
        return Ok(None);
    };
    let found = sha256(path)?;
    let reason = || format!("its SHA-256 is {found}, expected {expected}");
    Ok((found != *expected).then(reason))
}

/// The SHA-256 of a file, as 64 hexadecimal digits.
pub(crate) fn sha256(path: &Path) -> Result<String, Error> {
    let reading = |failure| io_error("read", path, failure);
    let mut input = File::open(path).map_err(reading)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match input.read(&mut block) {
            Ok(0) => break,
            Ok(read) => hasher.update(&block[..read]),
            Err(failure) if failure.kind() == ErrorKind::Interrupted => {}
            Err(failure) => return Err(reading(failure)),
        }
    }
    let digest = hasher.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The length of a file; 0 where there is none.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

/// Removes a file that may be there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(failure) if failure.kind() != ErrorKind::NotFound => {
            Err(io_error("remove", path, failure))
        }
        _ => Ok(()),
    }
}

/// Removes what stands in the place of a plain file that is to be written: what is behind a link belongs to somebody else, and a pipe
/// would be waited for.
pub(crate) fn remove_link(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => remove(path),
        _ => Ok(()),
    }
}

/// Says that the system would not do something with a file.
pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
