//! What Ctrl-C and its like do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that a signal raises, for what is to stop after saving. Who is told twice leaves at once with this exit code, without saving: what was
/// saved before is whole. Without a code the second signal changes nothing.
///
/// # Errors
///
/// Where the system takes no handler.
pub fn stop_on_interrupt(twice: Option<i32>) -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || {
        if let (true, Some(code)) = (flag.swap(true, Ordering::Relaxed), twice) {
            std::process::exit(code);
        }
    })?;
    Ok(stop)
}
