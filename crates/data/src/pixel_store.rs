//! Where the bytes of samples lie: in memory, or in a file when they are too many for it.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{content, unreadable};
use crate::shared_sink::SharedSink;
use crate::{Error, Source};

/// Bytes that are read from a stream at a time.
const BLOCK: usize = 1 << 20;

/// Bytes that are read by their place.
#[derive(Debug)]
pub(crate) enum Store {
    /// In memory.
    Memory(Vec<u8>),
    /// In a temporary file, its own or one that other processes read as well.
    File { file: File, bytes: u64 },
    /// In the file that the data came in.
    Given(Given),
}

/// A part of a file that is read where it lies.
#[derive(Debug)]
pub(crate) struct Given {
    file: File,
    path: PathBuf,
    start: u64,
    bytes: u64,
    /// The length of the whole file and when it was written last, as it was opened.
    as_opened: (u64, Option<SystemTime>),
}

impl Store {
    /// The bytes of an open file from `start` on, so many, where they lie; the path is for messages.
    ///
    /// # Errors
    /// [`Error::Content`] where the file is shorter, and [`Error::Io`].
    pub(crate) fn given(file: File, path: &Path, start: u64, bytes: u64) -> Result<Self, Error> {
        let metadata = file
            .metadata()
            .map_err(|failure| unreadable(path, failure))?;
        let end = start.saturating_add(bytes);
        if end > metadata.len() {
            let expected = format!("at least {end} bytes");
            return Err(content(path, expected, format!("{} bytes", metadata.len())));
        }
        Ok(Self::Given(Given {
            file,
            path: path.to_owned(),
            start,
            bytes,
            as_opened: written(&metadata),
        }))
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { bytes, .. } | Self::Given(Given { bytes, .. }) => *bytes,
        }
    }

    /// Copies the bytes from `start` on.
    ///
    /// # Errors
    /// [`Error::Io`] where the file that they lie in cannot be read, [`Error::Content`] where it became shorter.
    ///
    /// # Panics
    /// Where `out` reaches past the end.
    pub(crate) fn read(&self, start: u64, out: &mut [u8]) -> Result<(), Error> {
        match self {
            Self::Memory(bytes) => {
                out.copy_from_slice(&bytes[start as usize..][..out.len()]);
                Ok(())
            }
            Self::File { file, .. } => {
                read_at(file, start, out).map_err(|source| spilled("read", source))
            }
            Self::Given(given) => {
                assert!(start + out.len() as u64 <= given.bytes, "inside the part");
                read_at(&given.file, given.start + start, out)
                    .map_err(|failure| unreadable(&given.path, failure))
            }
        }
    }

    /// Holds the file that the data came in against what it was when it was opened: who writes to it while it is read would change the
    /// samples unseen.
    ///
    /// # Errors
    /// [`Error::Content`] where it was written to since, and [`Error::Io`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        let Self::Given(given) = self else {
            return Ok(());
        };
        let metadata = given.file.metadata();
        let metadata = metadata.map_err(|failure| unreadable(&given.path, failure))?;
        match written(&metadata) == given.as_opened {
            true => Ok(()),
            false => {
                let expected =
                    "the file as it was when it was opened (it is read while it is used)";
                Err(content(&given.path, expected, "one written to since"))
            }
        }
    }

    /// The same bytes from `start` on, so many, where they lie in a file; none where they lie in memory.
    pub(crate) fn part(&self, start: u64, bytes: u64) -> Option<Self> {
        match self {
            Self::Given(given) => Some(Self::Given(Given {
                file: given.file.try_clone().ok()?,
                path: given.path.clone(),
                start: given.start + start,
                bytes,
                as_opened: given.as_opened,
            })),
            Self::File { file, bytes: all } if (start, bytes) == (0, *all) => Some(Self::File {
                file: file.try_clone().ok()?,
                bytes,
            }),
            Self::File { .. } | Self::Memory(_) => None,
        }
    }
}

fn written(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

/// Takes bytes in, and moves to a temporary file when they become more than memory shall hold.
#[derive(Debug)]
pub(crate) struct Sink {
    limit: usize,
    memory: Vec<u8>,
    file: Option<Spilled>,
    bytes: u64,
    /// The folder of what processes share; without it, a file is of no other process.
    shared: Option<PathBuf>,
}

/// Where bytes go that are too many for memory.
#[derive(Debug)]
enum Spilled {
    /// To a temporary file without a name, which the system removes with its last handle.
    Own(File),
    /// To where other processes find them.
    Shared(SharedSink),
}

impl Sink {
    /// A sink that keeps up to `limit` bytes in memory.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            memory: Vec::new(),
            file: None,
            bytes: 0,
            shared: None,
        }
    }

    /// A sink that keeps up to `limit` bytes in memory, and shares what is more as a source says.
    pub(crate) fn of(source: &Source, limit: usize) -> Self {
        Self {
            shared: source.shared.clone(),
            ..Self::new(limit)
        }
    }

    /// Room for this many bytes: in memory where they will stay there, and otherwise none, as they go to the file from the first on.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        match bytes <= self.limit {
            true => self.memory.reserve_exact(bytes),
            false => self.limit = 0,
        }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Error::NoRoom`] where the file finds no room, and [`Error::Io`].
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        if self.file.is_none() && self.memory.len() + bytes.len() > self.limit {
            let mut spilled = match &self.shared {
                Some(folder) => Spilled::Shared(SharedSink::new(folder)),
                None => Spilled::Own(
                    tempfile::tempfile().map_err(|source| self::spilled("create", source))?,
                ),
            };
            spilled.push(&std::mem::take(&mut self.memory))?;
            self.file = Some(spilled);
        }
        match &mut self.file {
            Some(file) => file.push(bytes),
            None => {
                self.memory.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// All that a reader gives, at most so many bytes; `failed` says what reading says, or that there are more.
    ///
    /// # Errors
    /// As [`push`](Self::push), and what `failed` makes.
    pub(crate) fn fill(
        mut self,
        reader: &mut impl Read,
        most: u64,
        failed: impl Fn(Option<io::Error>) -> Error,
    ) -> Result<Store, Error> {
        let mut block = vec![0; BLOCK];
        loop {
            let bytes = fill(reader, &mut block).map_err(|failure| failed(Some(failure)))?;
            if bytes == 0 {
                return self.finish();
            }
            if self.bytes + bytes as u64 > most {
                return Err(failed(None));
            }
            self.push(&block[..bytes])?;
        }
    }

    /// All that was pushed.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn finish(self) -> Result<Store, Error> {
        match self.file {
            Some(Spilled::Own(file)) => Ok(Store::File {
                file,
                bytes: self.bytes,
            }),
            Some(Spilled::Shared(sink)) => sink.finish(),
            None => Ok(Store::Memory(self.memory)),
        }
    }
}

impl Spilled {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Own(file) => file
                .write_all(bytes)
                .map_err(|source| spilled("write", source)),
            Self::Shared(sink) => sink.push(bytes),
        }
    }
}

/// How much of `memory` the training and the test part get: the test part what it needs if that is there, the other the rest.
pub(crate) fn budgets(memory: usize, test: u64) -> (usize, usize) {
    let test = usize::try_from(test).unwrap_or(usize::MAX);
    match test <= memory {
        true => (memory - test, test),
        false => (memory, 0),
    }
}

/// Reads until `block` is full or the end is there, and says how many bytes came.
pub(crate) fn fill(file: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut bytes = 0;
    while bytes < block.len() {
        match file.read(&mut block[bytes..]) {
            Ok(0) => break,
            Ok(more) => bytes += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

fn spilled(action: &'static str, source: io::Error) -> Error {
    let folder = std::env::temp_dir();
    match action {
        "read" => Error::Io {
            action,
            path: folder.join("(temporary file)"),
            source,
        },
        _ => Error::NoRoom { folder, source },
    }
}

#[cfg(unix)]
pub(crate) fn read_at(file: &File, start: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, start)
}

#[cfg(windows)]
pub(crate) fn read_at(file: &File, mut start: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, out, start)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        start += read as u64;
        out = &mut out[read..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes come back alike whether they stay in memory or not.
    fn check(limit: usize, in_memory: bool) {
        let mut sink = Sink::new(limit);
        let bytes: Vec<u8> = (0..=99).collect();
        bytes
            .chunks(7)
            .for_each(|chunk| sink.push(chunk).expect("there is room"));
        let store = sink.finish().expect("there is room");
        assert_eq!(matches!(store, Store::Memory(_)), in_memory, "{limit}");
        assert_eq!(store.len(), 100);
        let mut out = [0; 5];
        store.read(95, &mut out).expect("it was written");
        assert_eq!(out, [95, 96, 97, 98, 99]);
        store.read(0, &mut out).expect("it was written");
        assert_eq!(out, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn bytes_come_back_from_memory_and_from_a_file() {
        check(100, true);
        check(99, false);
        check(0, false);
    }
}
