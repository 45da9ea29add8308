//! The first revision's transport: a stream of events brings the answers, and names the address that takes the requests.

use crate::carrier::Carrier;
use crate::error::Error;
use crate::exchange::{Ask, MOST_ASKED, post};
use crate::message::{self, Id};
use crate::reply::{self, Reply, Told};
use crate::session::OPENING;
use crate::stream::broken;
use crate::text::Rooms;
use crate::under_way::UnderWay;
use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{ACCEPT, HeaderValue};
use http::{Request, Uri};
use serde_json::{Value, json};
use url::Url;

/// How many events may come before the one that names the address.
const BEFORE: usize = 16;

/// An open stream with the address that it named.
pub(crate) struct TwoWays<'a, C: Carrier> {
    carrier: &'a C,
    address: Uri,
    answers: Reply<'a, C>,
    next: Id,
}

impl<'a, C: Carrier> TwoWays<'a, C> {
    /// Opens the stream and waits for the address, which has to be of the same origin.
    pub(crate) async fn open(carrier: &'a C, url: &Uri) -> Result<Self, Error<C::Fault>> {
        let request = Request::get(url.clone())
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
            .body(Bytes::new())
            .map_err(|why| Error::Nonsense(why.to_string()))?;
        let answer = carrier.carry(request).await.map_err(Error::Unsent)?;
        let Reply::Events(_, mut events) = Reply::of(carrier, answer, false).await? else {
            return Err(Error::nonsense("it is no stream of events"));
        };
        for _ in 0..BEFORE {
            let Some(event) = events.inner.next().await else { break };
            let event = event.map_err(broken)?;
            events.held.take();
            if event.event.as_deref() == Some("endpoint") {
                let address = joined(url, event.data.as_deref().unwrap_or_default()).map_err(Error::nonsense)?;
                return Ok(Self { carrier, address, answers: Reply::Events(carrier, events), next: OPENING + 1 });
            }
        }
        Err(Error::nonsense("its stream names no address for requests"))
    }

    /// The id of the next request.
    pub(crate) const fn next_id(&mut self) -> Id {
        let id = self.next;
        self.next += 1;
        id
    }

    /// Makes a request and waits for its answer on the stream.
    pub(crate) async fn ask(&mut self, ask: Ask<'_>) -> Result<(Value, Rooms<C::Room>), Error<C::Fault>> {
        let Ask { id, method, mut params, progress, under_way, .. } = ask;
        if progress.is_some() {
            params.insert("_meta".to_owned(), json!({ "progressToken": id }));
        }
        self.tell(message::request(id, method, &params)).await?;
        let mut asked = 0;
        loop {
            match self.answers.next(id).await? {
                Told::Answer(result, rooms) => return Ok((result, rooms)),
                Told::Progress(done, total, words) => {
                    progress.into_iter().for_each(|tell| tell(done, total, &words));
                }
                Told::ToolsChanged => under_way.into_iter().for_each(UnderWay::change_tools),
                Told::Asked(answer, user) if asked < MOST_ASKED => {
                    asked += 1;
                    under_way.filter(|_| user).into_iter().for_each(UnderWay::ask_user);
                    self.tell(answer).await?;
                }
                Told::Asked(..) => return Err(Error::TooMuch { what: "questions", most: MOST_ASKED }),
                Told::Ended(_) => return Err(Error::nonsense("its stream ended before the answer came")),
            }
        }
    }

    /// Sends a message. It borrows all of it alone, for a body that waits for room is no two threads'.
    pub(crate) async fn tell(&mut self, body: Bytes) -> Result<(), Error<C::Fault>> {
        let request = post(&self.address, body).map_err(Error::Nonsense)?;
        let answer = self.carrier.carry(request).await.map_err(Error::Unsent)?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(reply::failure::<C>(answer, false).await)
    }
}

/// The address for requests. One on another origin would be given the user's credential by whoever wrote the stream.
fn joined(url: &Uri, named: &str) -> Result<Uri, &'static str> {
    let base = Url::parse(&url.to_string()).map_err(|_| "its own address can't be read")?;
    let address = base.join(named.trim()).map_err(|_| "the address that it names for requests is none")?;
    if address.origin() != base.origin() || !address.username().is_empty() || address.password().is_some() {
        return Err("the address that it names for requests is of another origin");
    }
    address.as_str().parse().map_err(|_| "the address that it names for requests is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_37_a_stream_leads_to_its_own_origin_only() {
        let url: Uri = "https://mcp.acme.example/sse".parse().unwrap();
        assert_eq!(joined(&url, "/messages?s=1").unwrap(), "https://mcp.acme.example/messages?s=1");
        assert_eq!(joined(&url, "messages").unwrap(), "https://mcp.acme.example/messages");
        for elsewhere in [
            "https://evil.example/m",
            "//evil.example/m",
            "http://mcp.acme.example/m",
            "https://a@mcp.acme.example/m",
            "https://mcp.acme.example:444/m",
        ] {
            assert!(joined(&url, elsewhere).is_err(), "{elsewhere}");
        }
    }
}
