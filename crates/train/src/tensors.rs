//! A model's parameters by name, in PyTorch's layout, to and from safetensors.
//!
//! Names are the model's own parts (`encoder.0.weight`, `mean.bias`), without the containers that hold them in Rust; linear
//! weights are `[outputs, inputs]`.

use std::borrow::Cow;
use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, View};

/// A named tensor on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Name of the parameter.
    pub name: String,
    /// Shape in the file.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// Parts of a path that say where something is kept, not what it is.
const CONTAINERS: [&str; 2] = ["stack", "autoencoder"];

/// Follows a model's parts down to a parameter and builds its name.
#[derive(Default)]
struct Path {
    parts: Vec<(String, bool)>,
}

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        // The part below a linear layer's `weight` is transposed in the file.
        self.parts.push((
            name.to_owned(),
            container == "Struct:Linear" && name == "weight",
        ));
        let part = &mut self.parts.last_mut().expect("just pushed").0;
        if container.starts_with("Enum:") || CONTAINERS.contains(&name) {
            part.clear();
        }
        // Burn has the paper's letters, PyTorch calls them as it calls those of every layer.
        match (container, name) {
            ("Struct:BatchNorm", "gamma") => "weight".clone_into(part),
            ("Struct:BatchNorm", "beta") => "bias".clone_into(part),
            _ => {}
        }
    }

    fn exit(&mut self) {
        self.parts.pop();
    }

    fn name(&self) -> String {
        let parts: Vec<&str> = self
            .parts
            .iter()
            .map(|(part, _)| part.as_str())
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(".")
    }

    fn transposed(&self) -> bool {
        self.parts.last().is_some_and(|(_, transposed)| *transposed)
    }
}

#[derive(Default)]
struct Collect {
    path: Path,
    tensors: Vec<Named>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let tensor = if self.path.transposed() {
            tensor.transpose()
        } else {
            tensor
        };
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().convert::<f32>().try_into_vec();
        let values = values.expect("it was made to numbers of this type");
        self.tensors.push(Named {
            name: self.path.name(),
            shape,
            values,
        });
    }
}

/// Every parameter of a model, in the order of its parts.
pub fn collect<M: Module>(model: &M) -> Vec<Named> {
    let mut visitor = Collect::default();
    model.visit(&mut visitor);
    visitor.tensors
}

struct Apply {
    path: Path,
    tensors: HashMap<String, Named>,
    error: Option<String>,
}

impl Apply {
    fn take(&mut self, name: &str, shape: &[usize]) -> Option<Vec<f32>> {
        let problem = match self.tensors.remove(name) {
            None => format!("has no tensor `{name}`"),
            Some(found) if found.shape != shape => {
                format!(
                    "tensor `{name}` has shape {:?}, expected {shape:?}",
                    found.shape
                )
            }
            Some(found) => return Some(found.values),
        };
        self.error.get_or_insert(problem);
        None
    }
}

impl ModuleMapper for Apply {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let mut shape = tensor.dims().to_vec();
        if self.path.transposed() {
            shape.reverse();
        }
        let name = self.path.name();
        let Some(values) = self.take(&name, &shape) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let loaded = Tensor::<D>::from_data(TensorData::new(values, shape), &tensor.device());
        let loaded = if self.path.transposed() {
            contiguous(loaded.transpose())
        } else {
            loaded
        };
        let loaded = loaded.set_require_grad(tensor.is_require_grad());
        Param::from_mapped_value(id, loaded, mapper)
    }
}

/// A tensor laid out row by row, as a freshly drawn weight is: the layout decides the order of sums in a product,
/// and a resumed run must give the very numbers of the uninterrupted one.
fn contiguous<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let device = tensor.device();
    Tensor::from_data(tensor.into_data(), &device)
}

/// The model with its parameters replaced by `tensors`.
///
/// # Errors
///
/// What does not fit, in words, when a tensor is missing, too many, or of another shape.
pub fn apply<M: Module>(model: M, tensors: Vec<Named>) -> Result<M, String> {
    let tensors = tensors
        .into_iter()
        .map(|tensor| (tensor.name.clone(), tensor))
        .collect();
    let mut mapper = Apply {
        path: Path::default(),
        tensors,
        error: None,
    };
    let model = model.map(&mut mapper);
    let left = mapper
        .tensors
        .keys()
        .min()
        .map(|name| format!("has a tensor `{name}` that the model lacks"));
    match mapper.error.or(left) {
        Some(error) => Err(error),
        None => Ok(model),
    }
}

/// Tensors as the bytes of a safetensors file: the same tensors give the same bytes.
pub fn to_bytes(tensors: &[Named]) -> Vec<u8> {
    named_to_bytes(tensors.iter().map(|tensor| {
        let shape = tensor.shape.clone();
        (tensor.name.as_str(), Numbers(shape, &tensor.values))
    }))
}

/// [`to_bytes`] of vectors that have a name each.
pub(crate) fn vectors_to_bytes<'a>(
    vectors: impl IntoIterator<Item = (&'a str, &'a [f32])>,
) -> Vec<u8> {
    let vectors = vectors.into_iter();
    named_to_bytes(vectors.map(|(name, values)| (name, Numbers(vec![values.len()], values))))
}

fn named_to_bytes<'a>(tensors: impl Iterator<Item = (&'a str, Numbers<'a>)>) -> Vec<u8> {
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(tensors, Some(metadata)).expect("names are unique")
}

/// The shape of a tensor, and its numbers where they lie.
struct Numbers<'a>(Vec<usize>, &'a [f32]);

impl View for Numbers<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0
    }

    fn data(&self) -> Cow<'_, [u8]> {
        if cfg!(target_endian = "little") {
            return Cow::Borrowed(bytemuck::cast_slice(self.1));
        }
        let bytes = self.1.iter().flat_map(|value| value.to_le_bytes());
        bytes.collect()
    }

    fn data_len(&self) -> usize {
        size_of_val(self.1)
    }
}

/// The tensors in the bytes of a safetensors file, each of whose numbers is finite.
///
/// # Errors
///
/// What is wrong, in words, when the bytes are damaged, hold other than 32-bit floats, or a number that is none.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<Named>, String> {
    parsed(bytes, f32::is_finite)
}

/// The moments of an optimiser. They may be infinite, where a gradient was enormous and its step therefore none.
///
/// # Errors
///
/// As [`from_bytes`].
pub(crate) fn moments_from_bytes(bytes: &[u8]) -> Result<Vec<Named>, String> {
    parsed(bytes, |value| !value.is_nan())
}

fn parsed(bytes: &[u8], allowed: fn(f32) -> bool) -> Result<Vec<Named>, String> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| format!("is no safetensors file: {error}"))?;
    let tensors = file.tensors().into_iter().map(|(name, view)| {
        if view.dtype() != Dtype::F32 {
            return Err(format!(
                "tensor `{name}` has type {:?}, expected F32",
                view.dtype()
            ));
        }
        // In the pass that is made anyway.
        let mut all_allowed = true;
        let chunks = view.data().chunks_exact(4);
        let values: Vec<f32> = chunks
            .map(|b| {
                let value = f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
                all_allowed &= allowed(value);
                value
            })
            .collect();
        if !all_allowed {
            let place = values.iter().position(|value| !allowed(*value));
            let value = place.map_or(f32::NAN, |place| values[place]);
            return Err(format!(
                "tensor `{name}` has the value {value}, expected finite numbers"
            ));
        }
        Ok(Named {
            name,
            shape: view.shape().to_vec(),
            values,
        })
    });
    tensors.collect()
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;

    fn file(values: [f32; 3]) -> Vec<u8> {
        let named = |name: &str, values: Vec<f32>| Named {
            name: name.to_owned(),
            shape: vec![values.len()],
            values,
        };
        to_bytes(&[named("good", vec![1.0]), named("weights", values.to_vec())])
    }

    #[test]
    fn weights_are_finite_and_moments_are_numbers() {
        let cases = [
            (f32::MAX, true, true),
            (-0.0, true, true),
            (f32::INFINITY, false, true),
            (f32::NEG_INFINITY, false, true),
            (f32::NAN, false, false),
        ];
        for (value, weight, moment) in cases {
            for place in 0..3 {
                let mut values = [0.5; 3];
                values[place] = value;
                let bytes = file(values);
                assert_eq!(from_bytes(&bytes).is_ok(), weight, "{value} at {place}");
                assert_eq!(
                    moments_from_bytes(&bytes).is_ok(),
                    moment,
                    "{value} at {place}"
                );
            }
        }
        let error = from_bytes(&file([0.0, f32::NAN, 0.0])).expect_err("NaN");
        assert_eq!(
            error,
            "tensor `weights` has the value NaN, expected finite numbers"
        );
    }

    /// Burn loads such files and fails in the next forward pass.
    #[test]
    fn floats_of_other_widths_are_refused() {
        for (dtype, width) in [
            (Dtype::F16, 2),
            (Dtype::BF16, 2),
            (Dtype::F64, 8),
            (Dtype::I32, 4),
        ] {
            let bytes = vec![0; 6 * width];
            let view = TensorView::new(dtype, vec![2, 3], &bytes).expect("it has that size");
            let file = safetensors::serialize([("encoder.0.weight", view)], None).expect("a file");
            let error = from_bytes(&file).expect_err("not in single precision");
            assert_eq!(
                error,
                format!("tensor `encoder.0.weight` has type {dtype:?}, expected F32")
            );
        }
    }
}
