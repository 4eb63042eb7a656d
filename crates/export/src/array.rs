//! Arrays of examples, as NumPy writes them.

/// An array.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Its sizes, the batch first.
    pub shape: Vec<usize>,
    /// Row-major.
    pub numbers: Numbers,
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Single precision.
    Single(Vec<f32>),
    /// Double precision.
    Double(Vec<f64>),
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Truth values.
    Truth(Vec<bool>),
}

impl Array {
    /// The bytes of a `.npy` file, version 1.0 of the format, little-endian.
    pub fn npy(&self) -> Vec<u8> {
        let descr = match self.numbers {
            Numbers::Single(_) => "<f4",
            Numbers::Double(_) => "<f8",
            Numbers::Whole(_) => "<i8",
            Numbers::Truth(_) => "|b1",
        };
        let mut bytes = npy_header(descr, &self.shape);
        match &self.numbers {
            Numbers::Single(numbers) => bytes.extend(numbers.iter().flat_map(|n| n.to_le_bytes())),
            Numbers::Double(numbers) => bytes.extend(numbers.iter().flat_map(|n| n.to_le_bytes())),
            Numbers::Whole(numbers) => bytes.extend(numbers.iter().flat_map(|n| n.to_le_bytes())),
            Numbers::Truth(numbers) => bytes.extend(numbers.iter().map(|n| u8::from(*n))),
        }
        bytes
    }

    /// The numbers in double precision, truth as 1.
    pub fn doubles(&self) -> Vec<f64> {
        match &self.numbers {
            Numbers::Single(numbers) => numbers.iter().map(|n| f64::from(*n)).collect(),
            Numbers::Double(numbers) => numbers.clone(),
            Numbers::Whole(numbers) => numbers.iter().map(|n| *n as f64).collect(),
            Numbers::Truth(numbers) => numbers.iter().map(|n| f64::from(u8::from(*n))).collect(),
        }
    }

    /// The type of the numbers, as NumPy calls it.
    pub fn kind(&self) -> &'static str {
        match self.numbers {
            Numbers::Single(_) => "float32",
            Numbers::Double(_) => "float64",
            Numbers::Whole(_) => "int64",
            Numbers::Truth(_) => "bool",
        }
    }
}

/// All that comes before the numbers of a `.npy` file, version 1.0 of the format, in row-major order; `descr` is their type as NumPy writes it.
pub fn npy_header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    // A single size keeps its comma, as a tuple of Python has it.
    let sizes = match shape.len() {
        1 => sizes.trim_end(),
        _ => sizes.trim_end_matches(", "),
    };
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    // Magic, version, length and header together take a multiple of 64 bytes, of which the last is a line feed.
    let filled = (10 + header.len() + 1).next_multiple_of(64);
    header += &" ".repeat(filled - 10 - header.len() - 1);
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Held against `numpy.save` of NumPy 2.3: `np.save(f, np.array([True, False]))`.
    #[test]
    fn a_file_is_as_numpy_writes_it() {
        let array = Array {
            shape: vec![2],
            numbers: Numbers::Truth(vec![true, false]),
        };
        let bytes = array.npy();
        assert_eq!(bytes.len(), 128 + 2);
        let header = b"{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }";
        assert_eq!(&bytes[10..10 + header.len()], header);
        assert_eq!(&bytes[127..], b"\n\x01\x00");
    }
}
