//! A long table in parts: its rows are handed on as they are read, and never all of them are there.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use super::blocks::{self, Block, Blocks, Rest};
use super::sample::Sample;
use super::{Table, begin, failed, open, records};
use crate::catalogue::text_path;
use crate::columns::PlainColumns;
use crate::error::content_of as content;
use crate::frame::Cells;
use crate::samples::Identity;
use crate::source::{HoldOut, Source};
use crate::{Error, Facts, RowNumbers, Samples, Selection, TextChoice, parallel};

/// Rows of a part where one thread reads them record by record.
const ROWS: u64 = 1 << 13;

/// What is left of rows that were handed on.
#[derive(Clone, Debug)]
pub struct PassedRows {
    /// Who the rows are, without their numbers: to ask for those panics.
    pub rows: Samples,
    /// What was left out because it could not be read: the file and row, and why.
    pub skipped: Vec<String>,
    /// What the user should know of how the file was taken.
    pub notes: Vec<String>,
}

/// Hands the rows of a long table in text on in parts, as they are read: `each`, on any thread, makes something of the rows of a part,
/// and `take` gets that in the order of the file. Within a part rows are counted from 0.
///
/// Nothing where a row becomes what it does by other rows (words become columns, classes are numbered, a part is drawn), where the text
/// is standard input or no more than its first 64 KiB, where `each` gives nothing, and where something is wrong, which
/// [`load`](crate::load) tells: in each of these cases it is for `load` to read the table, and what `take` got is void.
pub fn load_in_parts<P: Send>(
    source: &Source,
    each: impl Fn(Samples) -> Option<P> + Sync,
    mut take: impl FnMut(P),
) -> Option<PassedRows> {
    let path = text_path(source).ok()?;
    if path == Path::new("-") || !takes_rows_alone(source) {
        return None;
    }
    let (reader, _) = open(path).ok()?;
    let (table, sample, start, reader) = begin(source, path, reader).ok()?;
    if sample.whole {
        return None;
    }
    let columns = PlainColumns::of(source, &table.frame)?;
    let reading = Reading {
        source,
        columns: &columns,
        each,
    };
    let mut passed = Passed::new(table.frame.columns.len());
    let mut pass = |part: Part<P>| {
        let made = passed.take(part);
        made.into_iter().for_each(&mut take);
        Ok(())
    };
    let failed = |line, failure| failed(path, line, failure);
    let part = |block: &Block, ()| {
        let mut part = table.clone();
        part.take_block(block, &sample, None, failed)?;
        reading.part(part)
    };
    let mut blocks = Blocks::new(Cursor::new(start).chain(reader));
    let always = |_: &Block| Some(());
    let threads = parallel::threads();
    let rest = blocks::in_parallel(&mut blocks, threads, always, part, &mut pass, failed).ok()?;
    if let Some(Rest::Records(block) | Rest::NoRoom(block)) = rest {
        let reader = blocks.into_rest();
        reading
            .rest(&table, &sample, block, reader, path, &mut pass)
            .ok()?;
    }
    passed.finish(source, &columns, &table)
}

/// Whether what is asked of a table leaves each row to itself.
fn takes_rows_alone(source: &Source) -> bool {
    let is_chosen = source.selection != Selection::default()
        || source.hold_out != HoldOut::Official
        || source.shape.is_some()
        || source.size.is_some()
        || source.grey;
    let has_texts = source.words.is_some() || source.texts != TextChoice::default();
    !is_chosen && !has_texts
}

/// How parts of a table become samples, and these what is wanted of them.
struct Reading<'a, F> {
    source: &'a Source,
    columns: &'a PlainColumns,
    each: F,
}

/// What a part of a table came to.
struct Part<P> {
    /// What was made of its rows, where it has some.
    made: Option<P>,
    identity: Identity,
    /// Its rows, with those left out.
    rows: u64,
    /// The missing cells of each column.
    missing: Vec<usize>,
    skipped: Vec<String>,
}

impl<P, F: Fn(Samples) -> Option<P>> Reading<'_, F> {
    fn part(&self, table: Table) -> Result<Part<P>, Error> {
        let Table {
            mut frame, rows, ..
        } = table;
        let missing = frame.columns.iter().map(|column| match &column.cells {
            Cells::Numbers(numbers) => numbers.iter().filter(|number| number.is_nan()).count(),
            Cells::Words(_) | Cells::Stored(_) => 0,
        });
        let missing = missing.collect();
        let skipped = std::mem::take(&mut frame.skipped);
        let (mut made, mut identity) = (None, Identity::default());
        if frame.len() > 0 {
            let samples = self.columns.samples(self.source, frame)?;
            identity = samples.identity().clone();
            let refused = || content(&self.source.name, "rows that can be used", "others");
            made = Some((self.each)(samples).ok_or_else(refused)?);
        }
        Ok(Part {
            made,
            identity,
            rows,
            missing,
            skipped,
        })
    }

    /// Reads what follows the first quote, record by record.
    fn rest(
        &self,
        empty: &Table,
        sample: &Sample,
        Block { text, lines, .. }: Block,
        reader: impl Read,
        path: &Path,
        mut pass: impl FnMut(Part<P>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |line, failure| failed(path, line, failure);
        let mut records = records(Cursor::new(text).chain(reader), lines, sample);
        let mut has_header = empty.has_header;
        loop {
            let mut part = empty.clone();
            // Records that a carriage return alone ends are all in one line: the header is the first of them alone.
            part.has_header = std::mem::take(&mut has_header);
            let may_go_on = part.take_some(&mut records, ROWS, None, failed)?;
            pass(self.part(part)?)?;
            if !may_go_on {
                return Ok(());
            }
        }
    }
}

/// The rows that were handed on so far.
struct Passed {
    all: u64,
    rows: RowNumbers,
    names: Option<(String, Vec<Arc<str>>)>,
    missing: Vec<usize>,
    skipped: Vec<String>,
}

impl Passed {
    fn new(columns: usize) -> Self {
        Self {
            all: 0,
            rows: RowNumbers::default(),
            names: None,
            missing: vec![0; columns],
            skipped: Vec::new(),
        }
    }

    /// Takes the next part in, and gives what was made of it.
    fn take<P>(&mut self, part: Part<P>) -> Option<P> {
        self.rows.append(&part.identity.rows, self.all);
        self.all += part.rows;
        if let Some((column, names)) = part.identity.names {
            let (_, all) = self.names.get_or_insert((column, Vec::new()));
            all.extend(names.iter().cloned());
        }
        for (sum, missing) in self.missing.iter_mut().zip(part.missing) {
            *sum += missing;
        }
        self.skipped.extend(part.skipped);
        part.made
    }

    fn finish(self, source: &Source, columns: &PlainColumns, table: &Table) -> Option<PassedRows> {
        let count = self.rows.len();
        let names = self.names.map(|(column, names)| (column, names.into()));
        let facts = Facts {
            name: source.name.clone(),
            identity: Identity {
                rows: self.rows,
                names,
                groups: None,
            },
            ..Facts::default()
        };
        let learned = source.learned.clone()?;
        // Without a row it is for the usual way to say what is wrong.
        let rows = (count > 0).then(|| Samples::passed(facts, learned, count).ok())??;
        Some(PassedRows {
            rows,
            skipped: self.skipped,
            notes: columns.notes(source, &table.frame, count, &self.missing),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::{ColumnChoice, load};

    /// Some 500 KiB of rows with a time, missing cells, blank lines and a comment; `extra` stands in the middle.
    fn text(extra: &str) -> String {
        let mut text = "time,a,b\n".to_owned();
        for row in 0..30_000 {
            if row == 15_000 {
                text += extra;
            }
            let _ = match row % 500 {
                7 => writeln!(text, "\n# {row}\nt{row},,{row}.5"),
                _ => writeln!(text, "t{row},{row},{}", f64::from(row) / 3.0),
            };
        }
        text
    }

    fn source(path: &Path) -> Source {
        Source {
            learned: Some(vec!["b".to_owned(), "a".to_owned()]),
            columns: ColumnChoice {
                index: Some("time".to_owned()),
                ..ColumnChoice::default()
            },
            skip_bad: true,
            ..Source::named(path.display().to_string())
        }
    }

    /// The parts are the table that is read whole.
    fn check(text: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, text).expect("a file");
        let source = source(&path);
        let whole = load(&source).expect("a table");
        let mut numbers: Vec<f64> = Vec::new();
        let each = |rows: Samples| {
            let columns: Vec<Vec<f64>> = (0..2).map(|at| rows.column(at).collect()).collect();
            Some(
                (0..rows.len())
                    .flat_map(move |row| [columns[0][row], columns[1][row]])
                    .collect(),
            )
        };
        let passed = load_in_parts(&source, each, |part: Vec<f64>| numbers.extend(part));
        let passed = passed.expect("it can be read in parts");
        assert_eq!(passed.notes, whole.notes);
        assert_eq!(passed.skipped, whole.skipped);
        assert_eq!(passed.rows.columns(), whole.train.columns());
        assert_eq!(passed.rows.len(), whole.train.len());
        let columns = [0, 1].map(|at| whole.train.column(at).collect::<Vec<f64>>());
        for row in 0..whole.train.len() {
            assert_eq!(passed.rows.row(row), whole.train.row(row));
            assert_eq!(passed.rows.row_name(row), whole.train.row_name(row));
            assert_eq!(passed.rows.caption(row), whole.train.caption(row));
            for at in 0..2 {
                let (found, expected) = (numbers[2 * row + at], columns[at][row]);
                assert_eq!(found.to_bits(), expected.to_bits(), "{row}, {at}");
            }
        }
    }

    #[test]
    fn parts_are_the_rows_of_the_whole_table() {
        check(&text(""));
        check(&text("t,x,y\nt,1\n"));
        // From a quote on one thread reads, here in parts of their own.
        check(&text("\"a,\n\"\"b\",1,2\nt,1\n"));
        check(&text("").replacen("time", "\"time\"", 1));
    }

    #[test]
    fn what_depends_on_other_rows_or_is_wrong_is_left_to_the_usual_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.csv");
        let passes = |text: &str, change: &dyn Fn(&mut Source)| {
            std::fs::write(&path, text).expect("a file");
            let mut source = source(&path);
            change(&mut source);
            load_in_parts(&source, |rows| Some(rows.len()), drop).is_some()
        };
        let usual = text("");
        assert!(passes(&usual, &|_| {}));
        assert!(!passes(&usual, &|source| source.label = Some("a".to_owned())));
        assert!(!passes(&usual, &|source| source.selection.first = Some(3)));
        assert!(!passes(&usual, &|source| source.hold_out = HoldOut::Fraction(0.5)));
        assert!(!passes(&usual, &|source| source.learned =
            Some(vec!["c".to_owned()])));
        assert!(!passes(&usual, &|source| source.learned = None));
        assert!(!passes(&text("t,x,y\n"), &|source| source.skip_bad = false));
        let refused = |_: Samples| None::<()>;
        std::fs::write(&path, &usual).expect("a file");
        assert!(load_in_parts(&source(&path), refused, drop).is_none());
    }
}
