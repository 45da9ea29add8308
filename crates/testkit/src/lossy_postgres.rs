//! A way to PostgreSQL on which the answer to a COMMIT can be lost: it is done, and who asked for it is not told.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use valetkey_domain::Secret;

/// The message that asks for it (PostgreSQL's protocol, "Query").
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// An address of this machine behind which PostgreSQL answers.
#[derive(Debug)]
pub struct LossyPostgres {
    url: Secret<str>,
    way: Way,
}

#[derive(Clone, Debug, Default)]
struct Way {
    losing: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl LossyPostgres {
    /// A way to the PostgreSQL of this URL.
    ///
    /// # Panics
    /// The URL names no host with a port, or this machine has no free port.
    #[must_use]
    #[expect(clippy::expect_used, reason = "only tests use this crate, and a failed one should stop")]
    pub fn to(url: &Secret<str>) -> Self {
        let (before, rest) = url.expose().split_once('@').expect("a URL with a user");
        let (address, rest) = rest.split_once('/').expect("a URL with a database");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let here = listener.local_addr().expect("it is bound");
        let way = Way::default();
        let (through, address) = (way.clone(), address.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Ok(server) = TcpStream::connect(&address) {
                    through.lead(client, server);
                }
            }
        });
        Self { url: Secret::from(format!("{before}@{here}/{rest}")), way }
    }

    /// Where it begins.
    #[must_use]
    pub fn url(&self) -> Secret<str> {
        Secret::from(self.url.expose())
    }

    /// The answer to the next COMMIT is lost, with its connection.
    pub fn lose_the_next_commit(&self) {
        self.way.losing.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.way.lost.load(Ordering::SeqCst)
    }
}

impl Way {
    fn lead(&self, client: TcpStream, server: TcpStream) {
        let (Ok(to_client), Ok(from_server)) = (client.try_clone(), server.try_clone()) else { return };
        let loses = Arc::new(AtomicBool::new(false));
        let (losing, asked) = (Arc::clone(&self.losing), Arc::clone(&loses));
        thread::spawn(move || {
            pass(client, server, |sent| {
                if sent.ends_with(COMMIT) && losing.swap(false, Ordering::SeqCst) {
                    asked.store(true, Ordering::SeqCst);
                }
                true
            });
        });
        let lost = Arc::clone(&self.lost);
        thread::spawn(move || {
            pass(from_server, to_client, |_| {
                let loses = loses.load(Ordering::SeqCst);
                lost.fetch_add(usize::from(loses), Ordering::SeqCst);
                !loses
            });
        });
    }
}

/// Passes on what comes as long as it may be; then both ends are closed.
fn pass(mut from: TcpStream, mut to: TcpStream, mut may: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..read) else { break };
        if !may(bytes) || to.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
