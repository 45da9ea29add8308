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
    assert!(view.get("payload").is_none(), "its own copy in base64 is another format's");
    let full = json!({"input": {"format": "full"}, "message": {"snippet": "s", "payload": payload}});
    let full = run("gmail_message", &full).unwrap();
    assert_eq!((&full["payload"], &full["text"], &full["snippet"]), (&payload, &view["text"], &json!("s")));
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
    let same = part("text/plain", b"Rich text!\r\n", &[]);
    let blank = part("text/plain", b" \r\n\r\n", &[]);
    for (payload, expected) in [
        (multipart("multipart/alternative", &[same.clone(), html.clone()]), "Rich text!"),
        (multipart("multipart/alternative", &[html.clone(), same.clone()]), "Rich text!"),
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
        (multipart("multipart/mixed", &[plain.clone(), file("x.txt", "text/plain", "X", 9), plain]), "plain\n\nplain"),
        (multipart("multipart/alternative", &[multipart("multipart/mixed", &[same]), html.clone()]), "Rich text!"),
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

/// What senders put beside a page for programs that show none.
#[test]
fn a_stub_does_not_hide_the_page() {
    let page = "<p>Your code is <b>493 211</b>.</p><p>It is valid for ten minutes.</p>";
    let shown = "Your code is 493 211.\n\nIt is valid for ten minutes.";
    let beside = |plain: &str, page: &str| {
        let parts = [part("text/plain", plain.as_bytes(), &[]), part("text/html", page.as_bytes(), &[])];
        viewed(&multipart("multipart/alternative", &parts))["text"].as_str().unwrap().to_owned()
    };
    for stub in [
        "View this email in your browser: https://news.example/v?id=1",
        "This message contains HTML. Your mail program does not support HTML, so please use another one to read it, thank you.",
        "https://news.example/view/0123456789/abcdefghij/0123456789/abcdefghij/0123456789",
        " \u{a0}\r\n\u{200b}\r\n",
        "-- ",
        "Your code is ******.",
    ] {
        assert_eq!(beside(stub, page), shown, "{stub}");
    }
    // The same in other words of layout is easier to read.
    let same = "YOUR CODE IS *493 211*.\n\nIt is valid\nfor ten minutes.";
    assert_eq!(beside(same, page), same);
    assert_eq!(beside("会議は明日の\n午後です。", "<p>会議は明日の午後です。</p>"), "会議は明日の\n午後です。");
    assert_eq!(beside("会議", "<p>会議は明日の午後です。</p>"), "会議は明日の午後です。");
    // A page that only counts who reads it says nothing.
    assert_eq!(beside("Hello Ana", "<img src='https://t.example/pixel.gif' width=1>"), "Hello Ana");
    // A text that lost its links says less than the page.
    let linked = "<p>Please <a href='https://x.example/sign'>sign</a></p>";
    assert_eq!(beside("Please sign", linked), "Please sign (https://x.example/sign)");
    assert_eq!(beside("Please sign: https://x.example/sign", linked), "Please sign: https://x.example/sign");
}

/// A short letter with a long page, many headers and a picture: what is given is of the size of what it says.
#[test]
fn a_short_letter_takes_little_room() {
    let page = format!(
        "<html><head><style>{}</style></head><body>{}<p>See you at <a href='https://maps.example/x'>nine</a>.</p></body></html>",
        "p { margin: 0 } ".repeat(3000),
        "<!-- layout -->".repeat(1000)
    );
    let mut payload =
        multipart("multipart/related", &[part("text/html", page.as_bytes(), &[]), file("a.png", "image/png", "A", 9)]);
    let headers: Vec<Value> =
        (0..200).map(|n| json!({"name": "Received", "value": format!("from {n} by mail.example")})).collect();
    payload["headers"] = headers.into();
    let view = viewed(&payload);
    assert_eq!(view["text"], "See you at nine (https://maps.example/x).");
    assert!(view.to_string().len() < 400, "{}", view.to_string().len());
}

#[test]
fn mails_are_read_in_the_charset_that_they_are_in() {
    let read = |kind: &str, body: &[u8], charset: &str| {
        let view = viewed(&part(kind, body, &[("Content-Type", &format!("{kind}{charset}"))]));
        view["text"].as_str().unwrap().to_owned()
    };
    assert_eq!(read("text/plain", b"Hi Mom +Jjo-!", "; charset=unicode-1-1-utf-7"), "Hi Mom ☺!");
    assert_eq!(read("text/plain", b"d\xe9j\xe0 vu", "; charset=ansi_x3.4-1968"), "déjà vu");
    assert_eq!(read("text/plain", b"\x93\xfa\x96\x7b", "; charset=x-sjis"), "日本");
    assert_eq!(
        read("text/plain", b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?", ""),
        "Привет, как дела?"
    );
    assert_eq!(read("text/html", b"<meta charset=windows-1251><p>\xcf\xf0\xe8", ""), "При");
    assert_eq!(read("text/html", b"<meta charset=windows-1251><p>\xcf\xf0\xe8", "; charset=us-ascii"), "При");
    let raw = b"Subject: =?x-sjis?B?k/qW?= =?x-sjis?B?e4zq?=\r\nContent-Type: text/plain; charset=x-sjis\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\x93\xfa\x96\x7b";
    let view =
        run("gmail_message", &json!({"input": {"format": "raw"}, "message": {"raw": URL_SAFE.encode(raw)}})).unwrap();
    assert_eq!((&view["subject"], &view["text"]), (&json!("日本語"), &json!("日本")));
    let bare = b"Subject: d\xe9j\xe0 vu, caf\xe9 au lait\r\n\r\nx";
    let view =
        run("gmail_message", &json!({"input": {"format": "raw"}, "message": {"raw": URL_SAFE.encode(bare)}})).unwrap();
    assert_eq!(view["subject"], "déjà vu, café au lait");
}
