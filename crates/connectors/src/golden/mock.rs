//! What a vendor would say to a request, as far as its own description tells: unknown parameters, wrong bodies, other
//! hosts, files where none go, documents that its schema does not have.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Uri};
use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use valetkey_vendor::graphql::Graphql;
use valetkey_vendor::{Digest, Operation, RequestParts, Schema};

/// A vendor made from digests of its APIs.
#[derive(Debug)]
pub struct Mock {
    digests: Vec<Digest>,
    /// The schema of the one that is GraphQL.
    schema: Option<Graphql>,
}

impl Mock {
    /// One of these digests; without any it takes everything.
    ///
    /// # Errors
    /// The schema of one cannot be read.
    pub fn of(digests: Vec<Digest>) -> Result<Self, String> {
        let described = digests.iter().find(|digest| !digest.graphql.is_empty());
        let schema = described.map(|digest| Graphql::read(&digest.graphql)).transpose()?;
        Ok(Self { digests, schema })
    }

    /// The id of the operation that a request line names.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> Option<&str> {
        self.digests.iter().find_map(|digest| Some(digest.find(method, path)?.0.id.as_str()))
    }

    /// Why the vendor would refuse a request; none if it would take it.
    #[must_use]
    pub fn refused(&self, request: &Request<Bytes>) -> Option<String> {
        if self.digests.is_empty() { None } else { self.look(request).err() }
    }

    /// What an answer in GraphQL has that its document does not ask for, or has not.
    #[must_use]
    pub fn unasked(&self, request: &Request<Bytes>, answer: &Value) -> Option<String> {
        let asked = body(request, None).ok()?;
        self.schema.as_ref()?.answers(asked.get("query")?.as_str()?, answer.get("data")?).err()
    }

    fn look(&self, request: &Request<Bytes>) -> Result<(), String> {
        let (method, path) = (request.method().as_str(), request.uri().path());
        let found = self.digests.iter().find_map(|digest| Some((digest, digest.find(method, path)?.0)));
        let (digest, operation) = found.ok_or_else(|| format!("no operation {method} {path}"))?;
        let query = pairs(request.uri());
        misplaced(operation, request, &query)?;
        let body = if request.body().is_empty() { None } else { Some(body(request, operation.body.as_ref())?) };
        if let (Some(body), Some(schema), false) = (&body, &self.schema, digest.graphql.is_empty()) {
            let document = body.get("query").and_then(Value::as_str).ok_or("there is no document")?;
            schema.fits(document, body.get("variables").unwrap_or(&Value::Object(Map::new())))?;
        }
        let fits = operation.fits(digest, &RequestParts { query: &query, body: body.as_ref() });
        fits.map_err(|misfits| format!("{misfits:?}"))?;
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let there = format!("https://{authority}") == digest.base_url;
        if there { Ok(()) } else { Err(format!("{} is another host", request.uri())) }
    }
}

/// What is wrong with the way in which a file is sent, as Google's guide to uploads has it.
fn misplaced(operation: &Operation, request: &Request<Bytes>, query: &[(String, String)]) -> Result<(), String> {
    let there = operation.takes_files_at(request.uri().path());
    let says = query.iter().any(|(name, value)| name == "uploadType" && value == "multipart");
    let file = upload(request)?.is_some();
    if there == file && says == file {
        return Ok(());
    }
    Err(format!("a file: {file}, where files go: {there}, said: {says}"))
}

/// The JSON and the file of a body that has both, as a parser that nobody here wrote reads them.
pub(super) fn upload(request: &Request<Bytes>) -> Result<Option<(Value, Value)>, String> {
    let kind = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("multipart/related;") {
        return Ok(None);
    }
    let mail = [format!("Content-Type: {kind}\r\n\r\n").as_bytes(), request.body()].concat();
    let mail = MessageParser::new().parse(&mail).ok_or("the body has no parts")?;
    let parts: Vec<_> = mail.parts.iter().filter(|part| !part.is_multipart()).collect();
    let [json, file] = parts.as_slice() else { return Err(format!("the body has {} parts", parts.len())) };
    if media_type(json) != "application/json" {
        return Err(format!("the first part is {}", media_type(json)));
    }
    let content = match std::str::from_utf8(file.contents()) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("base64:{}", STANDARD.encode(file.contents())),
    };
    let read = serde_json::from_slice(json.contents()).map_err(|why| why.to_string())?;
    Ok(Some((read, json!({"type": media_type(file), "content": content}))))
}

fn media_type(part: &MessagePart<'_>) -> String {
    let kind = part.content_type();
    kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())).unwrap_or_default()
}

/// The body as JSON. Of a form all is text; what the vendor says is no text stands in it as JSON.
pub(super) fn body(request: &Request<Bytes>, described: Option<&Schema>) -> Result<Value, String> {
    if let Some((json, _)) = upload(request)? {
        return Ok(json);
    }
    if request.headers().get("content-type").is_none_or(|kind| kind == "application/json") {
        return serde_json::from_slice(request.body()).map_err(|why| why.to_string());
    }
    let read = url::form_urlencoded::parse(request.body()).map(|(name, text)| {
        let kind = described.and_then(|described| described.properties.get(&*name)?.kind.as_deref());
        let value = match kind {
            None | Some("string") => Value::String(text.into_owned()),
            Some(_) => serde_json::from_str(&text).map_err(|why| format!("{name}={text}: {why}"))?,
        };
        Ok((name.into_owned(), value))
    });
    read.collect::<Result<Map<_, _>, String>>().map(Value::Object)
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text).decode_utf8().unwrap_or(Cow::Borrowed("?")).into_owned()
    };
    query
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}
