//! The names of runs: those below a folder, newest first, and what may be typed for one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::Error;
use crate::folder::Folder;
use crate::suggest::nearest_words;

/// Candidates that an error lists, at most.
const LISTED: usize = 8;
/// What an unknown name is answered with, at most.
const SUGGESTED: usize = 3;

/// A run by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRun {
    /// Path below the folder of runs, with `/` in it where it lies in a folder of its own, as those of a sweep.
    pub name: String,
    /// Where it lies.
    pub folder: Folder,
    /// When `config.toml` was written: when training started or was resumed.
    written: SystemTime,
}

/// What lies in a folder of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunNames {
    /// The runs, newest first.
    pub runs: Vec<NamedRun>,
    /// Folders that are no runs and hold none; that of a reproduction is not counted among them.
    pub foreign: Vec<PathBuf>,
}

impl RunNames {
    /// The runs in `out` and in folders right below it; none where `out` cannot be read.
    pub fn below(out: &Path) -> Self {
        let mut names = Self::default();
        for folder in folders(out) {
            if names.add(&folder, file_name(&folder)) {
                continue;
            }
            let before = names.runs.len();
            for below in folders(&folder) {
                let name = format!("{}/{}", file_name(&folder), file_name(&below));
                names.add(&below, name);
            }
            // `espejo reproduce` keeps the outcomes of its trainings there.
            let reproduction = folder.join("jobs").is_dir();
            // A sweep none of whose tasks has begun.
            let sweep = folder.join("sweep.toml").is_file();
            if names.runs.len() == before && !reproduction && !sweep {
                names.foreign.push(folder);
            }
        }
        names.foreign.sort();
        // Of equal times the greater name, which has the later time in it.
        names
            .runs
            .sort_by(|a, b| (b.written, &b.name).cmp(&(a.written, &a.name)));
        names
    }

    /// Takes a folder in, if it is a run.
    fn add(&mut self, folder: &Path, name: String) -> bool {
        // `config.toml` is written when a run starts or goes on.
        let config = fs::metadata(folder.join("config.toml"));
        let Some(written) = config.and_then(|meta| meta.modified()).ok() else {
            return false;
        };
        self.runs.push(NamedRun {
            name,
            folder: Folder::at(folder),
            written,
        });
        true
    }

    /// The run that `text` stands for by its place (`last`, `last~2`), its name, the beginning of its name or a part of it.
    pub(crate) fn find(&self, text: &str, out: &Path) -> Result<Folder, Error> {
        if let Some(place) = place(text) {
            return self.at_place(text, place, out);
        }
        let begin =
            |run: &&NamedRun| run.name.starts_with(text) || last_part(run).starts_with(text);
        let begin: Vec<&NamedRun> = self.runs.iter().filter(begin).collect();
        let part = |run: &&NamedRun| run.name.contains(text);
        let part = || self.runs.iter().filter(part).collect();
        let found: Vec<&NamedRun> = match (text.is_empty(), begin.is_empty()) {
            (true, _) => Vec::new(),
            (false, true) => part(),
            (false, false) => begin,
        };
        match found.as_slice() {
            [run] => Ok(run.folder.clone()),
            [] => Err(self.unknown(text, out)),
            several => Err(ambiguous(text, several)),
        }
    }

    fn at_place(&self, text: &str, place: usize, out: &Path) -> Result<Folder, Error> {
        let out = out.display();
        let message = match (self.runs.get(place), self.runs.len()) {
            (Some(run), _) => return Ok(run.folder.clone()),
            (None, 0) => {
                let hint = "train one with `espejo train`, or name the folder with `--out DIR`";
                return Err(Error::config(
                    format!("no run in `{out}` yet"),
                    Some(hint.into()),
                ));
            }
            (None, 1) => format!("no run `{text}`: `{out}` has one run"),
            (None, count) => format!("no run `{text}`: `{out}` has {count} runs"),
        };
        Err(Error::config(message, Some(HOW_LISTED.into())))
    }

    fn unknown(&self, text: &str, out: &Path) -> Error {
        let names: Vec<&str> = self.runs.iter().map(|run| run.name.as_str()).collect();
        let near = nearest_words(text, &names, SUGGESTED);
        let near = match near.is_empty() {
            true => String::new(),
            false => format!("did you mean `{}`? ", near.join("` or `")),
        };
        let hint = format!(
            "{near}give a run folder, a name below `{}` or its beginning, or `last`; {HOW_LISTED}",
            out.display()
        );
        Error::config(format!("no run `{text}`"), hint)
    }
}

const HOW_LISTED: &str = "`espejo runs` lists the runs";

/// The place that `last` and `last~N` stand for, counted from the newest.
pub(crate) fn place(text: &str) -> Option<usize> {
    match text.strip_prefix("last")? {
        "" => Some(0),
        behind => behind.strip_prefix('~')?.parse().ok(),
    }
}

fn ambiguous(text: &str, found: &[&NamedRun]) -> Error {
    let names: Vec<&str> = found
        .iter()
        .take(LISTED)
        .map(|run| run.name.as_str())
        .collect();
    let more = match found.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("`{text}` stands for {} runs", found.len());
    let hint = format!("type more of one name: `{}`{more}", names.join("`, `"));
    Error::config(message, hint)
}

/// The name of a run without the folder that it lies in.
fn last_part(run: &NamedRun) -> &str {
    run.name.rsplit('/').next().unwrap_or(&run.name)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The folders in a folder. A name with a dot is a folder that was being made when its program was killed.
fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let shown = |path: &PathBuf| !file_name(path).starts_with('.');
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| shown(path) && path.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A folder of runs, the first the newest.
    fn runs(names: &[&str]) -> tempfile::TempDir {
        let out = tempfile::tempdir().expect("a temporary folder");
        for (age, name) in names.iter().enumerate() {
            let folder = out.path().join(name);
            fs::create_dir_all(&folder).expect("writable");
            let file = fs::File::create(folder.join("config.toml")).expect("writable");
            let hour = Duration::from_secs(3600);
            let written = SystemTime::UNIX_EPOCH + 1000 * hour - (age as u32) * hour;
            file.set_modified(written).expect("a time can be set");
        }
        out
    }

    const NAMES: [&str; 5] = [
        "2026-11-28_182404-vae-fonts-s42",
        "2026-11-28_182300-ae-fonts-s42",
        "sweep/rate-1",
        "sweep/rate-2",
        "rated",
    ];

    /// The run that a text stands for, or the error with its hint.
    fn found(text: &str) -> Result<String, String> {
        let out = runs(&NAMES);
        match Folder::find(text, out.path()) {
            Ok(folder) => {
                let below = folder.path().strip_prefix(out.path()).expect("below it");
                Ok(below.to_string_lossy().into_owned())
            }
            Err(error) => {
                let hint = error.hint().expect("a hint");
                let text = format!("{error}; {hint}");
                Err(text.replace(&out.path().display().to_string(), "OUT"))
            }
        }
    }

    #[test]
    fn a_run_is_found_by_its_place_its_name_its_beginning_or_a_part() {
        for (text, place) in [
            ("last", 0),
            ("last~0", 0),
            ("last~1", 1),
            ("last~4", 4),
            ("2026-11-28_182404-vae-fonts-s42", 0),
            ("2026-11-28_182404", 0),
            ("2026-11-28_1823", 1),
            ("vae", 0),
            ("sweep/rate-2", 3),
            ("sweep/rate-1", 2),
            ("rate-2", 3),
            ("rated", 4),
        ] {
            assert_eq!(found(text), Ok(NAMES[place].to_owned()), "{text}");
        }
    }

    #[test]
    fn a_part_of_several_names_lists_them() {
        let expected = "`2026` stands for 2 runs; type more of one name: `2026-11-28_182404-vae-fonts-s42`, \
                        `2026-11-28_182300-ae-fonts-s42`";
        assert_eq!(found("2026"), Err(expected.to_owned()));
        let many: Vec<String> = (0..20).map(|number| format!("run-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let out = runs(&many);
        let error = Folder::find("run-", out.path()).expect_err("twenty of them");
        assert!(
            error.hint().expect("a hint").ends_with("and 12 more"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = found("ratde").expect_err("misspelt");
        assert!(
            error.starts_with("no run `ratde`; did you mean `rated`"),
            "{error}"
        );
        let error = found("zzz").expect_err("like nothing");
        let expected = "no run `zzz`; give a run folder, a name below `OUT` or its beginning, or `last`; `espejo runs` lists the runs";
        assert_eq!(error, expected);
    }

    #[test]
    fn a_place_beyond_the_runs_says_how_many_there_are() {
        let expected = "no run `last~5`: `OUT` has 5 runs; `espejo runs` lists the runs";
        assert_eq!(found("last~5"), Err(expected.to_owned()));
    }

    #[test]
    fn the_whole_name_is_a_run_though_others_begin_with_it() {
        let out = runs(&["first-2", "first"]);
        let found = Folder::find("first", out.path()).expect("it is there");
        assert_eq!(found.path(), out.path().join("first"));
        let typed = out.path().join("first-");
        let found = Folder::find(&typed.to_string_lossy(), out.path()).expect("a path's beginning");
        assert_eq!(found.path(), out.path().join("first-2"));
    }

    #[test]
    fn foreign_folders_are_named_and_hidden_ones_are_not() {
        let out = runs(&["first"]);
        for name in ["notes", ".new-run-x", "reproduction/jobs"] {
            fs::create_dir_all(out.path().join(name)).expect("writable");
        }
        let names = RunNames::below(out.path());
        assert_eq!(names.runs.len(), 1);
        assert_eq!(names.foreign, [out.path().join("notes")]);
    }
}
