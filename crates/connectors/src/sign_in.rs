//! What is asked at sign-in and at its end, compiled: who signed in, whether a credential works, and how a grant is
//! revoked.

use crate::file::{IdentityFile, RevokeFile, RevokedToken, TokenBody, VerifyFile};
use crate::parameter_name::is_name;
use crate::shape::Shape;
use http::Method;
use serde_json::Value;

/// How it is found out who signed in.
#[derive(Debug)]
pub struct Identity {
    /// The HTTP method of the question.
    pub method: Method,
    /// The address.
    pub url: String,
    /// What is sent as JSON.
    pub body: Option<Value>,
    /// The scopes of which any one allows the question; none means that it needs none.
    pub scopes: Vec<String>,
    id: Shape,
    name: Option<Shape>,
}

impl Identity {
    /// Compiles what a file says.
    ///
    /// # Errors
    /// What is wrong, with its key.
    pub(crate) fn compile(file: &IdentityFile) -> Result<Self, String> {
        let shape = |key: &str, text: &str| Shape::compile(text).map_err(|why| format!("{key}: {why}"));
        let method = match file.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            other => return Err(format!("method: `{other}` is neither GET nor POST")),
        };
        if file.body.is_some() && method == Method::GET {
            return Err("body: GET has none".to_owned());
        }
        Ok(Self {
            method,
            url: file.url.clone(),
            body: file.body.clone(),
            scopes: file.scopes.clone(),
            id: shape("id", &file.id)?,
            name: file.name.as_deref().map(|name| shape("name", name)).transpose()?,
        })
    }

    /// The account's stable id and what people call it, as the answer has them; nothing where it has no id.
    #[must_use]
    pub fn read(&self, answer: &Value) -> Option<(String, Option<String>)> {
        let id = word(&self.id, answer)?;
        Some((id, self.name.as_ref().and_then(|name| word(name, answer))))
    }
}

/// How a credential is tried before it counts.
#[derive(Debug)]
pub struct Verify {
    /// The HTTP method.
    pub method: Method,
    /// The path from the root of the API's origin.
    pub path: String,
    id: Option<Shape>,
    name: Option<Shape>,
}

impl Verify {
    /// Compiles what a file says; `root` is the path of its `base_url`.
    ///
    /// # Errors
    /// What is wrong, with its key.
    pub(crate) fn compile(file: &VerifyFile, root: &str) -> Result<Self, String> {
        let shape = |key: &str, text: &Option<String>| {
            text.as_deref().map(Shape::compile).transpose().map_err(|why| format!("{key}: {why}"))
        };
        let method = match file.method.as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            other => return Err(format!("method: `{other}` is neither GET nor POST")),
        };
        if !file.path.starts_with('/') {
            return Err(format!("path: `{}` does not begin with a slash", file.path));
        }
        let path = format!("{root}{}", file.path);
        Ok(Self { method, path, id: shape("id", &file.id)?, name: shape("name", &file.name)? })
    }

    /// The account's stable id and what people call it, as far as the answer has them.
    #[must_use]
    pub fn read(&self, answer: &Value) -> Option<(String, Option<String>)> {
        let id = word(self.id.as_ref()?, answer)?;
        Some((id, self.name.as_ref().and_then(|name| word(name, answer))))
    }
}

/// A text or a whole number; an app that has several of either gives the first that is there.
fn word(shape: &Shape, answer: &Value) -> Option<String> {
    match shape.apply(answer).ok()? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// How a grant is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoke {
    /// The HTTP method, one that has a body.
    pub method: Method,
    /// The address.
    pub url: String,
    /// How the request is written.
    pub body: TokenBody,
    /// The field or member in which the token stands.
    pub field: String,
    /// Which token that is.
    pub token: RevokedToken,
    /// The member of a good answer that is true where it was done.
    pub done_in: Option<String>,
}

impl Revoke {
    /// Compiles what a file says.
    ///
    /// # Errors
    /// What is wrong, with its key.
    pub(crate) fn compile(file: &RevokeFile) -> Result<Self, String> {
        let method = match file.method.as_str() {
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            other => return Err(format!("method: `{other}` is not POST, PUT, PATCH or DELETE, which have a body")),
        };
        let (body, field) = match file.token_in.split_once('.') {
            Some(("form", field)) => (TokenBody::Form, field),
            Some(("json", field)) => (TokenBody::Json, field),
            _ => (TokenBody::Form, ""),
        };
        if !is_name(field) {
            return Err(format!("token_in: `{}` is not `form.` or `json.` and a name", file.token_in));
        }
        if file.done_in.as_deref().is_some_and(|name| !is_name(name)) {
            return Err("done_in: it is the name of a member".to_owned());
        }
        let (url, field, done_in) = (file.url.clone(), field.to_owned(), file.done_in.clone());
        Ok(Self { method, url, body, field, token: file.token, done_in })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity(id: &str, name: Option<&str>) -> Result<Identity, String> {
        let file = json!({"method": "GET", "url": "https://box.test/me", "id": id, "name": name});
        Identity::compile(&serde_json::from_value(file).unwrap())
    }

    fn read(id: &str, name: Option<&str>, answer: &Value) -> Option<(String, Option<String>)> {
        identity(id, name).unwrap().read(answer)
    }

    #[test]
    fn who_signed_in_is_read_by_shapes() {
        let answer = json!({
            "sub": "1073", "number": 42, "a.b": "dotted", "data": {"viewer": {"id": "v", "email": " ada@example.com "}},
            "emails": [{"value": "old@example.com"}, {"value": "ada@example.com", "primary": true}], "no": "", "half": 1.5
        });
        let id = |shape| read(shape, None, &answer).map(|(id, _)| id);
        assert_eq!(id(".sub").as_deref(), Some("1073"));
        assert_eq!(id(".number").as_deref(), Some("42"));
        assert_eq!(id(".[\"a.b\"]").as_deref(), Some("dotted"));
        assert_eq!(id(".data.viewer.id").as_deref(), Some("v"));
        assert_eq!(id(".emails[0].value").as_deref(), Some("old@example.com"));
        assert_eq!(id(".missing // .sub").as_deref(), Some("1073"));
        assert_eq!(id("[.emails[] | select(.primary)][0].value").as_deref(), Some("ada@example.com"));
        assert_eq!(id("\"team:\" + .sub").as_deref(), Some("team:1073"));
        for nobody in [".missing", ".no", ".half", ".emails", ".sub.id", ".emails[].value"] {
            assert_eq!(id(nobody), None, "{nobody}");
        }
        let named = read(".sub", Some(".data.viewer.email"), &answer);
        assert_eq!(named, Some(("1073".into(), Some("ada@example.com".into()))));
        assert_eq!(read(".sub", Some(".missing"), &answer), Some(("1073".into(), None)));
    }

    #[test]
    fn what_does_not_compile_is_said_with_its_key() {
        assert!(identity(".a[", None).unwrap_err().starts_with("id: "));
        assert!(identity(".a", Some("input")).unwrap_err().starts_with("name: "));
        let revoke = |method: &str, token_in: &str| {
            let file = json!({"method": method, "url": "https://box.test/revoke", "token_in": token_in});
            Revoke::compile(&serde_json::from_value(file).unwrap())
        };
        let made = revoke("DELETE", "form.access_token").unwrap();
        assert_eq!((made.method, made.field.as_str()), (Method::DELETE, "access_token"));
        let made = revoke("POST", "json.token").unwrap();
        assert_eq!((made.body, made.field.as_str()), (TokenBody::Json, "token"));
        assert!(revoke("GET", "form.token").unwrap_err().starts_with("method: "));
        for odd in ["token", "form.", "json.", "query.token", "form.a b", "form.a=b&c"] {
            assert!(revoke("POST", odd).unwrap_err().starts_with("token_in: "), "{odd}");
        }
        let done_in = |name: &str| {
            let file =
                json!({"method": "POST", "url": "https://box.test/revoke", "token_in": "form.token", "done_in": name});
            Revoke::compile(&serde_json::from_value(file).unwrap())
        };
        assert_eq!(done_in("revoked").unwrap().done_in.as_deref(), Some("revoked"));
        assert!(done_in(".a b").unwrap_err().starts_with("done_in: "));
    }
}
