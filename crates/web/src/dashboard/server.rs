//! What the server is set to, to be looked at: it is changed in the settings file and at the command line, by whoever
//! has the machine.

use super::frame::{Moment, Section};
use super::pages::{KeyRow, Keys, LimitRow, Limits};
use super::visit::{Answer, Visit};
use std::time::Duration;
use valetkey_app::upkeep::keys::{self, KeyStatus};
use valetkey_app::{Bounds, Error};
use valetkey_domain::member::Right;

/// How many data keys are shown.
const KEYS: usize = 200;

/// How much anyone may take.
pub(crate) async fn limits(visit: Visit) -> Answer {
    visit.enter(Right::See)?;
    let rows = rows(&visit.web.app.settings().bounds);
    Ok(visit.page(&Limits { frame: visit.frame(Section::Settings), rows }))
}

fn rows(bounds: &Bounds) -> Vec<LimitRow> {
    let row = |name, what, most: String| LimitRow { name, what, most };
    let number = |name, what, most: usize| row(name, what, grouped(most));
    let bytes = |name, what, most: usize| row(name, what, size(most));
    let time = |name, what, most: Duration| row(name, what, format!("{} s", most.as_secs()));
    vec![
        number("in_flight", "Tool calls at once, of this process", bounds.in_flight),
        number("in_flight_per_environment", "Tool calls at once, of one environment", bounds.in_flight_per_environment),
        number("in_flight_per_account", "Tool calls at once, on one account", bounds.in_flight_per_account),
        number("in_flight_per_host", "Requests at once, of one environment to one host", bounds.in_flight_per_host),
        time("host_wait_seconds", "How long a request waits for its turn at a host", bounds.host_wait),
        bytes("bytes_in_flight", "Memory of questions and answers, of this process", bounds.bytes_in_flight),
        bytes(
            "bytes_in_flight_per_environment",
            "Memory of questions and answers, of one environment",
            bounds.bytes_in_flight_per_environment,
        ),
        bytes("api_body_bytes", "A request to the API", bounds.api_body_bytes),
        bytes("mcp_body_bytes", "An MCP message", bounds.mcp_body_bytes),
        bytes("answer_bytes", "An app’s answer to a tool", bounds.answer_bytes),
        bytes("proxy_body_bytes", "A proxied request", bounds.proxy_body_bytes),
        bytes("proxy_answer_bytes", "The answer to a proxied request", bounds.proxy_answer_bytes),
        time("proxy_seconds", "A proxied request, whole", bounds.proxy_time),
        time("api_seconds", "A call of the API", bounds.api_time),
        time("mcp_seconds", "An MCP call", bounds.mcp_time),
        time("answer_seconds", "An app’s answer to a tool", bounds.answer_time),
    ]
}

/// With commas, as people read them.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes.is_multiple_of(MIB) {
        format!("{} MiB", grouped(bytes / MIB))
    } else {
        format!("{} bytes", grouped(bytes))
    }
}

/// The keys that secrets are sealed under, and how they are rotated.
pub(crate) async fn keys(visit: Visit) -> Answer {
    visit.enter_installation(Right::See)?;
    let page = read(&visit).await.map_err(|error| visit.fail(&error))?;
    Ok(visit.page(&page))
}

async fn read(visit: &Visit) -> Result<Keys, Error> {
    let app = &visit.web.app;
    let (uses, at_hand, wraps) =
        (keys::root_uses(app).await?, keys::roots_at_hand(app), keys::wrapping_root(app).await?);
    let state = |root: &String| match () {
        () if *root == wraps => "wraps new keys",
        () if at_hand.contains(root) => "at hand",
        () => "not at hand",
    };
    let mut all = keys::list(app).await?;
    all.sort_by_key(|key| std::cmp::Reverse(key.created_at));
    let row = |key: &KeyStatus| KeyRow {
        purpose: key.purpose.clone(),
        environment: key.environment.clone(),
        generation: key.generation,
        newest: key.newest,
        created: Moment::from(key.created_at),
    };
    Ok(Keys {
        frame: visit.frame(Section::Settings),
        roots: uses.iter().map(|(root, count)| (root.clone(), *count, state(root))).collect(),
        rows: all.iter().take(KEYS).map(row).collect(),
        more: all.len().saturating_sub(KEYS),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_bytes_have_their_unit() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!((size(4 * 1024 * 1024), size(1_500)), ("4 MiB".to_owned(), "1,500 bytes".to_owned()));
    }
}
