//! One image: from the bytes of a file to the pixels of a sample.

use std::borrow::Cow;
use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use crate::deep_picture::{self, DeepPicture, Tiff};
use crate::pixel_range::{Observed, PixelRange};
use crate::{FitKind, Shape, Source};

/// The most pixels of an image each way, refused by its header.
pub(crate) const LARGEST: u32 = 16_384;

/// The most bytes that decoding an image may take.
const MEMORY: u64 = 256 << 20;

/// An image with 1 channel (grey) or 3 (red, green, blue), row-major `[channels, height, width]`, each pixel 0 to 255.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) shape: Shape,
    pub(crate) pixels: Vec<u8>,
}

/// What every image of a set is brought to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    /// Height and width.
    size: Option<[usize; 2]>,
    /// How they are reached.
    kind: FitKind,
    grey: bool,
}

impl Picture {
    /// Reads an image, whatever its format: PNG, JPEG, GIF (the first frame), BMP, TIFF, WebP, or PGM, PPM and PBM.
    ///
    /// What has more than 8 bits a pixel becomes bytes by `range`, or else by what its type can say; what its numbers are
    /// like is told beside it. What is transparent shows white paper, as in most viewers. An image lies as its camera says.
    /// One whose red, green and blue are the same everywhere is grey, however it is stored.
    ///
    /// # Errors
    /// What is wrong with the bytes, in words.
    pub(crate) fn decode(
        bytes: &[u8],
        range: Option<PixelRange>,
    ) -> Result<(Self, Option<Observed>), String> {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let format = reader.map_err(|error| error.to_string())?.format();
        let image = match Self::decode_image(bytes, format) {
            Err(ImageError::Unsupported(_)) if format == Some(ImageFormat::Tiff) => {
                return match deep_picture::read_tiff(bytes)? {
                    Tiff::Plain(picture) => Ok((picture, None)),
                    Tiff::Deep(deep) => Ok(Self::of_deep(deep, range)),
                };
            }
            image => image.map_err(|error| error.to_string())?,
        };
        let image = match image {
            None => return Err("the file ends before the image does".to_owned()),
            Some(image) if image.width() == 0 || image.height() == 0 => {
                return Err("an image without a pixel".to_owned());
            }
            Some(image) => image,
        };
        match DeepPicture::of(image) {
            Ok(deep) => Ok(Self::of_deep(deep?, range)),
            Err(image) => Ok((Self::of(image), None)),
        }
    }

    fn of_deep(deep: DeepPicture, range: Option<PixelRange>) -> (Self, Option<Observed>) {
        let (picture, observed) = deep.pixels(range);
        (picture.without_needless_colour(), Some(observed))
    }

    /// The image as it is stored; `None` where its end is missing.
    fn decode_image(
        bytes: &[u8],
        format: Option<ImageFormat>,
    ) -> Result<Option<DynamicImage>, ImageError> {
        let mut limits = Limits::no_limits();
        limits.max_image_width = Some(LARGEST);
        limits.max_image_height = Some(LARGEST);
        limits.max_alloc = Some(MEMORY);
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
        reader.limits(limits);
        if format == Some(ImageFormat::Jpeg) && !jpeg_ends(bytes) {
            return Ok(None);
        }
        let mut decoder = reader.into_decoder()?;
        // Damaged notes of a camera do no harm to the image.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        Ok(Some(image))
    }

    fn of(image: DynamicImage) -> Self {
        let (height, width) = (image.height() as usize, image.width() as usize);
        let picture = |channels, pixels| Self {
            shape: Shape {
                channels,
                height,
                width,
            },
            pixels,
        };
        let color = image.color();
        if color.has_alpha() {
            let pixels = image.into_rgba8().into_raw();
            let on_paper = |pixel: &[u8; 4], channel| over_white(pixel[channel], pixel[3]);
            return picture(3, planes(&pixels, on_paper)).without_needless_colour();
        }
        if color.has_color() {
            let pixels = image.into_rgb8().into_raw();
            let plain = |pixel: &[u8; 3], channel: usize| pixel[channel];
            return picture(3, planes(&pixels, plain)).without_needless_colour();
        }
        picture(1, image.into_luma8().into_raw())
    }

    /// The image in grey if it holds no other colour.
    pub(crate) fn without_needless_colour(mut self) -> Self {
        let plane = self.shape.height * self.shape.width;
        if self.shape.channels == 1 {
            return self;
        }
        let (red, others) = self.pixels.split_at(plane);
        if others.chunks(plane).all(|channel| channel == red) {
            self.pixels.truncate(plane);
            self.shape.channels = 1;
        }
        self
    }

    /// The image in colour: a grey one three times.
    pub(crate) fn in_colour(mut self) -> Self {
        if self.shape.channels == 1 {
            self.pixels = self.pixels.repeat(3);
            self.shape.channels = 3;
        }
        self
    }
}

impl Fit {
    /// What `source` asks for.
    pub(crate) fn of(source: &Source) -> Self {
        Self {
            size: source.size,
            kind: source.fit,
            grey: source.grey,
        }
    }

    /// The shape of an image after it.
    pub(crate) fn shape(self, shape: Shape) -> Shape {
        let [height, width] = self.size.unwrap_or([shape.height, shape.width]);
        Shape {
            channels: if self.grey { 1 } else { shape.channels },
            height,
            width,
        }
    }

    /// The pixels of an image of this shape after it.
    ///
    /// Grey is the luma of ITU-R BT.601.
    pub(crate) fn apply(self, shape: Shape, pixels: &[u8]) -> Cow<'_, [u8]> {
        let mut pixels = Cow::Borrowed(pixels);
        let mut after = shape;
        if self.grey && shape.channels == 3 {
            pixels = luma(&pixels).into();
            after.channels = 1;
        }
        let goal = self.shape(shape);
        if after != goal {
            pixels = resize(&pixels, after, goal, self.kind).into();
        }
        pixels
    }
}

/// Whether the last scan of a JPEG has an end; the decoder would fill up what is missing in silence. Neither marker can stand
/// inside a scan.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    last([0xff, 0xda]) < last([0xff, 0xd9])
}

/// Pixels of `N` bytes each, as three planes.
fn planes<const N: usize>(pixels: &[u8], value: impl Fn(&[u8; N], usize) -> u8) -> Vec<u8> {
    let (pixels, _) = pixels.as_chunks::<N>();
    (0..3)
        .flat_map(|channel| pixels.iter().map(move |pixel| (pixel, channel)))
        .map(|(pixel, channel)| value(pixel, channel))
        .collect()
}

fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

/// Three planes as one, with the weights 0.299, 0.587 and 0.114 in parts of 65536, as Pillow rounds them.
fn luma(planes: &[u8]) -> Vec<u8> {
    let (red, others) = planes.split_at(planes.len() / 3);
    let (green, blue) = others.split_at(red.len());
    let colours = red.iter().zip(green).zip(blue);
    colours
        .map(|((&red, &green), &blue)| {
            let [red, green, blue] = [red, green, blue].map(u32::from);
            ((red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) >> 16) as u8
        })
        .collect()
}

/// Brings each plane to the height and width of `goal`.
fn resize(pixels: &[u8], shape: Shape, goal: Shape, fit: FitKind) -> Vec<u8> {
    let (from, to) = ([shape.height, shape.width], [goal.height, goal.width]);
    let planes = pixels.chunks(shape.height * shape.width);
    planes
        .flat_map(|plane| fit.resized(plane, from, to))
        .collect()
}

#[cfg(test)]
mod tests {
    use image::{GrayAlphaImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn saved(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let image = image.into();
        image.write_to(&mut bytes, format).expect("in memory");
        bytes.into_inner()
    }

    fn check(bytes: &[u8], shape: &str, pixels: &[u8]) {
        let (picture, _) = Picture::decode(bytes, None).expect("a whole image");
        assert_eq!(picture.shape.to_string(), shape);
        assert_eq!(picture.pixels, pixels);
    }

    fn grey(pixels: &[u8]) -> GrayImage {
        GrayImage::from_raw(pixels.len() as u32, 1, pixels.to_vec()).expect("one row")
    }

    #[test]
    fn grey_is_grey_in_every_format() {
        let pixels = [0, 100, 255];
        for format in [ImageFormat::Png, ImageFormat::Tiff] {
            check(&saved(grey(&pixels), format), "1x1x3", &pixels);
        }
        for format in [ImageFormat::Bmp, ImageFormat::Gif, ImageFormat::WebP] {
            let colour = DynamicImage::from(grey(&pixels)).into_rgb8();
            check(&saved(colour, format), "1x1x3", &pixels);
        }
        let flat = GrayImage::from_pixel(8, 8, Luma([77]));
        check(&saved(flat, ImageFormat::Jpeg), "1x8x8", &[77; 64]);
        let sixteen: ImageBuffer<Luma<u16>, _> =
            ImageBuffer::from_raw(3, 1, vec![0, 257 * 100, 0xffff]).expect("one row");
        check(&saved(sixteen, ImageFormat::Png), "1x1x3", &pixels);
    }

    #[test]
    fn colour_comes_in_planes_and_transparency_shows_white() {
        let mut colour = RgbImage::from_pixel(2, 1, Rgb([1, 2, 3]));
        colour.put_pixel(1, 0, Rgb([4, 5, 6]));
        check(
            &saved(colour, ImageFormat::Png),
            "3x1x2",
            &[1, 4, 2, 5, 3, 6],
        );
        let mut clear = RgbaImage::from_pixel(3, 1, Rgba([200, 0, 0, 0]));
        clear.put_pixel(1, 0, Rgba([200, 0, 0, 255]));
        clear.put_pixel(2, 0, Rgba([200, 0, 0, 51]));
        let expected = [255, 200, 244, 255, 0, 204, 255, 0, 204];
        check(&saved(clear, ImageFormat::Png), "3x1x3", &expected);
        let clear = GrayAlphaImage::from_raw(2, 1, vec![9, 0, 9, 255]).expect("one row");
        check(&saved(clear, ImageFormat::Png), "1x1x2", &[255, 9]);
    }

    // The expected numbers are those of Pillow 13: `Image.resize((5, 4))`.
    #[test]
    fn sizes_are_reached_as_pillow_reaches_them() {
        let shape = |height, width| Shape {
            channels: 1,
            height,
            width,
        };
        let fit = Fit {
            size: Some([4, 5]),
            kind: FitKind::Stretch,
            grey: false,
        };
        let resized = |height, width, pixel: fn(usize, usize) -> u8| {
            let pixels: Vec<_> = (0..height * width)
                .map(|at| pixel(at / width, at % width))
                .collect();
            fit.apply(shape(height, width), &pixels).into_owned()
        };
        let close = |pixels: &[u8], expected: [[u8; 5]; 4]| {
            let expected = expected.as_flattened();
            let near = |(a, b): (&u8, &u8)| a.abs_diff(*b) <= 1;
            assert_eq!(pixels.len(), expected.len());
            assert!(pixels.iter().zip(expected).all(near), "{pixels:?}");
        };
        close(
            &resized(10, 12, |y, x| {
                ((x * x * 7 + y * 31 + x * y * 5) % 256) as u8
            }),
            [
                [33, 111, 155, 111, 121],
                [130, 148, 121, 121, 118],
                [158, 118, 153, 139, 156],
                [99, 121, 120, 150, 158],
            ],
        );
        close(
            &resized(3, 3, |y, x| (x * 20 + y * 3) as u8),
            [
                [0, 6, 20, 34, 42],
                [0, 8, 22, 36, 44],
                [2, 10, 24, 38, 46],
                [4, 12, 26, 40, 48],
            ],
        );
    }

    #[test]
    fn grey_has_the_weights_of_television() {
        let fit = Fit {
            size: None,
            kind: FitKind::Stretch,
            grey: true,
        };
        let shape = Shape {
            channels: 3,
            height: 1,
            width: 4,
        };
        let planes = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]];
        assert_eq!(*fit.apply(shape, planes.as_flattened()), [76, 150, 29, 255]);
        assert_eq!(fit.shape(shape).to_string(), "1x1x4");
    }

    #[test]
    fn what_is_no_whole_picture_is_refused() {
        let noise: Vec<_> = (0..64 * 64).map(|at| (at * at % 251) as u8).collect();
        let noise = GrayImage::from_raw(64, 64, noise).expect("it is square");
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::Gif,
            ImageFormat::Tiff,
        ] {
            let noise = DynamicImage::from(noise.clone()).into_rgb8();
            let bytes = saved(noise, format);
            assert!(Picture::decode(&bytes, None).is_ok(), "{format:?}");
            for length in [0, 1, 8, 40, bytes.len() / 2] {
                assert!(
                    Picture::decode(&bytes[..length], None).is_err(),
                    "{format:?} {length}"
                );
            }
        }
        assert!(Picture::decode(b"not an image", None).is_err());
    }

    /// A header of a PNG that claims 60,000 x 60,000 pixels.
    #[test]
    fn a_picture_too_large_is_refused_by_its_header() {
        let mut bytes = saved(grey(&[0]), ImageFormat::Png);
        bytes[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let mut sum = flate2::Crc::new();
        sum.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
        let error = Picture::decode(&bytes, None).expect_err("too large");
        assert_eq!(error, "Image size exceeds limit");
    }
}
