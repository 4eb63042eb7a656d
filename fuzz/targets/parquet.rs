//! Tables and images in Parquet.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The reader catches panics of the crate below it; as libFuzzer has it, a panic that is caught would end the search.
    let _ = std::panic::take_hook();
    let _ = espejo_data::fuzzing::parquet(bytes);
});
