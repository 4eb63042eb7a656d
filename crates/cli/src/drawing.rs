//! Pictures come last and cost nothing else: what was measured is printed before them, and one that fails leaves the others.

use std::fmt;

use espejo_pictures::Error as PictureError;

use crate::output::{figure_lines, message, told};

/// What came of drawing: the files that a person shall look at, and what went wrong first.
#[derive(Default)]
pub struct Drawn {
    files: Vec<String>,
    error: Option<anyhow::Error>,
}

impl Drawn {
    /// The files that are there.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// A line for each file.
    pub fn lines(&self) -> String {
        figure_lines(&self.files)
    }

    /// Says on stderr which files are there, for a command whose results are on stdout.
    pub fn tell(&self) {
        let tell = |file: &String| message(&format!("figure  {file}"));
        self.files.iter().for_each(tell);
    }

    /// Adds what came of another picture.
    pub fn add(&mut self, drawn: anyhow::Result<impl IntoIterator<Item = String>>) {
        match drawn {
            Ok(files) => self.files.extend(files),
            Err(error) => self.fail(error),
        }
    }

    /// Adds all that came of other pictures.
    pub fn join(&mut self, other: Self) {
        self.files.extend(other.files);
        self.error = self.error.take().or(other.error);
    }

    /// Nothing, for this reason.
    pub fn failed(error: anyhow::Error) -> Self {
        let mut drawn = Self::default();
        drawn.fail(error);
        drawn
    }

    /// Notes what went wrong; the first error is the one that is told.
    pub fn fail(&mut self, error: anyhow::Error) {
        self.error.get_or_insert(error);
    }

    /// Ends a command that has printed all that it knows, and that can do without pictures.
    ///
    /// # Errors
    ///
    /// That of the first picture that failed.
    pub fn end(self) -> anyhow::Result<()> {
        match self.error {
            None => Ok(()),
            Some(error) => Err(Undrawn(error, WITHOUT).into()),
        }
    }

    /// Ends a command that does nothing but draw.
    ///
    /// # Errors
    ///
    /// That of the first picture that failed.
    pub fn only(self) -> anyhow::Result<()> {
        self.error
            .map_or(Ok(()), |error| Err(Undrawn(error, ELSEWHERE).into()))
    }
}

impl From<anyhow::Result<Vec<String>>> for Drawn {
    fn from(drawn: anyhow::Result<Vec<String>>) -> Self {
        let mut all = Self::default();
        all.add(drawn);
        all
    }
}

/// What helps a command that has more to say than its pictures.
const WITHOUT: &str = "`--no-figures` gives the numbers without pictures";
/// What helps a command that does nothing but draw.
const ELSEWHERE: &str = "`--to FILE` writes elsewhere";

/// A picture that failed after everything else was done and said, and the flag that helps.
#[derive(Debug)]
pub struct Undrawn(pub anyhow::Error, pub &'static str);

impl fmt::Display for Undrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&told(&self.0))
    }
}

impl std::error::Error for Undrawn {}

/// What to do about a picture that could not be written; `can_do_without`: whether its command has `--no-figures`.
pub fn hint(error: &PictureError, flag: Option<&str>) -> Option<String> {
    use std::io::ErrorKind::{
        FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let PictureError::Io { source, .. } = error else {
        return None;
    };
    let first = match source.kind() {
        StorageFull | FileTooLarge | QuotaExceeded => "free some space",
        PermissionDenied | ReadOnlyFilesystem => "choose a place that you may write to",
        _ => return None,
    };
    Some(match flag {
        Some(flag) => format!("{first}; {flag}"),
        None => first.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_is_told_and_the_files_stay() {
        let mut drawn = Drawn::from(Ok(vec!["a.png".to_owned()]));
        drawn.add(Err::<Vec<String>, _>(anyhow::anyhow!("first")));
        drawn.add(Err::<Vec<String>, _>(anyhow::anyhow!("second")));
        drawn.add(Ok(vec!["b.png".to_owned()]));
        assert_eq!(drawn.lines(), "figure  a.png\nfigure  b.png\n");
        let error = drawn.end().expect_err("one failed");
        assert_eq!(error.to_string(), "first");
    }
}
