//! GitHub's issues: made, read, listed, changed, closed, labelled and commented on, by those who may.

use crate::world::{Reply, World};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const BOAT: &str = "/repos/alex/boat";

struct Person {
    world: World,
    alex: String,
    sam: String,
}

impl Person {
    async fn pair() -> Self {
        let world = World::new().await;
        let alex = world.access_of("alex@lab.example", &["repo"]).await;
        let sam = world.access_of("sam@lab.example", &["public_repo"]).await;
        Self { world, alex, sam }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.world.call(method, &format!("{BOAT}{path}"), &self.alex, &body).await
    }

    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.ask(method, path, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    async fn as_sam(&self, method: &str, path: &str, body: Value) -> Reply {
        self.world.call(method, &format!("{BOAT}{path}"), &self.sam, &body).await
    }
}

fn texts(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

fn told(reply: &Reply) -> (u16, String) {
    let said = reply.json();
    assert!(said["documentation_url"].as_str().unwrap().starts_with("https://docs.github.com/"), "{said}");
    (reply.status.as_u16(), said["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn an_issue_is_made_read_changed_closed_and_opened_again() {
    let there = Person::pair().await;
    let body =
        json!({"title": "Paint it", "body": "Grüße\r\n`{{ x }}`", "labels": ["Bug", "wish"], "assignees": ["sam"]});
    let reply = there.ask("POST", "/issues", body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    let made = reply.json();
    assert_eq!((&made["number"], &made["state"], &made["user"]["login"]), (&json!(2), &json!("open"), &json!("alex")));
    assert_eq!(texts(&made["labels"], "name"), ["bug", "wish"], "a label is one, however it is written");
    assert_eq!(texts(&made["assignees"], "login"), ["sam"]);
    assert_eq!(there.done("GET", "/issues/2", Value::Null).await, made);
    let closed = json!({"state": "closed", "state_reason": "not_planned", "title": "Paint it blue"});
    let closed = there.done("PATCH", "/issues/2", closed).await;
    assert_eq!((&closed["state_reason"], &closed["closed_by"]["login"]), (&json!("not_planned"), &json!("alex")));
    assert_eq!((&closed["title"], &closed["body"]), (&json!("Paint it blue"), &made["body"]), "the rest stays");
    assert_eq!(texts(&there.done("GET", "/issues", Value::Null).await, "title"), ["The canoe leaks"]);
    let all = there.done("GET", "/issues?state=all&direction=asc", Value::Null).await;
    assert_eq!(texts(&all, "title"), ["The canoe leaks", "Paint it blue"]);
    assert_eq!(texts(&there.done("GET", "/issues?state=all&labels=wish,bug", Value::Null).await, "title").len(), 1);
    assert_eq!(there.done("GET", "/issues?state=all&assignee=sam&creator=alex", Value::Null).await[0]["number"], 2);
    assert_eq!(
        there.done("DELETE", "/issues/2/assignees", json!({"assignees": ["sam"]})).await["assignees"],
        json!([])
    );
    let both = there.done("POST", "/issues/2/assignees", json!({"assignees": ["sam", "alex"]})).await;
    assert_eq!(texts(&both["assignees"], "login"), ["alex", "sam"]);
    let opened = there.done("PATCH", "/issues/2", json!({"state": "open"})).await;
    assert_eq!((&opened["state_reason"], &opened["closed_at"]), (&json!("reopened"), &Value::Null));
}

#[tokio::test]
async fn comments_are_made_changed_and_deleted_and_pages_lead_on() {
    let there = Person::pair().await;
    for number in 0..3 {
        let made = there.as_sam("POST", "/issues/1/comments", json!({"body": format!("No. {number}")})).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    }
    let page = there.ask("GET", "/issues/1/comments?per_page=3", Value::Null).await;
    assert_eq!(texts(&page.json(), "body"), ["Which side?", "No. 0", "No. 1"]);
    assert_eq!(page.headers["link"], "<https://api.github.com/next?per_page=3&page=2>; rel=\"next\"");
    let last = there.ask("GET", "/issues/1/comments?per_page=3&page=2", Value::Null).await;
    assert_eq!((texts(&last.json(), "body"), last.headers.get("link")), (vec!["No. 2".to_owned()], None));
    let path = format!("/issues/comments/{}", last.json()[0]["id"]);
    assert_eq!(there.done("PATCH", &path, json!({"body": "Number 2"})).await["body"], "Number 2", "the owner may");
    let whichs = format!("/issues/comments/{}", page.json()[0]["id"]);
    let (status, said) = told(&there.as_sam("DELETE", &whichs, Value::Null).await);
    assert_eq!((status, said.as_str()), (403, "Must have admin rights to Repository."));
    let deleted = there.as_sam("DELETE", &path, Value::Null).await;
    assert_eq!((deleted.status, deleted.body.len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(told(&there.ask("GET", &path, Value::Null).await).0, 404);
    assert_eq!(there.done("GET", "/issues/1", Value::Null).await["comments"], 3);
    there.done("PUT", "/issues/1/lock", Value::Null).await;
    let (status, said) = told(&there.as_sam("POST", "/issues/1/comments", json!({"body": "But"})).await);
    assert!(status == 403 && said.contains("locked"), "{said}");
    there.done("DELETE", "/issues/1/lock", Value::Null).await;
    assert!(there.as_sam("POST", "/issues/1/comments", json!({"body": "And"})).await.status.is_success());
}

#[tokio::test]
async fn labels_are_kept_renamed_and_taken_away() {
    let there = Person::pair().await;
    there.done("POST", "/labels", json!({"name": "wish", "color": "00ff00"})).await;
    assert_eq!(told(&there.ask("POST", "/labels", json!({"name": "Wish"})).await).0, 422, "it is there already");
    assert_eq!(
        texts(&there.done("POST", "/issues/1/labels", json!({"labels": ["wish"]})).await, "name"),
        ["bug", "wish"]
    );
    there.done("PATCH", "/labels/wish", json!({"new_name": "want"})).await;
    assert_eq!(texts(&there.done("GET", "/issues/1", Value::Null).await["labels"], "name"), ["bug", "want"]);
    assert_eq!(texts(&there.done("DELETE", "/issues/1/labels/bug", Value::Null).await, "name"), ["want"]);
    let (status, said) = told(&there.ask("DELETE", "/issues/1/labels/bug", Value::Null).await);
    assert_eq!((status, said.as_str()), (404, "Label does not exist"));
    assert_eq!(texts(&there.done("PUT", "/issues/1/labels", json!({"labels": ["bug"]})).await, "name"), ["bug"]);
    there.done("DELETE", "/labels/bug", Value::Null).await;
    assert_eq!(there.done("GET", "/issues/1", Value::Null).await["labels"], json!([]));
    assert_eq!(texts(&there.done("GET", "/labels", Value::Null).await, "name"), ["want"]);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_refused_as_github_does() {
    let there = Person::pair().await;
    for (method, path, body) in [
        ("GET", "/issues/9", Value::Null),
        ("PATCH", "/issues/9", json!({"state": "closed"})),
        ("POST", "/issues/9/comments", json!({"body": "x"})),
        ("GET", "/labels/none", Value::Null),
    ] {
        assert_eq!(told(&there.ask(method, path, body).await), (404, "Not Found".to_owned()), "{method} {path}");
    }
    let empty = there.ask("POST", "/issues", json!({"title": " "})).await;
    assert_eq!(told(&empty), (422, "Validation Failed".to_owned()));
    assert_eq!(empty.json()["errors"][0], json!({"resource": "Issue", "field": "title", "code": "missing_field"}));
    assert_eq!(told(&there.ask("POST", "/issues", json!({"titel": "x"})).await).0, 422);
    assert_eq!(told(&there.ask("GET", "/milestones", Value::Null).await).0, 501);
    // Of who may not push what they may not set is left out, and what is another's they may not change.
    let sams =
        there.as_sam("POST", "/issues", json!({"title": "A wish", "labels": ["bug"], "assignees": ["sam"]})).await;
    assert_eq!((&sams.json()["labels"], &sams.json()["assignees"]), (&json!([]), &json!([])), "{}", sams.text());
    let path = format!("/issues/{}", sams.json()["number"]);
    assert!(there.as_sam("PATCH", &path, json!({"state": "closed"})).await.status.is_success());
    there.done("POST", "/issues", json!({"title": "Alex's"})).await;
    assert_eq!(told(&there.as_sam("PATCH", "/issues/3", json!({"state": "closed"})).await).0, 403);
    // What is public is anybody's to read; without a scope for it nothing is changed, and headers say which it takes.
    let gists = there.world.access_of("sam@lab.example", &["gist"]).await;
    let read = there.world.call("GET", &format!("{BOAT}/issues/1"), &gists, &Value::Null).await;
    assert_eq!((read.status.as_u16(), &read.headers["x-accepted-oauth-scopes"]), (200, &"".parse().unwrap()));
    let made = there.world.call("POST", &format!("{BOAT}/issues"), &gists, &json!({"title": "x"})).await;
    assert_eq!(told(&made).0, 404);
    assert_eq!(
        (&made.headers["x-oauth-scopes"], &made.headers["x-accepted-oauth-scopes"]),
        (&"gist".parse().unwrap(), &"repo, public_repo".parse().unwrap())
    );
    let nobody = there.world.call("GET", &format!("{BOAT}/issues/1"), "no-token", &Value::Null).await;
    assert_eq!(told(&nobody), (401, "Bad credentials".to_owned()));
    let me = there.world.get("/user", &there.sam).await.json();
    assert_eq!((&me["login"], &me["id"]), (&json!("sam"), &json!(2)));
}

/// What the connector sends of these and this lab does not play: operations, and parameters of some.
const NOT_PLAYED: &[&str] = &[
    "issues/create; milestone",
    "issues/list-comments; since",
    "issues/list-events",
    "issues/list-events-for-timeline",
    "issues/list-for-repo; milestone",
    "issues/update; milestone",
    "reactions/create-for-issue",
    "reactions/list-for-issue",
];

/// The requests that the connector is known to make about issues and labels, put to the lab's own repository.
#[tokio::test]
async fn every_golden_request_about_issues_fits() {
    let there = Person::pair().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/golden");
    let (mut sent, mut waiting) = (0, BTreeSet::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if !["github_issue_", "github_issues_", "github_label"].iter().any(|begin| name.starts_with(begin)) {
            continue;
        }
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        for request in cases.as_array().unwrap().iter().flat_map(|case| case["exchange"].as_array().unwrap()) {
            for request in request["send"].as_array().unwrap() {
                let url: url::Url = request["url"].as_str().unwrap().parse().unwrap();
                let path = url.path().replacen("/repos/octocat/hello", BOAT, 1);
                let path = format!("{path}?{}", url.query().unwrap_or_default());
                let reply =
                    there.world.call(request["method"].as_str().unwrap(), &path, &there.alex, &request["body"]).await;
                sent += 1;
                if reply.status == 501 {
                    waiting.insert(told(&reply).1);
                    continue;
                }
                // They name people, numbers and labels that are not there.
                let good = reply.status.is_success() || [404, 422].contains(&reply.status.as_u16());
                let fits = !reply.text().contains("Invalid request");
                assert!(good && fits, "{name}: {request}: {} {}", reply.status, reply.text());
            }
        }
    }
    assert!(sent > 30, "{sent} requests were found");
    let parts = waiting.iter().map(|said| match said.split_once(" takes ") {
        Some((_, rest)) => {
            let (name, operation) = rest.split_once(" for ").unwrap();
            format!("{}; {name}", operation.split(';').next().unwrap())
        }
        None => said.split([' ', ';']).find(|word| word.contains('/')).unwrap().to_owned(),
    });
    let waiting: BTreeSet<String> = parts.collect();
    assert_eq!(waiting.iter().map(String::as_str).collect::<Vec<_>>(), NOT_PLAYED);
}
