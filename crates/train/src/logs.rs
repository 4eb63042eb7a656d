//! The files of a run that grow while it trains.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Error;
use crate::error::AtPath;
use crate::folder::{CODES, Folder};
use crate::plain_files::{append, read_text};
use crate::report::EpochReport;

/// Progress lines come no faster than this where they are appended to a log.
const LINE_EVERY: Duration = Duration::from_millis(500);
/// How often they are noted, about.
const FRAMES: f64 = 60.0;

/// The files that grow while training.
pub(crate) struct Logs {
    metrics: Growing,
    /// The codes, where they are recorded.
    codes: Option<Growing>,
    log: Growing,
    last_line: Option<Instant>,
}

/// A text file that lines are added to.
struct Growing {
    file: File,
    path: PathBuf,
    empty: bool,
    /// Bytes of its whole lines.
    length: u64,
}

impl Logs {
    /// Opens the logs, that of the codes only where they are recorded; rows of epochs after `epoch`, written by a session that was
    /// killed, are dropped.
    pub(crate) fn open(folder: &Folder, epoch: usize, codes: bool) -> Result<Self, Error> {
        let names = ["metrics.csv", CODES]
            .into_iter()
            .take(1 + usize::from(codes));
        for name in names {
            let kept = match read_text(&folder.path().join(name)) {
                Ok(text) if epoch > 0 => {
                    let number = |line: &str| {
                        line.split(',')
                            .next()
                            .and_then(|cell| cell.parse::<usize>().ok())
                    };
                    let keep = |line: &&str| number(line).is_none_or(|row| row <= epoch);
                    // A line that a crash cut short ends the file without its line end.
                    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
                    whole
                        .lines()
                        .filter(keep)
                        .map(|line| format!("{line}\n"))
                        .collect()
                }
                _ => String::new(),
            };
            folder.write(name, &kept)?;
        }
        let open = |name: &str| Growing::open(folder.path().join(name));
        Ok(Self {
            metrics: open("metrics.csv")?,
            codes: codes.then(|| open(CODES)).transpose()?,
            log: open("log.txt")?,
            last_line: None,
        })
    }

    /// Writes the row of an epoch and, where it is due, its line; says whether it was.
    pub(crate) fn write(&mut self, report: &EpochReport, last: bool) -> Result<bool, Error> {
        let header = self.metrics.empty.then(|| report.csv_header());
        self.metrics
            .lines(header.into_iter().chain([report.csv_row()]))?;
        let due = last
            || self
                .last_line
                .is_none_or(|line| line.elapsed() >= LINE_EVERY);
        if due {
            self.last_line = Some(Instant::now());
            let legend = self.log.empty.then(|| report.legend());
            self.log.lines(legend.into_iter().chain([report.line()]))?;
        }
        Ok(due)
    }

    /// Notes where the images lie on the map of the codes.
    pub(crate) fn write_codes(&mut self, epoch: usize, codes: &[f32]) -> Result<(), Error> {
        let Some(log) = &mut self.codes else {
            return Ok(());
        };
        let header = log.empty.then(|| "epoch,picture,z1,z2".to_owned());
        let rows = codes
            .chunks_exact(2)
            .enumerate()
            .map(|(picture, z)| format!("{epoch},{picture},{},{}", z[0], z[1]));
        log.lines(header.into_iter().chain(rows))
    }

    pub(crate) fn sync(&self) -> Result<(), Error> {
        [&self.metrics]
            .into_iter()
            .chain(&self.codes)
            .try_for_each(|log| log.file.sync_data().at("write", &log.path))
    }
}

impl Growing {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let file = append(&path)?;
        let length = file.metadata().at("read", &path)?.len();
        Ok(Self {
            file,
            path,
            empty: length == 0,
            length,
        })
    }

    fn lines(&mut self, lines: impl IntoIterator<Item = String>) -> Result<(), Error> {
        let text: String = lines.into_iter().map(|line| line + "\n").collect();
        self.empty = false;
        let written = self.file.write_all(text.as_bytes());
        match written {
            Ok(()) => self.length += text.len() as u64,
            // A full disk may have taken a part of a line.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written.at("write", &self.path)
    }
}

/// Whether the map of the codes is noted after this epoch, noted last after `noted`: about [`FRAMES`] times, closer together at
/// the start, where most happens.
pub(crate) fn is_frame(epoch: usize, noted: Option<usize>, epochs: usize) -> bool {
    let place = |epoch: usize| ((epoch as f64).ln() / (epochs as f64).ln() * FRAMES).floor();
    noted.is_none_or(|noted| epoch == epochs || place(epoch) > place(noted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_few_and_have_both_ends() {
        for epochs in [1, 2, 50, 5000, 1_000_000] {
            let mut frames: Vec<usize> = Vec::new();
            for epoch in 1..=epochs {
                if is_frame(epoch, frames.last().copied(), epochs) {
                    frames.push(epoch);
                }
            }
            assert_eq!((frames.first(), frames.last()), (Some(&1), Some(&epochs)));
            assert!(
                frames.len() <= FRAMES as usize + 2,
                "{epochs}: {}",
                frames.len()
            );
        }
    }
}
