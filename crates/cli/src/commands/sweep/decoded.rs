//! One data set in memory for all tasks of a sweep that run at a time: a folder of the sweep where the large of it lies, as long as they run.

use std::fs;
use std::path::{Path, PathBuf};

use espejo_train::check_folder;

use super::folder::SweepFolder;
use super::local::Here;
use super::task;

/// The folder, which is removed in the end. A sweep that is killed leaves it to the one that goes on.
pub struct Decoded {
    path: PathBuf,
}

impl Decoded {
    /// Decodes the data of the first of these tasks there, so that those that begin at once find it; nothing where tasks run alone, or
    /// have no large data in common.
    pub fn make(sweep: &SweepFolder, here: &Here, tasks: &[usize]) -> anyhow::Result<Option<Self>> {
        let path = sweep.path().join("decoded");
        check_folder(&path)?;
        // Dropped where it is of no use, and so is what a sweep has left that was killed.
        let decoded = Self { path };
        let (&[first, _, ..], 2.., true) = (tasks, here.choice.now().jobs, here.may_share) else {
            return Ok(None);
        };
        let device = here.devices.first().map(String::as_str);
        // What is wrong with the data of a task is for the task to say.
        let prepared = task::prepared(&sweep.plan, first, device, Some(&decoded.path));
        let is_of_use = prepared.is_ok_and(|prepared| !prepared.train.in_memory());
        Ok(is_of_use.then_some(decoded))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        // Not there where all data is read where it came from; and what cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.path);
    }
}
