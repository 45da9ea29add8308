//! Which app a query is about: how much each of its words is a word of one app's tools rather than of all apps'.

use super::number::count;
use std::collections::HashMap;

/// From which share of an app's tools on a word is one of the app's own.
const OWN: f64 = 0.05;

/// For each stem, the apps whose tools have it, and which share of them.
pub(super) struct Apps {
    shares: HashMap<String, Vec<(usize, f64)>>,
    apps: usize,
}

impl Apps {
    /// Of tools, each with its app and the stems of its name, title and description; and of the apps' own names.
    pub(super) fn of<'a>(
        tools: impl Iterator<Item = (usize, std::collections::HashSet<&'a str>)>,
        names: &[Vec<String>],
    ) -> Self {
        let mut with: HashMap<&str, HashMap<usize, usize>> = HashMap::new();
        let mut all: HashMap<usize, usize> = HashMap::new();
        for (app, stems) in tools {
            *all.entry(app).or_default() += 1;
            for stem in stems {
                *with.entry(stem).or_default().entry(app).or_default() += 1;
            }
        }
        let share = |app: usize, with: usize| (app, count(with) / count(all.get(&app).copied().unwrap_or(1)).max(1.0));
        let mut shares: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
        for (stem, apps) in with {
            shares.insert(stem.to_owned(), apps.into_iter().map(|(app, with)| share(app, with)).collect());
        }
        for (app, stems) in names.iter().enumerate() {
            for stem in stems {
                let known = shares.entry(stem.clone()).or_default();
                known.retain(|(other, _)| *other != app);
                known.push((app, 1.0));
            }
        }
        Self { shares, apps: names.len() }
    }

    /// How much a query speaks for each app, the one it speaks most for being 1. Of each word its stem comes first, then those
    /// that may stand for it, with what they are worth.
    pub(super) fn asked<'a, I: Iterator<Item = (&'a str, f64)>>(&self, words: impl Iterator<Item = I>) -> Vec<f64> {
        let mut spoken = vec![0.0_f64; self.apps];
        for stems in words {
            let mut best = vec![0.0_f64; self.apps];
            for (stem, worth) in stems {
                let Some(shares) = self.shares.get(stem) else { continue };
                let all: f64 = shares.iter().map(|(_, share)| share).sum();
                for (app, share) in shares {
                    let speaks = worth * share / all * share / (share + OWN);
                    if let Some(best) = best.get_mut(*app) {
                        *best = best.max(speaks);
                    }
                }
            }
            spoken.iter_mut().zip(best).for_each(|(spoken, best)| *spoken += best);
        }
        let most = spoken.iter().copied().fold(0.0, f64::max);
        spoken.into_iter().map(|one| if most > 0.0 { one / most } else { 1.0 }).collect()
    }
}
