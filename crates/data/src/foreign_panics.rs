//! Panics of crates that read: on some damage to a file, which they do not foresee, they panic where others say what is wrong.

use std::cell::Cell;

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, if there is one now, becomes an error: a program's panic hook need say nothing of it.
pub fn panics_are_caught() -> bool {
    CAUGHT.get()
}

/// What a crate reads, or what it says is wrong, its panics among that.
///
/// # Errors
///
/// That in words.
#[cfg(any(feature = "parquet", feature = "arrow", test))]
pub(crate) fn guarded<T, E: ToString>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    let before = CAUGHT.replace(true);
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    CAUGHT.set(before);
    match read {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err("damage past which it cannot be read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crate_panics_on_is_an_error_and_known_to_be() {
        let read = guarded(|| match panics_are_caught() {
            true => panic!("damage"),
            false => Ok::<(), String>(()),
        });
        assert_eq!(read, Err("damage past which it cannot be read".to_owned()));
        assert!(!panics_are_caught());
        assert_eq!(guarded(|| Ok::<_, String>(3)), Ok(3));
        assert_eq!(guarded(|| Err::<(), _>("short")), Err("short".to_owned()));
    }
}
