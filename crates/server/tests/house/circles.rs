//! Rule 2: no files of a crate use each other, directly or around.

use crate::mentions::Used;
use crate::module::How;
use crate::resolve::Target;
use crate::source::{Crate, Source};
use std::collections::{BTreeMap, BTreeSet};

/// From a file to the files whose items it uses, with the names and the first line of each.
type Arrows = BTreeMap<String, BTreeMap<String, BTreeMap<String, usize>>>;

/// A text for each circle, and for each module that could not be followed.
pub(crate) fn breaches(sources: &[Source]) -> Vec<String> {
    let read = Crate::read(sources);
    let arrows = arrows(&read);
    let mut found = read.lost;
    found.extend(circles(&arrows).iter().map(|circle| told(circle, &arrows)));
    found
}

fn arrows(read: &Crate) -> Arrows {
    let mut found = Arrows::new();
    for used in read.used() {
        for target in used.targets.iter().filter(|target| counts(&used, target)) {
            let (Some(file), Target::Item { name, .. }) = (read.file_of(target), target) else { continue };
            if file != used.file {
                let names = found.entry(used.file.to_owned()).or_default().entry(file.to_owned()).or_default();
                names.entry(name.clone()).or_insert(used.line);
            }
        }
    }
    found
}

/// A parent that shows its child's items does not use them yet.
fn counts(used: &Used<'_>, target: &Target) -> bool {
    let Target::Item { module, .. } = target else { return false };
    let shows = used.how.is_none() && used.shown && module.starts_with(used.module);
    let on_another = matches!(used.how, Some(How::Method { .. } | How::Field)) && used.path.len() == 1;
    !(shows || on_another)
}

/// Files that reach each other, the largest circle first.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        arrows.keys().map(|file| (file.as_str(), reach(file, arrows))).collect();
    let mut found = BTreeSet::new();
    for (file, far) in &reached {
        let back = far.iter().filter(|other| reached.get(*other).is_some_and(|far| far.contains(file)));
        let circle: BTreeSet<String> = back.map(|other| (*other).to_owned()).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

fn reach<'a>(from: &str, arrows: &'a Arrows) -> BTreeSet<&'a str> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        for to in arrows.get(at).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(to.as_str()) {
                next.push(arrows.get_key_value(to).map_or(to.as_str(), |(to, _)| to.as_str()));
            }
        }
    }
    found
}

fn told(circle: &BTreeSet<String>, arrows: &Arrows) -> String {
    let mut text = format!("a circle of {} files:", circle.len());
    for from in circle {
        for (to, names) in arrows.get(from).into_iter().flatten().filter(|(to, _)| circle.contains(*to)) {
            let names: Vec<String> = names.iter().map(|(name, line)| format!("{name} (line {line})")).collect();
            text.push_str(&format!("\n  {from} -> {to}: {}", names.join(", ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    const LIB: (&str, &str) = ("lib.rs", "mod a; mod b; mod c;");

    #[test]
    fn files_that_use_each_other_are_a_circle_however_they_are_written() {
        for (a, b) in [
            ("use crate::b::B; pub struct A;", "use crate::a::A; pub struct B;"),
            ("use crate::{c::C, b::{B as Other}}; pub struct A;", "pub struct B(super::a::A);"),
            ("use crate::b; pub fn a() { b::b() }", "pub fn b() { crate::a::a() }"),
            ("use super::b::*; pub fn a() { b() }", "use crate::a as other; pub fn b() { other::a() }"),
            ("use crate::b::b; pub fn a() { vec![b()] }", "pub fn b() { println!(\"{}\", crate::a::a()) }"),
            ("pub enum A { X } fn f() { crate::b::b() }", "use crate::a::A::*; pub fn b() {}"),
            ("pub(crate) use crate::b::b; pub fn a() {}", "pub fn b() { crate::a::a() }"),
            ("pub fn a() { fn inner() { use crate::b::b; b() } }", "pub fn b() { use crate::a::a; }"),
            ("macro_rules! m { () => { crate::b::b() } } pub fn a() {}", "pub fn b() { crate::a::a() }"),
            ("macro_rules! m { () => {} } use crate::b::b;", "pub fn b() { m!() }"),
            ("#[serde(with = \"crate::b\", default = \"crate::b::b\")] pub struct A;", "pub fn b(a: crate::a::A) {}"),
            ("pub struct A; impl A { fn f(&self) { self.g() } }", "use crate::a::A; impl A { pub fn g(&self) {} }"),
            ("pub struct A; fn f() { A::g() }", "impl crate::a::A { pub fn g() {} }"),
            ("ids! { A, } use crate::b::B;", "use crate::a::A; pub struct B;"),
            ("pub struct A; #[cfg(not(test))] use crate::b::B;", "use crate::a::A; pub struct B;"),
            ("pub mod inline { pub fn f() { super::super::b::b() } }", "pub fn b() { crate::a::inline::f() }"),
            ("pub fn a() { let b = crate::c::b(); }", "pub fn b() { crate::a::a() }"),
        ] {
            let files = planted(&[LIB, ("a.rs", a), ("b.rs", b), ("c.rs", "pub use crate::b::b; pub struct C;")]);
            let found = breaches(&files);
            assert_eq!(found.len(), 1, "{a} / {b}: {found:#?}");
            assert!(found[0].contains("a.rs -> b.rs: ") && found[0].contains("b.rs -> a.rs: "), "{found:?}");
        }
    }

    #[test]
    fn a_circle_goes_around_and_through_what_is_shown_again() {
        let around = planted(&[
            ("main.rs", "mod a; mod b; mod c; fn main() { a::a() }"),
            ("a/mod.rs", "mod deep; pub use deep::a; pub use deep::*;"),
            ("a/deep.rs", "pub fn a() { crate::b::b() }"),
            ("b.rs", "pub fn b() { crate::c::c() }"),
            ("c.rs", "pub fn c() { crate::a::a() }"),
        ]);
        let found = breaches(&around);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].starts_with("a circle of 3 files:") && found[0].contains("c.rs -> a/deep.rs: a (line 1)"),
            "{found:?}"
        );
    }

    #[test]
    fn a_parent_that_only_shows_its_child_is_in_no_circle() {
        let child = "use super::P; pub struct C(P); pub fn c() {}";
        for parent in [
            "pub struct P; mod child; pub use child::C;",
            "pub struct P; pub mod child; pub(crate) use child::*;",
            "pub struct P; mod child; pub use self::child::C as D; #[cfg(test)] mod tests { use super::C; fn f() { C } }",
            "pub struct P; mod child; #[test] fn f() { child::c() }",
        ] {
            let files = planted(&[("lib.rs", "mod p;"), ("p.rs", parent), ("p/child.rs", child)]);
            assert_eq!(breaches(&files), Vec::<String>::new(), "{parent}");
        }
        for parent in [
            "pub struct P; mod child; use child::C;",
            "pub struct P; mod child; pub use child::C; fn f() -> C { todo!() }",
            "pub struct P; mod child; pub use child::*; fn f() { c() }",
            "pub struct P; mod child; fn f() { child::c() }",
            "pub struct P(child::C); mod child;",
        ] {
            let files = planted(&[("lib.rs", "mod p;"), ("p.rs", parent), ("p/child.rs", child)]);
            assert_eq!(breaches(&files).len(), 1, "{parent}");
        }
    }

    #[test]
    fn tests_and_what_only_looks_alike_are_no_arrow() {
        for (a, b) in [
            ("#[cfg(test)] mod tests; pub fn a() {}", "pub fn b() { crate::a::a() }"),
            ("#[cfg(test)] use crate::b::b; pub fn a() {}", "pub fn b() { crate::a::a() }"),
            ("pub fn a(b: u8) { let c = b; f(b) }", "pub fn b() { crate::a::a() }"),
            ("/// [`crate::b::b`]\n pub fn a() { \"crate::b::b\" }", "pub fn b() { crate::a::a() }"),
            ("pub fn a() { b::b(); ::b::b() }", "pub fn b() { crate::a::a() }"),
            ("use crate::b; pub fn a() {}", "pub fn b() { crate::a::a() }"),
            ("pub fn a(x: X) { x.b(); json!({ \"b\": x.b() }) }", "pub fn b() { crate::a::a() }"),
        ] {
            let tests = ("a/tests.rs", "use crate::b::b;");
            let files = planted(&[LIB, ("a.rs", a), tests, ("b.rs", b), ("c.rs", "")]);
            assert_eq!(breaches(&files), Vec::<String>::new(), "{a} / {b}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_told() {
        for (lib, told) in [
            ("mod nowhere;", "nowhere is in no file"),
            ("#[path = \"a.rs\"] mod elsewhere;", "#[path]"),
            ("include!(\"a.rs\");", "include!()"),
            ("fn (", "lib.rs: "),
        ] {
            let found = breaches(&planted(&[("lib.rs", lib), ("a.rs", "")]));
            assert!(found.iter().any(|one| one.contains(told)), "{lib}: {found:?}");
        }
        assert_eq!(breaches(&planted(&[("a.rs", "")])).len(), 1);
    }
}
