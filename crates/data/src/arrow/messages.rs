//! The messages of an Arrow file or stream, read one at a time and held against what the file can hold.
//!
//! The crate believes the lengths and places that a message claims: they are checked here, before it makes room for them.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::{
    CompressionType, Endianness, MessageHeader, RecordBatch, root_as_footer, root_as_message,
};
use arrow_schema::{ArrowError, SchemaRef};

use crate::Error;
use crate::error::{content, unreadable};
use crate::foreign_panics::guarded;
use crate::frame_size::FrameSize;

pub(super) const WHOLE: &str = "a whole Arrow file or stream";

/// How a file starts and ends; a stream does not.
const MAGIC: &[u8; 6] = b"ARROW1";

/// How Feather of version 1 starts, which is no Arrow.
const FEATHER_1: &[u8; 4] = b"FEA1";

/// What comes before the length of a message, but in old streams.
const CONTINUATION: u32 = u32::MAX;

/// More values than any machine holds; below it no product of sizes overflows.
const MOST_VALUES: i64 = 1 << 40;

/// What a file holds, and where.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) schema: SchemaRef,
    pub(super) rows: u64,
    /// How many bytes it has.
    pub(super) length: u64,
    blocks: Vec<Block>,
}

/// What a message brings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Dictionary,
    Batch,
}

/// Where a message lies.
#[derive(Clone, Copy, Debug)]
struct Block {
    kind: Kind,
    at: u64,
    /// How many bytes its header has.
    header: u64,
    /// How many come behind it.
    body: u64,
}

/// A message in memory.
pub(super) struct Message {
    pub(super) kind: Kind,
    header: Vec<u8>,
    pub(super) body: Buffer,
}

/// A file that is open.
struct Bytes<'a> {
    path: &'a Path,
    file: BufReader<File>,
    length: u64,
}

impl Index {
    /// Reads the headers of a file, not what they head.
    ///
    /// # Errors
    /// [`Error::Content`] for what is no Arrow, is cut off, or claims to be larger than the file; [`Error::Io`].
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let mut bytes = Bytes::open(path)?;
        let start = bytes.read(0, bytes.length.min(8))?;
        if start.starts_with(FEATHER_1) {
            let found = "Feather of version 1 (`pyarrow.feather.write_feather(pyarrow.feather.read_table(FILE), NEW)` makes version 2 of it)";
            return Err(content(path, "Arrow, or Feather of version 2", found));
        }
        match start.starts_with(MAGIC) {
            true => Self::by_footer(&mut bytes),
            false => Self::by_messages(&mut bytes),
        }
    }

    /// What the footer of a file names.
    fn by_footer(bytes: &mut Bytes) -> Result<Self, Error> {
        let wrong = |bytes: &Bytes, found: &str| content(bytes.path, WHOLE, found);
        let end = bytes.length.saturating_sub(10);
        let tail = bytes.read(end, bytes.length - end)?;
        let (length, magic) = tail.split_at(4.min(tail.len()));
        let length: Option<[u8; 4]> = length.try_into().ok();
        let Some(length) = length.filter(|_| magic == MAGIC).map(u32::from_le_bytes) else {
            return Err(wrong(bytes, "no footer at its end"));
        };
        let Some(start) = end.checked_sub(length.into()).filter(|&start| start >= 8) else {
            let found = format!("a footer of {length} bytes in {}", bytes.length);
            return Err(wrong(bytes, &found));
        };
        let footer = bytes.read(start, length.into())?;
        let footer = root_as_footer(&footer).map_err(|error| wrong(bytes, &error.to_string()))?;
        let schema = schema_of(bytes.path, footer.schema())?;
        let mut index = Self::new(schema, bytes.length);
        let dictionaries = footer.dictionaries().into_iter().flatten();
        let batches = footer.recordBatches().into_iter().flatten();
        for (kind, block) in dictionaries
            .map(|block| (Kind::Dictionary, block))
            .chain(batches.map(|block| (Kind::Batch, block)))
        {
            let at = u64::try_from(block.offset()).unwrap_or(u64::MAX);
            match bytes.message(at)? {
                Some(Found {
                    head: Head::Block(block, rows),
                    ..
                }) if block.kind == kind => {
                    index.push(block, rows);
                }
                _ => {
                    return Err(wrong(
                        bytes,
                        &format!("another message than its footer says at byte {at}"),
                    ));
                }
            }
        }
        Ok(index)
    }

    /// What a stream holds.
    fn by_messages(bytes: &mut Bytes) -> Result<Self, Error> {
        let first = bytes.message(0)?;
        let Some(Found {
            head: Head::Schema(schema),
            mut end,
        }) = first
        else {
            return Err(content(bytes.path, WHOLE, "no schema at its start"));
        };
        let mut index = Self::new(schema, bytes.length);
        while let Some(found) = bytes.message(end)? {
            match found.head {
                Head::Block(block, rows) => index.push(block, rows),
                Head::Schema(_) => {
                    let found = format!("a second schema at byte {end}");
                    return Err(content(bytes.path, WHOLE, found));
                }
            }
            end = found.end;
        }
        Ok(index)
    }

    fn new(schema: SchemaRef, length: u64) -> Self {
        Self {
            schema,
            rows: 0,
            length,
            blocks: Vec::new(),
        }
    }

    fn push(&mut self, block: Block, rows: u64) {
        self.rows = self.rows.saturating_add(rows);
        self.blocks.push(block);
    }

    /// The messages behind the schema, in the order in which they are to be read.
    pub(super) fn messages<'a>(&'a self, path: &'a Path) -> Result<Messages<'a>, Error> {
        Ok(Messages {
            bytes: Bytes::open(path)?,
            blocks: self.blocks.iter(),
        })
    }
}

/// The messages of a file as they are read.
pub(super) struct Messages<'a> {
    bytes: Bytes<'a>,
    blocks: std::slice::Iter<'a, Block>,
}

impl Messages<'_> {
    /// The next one, which claims no more than `size` allows; none behind the last.
    pub(super) fn next(&mut self, size: &FrameSize) -> Result<Option<Message>, Error> {
        let Some(block) = self.blocks.next() else {
            return Ok(None);
        };
        let header = self.bytes.read(block.at, block.header)?;
        let body = self.bytes.read(block.at + block.header, block.body)?;
        let message = Message {
            kind: block.kind,
            header,
            body: body.into(),
        };
        let wrong = |(expected, found): (String, String)| {
            let origin = PathBuf::from(format!("{}: byte {}", self.bytes.path.display(), block.at));
            content(&origin, expected, found)
        };
        message.check(size).map_err(wrong)?;
        Ok(Some(message))
    }
}

impl Message {
    /// Its header.
    pub(super) fn message(&self) -> Result<arrow_ipc::Message<'_>, ArrowError> {
        root_as_message(&self.header).map_err(|error| ArrowError::ParseError(error.to_string()))
    }

    /// Holds what it claims against the bytes that it has: what is expected, and what is found.
    fn check(&self, size: &FrameSize) -> Result<(), (String, String)> {
        let message = self.message();
        let message = message.map_err(|error| (WHOLE.to_owned(), error.to_string()))?;
        let batch = match self.kind {
            Kind::Batch => message.header_as_record_batch(),
            Kind::Dictionary => message
                .header_as_dictionary_batch()
                .and_then(|dictionary| dictionary.data()),
        };
        match batch {
            Some(batch) => check(batch, &self.body, size.most()),
            None => Err((WHOLE.to_owned(), "a message without values".to_owned())),
        }
    }
}

/// Holds what a batch claims against the bytes that it has.
fn check(batch: RecordBatch, body: &[u8], most: u64) -> Result<(), (String, String)> {
    let counts = |length: i64, missing: i64| {
        (0..=MOST_VALUES).contains(&length) && (0..=length).contains(&missing)
    };
    if !counts(batch.length(), 0) {
        let found = batch.length().to_string();
        return Err(("a number of rows".to_owned(), found));
    }
    for node in batch.nodes().into_iter().flatten() {
        if !counts(node.length(), node.null_count()) {
            let found = format!("{} of {}", node.null_count(), node.length());
            return Err(("missing values among all".to_owned(), found));
        }
    }
    let codec = batch.compression().map(|compression| compression.codec());
    let mut unpacked = 0u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let (offset, length) = (
            usize::try_from(buffer.offset()),
            usize::try_from(buffer.length()),
        );
        let bytes = offset.ok().zip(length.ok());
        let bytes = bytes.and_then(|(offset, length)| body.get(offset..)?.get(..length));
        let Some(bytes) = bytes else {
            let expected = format!("values inside the {} bytes of their message", body.len());
            let found = format!("{} from {} on", buffer.length(), buffer.offset());
            return Err((expected, found));
        };
        if let Some(codec) = codec {
            unpacked = unpacked.saturating_add(claimed(bytes, codec)?);
        }
    }
    match unpacked <= most {
        true => Ok(()),
        false => Err((
            format!("at most {} MiB once unpacked", most >> 20),
            "more".to_owned(),
        )),
    }
}

/// How many bytes packed ones claim to become.
fn claimed(bytes: &[u8], codec: CompressionType) -> Result<u64, (String, String)> {
    let Some((length, packed)) = bytes.split_first_chunk() else {
        return Ok(0);
    };
    let length = match i64::from_le_bytes(*length) {
        // These are not packed.
        -1 => return Ok(0),
        length => u64::try_from(length).unwrap_or(u64::MAX),
    };
    // A byte of LZ4 stands for 255 at most; Zstandard has no such bound.
    let most = match codec {
        CompressionType::LZ4_FRAME => 255 * packed.len() as u64,
        _ => u64::MAX - 1,
    };
    match length <= most {
        true => Ok(length),
        false => Err((
            format!("at most {most} bytes in {} packed ones", packed.len()),
            i64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8])).to_string(),
        )),
    }
}

/// A message, and where the next one begins.
struct Found {
    head: Head,
    end: u64,
}

/// What the header of a message says.
enum Head {
    Schema(SchemaRef),
    /// Values, and how many rows of them.
    Block(Block, u64),
}

impl<'a> Bytes<'a> {
    fn open(path: &'a Path) -> Result<Self, Error> {
        let failed = |failure| unreadable(path, failure);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let file = BufReader::new(file);
        Ok(Self { path, file, length })
    }

    /// These bytes, which must lie inside the file.
    fn read(&mut self, at: u64, length: u64) -> Result<Vec<u8>, Error> {
        let failed = |failure| unreadable(self.path, failure);
        if self.length.checked_sub(at).is_none_or(|rest| length > rest) {
            let found = format!("{length} bytes at byte {at} of {}", self.length);
            return Err(content(self.path, WHOLE, found));
        }
        self.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        self.file.read_exact(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// The message at a place; none where the stream ends.
    fn message(&mut self, at: u64) -> Result<Option<Found>, Error> {
        if at == self.length {
            return Ok(None);
        }
        let (mut length, mut at) = (self.number(at)?, at.saturating_add(4));
        if length == CONTINUATION {
            (length, at) = (self.number(at)?, at + 4);
        }
        if length == 0 {
            return Ok(None);
        }
        let path = self.path;
        let wrong = |found: &str| content(path, WHOLE, format!("{found} at byte {at}"));
        let header = self.read(at, length.into())?;
        let message = root_as_message(&header).map_err(|_| wrong("no message"))?;
        let body = u64::try_from(message.bodyLength()).unwrap_or(u64::MAX);
        let start = at + u64::from(length);
        let end = start.checked_add(body).filter(|&end| end <= self.length);
        let Some(end) = end else {
            return Err(wrong("a message that goes on past its end"));
        };
        let block = |kind, rows: i64| {
            let rows = u64::try_from(rows).map_err(|_| wrong("a number of rows below 0"))?;
            let header = length.into();
            Ok(Head::Block(
                Block {
                    kind,
                    at,
                    header,
                    body,
                },
                rows,
            ))
        };
        let head = match message.header_type() {
            MessageHeader::Schema => Head::Schema(schema_of(path, message.header_as_schema())?),
            MessageHeader::DictionaryBatch => block(Kind::Dictionary, 0)?,
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch();
                block(Kind::Batch, batch.map_or(0, |batch| batch.length()))?
            }
            _ => return Err(wrong("tensors, not a table,")),
        };
        Ok(Some(Found { head, end }))
    }

    /// A whole number of four bytes.
    fn number(&mut self, at: u64) -> Result<u32, Error> {
        let bytes = self.read(at, 4)?;
        let bytes = bytes.first_chunk().copied().unwrap_or_default();
        Ok(u32::from_le_bytes(bytes))
    }
}

fn schema_of(path: &Path, schema: Option<arrow_ipc::Schema>) -> Result<SchemaRef, Error> {
    let Some(schema) = schema else {
        return Err(content(path, WHOLE, "no schema"));
    };
    if schema.endianness() != Endianness::Little {
        let expected = "numbers whose least byte comes first";
        return Err(content(path, expected, "the other order"));
    }
    let read = guarded(|| try_fb_to_schema(schema));
    read.map(Arc::new)
        .map_err(|found| content(path, WHOLE, found))
}
