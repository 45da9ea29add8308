//! One call that was let in, and how it is held against the vendor's description.

use super::caller::Caller;
use super::error::ApiError;
use super::fields::Selection;
use crate::calendar::times;
use crate::cite;
use axum::body::Bytes;
use http::{HeaderMap, Uri, header};
use mail_parser::{MessageParser, MessagePart, MimeHeaders as _};
use serde_json::{Map, Value};
use valetkey_vendor::{Digest, Operation, RequestParts};

/// A file's media type and content.
pub(crate) type Media = (String, Vec<u8>);

/// One call that was let in.
#[derive(Debug)]
pub(crate) struct Call {
    /// The vendor's id of the operation.
    pub(crate) operation: String,
    /// The scopes of which any one is enough for the operation.
    pub(crate) allowed_by: Vec<String>,
    pub(crate) caller: Caller,
    /// Decoded values of the path's variables.
    pub(crate) path: Vec<(String, String)>,
    /// The query's pairs in their order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// The file that came beside the body, after its media type.
    pub(crate) media: Option<Media>,
    pub(crate) if_match: Option<String>,
    /// Which members of the answer are wanted.
    pub(crate) fields: Selection,
}

impl Call {
    /// A variable of the path. The digest matched them all, so an absent one is a name that this lab got wrong; it
    /// then names nothing that exists.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A query parameter that stands at most once.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a repeated query parameter.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// A boolean query parameter; absent is false. The digest has checked its form.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    /// A whole number between 1 and `most`; Google takes a larger one for `most`.
    pub(crate) fn page_size(&self, name: &str, default: usize, most: usize) -> usize {
        self.query(name).and_then(|text| text.parse().ok()).unwrap_or(default).clamp(1, most)
    }

    /// The body's members.
    pub(crate) fn members(&self) -> Map<String, Value> {
        self.body.as_ref().and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Refuses what this lab does not play, rather than to ignore it.
    pub(crate) fn refuse_unplayed(&self, names: &[&str]) -> Result<(), ApiError> {
        match names.iter().find(|name| self.query(name).is_some()) {
            Some(name) => Err(ApiError::unplayed_parameter(&self.operation, name)),
            None => Ok(()),
        }
    }
}

impl Call {
    /// Refuses a value that this lab does not play.
    pub(crate) fn refuse_unplayed_value(&self, name: &str, value: &str) -> Result<(), ApiError> {
        if self.query(name) == Some(value) {
            return Err(ApiError::unplayed_parameter(&self.operation, name));
        }
        Ok(())
    }
}

/// The decoded pairs of a query.
pub(crate) fn query(uri: &Uri) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The JSON body; none for an empty one.
pub(crate) fn body(headers: &HeaderMap, bytes: &Bytes, operation: &Operation) -> Result<Option<Value>, ApiError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if operation.body.is_some() && sent.split(';').next().map(str::trim) != Some("application/json") {
        return Err(ApiError::invalid(
            format!("The body must be application/json, not '{sent}'."),
            cite::reference(&operation.id),
        ));
    }
    let parsed = serde_json::from_slice(bytes).map(Some);
    parsed.map_err(|error| ApiError::parse_error(&error.to_string(), cite::reference(&operation.id)))
}

/// The JSON body, and the file beside it with its media type, of a `multipart/related` body.
///
/// # Errors
/// Another way to send a file, or a body that is not JSON and one file.
pub(crate) fn with_file(
    headers: &HeaderMap,
    bytes: &Bytes,
    query: &[(String, String)],
    operation: &Operation,
) -> Result<(Option<Value>, Option<Media>), ApiError> {
    if !operation.id.starts_with("drive.")
        || !query.iter().any(|(name, value)| name == "uploadType" && value == "multipart")
    {
        return Err(ApiError::unplayed_parameter(&operation.id, "uploadType"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let whole = [format!("Content-Type: {kind}\r\n\r\n").as_bytes(), bytes].concat();
    let wrong = || ApiError::invalid("Malformed multipart body.", cite::DRIVE_UPLOADS);
    let mail =
        MessageParser::new().parse(&whole).filter(|_| kind.starts_with("multipart/related")).ok_or_else(wrong)?;
    let parts: Vec<&MessagePart<'_>> = mail.parts.iter().filter(|part| !part.is_multipart()).collect();
    let [json, file] = parts.as_slice() else { return Err(wrong()) };
    let is_json = json.content_type().is_some_and(|kind| kind.subtype() == Some("json"));
    let read = serde_json::from_slice(json.contents()).ok().filter(|_| is_json).ok_or_else(wrong)?;
    let kind = file.content_type().map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()));
    Ok((Some(read), Some((kind.unwrap_or_default(), file.contents().to_vec()))))
}

/// Holds query and body against the description, and refuses the system parameters that change the answer.
pub(crate) fn check_fit(
    digest: &Digest,
    operation: &Operation,
    query: &[(String, String)],
    body: Option<&Value>,
) -> Result<(), ApiError> {
    let mut misfits = operation.fits(digest, &RequestParts { query, body }).err().unwrap_or_default();
    misfits.retain(|misfit| !times::is_local_time(misfit, body));
    if !misfits.is_empty() {
        return Err(ApiError::misfits(&misfits, cite::reference(&operation.id)));
    }
    let changes_answer = |(name, value): &&(String, String)| match name.as_str() {
        "alt" => value != "json" && !(value == "media" && operation.download),
        "callback" | "access_token" | "oauth_token" => true,
        _ => false,
    };
    match query.iter().find(changes_answer) {
        Some((name, _)) => Err(ApiError::unplayed_system_parameter(name)),
        None => Ok(()),
    }
}
