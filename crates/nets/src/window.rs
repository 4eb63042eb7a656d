//! Windows that slide over maps: kernels of convolutions and of pooling.

use std::fmt;

/// What happens where a window reaches over the edge of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Padding {
    /// The map is padded so that a size n becomes ⌈n / stride⌉.
    #[default]
    Same,
    /// Nothing is added: only windows that lie inside count, and a size n becomes ⌊(n - kernel) / stride⌋ + 1.
    Valid,
}

/// A window of `kernel` that moves by `stride` in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width, both at least 1. A height of 1 makes a window for series: `[1, 3]` is the kernel 3 of a 1-d convolution.
    pub kernel: [usize; 2],
    /// At least 1.
    pub stride: usize,
    /// What happens at the edges.
    pub padding: Padding,
}

impl Window {
    /// A square window with `Same` padding.
    pub fn same(kernel: usize, stride: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride,
            padding: Padding::Same,
        }
    }

    /// Height and width of what comes out of a map of this height and width; 0 where no window fits.
    pub fn output(&self, size: [usize; 2]) -> [usize; 2] {
        self.each(size, |size, kernel| match self.padding {
            Padding::Same => size.div_ceil(self.stride),
            Padding::Valid if size < kernel => 0,
            Padding::Valid => (size - kernel) / self.stride + 1,
        })
    }

    /// Zeros before and after each direction for a convolution.
    ///
    /// An odd kernel has as many before as after, as in PyTorch. Of an even one the odd zero comes after, as in Keras.
    pub fn zeros_around(&self, size: [usize; 2]) -> [(usize, usize); 2] {
        self.each(size, |size, kernel| match self.padding {
            Padding::Valid => (0, 0),
            Padding::Same if kernel % 2 == 1 => (kernel / 2, kernel / 2),
            Padding::Same => self.shared_out(size, kernel),
        })
    }

    /// Places before and after each direction for pooling, which no maximum is ever taken from: as in Keras, the odd one comes after.
    pub fn places_around(&self, size: [usize; 2]) -> [(usize, usize); 2] {
        self.each(size, |size, kernel| match self.padding {
            Padding::Valid => (0, 0),
            Padding::Same => self.shared_out(size, kernel),
        })
    }

    /// What the last window reaches over the edge, half of it before and the larger half after.
    fn shared_out(&self, size: usize, kernel: usize) -> (usize, usize) {
        let last = (size.div_ceil(self.stride).max(1) - 1) * self.stride; // where the last window starts
        let missing = (last + kernel).saturating_sub(size);
        (missing / 2, missing - missing / 2)
    }

    fn each<T>(&self, [height, width]: [usize; 2], of: impl Fn(usize, usize) -> T) -> [T; 2] {
        let [rows, columns] = self.kernel;
        [of(height, rows), of(width, columns)]
    }

    /// What is wrong with it on a map of this height and width, in words.
    ///
    /// # Errors
    ///
    /// Where it is empty, does not move, or fits nowhere.
    pub(crate) fn check(&self, [height, width]: [usize; 2]) -> Result<(), String> {
        let [rows, columns] = self.kernel;
        if rows == 0 || columns == 0 || self.stride == 0 {
            let found = format!("{rows}x{columns} and stride {}", self.stride);
            return Err(format!(
                "has kernel {found}, expected sizes and a stride of at least 1"
            ));
        }
        if self.output([height, width]).contains(&0) {
            return Err(format!(
                "has a kernel of {rows}x{columns} that does not fit into a {height}x{width} map, expected a smaller \
                 kernel, or padding that keeps the size (leave the `v` out)"
            ));
        }
        Ok(())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, columns] = self.kernel;
        write!(f, "{rows}x{columns}")?;
        if self.stride != 1 {
            write!(f, " / {}", self.stride)?;
        }
        match self.padding {
            Padding::Same => Ok(()),
            Padding::Valid => f.write_str(" valid"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: usize, stride: usize, padding: Padding) -> Window {
        Window {
            padding,
            ..Window::same(kernel, stride)
        }
    }

    #[test]
    fn padded_sizes_are_divided_by_the_stride_and_rounded_up() {
        let sizes = |size| window(4, 2, Padding::Same).output([size, size])[0];
        assert_eq!([1, 2, 5, 8].map(sizes), [1, 1, 3, 4]);
    }

    #[test]
    fn without_padding_only_whole_windows_count() {
        let sizes = |size| window(4, 2, Padding::Valid).output([size, size])[0];
        assert_eq!([3, 4, 5, 6, 32].map(sizes), [0, 1, 1, 2, 15]);
    }

    /// `tf.keras.ops.conv` with `padding="same"`: `total = (⌈n / s⌉ - 1) s + k - n`, of which ⌊total / 2⌋ before.
    #[test]
    fn an_even_kernel_has_its_odd_zero_after() {
        let zeros =
            |kernel, stride, size| window(kernel, stride, Padding::Same).zeros_around([size; 2])[0];
        assert_eq!(zeros(2, 1, 5), (0, 1));
        assert_eq!(zeros(4, 1, 5), (1, 2));
        assert_eq!(zeros(4, 2, 6), (1, 1));
        assert_eq!(zeros(4, 2, 5), (1, 2));
        assert_eq!(zeros(2, 3, 6), (0, 0));
    }

    #[test]
    fn an_odd_kernel_has_as_many_zeros_before_as_after() {
        for (kernel, stride, size) in [(3, 1, 5), (3, 2, 6), (3, 3, 7), (5, 2, 4)] {
            let zeros = window(kernel, stride, Padding::Same).zeros_around([size; 2]);
            assert_eq!(zeros, [(kernel / 2, kernel / 2); 2]);
        }
    }

    #[test]
    fn a_window_that_fits_nowhere_is_refused_in_words() {
        let error = window(5, 1, Padding::Valid)
            .check([4, 9])
            .expect_err("too high");
        assert!(error.contains("5x5") && error.contains("4x9"), "{error}");
        assert!(window(5, 1, Padding::Same).check([4, 9]).is_ok());
        assert!(window(0, 1, Padding::Same).check([4, 9]).is_err());
        assert!(window(1, 0, Padding::Valid).check([4, 9]).is_err());
    }
}
