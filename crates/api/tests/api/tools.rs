//! Lists of tools and the search.

use crate::shelf::Shelf;
use serde_json::{Value, json};

impl Shelf {
    async fn got(&self, path: &str) -> Value {
        let answer = self.kit.rest("GET", path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json
    }

    async fn refused(&self, path: &str) -> (u16, String) {
        let answer = self.kit.rest("GET", path, Value::Null).await;
        (answer.status.as_u16(), answer.json["message"].as_str().unwrap_or_default().to_owned())
    }
}

fn names(answer: &Value) -> Vec<String> {
    let tools = answer["tools"].as_array().unwrap().iter();
    let name =
        |tool: &Value| tool.pointer("/tool/definition/name").or_else(|| tool.pointer("/definition/name")).cloned();
    tools.map(|tool| name(tool).unwrap().as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_catalogue_is_listed_by_filter() {
    let shelf = Shelf::new().await;
    let all = shelf.got("/api/v1/tools").await;
    let total = all["total_size"].as_u64().unwrap();
    assert!(total > 10 && all["tool_names"] == json!([]), "{total}");
    assert!(names(&all).is_sorted());
    let ours = ["shelf_add_book", "shelf_get_book"];
    for filter in [
        "provider=SHELF",
        "provider=shelf",
        "connector=my_shelf",
        "query=shelf%20book",
        "query=book_shelf",
        "tool_name=shelf_get_book&filter.tool_name=shelf_add_book&filter.tool_name=none",
        &format!("connected_account_id={}", shelf.account),
    ] {
        let listed = shelf.got(&format!("/api/v1/tools?filter.{filter}")).await;
        assert_eq!((names(&listed), &listed["total_size"]), (ours.map(str::to_owned).to_vec(), &json!(2)), "{filter}");
    }
    let summary = shelf.got("/api/v1/tools?filter.provider=SHELF&filter.summary=true").await;
    assert_eq!((&summary["tool_names"], &summary["tools"]), (&json!(ours), &json!([])));
    assert_eq!(names(&shelf.got("/api/v1/tools?filter.provider=NOBODY").await), Vec::<String>::new());
    let (status, said) = shelf.refused("/api/v1/tools?filter.connector=MY_SHLEF").await;
    assert!(status == 404 && said.contains("MY_SHELF"), "{status} {said}");
    assert_eq!(shelf.refused("/api/v1/tools?filter.connected_account_id=ca_none").await.0, 404);
    assert_eq!(shelf.refused("/api/v1/tools?filter.query=ab").await.0, 400);
}

#[tokio::test]
async fn a_remote_servers_tools_are_listed_where_its_account_is_named() {
    let shelf = Shelf::new().await;
    let account = shelf.served().await;
    let ours = ["apifymcp_shelve", "apifymcp_unshelve"];
    for filter in [
        format!("connected_account_id={account}"),
        "connector=my_server&filter.identifier=ann".to_owned(),
        format!("connected_account_id={account}&filter.query=shelve%20apifymcp"),
        format!("connected_account_id={account}&filter.provider=APIFYMCP"),
    ] {
        let listed = shelf.got(&format!("/api/v1/tools?filter.summary=true&filter.{filter}")).await;
        assert_eq!((&listed["tool_names"], &listed["total_size"]), (&json!(ours), &json!(2)), "{filter}");
    }
    let first = format!("/api/v1/tools?filter.connected_account_id={account}&page_size=1");
    let page = shelf.got(&first).await;
    let next = shelf.got(&format!("{first}&page_token={}", page["next_page_token"].as_str().unwrap())).await;
    assert_eq!((names(&page), names(&next)), (vec![ours[0].to_owned()], vec![ours[1].to_owned()]));
    assert_eq!(next["tools"][0]["metadata"]["status"], "listed by the server");
    let (status, _) = shelf.refused("/api/v1/tools?filter.connector=MY_SERVER&filter.identifier=bob").await;
    assert_eq!(status, 404, "bob has no account there");
    let all = shelf.got("/api/v1/tools?filter.connector=MY_SERVER").await;
    assert_eq!(all["total_size"], 0, "of nobody's account the server says nothing");
}

#[tokio::test]
async fn a_definition_is_what_converters_read() {
    let shelf = Shelf::new().await;
    let listed = shelf.got("/api/v1/tools?filter.tool_name=shelf_get_book").await;
    let tool = &listed["tools"][0];
    let definition = &tool["definition"];
    assert_eq!((&tool["provider"], &tool["is_default"]), (&json!("SHELF"), &json!(true)));
    let id = tool["id"].as_str().unwrap();
    assert!(id.starts_with("tol_") && id.len() == 30, "{id}");
    assert_eq!((&definition["name"], &definition["display_name"]), (&json!("shelf_get_book"), &json!("Get a book")));
    let schema = &definition["input_schema"];
    assert_eq!((&schema["type"], &schema["required"]), (&json!("object"), &json!(["id"])));
    assert_eq!(schema["properties"]["page"]["type"], json!("integer"));
    let hints = json!({ "title": "Get a book", "read_only_hint": true, "destructive_hint": false,
        "idempotent_hint": true, "open_world_hint": true });
    assert_eq!(definition["annotations"], hints);
}

#[tokio::test]
async fn pages_lead_over_everything_and_a_token_that_no_list_gave_is_refused() {
    let shelf = Shelf::new().await;
    let all = names(&shelf.got("/api/v1/tools?page_size=1000").await);
    for (list, size) in [("/api/v1/tools?", 90), ("/api/v1/tools/available?identifier=ann&", 1)] {
        let (mut seen, mut token, mut before) = (Vec::new(), String::new(), None);
        loop {
            let page = shelf.got(&format!("{list}page_size={size}&page_token={token}")).await;
            if let Some(before) = before.replace(names(&page)) {
                let back = page["prev_page_token"].as_str().unwrap();
                assert_eq!(names(&shelf.got(&format!("{list}page_size={size}&page_token={back}")).await), before);
            }
            seen.extend(names(&page));
            token = page["next_page_token"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
        }
        let wanted: Vec<_> =
            all.iter().filter(|name| !list.contains("available") || name.starts_with("shelf")).cloned().collect();
        assert_eq!(seen, wanted, "{list}");
    }
    for list in ["/api/v1/tools?", "/api/v1/tools/available?identifier=ann&", "/api/v1/tools/scoped?identifier=ann&"] {
        for token in ["garbage", "MTA", "shelf_get_bok", "ca_1%20none", "%C3%A9"] {
            let (status, said) = shelf.refused(&format!("{list}page_token={token}")).await;
            assert!(status == 400 && said.contains("page_token"), "{list}{token}: {status} {said}");
        }
        assert_eq!(
            shelf.got(&format!("{list}page_size=4294967295")).await["next_page_token"],
            "",
            "more is taken as 1,000"
        );
    }
}

#[tokio::test]
async fn a_users_tools_come_with_the_account_that_serves_them() {
    let shelf = Shelf::new().await;
    let scoped = "/api/v1/tools/scoped?identifier=ann";
    let listed = shelf.got(scoped).await;
    assert_eq!(names(&listed), ["shelf_add_book", "shelf_get_book"]);
    for tool in listed["tools"].as_array().unwrap() {
        assert_eq!((&tool["identifier"], &tool["connected_account_id"]), (&json!("ann"), &json!(shelf.account)));
    }
    assert_eq!(names(&shelf.got("/api/v1/tools/scoped?identifier=bob").await), Vec::<String>::new());
    for (filter, count) in [
        ("providers=shelf", 2),
        ("providers=GMAIL", 0),
        ("providers=GMAIL&filter.providers=SHELF", 2),
        ("tool_names=shelf_get_book", 1),
        ("connection_names=MY_SHELF", 2),
    ] {
        assert_eq!(shelf.got(&format!("{scoped}&filter.{filter}")).await["total_size"], count, "{filter}");
    }
    assert_eq!(shelf.refused(&format!("{scoped}&filter.connection_names=MY_SHLEF")).await.0, 404);
    // A second account brings its own; one that nobody has signed in to brings nothing.
    shelf.connection("SECOND").await;
    shelf.connection("THIRD").await;
    let second = shelf.connected("SECOND", "ann").await;
    shelf
        .kit
        .rest("POST", "/api/v1/connected_accounts/magic_link", json!({ "connector": "THIRD", "identifier": "ann" }))
        .await;
    let both = shelf.got(scoped).await;
    assert_eq!(both["total_size"], 4, "{both}");
    let first = shelf.got(&format!("{scoped}&page_size=3")).await;
    let rest = shelf
        .got(&format!(
            "{scoped}&page_size=3&page_token={}",
            first["next_page_token"].as_str().unwrap().replace(' ', "%20")
        ))
        .await;
    assert_eq!((first["tools"].as_array().unwrap().len(), rest["tools"].as_array().unwrap().len()), (3, 1));
    assert_eq!(rest["tools"][0], both["tools"][3]);
    let back = rest["prev_page_token"].as_str().unwrap();
    assert_eq!(shelf.got(&format!("{scoped}&page_size=3&page_token={back}")).await["tools"], first["tools"]);
    shelf.kit.rest("POST", &format!("/api/v1/connected_accounts/{second}:disconnect"), json!({})).await;
    assert_eq!(shelf.got(scoped).await["total_size"], 2, "somebody ended it");
}

#[tokio::test]
async fn a_search_ranks_and_says_how_far_the_user_is() {
    let shelf = Shelf::new().await;
    shelf.connection("SECOND").await;
    shelf.connection("THIRD").await;
    shelf.connection("NEVER").await;
    shelf
        .kit
        .rest("POST", "/api/v1/connected_accounts/magic_link", json!({ "connector": "SECOND", "identifier": "ann" }))
        .await;
    let third = shelf.connected("THIRD", "ann").await;
    // Without a refresh token, an app's 401 ends the sign-in.
    let call = json!({ "tool_name": "shelf_add_book", "connected_account_id": third, "params": { "title": "401" } });
    shelf.kit.rest("POST", "/api/v1/execute_tool", call).await;
    let search = async |body: Value| shelf.kit.rest("POST", "/api/v1/tools:search", body).await;
    let found = search(json!({ "query": "put a book onto the shelf", "identifier": "ann" })).await.json;
    let best = &found["tools"][0];
    assert_eq!((&best["name"], &best["provider"]), (&json!("shelf_add_book"), &json!("SHELF")), "{found}");
    assert!(best["score"].as_f64().unwrap() > 0.0 && best["description"].as_str().unwrap().starts_with("Puts a book"));
    let mut states: Vec<_> = best["connections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["connection_name"], &one["readiness_state"]))
        .collect();
    states.sort_by_key(|(name, _)| name.as_str());
    let wanted = [("MY_SHELF", "READY"), ("SECOND", "NEEDS_CONNECTION"), ("THIRD", "NEEDS_REAUTH")];
    let wanted = wanted.map(|(name, state)| (json!(name), json!(format!("TOOL_READINESS_STATE_{state}"))));
    assert_eq!(states, wanted.iter().map(|(name, state)| (name, state)).collect::<Vec<_>>());
    assert_eq!(
        best["connections"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["connected_account_id"] == json!(shelf.account))
            .count(),
        1
    );
    let anyone = search(json!({ "query": "put a book onto the shelf" })).await.json;
    assert_eq!(anyone["tools"][0]["connections"], json!([]));
    let count = async |body: Value| search(body).await.json["tools"].as_array().unwrap().len();
    assert_eq!(count(json!({ "query": "mail book event", "top_k": 2 })).await, 2);
    assert_eq!(count(json!({ "query": "mail book event" })).await, 10);
    assert!(count(json!({ "query": "mail book event", "top_k": 1_000_000 })).await <= 50);
    assert_eq!(count(json!({ "query": "日本" })).await, 0);
    assert_eq!(search(json!({ "query": "" })).await.status, 400);
    assert_eq!(search(json!({ "query": "x".repeat(257) })).await.status, 400);
}
