//! Every query of this crate, out of its source.

use crate::{
    Bulk, accounts, changes, closings, configs, connections, events, instances, journal, organizations, portable,
    providers, revocations,
};
use std::path::Path;

/// A query.
pub(super) struct Query {
    /// Where it stands.
    pub(super) file: String,
    /// It, in one line.
    pub(super) text: String,
}

impl Query {
    pub(super) fn new(file: &str, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.split_whitespace().collect::<Vec<_>>().join(" ") }
    }

    /// How many arguments it has.
    pub(super) fn arguments(&self) -> usize {
        let numbers = self.text.split('$').skip(1);
        let number =
            |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        numbers.map(number).max().unwrap_or(0)
    }

    /// The table that a name in a plan means.
    pub(super) fn table(&self, name: &str) -> Option<&str> {
        let words: Vec<&str> = self.text.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()).collect();
        let meant = words.windows(3).find(|three| is_table(three[0]) && (three[2] == name || three[1] == name));
        let meant = meant.map(|three| three[1]);
        meant.or_else(|| words.windows(2).find(|two| is_table(two[0]) && two[1] == name).map(|two| two[1]))
    }
}

/// What stands in a SELECT by itself, without what is in its parentheses; of each that a query has. What EXISTS asks begins
/// with that word.
pub(super) fn selects(text: &str) -> Vec<String> {
    let (mut open, mut done) = (vec![String::new()], Vec::new());
    for c in text.chars() {
        let now = open.last_mut().expect("the outermost is closed last");
        now.push(c);
        match c {
            '(' => {
                let exists = now.ends_with("EXISTS (");
                open.push(if exists { "EXISTS ".to_owned() } else { String::new() });
            }
            ')' => {
                let mut closed = open.pop().expect("each parenthesis that closes was opened");
                closed.pop();
                open.last_mut().expect("it was opened in something").push(c);
                done.push(closed);
            }
            _ => {}
        }
    }
    done.extend(open);
    done
}

fn is_table(before: &str) -> bool {
    ["FROM", "JOIN", "UPDATE", "INTO"].contains(&before)
}

/// All of them. What is done to many rows at once comes with `over`.
pub(super) fn all(over: fn(&'static Bulk) -> &'static str) -> Vec<Query> {
    let mut all = Vec::new();
    gather(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut all);
    assert!(all.len() > 100, "only {} queries are found in the source", all.len());
    let lists = [
        ("accounts/list.rs", accounts::texts()),
        ("instances.rs", instances::texts()),
        ("configs.rs", configs::texts()),
        ("connections.rs", connections::texts()),
        ("organizations.rs", organizations::texts()),
        ("providers.rs", providers::texts()),
        ("events.rs", events::texts()),
        ("journal.rs", journal::texts()),
        ("journal/calls.rs", journal::calls::texts()),
    ];
    let leased = [closings::LEASED, revocations::LEASED].into_iter().flat_map(crate::leased::Leased::texts);
    let bulks = journal::chain::bulks().into_iter().map(over);
    all.extend(lists.into_iter().flat_map(|(file, texts)| texts.into_iter().map(move |text| Query::new(file, text))));
    all.extend(leased.map(|text| Query::new("leased.rs", text)));
    all.push(Query::new("instances.rs", instances::GET));
    all.extend(connections::SELECTS.map(|text| Query::new("connections.rs", text)));
    all.extend(bulks.map(|text| Query::new("journal/chain.rs", text)));
    all.extend(changes::texts().into_iter().map(|text| Query::new("changes.rs", text)));
    all.extend(portable::texts().into_iter().map(|text| Query::new("portable.rs", text)));
    all
}

/// Files whose queries are made of parts (they are added above), speak of one database's own, or are tests'.
const LEFT_OUT: [&str; 7] = ["leased.rs", "bulk.rs", "fixture.rs", "contract.rs", "tests.rs", "plans", "sqlite"];

fn gather(folder: &Path, all: &mut Vec<Query>) {
    let mut entries: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.trim_end_matches(".rs")) || LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            if name != "postgres" {
                gather(&path, all);
            }
        } else {
            let source = std::fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            all.extend(literals(source).iter().filter(|text| is_query(text)).map(|text| Query::new(&name, text)));
        }
    }
}

fn is_query(text: &str) -> bool {
    let begins = ["SELECT ", "UPDATE ", "DELETE ", "WITH ", "INSERT "].iter().any(|word| text.starts_with(word));
    // A text with a gap is made into queries elsewhere; an INSERT that asks nothing looks for nothing.
    let asks = text.contains("SELECT ") || !text.starts_with("INSERT ");
    begins && asks && text.len() > 20 && !text.contains('{') && !text.contains("given")
}

/// The string literals of a source.
fn literals(source: &str) -> Vec<String> {
    let (mut all, mut rest) = (Vec::new(), source.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => while rest.next().is_some_and(|c| c != '\n') {},
            '\'' => {
                // A character, or a lifetime, which has no end.
                let mut ahead = rest.clone();
                match (ahead.next(), ahead.next(), ahead.next()) {
                    (Some('\\'), _, Some('\'')) => drop(rest.nth(2)),
                    (Some(_), Some('\''), _) => drop(rest.nth(1)),
                    _ => {}
                }
            }
            '"' => all.push(literal(&mut rest)),
            _ => {}
        }
    }
    all
}

fn literal(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => match rest.next() {
                Some('\n') | None => {}
                Some(escaped) => text.push(escaped),
            },
            c => text.push(c),
        }
    }
    text
}
