//! A folder of texts, or the paths of an archive of such: which of them are parts, and which classes.

use std::path::{Path, PathBuf};

use super::{ARRAYS, Folder, Images, Reader, Wanted, Which, ending, parted};
use crate::Error;
use crate::error::content;
use crate::picture_files::ImageFile;
use crate::words::counted;

/// How the names of texts end.
const TEXTS: &str = "txt";
/// The folder of reviews without a class in the Large Movie Review Dataset.
const UNSORTED: &str = "unsup";

/// Finds all texts below a folder, as [`find`](super::find) does images. Texts beside folders of texts are no samples, and neither are those of a folder
/// `unsup` among the classes of a part, which in the Large Movie Review Dataset are reviews without a class.
///
/// # Errors
/// [`Error::Content`] where there is no text, or [`Error::Io`].
pub(crate) fn find_texts(folder: &Path) -> Result<Images, Error> {
    let mut reader = Reader::new(folder, folder, Wanted::Texts);
    let root = reader.read(folder, String::new(), 0)?;
    parted_texts(root, &reader)
}

/// Finds the texts among the paths of an archive, which is called `shown` in messages.
///
/// # Errors
/// [`Error::Content`] where there is none.
pub(crate) fn texts_of_paths(mut paths: Vec<PathBuf>, shown: &Path) -> Result<Images, Error> {
    paths.sort();
    let mut root = Folder::default();
    for path in paths {
        root.place(&path, shown);
    }
    parted_texts(root, &Reader::new(shown, shown, Wanted::Texts))
}

fn parted_texts(mut root: Folder, reader: &Reader) -> Result<Images, Error> {
    if !root.has_images() {
        let found = match reader.left_out() {
            None => "none".to_owned(),
            Some(others) => format!("none ({others}{})", reader.hint()),
        };
        return Err(content(
            reader.shown,
            format!("texts, with names in `.{TEXTS}`"),
            found,
        ));
    }
    let mut notes = Vec::new();
    root.drop_unsorted(&mut notes);
    let (mut beside, mut first) = (0, None);
    root.drop_beside(&mut beside, &mut first);
    if let Some(first) = first {
        notes.push(format!(
            "left out {} beside folders of texts, as `{first}`",
            counted(beside, "text")
        ));
    }
    let mut found = parted(root, reader)?;
    found.notes.extend(notes);
    Ok(found)
}

/// Whether a folder holds folders of texts, its classes, and neither images nor arrays. A single text is more often a note than a sample.
pub(crate) fn holds_texts(folder: &Path) -> bool {
    let mut reader = Reader::new(folder, folder, Wanted::Images);
    let found = reader.read(folder, String::new(), 0);
    let others = &reader.others;
    found.is_ok_and(|root| !root.has_images())
        && !others.contains_key(ARRAYS)
        && others.contains_key(TEXTS)
        && find_texts(folder).is_ok_and(|texts| texts.classes.len() > 1)
}

/// Whether a file of this name is a text by its ending.
pub(crate) fn is_text(path: &Path) -> bool {
    ending(path) == TEXTS
}

impl Folder {
    /// Puts a file of an archive in its place below; paths come sorted.
    fn place(&mut self, path: &Path, shown: &Path) {
        let mut folder = self;
        for component in path.parent().into_iter().flat_map(Path::components) {
            let name = component.as_os_str().to_string_lossy().into_owned();
            if folder.folders.last().is_none_or(|last| last.name != name) {
                let path = match folder.path.is_empty() {
                    true => name.clone(),
                    false => format!("{}/{name}", folder.path),
                };
                folder.folders.push(Self {
                    path,
                    name,
                    ..Self::default()
                });
            }
            folder = folder.folders.last_mut().expect("it was put there");
        }
        folder.images.push(ImageFile {
            path: path.to_owned(),
            shown: shown.join(path),
        });
    }

    /// Leaves out the texts without a class of the Large Movie Review Dataset.
    fn drop_unsorted(&mut self, notes: &mut Vec<String>) {
        let is_part = Which::of(&self.name).is_some() && self.folders.len() > 1;
        self.folders.retain(|folder| {
            let is_unsorted = is_part && folder.name == UNSORTED;
            if is_unsorted {
                let texts = counted(folder.count(), "text");
                let path = &folder.path;
                notes.push(format!(
                    "left out {texts} of `{path}`: it is a folder of texts without a class"
                ));
            }
            !is_unsorted
        });
        for folder in &mut self.folders {
            folder.drop_unsorted(notes);
        }
    }

    /// Leaves out files beside folders: how many, and the first of them.
    fn drop_beside(&mut self, count: &mut usize, first: &mut Option<String>) {
        if self.folders.is_empty() {
            return;
        }
        for file in self.images.drain(..) {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy();
            first.get_or_insert_with(|| match self.path.is_empty() {
                true => name.into_owned(),
                false => format!("{}/{name}", self.path),
            });
            *count += 1;
        }
        for folder in &mut self.folders {
            folder.drop_beside(count, first);
        }
    }
}
