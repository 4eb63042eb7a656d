//! Arrays of MATLAB, version 5 to 7.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::matlab(bytes);
});
