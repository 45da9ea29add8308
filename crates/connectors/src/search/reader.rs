//! Reads the tools into lists of where each stem stands. Of fifty thousand tools each word is looked up and counted, so a
//! word is stemmed once, an argument that many tools have is read once, and nothing is made for a single word.

use super::number::{count, place, short};
use super::postings::{Counts, FIELDS, Postings, Writer};
use super::strings::Strings;
use super::words::{Words, lowered, split};
use crate::connector::Connector;
use hashbrown::HashMap;
use serde_json::Value;
use std::ops::Range;

/// The places of the fields of a tool.
pub(super) const NAME: usize = 0;
pub(super) const TITLE: usize = 1;
pub(super) const APP: usize = 2;
pub(super) const DESCRIPTION: usize = 3;
pub(super) const ARGUMENTS: usize = 4;
pub(super) const KEYWORDS: usize = 5;

/// How many stems each field of a tool has.
pub(super) type Lengths = [u32; FIELDS];

/// What was read.
pub(super) struct Read {
    pub(super) stems: Strings,
    pub(super) postings: Postings,
    /// For each tool, how long its fields are.
    pub(super) lengths: Vec<Lengths>,
    /// What the tools are called.
    pub(super) names: Names,
    /// For each app, its own name's stems.
    pub(super) called: Vec<Vec<u32>>,
    /// Stem, app, and how many of its tools have the stem in name, title or description.
    pub(super) said: Vec<(u32, u32, u32)>,
}

/// What tools are called: for each its name, then its keywords, as stems that stand in a phrase once.
#[derive(Default)]
pub(super) struct Names {
    stems: Vec<u32>,
    /// For each phrase, where its stems end.
    ends: Vec<u32>,
    /// For each tool, where its phrases end.
    tools: Vec<u32>,
}

impl Names {
    /// The phrases of a tool, its name first.
    pub(super) fn of(&self, tool: usize) -> impl Iterator<Item = &[u32]> {
        part(&self.tools, tool).map(|phrase| self.stems.get(part(&self.ends, phrase)).unwrap_or_default())
    }

    fn add(&mut self, stems: impl Iterator<Item = u32>) {
        self.stems.extend(stems);
        self.ends.push(short(self.stems.len()));
    }
}

/// What belongs to the one at this place, where each goes on from the end of the one before.
fn part(ends: &[u32], at: usize) -> Range<usize> {
    let end = |at: usize| ends.get(at).copied().map_or(0, place);
    at.checked_sub(1).map_or(0, end)..end(at)
}

/// Reads the tools of one app after the other.
pub(super) struct Reader<'a> {
    words: &'a Words,
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
    called: Vec<Vec<u32>>,
    said: Vec<(u32, u32, u32)>,
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
    pub(super) fn new(words: &'a Words) -> Self {
        Self {
            words,
            seen: Strings::default(),
            stem_of: Vec::new(),
            stems: Strings::default(),
            lower: String::new(),
            arguments: HashMap::new(),
            told: Vec::new(),
            tally: Tally::default(),
            postings: Writer::default(),
            lengths: Vec::new(),
            names: Names::default(),
            called: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Reads an app and its tools.
    pub(super) fn app(&mut self, connector: &'a Connector) {
        let mut called = Vec::new();
        self.text(&connector.slug, |stem, _| called.push(stem));
        self.text(&connector.display_name, |stem, _| called.push(stem));
        let mut with: Vec<u32> = Vec::new();
        let (tools, arguments) = texts(connector);
        for texts in tools {
            self.tool(&texts, arguments.get(texts.arguments.clone()).unwrap_or_default(), &called);
            for (stem, counts) in &self.tally.counted {
                let said = [NAME, TITLE, DESCRIPTION].iter().any(|field| counts.get(*field).is_some_and(|n| *n > 0));
                if said {
                    with.push(*stem);
                }
            }
        }
        let app = short(self.called.len());
        with.sort_unstable();
        let each = with.chunk_by(|one, other| one == other);
        self.said.extend(each.filter_map(|same| Some((*same.first()?, app, short(same.len())))));
        self.called.push(called);
    }

    fn tool(&mut self, tool: &Texts<'a>, arguments: &[(&'a str, &'a str)], called: &[u32]) {
        self.tally.counted.clear();
        let name = self.text(tool.name, |stem, tally| tally.add(stem, NAME));
        self.names.add(self.tally.counted.iter().map(|(stem, _)| *stem));
        let title = self.text(tool.title, |stem, tally| tally.add(stem, TITLE));
        called.iter().for_each(|stem| self.tally.add(*stem, APP));
        let description = self.text(tool.description, |stem, tally| tally.add(stem, DESCRIPTION));
        let arguments = self.arguments(arguments);
        let keywords = tool.keywords.iter().map(|phrase| self.keyword(phrase)).sum();
        self.names.tools.push(short(self.names.ends.len()));
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
    fn arguments(&mut self, arguments: &[(&'a str, &'a str)]) -> usize {
        let mut length = 0;
        for (name, said) in arguments {
            let stems = self.argument(name, said);
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
                let stem = (!self.words.is_empty(word)).then(|| self.stems.number_or_new(&self.words.stem(word)).0);
                self.stem_of.push(stem);
            }
            if let Some(stem) = self.stem_of.get(place(number)).copied().flatten() {
                each(stem, &mut self.tally);
                count += 1;
            }
        }
        count
    }

    pub(super) fn done(self) -> Read {
        let Self { stems, postings, lengths, names, called, said, .. } = self;
        Read { stems, postings: postings.done(), lengths, names, called, said }
    }
}

/// How long each field usually is, and at least 1.
pub(super) fn usual(lengths: &[Lengths]) -> [f64; FIELDS] {
    let mut sums = [0.0_f64; FIELDS];
    for tool in lengths {
        sums.iter_mut().zip(tool).for_each(|(sum, length)| *sum += f64::from(*length));
    }
    sums.map(|sum| (sum / count(lengths.len()).max(1.0)).max(1.0))
}

/// Where the texts of a tool lie.
struct Texts<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    keywords: &'a [String],
    /// Which of the connector's arguments are its own.
    arguments: Range<usize>,
}

/// Finds the texts of a connector's tools, with names and descriptions of all their arguments. They lie in a thousand places:
/// to go to all of them first lets the processor wait for many at once, which is most of what reading takes.
fn texts(connector: &Connector) -> (Vec<Texts<'_>>, Vec<(&str, &str)>) {
    let mut touched = 0_u8;
    let mut touch = |text: &str| touched ^= text.bytes().next().unwrap_or(0) ^ text.bytes().next_back().unwrap_or(0);
    // One step for all tools, then the next: what a step waits for, none of its others does.
    let schemas: Vec<&Value> = connector.tools.values().map(|tool| &tool.definition.input_schema).collect();
    let schemas: Vec<Option<&Value>> = schemas.into_iter().map(|schema| member(schema, "properties")).collect();
    let mut ends = Vec::with_capacity(schemas.len());
    let mut described: Vec<(&str, &Value)> = Vec::new();
    for schema in schemas {
        let properties = schema.and_then(Value::as_object).into_iter().flatten();
        described.extend(properties.map(|(name, schema)| (name.as_str(), schema)));
        ends.push(described.len());
    }
    let said = |schema| member(schema, "description").and_then(Value::as_str).unwrap_or_default();
    let arguments: Vec<(&str, &str)> = described.into_iter().map(|(name, schema)| (name, said(schema))).collect();
    for (name, said) in &arguments {
        touch(name);
        touch(said);
    }
    let mut first = 0;
    let tools = connector.tools.values().zip(ends).map(|(tool, end)| {
        let shown = &tool.definition;
        let name = shown.name.strip_prefix(connector.slug.as_str()).unwrap_or(&shown.name);
        [name, &shown.title, &shown.description].into_iter().for_each(&mut touch);
        tool.keywords.iter().for_each(|phrase| touch(phrase));
        let arguments = std::mem::replace(&mut first, end)..end;
        Texts { name, title: &shown.title, description: &shown.description, keywords: &tool.keywords, arguments }
    });
    let tools = tools.collect();
    std::hint::black_box(touched);
    (tools, arguments)
}

/// A member of an object of few members, found without hashing.
fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(member, _)| *member == name).map(|(_, value)| value)
}
