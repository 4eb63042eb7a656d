//! What samples are like, without any of their values.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Facts, Samples, Shape, Values, Window};
use crate::error::content_of as content;
use crate::{Error, PixelRange, Targets, TextOutline};

/// Values of the sample that stands in for others, at most: an outline may come from anywhere.
const MOST_VALUES: usize = 1 << 24;

/// What samples are like, without any of their values: all that a model needs to know to take others of the kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// The set as it was asked for.
    pub name: String,
    /// Channels, height and width; a row of a table is `1x1xN`. Of windows that of their rows.
    pub shape: [usize; 3],
    /// The largest pixel value; none for a table.
    pub levels: Option<u8>,
    /// The columns of a table, or those whose rows the images are, in the order of the file.
    pub columns: Vec<String>,
    /// What the numbers of the file became pixels by, where that is known.
    pub pixel_range: Option<PixelRange>,
    /// The one-hot columns of each category of a table.
    #[serde(default)]
    pub categories: Vec<Range<usize>>,
    /// How windows are cut from the rows.
    #[serde(default)]
    pub window: Option<Window>,
    /// The names of the classes.
    #[serde(default)]
    pub classes: Vec<String>,
    /// The columns of the numbers to predict.
    #[serde(default)]
    pub targets: Vec<String>,
    /// How texts became numbers, with the words of the vocabulary, which then are not among the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextOutline>,
}

impl Samples {
    /// What these samples are like. A permutation is no part of it.
    pub fn outline(&self) -> Outline {
        let stored = self.points().unpermuted();
        let (levels, columns) = match &stored.values {
            Values::Pixels { levels, .. } => (Some(*levels), stored.pixel_columns()),
            Values::Numbers { .. } if stored.is_text() => (None, &[][..]),
            Values::Numbers { .. } => (None, stored.columns()),
        };
        let Shape {
            channels,
            height,
            width,
        } = stored.shape;
        Outline {
            name: self.name.clone(),
            shape: [channels, height, width],
            levels,
            columns: columns.to_vec(),
            pixel_range: self.pixel_range,
            categories: stored.categories().to_vec(),
            window: self.window(),
            classes: stored.classes().to_vec(),
            targets: match stored.targets() {
                Targets::Numbers { columns, .. } => columns.to_vec(),
                Targets::None | Targets::Classes { .. } => Vec::new(),
            },
            text: stored.text_outline(),
        }
    }

    /// One sample of zeros that is like others were, to stand in where these are not at hand.
    ///
    /// # Errors
    /// [`Error::Content`] where the outline contradicts itself.
    pub fn of_outline(outline: &Outline) -> Result<Self, Error> {
        let rows = outline.window.map_or(1, |window| {
            window.length.saturating_add(window.ahead).max(1)
        });
        let sizes = outline.shape.iter().chain([&rows]);
        let values = sizes.fold(1usize, |values, size| values.saturating_mul(*size));
        if values > MOST_VALUES {
            let expected = format!("at most {MOST_VALUES} values");
            return Err(content(&outline.name, expected, values.to_string()));
        }
        let labels = match outline.classes.is_empty() {
            true => Vec::new(),
            false => vec![0; rows],
        };
        let facts = Facts {
            name: outline.name.clone(),
            labels,
            classes: outline.classes.clone(),
            ..Facts::default()
        };
        let [channels, height, width] = outline.shape;
        let shape = Shape {
            channels,
            height,
            width,
        };
        let samples = match outline.levels {
            None if outline.text.is_some() => {
                let text = outline.text.as_ref().expect("it is there");
                let empty = Self::empty_text(facts, text, width)?;
                if empty.shape != shape || rows != 1 {
                    let expected = format!("texts of {}", empty.shape);
                    return Err(content(&outline.name, expected, shape.to_string()));
                }
                empty
            }
            Some(levels) => Self {
                pixel_range: outline.pixel_range,
                pixel_columns: outline.columns.clone().into(),
                ..Self::pictures(facts, shape, levels, vec![0; shape.pixels()])?
            },
            None => {
                let zeros = vec![vec![0.0; rows]; width];
                let ends = outline.categories.iter().flat_map(|of| [of.start, of.end]);
                if !ends.chain([width]).is_sorted() {
                    let expected = format!("categories one after the other among {width} columns");
                    return Err(content(&outline.name, expected, "others"));
                }
                Self::table(facts, outline.columns.clone(), zeros)?
                    .with_categories(outline.categories.clone())
            }
        };
        let samples = match &outline.targets[..] {
            [] => samples,
            columns => samples.with_targets(Targets::Numbers {
                columns: columns.into(),
                values: vec![0.0; columns.len() * rows].into(),
            })?,
        };
        match outline.window {
            Some(window) if window.length > 0 && window.stride > 0 => samples.windows(window),
            _ => Ok(samples),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_for_a_table_has_its_columns() {
        let columns = ["b", "a"].map(str::to_owned).to_vec();
        let numbers = vec![vec![1.0, 2.0], vec![3.0, 4.0]];
        let table = Samples::table(Facts::default(), columns, numbers).expect("a table");
        let outline = table.outline();
        let other = Samples::of_outline(&outline).expect("it is whole");
        assert_eq!((other.len(), other.columns()), (1, table.columns()));
        assert!(other.is_table());
        // The order of a permutation is kept elsewhere.
        let permuted = table.permuted([1, 0].into()).expect("an order");
        assert_eq!(permuted.outline(), outline);
    }

    #[test]
    fn what_stands_in_for_images_has_their_levels() {
        let shape = Shape {
            channels: 1,
            height: 2,
            width: 3,
        };
        let images = Samples::pictures(Facts::default(), shape, 1, vec![1; 12]).expect("images");
        let other = Samples::of_outline(&images.outline()).expect("it is whole");
        assert_eq!(
            (other.len(), other.shape(), other.two_valued()),
            (1, shape, true)
        );
    }

    #[test]
    fn an_outline_that_contradicts_itself_or_no_memory_holds_is_refused() {
        let outline = Outline {
            name: String::new(),
            shape: [1, 1, 3],
            levels: None,
            columns: vec!["a".to_owned()],
            pixel_range: None,
            categories: Vec::new(),
            window: None,
            classes: Vec::new(),
            targets: Vec::new(),
            text: None,
        };
        assert!(Samples::of_outline(&outline).is_err());
        let torn = Outline {
            shape: [1, 1, 1],
            categories: vec![0..1, 0..1],
            ..outline.clone()
        };
        assert!(Samples::of_outline(&torn).is_err());
        let huge = Outline {
            shape: [usize::MAX, 2, 3],
            levels: Some(255),
            ..outline
        };
        assert!(Samples::of_outline(&huge).is_err());
    }
}
