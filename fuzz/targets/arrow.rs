//! Tables and images in Arrow's files and streams.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::arrow(bytes);
});
