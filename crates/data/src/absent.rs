//! What stands in for a reader in a program that was built without it.

use crate::Error;
use crate::error::content_of;
use crate::source::Parts;

/// The functions of the reader of a form of files that a cargo feature brings.
macro_rules! reader {
    ($form:literal, $feature:literal) => {
        use std::path::Path;

        use crate::Error;
        use crate::absent::refused;
        use crate::shards::Shards;
        use crate::source::{Parts, Source};

        /// Says that this program does not read such files.
        pub(crate) fn load(_: &Source, path: &Path) -> Result<Parts, Error> {
            refused(&path.display().to_string(), $form, $feature)
        }

        /// Says that this program does not read such folders.
        pub(crate) fn load_shards(_: &Source, shards: Shards) -> Result<Parts, Error> {
            refused(&shards.origin, $form, $feature)
        }

        /// Says that this program does not read such files.
        pub(crate) fn is_table(source: &Source, path: &Path) -> Result<bool, Error> {
            load(source, path).map(|_| false)
        }

        /// Says that this program does not read such folders.
        pub(crate) fn is_table_of(shards: &Shards) -> Result<bool, Error> {
            refused(&shards.origin, $form, $feature).map(|_| false)
        }

        /// Says that this program does not read such bytes.
        pub(crate) fn try_bytes(_: &[u8]) -> Result<(), Error> {
            refused("bytes", $form, $feature).map(drop)
        }
    };
}

pub(crate) use reader;

pub(crate) fn refused(origin: &str, form: &str, feature: &str) -> Result<Parts, Error> {
    let expected = "a form that this program was built to read";
    let found = format!("{form} (build it with `--features {feature}`)");
    Err(content_of(origin, expected, found))
}
