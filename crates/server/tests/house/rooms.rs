//! Rule 1: the rooms of `app` have numbers, and a room uses only rooms of lower ones.

use crate::mentions::Used;
use crate::module::How;
use crate::resolve::Target;
use crate::source::{Crate, Source};
use std::collections::BTreeSet;

/// The rooms, which are the modules right below lib.rs. Those of 0 are small files that all may use.
pub(crate) const ROOMS: &[(&str, u8)] = &[
    ("at_work", 0),
    ("in_flight", 0),
    ("parts", 0),
    ("retry", 0),
    ("stays", 0),
    ("connections", 1),
    ("tenancy", 1),
    ("credentials", 2),
    ("entrance", 2),
    ("accounts", 3),
    ("consent", 4),
    ("events", 4),
    ("upstream", 4),
    ("servers", 5),
    ("tools", 5),
    ("calls", 6),
    ("insight", 6),
    ("upkeep", 7),
];

/// A text for each room without a number and each use of a room that isn't lower.
pub(crate) fn breaches(sources: &[Source], rooms: &[(&str, u8)]) -> Vec<String> {
    let read = Crate::read(sources);
    let number = |room: &str| rooms.iter().find(|(name, _)| *name == room).map(|(_, number)| *number);
    let present: BTreeSet<&String> = read.modules.keys().filter_map(|path| path.first()).collect();
    let mut found = read.lost.clone();
    found.extend(
        present.iter().filter(|room| number(room).is_none()).map(|room| format!("{room} is a room without a number")),
    );
    for used in read.used() {
        let Some(from) = used.module.first() else { continue };
        for to in named(&read, &used).into_iter().filter(|to| to != from) {
            // A room without a number was told above.
            if let (Some(own), Some(other)) = (number(from), number(&to))
                && other >= own
            {
                let way = if other == own { "sideways" } else { "upward" };
                found.push(format!("{} goes {way}: {from} is {own}, {to} is {other}", used.said()));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// A text for each number of a room that is not there.
pub(crate) fn gone(sources: &[Source], rooms: &[(&str, u8)]) -> Vec<String> {
    let read = Crate::read(sources);
    let present: BTreeSet<&String> = read.modules.keys().filter_map(|path| path.first()).collect();
    let gone = rooms.iter().filter(|(name, _)| !present.iter().any(|room| *room == name));
    gone.map(|(name, number)| format!("{name} has the number {number} and is no room")).collect()
}

/// The rooms that a path goes through or ends in. What lib.rs itself has belongs to none.
fn named(read: &Crate, used: &Used<'_>) -> BTreeSet<String> {
    let on_another = matches!(used.how, Some(How::Method { .. } | How::Field));
    let ways = (1..used.path.len()).filter(|_| !on_another);
    let through = ways.flat_map(|length| read.leads(used.module, &used.path[..length]));
    through
        .chain(used.targets.iter().cloned())
        .filter_map(|target| match target {
            Target::Module(path) | Target::Item { module: path, .. } => path.first().cloned(),
            Target::Other(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    const NUMBERS: &[(&str, u8)] = &[("settings", 0), ("low", 1), ("beside", 1), ("high", 2), ("later", 3)];
    const LIB: &str = "mod low; mod beside; mod high; mod settings; pub use high::Shown; pub struct App; use low::X;";

    fn with(text: &str) -> Vec<String> {
        breaches(
            &planted(&[
                ("lib.rs", LIB),
                ("low.rs", text),
                ("low/inner.rs", "pub fn f() {}"),
                ("beside/mod.rs", "pub use super::high::Shown as Passed; pub struct B; pub fn b() {}"),
                ("high.rs", "pub struct Shown; pub fn h() {} pub mod deep { pub fn d() {} }"),
                ("settings.rs", "pub struct Settings;"),
            ]),
            NUMBERS,
        )
        .into_iter()
        .filter(|breach| !breach.starts_with("beside"))
        .collect()
    }

    #[test]
    fn a_number_without_a_room_fails() {
        let sources = planted(&[("lib.rs", "mod low; mod high;"), ("low.rs", ""), ("high.rs", "")]);
        let numbers: &[(&str, u8)] = &[("low", 1), ("high", 2), ("later", 3)];
        assert_eq!(gone(&sources, numbers), ["later has the number 3 and is no room"]);
    }

    #[test]
    fn upward_and_sideways_fail_however_they_are_written() {
        for text in [
            "use crate::high::h;",
            "use crate::{settings::Settings, high::{deep::{d}}};",
            "use crate::high::h as lower; fn f() { lower() }",
            "use crate::high;",
            "use crate::high::*;",
            "use super::high::deep;",
            "use crate::Shown;",
            "use super::Shown as S;",
            "fn f() { crate::high::h() }",
            "fn f() { super::high::deep::d() }",
            "fn f() { vec![1, crate::high::h()] }",
            "fn f() { tokio::select! { x = super::high::h() => { x } } }",
            "fn f(x: Option<&dyn Fn(crate::high::Shown)>) {}",
            "mod inner { pub mod more { use super::super::super::high::h; } }",
            "fn f() { use crate::high::h; }",
            "macro_rules! m { () => { $crate::high::h() } }",
            "use crate::beside::B;",
            "use crate::{beside as b}; fn f() { settings() }",
            "#[serde(with = \"crate::high::deep\")] struct S;",
            "struct S { #[serde(default = \"crate::beside::b\")] a: u8 }",
            "use crate::high::MadeByAMacro;",
            "#[cfg(not(test))] use crate::high::h;",
            "#[cfg(any(test, unix))] use crate::high::h;",
            "impl From<crate::high::Shown> for u8 {}",
            "use crate::high::Trait as _;",
            "use crate as me; fn f() { me::high::h() }",
            "extern crate self as me; fn f() { me::high::h() }",
            "use crate::*; fn f() -> Shown { g() }",
            "fn f() { <crate::high::Shown>::new() }",
        ] {
            let found = with(text);
            assert!(!found.is_empty(), "{text}");
            assert!(found.iter().all(|breach| breach.starts_with("low.rs:1: ")), "{text}: {found:#?}");
        }
        assert!(with("use crate::beside::B;")[0].contains("sideways"));
        assert!(with("use crate::high::h;")[0].contains("upward"));
    }

    #[test]
    fn through_another_room_both_are_named() {
        let found = with("use crate::beside::Passed;");
        assert!(found.len() == 2 && found[0].contains("beside is 1") && found[1].contains("high is 2"), "{found:?}");
    }

    #[test]
    fn what_is_lower_inside_or_for_tests_is_free() {
        for text in [
            "use crate::settings::Settings;",
            "use crate::App; mod inner; use inner::f; fn g() { self::inner::f(); crate::low::inner::f() }",
            "use other::high::h; fn f() { ::high::h() }",
            "#[cfg(test)] mod tests { use crate::high::h; }",
            "#[cfg(all(test, unix))] use crate::high::h;",
            "#[cfg(test)] mod inner { use crate::high::*; }",
            "fn f() { let high = 1; high.deep() }",
            "// crate::high::h\n /// [`crate::high::h`]\n fn f() { \"crate::high::h\" }",
            "pub(in crate::low) fn f() {}",
        ] {
            assert_eq!(with(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_room_needs_a_number_and_a_number_no_room() {
        let files = planted(&[
            ("lib.rs", "mod low; mod strange; #[cfg(test)] mod provider;"),
            ("low.rs", ""),
            ("strange/mod.rs", ""),
        ]);
        assert_eq!(breaches(&files, NUMBERS), ["strange is a room without a number"]);
    }
}
