//! No damage to a file makes a reader panic: bytes are changed, cut off and put in at random, with a fixed seed.

use std::io::{Cursor, Write};

use espejo_damage::check;
use espejo_data::{Error, fuzzing};
use flate2::Compression;
use flate2::write::GzEncoder;
use image::{DynamicImage, ImageFormat, RgbImage};

fn refused_in_words(result: Result<(), Error>) {
    if let Err(error) = result {
        let known = matches!(error, Error::Content { .. } | Error::Io { .. });
        assert!(known, "{error:?}");
    }
}

fn idx(magic: u8, sizes: &[u32], bytes: usize) -> Vec<u8> {
    let mut file = vec![0, 0, 8, magic];
    file.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    file.resize(file.len() + bytes, 5);
    file
}

#[test]
fn idx_files() {
    for whole in [idx(1, &[9], 9), idx(3, &[2, 28, 28], 2 * 784)] {
        assert!(fuzzing::idx(&whole).iter().any(Result::is_ok));
        check(&whole, |bytes| fuzzing::idx(bytes).map(refused_in_words));
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&whole).expect("in memory");
        let packed = packed.finish().expect("in memory");
        assert!(fuzzing::idx(&packed).iter().any(Result::is_ok));
        check(&packed, |bytes| fuzzing::idx(bytes).map(refused_in_words));
    }
}

#[test]
fn cifar_files() {
    let whole = vec![3; 2 * 3073];
    assert!(fuzzing::cifar(&whole).is_ok());
    check(&whole, |bytes| refused_in_words(fuzzing::cifar(bytes)));
}

#[test]
fn pictures() {
    let noise = (0..12 * 9 * 3).map(|at: u32| (at.wrapping_mul(at) % 251) as u8);
    let noise = RgbImage::from_raw(12, 9, noise.collect()).expect("it has that size");
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::WebP,
    ] {
        let mut whole = Cursor::new(Vec::new());
        let image = DynamicImage::from(noise.clone());
        image.write_to(&mut whole, format).expect("in memory");
        let whole = whole.into_inner();
        assert!(fuzzing::picture(&whole).is_ok(), "{format:?}");
        check(&whole, fuzzing::picture);
    }
}

/// The files that other tools wrote.
#[test]
fn files_of_arrays() {
    type Reader = fn(&[u8]) -> Result<(), Error>;
    let files: &[(&[u8], Reader)] = &[
        (include_bytes!("data/medmnist.npz"), fuzzing::npy),
        (include_bytes!("data/dsprites.npz"), fuzzing::npy),
        (include_bytes!("data/svhn.mat"), fuzzing::matlab),
        (include_bytes!("data/emnist.mat"), fuzzing::matlab),
        (include_bytes!("data/table.mat"), fuzzing::matlab),
        (
            include_bytes!("data/images.safetensors"),
            fuzzing::safetensors,
        ),
        #[cfg(feature = "hdf5")]
        (include_bytes!("data/parts.h5"), fuzzing::hdf5),
        #[cfg(feature = "hdf5")]
        (include_bytes!("data/version73.mat"), fuzzing::hdf5),
    ];
    for (whole, read) in files {
        assert!(read(whole).is_ok());
        check(whole, |bytes| refused_in_words(read(bytes)));
    }
}

#[test]
fn idx_files_of_any_type() {
    for (kind, size) in [(8, 1), (9, 1), (0xb, 2), (0xc, 4), (0xd, 4), (0xe, 8)] {
        let mut whole = idx(3, &[2, 3, 2], 12 * size);
        whole[2] = kind;
        assert!(fuzzing::any_idx(&whole).is_ok());
        check(&whole, |bytes| refused_in_words(fuzzing::any_idx(bytes)));
    }
}

#[test]
fn images_of_science() {
    let files: &[&[u8]] = &[
        include_bytes!("data/float.tif"),
        include_bytes!("data/whole.tif"),
        include_bytes!("data/ten_bits.tif"),
        include_bytes!("data/palette.tif"),
        include_bytes!("data/plain.pgm"),
        include_bytes!("data/face.ppm"),
        include_bytes!("data/cmyk.jpg"),
    ];
    for whole in files {
        assert!(fuzzing::picture(whole).is_ok());
        check(whole, fuzzing::picture);
    }
}

#[test]
fn archives_of_images() {
    let mut archive = tar::Builder::new(Vec::new());
    let image: &[u8] = include_bytes!("data/face.pgm");
    for name in [
        "train/a/1.pgm",
        "train/b/2.pgm",
        "test/a/3.pgm",
        "notes.txt",
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(image.len() as u64);
        archive
            .append_data(&mut header, name, image)
            .expect("in memory");
    }
    let whole = archive.into_inner().expect("in memory");
    assert!(fuzzing::tar(&whole).is_ok());
    check(&whole, |bytes| refused_in_words(fuzzing::tar(bytes)));
}

#[test]
fn archives_of_reviews() {
    let mut archive = tar::Builder::new(Vec::new());
    for name in [
        "train/neg/0_1",
        "train/pos/1_9",
        "test/neg/0_2",
        "test/pos/0_8",
    ] {
        let text: &[u8] = b"It's a film.<br />Good or bad";
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive
            .append_data(&mut header, format!("aclImdb/{name}.txt"), text)
            .expect("in memory");
    }
    let whole = archive.into_inner().expect("in memory");
    assert!(fuzzing::reviews(&whole).is_ok());
    check(&whole, |bytes| refused_in_words(fuzzing::reviews(bytes)));
}

/// Texts in the layout of folders, with what stands beside them.
#[test]
fn archives_of_texts() {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in [
        ("set/notes.txt", "nothing"),
        ("set/train/bad/0.txt", "A film.<br />Bad"),
        ("set/train/good/1.txt", "Ein schöner Film"),
        ("set/test/good/2.txt", "good"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive
            .append_data(&mut header, name, text.as_bytes())
            .expect("in memory");
    }
    let whole = archive.into_inner().expect("in memory");
    fuzzing::text_archive(&whole).expect("texts");
    check(&whole, |bytes| {
        refused_in_words(fuzzing::text_archive(bytes));
    });
}

#[test]
fn lines_of_text() {
    let whole = "good film\r\nbad film\nschön\n".as_bytes();
    fuzzing::text_lines(whole).expect("texts");
    check(whole, |bytes| refused_in_words(fuzzing::text_lines(bytes)));
}

#[test]
fn columns_of_text() {
    let whole = "review,kind\n\"good, \"\"very\"\" good\",x\nschlecht,y\n".as_bytes();
    fuzzing::text_column(whole).expect("texts");
    check(whole, |bytes| refused_in_words(fuzzing::text_column(bytes)));
}

#[test]
fn records_of_two_labels() {
    let whole = vec![3; 2 * 3074];
    assert!(fuzzing::records(&whole).is_ok());
    check(&whole, |bytes| refused_in_words(fuzzing::records(bytes)));
}

/// A row of numbers a line, with a header.
const TABLE: &str = "a,b,kind\n1,2.5,x\n-3,4e2,y\n0.5,\"6\",x\n";

#[test]
fn tables() {
    check(TABLE.as_bytes(), |bytes| {
        refused_in_words(fuzzing::table(bytes));
    });
}

/// Dense rows and sparse ones, of every kind of attribute.
const ARFF: &str = "% A table.\n@relation r\n@attribute a real\n@attribute 'b c' {x,'y, \\'z'}\n@attribute d string\n\
    @data\n1.5,x,'say \\u00e9'\n?,'y, \\'z',?,{2}\n{0 2,2 \"e\"}\n{}\n";

#[test]
fn arff_files() {
    fuzzing::arff(ARFF.as_bytes()).expect("a whole table");
    check(ARFF.as_bytes(), |bytes| {
        refused_in_words(fuzzing::arff(bytes));
    });
}

#[test]
#[cfg(feature = "parquet")]
fn parquet_files() {
    for whole in [
        &include_bytes!("data/pyarrow-snappy.parquet")[..],
        include_bytes!("data/pyarrow-v2.parquet"),
        include_bytes!("data/pyarrow-more.parquet"),
        include_bytes!("data/polars.parquet"),
        include_bytes!("data/hub-array.parquet"),
        include_bytes!("data/hub/data/test-00000-of-00001.parquet"),
    ] {
        check(whole, |bytes| refused_in_words(fuzzing::parquet(bytes)));
    }
}

#[test]
#[cfg(feature = "arrow")]
fn arrow_files() {
    for whole in [
        &include_bytes!("data/pyarrow-none.arrow")[..],
        include_bytes!("data/pyarrow-lz4.arrow"),
        include_bytes!("data/pyarrow-zstd.arrow"),
        include_bytes!("data/pyarrow-stream.arrows"),
        include_bytes!("data/pyarrow-more.feather"),
        include_bytes!("data/polars.ipc"),
        include_bytes!("data/hub-array-saved/data-00000-of-00001.arrow"),
        include_bytes!("data/hub-saved/test/data-00000-of-00001.arrow"),
    ] {
        check(whole, |bytes| refused_in_words(fuzzing::arrow(bytes)));
    }
}

#[test]
fn arrays() {
    let mut array = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
    array.extend(format!("{header:<117}\n").bytes());
    array.extend((0..6).flat_map(|number| (number as f32).to_le_bytes()));
    fuzzing::npy(&array).expect("a whole array");
    check(&array, |bytes| refused_in_words(fuzzing::npy(bytes)));
}

#[test]
fn scalings() {
    let text = b"column,shift,scale,scaling\na,1,2,standardise\nb,0,1,standardise\n";
    check(text, |bytes| refused_in_words(fuzzing::scaling(bytes)));
    let text =
        b"column,shift,scale,scaling,quantiles\na,1,2,quantile,1 2.5 2.5 3\nb,0,1,quantile,\n";
    assert!(fuzzing::scaling(text).is_ok());
    check(text, |bytes| refused_in_words(fuzzing::scaling(bytes)));
}

#[test]
fn dates() {
    let whole = b"2026-11-29T10:30:15.25+01:00";
    assert!(fuzzing::date(whole));
    check(whole, fuzzing::date);
}

/// A table whose holes are filled, every other byte kept.
#[test]
fn tables_with_holes() {
    let whole = b"# notes\na;b;kind\n1;;x\n-3;4e2;\n;\"6\";x\n";
    fuzzing::refill(whole).expect("a table");
    check(whole, |bytes| refused_in_words(fuzzing::refill(bytes)));
}

#[test]
fn fillings() {
    let text = b"column,fill\na,1.5\nb,-2\n";
    fuzzing::fill(text).expect("fillings");
    check(text, |bytes| refused_in_words(fuzzing::fill(bytes)));
}

/// What Hugging Face notes beside its columns.
#[test]
#[cfg(any(feature = "parquet", feature = "arrow"))]
fn features_of_hugging_face() {
    let text = br#"{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["a", "b"], "_type": "ClassLabel"}}}}"#;
    assert!(fuzzing::features(text) > 0);
    check(text, fuzzing::features);
}
