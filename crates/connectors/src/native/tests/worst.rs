//! Inputs that are the worst for a native, of whatever size.

use super::*;

/// One kind of them.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) native: &'static str,
    pub(super) name: &'static str,
    /// A scope of about this many bytes.
    pub(super) make: fn(usize) -> Value,
}

fn repeated(piece: &str, size: usize) -> String {
    piece.repeat(size / piece.len() + 1)
}

fn numbered(size: usize, piece: fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 100);
    for number in 0.. {
        if text.len() >= size {
            break;
        }
        text.push_str(&piece(number));
    }
    text
}

fn message(payload: &Value) -> Value {
    json!({"message": {"id": "m", "payload": payload}})
}

fn page(html: &str) -> Value {
    message(&part("text/html", html.as_bytes(), &[]))
}

fn plain(bytes: &[u8], charset: &str) -> Value {
    message(&part("text/plain", bytes, &[("Content-Type", &format!("text/plain; charset={charset}"))]))
}

fn header(name: &str, value: &str) -> Value {
    message(&part("text/plain", b"x", &[(name, value)]))
}

fn source(text: &str) -> Value {
    json!({"input": {"format": "raw"}, "message": {"raw": URL_SAFE.encode(text)}})
}

fn mail(name: &str, value: &str) -> Value {
    let mut input = json!({"to": "a@example.com", "subject": "s", "body": "b"});
    input[name] = value.into();
    json!({"input": input})
}

fn html_mail(html: &str) -> Value {
    json!({"input": {"to": "a@example.com", "body": html, "content_type": "text/html"}})
}

fn thread(headers: &[(&str, &str)]) -> Value {
    json!({"input": {"to": "a@example.com", "body": "b", "in_reply_to_message_id": "m"},
        "thread": {"id": "t", "messages": [{"id": "m", "payload": part("text/plain", b"", headers)}]}})
}

fn times(input: &Value) -> Value {
    json!({"input": input, "calendar": {"timeZone": "Europe/Berlin"}})
}

/// A family for each piece that is repeated.
macro_rules! pieces {
    ($native:literal, $wrap:expr, $($piece:literal),+ $(,)?) => {
        &[$(Family { native: $native, name: $piece, make: |size| $wrap(&repeated($piece, size)) }),+]
    };
}

macro_rules! families {
    ($($native:literal, $name:literal: $make:expr;)+) => {
        &[$(Family { native: $native, name: $name, make: $make }),+]
    };
}

pub(super) static FAMILIES: std::sync::LazyLock<Vec<&'static Family>> = std::sync::LazyLock::new(|| {
    [PAGES, LETTERS, HEADERS, SOURCES, MAILS, ADDRESSES, REPLIES, CHANGES, OTHERS].into_iter().flatten().collect()
});

const PAGES: &[Family] = pieces!(
    "gmail_message",
    page,
    "<ul><li></x>",
    "<ul><li>",
    "<ol><li>x</x>",
    "<div>",
    "</div>",
    "<div></p>",
    "<blockquote>x",
    "<blockquote></x>",
    "<table><tr><td>",
    "<table><tr><td>x</td>",
    "<td>x",
    "<b><i><u>",
    "<b><p></b>",
    "<a href=https://x/>",
    "<a href=https://x/>y",
    "<a><table><td><a>",
    "<p>",
    "<p>x<div>",
    "<li>",
    "<dl><dt>x<dd>y",
    "<!--",
    "<!-- -",
    "<!-- -->",
    "<!-->",
    "&amp;",
    "&#x",
    "&#99999999;",
    "&a",
    "&CounterClockwiseContourIntegra",
    "<",
    "</",
    "<a ",
    "<a b='",
    "<a b=\"&amp;\"",
    "\"",
    "x",
    "x ",
    " ",
    "\n",
    "<br>",
    "<pre>\n",
    "<pre>   x\n",
    "<script>",
    "<script><!--",
    "</script",
    "<style>a",
    "<title>",
    "<title></titl",
    "<textarea>",
    "<svg>",
    "<select><option>x",
    "<![CDATA[",
    "<?",
    "<div style=display:none>",
    "<div hidden></div>x",
    "<font color=red>x",
    "\u{a0}x",
    "\u{ad}",
    "<h1></h2>",
    "<img alt=x>",
    "<center><table><tr><td></center>",
    "<ul></ul><li>",
    "<form><form>",
    "<button><p></button>",
);

const LETTERS: &[Family] = pieces!(
    "gmail_compose",
    html_mail,
    "<ul><li></x>",
    "<ul><li>x ",
    "<blockquote>x",
    "<div>",
    "<table><tr><td>",
    "<a href=https://x/>y</a> ",
    "x",
    "x ",
    "> ",
    "<pre>  > x\n",
    "é",
    "&#128512;",
    "<b><i><u>",
);

const HEADERS: &[Family] = families! {
    "gmail_listed_message", "subject of =?": |size| header("Subject", &repeated("=?", size / 4));
    "gmail_listed_message", "subject of =?a": |size| header("Subject", &repeated("=?a", size / 4));
    "gmail_listed_message", "subject of =?u?Q?": |size| header("Subject", &repeated("=?u?Q? ", size / 4));
    "gmail_listed_message", "subject of words": |size| header("Subject", &repeated("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?= ", size / 4));
    "gmail_listed_message", "subject of open base64": |size| header("Subject", &repeated("=?utf-8?B?6Q?= ", size / 4));
    "gmail_listed_message", "subject of charsets": |size| header("Subject", &repeated("=?x?Q?=FF?= =?big5?Q?=FF?= ", size / 4));
    "gmail_listed_message", "subject of folds": |size| header("Subject", &repeated("\r\n ", size / 4));
    "gmail_listed_message", "addresses of words": |size| header("From", &repeated("=?utf-8?Q?=C3=A9?= <a@x>, ", size / 4));
    "gmail_listed_message", "addresses of quotes": |size| header("To", &format!("=?a?Q?b?= {}", repeated("\"\\\"<", size / 4)));
    "gmail_listed_message", "addresses of commas": |size| header("Cc", &format!("=?a?Q?b?= {}", repeated(",", size / 4)));
    "gmail_listed_message", "addresses of brackets": |size| header("Cc", &format!("=?a?Q?b?= {}", repeated("<", size / 4)));
    "gmail_listed_message", "many headers": |size| {
        let mut payload = part("text/plain", b"x", &[]);
        payload["headers"] = vec![json!({"name": "Received", "value": "from x by y"}); size / 40].into();
        message(&payload)
    };
    "gmail_listed_message", "parameters": |size| header("Content-Type", &format!("text/plain{}", repeated("; a=\"b\"", size / 4)));
    "gmail_listed_message", "pieces of a name": |size| {
        header("Content-Disposition", &format!("inline{}", numbered(size / 4, |n| format!("; filename*{n}*=a%20"))))
    };
    "gmail_listed_message", "pieces of one number": |size| {
        header("Content-Disposition", &format!("inline{}", repeated("; filename*0*=''''", size / 4)))
    };
    "gmail_listed_message", "quotes that stay open": |size| header("Content-Type", &format!("text/plain; charset=\"{}", repeated("\\\"=;", size / 4)));
    "gmail_listed_message", "names without values": |size| header("Content-Type", &format!("text/plain{}", repeated(";a", size / 4)));
    "gmail_listed_message", "a long charset": |size| plain(b"\xff", &repeated("utf", size / 4));
    "gmail_listed_message", "utf-7": |size| plain(repeated("+AOk-", size).as_bytes(), "utf-7");
    "gmail_listed_message", "utf-7 that stays open": |size| plain(repeated("+", size).as_bytes(), "utf-7");
    "gmail_listed_message", "hz": |size| plain(repeated("~{Dc~}~~", size).as_bytes(), "hz-gb-2312");
    "gmail_listed_message", "iso-2022-jp": |size| plain(repeated("\u{1b}$B\u{1b}(B", size).as_bytes(), "iso-2022-jp");
    "gmail_listed_message", "no charset": |size| plain(&vec![0xe9; size], "unknown-8bit");
    "gmail_listed_message", "two words for much": |size| {
        let plain = part("text/plain", numbered(size / 2, |n| format!("a{n} ")).as_bytes(), &[]);
        let page = part("text/html", numbered(size / 2, |n| format!("b{n} ")).as_bytes(), &[]);
        message(&multipart("multipart/alternative", &[plain, page]))
    };
    "gmail_listed_message", "wide": |size| message(&multipart("multipart/mixed", &vec![part("text/plain", b"x", &[]); size / 90]));
    "gmail_listed_message", "wide and empty": |size| message(&multipart("multipart/alternative", &vec![json!({}); size / 2]));
    "gmail_listed_message", "many alternatives": |size| {
        message(&multipart("multipart/alternative", &vec![part("text/html", b"<p>x", &[]); size / 90]))
    };
    "gmail_listed_message", "deep and wide": |size| {
        let mut payload = part("text/plain", b"x", &[]);
        for _ in 0..40 {
            payload = multipart("multipart/alternative", &[payload, multipart("multipart/mixed", &vec![json!({}); size / 80])]);
        }
        message(&payload)
    };
    "gmail_listed_message", "many attachments": |size| message(&multipart("multipart/mixed", &vec![file("=?a?Q?b?=", "a/b", "I", 1); size / 120]));
};

const SOURCES: &[Family] = families! {
    "gmail_message", "raw: boundaries": |size| source(&format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", repeated("--b\r\n", size)));
    "gmail_message", "raw: parts": |size| source(&format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", repeated("--b\r\n\r\nx\r\n", size)));
    "gmail_message", "raw: multiparts in each other": |size| source(&numbered(size, |n| {
        format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")
    }));
    "gmail_message", "raw: mails in each other": |size| source(&repeated("Content-Type: message/rfc822\r\n\r\n", size));
    "gmail_message", "raw: mails beside each other": |size| source(&format!(
        "Content-Type: multipart/digest; boundary=b\r\n\r\n{}", repeated("--b\r\n\r\nSubject: x\r\n\r\ny\r\n", size)
    ));
    "gmail_message", "raw: headers": |size| source(&repeated("A: b\r\n", size));
    "gmail_message", "raw: a folded header": |size| source(&format!("Subject: {}", repeated("a\r\n ", size)));
    "gmail_message", "raw: words": |size| source(&format!("Subject: {}\r\n\r\n", repeated("=?u?Q?", size)));
    "gmail_message", "raw: words that stay open": |size| source(&format!("Subject: {}\r\n\r\n", repeated("=?u?Q? ", size)));
    "gmail_message", "raw: addresses": |size| source(&format!("To: {}\r\n\r\n", repeated("a <a@x>, ", size)));
    "gmail_message", "raw: addresses that stay open": |size| source(&format!("To: {}\r\n\r\n", repeated("\"<(", size)));
    "gmail_message", "raw: references": |size| source(&format!("References: {}\r\n\r\n", repeated("<a@x> ", size)));
    "gmail_message", "raw: parameters": |size| source(&format!("Content-Type: text/plain{}\r\n\r\n", numbered(size, |n| format!("; a*{n}*=b"))));
    "gmail_message", "raw: received": |size| source(&format!("Received: {}\r\n\r\n", repeated("from by (", size)));
    "gmail_message", "raw: dates": |size| source(&format!("Date: {}\r\n\r\n", repeated("1 ", size)));
    "gmail_message", "raw: quoted-printable": |size| source(&format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", repeated("=\r\n=3D", size)));
    "gmail_message", "raw: base64": |size| source(&format!("Content-Transfer-Encoding: base64\r\n\r\n{}", repeated("YQ==\r\n", size)));
};

const MAILS: &[Family] = families! {
    "gmail_compose", "lines": |size| mail("body", &repeated("a\n", size));
    "gmail_compose", "one line": |size| mail("body", &repeated("a", size));
    "gmail_compose", "returns": |size| mail("body", &repeated("\r", size));
    "gmail_compose", "blanks": |size| mail("body", &repeated(" ", size));
    "gmail_compose", "dots": |size| mail("body", &repeated(".\n", size));
    "gmail_compose", "other scripts": |size| mail("body", &repeated("日é=\u{0}", size));
    "gmail_compose", "a subject of one word": |size| mail("subject", &repeated("a", size));
    "gmail_compose", "a subject of words": |size| mail("subject", &repeated("a ", size));
    "gmail_compose", "a subject in another script": |size| mail("subject", &repeated("日", size));
    "gmail_compose", "a subject of marks": |size| mail("subject", &repeated("=?", size));
    "gmail_compose", "a long name": |size| mail("to", &format!("{} <a@example.com>", repeated("日 ", size)));
    "gmail_compose", "a long name in quotes": |size| mail("to", &format!("\"{}\" <a@example.com>", repeated("\\\"", size)));
    "gmail_compose", "a domain of dots": |size| mail("to", &format!("a@{}", repeated("ü.", size)));
    "gmail_compose", "long domains": |size| mail("to", &repeated(&format!("a@{}.example, ", "日ü".repeat(31)), size));
    "gmail_compose", "a long type": |size| mail("content_type", &repeated("text/", size));
};

const ADDRESSES: &[Family] = pieces!(
    "gmail_compose",
    |text: &str| mail("to", text),
    "a@example.com, ",
    ",",
    "\"",
    "\\\"",
    "<",
    "a <",
    "a@",
    "@",
    ".",
    "ü",
    "x",
    "a@ü.example, ",
    ";",
    "\"a\" ",
    "mailto:",
);

const REPLIES: &[Family] = families! {
    "gmail_reply", "references": |size| thread(&[("Message-ID", "<a@x>"), ("References", &numbered(size, |n| format!("<{n}@x> ")))]);
    "gmail_reply", "one reference": |size| thread(&[("Message-ID", "<a@x>"), ("References", &repeated("<a@x> ", size))]);
    "gmail_reply", "references without brackets": |size| thread(&[("References", &numbered(size, |n| format!("{n}@x ")))]);
    "gmail_reply", "open brackets": |size| thread(&[("References", &repeated("<", size))]);
    "gmail_reply", "closing brackets": |size| thread(&[("References", &format!("<{}", repeated(">", size)))]);
    "gmail_reply", "one long id": |size| thread(&[("Message-ID", &format!("<{}", repeated("a", size)))]);
    "gmail_reply", "folds": |size| thread(&[("References", &repeated("\r\n ", size))]);
    "gmail_reply", "answers of answers": |size| thread(&[("Subject", &repeated("Re: ", size / 4))]);
    "gmail_reply", "numbers of answers": |size| thread(&[("Subject", &repeated("Re[", size / 4))]);
    "gmail_reply", "many messages": |size| {
        let one = json!({"id": "x", "payload": part("text/plain", b"", &[("Message-ID", "<a@x>")])});
        json!({"input": {"to": "a@example.com", "in_reply_to_message_id": "none"}, "thread": {"messages": vec![one; size / 150]}})
    };
    "gmail_reply", "body": |size| {
        let mut scope = thread(&[("Message-ID", "<a@x>")]);
        scope["input"]["body"] = repeated("<ul><li></x>", size).into();
        scope["input"]["content_type"] = "text/html".into();
        scope
    };
};

const CHANGES: &[Family] = families! {
    "gmail_draft", "a page": |size| json!({"draft": page(&repeated("<ul><li></x>", size))});
    "gmail_listed_draft", "subject of words": |size| {
        json!({"draft": header("Subject", &repeated("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?= ", size / 4))})
    };
    "gmail_listed_thread", "many senders": |size| {
        let from = |n: usize| part("text/plain", b"", &[("From", &format!("a{n} <a{n}@example.com>"))]);
        json!({"thread": {"messages": (0..size / 120).map(|n| json!({"payload": from(n)})).collect::<Vec<_>>()}})
    };
    "gmail_listed_thread", "many labels": |size| json!({"thread": {"messages": [{"labelIds": vec!["A"; size / 4]}]}});
    "gmail_redraft", "references": |size| {
        let headers = [("In-Reply-To", "<a@x>"), ("References", &*numbered(size, |n| format!("<{n}@x> ")))];
        json!({"input": {"to": "a@example.com", "body": "b"}, "draft": {"message": {"payload": part("text/plain", b"", &headers)}}})
    };
    "gmail_redraft", "many parts": |size| {
        let wide = multipart("multipart/mixed", &vec![json!({}); size / 4]);
        json!({"input": {"to": "a@example.com", "body": "b"}, "draft": {"message": {"payload": wide}}})
    };
    "gmail_redraft", "many files": |size| {
        let wide = multipart("multipart/mixed", &vec![file("é", "a/b", "I", 1); size / 150]);
        json!({"input": {"to": "a@example.com", "body": "b"}, "draft": {"message": {"payload": wide}}})
    };
    "gmail_filter", "many labels": |size| {
        let labels: Vec<String> = (0..size / 8).map(|n| format!("L{n}")).collect();
        json!({"input": {"from": "a", "add_label_ids": labels}})
    };
    "gmail_filter", "a long query": |size| json!({"input": {"query": repeated("a ", size), "should_star": true}});
    "gmail_label_change", "many of both": |size| {
        let labels = |name: &str| (0..size / 16).map(|n| format!("{name}{n}")).collect::<Vec<_>>();
        json!({"input": {"add_label_ids": labels("A"), "remove_label_ids": labels("R")}})
    };
    "gmail_raw", "a mail": |size| json!({"input": {"raw_message": format!("A: b\n\n{}", repeated("\n", size))}});
    "gmail_raw", "base64": |size| json!({"input": {"raw_message": URL_SAFE.encode(format!("A: b\n\n{}", repeated("x", size)))}});
    "gmail_raw", "no mail": |size| json!({"input": {"raw_message": repeated("*\n", size)}});
    "gmail_vacation", "a long text": |size| json!({"input": {"enable_auto_reply": true, "response_body_html": repeated("<p>", size)}});
    "gmail_vacation", "a long time": |size| json!({"input": {"enable_auto_reply": false, "end_time": repeated("2026-12-20T", size)}});
};

const OTHERS: &[Family] = families! {
    "gmail_attachment", "many of one name": |size| {
        let all = multipart("multipart/mixed", &vec![file("é.txt", "text/plain", "I", 1); size / 150]);
        json!({"input": {"file_name": "É.TXT"}, "message": {"payload": all}})
    };
    "gmail_attachment", "a name of marks": |size| {
        let all = multipart("multipart/mixed", &[file(&format!("a{}", repeated("\u{301}\u{323}", size / 2)), "a/b", "I", 1)]);
        json!({"input": {"file_name": format!("a{}", repeated("\u{323}\u{301}", size / 2))}, "message": {"payload": all}})
    };
    "gmail_attachment", "a name of percents": |size| {
        let all = multipart("multipart/mixed", &[file("a", "a/b", "I", 1)]);
        json!({"input": {"file_name": repeated("%41%", size)}, "message": {"payload": all}})
    };
    "gmail_attachment", "a name of words": |size| {
        let all = multipart("multipart/mixed", &[file("a", "a/b", "I", 1)]);
        json!({"input": {"file_name": repeated("=?a?Q? ", size)}, "message": {"payload": all}})
    };
    "gmail_attachment", "many without the one": |size| {
        let all = multipart("multipart/mixed", &vec![file("x", "a/b", "I", 1); size / 150]);
        json!({"input": {"attachment_id": "none"}, "message": {"payload": all}})
    };
    "gmail_attachment_data", "a page": |size| {
        let data = URL_SAFE.encode(repeated("<meta charset=", size));
        json!({"attachment": {"filename": "a", "mime_type": "text/html"}, "content": {"data": data}})
    };
    "gmail_attachment_data", "bytes": |size| {
        let data = URL_SAFE.encode(vec![0xe9; size]);
        json!({"attachment": {"filename": "a", "mime_type": "text/plain"}, "content": {"data": data}})
    };
    "gmail_attachment_data", "no base64": |size| {
        json!({"attachment": {"filename": "a", "mime_type": "text/plain"}, "content": {"data": repeated("*\n", size)}})
    };
    "calendar_times", "a long time": |size| times(&json!({"start_datetime": repeated("2026-03-02T10:00:00", size)}));
    "calendar_times", "a long fraction": |size| times(&json!({"start_datetime": format!("2026-03-02T10:00:00.{}", repeated("1", size))}));
    "calendar_times", "a long zone": |size| times(&json!({"start_datetime": "2026-03-02T10:00", "timezone": repeated("Europe/", size)}));
    "calendar_times", "zones behind a time": |size| times(&json!({"start_datetime": format!("2026-03-02T10:00{}", repeated("[u-ca=x]", size))}));
    "calendar_times", "many rules": |size| {
        times(&json!({"start_datetime": "2026-03-02T10:00", "recurrence": vec!["RRULE:FREQ=DAILY;UNTIL=20261231"; size / 32]}))
    };
    "calendar_times", "many exceptions": |size| {
        times(&json!({"start_datetime": "2026-03-02T10:00", "recurrence": [format!("EXDATE:{}", repeated("20260302T100000,", size))]}))
    };
    "calendar_times", "one long rule": |size| {
        times(&json!({"start_datetime": "2026-03-02T10:00", "recurrence": [format!("RRULE:{}", repeated("UNTIL=20261231;", size))]}))
    };
    "calendar_times", "one long end": |size| {
        times(&json!({"start_datetime": "2026-03-02T10:00", "recurrence": [format!("RRULE:UNTIL={}", repeated("2026", size))]}))
    };
    "github_content", "a long text": |size| json!({"input": {"encoding": "text", "content": repeated("ä", size)}});
    "github_content", "base64": |size| json!({"input": {"content": STANDARD.encode(vec![b'a'; size * 3 / 4])}});
    "github_content", "no base64": |size| json!({"input": {"content": repeated("*\n", size)}});
    "github_file", "a long text": |size| {
        json!({"content": {"type": "file", "size": size, "content": STANDARD.encode(repeated("ab\n", size))}})
    };
    "github_file", "bytes": |size| {
        json!({"content": {"type": "file", "size": size, "content": STANDARD.encode(vec![0xe9; size])}})
    };
    "github_file", "no base64": |size| json!({"content": {"type": "file", "size": size, "content": repeated("*\n", size)}});
    "github_file", "a full folder": |size| json!({"content": vec![json!({"name": "a", "path": "a", "type": "file"}); size / 40]});
    "notion_readable", "many pieces of text": |size| {
        let piece = json!({"type": "text", "plain_text": "a", "href": "https://x"});
        json!({"found": {"object": "block", "type": "paragraph", "paragraph": {"rich_text": vec![piece; size / 60]}}})
    };
    "notion_readable", "many pages": |size| {
        let page = json!({"object": "page", "id": "p", "properties": {"N": {"type": "title", "title": [{"plain_text": "a"}]}}});
        json!({"found": {"results": vec![page; size / 100]}})
    };
    "notion_readable", "many properties": |size| {
        let one = json!({"type": "rollup", "rollup": {"type": "array", "array": [{"type": "number", "number": 1}]}});
        let all: Map<String, Value> = (0..size / 90).map(|n| (format!("p{n}"), one.clone())).collect();
        json!({"found": {"object": "page", "properties": all}})
    };
    "notion_readable", "many columns": |size| {
        let one = json!({"type": "select", "select": {"options": [{"name": "a"}]}});
        let all: Map<String, Value> = (0..size / 70).map(|n| (format!("p{n}"), one.clone())).collect();
        json!({"found": {"object": "data_source", "properties": all}})
    };
    "notion_readable", "a long text": |size| {
        let piece = json!({"type": "text", "plain_text": repeated("a ", size)});
        json!({"found": {"object": "comment", "rich_text": [piece]}})
    };
    "calendar_change", "many guests": |size| json!({"input": {"attendees_emails": vec!["a@example.com"; size / 13]}});
    "calendar_guests", "many of whom all stay": |size| {
        let emails: Vec<String> = (0..size / 80).map(|n| format!("a{n}@example.com")).collect();
        let there: Vec<Value> = emails.iter().map(|email| json!({"email": email, "responseStatus": "accepted"})).collect();
        json!({"input": {"attendees_emails": emails}, "event": {"attendees": there}})
    };
    "calendar_guests", "one of many words, named often": |size| json!({
        "input": {"attendees_emails": vec!["a@example.com"; size / 26]},
        "event": {"attendees": [{"email": "A@example.com", "comment": repeated("a", size / 2)}]}
    });
    "calendar_change", "many rules": |size| json!({"input": {"recurrence": vec!["RRULE:FREQ=DAILY"; size / 16]}});
    "calendar_change", "a long text": |size| json!({"input": {"description": repeated("a", size)}});
    "calendar_change", "a long blank": |size| json!({"input": {"description": repeated(" ", size)}});
};
