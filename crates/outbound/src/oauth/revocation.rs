//! One request for a revocation.

use super::client::{Client, Signature};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde_json::{Map, Value};
use url::Url;
use valetkey_domain::Secret;

/// What is to be revoked, and how the provider takes it.
#[derive(Clone, Debug)]
pub struct Revocation<'a> {
    /// The address.
    pub url: &'a str,
    /// POST by RFC 7009.
    pub method: Method,
    /// Where the token stands.
    pub token_in: TokenIn<'a>,
    /// The token.
    pub token: &'a Secret<str>,
    /// The member of a good answer that is true where it was done, for providers that answer 200 to either.
    pub done_in: Option<&'a str>,
}

/// Where the token stands in a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenIn<'a> {
    /// In the form, under this name; GET has no form and carries it in the query.
    Form(&'a str),
    /// In the query, under this name.
    Query(&'a str),
    /// In a JSON object, under this name.
    Json(&'a str),
    /// In `Authorization: Bearer`. The client can then be named in a form only.
    Bearer,
}

impl Revocation<'_> {
    /// The request, with the client named; none if this client can't be named in such a request.
    ///
    /// # Errors
    /// In words, why it can't be made.
    pub(super) fn request(&self, client: Option<&Client<'_>>) -> Result<Option<Request<Bytes>>, String> {
        let mut url = Url::parse(self.url).map_err(|error| format!("the revocation URL is no address ({error})"))?;
        let has_body = !matches!(self.method, Method::GET | Method::HEAD);
        let (mut header, mut members) = (None, Vec::new());
        match client.map(Client::signature).transpose()? {
            Some(Signature::Header(basic)) => header = Some(basic),
            Some(Signature::Members(signed)) => members = signed,
            None => {}
        }
        // A secret never stands in a query, and there is one Authorization.
        if (!members.is_empty() && !has_body) || (header.is_some() && self.token_in == TokenIn::Bearer) {
            return Ok(None);
        }
        match self.token_in {
            TokenIn::Form(name) if has_body => members.insert(0, (name, self.token.expose())),
            TokenIn::Form(name) | TokenIn::Query(name) => {
                url.query_pairs_mut().append_pair(name, self.token.expose());
            }
            TokenIn::Json(name) => members.insert(0, (name, self.token.expose())),
            TokenIn::Bearer => {
                let bearer = HeaderValue::from_str(&format!("Bearer {}", self.token.expose()));
                header = Some(bearer.map_err(|_| "the token fits no header".to_owned())?);
            }
        }
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(url.as_str())
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(mut header) = header {
            header.set_sensitive(true);
            request = request.header(AUTHORIZATION, header);
        }
        let (kind, body) = self.body(&members);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let made = request.body(body).map_err(|error| format!("the request cannot be made: {error}"))?;
        Ok(Some(made))
    }

    fn body(&self, members: &[(&str, &str)]) -> (&'static str, Bytes) {
        if members.is_empty() {
            return ("", Bytes::new());
        }
        if matches!(self.token_in, TokenIn::Json(_)) {
            let object: Map<String, Value> =
                members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
            return ("application/json", Bytes::from(Value::Object(object).to_string()));
        }
        let form = Serializer::new(String::new()).extend_pairs(members).finish();
        ("application/x-www-form-urlencoded", Bytes::from(form))
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::{BasicEncoding, ClientAuth, TokenBody};
    use super::*;

    fn made(method: Method, token_in: TokenIn<'_>, auth: Option<ClientAuth>) -> Option<(String, String, String)> {
        let (token, secret) = (Secret::from("t/1"), Secret::from("hunter2"));
        let url = "https://p.example/revoke?a=b";
        let revocation = Revocation { url, method, token_in, token: &token, done_in: None };
        let basic = BasicEncoding::FormEncoded;
        let client = auth.map(|auth| Client {
            token_url: "",
            client_id: "id",
            client_secret: Some(&secret),
            auth,
            basic,
            answer_in: None,
            ended: &[],
            body: TokenBody::Form,
            resource: None,
        });
        let request = revocation.request(client.as_ref()).unwrap()?;
        let header = request.headers().get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        let line = format!("{} {}", request.method(), request.uri());
        Some((line, header, String::from_utf8(request.into_body().to_vec()).unwrap()))
    }

    #[test]
    fn each_method_and_place_is_made_as_it_is_said() {
        let (post, get, delete) = (Method::POST, Method::GET, Method::DELETE);
        let basic = "Basic aWQ6aHVudGVyMg==";
        let plain = "https://p.example/revoke?a=b";
        for (method, token_in, auth, line, header, body) in [
            (&post, TokenIn::Form("token"), None, format!("POST {plain}"), "", "token=t%2F1"),
            (&post, TokenIn::Form("t"), Some(ClientAuth::Basic), format!("POST {plain}"), basic, "t=t%2F1"),
            (
                &post,
                TokenIn::Form("token"),
                Some(ClientAuth::Post),
                format!("POST {plain}"),
                "",
                "token=t%2F1&client_id=id&client_secret=hunter2",
            ),
            (&get, TokenIn::Form("token"), None, format!("GET {plain}&token=t%2F1"), "", ""),
            (&get, TokenIn::Query("token"), Some(ClientAuth::Basic), format!("GET {plain}&token=t%2F1"), basic, ""),
            (
                &delete,
                TokenIn::Json("access_token"),
                Some(ClientAuth::Basic),
                format!("DELETE {plain}"),
                basic,
                r#"{"access_token":"t/1"}"#,
            ),
            (&delete, TokenIn::Form("token"), None, format!("DELETE {plain}"), "", "token=t%2F1"),
            (&post, TokenIn::Bearer, None, format!("POST {plain}"), "Bearer t/1", ""),
            (&post, TokenIn::Bearer, Some(ClientAuth::None), format!("POST {plain}"), "Bearer t/1", "client_id=id"),
        ] {
            let made = made(method.clone(), token_in, auth).unwrap();
            assert_eq!(made, (line, header.to_owned(), body.to_owned()), "{method} {token_in:?} {auth:?}");
        }
    }

    #[test]
    fn no_secret_stands_in_a_query_and_none_beside_a_bearer() {
        assert_eq!(made(Method::GET, TokenIn::Query("token"), Some(ClientAuth::Post)), None);
        assert_eq!(made(Method::POST, TokenIn::Bearer, Some(ClientAuth::Basic)), None);
    }
}
