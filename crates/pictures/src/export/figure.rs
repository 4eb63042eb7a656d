//! A finished figure and the numbers behind it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use crate::{
    Error,
    export::{
        numbers::Numbers,
        raster::{self, Compression, Raster},
        svg::{self, Svg},
    },
};

/// A drawn figure: its SVG text, its numbers as CSV, and its size.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The document; for a layer it is put together when it is asked for.
    svg: OnceLock<String>,
    layer: Option<Layer>,
    csv: Numbers,
    width: u32,
    height: u32,
}

/// What a frame of an animation has for itself, over what it shares with the others.
#[derive(Debug, Clone)]
struct Layer {
    ground: Arc<Ground>,
    body: String,
}

/// What all frames of an animation have in common.
#[derive(Debug)]
pub(crate) struct Ground {
    body: String,
    width: u32,
    height: u32,
    /// One pixel a unit, rendered when the first frame is.
    pixels: OnceLock<Option<Raster>>,
}

impl Ground {
    pub(crate) fn new(svg: Svg, size: (f64, f64)) -> Self {
        let (width, height) = whole(size);
        Self {
            body: svg.body(),
            width,
            height,
            pixels: OnceLock::new(),
        }
    }

    /// `None` where it cannot be rendered; then rendering a whole frame tells why.
    fn pixels(&self) -> Option<&Raster> {
        let render = || {
            let text = svg::document(&self.body, (self.width, self.height), true);
            raster::render(&text, (self.width, self.height), 1).ok()
        };
        self.pixels.get_or_init(render).as_ref()
    }
}

/// A size rounded up to whole units.
fn whole((width, height): (f64, f64)) -> (u32, u32) {
    (width.ceil().max(1.0) as u32, height.ceil().max(1.0) as u32)
}

/// Pixels a unit of the SVG in a PNG.
const PNG_SCALE: u32 = 2;

impl PartialEq for Figure {
    fn eq(&self, other: &Self) -> bool {
        (self.svg(), self.csv()) == (other.svg(), other.csv())
    }
}

impl Figure {
    /// Closes the drawing; its size is rounded up to whole units.
    pub(crate) fn new(svg: Svg, csv: impl Into<Numbers>, size: (f64, f64)) -> Self {
        let (width, height) = whole(size);
        Self {
            svg: svg::document(&svg.body(), (width, height), true).into(),
            layer: None,
            csv: csv.into(),
            width,
            height,
        }
    }

    /// A drawing over a ground, of its size.
    pub(crate) fn over(ground: &Arc<Ground>, svg: Svg, csv: String) -> Self {
        Self {
            svg: OnceLock::new(),
            layer: Some(Layer {
                ground: Arc::clone(ground),
                body: svg.body(),
            }),
            csv: csv.into(),
            width: ground.width,
            height: ground.height,
        }
    }

    /// The figure as SVG; it carries its font.
    pub fn svg(&self) -> &str {
        let whole = |layer: &Layer| layer.ground.body.clone() + &layer.body;
        self.svg.get_or_init(|| {
            let body = self.layer.as_ref().map(whole).unwrap_or_default();
            svg::document(&body, self.size(), true)
        })
    }

    /// What is drawn, without the document around it.
    pub(crate) fn body(&self) -> &str {
        // The document of nothing is what stands before and after.
        let around = svg::document("", self.size(), true).len() - svg::END.len();
        let svg = self.svg();
        &svg[around..svg.len() - svg::END.len()]
    }

    /// The numbers behind the figure: a header row, then one row a number or point.
    pub fn csv(&self) -> &str {
        self.csv.text()
    }

    /// Bytes of the CSV, or what they are at the least, without making it.
    pub(crate) fn least_csv(&self) -> usize {
        self.csv.least()
    }

    /// Width and height in SVG units; the PNG has twice as many pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The figure as PNG, two pixels a unit.
    pub fn png(&self) -> Result<Vec<u8>, Error> {
        raster::encode(&self.render(PNG_SCALE)?, Compression::Balanced).map_err(|error| {
            Error::Render {
                width: self.width,
                height: self.height,
                reason: error.to_string(),
            }
        })
    }

    /// Writes `stem.png`, `stem.svg` and `stem.csv` into `folder`, which is made where it is missing. A CSV larger than
    /// [`LARGEST_CSV`](crate::LARGEST_CSV) is left out, and that of an earlier figure of this name removed.
    /// Each file is written aside and renamed, so that a reader never finds half a figure.
    pub fn save(&self, folder: &Path, stem: &str) -> Result<Vec<PathBuf>, Error> {
        fs::create_dir_all(folder).map_err(|source| Error::Io {
            path: folder.to_owned(),
            source,
        })?;
        let png = self.png()?;
        let path = |extension: &str| folder.join(format!("{stem}.{extension}"));
        let mut files = vec![
            (path("png"), png.as_slice()),
            (path("svg"), self.svg().as_bytes()),
        ];
        match self.csv.if_small() {
            Some(csv) => files.push((path("csv"), csv.as_bytes())),
            // Numbers of another figure beside this one would be worse than none; mostly there is no such file.
            None => _ = fs::remove_file(path("csv")),
        }
        let write = |(path, bytes): (PathBuf, &[u8])| {
            write_aside(&path, bytes)?;
            Ok(path)
        };
        files.into_iter().map(write).collect()
    }

    /// Writes this file alone: SVG or CSV where its name ends so, else PNG. The CSV may be of any size.
    pub fn save_as(&self, path: &Path) -> Result<(), Error> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => write_aside(path, self.svg().as_bytes()),
            Some("csv") => write_aside(path, self.csv().as_bytes()),
            _ => write_aside(path, &self.png()?),
        }
    }

    /// The figure as RGB pixels.
    pub(crate) fn render(&self, scale: u32) -> Result<Raster, Error> {
        if let (Some(layer), 1) = (&self.layer, scale)
            && let Some(ground) = layer.ground.pixels()
        {
            let text = svg::document(&layer.body, self.size(), false);
            return raster::render_over(&text, ground);
        }
        raster::render(self.svg(), self.size(), scale)
    }
}

/// Writes a file under another name in the same folder, then renames it.
pub(crate) fn write_aside(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let aside = path.with_file_name(name);
    // What a killed program has left there goes; a new file is made, and never one behind a link.
    let _ = fs::remove_file(&aside);
    let file = fs::File::create_new(&aside);
    let written = file.and_then(|mut file| file.write_all(bytes));
    let written = written.and_then(|()| fs::rename(&aside, path));
    written.map_err(|source| {
        // What failed is told; a leftover that cannot be removed either adds nothing.
        let _ = fs::remove_file(&aside);
        Error::Io {
            path: path.to_owned(),
            source,
        }
    })
}
