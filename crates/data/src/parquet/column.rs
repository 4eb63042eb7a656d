//! One column of a Parquet file: its values and levels, as they are stored.

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{DataType, DoubleType, FixedLenByteArray};

use super::leaves::Levels;
use crate::columnar::meaning::{
    Meaning, decimal, half, long_decimal, push_integer, push_text, push_truth,
};
use crate::columnar::reading::Reading;
use crate::columnar::{Count, Failure, Result, short};
use crate::foreign_panics::guarded;
use crate::growing::Growing;

/// How many rows are taken in at a time.
const ROWS: usize = 1 << 15;

/// A column that takes in what a file holds of it.
pub(super) struct Taking<'a> {
    pub(super) into: &'a mut Reading,
    pub(super) levels: Levels,
    pub(super) count: Count<'a>,
}

impl Taking<'_> {
    /// Takes in a row group.
    pub(super) fn read(&mut self, reader: ColumnReader) -> Result<()> {
        let (meaning, count) = (self.into.leaf.meaning, self.count);
        match reader {
            ColumnReader::BoolColumnReader(reader) => self.all(reader, |column, &truth| {
                push_truth(column, truth);
                Ok(())
            }),
            ColumnReader::Int32ColumnReader(reader) => self.all(reader, |column, &value| {
                // An unsigned number of 32 bits is stored as a signed one with the same bits.
                let value = match meaning {
                    Meaning::Whole { is_signed: false } => i64::from(value as u32),
                    _ => i64::from(value),
                };
                push_integer(column, meaning, value);
                Ok(())
            }),
            ColumnReader::Int64ColumnReader(reader) => self.all(reader, |column, &value| {
                match meaning {
                    Meaning::Whole { is_signed: false } => column.push_whole((value as u64).into()),
                    _ => push_integer(column, meaning, value),
                }
                Ok(())
            }),
            ColumnReader::Int96ColumnReader(reader) => self.all(reader, |column, value| {
                push_integer(column, meaning, value.to_nanos());
                Ok(())
            }),
            ColumnReader::FloatColumnReader(reader) => self.all(reader, |column, &value| {
                column.push_number(value.into());
                Ok(())
            }),
            ColumnReader::DoubleColumnReader(reader) => self.doubles(reader),
            ColumnReader::ByteArrayColumnReader(reader) => self.all(reader, |column, value| {
                push_bytes(column, meaning, value.data(), count)
            }),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.all(reader, |column, value: &FixedLenByteArray| {
                    push_bytes(column, meaning, value.data(), count)
                })
            }
        }
    }

    /// Takes in all values of a row group.
    fn all<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        push: impl Fn(&mut Growing, &T::T) -> Result<()>,
    ) -> Result<()> {
        let mut block = Block::default();
        while block.fill(&mut reader, self.count)? {
            match self.into.leaf.depth {
                0 => self.plain(&block, &push)?,
                _ => self.lists(&block, &push)?,
            }
        }
        Ok(())
    }

    /// Takes in numbers as they are, at once where none is missing.
    fn doubles(&mut self, mut reader: ColumnReaderImpl<DoubleType>) -> Result<()> {
        let push = |column: &mut Growing, &value: &f64| {
            column.push_number(value);
            Ok(())
        };
        let mut block = Block::default();
        while block.fill(&mut reader, self.count)? {
            if self.into.leaf.depth > 0 {
                self.lists(&block, &push)?;
                continue;
            }
            let is_whole = block.values.len() == block.records;
            match self.into.plain(0) {
                Growing::Numbers(numbers) if is_whole => {
                    numbers.extend_from_slice(&block.values);
                    self.into.rows += block.records;
                }
                _ => self.plain(&block, &push)?,
            }
        }
        Ok(())
    }

    /// Takes in values that are a row each.
    fn plain<T>(
        &mut self,
        block: &Block<T>,
        push: &impl Fn(&mut Growing, &T) -> Result<()>,
    ) -> Result<()> {
        let column = self.into.plain(block.records);
        let mut values = block.values.iter();
        if block.values.len() == block.records {
            return values.try_for_each(|value| push(column, value));
        }
        for &level in &block.defined {
            match level == self.levels.defined {
                true => push(column, values.next().ok_or_else(short)?)?,
                false => column.push_missing(),
            }
        }
        Ok(())
    }

    /// Takes in lists of one length, each a row.
    fn lists<T>(
        &mut self,
        block: &Block<T>,
        push: &impl Fn(&mut Growing, &T) -> Result<()>,
    ) -> Result<()> {
        let levels = self.levels;
        let mut values = block.values.iter();
        let mut start = 0;
        while start < block.repeated.len() {
            let more = block.repeated[start + 1..].iter();
            let length = 1 + more.take_while(|&&level| level > 0).count();
            let defined = block.defined.get(start..start + length).ok_or_else(short)?;
            let repeated = &block.repeated[start..start + length];
            start += length;
            if defined[0] < levels.element && length == 1 {
                self.into.push_no_list(self.count)?;
                continue;
            }
            let push = |column: &mut Growing, at: usize| match defined[at] == levels.defined {
                true => push(column, values.next().ok_or_else(short)?),
                false => {
                    column.push_missing();
                    Ok(())
                }
            };
            self.into.push_list(repeated, self.count, push)?;
        }
        Ok(())
    }
}

/// Some rows of a column, as they are stored.
struct Block<T> {
    values: Vec<T>,
    defined: Vec<i16>,
    repeated: Vec<i16>,
    records: usize,
}

impl<T> Default for Block<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            defined: Vec::new(),
            repeated: Vec::new(),
            records: 0,
        }
    }
}

impl<T> Block<T> {
    /// The next rows; false where there are none.
    fn fill<D: DataType<T = T>>(
        &mut self,
        reader: &mut ColumnReaderImpl<D>,
        count: Count,
    ) -> Result<bool> {
        self.values.clear();
        self.defined.clear();
        self.repeated.clear();
        let (defined, repeated) = (&mut self.defined, &mut self.repeated);
        let values = &mut self.values;
        let read = guarded(|| reader.read_records(ROWS, Some(defined), Some(repeated), values));
        self.records = read.map_err(Failure::Reader)?.0;
        count(8 * self.records as u64)?;
        Ok(self.records > 0)
    }
}

fn push_bytes(column: &mut Growing, meaning: Meaning, bytes: &[u8], count: Count) -> Result<()> {
    match (meaning, bytes) {
        (Meaning::Half, &[low, high]) => column.push_number(half(u16::from_le_bytes([low, high]))),
        (Meaning::Decimal { scale }, bytes) => {
            if bytes.len() > 16 {
                return Err(long_decimal(bytes.len()));
            }
            let sign = bytes.first().is_some_and(|&first| first >= 0x80);
            let mut whole = [if sign { 0xff } else { 0 }; 16];
            whole[16 - bytes.len()..].copy_from_slice(bytes);
            column.push_number(decimal(i128::from_be_bytes(whole), scale));
        }
        (Meaning::Text, bytes) => push_text(column, &String::from_utf8_lossy(bytes), count)?,
        _ => return Err(short()),
    }
    Ok(())
}
