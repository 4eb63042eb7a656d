//! The methods by name.

use crate::bfgs::bfgs;
use crate::conjugate::conjugate_gradient;
use crate::evaluation_budget::Search;
use crate::lbfgs::lbfgs;
use crate::nelder_mead::nelder_mead;
use crate::newton::truncated_newton;
use crate::powell::powell;
use crate::{Limits, Minimum, Objective, Progress};

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
        Method::ConjugateGradient => conjugate_gradient(&mut search, start),
        Method::Bfgs => bfgs(&mut search, start),
        Method::Lbfgs => lbfgs(&mut search, start),
        Method::TruncatedNewton => truncated_newton(&mut search, start),
        Method::Powell => powell(&mut search, start),
        Method::NelderMead => nelder_mead(&mut search, start),
    };
    let (Ok(ended) | Err(ended)) = ended;
    search.finish(ended)
}
