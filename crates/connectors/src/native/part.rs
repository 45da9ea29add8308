//! Parts of a message as Gmail gives it (`payload`, format `full`): transfer encodings are undone, charsets are not.

use super::headers::{decoded, find};
use super::html;
use super::scope::member;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mail_parser::HeaderValue;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use serde_json::Value;

/// The deepest nesting of multiparts that is followed.
const MAX_DEPTH: usize = 32;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64url as Gmail writes it; padding and the other alphabet are taken as well.
pub(super) fn base64_bytes(data: &str) -> Option<Vec<u8>> {
    let data: Vec<u8> = data
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        })
        .collect();
    LENIENT.decode(data).ok()
}

/// A file that hangs on a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attachment<'m> {
    /// Under which its bytes are asked for; it changes with every read of the message. Small parts have none.
    pub(super) id: Option<&'m str>,
    pub(super) filename: String,
    pub(super) mime_type: &'m str,
    /// In bytes.
    pub(super) size: u64,
    /// Its bytes in base64url, where they came with the message.
    pub(super) data: Option<&'m str>,
}

/// All attachments under a part, in the order of the message. Inline images count: they have names and ids too.
pub(super) fn attachments(payload: &Value) -> Vec<Attachment<'_>> {
    let mut found = Vec::new();
    collect(payload, MAX_DEPTH, &mut found);
    found
}

fn collect<'m>(part: &'m Value, depth: usize, found: &mut Vec<Attachment<'m>>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if is_attachment(part) {
        found.push(attachment(part));
        return;
    }
    for part in children(part) {
        collect(part, depth, found);
    }
}

fn attachment(part: &Value) -> Attachment<'_> {
    let body = part.get("body").unwrap_or(&Value::Null);
    let mime_type = member(part, "mimeType").unwrap_or("application/octet-stream");
    let filename = Some(filename(part)).filter(|name| !name.is_empty());
    Attachment {
        id: member(body, "attachmentId"),
        filename: filename.unwrap_or_else(|| nameless(mime_type).to_owned()),
        mime_type,
        size: body.get("size").and_then(Value::as_u64).unwrap_or(0),
        data: member(body, "data"),
    }
}

fn nameless(mime_type: &str) -> &'static str {
    match mime_type {
        "message/rfc822" => "message.eml",
        "text/calendar" => "invite.ics",
        "text/plain" => "body.txt",
        "text/html" => "body.html",
        _ => "unnamed",
    }
}

/// A part with a name, a part said to be one, or one whose bytes are kept apart: of a very long mail that is its text.
fn is_attachment(part: &Value) -> bool {
    let kind = member(part, "mimeType").unwrap_or_default();
    let apart = part.get("body").is_some_and(|body| body.get("attachmentId").is_some());
    let disposed =
        find(part, "Content-Disposition").is_some_and(|value| starts_with_ignoring_case(value, "attachment"));
    let whole = kind == "message/rfc822" || !kind.starts_with("multipart/");
    whole && (!filename(part).is_empty() || disposed || kind == "message/rfc822" || apart)
}

fn starts_with_ignoring_case(value: &str, start: &str) -> bool {
    value.trim_start().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Gmail's `filename`; where it found none, what the headers say (RFC 2231 and its continuations, or RFC 2047, which
/// is wrong there and common).
fn filename(part: &Value) -> String {
    let given = member(part, "filename").unwrap_or_default();
    if !given.is_empty() {
        return decoded(given);
    }
    let name = parameter(part, "Content-Disposition", "filename").or_else(|| parameter(part, "Content-Type", "name"));
    name.map(|name| decoded(&name)).unwrap_or_default()
}

/// A parameter of a header such as Content-Type.
fn parameter(part: &Value, header: &str, name: &str) -> Option<String> {
    let line = format!("{}\n", find(part, header)?);
    match MessageStream::new(line.as_bytes()).parse_content_type() {
        HeaderValue::ContentType(found) => found.attribute(name).map(str::to_owned),
        _ => None,
    }
}

fn children(part: &Value) -> &[Value] {
    part.get("parts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What a message says, as text.
#[derive(Debug, Default)]
struct Said {
    text: String,
    plain: bool,
}

/// The text of a message: the plain part where there is one with something in it, else HTML made readable. Texts that
/// stand beside each other (not as alternatives) are put one after another. `None` where no text came along.
pub(super) fn text(payload: &Value) -> Option<String> {
    said(payload, MAX_DEPTH).map(|said| said.text)
}

fn said(part: &Value, depth: usize) -> Option<Said> {
    let depth = depth.checked_sub(1)?;
    let kind = member(part, "mimeType").unwrap_or("text/plain");
    if is_attachment(part) {
        return None;
    }
    match kind {
        "text/plain" | "" => Some(Said { text: decoded_body(part)?.trim_end().to_owned(), plain: true }),
        "text/html" => Some(Said { text: html::to_text(&decoded_body(part)?), plain: false }),
        "multipart/alternative" => best(children(part).iter().filter_map(|part| said(part, depth)).collect()),
        _ if kind.starts_with("multipart/") => {
            joined(children(part).iter().filter_map(|part| said(part, depth)).collect())
        }
        _ => None,
    }
}

fn best(mut alternatives: Vec<Said>) -> Option<Said> {
    let filled = |said: &Said| !said.text.trim().is_empty();
    let at = alternatives
        .iter()
        .position(|said| said.plain && filled(said))
        .or_else(|| alternatives.iter().position(filled))
        .or_else(|| (!alternatives.is_empty()).then_some(0))?;
    Some(alternatives.swap_remove(at))
}

fn joined(pieces: Vec<Said>) -> Option<Said> {
    if pieces.is_empty() {
        return None;
    }
    let plain = pieces.iter().any(|said| said.plain && !said.text.trim().is_empty());
    let texts: Vec<_> = pieces.into_iter().map(|said| said.text).filter(|text| !text.trim().is_empty()).collect();
    Some(Said { text: texts.join("\n\n"), plain })
}

fn decoded_body(part: &Value) -> Option<String> {
    let bytes = base64_bytes(member(part.get("body")?, "data")?)?;
    let charset = parameter(part, "Content-Type", "charset");
    Some(to_text(&bytes, charset.as_deref()).replace("\r\n", "\n"))
}

/// Bytes in a charset as text.
///
/// Gmail hands on bodies of many charsets in UTF-8 without changing what their headers say, so UTF-8 that holds
/// together wins over the header. Not where a charset writes everything in ASCII or with NULs: those would hold
/// together too. What no charset explains is read as Windows-1252, as browsers do.
pub(super) fn to_text(bytes: &[u8], charset: Option<&str>) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let marked = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let charset = if marked { "utf-16" } else { charset.unwrap_or("utf-8") }.trim().to_ascii_lowercase();
    let shifted = (charset.starts_with("iso-2022") && bytes.contains(&0x1b))
        || (charset.starts_with("utf-16") && bytes.contains(&0))
        || charset == "utf-7"
        || charset.starts_with("hz");
    match std::str::from_utf8(bytes) {
        Ok(text) if !shifted => text.to_owned(),
        _ => match charset_decoder(charset.as_bytes()).filter(|_| !charset.starts_with("utf-8")) {
            Some(decode) => decode(bytes),
            None => charset_decoder(b"windows-1252").map_or_else(String::new, |decode| decode(bytes)),
        },
    }
}
