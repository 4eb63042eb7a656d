//! Scores of rows that are read, scaled and put through the model part by part on all threads, and not kept.

use espejo_data::{Samples, load_in_parts};
use espejo_kernels::threads;

use crate::Error;
use crate::config::DataConfig;
use crate::score::ScoreRule;
use crate::trained::{OtherData, Trained};

/// Rows with their scores.
#[derive(Clone, Debug)]
pub struct ScoredRows {
    /// The rows by name and number, without their values, which are gone.
    pub data: OtherData,
    /// The score of each, as [`Trained::score`] gives it, to the bit.
    pub scores: Vec<f64>,
}

impl Trained {
    /// Scores the rows of `change`d data as they are read. However long the table is, no more than a few MiB of it are there at once.
    ///
    /// `None` where that cannot be done: for images, texts, series, and wherever [`espejo_data::load_in_parts`] leaves a table to
    /// [`other_data`](Self::other_data), which also says what is wrong with one.
    ///
    /// # Errors
    ///
    /// As [`score`](Self::score) for a model or rule that cannot score anything.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, ScoreKind, ScoreRule, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// let rule = ScoreRule { kind: ScoreKind::SquaredError, draws: 1, seed: 1 };
    /// if let Some(rows) = trained.score_passing(|data| data.name = "long.csv".into(), rule)? {
    ///     println!("{} rows, the first {}", rows.scores.len(), rows.scores[0]);
    /// }
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn score_passing(
        &self,
        change: impl FnOnce(&mut DataConfig),
        rule: ScoreRule,
    ) -> Result<Option<ScoredRows>, Error> {
        self.check_score(rule, false)?;
        let learned = self.test();
        let is_plain = learned.is_table() && !learned.is_text() && learned.window().is_none();
        // A GPU takes work from one thread at a time.
        if !is_plain || !self.device().is_processor() {
            return Ok(None);
        }
        let mut config = self.config().clone();
        change(&mut config.data);
        let source = self.other_source(&config)?;
        let of_part = |rows: Samples| {
            let rows = self.treated(rows, &config.data.name).ok()?;
            let scores = threads::alone(|| self.score(&rows, rule, false)).ok()?;
            Some(scores.values)
        };
        let mut scores = Vec::new();
        let passed = load_in_parts(&source, of_part, |part: Vec<f64>| scores.extend(part));
        Ok(passed.map(|passed| ScoredRows {
            data: OtherData {
                samples: passed.rows,
                skipped: passed.skipped,
                notes: passed.notes,
            },
            scores,
        }))
    }
}
