//! Data sets as plain values: pictures of one byte a pixel, with captions and classes, and no tensors.
//!
//! For the training crate, which turns [`Images`] into batches, and for the program, which lists and shows them. Whatever
//! can be wrong with a name, a selection or a picture is found here, and the [`Error`] says what was expected and what found.
//!
//! ```
//! use espejo_data::{Selection, as_text, load};
//!
//! let selection = Selection {
//!     letters: Some("TL".to_owned()),
//!     ..Selection::default()
//! };
//! let images = load("fonts", &selection)?;
//! assert_eq!(images.len(), 2);
//! assert_eq!(images.caption(0), "T");
//! assert_eq!(images.image(0)[..10], [1, 1, 1, 1, 1, 0, 0, 1, 0, 0]);
//! println!("{}", as_text(&images, 8));
//! # Ok::<(), espejo_data::Error>(())
//! ```

mod catalogue;
mod error;
mod fonts;
mod images;
mod selection;
mod text;

pub use catalogue::{DataSet, load, names};
pub use error::Error;
pub use images::{Images, Shape};
pub use selection::Selection;
pub use text::as_text;
