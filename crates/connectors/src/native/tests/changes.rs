//! The natives behind drafts, labels, filters, whole mails and the automatic reply.

use super::*;

fn draft(parts: &[Value], headers: &[(&str, &str)]) -> Value {
    let mut payload = multipart("multipart/mixed", parts);
    payload["headers"] = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"id": "r1", "message": {"id": "m1", "threadId": "t1", "labelIds": ["DRAFT"], "payload": payload}})
}

#[test]
fn a_draft_is_read_like_a_mail_under_its_own_id() {
    let text = part("text/plain", "Grüße".as_bytes(), &[("Content-Type", "text/plain; charset=utf-8")]);
    let shown = run("gmail_draft", &json!({"draft": draft(&[text], &[("Subject", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=")])}));
    let shown = shown.unwrap();
    assert_eq!((&shown["id"], &shown["message"]["id"]), (&json!("r1"), &json!("m1")));
    assert_eq!(shown["message"]["subject"], "Grüße");
    assert_eq!(shown["message"]["text"], "Grüße");
    assert!(shown["message"].get("payload").is_none());
    assert_eq!(run("gmail_draft", &json!({"draft": {"message": "no"}})).unwrap(), json!({}));
    assert!(run("gmail_draft", &json!({})).unwrap_err().contains("no draft"));
}

#[test]
fn a_changed_draft_keeps_its_place_in_the_conversation() {
    let before = draft(&[], &[("In-Reply-To", "<q@x>"), ("References", "<p@x> <q@x>\r\nBcc: <evil@x>")]);
    let input = json!({"to": "a@example.com", "subject": "Re: Q", "body": "New."});
    let answer = run("gmail_redraft", &json!({"draft": before, "input": input})).unwrap();
    assert_eq!(answer["threadId"], "t1");
    let bytes = raw(&answer);
    let message = parsed(&bytes);
    assert_eq!(message.in_reply_to().as_text(), Some("q@x"));
    assert_eq!(message.references().as_text_list().unwrap(), ["p@x", "q@x", "evil@x"]);
    assert!(message.bcc().is_none(), "a line break in a header that Gmail answered begins no header of its own");
    let elsewhere = json!({"to": "a@example.com", "subject": "Q", "body": "New.", "thread_id": "t2"});
    let answer = run("gmail_redraft", &json!({"draft": before, "input": elsewhere})).unwrap();
    assert_eq!(answer["threadId"], "t2");
    assert!(!String::from_utf8(raw(&answer)).unwrap().contains("In-Reply-To"));
}

#[test]
fn a_draft_with_files_is_not_written_over() {
    let before = draft(&[file("plan\u{202e}.pdf", "application/pdf", "A", 10)], &[]);
    let input = json!({"to": "a@example.com", "subject": "s", "body": "b"});
    let refusal = run("gmail_redraft", &json!({"draft": before, "input": input})).unwrap_err();
    assert!(refusal.contains("attached files") && refusal.contains(".pdf"), "{refusal}");
}

/// Attack 39, for what is composed anew.
#[test]
fn a_changed_draft_takes_no_header_of_the_caller() {
    for name in ["to", "cc", "bcc", "subject"] {
        let mut input = json!({"to": "a@example.com", "subject": "s", "body": "b"});
        input[name] = "x@example.com\r\nBcc: e@example.com".into();
        let refusal = run("gmail_redraft", &json!({"draft": draft(&[], &[]), "input": input})).unwrap_err();
        assert!(refusal.starts_with(&format!("`{name}` ")), "{refusal}");
    }
}

#[test]
fn a_conversation_in_a_list_says_who_wrote_and_what_is_new() {
    let mail = |from: &str, labels: &[&str], snippet: &str| {
        let headers =
            [("From", from), ("Subject", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="), ("Date", "Sun, 22 Nov 2026 09:00:00 +0000")];
        json!({"labelIds": labels, "snippet": snippet, "payload": part("text/plain", b"", &headers)})
    };
    let messages =
        [mail("Ada <a@x>", &[], "one"), mail("Bob <b@x>", &["UNREAD"], "two"), mail("Ada <a@x>", &[], "three")];
    let row = run("gmail_listed_thread", &json!({"thread": {"id": "t", "messages": messages}})).unwrap();
    let expected = json!({"id": "t", "subject": "Grüße", "from": ["Ada <a@x>", "Bob <b@x>"],
        "date": "Sun, 22 Nov 2026 09:00:00 +0000", "messages": 3, "unread": true, "snippet": "three"});
    assert_eq!(row, expected);
    let begun = [mail("Ada <a@x>", &[], "one"), mail("Me <me@x>", &["DRAFT"], "Yes, at")];
    let row = run("gmail_listed_thread", &json!({"thread": {"messages": begun}})).unwrap();
    let told = (&row["from"], &row["messages"], &row["drafts"], &row["snippet"]);
    assert_eq!(told, (&json!(["Ada <a@x>"]), &json!(1), &json!(1), &json!("one")), "not answered yet");
    let row = run("gmail_listed_thread", &json!({"thread": {"messages": [begun[1]]}})).unwrap();
    assert_eq!((&row["messages"], &row["drafts"], &row["snippet"]), (&json!(0), &json!(1), &json!("Yes, at")));
    let odd = json!({"thread": {"id": "t", "messages": [7, {"payload": {"headers": "no"}, "labelIds": "no"}]}});
    assert_eq!(run("gmail_listed_thread", &odd).unwrap(), json!({"id": "t", "messages": 2, "unread": false}));
}

#[test]
fn a_filter_is_made_of_what_is_true() {
    let input = json!({"from": " ads@example.com ", "has_attachment": true, "should_archive": true, "should_mark_read": true,
        "should_star": false, "add_label_ids": ["Label_7"], "forward": "a@example.com"});
    let filter = run("gmail_filter", &json!({"input": input})).unwrap();
    let expected = json!({"criteria": {"from": "ads@example.com", "hasAttachment": true}, "action":
        {"addLabelIds": ["Label_7"], "removeLabelIds": ["INBOX", "UNREAD"], "forward": "a@example.com"}});
    assert_eq!(filter, expected);
    for (input, says) in [
        (json!({"should_star": true}), "which mails"),
        (json!({"has_attachment": false, "should_star": true}), "which mails"),
        (json!({"from": "a"}), "what the filter does"),
        (json!({"from": "a", "should_star": false}), "what the filter does"),
        (json!({"from": "a", "should_always_mark_important": true, "should_never_mark_important": true}), "IMPORTANT"),
        (json!({"from": "a", "should_archive": true, "add_label_ids": ["INBOX"]}), "INBOX"),
        (json!({"from": "a", "add_label_ids": "INBOX"}), "add_label_ids"),
    ] {
        let refusal = run("gmail_filter", &json!({"input": input})).unwrap_err();
        assert!(refusal.contains(says), "{input}: {refusal}");
    }
}

#[test]
fn labels_change_by_something_that_agrees_with_itself() {
    let given = |input: Value| run("gmail_label_change", &json!({"input": input}));
    assert_eq!(given(json!({"remove_label_ids": ["INBOX"]})).unwrap(), Value::Null);
    assert!(given(json!({})).unwrap_err().contains("nothing to change"));
    assert!(given(json!({"add_label_ids": []})).unwrap_err().contains("nothing to change"));
    assert!(given(json!({"add_label_ids": ["A", " B"], "remove_label_ids": ["B "]})).unwrap_err().contains("label B"));
    assert!(given(json!({"add_label_ids": [" "]})).unwrap_err().contains("none of them empty"));
    assert!(given(json!({"add_label_ids": [7]})).unwrap_err().contains("list of label ids"));
}

#[test]
fn a_whole_mail_is_taken_as_it_is_or_in_base64() {
    let mail = "From: a@example.com\nSubject: s\n\nHello\r\nthere";
    let sent = b"From: a@example.com\r\nSubject: s\r\n\r\nHello\r\nthere";
    assert_eq!(raw(&run("gmail_raw", &json!({"input": {"raw_message": mail}})).unwrap()), sent);
    for given in [URL_SAFE.encode(sent), URL_SAFE_NO_PAD.encode(sent), URL_SAFE.encode(sent).replace('-', "+")] {
        assert_eq!(raw(&run("gmail_raw", &json!({"input": {"raw_message": given}})).unwrap()), sent);
    }
    for given in ["Hello", "Hello there", "no header: here", ":x", "SGVsbG8", "\u{e9}: x", "From", "*"] {
        let refusal = run("gmail_raw", &json!({"input": {"raw_message": given}})).unwrap_err();
        assert!(refusal.contains("RFC 5322"), "{given}: {refusal}");
    }
    let long = format!("A: b\r\n\r\n{}", "x".repeat(5 << 20));
    assert!(run("gmail_raw", &json!({"input": {"raw_message": long}})).unwrap_err().contains("at most"));
}

#[test]
fn an_automatic_reply_keeps_what_is_not_changed() {
    let before = json!({"enableAutoReply": false, "responseSubject": "Away", "responseBodyHtml": "<p>Old</p>",
        "restrictToDomain": true, "endTime": "1000"});
    let set = |input: Value| run("gmail_vacation", &json!({"before": before, "input": input}));
    let mut expected = before.clone();
    expected["enableAutoReply"] = true.into();
    assert_eq!(set(json!({"enable_auto_reply": true})).unwrap(), expected);
    let changed =
        set(json!({"enable_auto_reply": true, "response_body_plain_text": "Back soon", "restrict_to_domain": false,
        "start_time": "2026-12-20T00:00:00+01:00", "end_time": "1798758000000"}));
    let expected = json!({"enableAutoReply": true, "responseSubject": "Away", "responseBodyPlainText": "Back soon",
        "restrictToDomain": false, "startTime": "1797721200000", "endTime": "1798758000000"});
    assert_eq!(changed.unwrap(), expected);
    let emptied = set(json!({"enable_auto_reply": false, "response_subject": "", "end_time": ""})).unwrap();
    assert!(emptied.get("responseSubject").is_none() && emptied.get("endTime").is_none());
    let html = set(json!({"enable_auto_reply": false, "response_body_plain_text": ""})).unwrap();
    assert_eq!(html["responseBodyHtml"], "<p>Old</p>", "a plain text that is taken away leaves the other");
    for (input, says) in [
        (json!({"enable_auto_reply": true, "end_time": "0"}), "its end is over"),
        (json!({"enable_auto_reply": true, "response_subject": "", "response_body_html": ""}), "says something"),
        (json!({"enable_auto_reply": false, "start_time": "2026-12-20"}), "`start_time`"),
        (json!({"enable_auto_reply": false, "end_time": "-5"}), "`end_time`"),
        (json!({"enable_auto_reply": false, "start_time": "2000"}), "before `end_time`"),
    ] {
        let refusal = set(input.clone()).unwrap_err();
        assert!(refusal.contains(says), "{input}: {refusal}");
    }
    assert!(run("gmail_vacation", &json!({"input": {"enable_auto_reply": true}})).is_err());
}
