//! Long tables written as text: lines are made some thousand at a time, on all threads, and written in their order.

use std::io;
use std::thread;

use crate::csv_cell::csv_field;

/// Lines that a thread makes at a time.
const LINES: usize = 1 << 14;

/// Writes `count` lines, each as `line` appends it.
pub fn write_lines(
    out: &mut dyn io::Write,
    count: usize,
    line: impl Fn(usize, &mut String) + Sync,
) -> io::Result<()> {
    let threads = espejo_reproduce::threads();
    let mut rooms = vec![String::new(); threads];
    let fill = |room: &mut String, start: usize| {
        room.clear();
        (start..count.min(start + LINES)).for_each(|at| line(at, room));
    };
    for start in (0..count).step_by(threads * LINES) {
        let starts = (start..count).step_by(LINES);
        let mut pieces = rooms.iter_mut().zip(starts);
        thread::scope(|scope| {
            let first = pieces.next();
            for (room, start) in pieces {
                scope.spawn(move || fill(room, start));
            }
            // The first of them here: a table of a few lines takes no other thread.
            if let Some((room, start)) = first {
                fill(room, start);
            }
        });
        let filled = count.saturating_sub(start).div_ceil(LINES).min(threads);
        for room in &rooms[..filled] {
            out.write_all(room.as_bytes())?;
        }
    }
    Ok(())
}

/// Appends a field of CSV, in quotes where it needs them.
pub fn push_field(line: &mut String, field: &str) {
    match field.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => line.push_str(field),
        false => line.push_str(&csv_field(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_their_order_however_many_there_are() {
        for count in [0, 1, LINES - 1, LINES, 3 * LINES + 5, 9 * LINES] {
            let mut out = Vec::new();
            let line = |at: usize, line: &mut String| *line += &format!("{at}\n");
            write_lines(&mut out, count, line).expect("memory takes all");
            let expected: String = (0..count).map(|at| format!("{at}\n")).collect();
            assert!(out == expected.as_bytes(), "{count} lines");
        }
    }

    #[test]
    fn a_field_is_quoted_where_it_must_be() {
        let mut line = String::new();
        ["a1", "a,b", "x y"]
            .iter()
            .for_each(|field| push_field(&mut line, field));
        let expected = ["a1", "a,b", "x y"].map(csv_field).concat();
        assert_eq!(line, expected);
    }
}
