//! What a person types where there is no sign-in at the provider.

use crate::connections::Wired;
use crate::credentials::typed::Typed;
use crate::credentials::{Fault, Faults, asked, schemes::has_lines};
use serde_json::Value;
use valetkey_domain::Secret;
use valetkey_domain::account::ConnectedAccount;

/// One field, as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its name in what is sent.
    pub name: String,
    /// What it is called.
    pub label: String,
    /// Where its value is found.
    pub hint: Option<String>,
    /// Whether it is hidden while it is typed, and never shown again.
    pub secret: bool,
    /// Whether its value has several lines.
    pub lines: bool,
    /// Whether it may not be left out.
    pub required: bool,
    /// The only values that it can have; none named means any.
    pub options: Vec<String>,
    /// What stands in it; never a secret.
    pub value: String,
    /// What is wrong with it.
    pub fault: Option<Fault>,
}

/// What is to be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The fields in order.
    pub fields: Vec<FormField>,
    /// Whether the app refused what was typed, rather than that it could not be asked.
    pub refused: Option<bool>,
    /// The app's own words about that.
    pub words: Option<String>,
}

impl Form {
    /// The form before anything is typed: what the account says of itself stands in it, but for what could lead the key to
    /// any host. The app said that, or anybody with a client of it, and whoever types the key has to say it themselves.
    pub(super) fn blank(wired: &Wired, account: &ConnectedAccount) -> Self {
        let known = |name: &str| {
            let said = account.api_config.get(name).and_then(Value::as_str);
            said.filter(|_| !wired.connector.may_lead_anywhere(name)).unwrap_or_default().to_owned()
        };
        Self::of(wired, known, &Faults::new())
    }

    /// The same with what was typed, but for secrets, and what is wrong with it.
    pub(super) fn again(wired: &Wired, typed: &Typed, faults: &Faults) -> Self {
        let said = |name: &str| typed.get(name).map(|value| value.expose().to_owned()).unwrap_or_default();
        Self::of(wired, said, faults)
    }

    /// The same, after the app was asked.
    pub(super) fn told(self, refused: bool, words: Option<String>) -> Self {
        Self { refused: Some(refused), words, ..self }
    }

    fn of(wired: &Wired, value: impl Fn(&str) -> String, faults: &Faults) -> Self {
        let fault = |name: &str| faults.iter().find(|(of, _)| of == name).map(|(_, fault)| *fault);
        let field = |field: &valetkey_connectors::Field| FormField {
            name: field.name.clone(),
            label: field.label.clone(),
            hint: field.hint.clone(),
            secret: field.secret,
            lines: has_lines(wired, field),
            required: field.required,
            options: field.options.clone(),
            value: if field.secret { String::new() } else { value(&field.name) },
            fault: fault(&field.name),
        };
        Self { fields: asked(wired).map(field).collect(), refused: None, words: None }
    }
}

/// What was typed into the fields that a form has, out of all pairs that were sent. Of two with one name the last counts.
pub(super) fn typed(wired: &Wired, sent: Vec<(String, Secret<str>)>) -> Typed {
    let known = |name: &str| asked(wired).any(|field| field.name == name);
    sent.into_iter().filter(|(name, _)| known(name)).collect()
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{FILE, fixture};
    use serde_json::json;
    use std::sync::Arc;
    use valetkey_connectors::Catalog;

    /// What the form says of the account's own host before anything is typed.
    async fn offered(host: &str) -> String {
        let mut fixture = fixture("{rotates: true}").await;
        let (before, after) = FILE.split_once("auth:").unwrap();
        let (_, after) = after.split_once("default_scopes:").unwrap();
        let before = before.replace("[api.acme.example]", &format!("['{host}']")).replace("api.acme.example", host);
        let way = "{kind: api_key, fields: {api_key: {label: Key}}, send: {query.key: '{api_key}'}}";
        let fields = "account_fields: {domain: {label: Domain}}";
        let file = format!("{before}{fields}\nauth:\n  - {way}\ndefault_scopes:{after}");
        let mut catalog = Catalog::shipped().unwrap();
        catalog.add("acme.yaml", &file).unwrap();
        let wired = Wired::with(Arc::clone(&catalog.connector("acme").unwrap()), fixture.connection.clone());
        fixture.account.api_config.insert("domain".into(), json!("evil.example"));
        let form = Form::blank(&wired, &fixture.account);
        form.fields.into_iter().find(|field| field.name == "domain").unwrap().value
    }

    #[tokio::test]
    async fn attack_83_nobody_else_says_where_a_typed_key_goes() {
        assert_eq!(offered("{domain}").await, "");
        assert_eq!(offered("{domain}.acme.example").await, "evil.example", "which is the app's own domain");
    }
}
