//! Credentials that an app brings itself.

use crate::services::shared::{non_empty, not_offered};
use crate::services::structs;
use valetkey_app::accounts::ImportedCredential;
use valetkey_app::{Error, Result};
use valetkey_domain::Secret;
use valetkey_proto::v1::connected_accounts as wire;
use valetkey_proto::v1::connected_accounts::authorization_details::Details;

/// The credential of a request. The Node SDK sends an empty `oauth_token` where none was given: that is none.
///
/// # Errors
/// It is of a kind that isn't offered, or half of what is needed.
pub(super) fn credential(details: Option<wire::AuthorizationDetails>) -> Result<Option<ImportedCredential>> {
    match details.and_then(|details| details.details) {
        None => Ok(None),
        Some(Details::OauthToken(token)) => oauth(token),
        Some(Details::StaticAuth(auth)) if auth.details.as_ref().is_none_or(|members| members.fields.is_empty()) => {
            Ok(None)
        }
        Some(Details::StaticAuth(auth)) => Ok(Some(ImportedCredential::Fields(structs::members(auth.details)))),
        Some(Details::GoogleDwd(delegation)) => Ok(non_empty(delegation.subject).map(ImportedCredential::Subject)),
        Some(Details::TrustedIdp(_)) => Err(not_offered("authorization_details.trusted_idp is")),
    }
}

fn oauth(token: wire::OauthToken) -> Result<Option<ImportedCredential>> {
    match (non_empty(token.access_token), non_empty(token.refresh_token)) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::invalid("oauth_token.access_token is missing beside the refresh token")),
        (Some(access), refresh) => Ok(Some(ImportedCredential::Tokens {
            access_token: Secret::from(access),
            refresh_token: refresh.map(Secret::from),
            scopes: token.scopes,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(details: Details) -> Result<Option<ImportedCredential>> {
        credential(Some(wire::AuthorizationDetails { details: Some(details) }))
    }

    #[test]
    fn empty_credentials_are_none() {
        assert!(credential(None).unwrap().is_none());
        assert!(read(Details::OauthToken(wire::OauthToken::default())).unwrap().is_none());
        assert!(read(Details::StaticAuth(wire::StaticAuth::default())).unwrap().is_none());
        assert!(read(Details::GoogleDwd(wire::GoogleDwdAuth::default())).unwrap().is_none());
    }

    #[test]
    fn real_ones_are_taken_whole() {
        let token = wire::OauthToken {
            access_token: "at".into(),
            refresh_token: "rt".into(),
            scopes: vec!["s".into()],
            ..Default::default()
        };
        let Some(ImportedCredential::Tokens { access_token, refresh_token, scopes }) =
            read(Details::OauthToken(token)).unwrap()
        else {
            panic!("tokens are tokens")
        };
        assert_eq!((access_token.expose(), scopes), ("at", vec!["s".to_owned()]));
        assert_eq!(refresh_token.unwrap().expose(), "rt");
        let fields = structs::of(serde_json::json!({"api_key": "k", "port": 7}).as_object().unwrap());
        let Some(ImportedCredential::Fields(members)) =
            read(Details::StaticAuth(wire::StaticAuth { details: Some(fields) })).unwrap()
        else {
            panic!("fields are fields")
        };
        assert_eq!(serde_json::Value::from(members), serde_json::json!({"api_key": "k", "port": 7}));
        let delegation = wire::GoogleDwdAuth { subject: "ann@acme.example".into(), ..Default::default() };
        assert!(matches!(read(Details::GoogleDwd(delegation)).unwrap(), Some(ImportedCredential::Subject(_))));
    }

    #[test]
    fn halves_and_other_kinds_are_refused() {
        let half = wire::OauthToken { refresh_token: "rt".into(), ..Default::default() };
        assert!(read(Details::OauthToken(half)).is_err());
        assert!(read(Details::TrustedIdp(wire::TrustedIdpAuth::default())).is_err());
    }
}
