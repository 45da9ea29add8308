//! Rule 4: some things are written in one place only.

use crate::mentions::Used;
use crate::module::How;
use crate::resolve::Target;
use crate::source::{Crate, Source};
use std::collections::BTreeSet;

/// The file that says where each secret is sealed to.
pub(crate) const PLACES: &[&str] = &["core/places.rs"];

/// The files that look into how a connector signs in, besides `connectors`.
pub(crate) const SCHEMES: &[&str] = &[
    "app/connections/wired.rs",
    "app/credentials/schemes.rs",
    "app/credentials/schemes/nobody.rs",
    "app/credentials/schemes/renewal.rs",
];

/// The files that tell the kinds of signing in apart, besides `connectors`: those above, what reads and shows credentials of
/// each kind, what names the kinds on the wire, the form that shows a redirect URI where there is one, and the guide beside it.
pub(crate) const KINDS: &[&str] = &[
    "api/services/connections/render.rs",
    "api/services/kinds.rs",
    "app/connections/wired.rs",
    "app/credentials/schemes/brought.rs",
    "app/credentials/schemes/fit.rs",
    "app/credentials/schemes/nobody.rs",
    "app/credentials/schemes/renewal.rs",
    "app/credentials/schemes/unstored.rs",
    "web/dashboard/connections.rs",
    "web/dashboard/remote_guide.rs",
];

/// The files of `app` that may write without a record of the journal, and why. All others write through `Change`, which
/// can't be committed without one.
pub(crate) const UNRECORDED: &[(&str, &str)] = &[
    ("accounts/closing/connection.rs", "who works on a removal and when again is a lease; each step of it is recorded"),
    ("accounts/used.rs", "when something was last used is no change of it"),
    ("calls/read_on.rs", "the rest of an answer lasts for minutes; that it was read is recorded, each part of it"),
    ("consent/callback.rs", "who exchanges the code is a lease; what comes of it is recorded with the tokens"),
    ("credentials/refresh/ahead.rs", "when a refresh is due, and by whom, is no change of the account"),
    ("credentials/revocations.rs", "who tries a revocation and when again is a lease; what becomes of it is recorded"),
    ("events/deliver.rs", "who tells a webhook of an account is a lease"),
    ("events/deliver/failed.rs", "when a webhook is told again is a lease; what was given up is recorded"),
    ("events/deliver/progress.rs", "how far a webhook was told is no change of it"),
    ("events/forget.rs", "what is too old goes for its age alone"),
    ("entrance/sign_in.rs", "when a member was last seen, and what has ended; signing in is recorded"),
    ("entrance/sign_in/counted.rs", "tries at a password; that somebody signed in is recorded"),
    ("upkeep/installation.rs", "which processes live and how often they started; the mark outside is held against it"),
    ("upkeep/keys/reseal.rs", "the same secrets under another key; the rotation as a whole is recorded"),
    ("upkeep/keys/root.rs", "the same key under another root; the rotation as a whole is recorded"),
    ("upkeep/recovery.rs", "that a process died and is settled; what it left undone is recorded as each is settled"),
    ("upkeep/restore.rs", "the journal is among what is put back, and goes on from there"),
];

/// The files of `app` that have the way out in hand, and how what they do outside is told.
pub(crate) const EFFECTS: &[(&str, &str)] = &[
    (
        "accounts/remote_sessions.rs",
        "a session at a remote server is ended, by which nothing of the user's changes: the end of its account is committed \
         before it, and what it opened is worth nothing without that one's credential",
    ),
    (
        "calls/proxy/exchange.rs",
        "a proxied request: its intent is in the journal before it leaves (calls/proxy/record.rs)",
    ),
    ("calls/send.rs", "a tool call: its intent is in the journal before its first request leaves (calls/record.rs)"),
    ("connections/discovery/find.rs", "documents are read without a credential; nothing changes anywhere"),
    (
        "connections/discovery/registration.rs",
        "a client is registered: connection.registration_begun before it, an outcome or, after a crash, \
         connection.registration_lost",
    ),
    (
        "consent/exchange.rs",
        "a code is exchanged: the consent is taken to 'exchanging' before it (consent/callback.rs), authorization.ended after \
         it or after a crash; tokens that nobody takes are revoked",
    ),
    (
        "credentials/client_trial.rs",
        "a token endpoint is asked with a code that nobody was given, or for an access token by the connection's own key, which ends by \
         itself and is kept nowhere: connection.tried before it",
    ),
    ("credentials/identity.rs", "whose a token is: read"),
    (
        "credentials/refresh/exchange.rs",
        "tokens are refreshed: account.refresh_begun before it, an outcome or, after a crash, account.refresh_lost",
    ),
    (
        "credentials/revocations.rs",
        "tokens are revoked: what is to be is committed with their end, and tried until it is told",
    ),
    (
        "credentials/schemes/key_pair.rs",
        "asks on behalf of who has a renewal: credentials/refresh/exchange.rs, trial.rs",
    ),
    (
        "credentials/schemes/nobody.rs",
        "asks on behalf of credentials/client_trial.rs, with what is nobody's: nothing is granted",
    ),
    (
        "credentials/schemes/renewal.rs",
        "asks on behalf of who has a renewal: credentials/refresh/exchange.rs, trial.rs",
    ),
    (
        "credentials/schemes/trial.rs",
        "what was typed is tried by a request that reads; a token that is had for it, by our own secret, ends by itself",
    ),
    (
        "credentials/schemes/unstored.rs",
        "whoever writes a connector's file tries it: a request that reads, with a credential that is kept nowhere",
    ),
    (
        "entrance/openid.rs",
        "a code of a sign-in is spent by who brought it; what it brings is used at once and kept nowhere",
    ),
    (
        "events/deliver/send.rs",
        "a webhook is told: the event is committed with its change, and told until it is taken or given up",
    ),
    ("events/webhooks.rs", "whether the address of a webhook may be called; nothing is sent"),
    ("servers/agents/clients.rs", "reads the document that an agent names as its own"),
    ("upkeep/doctor/address.rs", "reads our own public keys at our own address"),
    (
        "upstream/carrier.rs",
        "a remote server's tools are listed, which reads, or called: then the call's intent comes before it (calls/record.rs)",
    ),
];

/// A text for each struct literal of a sealed place, and each other name for its type, outside of these files.
pub(crate) fn places(room: &str, sources: &[Source], allowed: &[&str]) -> Vec<String> {
    let read = Crate::read(sources);
    outside(&read, room, allowed, |used| match used.how {
        Some(How::Literal | How::Alias) => ends_with(used, "Place"),
        Some(_) => false,
        None => ends_with(used, "Place") && used.shown && used.renamed,
    })
}

/// A text for each variant of `Auth` that is named outside of these files, and each other name for it.
pub(crate) fn schemes(room: &str, sources: &[Source], allowed: &[&str]) -> Vec<String> {
    variants("Auth", room, sources, allowed)
}

/// The same of `AuthKind`.
pub(crate) fn kinds(room: &str, sources: &[Source], allowed: &[&str]) -> Vec<String> {
    variants("AuthKind", room, sources, allowed)
}

fn variants(of: &str, room: &str, sources: &[Source], allowed: &[&str]) -> Vec<String> {
    let read = Crate::read(sources);
    outside(&read, room, allowed, |used| {
        let all = used.how.is_none() && used.glob && ends_with(used, of);
        let renamed = used.shown && used.renamed || used.how == Some(How::Alias);
        all || renamed && ends_with(used, of) || goes_through(used, of)
    })
}

/// A text for each transaction that could be committed without a record in a file that has no reason for it, and each
/// reason that nothing needs.
pub(crate) fn unrecorded(sources: &[Source], reasons: &[(&str, &str)]) -> Vec<String> {
    const BEGIN: [&str; 2] = ["write", "write_reserved"];
    let read = Crate::read(sources);
    let begins = |used: &Used<'_>| {
        let named = used.path.last().is_some_and(|name| BEGIN.contains(&name.as_str()));
        match used.how {
            Some(How::Method { arguments }) => named && arguments == 0,
            Some(How::Path) => named && [&used.path].into_iter().chain(others(used)).any(|path| is_of(path, "Store")),
            _ => false,
        }
    };
    listed(&read, reasons, "a write that needs no record", begins)
}

/// A text for each place that has the way out in hand in a file of which it isn't said how what it does outside is told, and
/// each such word that nothing needs.
pub(crate) fn effects(sources: &[Source], told: &[(&str, &str)]) -> Vec<String> {
    let read = Crate::read(sources);
    listed(&read, told, "the way out, and not a word of how what is done outside is told", |used| match used.how {
        Some(How::Field) => used.path.last().is_some_and(|name| name == "outbound"),
        _ => ends_with(used, "Outbound") || goes_through(used, "Outbound"),
    })
}

/// A text for each use of this kind in a file that isn't listed, and each file that is listed for nothing or without a word.
fn listed(read: &Crate, reasons: &[(&str, &str)], what: &str, is: impl Fn(&Used<'_>) -> bool) -> Vec<String> {
    let found: Vec<Used<'_>> = read.used().into_iter().filter(is).collect();
    let files: BTreeSet<&str> = found.iter().map(|used| used.file).collect();
    let told = found.iter().filter(|used| !reasons.iter().any(|(file, _)| *file == used.file));
    let spare = reasons.iter().filter(|(file, _)| !files.contains(file));
    let empty = reasons.iter().filter(|(_, reason)| reason.trim().is_empty());
    told.map(|used| format!("{}:{}: {what}", used.file, used.line))
        .chain(spare.map(|(file, _)| format!("{file} is listed and has none")))
        .chain(empty.map(|(file, _)| format!("{file} is listed without a reason")))
        .chain(read.lost.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn outside(read: &Crate, room: &str, allowed: &[&str], breach: impl Fn(&Used<'_>) -> bool) -> Vec<String> {
    let used = read.used().into_iter().filter(|used| !allowed.contains(&format!("{room}/{}", used.file).as_str()));
    let told = used.filter(breach).map(|used| format!("{room}/{}", used.said()));
    told.chain(read.lost.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether the path names something of that type.
fn is_of(path: &[String], name: &str) -> bool {
    path.iter().rev().nth(1).is_some_and(|of| of == name)
}

/// Whether the path leads to a thing of this name in one of our other crates.
fn ends_with(used: &Used<'_>, name: &str) -> bool {
    others(used).any(|path| path.last().is_some_and(|last| last == name))
}

/// Whether the path leads through a thing of this name to something in it.
fn goes_through(used: &Used<'_>, name: &str) -> bool {
    others(used).any(|path| path.iter().rev().skip(1).any(|part| part == name))
}

fn others<'a>(used: &'a Used<'_>) -> impl Iterator<Item = &'a Vec<String>> {
    used.targets.iter().filter_map(|target| match target {
        Target::Other(path) if path.first().is_some_and(|name| name.starts_with("valetkey_")) => Some(path),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    /// One file of the crate `app`, with what it must be told of.
    fn held(check: fn(&str, &[Source], &[&str]) -> Vec<String>, text: &str, breaches: usize) {
        let files = planted(&[("lib.rs", "mod a;"), ("a.rs", text)]);
        let found = check("app", &files, &["app/other.rs"]);
        assert_eq!(found.len(), breaches, "{text}: {found:#?}");
        assert!(check("app", &files, &["app/a.rs"]).is_empty(), "{text}: where it is allowed");
    }

    #[test]
    fn a_sealed_place_is_made_in_one_file() {
        for text in [
            "fn f() { valetkey_vault::Place { row: 1 } }",
            "use valetkey_vault::Place; fn f() { let a = Place { row: 1, ..b }; }",
            "use valetkey_vault::{Key, seal::{Place as Spot}}; fn f() -> Spot { Spot { row: 1 } }",
            "use valetkey_vault::*; fn f() { Place { row: 1 }; }",
            "use valetkey_vault as v; fn f() { g(|| v::Place { row: 1 }) }",
            "use valetkey_vault::Place; fn f() { vec![(Place { row: 1 }, 2)] }",
            "fn f() { ::valetkey_vault::Place { row: 1 } }",
            "type Spot<'a> = valetkey_vault::Place<'a>;",
            "pub use valetkey_vault::Place as Spot;",
            "mod b { use super::*; fn f() { Place { row: 1 } } } use valetkey_vault::Place;",
            "#[cfg(not(test))] fn f() { valetkey_vault::Place { row: 1 } }",
        ] {
            held(places, text, 1);
        }
        for text in [
            "use valetkey_vault::Place; fn f(place: &Place<'_>) -> Place { let Place { row, .. } = place; g(row) }",
            "struct Place { row: u8 } fn f() { Place { row: 1 } }",
            "use url::Place; fn f() { Place { row: 1 } }",
            "#[cfg(test)] mod tests { use valetkey_vault::Place; fn f() { Place { row: 1 } } }",
            "#[cfg(test)] fn f() { valetkey_vault::Place { row: 1 } }",
            "#[test] fn f() { valetkey_vault::Place { row: 1 } }",
            "// valetkey_vault::Place { row: 1 }\n const A: &str = \"Place { row: 1 }\";",
        ] {
            held(places, text, 0);
        }
    }

    #[test]
    fn how_a_connector_signs_in_is_looked_into_in_two_places() {
        for text in [
            "use valetkey_connectors::Auth; fn f(a: &Auth) { let Auth::OAuth2(x) = a; }",
            "use valetkey_connectors::{Auth as How}; fn f(a: &How) { let How::OAuth2(x) = a; }",
            "fn f() { matches!(a, valetkey_connectors::Auth::OAuth2(_)) }",
            "use valetkey_connectors::connector::Auth::{OAuth2};",
            "use valetkey_connectors::Auth::*;",
            "use valetkey_connectors as c; fn f() { if let c::Auth::OAuth2(x) = a {} }",
            "pub(crate) use valetkey_connectors::Auth as How;",
            "type How = valetkey_connectors::Auth;",
            "use valetkey_connectors::Auth; fn f(a: &Auth) { match a { <Auth>::OAuth2(x) => x } }",
            "use valetkey_connectors::Auth; impl Kind for Auth { fn f(&self) { let Self::OAuth2(x) = self; } }",
            "fn f() -> valetkey_connectors::Auth { g(valetkey_connectors::Auth::default) }",
        ] {
            held(schemes, text, 1);
        }
        for text in [
            "use valetkey_connectors::Auth; fn f(a: &Auth) -> Option<Auth> { None }",
            "use valetkey_connectors::TokenClientAuth; fn f() { TokenClientAuth::Post }",
            "enum Auth { A } fn f() { Auth::A }",
            "#[cfg(test)] mod tests { use valetkey_connectors::Auth::*; }",
        ] {
            held(schemes, text, 0);
        }
        for (text, breaches) in [
            ("use valetkey_connectors::AuthKind; fn f(a: AuthKind) -> bool { a == AuthKind::OAuth2 }", 1),
            ("fn f() { matches!(wired.kind(), valetkey_connectors::AuthKind::Basic) }", 1),
            ("use valetkey_connectors::AuthKind::*;", 1),
            ("use valetkey_connectors::AuthKind; fn f(a: AuthKind) -> &'static str { a.as_str() }", 0),
            ("use valetkey_connectors::Auth; fn f(a: &Auth) { let Auth::OAuth2(x) = a; }", 0),
        ] {
            held(kinds, text, breaches);
        }
    }

    #[test]
    fn a_write_that_needs_no_record_needs_a_reason() {
        let lib = ("lib.rs", "mod a; #[cfg(test)] mod tests { fn f() { store.write() } }");
        for text in [
            "async fn f(app: &App) { let mut tx = app.core.store.write().await?; tx.commit().await }",
            "async fn f(store: &Store) { g(&mut store.write_reserved().await?) }",
            "fn f() { let s = &app.core.store; async { s.write().await } }",
            "fn f() { select! { x = app.core.store.write() => {} } }",
            "fn f() { Store::write(&app.core.store) }",
            "fn f() { valetkey_storage::Store::write_reserved(&store) }",
            "fn f() { <Store>::write(store) }",
            "fn f() { g.then(Store::write) }",
            "use valetkey_storage::Store as S; fn f() { g.then(<S>::write) }",
        ] {
            let files = planted(&[lib, ("a.rs", text)]);
            assert_eq!(unrecorded(&files, &[]).len(), 1, "{text}");
            assert!(unrecorded(&files, &[("a.rs", "for a reason")]).is_empty(), "{text}");
            assert_eq!(unrecorded(&files, &[("a.rs", " ")]).len(), 1, "{text}: a reason that says nothing");
        }
        let without = planted(&[
            lib,
            (
                "a.rs",
                "fn f() { core.change(ctx).record(a).commit(); file.write(b); out.write_all(); write(app, ctx); rows::write(tx) }",
            ),
        ]);
        assert_eq!(unrecorded(&without, &[]), Vec::<String>::new());
        assert_eq!(unrecorded(&without, &[("a.rs", "for a reason")]).len(), 1, "listed, and it has none");
    }

    #[test]
    fn who_has_the_way_out_says_how_what_it_does_is_told() {
        let lib = ("lib.rs", "mod a; #[cfg(test)] mod tests { fn f() { core.outbound.of(x) } }");
        for text in [
            "async fn f(app: &App) { app.core.outbound.of(&ctx.environment).send(request).await }",
            "fn f(core: &Core) { let way = &core.outbound; g(way) }",
            "fn f() { select! { x = app.core.outbound.of(e) => {} } }",
            "use valetkey_outbound::Outbound; fn f(outbound: &Outbound) { g(outbound) }",
            "fn f() { valetkey_outbound::Outbound::new(policy) }",
        ] {
            let files = planted(&[lib, ("a.rs", text)]);
            assert!(!effects(&files, &[]).is_empty(), "{text}");
            assert!(effects(&files, &[("a.rs", "in its own words")]).is_empty(), "{text}");
            assert_eq!(effects(&files, &[("a.rs", " ")]).len(), 1, "{text}: words that say nothing");
        }
        let without = planted(&[lib, ("a.rs", "fn f() { outbound(); x.outbound(); let outbound = 1; g(outbound) }")]);
        assert_eq!(effects(&without, &[]), Vec::<String>::new());
        assert_eq!(effects(&without, &[("a.rs", "in its own words")]).len(), 1, "listed, and it has none");
    }
}
