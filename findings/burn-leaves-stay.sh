#!/usr/bin/env bash
# Burn 0.22.1 keeps a note of every tensor that `require_grad` was called on, also after it was dropped, until the next backward pass of any
# tensor: some 1.2 KB each.
#
# A leaf is registered in a graph of its own when it is made, and graphs that nobody holds are swept after a backward pass alone. A program that
# makes leaves and never goes back grows without an end: one that turns a model to `valid()` and to `train()` again to copy it, say, while it
# finds its gradients otherwise. Dropping the tensors, which is documented to release their references, does not help; a backward pass of another
# tensor now and then does.
#
# Seen with burn 0.22.1 (flex), Rust 1.95, 100,000 leaves of one number, each dropped at once: 117,508 KiB stay, and as many again the next time;
# 2,656 KiB where a backward pass of another tensor follows each hundred. Fails where that changes: less than 50,000 KiB stay without a backward
# pass, or more than a tenth of what stays then with one. Needs cargo, crates.io and Linux; builds Burn, which takes some minutes.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mkdir "$room/src"
cat > "$room/Cargo.toml" <<'TOML'
[package]
name = "leaves"
version = "0.1.0"
edition = "2024"
[dependencies]
burn = { version = "=0.22.1", default-features = false, features = ["std", "autodiff", "flex"] }
[profile.dev]
debug = false
TOML
cat > "$room/src/main.rs" <<'RUST'
use burn::tensor::{Device, Tensor};

/// Resident memory in KiB.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("it is told");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

/// KiB that stay of 100,000 leaves, with a backward pass of another tensor after every so many.
fn left(every: usize) -> i64 {
    let device = Device::flex().autodiff();
    let before = resident();
    for at in 1..=100_000 {
        drop(Tensor::<1>::zeros([1], &device).require_grad());
        if at % every == 0 {
            let other = Tensor::<1>::ones([1], &device).require_grad();
            drop((other * 2.0).backward());
        }
    }
    resident() - before
}

fn main() {
    let swept = left(100);
    let [first, second] = [left(usize::MAX), left(usize::MAX)];
    println!("with a backward pass after every 100: {swept} KiB; without: {first} KiB, then {second} KiB");
    assert!(first > 50_000 && second > 50_000 && swept < first / 10, "Burn behaves differently now");
}
RUST
cargo run --quiet --manifest-path "$room/Cargo.toml"
