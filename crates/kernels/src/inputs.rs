//! What a net sees of a batch.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::images::{from_rows, into_rows};
use crate::sparse_rows::SparseRows;
use crate::tensor::Map;

/// Samples, a row each: `[batch, values]`.
#[derive(Clone, Debug)]
pub enum Inputs {
    /// All their numbers.
    Dense(Tensor<2>),
    /// Those that are not zero, for a net on this device: a fully connected layer needs no others, and for any other layer they are laid out.
    Sparse(Arc<SparseRows>, Device),
    /// All their numbers as images, `[batch, rows, columns, channels]`, on a device where to make rows of them is a copy.
    Images(Tensor<4>),
}

impl Inputs {
    /// How many samples there are, and values of each.
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Dense(x) => x.dims(),
            Self::Sparse(rows, _) => rows.dims(),
            Self::Images(images) => {
                let [batch, sides @ ..] = images.dims();
                [batch, sides.iter().product()]
            }
        }
    }

    /// Where the net lies.
    pub fn device(&self) -> Device {
        match self {
            Self::Dense(x) => x.device(),
            Self::Sparse(_, device) => device.clone(),
            Self::Images(images) => images.device(),
        }
    }

    /// All numbers, laid out where they are not: `[batch, values]`.
    pub fn into_tensor(self) -> Tensor<2> {
        match self {
            Self::Dense(x) => x,
            Self::Sparse(rows, device) => {
                Tensor::from_data(TensorData::new(rows.dense(), rows.dims()), &device)
            }
            Self::Images(images) => into_rows(images),
        }
    }

    /// All numbers as images of this shape: `[batch, rows, columns, channels]`.
    pub fn into_images(self, map: Map) -> Tensor<4> {
        let [channels, rows, columns] = map;
        match self {
            Self::Images(images) if images.dims()[1..] == [rows, columns, channels] => images,
            other => from_rows(other.into_tensor(), map),
        }
    }

    /// The same for a net that is to be differentiated through.
    pub fn autodiff(self) -> Self {
        match self {
            Self::Dense(x) => Self::Dense(Tensor::from_inner(x)),
            Self::Sparse(rows, device) => Self::Sparse(rows, device.autodiff()),
            Self::Images(images) => Self::Images(Tensor::from_inner(images)),
        }
    }
}

impl From<Tensor<2>> for Inputs {
    fn from(x: Tensor<2>) -> Self {
        Self::Dense(x)
    }
}
