use super::*;
use crate::Catalog;
use std::collections::BTreeSet;

const QUERIES: &str = include_str!("../../../../catalogue/search-queries.tsv");

/// One line of the file.
struct Query {
    half: &'static str,
    text: &'static str,
    wanted: Vec<&'static str>,
}

fn queries() -> Vec<Query> {
    let lines = QUERIES.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [half, text, wanted] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            Query { half, text, wanted: wanted.split('|').collect() }
        })
        .collect()
}

fn index() -> (Catalog, Index) {
    let catalog = Catalog::shipped().unwrap();
    // An alias has the same tools once more.
    let index = Index::of(catalog.connectors().filter(|connector| connector.alias_of.is_none()));
    (catalog, index)
}

#[test]
fn the_wanted_tool_is_among_the_first_five() {
    let (catalog, index) = index();
    // Nine of ten are the goal. The half apart asks for the tools that no other line asks for. Before tools had keywords 27
    // of its 42 were found; whoever wrote those knew the tools' names and descriptions, and no query.
    for half in ["tune", "seen", "apart"] {
        let shipped = |query: &Query| query.wanted.iter().any(|tool| catalog.tool(tool).is_some());
        let asked: Vec<Query> = queries().into_iter().filter(|query| query.half == half).filter(shipped).collect();
        let lost = |query: &&Query| {
            let found = index.search(query.text, 5);
            !found.iter().any(|hit| query.wanted.contains(&hit.tool.definition.name.as_str()))
        };
        let lost: Vec<&str> = asked.iter().filter(lost).map(|query| query.text).collect();
        // Which ones of the half apart are lost is not said, so that nobody tunes by it.
        let told = if half == "apart" { String::new() } else { format!("{lost:#?}") };
        println!("{half}: {} of {} found", asked.len() - lost.len(), asked.len());
        assert!(
            asked.len() >= 8 && (asked.len() - lost.len()) * 100 >= 90 * asked.len(),
            "{half}: {} of {} lost {told}",
            lost.len(),
            asked.len()
        );
    }
}

#[test]
fn the_queries_are_many_halved_and_name_no_tool() {
    let (catalog, _) = index();
    let names: Vec<String> =
        catalog.connectors().flat_map(|connector| connector.tools.keys().cloned().collect::<Vec<_>>()).collect();
    let queries = queries();
    let of = |half: &str| queries.iter().filter(|query| query.half == half).count();
    let (tuned, apart) = (of("tune"), of("apart"));
    assert!(tuned + apart >= 60 && tuned == apart && tuned + of("seen") + apart == queries.len(), "{tuned}, {apart}");
    assert_eq!(queries.iter().map(|query| query.text).collect::<BTreeSet<_>>().len(), queries.len());
    for query in &queries {
        let wanted = query.wanted.iter().map(|name| (*name).to_owned());
        for name in names.iter().cloned().chain(wanted) {
            let rest = name.split_once('_').map_or("", |(_, rest)| rest).replace('_', " ");
            let words = query.text.to_lowercase();
            let told = words.contains(&name) || (rest.contains(' ') && words.contains(&rest));
            assert!(!told, "{name}: {words}");
        }
    }
}

#[test]
fn a_query_costs_its_first_words_and_answers_in_one_order() {
    let (_, index) = index();
    assert!(index.search("", 5).is_empty() && index.search("zzz ... \u{0} 日本", 5).is_empty());
    let names =
        |query: &str| index.search(query, 50).iter().map(|hit| hit.tool.definition.name.clone()).collect::<Vec<_>>();
    assert_eq!(names("send mail"), names("send mail"));
    assert!(names("send mail")[..5].contains(&"gmail_send_message".to_owned()));
    let long = format!("send mail {}", (0..MOST_WORDS).map(|n| format!("q{n} ")).collect::<String>());
    assert_eq!(names(&format!("{long} calendar")), names(&long), "words behind the {MOST_WORDS}th are not looked at");
    let scores: Vec<f64> = index.search("read an email", 50).iter().map(|hit| hit.score).collect();
    assert!(scores.is_sorted_by(|one, other| one >= other) && scores.iter().all(|score| score.is_finite()));
    assert_eq!(index.search("read an email", 2).len(), 2);
}
