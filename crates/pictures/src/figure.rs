//! A finished picture and the numbers behind it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Error,
    raster::{self, Compression, Raster},
    svg::Svg,
};

/// A drawn figure: its SVG text, its numbers as CSV, and its size.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    svg: String,
    csv: String,
    width: u32,
    height: u32,
}

/// Pixels a unit of the SVG in a PNG.
const PNG_SCALE: u32 = 2;

impl Figure {
    /// Closes the drawing; its size is rounded up to whole units.
    pub(crate) fn new(svg: Svg, csv: String, (width, height): (f64, f64)) -> Self {
        let (width, height) = (width.ceil().max(1.0) as u32, height.ceil().max(1.0) as u32);
        Self {
            svg: svg.finish(width, height),
            csv,
            width,
            height,
        }
    }

    /// The picture as SVG; it carries its font.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The numbers behind the picture: a header row, then one row a number or point.
    pub fn csv(&self) -> &str {
        &self.csv
    }

    /// Width and height in SVG units; the PNG has twice as many pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The picture as PNG, two pixels a unit.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        raster::encode(&self.render(PNG_SCALE)?, Compression::Balanced).map_err(|error| {
            Error::Render {
                width: self.width,
                height: self.height,
                reason: error.to_string(),
            }
        })
    }

    /// Writes `stem.png`, `stem.svg` and `stem.csv` into `folder`, which is made where it is missing.
    /// Each file is written aside and renamed, so that a reader never finds half a picture.
    pub fn save(&self, folder: &Path, stem: &str) -> Result<Vec<PathBuf>, Error> {
        fs::create_dir_all(folder).map_err(|source| Error::Io {
            path: folder.to_owned(),
            source,
        })?;
        let png = self.png()?;
        let files = [
            ("png", png.as_slice()),
            ("svg", self.svg.as_bytes()),
            ("csv", self.csv.as_bytes()),
        ];
        let write = |(extension, bytes): (&str, &[u8])| {
            let path = folder.join(format!("{stem}.{extension}"));
            write_aside(&path, bytes)?;
            Ok(path)
        };
        files.into_iter().map(write).collect()
    }

    /// The picture as RGB pixels.
    pub(crate) fn render(&self, scale: u32) -> Result<Raster, Error> {
        raster::render(&self.svg, (self.width, self.height), scale)
    }
}

/// Writes a file under another name in the same folder, then renames it.
pub(crate) fn write_aside(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let aside = path.with_file_name(name);
    let written = fs::write(&aside, bytes).and_then(|()| fs::rename(&aside, path));
    written.map_err(|source| {
        // What failed is told; a leftover that cannot be removed either adds nothing.
        let _ = fs::remove_file(&aside);
        Error::Io {
            path: path.to_owned(),
            source,
        }
    })
}
