//! Strings by number: each is kept once, behind the others in one text.

use super::number::{place, short};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher as _;
use std::sync::LazyLock;

/// One for all, so that a string that is looked for in many places is hashed once.
static HASHES: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// What a string is looked for by.
pub(crate) fn hash(string: &str) -> u64 {
    HASHES.hash_one(string)
}

/// Strings, numbered from 0 in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<u32>,
    numbers: HashTable<u32>,
}

impl Strings {
    /// The number of a string with its hash, if it is known.
    pub(crate) fn number(&self, string: &str, hash: u64) -> Option<u32> {
        self.numbers.find(hash, |number| self.at(*number) == string).copied()
    }

    /// The number of a string; a new one if it is not known.
    pub(crate) fn number_or_new(&mut self, string: &str) -> (u32, bool) {
        let own = hash(string);
        if let Some(number) = self.number(string, own) {
            return (number, false);
        }
        let number = short(self.ends.len());
        self.text.push_str(string);
        self.ends.push(short(self.text.len()));
        let Self { text, ends, numbers } = self;
        numbers.insert_unique(own, number, |number| hash(at(text, ends, *number)));
        (number, true)
    }

    fn at(&self, number: u32) -> &str {
        at(&self.text, &self.ends, number)
    }
}

fn at<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let end = |number: u32| ends.get(place(number)).copied().map_or(0, place);
    let from = number.checked_sub(1).map_or(0, end);
    text.get(from..end(number)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_of_its_own_however_many() {
        let mut strings = Strings::default();
        let number = |strings: &Strings, string: &str| strings.number(string, hash(string));
        for turn in 0..2 {
            for number in 0..5_000_u32 {
                assert_eq!(strings.number_or_new(&format!("s{number}")), (number, turn == 0));
            }
        }
        assert_eq!((number(&strings, "s77"), number(&strings, ""), number(&strings, "s5000")), (Some(77), None, None));
        assert_eq!(strings.number_or_new(""), (5_000, true));
        assert_eq!(number(&strings, ""), Some(5_000));
    }
}
