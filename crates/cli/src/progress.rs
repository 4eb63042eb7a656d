//! Progress of a training: a bar on a terminal, lines elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;

use espejo_train::{Event, Fold};
use indicatif::{ProgressBar, ProgressStyle};

use crate::compact_number::compact;
use crate::{output, terminal};

/// Steps of the bar.
const PARTS: u64 = 10_000;

/// A fold that is done, as in `fold 7/15 (repeat 2, fold 2): held out 154, loss 0.4812, accuracy 0.7662, roc_auc 0.8301`.
fn fold_line(fold: &Fold, done: usize, all: usize) -> String {
    let test = &fold.metrics.test;
    let mut line = format!(
        "fold {done}/{all} (repeat {}, fold {}): held out {}, loss {}",
        fold.repeat,
        fold.fold,
        fold.rows.len(),
        compact(test.loss, 4)
    );
    for name in ["accuracy", "roc_auc", "rmse", "r2"] {
        if let Some(value) = test.get(name) {
            line += &format!(", {name} {}", compact(value, 4));
        }
    }
    line
}

/// Shows the progress of a training.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Whether the words of the lines have been explained.
    explained: Cell<bool>,
}

impl Progress {
    /// Shows a bar if stderr is a terminal.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style =
                ProgressStyle::with_template(&format!("{} {{msg}}", terminal::progress_bar()))
                    .expect("a valid template");
            ProgressBar::new(PARTS).with_style(style)
        });
        Self {
            bar,
            explained: Cell::new(false),
        }
    }

    /// Shows one event.
    pub fn show(&self, event: &Event<'_>) {
        if let Event::Epoch { report, .. } = event
            && !self.explained.replace(true)
        {
            self.say(report.legend().trim_end());
        }
        match (event, &self.bar) {
            (Event::Compiling, _) => {
                self.say("compiling and tuning kernels for this device; the first run takes longest, later ones reuse the driver's cache");
            }
            (Event::Epoch { report, .. }, Some(bar)) => {
                bar.set_position((report.part * PARTS as f64) as u64);
                let rare = report.counts.is_some() || report.seconds > 0.05;
                if rare || report.epoch % 20 == 1 || report.epoch == report.epochs {
                    bar.set_message(report.line());
                }
            }
            (Event::Epoch { report, due: true }, None) => output::message(&report.line()),
            (Event::Fold { fold, done, all }, bar) => {
                if let Some(bar) = bar {
                    bar.set_position(*done as u64 * PARTS / *all as u64);
                }
                self.say(&fold_line(fold, *done, *all));
            }
            (Event::Epoch { .. }, None) | (Event::Samples { .. }, _) => {}
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::message(text),
        }
    }
}
