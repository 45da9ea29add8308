//! The end: what runs may come to its end, and nothing keeps the server from its own.

use super::*;

#[tokio::test]
async fn stopping_lets_a_running_request_end() {
    let server = clear().await;
    let running = raw(server.address, b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let stopping = async {
        server.entered.notified().await;
        server.stop.cancel();
    };
    let (answer, ()) = tokio::join!(running, stopping);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.task.await.unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "the port is free");
}

/// Asks on a connection that is open, and says what came back.
async fn asked(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let _ = stream.read_to_end(&mut received).await;
    String::from_utf8_lossy(&received).into_owned()
}

/// Asks on a connection of a listener that stops; the answer must say that it is the last.
async fn asked_last(stream: TcpStream, why: &str) {
    let answer = asked(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{why}: {answer:?}");
}

#[tokio::test]
async fn what_was_on_its_way_when_it_was_told_to_stop_is_answered() {
    let listener = Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short());
    let queued = TcpStream::connect(listener.address()).await.unwrap();
    let server = served(listener);
    server.stop.cancel();
    asked_last(queued, "it was in the system's queue").await;
    server.task.await.unwrap();

    let open = Gauge::default();
    let listener = Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short()).counted(open.clone());
    let server = served(listener);
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut kept = TcpStream::connect(server.address).await.unwrap();
    kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    assert!(kept.read(&mut [0; 4096]).await.unwrap() > 0);
    assert_eq!(open.get(), 2);
    server.stop.cancel();
    tokio::task::yield_now().await;
    asked_last(silent, "nothing had been asked for on it").await;
    asked_last(kept, "its second request").await;
    server.task.await.unwrap();
}

#[tokio::test]
async fn who_asks_for_nothing_does_not_keep_it_from_stopping() {
    for timeouts in [Timeouts { opening: Duration::from_secs(60), ..short() }, short()] {
        let timeouts = Timeouts { head: Duration::from_secs(60), drain: Duration::from_secs(60), ..timeouts };
        let server = served(Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(timeouts));
        let mut silent = TcpStream::connect(server.address).await.unwrap();
        let mut kept = TcpStream::connect(server.address).await.unwrap();
        kept.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        assert!(kept.read(&mut [0; 4096]).await.unwrap() > 0);
        server.stop.cancel();
        tokio::time::timeout(Duration::from_secs(30), server.task).await.expect("it stops").unwrap();
        assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn stopping_cuts_off_what_does_not_end() {
    let server = clear().await;
    let running = raw(server.address, b"GET /stuck HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let stopping = async {
        server.entered.notified().await;
        server.stop.cancel();
    };
    let begun = tokio::time::Instant::now();
    let (answer, ()) = tokio::join!(running, stopping);
    assert_eq!(answer, "");
    assert!(begun.elapsed() >= short().drain, "it was cut off before its time was over");
    server.task.await.unwrap();
}
