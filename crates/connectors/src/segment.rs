//! The words of one app's tools, as the search wants them: read once and kept with the app.

mod kept;
mod number;
mod phrases;
mod postings;
mod reader;
mod strings;
mod words;

pub(crate) use kept::{Lengths, Segment};
pub(crate) use number::{count, place, short};
pub(crate) use postings::{Counts, FIELDS};
pub(crate) use reader::Reader;
pub(crate) use strings::hash;
pub(crate) use words::{WORDS, Words};
