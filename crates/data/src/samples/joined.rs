//! Two parts of a data set as one.

use super::Values;
use super::numbers::Numbers;
use crate::error::content_of as content;
use crate::pixel_store::Sink;
use crate::{Error, Facts, Identity, RowNumbers, Samples, Targets};

impl Samples {
    /// These samples and behind them those of another part of the same data, both as they left their files: not scaled, no windows. At most
    /// `memory` bytes of images are kept in memory.
    ///
    /// # Errors
    /// [`Error::Content`] where the parts have other shapes, columns or classes; [`Error::Io`] where images lie in a file that cannot be read.
    pub fn joined(&self, more: &Self, memory: usize) -> Result<Self, Error> {
        let alike = self.shape == more.shape
            && self.is_table() == more.is_table()
            && self.columns() == more.columns();
        if !alike {
            let expected = format!("a second part like the first, of {}", self.shape);
            return Err(content(&self.name, expected, more.shape.to_string()));
        }
        let parts = [self, more];
        let facts = Facts {
            name: self.name.clone(),
            captions: each(parts, |part, index| part.caption(index).to_owned()),
            identity: identity(parts),
            ..Facts::default()
        };
        let count = self.len() + more.len();
        let joined = match (self.joined_in_store(more)?, &self.values) {
            (Some(values), _) => Self::of(facts, self.shape, values, count)?,
            (None, Values::Pixels { levels, .. }) => {
                let mut sink = Sink::new(memory);
                for part in parts {
                    for index in 0..part.len() {
                        sink.push(&part.pixels(index)?)?;
                    }
                }
                let levels = (*levels).max(more.levels());
                Self::stored(facts, self.shape, levels, sink.finish()?)?
            }
            (
                None,
                Values::Numbers {
                    numbers: Numbers::Flags { width, .. },
                    ..
                },
            ) => {
                let cells = each(parts, |part, index| {
                    let cells = (0..*width).map(|column| part.number(index, column) as u8);
                    cells.collect::<Vec<_>>()
                });
                Self::flags(facts, self.columns().to_vec(), cells.concat())?
            }
            (None, Values::Numbers { .. }) if self.is_text() => {
                let rows = self.joined_rows(more).ok_or_else(|| {
                    content(&self.name, "a second part of texts", "something else")
                })?;
                Self::of_rows(facts, rows, count)?
            }
            (None, Values::Numbers { .. }) => {
                let column = |place| self.column(place).chain(more.column(place)).collect();
                let numbers = (0..self.shape.pixels()).map(column).collect();
                Self::table(facts, self.columns().to_vec(), numbers)?
            }
        };
        let joined = Self {
            pixel_range: self.pixel_range,
            pixel_columns: self.pixel_columns.clone(),
            categories: self.categories.clone(),
            ..joined
        };
        joined.with_targets(targets(parts)?)
    }
}

/// Something of each sample of both parts.
fn each<T>([first, second]: [&Samples; 2], of: impl Fn(&Samples, usize) -> T) -> Vec<T> {
    let firsts = (0..first.len()).map(|index| of(first, index));
    let seconds = (0..second.len()).map(|index| of(second, index));
    firsts.chain(seconds).collect()
}

/// Where the samples of both parts come from. Images without a row of their own are counted on.
fn identity(parts: [&Samples; 2]) -> Identity {
    let [first, second] = parts;
    let numbered = parts
        .iter()
        .any(|part| !part.identity.rows.is_empty() || part.origins.is_some());
    let rows = match numbered {
        true => each(parts, Samples::row).into_iter().collect(),
        false => RowNumbers::default(),
    };
    let column = first
        .index_column()
        .filter(|column| second.index_column() == Some(*column));
    let names = column.map(|column| {
        let name = |part: &Samples, index| part.row_name(index).unwrap_or_default().into();
        (column.to_owned(), each(parts, name).into())
    });
    Identity {
        rows,
        names,
        groups: None,
    }
}

/// The targets of both parts.
fn targets(parts: [&Samples; 2]) -> Result<Targets, Error> {
    let [first, second] = parts;
    match (first.targets(), second.targets()) {
        (Targets::None, Targets::None) => Ok(Targets::None),
        (
            Targets::Classes { labels, names },
            Targets::Classes {
                labels: more,
                names: others,
            },
        ) if names == others => Ok(Targets::Classes {
            labels: labels.iter().chain(more.iter()).copied().collect(),
            names: names.clone(),
        }),
        (
            Targets::Numbers { columns, values },
            Targets::Numbers {
                columns: others,
                values: more,
            },
        ) if columns == others => Ok(Targets::Numbers {
            columns: columns.clone(),
            values: values.iter().chain(more.iter()).copied().collect(),
        }),
        _ => Err(content(
            first.name(),
            "the same classes or targets in both parts",
            "others",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HoldOut, Source, load};

    #[test]
    fn parts_that_were_split_come_together_again() {
        let source = Source {
            hold_out: HoldOut::Fraction(0.25),
            ..Source::named("fonts:all")
        };
        let loaded = load(&source).expect("it splits");
        let (train, test) = (loaded.train, loaded.test.expect("a quarter"));
        let all = train.joined(&test, usize::MAX).expect("of one set");
        assert_eq!((train.len(), test.len(), all.len()), (72, 24, 96));
        let same = |at: usize, part: &Samples, index: usize| {
            assert_eq!(all.caption(at), part.caption(index));
            assert_eq!(all.label(at), part.label(index));
            assert_eq!(all.row(at), part.row(index));
            let pixels = all.pixels(at).expect("in memory");
            assert_eq!(pixels, part.pixels(index).expect("in memory"));
        };
        (0..72).for_each(|index| same(index, &train, index));
        (0..24).for_each(|index| same(72 + index, &test, index));
        assert_eq!((all.levels(), all.shape()), (train.levels(), train.shape()));
        assert_eq!(all.classes(), train.classes());
    }

    #[test]
    fn rows_of_a_table_come_together_with_their_columns() {
        let loaded = load(&Source::named("lorenz")).expect("built in");
        let (train, test) = (loaded.train, loaded.test.expect("it has one"));
        let all = train.joined(&test, 0).expect("of one set");
        assert_eq!(all.len(), 1000);
        assert_eq!(all.columns(), train.columns());
        let column = Vec::from_iter(train.column(3).chain(test.column(3)));
        assert_eq!(Vec::from_iter(all.column(3)), column);
        assert_eq!(all.row(700), test.row(0));
    }

    #[test]
    fn parts_of_other_data_are_refused() {
        let set = |name: &str| load(&Source::named(name)).expect("built in").train;
        let error = set("fonts").joined(&set("lorenz"), 0);
        assert_eq!(
            error.expect_err("other shapes").to_string(),
            "`fonts`: expected a second part like the first, of 1x7x5, found 1x1x25"
        );
    }
}
