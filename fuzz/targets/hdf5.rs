//! Arrays of HDF5, and of MATLAB 7.3.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = espejo_data::fuzzing::hdf5(bytes);
});
