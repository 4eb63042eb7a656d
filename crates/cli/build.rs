//! Tells the linker how to write down where addresses have to be put in when the program starts.

use std::env;
use std::process::Command;

/// The first glibc that reads them packed.
const PACKED: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // 6 MB of the program, and a fifth of its start. Of the linkers that Rust takes by itself, that of this target can.
    if env::var("TARGET").as_deref() == Ok("x86_64-unknown-linux-gnu") && glibc() >= Some(PACKED) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of glibc on this machine: a program that is built here needs it in any case.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let told = String::from_utf8(told.stdout).ok()?; // "glibc 2.36"
    let (major, minor) = told.split_whitespace().nth(1)?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
