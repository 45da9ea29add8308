//! Every key of a connector file does something: for each there is a change of it that shows, in what others get of the
//! connector, in what it sends and answers, or in what the check says. The keys come from the format itself, so that a
//! new one fails here until it has its line.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on stops")]

#[path = "keys/base.rs"]
mod base;
#[path = "keys/others.rs"]
mod others;
#[path = "keys/probe.rs"]
mod probe;
#[path = "keys/seen.rs"]
mod seen;

use base::base;
use probe::{keys, keys_of};
use seen::{checked, seen};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use valetkey_connectors::file::AliasFile;
use valetkey_connectors::remote::file::RemoteFile;

/// A key, where it stands in the base file, and what stands there instead; null takes it away.
type Line = (&'static str, &'static str, Value);

fn lines() -> Vec<Line> {
    let mut lines = vec![
        ("connector", "/connector", json!("kees")),
        ("display_name", "/display_name", json!("Other")),
        ("upstream", "/upstream", json!("grpc")),
        ("base_url", "/base_url", json!("https://api.keys.test/v3")),
        ("proxy_url", "/proxy_url", json!("https://two.keys.test")),
        ("hosts", "/hosts", json!(["api.keys.test", "two.keys.test", "three.keys.test"])),
        ("description", "/description", Value::Null),
        ("description.kind", "/description/kind", json!("discovery")),
        ("description.url", "/description/url", Value::Null),
        ("description.read_on", "/description/read_on", json!("yesterday")),
        ("auth", "/auth", json!([])),
        ("account_fields", "/account_fields", json!({})),
        ("account_fields.*.label", "/account_fields/region/label", json!("Place")),
        ("account_fields.*.hint", "/account_fields/region/hint", Value::Null),
        ("account_fields.*.secret", "/account_fields/region/secret", json!(true)),
        ("account_fields.*.pattern", "/account_fields/team/pattern", json!("x+")),
        ("account_fields.*.required", "/account_fields/team/required", json!(true)),
        ("account_fields.*.options", "/account_fields/region/options", json!(["us"])),
        ("verify", "/verify", Value::Null),
        ("verify.method", "/verify/method", json!("POST")),
        ("verify.path", "/verify/path", json!("/you")),
        ("verify.id", "/verify/id", json!(".people[1].id")),
        ("verify.name", "/verify/name", json!(".sub")),
        ("default_scopes", "/default_scopes", json!(["read"])),
        ("scopes", "/scopes/read", json!("See other things")),
        ("scope_includes", "/scope_includes", json!({})),
        ("headers", "/headers/X-Version", json!("8")),
        ("rate_limit", "/rate_limit", Value::Null),
        ("rate_limit.status", "/rate_limit/status", json!([401])),
        ("rate_limit.reason", "/rate_limit/reason", json!(["other"])),
        ("rate_limit.retry_after", "/rate_limit/retry_after", json!("x-later")),
        ("rate_limit.retry_in", "/rate_limit/retry_in", json!(".error.other")),
        ("errors", "/errors", Value::Null),
        ("errors.reason", "/errors/reason", json!(".error.other")),
        ("errors.message", "/errors/message", json!(".error.other")),
        ("errors.rules", "/errors/rules", json!([])),
        ("errors.rules[].status", "/errors/rules/0/status", json!([499])),
        ("errors.rules[].reason", "/errors/rules/0/reason", json!(["other"])),
        ("errors.rules[].kind", "/errors/rules/0/kind", json!("conflict")),
        ("errors.rules[].say", "/errors/rules/0/say", json!("Something else.")),
        ("errors.rules[].says", "/errors/rules/0/says", json!(["It was"])),
        ("errors.scopes", "/errors/scopes", Value::Null),
        ("errors.scopes.has", "/errors/scopes/has", json!("x-other")),
        ("errors.scopes.wants", "/errors/scopes/wants", json!("x-other")),
        ("body", "/body", json!("form")),
        ("tools", "/tools/keys_put", Value::Null),
        ("not_yet", "/not_yet", json!({})),
    ];
    lines.extend(sign_in());
    lines.extend(tool());
    lines.extend(documents());
    lines.extend(input());
    lines.extend(steps());
    lines
}

fn sign_in() -> Vec<Line> {
    vec![
        ("auth[].kind", "/auth/1/kind", json!("api_key")),
        ("auth[].authorize_url", "/auth/0/authorize_url", json!("https://login.keys.test/b")),
        ("auth[].token_url", "/auth/0/token_url", json!("https://login.keys.test/u")),
        ("auth[].token_client_auth", "/auth/0/token_client_auth", json!("none")),
        ("auth[].token_body", "/auth/0/token_body", json!("json")),
        ("auth[].scope_separator", "/auth/0/scope_separator", json!(",")),
        ("auth[].scope_param", "/auth/0/scope_param", json!("user_scope")),
        ("auth[].token_in", "/auth/0/token_in", json!("authed_user")),
        ("auth[].refresh.ended", "/auth/0/refresh/ended", json!(["bad_refresh_token"])),
        ("auth[].pkce", "/auth/0/pkce", json!("none")),
        ("auth[].authorize_params", "/auth/0/authorize_params/prompt", json!("login")),
        ("auth[].refresh", "/auth/0/refresh", Value::Null),
        ("auth[].refresh.rotates", "/auth/0/refresh/rotates", json!(true)),
        ("auth[].refresh.lost_answer", "/auth/0/refresh/lost_answer", json!("never")),
        ("auth[].refresh.idle_ttl", "/auth/0/refresh/idle_ttl", json!("90d")),
        ("auth[].revoke", "/auth/0/revoke", Value::Null),
        ("auth[].revoke.method", "/auth/0/revoke/method", json!("DELETE")),
        ("auth[].revoke.url", "/auth/0/revoke/url", json!("https://login.keys.test/s")),
        ("auth[].revoke.token_in", "/auth/0/revoke/token_in", json!("form.access_token")),
        ("auth[].revoke.token", "/auth/0/revoke/token", json!("access")),
        ("auth[].revoke.done_in", "/auth/0/revoke/done_in", json!("revoked")),
        ("auth[].identity", "/auth/0/identity", Value::Null),
        ("auth[].identity.method", "/auth/0/identity/method", json!("POST")),
        ("auth[].identity.url", "/auth/0/identity/url", json!("https://api.keys.test/you")),
        ("auth[].identity.body", "/auth/0/identity/body", json!({"query": "{ me { id } }"})),
        ("auth[].identity.id", "/auth/0/identity/id", json!("[.people[] | select(.me)][0].id")),
        ("auth[].identity.name", "/auth/0/identity/name", json!(".people[0].mail // .sub")),
        ("auth[].identity.scopes", "/auth/0/identity/scopes", json!([])),
        ("auth[].issuer", "/auth/0/issuer", json!("https://other.keys.test")),
        ("auth[].fields", "/auth/1/fields", json!({})),
        ("auth[].fields.*.label", "/auth/1/fields/email/label", json!("Mail")),
        ("auth[].fields.*.hint", "/auth/1/fields/email/hint", Value::Null),
        ("auth[].fields.*.secret", "/auth/1/fields/email/secret", json!(true)),
        ("auth[].fields.*.pattern", "/auth/1/fields/email/pattern", json!("[a-z]+")),
        ("auth[].fields.*.required", "/auth/1/fields/key/required", json!(false)),
        ("auth[].fields.*.options", "/auth/1/fields/key/options", json!(["eu"])),
        ("auth[].assertion", "/auth/3/assertion", Value::Null),
        ("auth[].assertion.sent_as", "/auth/3/assertion/sent_as", json!("client")),
        ("auth[].assertion.claims", "/auth/3/assertion/claims/aud", json!("others")),
        ("auth[].assertion.life", "/auth/3/assertion/life", json!("3m")),
        ("auth[].send", "/auth/1/send", json!({"query.key": "{key}"})),
        ("auth[].username", "/auth/1/username", json!("{email}")),
        ("auth[].password", "/auth/1/password", json!("X{key}")),
    ]
}

fn tool() -> Vec<Line> {
    vec![
        ("tools.*.title", "/tools/keys_list/title", json!("Show")),
        ("tools.*.keywords", "/tools/keys_list/keywords", json!(["another word"])),
        ("tools.*.description", "/tools/keys_list/description", json!("Shows the things that there are.")),
        ("tools.*.effect", "/tools/keys_put/effect", json!("destructive")),
        ("tools.*.excuse", "/tools/keys_find/excuse", Value::Null),
        ("tools.*.operation", "/tools/keys_all/operation", json!("things.other")),
        ("tools.*.request", "/tools/keys_list/request", Value::Null),
        ("tools.*.request.method", "/tools/keys_put/request/method", json!("PUT")),
        ("tools.*.request.path", "/tools/keys_list/request/path", json!("/others")),
        ("tools.*.scopes", "/tools/keys_list/scopes", Value::Null),
        ("tools.*.scopes.any", "/tools/keys_list/scopes/any", json!([["read", "write"]])),
        ("tools.*.scopes.all", "/tools/keys_put/scopes/all", json!(["write"])),
        ("tools.*.versions", "/tools/keys_list/versions", json!(false)),
        ("tools.*.input", "/tools/keys_put/input", Value::Null),
        ("tools.*.one_of", "/tools/keys_all/one_of", Value::Null),
        ("tools.*.body", "/tools/keys_put/body", json!("form")),
        ("tools.*.answer", "/tools/keys_find/answer", json!("file")),
        ("tools.*.set", "/tools/keys_list/set/query.fixed", json!(2)),
        ("tools.*.with", "/tools/keys_list/with/query.state", json!("'closed' if input.open")),
        ("tools.*.steps", "/tools/keys_all/steps", Value::Null),
        ("tools.*.output", "/tools/keys_list/output", Value::Null),
        ("tools.*.output.shape", "/tools/keys_list/output/shape", json!("{things: .items}")),
        ("tools.*.output.max_bytes", "/tools/keys_list/output/max_bytes", json!(4_000)),
        ("tools.*.output.list", "/tools/keys_list/output/list", Value::Null),
        ("tools.*.output.spare", "/tools/keys_list/output/spare", json!([])),
        ("tools.*.output.over", "/tools/keys_list/output/over", json!("refuse")),
        ("tools.*.output.read_on", "/tools/keys_list/output/read_on", json!("Ask for one.")),
        ("tools.*.paginate", "/tools/keys_list/paginate", Value::Null),
        ("tools.*.paginate.next", "/tools/keys_list/paginate/next", json!(".n")),
        ("tools.*.paginate.link", "/tools/keys_paged/paginate/link", json!("per_page")),
        ("tools.*.paginate.into", "/tools/keys_list/paginate/into", json!("name")),
        ("tools.*.example", "/tools/keys_list/example", json!({"limit": 5_000})),
    ]
}

fn documents() -> Vec<Line> {
    let other = json!("query($no: Int) { things(no: $no) { id name } }");
    vec![
        ("tools.*.document", "/tools/keys_ask/document", other.clone()),
        ("tools.*.steps[].document", "/tools/keys_ask_first/steps/0/document", other),
    ]
}

fn input() -> Vec<Line> {
    vec![
        ("tools.*.input.*.type", "/tools/keys_list/input/limit/type", json!("number")),
        (
            "tools.*.input.*.description",
            "/tools/keys_list/input/limit/description",
            json!("How many at once, at most."),
        ),
        ("tools.*.input.*.required", "/tools/keys_put/input/name/required", json!(false)),
        ("tools.*.input.*.default", "/tools/keys_list/input/limit/default", json!(21)),
        ("tools.*.input.*.enum", "/tools/keys_list/input/mode/enum", json!(["a", "b", "c"])),
        ("tools.*.input.*.format", "/tools/keys_list/input/day/format", json!("date-time")),
        ("tools.*.input.*.pattern", "/tools/keys_list/input/name/pattern", json!("^[a-z!]*$")),
        ("tools.*.input.*.minimum", "/tools/keys_list/input/limit/minimum", json!(0)),
        ("tools.*.input.*.maximum", "/tools/keys_list/input/limit/maximum", json!(1_000)),
        ("tools.*.input.*.min_length", "/tools/keys_list/input/name/min_length", json!(4)),
        ("tools.*.input.*.max_length", "/tools/keys_list/input/name/max_length", json!(50)),
        ("tools.*.input.*.items", "/tools/keys_list/input/tags/items", json!({"type": "integer"})),
        ("tools.*.input.*.members", "/tools/keys_put/input/place/members", json!({"room": {"type": "integer"}})),
        ("tools.*.input.*.needs", "/tools/keys_put/input/place/needs", json!([])),
        ("tools.*.input.*.empty", "/tools/keys_put/input/note/empty", json!("kept")),
        ("tools.*.input.*.map", "/tools/keys_list/input/limit/map", json!("query.most")),
        ("tools.*.input.*.because", "/tools/keys_list/input/gone/because", Value::Null),
    ]
}

fn steps() -> Vec<Line> {
    vec![
        ("tools.*.steps[].call", "/tools/keys_all/steps/1/call", json!("things.list")),
        ("tools.*.steps[].request", "/tools/keys_all/steps/1/request", Value::Null),
        ("tools.*.steps[].request.method", "/tools/keys_all/steps/1/request/method", json!("POST")),
        ("tools.*.steps[].request.path", "/tools/keys_all/steps/1/request/path", json!("/those/{id}")),
        ("tools.*.steps[].native", "/tools/keys_all/steps/2", json!({"native": "gmail_message", "save": "shown"})),
        ("tools.*.steps[].save", "/tools/keys_all/steps/1/save", json!("others")),
        ("tools.*.steps[].when", "/tools/keys_all/steps/1/when", json!("not input.most")),
        ("tools.*.steps[].for_each", "/tools/keys_all/steps/1/for_each", json!("listed.others")),
        ("tools.*.steps[].as", "/tools/keys_all/steps/1/as", json!("element")),
        ("tools.*.steps[].limit", "/tools/keys_all/steps/1/limit", json!(7)),
        ("tools.*.steps[].concurrency", "/tools/keys_all/steps/1/concurrency", json!(2)),
        ("tools.*.steps[].skip", "/tools/keys_all/steps/1/skip", json!([410])),
        ("tools.*.steps[].answer", "/tools/keys_all/steps/1/answer", json!("file")),
        ("tools.*.steps[].set", "/tools/keys_all/steps/1/set/query.full", json!(false)),
        ("tools.*.steps[].with", "/tools/keys_all/steps/1/with/path.id", json!("thing.key")),
    ]
}

/// The same file with something else, or nothing, at a place.
fn changed(mut file: Value, place: &str, to: &Value) -> Value {
    let (parent, key) = place.rsplit_once('/').unwrap();
    match (file.pointer_mut(parent).unwrap_or_else(|| panic!("{place} is not in the base file")), to) {
        (Value::Object(members), Value::Null) => drop(members.shift_remove(key).unwrap()),
        (Value::Object(members), to) => drop(members.insert(key.to_owned(), to.clone())),
        (Value::Array(items), to) if key.parse() == Ok(items.len()) => items.push(to.clone()),
        (other, _) => panic!("{place} is in {other}"),
    }
    file
}

#[test]
fn each_key_of_the_format_shows() {
    let before = seen(&base());
    assert!(before.starts_with("compiled"), "{before}");
    for (key, place, to) in lines() {
        assert_ne!(seen(&changed(base(), place, &to)), before, "{key}: with {to} at {place} nothing is seen of it");
    }
}

/// What says which description a file is held against shows in the shipped files, which have one.
#[test]
fn each_key_of_a_discovery_document_shows() {
    let shipped = include_str!("../../../catalogue/gmail.yaml");
    assert_eq!(checked(shipped), "");
    let own = "description: {kind: discovery, id: \"gmail:v1\", sha256: bfe9";
    let also = "also_described: [{kind: discovery, id: \"people:v1\", sha256: ";
    for (from, to, says) in [
        (own, own.replace("gmail:v1", "gmail:v1x"), "description.id: the digest is of"),
        (own, own.replace("bfe9", "bfe9x"), "description.sha256: the digest"),
        (also, also.replace("kind: discovery", "kind: manual"), "also_described[0]: has a digest"),
        (also, also.replace("people:v1", "people:v1x"), "also_described[0].id: the digest is of"),
        (also, format!("{also}x"), "also_described[0].sha256: the digest"),
        (also, also.replace("{kind", "{url: \"https://x.test\", kind"), "also_described[0]: `url` and"),
        (also, also.replace("{kind", "{read_on: \"2026-11-22\", kind"), "also_described[0]: `url` and"),
        (
            "hosts: [gmail.googleapis.com, people",
            "hosts: [gmail.googleapis.com, peoples".to_owned(),
            "not among `hosts`",
        ),
    ] {
        assert!(shipped.contains(from), "{from}");
        let said = checked(&shipped.replacen(from, &to, 1));
        assert!(said.contains(says), "{to}: {says} is not in {said}");
    }
    let without = shipped.lines().filter(|line| !line.starts_with("also_described")).collect::<Vec<_>>().join("\n");
    assert!(checked(&without).contains("digests are given"), "{}", checked(&without));
}

/// The same of the other forms of file.
#[test]
fn each_key_of_an_alias_and_of_a_remote_server_shows() {
    for (base, lines, keys) in [
        // What is in them is as in any file, and has its lines there.
        (
            others::alias(),
            others::of_alias(),
            keys_of::<AliasFile>().into_iter().filter(|key| !key.contains('.')).collect(),
        ),
        (others::remote(), others::of_remote(), keys_of::<RemoteFile>()),
    ] {
        let before = others::seen(&base);
        assert!(before.starts_with("Connector"), "{before}");
        for (key, place, to) in &lines {
            assert_ne!(others::seen(&changed(base.clone(), place, to)), before, "{key}: with {to} at {place}");
        }
        let in_lines: BTreeSet<String> = lines.into_iter().map(|(key, ..)| key.to_owned()).collect();
        assert_eq!(in_lines, keys);
    }
}

#[test]
fn no_key_of_the_format_is_without_its_line() {
    let in_lines: BTreeSet<String> = lines().into_iter().map(|(key, ..)| key.to_owned()).collect();
    // What an alias shows, its own tests look at (`lint/tests.rs`).
    let shipped = ["alias_of", "description.id", "description.sha256", "also_described"].map(str::to_owned);
    let also = ["kind", "id", "sha256", "url", "read_on"].map(|key| format!("also_described[].{key}"));
    let all: BTreeSet<String> = in_lines.into_iter().chain(shipped).chain(also).collect();
    let format = keys();
    assert!(format.len() > 80, "{format:?}");
    assert_eq!(all, format);
}

#[test]
fn each_key_of_the_format_is_documented() {
    // The example in the fences explains nothing.
    let prose: String = include_str!("../../../docs/CONNECTORS.md").split("```").step_by(2).collect();
    let spans = prose.split('`').skip(1).step_by(2);
    let words: BTreeSet<&str> =
        spans.flat_map(|span| span.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect();
    let named = |key: &String| words.contains(key.rsplit('.').next().unwrap());
    let all = keys().into_iter().chain(keys_of::<RemoteFile>());
    let silent: Vec<String> = all.filter(|key| !named(key)).collect();
    assert!(silent.is_empty(), "docs/CONNECTORS.md says nothing of {silent:?}");
}
