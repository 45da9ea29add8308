//! The scopes of a file: those that a connection asks for, and the words in which a person reads them.

use super::problems::{Author, Problems};
use crate::file::{File, ScopeAlternative, ScopeFile};
use std::collections::BTreeSet;
use valetkey_vendor::Digest;

/// Scopes of OpenID Connect and of Google's userinfo: every API's connection may ask for them, no API's description
/// lists them.
const IDENTITY_SCOPES: &[&str] = &[
    "openid",
    "email",
    "profile",
    "offline_access",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/userinfo.profile",
];

/// How many characters the words for one scope have at most: two lines on a telephone.
const LONGEST: usize = 90;

pub(super) fn check(file: &File, digests: &[Digest], author: Author, problems: &mut Problems) {
    for scope in &file.default_scopes {
        problems.demand(known(scope, digests), "default_scopes", &format!("`{scope}` is no scope of this API"));
    }
    for (scope, words) in file.scopes.iter() {
        let at = format!("scopes.{scope}");
        problems.demand(known(scope, digests), &at, "is no scope of this API");
        let length = words.chars().count();
        let fits = (1..=LONGEST).contains(&length) && words.trim() == words && !words.contains(char::is_control);
        problems.demand(
            fits,
            &at,
            &format!("its words are one line of 1 to {LONGEST} characters without blanks at the ends"),
        );
    }
    let asked = named(file);
    for (wider, narrower) in file.scope_includes.iter() {
        for scope in std::iter::once(wider).chain(narrower.iter().map(String::as_str)) {
            problems.demand(
                asked.contains(scope),
                &format!("scope_includes.{wider}"),
                &format!("nothing in this file asks for `{scope}`"),
            );
        }
    }
    if author != Author::User {
        for scope in asked.into_iter().filter(|scope| file.scopes.get(scope).is_none()) {
            problems.add(format!("scopes.{scope}"), "says in no words what the scope allows: people are asked for it");
        }
    }
}

/// Whether the APIs have this scope; without a description that speaks of scopes nobody can tell.
fn known(scope: &str, digests: &[Digest]) -> bool {
    let mut speaking = digests.iter().filter(|digest| !digest.scopes.is_empty()).peekable();
    speaking.peek().is_none()
        || speaking.any(|digest| digest.scopes.contains(scope))
        || IDENTITY_SCOPES.contains(&scope)
}

/// Every scope that the file names: what connections ask for by default, and what its tools and the question who
/// signed in need.
fn named(file: &File) -> BTreeSet<&str> {
    let identity = file.auth.iter().filter_map(|way| way.identity.as_ref()).flat_map(|identity| &identity.scopes);
    let tools = file.tools.iter().filter_map(|(_, tool)| tool.scopes.as_ref()).flat_map(of_tool);
    file.default_scopes.iter().chain(identity).map(String::as_str).chain(tools).collect()
}

fn of_tool(rule: &ScopeFile) -> impl Iterator<Item = &str> {
    let any = rule.any.iter().flat_map(|alternative| match alternative {
        ScopeAlternative::One(scope) => std::slice::from_ref(scope),
        ScopeAlternative::Together(scopes) => scopes.as_slice(),
    });
    any.chain(&rule.all).map(String::as_str)
}
