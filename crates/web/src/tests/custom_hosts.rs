//! Addresses and methods that are none of a consent's.

use super::harness::site;
use http::{HeaderMap, Method, StatusCode, header};

#[tokio::test]
async fn other_methods_and_addresses_get_a_page() {
    let site = site().await;
    for method in [Method::PUT, Method::DELETE] {
        let answer = site.ask(method, &site.page(), &[], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(answer.says("This page does not work that way"));
    }
    assert_eq!(site.get("/connect/stopped/whatever", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        site.get("/connect/stopped/connected", &[]).await.status,
        StatusCode::NOT_FOUND,
        "no page says what is not so"
    );
    let mut person = HeaderMap::new();
    person.insert(header::ACCEPT, "text/html,*/*".parse().unwrap());
    assert_eq!(site.web.missing(&person).headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert_eq!(site.web.missing(&HeaderMap::new()).headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn stylesheet_and_icon_are_kept_by_browsers() {
    let site = site().await;
    let page = site.get(&site.page(), &[]).await.body.replace("&#x2f;", "/");
    for kind in ["text/css; charset=utf-8", "image/svg+xml"] {
        let begin = if kind.starts_with("text") { "/assets/pages-" } else { "/assets/icon-" };
        let rest = &page[page.find(begin).unwrap()..];
        let asset = site.get(rest.split('"').next().unwrap(), &[]).await;
        assert_eq!((asset.status, asset.header("content-type")), (StatusCode::OK, kind));
        assert!(asset.header("cache-control").contains("immutable"));
    }
}
