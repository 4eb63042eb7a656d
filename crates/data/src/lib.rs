//! Data sets as plain values: images of one byte a pixel or rows of numbers, with captions and classes, and no tensors.
//!
//! For the training crate, which turns [`Samples`] into batches, and for the program, which lists and shows them. Whatever
//! can be wrong with a name, a file, a selection or an image is found here, and the [`Error`] says what was expected and
//! what found.
//!
//! ```
//! use espejo_data::{Selection, Source, as_text, load};
//!
//! let selection = Selection {
//!     letters: Some("TL".to_owned()),
//!     ..Selection::default()
//! };
//! let letters = load(&Source { selection, ..Source::named("fonts") })?.train;
//! assert_eq!(letters.len(), 2);
//! assert_eq!(letters.caption(0), "T");
//! assert_eq!(letters.pixels(0)?[..10], [1, 1, 1, 1, 1, 0, 0, 1, 0, 0]);
//! println!("{}", as_text(&letters, 8)?);
//! # Ok::<(), espejo_data::Error>(())
//! ```

#[cfg(not(all(feature = "parquet", feature = "arrow")))]
mod absent;
mod archive;
mod arff;
mod arff_line;
mod arff_rows;
mod array;
mod array_files;
mod array_parts;
#[cfg(feature = "arrow")]
mod arrow;
#[cfg(not(feature = "arrow"))]
mod arrow {
    crate::absent::reader!("Arrow", "arrow");
}
mod augment;
mod catalogue;
mod cifar;
mod cifar100_names;
mod classes;
#[cfg(any(feature = "parquet", feature = "arrow"))]
mod columnar;
mod columns;
mod csv_cells;
mod deep_picture;
mod delimited_text;
mod directory;
mod download;
mod error;
mod fetch;
mod fill;
mod fit_kind;
mod folder;
mod folds;
mod fonts;
mod foreign_panics;
mod formats;
mod frame;
mod frame_size;
#[doc(hidden)]
pub mod fuzzing;
#[cfg(any(feature = "parquet", feature = "arrow"))]
mod growing;
#[cfg(feature = "hdf5")]
mod hdf5;
#[cfg(any(feature = "parquet", feature = "arrow"))]
mod hugging_face;
mod idx;
mod idx_files;
mod image_tree;
mod imdb;
mod logistic_map;
mod lorenz;
mod manifests;
mod matlab;
mod matlab_order;
mod named_arrays;
mod named_sets;
mod nowhere;
mod npy;
mod npy_header;
mod parallel;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
mod parquet {
    crate::absent::reader!("Parquet", "parquet");
}
mod permutation;
mod picture;
mod picture_files;
mod pixel_range;
mod pixel_store;
mod read_instead;
mod record_sets;
mod row_numbers;
mod row_shape;
mod row_store;
mod safetensors_file;
mod samples;
mod satimage;
mod scaling;
mod selection;
mod shards;
mod shared_sink;
mod small_tables;
mod source;
mod split;
mod summary;
mod table_columns;
mod tar_images;
mod tar_stream;
mod targets;
mod terminal_art;
#[cfg(test)]
mod test_random;
mod text_table;
mod texts;
mod times;
mod words;
mod yale;

pub use augment::{Augment, Change};
pub use catalogue::{check_source, is_source, is_table, is_text_folder, load};
pub use csv_cells::{csv_field, guarded, unguarded};
pub use directory::{directory, directory_or};
pub use download::Progress;
pub use error::{Error, room_hint};
pub use fetch::{Fetched, FileState, State, fetch, verify};
pub use fill::{Fill, FillKind};
pub use fit_kind::FitKind;
pub use foreign_panics::panics_are_caught;
pub use formats::{is_array_file, is_image_file, is_table_file};
pub use named_sets::{names, set_named};
pub use npy::read_npy;
pub use permutation::permutation;
pub use pixel_range::PixelRange;
pub use read_instead::{Presence, presence};
pub use row_numbers::RowNumbers;
pub use row_shape::RowShape;
pub use samples::{Facts, Identity, Outline, Samples, Shape, Window};
pub use scaling::{Scaling, ScalingKind};
pub use selection::Selection;
pub use source::{
    ColumnChoice, ColumnFacts, ColumnRole, DataSet, HoldOut, Loaded, Source, TargetColumn,
    TargetKind,
};
pub use table_columns::{CellKind, TableColumn};
pub use targets::Targets;
pub use terminal_art::{as_text, as_text_shrunk};
pub use text_table::{FilledCell, PassedRows, TextTable, load_in_parts};
pub use texts::{FIRST_WORD, PADDING, START, TextChoice, TextForm, TextOutline, UNKNOWN};
pub use times::words as day_words;
pub use words::counted;
