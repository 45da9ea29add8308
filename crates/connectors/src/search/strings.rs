//! Strings by number: each is kept once, behind the others in one text.

use super::number::{place, short};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// Strings, numbered from 0 in the order in which they came.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
    numbers: HashTable<u32>,
    hashes: DefaultHashBuilder,
}

impl Strings {
    /// The number of a string, if it is known.
    pub(super) fn number(&self, string: &str) -> Option<u32> {
        self.numbers.find(self.hashes.hash_one(string), |number| self.at(*number) == string).copied()
    }

    /// The number of a string; a new one if it is not known.
    pub(super) fn number_or_new(&mut self, string: &str) -> (u32, bool) {
        if let Some(number) = self.number(string) {
            return (number, false);
        }
        let number = short(self.ends.len());
        self.text.push_str(string);
        self.ends.push(short(self.text.len()));
        let Self { text, ends, numbers, hashes } = self;
        let hash = hashes.hash_one(string);
        numbers.insert_unique(hash, number, |number| hashes.hash_one(at(text, ends, *number)));
        (number, true)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
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
        for turn in 0..2 {
            for number in 0..5_000_u32 {
                assert_eq!(strings.number_or_new(&format!("s{number}")), (number, turn == 0));
            }
        }
        assert_eq!(strings.len(), 5_000);
        assert_eq!((strings.number("s77"), strings.number(""), strings.number("s5000")), (Some(77), None, None));
        assert_eq!(strings.number_or_new(""), (5_000, true));
        assert_eq!(strings.number(""), Some(5_000));
    }
}
