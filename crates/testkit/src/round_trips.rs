//! Counting the ways to a PostgreSQL server and back, on the wire: a relay stands before the server and reads what it is
//! sent (PostgreSQL's manual, "Message Formats"). It knows of no driver.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use valetkey_domain::Secret;

/// How often the server was asked something and had to answer before anything else could be asked.
#[derive(Clone, Debug, Default)]
pub struct RoundTrips(Arc<AtomicU64>);

impl RoundTrips {
    /// A relay before the server that this URL (of [`postgres`](crate::postgres)) leads to, and the URL that leads to the
    /// relay. It stays until the process ends.
    #[must_use]
    #[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
    pub fn before(url: &Secret<str>) -> (Self, Secret<str>) {
        let (user, rest) = url.expose().split_once('@').expect("postgres://user@host:port/database?query");
        let (server, database) = rest.split_once('/').expect("postgres://user@host:port/database?query");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (counted, server) = (Self::default(), server.to_owned());
        let counts = counted.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                counts.clone().relay(client, TcpStream::connect(&server).expect("the server is there"));
            }
        });
        // Not through TLS, which could not be read.
        (counted, Secret::from(format!("{user}@{address}/{database}&sslmode=disable")))
    }

    /// How many there were so far.
    #[must_use]
    pub fn so_far(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    #[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
    fn relay(self, mut client: TcpStream, mut server: TcpStream) {
        for stream in [&client, &server] {
            stream.set_nodelay(true).expect("it is connected");
        }
        let mut answers = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
        thread::spawn(move || std::io::copy(&mut answers.0, &mut answers.1));
        // Either side may hang up at any time.
        thread::spawn(move || self.forward(&mut client, &mut server));
    }

    /// Passes each message on once it is whole: a kind, the length of what follows, and that. The first has no kind.
    fn forward(&self, client: &mut TcpStream, server: &mut TcpStream) -> std::io::Result<()> {
        let mut first = true;
        loop {
            let (mut kind, mut length) = ([0], [0; 4]);
            if !first {
                client.read_exact(&mut kind)?;
            }
            client.read_exact(&mut length)?;
            let mut rest = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(length.len())];
            client.read_exact(&mut rest)?;
            // A simple query, and the end of a group of messages that prepare and run one.
            if kind == *b"Q" || kind == *b"S" {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
            let kind = if first { &[][..] } else { &kind[..] };
            server.write_all(&[kind, &length, &rest].concat())?;
            first = false;
        }
    }
}
