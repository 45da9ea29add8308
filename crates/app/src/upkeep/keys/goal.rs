//! Which root to go to, when the root is to be another one.

use super::root::{at_hand, learn, uses};
use crate::{App, Error, Result};
use valetkey_core::keyring::Root;
use valetkey_domain::Kind;
use valetkey_vault::RootKey;

/// Where a rotation goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The root that wraps everything when it is done.
    pub to: String,
    /// The roots that nothing needs then but backups made before.
    pub old: Vec<String>,
}

enum Choice {
    /// One that there is.
    AtHand(String),
    /// One that is still to be made.
    New,
}

/// Decides which root to go to. `named` is the operator's wish; without one a rotation that was cut off is finished, or
/// it is the root behind the present one, a newer version of the same where a KMS has it, or one that `add` makes, which
/// is at hand from then on.
///
/// # Errors
/// What was named or is in use is not at hand, there are several to choose from, or other processes would lack a new
/// one: nothing was changed. Or `add`'s own.
pub async fn goal<E: From<Error>>(
    app: &App,
    named: Option<&str>,
    add: impl FnOnce() -> std::result::Result<RootKey, E>,
) -> std::result::Result<Goal, E> {
    let uses = uses(app).await?;
    let to = match choose(&at_hand(app), &uses, named, app.core.store.is_exclusive())? {
        Choice::AtHand(to) => to,
        Choice::New => {
            let key = add()?;
            let name = key.version();
            learn(app, Root::Key(key));
            name
        }
    };
    let old = in_use(&uses).filter(|root| **root != to).cloned().collect();
    Ok(Goal { to, old })
}

/// `uses` begins with the root that wraps new keys; `roots`, those at hand, have the newest last.
fn choose(roots: &[String], uses: &[(String, u64)], named: Option<&str>, alone: bool) -> Result<Choice> {
    let refused = |why: String| Err(Error::new(Kind::FailedPrecondition, why + "; nothing was changed"));
    let at_hand = |name: &str| roots.iter().any(|root| root == name);
    if let Some(name) = named {
        return match at_hand(name) {
            true => Ok(Choice::AtHand(name.to_owned())),
            false => {
                refused(format!("there is no root key {name} here (`valetkey key roots` shows those that there are)"))
            }
        };
    }
    let Some((from, _)) = uses.first() else { return Err(Error::internal("no root wraps new keys")) };
    if in_use(uses).count() > 1 {
        return Ok(Choice::AtHand(from.clone()));
    }
    let Some(at) = roots.iter().position(|root| root == from) else {
        return refused(format!("the root key {from}, which wraps new keys, is not at hand: put it back where it was"));
    };
    match roots.get(at + 1..).unwrap_or_default() {
        [one] => Ok(Choice::AtHand(one.clone())),
        newer @ [_, _, ..] => {
            refused(format!("there are several newer root keys: name one with --to ({})", newer.join(", ")))
        }
        [] if from.starts_with("transit:") => Ok(Choice::AtHand(from.clone())),
        [] if !alone => refused(
            "no newer root key is at hand: add a line with one (`openssl rand -base64 32`) to the root key file of \
             every process that serves on this database, wait ten seconds and run this again"
                .to_owned(),
        ),
        [] => Ok(Choice::New),
    }
}

/// The root that wraps new keys, and those that still wrap something.
fn in_use(uses: &[(String, u64)]) -> impl Iterator<Item = &String> {
    uses.iter().enumerate().filter(|(at, (_, count))| *at == 0 || *count > 0).map(|(_, (root, _))| root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;
    use crate::upkeep::keys::{rotate_root, wrapping_root};
    use valetkey_domain::ctx::Detached;
    use valetkey_storage::meta;

    /// The roots at hand; what wraps how many, the wrapping one first; what was named; whether this process is alone.
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, u64)], Option<&'a str>, bool);

    fn chosen((roots, uses, named, alone): Case) -> String {
        let roots: Vec<String> = roots.iter().copied().map(str::to_owned).collect();
        let uses: Vec<_> = uses.iter().map(|(root, count)| ((*root).to_owned(), *count)).collect();
        match choose(&roots, &uses, named, alone) {
            Ok(Choice::AtHand(to)) => to,
            Ok(Choice::New) => "(new)".to_owned(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn the_root_to_go_to_is_the_one_that_there_is_no_doubt_about() {
        let cases: [(Case, &str); 11] = [
            ((&["a"], &[("a", 3)], None, true), "(new)"),
            ((&["a"], &[("a", 0)], None, true), "(new)"),
            ((&["a", "b"], &[("a", 3), ("b", 0)], None, true), "b"),
            ((&["a", "b"], &[("a", 3), ("b", 0)], None, false), "b"),
            ((&["a", "b"], &[("b", 3), ("a", 0)], None, true), "(new)"),
            ((&["a", "b"], &[("b", 1), ("a", 2)], None, true), "b"),
            ((&["a", "b", "c"], &[("a", 3)], Some("c"), false), "c"),
            ((&["a", "b"], &[("b", 3)], Some("a"), true), "a"),
            ((&["transit:k"], &[("transit:k", 3)], None, false), "transit:k"),
            ((&["transit:k", "a"], &[("transit:k", 3)], None, true), "a"),
            ((&["a", "transit:k"], &[("a", 3)], None, true), "transit:k"),
        ];
        for (case, to) in cases {
            assert_eq!(chosen(case), to, "{case:?}");
        }
        let refused: [(Case, &str); 5] = [
            ((&["a"], &[("a", 3)], Some("x"), true), "no root key x here"),
            ((&["a"], &[("a", 3)], Some(""), true), "no root key  here"),
            ((&["b"], &[("a", 3)], None, true), "root key a, which wraps new keys, is not at hand"),
            ((&["a", "b", "c"], &[("a", 3)], None, true), "--to (b, c)"),
            ((&["a"], &[("a", 3)], None, false), "every process"),
        ];
        for (case, why) in refused {
            let message = chosen(case);
            assert!(message.contains(why) && message.ends_with("nothing was changed"), "{case:?}: {message}");
        }
    }

    #[tokio::test]
    async fn a_root_is_made_where_none_is_there_and_the_old_ones_are_named_until_nothing_needs_them() {
        let fixture = fixture("{rotates: true}").await;
        let (app, none) = (&fixture.app, || Err(Error::internal("one is made though one is there")));
        let first = wrapping_root(app).await.unwrap();
        let key = RootKey::generate().unwrap();
        let second = key.version();
        // Where the store is shared nobody makes one for all, so it is brought there.
        let made = if app.core.store.is_exclusive() {
            goal(app, None, || Ok::<_, Error>(key)).await.unwrap()
        } else {
            learn(app, Root::Key(key));
            goal(app, None, none).await.unwrap()
        };
        assert_eq!(made, Goal { to: second.clone(), old: vec![first.clone()] });
        assert_eq!(goal(app, None, none).await.unwrap(), made, "asked again, it is the one that was made");
        // Cut off before anything was wrapped anew.
        let mut tx = app.core.store.write().await.unwrap();
        meta::set(&mut tx, meta::ROOT, &second).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(goal(app, None, none).await.unwrap(), made);
        assert!(rotate_root(app, &second, &Detached).await.unwrap() > 0);
        assert_eq!(goal(app, Some(&second), none).await.unwrap(), Goal { to: second.clone(), old: vec![] });
        assert_eq!(goal(app, Some(&first), none).await.unwrap(), Goal { to: first, old: vec![second] });
    }
}
