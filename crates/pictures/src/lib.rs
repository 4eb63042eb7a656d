//! Figures for reports: curves, bars, matrices of numbers, confusion matrices, reliability diagrams, parity plots, scatter
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

mod across;
mod apng;
mod axis;
mod bar_plot;
mod bars;
mod charts;
mod cloud;
mod colour;
mod compose;
mod csv;
mod curves;
mod density;
mod dodge;
mod error;
mod figure;
mod font;
mod frames;
mod gif;
mod grid;
mod interleave;
mod key;
mod labels;
mod legend;
mod map;
mod matrix;
mod palette;
mod panel;
mod raster;
mod row_labels;
mod scale;
mod scatter;
mod sheet;
mod side;
mod svg;
mod theme;
mod ticks;
mod tile;
mod walk;

pub use crate::{
    apng::apng,
    bars::{Bar, BarSeries, Bars, bars},
    charts::{
        confusion_matrix::{ConfusionMatrix, confusion_matrix},
        parity_plot::{ParityPlot, parity_plot},
        reliability::{Reliability, ReliabilityBin, reliability},
    },
    compose::compose,
    csv::field as csv_field,
    curves::{Curves, Panel, Series, curves},
    error::Error,
    figure::Figure,
    frames::Pace,
    gif::gif,
    grid::{Grid, grid},
    matrix::{Cell, Matrix, matrix},
    scatter::{Point, Scatter, scatter},
    sheet::{Sheet, sheet},
    tile::Tile,
    walk::{Walk, WalkFrame, walk},
};
