//! The allocator of the program, and what the program says when there is no memory left.
//!
//! What the standard library says then is a number of bytes and how to have a backtrace, before it ends the process by a signal. This allocator ends it
//! first, with words that say what to do and an exit code of its own. Requests beyond all measure, which come from numbers in damaged files and not from
//! work to be done, get the usual answer: code that asks with `try_reserve` has its error, and says what is wrong with the file.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ffi::{c_int, c_long};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mimalloc::MiMalloc;

/// Mimalloc, which ends the process where it has nothing to give.
pub struct Allocator;

/// The exit code and the words of a process that ends for want of memory.
static ENDING: OnceLock<(u8, &'static str)> = OnceLock::new();

/// Requests from this many bytes on are beyond all measure.
const BEYOND: u128 = 1 << 40;

/// Lets a process that ends for want of memory say these words on stderr, and end with this exit code; until this is called it ends as the standard
/// library ends it.
pub fn explain_exhaustion(code: u8, words: &'static str) {
    let _ = ENDING.set((code, words));
}

/// Milliseconds after which memory that was freed goes back to the system: usually, and where it is to be soon.
const USUAL: c_long = 1000;
const SOON: c_long = 10;

/// The place of `mi_option_purge_delay` in mimalloc's list of options, versions 2 and 3.
const PURGE_DELAY: c_int = 15;

unsafe extern "C" {
    fn mi_option_set_default(option: c_int, value: c_long);
}

/// From here on memory that was freed goes back to the system soon, unless the environment says otherwise (`MIMALLOC_PURGE_DELAY`). Reading a table takes
/// a fifth less memory so, and no more time. To be called before anything is freed: what is due later stays so.
pub fn give_back_soon() {
    set_delay(SOON);
}

/// From here on it goes back as mimalloc has it: training takes 4 % more time where each step asks again for what the one before gave back.
pub fn give_back_as_usual() {
    set_delay(USUAL);
}

fn set_delay(milliseconds: c_long) {
    // SAFETY: a function of mimalloc, which the crate of that name brings along; it sets a number, at any time.
    unsafe { mi_option_set_default(PURGE_DELAY, milliseconds) };
}

/// Lets the first thread pass that ends the process for want of memory, however often it asks. Any other waits here until the process is gone, so that
/// the end is told once. Asks for no memory.
pub fn ends_the_process() {
    static BEGUN: AtomicBool = AtomicBool::new(false);
    thread_local!(static FIRST: Cell<bool> = const { Cell::new(false) });
    if FIRST.get() {
        return;
    }
    while BEGUN.swap(true, Ordering::Relaxed) {
        thread::sleep(Duration::from_secs(1));
    }
    FIRST.set(true);
}

#[inline]
fn given(pointer: *mut u8, bytes: usize) -> *mut u8 {
    if pointer.is_null() {
        end(bytes);
    }
    pointer
}

/// Ends the process, with nothing that asks for memory itself.
#[cold]
fn end(bytes: usize) {
    let Some((code, words)) = ENDING.get() else {
        return;
    };
    if bytes as u128 >= BEYOND {
        return;
    }
    ends_the_process();
    #[cfg(unix)]
    // SAFETY: the words are a whole string that lives for ever; `_exit` runs nothing of this process, which may be in the middle of anything.
    unsafe {
        libc::write(libc::STDERR_FILENO, words.as_ptr().cast(), words.len());
        libc::_exit((*code).into());
    }
    #[cfg(not(unix))]
    {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), words.as_bytes());
        std::process::exit((*code).into());
    }
}

// SAFETY: every call is handed to mimalloc's allocator as it is, and its answer is handed back as it is, or not at all.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is that of this call.
        given(unsafe { MiMalloc.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above, for `alloc_zeroed`.
        given(unsafe { MiMalloc.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above, for `dealloc`; the pointer is one that this allocator gave, and so one of mimalloc's.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above, for `realloc`.
        given(unsafe { MiMalloc.realloc(pointer, layout, size) }, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        fn mi_option_get(option: c_int) -> c_long;
    }

    fn delay() -> c_long {
        // SAFETY: as of the function that sets it.
        unsafe { mi_option_get(PURGE_DELAY) }
    }

    /// The number at this place is known by its usual value: another version may count its options otherwise.
    #[test]
    fn memory_goes_back_sooner_for_a_while() {
        if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
            assert_eq!(delay(), USUAL);
            give_back_soon();
            assert_eq!(delay(), SOON);
            give_back_as_usual();
            assert_eq!(delay(), USUAL);
        }
    }
}
