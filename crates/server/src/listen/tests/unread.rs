//! Answers that are there and not read, on connections that are in use.

use super::carriers::handshake;
use super::*;

/// Asks for an answer of one piece, of which the window takes a sixth, and never reads it; then for something else, again and
/// again, until the server ends the connection.
#[expect(clippy::disallowed_methods, reason = "the test itself waits for the end")]
async fn unread_beside_others<S>(stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(10_000)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let get = |path: &str| http::Request::get(format!("http://localhost{path}")).body(Empty::<Bytes>::new()).unwrap();
    let unread = sender.send_request(get("/piece")).await.unwrap();
    let asking = async {
        let mut answered = 0;
        while let Ok(answer) = sender.send_request(get("/")).await
            && answer.into_body().collect().await.is_ok()
        {
            answered += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answered
    };
    let answered = tokio::time::timeout(Duration::from_secs(5), asking).await.expect("it holds the piece still");
    assert!(answered > 3, "{answered}: others are answered as long as it may take");
    drop(unread);
}

#[tokio::test]
async fn attack_78_who_leaves_the_last_piece_of_an_answer_is_cut_off_whatever_else_it_asks_for() {
    let server = clear().await;
    unread_beside_others(TcpStream::connect(server.address).await.unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let server = tls(folder.path()).await;
    unread_beside_others(handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap()).await;
}

/// A stream of which there is no more to say yet is no answer that is not taken.
#[tokio::test]
async fn an_answer_that_goes_on_later_is_waited_for_with_its_reader() {
    let server = clear().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /later HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut received = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut received)).await.unwrap().unwrap();
    let received = String::from_utf8(received).unwrap();
    assert!(received.ends_with("the end\r\n0\r\n\r\n"), "{}", received.len());
}
