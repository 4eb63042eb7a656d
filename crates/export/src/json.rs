//! A net as JSON, weights as numbers: for teaching, and for small machines.

use serde_json::{Value, json as object};

use crate::{Error, Graph};

/// The most weights of a net that is written as JSON: a number takes some 12 characters.
pub const LARGEST_JSON: usize = 100_000;

/// The net as a JSON text; `metadata` is put beside it, each value a JSON text itself where it is one.
///
/// # Errors
///
/// [`Error::TooLarge`] where it has more than [`LARGEST_JSON`] weights.
pub fn json(graph: &Graph, metadata: &[(String, String)]) -> Result<String, Error> {
    let found = graph.parameters();
    if found > LARGEST_JSON {
        return Err(Error::TooLarge {
            format: "JSON",
            what: "weights",
            found,
            most: LARGEST_JSON,
        });
    }
    let value = |text: &String| serde_json::from_str(text).unwrap_or(Value::from(text.as_str()));
    let metadata: serde_json::Map<String, Value> = metadata
        .iter()
        .map(|(key, text)| (key.clone(), value(text)))
        .collect();
    let all = object!({ "version": 1, "net": graph, "metadata": metadata });
    Ok(format!("{all:#}\n"))
}
