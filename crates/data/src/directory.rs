//! The data directory: where the files of data sets lie.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{self, Path, PathBuf};

use crate::Error;

/// The environment variable that names the data directory.
const VARIABLE: &str = "ESPEJO_DATA";

/// The data directory, as an absolute path: what `ESPEJO_DATA` names, else the folder `espejo` among the user's data
/// (`~/.local/share/espejo`, `~/Library/Application Support/espejo`, `%APPDATA%\espejo`). It need not exist.
///
/// # Errors
/// [`Error::Io`] where neither is known.
pub fn directory() -> Result<PathBuf, Error> {
    choose(env::var_os(VARIABLE), dirs::data_dir())
}

/// The data directory that was given, else that of [`directory`].
///
/// # Errors
/// As [`directory`].
pub fn directory_or(given: Option<&Path>) -> Result<PathBuf, Error> {
    match given {
        Some(given) => absolute(given),
        None => directory(),
    }
}

fn choose(variable: Option<OsString>, user: Option<PathBuf>) -> Result<PathBuf, Error> {
    match (variable.filter(|value| !value.is_empty()), user) {
        (Some(named), _) => absolute(Path::new(&named)),
        (None, Some(user)) => absolute(&user.join("espejo")),
        (None, None) => Err(Error::Io {
            action: "find",
            path: PathBuf::from("the data directory"),
            source: io::Error::new(
                io::ErrorKind::NotFound,
                format!("this user has no home folder, and `{VARIABLE}` is not set"),
            ),
        }),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    path::absolute(path).map_err(|source| Error::Io {
        action: "find",
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_goes_first_unless_it_is_empty() {
        let user = || Some(env::temp_dir());
        let here = env::current_dir().expect("there is one");
        let chosen = |variable: Option<&str>, user| choose(variable.map(OsString::from), user);
        assert_eq!(
            chosen(Some("some/data"), user()).expect("set"),
            here.join("some/data")
        );
        for variable in [None, Some("")] {
            let found = chosen(variable, user()).expect("there is a home");
            assert_eq!(found, env::temp_dir().join("espejo"));
        }
        let error = chosen(None, None).expect_err("nothing is known");
        assert_eq!(
            error.to_string(),
            "cannot find `the data directory`: this user has no home folder, and `ESPEJO_DATA` is not set"
        );
        assert_eq!(
            directory_or(Some(Path::new("x"))).expect("given"),
            here.join("x")
        );
    }
}
