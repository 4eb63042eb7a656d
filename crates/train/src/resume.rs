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
    /// [`Error::Data`] where the samples lie in a file that cannot be read, [`Error::Checkpoint`] where the report is damaged.
    pub fn is_data_of(&self, folder: &Folder) -> Result<bool, Error> {
        // A run that was killed as it started has no report yet.
        let Some(report) = folder.report_if_there()? else {
            return Ok(true);
        };
        let noted = report.data;
        let same = |noted: &Option<String>, samples: &Samples| match noted {
            Some(noted) => Ok::<bool, Error>(*noted == samples.sha256()?),
            None => Ok(true),
        };
        let same_targets = |noted: &Option<String>, samples: &Samples| {
            noted.is_none() || *noted == samples.targets_sha256()
        };
        Ok(same(&noted.sha256, &self.train)?
            && same(&noted.test_sha256, &self.test)?
            && same_targets(&noted.targets_sha256, &self.train)
            && same_targets(&noted.test_targets_sha256, &self.test))
    }
}
