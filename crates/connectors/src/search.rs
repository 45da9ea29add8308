//! Tools by what somebody wants done, in plain words. Names, titles, descriptions and arguments are read as stems of
//! words and weighed as BM25F does it (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009): a rare word
//! tells more than a frequent one, a name more than a description. What a query says of the app it is about counts for that
//! app's tools, and a question for those that only read. No model, and nothing is learnt.

mod alike;
mod apps;
mod number;
mod phrases;
mod words;

use crate::connector::{Connector, Tool};
use alike::Alike;
use apps::Apps;
use number::count;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use valetkey_domain::tool::Effect;
use words::Words;

/// How many words of a query count; what is behind them is not looked at.
const MOST_WORDS: usize = 32;
/// How soon more of the same word tells nothing new.
const SATURATION: f64 = 1.2;
/// How much a long text's words count less.
const LENGTH: f64 = 0.6;
/// What a word that only means the same is worth beside the word itself.
const MEANT: f64 = 0.6;
/// What each word of a query is worth beside the one before it, and at least: what is wanted comes before its circumstances.
const NEXT: f64 = 0.92;
const LEAST: f64 = 0.4;
/// How much of a tool's score hangs on how many words of its name were asked for: a long name is of something particular.
const NAMED: f64 = 0.7;
/// How much of it hangs on whether the query is about its app.
const OF_APP: f64 = 0.3;
/// What a tool is worth that changes something, where a question was asked.
const CHANGES: f64 = 0.7;

/// Where a word stands in a tool, and what it tells there.
const FIELDS: [f64; 5] = [NAME, TITLE, APP, DESCRIPTION, ARGUMENTS];
const NAME: f64 = 3.0;
const TITLE: f64 = 2.0;
const APP: f64 = 1.5;
const DESCRIPTION: f64 = 1.0;
const ARGUMENTS: f64 = 0.25;

/// All tools, ready to be searched.
pub struct Index {
    words: Words,
    alike: Alike,
    apps: Apps,
    tools: Vec<(Arc<Connector>, Arc<Tool>)>,
    /// The place of each tool's app among the apps.
    app_of: Vec<usize>,
    /// The stems of each tool's name.
    names: Vec<HashSet<String>>,
    /// For each stem, where it stands and how much of it.
    places: HashMap<String, Vec<(usize, f64)>>,
}

/// A tool that fits a query.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its connector.
    pub connector: Arc<Connector>,
    /// The tool.
    pub tool: Arc<Tool>,
    /// How well it fits; more is better, and means nothing beside another query's.
    pub score: f64,
}

impl Index {
    /// An index of the tools of these connectors.
    #[must_use]
    pub fn of(connectors: impl Iterator<Item = Arc<Connector>>) -> Self {
        let words = Words::default();
        let (mut tools, mut app_of, mut called) = (Vec::new(), Vec::new(), Vec::new());
        for connector in connectors {
            app_of.extend(connector.tools.values().map(|_| called.len()));
            called.push(words.of(&format!("{} {}", connector.slug, connector.display_name)));
            tools.extend(connector.tools.values().map(|tool| (Arc::clone(&connector), Arc::clone(tool))));
        }
        let read: Vec<_> = tools.iter().map(|(connector, tool)| fields(&words, connector, tool)).collect();
        let names = read.iter().map(|[name, ..]| name.iter().cloned().collect()).collect();
        let apps = Apps::of(app_of.iter().copied().zip(read.iter().map(said)), &called);
        Self { alike: Alike::of(&words), apps, places: places(&read), names, words, tools, app_of }
    }

    /// The tools that fit a query best, at most so many, the best first.
    #[must_use]
    pub fn search(&self, query: &str, most: usize) -> Vec<Hit> {
        let mut scores: HashMap<usize, f64> = HashMap::new();
        let mut asked = self.words.asked(query);
        asked.stems.truncate(MOST_WORDS);
        let mut worth = 1.0_f64;
        for (word, own) in &asked.stems {
            for (at, score) in self.fitting(word) {
                *scores.entry(at).or_default() += score * worth.max(LEAST) * own;
            }
            worth *= NEXT;
        }
        let meant: HashSet<&str> =
            asked.stems.iter().flat_map(|(word, _)| self.standing_for(word)).map(|(stem, _)| stem).collect();
        let apps = self.apps.asked(asked.stems.iter().map(|(word, _)| self.standing_for(word)));
        let fits = |at: usize, score: f64| {
            let named = self.names.get(at).map_or(0.0, |name| share(name, &meant));
            let about = self.app_of.get(at).and_then(|app| apps.get(*app)).copied().unwrap_or(0.0);
            let reads = self.tools.get(at).is_some_and(|(_, tool)| tool.definition.effect == Effect::Read);
            let wanted = if asked.is_question && !reads { CHANGES } else { 1.0 };
            score * (1.0 - NAMED + NAMED * named) * (1.0 - OF_APP + OF_APP * about) * wanted
        };
        let mut found: Vec<(usize, f64)> = scores.into_iter().map(|(at, score)| (at, fits(at, score))).collect();
        // Of equals, the first of the catalogue.
        found.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        found.truncate(most);
        found.into_iter().filter_map(|(at, score)| self.hit(at, score)).collect()
    }

    /// The tools that one word of a query speaks for: by itself, or by one that means the same, whichever says more.
    fn fitting(&self, word: &str) -> HashMap<usize, f64> {
        let mut fitting: HashMap<usize, f64> = HashMap::new();
        for (stem, worth) in self.standing_for(word) {
            let Some(places) = self.places.get(stem) else { continue };
            let tells = worth * rarity(self.tools.len(), places.len());
            for (at, amount) in places {
                let score = tells * amount / (SATURATION + amount);
                let best = fitting.entry(*at).or_default();
                *best = best.max(score);
            }
        }
        fitting
    }

    /// A word's stem, and those that may stand for it, each with what it is worth.
    fn standing_for<'a>(&'a self, word: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        std::iter::once((word, 1.0)).chain(self.alike.to(word).map(|other| (other, MEANT)))
    }

    fn hit(&self, at: usize, score: f64) -> Option<Hit> {
        let (connector, tool) = self.tools.get(at)?;
        Some(Hit { connector: Arc::clone(connector), tool: Arc::clone(tool), score })
    }
}

/// Which share of a name's words is meant.
fn share(name: &HashSet<String>, meant: &HashSet<&str>) -> f64 {
    let with = name.iter().filter(|word| meant.contains(word.as_str())).count();
    count(with) / count(name.len()).max(1.0)
}

/// What a word tells that stands in so many of all tools.
fn rarity(all: usize, with: usize) -> f64 {
    let (all, with) = (count(all), count(with));
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

/// The stems of a tool, field by field as in [`FIELDS`].
fn fields(words: &Words, connector: &Connector, tool: &Tool) -> [Vec<String>; 5] {
    let shown = &tool.definition;
    let name = shown.name.strip_prefix(connector.slug.as_str()).unwrap_or(&shown.name);
    let app = format!("{} {}", connector.slug, connector.display_name);
    let arguments = arguments(&shown.input_schema);
    [name, &shown.title, &app, &shown.description, &arguments].map(|text| words.of(text))
}

/// What of a tool's stems says which app it is of.
fn said([name, title, _, description, _]: &[Vec<String>; 5]) -> HashSet<&str> {
    [name, title, description].into_iter().flatten().map(String::as_str).collect()
}

/// Names and descriptions of the arguments.
fn arguments(schema: &Value) -> String {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let said = |schema: &Value| schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    properties.iter().map(|(name, schema)| format!("{name} {} ", said(schema))).collect()
}

/// Where each stem stands, and how much of it: its count in each field, for the field's worth and length.
fn places(read: &[[Vec<String>; 5]]) -> HashMap<String, Vec<(usize, f64)>> {
    let usual: Vec<f64> = (0..FIELDS.len())
        .map(|field| read.iter().filter_map(|tool| tool.get(field)).map(Vec::len).sum::<usize>())
        .map(|sum| (count(sum) / count(read.len()).max(1.0)).max(1.0))
        .collect();
    let mut places: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
    for (at, tool) in read.iter().enumerate() {
        let mut amounts: HashMap<&str, f64> = HashMap::new();
        for ((stems, worth), usual) in tool.iter().zip(FIELDS).zip(&usual) {
            let length = 1.0 - LENGTH + LENGTH * count(stems.len()) / usual;
            for stem in stems {
                *amounts.entry(stem).or_default() += worth / length;
            }
        }
        for (stem, amount) in amounts {
            places.entry(stem.to_owned()).or_default().push((at, amount));
        }
    }
    places
}

#[cfg(test)]
mod tests;
