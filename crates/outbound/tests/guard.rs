//! The guarded client against real sockets on loopback that misbehave.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail the test")]

use async_trait::async_trait;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, Request, StatusCode, header};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use valetkey_domain::id::EnvironmentId;
use valetkey_outbound::{Error, Limits, Outbound, Policy, Resolve, SystemResolver, Timeouts};

const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), max_bytes: 100_000 };

/// A server that takes one request on each connection and then does what `act` says.
async fn serve<F>(act: impl Fn(TcpStream, String) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 65536];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            act(stream, request).await;
        }
    });
    address
}

/// A server that answers always the same bytes and closes.
async fn serve_bytes(bytes: Vec<u8>) -> String {
    let bytes = Arc::new(bytes);
    serve(move |mut stream, _| {
        let bytes = bytes.clone();
        async move {
            stream.write_all(&bytes).await.ok();
        }
    })
    .await
}

fn outbound(allow: &[&str]) -> Outbound {
    let allow = allow.iter().map(|text| text.parse().unwrap()).collect();
    Outbound::new(Policy::allowing(allow), Arc::new(SystemResolver)).unwrap()
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).header(header::AUTHORIZATION, "Bearer hunter2").body(Bytes::new()).unwrap()
}

async fn fetch(address: &str, limits: &Limits) -> Result<http::Response<Bytes>, Error> {
    outbound(&[address]).send(get(&format!("http://{address}/path?code=hunter2")), limits).await
}

#[tokio::test]
async fn an_allowed_endpoint_answers() {
    let address = serve_bytes(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nx-a: b\r\n\r\nhi".to_vec()).await;
    let answer = fetch(&address, &LIMITS).await.unwrap();
    assert_eq!((answer.status(), answer.body().as_ref()), (StatusCode::CREATED, b"hi".as_slice()));
    assert_eq!(answer.headers()["x-a"], "b");
}

#[tokio::test]
async fn attack_37_a_redirect_is_an_answer_and_is_not_followed() {
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = hits.clone();
    let address = serve(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let answer = b"HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.ok();
        }
    })
    .await;
    let answer = fetch(&address, &LIMITS).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(hits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn attack_53_a_silent_server_costs_its_limit_and_no_more() {
    let address = serve(|stream, _| async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        drop(stream);
    })
    .await;
    let limits = Limits { timeout: Duration::from_millis(200), ..LIMITS };
    let error = fetch(&address, &limits).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }) && error.may_have_been_received(), "{error:?}");
}

#[tokio::test]
async fn attack_53_an_endless_answer_is_cut_off() {
    let address = serve(|mut stream, _| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok();
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
    })
    .await;
    let error = fetch(&address, &LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 100_000, .. }), "{error:?}");
}

#[tokio::test]
async fn attack_53_an_announced_length_is_refused_before_reading() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n".to_vec();
    let error = fetch(&serve_bytes(head).await, &LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn attack_53_a_gzip_bomb_is_counted_unpacked() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 50_000_000]).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 100_000, "the bomb has to fit the limit while packed");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let error = fetch(&serve_bytes([head.into_bytes(), packed].concat()).await, &LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn a_compressed_answer_comes_out_plain() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(b"{\"a\":1}").unwrap();
    let packed = packed.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len());
    let answer = fetch(&serve_bytes([head.into_bytes(), packed].concat()).await, &LIMITS).await.unwrap();
    assert_eq!(answer.body().as_ref(), b"{\"a\":1}");
}

#[tokio::test]
async fn a_connection_that_breaks_off_may_have_delivered() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec();
    for address in [serve(|stream, _| async move { drop(stream) }).await, serve_bytes(cut).await] {
        let error = fetch(&address, &LIMITS).await.unwrap_err();
        assert!(matches!(error, Error::Broken { .. }) && error.may_have_been_received(), "{error:?}");
        assert_names_host_only(&error, &address);
    }
}

#[tokio::test]
async fn a_closed_port_was_never_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = fetch(&address, &LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }) && !error.may_have_been_received(), "{error:?}");
    assert_names_host_only(&error, &address);
}

/// Attack 48: an error names the host, and neither the query nor a header.
fn assert_names_host_only(error: &Error, address: &str) {
    let shown = format!("{error} {error:?}");
    let host = address.split(':').next().unwrap();
    assert!(shown.contains(host) && !shown.contains("hunter2") && !shown.contains("code="), "{shown}");
}

/// A resolver that answers each question with the next of its lists.
struct Lies(Vec<Vec<&'static str>>, AtomicUsize);

#[async_trait]
impl Resolve for Lies {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let turn = self.1.fetch_add(1, Ordering::SeqCst);
        let answer = self.0.get(turn).or(self.0.last()).unwrap();
        Ok(answer.iter().map(|text| text.parse().unwrap()).collect())
    }
}

fn lied_to(answers: &[&[&'static str]], allow: &[&str]) -> (Outbound, Arc<Lies>) {
    let lies = Arc::new(Lies(answers.iter().map(|list| list.to_vec()).collect(), AtomicUsize::new(0)));
    let policy = Policy::allowing(allow.iter().map(|text| text.parse().unwrap()).collect());
    (Outbound::new(policy, lies.clone()).unwrap(), lies)
}

#[tokio::test]
async fn attack_36_a_name_with_one_forbidden_address_is_refused() {
    let forbidden: [&[&str]; 4] =
        [&["127.0.0.1"], &["93.184.216.34", "10.0.0.1"], &["2a00:1450::1", "::ffff:127.0.0.1"], &["169.254.169.254"]];
    for addresses in forbidden {
        let (outbound, _) = lied_to(&[addresses], &[]);
        let error = outbound.send(get("https://rebind.example/"), &LIMITS).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden { .. }), "{addresses:?}: {error:?}");
    }
}

#[tokio::test]
async fn attack_36_the_address_that_was_checked_is_the_one_that_is_called() {
    let address = serve_bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let port = address.split(':').nth(1).unwrap();
    let allowed = format!("rebind.example:{port}");
    let (outbound, lies) = lied_to(&[&["127.0.0.1"], &["169.254.169.254"]], &[&allowed]);
    outbound.send(get(&format!("http://{allowed}/")), &LIMITS).await.unwrap();
    assert_eq!(lies.1.load(Ordering::SeqCst), 1, "asked once: there is no second answer to connect to");
    let error = outbound.send(get(&format!("http://{allowed}/")), &LIMITS).await.unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
}

#[tokio::test]
async fn an_allowed_network_needs_https() {
    let (outbound, _) = lied_to(&[&["127.0.0.1"]], &["127.0.0.0/8"]);
    let clear = outbound.send(get("http://inside.example:1/"), &LIMITS).await.unwrap_err();
    assert!(matches!(clear, Error::Forbidden { .. }), "{clear:?}");
    let tls = outbound.send(get("https://inside.example:1/"), &LIMITS).await.unwrap_err();
    assert!(matches!(tls, Error::Unreachable { .. }), "the guard lets it through to a closed port: {tls:?}");
}

#[tokio::test]
async fn attack_39_headers_that_steer_the_connection_are_refused() {
    for name in ["transfer-encoding", "content-length", "host", "connection", "upgrade", "te", "proxy-authorization"] {
        let mut request = get("https://example.org/");
        *request.headers_mut() = HeaderMap::from_iter([(name.parse().unwrap(), "5".parse().unwrap())]);
        let error = outbound(&[]).send(request, &LIMITS).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a_request_carries_no_cookie_and_no_referer() {
    let (seen, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let address = serve(move |mut stream, request| {
        seen.send(request).unwrap();
        async move {
            let answer = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.ok();
        }
    })
    .await;
    let outbound = outbound(&[&address]);
    for _ in 0..2 {
        outbound.send(get(&format!("http://{address}/")), &LIMITS).await.unwrap();
        let request = requests.recv().await.unwrap().to_lowercase();
        assert!(!request.contains("cookie") && !request.contains("referer"), "{request}");
    }
}

/// Each environment's requests go over connections of its own, which are kept.
#[tokio::test]
async fn attack_74_no_environment_waits_on_anothers_connections() {
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    let address = serve(move |mut stream, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
            tokio::spawn(async move {
                loop {
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok();
                    if stream.read(&mut [0; 65536]).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
            });
        }
    })
    .await;
    let outbound = outbound(&[&address]);
    for (environment, connections) in [("env_1", 1), ("env_1", 1), ("env_2", 2), ("env_1", 2), ("env_2", 2)] {
        let environment = EnvironmentId::parse(environment).unwrap();
        outbound.of(&environment).send(get(&format!("http://{address}/")), &LIMITS).await.unwrap();
        assert_eq!(opened.load(Ordering::SeqCst), connections, "{environment}");
    }
}

/// An answer that begins and then stays away, and one that never begins, each cost their own limit.
#[tokio::test]
async fn attack_53_a_pause_costs_its_limit_and_no_more() {
    let millis = Duration::from_millis;
    let timeouts = Timeouts { connect: millis(100), first_byte: millis(200), idle: millis(100) };
    for (begins, waited) in
        [(&b""[..], millis(300)), (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", millis(100))]
    {
        let address = serve(move |mut stream, _| async move {
            stream.write_all(begins).await.ok();
            std::future::pending::<()>().await;
        })
        .await;
        let policy = Policy::allowing(vec![address.parse().unwrap()]);
        let outbound = Outbound::with_timeouts(policy, Arc::new(SystemResolver), timeouts).unwrap();
        let error = outbound.send(get(&format!("http://{address}/")), &LIMITS).await.unwrap_err();
        assert!(matches!(error, Error::TimedOut { after, .. } if after == waited), "{error:?}");
        assert!(error.may_have_been_received());
    }
}
