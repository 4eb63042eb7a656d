//! Rows of a table that are images.

use crate::array::Kind;
use crate::error::content_of as content;
use crate::picture::Fit;
use crate::pixel_range::{Observed, Reading};
use crate::pixel_store::Sink;
use crate::row_shape::RowShape;
use crate::source::Source;
use crate::{Error, Samples};

/// Columns that are called like pixels make a hint from so many on.
const FEWEST: usize = 64;

/// The images that the rows of these parts are, which share what their numbers mean, and what is to be said of that.
///
/// # Errors
/// [`Error::Selection`] where the shape has more or fewer numbers than a row has inputs; [`Error::Content`] for a missing pixel.
pub(super) fn images(
    source: &Source,
    shape: RowShape,
    train: Samples,
    test: Option<Samples>,
) -> Result<(Samples, Option<Samples>, Option<String>), Error> {
    let mut observed = Observed::none(Kind::Float, 8);
    for samples in [&train].into_iter().chain(&test) {
        check_width(source, shape, samples)?;
        observe(samples, &mut observed)?;
    }
    let reading = observed.reading(source.pixel_range);
    let test = test.map(|test| drawn(source, shape, &test, &reading));
    Ok((
        drawn(source, shape, &train, &reading)?,
        test.transpose()?,
        reading.note,
    ))
}

fn check_width(source: &Source, shape: RowShape, samples: &Samples) -> Result<(), Error> {
    let (width, pixels) = (samples.columns().len(), shape.shape.pixels());
    if width == pixels {
        return Ok(());
    }
    let expected = format!(
        "{width} numbers, as many as a row has inputs (`--label`, `--drop` and `--index` take columns out)"
    );
    Err(source.refuse("shape", expected, format!("{shape}, which are {pixels}")))
}

fn observe(samples: &Samples, observed: &mut Observed) -> Result<(), Error> {
    let width = samples.columns().len();
    samples.visit(&mut |first, block| {
        if let Some(at) = block.iter().position(|number| number.is_nan()) {
            let (row, name) = (first + at / width, &samples.columns()[at % width]);
            let found = format!(
                "a missing cell in row {}, column `{name}`",
                samples.row(row) + 1
            );
            return Err(content(samples.name(), "a number for each pixel", found));
        }
        observed.take_all(block);
        Ok(true)
    })
}

fn drawn(
    source: &Source,
    shape: RowShape,
    rows: &Samples,
    reading: &Reading,
) -> Result<Samples, Error> {
    let fit = Fit::of(source);
    let fitted = fit.shape(shape.shape);
    // What is brought to another size has values between its two.
    let is_two_valued = reading.is_two_valued && fitted == shape.shape;
    let pixel = |number: f64| match is_two_valued {
        true => u8::from(number > 0.5),
        false => reading.range.pixel(number),
    };
    let mut sink = Sink::of(source, source.memory);
    sink.reserve(rows.len().saturating_mul(fitted.pixels()));
    let places: Vec<_> = (0..shape.shape.pixels())
        .map(|at| shape.place(at))
        .collect();
    let mut image = Vec::with_capacity(places.len());
    rows.visit(&mut |_, block| {
        for row in block.chunks_exact(places.len()) {
            image.clear();
            image.extend(places.iter().map(|&place| pixel(row[place])));
            sink.push(&fit.apply(shape.shape, &image))?;
        }
        Ok(true)
    })?;
    let levels = if is_two_valued { 1 } else { 255 };
    Ok(rows.with_images(fitted, levels, sink.finish()?, reading.range))
}

/// The shape of images that columns of numbers with these names seem to hold, and how many of them are called like pixels.
pub(super) fn seeming<'a>(names: impl Iterator<Item = &'a String>) -> Option<(usize, String)> {
    let count = names.filter(|name| is_called_pixel(name)).count();
    let side = |pixels: usize| Some(pixels.isqrt()).filter(|side| side * side == pixels);
    if count < FEWEST {
        return None;
    }
    match (side(count), side(count / 3)) {
        (Some(side), _) => Some((count, format!("{side}x{side}"))),
        (None, Some(side)) if count.is_multiple_of(3) => Some((count, format!("{side}x{side}x3"))),
        _ => None,
    }
}

/// Whether a name is like `pixel12`, `pixel_3_4`, `px-7`, `p17` or `3x4`.
fn is_called_pixel(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = ["pixel", "pix", "px", "p"].into_iter();
    let behind = words.find_map(|word| name.strip_prefix(word));
    let numbers = behind.unwrap_or(&name);
    let numbers = numbers
        .strip_prefix(['_', '-', '.', ' '])
        .unwrap_or(numbers);
    let mut parts = numbers.split(['x', '_', '-', '.', ' ']);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let count = parts.clone().count();
    parts.all(is_number) && (count == 2 || count == 1 && behind.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(count: usize, name: fn(usize) -> String, expected: Option<&str>) {
        let names: Vec<String> = (0..count).map(name).collect();
        let found = seeming(names.iter()).map(|(_, shape)| shape);
        assert_eq!(found.as_deref(), expected, "{count}");
    }

    #[test]
    fn columns_called_like_pixels_seem_to_be_images() {
        check(784, |at| format!("pixel{at}"), Some("28x28"));
        check(
            784,
            |at| format!("{}x{}", at / 28 + 1, at % 28 + 1),
            Some("28x28"),
        );
        check(64, |at| format!("pixel_{}_{}", at / 8, at % 8), Some("8x8"));
        check(64, |at| format!("P{at}"), Some("8x8"));
        check(3072, |at| format!("px-{at}"), Some("32x32x3"));
        check(63, |at| format!("pixel{at}"), None);
        check(49, |at| format!("pixel{at}"), None);
        check(784, |at| format!("{at}"), None);
        check(784, |at| format!("sensor{at}"), None);
        check(784, |at| format!("price{at}"), None);
    }
}
