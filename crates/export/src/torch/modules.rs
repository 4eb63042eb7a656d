//! The declarations of a module's layers, under the names of their weights.

use std::collections::BTreeMap;

use crate::{Graph, Kind, Layer};

/// Modules by the parts of their names.
#[derive(Default)]
struct Tree {
    module: Option<String>,
    /// By the number of a part where it is one, so that layers stand in their order.
    parts: BTreeMap<(usize, String), Tree>,
}

/// The lines of `__init__`.
pub fn declared(graph: &Graph) -> String {
    let mut tree = Tree::default();
    for layer in graph.all_layers() {
        if let Some(module) = module(layer) {
            let mut at = &mut tree;
            for part in layer.name.split('.') {
                let place = part.parse().unwrap_or(0);
                at = at.parts.entry((place, part.to_owned())).or_default();
            }
            at.module = Some(module);
        }
    }
    let lines = tree.parts.iter().map(|((_, name), tree)| {
        let text = tree.text(8);
        format!("        self.{name} = {text}\n")
    });
    lines.collect()
}

impl Tree {
    fn text(&self, indent: usize) -> String {
        if let Some(module) = &self.module {
            return module.clone();
        }
        let (outer, inner) = (" ".repeat(indent), " ".repeat(indent + 4));
        let parts = self.parts.iter().map(|((_, name), tree)| {
            let text = tree.text(indent + 4);
            format!("{inner}\"{name}\": {text},\n")
        });
        let parts: String = parts.collect();
        format!("nn.ModuleDict({{\n{parts}{outer}}})")
    }
}

/// The expression that reaches a layer's module.
pub fn reached(layer: &Layer) -> String {
    let mut parts = layer.name.split('.');
    let first = parts.next().unwrap_or_default();
    let rest: String = parts.map(|part| format!("[\"{part}\"]")).collect();
    format!("self.{first}{rest}")
}

/// The module of a layer; none where it has no weights.
fn module(layer: &Layer) -> Option<String> {
    let shape = |tensor: &crate::Tensor| tensor.shape.clone();
    Some(match &layer.kind {
        Kind::Dense { weight, .. } => {
            let shape = shape(weight);
            format!("nn.Linear({}, {})", shape[1], shape[0])
        }
        Kind::Conv {
            weight,
            stride,
            padding,
            ..
        } => {
            let shape = shape(weight);
            let padding = match is_even(*padding) {
                true => format!(", padding=({}, {})", padding[0].0, padding[1].0),
                false => String::new(),
            };
            format!(
                "nn.Conv2d({}, {}, ({}, {}), stride={stride}{padding})",
                shape[1], shape[0], shape[2], shape[3]
            )
        }
        Kind::Transposed {
            weight,
            padding,
            missing,
            ..
        } => {
            let shape = shape(weight);
            format!(
                "nn.ConvTranspose2d({}, {}, {}, stride=2, padding={padding}, output_padding=({}, {}))",
                shape[0], shape[1], shape[2], missing[0], missing[1]
            )
        }
        Kind::BatchNorm {
            weight, epsilon, ..
        } => {
            let dimensions = if is_dense(layer) { 1 } else { 2 };
            format!(
                "nn.BatchNorm{dimensions}d({}, eps={epsilon:?})",
                weight.shape[0]
            )
        }
        Kind::Embedding { weight } => {
            let shape = shape(weight);
            format!("nn.Embedding({}, {})", shape[0], shape[1])
        }
        Kind::MaxPool { .. }
        | Kind::Upsample
        | Kind::Skip { .. }
        | Kind::Identity
        | Kind::Softmax { .. } => return None,
    })
}

/// Whether as much stands before as after.
pub fn is_even(padding: [(usize, usize); 2]) -> bool {
    padding.iter().all(|(before, after)| before == after)
}

/// Whether the values of a layer are channels of 1x1.
pub fn is_dense(layer: &Layer) -> bool {
    layer.input[1] * layer.input[2] == 1
}
