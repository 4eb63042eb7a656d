//! The weights of a checkpoint.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_train::tensors::from_bytes(bytes);
});
