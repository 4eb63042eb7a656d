//! Line search after line search: what all methods with a direction share.

use crate::Ended;
use crate::evaluation_budget::Search;
use crate::line_search::{Point, Wolfe, line_search};
use crate::vector::largest;

/// A step that was taken.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Where it began.
    pub(crate) from: &'a Point,
}

/// Steps from point to point until the gradient is flat or a limit is reached.
///
/// `steer` writes the direction at a point over the one of the step that led there, and gives the first length to try. Without a
/// step it forgets all that it has learned and gives the steepest descent: at the start, and where a line search found nothing.
/// Where the steepest descent finds nothing, either, the method has stalled.
pub(crate) fn follow_directions(
    search: &mut Search<'_>,
    start: &[f64],
    wolfe: &Wolfe,
    mut steer: impl FnMut(&Point, Option<Step<'_>>, &mut [f64]) -> f64,
) -> Result<Ended, Ended> {
    let mut now = Point::new(start);
    let mut next = now.clone();
    let mut direction = vec![0.0; start.len()];
    now.evaluate(search)?;
    if !now.is_finite() {
        return Ok(Ended::NotFinite);
    }
    let mut is_fresh = true;
    let mut first = steer(&now, None, &mut direction);
    while largest(&now.gradient) > search.tolerance() {
        match line_search(search, wolfe, &now, &direction, first, &mut next)? {
            true => {
                search.iterated(next.loss, &next.at)?;
                std::mem::swap(&mut now, &mut next);
                let step = Step { from: &next };
                first = steer(&now, Some(step), &mut direction);
                is_fresh = false;
            }
            false if is_fresh => return Ok(Ended::Stalled),
            false => {
                first = steer(&now, None, &mut direction);
                is_fresh = true;
            }
        }
    }
    Ok(Ended::Converged)
}
