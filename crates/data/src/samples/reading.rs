//! The values of samples as they are read: one, some, or all of them for their checksum.

use pulp::{Arch, Simd, WithSimd};
use sha2::{Digest, Sha256};

use super::numbers::Numbers;
use super::{AT_A_TIME, Samples, Shape, Values};
use crate::Error;
use crate::parallel::ahead;
use crate::pixel_store::Store;

/// Pixels that become numbers in vectors of the machine's own width: training waits for them in every step.
struct Scaled<'a, F> {
    pixels: &'a [u8],
    value: F,
    out: &'a mut [f32],
}

impl<F: Fn(u8) -> f32> WithSimd for Scaled<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, &pixel) in self.out.iter_mut().zip(self.pixels) {
            *out = (self.value)(pixel);
        }
    }
}

impl Samples {
    /// The pixels of one image, row-major `[channels, height, width]`.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len), or these are rows of a table.
    pub fn pixels(&self, index: usize) -> Result<Vec<u8>, Error> {
        let mut out = vec![0; self.shape.pixels()];
        match &self.values {
            Values::Pixels { store, .. } => store.read(self.start(index) as u64, &mut out)?,
            Values::Numbers { .. } => panic!("a table has no pixels"),
        }
        if let Some(permuted) = &self.permuted {
            permuted.apply(&out.clone(), &mut out, |pixel| pixel);
        }
        Ok(out)
    }

    /// Appends the values of these samples to `out`, row-major: pixels go from 0..=[`levels`](Self::levels) to `low`..=1,
    /// numbers stay as they are, rounded to
    /// single precision, NaN where a cell is missing.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Self::len).
    pub fn read(
        &self,
        indices: impl IntoIterator<Item = usize>,
        low: f32,
        out: &mut Vec<f32>,
    ) -> Result<(), Error> {
        let indices: Vec<usize> = indices.into_iter().collect();
        let start = out.len();
        out.resize(start + indices.len() * self.shape.pixels(), 0.0);
        self.read_into(&indices, low, &mut out[start..])
    }

    /// Writes the values of these samples, as [`read`](Self::read) appends them.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Self::len), or `out` not as long as the samples.
    pub fn read_into(&self, indices: &[usize], low: f32, out: &mut [f32]) -> Result<(), Error> {
        if self.in_memory() {
            let mut samples = out.chunks_exact_mut(self.shape.pixels());
            return (indices.iter().zip(&mut samples))
                .try_for_each(|(index, out)| self.read_one(*index, low, out));
        }
        // From a file, samples that lie one after another are read at once.
        let places: Vec<_> = indices.iter().map(|at| self.place(*at)).collect();
        match &self.values {
            Values::Pixels { levels, store } => self.read_runs(&places, (*levels, low), store, out),
            Values::Numbers { numbers, .. } => match numbers {
                Numbers::Rows(rows) => rows.read(&places, self.permuted.as_ref(), out),
                _ => unreachable!("other numbers lie in memory"),
            },
        }
    }

    /// Writes the values of one sample, as [`read`](Self::read) gives them.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    ///
    /// # Panics
    /// Where the index is not below [`len`](Self::len), or `out` not as long as a sample.
    pub fn read_one(&self, index: usize, low: f32, out: &mut [f32]) -> Result<(), Error> {
        let (start, size) = (self.start(index), self.shape.pixels());
        let (levels, store) = match &self.values {
            Values::Numbers { numbers, .. } => {
                return numbers.read(self.place(index), self.permuted.as_ref(), out);
            }
            Values::Pixels { levels, store } => (*levels, &**store),
        };
        let mut from_file = Vec::new();
        let pixels = match store {
            Store::Memory(pixels) => &pixels[start..][..size],
            file => {
                from_file.resize(size, 0);
                file.read(start as u64, &mut from_file)?;
                &from_file
            }
        };
        self.write(pixels, (levels, low), out);
        Ok(())
    }

    /// Reads images from a file, those that lie one after another at once.
    fn read_runs(
        &self,
        places: &[usize],
        scale: (u8, f32),
        store: &Store,
        out: &mut [f32],
    ) -> Result<(), Error> {
        store.check()?;
        let (size, mut bytes) = (self.shape.pixels(), Vec::new());
        let mut images = out.chunks_exact_mut(size);
        for run in places.chunk_by(|before, next| before + 1 == *next) {
            for run in run.chunks(AT_A_TIME) {
                bytes.resize(run.len() * size, 0);
                store.read((run[0] * size) as u64, &mut bytes)?;
                for (pixels, out) in bytes.chunks_exact(size).zip(&mut images) {
                    self.write(pixels, scale, out);
                }
            }
        }
        Ok(())
    }

    /// Writes the pixels of an image as [`read`](Self::read) gives them.
    fn write(&self, pixels: &[u8], (levels, low): (u8, f32), out: &mut [f32]) {
        assert_eq!(out.len(), pixels.len(), "room for a sample");
        let scale = (1.0 - low) / f32::from(levels);
        let value = |pixel| low + scale * f32::from(pixel);
        match &self.permuted {
            None => Arch::new().dispatch(Scaled { pixels, value, out }),
            Some(permuted) => permuted.apply(pixels, out, value),
        }
    }

    /// Whether reading a sample asks no file.
    pub fn in_memory(&self) -> bool {
        match &self.values {
            Values::Numbers { numbers, .. } => !matches!(numbers, Numbers::Rows(_)),
            Values::Pixels { store, .. } => matches!(**store, Store::Memory(_)),
        }
    }

    /// The SHA-256 of the values, 64 hexadecimal digits, whatever the set, its samples and classes are called.
    ///
    /// Targets and a [permutation](Self::permuted) are not in it, and it never changes: a run that is resumed is held against the value that it wrote down when it
    /// was started, maybe years ago. Targets have [`targets_sha256`](Self::targets_sha256).
    ///
    /// For images it is taken over the 16 bytes `espejo images 1\n`, then channels, height, width, levels and the number
    /// of images as little-endian `u64`, then the pixels; for a table over `espejo numbers 1`, then columns and rows, then
    /// the numbers as little-endian `f32`, which is what a model sees of them. For texts it is taken over `espejo texts 01\n`, then the
    /// numbers of a sample and the samples, then each word of the vocabulary as its length in bytes (`u64`) and its UTF-8, then for each
    /// text the number of its entries (`u64`), these (`u32`) and how often each is there (`u16`; nothing for sequences).
    ///
    /// # Errors
    /// [`Error::Io`] where the values lie in a file that cannot be read.
    pub fn sha256(&self) -> Result<String, Error> {
        if self.permuted.is_some() {
            return self.unpermuted().sha256();
        }
        let mut hasher = Sha256::new();
        let Shape {
            channels,
            height,
            width,
        } = self.shape;
        let mut head = |magic: &[u8; 16], sizes: &[usize]| {
            hasher.update(magic);
            sizes
                .iter()
                .for_each(|size| hasher.update((*size as u64).to_le_bytes()));
        };
        match &self.values {
            Values::Numbers { .. } if self.is_text() => {
                head(b"espejo texts 01\n", &[width, self.len()]);
                self.text_bytes(|bytes| hasher.update(bytes));
            }
            Values::Numbers { .. } => {
                head(b"espejo numbers 1", &[width, self.len()]);
                ahead(|hash| self.each_rows(hash), |bytes| hasher.update(bytes))?;
            }
            Values::Pixels { levels, .. } => {
                let sizes = [channels, height, width, usize::from(*levels), self.len()];
                head(b"espejo images 1\n", &sizes);
                ahead(
                    |hash| self.each_pixels(hash),
                    |pixels| hasher.update(pixels),
                )?;
            }
        }
        let digest = hasher.finalize();
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Hands on the numbers of all rows in order, in single precision, those of some rows at once.
    fn each_rows(&self, take: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        let mut rows = Vec::new();
        for start in (0..self.len()).step_by(AT_A_TIME) {
            let end = (start + AT_A_TIME).min(self.len());
            rows.clear();
            self.read(start..end, 0.0, &mut rows)?;
            let mut bytes = vec![0; rows.len() * size_of::<f32>()];
            for (bytes, number) in bytes.as_chunks_mut().0.iter_mut().zip(&rows) {
                *bytes = number.to_le_bytes();
            }
            take(bytes);
        }
        Ok(())
    }

    /// Hands on the pixels of all images in order, those of some that lie one after another at once.
    fn each_pixels(&self, take: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
        let Values::Pixels { store, .. } = &self.values else {
            return Ok(());
        };
        store.check()?;
        let size = self.shape.pixels();
        let mut start = 0;
        while start < self.len() {
            let first = self.place(start);
            let follow = (start..self.len()).take(AT_A_TIME);
            let count = follow
                .take_while(|at| self.place(*at) == first + at - start)
                .count();
            let mut block = vec![0; count * size];
            store.read((first * size) as u64, &mut block)?;
            take(block);
            start += count;
        }
        Ok(())
    }
}
