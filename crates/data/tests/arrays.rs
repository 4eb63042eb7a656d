//! Files of arrays as their own tools write them (`data/write.py`), and the values that went in.

use std::path::PathBuf;

use espejo_data::{Loaded, PixelRange, Samples, Source, load};

fn path(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    folder.join(name).display().to_string()
}

fn loaded(name: &str) -> Loaded {
    load(&Source::named(path(name))).expect(name)
}

fn labels(samples: &Samples) -> Vec<&str> {
    let labels = (0..samples.len()).filter_map(|index| samples.label(index));
    labels.map(|label| &*samples.classes()[label]).collect()
}

fn numbers(samples: &Samples) -> Vec<f32> {
    let mut numbers = Vec::new();
    samples
        .read(0..samples.len(), 0.0, &mut numbers)
        .expect("in memory");
    numbers
}

fn pixels(samples: &Samples, index: usize) -> Vec<u8> {
    samples.pixels(index).expect("in memory")
}

fn shape(samples: &Samples) -> String {
    format!("{} of {}", samples.len(), samples.shape())
}

#[test]
fn names_of_medmnist() {
    let loaded = loaded("medmnist.npz");
    let test = loaded.test.expect("a test part");
    assert_eq!(shape(&loaded.train), "3 of 1x2x3");
    assert_eq!(pixels(&loaded.train, 1), [54, 63, 72, 81, 90, 99]);
    assert_eq!(labels(&loaded.train), ["2", "0", "2"]);
    assert_eq!((labels(&test), pixels(&test, 0)[1]), (vec!["0", "1"], 11));
    assert_eq!(
        loaded.notes,
        ["left out 2 arrays: `val_images`, `val_labels`"]
    );
}

/// An object array cannot be read without running what is in it: it is passed over.
#[test]
fn images_beside_an_array_of_objects() {
    let loaded = loaded("dsprites.npz");
    assert_eq!(shape(&loaded.train), "2 of 1x4x4");
    assert!(loaded.train.two_valued());
    assert_eq!(pixels(&loaded.train, 1)[..6], [1, 0, 0, 0, 0, 1]);
    let note = "left out 3 arrays: `latents_classes`, `latents_values`, `metadata`";
    assert_eq!(loaded.notes, [note]);
    let error = load(&Source::named(path("dsprites.npz:metadata"))).expect_err("objects");
    let message = "expected an array of whole numbers or floats of up to 8 bytes, found `|O`";
    assert!(error.to_string().ends_with(message), "{error}");
}

#[test]
fn an_array_by_its_name() {
    let name = "dsprites.npz:latents_values";
    let loaded = loaded(name);
    assert!(loaded.train.is_table());
    assert_eq!(loaded.train.name(), path(name));
    assert_eq!(numbers(&loaded.train)[1], 1.0 / 3.0);
    let error = load(&Source::named(path("dsprites.npz:nothing"))).expect_err("no such array");
    let message = "expected one of its arrays, `imgs`, `latents_classes`, `latents_values`, `metadata`, found `:nothing`";
    assert!(error.to_string().ends_with(message), "{error}");
}

#[test]
fn one_image_in_every_layout() {
    let train = |name: &str| loaded(&format!("layouts.npz:{name}")).train;
    let plain = pixels(&train("plain"), 1);
    assert_eq!(plain, [54, 63, 72, 81, 90, 99]);
    for name in ["fortran", "big", "unit", "half", "signed", "to255"] {
        assert_eq!(pixels(&train(name), 1), plain, "{name}");
    }
    assert_eq!(pixels(&train("rounded"), 0), [128, 255]);
    let truth = train("truth");
    assert!(truth.two_valued());
    assert_eq!(
        (pixels(&truth, 0), pixels(&truth, 1)),
        (vec![0; 6], vec![1; 6])
    );
    let last = train("last");
    assert_eq!(shape(&last), "1 of 3x4x2");
    assert_eq!(pixels(&last, 0)[8..10], [10, 40]);
    assert_eq!(pixels(&train("first"), 0), pixels(&last, 0));
}

#[test]
fn counts_far_below_255_are_stretched() {
    let loaded = loaded("layouts.npz:digits");
    assert_eq!(pixels(&loaded.train, 0), [0, 64, 255, 128, 191, 16]);
    let note = "pixels of 0 to 16 are stretched to 0 to 255";
    assert!(
        loaded.notes.iter().any(|known| known == note),
        "{:?}",
        loaded.notes
    );
    let range = PixelRange {
        low: 0.0,
        high: 16.0,
    };
    assert_eq!(loaded.train.pixel_range(), Some(range));
}

/// One-hot labels are classes; other labels do not stand between the user and the images, unless they are asked for.
#[test]
fn labels_of_more_than_one_number() {
    assert_eq!(labels(&loaded("onehot.npz").train), ["2", "0", "1"]);
    let several = loaded("several.npz");
    assert_eq!((several.train.len(), several.train.classes().len()), (3, 0));
    let note = &several.notes[0];
    let message =
        "several.npz: y_train`: expected one label for each of 3 samples, found the shape [3, 14]";
    assert!(
        note.starts_with("left out the labels: `") && note.ends_with(message),
        "{note}"
    );
    let source = Source {
        label: Some("y".to_owned()),
        ..Source::named(path("several.npz"))
    };
    let error = load(&source).expect_err("asked for").to_string();
    assert!(error.ends_with(message), "{error}");
}

/// SVHN in its own form, and as MATLAB 7.3 would write it.
#[test]
fn street_numbers_of_matlab() {
    for name in ["svhn.mat", "version73.mat"] {
        let train = loaded(name).train;
        assert_eq!(shape(&train), "3 of 3x32x32");
        assert_eq!(pixels(&train, 1)[34], 200, "{name}");
        assert_eq!(pixels(&train, 2)[2048], 77, "{name}");
        assert_eq!(pixels(&train, 0), [0; 3072]);
        assert_eq!(labels(&train), ["1", "0", "9"]);
    }
}

#[test]
fn letters_of_matlab() {
    let loaded = loaded("emnist.mat");
    let test = loaded.test.expect("a test part");
    assert_eq!(shape(&loaded.train), "3 of 1x28x28");
    let first = pixels(&loaded.train, 0);
    assert_eq!([first[0], first[1], first[28]], [0, 28, 1]);
    assert_eq!(labels(&loaded.train), ["A", "B", "C"]);
    assert_eq!(labels(&test), ["A", "B"]);
    let note = "left out 2 arrays: `dataset.test.writers`, `dataset.train.writers`";
    assert_eq!(loaded.notes, [note]);
}

#[test]
fn a_table_of_matlab() {
    let loaded = loaded("table.mat");
    assert_eq!(numbers(&loaded.train), [1.5, -2.0, 3e4, 4.0, 5.0, 0.25]);
    assert_eq!(labels(&loaded.train), ["1", "0"]);
    assert_eq!(loaded.notes, ["left out the array `names`"]);
    let error = load(&Source::named(path("table.mat:names"))).expect_err("text");
    let message = "table.mat: names`: expected an array of real numbers, found text";
    assert!(error.to_string().ends_with(message), "{error}");
}

#[cfg(feature = "hdf5")]
#[test]
fn parts_of_hdf5() {
    let loaded = loaded("parts.h5");
    let test = loaded.test.expect("a test part");
    assert_eq!(shape(&loaded.train), "3 of 1x2x3");
    assert_eq!(pixels(&loaded.train, 2), [108, 117, 126, 135, 144, 153]);
    assert_eq!(labels(&loaded.train), ["1", "0", "1"]);
    assert_eq!((labels(&test), pixels(&test, 0)[0]), (vec!["1"], 5));
    assert_eq!(loaded.notes, ["left out the array `notes`"]);
}

#[cfg(feature = "hdf5")]
#[test]
fn kinds_of_hdf5() {
    for (name, expected) in [
        ("half", [1.5, -2.0]),
        ("big", [513.0, 7.0]),
        ("double", [0.1, 1e9]),
    ] {
        let train = loaded(&format!("kinds.h5:{name}")).train;
        assert_eq!(numbers(&train), expected, "{name}");
    }
    let error = load(&Source::named(path("kinds.h5"))).expect_err("none is known");
    let message = "expected an array `x`, `data`, `images` or `x_train`, or one array only (any other: `FILE.h5:NAME`), \
                   found `big`, `double`, `half`";
    assert!(error.to_string().ends_with(message), "{error}");
}

#[test]
fn arrays_of_safetensors() {
    let loaded = loaded("images.safetensors");
    assert_eq!(shape(&loaded.train), "2 of 1x2x3");
    assert_eq!(pixels(&loaded.train, 1), [54, 63, 72, 81, 90, 99]);
    assert_eq!(labels(&loaded.train), ["4", "7"]);
    assert_eq!(loaded.notes, ["left out the array `weights`"]);
}

/// A size that is asked for is reached, or refused for a table; a range that is asked for is obeyed.
#[test]
fn what_is_asked_of_arrays_is_obeyed() {
    let source = Source {
        size: Some([4, 4]),
        grey: true,
        ..Source::named(path("svhn.mat"))
    };
    let train = load(&source).expect("it is resized").train;
    assert_eq!(shape(&train), "3 of 1x4x4");
    let source = Source {
        size: Some([4, 4]),
        ..Source::named(path("table.mat"))
    };
    let error = load(&source).expect_err("a table").to_string();
    let message = "expected a set of grey or colour images, found 4x4 for a table";
    assert!(error.ends_with(message), "{error}");
    let source = Source {
        pixel_range: Some(PixelRange {
            low: 0.0,
            high: 63.0,
        }),
        ..Source::named(path("images.safetensors"))
    };
    let train = load(&source).expect("a range").train;
    assert_eq!(pixels(&train, 1)[..3], [219, 255, 255]);
    assert_eq!(train.pixel_range(), source.pixel_range);
}
