//! Strangers who hold connections and ask for nothing, on both versions of HTTP.

use super::*;

/// HTTP/2 as it is before any request: the preface and empty settings.
const OPENED: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Sends a frame again and again, and answers what has to be, until the server ends the connection.
async fn kept_alive_by(address: SocketAddr, frame: &'static [u8]) {
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    writer.write_all(OPENED).await.unwrap();
    let alive = async {
        // A ping's answer counts as sign of life, so all pings are answered with theirs: the frame is its own echo.
        while writer.write_all(frame).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = async {
        let mut received = [0; 4096];
        while reader.read(&mut received).await.is_ok_and(|count| count > 0) {}
    };
    let until = tokio::time::timeout(Duration::from_secs(5), async {
        tokio::select! { () = alive => {} () = ended => {} }
    });
    until.await.expect("it holds its seat without a request");
}

/// Attack 53, at the listener: heads that never end.
#[tokio::test]
async fn slow_openings_are_closed() {
    let server = clear().await;
    for begun in [&b""[..], b"PRI * HTTP", b"GET / HTTP/1.1\r\nhost: local"] {
        raw(server.address, begun).await;
    }
    let folder = tempfile::tempdir().unwrap();
    raw(tls(folder.path()).await.address, b"\x16\x03\x01").await;
}

#[tokio::test]
async fn a_connection_beyond_the_seats_waits_for_one() {
    let served = served(Listener::clear(ANY, SETTING).await.unwrap().seating(1));
    let mut first = TcpStream::connect(served.address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(first.read(&mut [0; 64]).await.unwrap() > 0);
    let second = raw(served.address, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut second = std::pin::pin!(second);
    tokio::time::timeout(Duration::from_millis(200), second.as_mut()).await.expect_err("answered without a seat");
    drop(first);
    assert!(second.await.starts_with("HTTP/1.1 200"));
    served.stop.cancel();
}

#[tokio::test]
async fn attack_53_strangers_who_only_sit_there_keep_nobody_out_and_no_request_is_ended_for_another() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let served = served(Listener::clear(ANY, SETTING).await.unwrap().seating(4));
    let mut busy = TcpStream::connect(served.address).await.unwrap();
    busy.write_all(get("/stuck").as_bytes()).await.unwrap();
    let silent = TcpStream::connect(served.address).await.unwrap();
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let pings = kept_alive_by(served.address, &[0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let mut others = Vec::new();
    let come = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..6 {
            let mut other = TcpStream::connect(served.address).await.unwrap();
            other.write_all(get("/stuck").as_bytes()).await.unwrap();
            others.push(other);
        }
        // Three have the seats of those who sat there; the others wait for one, however long it takes.
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    let (ended, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(5), pings), come);
    ended.expect("who sends pings alone sits there still");
    for mut gone in [silent, half] {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_millis(100), gone.read_to_end(&mut rest)).await;
        read.expect("who asks for nothing sits there still").unwrap_or_default();
    }
    for open in others.iter_mut().chain([&mut busy]) {
        let read = tokio::time::timeout(Duration::from_millis(50), open.read(&mut [0; 8])).await;
        assert!(read.is_err(), "a request was ended: {read:?}");
    }
    served.stop.cancel();
}

#[tokio::test]
async fn attack_53_a_client_that_reads_nothing_is_cut_off() {
    let open = Gauge::default();
    let served = served(Listener::clear(ANY, SETTING).await.unwrap().with_timeouts(short()).counted(open.clone()));
    let mut lazy = TcpStream::connect(served.address).await.unwrap();
    lazy.write_all(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    lazy.read_exact(&mut [0; 16]).await.unwrap();
    let let_go = async {
        while open.get() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), let_go).await.expect("it is still served");
}

#[tokio::test]
async fn attack_53_no_frame_but_a_request_keeps_a_connection() {
    let server = clear().await;
    for frame in [
        &b""[..],
        b"\0\0\x08\x06\0\0\0\0\0abcdefgh",
        b"\0\0\0\x04\0\0\0\0\0",
        b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01",
        b"\0\0\x05\x02\0\0\0\0\x01\0\0\0\0\x10",
    ] {
        kept_alive_by(server.address, frame).await;
    }
}

#[tokio::test]
async fn attack_53_half_a_head_keeps_no_connection_on_http2() {
    let server = clear().await;
    // HEADERS without END_HEADERS: an indexed `:method: GET`, and nothing after it.
    let begun = [OPENED, b"\0\0\x01\x01\0\0\0\0\x01\x82"].concat();
    raw(server.address, &begun).await;
}
