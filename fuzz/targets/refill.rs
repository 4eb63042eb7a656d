//! Tables in text whose missing cells are filled.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::refill(bytes);
});
