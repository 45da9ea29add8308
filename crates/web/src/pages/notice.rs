//! A page that says what happened and what to do: how a consent ended, why a link doesn't open, what went wrong.

use super::instance::WayBack;
use super::look::Look;
use super::page::Page;
use super::scope::Scope;
use http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a notice says. Its texts are `<key>-title`, `<key>-what` and `<key>-do`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    /// The account is connected.
    Connected,
    /// It is, with less than was asked for.
    Partly,
    /// The person kept the account that was connected.
    Kept,
    /// The person said no.
    Declined,
    /// The provider said no.
    Refused,
    /// The provider could not be reached or made no sense.
    ProviderFailed,
    /// Signing in took too long.
    TimedOut,
    /// The app did not confirm the person in time.
    Unconfirmed,
    /// A form has had all its tries.
    TooManyTries,
    /// The user said that a call may be made.
    Approved,
    /// The user said that it may not.
    NotApproved,
    /// A question of another person's account, as far as this browser shows.
    OtherPerson,
    /// The server ended in the middle of it.
    Interrupted,
    /// The answer came for another connection.
    OtherConnection,
    /// The answer came to another browser.
    OtherBrowser,
    /// Another browser has begun with the link.
    StartedElsewhere,
    /// Only members of the dashboard consent here, and none is signed in.
    NotSignedIn,
    /// The answer came from another authorization server.
    OtherIssuer,
    /// The answer came a second time.
    Replayed,
    /// Nobody waits for this answer.
    StrayAnswer,
    /// The exchange is still going on.
    Busy,
    /// The link has expired.
    LinkExpired,
    /// There is no such link.
    LinkUnknown,
    /// The link did its work before.
    LinkUsed,
    /// The connection can't be used.
    Unready,
    /// The form was not ours, or is too old.
    StaleForm,
    /// No such page.
    NotFound,
    /// Not by this method.
    MethodNotAllowed,
    /// An agent asked for what nobody can be asked.
    AgentWrong,
    /// A sign-in for an agent that another browser began, or that took too long.
    AgentStale,
    /// A sign-in for an agent at which nobody signed in.
    AgentNotSignedIn,
    /// Somebody signed in for an agent whose server this is not.
    AgentSomebodyElse,
    /// A defect of ours.
    Internal,
    /// Not now.
    Unavailable,
}

/// How a notice looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Tone {
    /// It worked.
    Good,
    /// Nothing is wrong, and nothing was done.
    Calm,
    /// Something needs a look.
    Care,
}

impl NoticeKind {
    /// Every notice there is.
    pub(crate) const ALL: [Self; 34] = [
        Self::Connected,
        Self::Partly,
        Self::Kept,
        Self::Declined,
        Self::Refused,
        Self::ProviderFailed,
        Self::TimedOut,
        Self::Unconfirmed,
        Self::TooManyTries,
        Self::Approved,
        Self::NotApproved,
        Self::OtherPerson,
        Self::Interrupted,
        Self::OtherConnection,
        Self::OtherBrowser,
        Self::StartedElsewhere,
        Self::NotSignedIn,
        Self::OtherIssuer,
        Self::Replayed,
        Self::StrayAnswer,
        Self::Busy,
        Self::LinkExpired,
        Self::LinkUnknown,
        Self::LinkUsed,
        Self::Unready,
        Self::StaleForm,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::AgentWrong,
        Self::AgentStale,
        Self::AgentNotSignedIn,
        Self::AgentSomebodyElse,
        Self::Internal,
        Self::Unavailable,
    ];

    /// What the keys of its texts begin with; also the last part of the address of a stopped consent.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Partly => "partly",
            Self::Kept => "kept",
            Self::Declined => "declined",
            Self::Refused => "refused",
            Self::ProviderFailed => "provider-failed",
            Self::TimedOut => "timed-out",
            Self::Unconfirmed => "unconfirmed",
            Self::TooManyTries => "too-many-tries",
            Self::Approved => "approved",
            Self::NotApproved => "not-approved",
            Self::OtherPerson => "other-person",
            Self::Interrupted => "interrupted",
            Self::OtherConnection => "other-connection",
            Self::OtherBrowser => "other-browser",
            Self::StartedElsewhere => "started-elsewhere",
            Self::NotSignedIn => "not-signed-in",
            Self::OtherIssuer => "other-issuer",
            Self::Replayed => "replayed",
            Self::StrayAnswer => "stray-answer",
            Self::Busy => "busy",
            Self::LinkExpired => "link-expired",
            Self::LinkUnknown => "link-unknown",
            Self::LinkUsed => "link-used",
            Self::Unready => "unready",
            Self::StaleForm => "stale-form",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::AgentWrong => "agent-wrong",
            Self::AgentStale => "agent-stale",
            Self::AgentNotSignedIn => "agent-not-signed-in",
            Self::AgentSomebodyElse => "agent-somebody-else",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// Whether a callback can stop at this before it is known whose consent it was about.
    pub(crate) const fn stops(self) -> bool {
        matches!(
            self,
            Self::OtherConnection
                | Self::OtherBrowser
                | Self::NotSignedIn
                | Self::OtherIssuer
                | Self::Replayed
                | Self::StrayAnswer
                | Self::TimedOut
                | Self::AgentStale
                | Self::AgentNotSignedIn
                | Self::AgentSomebodyElse
                | Self::Unready
                | Self::Internal
                | Self::Unavailable
        )
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Connected | Self::Approved => Tone::Good,
            Self::NotApproved | Self::Kept | Self::Declined | Self::LinkUsed | Self::Replayed | Self::Busy => {
                Tone::Calm
            }
            _ => Tone::Care,
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::LinkExpired | Self::LinkUsed => StatusCode::GONE,
            Self::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
            Self::LinkUnknown | Self::NotFound => StatusCode::NOT_FOUND,
            Self::OtherBrowser
            | Self::OtherPerson
            | Self::StaleForm
            | Self::NotSignedIn
            | Self::AgentStale
            | Self::AgentNotSignedIn
            | Self::AgentSomebodyElse => StatusCode::FORBIDDEN,
            Self::OtherConnection | Self::OtherIssuer | Self::StrayAnswer | Self::AgentWrong => StatusCode::BAD_REQUEST,
            Self::Replayed | Self::Unready | Self::StartedElsewhere => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::OK,
        }
    }
}

/// A page with one message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Notice {
    #[serde(skip)]
    kind: NoticeKind,
    key: &'static str,
    tone: Tone,
    /// The words of its texts by name.
    words: BTreeMap<&'static str, String>,
    /// Connection and identifier, where they may be told.
    facts: Option<Facts>,
    /// How the app looks, where that may be told.
    brand: Look,
    /// What the provider said, in its words; none but where it refused or failed.
    theirs: Option<String>,
    /// What was withheld; empty for all but [`NoticeKind::Partly`].
    withheld: Vec<Scope>,
    /// Where the person sees and takes back what they gave, after a consent that connected something.
    yours: Option<String>,
    /// Where the consent was begun, if that was at an instance's page.
    back: Option<WayBack>,
}

/// What a consent was for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Facts {
    connection: String,
    identifier: String,
}

impl Notice {
    /// A notice without any words.
    pub(crate) fn new(kind: NoticeKind) -> Self {
        let (key, tone) = (kind.key(), kind.tone());
        Self {
            kind,
            key,
            tone,
            words: BTreeMap::new(),
            facts: None,
            brand: Look::default(),
            theirs: None,
            withheld: Vec::new(),
            yours: None,
            back: None,
        }
    }

    /// The same with a word for its texts.
    pub(crate) fn word(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.words.insert(name, value.into());
        self
    }

    /// The same, saying what the consent was for.
    pub(crate) fn about(self, connection: impl Into<String>, identifier: impl Into<String>) -> Self {
        Self { facts: Some(Facts { connection: connection.into(), identifier: identifier.into() }), ..self }
    }

    /// The same as the page of an app that looks so.
    pub(crate) fn of(self, brand: Look) -> Self {
        Self { brand, ..self }
    }

    /// The same with what the provider said, if anything.
    pub(crate) fn in_its_words(self, theirs: Option<String>) -> Self {
        Self { theirs, ..self }
    }

    /// The same with the way to what the person gave, if it connected something.
    pub(crate) fn leading_to(self, yours: String) -> Self {
        let connected = matches!(self.kind, NoticeKind::Connected | NoticeKind::Partly);
        Self { yours: connected.then_some(yours), ..self }
    }

    /// The same with the way back to where the consent was begun.
    pub(crate) fn back(self, back: Option<WayBack>) -> Self {
        Self { back, ..self }
    }

    /// The same with the scopes that were withheld.
    pub(crate) fn without(self, withheld: Vec<Scope>) -> Self {
        Self { withheld, ..self }
    }
}

impl Page for Notice {
    const TEMPLATE: &'static str = "notice.html";

    fn samples() -> Vec<(String, Self)> {
        let sample = |kind| {
            let bare = Self::new(kind);
            match kind {
                NoticeKind::Partly => {
                    bare.word("connector", "Gmail").about("MY_GMAIL", "user_123").without(vec![Scope::new(
                        "https://www.googleapis.com/auth/gmail.send",
                        Some("Send mail in your name".into()),
                    )])
                }
                NoticeKind::Connected
                | NoticeKind::Kept
                | NoticeKind::Declined
                | NoticeKind::ProviderFailed
                | NoticeKind::TimedOut
                | NoticeKind::Unconfirmed
                | NoticeKind::Interrupted => bare.word("connector", "Gmail").about("MY_GMAIL", "user_123"),
                NoticeKind::Refused => {
                    let words = "Some requested scopes were invalid. {invalid=[gmail.raed]}".to_owned();
                    let bare = bare.word("connector", "Gmail").word("code", "invalid_scope").in_its_words(Some(words));
                    bare.about("MY_GMAIL", "user_123")
                }
                NoticeKind::AgentWrong => bare.word("parameter", "redirect_uri"),
                _ => bare,
            }
        };
        let led = |kind| sample(kind).leading_to("/connect/yours/auth_1".into());
        let back = |all| sample(NoticeKind::Connected).back(Some(WayBack::sample(all)));
        let each = NoticeKind::ALL.into_iter().map(|kind| (kind.key().to_owned(), led(kind)));
        each.chain([("connected-back".to_owned(), back(false)), ("connected-back-all".to_owned(), back(true))])
            .collect()
    }

    fn status(&self) -> StatusCode {
        self.kind.status()
    }
}
