//! The two problems on which minimisers are compared: 32 letters of 7 rows of 5 pixels through two numbers.

use espejo_mlp::Activation::{Sigmoid, Tanh};
use espejo_mlp::{Fit, Loss, Net};

/// A to Z and 0 to 5 (the peers' `common.py`): seven rows a letter, the leftmost pixel 16.
const LETTERS: &str = "
0E11111F111111 1E11111E11111E 0E11101010110E 1C12111111121C 1F10101E10101F 1F10101E101010 0E11101711110F 1111111F111111
0E04040404040E 0702020202120C 11121418141211 1010101010101F 111B1515111111 11111915131111 0E11111111110E 1E11111E101010
0E11111115120D 1E11111E141211 0F10100E01011E 1F040404040404 1111111111110E 11111111110A04 1111111515150A 11110A040A1111
1111110A040404 1F01020408101F 0E11131519110E 040C040404040E 0E11010204081F 1F02040201110E 02060A121F0202 1F101E0101110E";

/// 0x40 to 0x5F of the second font of `datasets/fonts7x5.csv`.
const FONT: &str = "
0E11171517100F 040A11111F1111 1E11111E11111E 0E11101010110E 1E09090909091E 1F10101C10101F 1F10101F101010 0E11101013110F
1111111F111111 0E04040404040E 1F02020202120C 11121418141211 1010101010101F 111B1511111111 11111915131111 0E11111111110E
1E11111E101010 0E11111115120D 1E11111E141211 0E11100E01110E 1F040404040404 1111111111110E 11111111110A04 11111115151B11
11110A040A1111 11110A04040404 1F01020408101F 0E08080808080E 10100804020101 0E02020202020E 040A1100000000 0000000000001F";

/// Row by row, 0 or 1: `[32, 35]`.
fn pixels(letters: &str) -> Vec<f64> {
    let rows = letters
        .split_whitespace()
        .flat_map(|letter| (0..7).map(|row| &letter[2 * row..][..2]));
    let rows = rows.map(|row| u8::from_str_radix(row, 16).expect("two digits"));
    rows.flat_map(|row| (0..5).rev().map(move |column| f64::from(row >> column & 1)))
        .collect()
}

/// 35-25-2-25-35, sigmoids everywhere, ½ squared error summed over the letters: 1,937 weights.
pub fn w4() -> Fit {
    let net = Net::new(&[35, 25, 2, 25, 35], &[Sigmoid; 4]);
    let letters = pixels(LETTERS);
    Fit::new(net, Loss::Mse, &letters, &letters).summed()
}

/// 35-35-25-2-25-35, tanh everywhere, ½ squared error a letter: 3,197 weights.
pub fn s12() -> Fit {
    let net = Net::new(&[35, 35, 25, 2, 25, 35], &[Tanh; 5]);
    let letters = pixels(FONT);
    Fit::new(net, Loss::Mse, &letters, &letters)
}
