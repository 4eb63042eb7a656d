//! Principal components (Pearson 1901): by the eigenvectors of the covariance where the data is small, by iteration
//! where it is large.

use std::convert::Infallible;
use std::ops::Range;

use espejo_kernels::gemm::{Matrix, Product, multiply};
use espejo_kernels::{buffers, threads};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::host_rows::Rows;

mod iteration;
use iteration::{Settled, Source, in_memory};

/// Up to this many rows or values the eigenvectors are computed exactly.
const EXACT: usize = 512;
/// Rows that are projected at once, on a thread of its own.
const BLOCK: usize = 256;
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
        let Ok(pca) = Self::fit_source((rows.len(), values), k, |some, out| {
            for (row, out) in rows[some].iter().zip(out.chunks_exact_mut(values)) {
                out.copy_from_slice(row);
            }
            Ok::<(), Infallible>(())
        });
        pca
    }

    /// The `k` leading components of `[count, values]` that need not lie in memory; fewer where the rows vary in fewer directions.
    ///
    /// `read` writes the rows of a range, flat and row-major, on several threads at a time. All rows are read up to 15 times, until the variance
    /// of the `k` components is within about one part in a million of what it can be; where there are many the iteration begins
    /// where that of a few, evenly spread, has settled, and mostly two times do. An error of `read` ends the fit.
    ///
    /// The products are computed in f32 and summed in f64; the memory is 256 KiB a thread, 16 MiB of rows at most, and some ten times
    /// `values * (k + 10)` numbers.
    ///
    /// # Panics
    ///
    /// When there is no row.
    pub fn fit_source<E: Send>(
        (count, values): (usize, usize),
        k: usize,
        read: impl Fn(Range<usize>, &mut [f32]) -> Result<(), E> + Sync,
    ) -> Result<Self, E> {
        assert!(count > 0, "there are rows");
        let all = Source {
            count,
            values,
            read,
        };
        let some = all.evenly()?;
        let kept = some.len() / values;
        let mut begun = Settled::begin(&some, values, k);
        let pays = kept > EXACT && count > 2 * kept;
        if pays || kept == count {
            begun = begun.settle(k, &in_memory(&some, values))?;
        }
        if kept < count {
            begun = begun.settle(k, &all)?;
        }
        let Settled {
            leading,
            basis,
            mean,
        } = begun;
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
        let places = self.components.transpose() * self.centred(row);
        let projected = &self.components * places + &self.mean;
        projected.iter().map(|value| *value as f32).collect()
    }

    /// [`project`](Self::project) for each of `rows` `[n, values]`, flat and row-major, into `out` of the same shape; how far a row is from the mean
    /// is computed in single precision.
    ///
    /// # Panics
    ///
    /// When the lengths differ, or `rows` ends within a row.
    pub fn project_into(&self, rows: &[f32], out: &mut [f32]) {
        assert_eq!(rows.len(), out.len(), "room for each row");
        let (values, k) = self.components.shape();
        assert_eq!(rows.len() % values, 0, "whole rows");
        let rounded = |of: &DMatrix<f64>| of.iter().map(|x| *x as f32).collect::<Vec<_>>();
        // What nalgebra has column by column is here row by row, of the transposed.
        let directions = rounded(&self.components.transpose()); // [values, k]
        let columns = rounded(&self.components); // [k, values]
        let there = Matrix::new(&directions, values, k);
        let back = Matrix::new(&columns, k, values);
        let block = BLOCK * values;
        let means = self.mean.as_slice();
        let blocks = rows.chunks(block).zip(out.chunks_mut(block));
        threads::each(blocks.collect(), |(rows, out): (&[f32], &mut [f32])| {
            let count = rows.len() / values;
            let mut centred = buffers::take(rows.len());
            let of_rows = (centred.chunks_exact_mut(values)).zip(rows.chunks_exact(values));
            for (centred, row) in of_rows {
                for ((centred, x), mean) in centred.iter_mut().zip(row).zip(means) {
                    *centred = (f64::from(*x) - mean) as f32;
                }
            }
            let [places] = multiply([Product::new(Matrix::new(&centred, count, values), there)]); // [count, k]
            let [apart] = multiply([Product::new(Matrix::new(&places, count, k), back)]); // [count, values]
            let of_rows = (out.chunks_exact_mut(values)).zip(apart.chunks_exact(values));
            for (out, apart) in of_rows {
                for ((out, apart), mean) in out.iter_mut().zip(apart).zip(means) {
                    *out = (mean + f64::from(*apart)) as f32;
                }
            }
            [centred, places, apart].into_iter().for_each(buffers::give);
        });
    }

    /// A row without the mean.
    fn centred(&self, row: &[f32]) -> DVector<f64> {
        let wide = row.iter().map(|value| f64::from(*value));
        DVector::from_iterator(row.len(), wide) - &self.mean
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Fits rows by iteration, however few they are.
    fn fit_by_iteration(rows: &Rows, k: usize) -> Pca {
        let values = rows[0].len();
        let Ok(pca) = Pca::fit_source((rows.len(), values), k, |some, out| {
            out.copy_from_slice(&rows[some].concat());
            Ok::<(), Infallible>(())
        });
        pca
    }

    /// Rows on a line in space: one component brings them all back, by either product and by iteration.
    fn check(rows: Rows) {
        check_line(&rows, &Pca::fit(&rows, 3), 1e-6);
        check_line(&rows, &fit_by_iteration(&rows, 3), 1e-5);
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
        let pca = fit_by_iteration(&rows, 2);
        assert_eq!(pca.components(), 0);
        assert_eq!(pca.project(&[0.5, 0.5]), [1.0, 2.0]);
        let mut together = [f32::NAN; 4];
        pca.project_into(&[0.5, 0.5, 1.0, 0.0], &mut together);
        assert_eq!(together, [1.0, 2.0, 1.0, 2.0]);
    }

    #[test]
    fn iteration_finds_known_axes() {
        check_axes(&fit_by_iteration(&axes(60), 4), 4, 60);
    }

    #[test]
    fn many_values_that_do_not_vary_are_projected_on_their_mean() {
        let rows = vec![vec![0.25; 600]; 700];
        let pca = Pca::fit(&rows, 2);
        let mut together = vec![f32::NAN; 300 * 600];
        pca.project_into(&rows[..300].concat(), &mut together);
        assert_eq!((pca.components(), together), (0, vec![0.25; 300 * 600]));
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
        let Ok(pca) = Pca::fit_source((10_000_000, 2), 1, |rows, out| {
            for (row, out) in rows.zip(out.chunks_exact_mut(2)) {
                let step = if row % 4 == 0 { 1.0 } else { 0.0 };
                out.copy_from_slice(&[1e6 + 0.25 * step, 1e6 - 0.125 * step]);
            }
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
    fn rows_that_cannot_be_read_end_the_fit() {
        let reads = AtomicUsize::new(0);
        let fitted = Pca::fit_source((70_000, 2), 1, |rows, out| {
            out.fill(rows.start as f32);
            match reads.fetch_add(1, Ordering::Relaxed) {
                // Every second row, and then some blocks.
                0..35_100 => Ok(()),
                _ => Err("gone"),
            }
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
