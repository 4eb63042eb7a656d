//! Runs the jobs of rows on all cores, keeps what is done, and goes on where it was interrupted.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use espejo_train::{Error, read_text, sha256, write_file};
use serde_json::json;

use crate::row::{Job, Outcome, Results, Row, Scale};
use crate::table::{ROWS, find};

/// What a reproduction tells while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// So many trainings are to be done, of so many; the others were done before.
    Begun {
        /// To be done.
        open: usize,
        /// All together.
        all: usize,
    },
    /// One is done.
    Done {
        /// The row it belongs to.
        row: &'a str,
        /// This case.
        case: &'a str,
        /// With this seed.
        seed: u64,
    },
}

/// The outcomes of rows, or that it was told to stop.
#[derive(Debug)]
pub enum Ended {
    /// Everything is there.
    Finished(Vec<(&'static Row, Results)>),
    /// Told to stop; what is done is kept.
    Interrupted,
}

/// A row and one of its jobs.
type Task = (&'static Row, Job);

/// Runs every job of `rows` that is not already in `folder`, the long ones first, one a core at a time.
///
/// # Errors
///
/// The first error of a job, or of a file; what is done by then is kept.
pub fn run(
    rows: &[&'static Row],
    scale: Scale,
    folder: &Path,
    stop: &AtomicBool,
    watch: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Ended, Error> {
    let tasks = tasks(rows, scale);
    let outcomes: Mutex<BTreeMap<PathBuf, Outcome>> = Mutex::default();
    let mut open = Vec::new();
    for task in &tasks {
        let path = path(folder, task);
        match kept(&path) {
            Some(outcome) => {
                outcomes.lock().expect(UNPOISONED).insert(path, outcome);
            }
            None => open.push((task, path)),
        }
    }
    open.sort_by(|(a, _), (b, _)| b.1.cost.total_cmp(&a.1.cost));
    watch(Event::Begun {
        open: open.len(),
        all: tasks.len(),
    });
    work(&open, &outcomes, stop, watch)?;
    let outcomes = outcomes.into_inner().expect(UNPOISONED);
    if outcomes.len() < tasks.len() {
        return Ok(Ended::Interrupted);
    }
    let results = rows.iter().map(|row| {
        let mine = tasks
            .iter()
            .filter(|(of, _)| of.id == row.id || row.reads.contains(&of.id));
        let outcomes = mine.map(|task| {
            let outcome = outcomes[&path(folder, task)].clone();
            (task.0.id, task.1.clone(), outcome)
        });
        let outcomes = outcomes.collect();
        (*row, Results { scale, outcomes })
    });
    Ok(Ended::Finished(results.collect()))
}

const UNPOISONED: &str = "no job panics while it holds the outcomes";

/// The jobs of rows and of those that they read, each once.
fn tasks(rows: &[&'static Row], scale: Scale) -> Vec<Task> {
    let wanted = |row: &&Row| {
        let read = rows.iter().any(|asked| asked.reads.contains(&row.id));
        read || rows.iter().any(|asked| asked.id == row.id)
    };
    let jobs = |row: &'static Row| (row.jobs)(&scale).into_iter().map(move |job| (row, job));
    ROWS.iter().filter(wanted).flat_map(jobs).collect()
}

/// Works through the open tasks on as many threads as there are cores.
fn work(
    open: &[(&Task, PathBuf)],
    outcomes: &Mutex<BTreeMap<PathBuf, Outcome>>,
    stop: &AtomicBool,
    watch: &(dyn Fn(Event<'_>) + Sync),
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<Error>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads().min(open.len()) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) && failed.lock().expect(UNPOISONED).is_none() {
                    let Some(((row, job), path)) = open.get(next.fetch_add(1, Ordering::Relaxed))
                    else {
                        return;
                    };
                    match (row.run)(job).and_then(|outcome| keep(path, outcome)) {
                        Ok(outcome) => {
                            outcomes
                                .lock()
                                .expect(UNPOISONED)
                                .insert(path.clone(), outcome);
                            watch(Event::Done {
                                row: row.id,
                                case: &job.case,
                                seed: job.seed,
                            });
                        }
                        Err(error) => *failed.lock().expect(UNPOISONED) = Some(error),
                    }
                }
            });
        }
    });
    failed.into_inner().expect(UNPOISONED).map_or(Ok(()), Err)
}

/// Trainings at a time: as many as the machine has cores, or as `RAYON_NUM_THREADS` says, as for a training.
pub fn threads() -> usize {
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked
        .and_then(|text| text.parse().ok())
        .filter(|count| *count > 0);
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Where the outcome of a task is kept: under what it was made of, so that another program, preset or scale makes it anew.
fn path(folder: &Path, (row, job): &Task) -> PathBuf {
    let preset = row
        .preset
        .map(|name| espejo_train::Preset::find(name).map(|preset| preset.text));
    let made_of = json!([program(), row.id, preset.and_then(Result::ok), job]);
    let mark = &sha256(made_of.to_string().as_bytes())[..16];
    let case: String = job
        .case
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let name = format!("{case}-s{}-{mark}.json", job.seed);
    folder.join("jobs").join(row.id).join(name)
}

/// The program itself, by size and time of its file: what another build has measured is no result of this one.
fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let file = std::env::current_exe().and_then(fs::metadata);
        let mark = file.and_then(|file| Ok((file.len(), file.modified()?)));
        mark.map_or_else(
            |_| env!("CARGO_PKG_VERSION").to_owned(),
            |mark| format!("{mark:?}"),
        )
    })
}

/// An outcome of before; one that cannot be read is made again.
fn kept(path: &Path) -> Option<Outcome> {
    serde_json::from_str(&read_text(path).ok()?).ok()
}

fn keep(path: &Path, outcome: Outcome) -> Result<Outcome, Error> {
    // What is not finite has no place in JSON; a measure that is missing reads as NaN.
    let mut outcome = outcome;
    outcome
        .0
        .retain(|_, values| values.iter().all(|value| value.is_finite()));
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|source| Error::Io {
        action: "create",
        path: parent.to_owned(),
        source,
    })?;
    let text = serde_json::to_vec(&outcome).expect("lists of numbers");
    write_file(path, &text)?;
    Ok(outcome)
}

/// Whether the data that a row needs is where data sets lie; what is built in always is.
pub fn has_data(row: &Row) -> bool {
    let Some(set) = row.data.and_then(espejo_data::set_named) else {
        return true;
    };
    let directory = espejo_data::directory_or(None);
    directory.is_ok_and(|directory| {
        set.folder
            .is_none_or(|folder| directory.join(folder).is_dir())
    })
}

/// The rows asked for, in the order of the table: all whose data is there, or some by their names. A quick look at all of them is one
/// at what is built in, because the others take minutes.
///
/// # Errors
///
/// [`Error::Config`] listing the rows when a name is none.
pub fn rows_named(names: &[String], scale: Scale) -> Result<Vec<&'static Row>, Error> {
    if names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case("all")) {
        return Ok(ROWS
            .iter()
            .filter(|row| row.data.is_none() || !scale.quick && has_data(row))
            .collect());
    }
    let asked: Vec<&Row> = names
        .iter()
        .map(|name| find(name))
        .collect::<Result<_, _>>()?;
    Ok(ROWS
        .iter()
        .filter(|row| asked.iter().any(|other| other.id == row.id))
        .collect())
}
