//! How a credential is sent, as a pattern says it: in which header, and with what around it.

use super::pattern::{Mutation, Pattern, PatternField};
use super::place::problem;
use crate::error::Problem;
use crate::file::{AuthFile, Ordered};
use std::collections::BTreeMap;
use valetkey_domain::invisible::shown;

/// Where the credential stands in a request, and what is made of it before.
pub(super) fn sends(
    at: &str,
    pattern: &Pattern,
    credential: &[PatternField],
    file: &mut AuthFile,
) -> Result<(), Problem> {
    for (name, mutation) in &pattern.auth_field_mutations {
        let shown: String = name.chars().take(60).collect();
        check_mutation(&format!("{at}.auth_field_mutations.{shown}"), mutation)?;
    }
    let key = header_name(&format!("{at}.auth_header_key_override"), &pattern.auth_header_key_override)?;
    let place = format!("header.{}", key.unwrap_or("Authorization"));
    let changed = |name: &str| around(&pattern.auth_field_mutations, name, credential);
    match pattern.kind.as_str() {
        "BASIC" if key.is_some() => {
            let why = "means nothing for BASIC, which is sent as Authorization";
            return Err(problem(format!("{at}.auth_header_key_override"), why));
        }
        "BASIC" => {
            file.username = Some(changed("username"));
            file.password = Some(changed("password"));
        }
        "BEARER" => {
            let token = credential.first().map(|field| changed(&field.field_name)).unwrap_or_default();
            file.send = Ordered::from_iter([(place, format!("Bearer {token}"))]);
        }
        "API_KEY" => {
            let mut sent = Vec::new();
            for field in credential {
                let own = header_name(&format!("{at}.fields.{}.header_name", field.field_name), &field.header_name)?;
                let place = own.map_or_else(|| place.clone(), |own| format!("header.{own}"));
                if sent.iter().any(|(known, _): &(String, String)| known.eq_ignore_ascii_case(&place)) {
                    return Err(problem(format!("{at}.fields"), format!("two of them stand in `{place}`")));
                }
                sent.push((place, changed(&field.field_name)));
            }
            file.send = Ordered::from_iter(sent);
        }
        "OAUTH" | "OAUTH_M2M" | "GOOGLE_DWD" if key.is_some() => {
            file.send = Ordered::from_iter([(place, "Bearer {access_token}".to_owned())]);
        }
        _ => {}
    }
    Ok(())
}

/// A field's name in braces between its prefix and its suffix; what stands in for it where nothing is asked.
fn around(mutations: &BTreeMap<String, Mutation>, name: &str, credential: &[PatternField]) -> String {
    let asked = credential.iter().any(|field| field.field_name == name);
    let Some(mutation) = mutations.get(name) else {
        return if asked { format!("{{{name}}}") } else { String::new() };
    };
    let value = if asked { format!("{{{name}}}") } else { mutation.default.clone().unwrap_or_default() };
    if value.is_empty() { value } else { format!("{}{value}{}", mutation.prefix, mutation.suffix) }
}

/// A header that may hold a credential; none where none was named.
fn header_name<'a>(at: &str, name: &'a str) -> Result<Option<&'a str>, Problem> {
    const NOT_OURS: [&str; 10] = [
        "connection",
        "content-length",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "expect",
        "accept-encoding",
    ];
    if name.is_empty() {
        return Ok(None);
    }
    let shown = shown(name, 60);
    let plain = name.len() <= 100 && name.parse::<http::HeaderName>().is_ok();
    let lower = name.to_ascii_lowercase();
    if !plain || NOT_OURS.contains(&lower.as_str()) || lower.starts_with("proxy-") {
        return Err(problem(at, format!("`{shown}` is no name of a header that may hold a credential")));
    }
    Ok(Some(name))
}

fn check_mutation(at: &str, mutation: &Mutation) -> Result<(), Problem> {
    let default = mutation.default.as_deref().unwrap_or_default();
    for (member, text) in [("prefix", mutation.prefix.as_str()), ("suffix", &mutation.suffix), ("default", default)] {
        if text.len() > 500 || !text.chars().all(|c| c.is_ascii_graphic() || c == ' ') || text.contains(['{', '}']) {
            let why = "is at most 500 printable ASCII characters without braces: it stands in a header";
            return Err(problem(format!("{at}.{member}"), why));
        }
    }
    Ok(())
}
