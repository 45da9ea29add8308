//! The doors of an environment: each with who may come in, held to the routes.

use crate::dashboard::pages_of_an_environment;
use crate::tests::harness::{Site, site_at};
use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use tower::ServiceExt;
use valetkey_domain::member::Role;

/// An address inside an environment.
pub(super) struct Address {
    pub(super) method: Method,
    pub(super) path: String,
    /// Who may come in at least.
    pub(super) least: Role,
    /// What is sent there.
    pub(super) form: &'static str,
}

fn page(least: Role, path: &str) -> Address {
    Address { method: Method::GET, path: path.to_owned(), least, form: "" }
}

fn form(least: Role, path: &str, form: &'static str) -> Address {
    Address { method: Method::POST, path: path.to_owned(), least, form }
}

/// A document with one tool, chosen.
const IMPORTED: &str = "tool=list_tickets&document={\"openapi\":\"3.1.0\",\"info\":{\"title\":\"A\",\"version\":\"1\"},\"paths\":\
    {\"/tickets\":{\"get\":{\"operationId\":\"list_tickets\",\"responses\":{\"200\":{\"description\":\"All.\"}}}}}}";

/// All of them. What takes something away that others need comes last, and what ends the session at the very end.
pub(super) fn addresses(site: &Site) -> Vec<Address> {
    let connection = format!("/connections/{}", site.connection);
    let mut all = pages(&connection, &format!("/accounts/{}", site.account()));
    all.extend(forms(&connection));
    all.extend(of_webhooks_and_providers());
    all.extend(of_settings());
    all.push(form(Role::Developer, &format!("{connection}/delete"), ""));
    all.push(form(Role::Auditor, "/sign-out", ""));
    all
}

fn pages(connection: &str, account: &str) -> Vec<Address> {
    let seen = [
        "/",
        "",
        "/connections",
        connection,
        "/accounts",
        account,
        "/configs",
        "/configs/cfg_1",
        "/configs/cfg_1/versions",
        "/configs/cfg_1/versions/1",
        "/instances",
        "/instances/inst_1",
        "/providers",
        "/providers/acme:1",
        "/why",
        "/calls",
        "/calls/exec_1",
        "/events",
        "/events/evt_1",
        "/webhooks",
        "/webhooks/whk_1",
        "/logs",
        "/logs?of=installation",
        "/settings",
        "/settings/branding",
        "/settings/limits",
        "/settings/keys",
    ];
    let developed = [
        "/connections/create",
        "/connections/create/gmail",
        "/configs/create",
        "/configs/cfg_1/edit",
        "/playground",
        "/webhooks/create",
        "/providers/create",
        "/providers/import",
        "/providers/acme:1/import",
    ];
    let seen = seen.map(|path| page(Role::Auditor, path)).into_iter();
    seen.chain(developed.map(|path| page(Role::Developer, path))).collect()
}

fn forms(connection: &str) -> Vec<Address> {
    let (developer, support) = (Role::Developer, Role::Support);
    let mut all = vec![
        form(developer, "/connections/create/gmail", "name=NEW"),
        form(developer, connection, "client_id=x"),
        // Of one that is not there: another one's provider would be asked.
        form(developer, "/connections/conn_1/test", ""),
        form(developer, "/configs/create", "name=other&connection=MY_GMAIL&which:MY_GMAIL=all"),
        form(support, "/instances/inst_1/links", ""),
        form(support, "/links", "connection=MY_GMAIL&user=bob"),
        form(developer, "/playground", "connection=MY_GMAIL&user=ann&tool=gmail_fetch_mails"),
        form(Role::Auditor, "/why", "what=MY_GMAIL&user=ann"),
    ];
    let each = |least, path: &str, changes: &[&str], sent: &'static str| {
        changes.iter().map(|change| form(least, &format!("{path}/{change}"), sent)).collect::<Vec<_>>()
    };
    all.extend(each(developer, connection, &["disable", "enable"], ""));
    all.push(form(developer, "/configs/cfg_1/edit", "description=new&connection=MY_GMAIL&which:MY_GMAIL=all"));
    all.extend(each(developer, "/configs/cfg_1", &["delete", "try", "rollback"], "user=eve&version=1"));
    all.extend(each(developer, "/instances/inst_1", &["rotate", "delete"], ""));
    all.extend(each(support, "/accounts/ca_1", &["link", "disconnect", "delete"], ""));
    all
}

fn of_webhooks_and_providers() -> Vec<Address> {
    let (least, hook) = (Role::Developer, "url=https://app.example/hook&which=all");
    let provider = "name=Acme&url=https://acme.example&patterns=[{\"type\":\"NO_AUTH\"}]";
    let mut all = vec![
        form(least, "/webhooks/create", hook),
        form(least, "/webhooks/whk_1", hook),
        form(least, "/providers/create", "name=Other&url=https://acme.example&patterns=[{\"type\":\"NO_AUTH\"}]"),
        form(least, "/providers/acme:1", provider),
        form(least, "/providers/import", "document=x"),
    ];
    for change in ["rotate", "pause", "resume", "replay", "delete"] {
        all.push(form(least, &format!("/webhooks/whk_1/{change}"), ""));
    }
    all.push(form(least, "/providers/acme:1/import", "document=x"));
    all.push(form(least, "/providers/acme:1/import/save", IMPORTED));
    for change in ["import/remove", "delete"] {
        all.push(form(least, &format!("/providers/acme:1/{change}"), ""));
    }
    all
}

fn of_settings() -> Vec<Address> {
    let mut all = vec![
        form(Role::Developer, "/settings/branding", "display_name=Acme&colour=%230b5d4e"),
        form(Role::Owner, "/settings/verification", "mode=none"),
        form(Role::Auditor, "/settings/sessions/ses_1/end", ""),
        form(Role::Auditor, "/settings/password", "new=correct+horse+battery&again=correct+horse+battery"),
        form(Role::Developer, "/settings/clients", "name=shop"),
        form(Role::Owner, "/settings/members", "name=eve&role=owner"),
    ];
    for change in ["rotate", "expire", "delete"] {
        all.push(form(Role::Developer, &format!("/settings/clients/skc_1/{change}"), ""));
    }
    for change in ["role", "delete", "link"] {
        all.push(form(Role::Owner, &format!("/settings/members/mem_1/{change}"), "role=owner"));
    }
    all
}

/// Whether a route leads from an address, and how much of it is written out.
fn fits(route: &str, path: &str) -> Option<usize> {
    let path = path.split('?').next().unwrap_or_default();
    let (named, asked): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let same = named.len() == asked.len() && named.iter().zip(&asked).all(|(of, at)| of.starts_with('{') || of == at);
    same.then(|| named.iter().filter(|of| !of.starts_with('{')).count())
}

#[tokio::test]
async fn every_route_of_the_dashboard_is_in_the_table_with_each_of_its_methods() {
    let site = site_at("http://localhost:8080").await;
    let known = addresses(&site);
    let routes: Vec<&str> = pages_of_an_environment().map(|(route, _)| route).collect();
    let leads =
        |path: &str| routes.iter().copied().filter(|route| fits(route, path).is_some()).max_by_key(|of| fits(of, path));
    for (route, page) in pages_of_an_environment() {
        let alone = Router::new().route(&format!("/e{route}"), page).with_state(site.web.clone());
        let path = format!("/e{route}").replace(['{', '}'], "");
        let asked = alone.oneshot(Request::trace(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(asked.status(), StatusCode::METHOD_NOT_ALLOWED, "{route}");
        let takes = asked.headers()[header::ALLOW].to_str().unwrap().to_owned();
        for method in takes.split(',').filter(|method| *method != "HEAD") {
            let there = known.iter().any(|one| one.method.as_str() == method && leads(&one.path) == Some(route));
            assert!(there, "{method} {route} is not in the table of addresses");
        }
    }
    for one in &known {
        assert!(leads(&one.path).is_some(), "{} leads nowhere", one.path);
    }
}
