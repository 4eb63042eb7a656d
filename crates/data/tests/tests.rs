//! Files of every format as their own tools write them, the official files where they are, and damaged files of every format.

mod arrays;
mod damage;
mod drawn;
mod idx;
mod images;
mod official;
mod texts;
