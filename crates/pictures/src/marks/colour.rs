//! Colours made to measure in Oklch (Ottosson, "A perceptual color space for image processing", 2020), where equal steps
//! look equal.

use crate::layout::theme;

/// A colour as red, green and blue bytes.
pub(crate) type Rgb = [u8; 3];

/// Lightness of neighbouring classes, by turns, so that near hues still differ.
const LIGHTNESS: [f64; 3] = [0.46, 0.78, 0.62];
const CLASS_CHROMA: f64 = 0.17;
/// Where the hues begin, in degrees: a red.
const FIRST_HUE: f64 = 20.0;
/// Lightness of the two ends of a ramp, and its strongest colour.
const RAMP: (f64, f64) = (0.91, 0.27);
const RAMP_CHROMA: f64 = 0.13;
const RAMP_HUE: f64 = 255.0;
/// The other end of a scale of two colours, and the lightness of its middle and its ends.
const OTHER_HUE: f64 = 50.0;
const SIDES: (f64, f64) = (0.97, 0.42);

const WHITE: Rgb = [255; 3];
/// Letters are readable at this contrast (WCAG 2.2, level AA).
const READABLE: f64 = 4.5;

/// One colour a class: the ten of the theme, or, where those would come round again, evenly spread hues.
pub(crate) fn of_classes(count: usize) -> Vec<Rgb> {
    if count <= theme::CLASSES.len() {
        return theme::CLASSES.iter().map(|text| theme::rgb(text)).collect();
    }
    let of = |class: usize| {
        let hue = FIRST_HUE + 360.0 * class as f64 / count as f64;
        oklch(LIGHTNESS[class % LIGHTNESS.len()], CLASS_CHROMA, hue)
    };
    (0..count).map(of).collect()
}

/// A ramp of one hue: pale at 0, dark at 1, in equal steps of lightness.
pub(crate) fn ramp(share: f64) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    let lightness = RAMP.0 + share * (RAMP.1 - RAMP.0);
    let chroma = RAMP_CHROMA * (std::f64::consts::PI * (0.15 + 0.6 * share)).sin();
    oklch(lightness, chroma, RAMP_HUE)
}

/// Two ramps that meet in a white middle: orange at 0, blue at 1, in equal steps of lightness from the middle.
pub(crate) fn two_sided(share: f64) -> Rgb {
    let from_middle = 2.0 * share.clamp(0.0, 1.0) - 1.0;
    let hue = if from_middle < 0.0 {
        OTHER_HUE
    } else {
        RAMP_HUE
    };
    let strength = from_middle.abs();
    let lightness = SIDES.0 + strength * (SIDES.1 - SIDES.0);
    let chroma = RAMP_CHROMA * (std::f64::consts::PI * 0.7 * strength).sin();
    oklch(lightness, chroma, hue)
}

/// The ink in which small letters are readable on a colour.
pub(crate) fn ink_on(colour: Rgb) -> &'static str {
    let readable = |ink: &&str| contrast(theme::rgb(ink), colour) >= READABLE;
    [theme::INK, "#ffffff"]
        .into_iter()
        .find(readable)
        .unwrap_or("#000000")
}

/// A shade of a `#rrggbb` colour that is dark enough for small letters on white.
pub(crate) fn dark(colour: &str) -> String {
    let rgb = theme::rgb(colour);
    let shade =
        |step: u32| rgb.map(|value| (f64::from(value) * (1.0 - 0.05 * f64::from(step))) as u8);
    let shades = (0..20).map(shade);
    let found = shades
        .into_iter()
        .find(|shade| contrast(*shade, WHITE) >= READABLE);
    hex(found.unwrap_or([0; 3]))
}

/// The ratio of the luminances of two colours, 1 to 21 (WCAG 2.2).
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance of a colour, 0 to 1.
fn luminance(rgb: Rgb) -> f64 {
    let [red, green, blue] = rgb.map(|value| decoded(f64::from(value) / 255.0));
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// A colour as SVG text.
pub(crate) fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The colour of this lightness (0 to 1) and hue (degrees) whose chroma is at most `chroma` and as strong as sRGB has it.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Rgb {
    let (sine, cosine) = hue.to_radians().sin_cos();
    let with = |chroma: f64| linear_rgb(lightness, chroma * cosine, chroma * sine);
    let inside = |value: &f64| (-1e-4..=1.0 + 1e-4).contains(value);
    let weaker = (0..40).map(|step| with(chroma * (1.0 - f64::from(step) / 40.0)));
    let found = weaker.into_iter().find(|rgb| rgb.iter().all(inside));
    found.unwrap_or_else(|| with(0.0)).map(encoded)
}

/// Oklab to linear sRGB.
fn linear_rgb(lightness: f64, a: f64, b: f64) -> [f64; 3] {
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short,
    ]
}

/// A linear value as a byte of sRGB.
fn encoded(value: f64) -> u8 {
    let value = value.clamp(0.0, 1.0);
    let encoded = if value <= 0.003_130_8 {
        12.92 * value
    } else {
        1.055 * value.powf(1.0 / 2.4) - 0.055
    };
    (encoded * 255.0).round() as u8
}

/// A value of sRGB, 0 to 1, as a linear one.
fn decoded(value: f64) -> f64 {
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours() {
        // Ottosson's values of sRGB's white, black and red.
        assert_eq!(oklch(1.0, 0.0, 0.0), [255, 255, 255]);
        assert_eq!(oklch(0.0, 0.0, 0.0), [0, 0, 0]);
        assert_eq!(oklch(0.627_955, 0.257_683, 29.233_9), [255, 0, 0]);
        assert_eq!(hex([63, 144, 218]), "#3f90da");
    }

    #[test]
    fn classes_have_colours_of_their_own() {
        assert_eq!(of_classes(10)[1], theme::rgb(theme::CLASSES[1]));
        let far = |a: &Rgb, b: &Rgb| (0..3).map(|c| i32::from(a[c].abs_diff(b[c]))).sum::<i32>();
        for (count, least) in [(11, 60), (26, 40), (47, 20)] {
            let colours = of_classes(count);
            for (index, a) in colours.iter().enumerate() {
                for b in &colours[..index] {
                    assert!(far(a, b) >= least, "{count} classes: {a:?} {b:?}");
                }
            }
        }
    }

    /// What protan, deutan and tritan readers see of linear red, green and blue (Machado, Oliveira and Fernandes, 2009, severity 1).
    const BLIND: [[[f64; 3]; 3]; 3] = [
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];

    fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>())
    }

    /// Linear sRGB to Oklab (Ottosson).
    fn oklab(rgb: [f64; 3]) -> [f64; 3] {
        let cones = [
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ];
        let lab = [
            [0.210_454_255_3, 0.793_617_785, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766],
        ];
        times(
            &lab,
            times(&cones, rgb.map(|value| value.clamp(0.0, 1.0))).map(f64::cbrt),
        )
    }

    #[test]
    fn the_ten_colours_are_apart_for_every_reader() {
        let linear = theme::CLASSES.map(|c| theme::rgb(c).map(|v| decoded(f64::from(v) / 255.0)));
        let seen = |matrix: &[[f64; 3]; 3]| linear.map(|rgb| oklab(times(matrix, rgb)));
        let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        for (matrix, least) in [(identity, 0.16)]
            .into_iter()
            .chain(BLIND.map(|m| (m, 0.1)))
        {
            let seen = seen(&matrix);
            for (index, a) in seen.iter().enumerate() {
                for b in &seen[..index] {
                    let distance = (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt();
                    assert!(distance > least, "{index}: {distance}");
                }
            }
        }
    }

    #[test]
    fn shades_are_dark_enough_and_no_darker() {
        assert!((contrast([0; 3], WHITE) - 21.0).abs() < 1e-9);
        // WCAG's example of a grey that just passes.
        assert!((contrast([0x76; 3], WHITE) - 4.54).abs() < 0.01);
        assert_eq!(dark("#bd1f01"), "#bd1f01");
        for colour in theme::CLASSES {
            let ratio = contrast(theme::rgb(&dark(colour)), WHITE);
            assert!(ratio >= READABLE, "{colour}: {ratio}");
            assert!(ratio < 6.0 || dark(colour) == colour, "{colour}: {ratio}");
        }
    }

    #[test]
    fn letters_are_readable_on_every_colour() {
        for step in 0..=100 {
            let share = f64::from(step) / 100.0;
            for colour in [ramp(share), two_sided(share)] {
                let ratio = contrast(theme::rgb(ink_on(colour)), colour);
                assert!(ratio >= READABLE, "{colour:?}: {ratio}");
            }
        }
    }

    #[test]
    fn two_ramps_meet_in_the_middle() {
        let light = |share: f64| luminance(two_sided(share));
        assert_eq!(two_sided(0.5), [245; 3]);
        for step in 1..=10 {
            let distance = 0.05 * f64::from(step);
            let (below, above) = (light(0.5 - distance), light(0.5 + distance));
            assert!(below < light(0.55 - distance) && above < light(0.45 + distance));
            assert!((below - above).abs() < 0.06, "{below} {above}");
        }
    }

    #[test]
    fn a_ramp_darkens() {
        let light = |share: f64| ramp(share).map(u32::from).iter().sum::<u32>();
        let steps: Vec<u32> = (0..=20).map(|step| light(f64::from(step) / 20.0)).collect();
        assert!(steps.is_sorted_by(|a, b| a > b), "{steps:?}");
        assert!(steps[0] > 600 && steps[20] < 200, "{steps:?}");
    }
}
