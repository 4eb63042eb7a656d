//! What is said where the system has no memory left, or no room for another thread: an exit code of its own, and what to do.

use espejo_data::panics_are_caught;
use espejo_kernels::allocator::{ends_the_process, explain_exhaustion};
use espejo_train::OUT_OF_MEMORY;

use crate::output::message;

/// What is said where there is no memory.
const WORDS: &str = "error: out of memory\n\
    hint: `--limit N` takes fewer samples, `--device-memory MIB` lets more of them stay on the disk, `--batch-size N` makes a step smaller, and `--no-figures` draws nothing\n";

/// Lets the program say in a sentence that it ends for want of memory, from here on.
pub fn explain() {
    explain_exhaustion(OUT_OF_MEMORY, WORDS);
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panics_are_caught() {
            // The error that is made of it says what is wrong.
            return;
        }
        let said = panic.payload_as_str().unwrap_or_default();
        if !is_want_of_threads(said) {
            return usual(panic);
        }
        end_for_want_of_threads();
    }));
}

/// Ends the program because a thread could not be started.
pub fn end_for_want_of_threads() -> ! {
    ends_the_process();
    message("error: the system has no room for another thread");
    message("hint: a lower RAYON_NUM_THREADS asks for fewer; a thread needs memory for its stack");
    std::process::exit(OUT_OF_MEMORY.into());
}

/// Whether a panic is that of a thread that could not be started, by the words of the standard library and of Rayon.
fn is_want_of_threads(said: &str) -> bool {
    ["failed to spawn thread", "ThreadPoolBuildError"]
        .iter()
        .any(|words| said.contains(words))
}
