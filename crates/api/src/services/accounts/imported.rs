//! Credentials that an app brings itself.

use crate::services::shared::{non_empty, not_offered};
use valetkey_app::accounts::ImportedTokens;
use valetkey_app::{Error, Result};
use valetkey_domain::Secret;
use valetkey_proto::v1::connected_accounts as wire;
use valetkey_proto::v1::connected_accounts::authorization_details::Details;

/// The tokens of a request. The Node SDK sends an empty `oauth_token` where none were given: that is none.
///
/// # Errors
/// The credentials are of a kind that isn't offered, or half of what is needed.
pub(super) fn tokens(details: Option<wire::AuthorizationDetails>) -> Result<Option<ImportedTokens>> {
    match details.and_then(|details| details.details) {
        None => Ok(None),
        Some(Details::OauthToken(token)) => oauth(token),
        Some(Details::StaticAuth(auth)) if auth.details.as_ref().is_none_or(|members| members.fields.is_empty()) => {
            Ok(None)
        }
        Some(Details::StaticAuth(_)) => Err(not_offered("authorization_details.static_auth is")),
        Some(Details::GoogleDwd(_)) => Err(not_offered("authorization_details.google_dwd is")),
        Some(Details::TrustedIdp(_)) => Err(not_offered("authorization_details.trusted_idp is")),
    }
}

fn oauth(token: wire::OauthToken) -> Result<Option<ImportedTokens>> {
    match (non_empty(token.access_token), non_empty(token.refresh_token)) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::invalid("oauth_token.access_token is missing beside the refresh token")),
        (Some(access), refresh) => Ok(Some(ImportedTokens {
            access_token: Secret::from(access),
            refresh_token: refresh.map(Secret::from),
            scopes: token.scopes,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(details: Details) -> Result<Option<ImportedTokens>> {
        tokens(Some(wire::AuthorizationDetails { details: Some(details) }))
    }

    #[test]
    fn empty_credentials_are_none() {
        assert!(tokens(None).unwrap().is_none());
        assert!(read(Details::OauthToken(wire::OauthToken::default())).unwrap().is_none());
        assert!(read(Details::StaticAuth(wire::StaticAuth::default())).unwrap().is_none());
    }

    #[test]
    fn real_ones_are_taken_whole() {
        let token = wire::OauthToken {
            access_token: "at".into(),
            refresh_token: "rt".into(),
            scopes: vec!["s".into()],
            ..Default::default()
        };
        let imported = read(Details::OauthToken(token)).unwrap().unwrap();
        assert_eq!((imported.access_token.expose(), imported.scopes.as_slice()), ("at", ["s".to_owned()].as_slice()));
        assert_eq!(imported.refresh_token.unwrap().expose(), "rt");
    }

    #[test]
    fn halves_and_other_kinds_are_refused() {
        let half = wire::OauthToken { refresh_token: "rt".into(), ..Default::default() };
        assert!(read(Details::OauthToken(half)).is_err());
        assert!(read(Details::GoogleDwd(wire::GoogleDwdAuth::default())).is_err());
    }
}
