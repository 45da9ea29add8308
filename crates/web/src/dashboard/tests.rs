//! What holds for every page, and who gets to see them.

mod addresses;
mod beside;
mod gone;
mod hostile;
mod journal;
mod lists;
mod remote;
mod settings;
mod stale;
mod webhooks;

use super::pages::samples;
use crate::tests::harness::{Site, site_at};
use addresses::{Address, addresses};
use axum::body::Body;
use futures::future::{FutureExt as _, ready};
use futures::stream::{self, StreamExt as _};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tower::ServiceExt;
use valetkey_app::entrance::{browsers, sign_in};
use valetkey_app::tenancy::members;
use valetkey_domain::Secret;
use valetkey_domain::member::Role;

pub(super) const OWN: &str = "http://localhost:8080";

/// An answer, and its text.
pub(super) struct Seen {
    pub(super) status: StatusCode,
    pub(super) location: String,
    cookie: Option<String>,
    headers: HeaderMap,
    pub(super) text: String,
}

pub(super) async fn ask(site: &Site, method: Method, path: &str, cookie: Option<&str>, form: Option<String>) -> Seen {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    if form.is_some() {
        request = request.header(header::ORIGIN, OWN).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let request = request.body(form.map_or_else(Body::empty, Body::from)).unwrap();
    let answer = site.web.dashboard().oneshot(request).await.unwrap();
    let headers = answer.headers().clone();
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, location, cookie) =
        (answer.status(), header(header::LOCATION).unwrap_or_default(), header(header::SET_COOKIE));
    let text = String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let cookie = cookie.map(|cookie| cookie.split(';').next().unwrap().to_owned());
    Seen { status, location, cookie, headers, text }
}

/// A member of this role, signed in: the cookie, and the token of its forms.
pub(super) async fn signed_in(site: &Site, role: Role) -> (String, String) {
    let ctx = members::operator(&site.app);
    let member = members::create(&site.app, &ctx, &format!("the {}", role.as_str()), role).await.unwrap();
    let link = sign_in::link(&site.app, &ctx, &member).await.unwrap();
    let fresh = sign_in::sign_in_by_link(&site.app, link.token.expose(), &browsers::Browser::stranger("Firefox"))
        .await
        .unwrap();
    let token = browsers::form_token(&fresh.cookie, "dashboard");
    (format!("valetkey_session_8080={}", fresh.cookie.expose()), token)
}

/// Whether a role has at least the rights of another: owner, then developer, then support, then auditor.
fn reaches(role: Role, least: Role) -> bool {
    let rank = |role| match role {
        Role::Owner => 3,
        Role::Developer => 2,
        Role::Support => 1,
        Role::Auditor => 0,
    };
    rank(role) >= rank(least)
}

#[tokio::test]
async fn attack_38_nobody_gets_in_without_a_session_and_nothing_changes_without_its_token() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let (_, others) = signed_in(&site, Role::Developer).await;
    for one in addresses(&site) {
        let path = format!("/dashboard/development{}", one.path);
        let (form, changes) = (one.form, one.method == Method::POST);
        let body = changes.then(|| format!("token={token}&{form}"));
        for nobody in [None, Some("valetkey_session_8080=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")] {
            let seen = ask(&site, one.method.clone(), &path, nobody, body.clone()).await;
            if changes {
                assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{path}");
                assert!(seen.text.contains("nothing was changed. Sign in, and it goes on"), "{path}: {}", seen.text);
                continue;
            }
            assert_eq!(seen.status, StatusCode::SEE_OTHER, "{path}");
            let next = form_urlencoded::byte_serialize(path.as_bytes());
            assert_eq!(seen.location, format!("/sign-in?next={}", next.collect::<String>()));
        }
        if changes {
            for wrong in [String::new(), format!("token={others}&{form}"), form.to_owned()] {
                let seen = ask(&site, Method::POST, &path, Some(&cookie), Some(wrong)).await;
                assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}");
            }
        }
    }
    let foreign = Request::post("/dashboard/development/settings/clients")
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, "http://localhost:9090")
        .body(Body::from(format!("token={token}&name=x")));
    let refused = site.web.dashboard().oneshot(foreign.unwrap()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "attack 67: another port of localhost");
}

/// Of the pages that have a script, and of the one that a stranger signs in on.
#[tokio::test]
async fn attack_38_a_page_of_the_dashboard_runs_its_own_script_and_is_framed_by_nobody() {
    let site = site_at(OWN).await;
    let (cookie, _) = signed_in(&site, Role::Auditor).await;
    let policy = async |path: &str| {
        let seen = ask(&site, Method::GET, path, Some(&cookie), None).await;
        seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
    };
    let rest = "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let own = format!("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; {rest}");
    for path in ["", "/settings", "/why", "/accounts/ca_nothing"] {
        assert_eq!(policy(&format!("/dashboard/development{path}")).await, own, "{path}");
    }
    assert_eq!(policy("/sign-in").await, format!("default-src 'none'; style-src 'self'; img-src 'self'; {rest}"));
}

#[tokio::test]
async fn a_form_of_an_ended_session_goes_on_after_signing_in_and_keeps_no_secret() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let who = sign_in::signed_in(&site.app, &Secret::from(cookie.split_once('=').unwrap().1)).await.unwrap();
    sign_in::set_password(&site.app, &who, None, &Secret::from("correct horse battery")).await.unwrap();
    sign_in::end(&site.app, &who, &who.session.id).await.unwrap();
    let path = "/dashboard/development/connections/create/gmail";
    let sent = format!("token={token}&name=%22%3E%3Cb%3E+kept&client_secret=hunter2");
    let out = ask(&site, Method::POST, path, Some(&cookie), Some(sent.clone())).await;
    assert_eq!(out.status, StatusCode::UNAUTHORIZED);
    assert!(!out.text.contains("hunter2") && !out.text.contains("<b>"), "{}", out.text);
    let field = |text: &str, name: &str| {
        let value = text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap();
        value
            .replace("&#x2f;", "/")
            .replace("&amp;", "&")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    for name in ["token", "next", "kept"] {
        form.append_pair(name, &field(&out.text, name));
    }
    form.append_pair("name", "the owner").append_pair("password", "correct horse battery");
    let form = form.finish();
    let again = ask(&site, Method::POST, "/sign-in", out.cookie.as_deref(), Some(form.clone())).await;
    assert!(again.text.contains("Not sent yet") && again.text.contains("id=\"client_secret\""), "{}", again.text);
    assert_eq!(field(&again.text, "name"), "\"><b> kept");
    let fresh = again.cookie.unwrap();
    let sent = format!("token={}&name=KEPT&client_secret=hunter2", field(&again.text, "token"));
    let made = ask(&site, Method::POST, path, Some(&fresh), Some(sent)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    // Attack 15: what waits goes nowhere but into the dashboard.
    let elsewhere = form.replace("next=%2Fdashboard", "next=%2F%2Fevil.example%2Fdashboard");
    let gone = ask(&site, Method::POST, "/sign-in", out.cookie.as_deref(), Some(elsewhere)).await;
    assert!(gone.location == "/dashboard/development" && !gone.text.contains("evil.example"), "{}", gone.text);
}

#[tokio::test]
async fn a_form_of_two_tabs_overwrites_nothing_and_keeps_what_was_typed() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let post = async |path: &str, form: String| {
        let path = format!("/dashboard/development{path}");
        ask(&site, Method::POST, &path, Some(&cookie), Some(format!("token={token}&{form}"))).await
    };
    let seen = |text: &str| text.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = async |path: &str| {
        let path = format!("/dashboard/development{path}");
        ask(&site, Method::GET, &path, Some(&cookie), None).await.text
    };
    let made = post("/configs/create", "name=x&connection=MY_GMAIL&which:MY_GMAIL=all".into()).await;
    let config = format!("{}/edit", made.location.split('?').next().unwrap().replace("/dashboard/development", ""));
    let made =
        post("/providers/create", "name=Acme&url=https://acme.example&patterns=[{\"type\":\"NO_AUTH\"}]".into()).await;
    let provider = made.location.split('?').next().unwrap().replace("/dashboard/development", "");
    let made = post("/webhooks/create", "url=https://example.com/hook&which=all".into()).await;
    let id = made.text.split("action=\"&#x2f;dashboard&#x2f;development&#x2f;webhooks&#x2f;").nth(1).unwrap();
    let webhook = format!("/webhooks/{}", id.split(['"', '&']).next().unwrap());
    let of = [
        (format!("/connections/{}", site.connection), "client_id=typed-one"),
        (config, "description=typed-one&connection=MY_GMAIL&which:MY_GMAIL=all"),
        (provider, "name=Acme&description=typed-one&url=https://acme.example&patterns=[{\"type\":\"NO_AUTH\"}]"),
        (webhook, "url=https://example.com/hook&description=typed-one&which=all"),
        ("/settings/branding".to_owned(), "display_name=typed-one&colour=%237a1fa2"),
    ];
    for (path, form) in of {
        let first = seen(&page(&path).await);
        site.clock.advance(std::time::Duration::from_secs(1));
        let saved = post(&path, format!("{form}&seen={first}")).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{path}: {}", saved.text);
        let other = form.replace("typed-one", "typed-other");
        let stale = post(&path, format!("{other}&seen={first}")).await;
        assert!(stale.text.contains("changed elsewhere since the form was shown"), "{path}: {}", stale.text);
        assert!(stale.text.contains("typed-other"), "{path}: what was typed is there");
        assert!(page(&path).await.contains("typed-one"), "{path}: nothing was overwritten");
        let again = post(&path, format!("{other}&seen={}", seen(&stale.text))).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "{path}: {}", again.text);
    }
}

/// A member's session that is made up, and with it a browser that might be known.
const MADE_UP: &str = "valetkey_session_8080=made-up";
const KNOWN: &str = "valetkey_session_8080=made-up; valetkey_browser_8080=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const FORM: &str = "application/x-www-form-urlencoded";

/// Sends a form of so many parts of 4 KB, of which those that are read are counted; with a pause it ends after the first.
pub(super) async fn long_form(
    site: &Site,
    read: &Arc<AtomicUsize>,
    (path, kind, cookie): (&str, &str, &str),
    (parts, pause): (usize, bool),
) -> StatusCode {
    let read = read.clone();
    let parts = stream::iter(0..parts).then(move |_| {
        let read = read.clone();
        async move {
            if pause && read.load(Ordering::SeqCst) > 0 {
                std::future::pending::<()>().await;
            }
            read.fetch_add(4096, Ordering::SeqCst);
            Ok::<_, std::io::Error>(vec![b'a'; 4096])
        }
    });
    let request = Request::post(path)
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, OWN)
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from_stream(parts));
    site.web.router().merge(site.web.dashboard()).oneshot(request.unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn attack_80_of_forms_without_end_by_strangers_no_more_is_read_than_may_be_kept() {
    let site = site_at(OWN).await;
    let read = Arc::new(AtomicUsize::new(0));
    for (path, kind, most) in [
        ("/dashboard/development/configs/create", FORM, 64),
        ("/dashboard/development/configs/create", "multipart/form-data; boundary=x", 64),
        ("/sign-in", FORM, 200),
        ("/sign-in/provider", FORM, 8),
        ("/login/whatever", FORM, 8),
        ("/connect/i/whatever", FORM, 8),
        ("/connect/approve/whatever", FORM, 8),
        ("/connect/done/whatever", FORM, 8),
        ("/connect/yours/whatever", FORM, 8),
        ("/connect/whatever", FORM, 0),
        (&site.page(), FORM, 128),
    ] {
        for cookie in [MADE_UP, KNOWN] {
            read.store(0, Ordering::SeqCst);
            let status = long_form(&site, &read, (path, kind, cookie), (1000, false)).await;
            assert!(status.is_client_error(), "{path}: {status}");
            let may_be_read = cookie == KNOWN || most <= 8 || path.starts_with("/dashboard");
            let most = if may_be_read { (most + 8) * 1024 } else { 0 };
            assert!(read.load(Ordering::SeqCst) <= most, "{path}: {}", read.load(Ordering::SeqCst));
        }
    }
}

#[tokio::test]
async fn attack_80_a_few_long_forms_of_strangers_are_read_at_a_time() {
    let site = site_at(OWN).await;
    let read = Arc::new(AtomicUsize::new(0));
    let form = ("/dashboard/development/configs/create", FORM, MADE_UP);
    let mut slow = stream::iter(0..16).map(|_| long_form(&site, &read, form, (2, true))).buffer_unordered(16);
    assert!(slow.next().now_or_never().is_none(), "it never ends");
    // Who comes seventeenth is read, and the one that has taken longest is not read on.
    let both = async { tokio::join!(slow.next(), long_form(&site, &read, form, (1, false))) };
    let (evicted, status) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("long before it is late");
    assert_eq!((evicted, status), (Some(StatusCode::UNAUTHORIZED), StatusCode::UNAUTHORIZED));
    assert_eq!(read.load(Ordering::SeqCst), 8192);
    assert!(slow.next().now_or_never().is_none(), "the others go on");
}

/// A form that is sent slowly, by a member who meanwhile is signed out, or has another role.
#[tokio::test]
async fn attack_82_a_form_opened_beforehand_does_nothing_once_its_member_may_not() {
    let site = site_at(OWN).await;
    let operator = members::operator(&site.app);
    for (role, goes, wanted) in
        [(Role::Owner, true, StatusCode::UNAUTHORIZED), (Role::Developer, false, StatusCode::FORBIDDEN)]
    {
        let (cookie, token) = signed_in(&site, role).await;
        let name = format!("client of the {}", role.as_str());
        let member = members::by_name(&site.app, &format!("the {}", role.as_str())).await.unwrap();
        let (begun, whole) = (format!("token={token}&"), format!("name={name}"));
        let (app, operator) = (site.app.clone(), operator.clone());
        let meanwhile = async move {
            members::create(&app, &operator, &format!("in place of {}", member.name), Role::Owner).await.unwrap();
            match goes {
                true => members::delete(&app, &operator, &member.id).await.unwrap(),
                false => members::set_role(&app, &operator, &member.id, Role::Auditor).await.unwrap(),
            }
            Ok::<_, std::io::Error>(whole)
        };
        let slow = stream::once(ready(Ok(begun))).chain(stream::once(meanwhile));
        let form = Request::post("/dashboard/development/settings/clients")
            .header(header::COOKIE, &cookie)
            .header(header::ORIGIN, OWN)
            .body(Body::from_stream(slow));
        let answer = site.web.dashboard().oneshot(form.unwrap()).await.unwrap();
        assert_eq!(answer.status(), wanted, "{role:?}");
        let (owner, _) = signed_in(&site, Role::Support).await;
        let seen = ask(&site, Method::GET, "/dashboard/development/settings", Some(&owner), None).await;
        assert!(!seen.text.contains(&name), "{role:?} made a client");
        let support = members::by_name(&site.app, "the support").await.unwrap();
        members::delete(&site.app, &members::operator(&site.app), &support.id).await.unwrap();
    }
}

#[tokio::test]
async fn each_role_gets_as_far_as_it_may_on_every_address() {
    let site = site_at(OWN).await;
    for role in Role::ALL {
        let (cookie, token) = signed_in(&site, role).await;
        for Address { method, path, least, form } in addresses(&site) {
            let whole = format!("/dashboard/development{path}");
            let form = (method == Method::POST).then(|| format!("token={token}&{form}"));
            let seen = ask(&site, method, &whole, Some(&cookie), form).await;
            let allowed = reaches(role, least);
            assert_eq!(seen.status != StatusCode::FORBIDDEN, allowed, "{role:?} at {path}: {}", seen.status);
            assert!(!seen.status.is_server_error(), "{role:?} at {path}: {}", seen.text);
        }
    }
}

#[tokio::test]
async fn only_who_may_develop_sees_the_playground() {
    let site = site_at(OWN).await;
    for role in Role::ALL {
        let (cookie, _) = signed_in(&site, role).await;
        let seen = ask(&site, Method::GET, "/dashboard/development/playground", Some(&cookie), None).await;
        let shown = seen.text.contains("href=\"&#x2f;dashboard&#x2f;development&#x2f;playground\"");
        assert_eq!(seen.status == StatusCode::OK, reaches(role, Role::Developer), "{role:?}");
        assert_eq!(shown, reaches(role, Role::Developer), "{role:?}: nothing is offered that would be refused");
    }
}

#[tokio::test]
async fn a_link_signs_in_once_and_signing_out_ends_it() {
    let site = site_at(OWN).await;
    let link = sign_in::first_link(&site.app).await.unwrap();
    let path = format!("/login/{}", link.token.expose());
    let shown = ask(&site, Method::GET, &path, None, None).await;
    let browser = shown.cookie.clone().unwrap();
    let token = shown.text.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let without = ask(&site, Method::POST, &path, None, Some(format!("token={token}"))).await;
    assert_ne!(without.status, StatusCode::SEE_OTHER, "attack 18: another browser's button");
    let form = Some(format!("token={token}"));
    let entered = ask(&site, Method::POST, &path, Some(&browser), form.clone()).await;
    assert_eq!((entered.status, entered.location.as_str()), (StatusCode::SEE_OTHER, "/dashboard/development"));
    let again = ask(&site, Method::POST, &path, Some(&browser), form).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let session = entered.cookie.unwrap();
    let home = ask(&site, Method::GET, "/", Some(&session), None).await;
    assert_eq!(home.location, "/dashboard/development");
    let secret = Secret::from(session.split_once('=').unwrap().1);
    let out = format!("token={}", browsers::form_token(&secret, "dashboard"));
    ask(&site, Method::POST, "/dashboard/development/sign-out", Some(&session), Some(out)).await;
    let after = ask(&site, Method::GET, "/dashboard/development/", Some(&session), None).await;
    assert!(after.location.starts_with("/sign-in"), "{}", after.status);
}

#[tokio::test]
async fn a_form_that_is_refused_keeps_what_was_typed_but_no_secret() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let form = format!("token={token}&name=my_gmail&client_id=%22%3E%3Cb%3E&client_secret=hunter2&scope=openid");
    let seen =
        ask(&site, Method::POST, "/dashboard/development/connections/create/gmail", Some(&cookie), Some(form)).await;
    assert!(seen.status == StatusCode::OK && seen.text.contains("MY_GMAIL"), "it names the one that is there");
    assert!(seen.text.contains("value=\"my_gmail\"") && seen.text.contains("value=\"&quot;&gt;&lt;b&gt;\""));
    assert!(!seen.text.contains("hunter2"), "attack 48");
    let form = format!(
        "token={token}&name=Not+A+Name&description=kept&connection=MY_GMAIL&which:MY_GMAIL=some&tool:MY_GMAIL=gmail_fetch_mails"
    );
    let seen = ask(&site, Method::POST, "/dashboard/development/configs/create", Some(&cookie), Some(form)).await;
    assert!(
        seen.text.contains("value=\"kept\"")
            && seen.text.contains("value=\"gmail_fetch_mails\" data-some=\"which:MY_GMAIL\" checked")
    );
}

#[tokio::test]
async fn of_many_connections_a_config_finds_the_one_and_loses_no_choice() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    for number in 0..60 {
        let path = "/dashboard/development/connections/create/typedkey";
        let made =
            ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&name=MANY_{number:02}"))).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER);
    }
    let path = "/dashboard/development/configs/create";
    let first = ask(&site, Method::GET, path, Some(&cookie), None).await;
    assert_eq!(first.text.matches("name=\"connection\"").count(), 50);
    assert!(first.text.contains("There are more connections"));
    let missing = (0..60).map(|number| format!("MANY_{number:02}")).find(|name| !first.text.contains(name)).unwrap();
    let sent = format!(
        "token={token}&name=kept&description=too&connection=MY_GMAIL&which:MY_GMAIL=some&tool:MY_GMAIL=gmail_fetch_mails"
    );
    let found = ask(&site, Method::POST, path, Some(&cookie), Some(format!("{sent}&find={missing}&search=yes"))).await;
    assert_eq!(found.text.matches("name=\"connection\"").count(), 2, "the chosen one and the found one");
    for kept in
        ["value=\"kept\"", "value=\"too\"", "value=\"MY_GMAIL\" checked", "data-some=\"which:MY_GMAIL\" checked"]
    {
        assert!(found.text.contains(kept), "{kept}");
    }
    let both = format!("{sent}&connection={missing}&which:{missing}=all&find={missing}");
    let saved = ask(&site, Method::POST, path, Some(&cookie), Some(both)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let none =
        ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&name=x&find=fax&search=yes"))).await;
    assert!(none.text.contains("id=\"find\"") && !none.text.contains("A config needs a connection first"));
}

#[tokio::test]
async fn a_tool_that_asks_the_user_is_marked_in_the_form_and_shown_in_the_versions() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let send = async |path: &str, more: &str| {
        let form = format!("token={token}&name=careful&connection=MY_GMAIL&which:MY_GMAIL=all{more}");
        ask(&site, Method::POST, path, Some(&cookie), Some(form)).await
    };
    let create = "/dashboard/development/configs/create";
    let slip = send(create, "&asks=gmail_send_massage").await;
    assert!(slip.status == StatusCode::OK && slip.text.contains("gmail_send_message"), "the nearest is named");
    assert!(slip.text.contains("name=\"asks\" value=\"gmail_send_massage\""));
    let made = send(create, "&ask:MY_GMAIL=gmail_send_message&ask:OTHER=x&asks-destructive=yes&questions=yes").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let config = made.location.split('?').next().unwrap().to_owned();
    let see = async |path: String| ask(&site, Method::GET, &path, Some(&cookie), None).await.text;
    let page = see(config.clone()).await;
    assert!(page.contains("every destructive tool, gmail_send_message") && page.contains("<dd>is passed on</dd>"));
    let form = see(format!("{config}/edit")).await;
    let ticked = form
        .split("name=\"ask:MY_GMAIL\" value=\"")
        .skip(1)
        .filter(|rest| rest.split('>').next().unwrap().contains(" checked"));
    assert_eq!(ticked.map(|rest| rest.split('"').next().unwrap()).collect::<Vec<_>>(), ["gmail_send_message"]);
    assert!(
        form.contains("name=\"asks-destructive\" value=\"yes\" checked") && form.contains("name=\"asks\" value=\"\"")
    );
    assert!(form.contains("name=\"questions\" value=\"yes\" checked"));
    let saved = send(&format!("{config}/edit"), "&seen=1").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let version = see(format!("{config}/versions/2")).await;
    assert!(
        version
            .contains("<del><bdi>every destructive tool, gmail_send_message</bdi></del><ins><bdi>no tool</bdi></ins>")
            && version.contains("<del><bdi>passed on</bdi></del><ins><bdi>not passed on</bdi></ins>")
    );
}

/// A connector of somebody's own file that is not there at this start.
#[tokio::test]
async fn a_config_keeps_what_it_has_of_a_connector_that_is_not_loaded() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let path = "/dashboard/development/connections/create/typedkey";
    ask(&site, Method::POST, path, Some(&cookie), Some(format!("token={token}&name=OWN"))).await;
    let sent = format!(
        "token={token}&name=both&connection=MY_GMAIL&which:MY_GMAIL=some&tool:MY_GMAIL=gmail_fetch_mails&connection=OWN&which:OWN=all"
    );
    let made = ask(&site, Method::POST, "/dashboard/development/configs/create", Some(&cookie), Some(sent)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let mut tx = site.store.write().await.unwrap();
    assert_eq!(tx.run("UPDATE connections SET connector = 'gone' WHERE name = 'MY_GMAIL'", []).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let config = made.location.split('?').next().unwrap().to_owned();
    let form = ask(&site, Method::GET, &format!("{config}/edit"), Some(&cookie), None).await;
    for kept in [
        "value=\"MY_GMAIL\" checked",
        "value=\"gmail_fetch_mails\" data-some=\"which:MY_GMAIL\" checked",
        "value=\"OWN\" checked",
    ] {
        assert!(form.text.contains(kept), "{kept} is not in {}", form.text);
    }
}

#[tokio::test]
async fn a_connection_asks_for_what_its_connector_signs_in_with() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Developer).await;
    let asks =
        |text: &str| ["OAuth client", "Service account", "there is nothing to set up"].map(|of| text.contains(of));
    let of = [("gmail", [true, false, false]), ("typeddwd", [false, true, false]), ("typedkey", [false, false, true])];
    for (connector, expected) in of {
        let path = format!("/dashboard/development/connections/create/{connector}");
        let form = ask(&site, Method::GET, &path, Some(&cookie), None).await;
        assert_eq!((form.status, asks(&form.text)), (StatusCode::OK, expected), "{connector}");
        let sent = format!("token={token}&name=MADE_{connector}");
        let made = ask(&site, Method::POST, &path, Some(&cookie), Some(sent)).await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{connector}: {}", made.text);
        let page = ask(&site, Method::GET, &made.location, Some(&cookie), None).await;
        assert_eq!(asks(&page.text)[..2], expected[..2], "{connector}");
        assert_eq!(page.text.contains("Redirect URI"), connector == "gmail", "{connector}");
        assert_eq!(page.text.contains("Nobody can sign in yet"), connector != "typedkey", "{connector}");
    }
    let path = "/dashboard/development/connections/create/typeddwd";
    let sent = format!("token={token}&name=NOT_A_KEY&client_secret=hunter2");
    let refused = ask(&site, Method::POST, path, Some(&cookie), Some(sent)).await;
    assert!(refused.text.contains("id=\"wrong\"") && !refused.text.contains("hunter2"), "{}", refused.text);
}

#[tokio::test]
async fn attack_7_another_environments_things_are_not_found() {
    let site = site_at(OWN).await;
    valetkey_app::tenancy::environments::create(&site.app, "theirs & more", None).await.unwrap();
    let (cookie, _) = signed_in(&site, Role::Owner).await;
    let theirs = format!("/dashboard/theirs%20&%20more/connections/{}", site.connection);
    assert_eq!(ask(&site, Method::GET, &theirs, Some(&cookie), None).await.status, StatusCode::NOT_FOUND);
    let ours = format!("/dashboard/development/connections/{}", site.connection);
    assert_eq!(ask(&site, Method::GET, &ours, Some(&cookie), None).await.status, StatusCode::OK);
    let none = ask(&site, Method::GET, "/dashboard/nowhere/", Some(&cookie), None).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[test]
fn every_sample_renders_and_loads_nothing_foreign() {
    let all = samples().unwrap();
    assert!(all.len() > 30);
    for (name, html) in all {
        assert!(html.contains("<h1") && html.trim_end().ends_with("</html>"), "{name}");
        for wrong in ["style=", "<style", "javascript:", " onclick", "http-equiv", "<script>"] {
            assert!(!html.contains(wrong), "{name}: {wrong}");
        }
        let pictures: Vec<_> = html.split("<img").skip(1).collect();
        assert!(pictures.iter().all(|one| one.contains("src=\"&#x2f;assets&#x2f;logo&#x2f;")), "{name}: {pictures:?}");
        let scripts: Vec<_> = html.split("<script").skip(1).collect();
        let ours = |script: &&str| script.starts_with(" type=\"module\" src=\"&#x2f;assets&#x2f;dashboard-");
        assert!(scripts.iter().all(ours), "{name}: {scripts:?}");
    }
}

#[test]
fn every_field_has_a_label_and_every_form_a_token() {
    for (name, html) in samples().unwrap() {
        for form in html.split("<form method=\"post\"").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("name=\"token\" value=\"0000\""), "{name}: {form}");
        }
        for input in html.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            let attribute =
                |of: &str| input.split(&format!("{of}=\"")).nth(1).map(|rest| rest.split('"').next().unwrap());
            let labelled = attribute("id").is_some_and(|id| html.contains(&format!("<label for=\"{id}\"")));
            let inside = matches!(attribute("type"), Some("hidden" | "checkbox" | "radio"));
            assert!(labelled || inside || attribute("aria-label").is_some(), "{name}: {input}");
        }
    }
}

/// Browsers give no field back on the way back whose `autocomplete` is off; and pages say that what was typed is there.
#[test]
fn what_was_typed_is_there_on_the_way_back_but_for_secrets() {
    for (name, html) in samples().unwrap() {
        for field in html.split("autocomplete=\"off\"").collect::<Vec<_>>().windows(2) {
            let begun = field[0].rsplit('<').next().unwrap();
            let whole = format!("{begun}{}", field[1].split('>').next().unwrap());
            assert!(whole.contains("type=\"password\"") || whole.contains("name=\"client_secret\""), "{name}: {whole}");
        }
    }
}

/// A page that answers a form stands at that form's address, so that what leads on from it has to say where.
#[test]
fn a_page_that_answers_another_form_leads_on_by_whole_addresses() {
    let answers = ["connection", "version", "webhook", "instance", "account", "settings", "config"];
    for (name, html) in samples().unwrap() {
        let page = name.split('-').next().unwrap();
        if !answers.contains(&page) || name.contains("form") {
            continue;
        }
        for form in html.split("<form ").skip(1).map(|rest| rest.split('>').next().unwrap()) {
            assert!(form.contains(" action=\""), "{name}: {form}");
        }
        assert!(!html.contains("href=\"?"), "{name}");
    }
}
