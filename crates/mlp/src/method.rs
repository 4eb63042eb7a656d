//! The methods by name.

use crate::search::Search;
use crate::{Ended, Limits, Minimum, Objective, Progress};

/// A method that minimises any [`Objective`]; [`crate::descend`] holds those that go sample by sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Conjugate gradients (Polak-Ribière+).
    ConjugateGradient,
    /// BFGS.
    Bfgs,
    /// L-BFGS.
    Lbfgs,
    /// Truncated Newton.
    TruncatedNewton,
    /// Powell's direction set.
    Powell,
    /// Nelder and Mead's simplex.
    NelderMead,
}

/// Minimises `objective` from `start` until a limit, or until `watch`, asked after each iteration, says false.
pub fn minimize(
    method: Method,
    objective: &mut dyn Objective,
    start: &[f64],
    limits: &Limits,
    watch: &mut dyn FnMut(&Progress<'_>) -> bool,
) -> Minimum {
    let mut search = Search::new(objective, start, limits, watch);
    let ended = match method {
        _ => steepest(&mut search, start),
    };
    let (Ok(ended) | Err(ended)) = ended;
    search.finish(ended)
}

/// (To be replaced.)
fn steepest(search: &mut Search<'_>, start: &[f64]) -> Result<Ended, Ended> {
    let mut at = start.to_vec();
    let mut gradient = vec![0.0; at.len()];
    loop {
        let loss = search.gradient(&at, &mut gradient)?;
        if gradient.iter().all(|g| g.abs() <= search.tolerance()) {
            return Ok(Ended::Converged);
        }
        for (x, g) in at.iter_mut().zip(&gradient) {
            *x -= 0.01 * g;
        }
        search.iterated(loss, &at)?;
    }
}
