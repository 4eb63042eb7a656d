//! Samples of one shape, as they leave a file: images, or rows of a table.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::error::content_of as content;
use crate::pixel_store::Store;
use crate::{Error, PixelRange, RowNumbers, Targets, parallel};

use captions::Captions;
use numbers::Numbers;
use permuted::Permuted;
use windows::Series;
pub use windows::Window;

pub use outline::Outline;

/// Samples that are read at a time where all are gone through.
const AT_A_TIME: usize = 1024;

/// Samples of one shape, each with a caption and, where they are known, its targets: images with one byte a pixel, or rows
/// of a table with one number a column.
///
/// A selection shares the values with the set it was taken from.
#[derive(Clone, Debug)]
pub struct Samples {
    name: String,
    shape: Shape,
    values: Values,
    /// The place of each sample among the values; without it, all in order.
    places: Option<Arc<[u32]>>,
    captions: Captions,
    targets: Targets,
    /// Where samples come from.
    identity: Arc<Identity>,
    /// The place of each sample in `identity`; without it, all in order. Other than `places`, these stay where values are replaced.
    origins: Option<Arc<[u32]>>,
    /// What the numbers of the file became pixels by, where that is known.
    pixel_range: Option<PixelRange>,
    /// The columns of the table whose rows these images are; none otherwise.
    pixel_columns: Arc<[String]>,
    /// The one-hot columns of each category of a table, ascending, as they are stored.
    categories: Arc<[Range<usize>]>,
    /// The order in which values are read; without it, that of storage.
    permuted: Option<Permuted>,
    /// The rows that these windows were cut from; none where each sample is a row or an image.
    series: Option<Arc<Series>>,
}

/// What the samples are made of.
#[derive(Clone, Debug)]
enum Values {
    /// Pixels, row-major `[n, channels, height, width]`, each 0 to `levels`.
    Pixels { levels: u8, store: Arc<Store> },
    /// Numbers of the named columns.
    Numbers {
        columns: Arc<[String]>,
        numbers: Numbers,
    },
}

/// What is known of samples beside their values.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The set as asked for (`fonts:1`).
    pub name: String,
    /// A caption for each sample, or none: samples are then called by their class, or by their number.
    pub captions: Vec<String>,
    /// A label for each sample, an index into `classes`; or none at all.
    pub labels: Vec<u16>,
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Where the samples come from.
    pub identity: Identity,
}

/// Where samples come from, so that results can be joined to them again. Each list is empty or has an entry a sample.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The number of each sample's row among all rows of its file, counted from 0.
    pub rows: RowNumbers,
    /// What names each sample, such as a time or a file, and what that is called.
    pub names: Option<(String, Arc<[Arc<str>]>)>,
    /// What keeps samples together when a part is drawn: those of one group have the same word.
    pub groups: Option<Arc<[Arc<str>]>>,
}

/// The shape of one sample. Displays as `1x7x5`: channels, height, width; a row of a table is `1x1xN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// 1 for two-valued and grey images, 3 for colour.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Samples {
    /// Images: checks the parts and puts them together.
    ///
    /// - `levels`: the largest pixel value in use, 1 to 255: 1 for two-valued images, 255 for grey.
    /// - `pixels`: row-major `[n, channels, height, width]`, n at least 1, each at most `levels`.
    ///
    /// # Errors
    /// [`Error::Content`] where a part breaks one of these rules or those of [`Facts`].
    pub fn pictures(
        facts: Facts,
        shape: Shape,
        levels: u8,
        pixels: Vec<u8>,
    ) -> Result<Self, Error> {
        if levels == 0 {
            return refuse(&facts, "a largest pixel value of 1 to 255", "0");
        }
        let size = shape.pixels().max(1);
        if let Some(at) = pixels.iter().position(|&pixel| pixel > levels) {
            let expected = format!("pixels of 0 to {levels}");
            return refuse(
                &facts,
                expected,
                format!("{} in image {}", pixels[at], at / size),
            );
        }
        Self::stored(facts, shape, levels, Store::Memory(pixels))
    }

    /// Images whose pixels are known to be at most `levels`.
    pub(crate) fn stored(
        facts: Facts,
        shape: Shape,
        levels: u8,
        store: Store,
    ) -> Result<Self, Error> {
        let size = shape.pixels();
        if size == 0 {
            return refuse(
                &facts,
                "at least one pixel an image",
                format!("shape {shape}"),
            );
        }
        let bytes = store.len();
        if bytes == 0 {
            return refuse(&facts, "at least one image", "none");
        }
        if !bytes.is_multiple_of(size as u64) {
            let expected = format!("a multiple of {size} pixels (shape {shape})");
            return refuse(&facts, expected, bytes.to_string());
        }
        let count = (bytes / size as u64) as usize;
        let values = Values::Pixels {
            levels,
            store: Arc::new(store),
        };
        Self::of(facts, shape, values, count)
    }

    /// A table: `numbers` column by column, `[columns][n]`, n and the number of columns at least 1. A number is finite, or NaN
    /// where a cell is missing.
    ///
    /// # Errors
    /// [`Error::Content`] where a part breaks one of these rules or those of [`Facts`].
    pub fn table(
        facts: Facts,
        columns: Vec<String>,
        numbers: Vec<Vec<f64>>,
    ) -> Result<Self, Error> {
        let (width, count) = (columns.len(), numbers.first().map_or(0, Vec::len));
        let is_whole = numbers.len() == width && numbers.iter().all(|of| of.len() == count);
        if count == 0 || !is_whole {
            let lengths: Vec<_> = numbers.iter().map(Vec::len).collect();
            let found = format!("{lengths:?} numbers in {width} columns");
            return refuse(&facts, "at least one row of at least one column", found);
        }
        let infinite = parallel::map(width * count, Vec::from_iter(&numbers), |numbers| {
            numbers.iter().position(|number| number.is_infinite())
        });
        let mut infinite = columns.iter().zip(&numbers).zip(infinite);
        if let Some((name, number, row)) =
            infinite.find_map(|((name, numbers), row)| Some((name, numbers[row?], row?)))
        {
            let found = format!("{number} in row {}, column `{name}`", row + 1);
            return refuse(&facts, "finite numbers", found);
        }
        let shape = Shape {
            channels: 1,
            height: 1,
            width,
        };
        let values = Values::Numbers {
            columns: columns.into(),
            numbers: Numbers::Raw(numbers.into()),
        };
        Self::of(facts, shape, values, count)
    }

    /// A table of truth values: `cells` row by row, `[n, columns]`, each 0 or 1, n and the number of columns at least 1.
    ///
    /// # Errors
    /// [`Error::Content`] where a part breaks one of these rules or those of [`Facts`].
    pub fn flags(facts: Facts, columns: Vec<String>, cells: Vec<u8>) -> Result<Self, Error> {
        let width = columns.len();
        if cells.is_empty() || width == 0 || !cells.len().is_multiple_of(width) {
            let found = format!("{} values for {width} columns", cells.len());
            return refuse(&facts, "at least one row of at least one column", found);
        }
        if let Some(place) = cells.iter().position(|cell| *cell > 1) {
            let (row, name) = (place / width + 1, &columns[place % width]);
            let found = format!("{} in row {row}, column `{name}`", cells[place]);
            return refuse(&facts, "truth values, 0 or 1", found);
        }
        let (shape, count) = (
            Shape {
                channels: 1,
                height: 1,
                width,
            },
            cells.len() / width,
        );
        let values = Values::Numbers {
            columns: columns.into(),
            numbers: Numbers::Flags {
                width,
                cells: cells.into(),
            },
        };
        Self::of(facts, shape, values, count)
    }

    fn of(facts: Facts, shape: Shape, values: Values, count: usize) -> Result<Self, Error> {
        if u32::try_from(count).is_err() {
            return refuse(
                &facts,
                format!("at most {} samples", u32::MAX),
                count.to_string(),
            );
        }
        let captions = facts.captions.len();
        if captions != 0 && captions != count {
            let found = format!("{captions} captions for {count} samples");
            return refuse(&facts, "one caption a sample or none at all", found);
        }
        check_identity(&facts, count)?;
        let targets = Targets::of_labels(facts.labels, facts.classes);
        targets.check(&facts.name, count)?;
        Ok(Self {
            captions: Captions::of(&facts.captions, &targets, count),
            identity: Arc::new(facts.identity),
            origins: None,
            name: facts.name,
            shape,
            values,
            places: None,
            targets,
            pixel_range: None,
            pixel_columns: [].into(),
            categories: [].into(),
            permuted: None,
            series: None,
        })
    }

    /// The set as asked for: `fonts`, `fonts:1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.captions.len()
    }

    /// Whether there is no sample; only [`select`](Self::select) without an index makes such a set.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of each sample.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Whether these are rows of a table, not images.
    pub fn is_table(&self) -> bool {
        matches!(self.values, Values::Numbers { .. })
    }

    /// The names of the columns of a table; empty for images.
    pub fn columns(&self) -> &[String] {
        match (&self.values, &self.permuted) {
            (Values::Numbers { .. }, Some(permuted)) => &permuted.columns,
            (Values::Numbers { columns, .. }, None) => columns,
            (Values::Pixels { .. }, _) => &[],
        }
    }

    /// The largest pixel value in use, 1 to 255; 0 is paper, this is full ink (or light). For a table 1.
    pub fn levels(&self) -> u8 {
        match self.values {
            Values::Pixels { levels, .. } => levels,
            Values::Numbers { .. } => 1,
        }
    }

    /// Whether these are images whose pixels are 0 or 1.
    pub fn two_valued(&self) -> bool {
        matches!(self.values, Values::Pixels { levels: 1, .. })
    }

    /// What the numbers of the file became pixels by; `None` for tables, and for images that are bytes in their files.
    pub fn pixel_range(&self) -> Option<PixelRange> {
        self.pixel_range
    }

    pub(crate) fn with_pixel_range(mut self, range: PixelRange) -> Self {
        self.pixel_range = Some(range);
        self
    }

    /// The columns of the table whose rows these images are, in the order of the table; empty where images are no rows, and for a
    /// table itself.
    pub fn pixel_columns(&self) -> &[String] {
        &self.pixel_columns
    }

    /// Images in place of the rows of a table; all else stays as it is.
    ///
    /// # Panics
    /// Where there are fewer or more images than rows.
    pub(crate) fn with_images(
        &self,
        shape: Shape,
        levels: u8,
        store: Store,
        range: PixelRange,
    ) -> Self {
        let size = (self.len() * shape.pixels()) as u64;
        assert_eq!(store.len(), size, "an image for each row");
        let store = Arc::new(store);
        Self {
            shape,
            values: Values::Pixels { levels, store },
            places: None,
            pixel_range: Some(range),
            pixel_columns: self.columns().into(),
            permuted: None,
            ..self.clone()
        }
    }

    /// Where the values of a sample start.
    fn start(&self, index: usize) -> usize {
        self.place(index) * self.shape.pixels()
    }

    /// The place of a sample among the values.
    fn place(&self, index: usize) -> usize {
        assert!(
            index < self.len(),
            "sample {index} of a set of {}",
            self.len()
        );
        match &self.places {
            Some(places) => places[index] as usize,
            None => index,
        }
    }

    /// The place of each sample among the values.
    pub(crate) fn places(&self) -> Vec<usize> {
        (0..self.len()).map(|index| self.place(index)).collect()
    }

    /// The place of a sample in `identity`.
    fn origin(&self, index: usize) -> usize {
        assert!(index < self.len(), "sample {index} of {}", self.len());
        match &self.origins {
            Some(origins) => origins[index] as usize,
            None => index,
        }
    }

    /// What a sample shows, in a word: of a font the symbol (`A`, `SPACE`, `DEL`).
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub fn caption(&self, index: usize) -> &str {
        self.captions.get(index)
    }

    /// Where the samples come from, in the order of their file.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The number of a sample's row among all rows of its file, counted from 0, or of its image among the images; `index` itself where
    /// the samples do not come from one file.
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub fn row(&self, index: usize) -> u64 {
        let origin = self.origin(index);
        self.identity.rows.get(origin).unwrap_or(origin as u64)
    }

    /// What names the samples, such as a column of times; `None` where nothing does.
    pub fn index_column(&self) -> Option<&str> {
        self.identity
            .names
            .as_ref()
            .map(|(column, _)| column.as_str())
    }

    /// The name of a sample in its [`index_column`](Self::index_column).
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub fn row_name(&self, index: usize) -> Option<&str> {
        let names = self.identity.names.as_ref();
        names.map(|(_, names)| &*names[self.origin(index)])
    }

    /// What keeps a sample together with others when a part is drawn.
    pub(crate) fn group(&self, index: usize) -> Option<&str> {
        let groups = self.identity.groups.as_ref();
        groups.map(|groups| &*groups[self.origin(index)])
    }

    /// The samples at these indices, in this order, with their targets; an index may come again. Name and classes stay as
    /// they are.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            shape: self.shape,
            values: self.values.clone(),
            places: Some(indices.iter().map(|&i| self.place(i) as u32).collect()),
            captions: self.captions.select(indices),
            targets: self.targets.select(indices),
            identity: self.identity.clone(),
            origins: Some(indices.iter().map(|&i| self.origin(i) as u32).collect()),
            pixel_range: self.pixel_range,
            pixel_columns: self.pixel_columns.clone(),
            categories: self.categories.clone(),
            permuted: self.permuted.clone(),
            series: self.series.clone(),
        }
    }

    /// The index of the first sample with this caption.
    pub fn position(&self, caption: &str) -> Option<usize> {
        (0..self.len()).position(|index| self.caption(index) == caption)
    }
}

fn check_identity(facts: &Facts, count: usize) -> Result<(), Error> {
    let Identity {
        rows,
        names,
        groups,
    } = &facts.identity;
    let fits = |length: usize| length == 0 || length == count;
    let names = names.as_ref().map_or(0, |(_, names)| names.len());
    let groups = groups.as_ref().map_or(0, |groups| groups.len());
    match [rows.len(), names, groups]
        .into_iter()
        .find(|length| !fits(*length))
    {
        Some(found) => refuse(
            facts,
            format!("where each of {count} samples comes from"),
            found.to_string(),
        ),
        None => Ok(()),
    }
}

fn refuse<T>(
    facts: &Facts,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Result<T, Error> {
    Err(content(&facts.name, expected, found))
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

mod alike;
mod captions;
mod joined;
mod numbers;
mod outline;
mod permuted;
mod reading;
pub(crate) mod rows;
pub(crate) mod statistics;
mod targeted;
#[cfg(test)]
mod tests;
mod texts;
mod windows;
