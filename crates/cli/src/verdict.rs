//! The verdict on a run as lines for people: what is printed before the numbers.

use espejo_train::{Finding, verdict};

use crate::printable::short_numbers;

/// One or two sentences and the names of what else was found, a line each; empty where nothing was.
pub fn verdict_lines(findings: &[Finding]) -> String {
    let lines = verdict(findings).into_iter().enumerate();
    let lines = lines.map(|(place, line)| match place {
        0 => format!("verdict  {line}\n"),
        _ => format!("         {line}\n"),
    });
    short_numbers(&lines.collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use espejo_train::Severity;

    use super::*;

    #[test]
    fn only_the_first_line_is_headed() {
        let finding = |name: &str, message: &str, advice: Option<&str>| Finding {
            name: name.to_owned(),
            severity: Severity::Warning,
            message: message.to_owned(),
            advice: advice.map(str::to_owned),
            numbers: BTreeMap::new(),
        };
        let findings = [
            finding("dead-units", "units are dead", Some("--activation tanh")),
            finding("overfitted", "overfitted", None),
        ];
        let expected = "verdict  units are dead, try `--activation tanh`\n         overfitted\n";
        assert_eq!(verdict_lines(&findings), expected);
        assert_eq!(verdict_lines(&[]), "");
    }
}
