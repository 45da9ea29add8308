//! `gmail_attachment` and `gmail_attachment_data`.

use super::*;

fn attachments() -> Value {
    let unnamed = json!({"mimeType": "image/png", "filename": "", "body": {"attachmentId": "N", "size": 1}, "headers": [
        {"name": "Content-Disposition", "value": "inline;\r\n filename*0*=UTF-8''na%C3%AFve;\r\n filename*1=\".png\""}]});
    let encoded = file("=?utf-8?Q?r=C3=A9sum=C3=A9=2Epdf?=", "application/pdf", "E", 2);
    let eml = json!({"mimeType": "message/rfc822", "filename": "", "body": {"attachmentId": "M", "size": 5},
        "parts": [part("text/plain", b"inner", &[]), file("inner.bin", "application/x", "I", 1)]});
    let small = json!({"mimeType": "text/csv", "filename": "small.csv", "body": {"size": 3, "data": "YSxi"}});
    let huge = file("huge.zip", "application/zip", "H", 50 << 20);
    multipart(
        "multipart/mixed",
        &[
            part("text/plain", b"body", &[]),
            file("a.pdf", "application/pdf", "A1", 10),
            file("A.pdf", "application/pdf", "A2", 11),
            file("twin.txt", "text/plain", "T1", 1),
            file("twin.txt", "text/plain", "T2", 2),
            unnamed,
            encoded,
            eml,
            small,
            huge,
        ],
    )
}

#[test]
fn attachments_are_listed_with_their_real_names() {
    let view = viewed(&attachments());
    let names: Vec<_> =
        view["attachments"].as_array().unwrap().iter().map(|one| one["filename"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["a.pdf", "A.pdf", "twin.txt", "twin.txt", "naïve.png", "résumé.pdf", "message.eml", "small.csv", "huge.zip"]
    );
    assert_eq!(
        view["attachments"][0],
        json!({"attachment_id": "A1", "filename": "a.pdf", "mime_type": "application/pdf", "size": 10})
    );
    assert_eq!(view["text"], "body");
}

#[test]
fn an_attachment_is_found_by_name_then_id_then_alone() {
    let find = |input: Value| run("gmail_attachment", &json!({"input": input, "message": {"payload": attachments()}}));
    let id = |input: Value| find(input).unwrap()["attachment_id"].clone();
    assert_eq!(id(json!({"file_name": "a.pdf", "attachment_id": "stale"})), "A1");
    assert_eq!(id(json!({"file_name": "A.pdf"})), "A2");
    assert_eq!(id(json!({"file_name": "NAÏVE.png"})), "N");
    assert_eq!(id(json!({"file_name": "résumé.pdf"})), "E");
    for spelled in [
        "re\u{301}sume\u{301}.pdf",
        "RÉSUMÉ.PDF",
        "=?utf-8?Q?r=C3=A9sum=C3=A9=2Epdf?=",
        "r%C3%A9sum%C3%A9.pdf",
        " résumé\u{200b}.pdf ",
    ] {
        assert_eq!(id(json!({"file_name": spelled})), "E", "{spelled}");
    }
    assert_eq!(id(json!({"file_name": "twin.txt", "attachment_id": "T2"})), "T2");
    assert_eq!(id(json!({"file_name": "twin.txt", "attachment_id": "stale"})), "stale");
    assert_eq!(id(json!({"attachment_id": "T2"})), "T2");
    assert_eq!(
        find(json!({"file_name": "small.csv"})).unwrap(),
        json!({"filename": "small.csv", "mime_type": "text/csv", "size": 3, "data": "YSxi"})
    );
    assert!(find(json!({"file_name": "none.doc"})).unwrap_err().contains("none.doc. Its attachments: a.pdf, A.pdf"));
    assert!(find(json!({"attachment_id": "stale"})).unwrap_err().contains("give file_name"));
    assert!(find(json!({"file_name": "huge.zip"})).unwrap_err().contains("52428800 bytes"));
    let only = json!({"input": {"attachment_id": "stale"}, "message": {"payload": multipart("multipart/mixed", &[file("x", "a/b", "X", 1)])}});
    assert_eq!(run("gmail_attachment", &only).unwrap()["attachment_id"], "X");
    let none = json!({"input": {"attachment_id": "x"}, "message": {"payload": part("text/plain", b"x", &[])}});
    assert_eq!(run("gmail_attachment", &none).unwrap_err(), "this message has no attachments");
}

#[test]
fn an_attachment_s_content_is_joined_and_bounded() {
    let join = |kind: &str, bytes: &[u8]| {
        let attachment = json!({"attachment_id": "A", "filename": "f", "mime_type": kind, "size": 1});
        run(
            "gmail_attachment_data",
            &json!({"attachment": attachment, "content": {"size": 1, "data": URL_SAFE.encode(bytes)}}),
        )
    };
    assert_eq!(
        join("application/pdf", b"\xfb\xff\xfe").unwrap(),
        json!({"filename": "f", "mime_type": "application/pdf", "size": 3, "data": "+//+"})
    );
    assert_eq!(join("text/csv", "ä;b".as_bytes()).unwrap()["text"], "ä;b");
    assert_eq!(join("text/csv", b"\xe4;b").unwrap()["text"], "ä;b");
    assert_eq!(join("text/csv", b"\xff\xfea\0;\0").unwrap()["text"], "a;");
    assert_eq!(join("application/json", b"{}").unwrap()["text"], "{}");
    assert!(join("text/plain", "é".repeat(60_000).as_bytes()).unwrap()["text_cut"] == true);
    assert!(join("application/zip", &vec![0; (5 << 20) + 1]).unwrap_err().contains("5242881 bytes"));
    let inline = json!({"attachment": {"filename": "s.csv", "mime_type": "text/csv", "data": "YSxi"}});
    assert_eq!(run("gmail_attachment_data", &inline).unwrap()["text"], "a,b");
    let broken = json!({"attachment": {"filename": "s"}, "content": {"data": "***"}});
    assert!(run("gmail_attachment_data", &broken).unwrap_err().contains("no readable content for s"));
    assert!(run("gmail_attachment_data", &json!({})).unwrap_err().contains("no attachment"));
}
