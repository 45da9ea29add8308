//! From a call and its values to a request. Nothing that a model writes leaves its place: a path value stays in its
//! segment, a header value on its line, and the address is checked after everything is filled in.

use super::multipart::Upload;
use crate::connector::{Upstream, allows};
use crate::failure::{Failure, FailureKind};
use crate::file::{AnswerForm, BodyForm};
use crate::input::CLEAR;
use crate::plan::{Call, Fill};
use crate::setting::Setting;
use crate::target::Target;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// Everything but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The longest address, in bytes: beyond it servers and proxies refuse in ways of their own.
const MAX_ADDRESS: usize = 16 * 1024;

/// Makes the request of a call.
///
/// # Errors
/// A value that may not stand where it should, or an address outside the connector's hosts.
pub(super) fn request(
    call: &Call,
    upstream: &Upstream,
    scope: &Map<String, Value>,
    setting: &Setting,
) -> Result<Request<Bytes>, Failure> {
    let mut draft = Draft::default();
    let mut changes = call.changes.is_empty();
    for (target, fill) in &call.fills {
        if let Some(value) = value(fill, scope)? {
            changes |= is_change(target, fill, &value);
            draft.put(target, value)?;
        }
    }
    if !changes {
        return Err(nothing_to_change(&call.changes));
    }
    draft.send_file(call);
    let uri = address(call, upstream, &draft, setting)?;
    let mut builder = Request::builder().method(call.method.clone()).uri(uri);
    // A header that the call fills goes instead of the connector's own of that name.
    let filled = |name: &str| draft.headers.iter().any(|(own, _)| own.as_str().eq_ignore_ascii_case(name));
    for (name, value) in upstream.headers.iter().filter(|(name, _)| !filled(name)) {
        builder = builder.header(name, value);
    }
    for (name, value) in &draft.headers {
        builder = builder.header(name, value);
    }
    // A connector that wants another form of JSON says so itself.
    if builder.headers_ref().is_none_or(|headers| !headers.contains_key(header::ACCEPT)) {
        let accepted = if call.answer == AnswerForm::File { "*/*" } else { "application/json" };
        builder = builder.header(header::ACCEPT, accepted);
    }
    let body = match (draft.upload.filter(Upload::is_there), &draft.body) {
        (Some(upload), body) => {
            let none = Value::Object(Map::new());
            let (kind, written) = upload.written(body.as_ref().unwrap_or(&none), setting.nonce);
            builder = builder.header(header::CONTENT_TYPE, kind);
            written
        }
        (None, Some(body)) => {
            let (kind, written) = body_of(call.body, body)?;
            builder = builder.header(header::CONTENT_TYPE, kind);
            written
        }
        (None, None) => Bytes::new(),
    };
    builder.body(body).map_err(|_| {
        Failure::invalid("the request cannot be written; an argument has characters that no request may have")
    })
}

/// Whether a value is something of what an update changes. What it changes stands in the path, or alone among GraphQL's
/// variables; what is always sent says nothing of this call.
fn is_change(target: &Target, fill: &Fill, value: &Value) -> bool {
    let always = matches!(fill, Fill::Always(_));
    match target {
        Target::Body(path) => match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            // The document.
            ["query"] => !always,
            ["variables", _] => value.is_object(),
            _ => true,
        },
        Target::Query(_) | Target::Media(_) => !always,
        Target::Path(_) | Target::Header(_) => false,
    }
}

/// Most apps report success for an update of nothing.
fn nothing_to_change(arguments: &[String]) -> Failure {
    let names = arguments.join(", ");
    let emptied =
        if arguments.iter().any(|name| name == CLEAR) { "; to empty a field, name it in `clear`" } else { "" };
    Failure::invalid(format!(
        "there is nothing to change: give at least one of {names}. What is blank counts as not given{emptied}"
    ))
}

fn value(fill: &Fill, scope: &Map<String, Value>) -> Result<Option<Value>, Failure> {
    match fill {
        Fill::Always(value) => Ok(Some(value.clone())),
        Fill::Input(name) => Ok(scope.get("input").and_then(|input| input.get(name)).cloned()),
        Fill::Computed(expression) => expression.value(scope).map_err(|unusable| {
            unusable.failure(|why| {
                let message = format!("the connector file computes a value that cannot be had: {why}");
                Failure::new(FailureKind::Upstream, message)
            })
        }),
    }
}

/// The parts of a request as they are filled in.
#[derive(Default)]
struct Draft {
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Value>,
    upload: Option<Upload>,
    /// Where it goes instead of the call's own path.
    path_for_files: Option<String>,
}

impl Draft {
    /// With a file the request may go elsewhere.
    fn send_file(&mut self, call: &Call) {
        if let Some(place) = call.upload.as_ref().filter(|_| self.upload.as_ref().is_some_and(Upload::is_there)) {
            self.path_for_files = Some(place.path.clone());
            let (name, value) = place.says;
            self.query.push((name.to_owned(), value.to_owned()));
        }
    }

    fn put(&mut self, target: &Target, value: Value) -> Result<(), Failure> {
        match target {
            Target::Path(name) => self.path.push((name.clone(), segment(target, &value)?)),
            Target::Query(name) => {
                let values = if let Value::Array(values) = value { values } else { vec![value] };
                for value in values {
                    self.query.push((name.clone(), text(target, &value)?));
                }
            }
            Target::Header(name) => self.headers.push((name.clone(), header_value(target, &value)?)),
            Target::Body(path) => insert(self.body.get_or_insert_with(|| Value::Object(Map::new())), path, value),
            Target::Media(part) => self.upload.get_or_insert_default().put(*part, value)?,
        }
        Ok(())
    }
}

fn text(target: &Target, value: &Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => Err(Failure::invalid(format!("the value for {target} must be a text, a number, true or false"))),
    }
}

/// A value as one segment of a path. Dots alone would climb, whatever their encoding, so they are refused.
fn segment(target: &Target, value: &Value) -> Result<String, Failure> {
    let text = text(target, value)?;
    let (_, name) = target_words(target);
    if text.is_empty() {
        return Err(Failure::invalid(format!("`{name}` is empty; it must name one thing")));
    }
    if text == "." || text == ".." || text.contains(char::is_control) {
        return Err(Failure::invalid(format!("`{name}` is not an id that any app gives")));
    }
    Ok(utf8_percent_encode(&text, ESCAPED).to_string())
}

fn header_value(target: &Target, value: &Value) -> Result<HeaderValue, Failure> {
    let text = text(target, value)?;
    let (_, name) = target_words(target);
    // CR, LF and NUL would begin another header, or another request.
    if text.contains(char::is_control) {
        return Err(Failure::invalid(format!(
            "the value for the header `{name}` has a line break or another control character"
        )));
    }
    HeaderValue::from_str(&text).map_err(|_| Failure::invalid(format!("the header `{name}` takes ASCII only")))
}

fn target_words(target: &Target) -> (&'static str, String) {
    match target {
        Target::Path(name) => ("path", name.clone()),
        Target::Query(name) => ("query", name.clone()),
        Target::Header(name) => ("header", name.to_string()),
        Target::Body(path) => ("body", path.join(".")),
        Target::Media(_) => ("media", target.to_string()),
    }
}

/// Puts a value into a body, making the objects on the way.
fn insert(body: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *body = value;
        return;
    };
    if !body.is_object() {
        *body = Value::Object(Map::new());
    }
    if let Some(members) = body.as_object_mut() {
        insert(members.entry(first.as_str()).or_insert(Value::Null), rest, value);
    }
}

/// A body as it is sent, with its media type.
fn body_of(form: BodyForm, body: &Value) -> Result<(&'static str, Bytes), Failure> {
    if form != BodyForm::Form {
        return Ok(("application/json", Bytes::from(body.to_string())));
    }
    let Some(members) = body.as_object() else {
        return Err(Failure::new(FailureKind::Upstream, "the connector file makes a form of what is no object"));
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        match value {
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    Ok(("application/x-www-form-urlencoded", Bytes::from(form.finish())))
}

/// The address: the connection's own base or the connector's origin, then the path from the root, then the query.
fn address(call: &Call, upstream: &Upstream, draft: &Draft, setting: &Setting) -> Result<Uri, Failure> {
    let own = setting.base_url.as_deref();
    let base = own.or(call.origin.as_deref()).unwrap_or(&upstream.origin).trim_end_matches('/');
    let mut address = format!("{base}{}", path(call, draft)?);
    for (index, (name, value)) in draft.query.iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.extend(utf8_percent_encode(name, ESCAPED));
        address.push('=');
        address.extend(utf8_percent_encode(value, ESCAPED));
    }
    if address.len() > MAX_ADDRESS {
        return Err(Failure::invalid("the arguments make an address that is too long; make them shorter"));
    }
    let uri: Uri = address.parse().map_err(|_| Failure::invalid("the arguments make no valid address"))?;
    if !allows(&upstream.hosts, &uri, own) {
        let message = format!("{} may not be reached at the address that this call leads to", upstream.app);
        return Err(Failure::new(FailureKind::Forbidden, message));
    }
    Ok(uri)
}

fn path(call: &Call, draft: &Draft) -> Result<String, Failure> {
    let mut path = draft.path_for_files.as_ref().unwrap_or(&call.path).clone();
    for (name, value) in &draft.path {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    match path.split(['{', '}']).nth(1) {
        Some(name) => Err(Failure::invalid(format!("nothing says what `{name}` is, which the request needs"))),
        None => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{Errors, RateLimit};
    use crate::rules::Rules;
    use serde_json::json;
    use valetkey_domain::Timestamp;

    fn upstream() -> Upstream {
        Upstream {
            app: "Mail".into(),
            origin: "https://mail.test".into(),
            hosts: vec!["mail.test".into()],
            headers: vec![("X-Trace".into(), "always".into())],
            rules: Rules::compile("Mail", &Errors::default(), &RateLimit::default()).unwrap(),
        }
    }

    fn made(input: &Value, own: Option<&str>) -> Result<Request<Bytes>, Failure> {
        let fill = |target: &str, name: &str| (Target::parse(target).unwrap(), Fill::Input(name.to_owned()));
        let fills = vec![
            fill("path.id", "id"),
            fill("query.q", "q"),
            fill("header.x-trace", "trace"),
            fill("body.a.b", "deep"),
        ];
        let call = Call {
            method: http::Method::POST,
            origin: None,
            path: "/v1/things/{id}/x".into(),
            fills,
            body: BodyForm::Json,
            answer: AnswerForm::Json,
            answers: None,
            upload: None,
            changes: Vec::new(),
        };
        let setting = Setting {
            base_url: own.map(str::to_owned),
            now: Timestamp::UNIX_EPOCH,
            nonce: 0,
            api_config: Map::new(),
            work: crate::native::Work::default(),
        };
        let scope = json!({"input": input});
        request(&call, &upstream(), scope.as_object().unwrap(), &setting)
    }

    fn address_of(id: &str) -> String {
        made(&json!({"id": id}), None).unwrap().uri().to_string()
    }

    #[test]
    fn a_path_value_never_leaves_its_segment() {
        assert_eq!(address_of("a/../../b"), "https://mail.test/v1/things/a%2F..%2F..%2Fb/x");
        assert_eq!(address_of("ada@example.com"), "https://mail.test/v1/things/ada%40example.com/x");
        assert_eq!(address_of("a?b=c#d"), "https://mail.test/v1/things/a%3Fb%3Dc%23d/x");
        assert_eq!(address_of("a\\b%2e{id}"), "https://mail.test/v1/things/a%5Cb%252e%7Bid%7D/x");
        assert_eq!(address_of("ü"), "https://mail.test/v1/things/%C3%BC/x");
        for id in ["", ".", "..", "a\r\nb", "a\0b"] {
            assert_eq!(made(&json!({"id": id}), None).unwrap_err().kind, FailureKind::InvalidInput, "{id:?}");
        }
    }

    #[test]
    fn query_values_are_escaped_and_lists_repeat() {
        let asked = made(&json!({"id": "1", "q": ["a b&c=d", 2, true]}), None).unwrap();
        assert_eq!(asked.uri().query(), Some("q=a%20b%26c%3Dd&q=2&q=true"));
        assert!(made(&json!({"id": "1", "q": {"a": 1}}), None).is_err());
    }

    /// Such as the version of an API: sent twice, an app would take neither.
    #[test]
    fn a_header_that_the_call_fills_goes_instead_of_the_connectors() {
        let sent =
            |input: &Value| made(input, None).unwrap().headers().get_all("x-trace").iter().cloned().collect::<Vec<_>>();
        assert_eq!(sent(&json!({"id": "1"})), ["always"]);
        assert_eq!(sent(&json!({"id": "1", "trace": "own"})), ["own"]);
    }

    #[test]
    fn a_header_value_stays_on_its_line() {
        let kept = made(&json!({"id": "1", "trace": "plain"}), None).unwrap();
        assert_eq!(kept.headers()["x-trace"], "plain");
        for evil in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\rb"] {
            let failure = made(&json!({"id": "1", "trace": evil}), None).unwrap_err();
            assert!(failure.message.contains("control character"), "{}", failure.message);
        }
    }

    #[test]
    fn bodies_are_built_by_path_and_absent_means_none() {
        let with = made(&json!({"id": "1", "deep": 3}), None).unwrap();
        assert_eq!(with.body(), "{\"a\":{\"b\":3}}");
        assert_eq!(with.headers()["content-type"], "application/json");
        let without = made(&json!({"id": "1"}), None).unwrap();
        assert!(without.body().is_empty() && !without.headers().contains_key("content-type"));
    }

    #[test]
    fn a_form_has_texts_as_they_are_and_the_rest_as_json() {
        let body = json!({"text": "a & b=c\r\nü", "n": 3, "on": true, "gone": null, "blocks": [{"type": "x"}]});
        let (kind, written) = body_of(BodyForm::Form, &body).unwrap();
        assert_eq!(kind, "application/x-www-form-urlencoded");
        assert_eq!(written, "text=a+%26+b%3Dc%0D%0A%C3%BC&n=3&on=true&blocks=%5B%7B%22type%22%3A%22x%22%7D%5D");
        assert!(body_of(BodyForm::Form, &json!([1])).is_err());
    }

    #[test]
    fn a_base_url_of_the_connections_own_may_have_a_prefix() {
        let asked = made(&json!({"id": "1"}), Some("http://127.0.0.1:8090/google/")).unwrap();
        assert_eq!(asked.uri().to_string(), "http://127.0.0.1:8090/google/v1/things/1/x");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(made(&json!({}), None).unwrap_err().message.contains("`id`"));
    }
}
