//! Where each stem stands: for each a list of tools with how often in which field, as small numbers of few bytes each, all
//! lists behind one another. Fifty thousand tools have millions of such places.

use super::number::{place, short};
use hashbrown::HashMap;

/// In how many fields of a tool a stem may stand.
pub(crate) const FIELDS: usize = 6;
/// How often a stem stands in each field; what is more often than 255 times is 255.
pub(crate) type Counts = [u8; FIELDS];

/// The lists, made.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    bytes: Vec<u8>,
    /// For each stem, where its list begins and how many tools are in it.
    lists: Vec<(u32, u32)>,
    /// Few ways to stand in a tool are in use, so that a list has their numbers.
    ways: Vec<Counts>,
}

/// The lists while they are made. Tools come in their order.
#[derive(Default)]
pub(crate) struct Writer {
    lists: Vec<List>,
    ways: Vec<Counts>,
    numbers: HashMap<Counts, u32>,
}

#[derive(Default)]
struct List {
    /// The tool behind the last one.
    next: u32,
    tools: u32,
    bytes: Vec<u8>,
}

impl Writer {
    /// A stem stands in a tool.
    pub(crate) fn add(&mut self, stem: u32, tool: u32, counts: Counts) {
        let way = *self.numbers.entry(counts).or_insert_with(|| {
            self.ways.push(counts);
            short(self.ways.len() - 1)
        });
        if self.lists.len() <= place(stem) {
            self.lists.resize_with(place(stem) + 1, List::default);
        }
        let Some(list) = self.lists.get_mut(place(stem)) else { return };
        write(&mut list.bytes, tool - list.next);
        write(&mut list.bytes, way);
        list.next = tool + 1;
        list.tools += 1;
    }

    /// All of it.
    pub(crate) fn done(self) -> Postings {
        let mut bytes = Vec::with_capacity(self.lists.iter().map(|list| list.bytes.len()).sum());
        let mut lists = Vec::with_capacity(self.lists.len());
        for list in self.lists {
            lists.push((short(bytes.len()), list.tools));
            bytes.extend(list.bytes);
        }
        Postings { bytes, lists, ways: self.ways }
    }
}

impl Postings {
    /// In how many tools a stem stands.
    pub(crate) fn tools_with(&self, stem: u32) -> usize {
        self.lists.get(place(stem)).map_or(0, |(_, tools)| place(*tools))
    }

    /// The tools in which a stem stands, with how often in which field.
    pub(crate) fn of(&self, stem: u32) -> impl Iterator<Item = (usize, Counts)> {
        let (start, tools) = self.lists.get(place(stem)).copied().unwrap_or_default();
        let mut bytes = self.bytes.get(place(start)..).unwrap_or_default().iter();
        let mut next = 0;
        (0..tools).map_while(move |_| {
            let tool = next + read(&mut bytes)?;
            next = tool + 1;
            let way = read(&mut bytes)?;
            Some((place(tool), self.ways.get(place(way)).copied()?))
        })
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more come.
fn write(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn read(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u32> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = *bytes.next()?;
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// What was added is read back, whatever lies between two tools of a list.
        #[test]
        fn what_was_added_is_read_back(
            added in prop::collection::btree_map((0..70_000_u32, 0..9_u32), any::<Counts>(), 0..60),
        ) {
            let mut writer = Writer::default();
            let mut known: BTreeMap<u32, Vec<(usize, Counts)>> = BTreeMap::new();
            for ((tool, stem), counts) in added {
                writer.add(stem, tool, counts);
                known.entry(stem).or_default().push((place(tool), counts));
            }
            let postings = writer.done();
            for stem in 0..10 {
                let known = known.remove(&stem).unwrap_or_default();
                prop_assert_eq!(postings.tools_with(stem), known.len());
                prop_assert_eq!(postings.of(stem).collect::<Vec<_>>(), known);
            }
        }
    }

    #[test]
    fn a_number_takes_the_bytes_that_it_needs() {
        for (number, long) in [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u32::MAX, 5)] {
            let mut bytes = Vec::new();
            write(&mut bytes, number);
            assert_eq!((bytes.len(), read(&mut bytes.iter())), (long, Some(number)));
        }
        assert_eq!(read(&mut [0x80].iter()), None);
    }
}
