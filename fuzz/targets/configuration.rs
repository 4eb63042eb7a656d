//! Configurations as TOML, of runs and of strangers.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(table) = espejo_train::merge::parse(&text, "bytes") {
        let _ = espejo_train::merge::into_config(table, "bytes");
    }
});
