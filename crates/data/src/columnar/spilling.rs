//! Columns whose numbers go to a store while a file is read, once they are more than memory shall hold.

use std::collections::HashMap;

use super::{Readings, Table};
use crate::error::content_of;
use crate::growing::Growing;
use crate::row_store::{Spill, StoredColumn};
use crate::{Error, Source};

/// The columns of a store by the place of their leaf: several where its values are lists.
pub(super) type Stored = HashMap<usize, Vec<StoredColumn>>;

/// Takes numbers out of the columns of a table that grow.
pub(super) struct Spilling<'a> {
    table: &'a Table,
    spill: Spill<'a>,
    /// The leaves whose numbers go, with how many columns each has, from when the first went.
    leaves: Vec<(usize, usize)>,
}

impl<'a> Spilling<'a> {
    pub(super) fn new(table: &'a Table, source: &'a Source) -> Self {
        Self {
            table,
            spill: Spill::new(source),
            leaves: Vec::new(),
        }
    }

    /// Takes the numbers that are there, where they are more than memory shall hold.
    pub(super) fn take(&mut self, readings: &mut Readings) -> Result<(), Error> {
        if self.spill.rows() == 0 {
            let Some(leaves) = self.leaves_of(readings) else {
                return Ok(());
            };
            self.leaves = leaves;
        }
        let is_it = |index: usize| self.leaves.iter().any(|(known, _)| *known == index);
        let grown = readings.iter().filter(|(leaf, _)| is_it(leaf.index));
        let numbers = grown.filter_map(|(_, reading)| reading.as_ref().ok());
        let numbers = numbers.flat_map(|reading| reading.numbers().map(Vec::len));
        let (most, all) = numbers.fold((0, 0), |(most, all), count| (count.max(most), all + count));
        if most == 0 || !self.spill.is_due(all) {
            return Ok(());
        }
        let mut columns = Vec::new();
        for &(index, count) in &self.leaves {
            let of_leaf = readings.iter_mut().find(|(leaf, _)| leaf.index == index);
            match of_leaf {
                Some((_, Ok(reading))) => columns.extend(reading.take_numbers()),
                // What turned out to be damaged is told, or left out, later on.
                _ => columns.extend(vec![vec![f64::NAN; most]; count]),
            }
        }
        if columns.iter().any(|column| column.len() != most) {
            let expected = "columns of one length";
            return Err(content_of(&self.table.origin, expected, "others"));
        }
        self.spill.take(&columns)
    }

    /// The leaves whose columns are numbers; none as long as nothing tells how many columns one of them has.
    fn leaves_of(&self, readings: &Readings) -> Option<Vec<(usize, usize)>> {
        let mut leaves = Vec::new();
        for (leaf, reading) in readings {
            // Numbers that stand for classes become words.
            let are_classes = self.table.features.classes.contains_key(&leaf.name);
            let (Ok(reading), false) = (reading, are_classes) else {
                continue;
            };
            if leaf.depth > 0 && reading.is_untold() {
                return None;
            }
            match reading.numbers().count() {
                0 => {}
                count => leaves.push((leaf.index, count)),
            }
        }
        Some(leaves)
    }

    /// Takes what is left, and gives the columns that went.
    pub(super) fn finish(mut self, readings: &mut Readings) -> Result<Stored, Error> {
        self.take(readings)?;
        let mut columns = self.spill.finish()?.into_iter().flatten();
        let mut stored = Stored::new();
        for (index, count) in self.leaves {
            let of_leaf: Vec<_> = columns.by_ref().take(count).collect();
            if !of_leaf.is_empty() {
                stored.insert(index, of_leaf);
            }
        }
        Ok(stored)
    }
}

impl super::Reading {
    /// The numbers of its columns, where these hold numbers.
    fn numbers(&self) -> impl Iterator<Item = &Vec<f64>> {
        self.grown.iter().filter_map(|column| match column {
            Growing::Numbers(numbers) => Some(numbers),
            Growing::Words(_) => None,
        })
    }

    fn take_numbers(&mut self) -> impl Iterator<Item = Vec<f64>> {
        self.grown.iter_mut().filter_map(|column| match column {
            Growing::Numbers(numbers) => Some(std::mem::take(numbers)),
            Growing::Words(_) => None,
        })
    }

    /// Whether nothing tells as yet how many columns its lists become.
    fn is_untold(&self) -> bool {
        self.list.is_none()
    }
}
