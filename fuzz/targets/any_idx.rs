//! Numbers in idx form, of any type.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::any_idx(bytes);
});
