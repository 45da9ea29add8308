//! A request as golden files have it: method, address, body, and a file beside the body.

use super::mock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

/// A request, written down. A mail is written out as the lines it consists of.
pub(super) fn request(request: &Request<Bytes>) -> Result<Value, String> {
    let mut written = json!({"method": request.method().as_str(), "url": request.uri().to_string()});
    let Some(members) = written.as_object_mut() else { return Ok(written) };
    if !request.body().is_empty() {
        let mut body = mock::body(request, None)?;
        for place in ["/raw", "/message/raw"] {
            if let Some(raw) = body.pointer_mut(place) {
                *raw = mail(raw)?;
            }
        }
        members.insert("body".to_owned(), body);
    }
    if let Some((_, file)) = mock::upload(request)? {
        members.insert("file".to_owned(), file);
    }
    Ok(written)
}

/// The lines of a mail in base64; what is none stays as it is.
fn mail(raw: &Value) -> Result<Value, String> {
    let Some(encoded) = raw.as_str() else { return Ok(raw.clone()) };
    let bytes = URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).map_err(|why| why.to_string())?;
    let text = String::from_utf8(bytes).map_err(|why| why.to_string())?;
    Ok(text.split("\r\n").collect())
}
