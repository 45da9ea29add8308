//! Tools by what somebody wants done, in plain words. Names, titles, descriptions, keywords and arguments are read as stems of
//! words and weighed as BM25F does it (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009): a rare word
//! tells more than a frequent one, a name more than a description. What a query says of the app it is about counts for that
//! app's tools, and a question for those that only read. No model, and nothing is learnt.

mod alike;
mod apps;
mod number;
mod phrases;
mod postings;
mod reader;
mod strings;
mod words;

use crate::connector::{Connector, Tool};
use alike::Alike;
use apps::Apps;
use number::{count, place, short};
use postings::{Counts, Postings};
use reader::{Names, Reader};
use std::collections::HashSet;
use std::sync::Arc;
use strings::Strings;
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
/// How much of a tool's score hangs on how many words of its name were asked for, or of another phrase for it: what has a long
/// name is something particular.
const NAMED: f64 = 0.7;
/// What such a phrase is worth beside the name.
const CALLED: f64 = 0.9;
/// How much of it hangs on whether the query is about its app.
const OF_APP: f64 = 0.7;
/// What a tool is worth that changes something, where a question was asked.
const CHANGES: f64 = 0.5;

/// Where a word stands in a tool, and what it tells there.
const FIELDS: [f64; 6] = [NAME, TITLE, APP, DESCRIPTION, ARGUMENTS, KEYWORDS];
const NAME: f64 = 3.0;
const TITLE: f64 = 2.0;
const APP: f64 = 1.5;
const DESCRIPTION: f64 = 1.0;
const ARGUMENTS: f64 = 0.25;
const KEYWORDS: f64 = 1.5;

/// All tools, ready to be searched.
pub struct Index {
    words: Words,
    alike: Alike,
    apps: Apps,
    stems: Strings,
    postings: Postings,
    connectors: Vec<Arc<Connector>>,
    /// For each app, the number of its first tool.
    firsts: Vec<u32>,
    /// For each tool, what a word in a field of it tells: the field's worth, the less the longer the field.
    tells: Vec<[f32; 6]>,
    /// What they are called.
    names: Names,
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
    /// An index of the tools of these connectors. An alias has another's tools once more, which would take the places of
    /// those that fit next, so it is left out: [`Connector::repeated`] is its tool for one that was found.
    #[must_use]
    pub fn of(connectors: impl Iterator<Item = Arc<Connector>>) -> Self {
        let words = Words::default();
        let connectors: Vec<Arc<Connector>> = connectors.filter(|connector| connector.alias_of.is_none()).collect();
        let mut reader = Reader::new(&words);
        connectors.iter().for_each(|connector| reader.app(connector));
        let read = reader.done();
        let sizes: Vec<usize> = connectors.iter().map(|connector| connector.tools.len()).collect();
        let before = |tools: &mut usize, size: &usize| Some(short(std::mem::replace(tools, *tools + *size)));
        let firsts = sizes.iter().scan(0, before).collect();
        let apps = Apps::of(&read.said, &sizes, &read.called, read.stems.len());
        let (stems, names, postings, tells) = (read.stems, read.names, read.postings, tells(&read.lengths));
        Self { alike: Alike::of(&words), words, apps, stems, postings, connectors, firsts, tells, names }
    }

    /// The tools that fit a query best, at most so many, the best first.
    #[must_use]
    pub fn search(&self, query: &str, most: usize) -> Vec<Hit> {
        let mut asked = self.words.asked(query);
        asked.stems.truncate(MOST_WORDS);
        let mut scores = vec![0.0_f64; self.tells.len()];
        let mut best = scores.clone();
        let mut worth = 1.0_f64;
        for (word, own) in &asked.stems {
            for at in self.fitting(word, &mut best) {
                let told = best.get_mut(at).map(std::mem::take).unwrap_or_default();
                scores.get_mut(at).into_iter().for_each(|score| *score += told * worth.max(LEAST) * own);
            }
            worth *= NEXT;
        }
        let meant: HashSet<u32> =
            asked.stems.iter().flat_map(|(word, _)| self.standing_for(word)).map(|(stem, _)| stem).collect();
        let apps = self.apps.asked(asked.stems.iter().map(|(word, _)| self.standing_for(word)));
        let fits = |at: usize, score: f64| {
            let (app, tool) = self.tool(at)?;
            let named = self.named(at, &meant);
            let about = apps.get(app).copied().unwrap_or(0.0);
            let wanted = if asked.is_question && tool.definition.effect != Effect::Read { CHANGES } else { 1.0 };
            Some(score * (1.0 - NAMED + NAMED * named) * (1.0 - OF_APP + OF_APP * about) * wanted)
        };
        let touched = scores.iter().enumerate().filter(|(_, score)| **score > 0.0);
        let found = touched.filter_map(|(at, score)| Some((at, fits(at, *score)?))).collect();
        best_of(found, most).into_iter().filter_map(|(at, score)| self.hit(at, score)).collect()
    }

    /// The tools that one word of a query speaks for, each once: by itself, or by one that means the same, whichever says
    /// more. How much is in `best`, which was 0 for all before.
    fn fitting(&self, word: &str, best: &mut [f64]) -> Vec<usize> {
        let mut fitting = Vec::new();
        for (stem, worth) in self.standing_for(word) {
            let tells = worth * rarity(self.tells.len(), self.postings.tools_with(stem));
            for (at, counts) in self.postings.of(stem) {
                let amount = self.amount(at, counts);
                let score = tells * amount / (SATURATION + amount);
                let Some(best) = best.get_mut(at) else { continue };
                if *best == 0.0 {
                    fitting.push(at);
                }
                *best = best.max(score);
            }
        }
        fitting
    }

    /// How much of a stem is in a tool: its count in each field, for the field's worth and length.
    fn amount(&self, at: usize, counts: Counts) -> f64 {
        let tells = self.tells.get(at).copied().unwrap_or_default();
        counts.iter().zip(tells).map(|(count, tells)| f64::from(*count) * f64::from(tells)).sum()
    }

    /// A word's stem, and those that may stand for it, each with what it is worth, as far as tools have them.
    fn standing_for<'a>(&'a self, word: &'a str) -> impl Iterator<Item = (u32, f64)> {
        let others = self.alike.to(word).map(|other| (other, MEANT));
        std::iter::once((word, 1.0)).chain(others).filter_map(|(stem, worth)| Some((self.stems.number(stem)?, worth)))
    }

    /// Which share of a tool's name is meant, or of another phrase for it, whichever says more.
    fn named(&self, at: usize, meant: &HashSet<u32>) -> f64 {
        let mut shares = self.names.of(at).map(|phrase| share(phrase, meant));
        let name = shares.next().unwrap_or_default();
        shares.fold(name, |most, share| most.max(share * CALLED))
    }

    /// A tool, and the place of its app among the apps.
    fn tool(&self, at: usize) -> Option<(usize, &Arc<Tool>)> {
        let app = self.firsts.partition_point(|first| place(*first) <= at).checked_sub(1)?;
        let (_, tool) = self.connectors.get(app)?.tools.get_index(at - place(*self.firsts.get(app)?))?;
        Some((app, tool))
    }

    fn hit(&self, at: usize, score: f64) -> Option<Hit> {
        let (app, tool) = self.tool(at)?;
        Some(Hit { connector: Arc::clone(self.connectors.get(app)?), tool: Arc::clone(tool), score })
    }
}

/// The best of what was found, in their order. Of equals, the first of the catalogue.
fn best_of(mut found: Vec<(usize, f64)>, most: usize) -> Vec<(usize, f64)> {
    let order = |one: &(usize, f64), other: &(usize, f64)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
    if most < found.len() {
        found.select_nth_unstable_by(most, order);
        found.truncate(most);
    }
    found.sort_unstable_by(order);
    found
}

/// Which share of a phrase's words is meant.
fn share(phrase: &[u32], meant: &HashSet<u32>) -> f64 {
    let with = phrase.iter().filter(|stem| meant.contains(stem)).count();
    count(with) / count(phrase.len()).max(1.0)
}

/// For each tool, what a word in each field tells.
#[expect(clippy::cast_possible_truncation, reason = "seven digits are enough to weigh a word")]
fn tells(lengths: &[reader::Lengths]) -> Vec<[f32; 6]> {
    let usual = reader::usual(lengths);
    let tells = |field: usize, length: u32| {
        let (worth, usual) = (FIELDS.get(field).unwrap_or(&0.0), usual.get(field).unwrap_or(&1.0));
        (worth / (1.0 - LENGTH + LENGTH * f64::from(length) / usual)) as f32
    };
    lengths
        .iter()
        .map(|lengths| std::array::from_fn(|field| tells(field, lengths.get(field).copied().unwrap_or(0))))
        .collect()
}

/// What a word tells that stands in so many of all tools.
fn rarity(all: usize, with: usize) -> f64 {
    let (all, with) = (count(all), count(with));
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

#[cfg(test)]
mod tests;
