//! Where a command writes its figure: into the run's folder, or to a file of its own.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_pictures::{Figure, compose};
use espejo_train::Folder;

use crate::drawing::Drawn;
use crate::figures::save_all;
use crate::output::{shown, usage};

/// The file that a figure is written to in place of the run's folder.
#[derive(Args, Clone, Default)]
pub struct FigureArgs {
    /// Write the figure to this file alone, by its ending as PNG, as SVG, or its numbers as CSV [default: into the run's `figures/`]
    #[arg(id = "figure_file", long = "to", value_name = "FILE")]
    pub to: Option<PathBuf>,
}

impl FigureArgs {
    /// Refuses a file that is no figure, before anything is computed.
    pub fn check(&self) -> anyhow::Result<()> {
        let is_figure = |path: &Path| has_ending(path, &["png", "svg", "csv"]);
        match self.to.as_deref().filter(|path| !is_figure(path)) {
            None => Ok(()),
            Some(path) => Err(usage(
                format!("`--to` is `{}`", shown(path)),
                "give a file ending in `.png`, `.svg` or `.csv`",
            )),
        }
    }

    /// Nothing is drawn of a table: no files, and an error where one was asked for.
    pub fn none(&self) -> anyhow::Result<()> {
        match &self.to {
            None => Ok(()),
            Some(_) => Err(no_images()),
        }
    }

    /// Writes figures as these arguments say, and gives the files that a person shall look at.
    pub fn save<S: AsRef<str> + Sync>(&self, folder: &Folder, figures: &[(S, Figure)]) -> Drawn {
        match &self.to {
            None => save_all(folder, figures),
            Some(path) => save_as(path, figures).into(),
        }
    }
}

/// Whether a command that measures draws as well.
#[derive(Args, Clone, Copy, Default)]
pub struct DrawArgs {
    /// Draw nothing: give the numbers alone
    #[arg(long)]
    pub no_figures: bool,
}

/// Whether a command that measures draws as well, and where to.
#[derive(Args, Clone, Default)]
pub struct OptionalFigureArgs {
    #[command(flatten)]
    pub file: FigureArgs,
    /// Draw nothing: give the numbers alone
    #[arg(long, conflicts_with = "figure_file")]
    pub no_figures: bool,
}

impl OptionalFigureArgs {
    /// Draws as these arguments say, once all that was measured is printed.
    pub fn draw<S: AsRef<str> + Sync>(
        &self,
        folder: &Folder,
        figures: impl FnOnce() -> anyhow::Result<Vec<(S, Figure)>>,
    ) -> Drawn {
        if self.no_figures {
            return Drawn::default();
        }
        match figures() {
            Ok(figures) => self.file.save(folder, &figures),
            Err(error) => Drawn::failed(error),
        }
    }
}

/// The error of a figure of images that was asked for of a table.
pub fn no_images() -> anyhow::Error {
    usage("a table has no images to draw", "leave `--to` out")
}

/// Whether a file ends in one of these.
pub fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

/// Writes figures to one file, several of them under each other; nothing where there are none.
pub fn save_as<S>(path: &Path, figures: &[(S, Figure)]) -> anyhow::Result<Vec<String>> {
    match figures {
        [] => return Ok(Vec::new()),
        [(_, figure)] => figure.save_as(path)?,
        several => {
            let rows = several.iter().map(|(_, figure)| vec![figure]);
            compose("", None, &rows.collect::<Vec<_>>()).save_as(path)?;
        }
    }
    Ok(vec![shown(path)])
}
