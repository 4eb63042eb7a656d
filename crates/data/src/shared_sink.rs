//! Bytes that several processes of a machine read: they lie in one folder, each piece once, so that memory has them once for all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::Error;
use crate::pixel_store::{Store, read_at};

/// Bytes that are compared or written at a time; in tests so few that there are several.
const BLOCK: usize = if cfg!(test) { 64 } else { 1 << 20 };
/// How the name of a file ends that is whole.
const ENDING: &str = "bytes";

/// Takes bytes in and compares them with the files of a folder. Where one has the same, to the last byte, that one is read from then on;
/// else they become a file of the folder, for whoever comes next.
#[derive(Debug)]
pub(crate) struct SharedSink {
    folder: PathBuf,
    /// Files that have been the same so far, with their lengths.
    same: Vec<(File, u64)>,
    /// The new file, once there is no such file.
    own: Option<NamedTempFile>,
    /// The latest bytes, which are not compared yet.
    pending: Vec<u8>,
    /// How many bytes came before those.
    bytes: u64,
}

impl SharedSink {
    /// A sink for a folder, which need not be there yet.
    pub(crate) fn new(folder: &Path) -> Self {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        // Where several are the same, all processes take the first.
        paths.sort();
        let is_whole = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
        let open = |path: PathBuf| {
            let file = File::open(path).ok()?;
            let bytes = file.metadata().ok()?.len();
            Some((file, bytes))
        };
        Self {
            folder: folder.to_owned(),
            same: paths
                .into_iter()
                .filter(is_whole)
                .filter_map(open)
                .collect(),
            own: None,
            pending: Vec::new(),
            bytes: 0,
        }
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`Error::NoRoom`] where the folder takes no file.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while self.pending.len() + bytes.len() >= BLOCK {
            let (now, later) = bytes.split_at(BLOCK - self.pending.len());
            self.pending.extend_from_slice(now);
            self.settle()?;
            bytes = later;
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// All that was pushed.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn finish(mut self) -> Result<Store, Error> {
        self.settle()?;
        let bytes = self.bytes;
        let is_all = |(_, length): &(File, u64)| *length == bytes;
        if self.own.is_none()
            && let Some(place) = self.same.iter().position(is_all)
        {
            let (file, _) = self.same.swap_remove(place);
            return Ok(Store::File { file, bytes });
        }
        let own = match self.own.take() {
            Some(own) => own,
            None => self.begin()?,
        };
        let whole = own.path().with_extension(ENDING);
        let file = match own.persist_noclobber(whole) {
            Ok(file) => file,
            // No other process will find it; it is of use here all the same.
            Err(failure) => failure.file.into_file(),
        };
        Ok(Store::File { file, bytes })
    }

    /// Compares what is pending, or writes it.
    fn settle(&mut self) -> Result<(), Error> {
        if self.own.is_none() {
            let mut found = vec![0; self.pending.len()];
            let mut is_same = |(file, _): &(File, u64)| {
                read_at(file, self.bytes, &mut found).is_ok() && found == self.pending
            };
            let still: Vec<_> = self.same.iter().map(&mut is_same).collect();
            if still.contains(&true) {
                let mut still = still.into_iter();
                self.same.retain(|_| still.next() == Some(true));
            } else {
                self.own = Some(self.begin()?);
            }
        }
        if let Some(own) = &mut self.own {
            own.write_all(&self.pending)
                .map_err(|source| no_room(&self.folder, source))?;
        }
        self.bytes += self.pending.len() as u64;
        self.pending.clear();
        Ok(())
    }

    /// A new file with the bytes up to those that are pending, which some file has that was the same so far.
    fn begin(&self) -> Result<NamedTempFile, Error> {
        let begin = || -> io::Result<NamedTempFile> {
            fs::create_dir_all(&self.folder)?;
            let mut own = tempfile::Builder::new()
                .prefix("")
                .tempfile_in(&self.folder)?;
            let mut copied = 0;
            let mut block = Vec::new();
            while let Some((file, _)) = self.same.first()
                && copied < self.bytes
            {
                block.resize((self.bytes - copied).min(BLOCK as u64) as usize, 0);
                read_at(file, copied, &mut block)?;
                own.write_all(&block)?;
                copied += block.len() as u64;
            }
            Ok(own)
        };
        begin().map_err(|source| no_room(&self.folder, source))
    }
}

fn no_room(folder: &Path, source: io::Error) -> Error {
    Error::NoRoom {
        folder: folder.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes bytes some at a time, and says how many whole files the folder has then; what comes back is what was pushed.
    fn files_after(folder: &Path, bytes: &[u8]) -> usize {
        let mut sink = SharedSink::new(folder);
        for some in bytes.chunks(23) {
            sink.push(some).expect("there is room");
        }
        let store = sink.finish().expect("there is room");
        assert_eq!(store.len(), bytes.len() as u64);
        let mut found = vec![0; bytes.len()];
        store.read(0, &mut found).expect("it was written");
        assert_eq!(found, bytes);
        let entries: Vec<_> = fs::read_dir(folder).expect("a folder").flatten().collect();
        let is_whole = |entry: &fs::DirEntry| entry.path().extension().is_some();
        assert!(entries.iter().all(is_whole), "nothing half is left");
        entries.len()
    }

    #[test]
    fn the_same_bytes_lie_there_once_and_others_beside_them() {
        let room = tempfile::tempdir().expect("a temporary folder");
        let folder = room.path().join("decoded");
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        assert_eq!(files_after(&folder, &bytes), 1);
        assert_eq!(files_after(&folder, &bytes), 1);
        // Shorter, longer, and another at the begin, in the middle and at the end of a block.
        assert_eq!(files_after(&folder, &bytes[..640]), 2);
        assert_eq!(files_after(&folder, &[&bytes[..], &[7]].concat()), 3);
        for (files, place) in [(4, 0), (5, 500), (6, 999)] {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(files_after(&folder, &other), files);
            assert_eq!(files_after(&folder, &other), files);
        }
        assert_eq!(files_after(&folder, &bytes), 6);
    }

    #[test]
    fn bytes_outlive_their_folder() {
        let room = tempfile::tempdir().expect("a temporary folder");
        let mut sink = SharedSink::new(room.path());
        sink.push(&[5; 100]).expect("there is room");
        room.close().expect("it is removed");
        let store = sink.finish().expect("a file without a name will do");
        let mut found = [0; 100];
        store.read(0, &mut found).expect("it is open");
        assert_eq!(found, [5; 100]);
    }

    #[test]
    fn a_folder_that_takes_no_file_is_named() {
        let room = tempfile::tempdir().expect("a temporary folder");
        let file = room.path().join("file");
        fs::write(&file, "").expect("a file");
        let mut sink = SharedSink::new(&file);
        let error = sink.push(&[5; 100]).expect_err("no folder");
        assert!(matches!(&error, Error::NoRoom { folder, .. } if *folder == file));
    }
}
