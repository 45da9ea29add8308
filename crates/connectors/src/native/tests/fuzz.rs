//! Whatever an app answers and whatever a caller writes.

use super::*;
use proptest::prelude::*;

/// JSON with the members that natives look for, holding anything.
fn anything() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,12}",
        "[=?A-Za-z0-9*_<>@,:;\"\\\\ \r\n-]{0,40}",
        Just("=?utf-8?B?gICA?=".to_owned()),
        Just("multipart/alternative".to_owned()),
        Just("text/html".to_owned()),
        Just("text/plain".to_owned()),
        Just("2026-03-29T02:30:00".to_owned()),
        Just("9999-12-31T23:59:59+23:59[Europe/Berlin]".to_owned()),
        Just("2026-03-29".to_owned()),
        Just("Europe/Berlin".to_owned()),
        Just("a@example.com".to_owned()),
        Just("Content-Type".to_owned()),
        Just("text/plain; charset*0=utf-7; name*=x''%zz".to_owned()),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| URL_SAFE_NO_PAD.encode(bytes)),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let key = prop::sample::select(KEYS);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|members| Value::Object(
                members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

const KEYS: &[&str] = &[
    "input",
    "thread",
    "message",
    "messages",
    "attachment",
    "content",
    "event",
    "calendar",
    "payload",
    "parts",
    "headers",
    "name",
    "value",
    "body",
    "data",
    "attachmentId",
    "filename",
    "mimeType",
    "mime_type",
    "size",
    "raw",
    "id",
    "labelIds",
    "internalDate",
    "to",
    "cc",
    "subject",
    "content_type",
    "start_datetime",
    "end_datetime",
    "timezone",
    "timeZone",
    "event_duration_hour",
    "recurrence",
    "start",
    "end",
    "date",
    "dateTime",
    "file_name",
    "attachment_id",
    "in_reply_to_message_id",
    "format",
    "summary",
    "attendees_emails",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_native_panics(values in prop::collection::vec(anything(), 8), native in prop::sample::select(NATIVES)) {
        let names = ["input", "thread", "message", "attachment", "content", "event", "calendar", "payload"];
        let mut scope: Map<String, Value> = names.into_iter().map(str::to_owned).zip(values.clone()).collect();
        let _ = (native.1)(&scope, &setting());
        scope.insert("message".to_owned(), json!({"payload": values[2], "raw": values[3]}));
        scope.insert("thread".to_owned(), json!({"id": "t", "messages": [{"id": "m", "payload": values[4]}, values[5]]}));
        scope.insert("input".to_owned(), json!({"to": "a@example.com", "body": values[6], "start_datetime": values[7], "end_datetime": values[1]}));
        let _ = (native.1)(&scope, &setting());
    }

    #[test]
    fn no_page_and_no_charset_is_too_much(
        pieces in prop::collection::vec((prop::sample::select(super::worst::FAMILIES.clone()), 1..40_usize), 0..12),
        label in "[a-zA-Z0-9_ *:.-]{0,20}|cp[0-9]{1,5}|utf-?7|hz",
        bytes in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let html: String = pieces.iter().map(|(family, times)| family.name.repeat(*times)).collect();
        let text = viewed(&part("text/html", html.as_bytes(), &[]))["text"].as_str().unwrap().to_owned();
        prop_assert!(text.len() <= 40 * html.len(), "{}", text.len());
        let headers = [("Content-Type", &*format!("text/plain; charset=\"{label}\""))];
        prop_assert!(viewed(&part("text/plain", &bytes, &headers))["text"].is_string());
        prop_assert!(viewed(&part("text/html", &bytes, &headers))["text"].is_string());
    }

    #[test]
    fn any_subject_and_name_comes_back(subject in "[^\\p{C}\\p{Z}][\\PC ]{0,80}", name in "[^\\p{C}\\p{Z}\"\\\\<>@,;:()][^\\p{C}\\p{Z}\"\\\\<>@,;()]{0,30}") {
        let input = json!({"to": format!("\"{name}\" <a@example.com>"), "subject": subject, "body": "b"});
        let bytes = composed(&input);
        prop_assert!(bytes.is_ascii());
        let message = parsed(&bytes);
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(squeezed(message.subject().unwrap_or_default()), squeezed(&subject));
        let to = message.to().unwrap().first().unwrap();
        prop_assert_eq!((to.name(), to.address()), (Some(name.as_str()), Some("a@example.com")));
    }
}
