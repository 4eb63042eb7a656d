//! What a net sees of a batch.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use crate::sparse_rows::SparseRows;

/// Samples, a row each: `[batch, values]`.
#[derive(Clone, Debug)]
pub enum Inputs {
    /// All their numbers.
    Dense(Tensor<2>),
    /// Those that are not zero, for a net on this device: a fully connected layer needs no others, and for any other layer they are laid out.
    Sparse(Arc<SparseRows>, Device),
}

impl Inputs {
    /// How many samples there are, and values of each.
    pub fn dims(&self) -> [usize; 2] {
        match self {
            Self::Dense(x) => x.dims(),
            Self::Sparse(rows, _) => rows.dims(),
        }
    }

    /// Where the net lies.
    pub fn device(&self) -> Device {
        match self {
            Self::Dense(x) => x.device(),
            Self::Sparse(_, device) => device.clone(),
        }
    }

    /// All numbers, laid out where they are not: `[batch, values]`.
    pub fn into_tensor(self) -> Tensor<2> {
        match self {
            Self::Dense(x) => x,
            Self::Sparse(rows, device) => {
                Tensor::from_data(TensorData::new(rows.dense(), rows.dims()), &device)
            }
        }
    }

    /// The same for a net that is to be differentiated through.
    pub fn autodiff(self) -> Self {
        match self {
            Self::Dense(x) => Self::Dense(Tensor::from_inner(x)),
            Self::Sparse(rows, device) => Self::Sparse(rows, device.autodiff()),
        }
    }
}

impl From<Tensor<2>> for Inputs {
    fn from(x: Tensor<2>) -> Self {
        Self::Dense(x)
    }
}
