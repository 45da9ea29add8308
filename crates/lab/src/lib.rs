//! The provider lab: it plays Google, offline, for demonstrations and tests. An authorization server with pages for a
//! person, and Gmail, Calendar and Drive over state of its own, so that what an agent sends or inserts can be listed
//! afterwards; and GitHub's issues, for who signed in there. It refuses what the vendors refuse, and each refusal names the
//! vendor's page that says so.
//!
//! It never calls anybody, listens only where its host binds the two routers, and knows nothing of the server that
//! uses it. It is no evidence that something works at Google; it is evidence that something does not.
//!
//! Read [`Lab`] first, then `provider.rs` (the routes), `oauth/` and `gmail/`, `calendar/`, `drive/` or `github/`.
//!
//! # Where things are
//! | path | what |
//! |---|---|
//! | `GET /o/oauth2/v2/auth` | authorization endpoint, begins the pages below |
//! | `POST /token`, `POST /revoke` | token endpoint, revocation |
//! | `GET /v1/userinfo`, `GET /oauth2/v2/userinfo` | who the token's user is |
//! | `GET /.well-known/openid-configuration` | where all this is |
//! | `/gmail/v1/...`, `/calendar/v3/...`, `/drive/v3/...`, `/upload/drive/v3/...` | the APIs, at the paths of Google's Discovery documents |
//! | `/repos/{owner}/{repo}/issues`, `/labels`, `/user` | GitHub's issues, comments and labels, at the paths of its description |
//!
//! # The pages, for those who drive them
//! Plain HTML forms, no script, no cookie: the hidden field `visit` carries the request from page to page.
//!
//! 1. Sign-in: one form that posts to `/o/oauth2/v2/auth/account`. Hidden `visit`; one `button[name=account]` per
//!    user with the e-mail address as its value and the ids `account-1`, `account-2`, ... Skipped where `login_hint`
//!    names a user and `prompt` has no `select_account`.
//! 2. Consent: one form that posts to `/o/oauth2/v2/auth/consent`. Hidden `visit`; one ticked
//!    `input[type=checkbox][name=scope]` per scope that may be withheld, its value the scope; `button[name=decision]`
//!    with the ids `allow` and `deny` and those words as values. Skipped where all was granted before and `prompt` has
//!    no `consent`, as Google does; then there is no refresh token in the exchange.
//! 3. 303 to the redirect URI with `code`, `state`, `scope`, or with `error`.
//!
//! A request that cannot go on shows a page with `#error` (Google's code), `#error-description` and the link
//! `#error-uri`, and goes nowhere.
//!
//! # The keeper's side, [`Lab::control`]
//! JSON both ways, for a listener of its own.
//!
//! | call | what |
//! |---|---|
//! | `GET /clock`, `POST /clock {"advance_seconds": n}` | the lab's time; `n` may be negative |
//! | `GET /routes` | the names that failures go by |
//! | `GET /faults`, `POST /faults {"route", "times", "fault": {"kind", ..}}`, `DELETE /faults` | failures that wait |
//! | `GET /clients`, `POST /clients {"id", "secret", "redirect_uris"}` | OAuth clients |
//! | `GET /exchanges`, `GET /calls`, `GET /grants` | what the token endpoint answered, how often routes were called, what is granted |
//! | `GET /mail`, `GET /events` | what was sent and inserted through the APIs |
//! | `POST /reset` | begin again from the seed |
//!
//! Kinds of failure: `token_expired`, `token_revoked`, `refresh_rotated`, `scope_withheld {"scopes"}`, `expires_in {"value"}`,
//! `rate_limited {"retry_after", "status": 429}`, `server_error {"status": 500, "handled": false}`, `slow {"millis"}`,
//! `truncated`, `redirect {"to"}`, `reset {"handled": false}`, `nonce_wanted`, `nonce_changed {"nonce"}`, `raw_basic`,
//! `client_wanted {"status": 401, "body": "", "raw_basic": false}`, `refused {"status": 401, "body": ""}`,
//! `byte_order_mark`. `handled` means that the call takes effect and only its
//! answer is lost. A route is an operation id (`gmail.users.messages.list`), an API (`gmail`, `calendar`, `drive`, `github`), or one of
//! `authorize`, `token`, `token.authorization_code`, `token.refresh_token`, `revoke`, `userinfo`.
//!
//! # What it leaves out
//! Implicit and device flows, service accounts, resumable uploads, shared drives and revisions, batch requests, push
//! channels and sync tokens; of GitHub all that is no issue, and its own way to sign in. ID tokens are
//! signed with HS256 under the client's secret, where Google signs with RS256 and publishes its keys.

mod agenda;
mod api;
mod broken;
mod calendar;
mod cite;
mod control;
mod digests;
mod doors;
mod drive;
mod drive_files;
mod error;
mod fault;
mod faults;
mod file;
mod github;
mod gmail;
mod json;
mod lab;
mod mailbox;
mod oauth;
mod pages;
mod people;
mod person;
mod provider;
mod random;
mod repositories;
mod seed;
mod state;

pub use error::Error;
pub use lab::Lab;
pub use person::Person;
