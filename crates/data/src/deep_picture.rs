//! Images of more than 8 bits a pixel: what their numbers mean is told by the whole set, not by one image.

use std::io::Cursor;

use image::DynamicImage;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

use crate::Shape;
use crate::array::Kind;
use crate::picture::{LARGEST, Picture};
use crate::pixel_range::{Observed, PixelRange};

/// An image of numbers, row-major `[channels, height, width]`.
pub(crate) struct DeepPicture {
    shape: Shape,
    values: Vec<f64>,
    observed: Observed,
}

impl DeepPicture {
    /// The image if it has more than 8 bits and no transparency; otherwise given back.
    pub(crate) fn of(image: DynamicImage) -> Result<Result<Self, String>, DynamicImage> {
        let size = [image.height() as usize, image.width() as usize];
        Ok(match image {
            DynamicImage::ImageLuma16(image) => {
                let values = image.into_raw().into_iter().map(f64::from);
                Self::new(size, 1, Kind::Unsigned, values.collect())
            }
            DynamicImage::ImageRgb16(image) => {
                let values = image.into_raw().into_iter().map(f64::from);
                Self::new(size, 3, Kind::Unsigned, values.collect())
            }
            DynamicImage::ImageRgb32F(image) => {
                let values = image.into_raw().into_iter().map(f64::from);
                Self::new(size, 3, Kind::Float, values.collect())
            }
            image => return Err(image),
        })
    }

    /// An image of these numbers, pixel by pixel; unsigned ones are of 16 bits.
    fn new(
        [height, width]: [usize; 2],
        channels: usize,
        kind: Kind,
        values: Vec<f64>,
    ) -> Result<Self, String> {
        let mut observed = Observed::none(kind, if kind == Kind::Unsigned { 2 } else { 8 });
        for &value in &values {
            if !value.is_finite() {
                return Err(format!("a pixel of {value}"));
            }
            observed.take(value);
        }
        let shape = Shape {
            channels,
            height,
            width,
        };
        let planes =
            (0..channels).flat_map(|channel| values.iter().skip(channel).step_by(channels));
        Ok(Self {
            shape,
            values: planes.copied().collect(),
            observed,
        })
    }

    /// The image as bytes, by this range or else by that of its type; and what its numbers are like.
    pub(crate) fn pixels(self, range: Option<PixelRange>) -> (Picture, Observed) {
        let range = range.unwrap_or(self.observed.plain());
        let pixels = self.values.into_iter().map(|value| range.pixel(value));
        let picture = Picture {
            shape: self.shape,
            pixels: pixels.collect(),
        };
        (picture, self.observed)
    }
}

/// What a TIFF holds that `image` does not read.
pub(crate) enum Tiff {
    Deep(DeepPicture),
    Plain(Picture),
}

/// Reads a TIFF of floats or of any whole numbers, grey or in colour, or of a palette.
///
/// # Errors
/// What is wrong with the bytes, in words.
pub(crate) fn read_tiff(bytes: &[u8]) -> Result<Tiff, String> {
    let words = |error: tiff::TiffError| error.to_string();
    let indices = palette_as_grey(bytes);
    let is_palette = indices.is_some();
    let bytes = indices.as_deref().unwrap_or(bytes);
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(words)?;
    let (width, height) = decoder.dimensions().map_err(words)?;
    if width.max(height) > LARGEST || width.min(height) == 0 {
        return Err(format!(
            "{height}x{width} pixels, of 1 to {LARGEST} each way"
        ));
    }
    let size = [height as usize, width as usize];
    let color = decoder.colortype().map_err(words)?;
    let channels = match color {
        ColorType::Gray(_) => 1,
        ColorType::RGB(_) => 3,
        _ => {
            return Err(format!(
                "a TIFF of {color:?}, of which grey, colours and palettes are read"
            ));
        }
    };
    let palette = match is_palette {
        true => Some(decoder.get_tag_u16_vec(Tag::ColorMap).map_err(words)?),
        false => None,
    };
    let (kind, values): (_, Vec<f64>) = match decoder.read_image().map_err(words)? {
        DecodingResult::U8(pixels) if palette.is_some() => {
            let palette = palette.unwrap_or_default();
            return coloured(size, &pixels, &palette).map(Tiff::Plain);
        }
        DecodingResult::U8(values) => (Kind::Signed, values.into_iter().map(f64::from).collect()),
        DecodingResult::U16(values) => {
            (Kind::Unsigned, values.into_iter().map(f64::from).collect())
        }
        DecodingResult::U32(values) => (Kind::Signed, values.into_iter().map(f64::from).collect()),
        DecodingResult::U64(values) => (Kind::Signed, values.iter().map(|&v| v as f64).collect()),
        DecodingResult::I8(values) => (Kind::Signed, values.into_iter().map(f64::from).collect()),
        DecodingResult::I16(values) => (Kind::Signed, values.into_iter().map(f64::from).collect()),
        DecodingResult::I32(values) => (Kind::Signed, values.into_iter().map(f64::from).collect()),
        DecodingResult::I64(values) => (Kind::Signed, values.iter().map(|&v| v as f64).collect()),
        DecodingResult::F16(values) => (Kind::Float, values.into_iter().map(f64::from).collect()),
        DecodingResult::F32(values) => (Kind::Float, values.into_iter().map(f64::from).collect()),
        DecodingResult::F64(values) => (Kind::Float, values),
    };
    if values.len() != size[0] * size[1] * channels {
        return Err(format!(
            "{} numbers for {height}x{width} pixels",
            values.len()
        ));
    }
    DeepPicture::new(size, channels, kind, values).map(Tiff::Deep)
}

/// The same file with the numbers of its palette as grey, which the decoder takes; `None` where it has no palette.
fn palette_as_grey(bytes: &[u8]) -> Option<Vec<u8>> {
    /// The tag that says what pixels are, and its values for a palette and for grey.
    const MEANING: u16 = 262;
    const PALETTE: u16 = 3;
    const GREY: u16 = 1;
    let is_little = bytes.starts_with(b"II");
    let short = |at: usize| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if is_little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    // The version that has offsets of 4 bytes.
    if short(2)? != 42 {
        return None;
    }
    let [high, low] = if is_little { [6, 4] } else { [4, 6] };
    let directory = usize::from(short(high)?) << 16 | usize::from(short(low)?);
    let mut entries = (0..usize::from(short(directory)?)).map(|entry| directory + 2 + 12 * entry);
    let entry = entries.find(|&entry| short(entry) == Some(MEANING))?;
    if short(entry + 8)? != PALETTE {
        return None;
    }
    let mut grey = bytes.to_vec();
    let value = if is_little {
        GREY.to_le_bytes()
    } else {
        GREY.to_be_bytes()
    };
    grey[entry + 8..entry + 10].copy_from_slice(&value);
    Some(grey)
}

/// The colours of a palette: all reds, all greens and all blues, of 16 bits each.
fn coloured(size: [usize; 2], pixels: &[u8], palette: &[u16]) -> Result<Picture, String> {
    let [height, width] = size;
    let colours = palette.len() / 3;
    let highest = pixels.iter().copied().max().unwrap_or(0);
    if pixels.len() != height * width || usize::from(highest) >= colours {
        return Err(format!("colour {highest} of a palette of {colours}"));
    }
    let plane = |channel: usize| {
        let places = pixels
            .iter()
            .map(move |&pixel| channel * colours + usize::from(pixel));
        places.map(|place| (palette[place] >> 8) as u8)
    };
    let picture = Picture {
        shape: Shape {
            channels: 3,
            height,
            width,
        },
        pixels: (0..3).flat_map(plane).collect(),
    };
    Ok(picture.without_needless_colour())
}
