//! Rows that are mostly zeros, as those of a text by its words are: a product with them skips the zeros.
//!
//! A row counts as sparse by its own numbers alone, and its product is the same sum whatever rows stand beside it, so that what a
//! model says of a sample does not depend on the batch it comes in. A weight that is infinite or no number shows in the rows that use it.

use std::ops::Range;
use std::sync::OnceLock;

use pulp::{Simd, WithSimd};

use crate::activation::Activation;
use crate::buffers;
use crate::linear::Shape;
use crate::threads;
use crate::vectors::arch;

/// Rows below this width are multiplied as they are.
const WIDE: usize = 1024;
/// A row is sparse with at most one number in so many that is not zero. A row of a picture has that many among its first values, so
/// that a look at it costs next to nothing.
const ONE_IN: usize = 16;
/// Rows that are looked at, and multiplied, by one thread at a time.
const ROWS: usize = 16;
/// Inputs whose weights get their gradients from one thread at a time.
const INPUTS: usize = 512;
/// Numbers that are looked at together.
const LANES: usize = 16;

/// A column, or a row, and a number that is not zero there.
pub type Entry = (u32, f32);

/// The numbers of a batch that are not zero.
#[derive(Clone, Debug)]
pub struct SparseRows {
    /// [`ROWS`] rows each.
    blocks: Vec<Block>,
    /// How many numbers a row has.
    inputs: usize,
    /// The entries once more, for gradients: found by the first layer that wants them, and there for the next.
    columns: OnceLock<Columns>,
}

/// Some rows, one after the other.
#[derive(Clone, Debug, Default)]
struct Block {
    entries: Vec<Entry>,
    /// The entries of each row, ascending by column; none where the row is not sparse.
    rows: Vec<Option<Range<usize>>>,
}

impl SparseRows {
    fn new(blocks: Vec<Block>, inputs: usize) -> Self {
        Self {
            blocks,
            inputs,
            columns: OnceLock::new(),
        }
    }

    /// The rows of x, `[batch, inputs]`; nothing where they are narrow, or none of them is sparse.
    pub(crate) fn of(x: &[f32], inputs: usize) -> Option<Self> {
        if !is_wide(inputs) {
            return None;
        }
        let mut blocks = vec![Block::default(); x.len().div_ceil(ROWS * inputs)];
        let parts = blocks.iter_mut().zip(x.chunks(ROWS * inputs));
        threads::each(parts.collect(), |(block, rows): (&mut Block, &[f32])| {
            rows.chunks(inputs).for_each(|row| block.push(row));
        });
        let any = blocks
            .iter()
            .any(|block| block.rows.iter().any(Option::is_some));
        any.then(|| Self::new(blocks, inputs))
    }

    /// As many rows of `inputs` numbers, of which `append` adds those that are not zero, ascending by column; nothing where rows are narrow, or one of them is
    /// not sparse. What a layer makes of them is to the bit what it makes of the rows laid out.
    pub fn gathered(
        batch: usize,
        inputs: usize,
        append: impl Fn(usize, &mut Vec<Entry>) + Sync,
    ) -> Option<Self> {
        if !is_wide(inputs) {
            return None;
        }
        let mut blocks = vec![Block::default(); batch.div_ceil(ROWS)];
        let parts = blocks.iter_mut().enumerate().collect();
        threads::each(parts, |(index, block): (usize, &mut Block)| {
            for row in index * ROWS..batch.min((index + 1) * ROWS) {
                let start = block.entries.len();
                append(row, &mut block.entries);
                let own = start..block.entries.len();
                block
                    .rows
                    .push((own.len() <= inputs / ONE_IN).then_some(own));
            }
        });
        let rows = Self::new(blocks, inputs);
        rows.all().then_some(rows)
    }

    /// How many rows there are, and columns.
    pub fn dims(&self) -> [usize; 2] {
        let rows = self.blocks.iter().map(|block| block.rows.len());
        [rows.sum(), self.inputs]
    }

    /// The rows laid out, `[batch, inputs]`: zeros in those that are not sparse.
    pub(crate) fn dense(&self) -> Vec<f32> {
        let ([batch, inputs], size) = (self.dims(), ROWS * self.inputs);
        let mut x = buffers::take(batch * inputs);
        let parts = self.blocks.iter().zip(x.chunks_mut(size)).collect();
        threads::each(parts, |(block, x): (&Block, &mut [f32])| {
            x.fill(0.0);
            for (range, x) in block.rows.iter().zip(x.chunks_mut(inputs)) {
                for (column, value) in range.iter().flat_map(|range| &block.entries[range.clone()])
                {
                    x[*column as usize] = *value;
                }
            }
        });
        x
    }

    /// Whether every row is sparse.
    pub(crate) fn all(&self) -> bool {
        let rows = |block: &Block| block.rows.iter().all(Option::is_some);
        self.blocks.iter().all(rows)
    }

    /// Writes f(x W + b) for the rows that are sparse, and leaves the others: y `[batch, outputs]`, weight `[inputs, outputs]`.
    pub(crate) fn multiply(
        &self,
        outputs: usize,
        (weight, bias): (&[f32], &[f32]),
        activation: Activation,
        y: &mut [f32],
    ) {
        let parts = self.blocks.iter().zip(y.chunks_mut(ROWS * outputs));
        threads::each(parts.collect(), |(block, y): (&Block, &mut [f32])| {
            for (range, y) in block.rows.iter().zip(y.chunks_mut(outputs)) {
                let Some(range) = range else { continue };
                y.copy_from_slice(bias);
                let entries = &block.entries[range.clone()];
                arch().dispatch(WeightedSum {
                    entries,
                    matrix: weight,
                    y,
                });
                activation.apply(y);
            }
        });
    }

    /// xᵀ da, `[inputs, outputs]`, of da `[batch, outputs]`. Every row must be sparse.
    pub(crate) fn weight_gradient(&self, shape: Shape, da: &[f32], gradient: &mut [f32]) {
        let Shape { outputs, .. } = shape;
        let columns = self.columns.get_or_init(|| Columns::of(self));
        let parts = gradient.chunks_mut(INPUTS * outputs).enumerate();
        threads::each(parts.collect(), |(index, gradient): (usize, &mut [f32])| {
            let ends = columns.ends[index * INPUTS..].windows(2);
            for (ends, y) in ends.zip(gradient.chunks_mut(outputs)) {
                let (entries, matrix) = (&columns.entries[ends[0]..ends[1]], da);
                y.fill(0.0);
                arch().dispatch(WeightedSum { entries, matrix, y });
            }
        });
    }
}

/// The entries of rows by their columns: what goes together into the gradient at one weight.
#[derive(Clone, Debug)]
struct Columns {
    /// Each number with its row, those of a column ascending by row.
    entries: Vec<Entry>,
    /// Where the entries of the columns before each column end, and behind them those of all.
    ends: Vec<usize>,
}

impl Columns {
    /// The entries of rows all of which are sparse.
    fn of(rows: &SparseRows) -> Self {
        let blocks = || rows.blocks.iter();
        let mut ends = vec![0; rows.inputs + 1];
        for (column, _) in blocks().flat_map(|block| &block.entries) {
            ends[*column as usize + 1] += 1;
        }
        let mut before = 0;
        for end in &mut ends {
            before += *end;
            *end = before;
        }
        let mut next = ends.clone();
        let mut entries = vec![(0, 0.0); before];
        let ranges = blocks().flat_map(|block| block.rows.iter().map(move |range| (block, range)));
        for (row, (block, range)) in (0..).zip(ranges) {
            let own = range.iter().flat_map(|range| &block.entries[range.clone()]);
            for (column, value) in own {
                let place = &mut next[*column as usize];
                entries[*place] = (row, *value);
                *place += 1;
            }
        }
        Self { entries, ends }
    }
}

/// Whether a look for zeros pays.
fn is_wide(inputs: usize) -> bool {
    inputs >= WIDE && u32::try_from(inputs).is_ok()
}

impl Block {
    /// Takes a row, where it is sparse.
    fn push(&mut self, row: &[f32]) {
        let start = self.entries.len();
        let is_sparse = arch().dispatch(Scan {
            row,
            most: start + row.len() / ONE_IN,
            entries: &mut self.entries,
        });
        if !is_sparse {
            self.entries.truncate(start);
        }
        let range = is_sparse.then_some(start..self.entries.len());
        self.rows.push(range);
    }
}

/// Appends what is not zero in a row; whether that leaves at most `most` entries.
struct Scan<'a> {
    row: &'a [f32],
    most: usize,
    entries: &'a mut Vec<Entry>,
}

impl WithSimd for Scan<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        // A sign alone, that of -0, is no number either.
        let magnitude = |value: &f32| value.to_bits() << 1;
        for (chunk, values) in self.row.chunks(LANES).enumerate() {
            let bits = values.iter().fold(0, |bits, value| bits | magnitude(value));
            if bits == 0 {
                continue;
            }
            let lanes = (0_u32..).zip(values);
            let mut there = lanes.fold(0_u32, |there, (lane, value)| {
                there | u32::from(magnitude(value) != 0) << lane
            });
            while there != 0 {
                let lane = there.trailing_zeros() as usize;
                let column = (chunk * LANES + lane) as u32;
                self.entries.push((column, values[lane]));
                there &= there - 1;
            }
            if self.entries.len() > self.most {
                return false;
            }
        }
        true
    }
}

/// y ← y + Σ value · row of the matrix, which has as many columns as y; an entry is a row and its value.
struct WeightedSum<'a> {
    entries: &'a [Entry],
    matrix: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for WeightedSum<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) {
        // Some columns at a time, so that their sums stay in registers.
        let mut done = 0;
        done = self.columns::<64>(done);
        done = self.columns::<16>(done);
        done = self.columns::<4>(done);
        self.columns::<1>(done);
    }
}

impl WeightedSum<'_> {
    /// Adds up columns from `start` on, N at a time, as long as there are so many; where it ends.
    #[inline(always)]
    fn columns<const N: usize>(&mut self, mut start: usize) -> usize {
        let width = self.y.len();
        while let Some(y) = self.y[start..].first_chunk_mut::<N>() {
            let mut sums = *y;
            for &(row, value) in self.entries {
                let row = self.matrix[row as usize * width + start..].first_chunk::<N>();
                let row = row.expect("rows of the matrix are as wide as y");
                for lane in 0..N {
                    sums[lane] += value * row[lane];
                }
            }
            *y = sums;
            start += N;
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gemm::{Matrix, Product, multiply};
    use crate::testing::numbers;

    /// `[batch, inputs]` with one number in `one_in` left.
    fn thinned(batch: usize, inputs: usize, one_in: usize) -> Vec<f32> {
        let mut x = numbers(batch * inputs, 1);
        let thin = |(place, value): (usize, &mut f32)| {
            if (place * 7919) % one_in != 3 {
                *value = 0.0;
            }
        };
        x.iter_mut().enumerate().for_each(thin);
        x
    }

    fn close(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        let far = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-5 * (1.0 + b.abs());
        assert!(!found.iter().zip(expected).any(far));
    }

    #[test]
    fn products_are_those_of_a_dense_matrix() {
        let shape = Shape {
            batch: 37,
            inputs: 1500,
            outputs: 11,
        };
        let x = thinned(shape.batch, shape.inputs, 61);
        let (weight, bias) = (numbers(1500 * 11, 2), numbers(11, 3));
        let rows = SparseRows::of(&x, 1500).expect("sparse");
        assert!(rows.all());
        let mut y = vec![f32::NAN; 37 * 11];
        rows.multiply(11, (&weight, &bias), Activation::Relu, &mut y);
        let left = Matrix::new(&x, 37, 1500);
        let dense = Product {
            bias: Some(&bias),
            activation: Activation::Relu,
            ..Product::new(left, Matrix::new(&weight, 1500, 11))
        };
        let da = numbers(37 * 11, 4);
        let for_weight = Product::new(left.transposed(), Matrix::new(&da, 37, 11));
        let [dense, dense_gradient] = multiply([dense, for_weight]);
        close(&y, &dense);
        let mut gradient = vec![f32::NAN; 1500 * 11];
        rows.weight_gradient(shape, &da, &mut gradient);
        close(&gradient, &dense_gradient);
    }

    #[test]
    fn a_row_is_sparse_by_itself() {
        let inputs = 1600;
        let mut x = vec![0.0; 20 * inputs];
        x[inputs..][..101].fill(1.0); // one more than a sixteenth
        x[2 * inputs..][..100].fill(1.0);
        x[3 * inputs] = -0.0;
        let rows = SparseRows::of(&x, inputs).expect("some are");
        let lengths = rows.blocks.iter().flat_map(|block| &block.rows);
        let lengths: Vec<Option<usize>> = lengths
            .map(|row| row.clone().map(|row| row.len()))
            .collect();
        assert_eq!(lengths[..4], [Some(0), None, Some(100), Some(0)]);
        assert!(!rows.all() && lengths.len() == 20);
        assert!(SparseRows::of(&vec![1.0; 4 * inputs], inputs).is_none());
        assert!(SparseRows::of(&[0.0; 1000], 1000).is_none());
    }

    #[test]
    fn rows_that_are_told_are_those_that_are_found() {
        let (batch, inputs) = (37, 1600);
        let x = thinned(batch, inputs, 61);
        let append = |row: usize, entries: &mut Vec<Entry>| {
            let row = x[row * inputs..][..inputs].iter().copied();
            entries.extend((0..).zip(row).filter(|(_, value)| *value != 0.0));
        };
        let told = SparseRows::gathered(batch, inputs, append).expect("sparse");
        let found = SparseRows::of(&x, inputs).expect("sparse");
        assert_eq!(format!("{told:?}"), format!("{found:?}"));
        assert_eq!((told.dims(), told.dense()), ([batch, inputs], x));
        // One more than a sixteenth, in one row.
        let most = |row: usize, entries: &mut Vec<Entry>| {
            let count = if row == 20 { 101 } else { 100 };
            entries.extend((0..count).map(|column| (column, 1.0)));
        };
        assert!(SparseRows::gathered(batch, inputs, most).is_none());
        assert!(SparseRows::gathered(20, inputs, most).is_some());
        assert!(SparseRows::gathered(batch, 1000, |_, _| ()).is_none());
    }
}
