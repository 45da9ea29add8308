//! Webhooks.

use super::framed::framed;
use crate::dashboard::frame::{Frame, Moment, Section};
use serde::Serialize;
use valetkey_domain::Timestamp;

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Webhooks {
    /// The frame.
    pub(crate) frame: Frame,
    /// The webhooks.
    pub(crate) rows: Vec<WebhookRow>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WebhookRow {
    /// Its id.
    pub(crate) id: String,
    /// Where it leads.
    pub(crate) url: String,
    /// What it is called.
    pub(crate) description: String,
    /// How many kinds of event it is told of; none for all.
    pub(crate) kinds: usize,
    /// `on` or `paused`.
    pub(crate) state: &'static str,
    /// When it was made.
    pub(crate) created: Moment,
}

impl WebhookRow {
    fn sample(state: &'static str) -> Self {
        Self {
            id: "whk_1".into(),
            url: "https://app.example/hooks/valetkey".into(),
            description: "the app’s backend".into(),
            kinds: 0,
            state,
            created: Moment::from(Timestamp::UNIX_EPOCH),
        }
    }
}

framed!(Webhooks, "dashboard/webhooks.html", {
    let none = Self { frame: Frame::sample(Section::Webhooks), rows: vec![] };
    let some = Self { rows: vec![WebhookRow::sample("on"), WebhookRow::sample("paused")], ..none.clone() };
    vec![("webhooks-empty", none), ("webhooks", some)]
});

/// What is said of a webhook, as it was typed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WebhookFields {
    /// Where events are sent.
    pub(crate) url: String,
    /// What it is called.
    pub(crate) description: String,
    /// Whether only some kinds are sent.
    pub(crate) some: bool,
    /// The kinds there are: the wire's word, what people call it, and whether it is chosen.
    pub(crate) kinds: Vec<(&'static str, &'static str, bool)>,
    /// Which state of it the form was made from; empty for a new one.
    pub(crate) seen: String,
}

impl WebhookFields {
    fn sample(url: &str) -> Self {
        Self {
            url: url.into(),
            description: String::new(),
            some: !url.is_empty(),
            kinds: vec![("connected_account.deleted", "Connected account deleted", true)],
            seen: String::new(),
        }
    }
}

/// A new one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WebhookForm {
    /// The frame.
    pub(crate) frame: Frame,
    /// What was typed.
    pub(crate) fields: WebhookFields,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

framed!(WebhookForm, "dashboard/webhook_form.html", {
    let first =
        Self { frame: Frame::sample(Section::Webhooks), fields: WebhookFields::sample(""), at: "", wrong: None };
    let wrong = Self {
        fields: WebhookFields::sample("\"><b>"),
        at: "url",
        wrong: Some("A webhook's URL is a web address: https://host/path.".into()),
        ..first.clone()
    };
    let kinds = Self { at: "kinds", wrong: Some("No kind of event is chosen.".into()), ..wrong.clone() };
    vec![("webhook-form", first), ("webhook-form-wrong", wrong), ("webhook-form-no-kind", kinds)]
});

/// One webhook.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WebhookPage {
    /// The frame.
    pub(crate) frame: Frame,
    /// The webhook.
    pub(crate) row: WebhookRow,
    /// What can be changed of it.
    pub(crate) fields: WebhookFields,
    /// Until when the secret before signs too.
    pub(crate) before_until: Option<Moment>,
    /// Of how many accounts something waits.
    pub(crate) waiting: Option<String>,
    /// Those of which something is due first.
    pub(crate) queues: Vec<WaitingRow>,
    /// When the next of it is sent.
    pub(crate) next: Option<Moment>,
    /// Why what was sent last did not arrive.
    pub(crate) last_error: String,
    /// Events that arrived, those that happened last first.
    pub(crate) arrived: Vec<ArrivalRow>,
    /// Before which event the next page of them begins.
    pub(crate) older: Option<String>,
    /// How many events were given up.
    pub(crate) dead: String,
    /// Some of them, oldest first.
    pub(crate) letters: Vec<LetterRow>,
    /// Behind which event the next page of them begins.
    pub(crate) more: Option<String>,
    /// A secret that is shown this once.
    pub(crate) secret: Option<String>,
    /// The field that is wrong; empty for none.
    pub(crate) at: &'static str,
    /// What was wrong.
    pub(crate) wrong: Option<String>,
}

/// An account of which something waits.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct WaitingRow {
    /// The account.
    pub(crate) account: String,
    /// How often the next event of it was tried.
    pub(crate) tries: i64,
    /// When it is tried next.
    pub(crate) next: Moment,
    /// Why the last try failed.
    pub(crate) why: String,
}

/// An event that arrived.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ArrivalRow {
    /// The event.
    pub(crate) event: String,
    /// Its type; empty if it was removed for its age.
    pub(crate) kind: String,
    /// When it arrived.
    pub(crate) at: Moment,
    /// With which try.
    pub(crate) tries: i64,
    /// The HTTP status of the answer.
    pub(crate) status: i64,
    /// How long the receiver took, in milliseconds.
    pub(crate) took: i64,
}

/// An event that was given up.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LetterRow {
    /// The event.
    pub(crate) event: String,
    /// Its type; empty if it was removed for its age.
    pub(crate) kind: String,
    /// When it was given up.
    pub(crate) at: Moment,
    /// After how many tries.
    pub(crate) tries: i64,
    /// Why the last one failed.
    pub(crate) why: String,
}

framed!(WebhookPage, "dashboard/webhook.html", {
    let moment = || Moment::from(Timestamp::UNIX_EPOCH);
    let letter = |kind: &str| LetterRow {
        event: "evt_1".into(),
        kind: kind.into(),
        at: moment(),
        tries: 22,
        why: "the receiver answered 500".into(),
    };
    let arrived = |kind: &str, tries| ArrivalRow {
        event: "evt_1".into(),
        kind: kind.into(),
        at: moment(),
        tries,
        status: 204,
        took: 35,
    };
    let waits = |tries, why: &str| WaitingRow { account: "ca_1".into(), tries, next: moment(), why: why.into() };
    let well = Self {
        frame: Frame::sample(Section::Webhooks),
        row: WebhookRow::sample("on"),
        fields: WebhookFields::sample("https://app.example/hooks/valetkey"),
        before_until: None,
        waiting: None,
        queues: vec![],
        next: None,
        last_error: String::new(),
        arrived: vec![],
        older: None,
        dead: "0".into(),
        letters: vec![],
        more: None,
        secret: Some("whsec_0000".into()),
        at: "",
        wrong: None,
    };
    let ill = Self {
        row: WebhookRow::sample("paused"),
        before_until: Some(moment()),
        waiting: Some("12".into()),
        queues: vec![waits(0, ""), waits(3, "the receiver answered <b>500</b>")],
        next: Some(moment()),
        last_error: "the receiver answered <b>500</b>".into(),
        arrived: vec![arrived("connected_account.deleted", 1), arrived("", 3)],
        older: Some("evt_1".into()),
        dead: "more than 10000".into(),
        letters: vec![letter("connected_account.deleted"), letter("")],
        more: Some("evt_1".into()),
        secret: None,
        wrong: Some("It was changed meanwhile.".into()),
        ..well.clone()
    };
    vec![("webhook", well), ("webhook-ill", ill)]
});
