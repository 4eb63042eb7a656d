//! Where the bytes of images lie: in memory, or in a file when they are too many for it.

use std::fs::File;
use std::io::{self, Read, Write};

use crate::Error;

/// Bytes that are read by their place.
#[derive(Debug)]
pub(crate) enum Store {
    /// In memory.
    Memory(Vec<u8>),
    /// In an own temporary file, which the system removes with its last handle.
    File { file: File, bytes: u64 },
}

impl Store {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { bytes, .. } => *bytes,
        }
    }

    /// Copies the bytes from `start` on.
    ///
    /// # Errors
    /// [`Error::Io`] where the temporary file cannot be read.
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
        }
    }
}

/// Takes bytes in, and moves to a temporary file when they become more than memory shall hold.
#[derive(Debug)]
pub(crate) struct Sink {
    limit: usize,
    memory: Vec<u8>,
    file: Option<File>,
    bytes: u64,
}

impl Sink {
    /// A sink that keeps up to `limit` bytes in memory.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            memory: Vec::new(),
            file: None,
            bytes: 0,
        }
    }

    /// Room for this many bytes, where they will stay in memory.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        if bytes <= self.limit {
            self.memory.reserve_exact(bytes);
        }
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        if self.file.is_none() && self.memory.len() + bytes.len() > self.limit {
            let mut file = tempfile::tempfile().map_err(|source| spilled("create", source))?;
            file.write_all(&self.memory)
                .map_err(|source| spilled("write", source))?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        match &mut self.file {
            Some(file) => file
                .write_all(bytes)
                .map_err(|source| spilled("write", source)),
            None => {
                self.memory.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// All that was pushed.
    pub(crate) fn finish(self) -> Store {
        match self.file {
            Some(file) => Store::File {
                file,
                bytes: self.bytes,
            },
            None => Store::Memory(self.memory),
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
    Error::Io {
        action,
        path: std::env::temp_dir().join("(temporary file)"),
        source,
    }
}

#[cfg(unix)]
fn read_at(file: &File, start: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut start: u64, mut out: &mut [u8]) -> io::Result<()> {
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
        let store = sink.finish();
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
