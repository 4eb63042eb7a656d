//! A folder of images; its sub-folders are their classes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{content, unreadable};
use crate::picture_files::gather;
use crate::source::Parts;
use crate::{Error, Facts, Samples, Source};

/// How the names of image files end. What is in them decides how they are read.
const ENDINGS: [&str; 10] = [
    "png", "jpg", "jpeg", "jfif", "gif", "bmp", "dib", "tif", "tiff", "webp",
];

/// All images of a folder, by name. Hidden files and those that do not end like an image are passed over.
pub(crate) fn load(source: &Source, folder: &Path) -> Result<Parts, Error> {
    let found = find(folder)?;
    let files = &found.files;
    if files.is_empty() {
        let expected = format!("images, with names in `.{}`", ENDINGS.join("`, `."));
        return Err(content(folder, expected, "none"));
    }
    let gathered = gather(source, files)?;
    let labels = gathered.kept.iter().filter(|_| !found.labels.is_empty());
    let facts = Facts {
        name: source.name.clone(),
        captions: gathered.kept.iter().map(|&at| stem(&files[at])).collect(),
        labels: labels.map(|&at| found.labels[at]).collect(),
        classes: found.classes,
    };
    Ok(Parts {
        train: Samples::stored(facts, gathered.shape, 255, gathered.store)?,
        test: None,
        skipped: gathered.skipped,
    })
}

/// The images of a folder.
struct Found {
    files: Vec<PathBuf>,
    /// The class of each, or nothing where there are no sub-folders.
    labels: Vec<u16>,
    classes: Vec<String>,
}

fn find(folder: &Path) -> Result<Found, Error> {
    let entries = entries(folder)?;
    let mut found = Found {
        files: Vec::new(),
        labels: Vec::new(),
        classes: Vec::new(),
    };
    for class in entries.iter().filter(|path| path.is_dir()) {
        let pictures = pictures(self::entries(class)?);
        let Ok(label) = u16::try_from(found.classes.len()) else {
            let expected = format!("at most {} folders of images", u16::MAX);
            return Err(content(folder, expected, "more"));
        };
        if pictures.is_empty() {
            continue;
        }
        found.labels.extend(vec![label; pictures.len()]);
        found.classes.push(name(class));
        found.files.extend(pictures);
    }
    let beside = pictures(entries);
    match beside.first() {
        Some(picture) if !found.files.is_empty() => {
            let expected = "either images or folders of images";
            let found = format!("`{}` beside folder `{}`", name(picture), found.classes[0]);
            Err(content(folder, expected, found))
        }
        Some(_) => Ok(Found {
            files: beside,
            ..found
        }),
        None => Ok(found),
    }
}

/// What a folder holds, by name, without what is hidden.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| unreadable(folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !name(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The files whose names end like those of images.
fn pictures(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.retain(|path| {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        ENDINGS.contains(&ending.to_lowercase().as_str()) && path.is_file()
    });
    paths
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgb, RgbImage};
    use tempfile::TempDir;

    use super::*;
    use crate::load;
    use crate::source::{TargetColumn, TargetKind};

    /// A folder with a grey image of 2x3 pixels for each name ending in `.png`, and nothing in the other files.
    fn folder(names: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (grey, name) in names.iter().enumerate() {
            let path = folder.path().join(name);
            let parent = path.parent().expect("it lies in the folder");
            fs::create_dir_all(parent).expect("a temporary folder");
            match name.ends_with(".png") {
                true => GrayImage::from_pixel(3, 2, Luma([grey as u8]))
                    .save(path)
                    .expect("a temporary file"),
                false => fs::write(path, "").expect("a temporary file"),
            }
        }
        folder
    }

    fn source(folder: &TempDir) -> Source {
        Source::named(folder.path().display().to_string())
    }

    fn train(source: &Source) -> Samples {
        load(source).expect("the images are whole").train
    }

    fn captions(samples: &Samples) -> Vec<&str> {
        (0..samples.len())
            .map(|index| samples.caption(index))
            .collect()
    }

    fn check_refused(source: &Source, folder: &TempDir, message: &str, hint: Option<&str>) {
        let error = load(source).expect_err(message);
        let path = folder.path().display().to_string();
        assert_eq!(error.to_string(), message.replace("FOLDER", &path));
        assert_eq!(error.hint().as_deref(), hint);
    }

    #[test]
    fn pictures_come_by_name_and_nothing_else_does() {
        let names = [
            "b.png",
            "a.PNG",
            "a.png",
            ".hidden.png",
            "notes.txt",
            "README",
        ];
        let folder = folder(&names);
        fs::remove_file(folder.path().join("a.PNG")).expect("a temporary file");
        let pictures = train(&source(&folder));
        assert_eq!(captions(&pictures), ["a", "b"]);
        assert_eq!(pictures.pixels(1).expect("in memory"), [0; 6]);
        assert_eq!(pictures.shape().to_string(), "1x2x3");
        assert_eq!((pictures.label(0), pictures.classes().len()), (None, 0));
    }

    #[test]
    fn sub_folders_are_classes() {
        let folder = folder(&[
            "dog/1.png",
            "cat/2.png",
            "cat/1.png",
            "empty/notes.txt",
            ".git/1.png",
        ]);
        let pictures = train(&source(&folder));
        assert_eq!(pictures.classes(), ["cat", "dog"]);
        assert_eq!(captions(&pictures), ["1", "2", "1"]);
        assert_eq!(
            [0, 1, 2].map(|index| pictures.label(index)),
            [0, 0, 1].map(Some)
        );
        fs::copy(folder.path().join("dog/1.png"), folder.path().join("3.png")).expect("a file");
        let message = "`FOLDER`: expected either images or folders of images, found `3.png` beside folder `cat`";
        check_refused(&source(&folder), &folder, message, None);
    }

    #[test]
    fn a_target_is_not_for_folders() {
        let folder = folder(&["dog/1.png", "cat/1.png"]);
        let source = Source {
            target: Some(TargetColumn {
                column: "price".to_owned(),
                kind: TargetKind::Numbers,
            }),
            ..source(&folder)
        };
        let message = "`target` of `FOLDER`: expected none, for the classes come from the sub-folders; `target` is \
            for a `.csv`, `.arff`, `.parquet`, `.npy` or `.npz` file, found `price`";
        check_refused(&source, &folder, message, None);
    }

    #[test]
    fn many_pictures_keep_their_order_in_memory_and_out_of_it() {
        let names: Vec<_> = (0..100).map(|number| format!("{number:03}.png")).collect();
        let folder = folder(&Vec::from_iter(names.iter().map(String::as_str)));
        for memory in [1 << 20, 100] {
            let pictures = train(&Source {
                memory,
                ..source(&folder)
            });
            for index in 0..100 {
                assert_eq!(
                    pictures.pixels(index).expect("it is there"),
                    [index as u8; 6]
                );
            }
        }
    }

    #[test]
    fn grey_among_colour_becomes_colour() {
        let folder = folder(&["a.png", "b.png", "d.png"]);
        let colour = RgbImage::from_pixel(3, 2, Rgb([1, 2, 3]));
        colour
            .save(folder.path().join("c.png"))
            .expect("a temporary file");
        let pictures = train(&source(&folder));
        assert_eq!(pictures.shape().to_string(), "3x2x3");
        for (index, first) in [[0; 3], [1; 3], [1, 2, 3], [2; 3]].iter().enumerate() {
            let pixels = pictures.pixels(index).expect("in memory");
            assert_eq!([pixels[0], pixels[6], pixels[12]], *first);
        }
        let grey = train(&Source {
            grey: true,
            ..source(&folder)
        });
        assert_eq!(grey.shape().to_string(), "1x2x3");
    }

    #[test]
    fn pictures_of_two_sizes_are_refused_unless_a_size_is_given() {
        let folder = folder(&["a.png", "b.png"]);
        let larger = GrayImage::from_pixel(5, 4, Luma([8]));
        larger
            .save(folder.path().join("c.png"))
            .expect("a temporary file");
        let name = Path::new("FOLDER").join("c.png");
        let message = format!(
            "`{}`: expected 2x3 pixels as in `a.png`, found 4x5",
            name.display()
        );
        let hint = "`--size 2x3` brings all images to one size";
        check_refused(&source(&folder), &folder, &message, Some(hint));
        let pictures = train(&Source {
            size: Some([2, 2]),
            ..source(&folder)
        });
        assert_eq!(pictures.pixels(2).expect("in memory"), [8; 4]);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_or_skipped() {
        let folder = folder(&["b.png", "c.png"]);
        fs::write(folder.path().join("a.png"), "x").expect("a temporary file");
        let skipping = Source {
            skip_bad: true,
            ..source(&folder)
        };
        let error = load(&source(&folder)).expect_err("one letter is no image");
        let path = folder.path().join("a.png");
        let start = format!(
            "`{}`: expected an image that can be read, found ",
            path.display()
        );
        assert!(error.to_string().starts_with(&start), "{error}");
        let loaded = load(&skipping).expect("two are whole");
        assert_eq!(captions(&loaded.train), ["b", "c"]);
        assert_eq!(loaded.skipped, [error.to_string()]);
        for name in ["b.png", "c.png"] {
            fs::write(folder.path().join(name), "").expect("a temporary file");
        }
        let error = load(&skipping).expect_err("none is left").to_string();
        assert!(error.contains("found none in 3 files; `"), "{error}");
    }

    #[test]
    fn a_folder_without_pictures_is_refused() {
        let folder = folder(&["notes.txt"]);
        let error = load(&source(&folder)).expect_err("there are none");
        assert!(error.to_string().ends_with("`.webp`, found none"));
    }
}
