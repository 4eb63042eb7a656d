//! How far a row lies from the mean of the training rows, in units of how they scatter (Mahalanobis 1936).

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::Matrix;
use crate::parallel::{cores, map_pieces};

/// What is added to each diagonal element of the correlation matrix where it is singular.
const RIDGE: f64 = 1e-6;
/// The share of a column's variance that the columns before it must leave unexplained, or the matrix counts as singular.
const SINGULAR: f64 = 1e-10;
/// Rows whose products are summed, or which a thread scores, at a time.
const BLOCK: usize = 512;

/// Mean and scatter of training rows.
#[derive(Clone, Debug)]
pub struct Mahalanobis {
    mean: Vec<f64>,
    // Standard deviations; 1 for a constant column.
    scale: Vec<f64>,
    // Of the correlation matrix.
    lower: DMatrix<f64>,
    ridge: f64,
}

impl Mahalanobis {
    /// Takes mean and covariance (with n below) of the rows.
    ///
    /// The covariance is factored as standard deviations and correlations. Where these are singular (a column is constant, or follows from
    /// others), 1e-6 is added to each diagonal element: a row that breaks such a rule then lies very far away, by a thousand for
    /// each standard deviation, or for each unit of a constant column.
    ///
    /// # Panics
    ///
    /// Where there is no row.
    pub fn fit(rows: Matrix) -> Self {
        assert!(!rows.is_empty(), "there are training rows");
        let mean = column_means(rows, |_, value| value);
        let variance = column_means(rows, |column, value| (value - mean[column]).powi(2));
        // A constant column may have a variance by the rounding of its mean.
        let constant = |(variance, mean): (&f64, &f64)| *variance <= (mean * 1e-12).powi(2);
        let scale: Vec<f64> = variance
            .iter()
            .zip(&mean)
            .map(|of| if constant(of) { 1.0 } else { of.0.sqrt() })
            .collect();
        let correlations = correlations(rows, &mean, &scale);
        let (lower, ridge) = match factor(&correlations) {
            Some(lower) => (lower, 0.0),
            None => (factor_with_ridge(correlations), RIDGE),
        };
        Self {
            mean,
            scale,
            lower,
            ridge,
        }
    }

    /// What was added to each diagonal element of the correlation matrix: 0 where it was not singular.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// The distance of each row (not squared), the same with any number of threads.
    ///
    /// # Panics
    ///
    /// Where rows have another number of columns than those of training.
    pub fn scores(&self, rows: Matrix) -> Vec<f64> {
        self.scores_on(cores(), rows)
    }

    fn scores_on(&self, threads: usize, rows: Matrix) -> Vec<f64> {
        assert_eq!(rows.columns(), self.mean.len(), "the columns of training");
        map_pieces(rows.len(), BLOCK, threads, |places| {
            let mut from_mean = DVector::zeros(rows.columns());
            let score = |place: usize| {
                standardise(&mut from_mean, rows.row(place), &self.mean, &self.scale);
                let solved = self.lower.solve_lower_triangular_mut(&mut from_mean);
                debug_assert!(solved, "no pivot is zero");
                from_mean.norm()
            };
            places.map(score).collect()
        })
    }
}

fn column_means(rows: Matrix, of: impl Fn(usize, f64) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; rows.columns()];
    for row in rows.rows() {
        for (column, value) in row.iter().enumerate() {
            sums[column] += of(column, f64::from(*value));
        }
    }
    sums.iter().map(|sum| sum / rows.len() as f64).collect()
}

fn standardise(into: &mut DVector<f64>, row: &[f32], mean: &[f64], scale: &[f64]) {
    for (column, value) in row.iter().enumerate() {
        into[column] = (f64::from(*value) - mean[column]) / scale[column];
    }
}

/// The mean product of each two standardised columns.
fn correlations(rows: Matrix, mean: &[f64], scale: &[f64]) -> DMatrix<f64> {
    let columns = rows.columns();
    let mut sums = DMatrix::zeros(columns, columns);
    for begin in (0..rows.len()).step_by(BLOCK) {
        let count = BLOCK.min(rows.len() - begin);
        let value = |column: usize, row: usize| {
            (f64::from(rows.row(begin + row)[column]) - mean[column]) / scale[column]
        };
        let block = DMatrix::from_fn(columns, count, value);
        sums.gemm(1.0, &block, &block.transpose(), 1.0);
    }
    sums / rows.len() as f64
}

/// The lower factor; none where the matrix is singular.
fn factor(matrix: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let lower = Cholesky::<f64, Dyn>::new(matrix.clone())?.unpack();
    let regular = lower
        .diagonal()
        .iter()
        .all(|pivot| pivot * pivot > SINGULAR);
    regular.then_some(lower)
}

fn factor_with_ridge(mut matrix: DMatrix<f64>) -> DMatrix<f64> {
    for k in 0..matrix.nrows() {
        matrix[(k, k)] += RIDGE;
    }
    let factored = Cholesky::<f64, Dyn>::new(matrix);
    factored
        .expect("a correlation matrix with a ridge has a factor")
        .unpack()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Corners of a square: covariance is the identity.
    #[test]
    fn with_the_identity_it_is_the_euclidean_distance() {
        let corners = [1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0];
        let fitted = Mahalanobis::fit(Matrix::new(&corners, 2));
        let scores = fitted.scores_on(1, Matrix::new(&[3.0, 4.0, 0.0, 0.0], 2));
        assert_eq!((scores, fitted.ridge()), (vec![5.0, 0.0], 0.0));
    }

    #[test]
    fn units_of_the_columns_do_not_matter() {
        let corners = [10.0, 0.01, 10.0, -0.01, -10.0, 0.01, -10.0, -0.01];
        let fitted = Mahalanobis::fit(Matrix::new(&corners, 2));
        let scores = fitted.scores_on(1, Matrix::new(&[30.0, 0.04], 2));
        assert!((scores[0] - 5.0).abs() < 1e-6, "{scores:?}");
    }

    #[test]
    fn a_row_that_breaks_a_rule_of_all_others_lies_far_away() {
        let values: Vec<f32> = (0..200)
            .flat_map(|k| [(k % 17) as f32, 2.0 * (k % 17) as f32, 0.1])
            .collect();
        let fitted = Mahalanobis::fit(Matrix::new(&values, 3));
        assert_eq!(fitted.ridge(), RIDGE);
        let asked = [8.0, 16.0, 0.1, 8.0, 20.0, 0.1, 8.0, 16.0, 1.1];
        let scores = fitted.scores_on(1, Matrix::new(&asked, 3));
        assert!(scores[0] < 2.0, "{scores:?}");
        assert!(
            scores[1] > 100.0 && (scores[2] - 1000.0).abs() < 1.0,
            "{scores:?}"
        );
    }

    #[test]
    fn distances_are_the_same_with_any_number_of_threads() {
        let values: Vec<f32> = (0..3000).map(|k| (k * k % 1009) as f32).collect();
        let rows = Matrix::new(&values, 3);
        let fitted = Mahalanobis::fit(rows);
        let one = fitted.scores_on(1, rows);
        assert_eq!(one, fitted.scores_on(3, rows));
        assert_eq!(
            fitted.scores_on(1, Matrix::new(rows.row(707), 3)),
            one[707..708]
        );
    }
}
