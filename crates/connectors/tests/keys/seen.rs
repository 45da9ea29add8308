//! What others see of a connector: its public face, what it sends, what it answers, or why it was not taken.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use valetkey_connectors::file::read::read;
use valetkey_connectors::lint::{self, Author, names};
use valetkey_connectors::native::Work;
use valetkey_connectors::search::Index;
use valetkey_connectors::{Assertion, Auth, Catalog, Connector, Field, Setting, Step, Tool};
use valetkey_vendor::Digest;

/// All that can be seen of a file.
pub(crate) fn seen(file: &Value) -> String {
    let mut catalog = Catalog::shipped().unwrap();
    let text = file.to_string();
    if let Err(error) = catalog.add("keys.yaml", &text) {
        return error.to_string();
    }
    let connector = catalog.connector(file["connector"].as_str().unwrap()).unwrap();
    let later = names::read("keys_later\t\t\tnone\n").unwrap();
    let not_yet = names::check(&read("keys.yaml", &text).unwrap(), &later);
    let mut seen = format!("compiled\n{not_yet:?}\n{}", face(&connector));
    seen += &found(&connector, "the inventory");
    for tool in connector.tools.values() {
        write!(seen, "{:?}\n{:?}\n", tool.definition, tool.scopes.alternatives()).unwrap();
        seen += &arguments(tool);
        seen += &played(tool);
    }
    seen
}

/// What the check says about a shipped file.
pub(crate) fn checked(text: &str) -> String {
    let digests = [
        include_str!("../../../../catalogue/digests/gmail.v1.json"),
        include_str!("../../../../catalogue/digests/people.v1.json"),
    ];
    let digests = digests.map(|text| Digest::read(text).unwrap());
    let problems = lint::check(&read("gmail.yaml", text).unwrap(), &digests, Author::Us);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What a search finds, and how well.
fn found(connector: &Arc<Connector>, query: &str) -> String {
    let hits = Index::of(std::iter::once(Arc::clone(connector))).search(query, 5);
    hits.iter().map(|hit| format!("{} {:.3}\n", hit.tool.definition.name, hit.score)).collect()
}

fn face(connector: &Connector) -> String {
    let Connector {
        slug, display_name, hosts, proxy_url, default_scopes, scope_words, scope_includes, headers, ..
    } = connector;
    let Some(Auth::OAuth2(auth)) = connector.ways.first() else { return "no OAuth".to_owned() };
    let who = json!({"sub": "s", "people": [{"id": 1, "mail": "a@keys.test"}, {"id": 2, "me": true}]});
    let also = json!({"sub": "s", "people": [{"id": 1}]});
    let identity = auth.identity.as_ref();
    let identity = identity
        .map(|asked| (&asked.method, &asked.url, &asked.body, &asked.scopes, asked.read(&who), asked.read(&also)));
    let verify = connector.verify.as_ref();
    let verify = verify.map(|verify| (&verify.method, &verify.path, verify.read(&who), verify.read(&also)));
    let ways: Vec<_> =
        connector.ways.iter().map(|way| (way.kind(), asked(way.fields()), way.sends(), signed(way))).collect();
    let own = asked(&connector.account_fields);
    let also_seen = format!("{verify:?}\n{ways:?}\n{own:?}\n");
    also_seen
        + &format!(
            "{slug} {display_name} {hosts:?} {proxy_url} {default_scopes:?} {scope_words:?} {scope_includes:?} {headers:?}\n{:?}\n{:?}\n{:?}\n",
            (&auth.authorize_url, &auth.token_url, auth.token_client_auth, &auth.scope_separator, auth.pkce),
            (&auth.authorize_params, auth.refresh, &auth.revoke, identity, &auth.issuer),
            (&auth.scope_param, &auth.token_in, &auth.ended, auth.token_body),
        )
}

/// What a key pair signs.
fn signed(way: &Auth) -> Option<&Assertion> {
    match way {
        Auth::Minted(minted) => minted.assertion.as_ref(),
        _ => None,
    }
}

/// What a form asks, and what it takes.
fn asked(fields: &[Field]) -> Vec<String> {
    let told = |field: &Field| {
        let tried = ["", "eu", "abc", "a@keys.test"].map(|value| field.check(value));
        let Field { name, label, hint, secret, required, options, .. } = field;
        format!("{name} {label} {hint:?} {secret} {required} {options:?} {tried:?}")
    };
    fields.iter().map(told).collect()
}

/// What becomes of arguments, good ones and bad.
fn arguments(tool: &Tool) -> String {
    let tries = [
        json!({}),
        json!({"limit": 0}),
        json!({"limit": 500}),
        json!({"limit": 2.5}),
        json!({"mode": "c"}),
        json!({"day": "2026-11-22T09:00:00Z"}),
        json!({"name": ""}),
        json!({"name": "abc!"}),
        json!({"name": "abcdefgh"}),
        json!({"tags": ["x"]}),
        json!({"gone": "x", "schema_version": "1"}),
    ];
    tries.iter().map(|given| format!("{given}: {:?}\n", tool.check(given.as_object().unwrap()))).collect()
}

/// What answers a request, and how many rounds there were.
type App = fn(&Request<Bytes>, usize) -> Response<Bytes>;

/// Calls to their end, each with an app that answers in another way.
fn played(tool: &Arc<Tool>) -> String {
    let apps: [(&str, App); 7] = [
        ("good", |request, _| good(request, 9, 10)),
        ("large", |request, _| good(request, 40, 300)),
        ("many", |request, _| good(request, 15, 10)),
        ("slow", |request, asked| if asked > 1 { good(request, 9, 10) } else { failure(420, "slow") }),
        ("slow too", |request, asked| if asked > 1 { good(request, 9, 10) } else { waits(failure(420, "slow")) }),
        ("tea", |_, _| failure(418, "tea")),
        ("uncovered", |_, _| uncovered(failure(403, "no"))),
    ];
    let given = [
        json!({"most": 3, "name": "abc"}),
        json!({"name": "abc", "tags": ["a", "b"]}),
        json!({"most": 3}),
        json!({"name": "abc"}),
        json!({}),
    ];
    let mut all = String::new();
    for (name, app) in apps {
        // The first arguments that the tool takes.
        let Some(given) = given.iter().find_map(|given| tool.check(given.as_object().unwrap()).ok()) else { continue };
        writeln!(all, "{} {name}: {}", tool.definition.name, call(tool, given, app)).unwrap();
    }
    all
}

fn call(tool: &Arc<Tool>, given: Map<String, Value>, app: App) -> String {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let setting = Setting { base_url: None, now, nonce: 1, api_config: Map::new(), work: Work::default() };
    let mut run = tool.start(given, setting).unwrap();
    let (mut told, mut asked, mut replies) = (String::new(), 0, Vec::new());
    loop {
        match run.next(std::mem::take(&mut replies), Duration::from_secs(600)) {
            Step::Send(requests) => {
                writeln!(told, "  {requests:?}").unwrap();
                asked += 1;
                replies = requests.iter().map(|request| Ok(app(request, asked))).collect();
            }
            end => {
                writeln!(told, "  {end:?}").unwrap();
                if !matches!(end, Step::Wait(_)) {
                    return told;
                }
            }
        }
    }
}

/// One thing, or the list of them with texts of that length.
fn good(request: &Request<Bytes>, count: usize, length: usize) -> Response<Bytes> {
    let body = match request.uri().path().rsplit('/').next().unwrap() {
        "2" => return failure(404, "gone"),
        "things" => {
            let thing = |id: usize| json!({"id": id, "key": format!("k{id}"), "raw": "r".repeat(20), "text": "t".repeat(length)});
            let others = [json!({"id": "other"})];
            json!({"items": (0..count).map(thing).collect::<Value>(), "others": others, "n": count, "next": "further"})
        }
        id => json!({"id": id}),
    };
    let further = "<https://api.keys.test/v2/things?per_page=7&page=2>; rel=\"next\"";
    Response::builder().status(200).header("link", further).body(body.to_string().into()).unwrap()
}

fn failure(status: u16, code: &str) -> Response<Bytes> {
    let body = json!({"error": {"code": code, "message": "It is so.", "wait": 2}});
    Response::builder().status(status).body(body.to_string().into()).unwrap()
}

fn uncovered(mut response: Response<Bytes>) -> Response<Bytes> {
    for (name, scope) in [("x-has", "read"), ("x-wants", "write")] {
        response.headers_mut().insert(name, scope.parse().unwrap());
    }
    response
}

fn waits(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert("x-wait", "3".parse().unwrap());
    response
}
