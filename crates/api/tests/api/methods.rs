//! docs/METHODS.md: the table of all methods, made from the descriptors.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use valetkey_api::{Door, Who, Wire, doors};

const CALLERS: &str = include_str!("callers.tsv");
const WRITTEN: &str = include_str!("../../../../docs/METHODS.md");

const HEAD: &str = "# Methods\n\n\
    Made from the descriptors by `cargo test -p valetkey-api --test api methods`, which fails when it is stale and says how\n\
    to renew it. *SDKs*: which official SDK calls the method (Python 2.21.0, Node 2.11.0). Every method that is served was\n\
    called by REST, with success and with a refusal, by `crates/api/tests/api/every_method.rs`, and each rule of its request\n\
    was broken over gRPC by `rules.rs` beside it. The others answer UNIMPLEMENTED, by name, to callers with a valid token.\n";

/// What callers.tsv says of a method: its SDKs, and why it isn't served.
fn callers() -> HashMap<String, (String, &'static str)> {
    let lines = CALLERS.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let [service, method, python, node, why] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let sdks: Vec<_> = [(python, "Python"), (node, "Node")]
            .into_iter()
            .filter(|(calls, _)| !calls.is_empty())
            .map(|(_, sdk)| sdk)
            .collect();
        (format!("/scalekit.v1.{service}/{method}"), (sdks.join(", "), why))
    };
    lines.map(read).collect()
}

fn table(callers: &HashMap<String, (String, &'static str)>) -> String {
    let doors = doors().unwrap();
    let methods: Vec<&Door> = doors.iter().filter(|door| door.wire == Wire::Grpc && !door.method.is_empty()).collect();
    let mut services: BTreeMap<&str, Vec<&Door>> = BTreeMap::new();
    for door in &methods {
        services.entry(door.method.trim_start_matches('/').split('/').next().unwrap()).or_default().push(door);
    }
    let served = methods.iter().filter(|door| door.implemented).count();
    let mut text = format!("{HEAD}\n{served} of {} are served.\n", methods.len());
    for (service, methods) in services {
        write!(text, "\n## {service}\n\n| method | REST | SDKs | served |\n|---|---|---|---|\n").unwrap();
        for door in methods {
            let forms = doors.iter().filter(|form| form.wire == Wire::Rest && form.method == door.method);
            let forms: Vec<_> = forms.map(|form| format!("`{} {}`", form.verb, form.path)).collect();
            let (sdks, why) = callers.get(&door.method).map_or(("", ""), |(sdks, why)| (sdks.as_str(), *why));
            let served = match (door.implemented, door.who, why) {
                (true, ..) => "yes",
                (false, Who::Nobody, _) => "no: for signed-in people, none of whom is a caller here",
                (false, _, "") => "not yet",
                (false, _, why) => &format!("no: {why}"),
            };
            let name = door.method.rsplit('/').next().unwrap();
            writeln!(text, "| `{name}` | {} | {sdks} | {served} |", forms.join("<br>")).unwrap();
        }
    }
    text
}

#[test]
fn the_table_of_methods_is_what_the_descriptors_say() {
    let made = table(&callers());
    if made != WRITTEN {
        let here = concat!(env!("CARGO_TARGET_TMPDIR"), "/METHODS.md");
        std::fs::write(here, &made).unwrap();
        panic!("docs/METHODS.md is stale. Renew it: cp {here} docs/METHODS.md");
    }
}

#[test]
fn what_is_said_of_callers_names_methods_that_are_there_and_no_served_one_has_a_reason_against_it() {
    let doors = doors().unwrap();
    for (method, (_, why)) in callers() {
        let door = doors.iter().find(|door| door.wire == Wire::Grpc && door.method == method);
        let door = door.unwrap_or_else(|| panic!("callers.tsv names {method}, which is not there"));
        assert!(why.is_empty() || !door.implemented, "{method} is served: {why}");
    }
}
