//! One column of a Parquet file, as it is taken in.

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{DataType, FixedLenByteArray};

use super::leaves::{Leaf, Meaning};
use super::{Failure, broken};
use crate::frame::Column;
use crate::growing::Growing;
use crate::times;

/// How many rows are taken in at a time.
const ROWS: usize = 1 << 15;

/// A column of a file as it grows: one column of the table, or several where its values are lists.
pub(super) struct Reading {
    leaf: Leaf,
    /// Whether its values are names or classes: whole numbers and times stay words then, with each of their digits.
    is_name: bool,
    /// The column, or one for each element of its lists.
    grown: Vec<Growing>,
    /// The repetition levels of a whole list, which say its dimensions.
    list: Option<Vec<i16>>,
    /// How many rows came before the first list.
    missing: usize,
    pub(super) rows: usize,
}

type Result<T> = std::result::Result<T, Failure>;

/// Counts the bytes of a table before they are there, and says when they are too many.
pub(super) type Count<'a> = &'a dyn Fn(u64) -> Result<()>;

impl Reading {
    pub(super) fn new(leaf: Leaf, is_name: bool) -> Self {
        let grown = match leaf.depth {
            0 => vec![empty(leaf.meaning, is_name)],
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

    /// Takes in a row group.
    pub(super) fn read(&mut self, reader: ColumnReader, count: Count) -> Result<()> {
        let meaning = self.leaf.meaning;
        match reader {
            ColumnReader::BoolColumnReader(reader) => self.all(reader, count, |column, &truth| {
                column.push_word(if truth { "true" } else { "false" });
                Ok(())
            }),
            ColumnReader::Int32ColumnReader(reader) => self.all(reader, count, |column, &value| {
                // An unsigned number of 32 bits is stored as a signed one with the same bits.
                let value = match meaning {
                    Meaning::Whole { is_signed: false } => i64::from(value as u32),
                    _ => i64::from(value),
                };
                push_integer(column, meaning, value);
                Ok(())
            }),
            ColumnReader::Int64ColumnReader(reader) => self.all(reader, count, |column, &value| {
                match meaning {
                    Meaning::Whole { is_signed: false } => column.push_whole((value as u64).into()),
                    _ => push_integer(column, meaning, value),
                }
                Ok(())
            }),
            ColumnReader::Int96ColumnReader(reader) => self.all(reader, count, |column, value| {
                push_integer(column, Meaning::NANOS, value.to_nanos());
                Ok(())
            }),
            ColumnReader::FloatColumnReader(reader) => self.all(reader, count, |column, &value| {
                column.push_number(value.into());
                Ok(())
            }),
            ColumnReader::DoubleColumnReader(reader) => self.doubles(reader, count),
            ColumnReader::ByteArrayColumnReader(reader) => {
                self.all(reader, count, |column, value| {
                    push_bytes(column, meaning, value.data(), count)
                })
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.all(reader, count, |column, value: &FixedLenByteArray| {
                    push_bytes(column, meaning, value.data(), count)
                })
            }
        }
    }

    /// Takes in all values of a row group.
    fn all<T: DataType>(
        &mut self,
        mut reader: ColumnReaderImpl<T>,
        count: Count,
        push: impl Fn(&mut Growing, &T::T) -> Result<()>,
    ) -> Result<()> {
        let mut block = Block::default();
        while block.fill(&mut reader, count)? {
            match self.leaf.depth {
                0 => self.plain(&block, &push)?,
                _ => self.lists(&block, count, &push)?,
            }
        }
        Ok(())
    }

    /// Takes in numbers as they are, at once where none is missing.
    fn doubles(
        &mut self,
        mut reader: ColumnReaderImpl<::parquet::data_type::DoubleType>,
        count: Count,
    ) -> Result<()> {
        let push = |column: &mut Growing, &value: &f64| {
            column.push_number(value);
            Ok(())
        };
        let mut block = Block::default();
        while block.fill(&mut reader, count)? {
            match (&mut self.grown[..], self.leaf.depth) {
                ([Growing::Numbers(numbers)], 0) if block.values.len() == block.records => {
                    numbers.extend_from_slice(&block.values);
                    self.rows += block.records;
                }
                (_, 0) => self.plain(&block, &push)?,
                _ => self.lists(&block, count, &push)?,
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
        let column = &mut self.grown[0];
        let mut values = block.values.iter();
        self.rows += block.records;
        if block.values.len() == block.records {
            return values.try_for_each(|value| push(column, value));
        }
        for &level in &block.defined {
            match level == self.leaf.defined {
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
        count: Count,
        push: &impl Fn(&mut Growing, &T) -> Result<()>,
    ) -> Result<()> {
        let mut values = block.values.iter();
        let mut start = 0;
        while start < block.repeated.len() {
            let more = block.repeated[start + 1..].iter();
            let length = 1 + more.take_while(|&&level| level > 0).count();
            let defined = block.defined.get(start..start + length).ok_or_else(short)?;
            let repeated = &block.repeated[start..start + length];
            start += length;
            self.rows += 1;
            if defined[0] < self.leaf.element && length == 1 {
                count(8 * self.grown.len() as u64)?;
                self.missing += usize::from(self.list.is_none());
                self.grown.iter_mut().for_each(Growing::push_missing);
                continue;
            }
            if self.list.is_none() {
                self.begin(repeated, count)?;
            }
            if self.list.as_deref() != Some(repeated) {
                let (expected, found) = (self.grown.len(), length);
                return Err(broken(
                    format!("lists of {expected} values, as the first one"),
                    format!("{found} values in row {}", self.rows),
                ));
            }
            count(8 * length as u64)?;
            for (column, &level) in self.grown.iter_mut().zip(defined) {
                match level == self.leaf.defined {
                    true => push(column, values.next().ok_or_else(short)?)?,
                    false => column.push_missing(),
                }
            }
        }
        Ok(())
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
            .map(|_| empty(self.leaf.meaning, self.is_name))
            .collect();
        for column in &mut self.grown {
            (0..self.missing).for_each(|_| column.push_missing());
        }
        Ok(())
    }

    /// The columns of the table.
    pub(super) fn finish(self) -> Result<Vec<Column>> {
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
        let read = reader.read_records(ROWS, Some(defined), Some(repeated), &mut self.values);
        self.records = read?.0;
        count(8 * self.records as u64)?;
        Ok(self.records > 0)
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

/// A column of such values without any as yet.
fn empty(meaning: Meaning, is_name: bool) -> Growing {
    match meaning {
        Meaning::Whole { .. } if is_name => Growing::words(),
        _ if meaning.is_time() && !is_name => Growing::numbers(),
        Meaning::Whole { .. }
        | Meaning::Half
        | Meaning::Float
        | Meaning::Double
        | Meaning::Decimal { .. }
        | Meaning::Nothing => Growing::numbers(),
        _ => Growing::words(),
    }
}

fn push_integer(column: &mut Growing, meaning: Meaning, value: i64) {
    match meaning {
        Meaning::Decimal { scale } => column.push_number(decimal(value.into(), scale)),
        Meaning::Date => column.push_time(value as f64 * 86_400.0, || times::date(value)),
        Meaning::Time { per_second } => {
            let word = || times::time(value, per_second);
            column.push_time(value as f64 / per_second as f64, word);
        }
        Meaning::Moment {
            per_second,
            is_universal,
        } => {
            let word = || times::moment(value, per_second, is_universal);
            column.push_time(times::seconds(value, per_second), word);
        }
        _ => column.push_whole(value.into()),
    }
}

fn push_bytes(column: &mut Growing, meaning: Meaning, bytes: &[u8], count: Count) -> Result<()> {
    match (meaning, bytes) {
        (Meaning::Half, &[low, high]) => column.push_number(half(u16::from_le_bytes([low, high]))),
        (Meaning::Decimal { scale }, bytes) => {
            if bytes.len() > 16 {
                let found = format!("one of {} bytes", bytes.len());
                return Err(broken("decimals of at most 38 digits", found));
            }
            let sign = bytes.first().is_some_and(|&first| first >= 0x80);
            let mut whole = [if sign { 0xff } else { 0 }; 16];
            whole[16 - bytes.len()..].copy_from_slice(bytes);
            column.push_number(decimal(i128::from_be_bytes(whole), scale));
        }
        (Meaning::Text, bytes) => {
            if column.push_word(&String::from_utf8_lossy(bytes)) {
                count(2 * bytes.len() as u64 + 64)?;
            }
        }
        _ => return Err(short()),
    }
    Ok(())
}

/// The number nearest to a whole one of so many digits after the point.
fn decimal(whole: i128, scale: i32) -> f64 {
    // Text is rounded once, where a division would round twice.
    format!("{whole}e{}", -i64::from(scale))
        .parse()
        .unwrap_or(f64::NAN)
}

/// The number of 16 bits with 5 of them for the exponent.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

fn short() -> Failure {
    broken("as many values as its levels say", "others")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_decimals() {
        for (bits, number) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2f64.powi(-24)),
            (0x2e66, 0.0999755859375),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number);
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(decimal(-12345, 3), -12.345);
        assert_eq!(decimal(1, 40), 1e-40);
        assert_eq!(decimal(7, -2), 700.0);
    }

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
