//! The allocator of the program, and what the program says when there is no memory left.
//!
//! What the standard library says then is a number of bytes and how to have a backtrace, before it ends the process by a signal. This allocator ends it
//! first, with words that say what to do and an exit code of its own. Requests beyond all measure, which come from numbers in damaged files and not from
//! work to be done, get the usual answer: code that asks with `try_reserve` has its error, and says what is wrong with the file.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
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
