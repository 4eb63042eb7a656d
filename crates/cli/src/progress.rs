//! Progress of a training: a bar on a terminal, lines elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;

use espejo_train::{Event, Fold};
use indicatif::{ProgressBar, ProgressStyle};
use terminal_size::{Width, terminal_size_of};

use crate::compact_number::compact;
use crate::output;
use crate::printable::{printable, short_numbers};

/// Columns of a terminal that a bar is drawn on, at most: it is drawn anew twenty times a second, over all of them.
const WIDEST: u16 = 1000;

/// A bar of so many steps, where stderr is a terminal that is not absurdly wide.
pub fn bar(template: &str, steps: u64) -> Option<ProgressBar> {
    let stderr = std::io::stderr();
    let fits = terminal_size_of(&stderr).is_none_or(|(Width(width), _)| width <= WIDEST);
    (stderr.is_terminal() && fits).then(|| {
        let style = ProgressStyle::with_template(template).expect("a valid template");
        ProgressBar::new(steps).with_style(style)
    })
}

/// Says something above a bar, or where none is.
pub fn say(bar: Option<&ProgressBar>, text: &str) {
    match bar {
        Some(bar) => bar.println(printable(&short_numbers(text))),
        None => output::message(text),
    }
}

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
        let bar = bar("{wide_bar:.cyan} {msg}", PARTS);
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
        say(self.bar.as_ref(), text);
    }
}
