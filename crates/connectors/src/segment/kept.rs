//! What the search knows of one app: which stems its tools have, and where.

use super::number::{place, short};
use super::postings::{FIELDS, Postings};
use super::strings::Strings;
use std::ops::Range;

/// How many stems each field of a tool has.
pub(crate) type Lengths = [u32; FIELDS];

/// The words of one app's tools, read once: an index has them as they are, and one that is made anew because another app's
/// file changed reads none of these again.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    pub(crate) stems: Strings,
    pub(crate) postings: Postings,
    /// For each tool, how long its fields are.
    pub(crate) lengths: Vec<Lengths>,
    /// What the tools are called.
    pub(crate) names: Names,
    /// The app's own name's stems.
    pub(crate) called: Vec<u32>,
    /// For each stem, how many tools have it in name, title or description.
    pub(crate) said: Vec<u32>,
}

impl Segment {
    /// Which share of the app's tools has a stem of it; all, if it is one of the app's own name, whatever the tools say.
    pub(crate) fn share(&self, stem: u32) -> f64 {
        if self.called.contains(&stem) {
            return 1.0;
        }
        let with = self.said.get(place(stem)).copied().unwrap_or_default();
        f64::from(with) / f64::from(short(self.lengths.len()).max(1))
    }
}

/// What tools are called: for each its name, then its keywords, as stems that stand in a phrase once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    stems: Vec<u32>,
    /// For each phrase, where its stems end.
    ends: Vec<u32>,
    /// For each tool, where its phrases end.
    tools: Vec<u32>,
}

impl Names {
    /// The phrases of a tool, its name first.
    pub(crate) fn of(&self, tool: usize) -> impl Iterator<Item = &[u32]> {
        part(&self.tools, tool).map(|phrase| self.stems.get(part(&self.ends, phrase)).unwrap_or_default())
    }

    pub(crate) fn add(&mut self, stems: impl Iterator<Item = u32>) {
        self.stems.extend(stems);
        self.ends.push(short(self.stems.len()));
    }

    /// What was added since the last one is called so.
    pub(crate) fn end_tool(&mut self) {
        self.tools.push(short(self.ends.len()));
    }
}

/// What belongs to the one at this place, where each goes on from the end of the one before.
fn part(ends: &[u32], at: usize) -> Range<usize> {
    let end = |at: usize| ends.get(at).copied().map_or(0, place);
    at.checked_sub(1).map_or(0, end)..end(at)
}
