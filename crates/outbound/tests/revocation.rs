//! Revocation against a socket that answers one request after the other as it is told to.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail the test")]

use http::Method;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use valetkey_domain::Secret;
use valetkey_outbound::oauth::{self, BasicEncoding, Client, ClientAuth, Revocation, Revoked, TokenBody, TokenIn};
use valetkey_outbound::{Outbound, Policy, SystemResolver};

/// What the provider was asked, each as its first line, `basic`, `bearer` or nothing, and its body.
type Asked = Arc<Mutex<Vec<(String, &'static str, String)>>>;

/// Serves requests, each on a connection of its own, with these statuses and bodies; 200 after the last.
async fn provider(answers: &[(&str, &str)]) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Asked::default();
    let mut answers: Vec<String> = answers
        .iter()
        .rev()
        .map(|(status, body)| {
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        })
        .collect();
    let noted = asked.clone();
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = String::new();
            while !whole(&request) {
                let mut part = vec![0; 4096];
                let read = stream.read(&mut part).await.unwrap();
                request.push_str(&String::from_utf8_lossy(&part[..read]));
            }
            noted.lock().unwrap().push(told(&request));
            let answer = answers
                .pop()
                .unwrap_or_else(|| "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".into());
            stream.write_all(answer.as_bytes()).await.ok();
        }
    });
    (address, asked)
}

fn told(request: &str) -> (String, &'static str, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let signed = match head {
        _ if head.contains("authorization: Basic ") => "basic",
        _ if head.contains("authorization: Bearer ") => "bearer",
        _ => "",
    };
    (head.lines().next().unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned(), signed, body.to_owned())
}

fn whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    body.len() >= length.map_or(0, |text| text.parse().unwrap())
}

async fn revoke(
    answers: &[(&str, &str)],
    how: (Method, TokenIn<'_>),
    auth: Option<ClientAuth>,
) -> (Revoked, Vec<(String, &'static str, String)>) {
    revoke_and_see(answers, how, auth, None).await
}

async fn revoke_and_see(
    answers: &[(&str, &str)],
    how: (Method, TokenIn<'_>),
    auth: Option<ClientAuth>,
    done_in: Option<&str>,
) -> (Revoked, Vec<(String, &'static str, String)>) {
    let (address, asked) = provider(answers).await;
    let outbound = Outbound::new(Policy::allowing(vec![address.parse().unwrap()]), Arc::new(SystemResolver)).unwrap();
    let (url, token, secret) =
        (format!("http://{address}/revoke"), Secret::from("t-hunter2"), Secret::from("s-hunter2"));
    let revocation = Revocation { url: &url, method: how.0, token_in: how.1, token: &token, done_in };
    let basic = BasicEncoding::FormEncoded;
    let client = auth.map(|auth| Client {
        token_url: "",
        client_id: "id",
        client_secret: Some(&secret),
        auth,
        basic,
        answer_in: None,
        ended: &[],
        body: TokenBody::Form,
        resource: None,
    });
    let revoked = oauth::revoke(&outbound, &revocation, client.as_ref()).await;
    let asked = asked.lock().unwrap().clone();
    (revoked, asked)
}

const FORM: (Method, TokenIn<'_>) = (Method::POST, TokenIn::Form("token"));

#[tokio::test]
async fn a_revocation_names_the_token_alone_where_that_is_enough() {
    let (revoked, asked) = revoke(&[("200 OK", "")], FORM, Some(ClientAuth::Post)).await;
    assert!(matches!(revoked, Revoked::Revoked), "{revoked:?}");
    assert_eq!(asked, [("POST /revoke".to_owned(), "", "token=t-hunter2".to_owned())]);
}

#[tokio::test]
async fn a_refusal_is_answered_with_the_clients_name_whatever_it_says() {
    for (status, body) in [
        ("401 Unauthorized", ""),
        ("400 Bad Request", ""),
        ("403 Forbidden", "<html><title>No</title>"),
        ("400 Bad Request", r#"{"error":"invalid_request"}"#),
        ("401 Unauthorized", r#"{"error":"invalid_client"}"#),
        ("401 Unauthorized", r#"{"error":"invalid_token"}"#),
        ("400 Bad Request", r#"{"error":"invalid_token"}"#),
        ("404 Not Found", ""),
        ("302 Found", ""),
        ("200 OK", r#"{"ok":false,"error":"not_authed"}"#),
        ("400 Bad Request", "\u{feff}{\"message\":\"who are you?\"}"),
    ] {
        let (revoked, asked) = revoke(&[(status, body)], FORM, Some(ClientAuth::Basic)).await;
        assert!(matches!(revoked, Revoked::Revoked), "{status} {body}: {revoked:?}");
        let ways: Vec<&str> = asked.iter().map(|(_, signed, _)| *signed).collect();
        assert_eq!(ways, ["", "basic"], "{status} {body}");
    }
}

#[tokio::test]
async fn both_ways_of_naming_the_client_are_tried_its_own_first() {
    let no = ("401 Unauthorized", "");
    for (auth, first, second) in [(ClientAuth::Basic, "basic", ""), (ClientAuth::Post, "", "basic")] {
        let (revoked, asked) = revoke(&[no, no], FORM, Some(auth)).await;
        assert!(matches!(revoked, Revoked::Revoked), "{revoked:?}");
        assert_eq!(asked.iter().map(|(_, signed, _)| *signed).collect::<Vec<_>>(), ["", first, second]);
        let form = "token=t-hunter2&client_id=id&client_secret=s-hunter2";
        assert_eq!(asked.iter().filter(|(_, _, body)| body == form).count(), 1, "{asked:?}");
    }
    let (revoked, asked) = revoke(&[no, no, no], FORM, Some(ClientAuth::Basic)).await;
    assert!(matches!(revoked, Revoked::Refused { status: 401, .. }) && asked.len() == 3, "{revoked:?}");
    let (revoked, asked) = revoke(&[no], FORM, None).await;
    assert!(matches!(revoked, Revoked::Refused { status: 401, .. }) && asked.len() == 1, "{revoked:?}");
}

#[tokio::test]
async fn a_token_that_is_gone_counts_as_revoked_if_that_is_said_about_the_token() {
    let gone = |status| (status, r#"{"error":"invalid_token"}"#);
    let no = ("400 Bad Request", r#"{"error":"invalid_request"}"#);
    let is_revoked = async |answers: &[(&str, &str)], how, auth| {
        let (revoked, _) = revoke(answers, how, auth).await;
        matches!(revoked, Revoked::Revoked)
    };
    let post = Some(ClientAuth::Post);
    assert!(is_revoked(&[gone("400 Bad Request")], FORM, None).await, "as Google says it");
    assert!(is_revoked(&[gone("400 Bad Request"), no, no], FORM, post).await, "a client that it doesn't want");
    assert!(is_revoked(&[no, gone("400 Bad Request")], FORM, post).await);
    assert!(!is_revoked(&[gone("401 Unauthorized"); 3], FORM, post).await, "it may be said to every stranger");
    assert!(
        !is_revoked(&[gone("401 Unauthorized")], FORM, None).await,
        "it may be said to whoever asks without a name"
    );
    assert!(!is_revoked(&[gone("401 Unauthorized"), no, no], FORM, post).await);
    let bearer = (Method::POST, TokenIn::Bearer);
    assert!(is_revoked(&[("200 OK", r#"{"ok":false,"error":"token_revoked"}"#)], bearer, post).await);
}

#[tokio::test]
async fn where_a_member_says_that_it_was_done_nothing_else_does() {
    let see = async |body: &str| {
        let answers = [("200 OK", body); 3];
        revoke_and_see(&answers, FORM, Some(ClientAuth::Post), Some("revoked")).await
    };
    let (revoked, asked) = see(r#"{"ok":true,"revoked":true}"#).await;
    assert!(matches!(revoked, Revoked::Revoked) && asked.len() == 1, "{revoked:?}");
    for no in
        [r#"{"ok":true,"revoked":false}"#, r#"{"ok":true,"revoked":"true"}"#, r#"{"ok":true}"#, "", "revoked=true"]
    {
        let (revoked, asked) = see(no).await;
        assert!(matches!(revoked, Revoked::Refused { status: 200, .. }) && asked.len() == 3, "{no}: {revoked:?}");
    }
    let (revoked, _) = see(r#"{"ok":false,"error":"invalid_auth","revoked":true}"#).await;
    assert!(revoked.to_string().contains("\"invalid_auth\""), "{revoked}");
}

#[tokio::test]
async fn what_is_not_there_and_what_is_down_are_told_apart_from_a_refusal() {
    let post = Some(ClientAuth::Post);
    for (status, body) in [
        ("404 Not Found", ""),
        ("405 Method Not Allowed", ""),
        ("501 Not Implemented", ""),
        ("400 Bad Request", r#"{"error":"unsupported_token_type"}"#),
    ] {
        let (revoked, _) = revoke(&[(status, body); 3], FORM, post).await;
        assert!(matches!(revoked, Revoked::NotThere), "{status}: {revoked:?}");
    }
    let mixed = [("404 Not Found", ""), ("401 Unauthorized", r#"{"error":"invalid_client"}"#), ("404 Not Found", "")];
    let (revoked, _) = revoke(&mixed, FORM, post).await;
    let text = revoked.to_string();
    assert!(matches!(revoked, Revoked::Refused { status: 401, .. }) && text.contains("\"invalid_client\""), "{text}");
    for status in ["503 Service Unavailable", "500 Oops", "429 Too Many Requests", "408 Request Timeout"] {
        let (revoked, asked) = revoke(&[(status, "")], FORM, post).await;
        assert!(matches!(revoked, Revoked::Unreachable { .. }) && asked.len() == 1, "{status}: {revoked:?}");
    }
    let limited = [("429 Too Many Requests\r\nretry-after: 9", r#"{"error":"slow_down","error_description":"later"}"#)];
    let (revoked, _) = revoke(&limited, FORM, post).await;
    let nine = Some(Duration::from_secs(9));
    assert!(matches!(&revoked, Revoked::Unreachable { retry_after, .. } if *retry_after == nine), "{revoked:?}");
    assert!(revoked.to_string().ends_with("\"slow_down: later\""), "{revoked}");
}

#[tokio::test]
async fn method_and_place_are_those_that_are_said() {
    for (how, auth, first, second) in [
        (
            (Method::DELETE, TokenIn::Json("access_token")),
            ClientAuth::Basic,
            ("DELETE /revoke", "", r#"{"access_token":"t-hunter2"}"#),
            ("DELETE /revoke", "basic", r#"{"access_token":"t-hunter2"}"#),
        ),
        (
            (Method::GET, TokenIn::Query("token")),
            ClientAuth::Post,
            ("GET /revoke?token=t-hunter2", "", ""),
            ("GET /revoke?token=t-hunter2", "basic", ""),
        ),
        (
            (Method::POST, TokenIn::Bearer),
            ClientAuth::Basic,
            ("POST /revoke", "bearer", ""),
            ("POST /revoke", "bearer", "client_id=id&client_secret=s-hunter2"),
        ),
    ] {
        let (revoked, asked) = revoke(&[("401 Unauthorized", "")], how.clone(), Some(auth)).await;
        assert!(matches!(revoked, Revoked::Revoked), "{how:?}: {revoked:?}");
        let shown: Vec<_> = asked.iter().map(|(line, signed, body)| (line.as_str(), *signed, body.as_str())).collect();
        assert_eq!(shown, [first, second], "{how:?}");
    }
}

#[tokio::test]
async fn attack_48_no_outcome_of_a_revocation_holds_a_secret_or_a_path() {
    for body in ["t-hunter2", r#"{"error":"s-hunter2"}"#, r#"{"error":"x","error_description":"dC1odW50ZXIy"}"#] {
        for status in ["400 Bad Request", "500 Oops", "429 Slow"] {
            let (revoked, _) = revoke(&[(status, body); 3], FORM, Some(ClientAuth::Post)).await;
            let text = format!("{revoked} {revoked:?}");
            assert!(!text.contains("hunter2") && !text.contains("dC1o") && !text.contains("/revoke"), "{text}");
        }
    }
}
