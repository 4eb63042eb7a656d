//! Numbers as sentences have them.

/// Three significant digits, and no more than a person wants: `133`, `0.361`, `9.46e9`.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        magnitude if magnitude >= 1e6 => format!("{value:.2e}"),
        magnitude if magnitude >= 99.95 => format!("{value:.0}"),
        magnitude if magnitude >= 9.995 => format!("{value:.1}"),
        magnitude if magnitude >= 0.9995 => format!("{value:.2}"),
        magnitude if magnitude >= 0.09995 => format!("{value:.3}"),
        magnitude if magnitude >= 0.0009995 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

/// A share in whole percent.
pub(super) fn percent(share: f64) -> String {
    match share {
        share if share > 0.0 && share < 0.01 => "under 1 %".to_owned(),
        share if share > 0.99 && share < 1.0 => "over 99 %".to_owned(),
        share => format!("{:.0} %", 100.0 * share),
    }
}

/// A count with its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Names with commas, the first few of many.
pub(super) fn listed(names: &[String]) -> String {
    const NAMED: usize = 5;
    match names.len() {
        count if count <= NAMED => names.join(", "),
        count => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
    }
}
