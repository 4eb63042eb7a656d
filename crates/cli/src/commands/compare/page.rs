//! A comparison as a page, of the same parts as the page of a run.

use std::path::Path;

use espejo_pictures::Series;
use espejo_report::{Curve, CurvePanel, Language, Page, Part, Section, Table};
use espejo_train::{Folder, Rows, Trained, Which, principal_plane, unit_rows};

use super::{CompareArgs, Comparison, MOST_CURVES, course_of};
use crate::commands::report::{as_in_set, picture};
use crate::figures::spread_over;
use crate::open_run::{RunArgs, open};
use crate::run_groups::Group;

/// Samples that are reconstructed by each run.
const SAMPLES: usize = 16;
/// Codes of a run that are drawn.
const MOST_CODES: usize = 1500;
/// Runs whose samples and codes are shown, the first of each setting.
const MOST_OPENED: usize = 6;

/// The page of a comparison.
pub(super) fn page(comparison: &Comparison, args: &CompareArgs) -> anyhow::Result<String> {
    let language = args.lang.language();
    let groups = &comparison.groups;
    let runs: usize = groups.iter().map(|group| group.members.len()).sum();
    let mut sections = vec![Section::new(
        language.say("What differs and what came of it"),
        vec![
            Part::Note(language.say("Numbers are means over the seeds of a setting, with 95 % intervals by Student's t where there are several.")),
            Part::Table(table(comparison, language)),
        ],
    )];
    sections[0]
        .parts
        .extend(apart(comparison).into_iter().map(Part::Note));
    sections.extend(courses(comparison, language)?);
    sections.extend(shown_by_each(comparison, args, language));
    let counts = [groups.len(), runs].map(|count| count.to_string());
    Ok(Page {
        title: language.say("Comparison of runs"),
        subtitle: language.fill(
            "{} settings, {} runs",
            &counts.each_ref().map(String::as_str),
        ),
        sections,
        footer: language.fill(
            "Written by Espejo {}: one file, which fetches nothing.",
            &[env!("CARGO_PKG_VERSION")],
        ),
        ..Page::new(language)
    }
    .html())
}

/// Settings and measures, a column for each group.
fn table(comparison: &Comparison, language: Language) -> Table {
    let labels = comparison.groups.iter().map(|group| group.label.clone());
    let mut table = Table::new([String::new()].into_iter().chain(labels));
    for (name, cells) in comparison.rows() {
        let name = match name.trim().strip_prefix("test ") {
            Some(measure) => format!("{} {}", language.say("test"), language.say(measure)),
            None => language.say(name.trim()),
        };
        table.row([name].into_iter().chain(cells));
    }
    table
}

/// What is not held against the first group, and why.
fn apart(comparison: &Comparison) -> Vec<String> {
    let groups = comparison.groups.iter().zip(&comparison.apart);
    let first = &comparison.groups[0];
    let said = groups.filter_map(|(group, apart)| match apart {
        Some(why) => Some(format!("{}: {why}", group.label)),
        None if !first.same_loss(group) => Some(format!(
            "{}: another loss, which is not compared",
            group.label
        )),
        None => None,
    });
    said.collect()
}

/// The main measure over the epochs.
fn courses(comparison: &Comparison, language: Language) -> anyhow::Result<Option<Section>> {
    let Some(measure) = comparison.measures.first() else {
        return Ok(None);
    };
    let comparable = comparison.groups.iter().zip(&comparison.apart);
    let comparable = comparable
        .filter(|(_, apart)| apart.is_none())
        .take(MOST_CURVES);
    let mut series = Vec::new();
    for (place, (group, _)) in comparable.enumerate() {
        let Series {
            name, points, band, ..
        } = course_of(group, measure)?;
        series.push(Curve {
            name,
            points,
            band,
            colour: place,
            ..Curve::default()
        });
    }
    let panel = CurvePanel {
        title: language.say(&measure.replace('_', " ")),
        x: language.say("epoch"),
        whole: true,
        series,
        log: true,
        ..CurvePanel::default()
    };
    Ok(Some(Section::new(
        language.say("Courses over each other"),
        vec![Part::Curves(vec![panel])],
    )))
}

/// A run of each setting that can be opened and is measured on the same samples.
fn opened<'a>(comparison: &'a Comparison, args: &CompareArgs) -> Vec<(&'a Group, Trained)> {
    let groups = comparison.groups.iter().zip(&comparison.apart);
    let comparable = groups
        .filter(|(_, apart)| apart.is_none())
        .take(MOST_OPENED);
    let found = comparable.filter_map(|(group, _)| {
        let folder = &group.members.first()?.folder;
        Some((group, trained(folder, args)?))
    });
    found.collect()
}

/// A run with its data; none where that is not there, of which `open` has said why.
fn trained(folder: &Folder, args: &CompareArgs) -> Option<Trained> {
    let run = RunArgs {
        run: folder.path().display().to_string(),
        out: Path::new(".").to_owned(),
        checkpoint: Which::Best,
        device: None,
        data_dir: args.data_dir.clone(),
    };
    open(&run).ok().map(|(_, trained)| trained)
}

/// The same samples by each run, and the codes side by side.
fn shown_by_each(comparison: &Comparison, args: &CompareArgs, language: Language) -> Vec<Section> {
    let runs = opened(comparison, args);
    let coded: Vec<&(&Group, Trained)> = runs
        .iter()
        .filter(|(_, trained)| trained.latent() > 0)
        .collect();
    let mut sections = Vec::new();
    sections.extend(same_samples(&coded, language));
    let panels: Vec<CurvePanel> = coded
        .iter()
        .filter_map(|(group, trained)| codes(group, trained))
        .collect();
    if !panels.is_empty() {
        sections.push(Section::new(
            language.say("Codes side by side"),
            vec![Part::Curves(panels)],
        ));
    }
    sections
}

fn same_samples(runs: &[&(&Group, Trained)], language: Language) -> Option<Section> {
    let (_, first) = runs.first()?;
    if first.test().is_table() {
        return None;
    }
    // As they are in the set, for one run may see their pixels in another order than the next.
    let shown = spread_over(first.test(), SAMPLES);
    let own = unit_rows(&shown.unpermuted()).ok()?;
    let mut columns: Vec<Rows> = vec![own];
    for (_, trained) in runs {
        columns.push(reconstructed(trained)?);
    }
    let stacks = (0..shown.len()).map(|index| {
        let stack = columns.iter().map(|rows| picture(first, &rows[index]));
        (stack.collect(), shown.caption(index).to_owned())
    });
    let words = "Above the sample, then what comes back of it, in the order of the table.";
    Some(Section::new(
        language.say("The same samples by each"),
        vec![
            Part::Text(language.say(words)),
            Part::Pictures(stacks.collect()),
        ],
    ))
}

/// What comes back of the samples that are shown, as they are in the set.
fn reconstructed(trained: &Trained) -> Option<Rows> {
    let shown = spread_over(trained.test(), SAMPLES);
    let rows = trained.reconstruct(&unit_rows(&shown).ok()?).ok()?;
    Some(as_in_set(trained, &rows))
}

/// The codes of a run, the first two numbers of them or their first two principal components, coloured by class.
fn codes(group: &Group, trained: &Trained) -> Option<CurvePanel> {
    let samples = spread_over(trained.test(), MOST_CODES);
    let codes = trained.encode(&samples).ok()?;
    let plane: Vec<(f64, f64)> = match trained.latent() {
        1 => codes
            .iter()
            .enumerate()
            .map(|(place, code)| (f64::from(code[0]), place as f64))
            .collect(),
        2 => codes
            .iter()
            .map(|code| (f64::from(code[0]), f64::from(code[1])))
            .collect(),
        _ => principal_plane(&codes),
    };
    let classes = samples.classes().len().max(1);
    let series = (0..classes).map(|class| Curve {
        name: samples.classes().get(class).cloned().unwrap_or_default(),
        points: (0..samples.len())
            .filter(|index| samples.label(*index).unwrap_or(0) == class)
            .map(|index| plane[index])
            .collect(),
        colour: class,
        dots: true,
        ..Curve::default()
    });
    Some(CurvePanel {
        title: group.label.clone(),
        x: if trained.latent() > 2 {
            "PC1".to_owned()
        } else {
            "z1".to_owned()
        },
        series: series.collect(),
        ..CurvePanel::default()
    })
}
