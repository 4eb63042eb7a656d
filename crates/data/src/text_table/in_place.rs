//! The numbers of a long table that are written at once where they stay: each thread has the part of every column that the rows of its block fill.
//!
//! Fresh memory takes longer to come by than a number to read. Here no number is copied, and all threads come by memory, not one.

use std::io::{self, Read};
use std::mem;

use super::blocks::{self, Block, Blocks, Next, Rest};
use super::sample::Sample;
use super::{Table, is_too_large};
use crate::frame::{Cells, Column};
use crate::{Error, parallel};

/// A part of each column, for the rows of a block.
pub(super) struct Room<'a> {
    columns: Vec<&'a mut [f64]>,
    /// Rows that are in it.
    filled: usize,
}

impl Room<'_> {
    /// Takes in a number for each column.
    pub(super) fn push(&mut self, numbers: &[f64]) {
        for (column, number) in self.columns.iter_mut().zip(numbers) {
            column[self.filled] = *number;
        }
        self.filled += 1;
    }

    /// Takes the numbers out of columns of numbers.
    pub(super) fn take_from(&mut self, columns: &mut [Column]) {
        let mut taken = 0;
        for (room, column) in self.columns.iter_mut().zip(columns) {
            if let Cells::Numbers(numbers) = &mut column.cells {
                taken = numbers.len();
                room[self.filled..][..taken].copy_from_slice(numbers);
                numbers.clear();
            }
        }
        self.filled += taken;
    }
}

/// What became of the room for a block.
struct Filled {
    /// All of the block but its numbers.
    table: Table,
    rows: usize,
    room: usize,
    /// The bytes of the block.
    bytes: u64,
}

impl Table {
    /// Takes in what it can of a text of numbers alone, of `length` bytes, whose numbers are expected to be at most what `memory` shall hold; the bytes
    /// that were read, and what stopped it where that needs a reader of records. What follows is for the usual way.
    ///
    /// # Errors
    /// As [`blocks::in_parallel`].
    pub(super) fn fill_in_place<R: Read>(
        &mut self,
        blocks: &mut Blocks<R>,
        sample: &Sample,
        threads: usize,
        (length, memory): (u64, usize),
        failed: impl Fn(u64, io::Error) -> Error + Copy + Sync,
    ) -> Result<(u64, Option<Rest>), Error> {
        if self.plain_separator(sample).is_none() {
            return Ok((0, None));
        }
        let empty = self.clone();
        // The first rows say how many there are.
        let first = blocks.next();
        let first = match first.map_err(|failure| failed(blocks.lines(), failure))? {
            Next::Lines(first) => first,
            Next::Rest(first) => return Ok((0, Some(Rest::Records(first)))),
            Next::End => return Ok((0, None)),
        };
        self.take_block(&first, sample, None, failed)?;
        let mut bytes = first.text.len() as u64;
        let width = self.frame.columns.len();
        let expected = self.expected_rows(bytes, length);
        let fits = |rows: &u64| !is_too_large(rows.saturating_mul(width as u64), memory);
        let Some(expected) = expected.filter(fits) else {
            return Ok((bytes, None));
        };
        let start = self.frame.len();
        let mut columns = self.take_columns(expected as usize);
        let mut left: Vec<&mut [f64]> = columns.iter_mut().map(|of| &mut of[start..]).collect();
        let room = |block: &Block| room(&mut left, block.rows);
        let part = |block: &Block, mut room: Room<'_>| {
            let mut table = empty.clone();
            table.take_block(block, sample, Some(&mut room), failed)?;
            Ok(Filled {
                table,
                rows: room.filled,
                room: block.rows,
                bytes: block.text.len() as u64,
            })
        };
        let mut filled = Vec::new();
        let merge = |part: Filled| {
            filled.push((part.rows, part.room));
            bytes += part.bytes;
            self.append_table(part.table);
            Ok(())
        };
        let rest = blocks::in_parallel(blocks, threads, room, part, merge, failed)?;
        let numbers = columns.iter().map(Vec::len).sum();
        let columns = parallel::map(numbers, columns, |mut column| {
            close_gaps(&mut column, start, &filled);
            column
        });
        for (column, numbers) in self.frame.columns.iter_mut().zip(columns) {
            column.cells = Cells::Numbers(numbers);
        }
        Ok(match rest {
            Some(Rest::NoRoom(block)) => {
                blocks.take_back(block);
                (bytes, None)
            }
            rest => (bytes, rest),
        })
    }

    /// The numbers of all columns, which they lose, with room for so many rows.
    fn take_columns(&mut self, rows: usize) -> Vec<Vec<f64>> {
        let columns = self.frame.columns.iter_mut();
        let with_room = |column: &mut Column| {
            let Cells::Numbers(numbers) = &mut column.cells else {
                unreachable!("a plain table has columns of numbers alone");
            };
            let numbers = mem::take(numbers);
            // Zeros that nobody has touched take no memory.
            let mut with_room = vec![0.0; rows.max(numbers.len())];
            with_room[..numbers.len()].copy_from_slice(&numbers);
            with_room
        };
        columns.map(with_room).collect()
    }
}

/// The next so many rows of all columns; nothing where that is more than is left.
fn room<'a>(left: &mut [&'a mut [f64]], rows: usize) -> Option<Room<'a>> {
    let mut columns = Vec::with_capacity(left.len());
    for left in left {
        let (room, rest) = mem::take(left).split_at_mut_checked(rows)?;
        *left = rest;
        columns.push(room);
    }
    Some(Room { columns, filled: 0 })
}

/// Puts the numbers of a column next to each other that lie from `start` on in rooms, of which so many are filled.
fn close_gaps(column: &mut Vec<f64>, start: usize, filled: &[(usize, usize)]) {
    let (mut from, mut to) = (start, start);
    for &(rows, room) in filled {
        if from != to {
            column.copy_within(from..from + rows, to);
        }
        (from, to) = (from + room, to + rows);
    }
    column.truncate(to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_closed_wherever_they_are() {
        let numbers = [9, 8, 1, 2, 0, 3, 4, 0, 0, 5, 0, 0];
        let mut column: Vec<f64> = numbers.map(f64::from).to_vec();
        close_gaps(&mut column, 2, &[(2, 3), (2, 2), (0, 1), (0, 1), (1, 2)]);
        assert_eq!(column, [9.0, 8.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn room_is_for_whole_blocks() {
        let (mut a, mut b) = ([0.0; 5], [0.0; 5]);
        let mut left = vec![&mut a[..], &mut b[..]];
        let mut first = room(&mut left, 3).expect("there is room for three rows");
        first.push(&[1.0, 2.0]);
        assert_eq!(first.filled, 1);
        assert!(room(&mut left, 3).is_none());
        assert_eq!((a[0], b[0]), (1.0, 2.0));
    }
}
