//! Tools by what somebody wants done, in plain words. Names, titles, descriptions, keywords and arguments are read as stems of
//! words and weighed as BM25F does it (Robertson, Zaragoza: The Probabilistic Relevance Framework, 2009): a rare word
//! tells more than a frequent one, a name more than a description. What a query says of the app it is about counts for that
//! app's tools, and a question for those that only read. No model, and nothing is learnt.

mod alike;
mod apps;

use crate::connector::{Connector, Tool};
use crate::segment::{Counts, FIELDS as FIELDS_OF_A_TOOL, Lengths, Segment, WORDS, count, hash, place, short};
use alike::ALIKE;
use std::sync::Arc;
use valetkey_domain::tool::Effect;

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
const FIELDS: [f64; FIELDS_OF_A_TOOL] = [NAME, TITLE, APP, DESCRIPTION, ARGUMENTS, KEYWORDS];
const NAME: f64 = 3.0;
const TITLE: f64 = 2.0;
const APP: f64 = 1.5;
const DESCRIPTION: f64 = 1.0;
const ARGUMENTS: f64 = 0.25;
const KEYWORDS: f64 = 1.5;

/// All tools, ready to be searched: the segments of their connectors.
pub struct Index {
    connectors: Vec<Arc<Connector>>,
    /// For each connector, the number of its first tool.
    firsts: Vec<u32>,
    /// For each tool, what a word in a field of it tells: the field's worth, the less the longer the field.
    tells: Vec<[f32; FIELDS_OF_A_TOOL]>,
}

/// A stem of a query, or one that may stand for it.
struct Meant {
    /// What it is worth.
    worth: f64,
    /// The connectors in which it stands, by place, and its number there.
    places: Vec<(usize, u32)>,
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
        let connectors: Vec<Arc<Connector>> = connectors.filter(|connector| connector.alias_of.is_none()).collect();
        let before = |tools: &mut usize, connector: &Arc<Connector>| {
            Some(short(std::mem::replace(tools, *tools + connector.segment().lengths.len())))
        };
        let firsts = connectors.iter().scan(0, before).collect();
        let lengths = || connectors.iter().flat_map(|connector| &connector.segment().lengths);
        let tells = tells(lengths);
        Self { connectors, firsts, tells }
    }

    /// The tools that fit a query best, at most so many, the best first.
    #[must_use]
    pub fn search(&self, query: &str, most: usize) -> Vec<Hit> {
        let mut asked = WORDS.asked(query);
        asked.stems.truncate(MOST_WORDS);
        let words: Vec<Vec<Meant>> = asked.stems.iter().map(|(word, _)| self.meant(word)).collect();
        let mut scores = vec![0.0_f64; self.tells.len()];
        let mut best = scores.clone();
        let mut worth = 1.0_f64;
        for (meant, (_, own)) in words.iter().zip(&asked.stems) {
            for at in self.fitting(meant, &mut best) {
                let told = best.get_mut(at).map(std::mem::take).unwrap_or_default();
                scores.get_mut(at).into_iter().for_each(|score| *score += told * worth.max(LEAST) * own);
            }
            worth *= NEXT;
        }
        let stems = self.stems(&words);
        let apps = apps::spoken_for(self.connectors.len(), words.iter().map(|meant| self.shares(meant)));
        let fits = |at: usize, score: f64| {
            let (app, tool) = self.tool(at)?;
            let named = self.named(app, at, stems.get(app)?);
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
    fn fitting(&self, meant: &[Meant], best: &mut [f64]) -> Vec<usize> {
        let mut fitting = Vec::new();
        for Meant { worth, places } in meant {
            let segments = || places.iter().filter_map(|(app, stem)| Some((*app, self.segment(*app)?, *stem)));
            let with = segments().map(|(_, segment, stem)| segment.postings.tools_with(stem)).sum();
            let tells = worth * rarity(self.tells.len(), with);
            for (app, segment, stem) in segments() {
                let first = self.first(app);
                for (tool, counts) in segment.postings.of(stem) {
                    let at = first + tool;
                    let amount = self.amount(at, counts);
                    let score = tells * amount / (SATURATION + amount);
                    let Some(best) = best.get_mut(at) else { continue };
                    if *best == 0.0 {
                        fitting.push(at);
                    }
                    *best = best.max(score);
                }
            }
        }
        fitting
    }

    /// How much of a stem is in a tool: its count in each field, for the field's worth and length.
    fn amount(&self, at: usize, counts: Counts) -> f64 {
        let tells = self.tells.get(at).copied().unwrap_or_default();
        counts.iter().zip(tells).map(|(count, tells)| f64::from(*count) * f64::from(tells)).sum()
    }

    /// A word's stem, and those that may stand for it, as far as tools have them.
    fn meant(&self, word: &str) -> Vec<Meant> {
        let stems = std::iter::once((word, 1.0)).chain(ALIKE.to(word).map(|other| (other, MEANT)));
        let places = |stem: &str| {
            let hash = hash(stem);
            let all = self.connectors.iter().enumerate();
            all.filter_map(|(app, of)| Some((app, of.segment().stems.number(stem, hash)?))).collect::<Vec<_>>()
        };
        let found = stems.map(|(stem, worth)| Meant { worth, places: places(stem) });
        found.filter(|meant| !meant.places.is_empty()).collect()
    }

    /// For each app, the stems that are meant by any of the words, by number and in order.
    fn stems(&self, words: &[Vec<Meant>]) -> Vec<Vec<u32>> {
        let mut stems = vec![Vec::new(); self.connectors.len()];
        for (app, stem) in words.iter().flatten().flat_map(|meant| &meant.places) {
            stems.get_mut(*app).into_iter().for_each(|stems: &mut Vec<u32>| stems.push(*stem));
        }
        stems.iter_mut().for_each(|stems| stems.sort_unstable());
        stems
    }

    /// Of one word, its stem and those that may stand for it: what each is worth, and which share of an app's tools has it.
    fn shares(&self, meant: &[Meant]) -> Vec<(f64, Vec<(usize, f64)>)> {
        let share = |(app, stem): &(usize, u32)| Some((*app, self.segment(*app)?.share(*stem)));
        let shares = |meant: &Meant| meant.places.iter().filter_map(share).filter(|(_, share)| *share > 0.0).collect();
        meant.iter().map(|meant| (meant.worth, shares(meant))).collect()
    }

    /// Which share of a tool's name is meant, or of another phrase for it, whichever says more.
    fn named(&self, app: usize, at: usize, meant: &[u32]) -> f64 {
        let Some(segment) = self.segment(app) else { return 0.0 };
        let mut shares = segment.names.of(at - self.first(app)).map(|phrase| share(phrase, meant));
        let name = shares.next().unwrap_or_default();
        shares.fold(name, |most, share| most.max(share * CALLED))
    }

    fn segment(&self, app: usize) -> Option<&Segment> {
        self.connectors.get(app).map(|connector| connector.segment())
    }

    /// The number of an app's first tool.
    fn first(&self, app: usize) -> usize {
        self.firsts.get(app).copied().map_or(0, place)
    }

    /// A tool, and the place of its app among the apps.
    fn tool(&self, at: usize) -> Option<(usize, &Arc<Tool>)> {
        let app = self.firsts.partition_point(|first| place(*first) <= at).checked_sub(1)?;
        let (_, tool) = self.connectors.get(app)?.tools.get_index(at - self.first(app))?;
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

/// Which share of a phrase's words is meant; those that are meant are in order.
fn share(phrase: &[u32], meant: &[u32]) -> f64 {
    let with = phrase.iter().filter(|stem| meant.binary_search(stem).is_ok()).count();
    count(with) / count(phrase.len()).max(1.0)
}

/// For each tool, what a word in each field tells.
#[expect(clippy::cast_possible_truncation, reason = "seven digits are enough to weigh a word")]
fn tells<'a, I: Iterator<Item = &'a Lengths>>(lengths: impl Fn() -> I) -> Vec<[f32; FIELDS_OF_A_TOOL]> {
    let usual = usual(lengths());
    let tells = |field: usize, length: u32| {
        let (worth, usual) = (FIELDS.get(field).unwrap_or(&0.0), usual.get(field).unwrap_or(&1.0));
        (worth / (1.0 - LENGTH + LENGTH * f64::from(length) / usual)) as f32
    };
    let each = |lengths: &Lengths| std::array::from_fn(|field| tells(field, lengths.get(field).copied().unwrap_or(0)));
    lengths().map(each).collect()
}

/// How long each field usually is, and at least 1.
fn usual<'a>(lengths: impl Iterator<Item = &'a Lengths>) -> [f64; FIELDS_OF_A_TOOL] {
    let (mut sums, mut tools) = ([0.0_f64; FIELDS_OF_A_TOOL], 0);
    for tool in lengths {
        sums.iter_mut().zip(tool).for_each(|(sum, length)| *sum += f64::from(*length));
        tools += 1;
    }
    sums.map(|sum| (sum / count(tools).max(1.0)).max(1.0))
}

/// What a word tells that stands in so many of all tools.
fn rarity(all: usize, with: usize) -> f64 {
    let (all, with) = (count(all), count(with));
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

#[cfg(test)]
mod tests;
