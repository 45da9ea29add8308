//! A credential that an app brings itself, by the way in which the connection signs in, and what the app may read of one.

use super::fit::{named, subject};
use crate::connections::Wired;
use crate::credentials::opened::Opened;
use crate::credentials::sealed::Plain;
use crate::credentials::typed::Typed;
use crate::{App, Error, Result};
use serde_json::{Map, Value};
use valetkey_connectors::AuthKind;
use valetkey_domain::{Secret, Timestamp};

/// A credential that an app brings itself.
pub enum ImportedCredential {
    /// Tokens of a sign-in that the app has seen to.
    Tokens {
        /// The access token.
        access_token: Secret<str>,
        /// The refresh token, if the app has one.
        refresh_token: Option<Secret<str>>,
        /// What was granted, as far as the app knows.
        scopes: Vec<String>,
    },
    /// The fields of the connector's form by name.
    Fields(Map<String, Value>),
    /// The person in whose name the connection's service account acts.
    Subject(String),
}

/// What an account was given, for the app that may read it.
#[derive(Debug)]
pub enum ShownCredential {
    /// An access token.
    Token(Secret<str>),
    /// The fields of the connector's form by name.
    Fields(Typed),
    /// The person in whose name it acts, and an access token for that.
    Subject(String, Secret<str>),
}

/// A credential that was looked at and may be sealed.
pub(crate) struct Brought {
    pub(crate) plain: Plain,
    pub(crate) scopes: Vec<String>,
    /// When its access token ends: those that still have to be had have ended already.
    pub(crate) expires_at: Option<Timestamp>,
    /// What it says of the account beside the credential.
    pub(crate) api_config: Map<String, Value>,
}

/// Looks at what an app brings for an account on this connection.
///
/// # Errors
/// It is of another kind than the connection signs in by, or a field of it is wrong; the message names it.
pub(crate) fn brought(app: &App, wired: &Wired, given: ImportedCredential) -> Result<Brought> {
    let kind = wired.kind();
    let expires_at = wired.mints().then(|| app.core.now());
    match given {
        ImportedCredential::Tokens { access_token, refresh_token, scopes } if kind == AuthKind::OAuth2 => {
            let plain = Plain::tokens(access_token, refresh_token);
            Ok(Brought { plain, scopes, expires_at: None, api_config: Map::new() })
        }
        ImportedCredential::Fields(members)
            if !matches!(kind, AuthKind::OAuth2 | AuthKind::GoogleDwd | AuthKind::None) =>
        {
            let (typed, api_config) = named(wired, &members)?;
            Ok(Brought { plain: Plain::typed(typed), scopes: Vec::new(), expires_at, api_config })
        }
        ImportedCredential::Subject(name) if kind == AuthKind::GoogleDwd => {
            let typed = subject(wired, name)?;
            Ok(Brought { plain: Plain::typed(typed), scopes: Vec::new(), expires_at, api_config: Map::new() })
        }
        _ => {
            let (name, wanted) = (&wired.connection.name, member(kind));
            let message = format!("connection '{name}' signs in by {}: give {wanted}", kind.as_str());
            Err(Error::invalid(message))
        }
    }
}

/// What of the API's `authorization_details` is for this kind.
const fn member(kind: AuthKind) -> &'static str {
    match kind {
        AuthKind::OAuth2 => "authorization_details.oauth_token",
        AuthKind::GoogleDwd => "authorization_details.google_dwd",
        AuthKind::None => "no authorization_details",
        _ => "authorization_details.static_auth",
    }
}

/// What of an opened credential the app may have: none of a connection without one.
pub(crate) fn shown(wired: &Wired, opened: Opened) -> Option<ShownCredential> {
    let Opened { access_token, typed, .. } = opened;
    match wired.kind() {
        AuthKind::None => None,
        AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic => Some(ShownCredential::Fields(typed)),
        AuthKind::GoogleDwd => {
            let subject = typed.get("subject").map(|subject| subject.expose().to_owned())?;
            Some(ShownCredential::Subject(subject, access_token))
        }
        AuthKind::OAuth2 | AuthKind::ClientCredentials | AuthKind::ServiceAccount | AuthKind::KeyPair => {
            Some(ShownCredential::Token(access_token))
        }
    }
}
