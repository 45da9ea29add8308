//! How a file signs people in: each way by itself, the fields, the hosts that an account fills, and how a credential is
//! tried.

use super::problems::{Author, Problems};
use super::whole::https;
use crate::auth::{Assertion, Sent, Template};
use crate::compile::auth as compile;
use crate::file::{AuthFile, AuthKind, CredentialField, File, Ordered, SentAs};
use crate::host::{is_anchored, placeholders};
use crate::parameter_name::is_name;
use crate::sign_in::{Identity, Revoke, Verify};
use std::collections::BTreeSet;

/// How many fields a form has at most.
const FIELDS: usize = 12;
/// How many options one of them has at most.
const OPTIONS: usize = 50;
/// How many characters a label or a hint has at most.
const LABEL: usize = 60;
const HINT: usize = 200;

pub(super) fn check(file: &File, author: Author, problems: &mut Problems) {
    problems.demand(!file.auth.is_empty(), "auth", "there is at least one way to sign in");
    let kinds: BTreeSet<_> = file.auth.iter().map(|way| way.kind.as_str()).collect();
    problems.demand(kinds.len() == file.auth.len(), "auth", "no two ways are of one kind");
    for way in &file.auth {
        way_of(file, way, problems);
    }
    fields("account_fields", &file.account_fields, problems);
    for (name, field) in file.account_fields.iter() {
        let at = format!("account_fields.{name}.secret");
        problems.demand(
            field.secret != Some(true),
            &at,
            "what an account says of itself is shown; a secret is in `fields`",
        );
    }
    hosts(file, problems);
    if let Some(Err(why)) = file.verify.as_ref().map(|verify| Verify::compile(verify, "")) {
        problems.add("verify", why);
    }
    let typed = file.auth.iter().any(|way| !way.fields.is_empty());
    let tried = file.verify.is_some() || !typed || author == Author::User;
    problems.demand(tried, "verify", "is missing: what people type is tried before it counts");
}

fn way_of(file: &File, way: &AuthFile, problems: &mut Problems) {
    let minted = matches!(way.kind, AuthKind::ClientCredentials | AuthKind::ServiceAccount | AuthKind::GoogleDwd);
    let oauth = way.kind == AuthKind::OAuth2;
    let pair = way.kind == AuthKind::KeyPair;
    let exchanged = minted || (pair && sent_as(way) != SentAs::Token);
    let (typed, fixed) = (matches!(way.kind, AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic), "auth");
    let meant = [
        ("authorize_url", way.authorize_url.is_some(), oauth, oauth),
        ("token_url", way.token_url.is_some(), oauth || exchanged, oauth || exchanged),
        ("authorize_params", !way.authorize_params.is_empty(), oauth, false),
        ("revoke", way.revoke.is_some(), oauth, false),
        ("identity", way.identity.is_some(), oauth, false),
        ("issuer", way.issuer.is_some(), oauth, false),
        ("assertion", way.assertion.is_some(), pair, false),
        ("fields", !way.fields.is_empty(), typed || minted || pair, typed || needs_fields(way.kind)),
        ("send", !way.send.is_empty(), way.kind != AuthKind::None, way.kind == AuthKind::ApiKey),
        ("username", way.username.is_some(), way.kind == AuthKind::Basic, false),
        ("password", way.password.is_some(), way.kind == AuthKind::Basic, false),
    ];
    for (key, given, may, must) in meant {
        let at = format!("{fixed}.{key}");
        problems.demand(may || !given, &at, &format!("means nothing for `{}`", way.kind.as_str()));
        problems.demand(given || !must, &at, &format!("is missing: `{}` has it", way.kind.as_str()));
    }
    fields("auth.fields", &way.fields, problems);
    known(file, way, problems);
    if oauth {
        oauth2(file, way, problems);
    } else if let Some(url) = &way.token_url {
        problems.demand(https(url).is_some(), "auth.token_url", &format!("`{url}` is not a plain https address"));
    }
}

const fn needs_fields(kind: AuthKind) -> bool {
    matches!(kind, AuthKind::ServiceAccount | AuthKind::GoogleDwd | AuthKind::KeyPair)
}

/// What is sent names only what is there, and each thing that is asked is sent or used.
fn known(file: &File, way: &AuthFile, problems: &mut Problems) {
    let sends = match compile::sends(way) {
        Ok(sends) => sends,
        Err(problem) => return problems.add(problem.at, problem.why),
    };
    let templates: Vec<&Template> = sends
        .iter()
        .flat_map(|sends| match &sends.value {
            Sent::Text(text) => vec![text],
            Sent::Basic(username, password) => vec![username, password],
        })
        .collect();
    let read: BTreeSet<&str> = templates.iter().flat_map(|template| template.names()).collect();
    let has_token = !matches!(way.kind, AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic);
    for name in &read {
        let there = way.fields.get(name).is_some() || (has_token && *name == "access_token");
        problems.demand(there, "auth.send", &format!("`{name}` is no field of this way to sign in"));
    }
    let claimed = if way.kind == AuthKind::KeyPair { claimed(file, way, problems) } else { BTreeSet::new() };
    let used: &[&str] = match way.kind {
        AuthKind::KeyPair if sent_as(way) == SentAs::Client => &[Assertion::PRIVATE_KEY, Assertion::CLIENT_ID],
        AuthKind::KeyPair => &[Assertion::PRIVATE_KEY],
        AuthKind::ClientCredentials => &["client_id", "client_secret"],
        AuthKind::ServiceAccount => &["service_account_json"],
        AuthKind::GoogleDwd => &["subject"],
        _ => &[],
    };
    for name in way.fields.keys() {
        let at = format!("auth.fields.{name}");
        let named = way.kind == AuthKind::KeyPair && name == Assertion::KEY_ID;
        let of_use = named || read.contains(name) || used.contains(&name) || claimed.contains(name);
        problems.demand(of_use, &at, "nothing is made of it");
    }
    if !way.fields.is_empty() {
        for name in used {
            problems.demand(way.fields.get(name).is_some(), "auth.fields", &format!("`{name}` is missing"));
        }
    }
}

fn sent_as(way: &AuthFile) -> SentAs {
    way.assertion.as_ref().map_or_else(SentAs::default, |assertion| assertion.sent_as)
}

/// What a key pair signs names only what is there, and never the key; the names that it reads.
fn claimed(file: &File, way: &AuthFile, problems: &mut Problems) -> BTreeSet<String> {
    let assertion = match compile::assertion(way.assertion.as_ref()) {
        Ok(assertion) => assertion,
        Err(problem) => {
            problems.add(problem.at, problem.why);
            return BTreeSet::new();
        }
    };
    for (name, _) in &assertion.claims {
        let at = format!("auth.assertion.claims.{name}");
        problems.demand(!Assertion::OURS.contains(&name.as_str()), &at, "is set by the server");
    }
    let says = |claim: &str| assertion.claims.iter().any(|(name, _)| name == claim);
    let whose = assertion.sent_as == SentAs::Client || says("iss");
    problems.demand(whose, "auth.assertion.claims", "has no `iss`: nothing says whose key it is");
    let names: BTreeSet<String> =
        assertion.claims.iter().flat_map(|(_, text)| text.names()).map(str::to_owned).collect();
    for name in &names {
        let field = way.fields.get(name).filter(|field| field.secret == Some(false));
        let there = field.is_some() || file.account_fields.get(name).is_some() || name == Assertion::KEY_SHA256;
        let why = format!("`{name}` is no field with `secret: false`, nor `{}`", Assertion::KEY_SHA256);
        problems.demand(there, "auth.assertion.claims", &why);
    }
    let key_is_sent = way.send.iter().any(|(_, text)| text.contains("{private_key}"));
    problems.demand(!key_is_sent, "auth.send", "a private key is sent nowhere");
    let key = way.fields.get(Assertion::PRIVATE_KEY);
    let hidden = key.is_none_or(|key| key.secret != Some(false) && key.required);
    problems.demand(hidden, "auth.fields.private_key", "is a secret, and may not be left out");
    names
}

fn fields(at: &str, fields: &Ordered<CredentialField>, problems: &mut Problems) {
    problems.demand(fields.iter().len() <= FIELDS, at, &format!("has more than {FIELDS} fields"));
    if let Err(problem) = compile::fields(at, fields, true) {
        problems.add(problem.at, problem.why);
    }
    for (name, field) in fields.iter() {
        let at = format!("{at}.{name}");
        let plain = !name.is_empty() && name.len() <= 60 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        problems.demand(plain && name != "access_token", &at, "a field's name has only letters, digits and _");
        let line = |text: &str, most: usize| {
            let length = text.chars().count();
            (1..=most).contains(&length) && text.trim() == text && !text.contains(char::is_control)
        };
        problems.demand(line(&field.label, LABEL), &at, &format!("its label is one line of 1 to {LABEL} characters"));
        let hint = field.hint.as_deref().is_none_or(|hint| line(hint, HINT));
        problems.demand(hint, &at, &format!("its hint is one line of 1 to {HINT} characters"));
        let few = field.options.len() <= OPTIONS && field.options.iter().all(|option| line(option, LABEL));
        problems.demand(few, &at, &format!("has at most {OPTIONS} options of one line each"));
    }
}

/// A host that an account fills is anchored to the app's own domain, wherever more than the account's own key goes.
fn hosts(file: &File, problems: &mut Problems) {
    let written = file.hosts.iter().chain([&file.base_url, &file.proxy_url]);
    for text in written.filter(|text| text.contains('{')) {
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(why) => {
                problems.add("hosts", why);
                continue;
            }
        };
        for name in template.names() {
            let there = file.account_fields.get(name).is_some_and(|field| field.required);
            problems.demand(there, "account_fields", &format!("`{name}` stands in a host: it is there and required"));
        }
        let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let (host, path) = host.split_once('/').unwrap_or((host, ""));
        problems.demand(
            !path.contains('{'),
            "base_url",
            "only its host is an account's own; a path has `account.NAME`",
        );
        let own_key =
            file.auth.iter().all(|way| matches!(way.kind, AuthKind::ApiKey | AuthKind::Bearer | AuthKind::Basic));
        let why = "ends with the app's own domain, such as {name}.acme.com: else a secret would follow what is typed";
        problems.demand(is_anchored(host) || own_key, "hosts", &format!("`{host}`: a host {why}"));
        problems.demand(
            https(&placeholders(text)).is_some() || !text.contains("://"),
            "base_url",
            "is no https address",
        );
    }
}

fn oauth2(file: &File, way: &AuthFile, problems: &mut Problems) {
    let revoke = way.revoke.as_ref().map(|revoke| ("auth.revoke.url", &revoke.url));
    let ends = [("auth.authorize_url", &way.authorize_url), ("auth.token_url", &way.token_url)];
    let ends = ends.into_iter().filter_map(|(at, url)| Some((at, url.as_ref()?)));
    for (at, url) in ends.chain(revoke) {
        problems.demand(https(url).is_some(), at, &format!("`{url}` is not a plain https address"));
    }
    if let Some(Err(why)) = way.revoke.as_ref().map(Revoke::compile) {
        problems.add("auth.revoke", why);
    }
    problems.demand(is_name(&way.scope_param), "auth.scope_param", "is no name of a parameter");
    problems.demand(way.token_in.as_deref().is_none_or(is_name), "auth.token_in", "is no name of a member");
    let fixed = way.authorize_params.get(&way.scope_param).is_none();
    problems.demand(fixed, "auth.authorize_params", "has the parameter of `scope_param`, which is set by the server");
    let named = way.issuer.as_deref().is_none_or(|issuer| https(issuer).is_some());
    problems.demand(named, "auth.issuer", "is not a plain https address");
    let widening = way.authorize_params.get("include_granted_scopes").is_none();
    problems.demand(
        widening,
        "auth.authorize_params",
        "include_granted_scopes would let one token serve other connections",
    );
    for fixed in ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge"] {
        let ours = way.authorize_params.get(fixed).is_none();
        problems.demand(ours, "auth.authorize_params", &format!("`{fixed}` is set by the server"));
    }
    let Some(identity) = &way.identity else { return };
    let listed =
        https(&identity.url).is_some_and(|url| file.hosts.iter().any(|host| Some(host.as_str()) == url.host_str()));
    problems.demand(listed, "auth.identity.url", "is not a plain https address on one of `hosts`");
    if let Err(why) = Identity::compile(identity) {
        problems.add("auth.identity", why);
    }
}
