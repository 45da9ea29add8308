//! `gmail_raw`: the argument `raw_message`, a whole mail in RFC 5322, as it is or in base64 of either alphabet. Gives
//! `{raw}` in base64url.

use super::base64_text;
use super::scope::{Scope, text};
use crate::{Failure, Setting};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

/// The largest mail, in bytes.
const MAX_MAIL: usize = 5 << 20;

pub(super) fn run(scope: &Scope, setting: &Setting) -> Result<Value, Failure> {
    let given = text(scope, "raw_message")?.unwrap_or_default();
    setting.work.spend(given.len())?;
    let mail = mail(given).ok_or_else(|| {
        Failure::invalid(
            "`raw_message` must be a whole mail in RFC 5322: headers such as `From: Ada <ada@example.com>`, one on each \
             line, a blank line, then the text; as it is, or in base64",
        )
    })?;
    if mail.len() > MAX_MAIL {
        return Err(Failure::invalid(format!("`raw_message` is a mail of {} bytes, {MAX_MAIL} at most", mail.len())));
    }
    setting.work.spend(mail.len())?;
    Ok(json!({"raw": URL_SAFE.encode(mail)}))
}

/// Base64 has no colon, so what begins with a header is none.
fn mail(given: &str) -> Option<Vec<u8>> {
    if begins_with_header(given.as_bytes()) {
        // Lines end with CRLF in a mail; what a model writes has LF.
        return Some(given.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes());
    }
    base64_text::bytes(given).filter(|bytes| begins_with_header(bytes))
}

fn begins_with_header(bytes: &[u8]) -> bool {
    let name = bytes.split(|byte| *byte == b':').next().unwrap_or_default();
    let plain = name.iter().all(|byte| matches!(byte, b'!'..=b'~'));
    plain && !name.is_empty() && name.len() < 100 && name.len() < bytes.len()
}
