//! The verdict in the language of the page.
//!
//! A finding keeps its English message and the numbers it rests on; a Spanish sentence is made from its name and these numbers, so that
//! runs of older versions have it, too. What is neither a number nor a flag, such as the name of a layer, stays in `run.json`.

use espejo_report::Language;
use espejo_train::{Finding, VerdictWords, verdict, verdict_in};

use super::lead::digits;

const SPANISH: VerdictWords = VerdictWords {
    advice: "prueba",
    others: "véase también en `run.json`",
};

/// The verdict in one or two sentences, a line each.
pub fn sentences(findings: &[Finding], language: Language) -> Vec<String> {
    if language == Language::English {
        return verdict(findings);
    }
    let told: Vec<Finding> = findings.iter().map(in_spanish).collect();
    verdict_in(&told, SPANISH)
}

/// A finding with a Spanish message; one that is not known here, of a newer version, keeps its own.
fn in_spanish(finding: &Finding) -> Finding {
    let numbers = Numbers(finding);
    let said = compared(&numbers)
        .or_else(|| course(&numbers))
        .or_else(|| code(&numbers))
        .or_else(|| units(&numbers));
    Finding {
        message: said.unwrap_or_else(|| finding.message.clone()),
        ..finding.clone()
    }
}

/// The numbers of a finding, as a Spanish sentence has them.
struct Numbers<'a>(&'a Finding);

impl Numbers<'_> {
    fn of(&self, key: &str) -> Option<f64> {
        self.0.numbers.get(key).copied()
    }

    fn short(&self, key: &str) -> Option<String> {
        Some(digits(self.of(key)?, Language::Spanish))
    }

    fn whole(&self, key: &str) -> Option<String> {
        Some(format!("{:.0}", self.of(key)?))
    }

    fn percent(&self, key: &str) -> Option<String> {
        Some(format!("{:.0} %", 100.0 * self.of(key)?))
    }

    /// What a measure is called, and the model's and another's value of it.
    fn against(&self, other: &str) -> Option<String> {
        let (key, measure) = [
            ("squared_error", "error cuadrático"),
            ("accuracy", "exactitud"),
            ("rmse", "raíz del error cuadrático medio"),
        ]
        .into_iter()
        .find(|(key, _)| self.of(key).is_some())?;
        let (own, other) = (self.short(key)?, self.short(other)?);
        Some(format!("({measure} {own} frente a {other})"))
    }
}

/// A model beside what one gets without training.
fn compared(numbers: &Numbers<'_>) -> Option<String> {
    let (words, other) = match numbers.0.name.as_str() {
        "worse-than-pca" => ("peor que PCA con tantas dimensiones como el código", "pca"),
        "better-than-pca" => ("mejor que PCA con tantas dimensiones como el código", "pca"),
        "like-pca" => (
            "tan bueno como PCA con tantas dimensiones como el código",
            "pca",
        ),
        "no-better-than-mean" => ("no mejor que la media", "mean"),
        "better-than-mean" => ("mejor que la media", "mean"),
        "no-better-than-noisy-input" => (
            "no quita ruido: la entrada ruidosa está igual de cerca de la muestra limpia",
            "noisy_input",
        ),
        "simpler-rule-is-better" => ("una regla más simple es mejor aquí", "rule"),
        "no-better-than-largest-class" => (
            "no mejor que nombrar siempre la clase más frecuente",
            "largest_class",
        ),
        "worse-than-linear" => ("peor que un modelo lineal", "linear"),
        "better-than-linear" => ("mejor que un modelo lineal", "linear"),
        "like-linear" => ("más o menos tan bueno como un modelo lineal", "linear"),
        _ => return None,
    };
    Some(format!("{words} {}", numbers.against(other)?))
}

/// How a training went.
fn course(numbers: &Numbers<'_>) -> Option<String> {
    Some(match numbers.0.name.as_str() {
        "too-few-steps" => format!(
            "solo {} pasos del optimizador ({} épocas)",
            numbers.whole("steps")?,
            numbers.whole("epochs")?
        ),
        "still-falling" => format!(
            "la pérdida aún bajaba ({}, y bajaría unos {} en otras tantas épocas)",
            numbers.short("loss")?,
            numbers.short("expected_fall")?
        ),
        "overfitted" if numbers.of("epoch").is_some() => format!(
            "sobreajuste desde la época {epoch}: la pérdida de prueba subió de {} a {} mientras bajaba la de entrenamiento; se conservan los pesos de la época {epoch}",
            numbers.short("lowest_test_loss")?,
            numbers.short("last_test_loss")?,
            epoch = numbers.whole("epoch")?,
        ),
        "overfitted" => format!(
            "sobreajuste: la pérdida de prueba es {} y la de entrenamiento {}",
            numbers.short("test_loss")?,
            numbers.short("training_loss")?
        ),
        "swamping-term" => format!(
            "un término ahoga a los demás: con su peso de {} es {} veces el principal",
            numbers.short("weight")?,
            numbers.short("times")?
        ),
        "diverged" if numbers.of("mean").is_some() => format!(
            "divergió: en la época {} el error es {}, y el de la media {}",
            numbers.whole("epoch")?,
            numbers.short("error")?,
            numbers.short("mean")?
        ),
        "diverged" => format!(
            "divergió en la época {}: la pérdida o un peso dejó de ser un número finito",
            numbers.whole("epoch")?
        ),
        _ => return None,
    })
}

/// What the code tells.
fn code(numbers: &Numbers<'_>) -> Option<String> {
    Some(match numbers.0.name.as_str() {
        "unused-dimensions" => format!(
            "dimensiones del código sin uso: {} de {}",
            numbers.whole("unused")?,
            numbers.whole("dimensions")?
        ),
        "collapsed-dimensions" => format!(
            "dimensiones del código que repiten otras (correlación ±1): {} de {}",
            numbers.whole("repeated")?,
            numbers.whole("dimensions")?
        ),
        "constant-code" => "el código es constante: es el mismo para todas las muestras".to_owned(),
        "posterior-collapse" => format!(
            "colapso de la distribución posterior: el código no dice nada de ninguna muestra (divergencia KL de {} nats en total)",
            numbers.short("nats")?
        ),
        "coinciding-codes" => format!(
            "muestras distintas tienen el mismo código: {} de {}",
            numbers.whole("coinciding")?,
            numbers.whole("samples")?
        ),
        "saturated-code" => format!(
            "el código está saturado: el {} de sus valores está en los extremos del rango de su activación",
            numbers.percent("share")?
        ),
        _ => return None,
    })
}

/// Units and outputs that do nothing.
fn units(numbers: &Numbers<'_>) -> Option<String> {
    Some(match numbers.0.name.as_str() {
        "dead-units" => format!(
            "unidades muertas en una capa, que dan 0 con todas las muestras: {} de {}",
            numbers.whole("dead")?,
            numbers.whole("units")?
        ),
        "saturated-units" => format!(
            "una capa está saturada: el {} de sus valores está en los extremos del rango de su activación",
            numbers.percent("share")?
        ),
        "constant-outputs" => "las salidas son las mismas para todas las muestras".to_owned(),
        "class-never-predicted" => format!(
            "clases que nunca se predicen: {}",
            numbers.whole("classes")?
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use espejo_train::Severity;

    use super::*;

    fn finding(name: &str, severity: Severity, numbers: &[(&str, f64)]) -> Finding {
        let numbers = numbers
            .iter()
            .map(|(key, value)| ((*key).to_owned(), *value));
        Finding {
            name: name.to_owned(),
            severity,
            message: "in English".to_owned(),
            advice: None,
            numbers: numbers.collect(),
        }
    }

    #[test]
    fn a_bad_comparison_takes_its_cause_along() {
        let numbers = [("squared_error", 133.0), ("pca", 114.0), ("mean", 200.0)];
        let worse = finding("worse-than-pca", Severity::Warning, &numbers);
        let few = Finding {
            advice: Some("--epochs 1000".to_owned()),
            ..finding(
                "too-few-steps",
                Severity::Warning,
                &[("steps", 40.0), ("epochs", 20.0)],
            )
        };
        let said = sentences(&[worse, few], Language::Spanish);
        assert_eq!(
            said,
            [
                "peor que PCA con tantas dimensiones como el código (error cuadrático 133,0 frente a 114,0): solo 40 pasos del optimizador (20 épocas), prueba `--epochs 1000`"
            ]
        );
    }

    #[test]
    fn a_finding_of_a_newer_version_keeps_its_message() {
        let other = finding("unheard-of", Severity::Warning, &[]);
        assert_eq!(sentences(&[other], Language::Spanish), ["in English"]);
    }

    /// docs/findings.md lists every name.
    #[test]
    fn every_finding_has_a_spanish_sentence() {
        let listed = include_str!("../../../../../docs/findings.md");
        let names: Vec<&str> = listed
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(name, _)| name)
            .collect();
        assert!(names.len() > 20, "{names:?}");
        let every = [
            "squared_error",
            "pca",
            "mean",
            "noisy_input",
            "rule",
            "accuracy",
            "largest_class",
            "linear",
            "rmse",
            "steps",
            "epochs",
            "loss",
            "expected_fall",
            "epoch",
            "lowest_test_loss",
            "last_test_loss",
            "weight",
            "times",
            "error",
            "unused",
            "dimensions",
            "repeated",
            "nats",
            "coinciding",
            "samples",
            "share",
            "dead",
            "units",
            "classes",
        ];
        let numbers = every.map(|key| (key, 1.5));
        for name in names {
            let told = in_spanish(&finding(name, Severity::Warning, &numbers));
            assert_ne!(told.message, "in English", "{name}");
        }
    }
}
