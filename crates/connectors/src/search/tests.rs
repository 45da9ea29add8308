use super::*;
use crate::Catalog;

#[test]
fn a_query_costs_its_first_words_and_answers_in_one_order() {
    let index = Index::of(Catalog::shipped().unwrap().connectors());
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
