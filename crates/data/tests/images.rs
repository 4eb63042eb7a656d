//! Image files as Pillow and others write them (`data/write.py`), and the pixels that went in.

use std::path::PathBuf;

use espejo_data::{Loaded, PixelRange, Source, load};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn loaded(name: &str) -> Loaded {
    load(&Source::named(path(name).display().to_string())).expect(name)
}

fn check(name: &str, shape: &str, pixels: &[u8]) {
    let train = loaded(name).train;
    assert_eq!(train.shape().to_string(), shape, "{name}");
    assert_eq!(train.pixels(0).expect("in memory"), pixels, "{name}");
}

#[test]
fn face_sets_and_their_kin() {
    check("face.pgm", "1x1x3", &[0, 100, 255]);
    check("face.ppm", "3x1x1", &[9, 8, 7]);
    check("face.pbm", "1x1x3", &[255, 0, 255]);
    check("plain.pgm", "1x1x3", &[0, 85, 255]);
}

#[test]
fn palettes_are_colours() {
    for name in ["palette.png", "palette.tif", "palette.bmp"] {
        check(name, "3x1x2", &[255, 0, 0, 0, 0, 255]);
    }
}

/// Red in CMYK; Pillow's own way back gives 254, 0, 0 for a JPEG of it.
#[test]
fn print_colours_become_red_green_and_blue() {
    let pixels = loaded("cmyk.jpg").train.pixels(0).expect("in memory");
    for (plane, expected) in pixels.chunks(64).zip([255u8, 0, 0]) {
        assert!(
            plane.iter().all(|&pixel| pixel.abs_diff(expected) <= 2),
            "{plane:?}"
        );
    }
}

/// Ten bits in sixteen, floats of 0 to 1, whole numbers of 32 bits: the same image, of which no level is lost.
#[test]
fn no_level_is_lost() {
    let grey = [0, 64, 128, 191, 255, 0];
    let note = |high: u32| format!("pixels of 0 to {high} are stretched to 0 to 255");
    for (name, high) in [
        ("ten_bits.png", 1020),
        ("ten_bits.tif", 1020),
        ("whole.tif", 1_020_000),
    ] {
        check(name, "1x2x3", &grey);
        let loaded = loaded(name);
        assert_eq!(loaded.notes, [note(high)]);
        let range = PixelRange {
            low: 0.0,
            high: f64::from(high),
        };
        assert_eq!(loaded.train.pixel_range(), Some(range), "{name}");
    }
    check("float.tif", "1x2x3", &grey);
    assert!(loaded("float.tif").notes.is_empty());
}

/// What is stretched is so by the whole set, and new images by the range that is kept of it.
#[test]
fn a_set_shares_its_range() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(path("ten_bits.png"), folder.path().join("a.png")).expect("a copy");
    let half: image::ImageBuffer<image::Luma<u16>, _> =
        image::ImageBuffer::from_raw(3, 2, vec![510; 6]).expect("six pixels");
    half.save(folder.path().join("b.png")).expect("a file");
    let name = folder.path().display().to_string();
    let train = load(&Source::named(name)).expect("two images").train;
    assert_eq!(train.pixels(1).expect("in memory"), [128; 6]);
    let source = Source {
        pixel_range: train.pixel_range(),
        ..Source::named(folder.path().join("b.png").display().to_string())
    };
    let alone = load(&source).expect("one image").train;
    assert_eq!(alone.pixels(0).expect("in memory"), [128; 6]);
    // Beside an image of bytes, sixteen bits are all used.
    image::GrayImage::from_pixel(3, 2, image::Luma([9]))
        .save(folder.path().join("c.png"))
        .expect("a file");
    let name = folder.path().display().to_string();
    let train = load(&Source::named(name)).expect("three images").train;
    assert_eq!(train.pixels(1).expect("in memory"), [2; 6]);
}
