//! Pictures of one shape, as they leave a file.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::Error;

/// Pictures of one shape, one byte a pixel, each with a caption and, where the set has classes, a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    name: String,
    shape: Shape,
    levels: u8,
    pixels: Vec<u8>,
    captions: Vec<String>,
    labels: Vec<usize>,
    classes: Vec<String>,
}

/// The shape of one picture, in pixels. Displays as `1x7x5`: channels, height, width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// 1 for two-valued and grey pictures, 3 for colour.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Images {
    /// Checks the parts and puts them together.
    ///
    /// - `name`: the set as asked for (`fonts:1`).
    /// - `levels`: the largest pixel value in use, 1 to 255: 1 for two-valued pictures, 255 for grey.
    /// - `pixels`: row-major `[n, channels, height, width]`, n at least 1, each at most `levels`.
    /// - `captions`: n, one an image.
    /// - `labels`: n, one an image, each an index into `classes`; or none at all.
    ///
    /// # Errors
    /// [`Error::Content`] where a part breaks one of these rules.
    pub fn new(
        name: String,
        shape: Shape,
        levels: u8,
        pixels: Vec<u8>,
        captions: Vec<String>,
        labels: Vec<usize>,
        classes: Vec<String>,
    ) -> Result<Self, Error> {
        let refuse = |expected: String, found: String| {
            Err(Error::Content {
                origin: name.clone(),
                expected,
                found,
            })
        };
        let size = shape.pixels();
        if size == 0 {
            return refuse(
                "at least one pixel an image".to_owned(),
                format!("shape {shape}"),
            );
        }
        if levels == 0 {
            return refuse(
                "a largest pixel value of 1 to 255".to_owned(),
                "0".to_owned(),
            );
        }
        if pixels.is_empty() {
            return refuse("at least one image".to_owned(), "none".to_owned());
        }
        if !pixels.len().is_multiple_of(size) {
            return refuse(
                format!("a multiple of {size} pixels (shape {shape})"),
                pixels.len().to_string(),
            );
        }
        if let Some(at) = pixels.iter().position(|&pixel| pixel > levels) {
            return refuse(
                format!("pixels of 0 to {levels}"),
                format!("{} in image {}", pixels[at], at / size),
            );
        }
        let count = pixels.len() / size;
        if captions.len() != count {
            return refuse(
                "one caption an image".to_owned(),
                format!("{} captions for {count} images", captions.len()),
            );
        }
        if !labels.is_empty() && labels.len() != count {
            return refuse(
                "one label an image or none at all".to_owned(),
                format!("{} labels for {count} images", labels.len()),
            );
        }
        if let Some(at) = labels.iter().position(|&label| label >= classes.len()) {
            return refuse(
                format!("labels below {}", classes.len()),
                format!("{} for image {at}", labels[at]),
            );
        }
        Ok(Self {
            name,
            shape,
            levels,
            pixels,
            captions,
            labels,
            classes,
        })
    }

    /// The set as asked for: `fonts`, `fonts:1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.captions.len()
    }

    /// Whether there is no image; only [`select`](Self::select) without an index makes such a set.
    pub fn is_empty(&self) -> bool {
        self.captions.is_empty()
    }

    /// The shape of each image.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The largest pixel value in use, 1 to 255; 0 is paper, this is full ink (or light).
    pub fn levels(&self) -> u8 {
        self.levels
    }

    /// Whether each pixel is 0 or 1.
    pub fn two_valued(&self) -> bool {
        self.levels == 1
    }

    /// All pixels, row-major `[n, channels, height, width]`, each 0 to [`levels`](Self::levels).
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of one image, row-major `[channels, height, width]`.
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.shape.pixels();
        &self.pixels[index * size..][..size]
    }

    /// What an image shows, in a word: of a font the symbol (`A`, `SPACE`, `DEL`).
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub fn caption(&self, index: usize) -> &str {
        &self.captions[index]
    }

    /// The class of an image as an index into [`classes`](Self::classes); `None` where the set has no labels.
    ///
    /// # Panics
    /// Where the set has labels and `index` is not below [`len`](Self::len).
    pub fn label(&self, index: usize) -> Option<usize> {
        (!self.labels.is_empty()).then(|| self.labels[index])
    }

    /// The names of the classes: of a font set its fonts (`font1`).
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The SHA-256 of the pictures, 64 hexadecimal digits, whatever the set, its images and classes are called.
    ///
    /// It is taken over the 16 bytes `espejo images 1\n`, then channels, height, width, levels and the number of images
    /// as little-endian `u64`, then [`pixels`](Self::pixels).
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"espejo images 1\n");
        for number in [
            self.shape.channels,
            self.shape.height,
            self.shape.width,
            usize::from(self.levels),
            self.len(),
        ] {
            hasher.update((number as u64).to_le_bytes());
        }
        hasher.update(&self.pixels);
        let digest = hasher.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The images at these indices, in this order; an index may come again. Name and classes stay as they are.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Self {
        let pick = |&index: &usize| self.image(index).iter().copied();
        Self {
            name: self.name.clone(),
            shape: self.shape,
            levels: self.levels,
            pixels: indices.iter().flat_map(pick).collect(),
            captions: indices.iter().map(|&i| self.captions[i].clone()).collect(),
            labels: indices.iter().filter_map(|&i| self.label(i)).collect(),
            classes: self.classes.clone(),
        }
    }

    /// The index of the first image with this caption.
    pub fn position(&self, caption: &str) -> Option<usize> {
        self.captions.iter().position(|known| known == caption)
    }
}

impl Shape {
    /// Pixels an image has, all channels counted; `usize::MAX` where the number does not fit.
    pub fn pixels(self) -> usize {
        self.channels
            .saturating_mul(self.height)
            .saturating_mul(self.width)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Selection, load};

    /// Two pictures of two grey pixels, without labels.
    fn grey(name: &str) -> Images {
        let shape = Shape {
            channels: 1,
            height: 2,
            width: 1,
        };
        let captions = vec!["left".to_owned(), "right".to_owned()];
        Images::new(
            name.to_owned(),
            shape,
            255,
            vec![0, 7, 255, 9],
            captions,
            vec![],
            vec![],
        )
        .expect("the parts fit")
    }

    fn check_sha256(images: &Images, expected: &str) {
        assert_eq!(images.sha256(), expected, "{}", images.name());
    }

    #[test]
    fn parts_come_out_as_they_went_in() {
        let images = grey("mine");
        assert_eq!((images.name(), images.len()), ("mine", 2));
        assert_eq!((images.levels(), images.two_valued()), (255, false));
        assert_eq!(
            (images.image(0), images.image(1)),
            (&[0, 7][..], &[255, 9][..])
        );
        assert_eq!((images.caption(1), images.label(1)), ("right", None));
        assert_eq!(
            (images.position("right"), images.position("up")),
            (Some(1), None)
        );
    }

    #[test]
    fn select_keeps_pixels_captions_and_labels_together() {
        let all = load("fonts:all", &Selection::default()).expect("built in");
        let some = all.select(&[95, 33, 95]);
        assert_eq!(some.len(), 3);
        assert_eq!((some.caption(0), some.caption(1)), ("DEL", "A"));
        assert_eq!((some.label(0), some.label(1)), (Some(2), Some(1)));
        assert_eq!(some.image(2), [1; 35]);
        assert_eq!(some.classes(), all.classes());
        assert!(all.select(&[]).is_empty() && !all.is_empty());
    }

    // The sums are those of Python's hashlib over the same bytes.
    #[test]
    fn sha256_is_of_the_pictures_and_stays() {
        let fonts = |name| load(name, &Selection::default()).expect("built in");
        check_sha256(
            &fonts("fonts"),
            "1cad475ee5b6b816277d369175799a647640df53aaaf8d12a5a883a68279c883",
        );
        check_sha256(
            &fonts("fonts:1"),
            "62cba1b78ad84c1ef03bba8d5cb82ddcf3ac3f692d3cfc2f1b6bcf912d6c0b98",
        );
        check_sha256(
            &fonts("fonts:2"),
            "1cad475ee5b6b816277d369175799a647640df53aaaf8d12a5a883a68279c883",
        );
        check_sha256(
            &fonts("fonts:3"),
            "935cd235f67cb6a9e3ab46d597a0f08990474da62d238f4af8064ce4c2765fb2",
        );
        check_sha256(
            &fonts("fonts:all"),
            "4a3e0997454bc05be10aa5edb3c921799cba0a471c7c0a2c5b02240ff2044d48",
        );
        check_sha256(
            &grey("mine"),
            "517136c03f01d0bc42515c6166cd6e47cd23f144b2632f116391ee6b70524bda",
        );
        check_sha256(
            &grey("yours"),
            "517136c03f01d0bc42515c6166cd6e47cd23f144b2632f116391ee6b70524bda",
        );
    }

    #[test]
    fn a_shape_too_large_to_count_fits_no_pixels() {
        let shape = Shape {
            channels: 3,
            height: usize::MAX,
            width: 2,
        };
        assert_eq!(shape.pixels(), usize::MAX);
        let images = Images::new("huge".to_owned(), shape, 1, vec![0], vec![], vec![], vec![]);
        assert!(images.is_err());
    }
}
