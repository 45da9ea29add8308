//! How an OAuth client of ours says who it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::HeaderValue;
use serde_json::Value;
use valetkey_domain::Secret;

/// How an OAuth client says who it is (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the form.
    Post,
    /// HTTP Basic.
    Basic,
    /// `client_id` alone: a public client.
    None,
}

/// How id and secret stand in HTTP Basic. The two differ for secrets with other characters than letters, digits and
/// `*-._`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasicEncoding {
    /// Both form-encoded first, as RFC 6749 §2.3.1 wants.
    #[default]
    FormEncoded,
    /// As they are, as many servers want against the RFC.
    Raw,
}

/// How a request to a token endpoint is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenBody {
    /// As a form (RFC 6749 §4.1.3).
    #[default]
    Form,
    /// As JSON, as some providers have it.
    Json,
}

impl TokenBody {
    /// The media type and the text.
    pub(super) fn written(self, members: &[(&str, &str)]) -> (HeaderValue, Bytes) {
        match self {
            Self::Form => {
                let form = Serializer::new(String::new()).extend_pairs(members).finish();
                (HeaderValue::from_static("application/x-www-form-urlencoded"), Bytes::from(form))
            }
            Self::Json => {
                let members = members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
                let object = Value::Object(members.collect());
                (HeaderValue::from_static("application/json"), Bytes::from(object.to_string()))
            }
        }
    }
}

/// An OAuth client of ours at one provider.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Where codes and refresh tokens are exchanged.
    pub token_url: &'a str,
    /// Its id.
    pub client_id: &'a str,
    /// Its secret, unless it is a public client.
    pub client_secret: Option<&'a Secret<str>>,
    /// How it says who it is.
    pub auth: ClientAuth,
    /// How it does so in HTTP Basic.
    pub basic: BasicEncoding,
    /// How what it sends is written.
    pub body: TokenBody,
    /// The member of an answer that has the tokens, where the answer itself has none.
    pub answer_in: Option<&'a str>,
    /// The provider's own codes for `invalid_grant`.
    pub ended: &'a [String],
    /// What the tokens are for, where the provider has to be told (RFC 8707).
    pub resource: Option<&'a str>,
}

/// What a request carries of its client: a header, or members of its body.
pub(super) enum Signature<'a> {
    /// The `Authorization` header.
    Header(HeaderValue),
    /// Members.
    Members(Vec<(&'a str, &'a str)>),
}

impl<'a> Client<'a> {
    /// The client's signature in its own way.
    ///
    /// # Errors
    /// In words, why it can't be made.
    pub(super) fn signature(&self) -> Result<Signature<'a>, String> {
        let id = ("client_id", self.client_id);
        match (self.auth, self.client_secret) {
            (ClientAuth::Basic, Some(secret)) => self.basic(secret).map(Signature::Header),
            (ClientAuth::Post, Some(secret)) => Ok(Signature::Members(vec![id, ("client_secret", secret.expose())])),
            _ => Ok(Signature::Members(vec![id])),
        }
    }

    fn basic(&self, secret: &Secret<str>) -> Result<HeaderValue, String> {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = match self.basic {
            BasicEncoding::FormEncoded => format!("{}:{}", encoded(self.client_id), encoded(secret.expose())),
            BasicEncoding::Raw if self.client_id.contains(':') => {
                return Err(
                    "the client id has a colon in it, which HTTP Basic can't carry raw (RFC 7617 §2): have it \
                            form-encoded, or sent in the form"
                        .into(),
                );
            }
            BasicEncoding::Raw => format!("{}:{}", self.client_id, secret.expose()),
        };
        let mut header = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
            .map_err(|_| "the client id and secret fit no header".to_owned())?;
        header.set_sensitive(true);
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(auth: ClientAuth, basic: BasicEncoding, client_id: &str, secret: &str) -> Result<String, String> {
        let secret = Secret::from(secret);
        let client = Client { client_id, client_secret: Some(&secret), auth, basic, ..Client::NOBODY };
        Ok(match client.signature()? {
            Signature::Header(header) => {
                let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
                String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
            }
            Signature::Members(members) => format!("{members:?}"),
        })
    }

    impl Client<'_> {
        /// What tests fill in.
        pub(in super::super) const NOBODY: Self = Self {
            token_url: "",
            client_id: "",
            client_secret: None,
            auth: ClientAuth::Post,
            basic: BasicEncoding::FormEncoded,
            body: TokenBody::Form,
            answer_in: None,
            ended: &[],
            resource: None,
        };
    }

    #[test]
    fn a_secret_with_special_characters_goes_as_the_server_reads_it() {
        let basic = |encoding, secret| signed(ClientAuth::Basic, encoding, "id", secret).unwrap();
        for secret in ["s:e c", "a+b/c=", "~!@#$%^&", "pass%3Aword", "schlüssel"] {
            assert_eq!(basic(BasicEncoding::Raw, secret), format!("id:{secret}"));
            let encoded = basic(BasicEncoding::FormEncoded, secret);
            assert!(!encoded.contains(secret), "{encoded}");
            let (_, value) = encoded.split_once(':').unwrap();
            let decoded = form_urlencoded::parse(format!("x={value}").as_bytes()).next().unwrap().1.into_owned();
            assert_eq!(decoded, secret);
        }
        assert_eq!(basic(BasicEncoding::FormEncoded, "s:e c"), "id:s%3Ae+c");
        let colon = signed(ClientAuth::Basic, BasicEncoding::Raw, "i:d", "hunter2").unwrap_err();
        assert!(colon.contains("colon") && !colon.contains("hunter2"), "{colon}");
    }

    #[test]
    fn in_a_form_nothing_is_encoded_twice() {
        let members = signed(ClientAuth::Post, BasicEncoding::Raw, "id", "s:e c").unwrap();
        assert_eq!(members, r#"[("client_id", "id"), ("client_secret", "s:e c")]"#);
        assert_eq!(signed(ClientAuth::None, BasicEncoding::Raw, "id", "x").unwrap(), r#"[("client_id", "id")]"#);
    }
}
