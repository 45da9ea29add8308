//! Questions of a remote server to its user, as far as they are passed on: in whose name they are, what may be asked, and which
//! answers fit.
//!
//! The client shows them as questions of this server, which is trusted more than the one that asks. So each begins with whose
//! it is, in words of ours; of its own words nothing leads anywhere; and nothing is asked for that only a sign-in page may ask.
//! What is shown is made anew from what is understood, and the same is what an answer is held to when it comes back.

mod asker;
mod form;
mod secrets;

pub(super) use asker::{Asker, Withheld};
use form::{Field, fields};
use serde_json::{Map, Value, json};
use url::{Host, Url};

/// The longest address of a page.
const LONGEST_URL: usize = 2_048;

impl Asker<'_> {
    /// The parameters of a question as the user's client gets them, under the name that the server has for it.
    pub(super) fn shown(&self, name: &str, question: &Value) -> Result<Value, Withheld> {
        if self.redacted(name) {
            return Err(Withheld::Secret);
        }
        let params = question.get("params").ok_or(Withheld::Unknown)?;
        match params.get("mode").and_then(Value::as_str) {
            None | Some("form") if self.kinds.forms => self.form(params),
            Some("url") if self.kinds.pages => self.page(params),
            _ => Err(Withheld::Unknown),
        }
    }

    fn form(&self, params: &Value) -> Result<Value, Withheld> {
        let message = self.words(params.get("message"));
        let schema = params.get("requestedSchema").ok_or(Withheld::Unknown)?;
        let (properties, required) = fields(schema, self)?;
        // A field of any name can be made one for a password by what stands beside it.
        let typed = properties.iter().any(|(_, field)| field.is_typed());
        let named = || secrets::named_in(&message) || properties.iter().any(|(_, field)| field.names_secret());
        if typed && named() {
            return Err(Withheld::Secret);
        }
        let properties: Map<String, Value> =
            properties.into_iter().map(|(name, field)| (name, Value::Object(field.into()))).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        Ok(json!({ "mode": "form", "message": format!("{} asks: {message}", self.name), "requestedSchema": schema }))
    }

    fn page(&self, params: &Value) -> Result<Value, Withheld> {
        let text = params.get("url").and_then(Value::as_str).filter(|text| text.len() <= LONGEST_URL);
        let url = text.and_then(|text| Url::parse(text).ok()).ok_or(Withheld::Page)?;
        let host = self.may_open(&url).ok_or(Withheld::Page)?;
        if self.redacted(url.as_str()) {
            return Err(Withheld::Secret);
        }
        let message = format!("{} asks you to open a page at {host}: {}", self.name, self.words(params.get("message")));
        Ok(json!({ "mode": "url", "message": message, "url": url.as_str() }))
    }

    /// The host of a page that a user may be sent to: one that has a name, is not this server and is not on the user's own
    /// machine or network.
    fn may_open(&self, url: &Url) -> Option<String> {
        let Some(Host::Domain(host)) = url.host() else { return None };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let of_the_user =
            !host.contains('.') || [".localhost", ".local", ".internal"].iter().any(|ending| host.ends_with(ending));
        let ours = self.ours.host_str().is_some_and(|ours| ours.trim_end_matches('.').eq_ignore_ascii_case(&host));
        let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        (plain && !ours && !of_the_user).then_some(host)
    }
}

/// What goes to the server as the answer to a question that was shown so.
///
/// # Errors
/// The answer is not one to that question, in words for who gave it.
pub(super) fn answer(shown: &Value, answer: Option<&Value>) -> Result<Value, String> {
    let answer = answer.ok_or("it is missing")?;
    let action = answer.get("action").and_then(Value::as_str);
    let action = action.filter(|action| ["accept", "decline", "cancel"].contains(action));
    let action = action.ok_or("its 'action' is none of accept, decline and cancel")?;
    let Some(schema) = shown.get("requestedSchema").filter(|_| action == "accept") else {
        return Ok(json!({ "action": action }));
    };
    let nothing = Map::new();
    let content = match answer.get("content") {
        None | Some(Value::Null) => &nothing,
        Some(content) => content.as_object().ok_or("its 'content' is no object")?,
    };
    let of = |name: &str| schema.get(name);
    let required = of("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.into_iter().find(|name| content.get(*name).is_none_or(Value::is_null)) {
        return Err(format!("'{name}' is missing"));
    }
    let mut given = Map::new();
    for (name, field) in of("properties").and_then(Value::as_object).into_iter().flatten() {
        let Some(value) = content.get(name).filter(|value| !value.is_null()) else { continue };
        Field::of_shown(field).takes(value).map_err(|why| format!("'{name}' {why}"))?;
        given.insert(name.clone(), value.clone());
    }
    Ok(json!({ "action": action, "content": given }))
}

#[cfg(test)]
mod tests;
