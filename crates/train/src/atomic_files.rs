//! Files that are whole or not there: written aside, synced, renamed; and groups of them under one checksum list.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Error;
use crate::error::AtPath;
use crate::plain_files::{LONGEST_TEXT, read_plain};

/// The checksum list of a group, in the format of `sha256sum`.
const SUMS: &str = "SHA256SUMS";
/// Bytes of that list, at most.
const LONGEST_SUMS: u64 = 1 << 16;

/// Replaces a file in one step: whoever reads it sees the old bytes or the new ones.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_file_by(path, |file| file.write_all(bytes))
}

/// Replaces a file in one step, by what `write` writes to it.
pub fn write_file_by(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut aside = tempfile::Builder::new();
    #[cfg(unix)]
    {
        // Readable by others as an ordinary file is; a temporary file is its maker's alone.
        use std::os::unix::fs::PermissionsExt;
        aside.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut aside = aside.tempfile_in(folder).at("write", path)?;
    // The file itself, whose errors do not name the place aside.
    write(aside.as_file_mut())
        .and_then(|()| aside.as_file().sync_all())
        .at("write", path)?;
    aside
        .persist(path)
        .map_err(|error| error.error)
        .at("write", path)?;
    Ok(())
}

/// The lower-case hexadecimal SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Puts back what a file held before, also where there is no room for another file: what it holds now is overwritten then.
pub(crate) fn put_back(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if write_file(path, bytes).is_ok() {
        return Ok(());
    }
    let over = || {
        // Never through a link, and only over a file that can be read as one.
        read_plain(path, LONGEST_TEXT)?;
        let mut file = File::options().write(true).open(path)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    over().at("write", path)
}

/// Replaces a folder of files: at any moment the old group or the new one can be read whole. Where the new one cannot be written, nothing of it
/// stays.
pub fn write_group(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), Error> {
    let aside = sibling(folder, "new");
    remove(&aside)?;
    let written = write_aside(&aside, files).and_then(|()| replace(folder, &aside));
    if written.is_err() {
        // The error is what matters; the next writing removes it as well.
        let _ = remove(&aside);
    }
    written
}

fn write_aside(aside: &Path, files: &[(&str, Vec<u8>)]) -> Result<(), Error> {
    fs::create_dir_all(aside).at("create", aside)?;
    let sums: String = files
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes)))
        .collect();
    let files = files.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
    let mut written = Vec::new();
    for (name, bytes) in files.chain([(SUMS, sums.as_bytes())]) {
        let path = aside.join(name);
        let mut file = File::create(&path).at("write", &path)?;
        file.write_all(bytes).at("write", &path)?;
        written.push((file, path));
    }
    // All are on their way before the first is waited for: file systems write what waits together.
    for (file, path) in &written {
        file.sync_all().at("write", path)?;
    }
    Ok(())
}

/// Puts a group in the place of another.
fn replace(folder: &Path, aside: &Path) -> Result<(), Error> {
    let old = sibling(folder, "old");
    if folder.exists() {
        remove(&old)?;
        fs::rename(folder, &old).at("rename", folder)?;
    }
    fs::rename(aside, folder).at("rename", aside)?;
    remove(&old)
}

/// What tells whether a group has been replaced: the bytes of its checksum list, none where it has none.
pub(crate) fn group_sums(folder: &Path) -> Option<Vec<u8>> {
    let old = sibling(folder, "old");
    let folder = if folder.exists() { folder } else { &old };
    read_plain(&folder.join(SUMS), LONGEST_SUMS).ok()
}

/// The files of a group, each checked against the list. A group has no other files than those that are `known`, each with the bytes
/// that it has at most: its list may be anybody's, and names what is opened.
///
/// # Errors
///
/// [`Error::Checkpoint`] when the group is not there or anything in it is not as it was written.
pub fn read_group(folder: &Path, known: &[(&str, u64)]) -> Result<Vec<(String, Vec<u8>)>, Error> {
    // A program killed between two renames leaves the group under its old name.
    let old = sibling(folder, "old");
    let folder = if !folder.exists() && old.exists() {
        &old
    } else {
        folder
    };
    let list = folder.join(SUMS);
    let absent = |why: String| {
        Error::checkpoint(folder, format!("no checkpoint here ({SUMS}: {why})"), None)
    };
    let text = read_plain(&list, LONGEST_SUMS).map_err(|error| absent(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|_| absent("is no text in UTF-8".to_owned()))?;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in text.lines() {
        let (sum, name) = line
            .split_once("  ")
            .ok_or_else(|| damaged(&list, format!("line `{line}` is not `SUM  NAME`")))?;
        let is_new = files.iter().all(|(read, _)| read != name);
        let Some((_, most)) = known.iter().find(|(known, _)| *known == name && is_new) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "names `{name}`, expected each of `{}` at most once",
                names.join("`, `")
            );
            return Err(damaged(&list, message));
        };
        let path = folder.join(name);
        let bytes =
            read_plain(&path, *most).map_err(|error| Error::unread(&path, error, other()))?;
        let found = sha256(&bytes);
        if found != sum {
            return Err(damaged(
                &path,
                format!("damaged: its SHA-256 is {found}, expected {sum}"),
            ));
        }
        files.push((name.to_owned(), bytes));
    }
    Ok(files)
}

/// Whether a group is there, under its own name or the one it has while it is replaced.
pub fn group_exists(folder: &Path) -> bool {
    folder.exists() || sibling(folder, "old").exists()
}

fn damaged(path: &Path, message: String) -> Error {
    Error::checkpoint(path, message, other())
}

/// What to try where a checkpoint is damaged.
fn other() -> Option<String> {
    let hint =
        "the other checkpoint of the run may be whole: `--checkpoint last` or `--checkpoint best`";
    Some(hint.to_owned())
}

fn sibling(folder: &Path, suffix: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).at("remove", folder)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files of the groups here.
    const KNOWN: [(&str, u64); 2] = [("a", 3), ("b", 100)];

    fn group() -> (tempfile::TempDir, PathBuf) {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("last");
        write_group(&folder, &[("a", b"one".to_vec()), ("b", vec![0; 100])]).expect("writable");
        (root, folder)
    }

    #[test]
    fn a_group_comes_back_as_it_was_written() {
        let (_root, folder) = group();
        write_group(&folder, &[("a", b"two".to_vec())]).expect("writable");
        assert_eq!(
            read_group(&folder, &KNOWN).expect("whole"),
            [("a".to_owned(), b"two".to_vec())]
        );
    }

    #[test]
    fn no_single_flipped_bit_is_read_as_good() {
        let (_root, folder) = group();
        for name in ["a", "b", SUMS] {
            let path = folder.join(name);
            let good = fs::read(&path).expect("written");
            for index in 0..good.len() {
                let mut bad = good.clone();
                bad[index] ^= 1;
                fs::write(&path, &bad).expect("writable");
                assert!(
                    read_group(&folder, &KNOWN).is_err(),
                    "byte {index} of {name}"
                );
            }
            fs::write(&path, &good).expect("writable");
        }
        assert!(read_group(&folder, &KNOWN).is_ok());
    }

    #[test]
    fn no_list_names_another_file_than_those_of_a_group() {
        let (_root, folder) = group();
        let good = fs::read_to_string(folder.join(SUMS)).expect("written");
        fs::write(folder.join("c"), b"one").expect("writable");
        let sum = sha256(b"one");
        for name in ["c", "../last/a", "./a", "/dev/zero", "", "a"] {
            fs::write(folder.join(SUMS), format!("{good}{sum}  {name}\n")).expect("writable");
            let error = read_group(&folder, &KNOWN).expect_err(name).to_string();
            let expected = format!("names `{name}`, expected each of `a`, `b` at most once");
            assert!(error.ends_with(&expected), "{error}");
        }
        let long = format!("{sum}  a\n");
        fs::write(folder.join(SUMS), long).expect("writable");
        fs::write(folder.join("a"), b"four").expect("writable");
        let error = read_group(&folder, &KNOWN)
            .expect_err("too long")
            .to_string();
        assert!(error.ends_with("is larger than 3 bytes"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_file_of_a_group() {
        let (_root, folder) = group();
        fs::rename(folder.join("a"), folder.join("c")).expect("writable");
        std::os::unix::fs::symlink("c", folder.join("a")).expect("writable");
        let error = read_group(&folder, &KNOWN).expect_err("a link").to_string();
        assert!(
            error.ends_with("is a link, expected a plain file"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_written_is_told_of_the_file_that_was_asked_for() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let path = root.path().join("absent/file");
        let error = write_file(&path, b"one")
            .expect_err("no folder")
            .to_string();
        assert!(!error.contains(" at path "), "{error}");
        assert_eq!(error.matches("absent").count(), 1, "{error}");
    }

    #[test]
    fn nothing_of_a_group_that_cannot_be_written_stays() {
        let (root, folder) = group();
        // A name that no file can have.
        let files = [("a", vec![1; 100]), ("no/such/folder", vec![2; 100])];
        assert!(write_group(&folder, &files).is_err());
        let left: Vec<_> = fs::read_dir(root.path()).expect("a folder").collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(read_group(&folder, &KNOWN).expect("whole").len(), 2);
    }

    #[test]
    fn what_is_put_back_is_what_was_there_also_where_no_file_can_be_made() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let path = root.path().join("run.json");
        write_file(&path, b"a longer text than before").expect("writable");
        put_back(&path, b"before").expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"before");
    }

    #[test]
    fn a_group_caught_between_two_renames_is_found() {
        let (_root, folder) = group();
        fs::rename(&folder, sibling(&folder, "old")).expect("writable");
        assert!(group_exists(&folder));
        assert_eq!(read_group(&folder, &KNOWN).expect("whole").len(), 2);
    }
}
