//! What is peculiar to arrays out of MATLAB: samples along the last axis, and EMNIST's and SVHN's ways.

use std::collections::HashMap;

use crate::Error;
use crate::array::Array;
use crate::array_parts::Part;

/// Puts the axis of the samples first, where the number of labels or the sizes tell that it stands last, and EMNIST's and
/// SVHN's arrays upright.
pub(crate) fn upright(part: &mut Part, samples: &str) {
    let labels = part.labels.as_ref();
    let labels = labels.and_then(|labels| labels.array.shape.iter().copied().max());
    let data = &mut part.data;
    if is_last(&data.shape, labels) {
        match data.shape.len() {
            2 => data.reorder(&[1, 0]),
            3 => data.reorder(&[2, 0, 1]),
            _ => data.reorder(&[3, 0, 1, 2]),
        }
    }
    // EMNIST: a row of 784 bytes, column by column.
    if samples.starts_with("dataset.")
        && samples.ends_with(".images")
        && matches!(data.shape[..], [_, 784])
    {
        data.rows_as_columns_of_pixels(28, 28);
    }
    // SVHN counts from 1, and calls the zero 10.
    if matches!(data.shape[..], [_, 32, 32, 3]) && part.class_names.is_empty() {
        part.class_names.insert("10".to_owned(), "0".to_owned());
    }
}

/// Whether the last axis is that of the samples.
fn is_last(shape: &[usize], labels: Option<usize>) -> bool {
    let (Some(&first), Some(&last)) = (shape.first(), shape.last()) else {
        return false;
    };
    if !(2..=4).contains(&shape.len()) {
        return false;
    }
    match labels {
        Some(count) => first != count && last == count,
        // Images [height, width, samples], or with three colours before the samples.
        None => match *shape {
            [height, width, samples] => {
                samples > height.max(width) || (height == width && samples != width)
            }
            [_, rows, 1 | 3, samples] => rows > 3 && !matches!(samples, 1 | 3),
            _ => false,
        },
    }
}

/// The characters that labels stand for: rows of a label and a code point, of which EMNIST's letters have two.
pub(crate) fn characters(mapping: &Array) -> Result<HashMap<String, String>, Error> {
    let [_, width @ 2..=3] = mapping.shape[..] else {
        return Ok(HashMap::new());
    };
    let values = mapping.numbers()?;
    let rows = values.chunks_exact(width);
    let pair = |row: &[f64]| {
        let character = char::from_u32(row[1] as u32).filter(|c| !c.is_control())?;
        Some((row[0].to_string(), character.to_string()))
    };
    Ok(rows.filter_map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Element, Kind};
    use crate::pixel_store::Store;

    /// What HDF5 calls a scalar, and what damage makes of other arrays.
    #[test]
    fn an_array_without_an_axis_stays_as_it_is() {
        let element = Element::little(Kind::Unsigned, 1);
        let number = (Store::Memory(vec![7]), 0);
        let data = Array::new("a.mat".into(), element, Vec::new(), true, number);
        let mut part = Part {
            data: data.expect("one number"),
            labels: None,
            class_names: HashMap::new(),
        };
        upright(&mut part, "dataset.train.images");
        assert!(part.data.shape.is_empty() && part.class_names.is_empty());
    }
}
