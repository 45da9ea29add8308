//! Which app a query is about: how much each of its words is a word of one app's tools rather than of all apps'.

/// From which share of an app's tools on a word is one of the app's own.
const OWN: f64 = 0.05;

/// How much a query speaks for each of so many apps, the one it speaks most for being 1. Of each word its stem comes first,
/// then those that may stand for it: what each is worth, and the apps whose tools have it, each with which share of them.
pub(super) fn spoken_for(apps: usize, words: impl Iterator<Item = Vec<(f64, Vec<(usize, f64)>)>>) -> Vec<f64> {
    let mut spoken = vec![0.0_f64; apps];
    for stems in words {
        let mut best = vec![0.0_f64; apps];
        for (worth, shares) in stems {
            let all: f64 = shares.iter().map(|(_, share)| share).sum();
            for (app, share) in shares {
                let speaks = worth * share / all * share / (share + OWN);
                if let Some(best) = best.get_mut(app) {
                    *best = best.max(speaks);
                }
            }
        }
        spoken.iter_mut().zip(best).for_each(|(spoken, best)| *spoken += best);
    }
    let most = spoken.iter().copied().fold(0.0, f64::max);
    spoken.into_iter().map(|one| if most > 0.0 { one / most } else { 1.0 }).collect()
}
