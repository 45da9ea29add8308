//! What is asked of a server: its tools, and to call one.

use crate::Transport;
use crate::carrier::Carrier;
use crate::error::Error;
use crate::exchange::{Ask, Exchange, Progress};
use crate::headers::Parameter;
use crate::message::{self, Id};
use crate::open;
use crate::session::{OPENING, Session};
use crate::two_ways::TwoWays;
use crate::under_way::UnderWay;
use http::Uri;
use serde_json::{Map, Value, json};

/// The most tools that are taken of one server, in how many pages, and how long they may be together.
const MOST_TOOLS: usize = 1_000;
const MOST_PAGES: usize = 100;
const MOST_BYTES: usize = 8 * 1024 * 1024;
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
#[derive(Debug, Default)]
pub struct Listed {
    /// The definitions.
    pub tools: Vec<Value>,
    /// Whether there are more than are taken.
    pub cut: bool,
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
    pub async fn tools(&self, session: &mut Option<Session>) -> Result<Listed, Error<C::Fault>> {
        let known = session.is_some();
        match self.tools_once(session).await {
            Err(Error::SessionEnded) if known => {
                *session = None;
                self.tools_once(session).await
            }
            listed => listed,
        }
    }

    /// Calls a tool by its own name there; `wanted` are the arguments that its schema names headers for. The result is as
    /// it came. `under_way` is what [`Client::stop`] takes, where this is dropped before its end.
    ///
    /// # Errors
    /// See [`Error`]. A call is sent again only where the server said that it ended the session, for then it did nothing.
    pub async fn call(
        &self,
        session: &mut Option<Session>,
        (tool, wanted): (&str, &[Parameter]),
        arguments: &Map<String, Value>,
        (progress, under_way): (Progress<'_>, &UnderWay),
    ) -> Result<Value, Error<C::Fault>> {
        let known = session.is_some();
        let answered = match self.call_once(session, (tool, wanted), arguments, (progress, under_way)).await {
            Err(Error::SessionEnded) if known => {
                *session = None;
                self.call_once(session, (tool, wanted), arguments, (progress, under_way)).await
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

    async fn tools_once(&self, session: &mut Option<Session>) -> Result<Listed, Error<C::Fault>> {
        let mut way = self.way(session).await?;
        let (mut listed, mut bytes, mut cursor) = (Listed::default(), 0, None::<String>);
        for _ in 0..MOST_PAGES {
            let params = cursor.take().map(|cursor| ("cursor".to_owned(), cursor.into())).into_iter().collect();
            let ask = Ask::of(way.next_id(), "tools/list", params);
            let mut result = way.ask(ask).await?;
            let Some(Value::Array(tools)) = result.get_mut("tools").map(Value::take) else {
                return Err(Error::nonsense("its list of tools is none"));
            };
            for tool in tools {
                bytes += tool.to_string().len();
                if listed.tools.len() >= MOST_TOOLS || bytes > MOST_BYTES {
                    return Ok(Listed { cut: true, ..listed });
                }
                listed.tools.push(tool);
            }
            match result.get("nextCursor").and_then(Value::as_str) {
                None | Some("") => return Ok(listed),
                Some(next) if next.len() > LONGEST_CURSOR => break,
                Some(next) => cursor = Some(next.to_owned()),
            }
        }
        Ok(Listed { cut: true, ..listed })
    }

    async fn call_once(
        &self,
        session: &mut Option<Session>,
        (tool, wanted): (&str, &[Parameter]),
        arguments: &Map<String, Value>,
        (progress, under_way): (Progress<'_>, &UnderWay),
    ) -> Result<Value, Error<C::Fault>> {
        let mut way = self.way(session).await?;
        let params = [("name".to_owned(), tool.into()), ("arguments".to_owned(), Value::Object(arguments.clone()))];
        let id = way.next_id();
        let ask = Ask {
            tool: Some((tool, wanted)),
            progress: Some(progress),
            under_way: Some(under_way),
            ..Ask::of(id, "tools/call", params.into_iter().collect())
        };
        under_way.set(session.clone().map(|session| (session, id)));
        let result = way.ask(ask).await?;
        match result.get("resultType").and_then(Value::as_str) {
            None | Some("complete") => Ok(result),
            Some("input_required") => {
                let message = "the tool asks for more input in the midst of the call, which can't be given here";
                Err(Error::Refused { code: 0, message: message.to_owned() })
            }
            Some(other) => Err(Error::nonsense(format!("its result is '{}'", crate::words::shown(other)))),
        }
    }

    /// A way to the server, in the session that is known or in a new one.
    async fn way(&self, session: &mut Option<Session>) -> Result<Way<'_, C>, Error<C::Fault>> {
        if self.transport == Transport::Sse {
            let mut two_ways = TwoWays::open(self.carrier, self.url).await?;
            let result = two_ways.ask(Ask::of(OPENING, "initialize", open::opening())).await?;
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

impl<C: Carrier> Way<'_, C> {
    fn next_id(&mut self) -> Id {
        match self {
            Self::Http(_, session) => session.next_id(),
            Self::TwoWays(two_ways) => two_ways.next_id(),
        }
    }

    async fn ask(&mut self, ask: Ask<'_>) -> Result<Value, Error<C::Fault>> {
        match self {
            Self::Http(exchange, session) => Ok(exchange.ask(Some(session), ask).await?.result),
            Self::TwoWays(two_ways) => two_ways.ask(ask).await,
        }
    }
}

#[cfg(test)]
mod tests;
