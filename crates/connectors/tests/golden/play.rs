//! Playing golden cases: arguments in, HTTP requests out, with the vendor's answers written down between. Each request
//! is put to a mock made from the vendor's digest, which refuses what the vendor would refuse.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, Uri};
use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use valetkey_connectors::file::read;
use valetkey_connectors::native::Work;
use valetkey_connectors::{Catalog, Setting, Step, Unsent};
use valetkey_vendor::graphql::Graphql;
use valetkey_vendor::{Digest, Operation, RequestParts, Schema};

/// One call of a tool.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) case: String,
    pub(crate) arguments: Map<String, Value>,
    pub(crate) exchange: Vec<Round>,
    pub(crate) end: Value,
}

/// What is sent at once, and the answers.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Round {
    pub(crate) send: Vec<Value>,
    pub(crate) answer: Vec<Answer>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    #[serde(default = "ok", skip_serializing_if = "is_ok")]
    status: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    body: Value,
    /// A file instead of JSON: its text, or its bytes in base64 behind `base64:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

const fn ok() -> u16 {
    200
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_ok(status: &u16) -> bool {
    *status == 200
}

pub(crate) fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")
}

/// The digests that a connector's file names: `calendar:v3` is in `digests/calendar.v3.json`.
pub(crate) fn digests(connector: &str) -> Vec<Digest> {
    let name = format!("{connector}.yaml");
    let file = match read::either(&name, &std::fs::read_to_string(catalogue().join(&name)).unwrap()).unwrap() {
        read::Either::Whole(file) => file,
        read::Either::Alias(alias) => return digests(&alias.alias_of),
    };
    let ids = std::iter::once(file.description).chain(file.also_described).map(|one| one.id.unwrap());
    let text = |id: String| {
        let name = format!("{}.json", id.replace(':', "."));
        std::fs::read_to_string(catalogue().join("digests").join(name)).unwrap()
    };
    ids.map(|id| Digest::read(&text(id)).unwrap()).collect()
}

/// Where a tool's cases are. Those of an alias are the other's.
pub(crate) fn path(tool: &str) -> PathBuf {
    let tool = tool.replacen("githubpat_", "github_", 1);
    catalogue().join("golden").join(format!("{tool}.json"))
}

pub(crate) fn cases(tool: &str) -> Vec<Case> {
    let path = path(tool);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A request as golden files have it. A mail is written out as the lines it consists of.
fn written(request: &Request<Bytes>) -> Value {
    let mut written = json!({"method": request.method().as_str(), "url": request.uri().to_string()});
    if !request.body().is_empty() {
        let mut body = body(request, None);
        for place in ["/raw", "/message/raw"] {
            if let Some(raw) = body.pointer_mut(place) {
                let encoded = raw.as_str().unwrap().trim_end_matches('=');
                let mail = String::from_utf8(URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap();
                *raw = mail.split("\r\n").collect();
            }
        }
        written["body"] = body;
    }
    if let Some((_, file)) = upload(request) {
        written["file"] = file;
    }
    written
}

/// What the vendor would say to a request.
pub(crate) fn refused(digests: &[Digest], request: &Request<Bytes>) -> Option<String> {
    let (method, path) = (request.method().as_str(), request.uri().path());
    let found = digests.iter().find_map(|digest| Some((digest, digest.find(method, path)?.0)));
    let Some((digest, operation)) = found else {
        return Some(format!("no operation {} {}", request.method(), request.uri().path()));
    };
    let query = pairs(request.uri());
    if let Some(why) = misplaced(operation, request, &query) {
        return Some(why);
    }
    let body = (!request.body().is_empty()).then(|| body(request, operation.body.as_ref()));
    let fits = operation.fits(digest, &RequestParts { query: &query, body: body.as_ref() });
    if let Some(why) = body.as_ref().and_then(|body| refused_document(digest, body)) {
        return Some(why);
    }
    let origin = format!("https://{}", request.uri().authority().unwrap());
    match fits {
        Ok(()) if origin == digest.base_url => None,
        Ok(()) => Some(format!("{} is another host", request.uri())),
        Err(misfits) => Some(format!("{misfits:?}")),
    }
}

/// What is wrong with the way in which a file is sent, as Google's guide to uploads has it.
fn misplaced(operation: &Operation, request: &Request<Bytes>, query: &[(String, String)]) -> Option<String> {
    let there = operation.takes_files_at(request.uri().path());
    let says = query.iter().any(|(name, value)| name == "uploadType" && value == "multipart");
    let file = upload(request).is_some();
    (there != file || says != file).then(|| format!("a file: {file}, where files go: {there}, said: {says}"))
}

/// The JSON and the file of a body that has both, as a parser that nobody here wrote reads them.
fn upload(request: &Request<Bytes>) -> Option<(Value, Value)> {
    let kind = request.headers().get("content-type")?.to_str().unwrap();
    if !kind.starts_with("multipart/related;") {
        return None;
    }
    let mail = [format!("Content-Type: {kind}\r\n\r\n").as_bytes(), request.body()].concat();
    let mail = MessageParser::new().parse(&mail).unwrap();
    let parts: Vec<_> = mail.parts.iter().filter(|part| !part.is_multipart()).collect();
    let [json, file] = parts.as_slice() else { panic!("{} parts", parts.len()) };
    let kind = |part: &MessagePart<'_>| {
        let kind = part.content_type().unwrap();
        format!("{}/{}", kind.ctype(), kind.subtype().unwrap())
    };
    assert_eq!(kind(json), "application/json");
    let content = match std::str::from_utf8(file.contents()) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("base64:{}", STANDARD.encode(file.contents())),
    };
    Some((serde_json::from_slice(json.contents()).unwrap(), json!({"type": kind(file), "content": content})))
}

/// What the vendor would say to a GraphQL document and its variables.
fn refused_document(digest: &Digest, body: &Value) -> Option<String> {
    let none = json!({});
    schema(digest)?.fits(body["query"].as_str()?, body.get("variables").unwrap_or(&none)).err()
}

/// What an answer in GraphQL has that its document does not ask for, or has not.
fn more_than_asked(digests: &[Digest], request: &Request<Bytes>, answer: &Value) -> Option<String> {
    let schema = digests.iter().find_map(schema)?;
    schema.answers(body(request, None)["query"].as_str()?, answer.get("data")?).err()
}

fn schema(digest: &Digest) -> Option<&'static Graphql> {
    static SCHEMA: OnceLock<Graphql> = OnceLock::new();
    (!digest.graphql.is_empty()).then(|| SCHEMA.get_or_init(|| Graphql::read(&digest.graphql).unwrap()))
}

/// The body as JSON. Of a form all is text; what the vendor says is no text stands in it as JSON.
fn body(request: &Request<Bytes>, described: Option<&Schema>) -> Value {
    if let Some((json, _)) = upload(request) {
        return json;
    }
    if request.headers().get("content-type").is_none_or(|kind| kind == "application/json") {
        return serde_json::from_slice(request.body()).unwrap();
    }
    let pairs = url::form_urlencoded::parse(request.body());
    let read = pairs.map(|(name, text)| {
        let kind = described.and_then(|described| described.properties.get(&*name)?.kind.as_deref());
        let value = match kind {
            None | Some("string") => Value::String(text.into_owned()),
            Some(_) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}={text}: {error}")),
        };
        (name.into_owned(), value)
    });
    Value::Object(read.collect())
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    query.map(|pair| pair.split_once('=').map(|(name, value)| (plain(name), plain(value))).unwrap()).collect()
}

fn reply(answer: &Answer) -> Result<Response<Bytes>, Unsent> {
    let body = match &answer.file {
        Some(file) => match file.strip_prefix("base64:") {
            Some(encoded) => STANDARD.decode(encoded).unwrap().into(),
            None => Bytes::from(file.clone()),
        },
        None if answer.body.is_null() => Bytes::new(),
        None => answer.body.to_string().into(),
    };
    let mut response = Response::builder().status(answer.status);
    if !answer.headers.contains_key("content-type") {
        response = response.header("content-type", "application/json; charset=UTF-8");
    }
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(body).unwrap())
}

/// What a call knows of its connection and of the time.
pub(crate) fn setting() -> Setting {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    Setting { base_url: None, now, nonce: 0x5eed, api_config: Map::new(), work: Work::default() }
}

/// Plays a case and gives it as it went.
pub(crate) fn played(catalog: &Catalog, digests: &[Digest], tool: &str, case: &Case) -> Case {
    let (_, compiled) = catalog.tool(tool).unwrap_or_else(|| panic!("there is no tool {tool}"));
    let mut exchange = Vec::new();
    let mut end = Value::Null;
    let arguments =
        compiled.check(&case.arguments).unwrap_or_else(|failure| panic!("{tool}, {}: {failure}", case.case));
    let mut run = compiled.start(arguments, setting()).unwrap();
    let mut replies = Vec::new();
    loop {
        match run.next(std::mem::take(&mut replies), Duration::from_secs(60)) {
            Step::Send(requests) => {
                for request in &requests {
                    assert_eq!(refused(digests, request), None, "{tool}, {}: {request:?}", case.case);
                }
                let known = case.exchange.get(exchange.len()).map(|round| round.answer.clone()).unwrap_or_default();
                for (request, answer) in requests.iter().zip(&known) {
                    assert_eq!(more_than_asked(digests, request, &answer.body), None, "{tool}, {}", case.case);
                }
                let enough = known.len() == requests.len();
                replies = known.iter().map(reply).collect();
                exchange.push(Round { send: requests.iter().map(written).collect(), answer: known });
                if !enough {
                    break;
                }
            }
            Step::Done(value) => {
                end = json!({"done": value});
                break;
            }
            Step::Failed(failure) => {
                end = json!({"failed": format!("{:?}", failure.kind), "message": failure.message});
                break;
            }
            Step::Wait(time) => panic!("{tool}, {}: waits {time:?}", case.case),
        }
    }
    Case { case: case.case.clone(), arguments: case.arguments.clone(), exchange, end }
}
