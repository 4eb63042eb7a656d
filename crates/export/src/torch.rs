//! A net as a module of PyTorch: a plain Python file beside the weights.
//!
//! Nothing is looked up at run time: each layer is a line, so that the file can be read, changed and trained further.

mod forward;
mod modules;
mod values;

use crate::{Graph, Measure};
use forward::Forward;

/// The text of a Python file with a class `Model`, whose weights are those of the safetensors file `weights`; `metadata` becomes a
/// dictionary `METADATA` of JSON texts.
pub fn torch(graph: &Graph, weights: &str, metadata: &[(String, String)]) -> String {
    let mut forward = Forward::default();
    forward.graph(graph);
    let constants: String = values::constants(graph);
    let helpers = values::helpers(graph);
    let modules = modules::declared(graph);
    let body: String = forward
        .lines
        .iter()
        .map(|line| format!("        {line}\n"))
        .collect();
    let outputs: Vec<String> = graph.ports().into_iter().map(|port| port.0).collect();
    let outputs = outputs.join("`, `");
    let shape = graph.input.shape.iter().map(|size| format!(", {size}"));
    let shape: String = shape.collect();
    let (name, kind) = (&graph.input.name, graph.input.kind());
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let metadata: String = metadata
        .iter()
        .map(|(key, value)| format!("    {}: {},\n", quoted(key), quoted(value)))
        .collect();
    let title = quoted(&graph.name);
    format!(
        "\"\"\"A net that Espejo trained, for PyTorch: `load()` gives it with its weights.

In: `{name}`, {kind} [batch{shape}]. Out: a dictionary with `{outputs}`.
\"\"\"

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

NAME = {title}
METADATA = {{
{metadata}}}
{constants}
{helpers}
class Model(nn.Module):
    def __init__(self):
        super().__init__()
{modules}
    def forward(self, {name}):
        outputs = {{}}
{body}        return outputs


def load(path=Path(__file__).with_name({weights:?})):
    \"\"\"The net with the weights of a safetensors file, ready for use.\"\"\"
    from safetensors.torch import load_file

    model = Model()
    missing, unexpected = model.load_state_dict(load_file(path), strict=False)
    # PyTorch counts the batches that a normalisation has seen; a net that is not trained further needs no such count.
    missing = [key for key in missing if not key.endswith(\"num_batches_tracked\")]
    if missing or unexpected:
        raise ValueError(f\"{{path}}: missing {{missing}}, unexpected {{unexpected}}\")
    return model.eval()
"
    )
}

/// Whether a score needs what stands before the last activation.
fn needs_logits(measure: &Measure) -> bool {
    matches!(measure, Measure::Loss(crate::Loss::Bce))
}

/// A number as Python reads it.
fn number(value: f64) -> String {
    format!("{value:?}")
}

/// Numbers as a list of Python.
fn list<T: std::fmt::Debug>(values: &[T]) -> String {
    format!("{values:?}")
}
