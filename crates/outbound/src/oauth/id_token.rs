//! OpenID Connect's token about the person who signed in.
//!
//! Its signature isn't checked: it came straight from the token endpoint over TLS, which OpenID Connect Core §3.1.3.7
//! (6) accepts in place of that. So there is no way to make one of a text that came from elsewhere.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use valetkey_domain::{Secret, json};

/// The longest ID token that is read, in bytes: one with some hundred group names fits.
const MOST: usize = 64 * 1024;
/// The longest subject: 255 characters by the standard (§2).
const MOST_SUBJECT: usize = 255;

/// Some issuers pad, most don't.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An ID token as it came. What it says is to be had by [`IdToken::check`] alone.
#[derive(Debug)]
pub struct IdToken(Secret<str>);

/// What an ID token must say to be about this sign-in.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The OAuth client that asked: the token is for it.
    pub client_id: &'a str,
    /// Who issues, where that is known.
    pub issuer: Option<&'a str>,
    /// The nonce of the authorization request.
    pub nonce: Nonce<'a>,
}

/// The nonce of an authorization request.
#[derive(Clone, Copy, Debug)]
pub enum Nonce<'a> {
    /// None was sent; a refresh has none either.
    NotSent,
    /// This one was sent and has to come back (§3.1.3.7 (11)).
    Sent(&'a Secret<str>),
    /// This one was sent; the provider is known to leave it out, but another one is refused.
    SentMayBeMissing(&'a Secret<str>),
}

/// What an ID token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: the account's id at the issuer.
    pub subject: Option<String>,
    /// `iss`: who issued.
    pub issuer: Option<String>,
    /// `email`, where the issuer says that it is the person's (`email_verified`).
    pub verified_email: Option<String>,
}

/// An ID token that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// It can't be read. It contradicts nothing, but says nothing either.
    #[error("the provider's ID token can't be read: {0}")]
    Unreadable(&'static str),
    /// It is of another sign-in.
    #[error(
        "the provider's ID token carries another nonce than this sign-in was asked with: it belongs to another sign-in"
    )]
    OtherNonce,
    /// It doesn't say of which sign-in it is.
    #[error("the provider's ID token carries no nonce, though this sign-in was asked with one")]
    NoNonce,
    /// It is for another client.
    #[error("the provider's ID token is for another OAuth client than the connection's")]
    OtherClient,
    /// Another issuer made it.
    #[error("the provider's ID token is from another issuer than the one that was asked")]
    OtherIssuer,
}

impl IdTokenFault {
    /// Whether the token says something else than it should, as against nothing that can be read: then the tokens that
    /// came with it belong to nobody here.
    #[must_use]
    pub const fn contradicts(self) -> bool {
        !matches!(self, Self::Unreadable(_))
    }

    /// It in one word, for an outcome and the journal.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable(_) => "id_token_unreadable",
            Self::OtherNonce => "id_token_nonce_mismatch",
            Self::NoNonce => "id_token_nonce_missing",
            Self::OtherClient => "id_token_audience_mismatch",
            Self::OtherIssuer => "id_token_issuer_mismatch",
        }
    }
}

impl IdToken {
    /// One that a token endpoint gave.
    pub(super) const fn from_endpoint(text: Secret<str>) -> Self {
        Self(text)
    }

    /// Reads the token and holds it against what was asked (§3.1.3.7). Its times aren't looked at: it was made this
    /// moment, and clocks differ.
    ///
    /// # Errors
    /// See [`IdTokenFault`].
    pub fn check(&self, expected: &Expected<'_>) -> Result<Claims, IdTokenFault> {
        let claims = self.read()?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        check_nonce(text("nonce"), expected.nonce)?;
        if !is_for(&claims, expected.client_id) {
            return Err(IdTokenFault::OtherClient);
        }
        // Google's may lack the scheme.
        let is_same = |asked: &str, told: &str| asked == told || asked.strip_prefix("https://") == Some(told);
        if expected.issuer.zip(text("iss")).is_some_and(|(asked, told)| !is_same(asked, told)) {
            return Err(IdTokenFault::OtherIssuer);
        }
        Ok(Claims {
            subject: subject(claims.get("sub")),
            issuer: text("iss").map(str::to_owned),
            verified_email: verified_email(&claims),
        })
    }

    /// The claims of the compact form (RFC 7515 §7.1), within bounds.
    fn read(&self) -> Result<Value, IdTokenFault> {
        let text = self.0.expose();
        if text.len() > MOST {
            return Err(IdTokenFault::Unreadable("it is longer than 64 KiB"));
        }
        let mut parts = text.split('.');
        let claims = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(_), Some(claims), Some(_), None) => claims,
            (.., Some(_)) => return Err(IdTokenFault::Unreadable("it is encrypted, or has more than three parts")),
            _ => return Err(IdTokenFault::Unreadable("it has not three parts")),
        };
        let claims = BASE64.decode(claims).map_err(|_| IdTokenFault::Unreadable("its claims are no base64url"))?;
        let claims = json::parse(&claims).map_err(|_| {
            IdTokenFault::Unreadable("its claims are no JSON, or nest too deep, are too many, or repeat a member")
        })?;
        if claims.is_object() { Ok(claims) } else { Err(IdTokenFault::Unreadable("its claims are no object")) }
    }
}

/// An address that the issuer has verified (§5.1); of others anybody may say that it is theirs.
#[must_use]
pub fn verified_email(claims: &Value) -> Option<String> {
    let verified = claims.get("email_verified").is_some_and(|told| *told == Value::Bool(true) || told == "true");
    claims.get("email").and_then(Value::as_str).filter(|_| verified).map(str::to_owned)
}

fn check_nonce(told: Option<&str>, sent: Nonce<'_>) -> Result<(), IdTokenFault> {
    match (sent, told) {
        (Nonce::NotSent, _) | (Nonce::SentMayBeMissing(_), None) => Ok(()),
        (Nonce::Sent(_), None) => Err(IdTokenFault::NoNonce),
        (Nonce::Sent(sent) | Nonce::SentMayBeMissing(sent), Some(told)) if sent.expose() == told => Ok(()),
        (Nonce::Sent(_) | Nonce::SentMayBeMissing(_), Some(_)) => Err(IdTokenFault::OtherNonce),
    }
}

/// Whether `aud`, if it is given, names the client; among several the one it was made for (`azp`) must be the client.
fn is_for(claims: &Value, client: &str) -> bool {
    match claims.get("aud") {
        None | Some(Value::Null) => true,
        Some(Value::String(one)) => one == client,
        Some(Value::Array(several)) => {
            let party = claims.get("azp").and_then(Value::as_str).filter(|_| several.len() > 1);
            several.iter().any(|one| one == client) && party.is_none_or(|party| party == client)
        }
        Some(_) => false,
    }
}

fn subject(told: Option<&Value>) -> Option<String> {
    let text = match told? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let fits = (1..=MOST_SUBJECT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

    fn token(claims: &str) -> IdToken {
        IdToken(Secret::from(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims))))
    }

    fn check(token: &IdToken, nonce: Option<&str>, issuer: Option<&str>) -> Result<Claims, IdTokenFault> {
        let nonce = nonce.map(Secret::<str>::from);
        let nonce = nonce.as_ref().map_or(Nonce::NotSent, Nonce::Sent);
        token.check(&Expected { client_id: "me", issuer, nonce })
    }

    #[test]
    fn tells_who_signed_in() {
        for claims in [r#"{"sub":"1073"}"#, r#"{"sub":1073,"aud":"me"}"#, r#"{"sub":"1073","aud":["me"],"azp":"x"}"#] {
            assert_eq!(check(&token(claims), None, None).unwrap().subject.as_deref(), Some("1073"), "{claims}");
        }
        let padded = IdToken(Secret::from(format!("e30.{}.", URL_SAFE.encode(r#"{"sub":"1073"}"#))));
        assert_eq!(check(&padded, None, None).unwrap().subject.as_deref(), Some("1073"));
        let long = format!(r#"{{"sub":"{}"}}"#, "x".repeat(256));
        for odd in ["{}", r#"{"sub":""}"#, r#"{"sub":null}"#, r#"{"sub":["x"]}"#, r#"{"sub":"a\nb"}"#, &long] {
            assert_eq!(check(&token(odd), None, None).unwrap().subject, None, "{odd}");
        }
    }

    #[test]
    fn a_nonce_that_was_sent_has_to_come_back() {
        let fault = |claims: &str, sent| check(&token(claims), sent, None).err();
        let (right, other) = (r#"{"nonce":"n-1"}"#, r#"{"nonce":"n-2"}"#);
        assert_eq!(fault(right, Some("n-1")), None);
        assert_eq!(fault(other, Some("n-1")), Some(IdTokenFault::OtherNonce));
        assert_eq!(fault(r#"{"nonce":"n-1 "}"#, Some("n-1")), Some(IdTokenFault::OtherNonce));
        for missing in ["{}", r#"{"nonce":null}"#, r#"{"nonce":["n-1"]}"#] {
            assert_eq!(fault(missing, Some("n-1")), Some(IdTokenFault::NoNonce), "{missing}");
        }
        assert_eq!(fault(other, None), None, "none was sent");
        let sent = Secret::from("n-1");
        let lenient = |claims| {
            let nonce = Nonce::SentMayBeMissing(&sent);
            token(claims).check(&Expected { client_id: "me", issuer: None, nonce }).err()
        };
        assert_eq!((lenient("{}"), lenient(right), lenient(other)), (None, None, Some(IdTokenFault::OtherNonce)));
    }

    #[test]
    fn a_token_for_another_client_or_from_another_issuer_is_refused() {
        let fault = |claims: &str| check(&token(claims), None, Some("https://p.example")).err();
        for fine in ["{}", r#"{"iss":"https://p.example","aud":["api","me"],"azp":"me"}"#, r#"{"iss":"p.example"}"#] {
            assert_eq!(fault(fine), None, "{fine}");
        }
        for aud in [r#"{"aud":"you"}"#, r#"{"aud":[]}"#, r#"{"aud":["me","you"],"azp":"you"}"#, r#"{"aud":7}"#] {
            assert_eq!(fault(aud), Some(IdTokenFault::OtherClient), "{aud}");
        }
        for iss in [r#"{"iss":"https://p.example/"}"#, r#"{"iss":"http://p.example"}"#, r#"{"iss":""}"#] {
            assert_eq!(fault(iss), Some(IdTokenFault::OtherIssuer), "{iss}");
        }
    }

    #[test]
    fn attack_52_what_is_no_token_is_unreadable_and_contradicts_nothing() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
        let twice = r#"{"nonce":"n-1","nonce":"n-2"}"#;
        let texts = ["", ".", "..", "a.b", "a.b.c.d", "a.b.c.d.e", "e30.***.x", "e30.\u{e9}.x"];
        let texts = texts.iter().map(|text| IdToken(Secret::from(*text)));
        let claims = ["x", "[]", "null", "\"x\"", &deep, twice].map(token);
        for odd in texts.chain(claims).chain([IdToken(Secret::from("x.".repeat(MOST)))]) {
            let fault = check(&odd, Some("n-1"), None).unwrap_err();
            assert!(matches!(fault, IdTokenFault::Unreadable(_)) && !fault.contradicts(), "{odd:?}: {fault}");
        }
        assert!(IdTokenFault::OtherNonce.contradicts());
    }
}
