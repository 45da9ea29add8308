//! `gmail_compose` and `gmail_reply`: what is composed is read back by parsers of others.

use super::*;

#[test]
fn a_plain_message_is_read_back() {
    let input = json!({
        "to": "\"Doe, John\" <john@example.com>, Ana Müller <ana@bücher.example>", "cc": "c@example.com", "bcc": "d@example.com",
        "subject": "Grüße 🎉 and a subject that is long enough to be folded over more than one line, is it not", "thread_id": "t1",
        "body": "Hello,\n.\nFrom here: ünï\r\nlast\rline  "
    });
    let answer = run("gmail_compose", &json!({"input": input})).unwrap();
    assert_eq!(answer["threadId"], "t1");
    let bytes = raw(&answer);
    let message = parsed(&bytes);
    assert_eq!(message.subject(), input["subject"].as_str());
    let to: Vec<_> = message.to().unwrap().iter().map(|one| (one.name(), one.address())).collect();
    assert_eq!(
        to,
        [(Some("Doe, John"), Some("john@example.com")), (Some("Ana Müller"), Some("ana@xn--bcher-kva.example"))]
    );
    assert_eq!(message.bcc().unwrap().first().unwrap().address(), Some("d@example.com"));
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), "Hello,\n.\nFrom here: ünï\nlast\nline  ");
    assert!(message.date().is_none() && message.message_id().is_none() && message.from().is_none());
    assert!(bytes.is_ascii() && bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 79));
}

#[test]
fn html_gets_a_text_beside_it() {
    let bytes = composed(&json!({
        "to": "a@example.com", "from": "Me <me@example.com>", "subject": "", "content_type": "text/html; charset=utf-8",
        "body": "<p>Hello <b>Ana</b>,</p><p>see <a href=\"https://example.com\">this</a> 👋</p>"
    }));
    let message = parsed(&bytes);
    assert!(message.content_type().unwrap().subtype() == Some("alternative"));
    assert!(message.text_bodies().next().unwrap().text_contents().unwrap().contains("Ana"));
    assert!(!message.text_bodies().next().unwrap().text_contents().unwrap().contains("<p>"));
    assert!(message.html_bodies().next().unwrap().text_contents().unwrap().contains("<b>Ana</b>"));
    assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Me"));
}

/// Attack 39: no argument can begin a header of its own.
#[test]
fn header_injection_is_refused_by_the_argument_s_name() {
    let fine = json!({"to": "a@example.com", "subject": "s", "body": "b", "thread_id": "t"});
    for name in ["to", "cc", "bcc", "from", "subject"] {
        for attack in [
            "x@example.com\r\nBcc: e@example.com",
            "x@example.com\nBcc: e@example.com",
            "x@example.com\r",
            "x@example.com\0",
        ] {
            let mut input = fine.clone();
            input[name] = attack.into();
            let message = run("gmail_compose", &json!({"input": input})).unwrap_err();
            assert!(message.starts_with(&format!("`{name}` ")), "{message}");
        }
    }
    let headers = json!([{"name": "Subject", "value": "=?utf-8?B?YQ0KQmNjOiBlQGV4YW1wbGUuY29t?="},
        {"name": "Message-ID", "value": "<a@x>\r\nBcc: <e@example.com>"}, {"name": "References", "value": "<b\r\nBcc: e@x> <ok@x>"}]);
    let thread = json!({"id": "t", "messages": [{"id": "m", "payload": {"headers": headers}}]});
    let bytes =
        raw(&run("gmail_reply", &json!({"input": {"to": "a@example.com", "body": "b"}, "thread": thread})).unwrap());
    let names: Vec<_> = parsed(&bytes).headers().iter().map(|header| header.name().to_owned()).collect();
    assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{}", String::from_utf8_lossy(&bytes));
}

#[test]
fn wrong_arguments_are_named() {
    let refused = |input: Value| run("gmail_compose", &json!({"input": input})).unwrap_err();
    assert!(refused(json!({"body": "b"})).starts_with("`to` must name"));
    assert!(refused(json!({"to": "  ", "body": "b"})).starts_with("`to` must name"));
    assert!(refused(json!({"to": 3})).starts_with("`to` must be a text"));
    assert!(refused(json!({"to": "a@example.com", "body": ["x"]})).starts_with("`body` must be"));
    assert!(refused(json!({"to": "a@example.com", "content_type": "text/rtf"})).starts_with("`content_type`"));
    assert!(refused(json!({"to": "a@example.com", "from": "a@example.com, b@example.com"})).starts_with("`from`"));
    assert!(refused(json!({"to": "a@example.com", "body": "x".repeat(6 << 20)})).starts_with("`body` has"));
    assert!(run("gmail_compose", &json!({})).unwrap_err().starts_with("`to`"));
}

#[test]
fn a_reply_joins_its_thread() {
    let headers = json!([
        {"name": "Subject", "value": "RE: =?ISO-8859-1?Q?caf=E9?="}, {"name": "Message-ID", "value": "<two@x>"},
        {"name": "References", "value": "<zero@x>\r\n <one@x>"}, {"name": "In-Reply-To", "value": "<one@x>"}
    ]);
    let thread = json!({"id": "t9", "messages": [{"id": "m", "internalDate": "5", "payload": {"headers": headers}}]});
    let answer = run(
        "gmail_reply",
        &json!({"input": {"to": "a@example.com", "body": "b", "thread_id": "other"}, "thread": thread}),
    )
    .unwrap();
    assert_eq!(answer["threadId"], "t9");
    let bytes = raw(&answer);
    let message = parsed(&bytes);
    assert_eq!(message.subject(), Some("Re: café"));
    assert_eq!(message.in_reply_to().as_text(), Some("two@x"));
    assert_eq!(message.references().as_text_list().unwrap(), ["zero@x", "one@x", "two@x"]);
    let own =
        run("gmail_reply", &json!({"input": {"to": "a@example.com", "subject": "Other"}, "thread": thread})).unwrap();
    assert_eq!(parsed(&raw(&own)).subject(), Some("Other"));
    assert!(run("gmail_reply", &json!({"input": {"to": "a@example.com"}})).unwrap_err().contains("no thread"));
}

/// Ids that are not of RFC 5322's form are repeated as they are; one that cannot be is said, not dropped.
#[test]
fn a_reply_stays_in_a_thread_of_strange_ids() {
    let reply = |id: &str, references: &str| {
        let headers = json!([{"name": "Message-Id", "value": id}, {"name": "References", "value": references}]);
        let thread = json!({"id": "t", "messages": [{"id": "m", "payload": {"headers": headers}}]});
        run("gmail_reply", &json!({"input": {"to": "a@example.com", "body": "b"}, "thread": thread}))
    };
    for (id, references, written) in [
        ("<20261122.ABC>", "<a@x> <no-at>", "References: <a@x> <no-at> <20261122.ABC>"),
        ("no-brackets@x", "a@x b@x", "References: <a@x> <b@x> <no-brackets@x>"),
        ("<two@at@x>", "", "References: <two@at@x>"),
        ("<a blank@x> (comment)", "", "References: <a blank@x>"),
    ] {
        let text = String::from_utf8(raw(&reply(id, references).unwrap()))
            .unwrap()
            .replace("\r\n\t", " ")
            .replace("\r\n ", " ");
        assert!(text.contains(&format!("{written}\r\n")), "{text}");
        assert!(text.contains("In-Reply-To: <"), "{text}");
    }
    for id in ["<ü@x>".to_owned(), format!("<{}@x>", "a".repeat(2000)), "<>".to_owned()] {
        assert!(reply(&id, "").unwrap_err().contains("has a Message-ID that no header can repeat"), "{id}");
    }
}

/// Messages composed here, as CPython's `email` package read them. All are printed before the first is compared:
/// fixtures/read_with_python.py takes them from there when they change.
#[test]
fn python_reads_what_was_meant() {
    let mut cases: Vec<Value> = serde_json::from_str(include_str!("../fixtures/cases.json")).unwrap();
    for case in &mut cases {
        let bytes = raw(&run(case["native"].as_str().unwrap(), &case["scope"]).unwrap());
        case["raw"] = String::from_utf8(bytes).unwrap().into();
        println!("CASE {case}");
    }
    let read: Vec<Value> = serde_json::from_str(include_str!("../fixtures/read_by_python.json")).unwrap();
    assert_eq!(cases.len(), read.len(), "run the script in fixtures again");
    for (case, read) in cases.iter().zip(&read) {
        assert_eq!(case["raw"], read["raw"], "run the script in fixtures again");
        assert_eq!(read["read"], case["meant"]);
        assert_eq!(read["defects"], json!([]));
    }
}
