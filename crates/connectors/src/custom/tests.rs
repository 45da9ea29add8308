use crate::auth::{Auth, Discovery, Sent};
use crate::custom::Description;
use crate::file::{AuthKind, Pkce, TokenClientAuth};
use crate::{Connector, Lack};
use serde_json::{Map, Value, json};

fn at(proxy_url: &str, patterns: &Value) -> Result<Connector, String> {
    let described = Description {
        slug: "acme:1",
        display_name: "Acme",
        proxy_url,
        proxy_enabled: true,
        auth_patterns: patterns,
        tools_digest: "",
    };
    Connector::custom(described).map_err(|problem| problem.to_string())
}

fn made(pattern: &Value) -> Connector {
    at("https://api.acme.com/v1", &json!([pattern])).unwrap()
}

fn refused(pattern: &Value) -> String {
    at("https://api.acme.com/v1", &json!([pattern])).unwrap_err()
}

fn key(name: &str) -> Value {
    json!({ "field_name": name, "label": "Key", "input_type": "password", "required": true })
}

/// What a way sends, as place and text; a Basic header as both halves.
fn sends(connector: &Connector) -> Vec<(String, String)> {
    let value = |name: &str| {
        Some(match name {
            "token" | "api_key" | "access_token" => "k-1",
            "username" => "ann",
            "password" => "pass",
            _ => "other",
        })
    };
    let said = |sent: &Sent| match sent {
        Sent::Text(text) => text.fill(value).unwrap(),
        Sent::Basic(user, password) => format!("{}:{}", user.fill(value).unwrap(), password.fill(value).unwrap()),
    };
    let slot = |slot: &crate::Slot| match slot {
        crate::Slot::Header(name) => name.to_string(),
        crate::Slot::Query(name) => format!("?{name}"),
    };
    connector.ways[0].sends().iter().map(|sends| (slot(&sends.slot), said(&sends.value))).collect()
}

fn only(place: &str, text: &str) -> Vec<(String, String)> {
    vec![(place.to_owned(), text.to_owned())]
}

#[test]
fn static_credentials_are_sent_as_the_patterns_say() {
    let bearer = json!({ "type": "BEARER", "fields": [key("token")] });
    assert_eq!(sends(&made(&bearer)), only("authorization", "Bearer k-1"));
    let elsewhere = json!({ "type": "BEARER", "fields": [key("token")], "auth_header_key_override": "X-Token" });
    assert_eq!(sends(&made(&elsewhere)), only("x-token", "Bearer k-1"));
    let raw = json!({ "type": "API_KEY", "fields": [key("api_key")] });
    assert_eq!(sends(&made(&raw)), only("authorization", "k-1"));
    let klaviyo = json!({
        "type": "API_KEY", "fields": [key("api_key")], "auth_header_key_override": "x-api-key",
        "auth_field_mutations": { "api_key": { "prefix": "Klaviyo-API-Key " } },
    });
    assert_eq!(sends(&made(&klaviyo)), only("x-api-key", "Klaviyo-API-Key k-1"));
    let two = json!({ "type": "API_KEY", "fields": [
        { "field_name": "api_key", "header_name": "DD-API-KEY", "input_type": "password" },
        { "field_name": "app", "header_name": "DD-APPLICATION-KEY", "input_type": "password" },
    ] });
    let both = [("dd-api-key", "k-1"), ("dd-application-key", "other")];
    assert_eq!(sends(&made(&two)), both.map(|(place, text)| (place.to_owned(), text.to_owned())));
    let basic = json!({ "type": "BASIC", "fields": [{ "field_name": "username" }, key("password")] });
    assert_eq!(sends(&made(&basic)), only("authorization", "ann:pass"));
    let freshdesk = json!({
        "type": "BASIC", "fields": [key("username")],
        "auth_field_mutations": { "username": { "suffix": "/token" }, "password": { "default": "X" } },
    });
    assert_eq!(sends(&made(&freshdesk)), only("authorization", "ann/token:X"));
    assert_eq!(made(&json!({ "type": "NO_AUTH" })).ways[0].kind(), AuthKind::None);
}

#[test]
fn a_default_stands_in_for_what_may_be_left_out() {
    let pattern = json!({
        "type": "BASIC", "fields": [{ "field_name": "username" }, { "field_name": "password" }],
        "auth_field_mutations": { "password": { "default": "X" } },
    });
    let connector = made(&pattern);
    let fields = connector.ways[0].fields();
    assert_eq!((fields[0].required, fields[0].default.as_deref()), (true, None));
    assert_eq!((fields[1].required, fields[1].default.as_deref()), (false, Some("X")));
}

#[test]
fn oauth_is_what_a_file_would_say() {
    let pattern = json!({ "type": "OAUTH", "oauth_config": {
        "authorize_uri": "https://acme.com/authorize", "token_uri": "https://acme.com/token",
        "user_info_uri": "https://api.acme.com/me", "pkce_enabled": false, "custom_scope_name": "user_scope",
        "token_endpoint_auth_method": "client_secret_basic", "unknown": { "kept": [1] },
        "available_scopes": [
            { "scope": "read", "display_name": "Read", "description": "See what is there", "required": true },
            { "scope": "write", "display_name": "Write" },
        ],
    } });
    let connector = made(&pattern);
    let Auth::OAuth2(oauth) = &connector.ways[0] else { panic!("{connector:?}") };
    assert_eq!(oauth.authorize_url, "https://acme.com/authorize");
    assert_eq!((oauth.pkce, oauth.token_client_auth), (Pkce::None, TokenClientAuth::Basic));
    assert_eq!(oauth.scope_param, "user_scope");
    let identity = oauth.identity.as_ref().unwrap();
    let answer = json!({ "id": 7, "email": "ann@acme.com" });
    assert_eq!(identity.read(&answer), Some(("7".into(), Some("ann@acme.com".into()))));
    assert_eq!(connector.default_scopes, ["read"]);
    assert_eq!(connector.scope_words["read"], "See what is there");
    assert_eq!(sends(&connector), only("authorization", "Bearer k-1"));
}

#[test]
fn access_tokens_without_a_person() {
    let token = json!({ "token_uri": "https://acme.com/token" });
    let machine = made(&json!({ "type": "OAUTH_M2M", "oauth_config": token }));
    assert_eq!((machine.ways[0].kind(), machine.ways[0].fields().len()), (AuthKind::ClientCredentials, 0));
    let own = json!([{ "field_name": "client_id" }, key("client_secret")]);
    let machine = made(&json!({ "type": "OAUTH_M2M", "oauth_config": token, "fields": own }));
    assert_eq!(machine.ways[0].fields().len(), 2);
    let account = json!([{ "field_name": "service_account_json", "input_type": "textarea" }]);
    let account = made(&json!({ "type": "OAUTH_M2M", "oauth_config": token, "fields": account }));
    assert_eq!(account.ways[0].kind(), AuthKind::ServiceAccount);
    let signed = json!({ "token_uri": "https://acme.com/token", "token_endpoint_auth_method": "private_key_jwt" });
    let pair = json!([{ "field_name": "client_id" }, { "field_name": "key_id" }, key("private_key")]);
    let pair = made(&json!({ "type": "OAUTH_M2M", "oauth_config": signed, "fields": pair }));
    let fields: Vec<_> =
        pair.ways[0].fields().iter().map(|one| (one.name.as_str(), one.secret, one.required)).collect();
    assert_eq!(pair.ways[0].kind(), AuthKind::KeyPair);
    assert_eq!(fields, [("client_id", false, true), ("key_id", false, false), ("private_key", true, true)]);
    for (kind, fields) in [("OAUTH_M2M", json!([key("private_key")])), ("OAUTH", json!([]))] {
        let pattern = json!({ "type": kind, "fields": fields, "oauth_config": {
            "authorize_uri": "https://acme.com/a", "token_uri": "https://acme.com/t",
            "token_endpoint_auth_method": "private_key_jwt",
        } });
        let refused = at("https://api.acme.com", &json!([pattern])).unwrap_err();
        assert!(refused.to_string().contains("private_key_jwt"), "{refused}");
    }
    let google = made(&json!({ "type": "GOOGLE_DWD" }));
    assert_eq!((google.ways[0].kind(), google.ways[0].fields()[0].name.as_str()), (AuthKind::GoogleDwd, "subject"));
}

fn config(of: &Value) -> Map<String, Value> {
    of.as_object().unwrap().clone()
}

#[test]
fn account_fields_fill_host_and_path() {
    let patterns = json!([{ "type": "API_KEY", "fields": [
        key("api_key"), { "field_name": "domain", "required": true }, { "field_name": "team", "is_path_param": true },
        { "field_name": "version" },
    ], "allowed_proxy_domains": ["acme.com"] }]);
    let connector = at("https://{{domain}}:8443/teams/{{team}}/", &patterns).unwrap();
    let names: Vec<_> = connector.account_fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["domain", "team", "version"]);
    let base = |of: Value| connector.own_origin(&config(&of)).map(Option::unwrap);
    assert_eq!(
        base(json!({ "domain": "Box.acme.com", "team": "a b" })).unwrap(),
        "https://box.acme.com:8443/teams/a%20b/"
    );
    let variables = json!({ "domain": "acme.com", "path_variables": { "team": "7" } });
    assert_eq!(base(variables.clone()).unwrap(), "https://acme.com:8443/teams/7/");
    assert_eq!(connector.hosts_of(&config(&variables)), ["acme.com:8443"]);
    assert_eq!(base(json!({ "domain": "acme.com" })).unwrap_err().lack, Lack::Value);
    for domain in ["evil.com", "acme.com.evil.com", "notacme.com"] {
        let of = json!({ "domain": domain, "team": "7" });
        assert_eq!(base(of.clone()).unwrap_err().lack, Lack::Allowed(domain.to_owned()), "{domain}");
        assert!(connector.hosts_of(&config(&of)).is_empty(), "{domain}");
    }
    let fixed = at("https://api.acme.com:8443/v1/", &json!([{ "type": "NO_AUTH" }])).unwrap();
    assert_eq!(fixed.own_origin(&Map::new()), Ok(Some("https://api.acme.com:8443/v1/".into())));
    assert_eq!(fixed.hosts_of(&Map::new()), ["api.acme.com:8443"]);
}

#[test]
fn attack_60_no_value_of_an_account_leads_elsewhere() {
    let patterns = json!([{ "type": "API_KEY", "fields": [key("api_key"), { "field_name": "domain" }, { "field_name": "team" }] }]);
    let connector = at("https://{{domain}}.acme.com/{{team}}", &patterns).unwrap();
    let base = |domain: &str, team: &str| connector.own_origin(&config(&json!({ "domain": domain, "team": team })));
    assert!(base("box", "7").is_ok());
    for domain in
        ["evil.com/", "evil.com#", "a@evil.com", "evil.com:443/", "a\r\nb", "", "a b", "a%2e", "[::1]", "{{x}}", "-"]
    {
        assert!(base(domain, "7").is_err(), "{domain:?}");
    }
    for team in ["..", ".", "..;x", "a/b", "a\\b", "%2e%2e", "a\r\nx: y", "", "a\u{0}"] {
        assert!(base("box", team).is_err(), "{team:?}");
    }
    assert_eq!(base("box", "?a=1#b&{c}").unwrap().unwrap(), "https://box.acme.com/%3Fa%3D1%23b%26%7Bc%7D");
}

#[test]
fn what_an_address_may_not_be_is_said() {
    let key_alone = json!([{ "type": "API_KEY", "fields": [key("api_key"), { "field_name": "domain" }] }]);
    for (address, why) in [
        ("http://api.acme.com", "must begin with https://"),
        ("https://", "is not a web address"),
        ("https://api.acme.com/a?x=1", "a query"),
        ("https://api.acme.com/#a", "a fragment"),
        ("https://user@api.acme.com", "a user name"),
        ("https://api.acme.com/../x", "segments"),
        ("https://api.acme.com/%2e%2E/x", "segments"),
        ("https://api.acme.com/a b", "a blank"),
        ("https://api.acme.com/a\r\nb", "a control character"),
        ("https://api.acme.com\\x", "a backslash"),
        ("https://API.acme.com", "lower case"),
        ("https://{{domain}.acme.com", "{{ without }}"),
        ("https://{domain}.acme.com", "belongs to no {{name}}"),
        ("https://{{a b}}.acme.com", "the name of a field"),
        ("https://{{tenant}}.acme.com", "is no field"),
        ("https://{{api_key}}.acme.com", "is a password"),
        ("https://api.acme.com:{{domain}}/", "is not a web address"),
    ] {
        let said = at(address, &key_alone).unwrap_err();
        assert!(said.starts_with("proxy_url: ") && said.contains(why), "{address}: {said}");
    }
    assert!(at("https://{{domain}}/api", &key_alone).is_ok(), "an account's own key goes where its owner says");
    let token = json!([{ "type": "OAUTH_M2M", "oauth_config": { "token_uri": "https://acme.com/token" },
        "account_fields": [{ "field_name": "domain" }] }]);
    let said = at("https://{{domain}}/api", &token).unwrap_err();
    assert!(said.contains("lets an account choose the whole host"), "{said}");
    assert!(at("https://{{domain}}.acme.com/api", &token).is_ok());
    let outside = json!([{ "type": "NO_AUTH", "allowed_proxy_domains": ["other.com"] }]);
    assert!(at("https://api.acme.com", &outside).unwrap_err().contains("allowed_proxy_domains"));
}

#[test]
fn what_a_pattern_may_not_say_is_said_with_its_place() {
    let cases = [
        (json!("BEARER"), "auth_patterns[0]: is not an object"),
        (json!({}), "auth_patterns[0].type: is missing"),
        (json!({ "type": "OAUTH1" }), "auth_patterns[0].type: `OAUTH1` is none of OAUTH"),
        (json!({ "type": "BEARER" }), "auth_patterns[0].fields: has no field for the token"),
        (json!({ "type": "BASIC", "fields": [key("token")] }), "auth_patterns[0].fields: has no field named username"),
        (json!({ "type": "NO_AUTH", "fields": [key("token")] }), "auth_patterns[0].fields: is not empty"),
        (json!({ "type": "BEARER", "fields": "token" }), "auth_patterns[0].fields: invalid type"),
        (
            json!({ "type": "BEARER", "fields": [{ "field_name": 7 }] }),
            "auth_patterns[0].fields[0].field_name: invalid type",
        ),
        (json!({ "type": "BEARER", "fields": [key("a b")] }), "auth_patterns[0].fields[0].field_name: is 1 to 60"),
        (json!({ "type": "BEARER", "fields": [key("token"), key("token")] }), "stands there twice"),
        (json!({ "type": "BEARER", "fields": [key("token"), key("spare")] }), "`spare` is a password of which nothing"),
        (json!({ "type": "OAUTH" }), "auth_patterns[0].oauth_config: is missing"),
        (json!({ "type": "OAUTH", "oauth_config": {} }), "auth_patterns[0].oauth_config.authorize_uri: is missing"),
        (
            json!({ "type": "OAUTH", "oauth_config": { "authorize_uri": "javascript:alert(1)", "token_uri": "https://a.b" } }),
            "auth_patterns[0].oauth_config.authorize_uri: is not an https address",
        ),
        (
            json!({ "type": "OAUTH", "oauth_config": { "authorize_uri": "https://{{d}}.acme.com", "token_uri": "https://a.b" } }),
            "auth_patterns[0].oauth_config.authorize_uri: `{{d}}` is no field",
        ),
        (json!({ "type": "OAUTH_M2M" }), "auth_patterns[0].oauth_config.token_uri: is missing"),
        (
            json!({ "type": "BEARER", "fields": [key("token")], "allowed_proxy_domains": ["https://acme.com"] }),
            "auth_patterns[0].allowed_proxy_domains[0]: `https://acme.com` is not a plain domain",
        ),
        (
            json!({ "type": "BEARER", "fields": [key("token")], "allowed_proxy_domains": ["com"] }),
            "`com` is not a plain domain",
        ),
    ];
    for (pattern, why) in cases {
        let said = refused(&pattern);
        assert!(said.contains(why), "{pattern}: {said}");
    }
    assert!(at("https://a.com", &json!([])).unwrap_err().contains("has 0 patterns"));
    assert!(at("https://a.com", &json!({})).unwrap_err().contains("is not a list"));
    let twice = json!([{ "type": "NO_AUTH" }, { "type": "NO_AUTH" }]);
    assert!(at("https://a.com", &twice).unwrap_err().starts_with("auth_patterns[1].type: is the same"));
}

#[test]
fn attack_76_nothing_that_is_said_becomes_another_header() {
    let with = |member: &str, value: Value| {
        let mut pattern = json!({ "type": "API_KEY", "fields": [key("api_key")] });
        pattern[member] = value;
        refused(&pattern)
    };
    for name in
        ["x\r\ny: z", "x y", "x:", "host", "Content-Length", "transfer-encoding", "proxy-authorization", "\u{e9}"]
    {
        let said = with("auth_header_key_override", json!(name));
        assert!(said.contains("auth_header_key_override") && said.contains("no name of a header"), "{name:?}: {said}");
        let said = with("fields", json!([{ "field_name": "api_key", "header_name": name }]));
        assert!(said.contains("header_name") && said.contains("no name of a header"), "{name:?}: {said}");
    }
    for text in ["a\r\nb: c", "a\nb", "a\0", "{token}", "\u{e9}"] {
        for member in ["prefix", "suffix", "default"] {
            let said = with("auth_field_mutations", json!({ "api_key": { member: text } }));
            let place = format!("auth_patterns[0].auth_field_mutations.api_key.{member}");
            assert!(said.starts_with(&place), "{text:?}: {said}");
        }
    }
}

#[test]
fn an_mcp_server_says_so_and_its_endpoints_are_found_later() {
    let pattern = json!({ "type": "OAUTH", "is_mcp": true, "oauth_config": { "pkce_enabled": true } });
    let connector = at("https://mcp.acme.com/mcp/", &json!([pattern])).unwrap();
    assert!(connector.custom.as_ref().unwrap().is_mcp);
    let remote = connector.remote.as_ref().unwrap();
    assert_eq!(remote.address(None), "https://mcp.acme.com/mcp/", "a slash at the end may mean something there");
    assert_eq!(remote.prefix("acme:1", "DESK"), "c-DESK");
    assert_eq!(
        (connector.own_origin(&Map::new()), connector.hosts_of(&Map::new())),
        (Ok(None), vec!["mcp.acme.com".into()])
    );
    let Auth::OAuth2(oauth) = &connector.ways[0] else { panic!("{connector:?}") };
    assert_eq!(oauth.discovery, Some(Discovery::Whole));
    let of_each = json!([{ "type": "BEARER", "is_mcp": true, "fields": [key("token"), { "field_name": "tenant" }] }]);
    let connector = at("https://{{tenant}}.acme.com/mcp", &of_each).unwrap();
    let base = connector.own_origin(&config(&json!({ "tenant": "box" }))).unwrap();
    let remote = connector.remote.as_ref().unwrap();
    assert_eq!(remote.address(base.as_deref()), "https://box.acme.com/mcp");
    assert_eq!((remote.origin(), remote.shown()), (None, "https://{{tenant}}.acme.com/mcp".into()));
    let with_port = at("https://mcp.acme.com:8443/mcp", &json!([{ "type": "NO_AUTH", "is_mcp": true }])).unwrap();
    assert_eq!(with_port.remote.as_ref().unwrap().address(None), "https://mcp.acme.com:8443/mcp");
    assert_eq!(with_port.hosts_of(&Map::new()), ["mcp.acme.com:8443"]);
}

#[test]
fn where_people_sign_in_is_asked_of_one_server_only() {
    let pattern = |authorize: &str, token: &str| {
        json!([{ "type": "OAUTH", "is_mcp": true, "account_fields": [{ "field_name": "tenant" }],
            "oauth_config": { "authorize_uri": authorize, "token_uri": token } }])
    };
    let of_each = |authorize: &str, token: &str| at("https://{{tenant}}.acme.com/mcp", &pattern(authorize, token));
    assert!(of_each("https://acme.com/a", "https://acme.com/t").is_ok());
    assert!(of_each("", "").unwrap_err().contains("auth_patterns[0].oauth_config.authorize_uri"));
    let half = at("https://mcp.acme.com/mcp", &pattern("", "https://acme.com/t")).unwrap_err();
    assert!(half.contains("auth_patterns[0].oauth_config.authorize_uri"), "one without the other is found nowhere");
}

fn tenant(oauth: &Value) -> Value {
    json!({ "type": "OAUTH", "oauth_config": oauth, "account_fields": [{ "field_name": "tenant" }] })
}

#[test]
fn oauth_endpoints_are_filled_with_what_an_account_says() {
    let written =
        ["https://{{tenant}}.acme.com/authorize?access_type=offline", "https://login.acme.com:8443/{{tenant}}/token"];
    let connector = made(&tenant(&json!({ "authorize_uri": written[0], "token_uri": written[1] })));
    let Auth::OAuth2(oauth) = &connector.ways[0] else { panic!("{connector:?}") };
    assert_eq!([oauth.authorize_url.as_str(), oauth.token_url.as_str()], written, "as it was said");
    assert!(connector.account_fields[0].required, "nobody signs in without it");
    let of = |tenant: &str, written: &str| {
        connector.endpoint(written, &config(&json!({ "tenant": tenant }))).map(|url| url.into_owned())
    };
    assert_eq!(of("Box-1", written[0]).unwrap(), "https://box-1.acme.com/authorize?access_type=offline");
    assert_eq!(of("Box 1", written[1]).unwrap(), "https://login.acme.com:8443/Box%201/token");
    assert_eq!(connector.written_origin(written[0]), Some("https://{tenant}.acme.com"));
    assert_eq!(connector.written_origin(written[1]), Some("https://login.acme.com:8443"));
    let lacks = connector.endpoint(written[0], &Map::new()).unwrap_err();
    assert_eq!((lacks.field.as_str(), lacks.lack), ("tenant", Lack::Value));
    let other = "https://{{tenant}}.other.com/token";
    assert_eq!(of("box", other).unwrap(), other, "what the provider did not say is filled by nobody");
}

#[test]
fn attack_60_no_account_leads_a_clients_secret_elsewhere() {
    let connector = made(&tenant(&json!({
        "authorize_uri": "https://acme.com/{{tenant}}", "token_uri": "https://{{tenant}}.acme.com/token"
    })));
    for lure in [
        "evil.test/",
        "evil.test#",
        "evil.test?",
        "evil.test\\",
        "a@evil.test",
        "evil.test:443",
        ".",
        "a%2e",
        "",
        "\u{e9}",
    ] {
        let said = connector.endpoint("https://{{tenant}}.acme.com/token", &config(&json!({ "tenant": lure })));
        assert!(said.is_err(), "{lure:?}: {said:?}");
    }
    for lure in ["..", ".", "a/b", "a\\b", "%2e%2e", "..;a", "a\nb"] {
        let said = connector.endpoint("https://acme.com/{{tenant}}", &config(&json!({ "tenant": lure })));
        assert!(said.is_err(), "{lure:?}: {said:?}");
    }
    for (address, why) in [
        ("https://{{tenant}}/token", "whole host"),
        ("https://{{tenant}}.com/token", "whole host"),
        ("https://acme.com.{{tenant}}/token", "whole host"),
        ("https://{{tenant}}.acme.com/token?a={{tenant}}", "in its query"),
        ("https://{{tenant}}.acme.com?a=b", "no fragment, no @"),
        ("https://{{tenant}}.acme.com/../x", "segments"),
        ("https://{{tenant}}.acme.com:443/x", "no port that is usual"),
        ("https://{{tenant}}.ACME.com/x", "lower case"),
        ("http://{{tenant}}.acme.com/x", "is not an https address"),
        ("https://u{{tenant}}@acme.com/x", "is not an https address"),
        ("https://{tenant}.acme.com/x", "belongs to no {{name}}"),
        ("javascript:{{tenant}}", "is not an https address"),
    ] {
        let said = refused(&tenant(&json!({ "authorize_uri": "https://acme.com/authorize", "token_uri": address })));
        assert!(
            said.starts_with("auth_patterns[0].oauth_config.token_uri: ") && said.contains(why),
            "{address}: {said}"
        );
    }
    let masked = json!([{ "type": "OAUTH", "account_fields": [{ "field_name": "tenant", "input_type": "password" }],
        "oauth_config": { "authorize_uri": "https://acme.com", "token_uri": "https://{{tenant}}.acme.com" } }]);
    assert!(at("https://api.acme.com", &masked).unwrap_err().contains("is a password"));
}

#[test]
fn no_word_that_people_read_holds_what_they_cannot_see() {
    let field = |label: &str, hint: &str| json!({ "type": "API_KEY", "fields": [{ "field_name": "api_key", "label": label, "hint": hint }] });
    let scope = |words: &str| {
        json!({ "type": "OAUTH", "oauth_config": {
            "authorize_uri": "https://acme.com/authorize", "token_uri": "https://acme.com/token",
            "available_scopes": [{ "scope": "read", "display_name": words }],
        } })
    };
    made(&field("Clé", "de l'API"));
    made(&scope("Lire"));
    for hidden in ["a\u{202e}b", "a\u{200b}b", "\u{e0041}", "\u{3164}", "\u{2028}", "\u{7f}"] {
        for hiding in [field(hidden, ""), field("", hidden), scope(hidden)] {
            assert!(refused(&hiding).contains("one line"), "{hiding}");
        }
    }
}
