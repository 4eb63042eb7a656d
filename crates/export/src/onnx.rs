//! A net as an ONNX model.
//!
//! Operators of opset 17 alone, which every runtime of the last years has. The batch is an open dimension called `batch`.

mod builder;
mod layers;
mod score;
mod values;

use std::collections::HashSet;

use prost::Message;

use crate::proto::{
    BOOL, DOUBLE, Dimension, DimensionProto, FLOAT, GraphProto, INT64, ModelProto,
    OperatorSetIdProto, StringStringEntryProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto,
};
use crate::{Error, Graph};
use builder::Builder;

/// The version of the operators.
pub const OPSET: i64 = 17;
/// The version of the file format, that of ONNX 1.12.
pub const IR_VERSION: i64 = 8;

/// What a protocol buffer holds, less some room for the nodes.
const MOST_WEIGHTS: usize = ((2 << 30) - (16 << 20)) / 4;

/// The bytes of a `.onnx` file; `metadata` becomes its `metadata_props`.
///
/// # Errors
///
/// [`Error::TooLarge`] where the weights take over 2 GiB, which is what a protocol buffer holds.
pub fn onnx(graph: &Graph, metadata: &[(String, String)]) -> Result<Vec<u8>, Error> {
    let found = graph.parameters();
    if found > MOST_WEIGHTS {
        return Err(Error::TooLarge {
            format: "an ONNX file",
            what: "weights",
            found,
            most: MOST_WEIGHTS,
        });
    }
    let entry = |(key, value): &(String, String)| StringStringEntryProto {
        key: key.clone(),
        value: value.clone(),
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "espejo".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: graph.name.clone(),
        graph: Some(graph_proto(graph)),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPSET,
        }],
        metadata_props: metadata.iter().map(entry).collect(),
    };
    Ok(model.encode_to_vec())
}

fn graph_proto(graph: &Graph) -> GraphProto {
    let mut builder = Builder::default();
    let entered = builder.enter(&graph.input);
    let through = builder.through(&graph.layers, entered.flow.clone());
    for (place, output) in graph.outputs.iter().enumerate() {
        let flow = match &output.head {
            Some(head) => builder.layer(head, through.end.clone()),
            None => through.end.clone(),
        };
        if graph.tells_class && place == 0 {
            let class = builder.largest(&flow);
            builder.call(&class, "class");
        }
        let left = builder.leave(&output.signal, flow);
        builder.call(&left, &output.signal.name);
    }
    if let Some(score) = &graph.score {
        builder.score(score, graph, &entered, &through);
    }
    // What no node reads, as the ends of quantiles on the way back: runtimes warn of it.
    let inputs = builder.nodes.iter().flat_map(|node| &node.input);
    let used: HashSet<&String> = inputs.collect();
    builder
        .constants
        .retain(|constant| used.contains(&constant.name));
    GraphProto {
        node: builder.nodes,
        name: graph.name.clone(),
        initializer: builder.constants,
        input: vec![value_info(
            &graph.input.name,
            graph.input.kind(),
            &graph.input.shape,
        )],
        output: graph
            .ports()
            .iter()
            .map(|(name, kind, shape)| value_info(name, kind, shape))
            .collect(),
    }
}

/// A value of `[batch, sizes...]`.
fn value_info(name: &str, kind: &str, sizes: &[usize]) -> ValueInfoProto {
    let dimension = |value| DimensionProto { value: Some(value) };
    let batch = dimension(Dimension::Name("batch".to_owned()));
    let sizes = sizes
        .iter()
        .map(|size| dimension(Dimension::Value(*size as i64)));
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: match kind {
                    "float64" => DOUBLE,
                    "int64" => INT64,
                    "bool" => BOOL,
                    _ => FLOAT,
                },
                shape: Some(TensorShapeProto {
                    dim: [batch].into_iter().chain(sizes).collect(),
                }),
            }),
        }),
        doc_string: String::new(),
    }
}
