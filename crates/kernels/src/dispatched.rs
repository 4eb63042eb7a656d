//! Numbers of tensors of any backend, where they lie in memory.

use std::borrow::Cow;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use burn::backend::DispatchTensorKind;
use burn::backend::{DispatchTensor, TensorMetadata};
use burn::tensor::DType;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::in_memory::Host;

/// The numbers of a tensor, where they lie in memory and nothing is recorded.
pub(crate) fn numbers(tensor: &DispatchTensor) -> Option<Cow<'_, [f32]>> {
    if tensor.dtype() != DType::F32 {
        return None;
    }
    match &tensor.kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(tensor) => Some(burn::backend::Flex::numbers(tensor.as_float())),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "it is still a backend of ours")]
        DispatchTensorKind::NdArray(tensor) => {
            Some(burn::backend::NdArray::numbers(tensor.as_float()))
        }
        _ => None,
    }
}

/// Keeps the memory of samples that were gone through for the next, where nobody else holds them.
pub(crate) fn recycle(samples: DispatchTensor) {
    match samples.kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(tensor) => burn::backend::Flex::recycle(tensor.float()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "it is still a backend of ours")]
        DispatchTensorKind::NdArray(tensor) => burn::backend::NdArray::recycle(tensor.float()),
        _ => {}
    }
}
