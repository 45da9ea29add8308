//! What servers that mean ill, or are merely large, make us hold: counted by the room that is asked for, not by time.

use crate::measured::SHORT;
use crate::message::Incoming;
use crate::text::{Rooms, Text};
use crate::{Carrier, Client, Error, Outcome, QuestionPolicy, Room, Transport, UnderWay};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{StreamBody, combinators::UnsyncBoxBody};
use serde_json::{Map, Value, json};
use std::any::Any;
use std::io;
use std::sync::{Arc, Mutex};

const PART: usize = 8 * 1024;
const MIB: usize = 1024 * 1024;

/// What was asked for, and what is held.
#[derive(Debug, Default)]
struct Books {
    /// Bytes of bodies that were read.
    came: usize,
    /// Each time room to read was asked for: how much, and how much had come by then.
    asked: Vec<(Option<usize>, usize)>,
    /// Room that is held: to read, and for what was read; the most of the latter.
    reading: usize,
    parsed: usize,
    most_parsed: usize,
    /// How long the texts were that work was done on.
    worked_on: Vec<usize>,
}

/// A modern server that answers `tools/call` and `tools/list` so, and the books of what that took.
struct Server {
    kind: &'static str,
    /// The bodies of its answers to what comes after the opening, the last one again and again.
    bodies: Vec<Vec<u8>>,
    next: Mutex<usize>,
    /// How much room there is to read.
    most: usize,
    books: Arc<Mutex<Books>>,
    /// Work that was given to a thread which never came to it.
    undone: Option<Mutex<Vec<Undone>>>,
}

type Undone = Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>;

/// Room that the books have.
#[derive(Debug)]
struct Booked {
    books: Arc<Mutex<Books>>,
    bytes: usize,
    parsed: bool,
}

impl Room for Booked {
    fn shrink_to(&mut self, bytes: usize) {
        let over = self.bytes.saturating_sub(bytes);
        self.bytes -= over;
        self.books.lock().unwrap().reading -= over;
    }
}

impl Drop for Booked {
    fn drop(&mut self) {
        let mut books = self.books.lock().unwrap();
        let held = if self.parsed { &mut books.parsed } else { &mut books.reading };
        *held -= self.bytes;
    }
}

impl Server {
    fn of(kind: &'static str, bodies: Vec<Vec<u8>>) -> Self {
        let (next, books) = (Mutex::default(), Arc::default());
        Self { kind, bodies, next, most: 32 * MIB, books, undone: None }
    }

    /// The answers to the request with the id 2 and the ones after it.
    fn json(results: &[Value]) -> Self {
        let body = |(at, result)| json!({ "jsonrpc": "2.0", "id": at + 2, "result": result }).to_string().into_bytes();
        Self::of("application/json", results.iter().enumerate().map(body).collect())
    }

    /// What is held, unread and read.
    fn held(&self) -> (usize, usize) {
        let books = self.books.lock().unwrap();
        (books.reading, books.parsed)
    }

    async fn call(&self) -> Result<Outcome<Booked>, Error<io::Error>> {
        let url = "https://mcp.acme.example/".parse().unwrap();
        let client = Client { carrier: self, url: &url, transport: Transport::Http };
        let under_way = UnderWay::default();
        client.call(&mut None, ("tool", &[]), &Map::new(), (&|_, _, _| {}, &under_way), &QuestionPolicy::NOTHING).await
    }
}

impl Carrier for Server {
    type Body = UnsyncBoxBody<Bytes, io::Error>;
    type Fault = io::Error;
    type Room = Booked;

    async fn carry(&self, request: Request<Bytes>) -> io::Result<Response<Self::Body>> {
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        let (kind, body) = if sent["method"] == "server/discover" {
            let opened = r#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2026-07-28"]}}"#;
            ("application/json", opened.as_bytes().to_vec())
        } else {
            let mut next = self.next.lock().unwrap();
            let body = self.bodies.get(*next).or(self.bodies.last()).unwrap();
            *next += 1;
            (self.kind, body.clone())
        };
        let body = Bytes::from(body);
        let books = self.books.clone();
        let parts = (0..body.len()).step_by(PART).map(move |at| {
            let part = body.slice(at..body.len().min(at + PART));
            books.lock().unwrap().came += part.len();
            Ok(Frame::data(part))
        });
        let body = UnsyncBoxBody::new(StreamBody::new(stream::iter(parts).boxed()));
        Ok(Response::builder().header("content-type", kind).body(body).unwrap())
    }

    async fn room_to_read(&self, bytes: Option<usize>) -> io::Result<Booked> {
        let mut books = self.books.lock().unwrap();
        let came = books.came;
        books.asked.push((bytes, came));
        let bytes = bytes.unwrap_or(10 * MIB);
        if books.reading + bytes > self.most {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        books.reading += bytes;
        Ok(Booked { books: self.books.clone(), bytes, parsed: false })
    }

    async fn room_to_parse(&self, json: &[u8]) -> io::Result<Booked> {
        let mut books = self.books.lock().unwrap();
        books.parsed += json.len();
        books.most_parsed = books.most_parsed.max(books.parsed);
        Ok(Booked { books: self.books.clone(), bytes: json.len(), parsed: true })
    }

    async fn aside<T: Send + 'static>(&self, bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        self.books.lock().unwrap().worked_on.push(bytes);
        match &self.undone {
            Some(undone) if bytes > PART => {
                undone.lock().unwrap().push(Box::new(move || Box::new(work())));
                std::future::pending().await
            }
            _ => Ok(work()),
        }
    }
}

fn texts(length: usize) -> Value {
    json!({ "content": [{ "type": "text", "text": "x".repeat(length) }] })
}

fn event(message: &Value) -> Vec<u8> {
    format!("event: message\ndata: {message}\n\n").into_bytes()
}

fn progress(words: usize) -> Vec<u8> {
    let params = json!({ "progressToken": 2, "progress": 1, "message": "x".repeat(words) });
    event(&json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }))
}

#[tokio::test]
async fn attack_78_a_long_answer_is_read_no_further_than_there_is_room() {
    for (kind, body) in [
        ("application/json", json!({ "jsonrpc": "2.0", "id": 2, "result": texts(9 * MIB) }).to_string().into_bytes()),
        ("text/event-stream", event(&json!({ "jsonrpc": "2.0", "id": 2, "result": texts(9 * MIB) }))),
    ] {
        let server = Server::of(kind, vec![body]);
        let Outcome::Done(held) = server.call().await.unwrap() else { panic!("it asks") };
        let asked = server.books.lock().unwrap().asked.clone();
        let [(None, came)] = asked.as_slice() else { panic!("{kind}: once, for as much as may come: {asked:?}") };
        assert!(*came <= SHORT + 2 * PART, "{kind}: {came} bytes came before");
        assert!(held.bytes > 9 * MIB && held.text.is_some());
        assert!(server.books.lock().unwrap().parsed > 9 * MIB, "what was read is held by whoever has it");
        drop(held);
        assert_eq!(server.held(), (0, 0));
        let full = Server { most: MIB, ..server };
        full.books.lock().unwrap().came = 0;
        let refused = full.call().await.unwrap_err();
        assert!(
            matches!(&refused, Error::Unsent(why) if why.kind() == io::ErrorKind::OutOfMemory),
            "{kind}: {refused}"
        );
        assert!(full.books.lock().unwrap().came <= SHORT + 2 * PART, "{kind}: it was not read on");
        assert_eq!(full.held(), (0, 0));
    }
}

#[tokio::test]
async fn attack_78_of_many_events_only_the_one_that_is_read_is_held() {
    let answer = event(&json!({ "jsonrpc": "2.0", "id": 2, "result": texts(10) }));
    let events = [progress(1_000).repeat(3_000), answer].concat();
    let server = Server { most: 0, ..Server::of("text/event-stream", vec![events]) };
    server.call().await.unwrap();
    let books = server.books.lock().unwrap();
    assert!(books.came > 3_000_000 && books.asked.is_empty(), "{:?}", books.asked);
    assert!(books.most_parsed < 2_000, "{}", books.most_parsed);
}

#[tokio::test]
async fn attack_53_a_stream_of_events_without_an_end_is_left_and_holds_nothing() {
    let server = Server { most: 0, ..Server::of("text/event-stream", vec![progress(10).repeat(20_000)]) };
    let left = server.call().await.unwrap_err();
    assert!(matches!(left, Error::TooMuch { most: 10_000, .. }), "{left}");
    let books = server.books.lock().unwrap();
    assert!(books.asked.is_empty() && (books.reading, books.parsed) == (0, 0));
}

#[tokio::test]
async fn attack_78_pages_of_a_list_are_counted_together_and_no_page_is_held_read() {
    let tool = |n: usize| json!({ "name": format!("t{n}"), "description": "x".repeat(5_000) });
    let page = |n: usize| json!({ "tools": (0..10).map(tool).collect::<Vec<_>>(), "nextCursor": n.to_string() });
    let mut pages: Vec<Value> = (0..6).map(page).collect();
    pages.push(json!({ "tools": [] }));
    let server = Server::json(&pages);
    let url = "https://mcp.acme.example/".parse().unwrap();
    let client = Client { carrier: &server, url: &url, transport: Transport::Http };
    let listed = client.tools(&mut None).await.unwrap();
    assert!(!listed.cut && listed.tools.len() == 60);
    let held = { server.books.lock().unwrap().reading };
    assert!(held > listed.bytes - SHORT && held <= listed.bytes + SHORT, "{held} for {}", listed.bytes);
    assert_eq!(server.books.lock().unwrap().parsed, 0, "as text it takes the least");
    assert!(server.books.lock().unwrap().most_parsed < 60_000, "one page");
    drop(listed);
    assert_eq!(server.books.lock().unwrap().reading, 0);
}

#[tokio::test]
async fn attack_52_a_list_has_no_more_values_than_one_document_may() {
    let tool = json!({ "name": "t", "inputSchema": { "enum": vec![0; 30_000] } });
    let page = json!({ "tools": [tool], "nextCursor": "more" });
    let server = Server::json(&vec![page; 8]);
    let url = "https://mcp.acme.example/".parse().unwrap();
    let listed = Client { carrier: &server, url: &url, transport: Transport::Http }.tools(&mut None).await.unwrap();
    assert!(listed.cut && listed.tools.len() == 3, "{}", listed.tools.len());
}

#[tokio::test]
async fn attack_77_a_long_answer_is_read_aside_and_no_further_once_its_caller_is_gone() {
    let body = json!({ "jsonrpc": "2.0", "id": 2, "result": texts(100_000) }).to_string();
    for gone in [false, true] {
        let server = Server { undone: Some(Mutex::default()), ..Server::json(&[]) };
        let room = server.room_to_read(None).await.unwrap();
        let text = Text { bytes: Bytes::from(body.clone()), room: Some(room) };
        let mut reading = Box::pin(text.read(&server, 2));
        assert!((&mut reading).now_or_never().is_none(), "it is read where the carrier wants");
        assert_eq!(server.books.lock().unwrap().worked_on, [body.len()]);
        let reading = (!gone).then_some(reading);
        assert!(server.books.lock().unwrap().reading > 0, "the room lasts as long as the work");
        let work = server.undone.as_ref().unwrap().lock().unwrap().pop().unwrap();
        let read = work().downcast::<(Result<Incoming, Error<io::Error>>, Rooms<Booked>)>().ok().unwrap();
        match &read.0 {
            Ok(Incoming::Answer(_)) => assert!(!gone),
            Err(Error::Nonsense(why)) => assert!(gone && why.contains("nobody waits"), "{why}"),
            _ => panic!("neither read nor stopped"),
        }
        drop((read, reading));
        assert_eq!(server.held(), (0, 0));
    }
}
