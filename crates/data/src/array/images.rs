//! Arrays of numbers as images.

use super::{Array, Kind, Values};
use crate::error::content_of as content;
use crate::picture::Fit;
use crate::pixel_range::{Observed, PixelRange, Reading};
use crate::pixel_store::{Sink, budgets};
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
    // Bytes mean what they are as soon as one is bright; of other numbers all count.
    let all_bytes = arrays.iter().all(|array| array.element.is_byte());
    let mut observed: Option<Observed> = None;
    for (array, layout) in arrays.iter().zip(&layouts) {
        let of_this = array.observe(layout, all_bytes)?;
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
    let bytes = |array: &Array, layout: &Layout| {
        array.shape[0].saturating_mul(Fit::of(source).shape(layout.shape).pixels()) as u64
    };
    let of_test = arrays.get(1).zip(layouts.get(1));
    let of_test = of_test.map_or(0, |(array, layout)| bytes(array, layout));
    let (for_train, for_test) = budgets(source.memory, of_test);
    let values = arrays.iter().zip(&layouts).zip([for_train, for_test]);
    let values =
        values.map(|((array, layout), memory)| array.pixels(source, memory, layout, &reading));
    Ok((values.collect::<Result<_, _>>()?, reading.note))
}

impl Array {
    /// The shape of each image, and what the numbers of all are like.
    ///
    /// # Errors
    /// [`Error::Content`] where these are no images, or a number is not finite.
    pub(crate) fn look(&self) -> Result<(Shape, Observed), Error> {
        let layout = self.layout()?;
        Ok((layout.shape, self.observe(&layout, false)?))
    }

    fn layout(&self) -> Result<Layout, Error> {
        layout(&self.shape).ok_or_else(|| {
            let expected = "a table of 2 dimensions, or images of 3, or of 4 with 1 or 3 channels";
            let found = format!("the shape {:?}", self.shape);
            content(&self.origin, expected, found)
        })
    }

    /// What the numbers of all images are like; of bytes that may be enough those up to a bright one.
    fn observe(&self, layout: &Layout, is_enough: bool) -> Result<Observed, Error> {
        let mut observed = Observed::none(self.element.kind, self.element.size);
        if self.element.is_byte() {
            // In whatever order they lie: that is read fastest, and of no matter here.
            let mut axes = layout.axes.to_vec();
            axes.sort_by_key(|&axis| std::cmp::Reverse(self.strides[axis]));
            self.byte_blocks(&axes, &mut |block| {
                observed.take_bytes(block);
                Ok(!(is_enough && observed.is_bright()))
            })?;
            return Ok(observed);
        }
        let look = |first: usize, block: &[f64]| {
            let mut of_block = observed;
            of_block.take_all(block);
            let mut bad = block.iter();
            let bad = bad.position(|value| self.element.is_float() && !value.is_finite());
            (
                of_block,
                bad.map(|at| (first + at / layout.shape.pixels(), block[at])),
            )
        };
        let mut all = observed;
        self.made_of_blocks(layout.axes, look, &mut |(of_block, bad)| {
            if let Some((image, value)) = bad {
                let origin = format!("{}: image {}", self.origin, image + 1);
                return Err(content(&origin, "finite pixels", value.to_string()));
            }
            all.merge(&of_block);
            Ok(true)
        })?;
        Ok(all)
    }

    fn pixels(
        &self,
        source: &Source,
        memory: usize,
        layout: &Layout,
        reading: &Reading,
    ) -> Result<Values, Error> {
        let shape = Fit::of(source).shape(layout.shape);
        let values = |levels, store| Values {
            shape,
            levels,
            store,
            range: reading.range,
        };
        let bytes = self.shape[0].saturating_mul(shape.pixels());
        // What is in order already is read where it lies.
        let may_stay = bytes > memory
            && shape == layout.shape
            && self.are_pixels(reading)
            && self.is_in_order(layout.axes);
        if may_stay && let Some(store) = self.store.part(self.start, bytes as u64) {
            return Ok(values(255, store));
        }
        let mut sink = Sink::of(source, memory);
        sink.reserve(bytes);
        let levels = self.append_pixels(source, reading, &mut sink)?;
        Ok(values(levels, sink.finish()?))
    }

    /// Whether its elements are pixels as they stand there.
    fn are_pixels(&self, reading: &Reading) -> bool {
        let is_byte = self.element.kind == Kind::Unsigned && self.element.size == 1;
        is_byte && reading.range == PixelRange::BYTES && !reading.is_two_valued
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
        let pixel = |value: f64| match is_two_valued {
            true => u8::from(value > 0.5),
            false => reading.range.pixel(value),
        };
        let mut pixels = Vec::new();
        let mut push = |pixels: &[u8]| match shape == layout.shape {
            true => sink.push(pixels),
            false => {
                let mut images = pixels.chunks_exact(layout.shape.pixels());
                images.try_for_each(|image| sink.push(&fit.apply(layout.shape, image)))
            }
        };
        if self.element.is_byte() {
            let known: [u8; 256] = std::array::from_fn(|byte| match self.are_pixels(reading) {
                true => byte as u8,
                false => pixel(byte as f64),
            });
            self.byte_blocks(layout.axes, &mut |block| {
                pixels.clear();
                pixels.extend(block.iter().map(|&byte| known[usize::from(byte)]));
                push(&pixels).map(|()| true)
            })?;
        } else {
            let make =
                |_, block: &[f64]| block.iter().map(|&value| pixel(value)).collect::<Vec<_>>();
            self.made_of_blocks(layout.axes, make, &mut |pixels| {
                push(&pixels).map(|()| true)
            })?;
        }
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
