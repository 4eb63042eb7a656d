#!/usr/bin/env bash
# Burn 0.22.1 on wgpu adds up a convolution of 16-bit floats in 16 bits, and a product of matrices of the same numbers in 32: of 8,192 products of
# a half and one, which are 4,096, the product of matrices is right and the convolution is short.
#
# Both are sums of products of the same numbers, both are asked for alike, and mixed precision is known to mean products of 16 bits whose sums have
# 32: a net is moved to 16 bits in the belief that its layers add up alike. The direct convolution of cubek-convolution 0.3.1, which Burn launches,
# keeps its sum in the type of its inputs, where it stops to grow as soon as a half is no more than half of the last place: at 1,024. A gradient at a
# weight of a convolution is a sum over all pixels of a batch. Which kernel runs is up to the device; without autotune it is this one.
#
# Seen with burn 0.22.1 (wgpu), Rust 1.95, Mesa 22.3.6's software Vulkan: 4096 by the product of matrices, 1024 by the convolution. Fails where the
# product is off or the convolution is right. Needs cargo, crates.io and a Vulkan adapter with 16-bit floats; builds Burn, which takes some minutes.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mkdir "$room/src"
cat > "$room/Cargo.toml" <<'TOML'
[package]
name = "halves"
version = "0.1.0"
edition = "2024"
[dependencies]
burn = { version = "=0.22.1", default-features = false, features = ["std", "wgpu"] }
[profile.dev]
debug = false
TOML
cat > "$room/src/main.rs" <<'RUST'
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor};

/// How many products of a half and one are added up.
const COUNT: usize = 8_192;

fn main() {
    let device = Device::default();
    let halves = |shape: [usize; 2]| Tensor::<2>::full(shape, 0.5, &device).cast(DType::F16);
    let ones = |shape: [usize; 2]| Tensor::<2>::ones(shape, &device).cast(DType::F16);
    let first = |sum: Tensor<1>| sum.cast(DType::F32).into_scalar::<f32>();
    let product = first(halves([1, COUNT]).matmul(ones([COUNT, 1])).reshape([1]));
    let image = halves([1, COUNT]).reshape([1, COUNT, 1, 1]);
    let weight = ones([1, COUNT]).reshape([1, COUNT, 1, 1]);
    let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
    let convolution = first(conv2d(image, weight, None, options).reshape([1]));
    println!("product of matrices: {product}, convolution: {convolution}, exact: {}", COUNT / 2);
    assert!(product == 4096.0 && convolution < 4096.0, "Burn behaves differently now");
}
RUST
NODEVICE_SELECT=1 cargo run --quiet --manifest-path "$room/Cargo.toml"
