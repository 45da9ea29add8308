//! Tokens of ours: RS256 and nothing else, with exact `typ`, `kid`, `iss` and `aud`, no leeway, and `nbf` checked.
//! (The library's own defaults are a minute of leeway and no look at `nbf`.)

use crate::Error;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use valetkey_domain::id::SigningKeyId;
use valetkey_domain::{Secret, Timestamp};

/// A key that signs our tokens.
pub struct SigningKey {
    id: SigningKeyId,
    signer: EncodingKey,
    private_der: Secret<[u8]>,
    public: PublicKey,
}

/// The half of a signing key that everybody may have.
#[derive(Clone)]
pub struct PublicKey {
    id: SigningKeyId,
    n: String,
    e: String,
    verifier: DecodingKey,
}

/// What a token must say to be taken.
#[derive(Clone, Debug)]
pub struct Expect {
    /// `iss`, byte for byte.
    pub issuer: String,
    /// `aud`, byte for byte.
    pub audience: String,
    /// The header's `typ`.
    pub typ: String,
    /// The present instant.
    pub now: Timestamp,
}

impl SigningKey {
    /// A new RSA key of 2048 bits.
    ///
    /// # Errors
    /// The system has no randomness to give.
    pub fn generate(id: SigningKeyId) -> Result<Self, Error> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Library("RSA key"))?;
        Self::from_pair(id, &pair)
    }

    /// The key that [`SigningKey::private_der`] gave.
    ///
    /// # Errors
    /// The bytes are no RSA key in PKCS#8.
    pub fn from_der(id: SigningKeyId, der: &Secret<[u8]>) -> Result<Self, Error> {
        let pair = KeyPair::from_pkcs8(der.expose()).map_err(|_| Error::Library("RSA key in PKCS#8"))?;
        Self::from_pair(id, &pair)
    }

    fn from_pair(id: SigningKeyId, pair: &KeyPair) -> Result<Self, Error> {
        let private =
            AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(pair).map_err(|_| Error::Library("PKCS#8"))?;
        let pem = Secret::from(pem(private.as_ref()));
        let signer = EncodingKey::from_rsa_pem(pem.bytes()).map_err(|_| Error::Library("RSA key for JWT"))?;
        let public = pair.public_key();
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let n = number(public.modulus().big_endian_without_leading_zero());
        let e = number(public.exponent().big_endian_without_leading_zero());
        let public = PublicKey::new(id.clone(), n, e)?;
        Ok(Self { id, signer, private_der: Secret::from(private.as_ref().to_vec()), public })
    }

    /// The private half, to be sealed.
    #[must_use]
    pub fn private_der(&self) -> &Secret<[u8]> {
        &self.private_der
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs claims as a token of this type.
    ///
    /// # Errors
    /// The claims are no JSON object.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, Error> {
        let header =
            Header { typ: Some(typ.to_owned()), kid: Some(self.id.to_string()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.signer).map_err(|_| Error::Library("signing a token"))
    }
}

impl PublicKey {
    /// A key from its numbers, base64url (RFC 7518 §6.3.1).
    ///
    /// # Errors
    /// They are no RSA key.
    pub fn new(id: SigningKeyId, n: String, e: String) -> Result<Self, Error> {
        let verifier = DecodingKey::from_rsa_components(&n, &e).map_err(|_| Error::Library("RSA numbers"))?;
        Ok(Self { id, n, e, verifier })
    }

    /// Its id, the `kid`.
    #[must_use]
    pub fn id(&self) -> &SigningKeyId {
        &self.id
    }

    /// The key as `/keys` shows it (RFC 7517).
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({"use": "sig", "kty": "RSA", "kid": self.id, "alg": "RS256", "n": self.n, "e": self.e})
    }
}

/// A token that one of our keys signed. Whether it is for us, and valid now, [`Signed::claims`] says.
///
/// The signature of given bytes under given keys is good for ever or never, so this may be kept for a token that comes
/// often; everything else about it is looked at each time.
#[derive(Clone, Debug)]
pub struct Signed {
    typ: Option<String>,
    claims: Value,
}

/// The claims of a token of ours, if one of these keys signed it and it is valid now.
///
/// # Errors
/// Whatever is wrong with it; the reason is for the log alone.
pub fn verify<T: DeserializeOwned>(token: &str, keys: &[PublicKey], expect: &Expect) -> Result<T, Error> {
    signed(token, keys)?.claims(expect)
}

/// Checks a token's signature and nothing else.
///
/// # Errors
/// Another algorithm, an unknown key, or a signature that isn't that key's.
pub fn signed(token: &str, keys: &[PublicKey]) -> Result<Signed, Error> {
    let refused = |why: &str| Error::Token(why.to_owned());
    let header = jsonwebtoken::decode_header(token).map_err(|why| Error::Token(why.to_string()))?;
    if header.alg != Algorithm::RS256 {
        return Err(refused("another algorithm"));
    }
    // A key named in the token (jku, jwk, x5c) is never looked at: the kid picks one of ours or none.
    let kid = header.kid.as_deref().ok_or_else(|| refused("no kid"))?;
    let key = keys.iter().find(|key| key.id.as_str() == kid).ok_or(Error::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "nbf", "sub"]);
    // The library would ask the system's clock; claims are checked apart, against the clock that is handed in.
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let claims =
        jsonwebtoken::decode(token, &key.verifier, &validation).map_err(|why| Error::Token(why.to_string()))?.claims;
    Ok(Signed { typ: header.typ, claims })
}

impl Signed {
    /// What the token says, if it is of this type, for this audience, from this issuer, and valid now.
    ///
    /// # Errors
    /// Whatever is wrong with it; the reason is for the log alone.
    pub fn claims<T: DeserializeOwned>(&self, expect: &Expect) -> Result<T, Error> {
        let says = |name: &str, what: &str| self.claims.get(name).and_then(Value::as_str) == Some(what);
        if self.typ.as_deref() != Some(expect.typ.as_str()) {
            return Err(Error::Token("another type".into()));
        }
        if !says("iss", &expect.issuer) || !says("aud", &expect.audience) {
            return Err(Error::Token("another issuer or audience".into()));
        }
        check_time(&self.claims, expect.now)?;
        T::deserialize(&self.claims).map_err(|why| Error::Token(why.to_string()))
    }
}

fn check_time(claims: &Value, now: Timestamp) -> Result<(), Error> {
    let second = |name: &str| {
        let value = claims.get(name).and_then(Value::as_i64);
        value.ok_or_else(|| Error::Token(format!("{name} is not a whole number of seconds")))
    };
    if now.as_second() >= second("exp")? {
        return Err(Error::Token("expired".into()));
    }
    if now.as_second() < second("nbf")? {
        return Err(Error::Token("not valid yet".into()));
    }
    Ok(())
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::sync::LazyLock;
    use valetkey_domain::Clock;
    use valetkey_testkit::{ManualClock, SeededRng};

    static KEY: LazyLock<SigningKey> = LazyLock::new(|| key(1));

    fn key(seed: u64) -> SigningKey {
        SigningKey::generate(SigningKeyId::new(&ManualClock::default(), &SeededRng::new(seed))).unwrap()
    }

    #[derive(Debug, Deserialize)]
    struct Claims {
        sub: String,
    }

    fn now() -> Timestamp {
        ManualClock::default().now()
    }

    fn expect() -> Expect {
        Expect { issuer: "https://a".into(), audience: "https://b".into(), typ: "at+jwt".into(), now: now() }
    }

    fn claims() -> Value {
        let now = now().as_second();
        json!({"iss": "https://a", "aud": "https://b", "sub": "skc_1", "nbf": now, "exp": now + 10})
    }

    fn check(token: &str) -> Result<Claims, Error> {
        verify(token, &[KEY.public().clone()], &expect())
    }

    fn with(name: &str, value: Value) -> String {
        let mut claims = claims();
        claims[name] = value;
        KEY.sign("at+jwt", &claims).unwrap()
    }

    #[test]
    fn a_token_of_ours_is_taken_and_its_key_survives_storage() {
        assert_eq!(check(&KEY.sign("at+jwt", &claims()).unwrap()).unwrap().sub, "skc_1");
        let again = SigningKey::from_der(KEY.id.clone(), KEY.private_der()).unwrap();
        assert_eq!(check(&again.sign("at+jwt", &claims()).unwrap()).unwrap().sub, "skc_1");
        assert_eq!(again.public().jwk(), KEY.public().jwk());
    }

    #[test]
    fn attack_26_27_everything_else_is_refused() {
        let second = now().as_second();
        let refused = [
            with("aud", json!("https://c")),
            with("aud", json!(null)),
            with("aud", json!(["https://b", "https://c"])),
            with("iss", json!("https://a/")),
            with("iss", json!(null)),
            with("sub", json!(null)),
            with("exp", json!(second)),
            with("exp", json!("tomorrow")),
            with("nbf", json!(second + 1)),
            KEY.sign("JWT", &claims()).unwrap(),
            key(2).sign("at+jwt", &claims()).unwrap(),
            String::new(),
            "a.b.c".into(),
        ];
        for token in refused {
            assert!(check(&token).is_err(), "{token}");
        }
    }

    #[test]
    fn attack_27_no_other_algorithm_and_no_borrowed_kid() {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = |alg: &str, kid: &str| part(&json!({"alg": alg, "typ": "at+jwt", "kid": kid}));
        let unsigned = format!("{}.{}.", header("none", KEY.id.as_str()), part(&claims()));
        assert!(check(&unsigned).is_err());
        // The public key as the secret of a symmetric signature.
        let signed = format!("{}.{}", header("HS256", KEY.id.as_str()), part(&claims()));
        let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, KEY.public().n.as_bytes());
        let tag = BASE64_URL_SAFE_NO_PAD.encode(aws_lc_rs::hmac::sign(&secret, signed.as_bytes()));
        assert!(check(&format!("{signed}.{tag}")).is_err());
        for kid in ["", "../../etc/passwd", "' OR 1=1 --", "snk_other"] {
            let token = KEY.sign("at+jwt", &claims()).unwrap();
            let (_, rest) = token.split_once('.').unwrap();
            assert!(check(&format!("{}.{rest}", header("RS256", kid))).is_err(), "{kid}");
        }
    }
}
