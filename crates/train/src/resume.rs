//! Whether a run can go on where it stopped: its data has to be what it was.

use espejo_data::Samples;

use crate::Error;
use crate::folder::Folder;
use crate::prepare::Prepared;

impl Prepared {
    /// Whether the data is what it was when the run in `folder` was started, as far as its report says.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    pub fn is_data_of(&self, folder: &Folder) -> Result<bool, Error> {
        // A run that was killed as it started has no report yet.
        let report = folder.report().unwrap_or_default();
        let same = |key: &str, samples: &Samples| match report["data"][key].as_str() {
            Some(noted) => Ok::<bool, Error>(noted == samples.sha256()?),
            None => Ok(true),
        };
        let targets = |key: &str, samples: &Samples| match report["data"][key].as_str() {
            Some(noted) => samples.targets_sha256().as_deref() == Some(noted),
            None => true,
        };
        Ok(same("sha256", &self.train)?
            && same("test_sha256", &self.test)?
            && targets("targets_sha256", &self.train)
            && targets("test_targets_sha256", &self.test))
    }
}
