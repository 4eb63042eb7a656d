//! The numbers behind a figure: a text, or what makes it once it is asked for.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// A CSV file that nobody asked for is at most this large.
pub const LARGEST_CSV: usize = 1 << 20;

/// The CSV of a figure. A grid of photographs has a row for each of millions of values, which mostly nobody wants to read.
#[derive(Clone)]
pub(crate) struct Numbers {
    text: OnceLock<String>,
    later: Option<Later>,
}

#[derive(Clone)]
struct Later {
    /// Bytes that the text has at the least.
    least: usize,
    make: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Numbers {
    /// A text that is made when it is asked for, and has so many bytes or more.
    pub(crate) fn later(least: usize, make: impl Fn() -> String + Send + Sync + 'static) -> Self {
        let make = Arc::new(make);
        Self {
            text: OnceLock::new(),
            later: Some(Later { least, make }),
        }
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let make = |later: &Later| (later.make)();
            self.later.as_ref().map(make).unwrap_or_default()
        })
    }

    /// Bytes of the text, or what they are at the least where it has not been made yet.
    pub(crate) fn least(&self) -> usize {
        match (self.text.get(), &self.later) {
            (Some(text), _) => text.len(),
            (None, Some(later)) => later.least,
            (None, None) => 0,
        }
    }

    /// The text, unless it is larger than a file that nobody asked for may be.
    pub(crate) fn if_small(&self) -> Option<&str> {
        let may_be = self.least() <= LARGEST_CSV;
        may_be
            .then(|| self.text())
            .filter(|text| text.len() <= LARGEST_CSV)
    }
}

impl From<String> for Numbers {
    fn from(text: String) -> Self {
        Self {
            text: text.into(),
            later: None,
        }
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Numbers({} bytes or more)", self.least())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_to_be_large_is_never_made() {
        let made = |least| Numbers::later(least, || panic!("made"));
        assert_eq!(made(LARGEST_CSV + 1).if_small(), None);
        let grows = Numbers::later(1, || "x".repeat(LARGEST_CSV + 1));
        assert_eq!(grows.if_small(), None);
        assert_eq!(grows.text().len(), LARGEST_CSV + 1);
        assert_eq!(
            Numbers::later(1, || "a,b\n".into()).if_small(),
            Some("a,b\n")
        );
        assert_eq!(Numbers::from("x".repeat(LARGEST_CSV)).least(), LARGEST_CSV);
    }
}
