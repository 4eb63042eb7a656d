//! What the library `datasets` of Hugging Face writes down of the columns of its files.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// What is known of columns beside their types.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Features {
    /// The columns whose whole numbers are classes, and the names of these in order.
    pub(crate) classes: HashMap<String, Vec<String>>,
    /// The columns that hold images.
    pub(crate) images: HashSet<String>,
}

impl Features {
    /// Reads the value that the key `huggingface` of a schema has; nothing of what it cannot understand.
    pub(crate) fn parse(text: &str) -> Self {
        let mut features = Self::default();
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let Some(columns) = value["info"]["features"].as_object() else {
            return features;
        };
        for (column, feature) in columns {
            match feature["_type"].as_str() {
                Some("ClassLabel") => {
                    let names = feature["names"].as_array().into_iter().flatten();
                    let names = names.filter_map(|name| Some(name.as_str()?.to_owned()));
                    features.classes.insert(column.clone(), names.collect());
                }
                Some("Image") => {
                    features.images.insert(column.clone());
                }
                _ => {}
            }
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_images() {
        let features = Features::parse(
            r#"{"info": {"features": {"image": {"_type": "Image"}, "a": {"dtype": "int64", "_type": "Value"},
            "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}"#,
        );
        assert_eq!(features.classes["label"], ["cat", "dog"]);
        assert!(features.images.contains("image") && features.images.len() == 1);
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"info": {"features": [{"_type": "Image"}]}}"#,
        ] {
            assert_eq!(Features::parse(text), Features::default(), "{text}");
        }
    }
}
