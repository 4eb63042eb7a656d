//! Ways to fill missing cells that need no net: what a model is held against.

use espejo_analysis::{Matrix, impute_nearest};

use super::filling::{Statistics, fill_with_means, settle};
use super::rounds::Trial;
use crate::Error;
use crate::host_rows::Rows;
use crate::pca::Pca;

/// Rows whose cells the nearest-rows rule takes the mean of.
const NEAREST: usize = 5;
/// Fits of principal components to a table with holes, at most, and the step below which its cells have settled, in standard
/// deviations.
const FITS: usize = 50;
const SETTLED: f64 = 1e-3;
const BLOCK: usize = 512;

/// A way to fill missing cells.
pub(crate) enum Method {
    /// The mean of each column, or its most frequent word.
    Mean,
    /// The mean of the training rows that are nearest in what is known.
    Nearest(Vec<f32>),
    /// The projection on principal components, again and again, in as many rounds as fill hidden cells of training rows best.
    Components(Pca, usize),
}

impl Method {
    /// The methods that suit a code of so many dimensions, by the training rows.
    pub(crate) fn all(
        train: &[f32],
        statistics: &Statistics,
        latent: usize,
        trial: &Trial,
    ) -> Result<Vec<Self>, Error> {
        let mut methods = vec![Self::Mean, Self::Nearest(train.to_vec())];
        if latent < statistics.means.len() {
            let pca = components(train, statistics, latent);
            let rounds = trial.best(statistics, |rows, rounds| {
                Ok(project(&pca, rows, statistics, rounds))
            })?;
            methods.push(Self::Components(pca, rounds));
        }
        Ok(methods)
    }

    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Nearest(_) => "nearest",
            Self::Components(..) => "pca",
        }
    }

    /// The name in tables.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Mean => "mean".to_owned(),
            Self::Nearest(_) => format!("{NEAREST} nearest"),
            Self::Components(pca, _) => format!("PCA-{}", pca.components()),
        }
    }

    /// Rows with their holes (NaN) filled.
    pub(crate) fn fill(&self, mut rows: Vec<f32>, statistics: &Statistics) -> Vec<f32> {
        let width = statistics.means.len();
        match self {
            Self::Mean => {
                fill_with_means(&mut rows, &statistics.means);
                rows
            }
            Self::Nearest(train) => impute_nearest(
                Matrix::new(train, width),
                Matrix::new(&rows, width),
                NEAREST,
            ),
            Self::Components(pca, rounds) => project(pca, rows, statistics, *rounds),
        }
    }
}

fn project(pca: &Pca, rows: Vec<f32>, statistics: &Statistics, rounds: usize) -> Vec<f32> {
    let through = |rows: &[f32]| {
        let mut projected = vec![0.0; rows.len()];
        pca.project_into(rows, &mut projected);
        projected
    };
    settle(rows, statistics, rounds, (BLOCK, false), through).rows
}

/// The principal components of rows with holes: fitted, the holes filled by them, and fitted again (Kiers 1997).
fn components(train: &[f32], statistics: &Statistics, count: usize) -> Pca {
    let width = statistics.means.len();
    let mut filled = train.to_vec();
    let holes = fill_with_means(&mut filled, &statistics.means);
    let rows =
        |filled: &[f32]| -> Rows { filled.chunks_exact(width).map(<[f32]>::to_vec).collect() };
    let mut pca = Pca::fit(&rows(&filled), count);
    if !holes.contains(&true) {
        return pca;
    }
    for _ in 0..FITS {
        let mut projected = vec![0.0; filled.len()];
        pca.project_into(&filled, &mut projected);
        let mut largest: f64 = 0.0;
        for at in (0..filled.len()).filter(|at| holes[*at]) {
            let step = f64::from(projected[at] - filled[at]).abs();
            largest = largest.max(step / statistics.deviations[at % width]);
            filled[at] = projected[at];
        }
        pca = Pca::fit(&rows(&filled), count);
        if largest < SETTLED {
            break;
        }
    }
    pca
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    /// Rows on one line through space, some of their cells missing.
    fn line(holes: bool) -> Vec<f32> {
        let row = |at: i32| {
            let t = (at - 10) as f32 / 4.0;
            let hole = |column: i32, value: f32| {
                if holes && (at + column) % 7 == 0 {
                    NAN
                } else {
                    value
                }
            };
            [hole(0, t), hole(1, 2.0 * t), hole(2, -t), hole(3, 0.5 * t)]
        };
        (0..20).flat_map(row).collect()
    }

    fn check(method: &Method, statistics: &Statistics, tolerance: f32) {
        for t in [-1.5_f32, 0.25, 2.0] {
            let whole = [t, 2.0 * t, -t, 0.5 * t];
            for hidden in [&[0][..], &[1], &[3, 2], &[0, 2, 3]] {
                let mut row = whole.to_vec();
                hidden.iter().for_each(|&place| row[place] = NAN);
                let filled = method.fill(row, statistics);
                for (found, expected) in filled.iter().zip(whole) {
                    assert!((found - expected).abs() < tolerance, "{filled:?} {whole:?}");
                }
            }
        }
    }

    #[test]
    fn components_fill_a_table_of_rank_one_exactly_though_it_had_holes() {
        for holes in [false, true] {
            let train = line(holes);
            let statistics = Statistics::of(&train, 4);
            let method = Method::Components(components(&train, &statistics, 1), 500);
            assert_eq!(method.name(), "PCA-1");
            check(&method, &statistics, if holes { 0.02 } else { 1e-3 });
        }
    }

    #[test]
    fn the_mean_is_that_of_the_known_cells() {
        let train = [1.0, NAN, 3.0, 8.0];
        let statistics = Statistics::of(&train, 2);
        assert_eq!(
            Method::Mean.fill(vec![NAN, 1.0, NAN, NAN], &statistics),
            [2.0, 1.0, 2.0, 8.0]
        );
    }
}
