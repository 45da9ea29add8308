//! Patterns of authentication as the API has them. They are free objects: what is known is read and checked, and the rest
//! passed over.

use super::place::{at, problem};
use crate::error::Problem;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How many characters are repeated of what was said.
const SHOWN: usize = 160;

/// One way to sign in, as it was said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pattern {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) fields: Vec<PatternField>,
    pub(super) account_fields: Vec<PatternField>,
    pub(super) is_mcp: bool,
    pub(super) oauth_config: Option<OauthConfig>,
    pub(super) auth_header_key_override: String,
    pub(super) allowed_proxy_domains: Vec<String>,
    pub(super) auth_field_mutations: BTreeMap<String, Mutation>,
}

/// One thing that is asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PatternField {
    pub(super) field_name: String,
    pub(super) label: String,
    pub(super) input_type: String,
    pub(super) hint: String,
    pub(super) required: bool,
    pub(super) options: Vec<PatternOption>,
    pub(super) is_path_param: bool,
    pub(super) header_name: String,
}

/// One of the values that a field can have.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PatternOption {
    pub(super) value: String,
}

/// What is made of a value before it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Mutation {
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) default: Option<String>,
}

/// What an app's OAuth needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OauthConfig {
    pub(super) authorize_uri: String,
    pub(super) token_uri: String,
    pub(super) user_info_uri: String,
    pub(super) available_scopes: Vec<AvailableScope>,
    pub(super) pkce_enabled: Option<bool>,
    pub(super) custom_scope_name: String,
    pub(super) token_endpoint_auth_method: String,
}

/// A scope that can be asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AvailableScope {
    pub(super) scope: String,
    pub(super) display_name: String,
    pub(super) description: String,
    pub(super) required: bool,
}

impl Pattern {
    /// All that is asked, the credential first.
    pub(super) fn all_fields(&self) -> impl Iterator<Item = &PatternField> {
        self.fields.iter().chain(&self.account_fields)
    }
}

/// Reads patterns.
///
/// # Errors
/// A known member that is of another type, with its place.
pub(super) fn read(patterns: &Value) -> Result<Vec<Pattern>, Problem> {
    let Value::Array(items) = patterns else { return Err(problem("auth_patterns", "is not a list")) };
    items.iter().enumerate().map(|(index, item)| one(&at(index), item)).collect()
}

fn one<T: DeserializeOwned>(at: &str, item: &Value) -> Result<T, Problem> {
    if !item.is_object() {
        return Err(problem(at, "is not an object"));
    }
    serde_path_to_error::deserialize(without_nulls(item)).map_err(|error| {
        let within = error.path().to_string();
        let place = if within == "." { at.to_owned() } else { format!("{at}.{}", cut(&within)) };
        problem(place, cut(&error.into_inner().to_string()))
    })
}

/// What is repeated of what was said.
fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// A member that is null is an absent one. How deep objects may be was decided where they were read.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let given = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(given.map(|(name, value)| (name.clone(), without_nulls(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}
