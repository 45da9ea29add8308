//! Every form with what means it ill, in each of its fields.

use super::addresses::addresses;
use super::{OWN, Seen, ask, signed_in};
use crate::tests::harness::{Site, site_at};
use http::{Method, StatusCode};
use valetkey_app::entrance::{browsers, sign_in};
use valetkey_app::tenancy::members;
use valetkey_domain::Secret;
use valetkey_domain::member::Role;

/// Markup, a template's own words, what turns a line round or ends a text, and what a query would take for its own.
const HOSTILE: [&str; 4] =
    ["\"><script>alert(1)", "{{ 7 * 7 }}{% raw %}", "\u{202e}evil\u{0}\u{7}", "'; DROP TABLE members; --"];

/// Fields that a person types into, by all forms' names; a page that comes back with one has what was typed in it.
const TYPED: [&str; 15] = [
    "name",
    "description",
    "url",
    "user",
    "connection",
    "client_id",
    "find",
    "asks",
    "display_name",
    "colour",
    "what",
    "tool",
    "patterns",
    "whole",
    "arg:query",
];

/// Other fields that some form has.
const OTHERS: [&str; 20] = [
    "scope",
    "scopes",
    "grace",
    "which",
    "which:MY_GMAIL",
    "tool:MY_GMAIL",
    "more:MY_GMAIL",
    "ask:MY_GMAIL",
    "mode",
    "role",
    "seen",
    "kind",
    "version",
    "event",
    "client_secret",
    "old",
    "new",
    "again",
    "session",
    "document",
];

fn escaped(text: &str) -> String {
    let text = text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace('\'', "&#x27;").replace('/', "&#x2f;")
}

pub(super) struct Owner<'a> {
    pub(super) site: &'a Site,
    pub(super) cookie: String,
    pub(super) token: String,
}

impl Owner<'_> {
    pub(super) async fn post(&self, path: &str, fields: &[(String, String)]) -> Seen {
        let mut form = form_urlencoded::Serializer::new(format!("token={}", self.token));
        form.extend_pairs(fields);
        let path = format!("/dashboard/development{path}");
        ask(self.site, Method::POST, &path, Some(&self.cookie), Some(form.finish())).await
    }

    /// Which state of something a form on its page is made from, as a browser would send it along.
    pub(super) async fn seen(&self, path: &str) -> Option<(String, String)> {
        let page =
            ask(self.site, Method::GET, &format!("/dashboard/development{path}"), Some(&self.cookie), None).await;
        let value = page.text.split("name=\"seen\" value=\"").nth(1)?.split('"').next()?;
        Some(("seen".to_owned(), value.to_owned()))
    }

    /// The same member in another browser.
    async fn elsewhere_too(&self) {
        let app = &self.site.app;
        let who = sign_in::signed_in(app, &Secret::from(self.cookie.split_once('=').unwrap().1)).await.unwrap();
        let link = sign_in::link(app, &members::operator(app), &who.member).await.unwrap();
        let browser = browsers::Browser::stranger("Safari");
        sign_in::sign_in_by_link(app, link.token.expose(), &browser).await.unwrap();
    }

    /// One of each, in the place of those that addresses only name.
    pub(super) async fn furnish(&self) -> Vec<(&'static str, String)> {
        let of = |form: &str| form_urlencoded::parse(form.as_bytes()).into_owned().collect::<Vec<_>>();
        let end = |text: &str| text.rsplit('/').next().unwrap().split(['?', '"', '&']).next().unwrap().to_owned();
        let config = self.post("/configs/create", &of("name=x&connection=MY_GMAIL&which:MY_GMAIL=all")).await.location;
        let config = end(&config);
        let tried = self.post(&format!("/configs/{config}/try"), &of("user=ann")).await.location;
        let provider = "name=Acme&url=https://acme.example&patterns=[{\"type\":\"NO_AUTH\"}]";
        let provider = self.post("/providers/create", &of(provider)).await.location;
        let hook = self.post("/webhooks/create", &of("url=https://example.com/hook&which=all")).await.text;
        let hook = hook.split("webhooks&#x2f;whk_").nth(1).unwrap().split(['&', '"']).next().unwrap().to_owned();
        let client = self.post("/settings/clients", &of("name=first")).await.text;
        let member = self.post("/settings/members", &of("name=bob&role=support")).await.text;
        // The owner's own row has such addresses too.
        let bob = member.split("aria-label=\"Role of bob\"").next().unwrap().rsplit("/mem_").next().unwrap();
        let named = |text: &str, prefix: &str| {
            let id = text.split(&format!("/{prefix}_")).nth(1).unwrap().split(['/', '"']).next().unwrap();
            format!("{prefix}_{id}")
        };
        self.elsewhere_too().await;
        let settings =
            ask(self.site, Method::GET, "/dashboard/development/settings", Some(&self.cookie), None).await.text;
        vec![
            ("skc_1", named(&client, "skc")),
            ("mem_1", format!("mem_{}", bob.split('/').next().unwrap())),
            ("ses_1", named(&settings, "ses")),
            ("cfg_1", config),
            ("inst_1", end(&tried)),
            ("acme:1", end(&provider)),
            ("whk_1", format!("whk_{hook}")),
            ("ca_1", self.site.account()),
        ]
    }
}

/// What keeps a form from being sent again with other words.
fn ends(path: &str) -> bool {
    ["/delete", "/disable", "/sign-out", "/remove"].iter().any(|end| path.ends_with(end))
}

#[tokio::test]
async fn no_form_runs_what_is_typed_into_it_or_loses_it() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let owner = Owner { site: &site, cookie, token };
    let there = owner.furnish().await;
    let mut at_its_field = 0;
    let forms = addresses(&site).into_iter().filter(|one| one.method == Method::POST && !ends(&one.path));
    for one in forms {
        let path = there.iter().fold(one.path.clone(), |path, (name, id)| path.replace(name, id));
        // What comes back with a page is what its own form had.
        let own: Vec<(String, String)> = form_urlencoded::parse(one.form.as_bytes()).into_owned().collect();
        for word in HOSTILE {
            let mut tries: Vec<Vec<(String, String)>> = (0..own.len())
                .map(|at| {
                    let mut fields = own.clone();
                    fields[at].1 = word.to_owned();
                    fields
                })
                .collect();
            tries.push(TYPED.iter().chain(&OTHERS).map(|name| ((*name).to_owned(), word.to_owned())).collect());
            for (number, mut fields) in tries.into_iter().enumerate() {
                fields.extend(owner.seen(&path).await);
                let seen = owner.post(&path, &fields).await;
                let told = format!("{path} with {fields:?}: {} {}", seen.status, seen.text);
                assert!(!seen.status.is_server_error(), "{told}");
                assert!(!seen.text.contains("<script>alert") && !seen.text.contains(">49<"), "{told}");
                if seen.status != StatusCode::OK {
                    continue;
                }
                for (name, value) in fields.iter().filter(|(name, value)| {
                    value == word && TYPED.contains(&name.as_str()) && own.iter().any(|(of, _)| of == name)
                }) {
                    let field = seen.text.contains(&format!(" id=\"{name}\" name=\"{name}\""));
                    assert!(!field || seen.text.contains(&escaped(value)), "{name} is lost: {told}");
                }
                // What one field alone has wrong is told at that field.
                if let Some((name, _)) = own.get(number).filter(|(name, _)| TYPED.contains(&name.as_str())) {
                    let tag = seen.text.split(&format!(" id=\"{name}\" name=\"{name}\"")).nth(1);
                    let tag = tag.and_then(|rest| rest.split('>').next());
                    let refused = seen.text.contains("id=\"wrong");
                    assert!(!refused || tag.is_none_or(|tag| tag.contains("aria-invalid")), "not at {name}: {told}");
                    at_its_field += usize::from(refused && tag.is_some());
                }
            }
        }
    }
    assert!(at_its_field >= 20, "{at_its_field} refusals were of one field");
}

#[tokio::test]
async fn no_form_is_read_without_an_end() {
    let site = site_at(OWN).await;
    let (cookie, token) = signed_in(&site, Role::Owner).await;
    let owner = Owner { site: &site, cookie, token };
    let long = vec![("name".to_owned(), "x".repeat(300_000))];
    // Those may hold a document, which has a bound of its own.
    let short = |path: &str| !path.contains("import") && !path.ends_with("/providers/create");
    for one in addresses(&site).into_iter().filter(|one| one.method == Method::POST && short(&one.path)) {
        let seen = owner.post(&one.path, &long).await;
        assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", one.path);
        assert!(seen.text.contains("nothing was changed") && seen.text.len() < 20_000, "{}", one.path);
    }
}
