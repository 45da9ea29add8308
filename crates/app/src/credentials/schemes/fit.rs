//! Whether what was typed will do, before anybody is asked.

use super::service_account::ServiceAccount;
use crate::connections::Wired;
use crate::credentials::typed::Typed;
use crate::{Error, Result};
use serde_json::{Map, Value};
use valetkey_connectors::{Assertion, AuthKind, Field, Unfit, nearest};
use valetkey_domain::Secret;
use valetkey_vault::assertion::Key;

/// The most members that are looked at: more than any form has.
const MEMBERS: usize = 40;

/// One field that won't do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is missing.
    Missing,
    /// It doesn't have the form that the app's values have.
    Form,
    /// It is longer than anything that is asked.
    Long,
    /// It is no key file of a service account.
    KeyFile,
    /// It is no private key that signs.
    PrivateKey,
}

/// The fields that won't do, in the order of the form.
pub type Faults = Vec<(String, Fault)>;

/// What the form of a connection asks: what the account says of itself, then the credential.
pub fn asked(wired: &Wired) -> impl Iterator<Item = &Field> {
    wired.connector.account_fields.iter().chain(wired.way().fields())
}

/// Parts what was given into the credential and what the account says of itself. Blanks around values go: they come from
/// copying.
///
/// # Errors
/// The fields that won't do.
pub(crate) fn fit(wired: &Wired, given: &Typed) -> std::result::Result<(Typed, Map<String, Value>), Faults> {
    let (mut typed, mut account, mut faults) = (Vec::new(), Map::new(), Faults::new());
    let own: Vec<&str> = wired.connector.account_fields.iter().map(|field| field.name.as_str()).collect();
    for field in asked(wired) {
        let value = given.get(&field.name).map_or("", |value| value.expose().trim());
        match checked(wired, field, value) {
            Err(fault) => faults.push((field.name.clone(), fault)),
            Ok(()) if value.is_empty() => {}
            Ok(()) if own.contains(&field.name.as_str()) => drop(account.insert(field.name.clone(), value.into())),
            Ok(()) => typed.push((field.name.clone(), Secret::from(value))),
        }
    }
    if let (true, Err(unfilled)) = (faults.is_empty(), wired.connector.own_origin(&account)) {
        faults.push((unfilled.field, Fault::Form));
    }
    if faults.is_empty() { Ok((typed.into_iter().collect(), account)) } else { Err(faults) }
}

fn checked(wired: &Wired, field: &Field, value: &str) -> std::result::Result<(), Fault> {
    field.check(value).map_err(|unfit| match unfit {
        Unfit::Missing => Fault::Missing,
        Unfit::Form => Fault::Form,
        Unfit::Long => Fault::Long,
    })?;
    let (good, fault) = match key_in(wired, field) {
        Some(KeyIn::File) => (ServiceAccount::read(&Secret::from(value)).is_ok(), Fault::KeyFile),
        Some(KeyIn::Pem) => (Key::read(&Secret::from(value)).is_ok(), Fault::PrivateKey),
        // It stands in a header: what no header can hold is no key.
        None => (!value.contains(char::is_control), Fault::Form),
    };
    if good { Ok(()) } else { Err(fault) }
}

/// A key that is no line of text.
enum KeyIn {
    /// A service account's key file.
    File,
    /// A private key in PEM.
    Pem,
}

fn key_in(wired: &Wired, field: &Field) -> Option<KeyIn> {
    match (wired.kind(), field.name.as_str()) {
        (AuthKind::ServiceAccount, "service_account_json") => Some(KeyIn::File),
        (AuthKind::KeyPair, Assertion::PRIVATE_KEY) => Some(KeyIn::Pem),
        _ => None,
    }
}

/// Whether a value of this field has several lines.
pub(crate) fn has_lines(wired: &Wired, field: &Field) -> bool {
    key_in(wired, field).is_some()
}

/// Whose key file this is.
///
/// # Errors
/// It is none.
pub fn service_account_of(text: &Secret<str>) -> Result<String> {
    let read = ServiceAccount::read(text);
    let read = read.map_err(|why| Error::invalid(format!("google_dwd_config.service_account_json {why}")))?;
    Ok(read.email().to_owned())
}

/// The person in whose name a service account acts, as the field of the connector's form.
///
/// # Errors
/// It is missing, or no address of a person.
pub(super) fn subject(wired: &Wired, subject: String) -> Result<Typed> {
    let given: Typed = [("subject".to_owned(), Secret::from(subject))].into_iter().collect();
    match fit(wired, &given) {
        Ok((typed, _)) => Ok(typed),
        Err(_) => Err(Error::invalid("google_dwd.subject is missing or no e-mail address of a person")),
    }
}

/// What an app gave by API, parted like a form's.
///
/// # Errors
/// The member that is no field, with the nearest, or what a field lacks.
pub(super) fn named(wired: &Wired, members: &Map<String, Value>) -> Result<(Typed, Map<String, Value>)> {
    if members.len() > MEMBERS {
        return Err(Error::invalid(format!("static_auth.details has more than {MEMBERS} members")));
    }
    let names: Vec<&str> = asked(wired).map(|field| field.name.as_str()).collect();
    let mut given = Vec::new();
    let members = &without_groups(wired, members)?;
    for (name, value) in members {
        if !names.contains(&name.as_str()) {
            let shown: String = name.chars().take(60).collect();
            let message = format!(
                "static_auth.details has no `{shown}` at {}; it has: {}",
                wired.connector.display_name,
                if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
            );
            return Err(Error::invalid(message).meant(nearest(&shown, names.iter().copied())));
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null => continue,
            _ => return Err(Error::invalid(format!("static_auth.details.{name} is no text"))),
        };
        given.push((name.clone(), Secret::from(text)));
    }
    fit(wired, &given.into_iter().collect()).map_err(|faults| refused(wired, &faults))
}

/// What fills a custom provider's address may stand in a group of its own, `path_variables`.
fn without_groups(wired: &Wired, members: &Map<String, Value>) -> Result<Map<String, Value>> {
    const GROUP: &str = "path_variables";
    let mut all = members.clone();
    let Some(Value::Object(group)) = all.get(GROUP).filter(|_| wired.connector.custom.is_some()).cloned() else {
        return Ok(all);
    };
    all.remove(GROUP);
    if group.len() > MEMBERS {
        return Err(Error::invalid(format!("static_auth.details.{GROUP} has more than {MEMBERS} members")));
    }
    all.extend(group);
    Ok(all)
}

fn refused(wired: &Wired, faults: &Faults) -> Error {
    let app = &wired.connector.display_name;
    let said = faults.iter().map(|(name, fault)| match fault {
        Fault::Missing => format!("static_auth.details.{name} is missing: {app} needs it"),
        Fault::Form => format!("static_auth.details.{name} doesn't have the form that {app}'s values have"),
        Fault::Long => format!("static_auth.details.{name} is too long"),
        Fault::KeyFile => format!(
            "static_auth.details.{name} is not a service account's key file: JSON with client_email and private_key"
        ),
        Fault::PrivateKey => format!(
            "static_auth.details.{name} is not a private key that signs: PEM without a passphrase, RSA or P-256 (PKCS#8)"
        ),
    });
    Error::invalid(said.collect::<Vec<_>>().join("; "))
}
