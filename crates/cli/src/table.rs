//! Tables for people: columns as wide as their cells, cut where the terminal is narrower.

use crate::printable::on_one_line;

/// A column of a table.
#[derive(Clone, Copy)]
pub struct Column {
    title: &'static str,
    right: bool,
    /// Characters that it keeps where a table has to be narrower; none where it keeps all.
    least: Option<usize>,
    /// Which columns are left out first where nothing else helps; none where it stays.
    dropped: Option<u8>,
}

impl Column {
    /// A column of words.
    pub const fn words(title: &'static str) -> Self {
        Self {
            title,
            right: false,
            least: None,
            dropped: None,
        }
    }

    /// A column of numbers, flush right.
    pub const fn numbers(title: &'static str) -> Self {
        Self {
            right: true,
            ..Self::words(title)
        }
    }

    /// The column, whose cells may be cut to `least` characters.
    pub const fn cut_to(self, least: usize) -> Self {
        Self {
            least: Some(least),
            ..self
        }
    }

    /// The column, which may be left out, the lower `order` the sooner.
    pub const fn dropped(self, order: u8) -> Self {
        Self {
            dropped: Some(order),
            ..self
        }
    }
}

/// Blanks between two columns.
const GAP: usize = 2;

/// A table with a line of titles; no wider than `width` as far as its columns allow.
pub fn table(columns: &[Column], rows: &[Vec<String>], width: Option<usize>) -> String {
    // A cell of several lines would break its row.
    let cells = |row: &Vec<String>| -> Vec<String> {
        let cells = row.iter().map(|cell| on_one_line(cell).into_owned());
        cells.collect()
    };
    let rows: &[Vec<String>] = &rows.iter().map(cells).collect::<Vec<_>>();
    let (shown, widths) = fitted(columns, rows, width.unwrap_or(usize::MAX));
    let titles: Vec<String> = columns
        .iter()
        .map(|column| column.title.to_owned())
        .collect();
    let line = |cells: &Vec<String>| {
        let cells = shown.iter().zip(&widths).map(|(&place, &width)| {
            let cell = cut(&cells[place], width);
            match columns[place].right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            }
        });
        let cells: Vec<String> = cells.collect();
        format!("{}\n", cells.join(&" ".repeat(GAP)).trim_end())
    };
    [&titles].into_iter().chain(rows).map(line).collect()
}

/// The places of the columns that are shown, and how wide each is.
fn fitted(columns: &[Column], rows: &[Vec<String>], width: usize) -> (Vec<usize>, Vec<usize>) {
    let natural = |place: &usize| {
        let cells = rows.iter().map(|row| row[*place].chars().count());
        cells
            .chain([columns[*place].title.chars().count()])
            .max()
            .unwrap_or(0)
    };
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    loop {
        let mut widths: Vec<usize> = shown.iter().map(natural).collect();
        shrink(columns, &shown, &mut widths, width);
        let next = shown
            .iter()
            .filter_map(|place| Some((columns[*place].dropped?, *place)))
            .min();
        match next {
            Some((_, place)) if total(&widths) > width => shown.retain(|shown| *shown != place),
            _ => return (shown, widths),
        }
    }
}

/// Takes characters from the widest column that has some to give, until all fit or none has.
fn shrink(columns: &[Column], shown: &[usize], widths: &mut [usize], width: usize) {
    while total(widths) > width {
        let spare = |index: &usize| {
            let column = &columns[shown[*index]];
            let title = column.title.chars().count();
            column
                .least
                .is_some_and(|least| widths[*index] > least.max(title))
        };
        let Some(widest) = (0..widths.len())
            .filter(spare)
            .max_by_key(|index| widths[*index])
        else {
            return;
        };
        widths[widest] -= 1;
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// A text of at most `width` characters, which ends in `…` where it was longer.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars()
        .take(width.saturating_sub(1))
        .chain(['…'])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::words("name").cut_to(4),
        Column::words("when").dropped(1),
        Column::numbers("loss"),
    ];

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![
            row(["abcdefgh", "today", "1.5"]),
            row(["b", "now", "10.25"]),
        ]
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let expected = "name      when    loss\nabcdefgh  today    1.5\nb         now    10.25\n";
        assert_eq!(table(&COLUMNS, &rows(), None), expected);
        assert_eq!(table(&COLUMNS, &rows(), Some(22)), expected);
    }

    #[test]
    fn a_narrow_table_cuts_cells_before_it_drops_columns() {
        let expected = "name   when    loss\nabcd…  today    1.5\nb      now    10.25\n";
        assert_eq!(table(&COLUMNS, &rows(), Some(19)), expected);
        let expected = "name     loss\nabcde…    1.5\nb       10.25\n";
        assert_eq!(table(&COLUMNS, &rows(), Some(13)), expected);
    }

    #[test]
    fn a_cell_is_one_line_without_anything_that_steers_a_terminal() {
        let row = ["a\nb", "\u{1b}[31m", "1"].map(str::to_owned).to_vec();
        let expected = "name  when        loss\na\\nb  \\u{1b}[31m     1\n";
        assert_eq!(table(&COLUMNS, &[row], None), expected);
    }

    #[test]
    fn what_cannot_be_narrower_is_as_wide_as_it_must_be() {
        let expected = "name   loss\nabc…    1.5\nb     10.25\n";
        assert_eq!(table(&COLUMNS, &rows(), Some(5)), expected);
    }
}
