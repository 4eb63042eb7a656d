//! What Hugging Face notes beside columns.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    espejo_data::fuzzing::features(bytes);
});
