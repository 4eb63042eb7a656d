//! Subspace iteration over passes of rows (Halko, Martinsson and Tropp 2011).

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use espejo_kernels::gemm::{Matrix, Product, multiply};
use espejo_kernels::simd_loops::triples;
use espejo_kernels::{buffers, threads};
use espejo_nets::seeded;
use nalgebra::{DMatrix, DVector};
use rand::RngExt;

use super::leading_eigen;

/// The iteration follows this many directions more than it is asked for; the last ones settle slowly.
const SPARE: usize = 10;
/// The iteration ends when another pass is known to add less than this share of the captured variance, when the last one did, or after
/// `MOST_ROUNDS` passes.
const TOLERANCE: f64 = 1e-6;
const MOST_ROUNDS: usize = 15;
/// Numbers of a block, about, which is as much as a core has near it, and the most rows of one.
const BLOCK: usize = 1 << 16;
const BLOCK_ROWS: usize = 256;
/// Every so many-th block adds to the same sums, on one thread. It is fixed, as the size of blocks is by that of rows, so that the order of
/// the sums, and with it every bit of the result, does not depend on the machine's cores.
const STRIPES: usize = 8;
/// Numbers that are not worth a second thread.
const FEW: usize = 1 << 14;
/// Rows that the iteration begins with: as many as have so many numbers, but no more and no less than these, unless they would have very many. What
/// settles among them has little left to settle among all.
const SOME: usize = 1 << 20;
const SOME_ROWS: [usize; 2] = [1024, 1 << 16];
const VERY_MANY: usize = 1 << 22;

/// What an iteration begins and ends with.
pub(super) struct Settled {
    /// The largest variances within the basis, each with its direction there.
    pub leading: Vec<(f64, DVector<f64>)>,
    /// `[values, width]`
    pub basis: DMatrix<f64>,
    /// Of the rows, `[values]`; before the first pass near it.
    pub mean: DVector<f64>,
}

impl Settled {
    /// Where an iteration begins that knows some rows, which lie end to end.
    pub(super) fn begin(some: &[f32], values: usize, k: usize) -> Self {
        Self {
            leading: Vec::new(),
            basis: first_basis(values, k.saturating_add(SPARE).min(values)),
            mean: mean_of(some, values),
        }
    }

    /// Passes until the variance of `k` directions settles.
    pub(super) fn settle<E: Send, R>(self, k: usize, source: &Source<R>) -> Result<Self, E>
    where
        R: ReadRows<E>,
    {
        let Self {
            mut basis,
            mut mean,
            ..
        } = self;
        let (mut before, mut rounds) = (f64::NAN, 0);
        loop {
            rounds += 1;
            let product = source.scatter_times(&basis, &mut mean)?; // [values, width]
            let inner = basis.transpose() * &product; // [width, width]
            // It is symmetric but for rounding.
            let mut leading = leading_eigen((&inner + inner.transpose()) * 0.5, usize::MAX);
            let least = leading.last().map_or(0.0, |(variance, _)| *variance);
            leading.truncate(k);
            let captured: f64 = leading.iter().map(|(variance, _)| variance).sum();
            let little = TOLERANCE * captured;
            let has_settled = captured - before <= little
                || still_to_come(&leading, least, &basis, &product) <= little;
            if has_settled || rounds == MOST_ROUNDS {
                return Ok(Self {
                    leading,
                    basis,
                    mean,
                });
            }
            before = captured;
            basis = product.qr().q();
        }
    }
}

/// How much more variance than they have such directions can gain, about: |S u - θ u|² / (θ - λ) of each, with its variance θ and the next
/// eigenvalue λ outside the basis, for which the least inside stands (Parlett 1998, chapter 11). Infinite where that is not smaller.
fn still_to_come(
    leading: &[(f64, DVector<f64>)],
    least: f64,
    basis: &DMatrix<f64>,
    product: &DMatrix<f64>,
) -> f64 {
    let of_one = |(variance, vector): &(f64, DVector<f64>)| {
        let residual = product * vector - basis * vector * *variance;
        let apart = (variance - least).max(0.0);
        residual.norm_squared() / apart
    };
    leading.iter().map(of_one).sum()
}

/// The mean of rows that lie end to end.
fn mean_of(rows: &[f32], values: usize) -> DVector<f64> {
    let mut sums = DVector::zeros(values);
    for row in rows.chunks_exact(values) {
        (sums.iter_mut().zip(row)).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums / (rows.len() / values) as f64
}

/// Random orthonormal directions `[values, width]`, always the same ones.
fn first_basis(values: usize, width: usize) -> DMatrix<f64> {
    let mut rng = seeded(0);
    let directions = DMatrix::from_fn(values, width, |_, _| rng.random_range(-1.0..1.0));
    directions.qr().q()
}

fn rows_to_begin_with(values: usize) -> usize {
    let [least, most] = SOME_ROWS;
    let rows = (SOME / values).clamp(least, most);
    rows.min(VERY_MANY / values).max(1)
}

/// Writes the rows of a range, flat and row-major, on several threads at a time.
pub(super) trait ReadRows<E>: Fn(Range<usize>, &mut [f32]) -> Result<(), E> + Sync {}
impl<E, R: Fn(Range<usize>, &mut [f32]) -> Result<(), E> + Sync> ReadRows<E> for R {}

/// Rows that are read when they are wanted, `[count, values]`.
pub(super) struct Source<R> {
    pub count: usize,
    pub values: usize,
    pub read: R,
}

/// What some blocks come to, around a centre.
struct Sums {
    /// basisᵀ Σ (x - centre) (x - centre)ᵀ, `[width, values]`, row-major.
    scatter: Vec<f64>,
    /// Σ (x - centre), `[values]`.
    apart: DVector<f64>,
}

/// Rows that lie in memory, end to end.
pub(super) fn in_memory<E>(rows: &[f32], values: usize) -> Source<impl ReadRows<E>> {
    Source {
        count: rows.len() / values,
        values,
        read: move |some: Range<usize>, out: &mut [f32]| {
            out.copy_from_slice(&rows[some.start * values..some.end * values]);
            Ok(())
        },
    }
}

impl<R> Source<R> {
    /// Rows that lie evenly among all, end to end; all threads read some of them.
    pub(super) fn evenly<E: Send>(&self) -> Result<Vec<f32>, E>
    where
        R: ReadRows<E>,
    {
        let one_in = self.count.div_ceil(rows_to_begin_with(self.values));
        let mut rows = vec![0.0; self.count.div_ceil(one_in) * self.values];
        let failed = Mutex::new(Ok(()));
        let parts = rows.chunks_mut(BLOCK_ROWS * self.values).enumerate();
        threads::each(parts.collect(), |(part, rows): (usize, &mut [f32])| {
            for (place, row) in rows.chunks_exact_mut(self.values).enumerate() {
                let from = (part * BLOCK_ROWS + place) * one_in;
                note(&failed, (self.read)(from..from + 1, row));
            }
        });
        outcome(failed).map(|()| rows)
    }

    /// One pass for Σ (x - m) (x - m)ᵀ basis around the mean m, `[values, width]` like the basis. `mean` is near it before, and m afterwards.
    fn scatter_times<E: Send>(
        &self,
        basis: &DMatrix<f64>,
        mean: &mut DVector<f64>,
    ) -> Result<DMatrix<f64>, E>
    where
        R: ReadRows<E>,
    {
        let (values, width) = basis.shape();
        let directions: Vec<f32> = basis.transpose().iter().map(|of| *of as f32).collect(); // [values, width], row-major
        let centre: Vec<f32> = mean.iter().map(|value| *value as f32).collect();
        let sums = self.sums(&centre, &directions)?;
        let scatters = sums.iter();
        let scatters = scatters.map(|of| DMatrix::from_column_slice(values, width, &of.scatter));
        let around_centre: DMatrix<f64> = scatters.sum();
        let apart: DVector<f64> = sums.iter().map(|of| &of.apart).sum();
        let apart = apart / self.count as f64;
        let along = basis.tr_mul(&apart); // [width]
        *mean = DVector::from_iterator(values, centre.iter().map(|of| f64::from(*of))) + &apart;
        Ok(around_centre - apart * along.transpose() * self.count as f64)
    }

    /// One pass, each stripe of blocks on a thread of its own.
    fn sums<E: Send>(&self, centre: &[f32], directions: &[f32]) -> Result<Vec<Sums>, E>
    where
        R: ReadRows<E>,
    {
        let rows = (BLOCK / self.values).clamp(1, BLOCK_ROWS);
        let blocks = self.count.div_ceil(rows);
        let empty = |_| Sums {
            scatter: vec![0.0; directions.len()],
            apart: DVector::zeros(self.values),
        };
        let mut sums: Vec<Sums> = (0..blocks.min(STRIPES)).map(empty).collect();
        let failed = Mutex::new(Ok(()));
        let stripe = |(first, sums): (usize, &mut Sums)| {
            let mut block = buffers::take(rows * self.values);
            for start in (first..blocks).step_by(STRIPES).map(|block| block * rows) {
                let some = start..self.count.min(start + rows);
                let block = &mut block[..some.len() * self.values];
                if !note(&failed, (self.read)(some, block)) {
                    break;
                }
                sums.add(block, centre, directions);
            }
            buffers::give(block);
        };
        let parts = sums.iter_mut().enumerate();
        match self.count.saturating_mul(self.values) < FEW {
            true => parts.for_each(stripe),
            false => threads::each(parts.collect(), stripe),
        }
        outcome(failed).map(|()| sums)
    }
}

/// Whether it went well; an error is kept, of several whichever: each says that rows can no longer be read.
fn note<E>(failed: &Mutex<Result<(), E>>, found: Result<(), E>) -> bool {
    let went_well = found.is_ok();
    if !went_well {
        *failed.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
    went_well
}

fn outcome<E>(failed: Mutex<Result<(), E>>) -> Result<(), E> {
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Sums {
    /// Adds a block's share; its rows lose the centre in place.
    fn add(&mut self, rows: &mut [f32], centre: &[f32], directions: &[f32]) {
        let values = centre.len();
        let mut apart = vec![0.0_f32; values];
        for row in rows.chunks_exact_mut(values) {
            triples(row, centre, &mut apart, |value, centre, apart| {
                *value -= centre;
                *apart += *value;
            });
        }
        (self.apart.iter_mut().zip(apart)).for_each(|(sum, apart)| *sum += f64::from(apart));
        let (count, width) = (rows.len() / values, directions.len() / values);
        let centred = Matrix::new(rows, count, values);
        let directions = Matrix::new(directions, values, width);
        let [places] = multiply([Product::new(centred, directions)]); // [count, width]
        let of_places = Matrix::new(&places, count, width);
        // Its rows are long, and so are the vectors that it is computed in.
        let [share] = multiply([Product::new(of_places.transposed(), centred)]); // [width, values]
        (self.scatter.iter_mut().zip(&share)).for_each(|(sum, share)| *sum += f64::from(*share));
        [places, share].into_iter().for_each(buffers::give);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn source(rows: &[f32], values: usize) -> Source<impl ReadRows<Infallible>> {
        in_memory(rows, values)
    }

    /// Rows whose values vary less and less, around 3.
    fn rows(count: usize, values: usize) -> Vec<f32> {
        let mut rng = seeded(3);
        let places = (0..count).flat_map(|_| 0..values as i32);
        places
            .map(|at| 3.0 + 0.95_f32.powi(at) * rng.random_range(-1.0..1.0_f32))
            .collect()
    }

    /// What a pass finds is Σ (x - m) (x - m)ᵀ basis of double precision, however far from the mean m its centre was.
    #[test]
    fn a_pass_is_the_scatter_around_the_mean() {
        let (values, count) = (20, 3000);
        let rows = rows(count, values);
        let exact = DMatrix::from_row_iterator(count, values, rows.iter().map(|x| f64::from(*x)));
        let mean = exact.row_mean().transpose();
        let centred = DMatrix::from_fn(count, values, |row, at| exact[(row, at)] - mean[at]);
        let basis = first_basis(values, 4);
        let expected = centred.transpose() * (&centred * &basis);
        for apart in [0.0, 0.5] {
            let mut centre = mean.add_scalar(apart);
            let Ok(found) = source(&rows, values).scatter_times(&basis, &mut centre);
            assert!(
                (&found - &expected).amax() < 1e-5 * expected.amax(),
                "{apart}"
            );
            assert!((&centre - &mean).amax() < 1e-6, "{apart}");
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_number_of_threads() {
        let rows = rows(4000, 20);
        let fit = || {
            let Ok(found) = Settled::begin(&rows, 20, 3).settle(3, &source(&rows, 20));
            (found.basis, found.mean)
        };
        assert_eq!(fit(), threads::alone(fit));
    }

    #[test]
    fn what_is_still_to_come_is_near_what_further_passes_bring() {
        let values = 64;
        let rows = rows(20_000, values);
        let source = source(&rows, values);
        let (mut basis, mut mean) = (first_basis(values, 2 + SPARE), mean_of(&rows, values));
        let mut rounds = Vec::new();
        for _ in 0..12 {
            let Ok(product) = source.scatter_times(&basis, &mut mean);
            let leading = leading_eigen(basis.transpose() * &product, usize::MAX);
            let least = leading[leading.len() - 1].0;
            let captured: f64 = leading[..2].iter().map(|(variance, _)| variance).sum();
            let to_come = still_to_come(&leading[..2], least, &basis, &product);
            rounds.push((captured, to_come));
            basis = product.qr().q();
        }
        let (all, _) = rounds[11];
        for (captured, to_come) in &rounds[3..6] {
            let came = all - captured;
            assert!(
                (0.8..3.0).contains(&(to_come / came)),
                "{to_come} for {came}"
            );
        }
    }

    #[test]
    fn kept_rows_lie_evenly() {
        let values = VERY_MANY / 1000;
        let source = Source {
            count: 5000,
            values,
            read: |some: Range<usize>, out: &mut [f32]| {
                out.fill(some.start as f32);
                Ok::<(), Infallible>(())
            },
        };
        let Ok(kept) = source.evenly();
        let kept: Vec<f32> = kept.chunks_exact(values).map(|row| row[0]).collect();
        let expected: Vec<f32> = (0..5000).step_by(5).map(|row| row as f32).collect();
        assert_eq!(kept, expected);
        let rows = [1, 784, 3072, 12_288, 1 << 23].map(rows_to_begin_with);
        assert_eq!(rows, [1 << 16, 1337, 1024, 341, 1]);
    }
}
