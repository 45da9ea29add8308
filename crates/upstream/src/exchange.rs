//! One request over streamable HTTP, and its answer, wherever it comes.

use crate::carrier::Carrier;
use crate::error::Error;
use crate::headers::{self, Parameter};
use crate::message::{self, Id};
use crate::questions::QuestionKinds;
use crate::reply::{self, Reply, Told};
use crate::session::{Session, modern_meta};
use crate::stream::Resume;
use crate::text::Rooms;
use crate::under_way::UnderWay;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, Uri};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How often a stream is taken up again.
const MOST_RESUMES: usize = 20;
/// How often a server may ask something of us before it answers.
pub(crate) const MOST_ASKED: usize = 16;

/// Who is told how far a request is: what is done, of how much, in words.
pub type Progress<'a> = &'a (dyn Fn(f64, Option<f64>, &str) + Sync);

/// A request to be made.
pub(crate) struct Ask<'a> {
    pub(crate) id: Id,
    pub(crate) method: &'a str,
    pub(crate) params: Map<String, Value>,
    /// The tool's name, where it is a call of one, and the arguments that go into headers too.
    pub(crate) tool: Option<(&'a str, &'a [Parameter])>,
    pub(crate) progress: Option<Progress<'a>>,
    /// What is to know of what the server tells beside the answer.
    pub(crate) under_way: Option<&'a UnderWay>,
    /// What may be asked of the user meanwhile.
    pub(crate) kinds: QuestionKinds,
}

impl<'a> Ask<'a> {
    pub(crate) fn of(id: Id, method: &'a str, params: Map<String, Value>) -> Self {
        Self { id, method, params, tool: None, progress: None, under_way: None, kinds: QuestionKinds::default() }
    }
}

/// A result, the room that it takes, and the headers that its answer came with.
pub(crate) struct Answered<R> {
    pub(crate) result: Value,
    pub(crate) rooms: Rooms<R>,
    pub(crate) headers: HeaderMap,
}

/// Where requests go.
pub(crate) struct Exchange<'a, C: Carrier> {
    pub(crate) carrier: &'a C,
    pub(crate) url: &'a Uri,
}

// Deriving these would ask them of the carrier, of which only a reference is copied.
impl<C: Carrier> Clone for Exchange<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Carrier> Copy for Exchange<'_, C> {}

impl<C: Carrier> Exchange<'_, C> {
    /// Makes a request and waits for its answer.
    pub(crate) async fn ask(
        &self,
        session: Option<&Session>,
        ask: Ask<'_>,
    ) -> Result<Answered<C::Room>, Error<C::Fault>> {
        let (id, progress, under_way) = (ask.id, ask.progress, ask.under_way);
        let request = self.request(session, ask)?;
        let named = session.is_some_and(Session::is_named);
        let answer = self.carrier.carry(request).await.map_err(Error::Unsent)?;
        let headers = answer.headers().clone();
        let mut reply = Reply::of(self.carrier, answer, named).await?;
        let (mut asked, mut resumes) = (0, 0);
        loop {
            match reply.next(id).await? {
                Told::Answer(result, rooms) => return Ok(Answered { result, rooms, headers }),
                Told::Progress(done, total, words) => {
                    progress.into_iter().for_each(|tell| tell(done, total, &words));
                }
                Told::ToolsChanged => under_way.into_iter().for_each(UnderWay::change_tools),
                Told::Asked(answer, user) if asked < MOST_ASKED => {
                    asked += 1;
                    under_way.filter(|_| user).into_iter().for_each(UnderWay::ask_user);
                    self.tell(session, answer).await?;
                }
                Told::Asked(..) => return Err(Error::TooMuch { what: "questions", most: MOST_ASKED }),
                Told::Ended(Some(resume)) if resumes < MOST_RESUMES => {
                    resumes += 1;
                    reply = self.resumed(session, &resume).await?;
                }
                Told::Ended(_) => return Err(Error::nonsense("its stream ended before the answer came")),
            }
        }
    }

    /// Sends what wants no answer.
    pub(crate) async fn tell(&self, session: Option<&Session>, body: Bytes) -> Result<(), Error<C::Fault>> {
        let request = self.post(session, body)?;
        let answer = self.carrier.carry(request).await.map_err(Error::Unsent)?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(reply::failure::<C>(answer, session.is_some_and(Session::is_named)).await)
    }

    /// Takes up a stream that the server closed, where it left off.
    async fn resumed(&self, session: Option<&Session>, from: &Resume) -> Result<Reply<'_, C>, Error<C::Fault>> {
        tokio::time::sleep(Duration::from_millis(from.pause)).await;
        let mut request = Request::get(self.url.clone())
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
            .header("last-event-id", from.after.as_str())
            .body(Bytes::new())
            .map_err(|why| Error::Nonsense(format!("its event's id can't be sent back: {why}")))?;
        if let Some(session) = session {
            session.mark(request.headers_mut());
        }
        let answer = self.carrier.carry(request).await.map_err(Error::Unsent)?;
        Reply::of(self.carrier, answer, session.is_some_and(Session::is_named)).await
    }

    fn request(&self, session: Option<&Session>, ask: Ask<'_>) -> Result<Request<Bytes>, Error<C::Fault>> {
        let Ask { id, method, mut params, tool, progress, kinds, .. } = ask;
        let modern = session.is_some_and(Session::is_modern);
        let mut meta = if modern { modern_meta(kinds) } else { Map::new() };
        if progress.is_some() {
            meta.insert("progressToken".to_owned(), json!(id));
        }
        let arguments = params.get("arguments").and_then(Value::as_object).cloned().filter(|_| modern);
        if !meta.is_empty() {
            params.insert("_meta".to_owned(), Value::Object(meta));
        }
        let mut request = self.post(session, message::request(id, method, &params))?;
        if modern {
            headers::mirror(request.headers_mut(), method, tool.map(|(name, _)| name));
            if let (Some((_, wanted)), Some(arguments)) = (tool, arguments) {
                headers::mirror_arguments(request.headers_mut(), wanted, &arguments);
            }
        }
        Ok(request)
    }

    fn post(&self, session: Option<&Session>, body: Bytes) -> Result<Request<Bytes>, Error<C::Fault>> {
        let mut request = post(self.url, body).map_err(Error::Nonsense)?;
        if let Some(session) = session {
            session.mark(request.headers_mut());
        }
        Ok(request)
    }
}

/// A message to an address.
pub(crate) fn post(url: &Uri, body: Bytes) -> Result<Request<Bytes>, String> {
    Request::post(url.clone())
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"))
        .body(body)
        .map_err(|why| why.to_string())
}
