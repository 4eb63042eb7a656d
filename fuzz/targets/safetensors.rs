//! Arrays in safetensors files.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::safetensors(bytes);
});
