//! Rows of a table that are images, pixel by pixel.

use std::fmt;
use std::str::FromStr;

use crate::Shape;

/// The image that a row of a table is. Displays as `28x28`, `28x28x3` or `3x28x28`, and is read from the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowShape {
    /// The shape of the image; 1 or 3 channels.
    pub shape: Shape,
    /// Whether the channels of a pixel stand side by side, as in `28x28x3`; else one channel follows the other.
    pub channels_last: bool,
}

impl RowShape {
    /// Where the value at this place of an image, channel by channel, stands in a row.
    pub(crate) fn place(self, pixel: usize) -> usize {
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        match self.channels_last {
            true => pixel % (height * width) * channels + pixel / (height * width),
            false => pixel,
        }
    }
}

impl FromStr for RowShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sizes: Result<Vec<usize>, _> = text.split('x').map(str::parse).collect();
        let of = |channels, height, width, channels_last| Self {
            shape: Shape {
                channels,
                height,
                width,
            },
            channels_last,
        };
        let shape = match sizes.as_deref() {
            Ok(&[height, width]) => of(1, height, width, false),
            Ok(&[height, width, channels @ (1 | 3)]) => of(channels, height, width, true),
            Ok(&[channels @ (1 | 3), height, width]) => of(channels, height, width, false),
            _ => return Err(format!("`{text}`: expected {FORMS}")),
        };
        match shape.shape.pixels() {
            0 | usize::MAX => Err(format!("`{text}`: expected {FORMS}")),
            _ => Ok(shape),
        }
    }
}

/// How a shape is written.
const FORMS: &str =
    "height and width, as in `28x28`, with 1 or 3 channels before or behind them, as in `28x28x3`";

impl fmt::Display for RowShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        match (channels, self.channels_last) {
            (1, _) => write!(f, "{height}x{width}"),
            (_, true) => write!(f, "{height}x{width}x{channels}"),
            (_, false) => write!(f, "{}", self.shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_as_they_are_written() {
        for (text, channels, written) in [
            ("28x20", 1, "28x20"),
            ("28x20x1", 1, "28x20"),
            ("1x28x20", 1, "28x20"),
            ("28x20x3", 3, "28x20x3"),
            ("3x28x20", 3, "3x28x20"),
        ] {
            let shape: RowShape = text.parse().expect(text);
            let Shape { height, width, .. } = shape.shape;
            assert_eq!(
                (shape.shape.channels, height, width),
                (channels, 28, 20),
                "{text}"
            );
            assert_eq!(shape.to_string(), written);
        }
        for text in [
            "",
            "28",
            "28x",
            "0x28",
            "28x28x2",
            "-1x4",
            "1x2x3x4",
            "99999999999x99999999999",
        ] {
            let error = text.parse::<RowShape>().expect_err(text);
            assert!(
                error.starts_with(&format!("`{text}`: expected height and width")),
                "{error}"
            );
        }
    }
}
