//! What is asked of a server: its tools, and to call one.

use crate::Transport;
use crate::again::Next;
use crate::carrier::Carrier;
use crate::error::Error;
use crate::exchange::{Answered, Ask, Exchange, MOST_ASKED, Progress};
use crate::headers::Parameter;
use crate::measured::SHORT;
use crate::message::{self, Id};
use crate::open;
use crate::page::Page;
use crate::questions::{Asked, QuestionPolicy};
use crate::session::{OPENING, Session};
use crate::text::Rooms;
use crate::two_ways::TwoWays;
use crate::under_way::UnderWay;
use http::Uri;
use serde_json::{Map, Value, json};
use valetkey_domain::json::MAX_VALUES;

/// The most tools that are taken of one server, in how many pages, and how long they may be together. They have no more
/// values than one document may.
const MOST_TOOLS: usize = 1_000;
const MOST_PAGES: usize = 100;
const MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_VALUES: usize = MAX_VALUES;
/// The longest cursor that is sent back.
const LONGEST_CURSOR: usize = 8 * 1024;

/// One server, and how to get there.
pub struct Client<'a, C: Carrier> {
    /// Sends what is sent.
    pub carrier: &'a C,
    /// The server's address.
    pub url: &'a Uri,
    /// How it is spoken to.
    pub transport: Transport,
}

/// The tools of a server, each as it came.
#[derive(Debug)]
pub struct Listed<R> {
    /// The definitions, as JSON.
    pub tools: Vec<Box<str>>,
    /// How many bytes and values they have together.
    pub bytes: usize,
    /// See `bytes`.
    pub values: usize,
    /// Whether there are more than are taken.
    pub cut: bool,
    /// The room that they take.
    pub room: Vec<R>,
}

/// A tool's result, as it came.
#[derive(Debug)]
pub struct Held<R> {
    /// The result.
    pub result: Value,
    /// How many bytes its message had.
    pub bytes: usize,
    /// The room that its text took, if that was long.
    pub text: Option<R>,
    /// The room that it takes.
    pub room: R,
}

/// What a call came to.
#[derive(Debug)]
pub enum Outcome<R> {
    /// A result.
    Done(Held<R>),
    /// None yet: the user has to be asked something first.
    Asked(Asked),
}

/// An open way to the server.
#[expect(clippy::large_enum_variant, reason = "one for each request, on the stack of its task")]
enum Way<'a, C: Carrier> {
    Http(Exchange<'a, C>, Session),
    TwoWays(TwoWays<'a, C>),
}

impl<C: Carrier> Client<'_, C> {
    /// All tools, page by page. `session` is one that was opened before with the same credential; what is agreed on anew
    /// stands there afterwards.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tools(&self, session: &mut Option<Session>) -> Result<Listed<C::Room>, Error<C::Fault>> {
        let known = session.is_some();
        match self.tools_once(session).await {
            Err(error) if known && error.wants_opening() => {
                *session = None;
                self.tools_once(session).await
            }
            listed => listed,
        }
    }

    /// Calls a tool by its own name there; `wanted` are the arguments that its schema names headers for. The result is as
    /// it came. `under_way` is what [`Client::stop`] takes, where this is dropped before its end; `policy` says what becomes of
    /// questions to the user.
    ///
    /// # Errors
    /// See [`Error`]. A call is sent again only where the server did nothing yet: it ended the session, it takes another
    /// version of the protocol, or it wanted to know something first.
    pub async fn call(
        &self,
        session: &mut Option<Session>,
        (tool, wanted): (&str, &[Parameter]),
        arguments: &Map<String, Value>,
        (progress, under_way): (Progress<'_>, &UnderWay),
        policy: &QuestionPolicy<'_>,
    ) -> Result<Outcome<C::Room>, Error<C::Fault>> {
        let known = session.is_some();
        let answered = match self.call_once(session, (tool, wanted), arguments, (progress, under_way), policy).await {
            Err(error) if known && error.wants_opening() => {
                *session = None;
                self.call_once(session, (tool, wanted), arguments, (progress, under_way), policy).await
            }
            answered => answered,
        };
        under_way.set(None);
        answered
    }

    /// Tells the server that nobody waits any more for a call that was dropped. In the modern era, and on a stream of the
    /// first revision, it knows by the connection that was closed.
    ///
    /// # Errors
    /// It could not be told.
    pub async fn stop(&self, under_way: &UnderWay) -> Result<(), Error<C::Fault>> {
        let Some((session, id)) = under_way.set(None).filter(|(session, _)| !session.is_modern()) else {
            return Ok(());
        };
        let params = json!({ "requestId": id, "reason": "the caller does not wait for it any more" });
        let exchange = Exchange { carrier: self.carrier, url: self.url };
        exchange.tell(Some(&session), message::notification("notifications/cancelled", Some(params))).await
    }

    async fn tools_once(&self, session: &mut Option<Session>) -> Result<Listed<C::Room>, Error<C::Fault>> {
        let mut way = self.way(session).await?;
        let mut listed = Listed { tools: Vec::new(), bytes: 0, values: 0, cut: true, room: Vec::new() };
        let (mut cursor, mut without_room) = (None::<String>, 0);
        for _ in 0..MOST_PAGES {
            let params = cursor.take().map(|cursor| ("cursor".to_owned(), cursor.into())).into_iter().collect();
            let ask = Ask::of(way.next_id(), "tools/list", params);
            let (result, Rooms { bytes, text, read }) = way.ask(ask).await?;
            let reading = move || (Page::of(result), read);
            let (page, read) = self.carrier.aside(bytes, reading).await.map_err(Error::Unsent)?;
            drop(read);
            let Page { tools, next } = page.ok_or_else(|| Error::nonsense("its list of tools is none"))?;
            if text.is_none() {
                without_room += bytes;
            }
            listed.room.extend(text);
            if without_room > SHORT {
                listed.room.push(self.carrier.room_to_read(Some(without_room)).await.map_err(Error::Unsent)?);
                without_room = 0;
            }
            if !tools.into_iter().all(|(tool, values)| listed.takes(tool, values)) {
                return Ok(listed);
            }
            match next {
                None => return Ok(Listed { cut: false, ..listed }),
                Some(next) if next.len() > LONGEST_CURSOR => break,
                Some(next) => cursor = Some(next),
            }
        }
        Ok(listed)
    }

    async fn call_once(
        &self,
        session: &mut Option<Session>,
        (tool, wanted): (&str, &[Parameter]),
        arguments: &Map<String, Value>,
        (progress, under_way): (Progress<'_>, &UnderWay),
        policy: &QuestionPolicy<'_>,
    ) -> Result<Outcome<C::Room>, Error<C::Fault>> {
        let mut way = self.way(session).await?;
        let mut again = policy.again.cloned().unwrap_or_default();
        while again.rounds <= MOST_ASKED {
            let id = way.next_id();
            let ask = Ask {
                tool: Some((tool, wanted)),
                progress: Some(progress),
                under_way: Some(under_way),
                kinds: policy.kinds,
                ..Ask::of(id, "tools/call", again.params(tool, arguments))
            };
            under_way.set(session.clone().map(|session| (session, id)));
            let (result, Rooms { bytes, text, read: room }) = way.ask(ask).await?;
            match result.get("resultType").and_then(Value::as_str) {
                None | Some("complete") => {
                    return Ok(Outcome::Done(Held { result, bytes, text, room }));
                }
                Some("input_required") => match Next::after(&result, &again, policy, under_way)? {
                    Next::Again(next) => again = next,
                    Next::Ask(asked) => return Ok(Outcome::Asked(asked)),
                },
                Some(other) => {
                    return Err(Error::nonsense(format!("its result is '{}'", crate::words::shown(other))));
                }
            }
        }
        Err(Error::TooMuch { what: "questions", most: MOST_ASKED })
    }

    /// A way to the server, in the session that is known or in a new one.
    async fn way(&self, session: &mut Option<Session>) -> Result<Way<'_, C>, Error<C::Fault>> {
        if self.transport == Transport::Sse {
            let mut two_ways = TwoWays::open(self.carrier, self.url).await?;
            let (result, _) = two_ways.ask(Ask::of(OPENING, "initialize", open::opening())).await?;
            open::agreed::<C::Fault>(&result)?;
            two_ways.tell(open::initialized()).await?;
            return Ok(Way::TwoWays(two_ways));
        }
        let exchange = Exchange { carrier: self.carrier, url: self.url };
        let agreed = match session.take() {
            Some(known) => known,
            None => open::open(exchange).await?,
        };
        *session = Some(agreed.clone());
        Ok(Way::Http(exchange, agreed))
    }
}

impl<R> Listed<R> {
    /// Takes one more, if there is not too much of them then.
    fn takes(&mut self, tool: Box<str>, values: usize) -> bool {
        (self.bytes, self.values) = (self.bytes + tool.len(), self.values + values);
        let fits = self.tools.len() < MOST_TOOLS && self.bytes <= MOST_BYTES && self.values <= MOST_VALUES;
        if fits {
            self.tools.push(tool);
        }
        fits
    }
}

impl<C: Carrier> Way<'_, C> {
    fn next_id(&mut self) -> Id {
        match self {
            Self::Http(_, session) => session.next_id(),
            Self::TwoWays(two_ways) => two_ways.next_id(),
        }
    }

    async fn ask(&mut self, ask: Ask<'_>) -> Result<(Value, Rooms<C::Room>), Error<C::Fault>> {
        match self {
            Self::Http(exchange, session) => {
                let Answered { result, rooms, .. } = exchange.ask(Some(session), ask).await?;
                Ok((result, rooms))
            }
            Self::TwoWays(two_ways) => two_ways.ask(ask).await,
        }
    }
}

#[cfg(test)]
mod tests;
