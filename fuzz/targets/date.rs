//! Dates in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::date(bytes);
});
