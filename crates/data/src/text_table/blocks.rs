//! A long table read by several threads: whole lines, some MiB at a time.
//!
//! Outside quotes every line feed ends a record, so that the lines of a block without a quote mean the same alone as after all lines before them. From
//! the first block with a quote on, one thread reads the rest.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use memchr::{memchr, memchr_iter, memrchr};

use crate::{Error, parallel};

/// Bytes that are read at a time; a block is these and what was left of the last line before.
const BLOCK: u64 = 2 << 20;
/// Bytes of the first block, which may be read alone to learn how long lines are.
const FIRST: u64 = 128 << 10;
/// Room for them, and for a look whether more follows.
const ROOM: usize = BLOCK as usize + 64;
/// A text without a line end for so long is left to the reader of records, which says what is wrong with it.
const LONGEST: usize = 64 << 20;

/// Whole lines of a text.
pub(super) struct Block {
    pub(super) text: Vec<u8>,
    /// Line feeds before it.
    pub(super) lines: u64,
    /// Its lines, and so rows at most.
    pub(super) rows: usize,
}

/// What comes next of a text.
pub(super) enum Next {
    Lines(Block),
    /// From here on the text is to be read record by record: there are quotes, or no line ends.
    Rest(Block),
    End,
}

/// Why threads stopped before the end of a text.
pub(super) enum Rest {
    /// From this block on the text is to be read record by record.
    Records(Block),
    /// There was no room for what this block gives; it is still to be read.
    NoRoom(Block),
}

/// Takes whole lines from a reader.
pub(super) struct Blocks<R> {
    inner: R,
    /// What was read after the last line feed.
    left: Vec<u8>,
    lines: u64,
    /// Bytes that are read at a time.
    size: u64,
    /// Room of blocks that were worked off: fresh memory takes longer to come by than the text in it to read.
    spare: Vec<Vec<u8>>,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            left: Vec::new(),
            lines: 0,
            size: FIRST,
            spare: Vec::new(),
        }
    }

    /// The line feeds before what comes next.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Takes a block back that was not read: it comes again, with what follows it.
    pub(super) fn take_back(&mut self, block: Block) {
        let Block {
            mut text, lines, ..
        } = block;
        text.append(&mut self.left);
        (self.left, self.lines) = (text, lines);
    }

    /// What follows, for a reader of records.
    pub(super) fn into_rest(self) -> R {
        self.inner
    }

    pub(super) fn next(&mut self) -> io::Result<Next> {
        let mut text = self.spare.pop().unwrap_or_default();
        text.clear();
        text.reserve(self.left.len() + ROOM);
        text.append(&mut self.left);
        loop {
            let before = text.len();
            (&mut self.inner).take(self.size).read_to_end(&mut text)?;
            let lines = self.lines;
            let at_end = text.len() == before;
            if at_end && text.is_empty() {
                return Ok(Next::End);
            }
            if memchr(b'"', &text[before..]).is_some() || text.len() > LONGEST {
                let rows = 0;
                return Ok(Next::Rest(Block { text, lines, rows }));
            }
            let end = memrchr(b'\n', &text);
            let end = if at_end { Some(text.len() - 1) } else { end };
            if let Some(end) = end {
                self.left.extend_from_slice(&text[end + 1..]);
                text.truncate(end + 1);
                let feeds = memchr_iter(b'\n', &text).count();
                self.lines += feeds as u64;
                self.size = BLOCK;
                let rows = feeds + usize::from(!text.ends_with(b"\n"));
                return Ok(Next::Lines(Block { text, lines, rows }));
            }
        }
    }
}

/// Reads a text by `threads` threads: `room` gives what a block is read with, on this thread and in the order of the text, `part` makes something of
/// both on any of them, `merge` takes these in the order of the text. Where a quote comes, or `room` gives nothing, the block is given back.
///
/// # Errors
/// The first in the order of the text: of `part`, of `merge`, and what reading said, by `failed` with the number of line feeds before.
pub(super) fn in_parallel<R: Read, W: Send, P: Send>(
    blocks: &mut Blocks<R>,
    threads: usize,
    mut room: impl FnMut(&Block) -> Option<W>,
    part: impl Fn(&Block, W) -> Result<P, Error> + Sync,
    mut merge: impl FnMut(P) -> Result<(), Error>,
    failed: impl Fn(u64, io::Error) -> Error,
) -> Result<Option<Rest>, Error> {
    let (to_threads, work) = mpsc::sync_channel(threads);
    let (done, results) = mpsc::channel();
    let work = Mutex::new(work);
    thread::scope(|scope| {
        // Moved in, so that an early end closes the channels and lets the threads go.
        let (to_threads, results) = (to_threads, results);
        for _ in 0..threads {
            let (work, part, done) = (&work, &part, done.clone());
            scope.spawn(move || parallel::alone(|| work_off(work, part, &done)));
        }
        drop(done);
        let mut ordered = InOrder::new(&mut merge);
        let mut sent = 0;
        let rest = loop {
            match blocks.next() {
                Ok(Next::Lines(block)) => {
                    let Some(room) = room(&block) else {
                        break Some(Ok(Rest::NoRoom(block)));
                    };
                    // Threads end before this one only by a panic, which comes out where they are joined.
                    if to_threads.send((sent, block, room)).is_err() {
                        break None;
                    }
                    sent += 1;
                }
                Ok(Next::Rest(block)) => break Some(Ok(Rest::Records(block))),
                Ok(Next::End) => break None,
                Err(failure) => break Some(Err(failed(blocks.lines, failure))),
            }
            for (index, result, text) in results.try_iter() {
                blocks.spare.push(text);
                ordered.take((index, result))?;
            }
        };
        drop(to_threads);
        for (index, result, _) in results {
            ordered.take((index, result))?;
        }
        rest.transpose()
    })
}

/// What a thread does until there are no more blocks, or nobody who wants to know.
fn work_off<W, P>(
    work: &Mutex<Receiver<(usize, Block, W)>>,
    part: &impl Fn(&Block, W) -> Result<P, Error>,
    done: &Sender<(usize, Result<P, Error>, Vec<u8>)>,
) {
    loop {
        let next = work.lock().expect("no thread panics with the lock").recv();
        let Ok((index, block, room)) = next else {
            return;
        };
        let result = part(&block, room);
        if done.send((index, result, block.text)).is_err() {
            return;
        }
    }
}

/// Results in the order of their numbers, whatever order they come in.
struct InOrder<'a, P, F> {
    merge: &'a mut F,
    next: usize,
    early: BTreeMap<usize, P>,
}

impl<'a, P, F: FnMut(P) -> Result<(), Error>> InOrder<'a, Result<P, Error>, F> {
    fn new(merge: &'a mut F) -> Self {
        Self {
            merge,
            next: 0,
            early: BTreeMap::new(),
        }
    }

    fn take(&mut self, (index, result): (usize, Result<P, Error>)) -> Result<(), Error> {
        self.early.insert(index, result);
        while let Some(result) = self.early.remove(&self.next) {
            (self.merge)(result?)?;
            self.next += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::read_by;
    use crate::Source;

    /// Some blocks of rows with words, missing cells, comments, blank lines and, where asked, rows that are bad or quoted.
    fn text(bad: Option<usize>, quoted: Option<usize>) -> String {
        let mut text = String::from("# made here\n\nn,word,x\r\n");
        for row in 0..400_000 {
            let word = ["red", "green", "blue", "NA"][row * row % 11 % 4];
            let value = (row as f64).sqrt();
            text += &match row {
                _ if Some(row) == bad => format!("{row},{word}\n"),
                _ if Some(row) == quoted => format!("{row},\"a,\nb\",{value}\n"),
                _ if row % 1000 == 7 => format!("\n# {row}\n{row},{word}{row},\r\n"),
                _ => format!("{row},{word},{value}\n"),
            };
        }
        assert!(text.len() > 4 * super::BLOCK as usize);
        text
    }

    fn check(text: &str, skip_bad: bool) {
        let mut source = Source::named("rows.csv");
        source.skip_bad = skip_bad;
        let read = |threads, length| {
            let path = Path::new("rows.csv");
            let frame = read_by(threads, &source, path, text.as_bytes(), length);
            frame.map_err(|error| error.to_string())
        };
        let alone = read(1, None).expect("a table");
        assert!(alone.len() > 180_000);
        let alone = format!("{alone:?}");
        // Without a length nobody knows how many rows come; a file may be longer or shorter than it was when it was asked.
        let bytes = text.len() as u64;
        for length in [None, Some(bytes), Some(bytes / 3), Some(3 * bytes)] {
            let several = read(3, length).expect("a table");
            // NaN is not itself: missing numbers are compared as they are printed.
            assert!(format!("{several:?}") == alone, "{length:?}");
        }
    }

    #[test]
    fn several_threads_read_what_one_reads() {
        check(&text(None, None), false);
        check(&text(None, Some(250_000)), false);
        check(&text(Some(300_000), None), true);
        check(&text(Some(100), Some(399_000)), true);
    }

    /// Numbers alone, which are read line by line at once, with all that is not: headers, comments, blank lines, blanks, missing words, lines that
    /// end otherwise, and bad rows, where there are many of them, too.
    #[test]
    fn plain_rows_are_those_that_one_thread_reads() {
        for every in [3, 1000] {
            let mut text = String::from("# made here\n\nn,x,y\r\n");
            for row in 0..250_000_usize {
                let (x, y) = ((row as f64).sqrt(), row as f64 * 1e-7);
                text += &match row % every {
                    1 => match row / every % 7 {
                        0 => format!("\n# {row}\n{row},NA,{y:e}\r\n"),
                        1 => format!("{row},{x}\n"),
                        2 => format!("{row}, {x} ,red\n"),
                        3 => format!("{row},{x},{y}\r{row},{x},{y}\n"),
                        4 => format!("{row},,\r\n   \n"),
                        5 => format!("1e400,{x},{y}\n"),
                        _ => format!("{row},na,{y}\n"),
                    },
                    _ => format!("{row},{x},{y}\n"),
                };
            }
            assert!(text.len() > 4 * super::BLOCK as usize);
            check(&text, true);
        }
    }

    #[test]
    fn the_first_bad_row_is_told() {
        let text = text(Some(210_000), None).replace("\n390000,", "\n390000;");
        let source = Source::named("rows.csv");
        let error =
            read_by(3, &source, Path::new("rows.csv"), text.as_bytes(), None).expect_err("bad");
        let alone =
            read_by(1, &source, Path::new("rows.csv"), text.as_bytes(), None).expect_err("bad");
        assert_eq!(error.to_string(), alone.to_string());
        assert!(
            error
                .to_string()
                .contains("expected 3 fields as in line 3, found 2")
        );
    }
}
