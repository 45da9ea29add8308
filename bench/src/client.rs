//! An HTTP/1.1 connection that is kept open, and what is asked over it.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// A request that can be sent again and again.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Ask {
    /// A request without a body.
    pub(crate) fn get(path: &str) -> Self {
        Self { method: Method::GET, path: path.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A request with a JSON body, as MCP clients and REST callers send it.
    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self { body: body.to_string().into(), ..Self::get(path) }.posting("application/json")
    }

    /// A request with a form.
    pub(crate) fn form(path: &str, fields: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { body: form.into(), ..Self::get(path) }.posting("application/x-www-form-urlencoded")
    }

    fn posting(mut self, kind: &'static str) -> Self {
        self.method = Method::POST;
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        self.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        self
    }

    /// The same with a bearer token.
    pub(crate) fn with(mut self, bearer: &Bearer) -> Self {
        self.headers.insert(header::AUTHORIZATION, bearer.0.clone());
        self
    }
}

/// The value of `Authorization`, made once for many requests.
#[derive(Clone, Debug)]
pub(crate) struct Bearer(HeaderValue);

impl Bearer {
    /// For this token.
    ///
    /// # Errors
    /// It has bytes that no header may have.
    pub(crate) fn new(token: &str) -> Result<Self> {
        Ok(Self(HeaderValue::try_from(format!("Bearer {token}"))?))
    }
}

/// An open connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // What ends a connection is said to whoever is waiting for an answer over it.
        spawn(async move { drop(driver.await) });
        Ok(Self { sender, host: HeaderValue::try_from(address.to_string())? })
    }

    /// Asks and reads the whole answer, which must be a success.
    ///
    /// # Errors
    /// The connection ended, or the answer is no success: a figure about refusals would mean nothing.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Bytes> {
        let mut request = Request::new(Full::new(ask.body.clone()));
        *request.method_mut() = ask.method.clone();
        *request.uri_mut() = ask.path.parse()?;
        *request.headers_mut() = ask.headers.clone();
        request.headers_mut().insert(header::HOST, self.host.clone());
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{} answered {status}: {}", ask.path, String::from_utf8_lossy(&body));
        Ok(body)
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// As for [`Connection::ask`], or the answer is not JSON.
    pub(crate) async fn json(&mut self, ask: &Ask) -> Result<Value> {
        serde_json::from_slice(&self.ask(ask).await?).with_context(|| format!("{} did not answer JSON", ask.path))
    }
}

/// Text at a JSON pointer.
///
/// # Errors
/// There is none.
pub(crate) fn text(value: &Value, pointer: &str) -> Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {pointer} in {value}"))?.to_owned())
}

/// Starts a task that ends with the runtime.
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
    #[expect(clippy::disallowed_methods, reason = "a bench shuts nothing down that would have to be waited for")]
    tokio::spawn(task)
}
