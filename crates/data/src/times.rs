//! Dates and times as words, in the form of ISO 8601.

/// A day, counted from 1970-01-01: `2024-01-31`.
pub(crate) fn date(day: i64) -> String {
    // Howard Hinnant's `civil_from_days`: years that begin in March, in eras of 400 of them.
    let day = i128::from(day) + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + carry)
}

/// A time of the day, counted in parts of a second from midnight: `23:59:59`, with 3, 6 or 9 further digits where it has
/// them.
pub(crate) fn time(parts: i64, per_second: i64) -> String {
    let (seconds, rest) = (parts.div_euclid(per_second), parts.rem_euclid(per_second));
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let nanos = rest * (1_000_000_000 / per_second);
    let fraction = match nanos {
        0 => String::new(),
        _ if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        _ if nanos % 1000 == 0 => format!(".{:06}", nanos / 1000),
        _ => format!(".{nanos:09}"),
    };
    format!("{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

/// A moment, counted in parts of a second from 1970: `2024-01-31T23:59:59`, with `Z` where it is universal time.
pub(crate) fn moment(parts: i64, per_second: i64, is_universal: bool) -> String {
    let of_day = 86_400 * per_second;
    let (day, rest) = (parts.div_euclid(of_day), parts.rem_euclid(of_day));
    let zone = if is_universal { "Z" } else { "" };
    format!("{}T{}{zone}", date(day), time(rest, per_second))
}

/// Parts of a second as seconds: whole ones and the rest are rounded once.
pub(crate) fn seconds(parts: i64, per_second: i64) -> f64 {
    parts.div_euclid(per_second) as f64 + parts.rem_euclid(per_second) as f64 / per_second as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected words are those of Python's `datetime`.
    #[test]
    fn dates_and_times() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (19_783, "2024-03-01"),
            (11_016, "2000-02-29"),
            (-25_509, "1900-02-28"),
            (-25_508, "1900-03-01"),
            (-719_162, "0001-01-01"),
            (2_932_896, "9999-12-31"),
        ] {
            assert_eq!(date(day), expected);
        }
        assert_eq!(time(86_399_999, 1000), "23:59:59.999");
        assert_eq!(moment(-1, 1_000_000, true), "1969-12-31T23:59:59.999999Z");
        assert_eq!(
            moment(1_000_000_001, 1_000_000_000, false),
            "1970-01-01T00:00:01.000000001"
        );
        assert_eq!(moment(1_709_164_800, 1, false), "2024-02-29T00:00:00");
        assert_eq!(seconds(1_500, 1000), 1.5);
        assert_eq!(seconds(-1, 2), -0.5);
        for extreme in [i64::MIN, i64::MAX] {
            moment(extreme, 1, false);
            date(extreme);
        }
    }
}
