//! Bodies that pass through, against real sockets on loopback.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail the test")]

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use valetkey_outbound::{Download, Error, Limits, Outbound, Policy, SystemResolver, Timeouts, Upload};

const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), max_bytes: 300_000 };

/// Takes one request, says how many bytes came behind its head and what the head was, in an answer of `size` bytes; with
/// `stall`, half of the answer only.
async fn serve(size: usize, stall: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    #[expect(clippy::disallowed_methods, reason = "a test's server ends with the test's runtime")]
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut seen, mut part) = (Vec::new(), vec![0; 65_536]);
        loop {
            let text = String::from_utf8_lossy(&seen).to_lowercase();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let all = length.map_or(body.ends_with("0\r\n\r\n"), |length| body.len() >= length.parse().unwrap());
                if all {
                    break;
                }
            }
            match stream.read(&mut part).await.unwrap_or(0) {
                0 => return,
                read => seen.extend_from_slice(&part[..read]),
            }
        }
        let head = format!("HTTP/1.1 200 OK\r\nx-seen: {}\r\ncontent-length: {size}\r\n\r\n", seen.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        let sent = if stall { size / 2 } else { size };
        stream.write_all(&vec![b'x'; sent]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(if stall { 10 } else { 0 })).await;
    });
    address
}

fn outbound(address: &str) -> Outbound {
    let timeouts = Timeouts { idle: Duration::from_millis(300), ..Timeouts::default() };
    let policy = Policy::allowing(vec![address.parse().unwrap()]);
    Outbound::with_timeouts(policy, Arc::new(SystemResolver), timeouts).unwrap()
}

/// Pieces of a body whose length nobody knows.
struct Pieces(usize, usize);

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::io::Error;
    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.0 = match self.0.checked_sub(1) {
            None => return Poll::Ready(None),
            Some(left) => left,
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'y'; self.1])))))
    }
}

async fn pass(address: &str, body: Upload) -> Result<http::Response<Download>, Error> {
    let request = Request::post(format!("http://{address}/x")).body(body).unwrap();
    outbound(address).pass(request, &LIMITS).await
}

#[tokio::test]
async fn bodies_pass_both_ways() {
    for body in [Upload::Whole(Bytes::from(vec![b'y'; 200_000])), Upload::stream(Pieces(20, 10_000), 200_000)] {
        let answer = pass(&serve(250_000, false).await, body).await.unwrap();
        let seen: usize = answer.headers()["x-seen"].to_str().unwrap().parse().unwrap();
        assert!((200_000..202_000).contains(&seen), "{seen}");
        assert_eq!(answer.into_body().whole(300_000).await.unwrap().len(), 250_000);
    }
}

#[tokio::test]
async fn attack_52_a_body_is_sent_no_further_than_its_bound() {
    let refused = pass(&serve(1, false).await, Upload::stream(Pieces(20, 10_000), 150_000)).await.unwrap_err();
    assert!(matches!(refused, Error::TooMuch { limit: 150_000, .. }) && refused.may_have_been_received(), "{refused}");
}

#[tokio::test]
async fn attack_53_answers_that_are_too_long_or_never_end_are_given_up() {
    // What has no body says so: some servers want to be told.
    let refused = pass(&serve(300_001, false).await, Upload::Whole(Bytes::new())).await.unwrap_err();
    assert!(matches!(refused, Error::TooLarge { .. }), "announced: {refused}");
    let answer = pass(&serve(100_000, true).await, Upload::stream(Pieces(1, 1), 10)).await.unwrap();
    let refused = answer.into_body().whole(300_000).await.unwrap_err();
    assert!(matches!(refused, Error::TimedOut { .. }), "{refused}");
}

#[tokio::test]
async fn attack_35_what_may_not_be_called_is_not() {
    let request = Request::get("https://169.254.169.254/x").body(Upload::Whole(Bytes::new())).unwrap();
    let refused = outbound("127.0.0.1:1").pass(request, &LIMITS).await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }), "{refused}");
}
