//! Which app a query is about: how much each of its words is a word of one app's tools rather than of all apps'.

use super::number::{count, place, short};

/// From which share of an app's tools on a word is one of the app's own.
const OWN: f64 = 0.05;

/// For each stem, the apps whose tools have it, and which share of them.
pub(super) struct Apps {
    /// The stems' apps behind one another, each with its share.
    shares: Vec<(u32, f64)>,
    /// For each stem, where its apps begin; and the end.
    starts: Vec<u32>,
    apps: usize,
}

impl Apps {
    /// Of stems, each with an app and how many of its tools have it; of how many tools the apps have; and of the apps' own
    /// names, whose stems are theirs whatever the tools say.
    pub(super) fn of(said: &[(u32, u32, u32)], tools: &[usize], called: &[Vec<u32>], stems: usize) -> Self {
        let own = (0..).zip(called).flat_map(|(app, named)| named.iter().map(move |stem| (*stem, app, 1.0)));
        let all = |app: u32| count(tools.get(place(app)).copied().unwrap_or(1)).max(1.0);
        let shared = said.iter().map(|(stem, app, with)| (*stem, *app, f64::from(*with) / all(*app)));
        let mut each: Vec<(u32, u32, f64)> = own.chain(shared).collect();
        // An app's own name comes first, and stands.
        each.sort_by_key(|(stem, app, _)| (*stem, *app));
        each.dedup_by_key(|(stem, app, _)| (*stem, *app));
        let starts = (0..=stems).map(|stem| short(each.partition_point(|(of, ..)| place(*of) < stem))).collect();
        Self { shares: each.into_iter().map(|(_, app, share)| (app, share)).collect(), starts, apps: called.len() }
    }

    /// The apps of a stem.
    fn with(&self, stem: u32) -> &[(u32, f64)] {
        let start = |stem: usize| self.starts.get(stem).copied().map_or(0, place);
        self.shares.get(start(place(stem))..start(place(stem) + 1)).unwrap_or_default()
    }

    /// How much a query speaks for each app, the one it speaks most for being 1. Of each word its stem comes first, then those
    /// that may stand for it, with what they are worth.
    pub(super) fn asked<I: Iterator<Item = (u32, f64)>>(&self, words: impl Iterator<Item = I>) -> Vec<f64> {
        let mut spoken = vec![0.0_f64; self.apps];
        for stems in words {
            let mut best = vec![0.0_f64; self.apps];
            for (stem, worth) in stems {
                let shares = self.with(stem);
                let all: f64 = shares.iter().map(|(_, share)| share).sum();
                for (app, share) in shares {
                    let speaks = worth * share / all * share / (share + OWN);
                    if let Some(best) = best.get_mut(place(*app)) {
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
