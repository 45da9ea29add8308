//! What the lab remembers: users with mail and events, clients, grants and tokens, and what happened. All of it is one
//! JSON document; what is marked `skip` lives only as long as the process.

use crate::agenda::Agenda;
use crate::drive_files::DriveFile;
use crate::fault::Fault;
use crate::mailbox::Mailbox;
use crate::repositories::Repositories;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use valetkey_domain::Timestamp;

/// Everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) version: u32,
    /// How far the lab's clock stands from the server's, in milliseconds.
    pub(crate) clock_offset: i64,
    pub(crate) users: Vec<User>,
    /// Everybody's files in Drive by id.
    #[serde(default)]
    pub(crate) drive: BTreeMap<String, DriveFile>,
    /// GitHub's repositories.
    #[serde(default)]
    pub(crate) github: Repositories,
    /// Registered OAuth clients by id.
    pub(crate) clients: BTreeMap<String, Client>,
    pub(crate) grants: Vec<Grant>,
    /// Authorization codes, access tokens and refresh tokens, each by the digest of its text.
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) access_tokens: BTreeMap<String, AccessToken>,
    pub(crate) refresh_tokens: BTreeMap<String, RefreshToken>,
    /// How often the token endpoint answered what, as `refresh_token ok` or `authorization_code invalid_grant`.
    pub(crate) exchanges: BTreeMap<String, u64>,
    /// The one before the next history id.
    pub(crate) history: u64,
    #[serde(skip)]
    pub(crate) visits: BTreeMap<String, Visit>,
    #[serde(skip)]
    pub(crate) faults: Vec<Fault>,
    /// How often each route was called since the start.
    #[serde(skip)]
    pub(crate) calls: BTreeMap<String, u64>,
}

/// Somebody with an account at the provider.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct User {
    /// Twenty-one digits.
    pub(crate) sub: String,
    pub(crate) email: String,
    pub(crate) name: String,
    /// IANA name of the calendar's time zone.
    pub(crate) time_zone: String,
    /// Oldest first.
    pub(crate) mail: Vec<Mail>,
    /// What else is in the mailbox.
    #[serde(default)]
    pub(crate) mailbox: Mailbox,
    /// Calendars beside the primary one, and what is said of them.
    #[serde(default)]
    pub(crate) agenda: Agenda,
    /// Events of the primary calendar that this user organises; also the deleted ones.
    pub(crate) events: Vec<Event>,
}

/// One message in one mailbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) id: String,
    pub(crate) thread: String,
    pub(crate) labels: BTreeSet<String>,
    /// When it arrived or was sent.
    pub(crate) at: Timestamp,
    pub(crate) history: u64,
    /// The RFC 5322 text, base64url: it need not be UTF-8.
    #[serde(with = "crate::gmail::raw")]
    pub(crate) raw: Vec<u8>,
    /// Whether somebody sent it through the API, as opposed to the seed or a delivery.
    pub(crate) sent_by_api: bool,
}

/// One event of a calendar: what the caller gave, and what the calendar keeps beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) ical_uid: String,
    /// The members that callers may write, as given.
    pub(crate) written: Map<String, Value>,
    /// `hangoutLink` and `conferenceData`, once made.
    pub(crate) conference: Option<Value>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// The number of the change that wrote it last; the entity tag is made of it.
    pub(crate) version: u64,
    pub(crate) sequence: u64,
    pub(crate) deleted: bool,
    /// Changed or cancelled instances by instance id; a cancelled one is `None`.
    pub(crate) exceptions: BTreeMap<String, Option<Map<String, Value>>>,
    /// E-mail addresses of attendees who took it off their calendars.
    pub(crate) removed_by: BTreeSet<String>,
    pub(crate) made_by_api: bool,
}

/// A registered OAuth client.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) secret_digest: String,
    pub(crate) redirect_uris: Vec<String>,
}

/// What one user gave one client; ended as a whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) scopes: BTreeSet<String>,
    /// Whether a refresh token was part of it.
    pub(crate) offline: bool,
}

/// An authorization code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) nonce: Option<String>,
    /// Whether a refresh token goes with it.
    pub(crate) refresh: bool,
    pub(crate) expires_at: Timestamp,
    pub(crate) used: bool,
}

/// What PKCE binds a code to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Challenge {
    pub(crate) text: String,
    /// `S256`, as opposed to `plain`.
    pub(crate) hashed: bool,
}

/// An access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) expires_at: Timestamp,
    /// The digest of the code that it came from, for a replay of that code.
    pub(crate) code: String,
}

/// A refresh token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) client: String,
    pub(crate) user: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) last_used_at: Timestamp,
    pub(crate) code: String,
}

/// An authorization request that has passed every check.
#[derive(Clone, Debug)]
pub(crate) struct AuthRequest {
    pub(crate) client: String,
    pub(crate) redirect_uri: String,
    /// In the order in which they were asked for.
    pub(crate) scopes: Vec<String>,
    pub(crate) state: Option<String>,
    /// `access_type=offline`: a refresh token is wanted.
    pub(crate) offline: bool,
    /// The token shall also carry what was granted earlier.
    pub(crate) include_granted: bool,
    pub(crate) login_hint: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    /// For the ID token.
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
}

/// Which pages must, or must not, be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) none: bool,
    pub(crate) consent: bool,
    pub(crate) select_account: bool,
}

/// One authorization request on its way through the pages.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) request: AuthRequest,
    /// Who signed in, once somebody did.
    pub(crate) user: Option<String>,
    pub(crate) expires_at: Timestamp,
}

impl State {
    /// The form of the state file.
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn user(&self, email: &str) -> Option<&User> {
        self.users.iter().find(|user| user.email.eq_ignore_ascii_case(email))
    }

    pub(crate) fn user_mut(&mut self, email: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.email.eq_ignore_ascii_case(email))
    }

    pub(crate) fn grant(&self, client: &str, user: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.client == client && grant.user == user)
    }

    /// Ends all that one user gave one client: every token of it dies.
    pub(crate) fn end_grant(&mut self, client: &str, user: &str) {
        self.grants.retain(|grant| !(grant.client == client && grant.user == user));
        self.codes.retain(|_, code| !(code.client == client && code.user == user));
        self.access_tokens.retain(|_, token| !(token.client == client && token.user == user));
        self.refresh_tokens.retain(|_, token| !(token.client == client && token.user == user));
    }

    /// Forgets what has run out, so that the file does not grow for ever. Codes stay a day longer: a replay of one
    /// must still be known as such.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        let day = jiff::SignedDuration::from_hours(24);
        self.codes.retain(|_, code| code.expires_at + day > now);
        self.access_tokens.retain(|_, token| token.expires_at + day > now);
        self.visits.retain(|_, visit| visit.expires_at > now);
    }

    /// The next number of the mailboxes' common history.
    pub(crate) fn next_history(&mut self) -> u64 {
        self.history += 1;
        self.history
    }
}
