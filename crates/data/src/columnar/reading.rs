//! One column of a file, as it is taken in: one column of the table, or several where its values are lists.

use super::meaning::Leaf;
use super::{Count, Result, broken, short};
use crate::frame::Column;
use crate::growing::Growing;

/// A column of a file as it grows.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) leaf: Leaf,
    /// Whether its values are names or classes: whole numbers and times stay words then, with each of their digits.
    is_name: bool,
    /// The column, or one for each element of its lists.
    pub(super) grown: Vec<Growing>,
    /// The repetition levels of a whole list, which say its dimensions: at each value, from which list on it continues.
    pub(super) list: Option<Vec<i16>>,
    /// How many rows came before the first list.
    missing: usize,
    pub(crate) rows: usize,
}

impl Reading {
    pub(crate) fn new(leaf: Leaf, is_name: bool) -> Self {
        let grown = match leaf.depth {
            0 => vec![leaf.meaning.column(is_name)],
            _ => Vec::new(),
        };
        Self {
            leaf,
            is_name,
            grown,
            list: None,
            missing: 0,
            rows: 0,
        }
    }

    /// The column that so many more rows go to, each a value.
    pub(crate) fn plain(&mut self, rows: usize) -> &mut Growing {
        self.rows += rows;
        &mut self.grown[0]
    }

    /// Takes in a row without a list.
    pub(crate) fn push_no_list(&mut self, count: Count) -> Result<()> {
        count(8 * self.grown.len() as u64)?;
        self.rows += 1;
        self.missing += usize::from(self.list.is_none());
        self.grown.iter_mut().for_each(Growing::push_missing);
        Ok(())
    }

    /// Takes in a row with a list of these repetition levels; `push` gives each value to its column.
    pub(crate) fn push_list(
        &mut self,
        repeated: &[i16],
        count: Count,
        mut push: impl FnMut(&mut Growing, usize) -> Result<()>,
    ) -> Result<()> {
        self.rows += 1;
        if self.list.is_none() {
            self.begin(repeated, count)?;
        }
        if self.list.as_deref() != Some(repeated) {
            let (expected, found) = (self.grown.len(), repeated.len());
            return Err(broken(
                format!("lists of {expected} values, as the first one"),
                format!("{found} values in row {}", self.rows),
            ));
        }
        count(8 * repeated.len() as u64)?;
        let mut columns = self.grown.iter_mut().enumerate();
        columns.try_for_each(|(at, column)| push(column, at))
    }

    /// Makes the columns, of the first list that is there.
    fn begin(&mut self, repeated: &[i16], count: Count) -> Result<()> {
        let width = repeated.len();
        count(
            (width as u64)
                .saturating_mul(self.missing as u64 + 8)
                .saturating_mul(8),
        )?;
        self.list = Some(repeated.to_vec());
        self.grown = (0..width)
            .map(|_| self.leaf.meaning.column(self.is_name))
            .collect();
        for column in &mut self.grown {
            (0..self.missing).for_each(|_| column.push_missing());
        }
        Ok(())
    }

    /// The columns of the table.
    pub(crate) fn finish(self) -> Result<Vec<Column>> {
        let name = self.leaf.name;
        let names = match &self.list {
            None => vec![name.clone(); self.grown.len()],
            Some(repeated) => names(&name, repeated, self.leaf.depth)?,
        };
        let columns = names.into_iter().zip(self.grown);
        let column = |(name, grown): (String, Growing)| Column {
            name,
            cells: grown.finish(),
        };
        Ok(columns.map(column).collect())
    }
}

/// The names of the elements of a list: `name[0]`, or `name[0][1]` where lists lie in lists.
fn names(name: &str, repeated: &[i16], depth: i16) -> Result<Vec<String>> {
    let mut place = vec![0usize; depth as usize];
    let mut names = Vec::with_capacity(repeated.len());
    for (at, &level) in repeated.iter().enumerate() {
        if at > 0 {
            let level = usize::try_from(level - 1)
                .ok()
                .filter(|&level| level < place.len());
            let level = level.ok_or_else(short)?;
            place[level] += 1;
            place[level + 1..].fill(0);
        }
        let indices = place.iter().map(|index| format!("[{index}]"));
        names.push(name.to_owned() + &indices.collect::<String>());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_a_place_for_each_list() {
        let flat = names("a", &[0, 1, 1], 1).expect("levels of a list");
        assert_eq!(flat, ["a[0]", "a[1]", "a[2]"]);
        let nested = names("a", &[0, 2, 1, 2], 2).expect("levels of lists");
        assert_eq!(nested, ["a[0][0]", "a[0][1]", "a[1][0]", "a[1][1]"]);
        assert!(names("a", &[0, 0], 1).is_err());
        assert!(names("a", &[0, 2], 1).is_err());
    }
}
