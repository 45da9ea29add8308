//! From a pattern to a way to sign in, by the same function that compiles a connector file's.

use super::address::Address;
use super::endpoint::OwnEndpoint;
use super::field::{compiled, is_masked};
use super::pattern::{Pattern, PatternField};
use super::place::problem;
use super::sends::sends;
use super::{endpoint, field, oauth};
use crate::auth::{Assertion, Auth, Discovery, Field};
use crate::compile::auth as compile;
use crate::error::Problem;
use crate::file::{AuthFile, TokenClientAuth};

/// The types that a provider may have.
const TYPES: &str = "OAUTH, BASIC, BEARER, API_KEY, NO_AUTH, OAUTH_M2M, GOOGLE_DWD";

/// What a key pair asks of an account.
const KEY_PAIR: [&str; 3] = [Assertion::CLIENT_ID, Assertion::KEY_ID, Assertion::PRIVATE_KEY];

/// A way to sign in, and what accounts say of themselves for it.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) auth: Auth,
    pub(super) account_fields: Vec<Field>,
    /// The OAuth endpoints that are each account's own.
    pub(super) own_endpoints: Vec<OwnEndpoint>,
}

/// Compiles a pattern.
///
/// # Errors
/// What won't do, with its place.
pub(super) fn compile(at: &str, pattern: &Pattern, address: &Address) -> Result<Way, Problem> {
    field::check(at, pattern)?;
    check_names("proxy_url", pattern, &address.names)?;
    let mut file = skeleton(at, pattern, address)?;
    let own_endpoints = endpoint::read(at, pattern)?;
    let mut names = address.names.clone();
    for own in &own_endpoints {
        check_names(&own.place, pattern, &own.names)?;
        names.extend(own.names.iter().cloned());
    }
    let credential = credential(at, pattern, &names)?;
    sends(at, pattern, &credential, &mut file)?;
    let mut auth = compile::way(&file)?;
    let asked: Vec<Field> = credential
        .iter()
        .map(|one| {
            let mut made = compiled(at, one, is_secret(pattern, one), is_required(pattern, one))?;
            made.default =
                pattern.auth_field_mutations.get(&one.field_name).and_then(|mutation| mutation.default.clone());
            Ok(made)
        })
        .collect::<Result<_, Problem>>()?;
    match &mut auth {
        Auth::Static(given) => given.fields = asked,
        Auth::Minted(minted) => minted.fields = asked,
        // An MCP server says itself where people sign in, and who we are there.
        Auth::OAuth2(oauth) if oauth.authorize_url.is_empty() => {
            oauth.discovery = Some(Discovery::Whole);
            oauth.token_client_auth = TokenClientAuth::None;
        }
        Auth::OAuth2(_) | Auth::None => {}
    }
    Ok(Way { auth, account_fields: account_fields(at, pattern, &credential, &names)?, own_endpoints })
}

/// Every name in an address is a field that this way asks for, and no secret.
fn check_names(place: &str, pattern: &Pattern, names: &[String]) -> Result<(), Problem> {
    for name in names {
        let Some(field) = pattern.all_fields().find(|field| field.field_name == *name) else {
            let why = format!("`{{{{{name}}}}}` is no field: add one with that field_name to account_fields or fields");
            return Err(problem(place, why));
        };
        if is_masked(field) {
            let why =
                format!("`{{{{{name}}}}}` is a password: what stands in an address is seen by everybody on its way");
            return Err(problem(place, why));
        }
    }
    Ok(())
}

/// The way without its fields and without what is sent.
fn skeleton(at: &str, pattern: &Pattern, address: &Address) -> Result<AuthFile, Problem> {
    let written = match pattern.kind.as_str() {
        "OAUTH" => oauth::code_flow(at, pattern, address)?,
        "OAUTH_M2M" if names(pattern, "service_account_json") => oauth::minted(at, pattern, "service_account")?,
        "OAUTH_M2M" if signs(pattern) => oauth::minted(at, pattern, "key_pair")?,
        "OAUTH_M2M" => oauth::minted(at, pattern, "client_credentials")?,
        "GOOGLE_DWD" => oauth::minted(at, pattern, "google_dwd")?,
        "BASIC" => serde_json::json!({ "kind": "basic" }),
        "BEARER" => serde_json::json!({ "kind": "bearer" }),
        "API_KEY" => serde_json::json!({ "kind": "api_key" }),
        "NO_AUTH" => serde_json::json!({ "kind": "none" }),
        "" => return Err(problem(format!("{at}.type"), format!("is missing: it is one of {TYPES}"))),
        other => {
            let shown: String = other.chars().take(40).collect();
            return Err(problem(format!("{at}.type"), format!("`{shown}` is none of {TYPES}")));
        }
    };
    serde_json::from_value(written).map_err(|why| problem(at, why.to_string()))
}

/// Whether a client says who it is by what it signs with a key of its own.
fn signs(pattern: &Pattern) -> bool {
    let said = pattern.oauth_config.as_ref().map(|oauth| oauth.token_endpoint_auth_method.as_str());
    pattern.kind == "OAUTH_M2M" && said == Some(oauth::PRIVATE_KEY_JWT)
}

fn names(pattern: &Pattern, name: &str) -> bool {
    pattern.fields.iter().any(|field| field.field_name == name)
}

/// Which of the fields are the credential; the others say something of the account.
fn credential(at: &str, pattern: &Pattern, in_addresses: &[String]) -> Result<Vec<PatternField>, Problem> {
    let own: Vec<&PatternField> = pattern
        .fields
        .iter()
        .filter(|field| !field.is_path_param && !in_addresses.contains(&field.field_name))
        .collect();
    let with = |names: &[&str]| -> Vec<PatternField> {
        own.iter().filter(|field| names.contains(&field.field_name.as_str())).map(|field| (*field).clone()).collect()
    };
    let missing = |what: &str| problem(format!("{at}.fields"), format!("has no {what}"));
    let found = match pattern.kind.as_str() {
        "BASIC" => with(&["username", "password"]),
        "BEARER" => one_of(&own, &["token", "bearer_token", "access_key"]),
        "API_KEY" if own.iter().any(|field| !field.header_name.is_empty()) => {
            own.iter().filter(|field| !field.header_name.is_empty()).map(|field| (*field).clone()).collect()
        }
        "API_KEY" => one_of(&own, &["api_key", "token"]),
        "OAUTH_M2M" if names(pattern, "service_account_json") => with(&["service_account_json"]),
        "OAUTH_M2M" if signs(pattern) => with(&KEY_PAIR),
        "OAUTH_M2M" => with(&["client_id", "client_secret"]),
        "GOOGLE_DWD" => {
            let asked = with(&["subject"]);
            if asked.is_empty() { vec![subject()] } else { asked }
        }
        "NO_AUTH" if !pattern.fields.is_empty() => {
            return Err(problem(format!("{at}.fields"), "is not empty: NO_AUTH asks for nothing"));
        }
        _ => Vec::new(),
    };
    match (pattern.kind.as_str(), found.len()) {
        ("BASIC", 0) => Err(missing("field named username or password")),
        ("BEARER", 0) => Err(missing("field for the token: add one named token")),
        ("API_KEY", 0) => Err(missing("field for the key: add one named api_key")),
        ("OAUTH_M2M", _) if signs(pattern) && !(names(pattern, "client_id") && names(pattern, "private_key")) => {
            Err(missing("pair of client_id and private_key: private_key_jwt signs with a key of each account's own"))
        }
        ("OAUTH_M2M", 1) if !names(pattern, "service_account_json") => {
            Err(missing("pair of client_id and client_secret: ask for both, or for none to use the connection's"))
        }
        _ => Ok(found),
    }
}

/// The first of these names that is asked for, else the first password, else the first field.
fn one_of(fields: &[&PatternField], usual: &[&str]) -> Vec<PatternField> {
    let named = usual.iter().find_map(|name| fields.iter().find(|field| field.field_name == *name));
    let found = named.or_else(|| fields.iter().find(|field| is_masked(field))).or(fields.first());
    found.map(|field| (*field).clone()).into_iter().collect()
}

fn subject() -> PatternField {
    let (name, label) = ("subject".to_owned(), "E-mail address of the person to act for".to_owned());
    PatternField { field_name: name, label, required: true, ..PatternField::default() }
}

fn is_secret(pattern: &Pattern, field: &PatternField) -> bool {
    match field.field_name.as_str() {
        "subject" | "client_id" => false,
        Assertion::KEY_ID if signs(pattern) => false,
        "username" if pattern.kind == "BASIC" => is_masked(field),
        _ => true,
    }
}

/// A credential is needed, unless something stands in for it.
fn is_required(pattern: &Pattern, field: &PatternField) -> bool {
    let has_default = pattern.auth_field_mutations.get(&field.field_name).is_some_and(|one| one.default.is_some());
    let may_be_none = signs(pattern) && field.field_name == Assertion::KEY_ID && !field.required;
    !has_default && !may_be_none && (field.required || pattern.kind != "API_KEY" || field.header_name.is_empty())
}

/// What else is asked: it fills the address, or is only kept with the account.
fn account_fields(
    at: &str,
    pattern: &Pattern,
    credential: &[PatternField],
    in_addresses: &[String],
) -> Result<Vec<Field>, Problem> {
    let others = pattern.all_fields().filter(|field| credential.iter().all(|one| one.field_name != field.field_name));
    let mut made = Vec::new();
    for other in others {
        if is_masked(other) {
            let why = format!(
                "`{}` is a password of which nothing is made: {} sends another field",
                other.field_name, pattern.kind
            );
            return Err(problem(format!("{at}.fields"), why));
        }
        let required = other.required || in_addresses.contains(&other.field_name);
        made.push(compiled(at, other, false, required)?);
    }
    Ok(made)
}
