use image::{GrayImage, Luma, Rgb, RgbImage};
use tempfile::TempDir;

use std::fs;

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
    assert_eq!(captions(&pictures), ["cat/1", "2", "dog/1"]);
    assert_eq!(
        [0, 1, 2].map(|index| pictures.label(index)),
        [0, 0, 1].map(Some)
    );
    fs::copy(folder.path().join("dog/1.png"), folder.path().join("3.png")).expect("a file");
    let message =
        "`FOLDER`: expected either images or folders of images, found `3.png` beside folder `cat`";
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
    let hint = "`--size 2x2` brings all images to one size, each cut to this form; `--fit pad` or `--fit stretch` keeps all of it";
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
    let message = "`.webp`, or arrays in `.npy`, found none (left out 1 file: `.txt` cannot be read as images)";
    assert!(error.to_string().ends_with(message), "{error}");
}

/// A train and a test folder are the parts, with classes below them or not; a validation part is test only alone.
#[test]
fn folders_of_parts_are_parts() {
    let flat = folder(&["train/a.png", "train/b.png", "test/a.png"]);
    let loaded = load(&source(&flat)).expect("two parts");
    let test = loaded.test.expect("a test part");
    assert_eq!(
        (captions(&loaded.train), captions(&test)),
        (vec!["a", "b"], vec!["a"])
    );
    assert!(loaded.train.classes().is_empty());
    let deep = folder(&["x/train/cat/1.png", "x/train/dog/2.png", "x/val/dog/3.png"]);
    let loaded = load(&source(&deep)).expect("two parts");
    let test = loaded.test.expect("the validation part");
    assert_eq!(loaded.train.classes(), ["cat", "dog"]);
    assert_eq!(
        (test.label(0), test.classes()),
        (Some(1), loaded.train.classes())
    );
    assert_eq!(
        loaded.notes,
        [
            "images are those of the folder `x`",
            "`x/val` is taken as the test part"
        ]
    );
    let three = folder(&["train/1.png", "valid/2.png", "test/3.png"]);
    let loaded = load(&source(&three)).expect("two parts and one left out");
    let note = "left out the 1 images of `valid`: there is a test part beside it";
    assert_eq!(loaded.notes, [note]);
    let flat_test = folder(&["train/cat/1.png", "train/dog/1.png", "test/3.png"]);
    let loaded = load(&source(&flat_test)).expect("a part without classes");
    assert!(loaded.test.is_none());
    let note = "left out the 1 images of `test`: they are in no folders of classes";
    assert_eq!(loaded.notes, [note]);
    // Vehicles, one kind of which is called like a part.
    let kinds = train(&source(&folder(&["train/1.png", "bus/1.png"])));
    assert_eq!(kinds.classes(), ["bus", "train"]);
}

#[test]
fn deeper_images_belong_to_the_class_above() {
    let deep = folder(&["cat/2020/1.png", "cat/2021/1.png", "dog/1.png"]);
    let loaded = load(&source(&deep)).expect("three images");
    assert_eq!(loaded.train.classes(), ["cat", "dog"]);
    assert_eq!(
        captions(&loaded.train),
        ["cat/2020/1", "cat/2021/1", "dog/1"]
    );
    assert_eq!(loaded.notes.len(), 1);
}

#[test]
fn files_of_other_endings_are_said() {
    let phone = folder(&["1.png", "2.heic", "3.HEIC", "notes.txt", "LICENSE"]);
    let loaded = load(&source(&phone)).expect("one image");
    let note = "left out 4 files: `.heic` (2), names without an ending (1), `.txt` (1) cannot be read as images";
    assert_eq!(loaded.notes, [note]);
}

#[test]
fn one_image_is_a_set_of_one() {
    let folder = folder(&["1.png", "2.png"]);
    let path = folder.path().join("2.png").display().to_string();
    let image = train(&Source::named(path));
    assert_eq!((captions(&image), image.len()), (vec!["2"], 1));
}

/// Two images of one name but for the ending.
#[test]
fn captions_tell_images_apart() {
    let folder = folder(&["a.png", "b.png"]);
    fs::copy(folder.path().join("b.png"), folder.path().join("b.PNM.png")).expect("a file");
    let jpeg = GrayImage::from_pixel(3, 2, Luma([9]));
    jpeg.save(folder.path().join("b.jpg")).expect("a file");
    assert_eq!(
        captions(&train(&source(&folder))),
        ["a", "b.PNM", "b.jpg", "b.png"]
    );
}
