//! Principal components (Pearson 1901), by the eigenvectors of the covariance.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::rows::Rows;

/// The leading principal components of some rows.
pub struct Pca {
    mean: DVector<f64>,
    components: DMatrix<f64>, // [values, k]
}

impl Pca {
    /// The `k` leading components of `rows`; fewer where the rows vary in fewer directions.
    pub fn fit(rows: &Rows, k: usize) -> Self {
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
        let eigen = SymmetricEigen::new(product);
        let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let floor = 1e-12 * eigen.eigenvalues.amax();
        let leading = order
            .into_iter()
            .take(k)
            .filter(|i| eigen.eigenvalues[*i] > floor);
        let component = |i: usize| {
            let vector = eigen.eigenvectors.column(i).into_owned();
            if few {
                (centred.transpose() * vector).normalize()
            } else {
                vector
            }
        };
        let columns: Vec<DVector<f64>> = leading.map(component).collect();
        let components = if columns.is_empty() {
            DMatrix::zeros(values, 0)
        } else {
            DMatrix::from_columns(&columns)
        };
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
        let coordinate = |i: usize| at.get(i).copied().unwrap_or(0.0);
        (coordinate(0), coordinate(1))
    };
    rows.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows on a line in space: one component brings them all back, by either product.
    fn check(rows: Rows) {
        let pca = Pca::fit(&rows, 3);
        assert_eq!(pca.components(), 1);
        for row in &rows {
            let back = pca.project(row);
            assert!(
                row.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-6),
                "{row:?} {back:?}"
            );
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
        assert_eq!(principal_plane(&vec![vec![1.0, 2.0]; 4]), [(0.0, 0.0); 4]);
    }
}
