//! Strangers who begin to sign in, or bring codes of their own, and a member who comes beside them.

use super::*;
use crate::entrance::asking::{AT_ONCE, KEPT};
use crate::fixture::{alone_with_clock, signing_on, until};
use crate::tenancy::members;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use valetkey_testkit::ManualClock;

/// An OpenID provider that answers nobody while it hangs, and never a code but the member's.
#[derive(Default)]
struct Provider {
    hangs: AtomicBool,
    documents: AtomicUsize,
    codes: AtomicUsize,
    /// The nonce of the member's sign-on.
    nonce: Mutex<String>,
}

struct There {
    provider: Arc<Provider>,
    app: App,
    clock: Arc<ManualClock>,
}

impl There {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (ground, _, clock) = alone_with_clock(&[]).await;
        members::ensure_owner(&ground).await.unwrap();
        let on = SignOn {
            issuer: format!("http://{address}").parse().unwrap(),
            client_id: "client".into(),
            client_secret: None,
            known_by: KnownBy::Subject,
        };
        let app = signing_on(&ground, &[&address], on).await;
        let provider = Arc::<Provider>::default();
        let serving = provider.clone();
        app.core.tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio_util::task::TaskTracker::new().spawn(serve(serving.clone(), stream, address.clone()));
            }
        });
        Self { provider, app, clock }
    }

    /// Somebody presses the button; gives their browser, `state` and the nonce.
    async fn begins(&self) -> Result<(Secret<str>, Secret<str>, String)> {
        let browser = browsers::mint().unwrap();
        let url = start(&self.app, &browser, "/dashboard").await?;
        let mut query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        Ok((browser, Secret::from(query.remove("state").unwrap()), query.remove("nonce").unwrap()))
    }

    async fn comes_back(&self, browser: Secret<str>, state: Secret<str>, code: &str) -> Result<String> {
        let answer = Answer { code: Some(Secret::from(code)), state: Some(state), ..Answer::default() };
        finish(&self.app, Some(&browser), answer, "a browser").await.map(|(_, next)| next)
    }
}

async fn serve(provider: Arc<Provider>, mut stream: TcpStream, address: String) {
    let mut request = String::new();
    while !request.contains("\r\n\r\n") || request.starts_with("POST") && !request.contains("code=") {
        let mut part = vec![0; 8_192];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.push_str(&String::from_utf8_lossy(&part[..read])),
        }
    }
    let body = if request.starts_with("GET") {
        provider.documents.fetch_add(1, Ordering::Relaxed);
        format!(
            r#"{{"issuer":"http://{address}","authorization_endpoint":"http://{address}/a","token_endpoint":"http://{address}/token"}}"#
        )
    } else {
        provider.codes.fetch_add(1, Ordering::Relaxed);
        if !request.contains("code=of-the-member") {
            return std::future::pending().await;
        }
        let nonce = provider.nonce.lock().unwrap().clone();
        let claims =
            format!(r#"{{"iss":"http://{address}","aud":"client","sub":"{}","nonce":"{nonce}"}}"#, members::FIRST);
        let claims = BASE64_URL_SAFE_NO_PAD.encode(claims);
        format!(r#"{{"access_token":"at-1","token_type":"Bearer","id_token":"e30.{claims}.AA"}}"#)
    };
    if provider.hangs.load(Ordering::Relaxed) {
        return std::future::pending().await;
    }
    let length = body.len();
    let text = format!(
        "HTTP/1.1 200 X\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.ok();
}

#[tokio::test]
async fn a_member_who_comes_while_strangers_have_every_turn_waits_for_one_and_is_not_refused() {
    let there = There::new().await;
    let (browser, state, nonce) = there.begins().await.unwrap();
    *there.provider.nonce.lock().unwrap() = nonce;
    // Every seat is a stranger's, whose code is never answered.
    let mut strangers = Vec::new();
    for _ in 0..AT_ONCE {
        let (browser, state, _) = there.begins().await.unwrap();
        strangers.push(there.comes_back(browser, state, "of-a-stranger"));
    }
    let mut strangers = Box::pin(futures::future::join_all(strangers));
    tokio::select! {
        _ = &mut strangers => panic!("nobody answers them"),
        () = until(async || there.provider.codes.load(Ordering::Relaxed) == AT_ONCE) => {}
    }
    there.provider.hangs.store(true, Ordering::Relaxed);
    assert!(there.begins().await.is_ok(), "to begin takes no turn and asks nobody");
    there.provider.hangs.store(false, Ordering::Relaxed);
    let mut member = Box::pin(there.comes_back(browser, state, "of-the-member"));
    tokio::time::timeout(Duration::from_millis(200), &mut member).await.expect_err("it has no turn yet");
    drop(strangers);
    assert_eq!(member.await.unwrap(), "/dashboard");
    assert_eq!(there.provider.documents.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_the_provider_says_of_itself_is_asked_for_once_for_all_and_again_after_minutes() {
    let there = There::new().await;
    let all = futures::future::join_all((0..50).map(|_| there.begins())).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(there.provider.documents.load(Ordering::Relaxed), 1);
    there.clock.advance(KEPT - Duration::from_secs(1));
    there.begins().await.unwrap();
    assert_eq!(there.provider.documents.load(Ordering::Relaxed), 1);
    there.clock.advance(Duration::from_secs(1));
    there.begins().await.unwrap();
    assert_eq!(there.provider.documents.load(Ordering::Relaxed), 2);
}
