//! A comparison as a page, of the same parts as the page of a run.

use std::collections::BTreeSet;
use std::path::Path;

use espejo_report::{Curve, CurvePanel, Language, Page, Part, Picture, Section, Table};
use espejo_train::{Folder, Trained, Which, principal_plane, unit_rows};

use super::{CompareArgs, Comparison, MOST_CURVES, course_of, titled};
use crate::commands::report::{as_in_set, curve, picture};
use crate::figures::spread_over;
use crate::open_run::{RunArgs, open};
use crate::output::{message, told};
use crate::page_args::footer;

/// Samples that are reconstructed by each run.
const SAMPLES: usize = 16;
/// Codes of a run that are drawn.
const MOST_CODES: usize = 1500;
/// Runs whose samples and codes are shown, the first of each setting.
const MOST_OPENED: usize = 6;

/// The page of a comparison.
pub(super) fn page(comparison: &Comparison, args: &CompareArgs) -> anyhow::Result<String> {
    let language = args.of_page.language();
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
        .extend(comparison.remarks(language).into_iter().map(Part::Note));
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
        footer: footer(language),
        ..Page::new(language)
    }
    .html())
}

/// Settings and measures, a column for each group.
fn table(comparison: &Comparison, language: Language) -> Table {
    let titles = comparison.titles(language).into_iter();
    let mut table = Table::new([String::new()].into_iter().chain(titles));
    for (name, cells) in comparison.rows(language) {
        table.row([name.trim().to_owned()].into_iter().chain(cells));
    }
    table
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
        let course = course_of(group, measure)?;
        series.push(curve(&course, titled(group, language), place));
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

/// What the page keeps of a run, whose data and net are let go of before the next one is opened.
struct Kept {
    title: String,
    /// Samples as they are in the set, with their captions; none of a table.
    samples: Vec<(Picture, String)>,
    /// What comes back of each.
    back: Vec<Picture>,
    codes: CurvePanel,
}

/// The same samples by each run, and the codes side by side, for runs that are measured on the same samples.
fn shown_by_each(comparison: &Comparison, args: &CompareArgs, language: Language) -> Vec<Section> {
    let groups = comparison.groups.iter().zip(&comparison.apart);
    let comparable = groups
        .filter(|(_, apart)| apart.is_none())
        .take(MOST_OPENED);
    let mut runs: Vec<Kept> = Vec::new();
    for (group, _) in comparable {
        let title = titled(group, language);
        match kept(&group.members[0].folder, args, title) {
            Ok(found) => runs.extend(found),
            Err(error) => message(&format!(
                "note: `{}` has no samples on the page: {}",
                group.members[0].name,
                told(&error)
            )),
        }
    }
    let mut sections = Vec::new();
    sections.extend(same_samples(&runs, language));
    if !runs.is_empty() {
        let panels = runs.into_iter().map(|run| run.codes);
        sections.push(Section::new(
            language.say("Codes side by side"),
            vec![Part::Curves(panels.collect())],
        ));
    }
    sections
}

/// What the page shows of a run; nothing of one without a code.
fn kept(folder: &Folder, args: &CompareArgs, title: String) -> anyhow::Result<Option<Kept>> {
    let language = args.of_page.language();
    let run = RunArgs {
        run: folder.path().display().to_string(),
        out: Path::new(".").to_owned(),
        checkpoint: Which::Best,
        device: None,
        data_dir: args.data_dir.clone(),
    };
    let (_, trained) = open(&run)?;
    if trained.latent() == 0 {
        return Ok(None);
    }
    let mut kept = Kept {
        codes: codes(&trained, title.clone(), language)?,
        title,
        samples: Vec::new(),
        back: Vec::new(),
    };
    let shown = spread_over(trained.test(), SAMPLES);
    if !shown.is_table() {
        // As they are in the set, for one run may see their pixels in another order than the next.
        let own = unit_rows(&shown.unpermuted())?;
        let back = as_in_set(&trained, &trained.reconstruct(&unit_rows(&shown)?)?);
        let caption = |index| shown.caption(index).to_owned();
        let samples = own.iter().enumerate();
        kept.samples = samples
            .map(|(index, row)| (picture(&trained, row), caption(index)))
            .collect();
        kept.back = back.iter().map(|row| picture(&trained, row)).collect();
    }
    Ok(Some(kept))
}

fn same_samples(runs: &[Kept], language: Language) -> Option<Section> {
    let samples = &runs.iter().find(|run| !run.samples.is_empty())?.samples;
    // A run whose data has changed since may have others.
    let runs: Vec<&Kept> = runs.iter().filter(|run| run.samples == *samples).collect();
    let stacks = samples.iter().enumerate().map(|(index, (own, caption))| {
        let back = runs.iter().map(|run| run.back[index].clone());
        (
            [own.clone()].into_iter().chain(back).collect(),
            caption.clone(),
        )
    });
    let titles: Vec<&str> = runs.iter().map(|run| run.title.as_str()).collect();
    let words = "Above the sample, then what comes back of it, in this order: {}.";
    Some(Section::new(
        language.say("The same samples by each"),
        vec![
            Part::Text(language.fill(words, &[&titles.join(", ")])),
            Part::Pictures(stacks.collect()),
        ],
    ))
}

/// The codes of a run, the first two numbers of them or their first two principal components, coloured by class.
fn codes(trained: &Trained, title: String, language: Language) -> anyhow::Result<CurvePanel> {
    let samples = spread_over(trained.test(), MOST_CODES);
    let codes = trained.encode(&samples)?;
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
    let labels: Vec<Option<usize>> = (0..samples.len())
        .map(|index| samples.label(index))
        .collect();
    let name = |class: usize| samples.classes().get(class).cloned();
    let unlabelled = || match samples.classes().is_empty() {
        true => String::new(),
        false => language.say("without a class"),
    };
    let of_label = |label: Option<usize>| Curve {
        name: label.and_then(name).unwrap_or_else(unlabelled),
        points: plane
            .iter()
            .zip(&labels)
            .filter(|(_, own)| **own == label)
            .map(|(point, _)| *point)
            .collect(),
        colour: label.unwrap_or(samples.classes().len()),
        dots: true,
        ..Curve::default()
    };
    let found: BTreeSet<Option<usize>> = labels.iter().copied().collect();
    Ok(CurvePanel {
        title,
        x: if trained.latent() > 2 {
            "PC1".to_owned()
        } else {
            "z1".to_owned()
        },
        series: found.into_iter().map(of_label).collect(),
        ..CurvePanel::default()
    })
}
