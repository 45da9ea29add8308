//! Events, and where they are sent.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Pager, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// What happened to accounts, newest first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Events {
    /// The frame.
    pub(crate) frame: Frame,
    /// The kinds there are: the wire's word, and what people call it.
    pub(crate) kinds: Vec<(&'static str, &'static str)>,
    /// The kind that was asked for.
    pub(crate) kind: String,
    /// The account that was asked for.
    pub(crate) account: String,
    /// The events.
    pub(crate) rows: Vec<EventRow>,
    /// The other pages.
    pub(crate) pager: Pager,
    /// What was wrong with the question.
    pub(crate) wrong: Option<String>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EventRow {
    /// Its id.
    pub(crate) id: String,
    /// When it happened.
    pub(crate) at: Moment,
    /// Its type.
    pub(crate) kind: String,
    /// The same for people.
    pub(crate) title: &'static str,
    /// The account's id.
    pub(crate) account: String,
    /// The account's user.
    pub(crate) user: String,
    /// The account's connection, by name.
    pub(crate) connection: String,
}

impl EventRow {
    fn sample(user: &str) -> Self {
        Self {
            id: "evt_1".into(),
            at: Moment::from(Timestamp::UNIX_EPOCH),
            kind: "connected_account.oauth_succeeded".into(),
            title: "OAuth succeeded",
            account: "ca_1".into(),
            user: user.into(),
            connection: "MY_GMAIL".into(),
        }
    }
}

framed!(Events, "dashboard/events.html", {
    let none = Self {
        frame: Frame::sample(Section::Events),
        kinds: vec![("connected_account.oauth_succeeded", "OAuth succeeded")],
        kind: String::new(),
        account: String::new(),
        rows: vec![],
        pager: Pager::default(),
        wrong: None,
    };
    let some = Self { rows: vec![EventRow::sample("john-doe"), EventRow::sample("<b>")], ..none.clone() };
    let wrong = Self { account: "\"><b>".into(), wrong: Some("There is no such account.".into()), ..none.clone() };
    let further = Self { kind: "connected_account.deleted".into(), pager: Pager::sample(), ..none.clone() };
    vec![("events-empty", none), ("events", some), ("events-wrong", wrong), ("events-further", further)]
});

/// One event.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EventPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The event.
    pub(crate) row: EventRow,
    /// What it says, as JSON.
    pub(crate) data: String,
    /// What became of it at each webhook, where it can be sent again.
    pub(crate) webhooks: Vec<FateRow>,
}

/// What became of an event at a webhook.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FateRow {
    /// The webhook's id.
    pub(crate) id: String,
    /// Its URL.
    pub(crate) url: String,
    /// In a word: `delivered`, `waits`, `given up` or `not sent`.
    pub(crate) state: &'static str,
    /// More of it.
    pub(crate) words: String,
    /// When it arrived or was given up, or when it is tried next.
    pub(crate) at: Option<Moment>,
}

framed!(EventPage, "dashboard/event.html", {
    let alone = Self {
        frame: Frame::sample(Section::Events),
        row: EventRow::sample("<b>"),
        data: "{\n  \"id\": \"ca_1\"\n}".into(),
        webhooks: vec![],
    };
    let fate = |state, words: &str, at| FateRow {
        id: "whk_1".into(),
        url: "https://app.example/hook?<b>".into(),
        state,
        words: words.into(),
        at,
    };
    let then = || Some(Moment::from(Timestamp::UNIX_EPOCH));
    let webhooks = vec![
        fate("delivered", "the receiver answered 204 in 35 ms, one try", then()),
        fate("waits", "3 tries; the last: the receiver answered <b>500</b>", then()),
        fate("given up", "22 tries; the last: the receiver answered 500", then()),
        fate("not sent", "it was not told of such events then, or is newer", None),
    ];
    let heard = Self { webhooks, ..alone.clone() };
    vec![("event", alone), ("event-with-webhook", heard)]
});
