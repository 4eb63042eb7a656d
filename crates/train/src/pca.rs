//! Principal components (Pearson 1901), by the eigenvectors of the covariance.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::rows::Rows;

/// The leading principal components of some rows.
pub struct Pca {
    mean: DVector<f64>,
    components: DMatrix<f64>, // [values, k]
}

impl Pca {
    /// The `k` leading components of `rows`, as many as there are values at most.
    pub fn fit(rows: &Rows, k: usize) -> Self {
        let values = rows[0].len();
        let wide = DMatrix::from_fn(rows.len(), values, |i, j| f64::from(rows[i][j]));
        let mean = wide.row_mean().transpose();
        let centred = DMatrix::from_fn(rows.len(), values, |i, j| wide[(i, j)] - mean[j]);
        let eigen = SymmetricEigen::new(centred.transpose() * &centred);
        let mut order: Vec<usize> = (0..values).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let columns: Vec<_> = order
            .iter()
            .take(k)
            .map(|i| eigen.eigenvectors.column(*i))
            .collect();
        Self {
            mean,
            components: DMatrix::from_columns(&columns),
        }
    }

    /// How many components there are.
    pub fn components(&self) -> usize {
        self.components.ncols()
    }

    /// The mean of the rows.
    pub fn mean(&self) -> Vec<f32> {
        self.mean.iter().map(|value| *value as f32).collect()
    }

    /// Where a row lies on the components.
    pub fn place(&self, row: &[f32]) -> Vec<f64> {
        self.coordinates(row).iter().copied().collect()
    }

    /// The nearest row that mean and components can make.
    pub fn project(&self, row: &[f32]) -> Vec<f32> {
        let projected = &self.components * self.coordinates(row) + &self.mean;
        projected.iter().map(|value| *value as f32).collect()
    }

    fn coordinates(&self, row: &[f32]) -> DVector<f64> {
        let row = DVector::from_iterator(row.len(), row.iter().map(|value| f64::from(*value)));
        self.components.transpose() * (row - &self.mean)
    }
}

/// The two principal components of each row, for maps of codes of more than two numbers.
pub fn principal_plane(rows: &Rows) -> Vec<(f64, f64)> {
    let pca = Pca::fit(rows, 2);
    let place = |row: &Vec<f32>| {
        let at = pca.place(row);
        (at[0], at[1])
    };
    rows.iter().map(place).collect()
}
