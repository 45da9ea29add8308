//! What is asked of an account: what fills an address or is only kept beside the account, and what is a credential.

use super::pattern::{Pattern, PatternField};
use super::place::problem;
use crate::auth::Field;
use crate::error::Problem;
use crate::file::CredentialField;
use valetkey_domain::invisible::is_invisible;

/// How many fields a pattern has at most, and how many options one of them has.
const FIELDS: usize = 20;
const OPTIONS: usize = 50;
/// How many characters a label, an option or a hint has at most.
const LABEL: usize = 100;
const HINT: usize = 500;

/// Checks what a pattern asks, each field with its place.
///
/// # Errors
/// The first field that won't do.
pub(super) fn check(at: &str, pattern: &Pattern) -> Result<(), Problem> {
    let lists = [("fields", &pattern.fields), ("account_fields", &pattern.account_fields)];
    let mut seen: Vec<&str> = Vec::new();
    for (list, fields) in lists {
        if fields.len() > FIELDS {
            return Err(problem(format!("{at}.{list}"), format!("has more than {FIELDS} fields")));
        }
        for (index, field) in fields.iter().enumerate() {
            let at = format!("{at}.{list}[{index}]");
            check_one(&at, field)?;
            if seen.contains(&field.field_name.as_str()) {
                return Err(problem(format!("{at}.field_name"), format!("`{}` stands there twice", field.field_name)));
            }
            seen.push(&field.field_name);
        }
    }
    Ok(())
}

fn check_one(at: &str, field: &PatternField) -> Result<(), Problem> {
    let name = &field.field_name;
    let plain = (1..=60).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || name == "access_token" || name == "path_variables" {
        let why = "is 1 to 60 letters, digits and '_', and none of access_token and path_variables";
        return Err(problem(format!("{at}.field_name"), why));
    }
    let options = field.options.iter().map(|option| ("options", &option.value, LABEL));
    for (member, text, most) in [("label", &field.label, LABEL), ("hint", &field.hint, HINT)].into_iter().chain(options)
    {
        if text.chars().count() > most || text.chars().any(is_invisible) {
            let why = format!("is one line of at most {most} characters");
            return Err(problem(format!("{at}.{member}"), why));
        }
    }
    if field.options.len() > OPTIONS {
        return Err(problem(format!("{at}.options"), format!("has more than {OPTIONS} options")));
    }
    Ok(())
}

/// A field of a form. `secret`: hidden while it is typed and never shown.
pub(super) fn compiled(at: &str, field: &PatternField, secret: bool, required: bool) -> Result<Field, Problem> {
    let label = if field.label.trim().is_empty() { &field.field_name } else { &field.label };
    let written = CredentialField {
        label: label.trim().to_owned(),
        hint: Some(field.hint.trim().to_owned()).filter(|hint| !hint.is_empty()),
        secret: Some(secret),
        pattern: None,
        required,
        options: field.options.iter().map(|option| option.value.clone()).filter(|value| !value.is_empty()).collect(),
    };
    Field::compile(&field.field_name, &written, secret).map_err(|why| problem(at, why))
}

/// Whether it is masked where it is typed.
pub(super) fn is_masked(field: &PatternField) -> bool {
    field.input_type == "password"
}
