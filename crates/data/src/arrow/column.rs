//! The values of a column of a record batch.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::leaves::{Step, Way};
use crate::columnar::meaning::{
    Meaning, decimal, half, long_decimal, push_integer, push_text, push_truth,
};
use crate::columnar::reading::Reading;
use crate::columnar::{Count, Result, broken, short};
use crate::frame::MISSING;
use crate::growing::Growing;

/// Gives a value of an array to a column.
type Push<'a> = Box<dyn Fn(&mut Growing, usize) -> Result<()> + 'a>;

/// The bytes of an image by its row; none where it is missing.
pub(super) type Image<'a> = Box<dyn Fn(usize) -> Option<Vec<u8>> + 'a>;

/// Takes in a column of a record batch.
pub(super) fn take(into: &mut Reading, root: &ArrayRef, way: &Way, count: Count) -> Result<()> {
    count(8 * root.len() as u64)?;
    match into.leaf.depth {
        0 => plain(into, root, way, count),
        _ => lists(into, root, way, count),
    }
}

/// The images of a column of a record batch, by their rows.
pub(super) fn images<'a>(root: &'a ArrayRef, way: &Way) -> Result<Image<'a>> {
    let (array, nulls) = field(root, way)?;
    let is_there = move |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    let bytes: Box<dyn Fn(usize) -> &'a [u8]> = match array.data_type() {
        DataType::Binary => {
            let array = array.as_binary::<i32>();
            Box::new(|row| array.value(row))
        }
        DataType::LargeBinary => {
            let array = array.as_binary::<i64>();
            Box::new(|row| array.value(row))
        }
        DataType::BinaryView => {
            let array = array.as_binary_view();
            Box::new(|row| array.value(row))
        }
        _ => return Err(broken("bytes", "another type")),
    };
    Ok(Box::new(move |row| {
        is_there(row).then(|| bytes(row).to_vec())
    }))
}

/// The array at the end of a way through structures, and where it or one of these is missing.
fn field<'a>(root: &'a ArrayRef, way: &Way) -> Result<(&'a ArrayRef, Option<NullBuffer>)> {
    let (mut array, mut nulls) = (root, None);
    for step in &way.steps {
        let (Step::Field(at), Some(parent)) = (*step, array.as_struct_opt()) else {
            return Err(short());
        };
        nulls = NullBuffer::union(nulls.as_ref(), parent.nulls());
        array = parent.columns().get(at).ok_or_else(short)?;
    }
    let nulls = NullBuffer::union(nulls.as_ref(), array.nulls());
    Ok((array, nulls))
}

/// Takes in values that are a row each.
fn plain(into: &mut Reading, root: &ArrayRef, way: &Way, count: Count) -> Result<()> {
    let (array, nulls) = field(root, way)?;
    let meaning = into.leaf.meaning;
    let column = into.plain(array.len());
    match column {
        _ if meaning == Meaning::Nothing => {
            (0..array.len()).for_each(|_| column.push_missing());
            return Ok(());
        }
        Growing::Numbers(numbers) => {
            let start = numbers.len();
            if extend(numbers, array) {
                if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
                    let missing = (0..array.len()).filter(|&row| nulls.is_null(row));
                    missing.for_each(|row| numbers[start + row] = f64::NAN);
                }
                return Ok(());
            }
        }
        Growing::Words(_) => declare(column, array, count)?,
    }
    let push = push(array, meaning, count)?;
    for row in 0..array.len() {
        match nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            true => push(column, row)?,
            false => column.push_missing(),
        }
    }
    Ok(())
}

/// Says which words a dictionary has, in its order.
fn declare(column: &mut Growing, array: &ArrayRef, count: Count) -> Result<()> {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        return Ok(());
    };
    let words = dictionary.values();
    let Some(text) = text(words) else {
        return Ok(());
    };
    for at in (0..words.len()).filter(|&at| words.is_valid(at)) {
        let word = text(at);
        let (code, is_new) = column.declare(word);
        debug_assert_ne!(code, MISSING, "texts are no numbers");
        if is_new {
            count(2 * word.len() as u64 + 64)?;
        }
    }
    Ok(())
}

/// Takes in numbers as they are, missing ones too; false where they are no plain numbers.
fn extend(numbers: &mut Vec<f64>, array: &ArrayRef) -> bool {
    match array.data_type() {
        DataType::Float64 => {
            numbers.extend_from_slice(array.as_primitive::<Float64Type>().values());
        }
        DataType::Float32 => all::<Float32Type>(numbers, array, f64::from),
        DataType::Float16 => all::<Float16Type>(numbers, array, |value| half(value.to_bits())),
        DataType::Int8 => all::<Int8Type>(numbers, array, f64::from),
        DataType::Int16 => all::<Int16Type>(numbers, array, f64::from),
        DataType::Int32 => all::<Int32Type>(numbers, array, f64::from),
        DataType::Int64 => all::<Int64Type>(numbers, array, |value| value as f64),
        DataType::UInt8 => all::<UInt8Type>(numbers, array, f64::from),
        DataType::UInt16 => all::<UInt16Type>(numbers, array, f64::from),
        DataType::UInt32 => all::<UInt32Type>(numbers, array, f64::from),
        DataType::UInt64 => all::<UInt64Type>(numbers, array, |value| value as f64),
        _ => return false,
    }
    true
}

fn all<T: ArrowPrimitiveType>(
    numbers: &mut Vec<f64>,
    array: &ArrayRef,
    number: impl Fn(T::Native) -> f64,
) {
    let values = array.as_primitive::<T>().values();
    numbers.extend(values.iter().map(|&value| number(value)));
}

/// How a value of an array is given to a column.
fn push<'a>(array: &'a ArrayRef, meaning: Meaning, count: Count<'a>) -> Result<Push<'a>> {
    if let Some(text) = text(array) {
        return Ok(Box::new(move |column, at| {
            push_text(column, text(at), count)
        }));
    }
    Ok(match array.data_type() {
        DataType::Null => Box::new(|column, _| {
            column.push_missing();
            Ok(())
        }),
        DataType::Boolean => {
            let array = array.as_boolean();
            Box::new(|column, at| {
                push_truth(column, array.value(at));
                Ok(())
            })
        }
        DataType::UInt64 => {
            let values = array.as_primitive::<UInt64Type>().values();
            Box::new(|column, at| {
                column.push_whole(values[at].into());
                Ok(())
            })
        }
        DataType::Float16 => number::<Float16Type>(array, |value| half(value.to_bits())),
        DataType::Float32 => number::<Float32Type>(array, f64::from),
        DataType::Float64 => number::<Float64Type>(array, |value| value),
        DataType::Decimal128(_, scale) => {
            let scale = i32::from(*scale);
            number::<Decimal128Type>(array, move |value| decimal(value, scale))
        }
        DataType::Decimal256(_, scale) => {
            let scale = i32::from(*scale);
            let values = array.as_primitive::<Decimal256Type>().values();
            Box::new(move |column, at| {
                let whole = values[at].to_i128().ok_or_else(|| long_decimal(32))?;
                column.push_number(decimal(whole, scale));
                Ok(())
            })
        }
        DataType::Dictionary(..) => words(array, meaning, count)?,
        _ => integer(array, meaning)?,
    })
}

fn number<'a, T: ArrowPrimitiveType>(
    array: &'a ArrayRef,
    number: impl Fn(T::Native) -> f64 + 'a,
) -> Push<'a> {
    let values = array.as_primitive::<T>().values();
    Box::new(move |column, at| {
        column.push_number(number(values[at]));
        Ok(())
    })
}

/// How a whole number of whatever meaning is given to a column.
fn integer(array: &ArrayRef, meaning: Meaning) -> Result<Push<'_>> {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    Ok(match array.data_type() {
        DataType::Int8 => whole::<Int8Type>(array, meaning),
        DataType::Int16 => whole::<Int16Type>(array, meaning),
        DataType::Int32 => whole::<Int32Type>(array, meaning),
        DataType::Int64 => whole::<Int64Type>(array, meaning),
        DataType::UInt8 => whole::<UInt8Type>(array, meaning),
        DataType::UInt16 => whole::<UInt16Type>(array, meaning),
        DataType::UInt32 => whole::<UInt32Type>(array, meaning),
        DataType::Decimal32(..) => whole::<Decimal32Type>(array, meaning),
        DataType::Decimal64(..) => whole::<Decimal64Type>(array, meaning),
        DataType::Date32 => whole::<Date32Type>(array, meaning),
        DataType::Date64 => {
            let values = array.as_primitive::<Date64Type>().values();
            Box::new(move |column, at| {
                push_integer(column, meaning, values[at].div_euclid(86_400_000));
                Ok(())
            })
        }
        DataType::Time32(Second) => whole::<Time32SecondType>(array, meaning),
        DataType::Time32(_) => whole::<Time32MillisecondType>(array, meaning),
        DataType::Time64(Microsecond) => whole::<Time64MicrosecondType>(array, meaning),
        DataType::Time64(_) => whole::<Time64NanosecondType>(array, meaning),
        DataType::Timestamp(Second, _) => whole::<TimestampSecondType>(array, meaning),
        DataType::Timestamp(Millisecond, _) => whole::<TimestampMillisecondType>(array, meaning),
        DataType::Timestamp(Microsecond, _) => whole::<TimestampMicrosecondType>(array, meaning),
        DataType::Timestamp(Nanosecond, _) => whole::<TimestampNanosecondType>(array, meaning),
        DataType::Duration(Second) => whole::<DurationSecondType>(array, meaning),
        DataType::Duration(Millisecond) => whole::<DurationMillisecondType>(array, meaning),
        DataType::Duration(Microsecond) => whole::<DurationMicrosecondType>(array, meaning),
        DataType::Duration(Nanosecond) => whole::<DurationNanosecondType>(array, meaning),
        _ => return Err(broken("numbers, words or times", "another type")),
    })
}

fn whole<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef, meaning: Meaning) -> Push<'_> {
    let values = array.as_primitive::<T>().values();
    Box::new(move |column, at| {
        push_integer(column, meaning, values[at].into());
        Ok(())
    })
}

/// How a value that stands in a dictionary is given to a column.
fn words<'a>(array: &'a ArrayRef, meaning: Meaning, count: Count<'a>) -> Result<Push<'a>> {
    let dictionary = array.as_any_dictionary();
    let words = dictionary.values();
    // Where there are no words, every value is missing.
    let keys = match words.is_empty() {
        true => Vec::new(),
        false => dictionary.normalized_keys(),
    };
    let push = push(words, meaning, count)?;
    Ok(Box::new(move |column, at| {
        let key = *keys.get(at).ok_or_else(short)?;
        match words.is_valid(key) {
            true => push(column, key),
            false => {
                column.push_missing();
                Ok(())
            }
        }
    }))
}

/// The words of an array; none where it has no such.
fn text<'a>(array: &'a ArrayRef) -> Option<Box<dyn Fn(usize) -> &'a str + 'a>> {
    Some(match array.data_type() {
        DataType::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|at| array.value(at))
        }
        DataType::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|at| array.value(at))
        }
        DataType::Utf8View => {
            let array = array.as_string_view();
            Box::new(|at| array.value(at))
        }
        _ => return None,
    })
}

/// Takes in lists of one length, each a row.
fn lists(into: &mut Reading, root: &ArrayRef, way: &Way, count: Count) -> Result<()> {
    let mut nodes = Vec::new();
    let mut array = root;
    let mut depth = 0;
    for step in &way.steps {
        let (node, inner) = Node::of(array, *step, &mut depth)?;
        nodes.push(node);
        array = inner;
    }
    if *array.data_type() == DataType::Null {
        // They have no bytes that would bound them.
        count(8 * array.len() as u64)?;
    }
    let push = push(array, into.leaf.meaning, count)?;
    let (mut levels, mut places) = (Vec::new(), Vec::new());
    for row in 0..root.len() {
        levels.clear();
        places.clear();
        let mut list = List {
            levels: &mut levels,
            places: &mut places,
            is_there: false,
            values: array,
        };
        list.walk(&nodes, row, 0);
        if !list.is_there && levels.len() == 1 {
            into.push_no_list(count)?;
            continue;
        }
        into.push_list(&levels, count, |column, at| match places[at] {
            Some(place) => push(column, place),
            None => {
                column.push_missing();
                Ok(())
            }
        })?;
    }
    Ok(())
}

/// A structure or a list on the way to the values of lists.
struct Node<'a> {
    array: &'a ArrayRef,
    /// Where the elements of each list lie; none for a structure.
    elements: Option<Box<dyn Fn(usize) -> Range<usize> + 'a>>,
    /// How many lists it is in, itself one of them.
    depth: i16,
}

impl<'a> Node<'a> {
    fn of(array: &'a ArrayRef, step: Step, depth: &mut i16) -> Result<(Self, &'a ArrayRef)> {
        if let Step::Field(at) = step {
            let parent = array.as_struct_opt().ok_or_else(short)?;
            let node = Self {
                array,
                elements: None,
                depth: *depth,
            };
            return Ok((node, parent.columns().get(at).ok_or_else(short)?));
        }
        *depth += 1;
        let (elements, inner): (Box<dyn Fn(usize) -> Range<usize>>, _) = match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let ends = list.offsets();
                (
                    Box::new(|at| ends[at] as usize..ends[at + 1] as usize),
                    list.values(),
                )
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                let ends = list.offsets();
                (
                    Box::new(|at| ends[at] as usize..ends[at + 1] as usize),
                    list.values(),
                )
            }
            DataType::ListView(_) => {
                let list = array.as_list_view::<i32>();
                let range = |at| {
                    let start = list.value_offset(at) as usize;
                    start..start + list.value_size(at) as usize
                };
                (Box::new(range), list.values())
            }
            DataType::LargeListView(_) => {
                let list = array.as_list_view::<i64>();
                let range = |at| {
                    let start = list.value_offset(at) as usize;
                    start..start + list.value_size(at) as usize
                };
                (Box::new(range), list.values())
            }
            DataType::FixedSizeList(_, width) => {
                let width = *width as usize;
                let list = array.as_fixed_size_list();
                (
                    Box::new(move |at| at * width..(at + 1) * width),
                    list.values(),
                )
            }
            _ => return Err(short()),
        };
        let node = Self {
            array,
            elements: Some(elements),
            depth: *depth,
        };
        Ok((node, inner))
    }
}

/// The values of a row, and the lists that each of them continues.
struct List<'a> {
    levels: &'a mut Vec<i16>,
    /// Where each value is among all; none where it is missing.
    places: &'a mut Vec<Option<usize>>,
    /// Whether there is an element of an innermost list, if only a missing one.
    is_there: bool,
    values: &'a ArrayRef,
}

impl List<'_> {
    fn walk(&mut self, nodes: &[Node], at: usize, level: i16) {
        let Some((node, inner)) = nodes.split_first() else {
            self.is_there = true;
            return self.push(level, self.values.is_valid(at).then_some(at));
        };
        let elements = match &node.elements {
            _ if node.array.is_null(at) => 0..0,
            None => return self.walk(inner, at, level),
            Some(elements) => elements(at),
        };
        if elements.is_empty() {
            self.is_there |=
                inner.iter().all(|node| node.elements.is_none()) && node.elements.is_none();
            return self.push(level, None);
        }
        let start = elements.start;
        for element in elements {
            let level = if element == start { level } else { node.depth };
            self.walk(inner, element, level);
        }
    }

    fn push(&mut self, level: i16, place: Option<usize>) {
        self.levels.push(level);
        self.places.push(place);
    }
}
