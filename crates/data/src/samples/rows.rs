//! The numbers of a table that is more than memory shall hold: they lie in a store, and are filled and scaled when they are read.

use std::sync::Arc;

use super::permuted::Permuted;
use super::{AT_A_TIME, Values, numbers::Numbers};
use crate::array::GoOn;
use crate::frame::MISSING;
use crate::row_store::{RowStore, in_places, is_too_large};
use crate::summary::Summary;
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
    Words { codes: Arc<[u32]>, values: Vec<f64> },
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

    /// Whether the numbers of a row are those in the store.
    fn is_plain(&self) -> bool {
        let in_place = |(place, input): (usize, &Input)| match input {
            Input::Stored(column) => *column == place,
            Input::Numbers(_) | Input::Words { .. } => false,
        };
        let all = self.inputs.len() == self.table.width();
        all && !self.is_single
            && self.fill.is_none()
            && self.inputs.iter().enumerate().all(in_place)
    }

    /// The numbers of a row in double precision, before they are scaled, where they are not those in the store.
    fn unscaled(&self, row: usize, stored: &[f64], out: &mut Vec<f64>) {
        out.clear();
        out.extend(self.inputs.iter().enumerate().map(|(place, input)| {
            let number = input.number(row, stored);
            let number = match self.is_single {
                true => f64::from(number as f32),
                false => number,
            };
            match &self.fill {
                Some(fill) if number.is_nan() => fill[place],
                _ => number,
            }
        }));
    }

    /// Writes the numbers of a row as a model sees them.
    fn scale(&self, numbers: &[f64], out: &mut [f32]) {
        match &self.scaling {
            Some(scaling) => scaling.scale_row(numbers, out),
            None => (out.iter_mut().zip(numbers)).for_each(|(out, number)| *out = *number as f32),
        }
    }

    /// Whether a number may be missing, as far as that is known without going through all of them.
    fn may_miss(&self) -> bool {
        let misses = |input: &Input| match input {
            Input::Stored(column) => !self.table.is_whole(*column),
            Input::Numbers(numbers) => numbers.iter().any(|number| number.is_nan()),
            Input::Words { codes, .. } => codes.contains(&MISSING),
        };
        self.fill.is_none() && self.inputs.iter().any(misses)
    }

    /// Whether a number of these rows is missing.
    pub(super) fn has_missing(
        &self,
        count: usize,
        row: &dyn Fn(usize) -> usize,
    ) -> Result<bool, Error> {
        let mut has_missing = false;
        if self.may_miss() {
            self.visit(count, row, &mut |_, block| {
                has_missing = block.iter().any(|number| number.is_nan());
                Ok(!has_missing)
            })?;
        }
        Ok(has_missing)
    }

    /// Whether a number of the store is that of a sample.
    fn is_as_stored(&self) -> bool {
        self.fill.is_none() && !self.is_single && self.scaling.is_none()
    }

    /// What is known of a column of all rows; none where nothing tells.
    pub(crate) fn summary(&self, column: usize) -> Option<Summary> {
        let is_as_stored = self.is_as_stored() && self.places.is_none();
        match &self.inputs[column] {
            Input::Stored(column) if is_as_stored => self.table.summary(*column),
            _ => None,
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
        let (mut numbers, mut of_row) = (Vec::new(), Vec::new());
        let mut scaled = vec![0.0; self.inputs.len()];
        let place = |index| in_store(row(index));
        let is_plain = self.is_plain();
        self.table.visit(count, &place, &mut |first, block| {
            if is_plain && self.scaling.is_none() {
                return take(first, block);
            }
            numbers.clear();
            for (at, stored) in block.chunks_exact(width).enumerate() {
                self.unscaled(row(first + at), stored, &mut of_row);
                if self.scaling.is_none() {
                    numbers.extend_from_slice(&of_row);
                    continue;
                }
                self.scale(&of_row, &mut scaled);
                numbers.extend(scaled.iter().map(|number| f64::from(*number)));
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
        assert_eq!(
            out.len(),
            samples.len() * length * width,
            "room for the rows"
        );
        let row = |index: usize| samples[index / length] + index % length;
        let in_store = in_places(self.places.as_deref());
        let place = |index| in_store(row(index));
        let mut of_row = Vec::new();
        let is_plain = self.is_plain();
        let count = samples.len() * length;
        self.table.visit(count, &place, &mut |first, block| {
            let these = out[first * width..].chunks_exact_mut(width);
            let stored = block.chunks_exact(self.table.width());
            for (at, (stored, out)) in stored.zip(these).enumerate() {
                if is_plain {
                    self.scale(stored, out);
                } else {
                    self.unscaled(row(first + at), stored, &mut of_row);
                    self.scale(&of_row, out);
                }
            }
            Ok(true)
        })?;
        if let Some(permuted) = permuted {
            let mut stored = Vec::new();
            for sample in out.chunks_exact_mut(length * width) {
                stored.clear();
                stored.extend_from_slice(sample);
                permuted.apply(&stored, sample, |number| number);
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
            Input::Stored(column) if self.is_as_stored() => self.table.summary(*column)?.range(),
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

    /// These rows, once all are looked at, where nobody did so yet; in memory where they may take so many bytes of it.
    ///
    /// # Errors
    /// [`Error::Content`] for a row with an infinite number, and [`Error::Io`].
    pub(crate) fn seen(self, memory: usize) -> Result<Self, Error> {
        let Some(rows) = self.stored_rows().filter(|rows| rows.table.is_unseen()) else {
            return Ok(self);
        };
        let places: Vec<u32> = (0..self.len())
            .map(|index| self.place(index) as u32)
            .collect();
        let table = Arc::new(rows.table.seen(places.len(), &places)?);
        let numbers = Numbers::Rows(Rows {
            table,
            ..rows.clone()
        });
        let seen = self.with_numbers(numbers);
        let count = (self.len() as u64).saturating_mul(self.columns().len() as u64);
        match is_too_large(count, memory) {
            true => Ok(seen),
            false => seen.brought_in(),
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

    /// Whether these are all rows of their store in order.
    pub(crate) fn are_all_stored(&self) -> bool {
        self.places.is_none()
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
