//! Every method that is served is called here by REST, once so that it does what it says and once so that it refuses.
//! What was called is noted from the answers' routes, so a method that is added and not called fails the test.

use crate::kit::Kit;
use crate::shelf::Shelf;
use serde_json::{Value, json};
use valetkey_api::{Wire, doors};

#[tokio::test]
async fn every_served_method_was_seen_to_succeed_and_to_refuse() {
    let shelf = Shelf::new().await;
    let kit = &shelf.kit;
    connections(kit).await;
    organizations(kit).await;
    providers(kit).await;
    accounts(&shelf).await;
    servers(kit).await;
    tools(&shelf).await;
    verification(&shelf).await;
    logs(kit).await;
    why(&shelf).await;
    events(kit).await;
    let served = doors().unwrap().into_iter().filter(|door| door.wire == Wire::Grpc && door.implemented);
    let methods: Vec<String> = served.map(|door| door.method).filter(|method| !method.is_empty()).collect();
    assert!(methods.len() > 30, "{methods:?}");
    let lacking = |method: &&String| kit.seen(method) != (true, true);
    let lacking: Vec<_> = methods.iter().filter(lacking).map(|method| (method, kit.seen(method))).collect();
    assert!(
        lacking.is_empty(),
        "called neither with success nor with a refusal, or not with both (done, refused): {lacking:#?}"
    );
}

/// Calls what must be done, then the same method so that it refuses.
async fn both(kit: &Kit, verb: &str, done: (&str, Value), refused: (&str, Value)) -> Value {
    let answer = kit.rest(verb, done.0, done.1).await;
    assert_eq!(answer.status, 200, "{verb} {}: {answer:?}", done.0);
    let refusal = kit.rest(verb, refused.0, refused.1).await;
    assert!((400..500).contains(&refusal.status.as_u16()), "{verb} {}: {refusal:?}", refused.0);
    assert!(refusal.json["message"].as_str().is_some_and(|said| said.len() > 10), "{refusal:?}");
    answer.json
}

async fn connections(kit: &Kit) {
    let new = |key: &str| json!({ "provider_key": "GMAIL", "type": "OAUTH", "key_id": key });
    let all = "/api/v1/connections";
    let made = both(kit, "POST", (all, new("MAIL")), (all, new("mail"))).await;
    let one = format!("{all}/{}", made.pointer("/connection/id").unwrap().as_str().unwrap());
    let none = format!("{all}/conn_none");
    let at = |path: &str, verb: &str| format!("{path}:{verb}");
    both(kit, "GET", (&one, Value::Null), (&none, Value::Null)).await;
    let oauth = json!({ "provider_key": "GMAIL", "oauth_config": { "client_id": "id", "client_secret": "secret" } });
    both(kit, "PATCH", (&one, oauth.clone()), (&none, oauth)).await;
    both(kit, "PATCH", (&at(&one, "disable"), Value::Null), (&at(&none, "disable"), Value::Null)).await;
    both(kit, "PATCH", (&at(&one, "enable"), Value::Null), (&at(&none, "enable"), Value::Null)).await;
    both(kit, "GET", (all, Value::Null), (&format!("{all}?page_token=garbage"), Value::Null)).await;
    let apps = "/api/v1/connections/app";
    both(kit, "GET", (apps, Value::Null), (&format!("{apps}?page_token=garbage"), Value::Null)).await;
    let spare = kit.rest("POST", all, new("SPARE")).await.json;
    let spare = format!("{all}/{}", spare.pointer("/connection/id").unwrap().as_str().unwrap());
    both(kit, "DELETE", (&spare, Value::Null), (&none, Value::Null)).await;
}

async fn why(shelf: &Shelf) {
    let (kit, path) = (&shelf.kit, "/api/v1/agentkit/why");
    let about = json!({ "connected_account_id": shelf.account });
    let answer = both(kit, "POST", (path, about.clone()), (path, json!({ "connected_account_id": "ca_none" }))).await;
    let steps = answer["steps"].as_array().unwrap();
    assert!(answer["works"] == true && steps.iter().all(|step| step["state"] != "stops"), "{answer}");
    let nobody = json!({ "connection_name": "MAIL", "identifier": "nobody-yet" });
    let stopped = kit.rest("POST", path, nobody).await.json;
    let stops = stopped["steps"].as_array().unwrap().iter().find(|step| step["state"] == "stops").unwrap();
    assert_eq!((&stopped["works"], &stops["part"]), (&json!(false), &json!("Account")), "{stopped}");
    assert_eq!(stops.pointer("/mend/link/identifier"), Some(&json!("nobody-yet")), "{stopped}");
    for (wrong, word) in [
        (json!({}), "exactly one"),
        (json!({ "instance_id": "inst_1", "mcp_url": "vkm_1" }), "exactly one"),
        (json!({ "connection_name": "MAIL" }), "identifier is missing"),
        (json!({ "instance_id": "inst_1", "identifier": "eve" }), "identifier"),
        (json!({ "instance_id": "inst_1", "session_token": "eyJ" }), "session_token"),
    ] {
        let refused = kit.rest("POST", path, wrong.clone()).await;
        assert!(
            refused.status == 400 && refused.json["message"].as_str().unwrap().contains(word),
            "{wrong}: {refused:?}"
        );
    }
}

async fn organizations(kit: &Kit) {
    let all = "/api/v1/organizations";
    let new = |id: &str| json!({ "display_name": "Acme", "external_id": id, "metadata": { "plan": "gold" } });
    let made = both(kit, "POST", (all, new("acme")), (all, new("acme"))).await;
    let one = format!("{all}/{}", made.pointer("/organization/id").unwrap().as_str().unwrap());
    let none = format!("{all}/org_none");
    both(kit, "GET", (&one, Value::Null), (&none, Value::Null)).await;
    let external = |id: &str| format!("{all}:external/{id}");
    both(kit, "GET", (&external("acme"), Value::Null), (&external("none"), Value::Null)).await;
    let name = json!({ "display_name": "Acme Ltd" });
    let changed = both(kit, "PATCH", (&one, name.clone()), (&none, name)).await;
    assert_eq!(changed.pointer("/organization/metadata/plan"), Some(&json!("gold")), "{changed}");
    let cleared = kit.rest("PATCH", &format!("{one}?update_mask=metadata"), json!({})).await.json;
    assert_eq!(cleared.pointer("/organization/metadata"), Some(&json!({})), "{cleared}");
    both(kit, "GET", (all, Value::Null), (&format!("{all}?page_token=garbage"), Value::Null)).await;
    let search = |query: &str| format!("{all}:search?query={query}");
    both(kit, "GET", (&search("cme%20lt"), Value::Null), (&search("ac"), Value::Null)).await;
    both(kit, "DELETE", (&one, Value::Null), (&one, Value::Null)).await;
}

async fn providers(kit: &Kit) {
    let all = "/api/v1/custom-providers";
    let field = json!({ "field_name": "api_key", "input_type": "password", "theirs": [1, null] });
    let pattern = |kind: &str| json!([{ "type": kind, "fields": [field], "unknown": { "kept": 2.5 } }]);
    let new = |kind: &str| {
        json!({ "display_name": "Acme Desk", "proxy_url": "https://api.acme.com/v1", "proxy_enabled": true,
            "auth_patterns": pattern(kind), "metadata": { "plan": "gold" } })
    };
    let made = both(kit, "POST", (all, new("API_KEY")), (all, new("MAGIC"))).await;
    let made = &made["provider"];
    assert_eq!((&made["auth_patterns"], &made["is_custom"]), (&pattern("API_KEY"), &json!(true)), "{made}");
    let (one, none) = (format!("{all}/{}", made["identifier"].as_str().unwrap()), format!("{all}/ACME:1"));
    let change = json!({ "display_name": "Acme Desks", "proxy_url": "https://api.acme.com/v1" });
    let changed = both(kit, "PUT", (&one, change.clone()), (&none, change)).await;
    let changed = &changed["provider"];
    assert_eq!((&changed["auth_patterns"], &changed["metadata"]), (&made["auth_patterns"], &json!({})), "{changed}");
    assert_eq!(changed["proxy_enabled"], true, "absent is not off");
    let list = "/api/v1/providers";
    let shown = both(kit, "GET", (list, Value::Null), (&format!("{list}?page_token=garbage"), Value::Null)).await;
    assert!(shown["providers"].as_array().unwrap().iter().all(|one| one["is_custom"] == false), "{shown}");
    let custom = kit.rest("GET", &format!("{list}?filter.provider_type=CUSTOM"), Value::Null).await.json;
    assert_eq!((&custom["providers"][0]["identifier"], &custom["total_size"]), (&made["identifier"], &json!(1)));
    let shipped = kit.rest("DELETE", &format!("{all}/GMAIL"), Value::Null).await;
    assert!(shipped.status == 501 && shipped.json["message"].as_str().unwrap().contains("GMAIL"), "{shipped:?}");
    both(kit, "DELETE", (&one, Value::Null), (&one, Value::Null)).await;
}

async fn accounts(shelf: &Shelf) {
    let (kit, all) = (&shelf.kit, "/api/v1/connected_accounts");
    let at = |connector: &str| json!({ "connector": connector, "identifier": "eve", "connected_account": {} });
    let made = both(kit, "POST", (all, at("MAIL")), (all, at("MALE"))).await;
    let id = made.pointer("/connected_account/id").unwrap().as_str().unwrap();
    let (one, none) = (format!("{all}/{id}"), format!("{all}/ca_none"));
    both(kit, "GET", (all, Value::Null), (&format!("{all}?page_token=garbage"), Value::Null)).await;
    both(kit, "GET", (&one, Value::Null), (&none, Value::Null)).await;
    let search = |token: &str| format!("{all}:search?query=eve&page_token={token}");
    both(kit, "GET", (&search(""), Value::Null), (&search("garbage"), Value::Null)).await;
    let by = |path: &str, id: &str| format!("{all}/{path}?id={id}");
    both(kit, "GET", (&by("details", id), Value::Null), (&by("details", "ca_none"), Value::Null)).await;
    both(kit, "GET", (&by("auth", &shelf.account), Value::Null), (&by("auth", "ca_none"), Value::Null)).await;
    let change = |id: &str| json!({ "id": id, "connected_account": { "api_config": { "domain": "acme" } } });
    both(kit, "PUT", (all, change(id)), (all, change("ca_none"))).await;
    let link = format!("{all}/magic_link");
    both(kit, "POST", (&link, json!({ "id": id })), (&link, json!({ "id": "ca_none" }))).await;
    let end = |of: &str| format!("{of}:disconnect");
    both(kit, "POST", (&end(&one), json!({})), (&end(&none), json!({}))).await;
    let delete = format!("{all}:delete");
    both(kit, "POST", (&delete, json!({ "id": id })), (&delete, json!({ "id": "ca_none" }))).await;
}

/// Of a config that is at its second version.
async fn versions(kit: &Kit, one: &str, none: &str) {
    let at = |of: &str, query: &str| format!("{of}/versions{query}");
    let listed = both(kit, "GET", (&at(one, "?page_size=1"), Value::Null), (&at(none, ""), Value::Null)).await;
    let newest = &listed["versions"][0];
    assert_eq!((&newest["version"], &newest["current"]), (&json!(2), &json!(true)), "{listed}");
    assert_eq!((&newest["description"], &newest["connections"]), (&json!("for tests"), &json!(1)));
    let token = listed["next_page_token"].as_str().unwrap();
    let rest = kit.rest("GET", &at(one, &format!("?page_token={token}")), Value::Null).await.json;
    assert_eq!((&rest["versions"][0]["version"], &rest["next_page_token"]), (&json!(1), &json!("")), "{rest}");
    assert_eq!(kit.rest("GET", &at(one, "?page_token=x"), Value::Null).await.status, 400);
    let compared = at(one, ":compare");
    let first = at(one, ":compare?to_version=1");
    let difference = both(kit, "GET", (&compared, Value::Null), (&first, Value::Null)).await;
    assert_eq!(difference["description"], json!({ "before": "", "after": "for tests" }), "{difference}");
    assert_eq!((&difference["from_version"], &difference["connections"]), (&json!(1), &json!([])));
    let back = format!("{one}:roll_back");
    let done = both(kit, "POST", (&back, json!({ "version": 1 })), (&back, json!({ "version": 9 }))).await;
    assert_eq!(done["version"], 3);
    assert_eq!(kit.rest("POST", &back, json!({})).await.status, 400, "to which?");
    let now = kit.rest("GET", one, Value::Null).await.json;
    assert_eq!(now.pointer("/config/description"), Some(&json!("")), "{now}");
}

async fn servers(kit: &Kit) {
    let all = "/api/v1/mcp/configs";
    let new = |name: &str| json!({ "name": name, "connection_tool_mappings": [{ "connection_name": "MAIL" }] });
    let made = both(kit, "POST", (all, new("agent")), (all, new("Agent"))).await;
    let config = made.pointer("/config/id").unwrap().as_str().unwrap();
    let (one, none) = (format!("{all}/{config}"), format!("{all}/cfg_none"));
    both(kit, "GET", (all, Value::Null), (&format!("{all}?page_size=31"), Value::Null)).await;
    both(kit, "GET", (&one, Value::Null), (&none, Value::Null)).await;
    let change = json!({ "description": "for tests" });
    both(kit, "PUT", (&one, change.clone()), (&none, change)).await;
    versions(kit, &one, &none).await;
    let accounts = |of: &str| format!("{of}/connected_accounts");
    let whose = json!({ "identifier": "eve" });
    both(kit, "POST", (&accounts(&one), whose.clone()), (&accounts(&none), whose)).await;
    let all = "/api/v1/mcp/instances";
    let wanted = |config: &str| json!({ "config_name": config, "user_identifier": "eve" });
    let made = both(kit, "POST", (all, wanted("agent")), (all, wanted("none"))).await;
    let instance = made.pointer("/instance/id").unwrap().as_str().unwrap();
    let (own, nobodys) = (format!("{all}/{instance}"), format!("{all}/inst_none"));
    both(kit, "GET", (all, Value::Null), (&format!("{all}?page_token=garbage"), Value::Null)).await;
    both(kit, "GET", (&own, Value::Null), (&nobodys, Value::Null)).await;
    let name = json!({ "name": "eve's" });
    both(kit, "PATCH", (&own, name.clone()), (&nobodys, name)).await;
    let state = |of: &str| format!("{of}:get_auth_state");
    both(kit, "POST", (&state(&own), Value::Null), (&state(&nobodys), Value::Null)).await;
    both(kit, "DELETE", (&own, Value::Null), (&nobodys, Value::Null)).await;
    both(kit, "DELETE", (&one, Value::Null), (&none, Value::Null)).await;
}

async fn verification(shelf: &Shelf) {
    let request = shelf.signed_in("bea", "https://our.app/verify?page=1").await;
    let verify = "/api/v1/connected_accounts/user/verify";
    let as_user = |user: &str| json!({ "auth_request_id": request, "identifier": user });
    let another = shelf.kit.rest("POST", verify, as_user("ann")).await;
    assert_eq!(another.status, 403, "the link was bea's: {another:?}");
    both(&shelf.kit, "POST", (verify, as_user("bea")), (verify, as_user("bea"))).await;
    let bea = "/api/v1/connected_accounts/details?connector=MY_SHELF&identifier=bea";
    let account = shelf.kit.rest("GET", bea, Value::Null).await.json;
    assert_eq!(account["connected_account"]["status"], "ACTIVE", "{account}");
}

async fn tools(shelf: &Shelf) {
    let (kit, all) = (&shelf.kit, "/api/v1/tools");
    let tokens = |connection: &str| format!("/api/v1/mcp/connections/{connection}/tokens");
    let whose = json!({ "identifier": "ann" });
    both(kit, "POST", (&tokens("MY_SHELF"), whose.clone()), (&tokens("NONE"), whose)).await;
    both(kit, "GET", (all, Value::Null), (&format!("{all}?page_token=garbage"), Value::Null)).await;
    for list in ["scoped", "available"] {
        let of = |user: &str| format!("{all}/{list}?identifier={user}");
        both(kit, "GET", (&of("ann"), Value::Null), (&of(""), Value::Null)).await;
    }
    let search = format!("{all}:search");
    both(kit, "POST", (&search, json!({ "query": "read a book" })), (&search, json!({}))).await;
    let call = |tool: &str| json!({ "tool_name": tool, "identifier": "ann", "params": { "id": "emma" } });
    let execute = "/api/v1/execute_tool";
    both(kit, "POST", (execute, call("shelf_get_book")), (execute, call("shelf_book_get"))).await;
    let (refresh, served) = (format!("{all}:refresh"), shelf.served().await);
    let of = |account: &str| json!({ "connected_account_id": account });
    let anew = both(kit, "POST", (&refresh, of(&served)), (&refresh, of(&shelf.account))).await;
    let name = |tool: &Value| tool.pointer("/definition/name").unwrap().as_str().unwrap().to_owned();
    let names: Vec<String> = anew["tools"].as_array().unwrap().iter().map(name).collect();
    assert_eq!((names, &anew["total_size"]), (vec!["apifymcp_shelve".into(), "apifymcp_unshelve".into()], &json!(2)));
}

/// After `tools`, which has called one.
async fn logs(kit: &Kit) {
    let all = "/api/v1/agentkit/tool_call_logs";
    let listed = both(kit, "GET", (all, Value::Null), (&format!("{all}?page_token=garbage"), Value::Null)).await;
    let [call] = listed["tool_call_logs"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&call["tool_name"], &call["source"]), (&json!("shelf_get_book"), &json!("API")));
    let one = format!("{all}/{}", call["execution_id"].as_str().unwrap());
    let got = both(kit, "GET", (&one, Value::Null), (&format!("{all}/exec_none"), Value::Null)).await;
    assert_eq!(&got, call);
    let of = |from: &str| {
        format!("/api/v1/agentkit/analytics/overview?start_time={from}T00:00:00Z&end_time=2026-10-01T00:00:00Z")
    };
    both(kit, "GET", (&of("2026-09-01"), Value::Null), (&of("2026-10-02"), Value::Null)).await;
}

/// After `accounts`, which has made one and ended it.
async fn events(kit: &Kit) {
    let all = "/api/v1/events/paginated";
    let of = |kind: &str| json!({ "event_types": [kind] });
    let done = of("connected_account.deleted");
    let listed = both(kit, "POST", (all, done), (all, of("connected_account.delete"))).await;
    let [event] = listed["events"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&event["object"], &event["data"]["identifier"]), (&json!("ConnectedAccount"), &json!("eve")));
}
