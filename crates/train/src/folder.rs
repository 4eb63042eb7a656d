//! The folder of a run: its name, its files, and how it is found again.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde_json::Value;

use crate::Error;
use crate::atomic_files::{group_exists, put_back, write_file};
use crate::config::RunConfig;
use crate::error::{AtPath, OTHER_VERSION};
use crate::plain_files::{append, check_folder, read_text};
use crate::run_names::{self, RunNames};
use crate::run_report::{RunReport, Status, VERSION};

/// The codes of the test images at some epochs, for the animation of how their latent space formed.
pub(crate) const CODES: &str = "codes.csv";

/// Which checkpoint of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// The one with the lowest test loss.
    #[default]
    Best,
    /// The latest.
    Last,
    /// One of those kept every `train.checkpoint_every` epochs.
    Epoch(usize),
}

impl Which {
    /// The name of the checkpoint's folder.
    pub fn name(self) -> String {
        match self {
            Self::Best => "best".to_owned(),
            Self::Last => "last".to_owned(),
            Self::Epoch(epoch) => format!("epoch-{epoch:06}"),
        }
    }
}

impl FromStr for Which {
    type Err = String;

    /// Reads `best`, `last` or the number of an epoch.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "best" => Ok(Self::Best),
            "last" => Ok(Self::Last),
            _ => text
                .parse()
                .map(Self::Epoch)
                .map_err(|_| "expected `best`, `last` or the number of an epoch".to_owned()),
        }
    }
}

/// Codes of two numbers, one a image.
pub type Plane = Vec<(f64, f64)>;

/// A run folder that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes a new folder below `out`, with the configuration in it: `name`, or one made of the time and the configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when `name` is taken or is no plain name, [`Error::Io`] when it cannot be made.
    pub fn create(out: &Path, name: Option<&str>, config: &RunConfig) -> Result<Self, Error> {
        if let Some(name) = name {
            check_name(name)?;
            refuse_taken(&out.join(name))?;
        }
        fs::create_dir_all(out).at("create", out)?;
        // Whoever sees the folder sees its configuration: a run killed right here can be resumed.
        let aside = tempfile::Builder::new()
            .prefix(".new-run-")
            .tempdir_in(out)
            .at("create", out)?;
        write_file(
            &aside.path().join("config.toml"),
            config.to_toml().as_bytes(),
        )?;
        let stem = name.map_or_else(|| stem(config), str::to_owned);
        // Several processes may choose one name in the same moment: the system gives it to one of them.
        let (mut path, mut attempt) = (out.join(&stem), 2);
        while let Err(error) = take_name(aside.path(), &path) {
            match name {
                Some(_) => {
                    refuse_taken(&path)?;
                    return Err(error).at("create", &path);
                }
                None if !path.exists() => return Err(error).at("create", &path),
                None => path = out.join(format!("{stem}-{attempt}")),
            }
            attempt += 1;
        }
        let _renamed = aside.keep();
        readable(&path)?;
        Ok(Self { path })
    }

    /// The folder of an existing run: a path, the name of a run below `out`, the beginning or a part of such a name that no
    /// other run has, `last`, or `last~2` for the second before it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when there is none or several, [`Error::Checkpoint`] when the folder holds no run.
    pub fn find(run: &str, out: &Path) -> Result<Self, Error> {
        if run_names::place(run).is_some() {
            return RunNames::below(out).find(run, out);
        }
        let candidates = [PathBuf::from(run), out.join(run)];
        let whole = candidates
            .iter()
            .find(|path| path.join("config.toml").is_file());
        let Some(path) = whole
            .or_else(|| candidates.iter().find(|path| path.is_dir()))
            .cloned()
        else {
            if Path::new(run).is_file() {
                return Err(data_for_run(run, "a file"));
            }
            // The beginning of a path below `out` is that of a name.
            let name = Path::new(run).strip_prefix(out).ok();
            let name = name.and_then(Path::to_str).unwrap_or(run);
            return RunNames::below(out).find(name, out);
        };
        if !path.join("config.toml").is_file() {
            let hint =
                format!("for data, name the run first, as in `espejo encode last --data {run}`");
            return Err(Error::checkpoint(
                &path,
                "is no run folder: it has no `config.toml`",
                Some(hint),
            ));
        }
        Ok(Self { path })
    }

    /// A folder that is being made.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the run for this process, until the file is dropped: two trainings into one folder would ruin it.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when another process has it.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        for own in ["checkpoints", "figures", "animations", "folds"] {
            check_folder(&self.path.join(own))?;
        }
        let file = append(&self.path.join("log.txt"))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "run `{}` is being trained by another process",
                    self.path.display()
                );
                Err(Error::config(
                    message,
                    Some("wait for it, or end it first".into()),
                ))
            }
            // A file system without locks cannot tell; training goes on as it would have without asking.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }

    /// Whether a process trains the run now; false where the file system cannot tell.
    pub fn is_being_trained(&self) -> bool {
        let log = File::open(self.path.join("log.txt"));
        log.is_ok_and(|log| matches!(log.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// The folder of a checkpoint.
    pub fn checkpoint(&self, which: Which) -> PathBuf {
        self.path.join("checkpoints").join(which.name())
    }

    /// The checkpoints that are kept, as `--checkpoint` takes them: `best`, `last` and the epochs.
    pub fn kept_checkpoints(&self) -> Vec<String> {
        let named = [Which::Best, Which::Last].map(Which::name);
        let mut kept: Vec<String> = named
            .into_iter()
            .filter(|name| group_exists(&self.path.join("checkpoints").join(name)))
            .collect();
        let entries = fs::read_dir(self.path.join("checkpoints"));
        let names = entries.into_iter().flatten().flatten();
        let epoch = |entry: fs::DirEntry| {
            let name = entry.file_name();
            name.to_str()?.strip_prefix("epoch-")?.parse::<usize>().ok()
        };
        let mut epochs: Vec<usize> = names.filter_map(epoch).collect();
        epochs.sort_unstable();
        kept.extend(epochs.iter().map(ToString::to_string));
        kept
    }

    /// Refuses a checkpoint that was not kept.
    pub(crate) fn check_checkpoint(&self, which: Which) -> Result<(), Error> {
        let path = self.checkpoint(which);
        if group_exists(&path) {
            return Ok(());
        }
        let hint = match self.kept_checkpoints().as_slice() {
            [] => "this run keeps none: train it again".to_owned(),
            kept => format!(
                "kept are `--checkpoint {}`; a run keeps every tenth epoch with `--set train.checkpoint_every=10`",
                kept.join("`, `")
            ),
        };
        Err(Error::checkpoint(&path, "no checkpoint here", Some(hint)))
    }

    /// The configuration in it.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when it cannot be read as one.
    pub fn config(&self) -> Result<RunConfig, Error> {
        let path = self.path.join("config.toml");
        let text = read_text(&path).map_err(|error| Error::unread(&path, error, None))?;
        let origin = path.display().to_string();
        RunConfig::from_toml(&text, &origin).map_err(|error| {
            let (message, hint) = (error.to_string(), error.hint());
            // What is told of the whole file begins with its name, as the error does already.
            let message = match message.strip_prefix(&format!("`{origin}` ")) {
                Some(rest) => rest.to_owned(),
                None => format!("damaged: {message}"),
            };
            Error::checkpoint(&path, message, hint)
        })
    }

    /// The contents of a text file, where it is there.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when it is damaged.
    pub(crate) fn read<T, E: std::fmt::Display>(
        &self,
        name: &str,
        parse: &dyn Fn(&str, &str) -> Result<T, E>,
    ) -> Result<Option<T>, Error> {
        let path = self.path.join(name);
        match read_text(&path) {
            Ok(text) => parse(&text, &path.display().to_string())
                .map(Some)
                .map_err(|error| Error::checkpoint(&path, format!("damaged: {error}"), None)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::unread(&path, error, None)),
        }
    }

    /// `run.json`.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when it is not there or is no report of a run.
    pub fn report(&self) -> Result<RunReport, Error> {
        let path = self.path.join("run.json");
        let damaged =
            |message: String, hint: Option<String>| Err(Error::checkpoint(&path, message, hint));
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) => return Err(Error::unread(&path, error, None)),
        };
        let value: Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => return damaged(format!("damaged: {error}"), None),
        };
        if !value.is_object() {
            return damaged("damaged: no JSON object".to_owned(), None);
        }
        if value
            .get("version")
            .is_some_and(|version| *version != VERSION)
        {
            let message = format!("has version {}, expected {VERSION}", value["version"]);
            return damaged(message, Some(OTHER_VERSION.to_owned()));
        }
        serde_json::from_value(value).or_else(|error| damaged(format!("damaged: {error}"), None))
    }

    /// `run.json`; none of a run that was killed as it started.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when it is no report of a run.
    pub fn report_if_there(&self) -> Result<Option<RunReport>, Error> {
        match fs::symlink_metadata(self.path.join("run.json")) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            _ => self.report().map(Some),
        }
    }

    /// The codes of the `pictures` test pictures at the epochs at which they were noted, for codes of two numbers.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when none were noted or the file is damaged.
    pub fn code_history(&self, pictures: usize) -> Result<Vec<(usize, Plane)>, Error> {
        let path = self.path.join(CODES);
        let text = match read_text(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| Error::unread(&path, error, None))?,
        };
        let mut history: Vec<(usize, Plane)> = Vec::new();
        for line in text.lines().skip(1) {
            let cells: Option<Vec<f64>> = line.split(',').map(|cell| cell.parse().ok()).collect();
            let Some([epoch, _, x, y]) = cells.as_deref() else {
                return Err(Error::checkpoint(
                    &path,
                    format!("damaged: line `{line}` is no `epoch,picture,z1,z2`"),
                    None,
                ));
            };
            let epoch = *epoch as usize;
            match history.last_mut() {
                Some((last, plane)) if *last == epoch => plane.push((*x, *y)),
                _ => history.push((epoch, vec![(*x, *y)])),
            }
        }
        if let Some((epoch, plane)) = history.iter().find(|(_, plane)| plane.len() != pictures) {
            let message = format!(
                "damaged: epoch {epoch} has {} codes, expected {pictures}",
                plane.len()
            );
            return Err(Error::checkpoint(&path, message, None));
        }
        if history.is_empty() {
            let message = "no codes were recorded during this training: it was stopped at once, or it is older than the recording of \
                           codes for more than 1,000 samples";
            let hint =
                "train again, or use `--walk loop`, which animates a walk through the latent space";
            return Err(Error::checkpoint(&path, message, Some(hint.to_owned())));
        }
        Ok(history)
    }

    /// Replaces one of its text files.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        write_file(&self.path.join(name), text.as_bytes())
    }

    /// Says in `run.json` that a run failed whose session could not say it itself, also where there is no room for another file: the word
    /// `running` becomes one that is no longer.
    pub(crate) fn call_failed(&self) -> Result<(), Error> {
        let path = self.path.join("run.json");
        let text = read_text(&path).at("read", &path)?;
        let status = |status: Status| format!("\"status\": \"{}\"", status.name());
        let (running, failed) = (status(Status::Running), status(Status::Failed));
        match text.contains(&running) {
            true => put_back(&path, text.replacen(&running, &failed, 1).as_bytes()),
            false => Ok(()),
        }
    }

    /// Replaces `run.json`.
    pub(crate) fn write_report(&self, report: &RunReport) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(report).expect("a report is plain values");
        self.write("run.json", &(text + "\n"))
    }
}

/// Says that data stands where a run is expected.
fn data_for_run(name: &str, what: &str) -> Error {
    let hint = format!("name the run first, as in `espejo encode last --data {name}`");
    Error::config(format!("`{name}` is {what}, and no run"), Some(hint))
}

/// Refuses the path of a run that is there.
fn refuse_taken(path: &Path) -> Result<(), Error> {
    if !path.exists() {
        return Ok(());
    }
    let message = format!("run `{}` exists already", path.display());
    let hint = format!(
        "runs are never overwritten: choose another `--name`, or go on with `--resume {}`",
        path.display()
    );
    Err(Error::config(message, hint))
}

/// Gives a folder its name, in one step; an error where there is something of that name.
fn take_name(aside: &Path, path: &Path) -> std::io::Result<()> {
    // A folder in the way that has anything in it makes the renaming fail, but an empty one would not.
    match path.exists() {
        true => Err(std::io::ErrorKind::AlreadyExists.into()),
        false => fs::rename(aside, path),
    }
}

/// Names that Windows keeps for devices, whatever ending follows them.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];
/// Bytes of a name, at most: file systems take 255, and what is written aside has a longer name.
const LONGEST_NAME: usize = 200;

/// Refuses names that are no plain name for a folder, here or on another system.
///
/// # Errors
///
/// [`Error::Config`] for such a name.
pub fn check_name(name: &str) -> Result<(), Error> {
    let plain = |c: char| !c.is_control() && !"/\\:*?\"<>|".contains(c);
    let lower = name.to_lowercase();
    let is_place = run_names::place(&lower).is_some();
    let stem = lower.split('.').next().unwrap_or_default().trim_end();
    // `com1` to `com9`, and the like, are devices; `com` and `compare` are none.
    let numbered = |device: &str| {
        stem.strip_prefix(device)
            .is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']))
    };
    let is_device =
        DEVICES[..4].contains(&stem) || DEVICES[4..].iter().any(|device| numbered(device));
    let has_odd_end = name.starts_with(['.', '-']) || name.ends_with('.') || name.trim() != name;
    let is_long = name.len() > LONGEST_NAME;
    if name.is_empty()
        || is_place
        || is_device
        || has_odd_end
        || is_long
        || !name.chars().all(plain)
    {
        let message = format!("`{}` cannot name a run", name.escape_debug());
        let hint = "use a plain name, not `last`; `--out DIR` chooses the folder above it";
        return Err(Error::config(message, Some(hint.into())));
    }
    Ok(())
}

/// Makes a folder of what `write` puts into it: all of it is there in the end, or nothing.
///
/// # Errors
///
/// [`Error::Config`] where there is something of that name, [`Error::Io`] where it cannot be written, and what `write` gives.
pub fn write_new_folder(
    to: &Path,
    write: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let refuse_taken = || match to.exists() {
        false => Ok(()),
        true => {
            let message = format!("`{}` exists already", to.display());
            let hint = "give a folder that does not exist yet".to_owned();
            Err(Error::config(message, Some(hint)))
        }
    };
    refuse_taken()?;
    let parent = match to.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).at("create", parent)?;
    let aside = tempfile::Builder::new()
        .prefix(".new-export-")
        .tempdir_in(parent)
        .at("create", parent)?;
    write(aside.path())?;
    if let Err(error) = take_name(aside.path(), to) {
        // Another process may have made it in the meantime.
        refuse_taken()?;
        return Err(error).at("create", to);
    }
    let _renamed = aside.keep();
    readable(to)
}

/// Gives a folder made for its maker alone the usual rights.
#[cfg(unix)]
pub(crate) fn readable(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).at("change", path)
}
#[cfg(not(unix))]
pub(crate) fn readable(_path: &Path) -> Result<(), Error> {
    Ok(())
}

/// Characters of the data's name in that of a run.
const MAX_DATA_NAME: usize = 40;

/// Time, model, data and seed, e.g. `2026-11-21_074203-vae-fonts-s42`.
fn stem(config: &RunConfig) -> String {
    let time = jiff::Zoned::now().strftime("%Y-%m-%d_%H%M%S");
    // Of a folder or file its name, and not the way there.
    let name = Path::new(&config.data.name).file_stem();
    let name = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let data: String = name
        .chars()
        .take(MAX_DATA_NAME)
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '-'
            }
        })
        .collect();
    format!(
        "{time}-{}-{data}-s{}",
        config.model.kind.name(),
        config.train.seed
    )
}
