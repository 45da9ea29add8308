//! What a remote server answers, one after the other: each begins with a byte that says its status and kind, and ends with a
//! zero byte. Whatever comes, listing its tools and calling one end, and what of it is shown has nothing that nobody sees.

#![no_main]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is found is found by a panic")]

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use std::convert::Infallible;
use std::sync::Mutex;
use std::{fmt, slice};
use valetkey_upstream::{Carrier, Client, Error, Outcome, QuestionKinds, QuestionPolicy, Transport, UnderWay};

const STATUS: [u16; 8] = [200, 200, 200, 200, 202, 401, 404, 500];
const KIND: [&str; 4] = ["application/json", "text/event-stream", "text/html", ""];

/// Answers, one behind the other.
type Answers<'a> = slice::Split<'a, u8, fn(&u8) -> bool>;

/// A server that gives the answers that it has, then hangs up.
struct Scripted<'a>(Mutex<Answers<'a>>);

#[derive(Debug)]
struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hung up")
    }
}

impl std::error::Error for HungUp {}

impl From<Infallible> for HungUp {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Memory is not counted here.
struct Room;

impl valetkey_upstream::Room for Room {
    fn shrink_to(&mut self, _: usize) {}
}

impl Carrier for Scripted<'_> {
    type Body = Full<Bytes>;
    type Fault = HungUp;
    type Room = Room;

    async fn carry(&self, _: Request<Bytes>) -> Result<Response<Full<Bytes>>, HungUp> {
        let next = self.0.lock().map_err(|_| HungUp)?.next().ok_or(HungUp)?;
        let (first, body) = next.split_first().ok_or(HungUp)?;
        let (status, kind) = (STATUS[usize::from(first & 7)], KIND[usize::from(first >> 3 & 3)]);
        let mut answer = Response::new(Full::new(Bytes::copy_from_slice(body)));
        *answer.status_mut() = StatusCode::from_u16(status).map_err(|_| HungUp)?;
        answer.headers_mut().insert("content-type", kind.parse().map_err(|_| HungUp)?);
        if first & 0x20 != 0 {
            answer.headers_mut().insert("mcp-session-id", "session".parse().map_err(|_| HungUp)?);
        }
        Ok(answer)
    }

    async fn room_to_read(&self, _: Option<usize>) -> Result<Room, HungUp> {
        Ok(Room)
    }

    async fn room_to_parse(&self, _: &[u8]) -> Result<Room, HungUp> {
        Ok(Room)
    }

    async fn aside<T: Send + 'static>(&self, _: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HungUp> {
        Ok(work())
    }
}

fuzz_target!(|answers: &[u8]| {
    let Some((first, answers)) = answers.split_first() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let ends: fn(&u8) -> bool = |byte| *byte == 0;
        let scripted = Scripted(Mutex::new(answers.split(ends)));
        let url = "https://mcp.acme.example/mcp".parse().unwrap();
        let transport = if first & 1 == 1 { Transport::Sse } else { Transport::Http };
        let client = Client { carrier: &scripted, url: &url, transport };
        let (mut session, under_way) = (None, UnderWay::default());
        if first & 2 == 2 {
            match client.tools(&mut session).await {
                Ok(listed) => assert!(listed.tools.len() <= 1_000),
                Err(error) => shown(&error),
            }
        }
        let report = |_: f64, _: Option<f64>, words: &str| visible(words);
        let passes = |_: &str, question: &Value| question.get("params").cloned();
        let policy = QuestionPolicy {
            kinds: QuestionKinds { forms: first & 4 == 4, pages: false },
            passes: &passes,
            again: None,
        };
        let called = client.call(&mut session, ("tool", &[]), &Map::new(), (&report, &under_way), &policy).await;
        match called {
            Ok(Outcome::Done(held)) => assert!(held.result.is_object(), "{}", held.result),
            Ok(Outcome::Asked(asked)) => {
                assert!(first & 4 == 4, "nobody may be asked");
                assert!(asked.questions.len() <= 8 && Value::Object(asked.questions).to_string().len() <= 80_000);
            }
            Err(error) => shown(&error),
        }
    });
});

fn shown(error: &Error<HungUp>) {
    if let Error::Refused { message, .. } | Error::Lacks { message, .. } = error {
        visible(message);
    }
}

fn visible(words: &str) {
    assert!(!words.chars().any(char::is_control), "{words:?}");
}
