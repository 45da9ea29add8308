//! Token endpoints: codes and refresh tokens for access tokens, revocation, and who an account is.
//!
//! Written against RFC 6749, 7009 and 7636, and tolerant of what real endpoints answer instead: forms, errors under
//! status 200, commas between scopes, numbers in quotes. Strict where being tolerant would lose an account.

mod answer;
mod client;
mod error;
mod identity;
mod text;

pub use answer::{MAX_BELIEVED, Tokens};
pub use client::{Client, ClientAuth, exchange, refresh, revoke};
pub use error::TokenError;
pub use identity::{identity, subject_of};
