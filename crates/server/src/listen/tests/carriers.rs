//! What a connection is carried by: either version of HTTP, with and without TLS.

use super::*;

#[expect(clippy::disallowed_methods, reason = "the test itself waits for the answer")]
async fn over_http2<S>(stream: S, pause: Duration) -> String
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_millis(10))
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    tokio::time::sleep(pause).await;
    let request = http::Request::get("http://localhost/").body(Empty::<Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// A client that trusts the bundle and nothing else.
pub(super) async fn handshake(
    folder: &Path,
    to: SocketAddr,
    name: &str,
    alpn: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(folder.join("ca-bundle.pem")).unwrap() {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(to).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

/// A month-long certificate's last month has begun: it is renewed under an open connection.
#[tokio::test]
async fn a_renewed_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let day = |text: &str| format!("{text}T12:00:00Z").parse().unwrap();
    let tls = prepare(&Source::Local { folder: folder.path().into() }, day("2026-11-22")).unwrap();
    let server = served(Listener::tls(ANY, SETTING, Arc::clone(&tls.config)).await.unwrap());
    let shown = |stream: &TlsStream<TcpStream>| stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let before = handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap();
    let same = handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap();
    assert_eq!(shown(&before), shown(&same));
    // A clock before the certificate's first day renews it as one in its last month does.
    assert!(tls.renew(day("2026-11-19")).unwrap());
    let after = handshake(folder.path(), server.address, "localhost", &["h2"]).await.unwrap();
    assert_ne!(shown(&before), shown(&after));
    assert_eq!(over_http2(before, Duration::ZERO).await, "Tls");
    assert_eq!(over_http2(after, Duration::ZERO).await, "Tls");
    server.stop.cancel();
}

#[tokio::test]
async fn clear_text_carries_both_versions_on_one_port() {
    let server = clear().await;
    let answer = raw(server.address, b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Clear"), "{answer}");
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(over_http2(stream, Duration::ZERO).await, "Clear");
}

#[tokio::test]
async fn a_request_says_who_its_peer_is() {
    let server = clear().await;
    let answer = raw(server.address, b"GET /peer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert!(answer.ends_with("Peer(127.0.0.1)"), "{answer}");
}

#[tokio::test]
async fn tls_speaks_what_alpn_chose_and_http1_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = tls(folder.path()).await;
    let stream = handshake(folder.path(), server.address, "localhost", &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(over_http2(stream, Duration::ZERO).await, "Tls");
    for alpn in [&["http/1.1"][..], &[]] {
        let mut stream = handshake(folder.path(), server.address, "localhost", alpn).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), alpn.first().map(|name| name.as_bytes()));
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Tls"), "{alpn:?}: {answer}");
    }
}

#[tokio::test]
async fn local_certificate_is_for_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = tls(folder.path()).await;
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(handshake(folder.path(), server.address, name, &[]).await.is_ok(), "{name}");
    }
    assert!(handshake(folder.path(), server.address, "example.com", &[]).await.is_err());
}

/// grpc-python pings an idle channel; a server that minds would end it with GOAWAY.
#[tokio::test]
async fn pings_on_an_idle_connection_are_answered() {
    let server = clear().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(over_http2(stream, Duration::from_millis(100)).await, "Clear", "after some ten pings");
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_setting() {
    let server = clear().await;
    let refusal = Listener::clear(server.address, SETTING).await.err().unwrap().to_string();
    assert!(refusal.contains(&format!("port {} of 127.0.0.1 is in use", server.address.port())), "{refusal}");
    assert!(refusal.contains(SETTING), "{refusal}");
}
