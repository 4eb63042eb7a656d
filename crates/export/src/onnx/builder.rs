//! Nodes and constants of a graph under construction.

use crate::proto::{AttributeProto, DOUBLE, FLOAT, INT64, NodeProto, TensorProto};
use crate::{Map, Tensor};

/// A graph under construction. Values go by their names, which are numbered where nobody asked for one.
#[derive(Default)]
pub struct Builder {
    pub nodes: Vec<NodeProto>,
    pub constants: Vec<TensorProto>,
}

/// Values on their way through the layers, and how they lie.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The name of the value.
    pub value: String,
    /// How it lies.
    pub form: Form,
}

/// How values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `[batch, values]`
    Rows(usize),
    /// `[batch, channels, height, width]`
    Maps(Map),
}

impl Builder {
    /// A node with one output; its name.
    pub fn node(&mut self, kind: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let name = format!("{}_{}", kind.to_lowercase(), self.nodes.len());
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: kind.to_owned(),
            attribute: attributes,
        });
        name
    }

    /// A node without attributes.
    pub fn plain(&mut self, kind: &str, inputs: &[&str]) -> String {
        self.node(kind, inputs, Vec::new())
    }

    /// Gives a value a name for those outside.
    pub fn call(&mut self, value: &str, name: &str) {
        self.nodes.push(NodeProto {
            input: vec![value.to_owned()],
            output: vec![name.to_owned()],
            name: format!("call_{name}"),
            op_type: "Identity".to_owned(),
            attribute: Vec::new(),
        });
    }

    /// The same value in another type.
    pub fn cast(&mut self, value: &str, kind: i32) -> String {
        let to = AttributeProto::int("to", kind);
        self.node("Cast", &[value], vec![to])
    }

    fn constant(&mut self, kind: i32, shape: &[usize], raw_data: Vec<u8>) -> String {
        let name = format!("constant_{}", self.constants.len());
        self.named_constant(name, kind, shape, raw_data)
    }

    fn named_constant(
        &mut self,
        name: String,
        kind: i32,
        shape: &[usize],
        raw_data: Vec<u8>,
    ) -> String {
        self.constants.push(TensorProto {
            dims: shape.iter().map(|size| *size as i64).collect(),
            data_type: kind,
            name: name.clone(),
            raw_data,
        });
        name
    }

    /// Weights, under the name that they have in a checkpoint.
    pub fn weights(&mut self, name: String, tensor: &Tensor) -> String {
        let bytes = tensor.values.iter().flat_map(|number| number.to_le_bytes());
        self.named_constant(name, FLOAT, &tensor.shape, bytes.collect())
    }

    /// Numbers in single precision.
    pub fn floats(&mut self, numbers: &[f32]) -> String {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.constant(FLOAT, &[numbers.len()], bytes.collect())
    }

    /// One number in single precision, without a dimension.
    pub fn float(&mut self, number: f64) -> String {
        self.constant(FLOAT, &[], (number as f32).to_le_bytes().to_vec())
    }

    /// Numbers in double precision.
    pub fn doubles(&mut self, shape: &[usize], numbers: &[f64]) -> String {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.constant(DOUBLE, shape, bytes.collect())
    }

    /// One number in double precision, without a dimension.
    pub fn double(&mut self, number: f64) -> String {
        self.doubles(&[], &[number])
    }

    /// Whole numbers.
    pub fn ints(&mut self, numbers: &[i64]) -> String {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.constant(INT64, &[numbers.len()], bytes.collect())
    }

    /// One whole number, without a dimension.
    pub fn int(&mut self, number: i64) -> String {
        self.constant(INT64, &[], number.to_le_bytes().to_vec())
    }

    /// Values with other sizes behind the batch.
    pub fn reshape(&mut self, value: &str, sizes: &[usize]) -> String {
        let sizes = sizes.iter().map(|size| *size as i64);
        // 0 stands for the size that is there.
        let sizes: Vec<i64> = [0].into_iter().chain(sizes).collect();
        let sizes = self.ints(&sizes);
        self.plain("Reshape", &[value, &sizes])
    }

    /// `[batch, values]`
    pub fn rows(&mut self, flow: &Flow) -> String {
        match flow.form {
            Form::Rows(_) => flow.value.clone(),
            Form::Maps(map) => self.reshape(&flow.value, &[map.iter().product()]),
        }
    }

    /// `[batch, channels, height, width]`
    pub fn maps(&mut self, flow: &Flow, map: Map) -> String {
        match flow.form == Form::Maps(map) {
            true => flow.value.clone(),
            false => self.reshape(&flow.value, &map),
        }
    }

    /// These columns of rows.
    pub fn columns(&mut self, value: &str, range: &std::ops::Range<usize>) -> String {
        let [start, end] = [range.start, range.end].map(|at| self.ints(&[at as i64]));
        let axis = self.ints(&[1]);
        self.plain("Slice", &[value, &start, &end, &axis])
    }

    /// The columns of rows at these places.
    pub fn gathered(&mut self, value: &str, places: &[usize]) -> String {
        let places: Vec<i64> = places.iter().map(|place| *place as i64).collect();
        let places = self.ints(&places);
        let axis = AttributeProto::int("axis", 1);
        self.node("Gather", &[value, &places], vec![axis])
    }

    /// The place of the largest value of each row: `[batch]`.
    pub fn largest(&mut self, flow: &Flow) -> String {
        let rows = self.rows(flow);
        let attributes = vec![
            AttributeProto::int("axis", 1),
            AttributeProto::int("keepdims", 0),
        ];
        self.node("ArgMax", &[&rows], attributes)
    }

    /// `yes` where `condition`, else `no`.
    pub fn choose(&mut self, condition: &str, yes: &str, no: &str) -> String {
        self.plain("Where", &[condition, yes, no])
    }

    /// Truth values the other way round, as single precision.
    pub fn not_as_float(&mut self, truth: &str) -> String {
        let not = self.plain("Not", &[truth]);
        self.cast(&not, FLOAT)
    }
}
