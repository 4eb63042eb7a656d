//! The process's own environment, which libraries in other languages read.

#[cfg(target_os = "linux")]
use std::ffi::OsStr;

/// Sets a variable of the process's own environment, where this thread is the only one of the process, and says whether it did. Linux alone says how many
/// threads there are, in `/proc`.
#[cfg(target_os = "linux")]
pub fn set_while_alone(name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> bool {
    let threads = std::fs::read_dir("/proc/self/task").map(Iterator::count);
    if !matches!(threads, Ok(1)) {
        return false;
    }
    // SAFETY: the environment may be changed while no other thread reads or changes it. There is none: the system has just counted this one alone, and only
    // a thread of the process starts another in it.
    unsafe { std::env::set_var(name, value) };
    true
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_set_beside_other_threads() {
        // A test runs on a thread beside the one that started it.
        assert!(!set_while_alone("ESPEJO_SET_BESIDE_OTHERS", "1"));
        assert!(std::env::var_os("ESPEJO_SET_BESIDE_OTHERS").is_none());
    }
}
