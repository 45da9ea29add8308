//! The token endpoint client against a socket that answers what it is told to.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail the test")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use valetkey_domain::Secret;
use valetkey_outbound::oauth::{self, BasicEncoding, Client, ClientAuth, Question, TokenBody, TokenError};
use valetkey_outbound::{Outbound, Policy, SystemResolver};

/// Where an answer stops for longer than anybody waits for the words of a refusal.
const HANG: &str = "(hangs)";

/// Serves one request with these bytes; gives the address and, later, the request.
async fn endpoint(answer: &str) -> (String, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = oneshot::channel();
    let answer = answer.to_owned();
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        while !whole(&request) {
            let mut part = vec![0; 4096];
            let read = stream.read(&mut part).await.unwrap();
            request.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        tell.send(request).ok();
        let (now, hangs) = answer.split_once(HANG).map_or((answer.as_str(), false), |(now, _)| (now, true));
        stream.write_all(now.as_bytes()).await.ok();
        if hangs {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    });
    (address, told)
}

fn whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    body.len() >= length.map_or(0, |text| text.parse().unwrap())
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn outbound(address: &str) -> Outbound {
    Outbound::new(Policy::allowing(vec![address.parse().unwrap()]), Arc::new(SystemResolver)).unwrap()
}

async fn refresh(answer: &str) -> Result<oauth::Tokens, TokenError> {
    let (address, _request) = endpoint(answer).await;
    let (url, secret) = (format!("http://{address}/token"), Secret::from("client-hunter2"));
    let client = Client {
        token_url: &url,
        client_id: "id",
        client_secret: Some(&secret),
        auth: ClientAuth::Post,
        basic: BasicEncoding::FormEncoded,
        answer_in: None,
        ended: &[],
        body: TokenBody::Form,
        resource: None,
    };
    oauth::refresh(&outbound(&address), &client, &Secret::from("refresh-hunter2")).await
}

#[tokio::test]
async fn a_code_is_exchanged_with_verifier_and_redirect_uri() {
    let (address, request) = endpoint(&http("200 OK", r#"{"access_token":"at"}"#)).await;
    let url = format!("http://{address}/token");
    let client = Client {
        token_url: &url,
        client_id: "id",
        client_secret: None,
        auth: ClientAuth::None,
        basic: BasicEncoding::FormEncoded,
        answer_in: None,
        ended: &[],
        body: TokenBody::Form,
        resource: None,
    };
    let verifier = Secret::from("v");
    let redirect = "http://localhost:8080/sso/v1/oauth/conn_1/callback";
    let code = Secret::from("c/1");
    oauth::exchange(&outbound(&address), &client, &code, Some(&verifier), redirect).await.unwrap();
    let request = request.await.unwrap();
    let body = request.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(
        body,
        "grant_type=authorization_code&code=c%2F1\
         &redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fsso%2Fv1%2Foauth%2Fconn_1%2Fcallback&code_verifier=v&client_id=id"
    );
}

#[tokio::test]
async fn attack_23_failures_are_told_apart_on_the_wire() {
    let gone = refresh(&http("400 Bad Request", r#"{"error":"invalid_grant"}"#)).await;
    assert!(matches!(gone, Err(TokenError::InvalidGrant(_))), "{gone:?}");
    let failed = refresh(&http("502 Bad Gateway", "<html>")).await;
    assert!(matches!(failed, Err(TokenError::Lost(_))), "{failed:?}");
    let reset = refresh("").await;
    assert!(matches!(reset, Err(TokenError::Lost(_))), "{reset:?}");
    let cut = refresh("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"access_token\":").await;
    assert!(matches!(cut, Err(TokenError::Lost(_))), "{cut:?}");
    let redirected = refresh("HTTP/1.1 307 Temporary Redirect\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n").await;
    assert!(matches!(redirected, Err(TokenError::Nonsense(_))), "{redirected:?}");
}

/// A token that is spent by its first use must not go over a connection that the other side may be about to close.
#[tokio::test]
async fn attack_22_each_exchange_has_a_connection_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(answers_all(stream, http("200 OK", r#"{"access_token":"at"}"#)));
        }
    });
    let (url, outbound, token) = (format!("http://{address}/token"), outbound(&address), Secret::from("rt"));
    let client = Client {
        token_url: &url,
        client_id: "id",
        client_secret: None,
        auth: ClientAuth::None,
        basic: BasicEncoding::FormEncoded,
        answer_in: None,
        ended: &[],
        body: TokenBody::Form,
        resource: None,
    };
    for _ in 0..2 {
        let question = Question { method: http::Method::GET, url: &url, headers: &[], body: None };
        oauth::identity(&outbound, &question, &token).await.unwrap();
    }
    assert_eq!(opened.load(Ordering::Relaxed), 1, "others may share one");
    for _ in 0..2 {
        oauth::refresh(&outbound, &client, &token).await.unwrap();
    }
    assert_eq!(opened.load(Ordering::Relaxed), 3);
}

/// Answers every request on a connection alike, and leaves it open.
async fn answers_all(mut stream: TcpStream, answer: String) {
    let (mut request, mut part) = (String::new(), vec![0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut part).await {
        request.push_str(&String::from_utf8_lossy(&part[..read]));
        if whole(&request) {
            request.clear();
            stream.write_all(answer.as_bytes()).await.ok();
        }
    }
}

#[tokio::test]
async fn an_endpoint_that_is_down_was_never_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let url = format!("http://{address}/token");
    let client = Client {
        token_url: &url,
        client_id: "id",
        client_secret: None,
        auth: ClientAuth::None,
        basic: BasicEncoding::FormEncoded,
        answer_in: None,
        ended: &[],
        body: TokenBody::Form,
        resource: None,
    };
    let error = oauth::refresh(&outbound(&address), &client, &Secret::from("refresh-hunter2")).await.unwrap_err();
    assert!(matches!(error, TokenError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn attack_48_no_error_holds_a_secret() {
    for answer in [
        http("400 Bad Request", r#"{"error":"invalid_grant","error_description":"refresh-hunter2 is spent"}"#),
        http("401 Unauthorized", r#"{"error":"invalid_client","error_description":"client-hunter2"}"#),
        http("400 Bad Request", r#"{"error":"refresh-hunter2 "}"#),
        http("400 Bad Request", r#"{"error":"refresh-hunter2"}"#),
        http("400 Bad Request", r#"{"error":{"code":"client-hunter2","message":"cmVmcmVzaC1odW50ZXIy"}}"#),
        http("400 Bad Request", r#"{"error":"x","error_uri":"https://p.example/?t=refresh-hunter2"}"#),
        http("400 Bad Request", "refresh-hunter2"),
        http("401 Unauthorized", "<title>refresh-hun\u{200b}ter2</title>"),
        http("200 OK", "refresh-hunter2"),
        http("500 Internal Server Error", "refresh-hunter2"),
    ] {
        let error = refresh(&answer).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

/// What a refusal says is read within bounds; that it is one is known before.
#[tokio::test]
async fn a_refusal_whose_body_is_long_or_broken_or_never_ends_is_a_refusal() {
    let page = format!("<title>No</title>{}", "x".repeat(400_000));
    let long = refresh(&http("401 Unauthorized", &page)).await.unwrap_err();
    assert!(matches!(&long, TokenError::RefusedUnclear { status: 401, .. }), "{long:?}");
    assert!(long.to_string().ends_with("\"No\""), "{long}");
    let cut = refresh("HTTP/1.1 400 Bad Request\r\ncontent-length: 500\r\n\r\ngone").await.unwrap_err();
    assert!(matches!(cut, TokenError::RefusedUnclear { status: 400, .. }), "{cut:?}");
    let hangs = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: 900\r\n\r\n{HANG}");
    let hangs = refresh(&hangs).await.unwrap_err();
    assert!(matches!(hangs, TokenError::RefusedUnclear { status: 400, .. }), "{hangs:?}");
    let tokens = format!("{{\"access_token\":\"{}\"}}", "x".repeat(400_000));
    let long = refresh(&http("200 OK", &tokens)).await.unwrap_err();
    assert!(matches!(long, TokenError::Lost(_)), "a success that is too long may have spent the token: {long:?}");
}

#[tokio::test]
async fn a_byte_order_mark_costs_no_account() {
    let tokens =
        refresh(&http("200 OK", "\u{feff}{\"access_token\":\"at\",\"refresh_token\":\"rt-2\"}")).await.unwrap();
    assert_eq!(tokens.refresh_token.unwrap().expose(), "rt-2");
    let (address, _request) = endpoint(&http("200 OK", "\u{feff}{\"sub\":\"1\"}")).await;
    let (url, token) = (format!("http://{address}/who"), Secret::from("at"));
    let question = Question { method: http::Method::GET, url: &url, headers: &[], body: None };
    let who = oauth::identity(&outbound(&address), &question, &token).await.unwrap();
    assert_eq!(who["sub"], "1");
}

#[tokio::test]
async fn the_question_who_it_is_has_what_the_app_always_wants() {
    let (address, request) = endpoint(&http("200 OK", "{\"data\":{}}")).await;
    let (url, token) = (format!("http://{address}/graphql"), Secret::from("at"));
    let (headers, body) =
        ([("X-Version".to_owned(), "7".to_owned())], serde_json::json!({"query": "{ viewer { id } }"}));
    let question = Question { method: http::Method::POST, url: &url, headers: &headers, body: Some(&body) };
    oauth::identity(&outbound(&address), &question, &token).await.unwrap();
    let sent = request.await.unwrap().to_lowercase();
    for part in ["post /graphql", "x-version: 7", "authorization: bearer at", "content-type: application/json"] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
    assert!(sent.ends_with(r#"{"query":"{ viewer { id } }"}"#), "{sent}");
}

#[tokio::test]
async fn a_secret_goes_raw_where_that_is_said() {
    for (basic, sent) in [(BasicEncoding::Raw, "id:p+w%/"), (BasicEncoding::FormEncoded, "id:p%2Bw%25%2F")] {
        let (address, request) = endpoint(&http("200 OK", r#"{"access_token":"at"}"#)).await;
        let (url, secret) = (format!("http://{address}/token"), Secret::from("p+w%/"));
        let client = Client {
            token_url: &url,
            client_id: "id",
            client_secret: Some(&secret),
            auth: ClientAuth::Basic,
            basic,
            answer_in: None,
            ended: &[],
            body: TokenBody::Form,
            resource: None,
        };
        oauth::refresh(&outbound(&address), &client, &Secret::from("rt")).await.unwrap();
        let request = request.await.unwrap();
        let header = request.lines().find_map(|line| line.strip_prefix("authorization: Basic ")).unwrap();
        assert_eq!(String::from_utf8(STANDARD.decode(header).unwrap()).unwrap(), sent);
    }
}
