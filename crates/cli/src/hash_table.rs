//! Binary codes as text.

use std::fmt::Write as _;

use espejo_analysis::BinaryCodes;
use serde_json::{Value, json};

use crate::csv_cell::csv_field;
use crate::sample_columns::Chosen;

/// A code in hexadecimal digits: the bytes of `numpy.packbits`, so that the first bit is the highest and zeros come after the last.
pub fn hex(codes: &BinaryCodes, code: usize) -> String {
    let bytes = codes.packed(code).into_iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// A line for each sample with its code, as `encode` has them.
pub fn as_csv(parts: &[Chosen], codes: &BinaryCodes) -> String {
    let mut text = format!("picture,caption,hash{}\n", parts[0].header());
    for (number, (part, index)) in samples(parts).enumerate() {
        let caption = csv_field(part.samples.caption(index));
        let (hash, cells) = (hex(codes, number), part.cells(index));
        let _ = writeln!(text, "{number},{caption},{hash}{cells}");
    }
    text
}

/// The codes as JSON.
pub fn as_json(parts: &[Chosen], codes: &BinaryCodes) -> Value {
    let entries = samples(parts).enumerate().map(|(number, (part, index))| {
        json!({
            "caption": part.samples.caption(index),
            "row": part.samples.row(index),
            "hash": hex(codes, number),
        })
    });
    json!({ "bits": codes.bits(), "codes": entries.collect::<Vec<_>>() })
}

/// The samples of all parts, one after the other.
fn samples(parts: &[Chosen]) -> impl Iterator<Item = (&Chosen, usize)> {
    let of = |part| (0..Chosen::len(part)).map(move |index| (part, index));
    parts.iter().flat_map(of)
}
