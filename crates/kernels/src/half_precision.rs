//! Products of dense layers in half precision, for devices that do them faster: what is multiplied is rounded to 16 bits, what comes out has 32 again, and so
//! have sums, the weights that are kept and everything else (Micikevicius et al. 2018, *Mixed precision training*).
//!
//! Gradients span more than 16 bits hold. Each that goes into a product is scaled to its own largest number first, and what comes out is scaled back in 32
//! bits: nothing has to be found out by trial or kept between steps, as a scale of the whole loss would.
//!
//! Convolutions stay in single precision: Burn's kernels for them add up in the precision of what they multiply, and at 2,048 a sum in 16 bits takes in no
//! more halves. Those of its matrix products add up in 32.

use std::cell::Cell;

use burn::tensor::Tensor;

#[cfg(any(feature = "flex", feature = "wgpu", feature = "cuda"))]
mod matmul;

thread_local! {
    static ON: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, in which the products of dense layers are in half precision where `on`; so are those of the gradients of what is recorded in it, whenever they
/// are asked for. The device has to have 16-bit floats.
pub fn within<T>(on: bool, work: impl FnOnce() -> T) -> T {
    let before = ON.replace(on);
    let done = work();
    ON.set(before);
    done
}

/// Whether products are in half precision now.
#[cfg(any(
    feature = "flex",
    feature = "ndarray",
    feature = "wgpu",
    feature = "cuda"
))]
pub(crate) fn is_on() -> bool {
    ON.get()
}

/// x W of `[batch, inputs]` and `[inputs, outputs]`, in half precision where products are.
pub(crate) fn product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "wgpu", feature = "cuda"))]
    if is_on() {
        return matmul::half(x, weight);
    }
    x.matmul(weight)
}
