//! A folder of images, or of arrays, and all folders below it: which of them are parts, and which classes.

mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::{content, unreadable};
use crate::formats::format_of;
use crate::picture_files::ImageFile;

pub(crate) use texts::{find_texts, holds_texts, is_text, texts_of_paths};

/// How the names of image files end. What is in them decides how they are read.
pub(crate) const ENDINGS: [&str; 14] = [
    "png", "jpg", "jpeg", "jfif", "gif", "bmp", "dib", "tif", "tiff", "pgm", "ppm", "pbm", "pnm",
    "webp",
];

/// How the names of arrays end that are samples.
const ARRAYS: &str = "npy";

/// Folders within folders, at most.
const DEEPEST: usize = 16;

/// The images of a folder, and what they are.
#[derive(Debug)]
pub(crate) struct Images {
    pub(crate) train: Part,
    pub(crate) test: Option<Part>,
    /// The names of the classes of both parts, sorted; none where there are none.
    pub(crate) classes: Vec<String>,
    /// Whether the files are arrays, one a sample, and not images.
    pub(crate) are_arrays: bool,
    /// What the user is to know of how they were found.
    pub(crate) notes: Vec<String>,
}

/// The images of one part.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) files: Vec<ImageFile>,
    /// The class of each, or nothing where there are no classes.
    pub(crate) labels: Vec<u16>,
    /// The part of each path that tells the images apart: `cat/1.png`.
    pub(crate) names: Vec<String>,
}

/// A folder, with what is not hidden in it, by name.
#[derive(Debug, Default)]
struct Folder {
    /// Its path below the folder that was asked for, with `/` between the names.
    path: String,
    name: String,
    images: Vec<ImageFile>,
    /// The folders in it that have images at any depth.
    folders: Vec<Folder>,
}

/// What is looked for in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Images,
    Arrays,
    Texts,
}

impl Wanted {
    /// The word for them.
    fn name(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Arrays => "arrays",
            Self::Texts => "texts",
        }
    }

    /// Whether a file of this name is one, by its ending.
    fn is(self, path: &Path) -> bool {
        match self {
            Self::Images => is_image(path),
            Self::Arrays => ending(path) == ARRAYS,
            Self::Texts => is_text(path),
        }
    }
}

/// Finds all images below a folder, which is called `shown` in messages; or, where there are none, all arrays.
///
/// Where all folders on top are called like parts, one of them `train`, they are the parts: `test` is held out, or else
/// `val`. The folders in a part, or on top where there are no parts, are classes, and what lies deeper belongs to them. A
/// folder that holds nothing but further folders is passed through.
///
/// # Errors
/// [`Error::Content`] where there is no image, or images lie beside folders of images, or [`Error::Io`].
pub(crate) fn find(folder: &Path, shown: &Path) -> Result<Images, Error> {
    let mut reader = Reader::new(folder, shown, Wanted::Images);
    let root = reader.read(folder, String::new(), 0)?;
    if root.has_images() {
        return parted(root, &reader);
    }
    if reader.others.contains_key(ARRAYS) {
        let mut reader = Reader::new(folder, shown, Wanted::Arrays);
        let root = reader.read(folder, String::new(), 0)?;
        return parted(root, &reader);
    }
    let expected = format!(
        "images, with names in `.{}`, or arrays in `.{ARRAYS}`",
        ENDINGS.join("`, `.")
    );
    let found = match reader.left_out() {
        None => "none".to_owned(),
        Some(others) => format!("none ({others}{})", reader.hint()),
    };
    Err(content(shown, expected, found))
}

/// What the files below a folder are: parts, classes, samples.
fn parted(mut root: Folder, reader: &Reader) -> Result<Images, Error> {
    let what = reader.wanted.name();
    let are_arrays = reader.wanted == Wanted::Arrays;
    let mut notes = Vec::from_iter(reader.left_out());
    while let Some(only) = root.only_wrapping() {
        root = only;
    }
    if !root.path.is_empty() {
        notes.push(format!("{what} are those of the folder `{}`", root.path));
    }
    let Some(mut parts) = root.parts() else {
        let classes = root.classes();
        let train = root.part(reader, &classes)?;
        notes.extend(deeper(&root, what));
        return Ok(Images {
            train,
            test: None,
            classes,
            are_arrays,
            notes,
        });
    };
    let held_out = parts.remove(&Which::Test);
    let validation = parts.remove(&Which::Validation);
    let held_out = match (held_out, validation) {
        (Some(test), Some(validation)) => {
            let count = validation.count();
            notes.push(format!(
                "left out the {count} {what} of `{}`: there is a test part beside it",
                validation.path
            ));
            Some(test)
        }
        (None, Some(validation)) => {
            notes.push(format!("`{}` is taken as the test part", validation.path));
            Some(validation)
        }
        (test, None) => test,
    };
    let learned = parts.remove(&Which::Train).unwrap_or_default();
    let held_out = held_out.filter(|test| {
        let is_alike = learned.folders.is_empty() || !test.folders.is_empty();
        if !is_alike {
            notes.push(format!(
                "left out the {} {what} of `{}`: they are in no folders of classes",
                test.count(),
                test.path
            ));
        }
        is_alike
    });
    let mut classes = learned.classes();
    if !classes.is_empty() {
        classes.extend(held_out.iter().flat_map(Folder::classes));
        classes.sort();
        classes.dedup();
    }
    notes.extend(deeper(&learned, what));
    Ok(Images {
        train: learned.part(reader, &classes)?,
        test: held_out
            .map(|test| test.part(reader, &classes))
            .transpose()?,
        classes,
        are_arrays,
        notes,
    })
}

/// Whether a folder holds arrays that are samples, and no images.
pub(crate) fn has_arrays(folder: &Path) -> bool {
    find(folder, folder).is_ok_and(|found| found.are_arrays)
}

/// Says where samples lie below the folders of classes.
fn deeper(root: &Folder, what: &str) -> Option<String> {
    let below = root.folders.iter().flat_map(|class| &class.folders);
    let first = below.into_iter().next()?;
    Some(format!(
        "{what} in deeper folders, as in `{}`, are taken for those of the class above",
        first.path
    ))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Train,
    Validation,
    Test,
}

impl Which {
    fn of(name: &str) -> Option<Self> {
        match name.to_lowercase().as_str() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }
}

impl Folder {
    fn has_images(&self) -> bool {
        !self.images.is_empty() || !self.folders.is_empty()
    }

    fn count(&self) -> usize {
        self.images.len() + self.folders.iter().map(Self::count).sum::<usize>()
    }

    /// The only folder, where it holds nothing but further folders.
    fn only_wrapping(&mut self) -> Option<Self> {
        let is_wrapping = match &self.folders[..] {
            [only] => self.images.is_empty() && only.images.is_empty(),
            _ => false,
        };
        is_wrapping.then(|| self.folders.remove(0))
    }

    /// The parts, where the folders are such.
    fn parts(&mut self) -> Option<BTreeMap<Which, Self>> {
        let which: BTreeSet<_> = self
            .folders
            .iter()
            .filter_map(|folder| Which::of(&folder.name))
            .collect();
        let are_parts = self.images.is_empty()
            && which.len() == self.folders.len()
            && which.len() > 1
            && which.contains(&Which::Train);
        if !are_parts {
            return None;
        }
        let folders = std::mem::take(&mut self.folders);
        let parts = folders.into_iter();
        Some(
            parts
                .filter_map(|folder| Some((Which::of(&folder.name)?, folder)))
                .collect(),
        )
    }

    fn classes(&self) -> Vec<String> {
        self.folders
            .iter()
            .map(|folder| folder.name.clone())
            .collect()
    }

    /// The images of a part with their classes, of which there are none or those of its folders.
    fn part(&self, reader: &Reader, classes: &[String]) -> Result<Part, Error> {
        let (shown, what) = (reader.shown, reader.wanted.name());
        let mut part = Part::default();
        if let (Some(image), Some(folder)) = (self.images.first(), self.folders.first()) {
            let name = image.path.file_name().unwrap_or_default().to_string_lossy();
            let found = format!("`{name}` beside folder `{}`", folder.name);
            let place = match self.path.is_empty() {
                true => shown.to_owned(),
                false => shown.join(&self.path),
            };
            let expected = format!("either {what} or folders of {what}");
            return Err(content(&place, expected, found));
        }
        if classes.len() > usize::from(u16::MAX) {
            let expected = format!("at most {} folders of {what}", u16::MAX);
            return Err(content(shown, expected, classes.len().to_string()));
        }
        self.collect(&mut part.files);
        if !classes.is_empty() {
            for folder in &self.folders {
                let label = classes.binary_search(&folder.name).unwrap_or_default();
                part.labels.extend(vec![label as u16; folder.count()]);
            }
        }
        let root = shown.join(&self.path);
        part.names = names(&root, &part.files);
        Ok(part)
    }

    fn collect(&self, files: &mut Vec<ImageFile>) {
        files.extend(self.images.iter().cloned());
        self.folders.iter().for_each(|folder| folder.collect(files));
    }
}

/// The shortest names that tell these files apart: without the ending and the folder where that is enough.
fn names(root: &Path, files: &[ImageFile]) -> Vec<String> {
    let path = |file: &ImageFile| {
        let path = file.shown.strip_prefix(root).unwrap_or(&file.shown);
        path.to_string_lossy().replace('\\', "/")
    };
    let without = |name: &Path| name.with_extension("");
    let stem = |file: &ImageFile| {
        let stem = file.shown.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let longer = |file: &ImageFile| {
        without(Path::new(&path(file)))
            .to_string_lossy()
            .replace('\\', "/")
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        *counts.entry(stem(file)).or_default() += 1;
        let longer = longer(file);
        if longer != stem(file) {
            *counts.entry(longer).or_default() += 1;
        }
    }
    let is_one = |name: &String| counts.get(name) == Some(&1);
    let name = |file: &ImageFile| {
        let mut names = [stem(file), longer(file)].into_iter();
        names.find(is_one).unwrap_or_else(|| path(file))
    };
    files.iter().map(name).collect()
}

/// Whether a file of this name is an image by its ending.
pub(crate) fn is_image(path: &Path) -> bool {
    ENDINGS.contains(&ending(path).as_str())
}

/// The ending of a name, in small letters.
fn ending(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

struct Reader<'a> {
    root: &'a Path,
    shown: &'a Path,
    wanted: Wanted,
    /// How many files have another ending than what is wanted.
    others: BTreeMap<String, usize>,
    /// Where links led already.
    visited: BTreeSet<PathBuf>,
}

impl<'a> Reader<'a> {
    fn new(root: &'a Path, shown: &'a Path, wanted: Wanted) -> Self {
        Self {
            root,
            shown,
            wanted,
            others: BTreeMap::new(),
            visited: BTreeSet::new(),
        }
    }

    fn read(&mut self, folder: &Path, path: String, depth: usize) -> Result<Folder, Error> {
        let place = self.shown_as(folder);
        let unreadable = |failure| unreadable(&place, failure);
        let own = fs::canonicalize(folder).map_err(unreadable)?;
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut found = Folder {
            path,
            name,
            ..Folder::default()
        };
        // A link to a folder above would never end.
        if depth > DEEPEST || !self.visited.insert(own) {
            return Ok(found);
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if !name.starts_with('.') {
                entries.push((path, name));
            }
        }
        entries.sort();
        for (path, name) in entries {
            let kind = fs::metadata(&path);
            // Opening a pipe would wait for its other end, and a device may never end.
            let is_special = kind
                .as_ref()
                .is_ok_and(|kind| !kind.is_dir() && !kind.is_file());
            if kind.is_ok_and(|kind| kind.is_dir()) {
                let below = match found.path.is_empty() {
                    true => name,
                    false => format!("{}/{name}", found.path),
                };
                let below = self.read(&path, below, depth + 1)?;
                if below.has_images() {
                    found.folders.push(below);
                }
            } else if self.wanted.is(&path) && !is_special {
                let shown = self.shown_as(&path);
                found.images.push(ImageFile { path, shown });
            } else {
                *self.others.entry(ending(&path)).or_default() += 1;
            }
        }
        Ok(found)
    }

    fn shown_as(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(self.root) {
            Ok(below) if !below.as_os_str().is_empty() => self.shown.join(below),
            _ => self.shown.to_owned(),
        }
    }

    /// What to do about files that are data sets of their own.
    fn hint(&self) -> String {
        let mut endings = self.others.keys();
        let own = endings.find(|ending| {
            // A plain text is more often a note than a table.
            let may_be_data = !["", "txt"].contains(&ending.as_str());
            may_be_data && format_of(Path::new(&format!("a.{ending}"))).is_some()
        });
        own.map_or(String::new(), |ending| {
            format!("; a `.{ending}` file is a data set of its own: give its path in place of the folder's")
        })
    }

    /// A note of the files that have another ending than what is wanted.
    fn left_out(&self) -> Option<String> {
        let said = |ending: &str| match ending.is_empty() {
            true => "names without an ending".to_owned(),
            false => format!("`.{ending}`"),
        };
        let all: usize = self.others.values().sum();
        let files = if all == 1 { "file" } else { "files" };
        let mut endings: Vec<_> = self.others.iter().collect();
        endings.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let endings = match &endings[..] {
            [] => return None,
            [(only, _)] => said(only),
            all => {
                let all = all
                    .iter()
                    .map(|(ending, count)| format!("{} ({count})", said(ending)));
                all.collect::<Vec<_>>().join(", ")
            }
        };
        Some(format!(
            "left out {all} {files}: {endings} cannot be read as {}",
            self.wanted.name()
        ))
    }
}
