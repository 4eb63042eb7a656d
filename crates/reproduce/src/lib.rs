//! The course documents' experiments over many seeds, beside their published numbers.
//!
//! For whoever wants to know what of a document holds. [`ROWS`] is the table of experiments; [`run`] trains what they need on all cores
//! and keeps every outcome; [`Chapter`] is what came of a row, and [`markdown`] and [`html`] are reports of them.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//! use espejo_reproduce::{Chapter, Ended, Scale, Verdict, find, run};
//!
//! let kept = tempfile::tempdir()?;
//! let ended = run(&[find("S1")?], Scale::QUICK, kept.path(), &AtomicBool::new(false), &|_| ())?;
//! let Ended::Finished(found) = ended else { panic!("nobody stopped it") };
//! let chapter = Chapter::of(found[0].0, &found[0].1)?;
//! assert_eq!(chapter.verdict(), Verdict::Reproduced);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod glyphs;
mod html;
mod lab;
mod report;
mod row;
mod rows;
mod run;
mod statistics;
mod table;

pub use html::html;
pub use report::{
    Chapter, Line, Place, Verdict, animations, claim_word, figures, markdown, numbers_table,
};
pub use row::{Animation, Band, Claim, Job, Number, Outcome, Results, Row, Scale, Section, Table};
pub use run::{Ended, Event, has_data, rows_named, run, threads};
pub use statistics::{Spread, number};
pub use table::{ROWS, find};
