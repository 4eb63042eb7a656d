//! Arrays of numbers as images.

use super::{Array, Kind, Values};
use crate::error::content_of as content;
use crate::picture::Fit;
use crate::pixel_range::{Observed, PixelRange, Reading};
use crate::pixel_store::Sink;
use crate::{Error, Shape, Source};

/// Where the images of an array lie.
struct Layout {
    /// The axes in the order of samples: images, channels, rows, columns; without channels where there is one only.
    axes: &'static [usize],
    shape: Shape,
}

/// The pixels of these arrays, which share what their numbers mean, and what is to be said of that.
pub(crate) fn pixels(
    source: &Source,
    arrays: &[&Array],
) -> Result<(Vec<Values>, Option<String>), Error> {
    let layouts: Vec<_> = arrays
        .iter()
        .map(|array| array.layout())
        .collect::<Result<_, _>>()?;
    let mut observed: Option<Observed> = None;
    for (array, layout) in arrays.iter().zip(&layouts) {
        let of_this = array.observe(layout)?;
        match &mut observed {
            Some(observed) => observed.merge(&of_this),
            None => observed = Some(of_this),
        }
    }
    let Some(observed) = observed else {
        return Ok((Vec::new(), None));
    };
    // The first rules stretched nothing: whole numbers were bytes, however few of them there were.
    let given = match source.rules {
        1 if observed.is_bytes() => Some(PixelRange::BYTES),
        _ => source.pixel_range,
    };
    let reading = observed.reading(given);
    let values = arrays.iter().zip(&layouts);
    let values = values.map(|(array, layout)| array.pixels(source, layout, &reading));
    Ok((values.collect::<Result<_, _>>()?, reading.note))
}

impl Array {
    /// The shape of each image, and what the numbers of all are like.
    ///
    /// # Errors
    /// [`Error::Content`] where these are no images, or a number is not finite.
    pub(crate) fn look(&self) -> Result<(Shape, Observed), Error> {
        let layout = self.layout()?;
        Ok((layout.shape, self.observe(&layout)?))
    }

    fn layout(&self) -> Result<Layout, Error> {
        layout(&self.shape).ok_or_else(|| {
            let expected = "a table of 2 dimensions, or images of 3, or of 4 with 1 or 3 channels";
            let found = format!("the shape {:?}", self.shape);
            content(&self.origin, expected, found)
        })
    }

    /// What the numbers of all images are like.
    fn observe(&self, layout: &Layout) -> Result<Observed, Error> {
        let mut observed = Observed::none(self.element.kind, self.element.size);
        let (mut place, mut bad) = (0, None);
        self.each(layout.axes, |value| {
            if !value.is_finite() && bad.is_none() {
                bad = Some((place / layout.shape.pixels(), value));
            }
            observed.take(value);
            place += 1;
        });
        match bad {
            None => Ok(observed),
            Some((image, value)) => {
                let origin = format!("{}: image {}", self.origin, image + 1);
                Err(content(&origin, "finite pixels", value.to_string()))
            }
        }
    }

    fn pixels(&self, source: &Source, layout: &Layout, reading: &Reading) -> Result<Values, Error> {
        let shape = Fit::of(source).shape(layout.shape);
        let mut sink = Sink::new(source.memory);
        sink.reserve(self.shape[0].saturating_mul(shape.pixels()));
        let levels = self.append_pixels(source, reading, &mut sink)?;
        Ok(Values {
            shape,
            levels,
            store: sink.finish(),
            range: reading.range,
        })
    }

    /// Appends the pixels of all images, and says which the largest is that they may have.
    ///
    /// # Errors
    /// [`Error::Content`] where these are no images, and [`Error::Io`].
    pub(crate) fn append_pixels(
        &self,
        source: &Source,
        reading: &Reading,
        sink: &mut Sink,
    ) -> Result<u8, Error> {
        let (fit, layout) = (Fit::of(source), self.layout()?);
        let shape = fit.shape(layout.shape);
        // What is brought to another size has values between its two.
        let is_two_valued = reading.is_two_valued && shape == layout.shape;
        let size = layout.shape.pixels();
        let mut image = Vec::with_capacity(size);
        let mut result = Ok(());
        let is_plain = self.element.kind == Kind::Unsigned
            && self.element.size == 1
            && reading.range == PixelRange::BYTES;
        self.each(layout.axes, |value| {
            image.push(match (is_two_valued, is_plain) {
                (true, _) => u8::from(value > 0.5),
                (_, true) => value as u8,
                _ => reading.range.pixel(value),
            });
            if image.len() == size {
                if result.is_ok() {
                    result = sink.push(&fit.apply(layout.shape, &image));
                }
                image.clear();
            }
        });
        result?;
        Ok(if is_two_valued { 1 } else { 255 })
    }
}

/// The axes of images in the order of samples, and the shape of one image. Channels stand last where both ends would do.
fn layout(shape: &[usize]) -> Option<Layout> {
    let of = |axes, channels, height, width| {
        let shape = Shape {
            channels,
            height,
            width,
        };
        Some(Layout { axes, shape })
    };
    match *shape {
        [_, height, width] => of(&[0, 1, 2], 1, height, width),
        [_, height, width, channels @ (1 | 3)] => of(&[0, 3, 1, 2], channels, height, width),
        [_, channels @ (1 | 3), height, width] => of(&[0, 1, 2, 3], channels, height, width),
        _ => None,
    }
}
