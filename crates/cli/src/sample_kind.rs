//! How messages call the samples of a data set: images, rows of a table, windows over such rows, or texts.

use espejo_data::Samples;

use crate::output::counted;

/// What one sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    /// An image.
    Image,
    /// A row of a table.
    Row,
    /// Rows of a series that follow each other.
    Window,
    /// A text.
    Text,
}

impl SampleKind {
    /// The kind of these samples.
    pub fn of(samples: &Samples) -> Self {
        match (samples.window(), samples.is_table()) {
            _ if samples.is_text() => Self::Text,
            (Some(_), _) => Self::Window,
            (None, true) => Self::Row,
            (None, false) => Self::Image,
        }
    }

    /// The word for one sample.
    pub fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Row => "row",
            Self::Window => "window",
            Self::Text => "text",
        }
    }

    /// A number of samples in words, as in `1 image` or `3 rows`.
    pub fn count(self, count: usize) -> String {
        counted(count, self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sample_has_no_plural() {
        assert_eq!(SampleKind::Image.count(1), "1 image");
        assert_eq!(SampleKind::Row.count(0), "0 rows");
    }
}
