//! Reads the tools of an app into lists of where each stem stands. Each word is looked up and counted, so a word is stemmed
//! once, an argument that many tools have is read once, and nothing is made for a single word.

use super::kept::{Lengths, Names, Segment};
use super::number::{place, short};
use super::postings::{Counts, Writer};
use super::strings::Strings;
use super::words::{WORDS, lowered, split};
use hashbrown::HashMap;
use serde_json::Value;
use std::ops::Range;
use valetkey_domain::tool::Tool;

/// The places of the fields of a tool.
pub(crate) const NAME: usize = 0;
pub(crate) const TITLE: usize = 1;
pub(crate) const APP: usize = 2;
pub(crate) const DESCRIPTION: usize = 3;
pub(crate) const ARGUMENTS: usize = 4;
pub(crate) const KEYWORDS: usize = 5;

/// Reads the tools of an app, one after the other.
#[derive(Default)]
pub(crate) struct Reader<'a> {
    /// Words as they stand in a text, each with its stem; words that tell nothing have none.
    seen: Strings,
    stem_of: Vec<Option<u32>>,
    stems: Strings,
    lower: String,
    /// Arguments by name and description, each with where its stems stand in `told`.
    arguments: HashMap<(&'a str, &'a str), Range<usize>>,
    told: Vec<u32>,
    tally: Tally,
    postings: Writer,
    lengths: Vec<Lengths>,
    names: Names,
}

/// What of one tool was counted.
#[derive(Default)]
struct Tally {
    counted: Vec<(u32, Counts)>,
    /// For each stem, where it was last counted: that is right if it stands there.
    at: Vec<u32>,
}

impl Tally {
    fn add(&mut self, stem: u32, field: usize) {
        if self.at.len() <= place(stem) {
            self.at.resize(place(stem) + 1, 0);
        }
        let Some(at) = self.at.get_mut(place(stem)) else { return };
        if self.counted.get(place(*at)).is_none_or(|(counted, _)| *counted != stem) {
            *at = short(self.counted.len());
            self.counted.push((stem, Counts::default()));
        }
        let counts = self.counted.get_mut(place(*at)).and_then(|(_, counts)| counts.get_mut(field));
        counts.into_iter().for_each(|count| *count = count.saturating_add(1));
    }
}

impl<'a> Reader<'a> {
    /// Reads an app and its tools, each with what else people call what it does.
    pub(crate) fn app(
        mut self,
        slug: &str,
        display_name: &str,
        tools: impl Iterator<Item = (&'a Tool, &'a [String])>,
    ) -> Segment {
        let (mut called, mut said) = (Vec::new(), Vec::new());
        self.text(slug, |stem, _| called.push(stem));
        self.text(display_name, |stem, _| called.push(stem));
        for (tool, keywords) in tools {
            self.tool(slug, (tool, keywords), &called);
            for (stem, counts) in &self.tally.counted {
                if [NAME, TITLE, DESCRIPTION].iter().any(|field| counts.get(*field).is_some_and(|n| *n > 0)) {
                    said.resize(said.len().max(place(*stem) + 1), 0_u32);
                    said.get_mut(place(*stem)).into_iter().for_each(|tools| *tools += 1);
                }
            }
        }
        let Self { stems, postings, lengths, names, .. } = self;
        Segment { stems, postings: postings.done(), lengths, names, called, said }
    }

    fn tool(&mut self, slug: &str, (shown, keywords): (&'a Tool, &[String]), called: &[u32]) {
        self.tally.counted.clear();
        let own_name = shown.name.strip_prefix(slug).unwrap_or(&shown.name);
        let name = self.text(own_name, |stem, tally| tally.add(stem, NAME));
        self.names.add(self.tally.counted.iter().map(|(stem, _)| *stem));
        let title = self.text(&shown.title, |stem, tally| tally.add(stem, TITLE));
        called.iter().for_each(|stem| self.tally.add(*stem, APP));
        let description = self.text(&shown.description, |stem, tally| tally.add(stem, DESCRIPTION));
        let arguments = self.arguments(&shown.input_schema);
        let keywords = keywords.iter().map(|phrase| self.keyword(phrase)).sum();
        self.names.end_tool();
        let number = short(self.lengths.len());
        for (stem, counts) in &self.tally.counted {
            self.postings.add(*stem, number, *counts);
        }
        self.lengths.push([name, title, called.len(), description, arguments, keywords].map(short));
    }

    fn keyword(&mut self, phrase: &str) -> usize {
        let mut stems = Vec::new();
        let length = self.text(phrase, |stem, tally| {
            tally.add(stem, KEYWORDS);
            if !stems.contains(&stem) {
                stems.push(stem);
            }
        });
        self.names.add(stems.into_iter());
        length
    }

    /// Names and descriptions of the arguments.
    fn arguments(&mut self, schema: &'a Value) -> usize {
        let mut length = 0;
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let stems = self.argument(name, schema.get("description").and_then(Value::as_str).unwrap_or_default());
            length += stems.len();
            for stem in self.told.get(stems).unwrap_or_default() {
                self.tally.add(*stem, ARGUMENTS);
            }
        }
        length
    }

    fn argument(&mut self, name: &'a str, said: &'a str) -> Range<usize> {
        if let Some(known) = self.arguments.get(&(name, said)) {
            return known.clone();
        }
        let from = self.told.len();
        let mut told = std::mem::take(&mut self.told);
        self.text(name, |stem, _| told.push(stem));
        self.text(said, |stem, _| told.push(stem));
        let stems = from..told.len();
        self.told = told;
        self.arguments.insert((name, said), stems.clone());
        stems
    }

    /// Reads the stems of a text in order, and says how many there are.
    fn text(&mut self, text: &str, mut each: impl FnMut(u32, &mut Tally)) -> usize {
        let mut count = 0;
        for word in split(lowered(text, &mut self.lower)) {
            let (number, is_new) = self.seen.number_or_new(word);
            if is_new {
                let stem = (!WORDS.is_empty(word)).then(|| self.stems.number_or_new(&WORDS.stem(word)).0);
                self.stem_of.push(stem);
            }
            if let Some(stem) = self.stem_of.get(place(number)).copied().flatten() {
                each(stem, &mut self.tally);
                count += 1;
            }
        }
        count
    }
}
