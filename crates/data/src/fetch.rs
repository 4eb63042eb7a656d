//! The files of a data set: fetched from their official addresses, and checked.

use std::fs;
use std::path::{Path, PathBuf};

use crate::archive::extract;
use crate::download::{Client, Failure, Patience, Progress, io_error, remove, sha256, wrong};
use crate::manifests::{Archive, DataFile, Manifest, Place, manifest_in};
use crate::read_instead::{beside, in_stead};
use crate::{Error, catalogue, idx, named_sets};

/// What [`fetch`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The folder that now has all files of the set.
    pub folder: PathBuf,
    /// The files that were fetched.
    pub fetched: Vec<String>,
    /// The files that were there already, and right.
    pub kept: Vec<String>,
}

/// A file of a data set as [`verify`] finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The name of the file.
    pub file: String,
    /// How it is.
    pub state: State,
}

/// How a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The file is there, and what it should be.
    Right,
    /// The file is not there.
    Missing,
    /// The file is not what it should be.
    Damaged {
        /// The SHA-256 of what is there, 64 hexadecimal digits.
        found: String,
    },
    /// The file is there, and no checksum is on record to tell more.
    Unknown,
}

/// Fetches the files of a data set that are not in its folder of the data directory, or are damaged there.
///
/// Each of `mirrors` is asked first, for `<mirror>/<folder>/<file>`; then the official addresses. Where the line breaks, what
/// has come stays in `<file>.part` beside the file, and the next fetch goes on from there; only what has the right length
/// and checksum gets its name. What is built in needs no files.
///
/// # Errors
/// [`Error::UnknownDataSet`]; [`Error::Fetch`] where no address has a file, with the last reason; [`Error::Io`].
pub fn fetch(
    name: &str,
    directory: &Path,
    mirrors: &[String],
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    match known(name, directory)? {
        Some(manifest) => {
            let client = Client::new(Patience::default());
            fetch_all(&client, &manifest, directory, mirrors, progress)
        }
        None => Ok(Fetched {
            folder: directory.to_owned(),
            fetched: Vec::new(),
            kept: Vec::new(),
        }),
    }
}

/// Looks at every file of a data set in its folder of the data directory; none for what is built in. What is read in the stead of an official
/// file, or beside them, is [`State::Unknown`].
///
/// # Errors
/// [`Error::UnknownDataSet`], or [`Error::Io`] where a file is there but cannot be read.
pub fn verify(name: &str, directory: &Path) -> Result<Vec<FileState>, Error> {
    let Some(manifest) = known(name, directory)? else {
        return Ok(Vec::new());
    };
    let folder = match named_sets::set_named(name) {
        Some(set) => idx::folder(set, directory, &manifest.folder),
        None => directory.join(&manifest.folder),
    };
    let unknown = |file| FileState {
        file,
        state: State::Unknown,
    };
    let look = |file: &DataFile| {
        let state = state(&folder, file)?;
        let other = match state {
            State::Missing => in_stead(&folder, &file.name),
            _ => None,
        };
        Ok(other.map_or_else(
            || FileState {
                file: file.name.clone(),
                state,
            },
            unknown,
        ))
    };
    let files: Result<Vec<_>, Error> = manifest.files.iter().map(look).collect();
    let mut files = files?;
    files.extend(beside(name, &folder).into_iter().map(unknown));
    Ok(files)
}

/// The files of a set; none for what is built in.
fn known(name: &str, directory: &Path) -> Result<Option<Manifest>, Error> {
    match manifest_in(name, directory) {
        None if !named_sets::names().iter().any(|set| set.name == name) => {
            Err(catalogue::unknown(name))
        }
        manifest => Ok(manifest),
    }
}

fn state(folder: &Path, file: &DataFile) -> Result<State, Error> {
    let path = folder.join(&file.name);
    Ok(if !path.is_file() {
        State::Missing
    } else if wrong(&path, file)?.is_some() {
        let found = sha256(&path)?;
        State::Damaged { found }
    } else if file.sha256.is_none() {
        State::Unknown
    } else {
        State::Right
    })
}

/// A file still to be had, and why it could not be so far.
struct Wanted<'a> {
    file: &'a DataFile,
    reason: Option<String>,
}

/// Fetches what is missing of a manifest.
fn fetch_all(
    client: &Client,
    manifest: &Manifest,
    directory: &Path,
    mirrors: &[String],
    progress: &mut dyn FnMut(Progress),
) -> Result<Fetched, Error> {
    let folder = directory.join(&manifest.folder);
    fs::create_dir_all(&folder).map_err(|failure| io_error("create", &folder, failure))?;
    let (mut wanted, mut kept) = (Vec::new(), Vec::new());
    for file in &manifest.files {
        match state(&folder, file)? {
            State::Right | State::Unknown => kept.push(file.name.clone()),
            State::Missing | State::Damaged { .. } => wanted.push(Wanted { file, reason: None }),
        }
    }
    let mirror = |address: &String| {
        let address = address.trim_end_matches('/');
        Place::Folder(format!("{address}/{}/", manifest.folder))
    };
    let mut places: Vec<_> = mirrors.iter().map(mirror).collect();
    places.extend(manifest.places.iter().cloned());
    let mut fetched = Vec::new();
    for place in &places {
        let names = match place {
            _ if wanted.is_empty() => break,
            Place::Folder(address) => from_folder(client, address, &mut wanted, &folder, progress)?,
            Place::Archive(archive) => {
                from_archive(client, archive, &mut wanted, &folder, progress)?
            }
        };
        wanted.retain(|wanted| !names.contains(&wanted.file.name));
        fetched.extend(names);
    }
    match wanted.into_iter().next() {
        Some(wanted) => Err(failed(manifest, wanted, &folder)),
        None => Ok(Fetched {
            folder,
            fetched,
            kept,
        }),
    }
}

fn failed(manifest: &Manifest, wanted: Wanted, folder: &Path) -> Error {
    let by_hand = "its publisher gives it out by hand only".to_owned();
    Error::Fetch {
        file: format!("{}/{}", manifest.folder, wanted.file.name),
        reason: wanted.reason.unwrap_or(by_hand),
        hint: format!(
            "get {} from {} and put them into `{}`",
            manifest.listed(),
            manifest.page,
            folder.display()
        ),
    }
}

/// Fetches files from under an address, as many as are there.
fn from_folder(
    client: &Client,
    address: &str,
    wanted: &mut [Wanted],
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for wanted in wanted {
        let file = wanted.file;
        let address = format!("{address}{}", file.name);
        let part = folder.join(format!("{}.part", file.name));
        match client.fetch(&address, file, &part, progress) {
            Ok(()) => {
                let path = folder.join(&file.name);
                fs::rename(&part, &path).map_err(|failure| io_error("write", &path, failure))?;
                names.push(file.name.clone());
            }
            Err(Failure::Local(error)) => return Err(error),
            Err(failure @ (Failure::Refused(_) | Failure::Unreachable(_))) => {
                let away = matches!(failure, Failure::Unreachable(_));
                note(wanted, &address, failure, progress);
                // Where nobody answers, nobody will for the next file.
                if away {
                    break;
                }
            }
        }
    }
    Ok(names)
}

/// Fetches an archive, and takes the files out of it.
fn from_archive(
    client: &Client,
    archive: &Archive,
    wanted: &mut [Wanted],
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<String>, Error> {
    let part = folder.join(format!("{}.part", archive.file.name));
    let files: Vec<_> = wanted.iter().map(|wanted| wanted.file).collect();
    let had = client.fetch(&archive.address, &archive.file, &part, progress);
    let unpacked = had.map(|()| extract(&part, archive.packing, &files, folder));
    let names = match unpacked {
        Ok(Ok(names)) => {
            remove(&part)?;
            names
        }
        Ok(Err(failure)) => {
            // Fetched whole and yet damaged: going on from it would not help. Where only the disk is full, it stays.
            if !matches!(failure, Failure::Local(_)) {
                remove(&part)?;
            }
            return refused(wanted, &archive.address, failure, progress);
        }
        Err(failure) => return refused(wanted, &archive.address, failure, progress),
    };
    for wanted in wanted.iter_mut() {
        if !names.contains(&wanted.file.name) {
            let reason = "the archive has no such file".to_owned();
            note(wanted, &archive.address, Failure::Refused(reason), progress);
        }
    }
    Ok(names)
}

/// Notes for every file why the archive did not bring it.
fn refused(
    wanted: &mut [Wanted],
    address: &str,
    failure: Failure,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<String>, Error> {
    let reason = match failure {
        Failure::Local(error) => return Err(error),
        Failure::Refused(reason) | Failure::Unreachable(reason) => reason,
    };
    // A part of its files may have come out of it before the damage: the next fetch finds them right.
    for wanted in wanted {
        note(wanted, address, Failure::Refused(reason.clone()), progress);
    }
    Ok(Vec::new())
}

/// Keeps the reason for the end, and tells of it. What an address answered says more than that another cannot be reached.
fn note(wanted: &mut Wanted, address: &str, failure: Failure, progress: &mut dyn FnMut(Progress)) {
    let unreachable = matches!(failure, Failure::Unreachable(_));
    if let Failure::Refused(reason) | Failure::Unreachable(reason) = failure {
        let reason = format!("{address}: {reason}");
        progress(Progress::Retry {
            file: &wanted.file.name,
            reason: &reason,
        });
        if !(unreachable && wanted.reason.is_some()) {
            wanted.reason = Some(reason);
        }
    }
}

#[cfg(test)]
mod tests;
