//! The allocator of the program, and what the program says when there is no memory left.
//!
//! Code that asks for memory and cannot go on without it ends in `abort`, after the standard library has said how many bytes were asked for. A
//! handler of that signal adds what to do, and gives the process an exit code of its own. Code that asks with `try_reserve` is not touched: it
//! gets its error.

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, Ordering};

use mimalloc::MiMalloc;

/// Mimalloc, with a note of whether it ever had nothing to give.
pub struct Allocator;

/// Whether memory was asked for in vain.
static IN_VAIN: AtomicBool = AtomicBool::new(false);

#[inline]
fn noted(pointer: *mut u8) -> *mut u8 {
    if pointer.is_null() {
        IN_VAIN.store(true, Ordering::Relaxed);
    }
    pointer
}

// SAFETY: every call is handed to mimalloc's allocator as it is, and its answer is handed back as it is.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is that of this call.
        noted(unsafe { MiMalloc.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above, for `alloc_zeroed`.
        noted(unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above, for `dealloc`; the pointer is one that this allocator gave, and so one of mimalloc's.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above, for `realloc`.
        noted(unsafe { MiMalloc.realloc(pointer, layout, size) })
    }
}

/// Lets a process that ends because there is no memory left say these words on stderr, and end with this exit code. Elsewhere than on Unix the
/// process ends as the standard library ends it.
pub fn explain_exhaustion(code: u8, words: &'static str) {
    #[cfg(unix)]
    unix::on_abort(code, words);
    #[cfg(not(unix))]
    let _ = (code, words);
}

#[cfg(unix)]
mod unix {
    use std::sync::OnceLock;

    use super::{IN_VAIN, Ordering};

    static ENDING: OnceLock<(u8, &'static str)> = OnceLock::new();

    /// Only calls that a signal handler may make: an atomic read, `write`, `_exit`. Another abort than that of missing memory goes its way: the
    /// handler returns, and `abort` ends the process.
    extern "C" fn handle(_: libc::c_int) {
        let Some((code, words)) = ENDING.get() else {
            return;
        };
        if IN_VAIN.load(Ordering::Relaxed) {
            // SAFETY: the words are a whole string that lives for ever, and both calls are allowed in a signal handler.
            unsafe {
                libc::write(libc::STDERR_FILENO, words.as_ptr().cast(), words.len());
                libc::_exit((*code).into());
            }
        }
    }

    pub(super) fn on_abort(code: u8, words: &'static str) {
        let _ = ENDING.set((code, words));
        let handler = handle as extern "C" fn(libc::c_int);
        // SAFETY: the handler has the signature that the system calls it with, and makes no call that a handler may not make.
        unsafe {
            libc::signal(libc::SIGABRT, handler as libc::sighandler_t);
        }
    }
}
