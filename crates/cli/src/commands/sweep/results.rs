//! What came of a sweep: a table of its runs, one of its settings with intervals over seeds, figures, and the best setting.

use std::path::PathBuf;

use espejo_report::Language;
use espejo_train::MainMeasure;
use serde_json::{Value, json};

use super::folder::{SweepFolder, TaskState};
use super::halving::stopped_settings;
use super::parallel::parallel;
use super::status::{STOPPED_EARLY, settings_json};
use super::vary::shown_value;
use crate::compact_number::compact;
use crate::csv_cell::csv_line;
use crate::output::{self, counted, message, shown};
use crate::run_groups::{Group, Member, interval_json, with_interval};
use crate::table::{Column, table};
use crate::terminal;

mod figures;

/// Settings that the terminal shows, at most.
const MOST_ROWS: usize = 20;
/// The least ratio of the largest to the smallest value of a key whose axis is logarithmic.
pub(super) const WIDE: f64 = 20.0;

/// The settings of a sweep, each with the runs of it that completed.
pub(super) struct Results<'a> {
    pub(super) sweep: &'a SweepFolder,
    /// Where each task stands, in their order.
    states: Vec<TaskState>,
    /// One for each setting, in their order.
    pub(super) groups: Vec<Group>,
    /// The measure by which settings are compared; none where no run has one.
    pub(super) measure: Option<MainMeasure>,
    /// The settings with a completed run for each seed, best first.
    pub(super) ranked: Vec<usize>,
    /// Why settings cannot be compared.
    pub(super) apart: Option<String>,
}

/// Gathers the results: the table to stdout, then files into the folder.
pub fn collect(sweep: &SweepFolder, json: bool) -> anyhow::Result<()> {
    let results = Results::read(sweep)?;
    let value = results.to_json();
    if json {
        output::json(&value)?;
    } else {
        results.tell_missing();
        output::text(&format!("{}{}\n", results.table(), results.verdict()))?;
    }
    let mut files = vec![
        sweep.write("results.csv", &results.runs_csv())?,
        sweep.write("settings.csv", &results.settings_csv())?,
        sweep.write("results.json", &format!("{value:#}\n"))?,
    ];
    let drawn = draw(&results, &mut files);
    if !json {
        let line = |file: &PathBuf| format!("file    {}\n", shown(file));
        output::text(&files.iter().map(line).collect::<String>())?;
    }
    drawn
}

/// Draws the figures, and adds each to the files.
fn draw(results: &Results<'_>, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let folder = results.sweep.path().join("figures");
    let figures = [
        ("settings", results.figure()),
        ("parallel", parallel(results)),
    ];
    for (name, figure) in figures {
        let Some(figure) = figure else { continue };
        figure.save(&folder, name)?;
        files.push(folder.join(format!("{name}.png")));
    }
    Ok(())
}

impl<'a> Results<'a> {
    fn read(sweep: &'a SweepFolder) -> anyhow::Result<Self> {
        let plan = &sweep.plan;
        let states: Vec<TaskState> = (1..=plan.len()).map(|number| sweep.state(number)).collect();
        let member = |number: usize| -> anyhow::Result<Option<Member>> {
            let (TaskState::Completed(report), Some(run)) =
                (&states[number - 1], sweep.run(number))
            else {
                return Ok(None);
            };
            Ok(Some(Member {
                name: sweep.name(number),
                config: run.config()?,
                folder: run,
                report: (**report).clone(),
            }))
        };
        let group = |setting: usize| -> anyhow::Result<Group> {
            let members = plan
                .tasks_of(setting)
                .map(member)
                .collect::<anyhow::Result<Vec<_>>>()?;
            Ok(Group {
                label: plan.setting_words(setting),
                members: members.into_iter().flatten().collect(),
            })
        };
        let groups = (0..plan.settings.len())
            .map(group)
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut results = Self {
            sweep,
            states,
            measure: groups
                .iter()
                .flat_map(|group| &group.members)
                .find_map(Member::main_measure),
            groups,
            ranked: Vec::new(),
            apart: None,
        };
        results.rank();
        Ok(results)
    }

    /// Orders the settings that are complete, if they can be compared.
    fn rank(&mut self) {
        let Some(measure) = self.measure else { return };
        let whole =
            |setting: &usize| self.groups[*setting].members.len() == self.sweep.plan.repeats();
        let mut ranked: Vec<(usize, f64)> = (0..self.groups.len())
            .filter(whole)
            .filter_map(|setting| {
                Some((setting, self.groups[setting].measured(measure.key())?.mean))
            })
            .collect();
        let first = ranked.first().map(|(setting, _)| &self.groups[*setting]);
        let others = ranked
            .iter()
            .skip(1)
            .map(|(setting, _)| &self.groups[*setting]);
        let why = first.and_then(|first| {
            others
                .into_iter()
                .find_map(|other| Some((other.label.clone(), first.not_comparable(other)?)))
        });
        if let Some((label, why)) = why {
            self.apart = Some(format!(
                "settings are not compared: those of {label} are {why}"
            ));
            return;
        }
        ranked.sort_by(|(_, a), (_, b)| match measure.is_better(*a, *b) {
            true => std::cmp::Ordering::Less,
            false if a == b => std::cmp::Ordering::Equal,
            false => std::cmp::Ordering::Greater,
        });
        self.ranked = ranked.into_iter().map(|(setting, _)| setting).collect();
    }

    pub(super) fn key(&self) -> &'static str {
        self.measure.map_or("loss", MainMeasure::key)
    }

    /// Names what is not there yet, and what failed.
    fn tell_missing(&self) {
        const TOLD: usize = 5;
        let stopped = stopped_settings(self.sweep);
        let numbers = 1..=self.states.len();
        let missing = numbers.clone().filter(|number| {
            !self.states[number - 1].is_ended()
                && !stopped.contains(&self.sweep.plan.setting_of(*number))
        });
        let failed =
            numbers.filter(|number| matches!(self.states[number - 1], TaskState::Failed(_)));
        for (what, numbers) in [
            ("missing", missing.collect::<Vec<_>>()),
            ("failed", failed.collect()),
        ] {
            if numbers.is_empty() {
                continue;
            }
            message(&format!("{what}: {}", counted(numbers.len(), "task")));
            for number in numbers.iter().take(TOLD) {
                let why = match &self.states[number - 1] {
                    TaskState::Failed(failure) => format!(": {}", failure.error),
                    state => format!(": {}", state.word()),
                };
                message(&format!(
                    "  {number}  {}{why}",
                    self.sweep.plan.words(*number)
                ));
            }
            if numbers.len() > TOLD {
                message(&format!(
                    "  and {} more, as `espejo sweep status` lists them",
                    numbers.len() - TOLD
                ));
            }
        }
    }

    /// The settings for people, the best first.
    fn table(&self) -> String {
        const COLUMNS: [Column; 5] = [
            Column::words("setting").cut_to(24),
            Column::numbers("runs").dropped(1),
            Column::words("mean (95 % interval over seeds)"),
            Column::numbers("parameters").dropped(0),
            Column::numbers("seconds").dropped(2),
        ];
        let rest = (0..self.groups.len()).filter(|setting| !self.ranked.contains(setting));
        let order: Vec<usize> = self.ranked.iter().copied().chain(rest).collect();
        let stopped = stopped_settings(self.sweep);
        let row = |setting: usize| {
            let group = &self.groups[setting];
            let measured = group.measured(self.key());
            let none = match stopped.contains(&setting) {
                true => STOPPED_EARLY.to_owned(),
                false => "–".to_owned(),
            };
            let some = !group.members.is_empty();
            let mean = |text: String| if some { text } else { "–".to_owned() };
            vec![
                group.label.clone(),
                group.members.len().to_string(),
                measured.map_or(none, |measured| with_interval(&measured, Language::English)),
                mean(format!(
                    "{:.0}",
                    group.mean(|report| report.parameters as f64)
                )),
                mean(format!("{:.1}", group.mean(|report| report.seconds.total))),
            ]
        };
        let rows: Vec<Vec<String>> = order
            .iter()
            .take(MOST_ROWS)
            .map(|setting| row(*setting))
            .collect();
        let title = self.measure.map_or("loss", MainMeasure::name);
        let more = match order.len().saturating_sub(MOST_ROWS) {
            0 => String::new(),
            more => format!("and {more} more in `settings.csv`\n"),
        };
        format!(
            "{title} on the test samples\n{}{more}",
            table(&COLUMNS, &rows, terminal::width())
        )
    }

    /// The best setting, and how sure it is that it is better than the next.
    fn verdict(&self) -> String {
        let Some(&best) = self.ranked.first() else {
            return self
                .apart
                .as_ref()
                .map_or(String::new(), |why| format!("{why}\n"));
        };
        if self.groups.len() == 1 {
            return String::new();
        }
        let label = &self.groups[best].label;
        let sure = match self.ranked.get(1) {
            None => "no other setting is complete".to_owned(),
            Some(next) => self.how_sure(best, *next),
        };
        let count = self.ranked.len();
        let held_out = self.groups[best]
            .members
            .iter()
            .all(|member| member.report.data.held_out);
        let caution = match held_out {
            true => format!(
                "it was chosen among {count} by the test samples, so its value there is a little too good; measure it on others with `espejo eval`"
            ),
            false => "no test part was held out: these are errors on what was learned, which say nothing of new samples".to_owned(),
        };
        format!("\nbest    {label}: {sure}\nnote    {caution}\n")
    }

    /// Whether the difference to the next setting is more than chance.
    fn how_sure(&self, best: usize, next: usize) -> String {
        let (ours, theirs) = (&self.groups[best], &self.groups[next]);
        let label = &theirs.label;
        let Some(apart) = theirs.above(ours, self.key()) else {
            return format!("the next is {label}");
        };
        let Some((low, high)) = apart.interval else {
            return format!(
                "{} apart from {label}, by one seed each, which says nothing of chance: add `--seeds 5`",
                compact(apart.mean.abs(), 4)
            );
        };
        let chance = match low <= 0.0 && high >= 0.0 {
            true => "which these seeds do not tell from chance",
            false => "which is more than chance",
        };
        let (low, high) = match apart.mean < 0.0 {
            true => (-high, -low),
            false => (low, high),
        };
        format!(
            "{} apart from {label} ({} to {}, 95 % by {} pairs of one seed), {chance}",
            compact(apart.mean.abs(), 4),
            compact(low, 4),
            compact(high, 4),
            apart.count
        )
    }

    /// One row a task.
    fn runs_csv(&self) -> String {
        let plan = &self.sweep.plan;
        let members = || self.groups.iter().flat_map(|group| &group.members);
        let mut measures: Vec<String> = Vec::new();
        for member in members() {
            let test = member
                .report
                .metrics
                .iter()
                .flat_map(|metrics| &metrics.test.measures);
            for measure in test {
                if !measures.contains(&measure.name) {
                    measures.push(measure.name.clone());
                }
            }
        }
        let keys = plan.all_keys();
        let start = ["task", "run", "status"].map(str::to_owned);
        let numbers = ["device", "parameters", "epochs", "seconds", "test_loss"].map(str::to_owned);
        let header = start
            .into_iter()
            .chain(keys.iter().map(|key| (*key).to_owned()))
            .chain(numbers)
            .chain(measures.iter().map(|measure| format!("test_{measure}")));
        let mut text = csv_line(header);
        for number in 1..=plan.len() {
            let name = self.sweep.name(number);
            let member = members().find(|member| member.name == name);
            let start = [
                number.to_string(),
                name.clone(),
                self.states[number - 1].word().to_owned(),
            ];
            let values = plan.values_of(number).into_iter().map(shown_value);
            let text_of = |of: &dyn Fn(&Member) -> String| member.map_or(String::new(), of);
            let numbers = [
                text_of(&|member| member.report.device.used.clone()),
                text_of(&|member| member.report.parameters.to_string()),
                text_of(&|member| member.report.epochs.completed.to_string()),
                text_of(&|member| member.report.seconds.total.to_string()),
                text_of(&|member| {
                    member
                        .get("loss")
                        .map_or(String::new(), |loss| loss.to_string())
                }),
            ];
            let measured = measures.iter().map(|measure| {
                text_of(&|member| {
                    member
                        .get(measure)
                        .map_or(String::new(), |value| value.to_string())
                })
            });
            text += &csv_line(
                start
                    .into_iter()
                    .chain(values)
                    .chain(numbers)
                    .chain(measured),
            );
        }
        text
    }

    /// One row a setting.
    fn settings_csv(&self) -> String {
        let plan = &self.sweep.plan;
        let names = [
            "runs",
            "measure",
            "mean",
            "low",
            "high",
            "parameters",
            "seconds",
        ];
        let header = plan.keys.iter().cloned().chain(names.map(str::to_owned));
        let mut text = csv_line(header);
        for (setting, group) in self.groups.iter().enumerate() {
            let measured = group.measured(self.key());
            let interval = measured.and_then(|measured| measured.interval);
            let number =
                |number: Option<f64>| number.map_or(String::new(), |number| number.to_string());
            let mean = |of: f64| number(Some(of).filter(|of| of.is_finite()));
            let values = plan.settings[setting].iter().map(shown_value);
            let numbers = [
                group.members.len().to_string(),
                self.key().to_owned(),
                number(measured.map(|measured| measured.mean)),
                number(interval.map(|(low, _)| low)),
                number(interval.map(|(_, high)| high)),
                mean(group.mean(|report| report.parameters as f64)),
                mean(group.mean(|report| report.seconds.total)),
            ];
            text += &csv_line(values.chain(numbers));
        }
        text
    }

    fn to_json(&self) -> Value {
        let plan = &self.sweep.plan;
        let task = |number: usize| {
            let state = &self.states[number - 1];
            let mut value = json!({
                "task": number, "run": self.sweep.name(number), "status": state.word(),
                "settings": settings_json(self.sweep, number),
            });
            match state {
                TaskState::Completed(report) => {
                    value["test"] = json!(report.metrics.as_ref().map(|metrics| &metrics.test));
                    value["parameters"] = json!(report.parameters);
                    value["seconds"] = json!(report.seconds.total);
                    value["device"] = json!(report.device.used);
                }
                TaskState::Failed(failure) => value["error"] = json!(failure.error),
                _ => {}
            }
            value
        };
        let stopped = stopped_settings(self.sweep);
        let setting = |(place, group): (usize, &Group)| {
            let pairs = plan
                .keys
                .iter()
                .cloned()
                .zip(plan.settings[place].iter().map(|value| json!(value)));
            json!({
                "settings": Value::Object(pairs.collect()), "runs": group.members.len(),
                "stopped_early": stopped.contains(&place), "test": interval_json(group.measured(self.key())),
            })
        };
        let next = |best: usize| {
            let next = *self.ranked.get(1)?;
            let apart = self.groups[next].above(&self.groups[best], self.key());
            Some(json!({ "setting": self.groups[next].label, "above_best": interval_json(apart) }))
        };
        let best = self
            .ranked
            .first()
            .map(|best| json!({ "setting": self.groups[*best].label, "next": next(*best) }));
        json!({
            "sweep": shown(self.sweep.path()), "measure": self.key(),
            "tasks": (1..=plan.len()).map(task).collect::<Vec<_>>(),
            "settings": self.groups.iter().enumerate().map(setting).collect::<Vec<_>>(),
            "best": best, "not_compared": self.apart,
        })
    }

    pub(super) fn title(&self) -> String {
        let name = self.sweep.path().file_name();
        let name = name.map_or(String::new(), |name| name.to_string_lossy().into_owned());
        format!("Sweep {name}")
    }

    fn note(&self) -> String {
        match self.sweep.plan.repeats() {
            1 => "one seed each".to_owned(),
            seeds => {
                format!("mean over up to {seeds} seeds, with its 95 % interval by Student's t")
            }
        }
    }
}

/// A value as a number, where it is one.
pub(super) fn number(value: &toml::Value) -> Option<f64> {
    let whole = value.as_integer().map(|value| value as f64);
    value.as_float().or(whole)
}
