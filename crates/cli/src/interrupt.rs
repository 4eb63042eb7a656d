//! What Ctrl-C and its like do: one place for all commands.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::exhaustion::end_for_want_of_threads;
use crate::output::message;

/// Signals that come within this time after the first are one with it: a shell, a wrapper and a terminal may each send their own.
const ONE: Duration = Duration::from_millis(500);

/// What a second signal does, half a second or more after the first: it leaves at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice {
    /// The exit code.
    pub code: u8,
    /// What is lost by not waiting.
    pub lost: &'static str,
}

impl Twice {
    /// That of a training.
    pub fn training() -> Self {
        Self {
            code: 1,
            lost: "what was computed after the last checkpoint is lost; `--resume` goes on from there",
        }
    }
}

/// A flag that a signal raises, for what is to stop after saving. Repeats of the signal within half a second change nothing. Who is told
/// again later leaves at once, without saving, and says what is lost: what was saved before is whole. Without a `twice` a later signal
/// changes nothing either.
///
/// # Errors
///
/// Where the system takes no handler. Where it has no room for the thread that waits for signals the program ends.
pub fn stop_on_interrupt(twice: Option<Twice>) -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    let mut first = None;
    let set = ctrlc::set_handler(move || {
        let now = Instant::now();
        // Something else may have raised the flag: the first signal is still the first.
        flag.store(true, Ordering::Relaxed);
        if let (Some(twice), true) = (twice, is_another(&mut first, now)) {
            let Twice { code, lost } = twice;
            message(&format!("left at once with exit code {code}: {lost}"));
            std::process::exit(code.into());
        }
    });
    match set {
        Err(ctrlc::Error::System(error)) if is_want_of_threads(&error) => end_for_want_of_threads(),
        set => set.map(|()| stop).map_err(Into::into),
    }
}

/// Whether the thread that waits for signals could not be started.
fn is_want_of_threads(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory
    )
}

/// Whether a signal is another one than the first.
fn is_another(first: &mut Option<Instant>, now: Instant) -> bool {
    now.duration_since(*first.get_or_insert(now)) >= ONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_within_half_a_second_are_one() {
        let (mut first, begun) = (None, Instant::now());
        let after = |milliseconds| begun + Duration::from_millis(milliseconds);
        let heard = [0, 0, 1, 499, 500, 501, 3000];
        let others = heard.map(|at| is_another(&mut first, after(at)));
        assert_eq!(others, [false, false, false, false, true, true, true]);
    }
}
