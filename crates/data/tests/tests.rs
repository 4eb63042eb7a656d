//! The official files where they are, and damaged files of every format.

mod damage;
mod official;
