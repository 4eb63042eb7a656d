//! Plain judgements of a finished run: is the result any good, what is wrong with it, and which flag to try.
//!
//! Everything but [`measured`] is a pure function of numbers: the losses of each epoch, the metrics beside their baselines, and
//! statistics of codes, hidden layers and outputs, taken once on a few samples. Each file below judges one kind of thing; the names of
//! the findings are a contract and stand in `docs/findings.md`.

mod advice;
mod code;
mod comparison;
mod course;
mod divergence;
mod measured;
mod progress;
mod terms;
mod units;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::baselines::Baseline;
use crate::config::RunConfig;
use crate::error::AtPath;
use crate::folder::Folder;
use crate::metrics::Metrics;
use crate::model::AnyModel;
use crate::plain_files::append;
use crate::prepare::Prepared;
use crate::run_report::ClassReport;

use code::CodeUse;
use course::Course;
use units::{LayerUse, Spread};

pub(crate) use divergence::lost;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// The result is worse than it need be, or is not what was asked for.
    Warning,
    /// There is no result.
    Error,
}

/// One judgement of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// A name that stays, such as `worse-than-pca`.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, as a clause without a capital or a full stop.
    pub message: String,
    /// One flag to try, with a value for this run.
    #[serde(rename = "try", default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The numbers that it rests on.
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
}

impl Finding {
    fn new(name: &str, severity: Severity, message: String) -> Self {
        Self {
            name: name.to_owned(),
            severity,
            message,
            advice: None,
            numbers: BTreeMap::new(),
        }
    }

    fn warning(name: &str, message: String) -> Self {
        Self::new(name, Severity::Warning, message)
    }

    fn info(name: &str, message: String) -> Self {
        Self::new(name, Severity::Info, message)
    }

    fn advise(self, advice: impl Into<Option<String>>) -> Self {
        Self {
            advice: advice.into(),
            ..self
        }
    }

    fn number(mut self, name: &str, value: f64) -> Self {
        // JSON knows no infinity.
        if value.is_finite() {
            self.numbers.insert(name.to_owned(), value);
        }
        self
    }

    /// Whether there is no result.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether something should be done about it.
    pub fn is_bad(&self) -> bool {
        self.severity != Severity::Info
    }
}

/// All that a judgement may look at.
struct Facts<'a> {
    config: &'a RunConfig,
    /// The word for a sample: `image`, `row` or `window`.
    sample: &'static str,
    /// Values of a sample, and whether it is an image.
    values: usize,
    is_image: bool,
    held_out: bool,
    /// Steps of the optimiser in an epoch; none in double precision, where an epoch is an iteration.
    steps: Option<usize>,
    /// Why training ended before its last epoch, if it did.
    ended: Option<&'a str>,
    metrics: &'a Metrics,
    baselines: &'a [Baseline],
    classes: &'a [ClassReport],
    course: &'a Course,
    code: Option<CodeUse>,
    layers: Vec<LayerUse>,
    outputs: Option<Spread>,
    /// The error of the last epoch where it was far above that of the mean, with that of the first weights.
    runaway: Option<divergence::Runaway>,
}

impl Facts<'_> {
    /// The error of the model as a share of that of a constant answer: 1 is no better than the mean, 0 is perfect.
    fn remaining(&self) -> Option<f64> {
        let (model, mean) = comparison::error_and_mean(self.metrics, self.baselines)?;
        (mean > 0.0).then_some(model / mean)
    }
}

/// All findings, what matters most first.
fn judge(facts: &Facts<'_>) -> Vec<Finding> {
    if let Some(diverged) = divergence::diverged(facts) {
        return vec![diverged];
    }
    let mut findings = comparison::findings(facts);
    findings.extend(progress::too_short(facts));
    findings.extend(units::outputs(facts));
    findings.extend(code::findings(facts));
    findings.extend(terms::swamping(facts));
    findings.extend(units::layers(facts));
    findings.extend(progress::overfitted(facts));
    // A stable sort: within one severity the order above stays, and what the run is compared with stays first.
    let headlines = findings
        .iter()
        .filter(|finding| is_headline(finding))
        .count();
    findings[headlines.min(1)..].sort_by_key(|finding| !finding.is_bad());
    findings
}

fn is_headline(finding: &Finding) -> bool {
    comparison::HEADLINES.contains(&finding.name.as_str())
}

/// The findings in one or two sentences, a line each, and the names of the others.
///
/// A bad comparison takes the likeliest cause into its own sentence: "worse than PCA-2 (133 against 114): still falling, try
/// `--epochs 300`".
pub fn verdict(findings: &[Finding]) -> Vec<String> {
    let Some((first, rest)) = findings.split_first() else {
        return Vec::new();
    };
    let mut bad = rest.iter().filter(|finding| finding.is_bad());
    let mut lines = vec![match (first.is_bad() && is_headline(first), bad.next()) {
        (true, Some(cause)) => format!("{}: {}", first.message, with_advice(cause)),
        (true, None) | (false, None) => with_advice(first),
        (false, Some(next)) => {
            let second = with_advice(next);
            let mut lines = vec![with_advice(first), second];
            lines.extend(others(bad));
            return lines;
        }
    }];
    lines.extend(bad.next().map(with_advice));
    lines.extend(others(bad));
    lines
}

/// The names of findings that have no sentence of their own.
fn others<'a>(findings: impl Iterator<Item = &'a Finding>) -> Option<String> {
    let names: Vec<&str> = findings.map(|finding| finding.name.as_str()).collect();
    (!names.is_empty()).then(|| format!("see `run.json` for: {}", names.join(", ")))
}

fn with_advice(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    if let Some(advice) = &finding.advice {
        let _ = write!(text, ", try `{advice}`");
    }
    text
}

/// What was measured of a model, to be judged.
pub(crate) struct Measured<'a> {
    pub prepared: &'a Prepared,
    pub model: &'a AnyModel,
    pub metrics: &'a Metrics,
    pub baselines: &'a [Baseline],
    pub classes: &'a [ClassReport],
    /// Why training ended before its last epoch, if it did.
    pub ended: Option<&'a str>,
}

/// The findings of a run whose training is over.
///
/// # Errors
///
/// [`Error::Data`] where the samples lie in a file that cannot be read.
pub(crate) fn of_run(measured: &Measured<'_>, folder: &Folder) -> Result<Vec<Finding>, Error> {
    let course = Course::read(folder);
    let facts = measured::facts(measured, &course)?;
    Ok(judge(&facts))
}

/// The error of a run whose numbers are finite and absurd; none for any other.
pub(crate) fn far_worse(findings: &[Finding], folder: &Folder) -> Option<Error> {
    let finding = findings.iter().find(|finding| finding.name == "diverged")?;
    Some(Error::FarWorse {
        message: finding.message.clone(),
        advice: finding.advice.clone(),
        run: folder.path().to_owned(),
    })
}

/// Adds the verdict to the log of a run.
pub(crate) fn log(folder: &Folder, findings: &[Finding]) -> Result<(), Error> {
    use std::io::Write as _;
    let path = folder.path().join("log.txt");
    let lines = verdict(findings).into_iter();
    let text: String = lines.map(|line| format!("verdict  {line}\n")).collect();
    let mut file = append(&path)?;
    file.write_all(text.as_bytes()).at("write", &path)
}

#[cfg(test)]
mod tests;
