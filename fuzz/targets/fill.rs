//! The fillings of missing cells that a run keeps.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::fill(bytes);
});
