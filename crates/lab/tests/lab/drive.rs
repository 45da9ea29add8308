//! Drive: files made, read, found, changed, moved, shared and deleted, by those who may.

use crate::world::{Reply, World};
use axum::body::Body;
use http::{Request, header};
use serde_json::{Value, json};

const ROOT: &str = "/drive/v3";
pub(crate) const DRIVE: &str = "https://www.googleapis.com/auth/drive";
const OWN_FILES: &str = "https://www.googleapis.com/auth/drive.file";
const METADATA: &str = "https://www.googleapis.com/auth/drive.metadata.readonly";

struct Person {
    world: World,
    token: String,
}

impl Person {
    async fn alex(scope: &str) -> Self {
        let world = World::new().await;
        let token = world.access(&[scope]).await;
        Self { world, token }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Reply {
        self.world.call(method, &format!("{ROOT}{path}"), &self.token, &body).await
    }

    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let reply = self.ask(method, path, body).await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text());
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    async fn get(&self, path: &str) -> Value {
        self.done("GET", path, Value::Null).await
    }

    async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        self.ask(method, path, body).await.refused()
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let found = self.get(&format!("/files?orderBy=name&q={query}")).await;
        found["files"].as_array().unwrap().iter().map(|file| text(&file["name"])).collect()
    }

    async fn as_sam(&self, method: &str, path: &str, body: Value) -> Reply {
        let sam = self.world.access_of("sam@lab.example", &[DRIVE]).await;
        self.world.call(method, &format!("{ROOT}{path}"), &sam, &body).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A file with what is in it, as Google's guide to uploads has it.
pub(crate) async fn upload(world: &World, path: &str, token: &str, json: &Value, kind: &str, content: &[u8]) -> Reply {
    let head = format!("--b\r\nContent-Type: application/json\r\n\r\n{json}\r\n--b\r\nContent-Type: {kind}\r\n\r\n");
    let body = [head.as_bytes(), content, b"\r\n--b--\r\n"].concat();
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "multipart/related; boundary=b");
    world.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_file_is_uploaded_read_changed_moved_binned_and_deleted() {
    let alex = Person::alex(DRIVE).await;
    let place = "/upload/drive/v3/files?uploadType=multipart&fields=id,size,parents";
    let sent = upload(&alex.world, place, &alex.token, &json!({"name": "a.bin"}), "image/png", b"\x89PNG\r\n").await;
    let made = sent.json();
    assert_eq!(made["size"], "6", "{}", sent.text());
    let path = format!("/files/{}", text(&made["id"]));
    let content = alex.ask("GET", &format!("{path}?alt=media"), Value::Null).await;
    assert_eq!(
        (content.headers["content-type"].to_str().unwrap(), &content.body[..]),
        ("image/png", &b"\x89PNG\r\n"[..])
    );
    assert_eq!(alex.get(&path).await.as_object().unwrap().len(), 4, "without `fields` there are four members");

    let folder =
        alex.done("POST", "/files", json!({"name": "New", "mimeType": "application/vnd.google-apps.folder"})).await;
    let to = text(&folder["id"]);
    let (old, add) = (text(&made["parents"][0]), format!("{path}?fields=parents,name&addParents={to}"));
    assert_eq!(alex.refused("PATCH", &add, Value::Null).await, (403, "cannotAddParent".into()));
    let moved = alex.done("PATCH", &format!("{add}&removeParents={old}"), json!({"name": "b.bin"})).await;
    assert_eq!(moved, json!({"name": "b.bin", "parents": [to]}));
    let circle = format!("/files/{to}?addParents={to}&removeParents=root");
    assert_eq!(alex.refused("PATCH", &circle, Value::Null).await, (403, "invalidParent".into()));
    assert_eq!(alex.names(&format!("'{to}' in parents")).await, ["b.bin"]);

    let copied = alex.done("POST", &format!("{path}/copy?fields=name,parents"), json!({})).await;
    assert_eq!(copied, json!({"name": "Copy of b.bin", "parents": [to]}));
    alex.done("PATCH", &path, json!({"trashed": true, "starred": true})).await;
    assert_eq!(alex.names("trashed = true and starred = true").await, ["b.bin"]);
    alex.done("DELETE", "/files/trash", Value::Null).await;
    assert_eq!(alex.refused("GET", &path, Value::Null).await, (404, "notFound".into()));
    alex.done("DELETE", &format!("/files/{to}"), Value::Null).await;
    assert_eq!(alex.names("name contains 'copy'").await, Vec::<String>::new(), "it went with its folder");
}

#[tokio::test]
async fn files_are_found_by_what_is_said_of_them_and_in_them() {
    let alex = Person::alex(DRIVE).await;
    for (query, names) in [
        ("", vec!["budget.csv", "Meeting notes", "Planning"]),
        ("'root' in parents", vec!["Planning"]),
        ("fullText contains 'canoe lake'", vec!["Meeting notes"]),
        ("fullText contains '\"by the lake\"' and not name = 'x'", vec!["Meeting notes"]),
        ("name contains 'bud' or mimeType = 'application/vnd.google-apps.folder'", vec!["budget.csv", "Planning"]),
        ("(name contains 'bud' or name contains 'plan') and not mimeType contains 'text'", vec!["Planning"]),
        ("modifiedTime > '2100-01-01T00:00:00'", vec![]),
        ("'me' in owners and trashed=false", vec!["budget.csv", "Meeting notes", "Planning"]),
        ("sharedWithMe", vec![]),
        (r"name = 'it\'s \\ not there'", vec![]),
    ] {
        assert_eq!(alex.names(query).await, names, "{query}");
    }
    let deep = format!("{}name%20%3D%20%27a%27", "not%20".repeat(50));
    for query in [
        "name%20is%20%27a%27",
        "name%20%3D%20%27a",
        "%28name%20%3D%20%27a%27",
        "colour%20%3D%20%27a%27",
        "name%20%3D%20true",
        &deep,
    ] {
        assert_eq!(
            alex.refused("GET", &format!("/files?q={query}"), Value::Null).await,
            (400, "invalid".into()),
            "{query}"
        );
    }
    let first = alex.get("/files?pageSize=2&orderBy=folder,name%20desc").await;
    assert_eq!(first["files"][0]["name"], "Planning");
    let rest = alex
        .get(&format!("/files?pageSize=2&orderBy=folder,name%20desc&pageToken={}", text(&first["nextPageToken"])))
        .await;
    assert_eq!((rest["files"].as_array().unwrap().len(), &rest["nextPageToken"]), (1, &Value::Null));
    assert_eq!(alex.refused("GET", "/files?includeItemsFromAllDrives=true", Value::Null).await.0, 400);
    let notes = "/files/1seedDocumentNotes";
    let plain = alex.ask("GET", &format!("{notes}/export?mimeType=text/plain"), Value::Null).await;
    assert!(plain.text().contains("canoe"));
    assert_eq!(
        alex.refused("GET", &format!("{notes}?alt=media"), Value::Null).await,
        (403, "fileNotDownloadable".into())
    );
    assert_eq!(
        alex.refused("GET", "/files/1seedTableBudget/export?mimeType=text/plain", Value::Null).await,
        (403, "fileNotExportable".into())
    );
}

#[tokio::test]
async fn a_file_is_shared_until_it_is_not() {
    let alex = Person::alex(DRIVE).await;
    let notes = "/files/1seedDocumentNotes";
    assert_eq!(alex.as_sam("GET", notes, Value::Null).await.refused(), (404, "notFound".into()));
    let rule = json!({"type": "user", "role": "reader", "emailAddress": "sam@lab.example"});
    let made = alex.done("POST", &format!("{notes}/permissions?fields=id,role,displayName"), rule).await;
    assert_eq!((&made["role"], &made["displayName"]), (&json!("reader"), &json!("Sam Baker")));
    let permission = format!("{notes}/permissions/{}", text(&made["id"]));
    assert_eq!(alex.as_sam("GET", notes, Value::Null).await.json()["name"], "Meeting notes");
    let rename = json!({"name": "Mine"});
    assert_eq!(
        alex.as_sam("PATCH", notes, rename.clone()).await.refused(),
        (403, "insufficientFilePermissions".into())
    );
    alex.done("PATCH", &permission, json!({"role": "writer"})).await;
    assert_eq!(alex.as_sam("PATCH", notes, rename).await.json()["name"], "Mine");
    assert_eq!(alex.as_sam("DELETE", notes, Value::Null).await.refused(), (403, "insufficientFilePermissions".into()));
    assert_eq!(alex.get(&format!("{notes}/permissions")).await["permissions"].as_array().unwrap().len(), 2);
    let owner = json!({"role": "owner"});
    assert_eq!(alex.refused("PATCH", &permission, owner.clone()).await.0, 403);
    alex.done("DELETE", &permission, Value::Null).await;
    assert_eq!(alex.as_sam("GET", notes, Value::Null).await.refused(), (404, "notFound".into()));
    alex.done("POST", "/files/1seedFolderPlanning/permissions", json!({"type": "anyone", "role": "writer"})).await;
    assert_eq!(
        alex.as_sam("GET", notes, Value::Null).await.json()["name"],
        "Mine",
        "what lies in a shared folder is shared"
    );
    let heir = json!({"type": "user", "role": "owner", "emailAddress": "sam@lab.example"});
    alex.done("POST", &format!("{notes}/permissions?transferOwnership=true"), heir).await;
    assert_eq!(alex.refused("DELETE", notes, Value::Null).await, (403, "insufficientFilePermissions".into()));
    for body in [
        json!({"type": "user", "role": "reader"}),
        json!({"type": "user", "role": "king", "emailAddress": "a@b.example"}),
    ] {
        assert_eq!(alex.refused("POST", &format!("{notes}/permissions"), body).await.0, 400);
    }
}

#[tokio::test]
async fn comments_are_written_answered_settled_and_deleted() {
    let alex = Person::alex(DRIVE).await;
    let notes = "/files/1seedDocumentNotes/comments";
    assert_eq!(
        alex.refused("POST", notes, json!({"content": "a"})).await,
        (400, "required".into()),
        "`fields` is required"
    );
    let made = alex.done("POST", &format!("{notes}?fields=id,content"), json!({"content": "Who?"})).await;
    let comment = format!("{notes}/{}", text(&made["id"]));
    let reply =
        alex.done("POST", &format!("{comment}/replies?fields=id"), json!({"content": "Me", "action": "resolve"})).await;
    let read = alex.get(&format!("{comment}?fields=resolved,replies(content,author/me)")).await;
    assert_eq!(read, json!({"resolved": true, "replies": [{"content": "Me", "author": {"me": true}}]}));
    let reply = format!("{comment}/replies/{}", text(&reply["id"]));
    alex.done("PATCH", &format!("{reply}?fields=id"), json!({"content": "Sam"})).await;
    assert_eq!(alex.get(&format!("{reply}?fields=content")).await["content"], "Sam");
    alex.done("DELETE", &reply, Value::Null).await;
    assert_eq!(alex.refused("GET", &format!("{reply}?fields=id"), Value::Null).await, (404, "notFound".into()));
    alex.done("PATCH", &format!("{comment}?fields=id"), json!({"content": "Who else?"})).await;
    alex.done("POST", "/files/1seedFolderPlanning/permissions", json!({"type": "anyone", "role": "commenter"})).await;
    assert_eq!(
        alex.as_sam("DELETE", &comment, Value::Null).await.refused(),
        (403, "insufficientFilePermissions".into())
    );
    alex.done("DELETE", &comment, Value::Null).await;
    assert_eq!(alex.get(&format!("{notes}?fields=comments/id")).await["comments"], json!([]));
    let gone = alex.get(&format!("{notes}?includeDeleted=true&fields=comments(deleted,content)")).await;
    assert_eq!(gone["comments"], json!([{"deleted": true}]));
}

#[tokio::test]
async fn a_narrow_scope_reaches_only_what_the_app_made() {
    let alex = Person::alex(OWN_FILES).await;
    assert_eq!(alex.names("").await, Vec::<String>::new());
    assert_eq!(alex.refused("GET", "/files/1seedDocumentNotes", Value::Null).await, (404, "notFound".into()));
    alex.done("POST", "/files", json!({"name": "Ours"})).await;
    assert_eq!(alex.names("").await, ["Ours"]);
    let both = alex.world.access(&[OWN_FILES, "https://www.googleapis.com/auth/drive.readonly"]).await;
    let path = "/drive/v3/files/1seedTableBudget";
    assert_eq!(alex.world.get(path, &both).await.json()["name"], "budget.csv");
    let renamed = alex.world.call("PATCH", path, &both, &json!({"name": "x"})).await;
    assert_eq!(renamed.refused(), (403, "appNotAuthorizedToFile".into()));
    let looks = Person::alex(METADATA).await;
    assert_eq!(looks.names("'root' in parents").await, ["Planning"]);
    assert_eq!(
        looks.refused("GET", "/files/1seedTableBudget?alt=media", Value::Null).await,
        (403, "insufficientPermissions".into())
    );
    assert_eq!(
        looks.refused("DELETE", "/files/1seedTableBudget", Value::Null).await,
        (403, "insufficientPermissions".into())
    );
}

#[tokio::test]
async fn a_file_that_is_sent_in_another_way_is_refused() {
    let alex = Person::alex(DRIVE).await;
    let send = async |path: &str| {
        upload(&alex.world, path, &alex.token, &json!({"name": "a"}), "text/plain", b"x").await.refused()
    };
    assert_eq!(send("/upload/drive/v3/files?uploadType=media").await, (501, "notImplemented".into()));
    assert_eq!(send("/drive/v3/files").await.0, 400, "a path that takes no files");
    let json = alex
        .world
        .call("POST", "/upload/drive/v3/files?uploadType=multipart", &alex.token, &json!({"name": "a"}))
        .await;
    assert_eq!(json.refused().0, 400);
    let about = alex.get("/about?fields=user/emailAddress,storageQuota/usage").await;
    assert_eq!(about["user"]["emailAddress"], "alex@lab.example");
}
