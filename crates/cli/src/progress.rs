//! Progress of a training: a bar on a terminal, lines elsewhere.

use std::cell::Cell;
use std::io::IsTerminal;

use espejo_train::Event;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;

/// Steps of the bar.
const PARTS: u64 = 10_000;

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
                ProgressStyle::with_template("{wide_bar:.cyan} {msg}").expect("a valid template");
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
