//! Images in a tar archive, packed with gzip or not: unpacked to a temporary folder and read as a folder is.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use tar::Archive;

use crate::Error;
use crate::error::{content, unreadable};
use crate::folder;
use crate::idx::unpack;
use crate::source::{Parts, Source};
use crate::tar_stream;

/// Bytes that an archive may unpack to, and files that it may hold.
const LARGEST: u64 = 64 << 30;
const MOST: usize = 1 << 24;

/// Folders within folders, at most.
const DEEPEST: usize = 16;

/// Loads the images of an archive as those of a folder of its contents.
///
/// # Errors
/// [`Error::Content`] with the file, and the place in it, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    load_from(source, path, tar_stream::open(path)?)
}

/// Whether a file of this name is an archive, not an image.
pub(crate) fn is_archive(path: &Path) -> bool {
    !crate::image_tree::is_image(path)
}

/// Reads the bytes of an archive, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let path = Path::new("bytes");
    let file = unpack(bytes).map_err(|failure| unreadable(path, failure))?;
    load_from(&Source::named("bytes"), path, file).map(drop)
}

fn load_from(source: &Source, path: &Path, file: impl Read) -> Result<Parts, Error> {
    let folder = tempfile::tempdir().map_err(|failure| writing(path, failure))?;
    extract(path, file, folder.path())?;
    folder::load_as(source, folder.path(), path)
}

/// Writes the files of an archive into a folder. Links and devices are passed over, and no path leads out of the folder.
fn extract(path: &Path, file: impl Read, folder: &Path) -> Result<(), Error> {
    let damaged = |failure| tar_stream::damaged(path, failure);
    let mut archive = Archive::new(file);
    let mut left = LARGEST;
    for (count, entry) in archive.entries().map_err(damaged)?.enumerate() {
        let mut entry = entry.map_err(damaged)?;
        if count >= MOST {
            return Err(content(path, format!("at most {MOST} files"), "more"));
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let Some(inside) = entry.path().ok().and_then(|name| inside(&name)) else {
            continue;
        };
        let place = folder.join(&inside);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|failure| writing(path, failure))?;
        }
        let mut out = File::create(&place).map_err(|failure| writing(path, failure))?;
        // What is no image only needs to be there to be counted.
        if !crate::image_tree::is_image(&inside) {
            continue;
        }
        let bytes = io::copy(&mut (&mut entry).take(left + 1), &mut out).map_err(damaged)?;
        left = match left.checked_sub(bytes) {
            Some(left) => left,
            None => {
                let expected = format!("at most {} GiB unpacked", LARGEST >> 30);
                return Err(content(path, expected, "more"));
            }
        };
    }
    Ok(())
}

/// The path of an entry, if it stays within the archive.
pub(crate) fn inside(name: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    for component in name.components() {
        match component {
            Component::Normal(name) => inside.push(name),
            Component::CurDir => {}
            _ => return None,
        }
    }
    let depth = inside.components().count();
    (1..=DEEPEST).contains(&depth).then_some(inside)
}

fn writing(path: &Path, failure: io::Error) -> Error {
    Error::Io {
        action: "unpack",
        path: path.to_owned(),
        source: failure,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use image::{GrayImage, ImageFormat, Luma};

    use super::*;

    /// An archive with an image of this brightness by each name that ends in `.png`.
    fn archive(files: &[(&str, u8)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, grey) in files {
            let mut bytes = io::Cursor::new(Vec::new());
            if name.ends_with(".png") {
                let image = GrayImage::from_pixel(3, 2, Luma([*grey]));
                image
                    .write_to(&mut bytes, ImageFormat::Png)
                    .expect("in memory");
            }
            let bytes = bytes.into_inner();
            let mut header = tar::Header::new_gnu();
            // As it would be written by a hand that means ill.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            archive.append(&header, &bytes[..]).expect("in memory");
        }
        archive.into_inner().expect("in memory")
    }

    fn load(bytes: &[u8]) -> Result<Parts, Error> {
        load_from(&Source::named("a.tar"), Path::new("a.tar"), bytes)
    }

    #[test]
    fn folders_of_an_archive_are_classes() {
        let bytes = archive(&[
            ("x/dog/1.png", 7),
            ("./x/cat/2.png", 8),
            ("x/readme.txt", 0),
        ]);
        let parts = load(&bytes).expect("two images");
        assert_eq!(parts.train.classes(), ["cat", "dog"]);
        assert_eq!(parts.train.pixels(1).expect("in memory"), [7; 6]);
        assert_eq!(
            parts.notes,
            [
                "left out 1 file: `.txt` cannot be read as images",
                "images are those of the folder `x`"
            ]
        );
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.tgz");
        let mut packed = flate2::write::GzEncoder::new(
            File::create(&path).expect("a file"),
            flate2::Compression::fast(),
        );
        packed.write_all(&bytes).expect("written");
        packed.finish().expect("written");
        let source = Source::named(path.display().to_string());
        let packed = crate::load(&source).expect("two images").train;
        assert_eq!(packed.sha256().ok(), parts.train.sha256().ok());
    }

    #[test]
    fn no_path_leads_out_of_an_archive() {
        let bytes = archive(&[("../out.png", 1), ("/abs.png", 2), ("in.png", 3)]);
        let train = load(&bytes).expect("one image").train;
        assert_eq!((train.len(), train.caption(0)), (1, "in"));
    }

    #[test]
    fn damage_is_said_with_the_place_in_the_archive() {
        let whole = archive(&[("a/1.png", 1), ("a/2.png", 2)]);
        let error = load(&whole[..whole.len() / 2]).err().expect("cut off");
        assert!(
            error.to_string().starts_with("`a.tar`: expected "),
            "{error}"
        );
        let mut damaged = whole.clone();
        damaged[512..540].fill(0);
        let error = load(&damaged).err().expect("no image").to_string();
        assert!(
            error.starts_with("`a.tar/a/1.png`: expected an image"),
            "{error}"
        );
    }
}
