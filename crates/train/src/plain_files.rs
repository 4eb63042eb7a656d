//! Files of a run folder, which may have come from anywhere: read only where they are plain and of a bounded size, and never written
//! through a link.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::Error;
use crate::error::AtPath;

/// Bytes of a text in a run folder, at most: `metrics.csv` of ten million epochs has about as many.
pub(crate) const LONGEST_TEXT: u64 = 1 << 30;

/// The text of a file, which may be reached by a link.
///
/// # Errors
///
/// What the system says, or that the file is a device, a pipe or a folder, too large, or no text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let bytes = bounded(path, &fs::metadata(path)?, LONGEST_TEXT)?;
    String::from_utf8(bytes).map_err(|_| refused("is no text in UTF-8"))
}

/// The bytes of a file of at most `most` bytes that is reached by no link.
///
/// # Errors
///
/// As [`read_text`], and that the file is a link.
pub fn read_plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(path, &fs::symlink_metadata(path)?, most)
}

/// Asked before the file is opened: opening a pipe waits for its other end.
fn bounded(path: &Path, found: &Metadata, most: u64) -> io::Result<Vec<u8>> {
    if let Some(other) = other_kind(found) {
        return Err(refused(format!("is {other}, expected a plain file")));
    }
    let too_large = || refused(format!("is larger than {most} bytes"));
    if found.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    // One byte more shows a file that has grown meanwhile.
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

/// A file to add lines to, made where there is none.
///
/// # Errors
///
/// [`Error::Checkpoint`] where something else has its name: what is behind a link belongs to somebody else.
pub fn append(path: &Path) -> Result<File, Error> {
    refuse_others(path, Metadata::is_file, "a plain file")?;
    let mut options = File::options();
    options.append(true).create(true);
    options.open(path).at("write", path)
}

/// Refuses a link where a run has a folder of its own, that files are written into.
///
/// # Errors
///
/// [`Error::Checkpoint`] where something else has its name.
pub fn check_folder(path: &Path) -> Result<(), Error> {
    refuse_others(path, Metadata::is_dir, "a folder")
}

fn refuse_others(
    path: &Path,
    is_fine: impl Fn(&Metadata) -> bool,
    expected: &str,
) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if !is_fine(&found) => {
            let kind = other_kind(&found).unwrap_or("a file");
            let message = format!("is {kind}, expected {expected}");
            let hint = "nothing is written through links: remove it, or copy what it leads to into its place";
            Err(Error::checkpoint(path, message, Some(hint.to_owned())))
        }
        // What cannot be looked at cannot be written either, and that is told then.
        _ => Ok(()),
    }
}

/// What stands in the place of a plain file, if something does.
fn other_kind(found: &Metadata) -> Option<&'static str> {
    match found {
        found if found.is_file() => None,
        found if found.is_symlink() => Some("a link"),
        found if found.is_dir() => Some("a folder"),
        _ => Some("a pipe or a device"),
    }
}

fn refused(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_as_many_bytes_as_are_allowed_and_no_more() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a");
        fs::write(&path, [7; 10]).expect("writable");
        assert_eq!(read_plain(&path, 10).expect("it fits"), [7; 10]);
        let error = read_plain(&path, 9).expect_err("it does not");
        assert_eq!(error.to_string(), "is larger than 9 bytes");
        let error = read_plain(folder.path(), 9).expect_err("a folder");
        assert_eq!(error.to_string(), "is a folder, expected a plain file");
        let error = read_plain(&folder.path().join("b"), 9).expect_err("nothing");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_read_as_texts_alone_and_never_written_through() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("text"), "one").expect("writable");
        for (to, link) in [
            ("text", "good"),
            ("absent", "dangling"),
            ("/dev/zero", "endless"),
        ] {
            std::os::unix::fs::symlink(to, path(link)).expect("writable");
            assert!(read_plain(&path(link), 9).is_err(), "{link}");
            let error = append(&path(link)).expect_err(link).to_string();
            assert!(
                error.ends_with("is a link, expected a plain file"),
                "{error}"
            );
        }
        assert_eq!(read_text(&path("good")).expect("a text"), "one");
        let error = read_text(&path("endless")).expect_err("a device");
        assert_eq!(
            error.to_string(),
            "is a pipe or a device, expected a plain file"
        );
        assert!(!path("absent").exists());
        assert!(check_folder(&path("good")).is_err());
        check_folder(folder.path()).expect("a folder");
        check_folder(&path("none")).expect("nothing there yet");
    }
}
