//! Transposes of matrices: channels that come to lie side by side, weights for the way back.

use std::array::from_fn;

/// Rows and columns of the squares that a matrix is turned by: compilers make shuffles of them.
const FOUR: usize = 4;
/// Rows that are turned at a time where there are as many: a line of the cache is then written at once.
const ROWS: usize = 16;

/// Writes the transpose of a matrix whose rows are `stride` apart, its rows `out_stride` apart.
///
/// # Panics
///
/// Where a slice is too short.
pub fn turn(
    matrix: &[f32],
    (rows, columns): (usize, usize),
    stride: usize,
    out: &mut [f32],
    out_stride: usize,
) {
    // Of one channel there is nothing to turn.
    if rows == 1 && out_stride == 1 || columns == 1 && stride == 1 {
        let count = rows * columns;
        return out[..count].copy_from_slice(&matrix[..count]);
    }
    let from = |row: usize| row * stride;
    turn_between(
        matrix,
        (rows, from),
        out,
        (columns, |column| column * out_stride),
    );
}

/// Writes the transpose of a matrix whose rows, so many, begin where the function says, and so its own rows, the columns.
///
/// # Panics
///
/// Where a slice is too short.
#[inline(always)]
pub fn turn_between(
    matrix: &[f32],
    (rows, from): (usize, impl Fn(usize) -> usize),
    out: &mut [f32],
    (columns, to): (usize, impl Fn(usize) -> usize),
) {
    if rows.min(columns) < FOUR {
        for row in 0..rows {
            let line = &matrix[from(row)..][..columns];
            for (column, number) in line.iter().enumerate() {
                out[to(column) + row] = *number;
            }
        }
        return;
    }
    let whole = rows - rows % ROWS;
    for row in (0..whole).step_by(ROWS) {
        turn_rows::<ROWS>(matrix, (row, &from), out, (columns, &to));
    }
    let mut row = whole;
    while row < rows {
        row = row.min(rows - FOUR);
        turn_rows::<FOUR>(matrix, (row, &from), out, (columns, &to));
        row += FOUR;
    }
}

/// Writes the transpose of `N` rows, of four columns or more. Where the columns are no multiple of four, some are written twice.
#[inline(always)]
fn turn_rows<const N: usize>(
    matrix: &[f32],
    (first, from): (usize, impl Fn(usize) -> usize),
    out: &mut [f32],
    (columns, to): (usize, impl Fn(usize) -> usize),
) {
    let rows: [&[f32]; N] = from_fn(|row| &matrix[from(first + row)..][..columns]);
    let mut column = 0;
    while column < columns {
        column = column.min(columns - FOUR);
        let mut lines: [usize; FOUR] = from_fn(|next| to(column + next) + first);
        for of_four in rows.as_chunks::<FOUR>().0 {
            let square = from_fn(|next| {
                let mut four = [0.0; FOUR];
                four.copy_from_slice(&of_four[next][column..column + FOUR]);
                four
            });
            for (line, four) in lines.iter_mut().zip(turned_square(square)) {
                out[*line..][..FOUR].copy_from_slice(&four);
                *line += FOUR;
            }
        }
        column += FOUR;
    }
}

type Square = [[f32; FOUR]; FOUR];

/// A square with rows for columns, by shuffles: compilers gather its numbers one by one.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn turned_square(square: Square) -> Square {
    use std::arch::x86_64::__m128;

    use pulp::core_arch::x86::Sse;

    let Some(sse) = Sse::try_new() else {
        return turned_by_numbers(square);
    };
    let vector = |row: usize| pulp::cast::<[f32; FOUR], __m128>(square[row]);
    let [a, b, c, d] = [vector(0), vector(1), vector(2), vector(3)];
    let [low_ab, low_cd] = [sse._mm_unpacklo_ps(a, b), sse._mm_unpacklo_ps(c, d)];
    let [high_ab, high_cd] = [sse._mm_unpackhi_ps(a, b), sse._mm_unpackhi_ps(c, d)];
    [
        pulp::cast(sse._mm_movelh_ps(low_ab, low_cd)),
        pulp::cast(sse._mm_movehl_ps(low_cd, low_ab)),
        pulp::cast(sse._mm_movelh_ps(high_ab, high_cd)),
        pulp::cast(sse._mm_movehl_ps(high_cd, high_ab)),
    ]
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn turned_square(square: Square) -> Square {
    turned_by_numbers(square)
}

#[inline(always)]
fn turned_by_numbers(square: Square) -> Square {
    from_fn(|column| square.map(|row| row[column]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All sizes up to some, with gaps between rows on both sides, which stay as they are.
    #[test]
    fn every_number_comes_to_its_place_and_no_other_is_written() {
        for rows in 1..38 {
            for columns in 1..24 {
                let (stride, out_stride) = (columns + rows % 3, rows + columns % 2);
                let matrix: Vec<f32> = (0..rows * stride).map(|place| place as f32).collect();
                let mut out = vec![-1.0; columns * out_stride];
                turn(&matrix, (rows, columns), stride, &mut out, out_stride);
                for (place, number) in out.iter().enumerate() {
                    let (column, row) = (place / out_stride, place % out_stride);
                    let expected = if row < rows {
                        (row * stride + column) as f32
                    } else {
                        -1.0
                    };
                    assert_eq!(*number, expected, "{rows} x {columns}, number {place}");
                }
            }
        }
    }
}
