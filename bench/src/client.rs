//! A connection that is kept open, by HTTP/1.1 or for gRPC by HTTP/2 in clear text, and what is asked over it.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
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
    expected: Option<String>,
}

impl Ask {
    /// A request without a body.
    pub(crate) fn get(path: &str) -> Self {
        Self {
            method: Method::GET,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            expected: None,
        }
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

    /// A unary gRPC call with a message.
    pub(crate) fn grpc(path: &str, message: &[u8]) -> Self {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let body = [&[0], length.as_slice(), message].concat();
        let mut ask = Self { body: body.into(), ..Self::get(path) }.posting("application/grpc");
        ask.headers.insert(header::TE, HeaderValue::from_static("trailers"));
        ask
    }

    fn posting(mut self, kind: &'static str) -> Self {
        self.method = Method::POST;
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        self.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        self
    }

    /// The same with this header, whatever it had under this name.
    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    /// The same at another path.
    pub(crate) fn at(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// The same with a bearer token in this header.
    pub(crate) fn with_in(mut self, name: &'static str, bearer: &Bearer) -> Self {
        self.headers.insert(name, bearer.0.clone());
        self
    }

    /// The same, where an answer without these words is no success.
    pub(crate) fn expecting(self, words: String) -> Self {
        Self { expected: Some(words), ..self }
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
    sender: Sender,
    host: HeaderValue,
    address: SocketAddr,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Grpc(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        // What ends a connection is said to whoever is waiting for an answer over it.
        spawn(async move { drop(driver.await) });
        Ok(Self { sender: Sender::Http1(sender), host: HeaderValue::try_from(address.to_string())?, address })
    }

    /// Connects for gRPC.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open_grpc(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        spawn(async move { drop(driver.await) });
        Ok(Self { sender: Sender::Grpc(sender), host: HeaderValue::try_from(address.to_string())?, address })
    }

    /// Connects again if the other side has ended the connection: servers close one on which nothing is asked, some after two
    /// seconds.
    ///
    /// # Errors
    /// Nobody listens there any more.
    pub(crate) async fn renew(&mut self) -> Result<()> {
        match &self.sender {
            Sender::Http1(sender) if sender.is_closed() => *self = Self::open(self.address).await?,
            Sender::Grpc(sender) if sender.is_closed() => *self = Self::open_grpc(self.address).await?,
            _ => {}
        }
        Ok(())
    }

    /// Asks and reads the whole answer, which must be a success.
    ///
    /// # Errors
    /// The connection ended, or the answer is no success: a figure about refusals would mean nothing.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Bytes> {
        let mut request = Request::new(Full::new(ask.body.clone()));
        *request.method_mut() = ask.method.clone();
        *request.headers_mut() = ask.headers.clone();
        let answer = match &mut self.sender {
            Sender::Http1(sender) => {
                *request.uri_mut() = ask.path.parse()?;
                request.headers_mut().insert(header::HOST, self.host.clone());
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Grpc(sender) => {
                *request.uri_mut() = format!("http://{}{}", self.host.to_str()?, ask.path).parse()?;
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let whole = answer.into_body().collect().await?;
        // gRPC says how it ended behind the body, or in its place.
        let ended = whole.trailers().unwrap_or(&headers).get("grpc-status").cloned();
        let body = whole.to_bytes();
        ensure!(status.is_success(), "{} answered {status}: {}", ask.path, String::from_utf8_lossy(&body));
        if let Some(words) = &ask.expected {
            let said = std::str::from_utf8(&body).is_ok_and(|body| body.contains(words));
            ensure!(said, "{} answered without '{words}': {}", ask.path, String::from_utf8_lossy(&body));
        }
        if matches!(self.sender, Sender::Grpc(_)) {
            ensure!(ended.as_ref().is_some_and(|code| code == "0"), "{} ended with {ended:?}", ask.path);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_connection_that_the_server_closed_is_opened_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut connection = Connection::open(listener.local_addr().unwrap()).await.unwrap();
        drop(listener.accept().await.unwrap());
        // However late it is seen that the other side has ended it.
        let Sender::Http1(sender) = &connection.sender else { panic!("another protocol") };
        let seen = async {
            while !sender.is_closed() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(5), seen).await.expect("it is open still");
        connection.renew().await.unwrap();
        let again = tokio::time::timeout(std::time::Duration::from_secs(5), listener.accept()).await;
        let (mut again, _) = again.expect("nobody connected again").unwrap();
        drop(spawn(async move { connection.ask(&Ask::get("/here")).await }));
        let mut asked = [0; 9];
        again.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"GET /here");
    }
}
