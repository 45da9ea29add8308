//! How large a head may be, and what becomes of a body that nobody reads.

use super::*;

#[tokio::test]
async fn a_huge_head_is_refused() {
    let server = clear().await;
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    let answer = raw(server.address, head.as_bytes()).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_request_that_takes_longer_than_the_head_may_is_answered() {
    let server = clear().await;
    let answer = raw(server.address, b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn status_over_http2(address: SocketAddr, request: http::Request<Empty<Bytes>>) -> http::StatusCode {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::select! {
        answer = sender.send_request(request) => answer.unwrap().status(),
        ended = connection => panic!("{ended:?}"),
    }
}

#[tokio::test]
async fn both_versions_take_heads_of_the_same_size() {
    // With the usual time for a head: a slow machine needs longer than the other tests' clients may take.
    let server = served(Listener::clear(ANY, SETTING).await.unwrap());
    for (count, length, status) in [(90, 10, 200), (110, 10, 431), (9, 6_000, 200), (20, 6_000, 431)] {
        let value = "a".repeat(length);
        let fields: String = (0..count).map(|at| format!("x-{at}: {value}\r\n")).collect();
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}\r\n");
        let answer = raw(server.address, head.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{count} of {length}: {answer}");
        let request = (0..count)
            .fold(http::Request::get("http://a/"), |request, at| request.header(format!("x-{at}"), value.as_str()));
        let request = request.body(Empty::new()).unwrap();
        assert_eq!(status_over_http2(server.address, request).await, status, "{count} of {length}");
    }
}

/// A refusal comes before the body is read. The body is on its way all the same, and the connection goes on.
#[tokio::test]
async fn a_refusal_reaches_who_still_writes_and_the_connection_serves_the_next_request() {
    let server = clear().await;
    for length in [10, 300_000] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!("POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        for _ in 0..2 {
            stream.write_all(head.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.write_all(&vec![b'x'; length]).await.unwrap();
            let mut answer = vec![0; 4096];
            let count = stream.read(&mut answer).await.expect("a reset in place of the answer");
            let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
            assert!(answer.starts_with("HTTP/1.1 503") && !answer.contains("connection: close"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_costs_the_connection_and_says_so() {
    let server = clear().await;
    let answer = raw(server.address, b"POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nx").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connection: close"), "{answer}");
}
