//! PKCE, RFC 7636: the challenge is kept with the code, the verifier must fit it.

use super::params::Params;
use super::refusal::Refusal;
use crate::state::Challenge;
use crate::{cite, random};

/// The challenge of an authorization request, if it brought one. `plain` is the default, as the RFC has it.
pub(crate) fn challenge(params: &Params) -> Result<Option<Challenge>, Refusal> {
    let method = params.choice("code_challenge_method", &["plain", "S256"], cite::CHALLENGE)?;
    let Some(text) = params.get("code_challenge") else {
        return match params.get("code_challenge_method") {
            Some(_) => Err(refuse("code_challenge_method stands without a code_challenge")),
            None => Ok(None),
        };
    };
    if !well_formed(text) {
        return Err(refuse("code_challenge must have 43 to 128 characters of A-Z a-z 0-9 - . _ ~"));
    }
    Ok(Some(Challenge { text: text.to_owned(), hashed: method == "S256" }))
}

/// Holds the verifier of an exchange against the challenge of its code.
pub(crate) fn verify(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), Refusal> {
    let wrong = |said: &str| Err(Refusal::new("invalid_grant", cite::PKCE, said));
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => wrong("Missing code verifier."),
        (None, Some(_)) => wrong("code_verifier is not needed: the authorization request had no code_challenge."),
        (Some(_), Some(verifier)) if !well_formed(verifier) => wrong("Invalid code verifier."),
        (Some(kept), Some(verifier)) => {
            let offered = if kept.hashed { random::digest(verifier) } else { verifier.to_owned() };
            if offered == kept.text { Ok(()) } else { wrong("Invalid code verifier.") }
        }
    }
}

fn refuse(said: &str) -> Refusal {
    Refusal::new("invalid_request", cite::CHALLENGE, said)
}

fn well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn kept(text: &str, hashed: bool) -> Challenge {
        Challenge { text: text.to_owned(), hashed }
    }

    #[test]
    fn the_rfcs_example_fits() {
        assert!(verify(Some(&kept(CHALLENGE, true)), Some(VERIFIER)).is_ok());
        assert!(verify(Some(&kept(VERIFIER, false)), Some(VERIFIER)).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (challenge, verifier) in [
            (Some(kept(CHALLENGE, true)), None),
            (Some(kept(CHALLENGE, true)), Some(CHALLENGE)),
            (Some(kept(CHALLENGE, true)), Some("short")),
            (Some(kept(CHALLENGE, false)), Some(VERIFIER)),
            (None, Some(VERIFIER)),
        ] {
            let refused = verify(challenge.as_ref(), verifier).unwrap_err();
            assert_eq!((refused.code, refused.page), ("invalid_grant", cite::PKCE));
        }
    }
}
