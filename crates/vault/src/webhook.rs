//! Signatures of webhooks, as Standard Webhooks has them: HMAC-SHA256 over id, time and body, under a secret of which the
//! receiver holds a copy.

use crate::{Error, random};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use valetkey_domain::Secret;

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// A new secret: 256 random bits in base64 behind the prefix, as receivers' libraries take it.
///
/// # Errors
/// The system has no randomness to give.
pub fn secret() -> Result<Secret<str>, Error> {
    Ok(Secret::from(format!("{PREFIX}{}", BASE64_STANDARD.encode(random::bytes::<32>()?))))
}

/// The signature of a message sent at this second (since 1970): `v1,` and the MAC in base64.
///
/// # Errors
/// The secret is none that [`secret`] made.
pub fn sign(secret: &Secret<str>, id: &str, at: i64, body: &[u8]) -> Result<String, Error> {
    let wrong = || Error::Library("a webhook's secret that is none");
    let key = secret.expose().strip_prefix(PREFIX).ok_or_else(wrong)?;
    let key = zeroize::Zeroizing::new(BASE64_STANDARD.decode(key).map_err(|_| wrong())?);
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", BASE64_STANDARD.encode(mac.sign())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's own libraries.
    #[test]
    fn a_signature_is_the_one_that_receivers_make() {
        let secret = Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign(&Secret::from("g0hM9SsE"), "msg_1", 0, b"").is_err());
    }

    #[test]
    fn secrets_are_long_and_never_come_twice() {
        let (one, other) = (secret().unwrap(), secret().unwrap());
        assert_eq!((one.expose().len(), one.expose() == other.expose()), (PREFIX.len() + 44, false));
        assert!(sign(&one, "evt_1", 0, b"{}").is_ok());
    }
}
