//! Answers that are too large, or odd in ways that change nothing.

use super::*;
use crate::call::answer::MAX_VALUES;
use crate::native::Work;

fn one(name: &str, arguments: &Value, body: String) -> Step {
    let mut run = start(name, arguments);
    run.next(vec![], LEFT);
    let response = Response::builder().status(200).header("content-type", "application/json");
    run.next(vec![Ok(response.body(body.into()).unwrap())], LEFT)
}

#[test]
fn ten_megabytes_of_small_members_are_cut_as_they_are_read() {
    let body = format!("{{\"items\": [{}1], \"nextPageToken\": \"n\"}}", "1,".repeat(4_999_999));
    let value = done(one("googlecalendar_list_events", &json!({}), body));
    let kept = value["events"].as_array().unwrap().len();
    assert!(value.to_string().len() <= 60_000 && kept > 1_000, "{kept}");
    assert_eq!(value["truncated"]["left_out"], 5_000_000 - kept);
    assert_eq!(value["next_page_token"], "n");
}

#[test]
fn what_no_shape_selects_is_not_counted() {
    let noise = format!("[{}1]", "1,".repeat(2 * MAX_VALUES));
    let body = format!("{{\"noise\": {noise}, \"items\": [{{\"id\": \"e\"}}], \"more\": {noise}}}");
    assert_eq!(done(one("googlecalendar_list_events", &json!({}), body)), json!({"events": [{"id": "e"}]}));
}

#[test]
fn more_than_a_call_holds_is_refused_with_what_to_do() {
    let body = format!("{{\"id\": \"e\", \"a\": [{}1]}}", "1,".repeat(2 * MAX_VALUES));
    let failure = failed(one("googlecalendar_get_event_by_id", &json!({"event_id": "e"}), body.clone()));
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("more values than can be read at once"), "{}", failure.message);
    let failure = failed(one("box_put", &json!({"name": "x"}), body.replace("\"a\"", "\"id\"")));
    assert!(failure.message.contains("has done it"), "{}", failure.message);
}

#[test]
fn all_answers_of_a_call_share_what_it_may_hold() {
    let mut run = start("box_open", &json!({}));
    run.next(vec![], LEFT);
    let mut step = run.next(vec![answer(200, &listed(20))], LEFT);
    let each = json!(vec![0; MAX_VALUES / 10]);
    for _ in 0..3 {
        let Step::Send(requests) = step else { break };
        step = run.next(requests.iter().map(|_| answer(200, &each)).collect(), LEFT);
    }
    assert!(failed(step).message.contains("more values than can be read at once"));
}

#[test]
fn a_tool_without_a_list_keeps_to_its_bytes() {
    let body = json!({"id": "e", "summary": "s", "rows": vec!["some words of a row"; 400_000 / 10]}).to_string();
    let value = done(one("googlecalendar_get_event_by_id", &json!({"event_id": "e"}), body));
    assert!(value.to_string().len() <= 60_000, "{}", value.to_string().len());
    let kept = value["rows"].as_array().unwrap().len();
    assert_eq!((&value["id"], &value["truncated"]["left_out_of_lists"]), (&json!("e"), &json!(40_000 - kept)));
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    let body = "\u{feff}{\"items\": [], \"nextPageToken\": \"n\"}".to_owned();
    assert_eq!(done(one("googlecalendar_list_events", &json!({}), body))["next_page_token"], "n");
    assert_eq!(done(one("box_label", &json!({"id": "a", "label": "x"}), "\u{feff}".to_owned())), Value::Null);
    let mut run = start("box_put", &json!({"name": "x"}));
    run.next(vec![], LEFT);
    let marked = Response::builder().status(400).body(Bytes::from("\u{feff}{\"error\": \"too big\"}")).unwrap();
    assert!(failed(run.next(vec![Ok(marked)], LEFT)).message.contains("too big"));
}

/// A tool that gives the app's answer as it is gives nothing where nothing came; one that reads members of it would give
/// them as null.
#[test]
fn an_answer_without_a_word_is_one_only_where_nothing_is_read_of_it() {
    let ends = |name: &str, arguments: Value, status: u16, body: &str| {
        let mut run = start(name, &arguments);
        run.next(vec![], LEFT);
        let answer = Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap();
        run.next(vec![Ok(answer)], LEFT)
    };
    let (put, label) = (json!({"name": "x"}), json!({"id": "a", "label": "x"}));
    for body in ["", " \n", "null"] {
        let said = failed(ends("box_put", put.clone(), 200, body)).message;
        assert!(said.starts_with("The Box answered nothing (HTTP 200). It may have been done"), "{said}");
        failed(ends("box_shown", json!({}), 200, body));
        assert_eq!(done(ends("box_put", put.clone(), 204, body)), Value::Null);
        assert_eq!(done(ends("box_label", label.clone(), 200, body)), Value::Null);
    }
    failed(ends("box_shown", json!({}), 202, ""));
}

#[test]
fn a_page_token_that_leads_nowhere_is_not_shown() {
    for token in [json!(""), json!("  "), json!(null), json!(false), json!([]), json!({"after": ""})] {
        let body = json!({"items": [], "nextPageToken": token}).to_string();
        assert_eq!(done(one("googlecalendar_list_events", &json!({}), body)), json!({"events": []}), "{token}");
        // Also where the shape itself shows it.
        let value = done(one("box_shown", &json!({}), json!({"next": token, "things": []}).to_string()));
        assert_eq!(value, json!({"things": []}), "{token}");
    }
    for token in [json!("n"), json!(2), json!(0), json!({"after": "x"})] {
        let body = json!({"items": [], "nextPageToken": token}).to_string();
        assert_eq!(done(one("googlecalendar_list_events", &json!({}), body))["next_page_token"], token);
    }
}

/// Mails of which one takes more work than there is: the others are given, and it is named.
fn mails(most: u64, sizes: &[usize]) -> Step {
    let tool = tool("gmail_fetch_mails");
    let arguments = tool.check(json!({"max_results": 49}).as_object().unwrap()).unwrap();
    let mut run = tool.start(arguments, Setting { work: Work::with_allowance(most), ..setting() }).unwrap();
    run.next(vec![], LEFT);
    let ids = (0..sizes.len()).map(|at| json!({"id": format!("m{at}")})).collect::<Vec<_>>();
    let mut step = run.next(vec![answer(200, &json!({"messages": ids}))], LEFT);
    while let Step::Send(requests) = step {
        let mail = |request: &Request<Bytes>| {
            let at: usize = request.uri().path().rsplit_once("/m").unwrap().1.parse().unwrap();
            // In small parts, so that the work is paid for bit by bit, and nearly all of it before the end is seen.
            let body = json!({"size": 300, "data": "YWFh".repeat(100)});
            let part = json!({"mimeType": "text/plain", "headers": [], "body": body});
            let payload = json!({"mimeType": "multipart/mixed", "headers": [], "parts": vec![part; sizes[at] / 400]});
            answer(200, &json!({"id": format!("m{at}"), "payload": payload}))
        };
        step = run.next(requests.iter().map(mail).collect(), LEFT);
    }
    step
}

#[test]
fn a_mail_that_takes_too_much_work_costs_only_itself() {
    for at in [0, 5, 9] {
        let mut sizes = [400; 10];
        sizes[at] = 1_000_000;
        let value = done(mails(300_000, &sizes));
        assert_eq!(value["messages"].as_array().unwrap().len(), 9, "{value}");
        assert!(value["messages"].as_array().unwrap().iter().all(|mail| mail["text"].as_str().unwrap().len() == 300));
        let missing = &value["not_read"];
        assert_eq!((&missing["count"], &missing["ids"]), (&json!(1), &json!([format!("m{at}")])), "{value}");
        assert!(missing["reason"].as_str().unwrap().contains("more text than one call works through"), "{value}");
    }
    // Nothing is missing where all is paid for; with nothing read there is nothing to give.
    assert_eq!(done(mails(300_000, &[400; 10])).get("not_read"), None);
    assert_eq!(failed(mails(300_000, &[1_000_000])).kind, FailureKind::InvalidInput);
    assert!(failed(mails(50, &[4_000; 3])).message.contains("more text than one call works through"));
}

#[test]
fn an_argument_that_is_too_long_is_the_callers_to_shorten() {
    let long = "x".repeat(4_000_000);
    let start = |name: &str, given: Value| tool(name).start(given.as_object().unwrap().clone(), setting()).unwrap();
    let failure = failed(start("box_sought", json!({"word": long})).next(vec![], LEFT));
    assert_eq!(failure.kind, FailureKind::InvalidInput, "{failure}");
    assert!(failure.message.contains("too long to be worked with: `word`"), "{failure}");
    assert_eq!(sent(start("box_sought", json!({"word": "ab"})).next(vec![], LEFT)).len(), 1);
}
