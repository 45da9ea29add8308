//! `public_url`: whoever follows a link of ours or calls an instance must come to this installation and no other.

use super::report::{Part, cause};
use crate::{App, Error, Result};
use bytes::Bytes;
use http::{Response, StatusCode, header};
use jiff::fmt::rfc2822;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_core::processes;
use valetkey_domain::Timestamp;
use valetkey_outbound::{Allowed, Limits, Outbound, Policy, SystemResolver};

/// What the answer may cost.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(5), max_bytes: 64 * 1024 };

/// Asks `public_url` for its signing keys and compares them with ours; also gives the time that whoever answered says it
/// is.
pub(super) async fn look(app: &App) -> (Result<Part>, Option<Timestamp>) {
    let mut part = Part::of("public_url");
    let url = app.core.settings.public("");
    match processes::live(&app.core).await {
        Err(error) => return (Err(error), None),
        Ok(live) if live.is_empty() => {
            part.checked(format!("{url} was not asked, for no server runs"));
            return (Ok(part), None);
        }
        Ok(_) => {}
    }
    let answered = match fetch(&app.core.settings.public_url, &app.core.settings.public("/keys")).await {
        Ok(answered) => answered,
        Err(error) => {
            let found = format!("{url} is not reached from here: {}", cause(&error));
            part.warning(found, "if browsers reach it, nothing; else check its name, port, certificate and proxy");
            return (Ok(part), None);
        }
    };
    (judge(app, part, &url, &answered).await, time_of(&answered))
}

/// When whoever answered says that it did (RFC 9110, section 6.6.1).
fn time_of(answered: &Response<Bytes>) -> Option<Timestamp> {
    let date = answered.headers().get(header::DATE)?.to_str().ok()?;
    Some(rfc2822::parse(date).ok()?.timestamp())
}

pub(super) async fn judge(app: &App, mut part: Part, url: &str, answered: &Response<Bytes>) -> Result<Part> {
    let todo =
        "set public_url to where this installation is, or lead what comes there to it, with `Host` as it was sent";
    if answered.status() != StatusCode::OK {
        part.problem(format!("{url}/keys answers with status {}", answered.status().as_u16()), todo);
        return Ok(part);
    }
    // Another process may have made one since.
    app.core.keyring.look_again().await?;
    let theirs = serde_json::from_slice(answered.body()).unwrap_or(Value::Null);
    let (ours, theirs) = (key_ids(&app.core.keyring.jwks()), key_ids(&theirs));
    if ours.iter().any(|key| theirs.contains(key)) {
        part.checked(format!("{url} answers with this installation's signing key"));
    } else {
        let found = format!("{url} is not this installation: it answers with other signing keys, or none");
        part.problem(found, todo);
    }
    Ok(part)
}

fn key_ids(set: &Value) -> Vec<String> {
    let keys = set.get("keys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(|key| key.get("kid")?.as_str().map(str::to_owned)).collect()
}

/// Over a way out of its own: only this goes to our own address, which may be on this machine.
async fn fetch(base: &Url, text: &str) -> Result<Response<Bytes>> {
    let (host, port) = (base.host_str().unwrap_or_default(), base.port_or_known_default().unwrap_or_default());
    let own: Allowed = format!("{host}:{port}").parse().map_err(Error::internal)?;
    let outbound = Outbound::new(Policy::allowing(vec![own]), Arc::new(SystemResolver)).map_err(Error::internal)?;
    let request = http::Request::get(text).body(Bytes::new()).map_err(Error::internal)?;
    outbound.send(request, &LIMITS).await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_ids_of_keys_are_read() {
        assert_eq!(key_ids(&json!({"keys": [{"kid": "a"}, {"x": 1}, {"kid": 7}, {"kid": "b"}]})), ["a", "b"]);
        for other in [Value::Null, json!([]), json!({"keys": "a"})] {
            assert!(key_ids(&other).is_empty());
        }
    }

    #[test]
    fn the_time_of_an_answer_is_read() {
        let said = |date: &'static str| time_of(&Response::builder().header("date", date).body(Bytes::new()).unwrap());
        assert_eq!(said("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().as_second(), 784_111_777);
        assert_eq!(said("yesterday"), None);
        assert_eq!(time_of(&Response::new(Bytes::new())), None);
    }
}
