//! Pages that open by double click: one HTML file, no server, no network.
//!
//! For `espejo report`, `espejo compare --page` and `espejo reproduce`. Values in, text out: nothing here reads a file, knows a tensor or
//! asks what time it is. A [`Page`] is made of parts (text, tables, curves, pictures), and may carry a [`Space`], the latent space with
//! a net that the page itself computes. What users wrote is shown as text, never run: it is escaped where it becomes HTML, and a policy in
//! the page's head lets run nothing but the page's own script, by its checksum.
//!
//! ```
//! use espejo_report::{Language, Page, Part, Section, Table};
//!
//! let mut table = Table::new(["column", "mean"]);
//! table.row(["<b>width</b>", "1.5"]);
//! let page = Page {
//!     title: "a table".into(),
//!     sections: vec![Section::new("Columns", vec![Part::Table(table)])],
//!     ..Page::new(Language::English)
//! };
//! let html = page.html();
//! assert!(html.contains("&lt;b&gt;width"));
//! ```

mod curves;
mod escape;
mod numbers;
mod packed_pictures;
mod page;
mod parts;
mod picture;
mod space;
mod table;
mod words;

pub use curves::{Curve, CurvePanel};
pub use escape::escaped;
pub use numbers::{Half, half, half_rounded};
pub use packed_pictures::PackedPictures;
pub use page::{Page, document};
pub use parts::{Part, Section};
pub use picture::{Picture, image};
pub use space::{Check, Net, Precision, Said, SampleKind, Space, SpacePictures};
pub use table::{Align, Cell, Table};
pub use words::Language;
