//! What the columns of a Parquet file mean, by its schema.

use ::parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor, Type};

use crate::columnar::meaning::{Leaf, Meaning};

/// A moment in the 96 bits of older writers: billionths of a second, of no zone.
const OLD_MOMENT: Meaning = Meaning::Moment {
    per_second: 1_000_000_000,
    is_universal: false,
};

/// The columns of a schema, in its order, each with its levels.
pub(super) fn leaves(schema: &SchemaDescriptor) -> Vec<(Leaf, Levels)> {
    let mut walk = Walk {
        schema,
        leaves: Vec::new(),
    };
    for field in schema.root_schema().get_fields() {
        walk.visit(field, field.name().to_owned(), Place::default());
    }
    walk.leaves
}

/// Levels of a column, as Dremel counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Levels {
    /// The definition level of a value that is there.
    pub(super) defined: i16,
    /// The least definition level of an element of its innermost list.
    pub(super) element: i16,
}

/// What a node lies in.
#[derive(Clone, Copy, Default)]
struct Place {
    levels: Levels,
    depth: i16,
    is_foreign: bool,
}

struct Walk<'a> {
    schema: &'a SchemaDescriptor,
    leaves: Vec<(Leaf, Levels)>,
}

impl Walk<'_> {
    fn visit(&mut self, node: &Type, name: String, mut place: Place) {
        let info = node.get_basic_info();
        match info.has_repetition().then(|| info.repetition()) {
            Some(Repetition::OPTIONAL) => place.levels.defined += 1,
            Some(Repetition::REPEATED) => {
                place.depth += 1;
                place.levels.defined += 1;
                place.levels.element = place.levels.defined;
            }
            _ => {}
        }
        if node.is_primitive() {
            return self.take(name, place);
        }
        let is_list = matches!(info.logical_type_ref(), Some(LogicalType::List))
            || info.converted_type() == ConvertedType::LIST;
        let is_map = matches!(info.logical_type_ref(), Some(LogicalType::Map))
            || matches!(
                info.converted_type(),
                ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE
            );
        place.is_foreign |= is_map;
        let is_repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
        for field in node.get_fields() {
            // The two inner nodes of a list have names that no one gave.
            let is_inner = is_list || (is_repeated && node.get_fields().len() == 1);
            let name = match is_inner {
                true => name.clone(),
                false => format!("{name}.{}", field.name()),
            };
            self.visit(field, name, place);
        }
    }

    fn take(&mut self, name: String, place: Place) {
        let index = self.leaves.len();
        let meaning = match place.is_foreign {
            true => Meaning::Unknown("a map"),
            false => meaning(&self.schema.column(index)),
        };
        let leaf = Leaf {
            index,
            name,
            depth: place.depth,
            meaning,
        };
        self.leaves.push((leaf, place.levels));
    }
}

/// What the values of a column stand for: its logical type, or the older annotation, or its physical type.
fn meaning(column: &ColumnDescriptor) -> Meaning {
    let whole = |is_signed| Meaning::Whole { is_signed };
    let decimal = || Meaning::Decimal {
        scale: column.type_scale(),
    };
    let physical = column.physical_type();
    match (physical, column.logical_type_ref(), column.converted_type()) {
        (_, Some(LogicalType::Unknown), _) => Meaning::Nothing,
        (Physical::BOOLEAN, ..) => Meaning::Truth,
        (Physical::FLOAT, ..) => Meaning::Float,
        (Physical::DOUBLE, ..) => Meaning::Double,
        (Physical::INT96, ..) => OLD_MOMENT,
        (_, Some(LogicalType::Decimal(_)), _) | (_, _, ConvertedType::DECIMAL) => decimal(),
        (Physical::INT32 | Physical::INT64, Some(logical), _) => match logical {
            LogicalType::Integer(kind) => whole(kind.is_signed),
            LogicalType::Date => Meaning::Date,
            LogicalType::Time(time) => Meaning::Time {
                per_second: per_second(&time.unit),
            },
            LogicalType::Timestamp(time) => Meaning::Moment {
                per_second: per_second(&time.unit),
                is_universal: time.is_adjusted_to_u_t_c,
            },
            _ => whole(true),
        },
        (Physical::INT32 | Physical::INT64, None, converted) => match converted {
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => whole(false),
            ConvertedType::DATE => Meaning::Date,
            ConvertedType::TIME_MILLIS => Meaning::Time { per_second: 1000 },
            ConvertedType::TIME_MICROS => Meaning::Time {
                per_second: 1_000_000,
            },
            ConvertedType::TIMESTAMP_MILLIS => Meaning::Moment {
                per_second: 1000,
                is_universal: true,
            },
            ConvertedType::TIMESTAMP_MICROS => Meaning::Moment {
                per_second: 1_000_000,
                is_universal: true,
            },
            _ => whole(true),
        },
        (
            Physical::BYTE_ARRAY,
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json),
            _,
        )
        | (
            Physical::BYTE_ARRAY,
            None,
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON,
        ) => Meaning::Text,
        (Physical::BYTE_ARRAY, None, ConvertedType::NONE) => Meaning::Bytes,
        (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16), _) => Meaning::Half,
        _ => Meaning::Unknown("bytes of another meaning"),
    }
}

fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}
