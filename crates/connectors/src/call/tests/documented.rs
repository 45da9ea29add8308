//! What docs/CONNECTORS.md says of failures is what becomes of them.

use super::*;

#[test]
fn each_status_is_of_the_kind_that_the_page_says() {
    let page = include_str!("../../../../../docs/CONNECTORS.md");
    let (_, table) = page.split_once("| kind | without a rule |").unwrap();
    let mut statuses = 0;
    for row in table.lines().skip(2).take_while(|row| row.starts_with('|')) {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let (kind, without_rule) = (cells.next().unwrap(), cells.next().unwrap());
        let expected: FailureKind = serde_json::from_value(json!(kind.trim_matches('`'))).unwrap();
        for range in without_rule.split(", ").filter(|text| text.starts_with(|c: char| c.is_ascii_digit())) {
            let (first, last) = range.split_once(" to ").unwrap_or((range, range));
            for status in first.parse::<u16>().unwrap()..=last.parse().unwrap() {
                let mut run = start("box_put", &json!({"name": "x"}));
                run.next(vec![], LEFT);
                let failure = failed(run.next(vec![answer(status, &json!({}))], LEFT));
                assert_eq!(failure.kind, expected, "{status}");
                statuses += 1;
            }
        }
    }
    assert!(statuses > 15, "{statuses}");
}
