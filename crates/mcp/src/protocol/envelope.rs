//! Which revision a request is in, and whether its HTTP headers agree with its body.
//!
//! A request whose `_meta` names a protocol version is modern, and so is one whose header does (it then lacks its
//! `_meta`). Everything else is legacy. Header and body must agree because a gateway on the way may have decided by the
//! header alone.

use super::fault::{Fault, HEADER_MISMATCH, INVALID_PARAMS};
use super::version::Version;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Map, Value};
use std::borrow::Cow;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What the HTTP headers say about the message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mirror<'a> {
    /// `MCP-Protocol-Version`.
    pub version: Option<&'a str>,
    /// `Mcp-Method`.
    pub method: Option<&'a str>,
    /// `Mcp-Name`, as sent: perhaps in its base64 form.
    pub name: Option<&'a str>,
    /// One of the three that came twice or is no visible text; two readers of it could disagree.
    pub unclear: Option<&'static str>,
}

impl<'a> Mirror<'a> {
    /// Reads the three headers.
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut unclear = None;
        let mut only = |name: &'static str| {
            let mut values = headers.get_all(name).iter();
            let first = values.next()?;
            let text = first.to_str().ok();
            if text.is_none() || values.next().is_some() {
                unclear = Some(name);
            }
            text
        };
        let (version, method, name) = (only("mcp-protocol-version"), only("mcp-method"), only("mcp-name"));
        Self { version, method, name, unclear }
    }
}

/// What is forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// Some clients send the header of their last legacy session with modern requests: taken as modern, and logged.
    StaleHeader,
    /// Nothing.
    Strict,
}

/// The revision that a request is in.
///
/// # Errors
/// The revision is not served (-32022), a modern request lacks its `_meta` (-32602), or its headers disagree with it
/// (-32020).
pub fn version(
    mirror: &Mirror<'_>,
    method: &str,
    params: &Map<String, Value>,
    tolerance: Tolerance,
) -> Result<Version, Fault> {
    let meta = params.get("_meta").and_then(Value::as_object);
    let declared = meta.and_then(|meta| meta.get(VERSION));
    match (declared, mirror.version) {
        (Some(declared), _) => modern(mirror, method, params, declared, tolerance),
        (None, _) if method == "initialize" => Ok(Version::LAST_LEGACY),
        (None, Some(header)) => legacy(header),
        (None, None) if method == "server/discover" => Err(missing(VERSION)),
        // The first revision had no such header, and its clients are the only ones that may leave it out.
        (None, None) => Ok(Version::V2025_03_26),
    }
}

/// Whether a notification's revision is served. Nothing else of its headers is laid down.
///
/// # Errors
/// It is not (-32022).
pub fn notified(mirror: &Mirror<'_>) -> Result<(), Fault> {
    match mirror.version {
        Some(header) if Version::parse(header).is_none() => Err(Fault::unsupported(header)),
        _ => Ok(()),
    }
}

fn legacy(header: &str) -> Result<Version, Fault> {
    match Version::parse(header) {
        None => Err(Fault::unsupported(header)),
        Some(version) if version.modern() => Err(missing(VERSION)),
        Some(version) => Ok(version),
    }
}

fn modern(
    mirror: &Mirror<'_>,
    method: &str,
    params: &Map<String, Value>,
    declared: &Value,
    tolerance: Tolerance,
) -> Result<Version, Fault> {
    let Value::String(declared) = declared else { return Err(missing(VERSION)) };
    let capabilities = params.get("_meta").and_then(|meta| meta.get(CAPABILITIES));
    if !capabilities.is_some_and(Value::is_object) {
        return Err(missing(CAPABILITIES));
    }
    agree(mirror, method, params, declared, tolerance)?;
    Version::parse(declared).filter(|version| version.modern()).ok_or_else(|| Fault::unsupported(declared))
}

fn agree(
    mirror: &Mirror<'_>,
    method: &str,
    params: &Map<String, Value>,
    declared: &str,
    tolerance: Tolerance,
) -> Result<(), Fault> {
    if let Some(header) = mirror.unclear {
        return Err(mismatch(format!("header {header} came twice or is not plain text")));
    }
    let stale = tolerance == Tolerance::StaleHeader && stale(mirror.version);
    if mirror.version != Some(declared) && !stale {
        return Err(mismatch("header MCP-Protocol-Version differs from the version in '_meta'"));
    }
    // A client that still sends the legacy header does not know the other two either.
    let excused = |header: Option<&str>| stale && header.is_none();
    if mirror.method != Some(method) && !excused(mirror.method) {
        return Err(mismatch("header Mcp-Method differs from the method in the body"));
    }
    let name = params.get("name").and_then(Value::as_str).filter(|_| method == "tools/call");
    if name.is_some_and(|name| decoded(mirror.name).as_deref() != Some(name)) && !excused(mirror.name) {
        return Err(mismatch("header Mcp-Name differs from the name in the body"));
    }
    if stale {
        let declared = Version::parse(declared).map(Version::as_str);
        tracing::warn!(header = mirror.version, declared, "a client sends a stale MCP-Protocol-Version header");
    }
    Ok(())
}

fn stale(header: Option<&str>) -> bool {
    header.and_then(Version::parse).is_some_and(|version| !version.modern())
}

/// The value behind a header, out of its `=?base64?..?=` form if it is in that; none if that form is broken.
fn decoded(header: Option<&str>) -> Option<Cow<'_, str>> {
    let header = header?;
    let Some(inner) = header.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        return Some(header.into());
    };
    String::from_utf8(STANDARD.decode(inner).ok()?).ok().map(Cow::Owned)
}

fn missing(key: &str) -> Fault {
    Fault::bad(INVALID_PARAMS, format!("'params._meta' must hold '{key}', of the right type"))
}

fn mismatch(message: impl Into<Cow<'static, str>>) -> Fault {
    Fault::bad(HEADER_MISMATCH, message)
}

#[cfg(test)]
mod tests {
    use super::super::fault::UNSUPPORTED_VERSION;
    use super::*;
    use serde_json::json;

    fn params(version: &str) -> Map<String, Value> {
        let params = json!({ "name": "wetter_für", "_meta": { VERSION: version, CAPABILITIES: {} } });
        params.as_object().unwrap().clone()
    }

    fn mirror(version: &'static str, method: &'static str, name: &'static str) -> Mirror<'static> {
        Mirror { version: Some(version), method: Some(method), name: Some(name), unclear: None }
    }

    fn code(mirror: &Mirror<'_>, method: &str, params: &Map<String, Value>, tolerance: Tolerance) -> i32 {
        version(mirror, method, params, tolerance).map_or_else(|fault| fault.code, |_| 0)
    }

    const NAME: &str = "=?base64?d2V0dGVyX2bDvHI=?=";

    #[test]
    fn modern_headers_must_agree_with_the_body() {
        let call = |m: &Mirror<'_>| code(m, "tools/call", &params("2026-07-28"), Tolerance::StaleHeader);
        assert_eq!(call(&mirror("2026-07-28", "tools/call", NAME)), 0);
        for (version, method, name) in [
            ("2026-07-28", "tools/list", NAME),
            ("2026-07-28", "TOOLS/CALL", NAME),
            ("2026-07-28", "tools/call", "other"),
            ("2026-07-28", "tools/call", "=?base64?!?="),
            ("2027-01-01", "tools/call", NAME),
            ("2025-11-25", "tools/call", "other"),
        ] {
            assert_eq!(call(&mirror(version, method, name)), HEADER_MISMATCH, "{version} {method} {name}");
        }
        for absent in 0..3 {
            let mut m = mirror("2026-07-28", "tools/call", NAME);
            *[&mut m.version, &mut m.method, &mut m.name][absent] = None;
            assert_eq!(call(&m), HEADER_MISMATCH, "{absent}");
        }
        let twice = Mirror { unclear: Some("mcp-name"), ..mirror("2026-07-28", "tools/call", NAME) };
        assert_eq!(call(&twice), HEADER_MISMATCH);
    }

    #[test]
    fn a_stale_header_is_forgiven_unless_strict() {
        let m = Mirror { version: Some("2025-11-25"), ..Mirror::default() };
        assert_eq!(version(&m, "tools/list", &params("2026-07-28"), Tolerance::StaleHeader), Ok(Version::V2026_07_28));
        assert_eq!(code(&m, "tools/list", &params("2026-07-28"), Tolerance::Strict), HEADER_MISMATCH);
    }

    #[test]
    fn versions_that_are_not_served_say_which_are() {
        let m = mirror("2031-01-01", "tools/list", NAME);
        let fault = version(&m, "tools/list", &params("2031-01-01"), Tolerance::Strict).unwrap_err();
        assert_eq!((fault.status, fault.code), (400, UNSUPPORTED_VERSION));
        assert_eq!(fault.data.unwrap()["requested"], "2031-01-01");
        let legacy = Mirror { version: Some("1999-01-01"), ..Mirror::default() };
        assert_eq!(code(&legacy, "tools/list", &Map::new(), Tolerance::Strict), UNSUPPORTED_VERSION);
        assert_eq!(notified(&legacy).unwrap_err().code, UNSUPPORTED_VERSION);
    }

    #[test]
    fn without_meta_the_header_decides() {
        let with = |version| Mirror { version, ..Mirror::default() };
        let of = |header, method: &str| version(&with(header), method, &Map::new(), Tolerance::Strict);
        assert_eq!(of(None, "tools/list"), Ok(Version::V2025_03_26));
        assert_eq!(of(Some("2025-06-18"), "tools/list"), Ok(Version::V2025_06_18));
        assert_eq!(of(Some("2026-07-28"), "initialize"), Ok(Version::V2025_11_25));
        assert_eq!(of(Some("2026-07-28"), "tools/list").unwrap_err().code, INVALID_PARAMS);
        assert_eq!(of(None, "server/discover").unwrap_err().code, INVALID_PARAMS);
    }

    #[test]
    fn required_meta() {
        let only = json!({ "_meta": { VERSION: "2026-07-28" } });
        let m = mirror("2026-07-28", "tools/list", NAME);
        assert_eq!(code(&m, "tools/list", only.as_object().unwrap(), Tolerance::Strict), INVALID_PARAMS);
        let number = json!({ "_meta": { VERSION: 2026, CAPABILITIES: {} } });
        assert_eq!(code(&m, "tools/list", number.as_object().unwrap(), Tolerance::Strict), INVALID_PARAMS);
    }
}
