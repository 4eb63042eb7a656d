//! Where the marks of an axis stand, and what is written at them.

/// A mark on an axis.
pub(crate) type Tick = (f64, String);

/// Round values (1, 2 or 5 times a power of ten apart) within `[low, high]`: as many as are at most `most`.
pub(crate) fn linear(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return vec![(low, plain(low, 2))];
    }
    let (digit, power) = round_step(span / most.max(1) as f64);
    let at = |count: f64| scaled(count * digit, power);
    let step = at(1.0);
    // A hair of tolerance, so that the ends of the range are marked too.
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let values: Vec<f64> = (0..)
        .map(|index| first + f64::from(index))
        .take_while(|count| *count <= last)
        .take(200)
        .map(at)
        .collect();
    label(values, power)
}

/// Marks for a logarithmic axis over `[low, high]`, both positive.
pub(crate) fn logarithmic(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let first = low.log10().floor() as i32;
    let last = high.log10().ceil() as i32;
    let inside = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
    let multiples = |digits: &[f64]| -> Vec<f64> {
        (first..=last)
            .flat_map(|power| digits.iter().map(move |digit| scaled(*digit, power)))
            .filter(inside)
            .collect()
    };
    for digits in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let values = multiples(digits);
        if values.len() < 3 && digits.len() == 3 {
            return linear(low, high, most);
        }
        if values.len() <= most {
            return values
                .into_iter()
                .map(|value| (value, short(value)))
                .collect();
        }
    }
    let decades = multiples(&[1.0]);
    let stride = decades.len().div_ceil(most.max(1));
    let kept = decades.into_iter().step_by(stride);
    kept.map(|value| (value, short(value))).collect()
}

/// The smallest `(digit, power)` with digit 1, 2 or 5 and `digit * 10^power >= least`.
fn round_step(least: f64) -> (f64, i32) {
    let power = least.log10().floor() as i32;
    let fraction = least / 10f64.powi(power);
    match fraction {
        f if f <= 1.0 + 1e-9 => (1.0, power),
        f if f <= 2.0 + 1e-9 => (2.0, power),
        f if f <= 5.0 + 1e-9 => (5.0, power),
        _ => (1.0, power + 1),
    }
}

/// `value * 10^power`, exact where a decimal of that form is: a division for negative powers.
fn scaled(value: f64, power: i32) -> f64 {
    if power < 0 {
        value / 10f64.powi(-power)
    } else {
        value * 10f64.powi(power)
    }
}

/// Writes equidistant values alike, with as many decimals as their step of `10^power` needs.
fn label(values: Vec<f64>, power: i32) -> Vec<Tick> {
    let largest = values
        .iter()
        .fold(0.0f64, |most, value| most.max(value.abs()));
    let decimals = usize::try_from(-power).unwrap_or(0);
    if largest < 1e5 && decimals <= 4 {
        let write = |value| (value, plain(value, decimals));
        return values.into_iter().map(write).collect();
    }
    let exponent = if largest > 0.0 {
        largest.log10().floor() as i32
    } else {
        0
    };
    let decimals = usize::try_from(exponent - power).unwrap_or(0).min(8);
    let write = |value: f64| {
        let text = if value == 0.0 {
            "0".to_owned()
        } else {
            let mantissa = scaled(value, -exponent);
            format!("{}×10{}", plain(mantissa, decimals), superscript(exponent))
        };
        (value, text)
    };
    values.into_iter().map(write).collect()
}

/// One value by itself: plain digits where they are few, a power of ten elsewhere.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "∞"
        } else {
            "−∞"
        }
        .to_owned();
    }
    if size != 0.0 && !(1e-4..1e5).contains(&size) {
        let exponent = size.log10().floor() as i32;
        let mantissa = trimmed(plain(scaled(value, -exponent), 2));
        let power = superscript(exponent);
        return match mantissa.as_str() {
            "1" => format!("10{power}"),
            _ => format!("{mantissa}×10{power}"),
        };
    }
    // About four digits that count.
    let decimals = match size {
        s if s >= 1000.0 => 0,
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 0.1 || s == 0.0 => 3,
        _ => 6,
    };
    trimmed(plain(value, decimals))
}

/// Values in three digits that count, for small labels in a drawing; zeros at the end only where others have digits.
pub(crate) fn brief(values: &[f64]) -> Vec<String> {
    // Digits after the point for three that count; `None` where `short` writes the value.
    let decimals = |value: &f64| {
        let size = value.abs();
        let plain = value.is_finite() && (1e-4..1e5).contains(&size);
        plain.then(|| (2.0 - size.log10().floor()).max(0.0) as usize)
    };
    let needed = |value: &f64| {
        let text = trimmed(plain(*value, decimals(value)?));
        text.split_once('.').map(|(_, fraction)| fraction.len())
    };
    let most = values.iter().filter_map(needed).max().unwrap_or(0);
    let write = |value: &f64| match decimals(value) {
        Some(decimals) => plain(*value, decimals.min(most)),
        None => short(*value),
    };
    values.iter().map(write).collect()
}

/// A number with a true minus sign, and no minus before a zero.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !zero {
        format!("−{text}")
    } else {
        text
    }
}

/// Without the zeros that end a decimal fraction.
fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn superscript(exponent: i32) -> String {
    let raise = |letter| match letter {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ticks: Vec<Tick>, values: &[f64], texts: &[&str]) {
        let (found, shown): (Vec<f64>, Vec<String>) = ticks.into_iter().unzip();
        assert_eq!(found, values);
        assert_eq!(shown, texts);
    }

    #[test]
    fn linear_ticks_are_round() {
        check(
            linear(0.0, 1.0, 5),
            &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
            &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
        );
        check(
            linear(-3.2, 3.1, 7),
            &[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0],
            &["−3", "−2", "−1", "0", "1", "2", "3"],
        );
        check(
            linear(231.0, 272.0, 5),
            &[240.0, 250.0, 260.0, 270.0],
            &["240", "250", "260", "270"],
        );
        check(
            linear(0.0, 250_000.0, 3),
            &[0.0, 1e5, 2e5],
            &["0", "1×10⁵", "2×10⁵"],
        );
        check(
            linear(0.0, 3e-6, 3),
            &[0.0, 1e-6, 2e-6, 3e-6],
            &["0", "1×10⁻⁶", "2×10⁻⁶", "3×10⁻⁶"],
        );
    }

    #[test]
    fn logarithmic_ticks_are_decades_or_their_parts() {
        check(
            logarithmic(0.5, 200.0, 4),
            &[1.0, 10.0, 100.0],
            &["1", "10", "100"],
        );
        check(
            logarithmic(8.0, 120.0, 6),
            &[10.0, 20.0, 50.0, 100.0],
            &["10", "20", "50", "100"],
        );
        check(
            logarithmic(41.0, 49.0, 4),
            &[42.0, 44.0, 46.0, 48.0],
            &["42", "44", "46", "48"],
        );
        check(
            logarithmic(1e-8, 1.0, 3),
            &[1e-8, 1e-5, 1e-2],
            &["10⁻⁸", "10⁻⁵", "0.01"],
        );
    }

    #[test]
    fn single_values_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (-0.25, "−0.25"),
            (231.456, "231.5"),
            (12345.6, "12346"),
            (1e5, "10⁵"),
            (2.5e-7, "2.5×10⁻⁷"),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn labels_have_three_digits_that_count() {
        for (values, texts) in [
            (
                &[0.0, 0.875, 0.5, -0.2][..],
                &["0", "0.875", "0.500", "−0.200"][..],
            ),
            (&[4.2, 2.3, 12.0], &["4.2", "2.3", "12.0"]),
            (&[7.0, 120.0], &["7", "120"]),
            (&[0.031_26, 12.345, 261.9147], &["0.0313", "12.3", "262"]),
            (&[15_000.4, 3.2e-5, f64::NAN], &["15000", "3.2×10⁻⁵", "NaN"]),
        ] {
            assert_eq!(brief(values), texts);
        }
    }

    #[test]
    fn a_range_without_width_has_one_tick() {
        check(linear(2.0, 2.0, 5), &[2.0], &["2.00"]);
    }
}
