//! What the bench and the example measure: the workloads of other programs' benchmark, on the same 32 glyphs.

#[allow(dead_code)]
pub mod naive;

use espejo_mlp::{Activation, Descent, Fit, Initializer, Loss, Net, Rule};

/// A to Z and 0 to 5 as characters of 5x7 dots: seven rows of five bits each, two digits a row.
const GLYPHS: &str = "0E11111F111111 1E11111E11111E 0E11101010110E 1C12111111121C 1F10101E10101F 1F10101E101010 \
    0E11101711110F 1111111F111111 0E04040404040E 0702020202120C 11121418141211 1010101010101F 111B1515111111 11111915131111 \
    0E11111111110E 1E11111E101010 0E11111115120D 1E11111E141211 0F10100E01011E 1F040404040404 1111111111110E 11111111110A04 \
    1111111515150A 11110A040A1111 1111110A040404 1F01020408101F 0E11131519110E 040C040404040E 0E11010204081F 1F02040201110E \
    02060A121F0202 1F101E0101110E";

/// The glyphs as zeros and ones: `[32, 35]`.
pub fn glyphs() -> Vec<f64> {
    let digit =
        |text: &str, at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    let rows = GLYPHS
        .split_whitespace()
        .flat_map(|glyph| (0..7).map(move |row| digit(glyph, 2 * row)));
    rows.flat_map(|row| (0..5).map(move |column| f64::from(row >> (4 - column) & 1)))
        .collect()
}

/// A net on the glyphs, and first weights.
fn autoencoder(sizes: &[usize], activations: &[Activation], loss: Loss) -> (Fit, Vec<f64>) {
    let net = Net::new(sizes, activations);
    let start = net.init(Initializer::Glorot, 0);
    (Fit::new(net, loss, &glyphs(), &glyphs()), start)
}

/// 35-16-2-16-35, tanh and a sigmoid, cross-entropy, mean over the glyphs.
pub fn w3() -> (Fit, Vec<f64>) {
    use Activation::{Sigmoid, Tanh};
    autoencoder(
        &[35, 16, 2, 16, 35],
        &[Tanh, Tanh, Tanh, Sigmoid],
        Loss::Bce,
    )
}

/// 35-25-2-25-35, all sigmoids, half the sum of squares over all outputs.
pub fn w4() -> (Fit, Vec<f64>) {
    let (fit, start) = autoencoder(&[35, 25, 2, 25, 35], &[Activation::Sigmoid; 4], Loss::Mse);
    (fit.summed(), start)
}

/// 35-35-25-2-25-35, tanh and a sigmoid, cross-entropy: 3,197 weights.
pub fn deep() -> (Fit, Vec<f64>) {
    use Activation::{Sigmoid, Tanh};
    autoencoder(
        &[35, 35, 25, 2, 25, 35],
        &[Tanh, Tanh, Tanh, Tanh, Sigmoid],
        Loss::Bce,
    )
}

/// Momentum 0.9 at rate 0.005, by batches of this size; 0 for all glyphs.
pub fn momentum(batch: usize) -> Descent {
    Descent {
        rule: Rule::Gradient { momentum: 0.9 },
        learning_rate: 0.005,
        adaptive: None,
        batch,
        shuffle: None,
    }
}
