//! The log of tool calls: which ended how, for whom, and one of them whole.

use super::frame::{Frame, Moment, Pager, Section};
use super::pages::{CallFilter, CallPage, CallRow, Calls};
use super::visit::{Answer, Visit};
use super::watched;
use crate::pages::page::Again;
use axum::extract::Path;
use std::collections::HashMap;
use valetkey_app::insight::audit;
use valetkey_app::insight::logs::{self, CallStatus, Filter, ToolCall};
use valetkey_app::{Error, Listed, Page};
use valetkey_domain::member::Right;
use valetkey_domain::{Kind, Timestamp};

/// How many calls a page shows, and how many records of one.
const SIZE: u32 = 50;
const RECORDS: u32 = 20;

/// After how many seconds a page that somebody watches is looked at again.
const AGAIN: u32 = 5;

/// Calls that fit.
pub(crate) async fn list(visit: Visit) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let asked = asked(&visit);
    let page = Page { size: SIZE, after: Some(visit.query("page").to_owned()).filter(|page| !page.is_empty()) };
    let found = match filter(&asked) {
        Ok(filter) => logs::list(&visit.web.app, &ctx, filter, &page).await.map_err(|error| (at(&error), error)),
        Err(wrong) => Err(wrong),
    };
    let (listed, at, wrong) = match found {
        Ok(listed) => (listed, "", None),
        Err((at, error)) if matches!(error.kind(), Kind::InvalidArgument | Kind::NotFound) => {
            let none = Listed { items: Vec::new(), next: None, previous: None, total: 0 };
            (none, at, Some(super::sentence::sentence(error.message())))
        }
        Err((_, error)) => return Err(visit.fail(&error)),
    };
    let words = [
        ("user", asked.user.as_str()),
        ("connection", &asked.connection),
        ("status", &asked.status),
        ("source", &asked.source),
        ("code", &asked.code),
        ("from", &asked.from),
        ("to", &asked.to),
    ];
    let pager = Pager::of(&listed, &words);
    let rows = listed.items.iter().map(row).collect();
    // The newest are on the first page, so that is the one to watch.
    let now = visit.web.app.now();
    let until = watched::until(visit.query("live"), now).filter(|_| page.after.is_none() && wrong.is_none());
    let again = until.map(|until| Again { seconds: AGAIN, query: watch(&words, Some(until)) });
    let frame = Frame { again, ..visit.frame(Section::Calls) };
    let watch = watch(&words, until.is_none().then(|| now + watched::LONGEST));
    let until = until.map(Moment::from);
    Ok(visit.page(&Calls { frame, codes: logs::codes().collect(), asked, rows, pager, watch, until, at, wrong }))
}

/// The way to the first page of the same calls, watched until then or no longer.
fn watch(words: &[(&str, &str)], until: Option<Timestamp>) -> String {
    let mut query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
    query.extend_pairs(words.iter().filter(|(_, value)| !value.is_empty()));
    query.extend_pairs(until.map(|until| ("live", until.as_second().to_string())));
    query.finish()
}

fn asked(visit: &Visit) -> CallFilter {
    let word = |name| visit.query(name).to_owned();
    CallFilter {
        user: word("user"),
        connection: word("connection"),
        status: word("status"),
        source: word("source"),
        code: word("code"),
        from: word("from"),
        to: word("to"),
    }
}

/// The field of a refused filter that the refusal is about; empty for what only an address can say.
fn at(error: &Error) -> &'static str {
    if error.kind() == Kind::NotFound { "connection" } else { "" }
}

/// What is asked for, or which field is wrong.
fn filter(asked: &CallFilter) -> Result<Filter, (&'static str, Error)> {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let list = |text: &String| some(text).into_iter().collect();
    let from = day(&asked.from, 0).map_err(|wrong| ("from", Error::invalid(wrong)))?;
    // The day that is named is among them.
    let to = day(&asked.to, 1).map_err(|wrong| ("to", Error::invalid(wrong)))?;
    if !asked.code.is_empty() && !logs::codes().any(|code| code.eq_ignore_ascii_case(&asked.code)) {
        return Err(("code", Error::invalid(format!("there is no error '{}'", asked.code))));
    }
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        return Err(("to", Error::invalid("this day is before the one where it begins")));
    }
    Ok(Filter {
        from,
        to,
        statuses: list(&asked.status),
        codes: list(&asked.code),
        sources: list(&asked.source),
        connection_name: some(&asked.connection),
        identifier: some(&asked.user),
        ..Filter::default()
    })
}

/// The beginning of a day, or of one that is so many days later; none if none is named.
fn day(text: &str, later: i64) -> Result<Option<Timestamp>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("'{text}' is no day: write it as 2026-11-29");
    let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
    let date = date.checked_add(jiff::Span::new().days(later)).map_err(|_| wrong())?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
    Ok(Some(zoned.timestamp()))
}

/// A call as tables show it.
fn row(call: &ToolCall) -> CallRow {
    let outcome = logs::text(call, "outcome");
    let done = CallStatus::of(outcome) == CallStatus::Success;
    CallRow {
        execution: call.record.subject.clone(),
        at: Moment::from(call.record.at),
        tool: logs::text(call, "tool").to_owned(),
        user: call.identifier.clone().unwrap_or_default(),
        account: call.identifier.as_ref().map(|_| logs::text(call, "account").to_owned()).unwrap_or_default(),
        connection: call.connection.clone().unwrap_or_default(),
        source: logs::text(call, "source").to_owned(),
        outcome: if done { "done".to_owned() } else { outcome.to_owned() },
        done,
        took: logs::duration(call).as_millis(),
    }
}

/// One call.
pub(crate) async fn show(visit: Visit, Path(named): Path<HashMap<String, String>>) -> Answer {
    let ctx = visit.enter(Right::See)?;
    let execution = named.get("id").map_or("", String::as_str);
    let call = logs::get(&visit.web.app, &ctx, execution).await.map_err(|error| visit.fail(&error))?;
    let records = audit::newest(&visit.web.app, &ctx, Some(execution), RECORDS).await;
    let records = records.map_err(|error| visit.fail(&error))?;
    let names = super::logs::Names::read(&visit, &ctx).await.map_err(|error| visit.fail(&error))?;
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let detail = call.record.detail.iter().filter_map(|(name, value)| Some((label(name)?.to_owned(), text(value))));
    let words = logs::message(logs::text(&call, "outcome"));
    Ok(visit.page(&CallPage {
        frame: visit.frame(Section::Calls),
        row: row(&call),
        words: if words.is_empty() { String::new() } else { super::sentence::sentence(words) },
        account: logs::text(&call, "account").to_owned(),
        detail: detail.collect(),
        records: records.iter().map(|line| names.record(line)).collect(),
    }))
}

/// What a member of a call's record is called on its page; none for what the page says already.
fn label(member: &str) -> Option<&str> {
    Some(match member {
        "tool" | "connection" | "account" | "outcome" | "duration_ms" => return None,
        "source" => "Came through",
        "connector" => "App",
        "effect" => "Effect",
        "arguments_hmac" => "Digest of its arguments",
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calls_page_says_nothing_twice_and_leaves_nothing_out() {
        let labels = ["tool", "duration_ms", "connector", "policy"].map(label);
        assert_eq!(labels, [None, None, Some("App"), Some("policy")]);
    }

    #[test]
    fn what_is_watched_is_what_was_asked_for() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        assert_eq!(watch(&[("user", "a b"), ("code", "")], Some(now)), "?user=a+b&live=1000000");
        assert_eq!(watch(&[("code", "")], None), "?");
    }

    #[test]
    fn days_are_whole_and_nonsense_is_told() {
        let at = |text: &str, later| day(text, later).unwrap().unwrap().to_string();
        assert_eq!(at("2026-11-29", 0), "2026-11-29T00:00:00Z");
        assert_eq!(at("2026-11-30", 1), "2026-12-01T00:00:00Z");
        assert_eq!(day("", 1).unwrap(), None);
        for nonsense in ["yesterday", "2026-13-01", "9999-12-31", "-999999-01-01", "<script>"] {
            assert!(day(nonsense, 1).is_err() || nonsense == "9999-12-31", "{nonsense}");
        }
    }
}
