//! The Yale faces: a file a face, named `subject01.happy`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{missing, unreadable};
use crate::picture_files::{ImageFile, gather};
use crate::source::Parts;
use crate::{Error, Facts, Samples, Source};

/// The expressions and lights of a subject, which are the classes.
pub(crate) const EXPRESSIONS: [&str; 11] = [
    "centerlight",
    "glasses",
    "happy",
    "leftlight",
    "noglasses",
    "normal",
    "rightlight",
    "sad",
    "sleepy",
    "surprised",
    "wink",
];

/// A subject's number and a place in [`EXPRESSIONS`].
type Face = (u8, usize);

/// The faces of all subjects, or of the one that is asked for, by subject and expression.
pub(crate) fn load(source: &Source, folder: &Path) -> Result<Parts, Error> {
    let mut faces = find(folder)?;
    if faces.is_empty() {
        let files = "165 files, `subject01.centerlight` to `subject15.wink`";
        return Err(missing("yale", folder, "subject01.centerlight", files));
    }
    let subject = source.selection.subject.as_deref();
    if let Some(subject) = subject {
        let number = number_of(source, subject, &faces)?;
        faces.retain(|(of, _), _| *of == number);
    }
    let (faces, files): (Vec<_>, Vec<_>) = faces.into_iter().unzip();
    let files: Vec<_> = files.into_iter().map(ImageFile::at).collect();
    let gathered = gather(source, &files.as_slice())?;
    let kept = || gathered.kept.iter().map(|&at| faces[at]);
    let caption = |(number, expression): Face| match subject {
        Some(_) => EXPRESSIONS[expression].to_owned(),
        None => format!("subject{number:02}.{}", EXPRESSIONS[expression]),
    };
    let facts = Facts {
        name: source.name.clone(),
        captions: kept().map(caption).collect(),
        labels: kept().map(|(_, expression)| expression as u16).collect(),
        classes: EXPRESSIONS.map(str::to_owned).to_vec(),
        ..Facts::default()
    };
    Ok(Parts {
        train: Samples::stored(facts, gathered.shape, 255, gathered.store)?,
        test: None,
        skipped: gathered.skipped,
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

/// The files of faces in a folder. Where two show the same face, the one without an ending is taken.
fn find(folder: &Path) -> Result<BTreeMap<Face, PathBuf>, Error> {
    let mut faces = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(faces);
    }
    let unreadable = |source| unreadable(folder, source);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(face) = face(&name) else { continue };
        let ends = name.ends_with(".gif");
        if !ends || !faces.contains_key(&face) {
            faces.insert(face, path);
        }
    }
    Ok(faces)
}

/// The face that a file of this name shows. Some copies end in `.gif`, and have `subject01.gif` for `subject01.centerlight`.
fn face(name: &str) -> Option<Face> {
    let (number, expression) = name.strip_prefix("subject")?.split_once('.')?;
    let expression = match expression {
        "gif" => EXPRESSIONS[0],
        expression => expression.strip_suffix(".gif").unwrap_or(expression),
    };
    let expression = EXPRESSIONS.iter().position(|known| *known == expression)?;
    Some((number.parse().ok()?, expression))
}

/// The number of the subject that is asked for as `1`, `01` or `subject01`.
fn number_of(source: &Source, subject: &str, faces: &BTreeMap<Face, PathBuf>) -> Result<u8, Error> {
    let number = subject.strip_prefix("subject").unwrap_or(subject).parse();
    let known = |number: &u8| faces.keys().any(|(of, _)| of == number);
    number.ok().filter(known).ok_or_else(|| {
        let mut numbers: Vec<_> = faces.keys().map(|(of, _)| of.to_string()).collect();
        numbers.dedup();
        Error::Selection {
            field: "subject",
            set: source.name.clone(),
            expected: format!("one of {}", numbers.join(", ")),
            found: format!("`{subject}`"),
        }
    })
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgb, RgbImage};
    use tempfile::TempDir;

    use super::*;
    use crate::{Selection, load};

    /// A data directory with faces of these names, each of one grey: its place among the names.
    fn directory(names: &[&str]) -> TempDir {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let folder = directory.path().join("yalefaces");
        fs::create_dir(&folder).expect("a temporary folder");
        for (place, name) in names.iter().enumerate() {
            let face = RgbImage::from_pixel(4, 3, Rgb([place as u8; 3]));
            let saved = face.save_with_format(folder.join(name), ImageFormat::Gif);
            saved.expect("a temporary file");
        }
        directory
    }

    fn load_subject(directory: &TempDir, subject: Option<&str>) -> Result<Samples, Error> {
        let loaded = load(&Source {
            directory: Some(directory.path().to_owned()),
            selection: Selection {
                subject: subject.map(str::to_owned),
                ..Selection::default()
            },
            ..Source::named("yale")
        })?;
        Ok(loaded.train)
    }

    fn check(directory: &TempDir, subject: Option<&str>, expected: &[(&str, &str, u8)]) {
        let faces = load_subject(directory, subject).expect("the files are whole");
        assert_eq!(faces.len(), expected.len());
        for (index, (caption, class, grey)) in expected.iter().enumerate() {
            let label = faces.label(index).expect("a class");
            assert_eq!(
                (faces.caption(index), &*faces.classes()[label]),
                (*caption, *class)
            );
            assert_eq!(faces.pixels(index).expect("in memory"), [*grey; 12]);
        }
    }

    #[test]
    fn faces_come_by_subject_and_expression() {
        let names = [
            "subject02.wink",
            "subject01.wink",
            "subject01.happy",
            "Readme.txt",
            "subject01.angry",
        ];
        let faces = directory(&names);
        check(
            &faces,
            None,
            &[
                ("subject01.happy", "happy", 2),
                ("subject01.wink", "wink", 1),
                ("subject02.wink", "wink", 0),
            ],
        );
        for subject in ["2", "02", "subject02"] {
            check(&faces, Some(subject), &[("wink", "wink", 0)]);
        }
        let error = load_subject(&faces, Some("3")).expect_err("there are two");
        let message = "`subject` of `yale`: expected one of 1, 2, found `3`";
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn the_copy_with_endings_is_read_too() {
        let names = [
            "subject01.gif",
            "subject01.glasses.gif",
            "subject01.glasses",
        ];
        check(
            &directory(&names),
            Some("1"),
            &[("centerlight", "centerlight", 0), ("glasses", "glasses", 2)],
        );
    }

    #[test]
    fn a_folder_without_faces_is_refused() {
        let error = load_subject(&directory(&["Readme.txt"]), None).expect_err("no faces");
        assert!(
            error
                .to_string()
                .ends_with("there is no `subject01.centerlight`")
        );
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("data fetch yale"))
        );
    }
}
