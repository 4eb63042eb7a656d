//! Pages of a Parquet file that are no larger than the file can hold.
//!
//! The crate makes room for as many bytes and values as a page claims, up to 2 GiB, before it looks at one of them.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Deref;
use std::path::Path;

use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::{ParquetError, Result as Read_};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::reader::SerializedFileReader;

use super::WHOLE;
use crate::Error;
use crate::columnar::{Result, broken};
use crate::error::{content, unreadable};

/// A file, and what the crate reads of it.
pub(super) struct Bounded {
    file: File,
    length: u64,
    reader: SerializedFileReader<File>,
}

impl Deref for Bounded {
    type Target = SerializedFileReader<File>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl Bounded {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |failure| unreadable(path, failure);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let reader = SerializedFileReader::new(file.try_clone().map_err(failed)?)
            .map_err(|error| content(path, WHOLE, error.to_string()))?;
        Ok(Self {
            file,
            length,
            reader,
        })
    }

    /// Refuses a column chunk that lies beyond the file, and pages that lie beyond the chunk or would become more than `most` bytes
    /// or values of 8 bytes.
    pub(super) fn check_pages(&self, chunk: &ColumnChunkMetaData, most: u64) -> Result<()> {
        let start = chunk.dictionary_page_offset();
        let start = u64::try_from(start.unwrap_or(chunk.data_page_offset()));
        let size = u64::try_from(chunk.compressed_size());
        let (Ok(mut start), Ok(size)) = (start, size) else {
            return Err(broken("a column inside the file", "a place below 0"));
        };
        let end = start.saturating_add(size);
        if end > self.length {
            let expected = format!("a column inside the {} bytes of the file", self.length);
            return Err(broken(expected, format!("bytes {start} to {end}")));
        }
        while start < end {
            let mut file = &self.file;
            let seek = file.seek(SeekFrom::Start(start)).map(drop);
            seek.map_err(|error| broken("bytes of the file", error.to_string()))?;
            let mut header = Compact {
                bytes: BufReader::with_capacity(512, file.take(end - start)),
                read: 0,
            };
            let page = header.page();
            let page = page.ok_or_else(|| broken("the header of a page", "damage"))?;
            let body = start + header.read;
            let inside = u64::try_from(page.packed).ok();
            let inside = inside.filter(|&packed| packed <= end - body);
            let packed = inside.ok_or_else(|| {
                let expected = format!("a page of at most {} bytes", end - body);
                broken(expected, page.packed.to_string())
            })?;
            for (what, count, size) in [("bytes", page.whole, 1), ("values", page.values, 8)] {
                let most = most / size;
                if u64::try_from(count).ok().is_none_or(|count| count > most) {
                    let expected = format!("a page of at most {most} {what}");
                    return Err(broken(expected, count.to_string()));
                }
            }
            start = body + packed;
        }
        Ok(())
    }
}

/// What the header of a page claims.
#[derive(Debug, Default, PartialEq)]
struct Header {
    /// How many bytes it has once it is unpacked.
    whole: i64,
    /// How many it has in the file.
    packed: i64,
    values: i64,
}

/// Thrift's compact form, as far as the header of a page takes it.
struct Compact<R> {
    bytes: R,
    /// How many bytes were read.
    read: u64,
}

/// Structures in structures, at most; a header has three.
const DEEPEST: u8 = 8;

impl<R: Read> Compact<R> {
    /// The header of a page; none where it is damaged.
    fn page(&mut self) -> Option<Header> {
        let mut header = Header::default();
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (2, 4..=6) => header.whole = self.whole()?,
                (3, 4..=6) => header.packed = self.whole()?,
                // The headers of a data page, a dictionary, a data page of version 2: the first field of each counts values.
                (5 | 7 | 8, 12) => {
                    let mut id = 0;
                    while let Some(kind) = self.field(&mut id)? {
                        match (id, kind) {
                            (1, 4..=6) => header.values = self.whole()?,
                            _ => self.skip(kind, 2)?,
                        }
                    }
                }
                _ => self.skip(kind, 1)?,
            }
        }
        Some(header)
    }

    /// The type of the next field, whose number `id` becomes; none at the end of a structure.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        let byte = self.byte()?;
        if byte & 0xf == 0 {
            return Some(None);
        }
        *id = match byte >> 4 {
            0 => self.whole()?,
            step => *id + i64::from(step),
        };
        Some(Some(byte & 0xf))
    }

    /// Passes over a value.
    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        match kind {
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.number()?),
            7 => (0..8).try_for_each(|_| self.byte().map(drop))?,
            8 => {
                let length = self.number()?;
                (0..length).try_for_each(|_| self.byte().map(drop))?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let length = match byte >> 4 {
                    15 => self.number()?,
                    length => length.into(),
                };
                (depth < DEEPEST).then_some(())?;
                // Truth values take a byte each in a list.
                let kind = if byte & 0xf <= 2 { 3 } else { byte & 0xf };
                (0..length).try_for_each(|_| self.skip(kind, depth + 1))?;
            }
            12 => {
                (depth < DEEPEST).then_some(())?;
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// A whole number with a sign.
    fn whole(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A whole number of seven bits a byte.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte).ok()?;
        self.read += 1;
        Some(byte[0])
    }
}

/// Pages whose dictionaries have no more words than their bytes allow.
pub(super) struct Pages {
    inner: Box<dyn PageReader>,
}

impl Pages {
    pub(super) fn new(inner: Box<dyn PageReader>) -> Self {
        Self { inner }
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Read_<Option<Page>> {
        let page = self.inner.get_next_page()?;
        match &page {
            // Every word takes a bit at least.
            Some(Page::DictionaryPage {
                buf, num_values, ..
            }) if u64::from(*num_values) > 8 * buf.len() as u64 => {
                let found = format!("a dictionary of {num_values} words in {} bytes", buf.len());
                Err(ParquetError::General(found))
            }
            _ => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Read_<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Read_<()> {
        self.inner.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Read_<bool> {
        self.inner.at_record_boundary()
    }
}

impl Iterator for Pages {
    type Item = Read_<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
