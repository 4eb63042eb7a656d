//! What the columns of an Arrow schema mean.

use arrow_schema::{DataType, Field, Schema, TimeUnit};

use crate::columnar::meaning::{Leaf, Meaning};

/// The way from a column of the schema to one of plain values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    /// The column of the schema.
    pub(super) root: usize,
    pub(super) steps: Vec<Step>,
}

/// A step into a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// To a field of a structure.
    Field(usize),
    /// To the elements of a list.
    Elements,
}

/// The columns of plain values, in the order of the schema, each with the way to it.
pub(super) fn leaves(schema: &Schema) -> (Vec<Leaf>, Vec<Way>) {
    let mut walk = Walk::default();
    for (root, field) in schema.fields().iter().enumerate() {
        let way = Way {
            root,
            steps: Vec::new(),
        };
        walk.visit(field.data_type(), field.name().clone(), way);
    }
    (walk.leaves, walk.ways)
}

#[derive(Default)]
struct Walk {
    leaves: Vec<Leaf>,
    ways: Vec<Way>,
}

impl Walk {
    fn visit(&mut self, data_type: &DataType, name: String, way: Way) {
        let step = |step| {
            let mut way = way.clone();
            way.steps.push(step);
            way
        };
        match data_type {
            DataType::Struct(fields) => {
                for (at, field) in fields.iter().enumerate() {
                    let name = format!("{name}.{}", field.name());
                    self.visit(field.data_type(), name, step(Step::Field(at)));
                }
            }
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field) => self.elements(field, name, step(Step::Elements)),
            DataType::FixedSizeList(field, width) if *width >= 0 => {
                self.elements(field, name, step(Step::Elements));
            }
            _ => self.take(meaning(data_type), name, way),
        }
    }

    fn elements(&mut self, field: &Field, name: String, way: Way) {
        self.visit(field.data_type(), name, way);
    }

    fn take(&mut self, meaning: Meaning, name: String, way: Way) {
        let lists = way.steps.iter().filter(|step| **step == Step::Elements);
        self.leaves.push(Leaf {
            index: self.leaves.len(),
            name,
            depth: lists.count() as i16,
            meaning,
        });
        self.ways.push(way);
    }
}

/// What values of a type stand for: the same as in Parquet, where pyarrow writes them.
fn meaning(data_type: &DataType) -> Meaning {
    match data_type {
        DataType::Null => Meaning::Nothing,
        DataType::Boolean => Meaning::Truth,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            Meaning::Whole { is_signed: true }
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            Meaning::Whole { is_signed: false }
        }
        // So many parts of a second.
        DataType::Duration(_) => Meaning::Whole { is_signed: true },
        DataType::Float16 => Meaning::Half,
        DataType::Float32 => Meaning::Float,
        DataType::Float64 => Meaning::Double,
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Meaning::Decimal {
            scale: i32::from(*scale),
        },
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Meaning::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Meaning::Bytes,
        DataType::Date32 | DataType::Date64 => Meaning::Date,
        DataType::Time32(unit) | DataType::Time64(unit) => Meaning::Time {
            per_second: per_second(*unit),
        },
        DataType::Timestamp(unit, zone) => Meaning::Moment {
            per_second: per_second(*unit),
            is_universal: zone.is_some(),
        },
        DataType::Dictionary(_, words) => match meaning(words) {
            Meaning::Bytes => Meaning::Unknown("bytes in a dictionary"),
            meaning => meaning,
        },
        DataType::FixedSizeBinary(_) => Meaning::Unknown("bytes of another meaning"),
        DataType::Interval(_) => Meaning::Unknown("intervals of months and days"),
        DataType::Map(..) => Meaning::Unknown("a map"),
        DataType::Union(..) => Meaning::Unknown("a union of types"),
        DataType::RunEndEncoded(..) => Meaning::Unknown("values in runs"),
        _ => Meaning::Unknown("structures or lists in a dictionary"),
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}
