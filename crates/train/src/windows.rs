//! Windows over a series, as a configuration asks for them: `data.window` and `data.stride`, or `data.lags` before a target.

use espejo_analysis::suggest_window;
use espejo_data::{Samples, Window, counted};
use serde::{Deserialize, Serialize};
use toml::Value;

use crate::Error;
use crate::config::{RunConfig, SplitKind};

/// The length of a window; a whole number or `auto` in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum WindowLength {
    /// So many rows, at least 1.
    Rows(usize),
    /// The period of the training part, by the autocorrelation; the run keeps it as a number.
    Auto,
}

impl TryFrom<Value> for WindowLength {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let rows = value.as_integer().filter(|rows| *rows > 0);
        match (rows.map(usize::try_from), value.as_str()) {
            (Some(Ok(rows)), _) => Ok(Self::Rows(rows)),
            (_, Some("auto")) => Ok(Self::Auto),
            _ => Err(format!(
                "found {value}, expected a number of rows above 0, or `auto`"
            )),
        }
    }
}

impl From<WindowLength> for Value {
    fn from(length: WindowLength) -> Self {
        match length {
            WindowLength::Rows(rows) => Self::Integer(rows as i64),
            WindowLength::Auto => Self::String("auto".to_owned()),
        }
    }
}

/// Refuses what cannot be together with windows, which need rows in their order.
///
/// # Errors
///
/// [`Error::Config`] with the flag to take instead.
pub(crate) fn check(config: &RunConfig) -> Result<(), Error> {
    let data = &config.data;
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    if data.lags.is_some() {
        return check_lags(config);
    }
    if data.window.is_none() {
        return match data.stride {
            None => Ok(()),
            Some(_) => refuse(
                "`data.stride` is from window to window, and there is no `data.window`",
                "add `--window 25`, or leave `--stride` out",
            ),
        };
    }
    if !config.model.kind.has_code() {
        return refuse(
            "`data.window` is for `ae`, `dae` and `vae`: a window has no target",
            "leave `--window` out, or choose another `--model`",
        );
    }
    check_order(config, "window")
}

/// Refuses lags without a target that has a past, or beside windows.
fn check_lags(config: &RunConfig) -> Result<(), Error> {
    let data = &config.data;
    let refuse = |message: &str, hint: &str| Err(Error::config(message, Some(hint.to_owned())));
    if data.lags == Some(0) {
        return refuse(
            "`data.lags` is 0, and a forecast needs at least the row before",
            "give the rows that it is made from, as in `--lags 1`",
        );
    }
    if data.window.is_some() || data.stride.is_some() {
        return refuse(
            "`data.lags` are the rows before a target, `data.window` those of a sample without one",
            "give either `--lags` or `--window`",
        );
    }
    if data.target.is_none() {
        return refuse(
            "`data.lags` needs the column whose next value is to be forecast",
            "add `--model regressor --target COLUMN`",
        );
    }
    check_order(config, "lags")
}

/// Refuses what takes rows out of their order, where `field` needs them to follow each other.
fn check_order(config: &RunConfig, field: &str) -> Result<(), Error> {
    let data = &config.data;
    let refuse = |message: &str, hint: String| Err(Error::config(message, Some(hint)));
    if data.shape.is_some() || data.permute {
        return refuse(
            &format!(
                "`data.{field}` is for rows as they are, not for images or values that change places"
            ),
            format!("leave `--{field}` out, or `--shape` and `--permute`"),
        );
    }
    if data.fold.is_some() || data.folds.is_some() || data.limit.is_some() {
        return refuse(
            "folds and `data.limit` draw single rows, and a window needs rows that follow each other",
            "hold out the last rows with `--test-fraction .2 --split time`; take fewer with `--first N`".to_owned(),
        );
    }
    if data.test_fraction.is_some() && data.split == SplitKind::Random && data.group.is_none() {
        return refuse(
            "the test part would be single rows drawn at random, and windows around them would share rows with it",
            "hold out the last rows with `--split time`, or whole series with `--group COLUMN`"
                .to_owned(),
        );
    }
    Ok(())
}

/// The windows that the configuration asks for, and in a sentence where their length comes from if that is found here.
///
/// # Errors
///
/// [`Error::Config`] where there are none over these samples.
pub(crate) fn of(
    config: &RunConfig,
    train: &Samples,
) -> Result<(Option<Window>, Option<String>), Error> {
    let (field, length) = match (config.data.lags, config.data.window) {
        (Some(lags), _) => ("lags", WindowLength::Rows(lags)),
        (None, Some(length)) => ("window", length),
        (None, None) => return Ok((None, None)),
    };
    if !train.is_table() {
        let message = format!("`data.{field}` is for the rows of a table, and these are images");
        return Err(Error::config(message, format!("leave `--{field}` out")));
    }
    let (length, note) = match length {
        WindowLength::Rows(rows) => (rows, None),
        WindowLength::Auto => {
            let (rows, note) = suggested(train)?;
            (rows, Some(note))
        }
    };
    let stride = config.data.stride.unwrap_or(1);
    if !(1..=length).contains(&stride) {
        let message = format!(
            "`data.stride` is {stride}, and a window has {}",
            counted(length, "row")
        );
        let hint = format!("give 1 to {length}: no row may lie between two windows");
        return Err(Error::config(message, hint));
    }
    let window = Window {
        length,
        stride,
        ahead: usize::from(config.data.lags.is_some()),
    };
    Ok((Some(window), note))
}

/// The period of the training rows, over their longest stretch: the median of those of the columns that have one.
fn suggested(train: &Samples) -> Result<(usize, String), Error> {
    let stretches = train.stretches();
    let longest = stretches.into_iter().max_by_key(ExactSizeIterator::len);
    let longest = longest.unwrap_or(0..0);
    let names = train.columns();
    let period = |column: usize| {
        let numbers = train.column(column);
        let numbers = numbers.skip(longest.start).take(longest.len());
        let period = suggest_window(&carried_on(numbers))?;
        Some((period, &names[column]))
    };
    let mut periods: Vec<_> = (0..names.len()).filter_map(period).collect();
    periods.sort_unstable();
    let Some((length, name)) = periods.get(periods.len().saturating_sub(1) / 2) else {
        let message = format!(
            "no column of `{}` repeats itself within its {} training rows in a row",
            train.name(),
            longest.len()
        );
        let hint = "give the length of a window in rows, as in `--window 25`";
        return Err(Error::config(message, hint.to_owned()));
    };
    let note = match periods.len() {
        1 => format!(
            "windows of {}: the period of column `{name}`",
            counted(*length, "row")
        ),
        count => format!(
            "windows of {length} rows: the median of the periods of {count} columns, that of `{name}`"
        ),
    };
    Ok((*length, note))
}

/// Numbers with the last known one, or else the first, in place of those that are missing.
fn carried_on(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    let first = numbers.iter().copied().find(|number| !number.is_nan());
    let mut last = first.unwrap_or(0.0);
    for number in &mut numbers {
        if number.is_nan() {
            *number = last;
        }
        last = *number;
    }
    numbers
}

/// Cuts windows where there is a rule to cut by; `part` names the samples where they are too few.
///
/// # Errors
///
/// [`Error::Data`] or [`Error::Config`] where no stretch is as long as a window.
pub(crate) fn cut(samples: Samples, window: Option<Window>, part: &str) -> Result<Samples, Error> {
    let Some(window) = window else {
        return Ok(samples);
    };
    samples.windows(window).map_err(|error| {
        let hint = match window.ahead {
            0 => "give a shorter `--window`, or more rows".to_owned(),
            _ => "give fewer `--lags`, or more rows".to_owned(),
        };
        Error::config(format!("{error} ({part})"), hint)
    })
}

/// What is to be said of windows: gaps that none crosses, and rows that none covers.
pub(crate) fn notes(samples: &Samples) -> Vec<String> {
    if samples.window().is_none() {
        return Vec::new();
    }
    let rows = samples.points();
    let mut notes = Vec::new();
    let gaps = rows.time_gaps().len();
    if let Some(column) = rows.index_column().filter(|_| gaps > 0) {
        let times = match gaps {
            1 => "once".to_owned(),
            count => format!("{count} times"),
        };
        notes.push(format!(
            "time jumps {times} in column `{column}`, by over 5 usual steps or back: no window crosses them"
        ));
    }
    let left_out = rows.len() - samples.covered().len();
    if left_out > 0 {
        notes.push(format!(
            "{left_out} of {} rows are in no window: they stand in stretches that are shorter than one",
            rows.len()
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use espejo_data::Facts;

    use super::*;
    use crate::merge::{into_config, parse};

    fn config(data: &str) -> Result<RunConfig, Error> {
        into_config(parse(&format!("[data]\n{data}"), "mine")?, "mine")
    }

    #[test]
    fn a_length_is_a_number_or_a_word() {
        for (text, length) in [
            ("window = 25", WindowLength::Rows(25)),
            ("window = 'auto'", WindowLength::Auto),
        ] {
            let read = config(text).expect(text);
            assert_eq!(read.data.window, Some(length));
            let again = RunConfig::from_toml(&read.to_toml(), "mine").expect("as written");
            assert_eq!(again, read);
        }
        for wrong in ["0", "-3", "2.5", "'automatic'", "[25]"] {
            let error = config(&format!("window = {wrong}")).expect_err(wrong);
            let message = error.to_string();
            assert!(message.contains("`data.window` in `mine`"), "{message}");
            assert!(message.contains("or `auto`"), "{message}");
        }
    }

    #[test]
    fn what_tears_rows_apart_is_refused_with_the_flag_to_take() {
        for (data, words) in [
            ("stride = 2", "`data.window`"),
            ("window = 5\ntest_fraction = 0.2", "drawn at random"),
            ("window = 5\nfold = '1/5'", "follow each other"),
            ("window = 5\nlimit = 10", "follow each other"),
            ("window = 5\npermute = true", "change places"),
            ("window = 5\nshape = '2x2'", "images"),
        ] {
            let error = check(&config(data).expect(data)).expect_err(data);
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains("--")));
        }
        for data in [
            "",
            "window = 5",
            "window = 5\nstride = 5",
            "window = 5\ntest_fraction = 0.2\nsplit = 'time'",
            "window = 5\ntest_fraction = 0.2\ngroup = 'machine'",
        ] {
            check(&config(data).expect(data)).expect(data);
        }
    }

    #[test]
    fn lags_need_a_target_and_rows_in_their_order() {
        for (data, words) in [
            ("lags = 3", "next value"),
            ("lags = 0\ntarget = 'x'", "row before"),
            ("lags = 3\ntarget = 'x'\nwindow = 5", "either `--lags`"),
            ("lags = 3\ntarget = 'x'\nfold = '1/5'", "follow each other"),
            (
                "lags = 3\ntarget = 'x'\ntest_fraction = 0.2",
                "drawn at random",
            ),
        ] {
            let error = check(&config(data).expect(data)).expect_err(data);
            let text = format!("{error} {}", error.hint().unwrap_or_default());
            assert!(text.contains(words), "{text}");
        }
        let lagged = config("lags = 3\ntarget = 'x'").expect("valid");
        check(&lagged).expect("it is right");
        let (window, note) = of(&lagged, &table(&[("x", &|row| row)])).expect("there are rows");
        let window = window.expect("asked for");
        assert_eq!((window.length, window.stride, window.ahead), (3, 1, 1));
        assert_eq!(note, None);
    }

    fn table(columns: &[(&str, &dyn Fn(f64) -> f64)]) -> Samples {
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let numbers = columns.iter().map(|(_, at)| {
            let row = |row: u32| at(f64::from(row));
            (0..400).map(row).collect()
        });
        Samples::table(Facts::default(), names, numbers.collect()).expect("a table")
    }

    #[test]
    fn a_length_of_its_own_is_the_median_period_of_the_columns_that_repeat() {
        let sine = |period: f64| move |row: f64| (TAU * row / period).sin();
        let holes = |row: f64| match row as u32 % 17 {
            5 => f64::NAN,
            _ => (TAU * row / 30.0).sin(),
        };
        let (a, c) = (sine(20.0), sine(50.0));
        let train = table(&[("a", &a), ("b", &holes), ("c", &c), ("flat", &|_| 1.0)]);
        let auto = config("window = 'auto'").expect("valid");
        let (window, note) = of(&auto, &train).expect("they repeat");
        let window = window.expect("asked for");
        assert_eq!((window.length, window.stride), (30, 1));
        assert!(note.is_some_and(|note| note.contains("3 columns, that of `b`")));
        let error = of(&auto, &table(&[("flat", &|_| 1.0)])).expect_err("nothing repeats");
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("--window 25"))
        );
    }

    #[test]
    fn no_row_lies_between_two_windows() {
        let train = table(&[("a", &|row| row)]);
        for (data, length) in [
            ("window = 5\nstride = 5", Some(5)),
            ("window = 5\nstride = 6", None),
        ] {
            let found = of(&config(data).expect("valid"), &train).ok();
            assert_eq!(
                found.and_then(|(window, _)| window).map(|w| w.length),
                length
            );
        }
    }
}
