//! The files of a set as they really lie there: official ones, those that are read in their stead, and those that are read beside them.

use std::path::Path;

use crate::manifests::{Manifest, manifest_in};
use crate::named_sets::set_named;
use crate::source::DataSet;
use crate::{cifar, idx};

/// How many official files of a set are there, or others in their stead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Files that are there.
    pub there: usize,
    /// Files that belong to the set.
    pub of: usize,
}

/// How many files of a set are in the data directory; `None` for what is built in, and for unknown names.
pub fn presence(set: &str, directory: &Path) -> Option<Presence> {
    let set = set_named(set)?;
    let manifest = manifest_in(set.name, directory)?;
    let folder = idx::folder(set, directory, &manifest.folder);
    let absent = absent(&manifest, &folder).len();
    let of = manifest.files.len();
    let there = of - absent;
    Some(Presence { there, of })
}

/// The file that is read in the stead of an official one that is not there: an idx file that was unpacked, or a face that ends in `.gif`.
pub(crate) fn in_stead(folder: &Path, name: &str) -> Option<String> {
    let mut others = vec![format!("{name}.gif")];
    others.extend(name.strip_suffix(".gz").map(str::to_owned));
    if let Some(subject) = name.strip_suffix(".centerlight") {
        others.push(format!("{subject}.gif"));
    }
    others
        .into_iter()
        .find(|other| folder.join(other).is_file())
}

/// The files beside the official ones that are read where they are there.
pub(crate) fn beside(set: &str, folder: &Path) -> Vec<String> {
    let names: &[&str] = match set {
        "cifar10" => &["batches.meta.txt"],
        "cifar100" => &["fine_label_names.txt", "coarse_label_names.txt"],
        "stl10" => &["class_names.txt"],
        _ => &[],
    };
    let there = names.iter().filter(|name| folder.join(name).is_file());
    let mut files: Vec<String> = there.map(|name| (*name).to_owned()).collect();
    if set == "cifar10" {
        files.extend(cifar::other_test_files(folder));
    }
    files
}

/// The official files that are not there, nor another in their stead.
fn absent(manifest: &Manifest, folder: &Path) -> Vec<String> {
    let names = manifest.files.iter().map(|file| &file.name);
    let gone = names.filter(|name| !folder.join(name).is_file());
    gone.filter(|name| in_stead(folder, name).is_none())
        .cloned()
        .collect()
}

/// What the user of a set should know where some of its official files are not there: it is loaded all the same. `train` and `test` are the samples
/// that it has.
pub(crate) fn incomplete(
    set: &DataSet,
    directory: &Path,
    folder: &Path,
    (train, test): (usize, usize),
) -> Option<String> {
    let manifest = manifest_in(set.name, directory)?;
    let absent = absent(&manifest, folder);
    let first = absent.first()?;
    let which = match absent.len() {
        1 => format!("`{first}` is"),
        count => {
            let last = absent.last().unwrap_or(first);
            format!(
                "{count} of its {} files, `{first}` to `{last}`, are",
                manifest.files.len()
            )
        }
    };
    let others = match set.name {
        "cifar10" => cifar::other_test_files(folder),
        _ => Vec::new(),
    };
    let instead = match others.is_empty() {
        true => String::new(),
        false => format!("; its test part is `{}`", others.join("`, `")),
    };
    let of_test = match set.test {
        0 => String::new(),
        official => format!(" and {test} of {official} test samples"),
    };
    Some(format!(
        "`{name}` is incomplete: {which} not there, which leaves {train} of {} training samples{of_test}{instead} (`espejo data fetch {name}` gets what is missing)",
        set.train,
        name = set.name,
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let folder = directory.path().join("cifar-10-batches-bin");
        fs::create_dir(&folder).expect("a temporary folder");
        for file in files {
            fs::write(folder.join(file), "x").expect("writable");
        }
        directory
    }

    #[test]
    fn a_set_is_there_as_far_as_its_files_are() {
        let count = |files: &[&str]| {
            let directory = folder(files);
            presence("cifar10", directory.path()).map(|of| (of.there, of.of))
        };
        assert_eq!(count(&[]), Some((0, 6)));
        assert_eq!(
            count(&["data_batch_1.bin", "test_batch_first1000.bin"]),
            Some((1, 6))
        );
        assert_eq!(presence("fonts", Path::new("nowhere")), None);
        assert_eq!(presence("cats", Path::new("nowhere")), None);
    }

    #[test]
    fn an_unpacked_file_stands_for_the_packed_one() {
        let directory = folder(&["train.gz", "labels", "subject01.gif", "subject02.sad.gif"]);
        let folder = directory.path().join("cifar-10-batches-bin");
        let found = |name| in_stead(&folder, name);
        assert_eq!(found("labels.gz").as_deref(), Some("labels"));
        assert_eq!(found("train.gz"), None);
        assert_eq!(
            found("subject01.centerlight").as_deref(),
            Some("subject01.gif")
        );
        assert_eq!(found("subject02.sad").as_deref(), Some("subject02.sad.gif"));
    }

    #[test]
    fn files_that_are_read_beside_the_official_ones_are_known() {
        let directory = folder(&["batches.meta.txt", "test_batch_first1000.bin", "notes.txt"]);
        let folder = directory.path().join("cifar-10-batches-bin");
        assert_eq!(
            beside("cifar10", &folder),
            ["batches.meta.txt", "test_batch_first1000.bin"]
        );
        fs::write(folder.join("test_batch.bin"), "x").expect("writable");
        assert_eq!(beside("cifar10", &folder), ["batches.meta.txt"]);
    }
}
