//! From a document to a provider with tools, by its forms.

use crate::dashboard::tests::{OWN, Seen, ask, long_form, signed_in};
use crate::tests::harness::{Site, site_at};
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use valetkey_domain::member::Role;

/// A member at the forms.
struct Desk {
    site: Site,
    cookie: String,
    token: String,
}

impl Desk {
    async fn of(role: Role) -> Self {
        let site = site_at(OWN).await;
        let (cookie, token) = signed_in(&site, role).await;
        Self { site, cookie, token }
    }

    async fn page(&self, path: &str) -> Seen {
        ask(&self.site, Method::GET, &format!("/dashboard/development{path}"), Some(&self.cookie), None).await
    }

    async fn send(&self, path: &str, pairs: &[(&str, &str)]) -> Seen {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", &self.token).extend_pairs(pairs);
        let path = format!("/dashboard/development{path}");
        ask(&self.site, Method::POST, &path, Some(&self.cookie), Some(form.finish())).await
    }

    /// A provider without tools: what stands behind `/providers/`.
    async fn provider(&self) -> String {
        let patterns = r#"[{"type": "NO_AUTH"}]"#;
        let pairs = [("name", "Acme"), ("url", "https://acme.example"), ("patterns", patterns)];
        let made = self.send("/providers/create", &pairs).await;
        let slug = made.location.rsplit('/').next().unwrap().split('?').next().unwrap();
        format!("/providers/{slug}")
    }
}

fn document(paths: &Value) -> String {
    let servers = json!([{"url": "https://evil.example"}]);
    json!({"openapi": "3.1.0", "info": {"title": "<b>Acme", "version": "1"}, "servers": servers, "paths": paths})
        .to_string()
}

fn paths() -> Value {
    json!({"/things": {"get": {"operationId": "listThings", "summary": "</label><script>alert(1)</script>"},
        "delete": {"operationId": "emptyThings"}, "head": {}}})
}

/// The value of the hidden field that says over which state a choice was made.
fn seen(text: &str) -> String {
    text.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_document_is_looked_at_chosen_from_and_saved() {
    let desk = Desk::of(Role::Developer).await;
    let provider = desk.provider().await;
    let document = document(&paths());
    let look = desk.send(&format!("{provider}/import"), &[("document", &document)]).await;
    assert_eq!(look.status, StatusCode::OK, "{}", look.text);
    for told in
        ["list_things", "empty_things", "destructive", "2 tools can be had", "HEAD is no method", "evil.example"]
    {
        assert!(look.text.contains(told), "{told}: {}", look.text);
    }
    assert!(!look.text.contains("<script>alert") && !look.text.contains("<b>Acme"), "{}", look.text);
    assert_eq!(look.text.matches(" checked").count(), 2, "all are ticked at first");
    let reading = [("document", document.as_str()), ("pick", "reading")];
    let reading = desk.send(&format!("{provider}/import"), &reading).await;
    assert_eq!(reading.text.matches(" checked").count(), 1, "only what reads");
    let none =
        desk.send(&format!("{provider}/import/save"), &[("document", &document), ("seen", &seen(&look.text))]).await;
    assert!(none.text.contains("No tool is chosen") && none.text.contains("list_things"), "{}", none.text);
    let chosen = [("document", document.as_str()), ("seen", &seen(&look.text)), ("tool", "list_things")];
    let saved = desk.send(&format!("{provider}/import/save"), &chosen).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let page = desk.page(&provider).await;
    assert!(page.text.contains("list_things") && !page.text.contains("empty_things"), "{}", page.text);
    let stale = desk.send(&format!("{provider}/import/save"), &chosen).await;
    assert!(stale.text.contains("was changed meanwhile"), "{}", stale.text);
    let mut newer = paths();
    newer["/things"] = json!({"delete": {"operationId": "emptyThings"}});
    let newer = self::document(&newer);
    let look = desk.send(&format!("{provider}/import"), &[("document", &newer)]).await;
    assert!(look.text.contains("1 new, 0 changed, 0 as before, 1 gone"), "{}", look.text);
    assert_eq!(look.text.matches(" checked").count(), 0, "what is new is not taken by itself");
    let removed = desk.send(&format!("{provider}/import/remove"), &[]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert!(desk.page(&provider).await.text.contains("It has none."));
}

#[tokio::test]
async fn what_a_tool_does_is_said_beside_it_and_not_lost() {
    let desk = Desk::of(Role::Developer).await;
    let provider = desk.provider().await;
    let document = document(&paths());
    let said = [("document", document.as_str()), ("effect:list_things", "destructive"), ("effect:empty_things", "x")];
    let reading = [said.as_slice(), &[("pick", "reading")]].concat();
    let look = desk.send(&format!("{provider}/import"), &reading).await;
    assert_eq!(look.text.matches(" checked").count(), 0, "none reads any more");
    assert_eq!(look.text.matches("<option selected>destructive</option>").count(), 2, "{}", look.text);
    let seen = seen(&look.text);
    let none = [said.as_slice(), &[("seen", &seen)]].concat();
    let none = desk.send(&format!("{provider}/import/save"), &none).await;
    assert_eq!(none.text.matches("<option selected>destructive</option>").count(), 2, "{}", none.text);
    let chosen = [said.as_slice(), &[("seen", &seen), ("tool", "list_things")]].concat();
    assert_eq!(desk.send(&format!("{provider}/import/save"), &chosen).await.status, StatusCode::SEE_OTHER);
    let page = desk.page(&provider).await;
    assert!(page.text.contains("badge destructive"), "{}", page.text);
}

#[tokio::test]
async fn a_few_long_documents_are_read_at_a_time() {
    let desk = Desk::of(Role::Developer).await;
    let path = format!("/dashboard/development{}/import", desk.provider().await);
    let form = (path.as_str(), "application/x-www-form-urlencoded", desk.cookie.as_str());
    let read = Arc::new(AtomicUsize::new(0));
    let mut slow = stream::iter(0..4).map(|_| long_form(&desk.site, &read, form, (2, true))).buffer_unordered(4);
    let all = async {
        while desk.site.web.documents.len() < 4 {
            assert!(slow.next().now_or_never().is_none(), "it never ends");
            tokio::task::yield_now().await;
        }
        // Who comes fifth is read, and the one that has taken longest is not read on.
        tokio::join!(slow.next(), long_form(&desk.site, &read, form, (2, false)))
    };
    let (evicted, status) = tokio::time::timeout(Duration::from_secs(20), all).await.expect("long before it is late");
    assert_eq!((evicted, status), (Some(StatusCode::REQUEST_TIMEOUT), StatusCode::FORBIDDEN), "it has no token");
}

#[tokio::test]
async fn a_new_provider_is_begun_by_a_document_and_ends_at_its_tools() {
    let desk = Desk::of(Role::Developer).await;
    let mut document: Value = serde_json::from_str(&document(&paths())).unwrap();
    document["info"]["title"] = json!("Acme Things");
    document["components"]["securitySchemes"] = json!({"token": {"type": "http", "scheme": "bearer"}});
    let document = document.to_string();
    let begun = desk.send("/providers/import", &[("document", &document)]).await;
    for told in ["value=\"Acme Things\"", "evil.example", "BEARER", "their credentials go there"] {
        assert!(begun.text.contains(told), "{told}: {}", begun.text);
    }
    let patterns = r#"[{"type": "NO_AUTH"}]"#;
    let pairs =
        [("name", "Acme Things"), ("url", "https://acme.example"), ("patterns", patterns), ("document", &document)];
    let made = desk.send("/providers/create", &pairs).await;
    assert!(made.text.contains("Choose the tools of") && made.text.contains("list_things"), "{}", made.text);
    let wrong = desk.send("/providers/import", &[("document", "swagger: '2.0'")]).await;
    assert!(wrong.text.contains("Swagger 2.0") && wrong.text.contains("swagger:"), "{}", wrong.text);
}

#[tokio::test]
async fn attack_38_who_may_not_change_providers_imports_nothing_and_a_form_has_an_end() {
    let desk = Desk::of(Role::Support).await;
    let document = document(&paths());
    for path in [
        "/providers/import",
        "/providers/acme:1/import",
        "/providers/acme:1/import/save",
        "/providers/acme:1/import/remove",
    ] {
        let refused = desk.send(path, &[("document", &document)]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/providers/import", "/providers/acme:1/import"] {
        assert_eq!(desk.page(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let desk = Desk::of(Role::Developer).await;
    let provider = desk.provider().await;
    let long = format!("openapi: 3.1.0\n# {}", "x".repeat(1024 * 1024));
    let said = desk.send(&format!("{provider}/import"), &[("document", &long)]).await;
    assert!(said.text.contains("The document has") && said.text.contains("may have"), "{}", said.status);
    let longer = "x".repeat(4 * 1024 * 1024);
    let refused = desk.send(&format!("{provider}/import"), &[("document", &longer)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
}
