//! Tensors of the backends that keep their numbers in this process's memory.

use std::borrow::Cow;

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Shape, TensorData};

use crate::buffers;

/// A backend whose numbers can be read and made where they lie. All of them are f32, the only kind that Espejo uses.
pub(crate) trait Host: Backend {
    /// The numbers, row by row; copied only where they lie otherwise.
    fn numbers(tensor: &FloatTensor<Self>) -> Cow<'_, [f32]>;

    /// The numbers themselves; copied only where somebody else holds them too.
    fn into_numbers(tensor: FloatTensor<Self>) -> Vec<f32>;

    /// Keeps the memory of a tensor that nobody else holds for the next one.
    fn recycle(tensor: FloatTensor<Self>);

    /// A tensor of these numbers, which are not copied.
    fn tensor(numbers: Vec<f32>, shape: impl Into<Shape>) -> FloatTensor<Self>;
}

#[cfg(feature = "flex")]
mod flex {
    use super::*;
    use burn::backend::Flex;
    use burn::backend::TensorMetadata;
    use burn::backend::flex::FlexTensor;

    fn vector(data: TensorData) -> Vec<f32> {
        data.try_into_vec().expect("tensors are of f32")
    }

    impl Host for Flex {
        fn numbers(tensor: &FlexTensor) -> Cow<'_, [f32]> {
            match tensor.as_slice() {
                Some(numbers) => Cow::Borrowed(numbers),
                None => Cow::Owned(vector(tensor.to_contiguous().into_data())),
            }
        }

        fn into_numbers(tensor: FlexTensor) -> Vec<f32> {
            vector(tensor.into_data())
        }

        fn recycle(tensor: FlexTensor) {
            if tensor.is_unique() && tensor.bytes().len() == 4 * tensor.shape().num_elements() {
                buffers::give(vector(tensor.into_data()));
            }
        }

        fn tensor(numbers: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
            FlexTensor::from_data(TensorData::new(numbers, shape))
        }
    }
}

#[cfg(feature = "ndarray")]
// Deprecated in Burn 0.22, but still a backend of ours.
#[allow(deprecated)]
mod ndarray {
    use super::*;
    use burn::backend::NdArray;
    use burn::backend::ndarray::NdArrayTensor;

    impl Host for NdArray {
        fn numbers(tensor: &NdArrayTensor) -> Cow<'_, [f32]> {
            let NdArrayTensor::F32(storage) = tensor else {
                panic!("tensors are of f32");
            };
            let view = storage.view();
            match view.to_slice() {
                Some(numbers) => Cow::Borrowed(numbers),
                None => Cow::Owned(view.iter().copied().collect()),
            }
        }

        fn into_numbers(tensor: NdArrayTensor) -> Vec<f32> {
            let NdArrayTensor::F32(storage) = tensor else {
                panic!("tensors are of f32");
            };
            if !storage.view().is_standard_layout() {
                return storage.view().iter().copied().collect();
            }
            let array = storage.into_owned().into_owned();
            let len = array.len();
            let (mut numbers, start) = array.into_raw_vec_and_offset();
            let start = start.unwrap_or(0);
            numbers.truncate(start + len);
            numbers.drain(..start);
            numbers
        }

        fn recycle(tensor: NdArrayTensor) {
            if matches!(&tensor, NdArrayTensor::F32(storage) if storage.is_unique()) {
                buffers::give(Self::into_numbers(tensor));
            }
        }

        fn tensor(numbers: Vec<f32>, shape: impl Into<Shape>) -> NdArrayTensor {
            NdArrayTensor::from_data(TensorData::new(numbers, shape))
        }
    }
}
