//! Dates and times as words, most of them in the form of ISO 8601, and as days since 1970.

/// Seconds of a day; a leap second is none of its own.
const DAY: i64 = 86_400;

/// What a word that is a date may say, in days since 1970-01-01, midnight of universal time: by the reading in which the day
/// stands before the month, and by the other one. Where the year stands first both say the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) day_first: Option<f64>,
    pub(crate) month_first: Option<f64>,
}

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
#[cfg(any(test, feature = "parquet", feature = "arrow"))]
pub(crate) fn seconds(parts: i64, per_second: i64) -> f64 {
    parts.div_euclid(per_second) as f64 + parts.rem_euclid(per_second) as f64 / per_second as f64
}

/// Days since 1970 in words: the date where they are whole, else the moment to the second.
pub fn words(days: f64) -> String {
    match days.fract() == 0.0 {
        true => date(days as i64),
        false => moment((days * DAY as f64).round() as i64, 1, false),
    }
}

/// Reads a date, with or without a time of day behind it: `2026-11-29`, `2026-11-29T10:30:15.25+01:00`, `2026/11/29 10:30`,
/// `29.11.2026`, `11/29/2026`, `20261129`, `29 Nov 2026 10:30 PM` or `November 29, 2026`. A time without a zone is taken for universal time. `None` for what
/// is no date in any reading.
pub(crate) fn read(word: &str) -> Option<Reading> {
    let sure = |days: Option<f64>| {
        let days = Some(days?);
        Some(Reading {
            day_first: days,
            month_first: days,
        })
    };
    if let Some((day, time)) = with_month_name(word) {
        return sure(at_time(day, time));
    }
    if word.len() == 8 && is_digits(word) {
        return sure(read_number(word.parse().ok()?));
    }
    let (date, time) = match word.find(['T', ' ']) {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    // A time that is none makes the whole word no date.
    at_time(0, time)?;
    let separator = date.find(['-', '/', '.']).map(|at| &date[at..=at])?;
    let mut parts = date.split(separator);
    let parts = [parts.next()?, parts.next()?, parts.next()?];
    if date.matches(separator).count() != 2 {
        return None;
    }
    let of = |year: &str, month: &str, day: &str| {
        let day = day_number(
            digits(year, 4..=4)?,
            digits(month, 1..=2)?,
            digits(day, 1..=2)?,
        )?;
        at_time(day, time)
    };
    let reading = match parts {
        [year, month, day] if year.len() == 4 => {
            let known = of(year, month, day);
            Reading {
                day_first: known,
                month_first: known,
            }
        }
        [first, second, year] => Reading {
            day_first: of(year, second, first),
            month_first: of(year, first, second),
        },
    };
    (reading.day_first.is_some() || reading.month_first.is_some()).then_some(reading)
}

/// Reads a date that is a number of eight digits, year before month before day: `20261129`.
pub(crate) fn read_number(number: f64) -> Option<f64> {
    let is_date = number.fract() == 0.0 && (10_000_101.0..=99_991_231.0).contains(&number);
    let number = is_date.then_some(number as i64)?;
    let day = day_number(number / 10_000, number / 100 % 100, number % 100)?;
    Some(day as f64)
}

/// A day with the time behind it, where there is one, in days.
fn at_time(day: i64, time: Option<&str>) -> Option<f64> {
    let (seconds, fraction) = time.map_or(Some((0, 0.0)), of_day)?;
    let seconds = day * DAY + seconds;
    let (whole, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    Some(whole as f64 + (rest as f64 + fraction) / DAY as f64)
}

/// The day of a date whose month is an English word, and the time behind it: `29 Nov 2026`, `29-Nov-2026 10:30`, `Nov 29, 2026`.
fn with_month_name(word: &str) -> Option<(i64, Option<&str>)> {
    let mut rest = word;
    let mut next = || {
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric());
        let (token, behind) = rest.split_at(end.unwrap_or(rest.len()));
        // Between parts of a date stands one of these, or a comma and a blank.
        rest = match behind.strip_prefix(", ") {
            Some(behind) => behind,
            None => behind
                .get(1..)
                .filter(|_| behind.starts_with(['-', '/', '.', ' ', 'T']))
                .unwrap_or(behind),
        };
        token
    };
    let [first, second, year] = [next(), next(), next()];
    let (month, day) = match month(first) {
        Some(month) => (month, second),
        None => (month(second)?, first),
    };
    let day = day_number(digits(year, 4..=4)?, month, digits(day, 1..=2)?)?;
    Some((day, (!rest.is_empty()).then_some(rest)))
}

/// The number of a month by its English name, or by the first three or four letters of it.
fn month(word: &str) -> Option<i64> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    let is_short = matches!(word.len(), 3 | 4);
    let is_meant = |name: &&str| **name == word || is_short && name.starts_with(&word);
    let place = NAMES.iter().position(|name| is_meant(&name))?;
    Some(place as i64 + 1)
}

/// The day of a date of the Gregorian calendar, counted from 1970-01-01; `None` where there is no such date.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Howard Hinnant's `days_from_civil`: years that begin in March, in eras of 400 of them.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The seconds of universal time that a time of the day is after midnight, whole ones and a part of one: `10:30`, `10:30:15.25`,
/// with `AM` or `PM` behind an hour of 1 to 12, with `Z`, `UTC` or an offset such as `+01:00` behind it or without.
fn of_day(time: &str) -> Option<(i64, f64)> {
    let (time, offset) = zone(time)?;
    let (time, half) = half_of_day(time);
    let (time, fraction) = match time.split_once(['.', ',']) {
        Some((time, digits)) if is_digits(digits) => (time, format!("0.{digits}").parse().ok()?),
        Some(_) => return None,
        None => (time, 0.0),
    };
    let mut parts = time.split(':');
    let two = |part: &str, most: i64| digits(part, 2..=2).filter(|number| *number <= most);
    let hours = digits(parts.next()?, 1..=2).filter(|hours| *hours <= 23)?;
    let hours = match half {
        None => hours,
        // Twelve stands before one.
        Some(half) => (1..=12).contains(&hours).then(|| hours % 12 + 12 * half)?,
    };
    let minutes = two(parts.next()?, 59)?;
    let seconds = match parts.next() {
        Some(part) => two(part, 59)?,
        // A part of a minute is no part of a second.
        None if fraction > 0.0 => return None,
        None => 0,
    };
    let is_whole = parts.next().is_none();
    is_whole.then_some((hours * 3600 + minutes * 60 + seconds - offset, fraction))
}

/// A time of the day without `AM` or `PM`, and which half of the day that says: 0 or 1.
fn half_of_day(time: &str) -> (&str, Option<i64>) {
    for (half, words) in [(0, ["AM", "am"]), (1, ["PM", "pm"])] {
        if let Some(time) = words.iter().find_map(|word| time.strip_suffix(word)) {
            return (time.trim_end(), Some(half));
        }
    }
    (time, None)
}

/// A time of the day without its zone, and the seconds that this zone is ahead of universal time.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z').or(time.strip_suffix("UTC")) {
        return Some((time.trim_end(), 0));
    }
    let Some(at) = time.find(['+', '-']) else {
        return Some((time, 0));
    };
    let (hours, minutes) = match time.get(at + 1..)? {
        hours if hours.len() == 2 => (hours, "00"),
        both if both.len() == 4 => (both.get(..2)?, both.get(2..)?),
        both => both.split_once(':')?,
    };
    let hours = digits(hours, 2..=2).filter(|hours| *hours <= 23)?;
    let minutes = digits(minutes, 2..=2).filter(|minutes| *minutes <= 59)?;
    let ahead = hours * 3600 + minutes * 60;
    let sign = if time[at..].starts_with('-') { -1 } else { 1 };
    Some((time[..at].trim_end(), sign * ahead))
}

/// A whole number of so many digits.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<i64> {
    let is_number = is_digits(text) && count.contains(&text.len());
    is_number.then(|| text.parse().ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
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

    fn check(word: &str, days: f64) {
        let reading = read(word).expect(word);
        assert_eq!(
            (reading.day_first, reading.month_first),
            (Some(days), Some(days)),
            "{word}"
        );
    }

    #[test]
    fn words_become_days_since_1970() {
        for (word, days) in [
            ("1970-01-01", 0.0),
            ("1970-01-02", 1.0),
            ("2000-02-29", 11_016.0),
            ("2000-03-01", 11_017.0),
            ("1900-02-28", -25_509.0),
            ("1900-03-01", -25_508.0),
            ("2024-02-29", 19_782.0),
            ("0001-01-01", -719_162.0),
            ("9999-12-31", 2_932_896.0),
            ("2000/3/1", 11_017.0),
            ("2000.03.01", 11_017.0),
            ("05/05/1970", 124.0),
            ("1969-12-31T12:00", -0.5),
            ("1969-12-31 12:00:00", -0.5),
            ("1970-01-01T06:00:00Z", 0.25),
            ("1970-01-01 06:00 UTC", 0.25),
            ("1970-01-01T06:00:00+06:00", 0.0),
            ("1970-01-01T00:00-1200", 0.5),
            ("1970-01-01 00:00:00+12", -0.5),
            ("1970-01-01T00:00:00.0864", 1e-6),
            ("1970-01-01T00:00:43,2", 0.0005),
            ("1970/01/01 1:30", 0.0625),
            ("2000-03-01T23:59:59.999", 11_017.0 + 86_399.999 / 86_400.0),
            ("20000301", 11_017.0),
            ("1 Mar 2000", 11_017.0),
            ("01-MAR-2000", 11_017.0),
            ("Mar 1, 2000", 11_017.0),
            ("march 01 2000", 11_017.0),
            ("29 Sept 2026 12:00", 20_725.5),
            ("May 5, 1970 6:00 PM", 124.75),
            ("1970-01-01 12:00 AM", 0.0),
            ("1970-01-01 12:00:00pm", 0.5),
            ("1970-01-01 11:30 PM +12:00", 11.5 / 24.0),
        ] {
            check(word, days);
        }
    }

    #[test]
    fn where_the_year_stands_last_day_and_month_are_told_apart_or_not() {
        let of = |day_first, month_first| {
            Some(Reading {
                day_first,
                month_first,
            })
        };
        assert_eq!(read("29.11.2026"), of(Some(20_786.0), None));
        assert_eq!(read("11/29/2026"), of(None, Some(20_786.0)));
        assert_eq!(read("1/3/2000 12:00"), of(Some(11_017.5), Some(10_959.5)));
        assert_eq!(read("29-11-2026"), of(Some(20_786.0), None));
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for word in [
            "",
            "2026",
            "soon",
            "2026-11",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-11-31",
            "2026-11-29-1",
            "2026-11/29",
            "26-11-29",
            "13/13/2026",
            "29.11.26",
            "-2026-11-29",
            "2026-11-29T",
            "2026-11-29T24:00",
            "2026-11-29T10:60",
            "2026-11-29T10",
            "2026-11-29T10:30:60",
            "2026-11-29T10:30.5",
            "2026-11-29T10:30:00:00",
            "2026-11-29T10:30+1",
            "2026-11-29T10:30+25:00",
            "2026-11-29T10:30:00.",
            "2026-11-29 noon",
            "2026-11-29 13:00 PM",
            "2026-11-29 0:30 am",
            "2026-11-29 PM",
            "20261131",
            "2026112",
            "31 Nov 2026",
            "29 No 2026",
            "29 Novem 2026",
            "29 Nov 26",
            "Nov 2026",
            "29 Nov 2026 soon",
            "Nov Nov 2026",
            "2026-11-29T10:3\u{e9}+\u{e9}\u{e9}",
            "\u{663}026-11-29",
        ] {
            assert_eq!(read(word), None, "{word}");
        }
    }

    #[test]
    fn eight_digits_may_be_a_date() {
        assert_eq!(read_number(20_000_301.0), Some(11_017.0));
        assert_eq!(read_number(19_700_101.0), Some(0.0));
        for number in [
            20_000_230.0,
            2_000_301.0,
            20_001_301.0,
            20_000_301.5,
            -20_000_301.0,
            f64::NAN,
        ] {
            assert_eq!(read_number(number), None, "{number}");
        }
    }

    /// Day by day through eight hundred years, by a calendar that only counts on.
    #[test]
    fn every_date_is_read_as_it_is_written() {
        let (mut year, mut month, mut day) = (1600, 1, 1);
        // The days from 1600 to 1970: 370 years, of which 90 have a day more (1700, 1800 and 1900 have not).
        let mut number = -(370 * 365 + 90);
        while year < 2400 {
            let word = format!("{year}-{month:02}-{day:02}");
            assert_eq!(date(number), word);
            check(&word, number as f64);
            let february = match year {
                1700 | 1800 | 1900 | 2100 | 2200 | 2300 => 28,
                _ if year % 4 == 0 => 29,
                _ => 28,
            };
            let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            (number, day) = (number + 1, day + 1);
            if day > months[month - 1] {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }

    #[test]
    fn moments_come_back_to_the_second() {
        let mut random = crate::test_random::random();
        for _ in 0..10_000 {
            let seconds = random(8_000_000_000) as i64 - 4_000_000_000;
            let word = moment(seconds, 1, true);
            let days = read(&word)
                .expect("a moment")
                .day_first
                .expect("one reading");
            assert_eq!((days * 86_400.0).round() as i64, seconds, "{word}");
            let same = moment(seconds, 1, false);
            let expected = if seconds % 86_400 == 0 {
                &same[..10]
            } else {
                &same
            };
            assert_eq!(words(days), expected);
        }
    }

    #[test]
    fn no_word_makes_reading_panic() {
        let valid = "2026-11-29T10:30:15.25+01:00";
        let letters: Vec<char> = "0123456789-/.:,TZ+ UC\u{e9}\u{663}".chars().collect();
        let mut random = crate::test_random::random();
        for _ in 0..20_000 {
            let mut word: Vec<char> = valid.chars().collect();
            for _ in 0..=random(4) {
                let at = random(word.len());
                match random(3) {
                    0 => word[at] = letters[random(letters.len())],
                    1 => word.insert(at, letters[random(letters.len())]),
                    _ if word.len() > 1 => drop(word.remove(at)),
                    _ => {}
                }
            }
            let _ = read(&word.into_iter().collect::<String>());
        }
    }
}
