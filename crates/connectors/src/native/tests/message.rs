//! `gmail_message`.

use super::*;

#[test]
fn google_s_members_stay_and_ours_are_added() {
    let mut payload = part(
        "text/plain",
        "Hi 👋\r\nthere\r\n".as_bytes(),
        &[
            ("From", "=?utf-8?Q?M=C3=BCller=2C_A?= <a@x>"),
            ("SUBJECT", "=?UTF-8?B?8J+OiQ==?="),
            ("To", "b@x"),
            ("Date", "Mon, 2 Mar 2026 10:00:00 +0100"),
        ],
    );
    let view = viewed(&payload);
    assert_eq!(view["payload"], payload);
    assert_eq!(view["labelIds"], json!(["INBOX"]));
    assert_eq!(view["text"], "Hi 👋\nthere");
    assert_eq!(view["subject"], "🎉");
    assert_eq!(view["from"], "\"Müller, A\" <a@x>");
    assert_eq!(view["attachments"], json!([]));
    assert!(view.get("cc").is_none() && view.get("text_cut").is_none());
    // A member of Google's is never written over.
    let own = run("gmail_message", &json!({"message": {"text": 7, "subject": null, "payload": payload}})).unwrap();
    assert_eq!((&own["text"], &own["subject"]), (&json!(7), &Value::Null));
    // Formats that leave things out.
    payload.as_object_mut().unwrap().remove("body");
    assert!(viewed(&payload).get("text").is_none() && viewed(&payload)["subject"] == "🎉");
    assert_eq!(
        run("gmail_message", &json!({"message": {"id": "m", "snippet": "s"}})).unwrap(),
        json!({"id": "m", "snippet": "s"})
    );
}

#[test]
fn the_best_text_is_found() {
    let plain = part("text/plain", b"plain", &[]);
    let html = part("text/html", b"<p>rich <b>text</b></p>", &[]);
    let blank = part("text/plain", b" \r\n\r\n", &[]);
    for (payload, expected) in [
        (multipart("multipart/alternative", &[plain.clone(), html.clone()]), "plain"),
        (multipart("multipart/alternative", &[html.clone(), plain.clone()]), "plain"),
        (multipart("multipart/alternative", &[blank, html.clone()]), "rich text"),
        (
            multipart(
                "multipart/mixed",
                &[
                    multipart(
                        "multipart/related",
                        &[
                            multipart("multipart/alternative", std::slice::from_ref(&html)),
                            file("a.png", "image/png", "A", 3),
                        ],
                    ),
                    file("b.pdf", "application/pdf", "B", 4),
                ],
            ),
            "rich text",
        ),
        (
            multipart("multipart/mixed", &[plain.clone(), file("x.txt", "text/plain", "X", 9), plain.clone()]),
            "plain\n\nplain",
        ),
        (multipart("multipart/alternative", &[multipart("multipart/mixed", &[plain]), html.clone()]), "plain"),
        (html, "rich text"),
        (part("text/plain", b"", &[]), ""),
        (
            json!({"mimeType": "multipart/alternative", "parts": [{"mimeType": "text/plain", "body": {"size": 0}}, 3, null, {}]}),
            "absent",
        ),
        (multipart("multipart/mixed", &[]), "absent"),
    ] {
        let view = viewed(&payload);
        assert_eq!(view.get("text").and_then(Value::as_str).unwrap_or("absent"), expected, "{payload}");
    }
}

#[test]
fn charsets_are_honoured_and_mislabelled_utf_8_is_seen() {
    let with = |charset: &str, body: &[u8]| {
        let view = viewed(&part(
            "text/plain",
            body,
            &[("Content-Type", &format!("text/plain; charset=\"{charset}\"; format=flowed"))],
        ));
        view["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(with("iso-8859-1", b"caf\xe9"), "café");
    assert_eq!(with("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет");
    assert_eq!(with("Shift_JIS", b"\x93\xfa\x96\x7b"), "日本");
    assert_eq!(with("iso-2022-jp", b"\x1b$B\x46\x7c\x4b\x5c\x1b(B"), "日本");
    assert_eq!(with("gb18030", b"\xc4\xe3\xba\xc3"), "你好");
    assert_eq!(with("utf-16le", b"h\0i\0"), "hi");
    assert_eq!(with("iso-8859-1", "日本 as UTF-8".as_bytes()), "日本 as UTF-8");
    assert_eq!(with("utf-8", b"caf\xe9"), "café");
    assert_eq!(with("no-such-charset", b"caf\xe9"), "café");
    assert_eq!(with("utf-8", "\u{feff}bom".as_bytes()), "bom");
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let message = json!({"message": {"payload": part("text/plain", "é".repeat(50_000).as_bytes(), &[])}});
    for (native, length, end) in [
        ("gmail_message", 48_000, "é\n[cut here: 48000 of 50000 characters]"),
        (
            "gmail_listed_message",
            12_000,
            "é\n[cut here: 12000 of 50000 characters; gmail_get_message_by_id gives more]",
        ),
    ] {
        let view = run(native, &message).unwrap();
        let text = view["text"].as_str().unwrap();
        assert!(text.ends_with(end) && text.chars().count() < length + 100);
        assert_eq!(view["text_cut"], true);
    }
}

#[test]
fn a_raw_message_is_read_too() {
    let source = "From: =?utf-8?Q?J=C3=B6rg?= <j@x>\r\nSubject: =?utf-8?Q?caf=C3=A9?=\r\n =?utf-8?Q?_bar?=\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>caf=E9</p>\r\n--b\r\nContent-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename*0*=utf-8''%E6%97%A5; filename*1=\"x.pdf\"\r\n\r\nPDF\r\n--b--\r\n";
    let view = run("gmail_message", &json!({"message": {"id": "m", "raw": URL_SAFE.encode(source)}})).unwrap();
    assert_eq!(
        (&view["subject"], &view["from"], &view["text"]),
        (&json!("café bar"), &json!("Jörg <j@x>"), &json!("café"))
    );
    assert_eq!(view["attachments"], json!([{"filename": "日x.pdf", "mime_type": "application/pdf", "size": 3}]));
}

/// Gmail keeps the text of a very long mail apart, as it does with files.
#[test]
fn a_text_that_is_kept_apart_can_be_fetched() {
    let apart = json!({"mimeType": "text/html", "filename": "", "body": {"attachmentId": "L", "size": 900_000}});
    let view = viewed(&multipart("multipart/alternative", &[part("text/plain", b"short", &[]), apart.clone()]));
    assert_eq!((&view["text"], &view["attachments"][0]["filename"]), (&json!("short"), &json!("body.html")));
    let view = viewed(&apart);
    assert!(view.get("text").is_none());
    assert_eq!(view["attachments"][0]["attachment_id"], "L");
}

#[test]
fn deep_and_wide_messages_end() {
    let mut deep = part("text/plain", b"x", &[]);
    for _ in 0..100 {
        deep = multipart("multipart/mixed", &[deep]);
    }
    assert!(viewed(&deep).get("text").is_none());
    let wide = multipart("multipart/mixed", &vec![part("text/plain", b"x", &[]); 20_000]);
    assert_eq!(viewed(&wide)["text_cut"], true);
}
