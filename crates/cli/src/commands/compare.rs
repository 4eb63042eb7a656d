//! `espejo compare`: runs beside each other, those that differ by their seed alone together.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{Folder, RunNames, Status};
use serde_json::{Value, json};

use crate::commands::report::{PageLanguage, check_name};
use crate::completion;
use crate::csv_cell::csv_line;
use crate::curves::course;
use crate::figure_file::has_ending;
use crate::output::{self, message, shown, usage};
use crate::run_groups::{Group, Member, interval_json, with_interval};
use crate::table::{Column, table};
use crate::terminal;

/// The arguments of `espejo compare`.
#[derive(Args)]
pub struct CompareArgs {
    /// Runs, or folders of runs such as those of a sweep; the first is what the others are held against
    #[arg(add = completion::runs(), required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// Parent directory of the run folders
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Print the comparison as CSV, with every measure
    #[arg(long)]
    pub csv: bool,
    /// Write that CSV to this file, or in place of it the course of the main measure, a curve for each setting
    #[arg(long, value_name = "FILE.csv|png|svg")]
    pub to: Option<PathBuf>,
    /// Write the comparison as one HTML page that opens by double click: the table, courses over each other, the same samples and the codes of
    /// each run
    #[arg(long, value_name = "FILE.html")]
    pub page: Option<PathBuf>,
    /// The language of that page: `en` or `es`
    #[arg(
        long,
        value_name = "LANGUAGE",
        default_value = "en",
        hide_possible_values = true
    )]
    pub lang: PageLanguage,
    /// Directory of the data sets, or of the runs' file or folder where it has moved, for the samples on the page [default: that of the training]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Rows of the table for people: measures that every group has, at most.
const MOST_MEASURES: usize = 12;
/// Curves of a figure, at most.
const MOST_CURVES: usize = 10;
/// Groups that have a column each in the table for people, at most.
const MOST_COLUMNS: usize = 4;

/// Groups of runs, the first of which the others are held against.
struct Comparison {
    groups: Vec<Group>,
    /// The keys whose values differ, with the value of each group; empty where a group has no such key.
    differing: Vec<(String, Vec<String>)>,
    /// The measures that all have, the main ones first.
    measures: Vec<String>,
    /// Why the measures of a group say nothing beside those of the first, in the order of the groups.
    apart: Vec<Option<&'static str>>,
}

/// Compares runs.
pub fn compare(args: &CompareArgs, json: bool) -> anyhow::Result<()> {
    let is_known = |path: &Path| has_ending(path, &["csv", "png", "svg"]);
    if let Some(path) = args.to.as_deref().filter(|path| !is_known(path)) {
        return Err(usage(
            format!("`--to` is `{}`", shown(path)),
            "give a file ending in `.csv`, `.png` or `.svg`",
        ));
    }
    if let Some(path) = &args.page {
        check_name("--page", path)?;
    }
    let comparison = Comparison::of(members(args)?);
    comparison.tell();
    match (json, args.csv) {
        (true, _) => output::json(&comparison.to_json())?,
        (false, true) => output::text(&comparison.csv())?,
        (false, false) => output::text(&comparison.table())?,
    }
    if let Some(path) = &args.to {
        match has_ending(path, &["csv"]) {
            true => espejo_train::write_file(path, comparison.csv().as_bytes())?,
            false => comparison.courses()?.save_as(path)?,
        }
        message(&format!("wrote `{}`", shown(path)));
    }
    if let Some(path) = &args.page {
        espejo_train::write_file(path, page::page(&comparison, args)?.as_bytes())?;
        message(&format!("wrote `{}`", shown(path)));
    }
    Ok(())
}

/// The runs that were named and have completed; what has not is told and left out.
fn members(args: &CompareArgs) -> anyhow::Result<Vec<Member>> {
    let mut folders: Vec<Folder> = Vec::new();
    for word in &args.runs {
        for folder in folders_of(word, &args.out)? {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    let mut members = Vec::new();
    for folder in folders {
        let name = name_of(&folder, &args.out);
        match folder.report() {
            Ok(report) if report.status == Status::Completed && report.metrics.is_some() => {
                let config = folder.config()?;
                members.push(Member {
                    name,
                    folder,
                    config,
                    report,
                });
            }
            Ok(report) => message(&format!(
                "note: `{name}` is left out: {}",
                report.status.name()
            )),
            Err(error) => message(&format!("note: `{name}` is left out: {error}")),
        }
    }
    match members.len() {
        0 => Err(usage(
            "no run among these has completed",
            "`espejo runs` lists the runs",
        )),
        1 => Err(usage(
            "there is one run, and nothing to compare it with",
            "name several, as in `espejo compare last last~1`, or the folder of a sweep",
        )),
        _ => Ok(members),
    }
}

/// A run; or the runs in a folder that is none itself, by name.
fn folders_of(word: &str, out: &Path) -> anyhow::Result<Vec<Folder>> {
    let candidates = [PathBuf::from(word), out.join(word)];
    let holds_runs = |path: &&PathBuf| path.is_dir() && !path.join("config.toml").is_file();
    let Some(path) = candidates.iter().find(holds_runs) else {
        return Ok(vec![Folder::find(word, out)?]);
    };
    let mut runs = RunNames::below(path).runs;
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    match runs.is_empty() {
        // Says what is wrong with it.
        true => Ok(vec![Folder::find(word, out)?]),
        false => Ok(runs.into_iter().map(|run| run.folder).collect()),
    }
}

fn name_of(folder: &Folder, out: &Path) -> String {
    shown(folder.path().strip_prefix(out).unwrap_or(folder.path()))
}

impl Comparison {
    fn of(members: Vec<Member>) -> Self {
        let mut settings: Vec<BTreeMap<String, String>> = Vec::new();
        let mut groups: Vec<Group> = Vec::new();
        for member in members {
            let setting = member.setting();
            match settings.iter().position(|other| *other == setting) {
                Some(place) => groups[place].members.push(member),
                None => {
                    settings.push(setting);
                    groups.push(Group {
                        label: member.name.clone(),
                        members: vec![member],
                    });
                }
            }
        }
        label(&mut groups);
        let keys: BTreeSet<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
        let values = |key: &String| -> Vec<String> {
            settings
                .iter()
                .map(|setting| setting.get(key).cloned().unwrap_or_default())
                .collect()
        };
        let differs =
            |(_, values): &(String, Vec<String>)| values.iter().any(|value| *value != values[0]);
        let differing = keys
            .into_iter()
            .map(|key| (key.clone(), values(key)))
            .filter(differs)
            .collect();
        let apart = groups
            .iter()
            .map(|group| groups[0].not_comparable(group))
            .collect();
        Self {
            measures: measures(&groups),
            groups,
            differing,
            apart,
        }
    }

    /// Whether a measure of a group can be held against that of the first.
    fn is_compared(&self, place: usize, measure: &str) -> bool {
        let of_loss = measure == "loss";
        self.apart[place].is_none() && (!of_loss || self.groups[0].same_loss(&self.groups[place]))
    }

    /// Says what is not compared, and what one seed each says.
    fn tell(&self) {
        let first = &self.groups[0].label;
        for (group, apart) in self.groups.iter().zip(&self.apart) {
            if let Some(why) = apart {
                message(&format!(
                    "note: measures of `{}` are not held against those of `{first}`: {why}",
                    group.label
                ));
            } else if !self.groups[0].same_loss(group) {
                message(&format!(
                    "note: the loss of `{}` is another one than that of `{first}`, and not compared",
                    group.label
                ));
            }
        }
        if self.groups.iter().all(|group| group.members.len() == 1) {
            message("note: one seed each, so that differences may be chance");
        }
    }

    /// For people: groups beside each other where they are few, below each other where they are many.
    fn table(&self) -> String {
        if self.groups.len() == 1 {
            message("note: these runs differ by their seed alone");
        }
        let rows = self.rows();
        match self.groups.len() <= MOST_COLUMNS {
            true => self.beside(&rows),
            false => self.below(&rows),
        }
    }

    /// What is said of the groups: a name, and a cell for each.
    fn rows(&self) -> Vec<(String, Vec<String>)> {
        let each = |of: &dyn Fn(usize, &Group) -> String| -> Vec<String> {
            self.groups
                .iter()
                .enumerate()
                .map(|(place, group)| of(place, group))
                .collect()
        };
        let mut rows = vec![(
            "runs".to_owned(),
            each(&|_, group| group.members.len().to_string()),
        )];
        rows.extend(self.differing.iter().cloned());
        for measure in self.measures.iter().take(MOST_MEASURES) {
            let cells = each(&|_, group| {
                group
                    .measured(measure)
                    .map_or("–".to_owned(), |found| with_interval(&found))
            });
            rows.push((format!("test {}", measure.replace('_', " ")), cells));
            if self.groups.len() > 1 && Some(measure) == self.measures.first() {
                rows.push((
                    "  above the first, by seed".to_owned(),
                    each(&|place, group| self.above(place, group, measure)),
                ));
            }
        }
        rows.push((
            "parameters".to_owned(),
            each(&|_, group| format!("{:.0}", group.mean(|report| report.parameters as f64))),
        ));
        rows.push((
            "epochs".to_owned(),
            each(&|_, group| format!("{:.0}", group.mean(|report| report.epochs.completed as f64))),
        ));
        rows.push((
            "seconds".to_owned(),
            each(&|_, group| format!("{:.1}", group.mean(|report| report.seconds.total))),
        ));
        rows.push(("device".to_owned(), each(&|_, group| devices(group))));
        rows
    }

    /// By how much a measure of a group is above that of the first.
    fn above(&self, place: usize, group: &Group, measure: &str) -> String {
        if place == 0 {
            return String::new();
        }
        if !self.is_compared(place, measure) {
            return "not compared".to_owned();
        }
        match group.above(&self.groups[0], measure) {
            None => "no seed in common".to_owned(),
            Some(found) => with_interval(&found),
        }
    }

    fn beside(&self, rows: &[(String, Vec<String>)]) -> String {
        const CELL: Column = Column::words("").cut_to(16);
        let columns: Vec<Column> = vec![CELL; self.groups.len() + 1];
        let heads = (
            "".to_owned(),
            self.groups
                .iter()
                .map(|group| group.label.clone())
                .collect(),
        );
        let all = [&heads].into_iter().chain(rows);
        let cells: Vec<Vec<String>> = all
            .map(|(name, cells)| {
                [name.clone()]
                    .into_iter()
                    .chain(cells.iter().cloned())
                    .collect()
            })
            .collect();
        // The heads are names of runs, which are cells.
        let text = table(&columns, &cells, terminal::width());
        text.trim_start_matches('\n').to_owned()
    }

    fn below(&self, rows: &[(String, Vec<String>)]) -> String {
        let mut text = String::new();
        for (place, group) in self.groups.iter().enumerate() {
            text += &format!("{}\n", group.label);
            let width = rows
                .iter()
                .map(|(name, _)| name.chars().count())
                .max()
                .unwrap_or(0);
            for (name, cells) in rows.iter().filter(|(_, cells)| !cells[place].is_empty()) {
                text += &format!("  {name:<width$}  {}\n", cells[place]);
            }
        }
        text
    }

    /// One row a group: keys that differ, then each measure with its interval and how far it is above the first.
    fn csv(&self) -> String {
        let keys = self.differing.iter().map(|(key, _)| key.clone());
        let parts = [
            "",
            "_low",
            "_high",
            "_above_first",
            "_above_first_low",
            "_above_first_high",
        ];
        let measures = self
            .measures
            .iter()
            .flat_map(|measure| parts.map(|part| format!("test_{measure}{part}")));
        let start = ["runs", "count"].map(str::to_owned);
        let end = ["parameters", "epochs", "seconds", "device", "not_compared"].map(str::to_owned);
        let mut text = csv_line(start.into_iter().chain(keys).chain(measures).chain(end));
        for (place, group) in self.groups.iter().enumerate() {
            let names: Vec<&str> = group
                .members
                .iter()
                .map(|member| member.name.as_str())
                .collect();
            let start = [names.join(" "), group.members.len().to_string()];
            let keys = self
                .differing
                .iter()
                .map(|(_, values)| values[place].clone());
            let measures = self.measures.iter().flat_map(|measure| {
                let above = (place > 0 && self.is_compared(place, measure))
                    .then(|| group.above(&self.groups[0], measure))
                    .flatten();
                [group.measured(measure), above]
                    .into_iter()
                    .flat_map(|found| {
                        let interval = found.and_then(|found| found.interval);
                        [
                            found.map(|found| found.mean),
                            interval.map(|(low, _)| low),
                            interval.map(|(_, high)| high),
                        ]
                        .map(|number| number.map_or(String::new(), |number| number.to_string()))
                    })
            });
            let measures: Vec<String> = measures.collect();
            let end = [
                group.mean(|report| report.parameters as f64).to_string(),
                group
                    .mean(|report| report.epochs.completed as f64)
                    .to_string(),
                group.mean(|report| report.seconds.total).to_string(),
                devices(group),
                self.apart[place].unwrap_or("").to_owned(),
            ];
            text += &csv_line(start.into_iter().chain(keys).chain(measures).chain(end));
        }
        text
    }

    /// The main measure on the test samples over the epochs: for each setting the mean over its seeds, with the range of them.
    fn courses(&self) -> anyhow::Result<Figure> {
        let (first, count) = (&self.groups[0], self.groups.len());
        if count > MOST_CURVES {
            return Err(usage(
                format!("there are {count} settings, and a figure of curves holds {MOST_CURVES}"),
                "name fewer runs, or write the numbers with `--to FILE.csv`",
            ));
        }
        let measure = &self.measures[0];
        let mut series = Vec::new();
        for (group, apart) in self.groups.iter().zip(&self.apart) {
            // Curves that say nothing beside each other are not drawn over each other.
            if apart.is_none() {
                series.push(course_of(group, measure)?);
            }
        }
        let seeds = first.members.len() > 1;
        let note = "mean over seeds, shaded from the least to the greatest";
        Ok(curves(&Curves {
            title: format!("{} on the test samples", measure.replace('_', " ")),
            note: seeds.then(|| note.to_owned()),
            x_label: "epoch".into(),
            panels: vec![Panel {
                series,
                log_y: true,
                ..Panel::default()
            }],
            ..Curves::default()
        }))
    }

    fn to_json(&self) -> Value {
        let group = |(place, group): (usize, &Group)| {
            let settings = self
                .differing
                .iter()
                .map(|(key, values)| (key.clone(), json!(values[place])));
            let measured = self
                .measures
                .iter()
                .map(|measure| (measure.clone(), interval_json(group.measured(measure))));
            let above = self
                .measures
                .iter()
                .filter(|measure| place > 0 && self.is_compared(place, measure));
            let above = above.map(|measure| {
                (
                    measure.clone(),
                    interval_json(group.above(&self.groups[0], measure)),
                )
            });
            json!({
                "runs": group.members.iter().map(|member| member.name.clone()).collect::<Vec<_>>(),
                "seeds": group.members.iter().map(|member| member.report.seed).collect::<Vec<_>>(),
                "settings": Value::Object(settings.collect()),
                "test": Value::Object(measured.collect()),
                "above_first": Value::Object(above.collect()),
                "not_compared": self.apart[place],
                "same_loss": self.groups[0].same_loss(group),
                "parameters": group.mean(|report| report.parameters as f64),
                "epochs": group.mean(|report| report.epochs.completed as f64),
                "seconds": group.mean(|report| report.seconds.total),
                "device": devices(group),
            })
        };
        json!({ "groups": self.groups.iter().enumerate().map(group).collect::<Vec<_>>() })
    }
}

/// Names groups by their first run, without the folder that all lie in, and by how many seeds they have.
fn label(groups: &mut [Group]) {
    let folder = |group: &Group| {
        group
            .label
            .rsplit_once('/')
            .map(|(folder, _)| folder.to_owned())
    };
    let first = groups.first().and_then(folder);
    let shared = groups.len() > 1 && groups.iter().all(|group| folder(group) == first);
    let prefix = first
        .filter(|_| shared)
        .map_or(0, |folder| folder.len() + 1);
    for group in groups {
        group.label = match group.members.len() {
            1 => group.label[prefix..].to_owned(),
            count => format!("{} ({count} seeds)", &group.label[prefix..]),
        };
    }
}

/// The course of a measure, where all runs of a group have noted it.
fn course_of(group: &Group, measure: &str) -> anyhow::Result<Series> {
    let mut at: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for member in &group.members {
        for (epoch, value) in course(&member.folder, measure)? {
            at.entry(epoch as u64).or_default().push(value);
        }
    }
    let count = group.members.len();
    at.retain(|_, values| values.len() == count);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count as f64;
    let ends = |values: &[f64]| {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        (
            least,
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        )
    };
    let band = at.iter().map(|(epoch, values)| {
        let (low, high) = ends(values);
        (*epoch as f64, low, high)
    });
    Ok(Series {
        name: group.label.clone(),
        band: band.filter(|_| count > 1).collect(),
        points: at
            .iter()
            .map(|(epoch, values)| (*epoch as f64, mean(values)))
            .collect(),
        ..Series::default()
    })
}

/// The devices of a group, each once.
fn devices(group: &Group) -> String {
    let names: BTreeSet<&str> = group
        .members
        .iter()
        .map(|member| member.report.device.used.as_str())
        .collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// The measures that all runs have: the main one first, then the loss, then the others as a run has them.
fn measures(groups: &[Group]) -> Vec<String> {
    let members = || groups.iter().flat_map(|group| &group.members);
    let first = members().next();
    let main = first
        .and_then(Member::main_measure)
        .map(|measure| measure.key().to_owned());
    let named = first.and_then(|first| first.report.metrics.as_ref());
    let named = named.into_iter().flat_map(|metrics| &metrics.test.measures);
    let named = named.map(|measure| measure.name.clone());
    let mut found: Vec<String> = Vec::new();
    for measure in main.into_iter().chain(["loss".to_owned()]).chain(named) {
        let all = members().all(|member| member.get(&measure).is_some());
        if all && !found.contains(&measure) {
            found.push(measure);
        }
    }
    found
}
