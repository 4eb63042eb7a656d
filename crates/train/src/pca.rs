//! Principal components (Pearson 1901): by the eigenvectors of the covariance where the data is small, by subspace iteration
//! over passes of the data (Halko, Martinsson and Tropp 2011) where it is large.

use std::convert::Infallible;

use espejo_kernels::gemm::{Matrix, Product, multiply};
use espejo_kernels::threads;
use espejo_nets::seeded;
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use rand::RngExt;

use crate::host_rows::Rows;

/// Up to this many rows or values the eigenvectors are computed exactly.
const EXACT: usize = 512;
/// The iteration follows this many directions more than it is asked for; the last ones settle slowly.
const SPARE: usize = 10;
/// The iteration ends when the captured variance grows by less than this share of itself, or after `MOST_ROUNDS` passes.
const TOLERANCE: f64 = 1e-6;
const MOST_ROUNDS: usize = 15;
/// Blocks of rows that are multiplied at once, each on a thread of its own. Both numbers are fixed, so that the order of the
/// sums, and with it every bit of the result, depends neither on the machine's cores nor on the caller's chunks.
const BLOCK: usize = 256;
const BLOCKS: usize = 4;
/// Columns whose means are taken at once, on a thread of its own.
const COLUMNS: usize = 64;
/// Numbers that are not worth a second thread.
const FEW: usize = 1 << 14;
/// Numbers of the rows that the iteration begins with: what settles among them has little left to settle among all.
const SOME: usize = 1 << 22;
/// Directions with less than this share of the largest variance are rounding errors.
const FLOOR: f64 = 1e-12;

/// The leading principal components of some rows.
pub struct Pca {
    mean: DVector<f64>,
    components: DMatrix<f64>, // [values, k]
}

impl Pca {
    /// The `k` leading components of `rows`; fewer where the rows vary in fewer directions.
    ///
    /// # Panics
    ///
    /// When `rows` is empty.
    pub fn fit(rows: &Rows, k: usize) -> Self {
        let values = rows[0].len();
        if rows.len().min(values) <= EXACT {
            return Self::fit_exactly(rows, k);
        }
        let Ok(pca) = Self::fit_chunks(values, k, |take| {
            rows.iter().for_each(|row| take(row));
            Ok::<(), Infallible>(())
        });
        pca
    }

    /// The `k` leading components of rows that need not lie in memory; fewer where the rows vary in fewer directions.
    ///
    /// Each call of `pass` hands every row once to the function it is given, always in the same order, in chunks
    /// `[n, values]`, flat and row-major; how long the chunks are changes nothing. It is called 3 to 16 times: once for the
    /// mean, then until the variance of the `k` components settles to one part in a million; of many rows it begins where those of a few,
    /// evenly spread, have settled. An error of `pass` ends the fit.
    ///
    /// The products are computed in f32 and summed in f64; the memory is 1,024 rows, at most 16 MiB of others, and a few times
    /// `values * (k + 10)` numbers.
    ///
    /// # Panics
    ///
    /// When there is no row, or a chunk ends within one.
    pub fn fit_chunks<E>(
        values: usize,
        k: usize,
        mut pass: impl FnMut(&mut dyn FnMut(&[f32])) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut some = Evenly::of(values);
        let (mean, count) = mean_of(values, &mut |take| {
            pass(&mut |rows| {
                some.keep(rows);
                take(rows);
            })
        })?;
        let mut basis = first_basis(values, k.saturating_add(SPARE).min(values)); // [values, width]
        if let Some(some) = some.of_more() {
            let mut once = |take: &mut dyn FnMut(&[f32])| {
                take(&some);
                Ok::<(), Infallible>(())
            };
            let centre = (&mean, some.len() / values);
            let Ok(settled) = settle(basis, centre, k, &mut once);
            basis = settled.basis;
        }
        let Settled { leading, basis } = settle(basis, (&mean, count), k, &mut pass)?;
        let columns = leading.iter().map(|(_, vector)| &basis * vector);
        let components = from_columns(values, columns.collect());
        Ok(Self { mean, components })
    }

    fn fit_exactly(rows: &Rows, k: usize) -> Self {
        let values = rows[0].len();
        let wide = DMatrix::from_fn(rows.len(), values, |i, j| f64::from(rows[i][j]));
        let mean = wide.row_mean().transpose();
        let centred = DMatrix::from_fn(rows.len(), values, |i, j| wide[(i, j)] - mean[j]);
        // The smaller of the two products has the same eigenvalues: X'X u = s u gives XX'(Xu) = s Xu.
        let few = rows.len() < values;
        let product = if few {
            &centred * centred.transpose()
        } else {
            centred.transpose() * &centred
        };
        let component = |(_, vector): (f64, DVector<f64>)| {
            if few {
                centred.tr_mul(&vector).normalize()
            } else {
                vector
            }
        };
        let leading = leading_eigen(product, k).into_iter();
        let components = from_columns(values, leading.map(component).collect());
        Self { mean, components }
    }

    /// How many components there are.
    pub fn components(&self) -> usize {
        self.components.ncols()
    }

    /// The mean of the rows.
    pub fn mean(&self) -> Vec<f32> {
        self.mean.iter().map(|value| *value as f32).collect()
    }

    /// The components, the first of them first, each as long as a row and of length 1.
    pub fn basis(&self) -> Rows {
        let columns = self.components.column_iter();
        columns
            .map(|column| column.iter().map(|value| *value as f32).collect())
            .collect()
    }

    /// Where a row lies on the components.
    pub fn place(&self, row: &[f32]) -> Vec<f64> {
        let places = self.components.transpose() * self.centred(row);
        places.iter().copied().collect()
    }

    /// The nearest row that mean and components can make.
    pub fn project(&self, row: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; row.len()];
        self.project_into(row, &mut out);
        out
    }

    /// `project` for each of `rows` `[n, values]`, flat and row-major, into `out` of the same shape.
    ///
    /// # Panics
    ///
    /// When the lengths differ, or `rows` ends within a row.
    pub fn project_into(&self, rows: &[f32], out: &mut [f32]) {
        assert_eq!(rows.len(), out.len(), "room for each row");
        let transposed = self.components.transpose(); // [k, values]
        let block = BLOCK * self.mean.len();
        let blocks = rows.chunks(block).zip(out.chunks_mut(block));
        threads::each(blocks.collect(), |(rows, out): (&[f32], &mut [f32])| {
            let places = &transposed * self.centred(rows); // [k, n]
            let mut projected = &self.components * places; // [values, n]
            for mut column in projected.column_iter_mut() {
                column += &self.mean;
            }
            for (out, value) in out.iter_mut().zip(projected.iter()) {
                *out = *value as f32;
            }
        });
    }

    /// The rows without the mean, as columns `[values, n]`: row-major rows are column-major columns.
    fn centred(&self, rows: &[f32]) -> DMatrix<f64> {
        let values = self.mean.len();
        assert_eq!(rows.len() % values, 0, "whole rows");
        let wide = rows.iter().map(|value| f64::from(*value));
        let mut centred = DMatrix::from_iterator(values, rows.len() / values, wide);
        for mut column in centred.column_iter_mut() {
            column -= &self.mean;
        }
        centred
    }
}

/// The two principal components of each row, for maps of codes of more than two numbers.
pub fn principal_plane(rows: &Rows) -> Vec<(f64, f64)> {
    let pca = Pca::fit(rows, 2);
    let place = |row: &Vec<f32>| {
        let at = pca.place(row);
        let coordinate = |i: usize| at.get(i).copied().unwrap_or(0.0);
        (coordinate(0), coordinate(1))
    };
    rows.iter().map(place).collect()
}

/// The `k` largest eigenvalues of a symmetric matrix with their vectors, largest first; fewer where the rest is nought.
fn leading_eigen(matrix: DMatrix<f64>, k: usize) -> Vec<(f64, DVector<f64>)> {
    let eigen = SymmetricEigen::new(matrix);
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let floor = FLOOR * eigen.eigenvalues.amax();
    let pair = |i: usize| {
        (
            eigen.eigenvalues[i],
            eigen.eigenvectors.column(i).into_owned(),
        )
    };
    let leading = order.into_iter().take(k).map(pair);
    leading.filter(|(value, _)| *value > floor).collect()
}

fn from_columns(values: usize, columns: Vec<DVector<f64>>) -> DMatrix<f64> {
    if columns.is_empty() {
        return DMatrix::zeros(values, 0);
    }
    DMatrix::from_columns(&columns)
}

/// What an iteration ends with.
struct Settled {
    /// The largest variances within the basis, each with its direction there.
    leading: Vec<(f64, DVector<f64>)>,
    /// `[values, width]`
    basis: DMatrix<f64>,
}

/// Passes until the variance of `k` directions settles, from a first basis `[values, width]`.
fn settle<E>(
    mut basis: DMatrix<f64>,
    centre: (&DVector<f64>, usize),
    k: usize,
    pass: &mut impl FnMut(&mut dyn FnMut(&[f32])) -> Result<(), E>,
) -> Result<Settled, E> {
    let mut before = f64::NAN;
    let mut rounds = 0;
    loop {
        rounds += 1;
        let product = scatter_times(&basis, centre, pass)?; // [values, width]
        let inner = basis.transpose() * &product; // [width, width]
        // It is symmetric but for rounding.
        let leading = leading_eigen((&inner + inner.transpose()) * 0.5, k);
        let captured: f64 = leading.iter().map(|(variance, _)| variance).sum();
        if captured - before <= TOLERANCE * captured || rounds == MOST_ROUNDS {
            return Ok(Settled { leading, basis });
        }
        before = captured;
        basis = product.qr().q();
    }
}

/// Rows that lie evenly among all that come, without knowing how many these will be: every second is let go when there are too many.
struct Evenly {
    values: usize,
    rows: Vec<f32>,
    /// One in so many is kept.
    stride: usize,
    /// How many have come.
    seen: usize,
}

impl Evenly {
    fn of(values: usize) -> Self {
        Self {
            values,
            rows: Vec::new(),
            stride: 1,
            seen: 0,
        }
    }

    fn keep(&mut self, rows: &[f32]) {
        for row in rows.chunks_exact(self.values) {
            if self.seen.is_multiple_of(self.stride) {
                if self.rows.len() + self.values > SOME {
                    self.thin_out();
                }
                // It may be one of those that are now let go.
                if self.seen.is_multiple_of(self.stride) {
                    self.rows.extend_from_slice(row);
                }
            }
            self.seen += 1;
        }
    }

    fn thin_out(&mut self) {
        self.stride *= 2;
        let count = self.rows.len() / self.values;
        for (to, from) in (0..count).step_by(2).enumerate() {
            let row = from * self.values..(from + 1) * self.values;
            self.rows.copy_within(row, to * self.values);
        }
        self.rows.truncate(count.div_ceil(2) * self.values);
    }

    /// The rows, where these are far fewer than all and yet enough to tell directions by.
    fn of_more(self) -> Option<Vec<f32>> {
        let kept = self.rows.len() / self.values;
        (self.stride > 2 && kept > EXACT).then_some(self.rows)
    }
}

/// One pass for the mean of the rows and their number.
fn mean_of<E>(
    values: usize,
    pass: &mut impl FnMut(&mut dyn FnMut(&[f32])) -> Result<(), E>,
) -> Result<(DVector<f64>, usize), E> {
    let mut sums = vec![0.0; values];
    let mut count = 0;
    pass(&mut |rows| {
        assert_eq!(rows.len() % values, 0, "whole rows");
        count += rows.len() / values;
        let add = |(part, sums): (usize, &mut [f64])| {
            for row in rows.chunks_exact(values) {
                for (sum, value) in sums.iter_mut().zip(&row[part * COLUMNS..]) {
                    *sum += f64::from(*value);
                }
            }
        };
        // By columns, so that each is summed in the order of the rows on any number of threads.
        let parts = sums.chunks_mut(COLUMNS).enumerate();
        match rows.len() < FEW {
            true => parts.for_each(add),
            false => threads::each(parts.collect(), add),
        }
    })?;
    assert!(count > 0, "there are rows");
    Ok((DVector::from_vec(sums) / count as f64, count))
}

/// Random orthonormal directions `[values, width]`, always the same ones.
fn first_basis(values: usize, width: usize) -> DMatrix<f64> {
    let mut rng = seeded(0);
    let directions = DMatrix::from_fn(values, width, |_, _| rng.random_range(-1.0..1.0));
    directions.qr().q()
}

/// One pass for Σ (x - mean) (x - mean)ᵀ basis, `[values, width]` like the basis.
fn scatter_times<E>(
    basis: &DMatrix<f64>,
    (mean, count): (&DVector<f64>, usize),
    pass: &mut impl FnMut(&mut dyn FnMut(&[f32])) -> Result<(), E>,
) -> Result<DMatrix<f64>, E> {
    let (values, width) = basis.shape();
    let directions: Vec<f32> = basis.transpose().iter().map(|of| *of as f32).collect(); // [values, width], row-major
    let rounded: Vec<f32> = mean.iter().map(|value| *value as f32).collect();
    let mut sums = vec![vec![0.0; values * width]; BLOCKS];
    let multiply = |rows: &mut [f32]| {
        let few = rows.len() < FEW;
        let blocks = rows.chunks_mut(BLOCK * values).zip(&mut sums);
        let add = |(block, sum): (&mut [f32], &mut Vec<f64>)| {
            add_block(block, &rounded, &directions, sum);
        };
        match few {
            true => blocks.for_each(add),
            false => threads::each(blocks.collect(), add),
        }
    };
    regroup(BLOCKS * BLOCK * values, pass, multiply)?;
    let sums = sums
        .iter()
        .map(|sum| DMatrix::from_row_slice(values, width, sum));
    let around_rounded: DMatrix<f64> = sums.sum();
    let rounded = DVector::from_vec(rounded);
    // Rows far from 0 that differ little may differ by less than what the rounding took off their mean. What is smaller is the
    // rounding of the mean itself.
    let apart = mean.zip_map(&rounded, |mean, rounded| {
        let apart = mean - f64::from(rounded);
        if apart.abs() > 1e-9 * mean.abs() {
            apart
        } else {
            0.0
        }
    }); // [values]
    let along = basis.tr_mul(&apart); // [width]
    Ok(around_rounded - apart * along.transpose() * count as f64)
}

/// Hands the numbers of one pass on in groups of `size`, the last one shorter, however they were cut before.
fn regroup<E>(
    size: usize,
    pass: &mut impl FnMut(&mut dyn FnMut(&[f32])) -> Result<(), E>,
    mut work: impl FnMut(&mut [f32]),
) -> Result<(), E> {
    let mut group = Vec::with_capacity(size);
    pass(&mut |mut rows| {
        while !rows.is_empty() {
            let (now, later) = rows.split_at(rows.len().min(size - group.len()));
            group.extend_from_slice(now);
            rows = later;
            if group.len() == size {
                work(&mut group);
                group.clear();
            }
        }
    })?;
    work(&mut group);
    Ok(())
}

/// Adds a block's share to the scatter `[values, width]`, row-major as the directions; its rows lose their mean in place.
fn add_block(rows: &mut [f32], mean: &[f32], directions: &[f32], sum: &mut [f64]) {
    let values = mean.len();
    for row in rows.chunks_exact_mut(values) {
        (row.iter_mut().zip(mean)).for_each(|(value, mean)| *value -= mean);
    }
    let (count, width) = (rows.len() / values, directions.len() / values);
    let centred = Matrix::new(rows, count, values);
    let directions = Matrix::new(directions, values, width);
    let [places] = multiply([Product::new(centred, directions)]); // [count, width]
    let places = Matrix::new(&places, count, width);
    let [share] = multiply([Product::new(centred.transposed(), places)]); // [values, width]
    (sum.iter_mut().zip(share)).for_each(|(sum, share)| *sum += f64::from(share));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fits `rows`, handed on `step` numbers at a time.
    fn fit_in_steps(rows: &Rows, k: usize, step: usize) -> Pca {
        let (values, flat) = (rows[0].len(), rows.concat());
        let Ok(pca) = Pca::fit_chunks(values, k, |take| {
            flat.chunks(step * values).for_each(&mut *take);
            Ok::<(), Infallible>(())
        });
        pca
    }

    /// Rows on a line in space: one component brings them all back, by either product and by iteration.
    fn check(rows: Rows) {
        check_line(&rows, &Pca::fit(&rows, 3), 1e-6);
        check_line(&rows, &fit_in_steps(&rows, 3, 7), 1e-5);
    }

    fn check_line(rows: &Rows, pca: &Pca, tolerance: f32) {
        assert_eq!(pca.components(), 1);
        for row in rows {
            let back = pca.project(row);
            assert!(
                row.iter()
                    .zip(&back)
                    .all(|(a, b)| (a - b).abs() < tolerance),
                "{row:?} {back:?}"
            );
        }
    }

    /// The rows ± 0.9^i e_i with the axes in mixed order: mean 0, and the axis i has the variance 0.81^i / values.
    fn axes(values: usize) -> Rows {
        let row = |i: usize, sign: f32| {
            let mut row = vec![0.0; values];
            row[axis(i, values)] = sign * 0.9_f32.powi(i as i32);
            row
        };
        (0..values)
            .flat_map(|i| [row(i, 1.0), row(i, -1.0)])
            .collect()
    }

    fn axis(i: usize, values: usize) -> usize {
        (7 * i + 3) % values
    }

    /// Each component is an axis, the most varied first.
    fn check_axes(pca: &Pca, k: usize, values: usize) {
        assert_eq!(pca.components(), k);
        assert!(pca.mean().iter().all(|value| value.abs() < 1e-7));
        for i in 0..k {
            let along = pca.components[(axis(i, values), i)].abs();
            assert!((along - 1.0).abs() < 1e-4, "component {i}: {along}");
        }
    }

    #[test]
    fn a_line_has_one_component() {
        let line = |count: usize| {
            (0..count)
                .map(|i| vec![i as f32, 2.0 * i as f32, 1.0, 0.0, -(i as f32)])
                .collect()
        };
        check(line(3));
        check(line(20));
    }

    #[test]
    fn equal_rows_have_none() {
        let rows = vec![vec![1.0, 2.0]; 4];
        assert_eq!(principal_plane(&rows), [(0.0, 0.0); 4]);
        let pca = fit_in_steps(&rows, 2, 3);
        assert_eq!(pca.components(), 0);
        assert_eq!(pca.project(&[0.5, 0.5]), [1.0, 2.0]);
    }

    #[test]
    fn iteration_finds_known_axes() {
        check_axes(&fit_in_steps(&axes(60), 4, 16), 4, 60);
    }

    #[test]
    fn large_data_is_fitted_by_iteration() {
        let values = EXACT + 1;
        check_axes(&Pca::fit(&axes(values), 2), 2, values);
    }

    /// 10⁷ rows near a million, whose first number goes by twice as much as the second, against it: mean and component are known, where a
    /// running sum in single precision has no digit of either left.
    #[test]
    fn ten_million_rows_near_a_million_have_the_known_component() {
        let (chunks, chunk) = (10_000, 1000);
        let rows: Vec<f32> = (0..chunk)
            .flat_map(|row| {
                let step = if row % 4 == 0 { 1.0 } else { 0.0 };
                [1e6 + 0.25 * step, 1e6 - 0.125 * step]
            })
            .collect();
        let Ok(pca) = Pca::fit_chunks(2, 1, |take| {
            (0..chunks).for_each(|_| take(&rows));
            Ok::<(), Infallible>(())
        });
        let expected = [1e6 + 0.0625, 1e6 - 0.031_25];
        for (mean, expected) in pca.mean.iter().zip(expected) {
            assert!((mean - expected).abs() < 1e-6, "{mean} for {expected}");
        }
        let along = pca.components.column(0);
        let norm = 1.25_f64.sqrt();
        assert!((along[0].abs() - 1.0 / norm).abs() < 1e-5, "{along}");
        assert!((along[1].abs() - 0.5 / norm).abs() < 1e-5, "{along}");
        assert!(along[0] * along[1] < 0.0, "{along}");
    }

    #[test]
    fn chunks_change_nothing() {
        let rows: Rows = (0..1500)
            .map(|i| (0..7).map(|j| ((i * (i + j)) % 31) as f32).collect())
            .collect();
        let components = |step| fit_in_steps(&rows, 3, step).components;
        assert_eq!(components(1), components(1500));
        assert_eq!(components(1), components(333));
    }

    /// The components of many rows, begun with a few of them, are those found without these.
    #[test]
    fn many_rows_have_the_components_of_the_whole_iteration() {
        let values = 64;
        let mut rng = seeded(3);
        let scales: Vec<f32> = (0..64).map(|at| 0.8_f32.powi(at)).collect();
        let rows = (0..5 * SOME / values).flat_map(|_| &scales);
        let flat: Vec<f32> = rows
            .map(|scale| scale * rng.random_range(-1.0..1.0_f32))
            .collect();
        let mut pass = |take: &mut dyn FnMut(&[f32])| {
            flat.chunks(100 * values).for_each(&mut *take);
            Ok::<(), Infallible>(())
        };
        let Ok(found) = Pca::fit_chunks(values, 2, &mut pass);
        let Ok((mean, count)) = mean_of(values, &mut pass);
        let before = first_basis(values, 2 + SPARE);
        let Ok(Settled { leading, basis }) = settle(before, (&mean, count), 2, &mut pass);
        for (place, (_, vector)) in leading.iter().enumerate() {
            let along = found.components.column(place).dot(&(&basis * vector));
            assert!(along.abs() > 1.0 - 1e-5, "component {place}: {along}");
        }
        assert_eq!(found.components(), 2);
    }

    #[test]
    fn kept_rows_lie_evenly() {
        let values = SOME / 1000;
        let mut some = Evenly::of(values);
        for row in 0..5000 {
            some.keep(&vec![row as f32; values]);
        }
        let kept = some.of_more().expect("one in eight");
        let kept: Vec<f32> = kept.chunks_exact(values).map(|row| row[0]).collect();
        let expected: Vec<f32> = (0..5000).step_by(8).map(|row| row as f32).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn an_unreadable_pass_ends_the_fit() {
        let mut passes = 0;
        let fitted = Pca::fit_chunks(2, 1, |take| {
            take(&[0.0, 1.0, 2.0, 0.0]);
            passes += 1;
            if passes < 3 { Ok(()) } else { Err("gone") }
        });
        assert_eq!(fitted.err(), Some("gone"));
    }

    #[test]
    fn chunks_are_projected_like_rows() {
        let rows = axes(40);
        let pca = Pca::fit(&rows, 3);
        let mut together = vec![0.0; rows.len() * 40];
        pca.project_into(&rows.concat(), &mut together);
        for (row, projected) in rows.iter().zip(together.chunks_exact(40)) {
            let alone = pca.project(row);
            assert!(
                alone
                    .iter()
                    .zip(projected)
                    .all(|(a, b)| (a - b).abs() < 1e-6)
            );
        }
    }
}
