//! The numbers of a table that is more than memory shall hold: they lie in a store, and are filled and scaled when they are read.

use std::sync::Arc;

use super::permuted::Permuted;
use super::{AT_A_TIME, Values, numbers::Numbers};
use crate::array::GoOn;
use crate::frame::MISSING;
use crate::row_store::{RowStore, in_places};
use crate::{Error, Facts, Samples, Scaling, Shape};

/// Rows in a store, and what is done to their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) table: Arc<RowStore>,
    /// The place of each row in the store; without it, all in order.
    pub(crate) places: Option<Arc<[u32]>>,
    pub(crate) inputs: Arc<[Input]>,
    /// How many rows are a sample: more than one for windows.
    length: usize,
    /// Whether numbers are rounded to single precision first.
    is_single: bool,
    /// What stands for a missing number of each column.
    fill: Option<Arc<[f64]>>,
    scaling: Option<Arc<Scaling>>,
}

/// Where the numbers of an input are.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// In this column of the store.
    Stored(usize),
    /// In memory, a number for each row.
    Numbers(Vec<f64>),
    /// In memory, a number for each of some words; NaN where one is missing.
    Words {
        codes: Arc<[u32]>,
        values: Vec<f64>,
    },
}

impl Input {
    /// The number of a row, whose numbers in the store are these.
    pub(crate) fn number(&self, row: usize, stored: &[f64]) -> f64 {
        match self {
            Self::Stored(column) => stored[*column],
            Self::Numbers(numbers) => numbers[row],
            Self::Words { codes, values } => match codes[row] {
                MISSING => f64::NAN,
                code => values[code as usize],
            },
        }
    }
}

impl Rows {
    pub(crate) fn new(
        table: Arc<RowStore>,
        places: Option<Arc<[u32]>>,
        inputs: Vec<Input>,
    ) -> Self {
        Self {
            table,
            places,
            inputs: inputs.into(),
            length: 1,
            is_single: false,
            fill: None,
            scaling: None,
        }
    }

    /// The numbers of a row in double precision, before they are scaled.
    fn unscaled<'a>(&'a self, row: usize, stored: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.inputs.iter().enumerate().map(move |(place, input)| {
            let number = input.number(row, stored);
            let number = match self.is_single {
                true => f64::from(number as f32),
                false => number,
            };
            match &self.fill {
                Some(fill) if number.is_nan() => fill[place],
                _ => number,
            }
        })
    }

    /// A number as a model sees it.
    fn scaled(&self, place: usize, number: f64) -> f32 {
        match &self.scaling {
            Some(scaling) => scaling.scaled(place, number),
            None => number as f32,
        }
    }

    /// Hands on the numbers of these rows in double precision, as they are or as they were scaled.
    pub(super) fn visit(
        &self,
        count: usize,
        row: &dyn Fn(usize) -> usize,
        take: &mut dyn FnMut(usize, &[f64]) -> GoOn,
    ) -> Result<(), Error> {
        let in_store = in_places(self.places.as_deref());
        let width = self.table.width();
        let mut numbers = Vec::new();
        let place = |index| in_store(row(index));
        self.table.visit(count, &place, &mut |first, block| {
            numbers.clear();
            for (at, stored) in block.chunks_exact(width).enumerate() {
                let all = self.unscaled(row(first + at), stored).enumerate();
                numbers.extend(all.map(|(place, number)| match &self.scaling {
                    Some(_) => f64::from(self.scaled(place, number)),
                    None => number,
                }));
            }
            take(first, &numbers)
        })
    }

    /// Writes samples in single precision, one after another, each in another order where there is one.
    pub(super) fn read(
        &self,
        samples: &[usize],
        permuted: Option<&Permuted>,
        out: &mut [f32],
    ) -> Result<(), Error> {
        self.table.check()?;
        let (length, width) = (self.length, self.inputs.len());
        assert_eq!(out.len(), samples.len() * length * width, "room for the rows");
        let row = |index: usize| samples[index / length] + index % length;
        let in_store = in_places(self.places.as_deref());
        let place = |index| in_store(row(index));
        let mut left = &mut out[..];
        let count = samples.len() * length;
        self.table.visit(count, &place, &mut |first, block| {
            for (at, stored) in block.chunks_exact(self.table.width()).enumerate() {
                let (these, rest) = std::mem::take(&mut left).split_at_mut(width);
                let all = self.unscaled(row(first + at), stored).enumerate();
                for (out, (place, number)) in these.iter_mut().zip(all) {
                    *out = self.scaled(place, number);
                }
                left = rest;
            }
            Ok(true)
        })?;
        if let Some(permuted) = permuted {
            for sample in out.chunks_exact_mut(length * width) {
                permuted.apply(&sample.to_vec(), sample, |number| number);
            }
        }
        Ok(())
    }

    /// A number of a sample in double precision.
    pub(super) fn at(&self, row: usize, value: usize) -> Result<f64, Error> {
        let (row, column) = (row + value / self.inputs.len(), value % self.inputs.len());
        let mut number = f64::NAN;
        self.visit(1, &|_| row, &mut |_, block| {
            number = block[column];
            Ok(true)
        })?;
        Ok(number)
    }

    /// The least and the greatest number that a column may have; none where nothing tells.
    pub(crate) fn range(&self, column: usize) -> Option<(f64, f64)> {
        match &self.inputs[column] {
            Input::Stored(column) if self.fill.is_none() => self.table.range(*column),
            _ => None,
        }
    }

    /// Windows of so many rows.
    pub(super) fn windows(&self, length: usize) -> Self {
        Self {
            length,
            ..self.clone()
        }
    }

    /// Whether these are rows, and not windows.
    pub(super) fn are_rows(&self) -> bool {
        self.length == 1
    }

    pub(super) fn filled(&self, values: &[f64]) -> Self {
        Self {
            fill: Some(values.into()),
            ..self.clone()
        }
    }

    pub(super) fn single(&self) -> Self {
        Self {
            is_single: true,
            ..self.clone()
        }
    }
}

impl Samples {
    /// A table whose numbers lie in a store: its rows `kept`, or all of so many.
    ///
    /// # Errors
    /// [`Error::Content`] where the facts do not fit.
    pub(crate) fn stored_table(
        facts: Facts,
        columns: Vec<String>,
        rows: Rows,
        (count, kept): (usize, Option<&[usize]>),
    ) -> Result<Self, Error> {
        let shape = Shape {
            channels: 1,
            height: 1,
            width: columns.len(),
        };
        let values = Values::Numbers {
            columns: columns.into(),
            numbers: Numbers::Rows(rows),
        };
        let samples = Self::of(facts, shape, values, kept.map_or(count, <[usize]>::len))?;
        let places = kept.map(|kept| kept.iter().map(|&row| row as u32).collect());
        Ok(Self { places, ..samples })
    }

    /// The rows of a table that lies in a store; none for other samples.
    pub(crate) fn stored_rows(&self) -> Option<&Rows> {
        match &self.values {
            Values::Numbers {
                numbers: Numbers::Rows(rows),
                ..
            } if rows.are_rows() => Some(rows),
            _ => None,
        }
    }

    /// Hands on the rows of a table that lies in a store, in the order of the samples and the columns as they are stored: some at a time,
    /// row-major in double precision, with the index of the first, for as long as `take` says to go on. Does nothing for other samples.
    ///
    /// # Errors
    /// What `take` says, and [`Error::Io`].
    pub(crate) fn visit_stored(
        &self,
        take: &mut dyn FnMut(usize, &[f64]) -> GoOn,
    ) -> Result<(), Error> {
        match self.stored_rows() {
            Some(rows) => rows.visit(self.len(), &|index| self.place(index), take),
            None => Ok(()),
        }
    }

    /// Hands on the rows of any table as [`visit_stored`](Self::visit_stored) does.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn visit(&self, take: &mut dyn FnMut(usize, &[f64]) -> GoOn) -> Result<(), Error> {
        if self.stored_rows().is_some() {
            return self.visit_stored(take);
        }
        let mut columns: Vec<_> = (0..self.shape.pixels()).map(|at| self.column(at)).collect();
        let mut block = Vec::new();
        for start in (0..self.len()).step_by(AT_A_TIME) {
            block.clear();
            for _ in start..(start + AT_A_TIME).min(self.len()) {
                block.extend(columns.iter_mut().filter_map(Iterator::next));
            }
            if !take(start, &block)? {
                break;
            }
        }
        Ok(())
    }

    /// The same table, each number of which is scaled when it is read; none where its numbers lie in memory.
    ///
    /// # Panics
    /// Where the table is scaled already, or its columns are permuted.
    pub(crate) fn scaled_when_read(&self, scaling: &Scaling) -> Option<Self> {
        let rows = self.stored_rows()?;
        assert!(rows.scaling.is_none(), "rows are scaled once");
        assert!(self.permuted.is_none(), "rows are scaled before all else");
        let Values::Numbers { columns, .. } = &self.values else {
            return None;
        };
        let numbers = Numbers::Rows(Rows {
            scaling: Some(Arc::new(scaling.clone())),
            ..rows.clone()
        });
        let columns = columns.clone();
        Some(Self {
            values: Values::Numbers { columns, numbers },
            ..self.clone()
        })
    }
}
