//! The plane on which latent codes are drawn: the codes themselves where they have two dimensions, else their first two principal
//! components.

use espejo_train::{ACTIVE_VARIANCE, Pca, Rows, Trained};

use crate::sample_kind::SampleKind;

/// A plane with the names of its axes.
pub struct LatentPlane {
    pca: Option<Pca>,
    pub x_label: String,
    pub y_label: String,
    /// What a reader must know of the plane; empty where that is nothing.
    pub note: String,
}

impl LatentPlane {
    /// The plane of these codes.
    pub fn of(trained: &Trained, codes: &Rows, kind: SampleKind) -> Self {
        let latent = trained.latent();
        let mut plane = match latent {
            1 => Self {
                pca: None,
                x_label: "z1".to_owned(),
                y_label: kind.word().to_owned(),
                note: format!(
                    "latent code of 1 dimension; y is the index of the {}",
                    kind.word()
                ),
            },
            2 => Self {
                pca: None,
                x_label: "z1".to_owned(),
                y_label: "z2".to_owned(),
                note: String::new(),
            },
            _ => principal(codes, latent),
        };
        if trained.prior().is_some() {
            let unused = unused(&variances(codes));
            if !unused.is_empty() {
                let end = format!("{unused}: the same for every {}", kind.word());
                plane.note = joined(&plane.note, &end);
            }
            if latent == 2 {
                let circles = "circles: 1 and 2 standard deviations of the prior";
                plane.note = joined(&plane.note, circles);
            }
        }
        plane
    }

    /// Where the code of a sample lies; `index` is its place among the samples.
    pub fn place(&self, code: &[f32], index: usize) -> (f64, f64) {
        match (&self.pca, code) {
            (Some(pca), _) => {
                let at = pca.place(code);
                let coordinate = |i: usize| at.get(i).copied().unwrap_or(0.0);
                (coordinate(0), coordinate(1))
            }
            (None, [x, y]) => (f64::from(*x), f64::from(*y)),
            (None, [x, ..]) => (f64::from(*x), index as f64),
            (None, []) => (0.0, index as f64),
        }
    }

    /// The places of all codes.
    pub fn places(&self, codes: &Rows) -> Vec<(f64, f64)> {
        let codes = codes.iter().enumerate();
        codes.map(|(index, code)| self.place(code, index)).collect()
    }
}

/// The plane of the first two principal components, with their shares of the variance.
fn principal(codes: &Rows, latent: usize) -> LatentPlane {
    let pca = Pca::fit(codes, 2);
    let places: Rows = codes
        .iter()
        .map(|code| pca.place(code).iter().map(|at| *at as f32).collect())
        .collect();
    let along = variances(&places);
    let all: f64 = variances(codes).iter().sum();
    let label = |component: usize| {
        let share = along.get(component).copied().unwrap_or(0.0) / all;
        match share.is_finite() {
            true => format!(
                "component {} ({:.0} % of the variance)",
                component + 1,
                100.0 * share
            ),
            false => format!("component {}", component + 1),
        }
    };
    LatentPlane {
        x_label: label(0),
        y_label: label(1),
        note: format!("first two principal components of the {latent}-dimensional codes"),
        pca: Some(pca),
    }
}

/// The variance of each dimension.
fn variances(codes: &Rows) -> Vec<f64> {
    let count = codes.len().max(1) as f64;
    let dimensions = codes.first().map_or(0, Vec::len);
    let of = |dimension: usize| {
        let values = || codes.iter().map(|code| f64::from(code[dimension]));
        let mean = values().sum::<f64>() / count;
        values().map(|value| (value - mean).powi(2)).sum::<f64>() / count
    };
    (0..dimensions).map(of).collect()
}

/// The dimensions that a model with a prior does not use, in words; empty where it uses all.
fn unused(variances: &[f64]) -> String {
    const NAMED: usize = 6;
    let dead = variances.iter().enumerate();
    let dead = dead.filter(|(_, variance)| **variance <= ACTIVE_VARIANCE);
    let dead: Vec<String> = dead.map(|(place, _)| format!("z{}", place + 1)).collect();
    match dead.len() {
        0 => String::new(),
        1 => format!("{} is unused", dead[0]),
        count if count > NAMED => format!("{count} of {} dimensions are unused", variances.len()),
        _ => format!("{} are unused", dead.join(", ")),
    }
}

/// Two notes in one line.
fn joined(first: &str, second: &str) -> String {
    match first {
        "" => second.to_owned(),
        first => format!("{first}; {second}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_of_the_components_stand_at_their_axes() {
        // Variances 9, 1 and 0 along the axes: 90 % and 10 %.
        let codes: Rows = vec![
            vec![3.0, 1.0, 5.0],
            vec![3.0, -1.0, 5.0],
            vec![-3.0, 1.0, 5.0],
            vec![-3.0, -1.0, 5.0],
        ];
        let plane = principal(&codes, 3);
        assert_eq!(plane.x_label, "component 1 (90 % of the variance)");
        assert_eq!(plane.y_label, "component 2 (10 % of the variance)");
        let (x, y) = plane.place(&codes[0], 0);
        assert!((x.abs() - 3.0).abs() < 1e-6 && (y.abs() - 1.0).abs() < 1e-6);
        // Codes that are all the same have no variance to share.
        let same = principal(&vec![vec![1.0; 3]; 4], 3);
        assert_eq!(same.x_label, "component 1");
    }

    #[test]
    fn unused_dimensions_are_named() {
        assert_eq!(unused(&[1.0, 0.5]), "");
        assert_eq!(unused(&[0.001, 0.5]), "z1 is unused");
        assert_eq!(unused(&[0.001, 0.5, 0.0]), "z1, z3 are unused");
        assert_eq!(unused(&[0.0; 9]), "9 of 9 dimensions are unused");
    }
}
