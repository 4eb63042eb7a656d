//! Samples whose values are read in another order than they are stored in.

use std::sync::Arc;

use super::Values;
use crate::error::content_of as content;
use crate::{Error, Samples};

/// The order in which the values of every sample are read.
#[derive(Clone, Debug)]
pub(super) struct Permuted {
    /// Value i is the stored value `order[i]`.
    pub(super) order: Arc<[u32]>,
    /// The columns of a table in this order.
    pub(super) columns: Arc<[String]>,
}

impl Permuted {
    /// Writes the values in this order.
    pub(super) fn apply<T: Copy, U>(&self, stored: &[T], out: &mut [U], value: impl Fn(T) -> U) {
        assert_eq!(out.len(), self.order.len(), "room for a sample");
        for (out, &from) in out.iter_mut().zip(&*self.order) {
            *out = value(stored[from as usize]);
        }
    }

    /// Brings rows of values that are in this order back into that of storage.
    pub(super) fn undo(&self, rows: &[f32]) -> Vec<f32> {
        let mut stored = vec![0.0; rows.len()];
        let size = self.order.len();
        for (stored, row) in stored.chunks_exact_mut(size).zip(rows.chunks_exact(size)) {
            for (&value, &to) in row.iter().zip(&*self.order) {
                stored[to as usize] = value;
            }
        }
        stored
    }
}

impl Samples {
    /// Samples that are read in another order: value i of each is value `order[i]` of the stored one, all channels of an
    /// image taken together, row-major. The columns of a table go with their values.
    ///
    /// The values themselves stay where they are, so this costs no memory, and [`sha256`](Self::sha256) stays as it is. An
    /// order that the samples had before is replaced, not added to.
    ///
    /// # Errors
    /// [`Error::Content`] where `order` does not have each place of a value once.
    pub fn permuted(&self, order: Arc<[u32]>) -> Result<Self, Error> {
        let size = self.shape.pixels();
        let expected = || format!("an order of {size} values, each once");
        if order.len() != size {
            return Err(content(&self.name, expected(), order.len().to_string()));
        }
        let mut seen = vec![false; size];
        for &from in &*order {
            match seen.get_mut(from as usize) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => return Err(content(&self.name, expected(), format!("{from} twice"))),
                None => return Err(content(&self.name, expected(), from.to_string())),
            }
        }
        let columns = match &self.values {
            Values::Numbers { columns, .. } => order
                .iter()
                .map(|&from| columns[from as usize].clone())
                .collect(),
            Values::Pixels { .. } => [].into(),
        };
        Ok(Self {
            permuted: Some(Permuted { order, columns }),
            ..self.clone()
        })
    }

    /// Samples that are read in the order that they are stored in.
    pub fn unpermuted(&self) -> Self {
        Self {
            permuted: None,
            ..self.clone()
        }
    }

    /// The order that [`permuted`](Self::permuted) gave them; `None` where it is that of storage.
    pub fn permutation(&self) -> Option<&[u32]> {
        self.permuted.as_ref().map(|permuted| &*permuted.order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixel_store::Sink;
    use crate::{Facts, Shape};

    const SHAPE: Shape = Shape {
        channels: 3,
        height: 1,
        width: 2,
    };

    fn facts() -> Facts {
        Facts {
            name: "mine".to_owned(),
            ..Facts::default()
        }
    }

    fn images() -> Samples {
        let pixels = (0..12).map(|value| value * 10).collect();
        Samples::pictures(facts(), SHAPE, 255, pixels).expect("the parts fit")
    }

    fn table() -> Samples {
        let columns = ["a", "b", "c"].map(str::to_owned).to_vec();
        let numbers = vec![vec![1.0, 4.0], vec![2.0, 5.0], vec![3.0, 6.0]];
        Samples::table(facts(), columns, numbers).expect("the parts fit")
    }

    fn read(samples: &Samples) -> Vec<f32> {
        let mut values = Vec::new();
        let all = 0..samples.len();
        samples.read(all, 0.0, &mut values).expect("it is there");
        values
    }

    #[test]
    fn pixels_of_all_channels_are_read_in_the_order_given() {
        let order: Arc<[u32]> = [5, 0, 4, 1, 3, 2].into();
        let plain = images();
        let permuted = plain.permuted(order.clone()).expect("a permutation");
        let pixels = |samples: &Samples, at| samples.pixels(at).expect("it is there");
        assert_eq!(pixels(&permuted, 0), [50, 0, 40, 10, 30, 20]);
        assert_eq!(pixels(&permuted, 1), [110, 60, 100, 70, 90, 80]);
        let first = read(&permuted)[..2].to_vec();
        assert_eq!(first, [50.0 * (1.0 / 255.0), 0.0]);
        let mut one = [0.0; 6];
        permuted.read_one(1, -1.0, &mut one).expect("it is there");
        assert_eq!(one[1], -1.0 + 2.0 / 255.0 * 60.0);
        assert_eq!(permuted.permutation(), Some(&*order));
        assert_eq!((permuted.shape(), permuted.len()), (SHAPE, 2));
    }

    #[test]
    fn the_original_comes_back_to_the_bit() {
        let plain = images();
        let permuted = plain
            .permuted([5, 4, 3, 2, 1, 0].into())
            .expect("a permutation");
        let back = permuted.unpermuted();
        assert_eq!(back.permutation(), None);
        assert_eq!(read(&back), read(&plain));
        assert_ne!(read(&permuted), read(&plain));
        let sum = |samples: &Samples| samples.sha256().expect("it is there");
        assert_eq!(sum(&permuted), sum(&plain));
        assert_eq!(
            sum(&table().permuted([2, 0, 1].into()).expect("it fits")),
            sum(&table())
        );
        let same = plain
            .permuted([0, 1, 2, 3, 4, 5].into())
            .expect("a permutation");
        assert_eq!(read(&same), read(&plain));
    }

    #[test]
    fn a_selection_keeps_the_order() {
        let permuted = images()
            .permuted([1, 0, 2, 3, 4, 5].into())
            .expect("a permutation");
        let second = permuted.select(&[1]);
        assert_eq!(second.pixels(0).expect("it is there")[..3], [70, 60, 80]);
        assert_eq!(
            second.unpermuted().pixels(0).expect("it is there")[..2],
            [60, 70]
        );
        let again = permuted
            .permuted([5, 4, 3, 2, 1, 0].into())
            .expect("a permutation");
        assert_eq!(again.pixels(0).expect("it is there")[..2], [50, 40]);
    }

    #[test]
    fn columns_go_with_their_values_and_new_numbers_too() {
        let permuted = table().permuted([2, 0, 1].into()).expect("a permutation");
        assert_eq!(permuted.columns(), ["c", "a", "b"]);
        assert_eq!(read(&permuted), [3.0, 1.0, 2.0, 6.0, 4.0, 5.0]);
        let scaled = permuted.with_scaled(vec![30.0, 10.0, 20.0, 60.0, 40.0, 50.0]);
        assert_eq!(read(&scaled), [30.0, 10.0, 20.0, 60.0, 40.0, 50.0]);
        assert_eq!(scaled.columns(), ["c", "a", "b"]);
        let back = scaled.unpermuted();
        assert_eq!(read(&back), [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
        assert_eq!(back.columns(), ["a", "b", "c"]);
    }

    #[test]
    fn images_in_a_file_are_permuted_as_well() {
        let mut sink = Sink::new(0);
        sink.push(&[1, 2, 3, 4, 5, 6]).expect("a temporary file");
        let stored = Samples::stored(facts(), SHAPE, 255, sink.finish().expect("there is room"))
            .expect("it fits");
        assert!(!stored.in_memory());
        let permuted = stored
            .permuted([5, 4, 3, 2, 1, 0].into())
            .expect("a permutation");
        assert_eq!(permuted.pixels(0).expect("it is there"), [6, 5, 4, 3, 2, 1]);
        let scaled = [6u8, 5, 4, 3, 2, 1].map(|pixel| f32::from(pixel) * (1.0 / 255.0));
        assert_eq!(read(&permuted), scaled);
    }

    #[test]
    fn what_is_no_permutation_is_refused() {
        for (order, found) in [
            (&[0, 1][..], "2"),
            (&[0, 1, 2, 0], "4"),
            (&[0, 1, 1], "1 twice"),
            (&[0, 1, 3], "3"),
        ] {
            let error = table().permuted(order.into()).expect_err(found);
            let message =
                format!("`mine`: expected an order of 3 values, each once, found {found}");
            assert_eq!(error.to_string(), message);
        }
    }
}
