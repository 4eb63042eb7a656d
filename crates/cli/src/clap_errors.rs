//! A value that a flag does not take, said in words that are not a parser's.

use std::num::{IntErrorKind, ParseFloatError, ParseIntError};
use std::str::ParseBoolError;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The error and its hint in plain words, where the parser's own are not; `None` for errors that are clear as they are.
pub fn in_plain_words(error: &clap::Error) -> Option<(String, String)> {
    if error.kind() != ErrorKind::ValueValidation {
        return None;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let (argument, value) = (
        text(ContextKind::InvalidArg)?,
        text(ContextKind::InvalidValue)?,
    );
    let expected = expected(std::error::Error::source(error)?, &value)?;
    let flag = argument.split(' ').next().unwrap_or(&argument);
    let message = format!("invalid value '{value}' for '{argument}': {expected}");
    Some((message, format!("`--help` says what `{flag}` takes")))
}

/// What was expected in place of this value.
fn expected(cause: &(dyn std::error::Error + 'static), value: &str) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<ParseIntError>() {
        return Some(match error.kind() {
            IntErrorKind::PosOverflow => format!("too large, expected at most {}", i64::MAX),
            _ if value.starts_with('-') && value[1..].parse::<u64>().is_ok() => {
                "expected a whole number of 0 or more".to_owned()
            }
            _ if value.parse::<f64>().is_ok() => "expected a whole number".to_owned(),
            _ => "expected a whole number, as in `10`".to_owned(),
        });
    }
    if cause.is::<ParseFloatError>() {
        return Some("expected a number, as in `0.01`".to_owned());
    }
    if cause.is::<ParseBoolError>() {
        return Some("expected `true` or `false`".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    fn told(line: &str) -> String {
        let words = std::iter::once("espejo").chain(line.split(' '));
        let error = Args::try_parse_from(words).err().expect(line);
        in_plain_words(&error).expect(line).0
    }

    #[test]
    fn numbers_that_are_none_are_told_in_plain_words() {
        let cases = [
            (
                "train --epochs ten",
                "'ten' for '--epochs <N>': expected a whole number, as in `10`",
            ),
            (
                "train --epochs 1.5",
                "'1.5' for '--epochs <N>': expected a whole number",
            ),
            (
                "train --seed=-1",
                "'-1' for '--seed <SEED>': expected a whole number of 0 or more",
            ),
            (
                "train --lr abc",
                "'abc' for '--lr <RATE>': expected a number, as in `0.01`",
            ),
            (
                "generate last --count x",
                "'x' for '--count <N>': expected a whole number, as in `10`",
            ),
            (
                "cluster last -k x",
                "'x' for '--k <K>': expected a whole number, as in `10`",
            ),
        ];
        for (line, expected) in cases {
            let found = told(line);
            // The argument's own form is clap's affair.
            let of = |text: &str| text.rsplit("': ").next().map(str::to_owned);
            assert_eq!(of(&found), of(expected), "{found}");
        }
        assert!(told("train --seed 18446744073709551616").contains("too large"));
    }

    #[test]
    fn errors_that_are_clear_stay_as_they_are() {
        let error = Args::try_parse_from(["espejo", "train", "--zzz"]).err();
        assert_eq!(in_plain_words(&error.expect("no such flag")), None);
    }
}
