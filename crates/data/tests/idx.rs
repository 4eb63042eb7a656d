//! idx files given by their path, and our reader beside another one.

use std::fs;
use std::io::Read;
use std::path::Path;

use espejo_data::{Loaded, Samples, Source, load};
use flate2::read::GzDecoder;
use mnist::MnistBuilder;

/// A file in idx form, of this type.
fn idx(kind: u8, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, sizes.len() as u8];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.extend(elements);
    file
}

/// A folder of the four files of a set like MNIST, of images of this size.
fn write_set(folder: &Path, [height, width]: [u32; 2], counts: [u32; 2]) {
    fs::create_dir_all(folder).expect("a folder");
    for (part, count) in ["train", "t10k"].into_iter().zip(counts) {
        let length = count * height * width;
        let pattern: Vec<_> = (0..=u8::MAX).map(|at| at.wrapping_mul(7)).collect();
        let pixels = &pattern.repeat(length as usize / 256 + 1)[..length as usize];
        let labels: Vec<_> = (0..count).map(|at| (at % 10) as u8).collect();
        let images = idx(8, &[count, height, width], pixels);
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).expect("a file");
        let labels = idx(8, &[count], &labels);
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).expect("a file");
    }
}

fn named(path: &Path) -> Source {
    Source::named(path.display().to_string())
}

fn loaded(path: &Path) -> Loaded {
    load(&named(path)).expect("it is whole")
}

fn all_pixels(samples: &Samples) -> Vec<u8> {
    let mut pixels = Vec::new();
    for index in 0..samples.len() {
        pixels.extend_from_slice(&samples.pixels(index).expect("in memory"));
    }
    pixels
}

fn all_labels(samples: &Samples) -> Vec<u8> {
    let label = |index| samples.label(index).expect("a label") as u8;
    (0..samples.len()).map(label).collect()
}

/// Both readers give the same images and labels.
fn check_both(ours: &Loaded, folder: &Path) {
    let test = ours.test.as_ref().expect("a test part");
    let theirs = MnistBuilder::new()
        .base_path(&folder.display().to_string())
        .label_format_digit()
        .training_set_length(ours.train.len() as u32)
        .validation_set_length(0)
        .test_set_length(test.len() as u32)
        .finalize();
    assert!(all_pixels(&ours.train) == theirs.trn_img);
    assert!(all_pixels(test) == theirs.tst_img);
    assert_eq!(all_labels(&ours.train), theirs.trn_lbl);
    assert_eq!(all_labels(test), theirs.tst_lbl);
}

/// The real files, where they are.
#[test]
fn another_reader_reads_the_same_of_the_real_files() {
    for (set, own) in [("mnist", "mnist"), ("fashion", "fashion-mnist")] {
        let Ok(ours) = load(&Source::named(set)) else {
            eprintln!("`{set}` is not here and not tested");
            continue;
        };
        let directory = espejo_data::directory()
            .expect("it was just found")
            .join(own);
        let folder = tempfile::tempdir().expect("a folder");
        for entry in fs::read_dir(&directory).expect("it was just read") {
            let path = entry.expect("an entry").path();
            let packed = path.extension().is_some_and(|ending| ending == "gz");
            if let Some(stem) = path.file_stem().filter(|_| packed) {
                let mut bytes = Vec::new();
                let file = fs::File::open(&path).expect("it was just read");
                GzDecoder::new(file).read_to_end(&mut bytes).expect("whole");
                fs::write(folder.path().join(stem), bytes).expect("a file");
            }
        }
        if folder.path().join("train-images-idx3-ubyte").is_file() {
            check_both(&ours, folder.path());
        }
    }
}

#[test]
fn a_folder_or_a_file_of_ones_own() {
    let folder = tempfile::tempdir().expect("a folder");
    write_set(folder.path(), [20, 16], [40, 10]);
    let whole = loaded(folder.path());
    assert_eq!(whole.train.shape().to_string(), "1x20x16");
    assert_eq!(whole.test.map(|test| test.len()), Some(10));
    let file = loaded(&folder.path().join("train-images-idx3-ubyte"));
    assert!(file.test.is_none());
    assert_eq!(all_pixels(&file.train), all_pixels(&whole.train));
    assert_eq!(all_labels(&file.train), all_labels(&whole.train));
}

/// Where torchvision lays its files: `MNIST/raw`.
#[test]
fn the_folders_of_torchvision() {
    let directory = tempfile::tempdir().expect("a folder");
    write_set(&directory.path().join("MNIST/raw"), [28, 28], [40, 10]);
    let source = Source {
        directory: Some(directory.path().to_owned()),
        ..Source::named("mnist")
    };
    assert_eq!(load(&source).expect("it is there").train.len(), 40);
}

#[test]
fn every_type_of_number() {
    let folder = tempfile::tempdir().expect("a folder");
    for (kind, elements) in [
        (0x08, vec![0, 100, 200]),
        (
            0x0b,
            [0i16, 100, 200]
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect(),
        ),
        (
            0x0c,
            [0i32, 100, 200]
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect(),
        ),
        (
            0x0d,
            [0f32, 100.0, 200.0]
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect(),
        ),
        (
            0x0e,
            [0f64, 100.0, 200.0]
                .iter()
                .flat_map(|n| n.to_be_bytes())
                .collect(),
        ),
    ] {
        let path = folder.path().join(format!("kind{kind}.idx"));
        fs::write(&path, idx(kind, &[1, 1, 3], &elements)).expect("a file");
        assert_eq!(all_pixels(&loaded(&path).train), [0, 100, 200], "{kind}");
    }
}

/// QMNIST keeps eight numbers an image, of which the first is the class.
#[test]
fn labels_of_qmnist() {
    let folder = tempfile::tempdir().expect("a folder");
    let images = idx(8, &[2, 1, 2], &[9, 8, 7, 200]);
    fs::write(folder.path().join("qmnist-train-images-idx3-ubyte"), images).expect("a file");
    let labels: Vec<_> = [5i32, 0, 39, 1, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7]
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect();
    let labels = idx(0x0c, &[2, 8], &labels);
    fs::write(folder.path().join("qmnist-train-labels-idx2-int"), labels).expect("a file");
    let train = loaded(folder.path()).train;
    assert_eq!([train.caption(0), train.caption(1)], ["5", "3"]);
}

#[test]
fn lies_and_damage_are_said_with_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.idx");
    for (bytes, message) in [
        (
            idx(8, &[u32::MAX; 3], &[1]),
            "at most 4096 MiB, found the shape [4294967295, 4294967295, 4294967295]",
        ),
        (
            idx(8, &[1, 2, 2], &[1]),
            "4 bytes for the shape [1, 2, 2], found 1 bytes",
        ),
        (
            idx(8, &[1, 1, 2], &[1, 2, 3]),
            "2 bytes for the shape [1, 1, 2], found 3 bytes",
        ),
        (
            vec![0, 0, 8],
            "numbers in idx form, starting with `0000`, a type of 08 to 0e and 1 to 8 dimensions, found `000008`",
        ),
        (
            idx(0x0a, &[1], &[1]),
            "numbers in idx form, starting with `0000`, a type of 08 to 0e and 1 to 8 dimensions, found `00000a01`",
        ),
    ] {
        fs::write(&path, bytes).expect("a file");
        let error = load(&named(&path)).expect_err(message).to_string();
        assert_eq!(error, format!("`{}`: expected {message}", path.display()));
    }
}
