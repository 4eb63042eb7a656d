//! Missing cells of a table filled by a trained model, with intervals, and how well it does so on cells that are known.

mod calibration;
mod columns;
mod evaluation;
mod filling;
mod holed_table;
mod methods;
mod rounds;

use espejo_data::Samples;
use espejo_nets::seeded;

pub use calibration::cells_for_level;
pub use columns::{ColumnKind, ImputedColumn};
pub use evaluation::{HideRule, ImputationMeasures, ImputationReport, MethodReport};
pub use holed_table::HoledTable;

use crate::Error;
use crate::host_rows::unit_rows;
use crate::prepare::source;
use crate::seed::{Purpose, stream};
use crate::trained::Trained;
use calibration::{FilledRow, Raw, hide_like, margin};
use columns::Cells;
use filling::{FillRule, Statistics};
use rounds::Trial;

/// Rounds until a row has settled, at most, and before the first draw.
const SETTLING_ROUNDS: usize = 500;
const BURN_IN: usize = 50;
/// Draws where none are asked for.
const DRAWS: usize = 100;
/// Rows whose known cells are hidden to see how wide intervals have to be, at most, evenly spread.
const CALIBRATION_ROWS: usize = 500;
/// How often that is done, at most, and the hidden cells of a column that are enough.
const CALIBRATION_PASSES: usize = 10;
const ENOUGH_CELLS: usize = 300;
/// The streams of random numbers of one seed: what is drawn for cells, for residuals, for hiding in the manner of holes, for the choice of rounds, and
/// from the last one on for each repeat of an evaluation.
const FOR_DRAWS: usize = 0;
const FOR_RESIDUALS: usize = 1;
const FOR_CALIBRATION: usize = 2;
const FOR_ROUNDS: usize = 3;
const FOR_REPEATS: usize = 4;
/// Level of the draws where no interval is asked for.
const ANY_LEVEL: f64 = 0.9;

/// How missing cells are filled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImputeRule {
    /// Rounds: of `ae` and `dae` those until cells have settled, at most (1 to 500 where it is not said, as many as fill hidden cells of training rows
    /// best); of a `vae` those before the first draw (50).
    pub rounds: Option<usize>,
    /// Draws of each cell, for a `vae` (100).
    pub draws: Option<usize>,
    /// The share of true values that an interval shall hold; no intervals without it.
    pub level: Option<f64>,
    /// The seed of draws, and of what is hidden to see how wide intervals have to be.
    pub seed: u64,
}

/// What came of the missing cells of some samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Imputed {
    /// The columns of the run.
    pub columns: Vec<ImputedColumn>,
    /// The cells that were missing, sample by sample.
    pub cells: Vec<ImputedCell>,
    /// The most rounds that a sample took; of a `vae` all rounds.
    pub rounds: usize,
    /// The samples that had not settled by then.
    pub unsettled: usize,
    /// Whether the rounds were chosen because they fill hidden cells of training rows best, and not asked for.
    pub is_chosen: bool,
    /// What intervals come from, where they were asked for.
    pub calibration: Option<Calibration>,
}

/// A cell that was missing.
#[derive(Clone, Debug, PartialEq)]
pub struct ImputedCell {
    /// The number of its row among all rows of the file, counted from 0.
    pub row: u64,
    /// The place of its column in [`Imputed::columns`].
    pub column: usize,
    /// A number in the units of the table, a truth value of 0 or 1, or the place of a category; [`ColumnKind::text`] has it in words.
    pub value: f64,
    /// The interval of a number, where there were enough hidden cells.
    pub interval: Option<(f64, f64)>,
}

/// The known cells that were hidden to see how wide intervals have to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The rows that they are from.
    pub rows: usize,
    /// Whether the run was trained on these: intervals are then too narrow.
    pub trained_on: bool,
    /// How many there were of each column.
    pub cells: Vec<usize>,
    /// By how much the interval of each column was widened, where there were enough.
    margins: Vec<Option<f64>>,
}

impl Trained {
    /// Fills the missing cells of samples.
    ///
    /// An `ae` or `dae` reconstructs a row, with the means of its columns in the holes, and takes over what it says of these, until they stay as they are or as often as fills hidden cells of training rows best. A `vae`
    /// draws a code for the row and the row for the code, again and again, and keeps the holes (pseudo-Gibbs sampling, Rezende, Mohamed
    /// and Wierstra 2014, appendix F), which is only about what the model itself says of them (Mattei and Frellsen 2018). Intervals are made wide enough on known
    /// cells of rows that were held out of the training, hidden in the manner of the samples' own holes.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the run learned no table, or the rule cannot be followed; [`Error::NotFinite`] where a cell becomes no number;
    /// [`Error::Data`] where the run's own data is gone.
    ///
    /// ```
    /// use std::sync::atomic::AtomicBool;
    /// use espejo_train::{Folder, ImputeRule, RunConfig, fit, prepare};
    ///
    /// # if espejo_train::device::choose("cpu").is_err() { return Ok(()); } // a build with wgpu alone
    /// let room = tempfile::tempdir()?;
    /// let table = room.path().join("measured.csv");
    /// let rows: String = (0..60).map(|t| format!("{t},{},{}\n", 2 * t, 90 - t)).collect();
    /// std::fs::write(&table, format!("a,b,c\n{rows}"))?;
    ///
    /// let mut config = RunConfig::from_toml(
    ///     "data.scale = 'standardise'\nmodel.latent = 1\nmodel.layers = []\nmodel.output_activation = 'linear'
    ///      objective.loss = 'mse'\ntrain.epochs = 200\ntrain.learning_rate = 0.05\ntrain.device = 'cpu'",
    ///     "example",
    /// )?;
    /// config.data.name = table.display().to_string();
    /// let prepared = prepare(config)?;
    /// let folder = Folder::create(room.path(), Some("run"), &prepared.config)?;
    /// let run = fit(&prepared, &folder, "doc", &AtomicBool::new(false), &mut |_event| ())?.trained;
    ///
    /// let new = room.path().join("new.csv");
    /// std::fs::write(&new, "c;a;b\n70; ;40\n80;10;NA\n")?;
    /// let holes = run.holed_table(new.to_str())?;
    /// let imputed = run.impute(&holes.samples, ImputeRule::default())?;
    /// let filled = String::from_utf8(holes.refilled(&imputed, |word| word)?)?;
    /// // Two cells are new, every other byte is as it was.
    /// let (first, second) = filled.strip_prefix("c;a;b\n70; ").and_then(|rest| rest.split_once(";40\n80;10;")).expect("as it was");
    /// assert!((0..60).contains(&first.parse::<i32>()?) && (0..119).contains(&second.trim().parse::<i32>()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn impute(&self, samples: &Samples, rule: ImputeRule) -> Result<Imputed, Error> {
        let fill = self.fill_rule(rule)?;
        let cells = Cells::new(self.prepared(), self.table_columns()?);
        let width = cells.width();
        let train = unit_rows(&self.prepared().train)?.concat();
        let statistics = Statistics::of(&train, width);
        drop(train);
        let fill = self.with_rounds(rule, fill, &cells, &statistics)?;
        let rows = unit_rows(samples)?;
        let missing: Vec<Vec<usize>> = rows.iter().map(|row| cells.missing(row)).collect();
        let holed: Vec<usize> = (0..rows.len())
            .filter(|row| !missing[*row].is_empty())
            .collect();
        let patterns: Vec<Vec<usize>> = holed.iter().map(|row| missing[*row].clone()).collect();
        let calibration_rows = self.calibration_rows()?;
        let noise = self.residual_deviations(calibration_rows.concat(), &statistics, rule.seed)?;
        let seen = holed.iter().flat_map(|row| rows[*row].clone()).collect();
        let filled = self.fill(seen, &cells, &statistics, &noise, fill)?;
        let shortfalls = |hidden: Vec<f32>, places: &[(usize, usize)], truth: &[Vec<f32>]| {
            let filled = self.fill(hidden, &cells, &statistics, &noise, fill)?;
            Ok(shortfalls(&cells, &filled, places, truth))
        };
        let calibration = match rule.level {
            Some(level) if !holed.is_empty() => {
                let hidden = self.hidden_shortfalls(
                    &cells,
                    &patterns,
                    &calibration_rows,
                    rule.seed,
                    shortfalls,
                )?;
                Some(Calibration {
                    rows: calibration_rows.len(),
                    trained_on: !self.prepared().held_out,
                    cells: hidden.iter().map(Vec::len).collect(),
                    margins: hidden
                        .iter()
                        .map(|shortfalls| margin(shortfalls, level))
                        .collect(),
                })
            }
            _ => None,
        };
        let mut found = Vec::new();
        for (place, &index) in holed.iter().enumerate() {
            let (filled, row) = (FilledRow::of(&cells, &filled, place), samples.row(index));
            for &column in &missing[index] {
                let (facts, raw) = (&cells.columns[column], filled.raw(column));
                found.push(cell(facts, raw, row, column, calibration.as_ref())?);
            }
        }
        Ok(Imputed {
            columns: cells.columns,
            cells: found,
            rounds: filled.rounds,
            unsettled: filled.unsettled,
            is_chosen: self.chooses_rounds(rule),
            calibration,
        })
    }

    /// The columns that the run learned, by its training part as its file holds it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it learned no table, [`Error::Data`] where its data is gone.
    pub fn table_columns(&self) -> Result<Vec<ImputedColumn>, Error> {
        self.check_table()?;
        let loaded = espejo_data::load(&source(self.config())?)?;
        Ok(ImputedColumn::all(&loaded.columns, &loaded.train))
    }

    /// A rule made concrete for the run.
    fn fill_rule(&self, rule: ImputeRule) -> Result<FillRule, Error> {
        let draws = self.prepared().spec.kind.has_posterior();
        if rule.draws.is_some() && !draws {
            let message = "only a `vae` draws cells";
            return Err(Error::config(message, "leave `--draws` out".to_owned()));
        }
        let level = rule.level.unwrap_or(ANY_LEVEL);
        if !(level > 0.0 && level < 1.0) {
            let message = format!("`--level` is {level}");
            return Err(Error::config(
                message,
                "give a share between 0 and 1, as in `--level .9`".to_owned(),
            ));
        }
        let usual = if draws { BURN_IN } else { SETTLING_ROUNDS };
        let found = FillRule {
            rounds: rule.rounds.unwrap_or(usual),
            draws: rule.draws.unwrap_or(DRAWS),
            level,
            seed: rule.seed,
        };
        match (found.rounds, found.draws) {
            (0, _) if !draws => Err(Error::config(
                "`--rounds` is 0",
                "give 1 or more".to_owned(),
            )),
            (_, 0) => Err(Error::config("`--draws` is 0", "give 1 or more".to_owned())),
            _ => Ok(found),
        }
    }

    /// Whether nobody says how many rounds a row takes until it has settled.
    fn chooses_rounds(&self, rule: ImputeRule) -> bool {
        rule.rounds.is_none() && !self.prepared().spec.kind.has_posterior()
    }

    /// A rule with as many rounds as fill hidden cells of training rows best, where it asks for none.
    fn with_rounds(
        &self,
        rule: ImputeRule,
        fill: FillRule,
        cells: &Cells,
        statistics: &Statistics,
    ) -> Result<FillRule, Error> {
        if !self.chooses_rounds(rule) {
            return Ok(fill);
        }
        let trial = Trial::new(&self.prepared().train, cells, rule.seed)?;
        let rounds = trial.best(statistics, |rows, rounds| {
            let fill = FillRule { rounds, ..fill };
            Ok(self.fill(rows, cells, statistics, &[], fill)?.rows)
        })?;
        Ok(FillRule { rounds, ..fill })
    }

    /// Rows that were held out of the training where there are such, evenly spread.
    fn calibration_rows(&self) -> Result<Vec<Vec<f32>>, Error> {
        let rows = self.test();
        unit_rows(&rows.select(&spread(rows.len(), CALIBRATION_ROWS)))
    }

    /// How far hidden cells lie outside their intervals, column by column.
    fn hidden_shortfalls(
        &self,
        cells: &Cells,
        patterns: &[Vec<usize>],
        truth: &[Vec<f32>],
        seed: u64,
        shortfalls: impl Fn(
            Vec<f32>,
            &[(usize, usize)],
            &[Vec<f32>],
        ) -> Result<Vec<(usize, f64)>, Error>,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let mut found = vec![Vec::new(); cells.columns.len()];
        let wanted = |column: &usize| cells.columns[*column].kind.is_number();
        let wanted: Vec<usize> = (0..cells.columns.len())
            .filter(|column| {
                wanted(column) && patterns.iter().any(|pattern| pattern.contains(column))
            })
            .collect();
        let mut rng = seeded(stream(seed, FOR_CALIBRATION, Purpose::Use));
        for _ in 0..CALIBRATION_PASSES {
            if wanted
                .iter()
                .all(|column| found[*column].len() >= ENOUGH_CELLS)
            {
                break;
            }
            let mut rows = truth.concat();
            let hidden = hide_like(&mut rows, cells, patterns, &mut rng);
            for (column, shortfall) in shortfalls(rows, &hidden, truth)? {
                found[column].push(shortfall);
            }
        }
        Ok(found)
    }
}

/// Places of so many at most, evenly spread.
fn spread(count: usize, most: usize) -> Vec<usize> {
    let taken = count.min(most);
    (0..taken).map(|at| at * count / taken).collect()
}

/// How far the true numbers of hidden cells lie outside what was filled in, by column.
fn shortfalls(
    cells: &Cells,
    filled: &filling::Filled,
    hidden: &[(usize, usize)],
    truth: &[Vec<f32>],
) -> Vec<(usize, f64)> {
    let mut found = Vec::new();
    for hidden in hidden.chunk_by(|a, b| a.0 == b.0) {
        let row = hidden[0].0;
        let (filled, units) = (
            FilledRow::of(cells, filled, row),
            cells.in_units(&truth[row]),
        );
        let columns = hidden.iter().map(|(_, column)| *column);
        let numbers = columns.filter(|column| cells.columns[*column].kind.is_number());
        found.extend(numbers.map(|column| {
            let truth = cells.number(column, &units);
            (column, filled.raw(column).shortfall(truth))
        }));
    }
    found
}

/// A filled cell with its interval.
fn cell(
    column: &ImputedColumn,
    raw: Raw,
    row: u64,
    place: usize,
    calibration: Option<&Calibration>,
) -> Result<ImputedCell, Error> {
    if !raw.value.is_finite() {
        return Err(Error::NotFinite {
            what: "filled cell",
            row,
            value: raw.value,
        });
    }
    let margin = calibration.and_then(|calibration| calibration.margins[place]);
    let margin = margin.filter(|_| column.kind.is_number());
    Ok(ImputedCell {
        row,
        column: place,
        value: raw.value,
        interval: margin.map(|margin| raw.widened(margin, column.is_whole)),
    })
}
