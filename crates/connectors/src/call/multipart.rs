//! A body with a file beside it: `multipart/related` (RFC 2387), JSON first.

use crate::failure::Failure;
use crate::target::Media;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde_json::Value;

/// Both alphabets, with padding or without: what is sent is bytes, however they were written down.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
/// The longest media type, in bytes.
const MAX_TYPE: usize = 200;

/// A file on its way out.
#[derive(Debug, Default)]
pub(super) struct Upload {
    content: Option<Content>,
    kind: Option<String>,
}

#[derive(Debug)]
struct Content {
    bytes: Vec<u8>,
    /// What it is where nobody says it.
    kind: &'static str,
}

impl Upload {
    /// Takes one part of it.
    ///
    /// # Errors
    /// No text, content a second time, no base64, or no media type.
    pub(super) fn put(&mut self, part: Media, value: Value) -> Result<(), Failure> {
        let Value::String(text) = value else {
            return Err(Failure::invalid("the content of a file, and its type, are texts"));
        };
        let content = match part {
            Media::Type => {
                self.kind = Some(media_type(text)?);
                return Ok(());
            }
            Media::Text => Content { bytes: text.into_bytes(), kind: "text/plain; charset=UTF-8" },
            Media::Base64 => Content { bytes: decoded(&text)?, kind: "application/octet-stream" },
        };
        if self.content.replace(content).is_some() {
            let why = "the content was given twice, as text and in base64; give only one of them";
            return Err(Failure::invalid(why));
        }
        Ok(())
    }

    /// Whether there is a file at all: a type alone is none.
    pub(super) const fn is_there(&self) -> bool {
        self.content.is_some()
    }

    /// The body and its media type; `nonce` is in no other body.
    pub(super) fn written(self, json: &Value, nonce: u128) -> (String, Bytes) {
        let Content { bytes, kind } = self.content.unwrap_or(Content { bytes: Vec::new(), kind: "" });
        let kind = self.kind.as_deref().unwrap_or(kind);
        let boundary = format!("part-{nonce:032x}");
        let head = format!(
            "--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json}\r\n--{boundary}\r\nContent-Type: {kind}\r\n\r\n"
        );
        let end = format!("\r\n--{boundary}--\r\n");
        let body = [head.as_bytes(), &bytes, end.as_bytes()].concat();
        (format!("multipart/related; boundary={boundary}"), Bytes::from(body))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Failure> {
    let plain = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|byte| match byte {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    });
    LENIENT.decode(plain.collect::<Vec<u8>>()).map_err(|_| {
        Failure::invalid("the content is not base64: only A-Z, a-z, 0-9, + and / stand in it, and no address before it")
    })
}

/// A media type stays on its line: it stands in a head of the body.
fn media_type(text: String) -> Result<String, Failure> {
    let name =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let (essence, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let good = essence.trim().split_once('/').is_some_and(|(kind, sub)| name(kind) && name(sub))
        && parameters.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && text.len() <= MAX_TYPE;
    if good { Ok(text) } else { Err(Failure::invalid("the media type is not of the form text/plain or image/png")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_parser::{MessageParser, MimeHeaders as _};
    use serde_json::json;

    fn upload(parts: &[(Media, &str)]) -> Result<Upload, Failure> {
        let mut upload = Upload::default();
        for (part, text) in parts {
            upload.put(*part, Value::String((*text).to_owned()))?;
        }
        Ok(upload)
    }

    /// The JSON, and the file with its type, as a parser that nobody here wrote reads them.
    fn read(upload: Upload, json: &Value) -> (Value, String, Vec<u8>) {
        let (kind, body) = upload.written(json, 7);
        let mail = [format!("Content-Type: {kind}\r\n\r\n").as_bytes(), &body].concat();
        let mail = MessageParser::new().parse(&mail).unwrap();
        let parts: Vec<_> = mail.parts.iter().filter(|part| !part.is_multipart()).collect();
        assert_eq!(parts.len(), 2);
        let kind = parts[1].content_type().unwrap();
        let named = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default());
        (serde_json::from_slice(parts[0].contents()).unwrap(), named, parts[1].contents().to_vec())
    }

    #[test]
    fn json_and_file_are_two_parts() {
        let json = json!({"name": "Zürich.txt"});
        let text = upload(&[(Media::Text, "a\r\n--part-\nü")]).unwrap();
        assert_eq!(read(text, &json), (json.clone(), "text/plain".to_owned(), "a\r\n--part-\nü".into()));
        let bytes = upload(&[(Media::Type, "image/png"), (Media::Base64, "iVBORw0K\n-_8")]).unwrap();
        assert!(bytes.is_there());
        let expected = b"\x89PNG\r\n\xfb\xff".to_vec();
        assert_eq!(read(bytes, &json), (json.clone(), "image/png".to_owned(), expected));
        let empty = upload(&[(Media::Text, "")]).unwrap();
        assert_eq!(read(empty, &json).2, b"");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        assert!(!upload(&[(Media::Type, "text/plain")]).unwrap().is_there());
        for (parts, said) in [
            (vec![(Media::Text, "a"), (Media::Base64, "YQ==")], "twice"),
            (vec![(Media::Base64, "data:text/plain;base64,YQ==")], "base64"),
            (vec![(Media::Type, "text/plain\r\nX-Evil: 1")], "media type"),
            (vec![(Media::Type, "text/plain; a=\"\u{1}\"")], "media type"),
            (vec![(Media::Type, "plain")], "media type"),
            (vec![(Media::Type, "a/b/c")], "media type"),
        ] {
            let failure = upload(&parts).unwrap_err();
            assert!(failure.message.contains(said), "{parts:?}: {}", failure.message);
        }
        assert!(Upload::default().put(Media::Text, json!(1)).is_err());
    }
}
