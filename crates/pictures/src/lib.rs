//! Figures for reports: curves, bars, histograms, matrices of numbers, confusion matrices, reliability diagrams, parity plots, scatter
//! plots, sheets and grids of images, animations.
//!
//! For whoever has numbers to show. Plain numbers go in; out come [`Figure`]s, each of which is an SVG, the same
//! figure as PNG, and the numbers behind it as CSV. Drawing cannot fail; only rendering and writing can. No system
//! font is used: the one font of all figures is built in, and each SVG carries it.
//!
//! ```
//! use espejo_pictures::{Curves, Panel, Series, curves};
//!
//! let loss = Series {
//!     name: "test".into(),
//!     points: vec![(1.0, 310.0), (2.0, 281.5), (3.0, 272.0)],
//!     ..Series::default()
//! };
//! let panel = Panel {
//!     y_label: "nats per sample".into(),
//!     series: vec![loss],
//!     baselines: vec![("mean image".into(), 338.7)],
//!     ..Panel::default()
//! };
//! let figure = curves(&Curves {
//!     title: "Loss".into(),
//!     x_label: "epoch".into(),
//!     panels: vec![panel],
//!     ..Curves::default()
//! });
//! assert!(figure.svg().contains("nats per sample"));
//! assert_eq!(figure.csv().lines().nth(1), Some("1,series,test,1,310"));
//! let png = figure.png()?;
//! assert_eq!(png[1..4], *b"PNG");
//! # Ok::<(), espejo_pictures::Error>(())
//! ```

mod charts;
mod error;
mod export;
mod layout;
mod marks;

pub use crate::{
    charts::{
        bars::{Bar, BarSeries, Bars, bars},
        compose::compose,
        confusion_matrix::{ConfusionMatrix, confusion_matrix},
        curves::{Curves, Panel, Series, curves},
        grid::{Grid, grid},
        histograms::{Bins, Histogram, Histograms, histograms},
        latent_walk::{Walk, WalkFrame, walk},
        matrix::{Cell, Matrix, matrix},
        parallel_coordinates::{Coordinate, ParallelCoordinates, parallel_coordinates},
        parity_plot::{ParityPlot, parity_plot},
        reliability::{Reliability, ReliabilityBin, reliability},
        scatter::{Point, Scatter, scatter},
        sheet::{Sheet, sheet},
    },
    error::Error,
    export::{
        apng::apng, figure::Figure, film::film, frames::Pace, gif::gif, numbers::LARGEST_CSV,
    },
    marks::tile::Tile,
};
