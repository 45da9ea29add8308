//! A person's browser, as far as the demo's proof needs one: pages, forms, redirects and cookies, on this machine's
//! clear-text doors.

use anyhow::{Context, Result, anyhow, bail, ensure};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use regex::Regex;
use serde_json::Value;
use std::collections::HashMap;
use url::Url;

/// The most that a page of the demo has, in bytes.
const MAX_PAGE: usize = 4 << 20;

/// How many redirects are followed before one is taken for a loop.
const MAX_REDIRECTS: usize = 10;

/// Somebody with a browser.
pub(super) struct Visitor {
    http: Client<HttpConnector, Full<Bytes>>,
    cookies: HashMap<String, HashMap<String, String>>,
}

/// A page that was reached.
pub(super) struct Page {
    /// Where it is.
    pub(super) url: Url,
    /// Its HTML.
    pub(super) html: String,
}

impl Visitor {
    /// Somebody with a fresh browser.
    pub(super) fn new() -> Self {
        Self { http: Client::builder(TokioExecutor::new()).build_http(), cookies: HashMap::new() }
    }

    /// Opens a page and goes where it leads by itself.
    pub(super) async fn open(&mut self, url: Url) -> Result<Page> {
        self.navigate(Method::GET, url, None, None).await
    }

    /// Sends a page's form, with the fields it came with and the button that was pressed.
    pub(super) async fn submit(&mut self, page: &Page, form: &Form) -> Result<Page> {
        let url = page.url.join(&form.action)?;
        let body = Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        self.navigate(Method::POST, url, Some(body), Some(page.url.origin().ascii_serialization())).await
    }

    async fn navigate(
        &mut self,
        mut method: Method,
        mut url: Url,
        mut form: Option<String>,
        mut origin: Option<String>,
    ) -> Result<Page> {
        for _ in 0..MAX_REDIRECTS {
            let mut request = Request::builder().method(method.clone()).uri(url.as_str());
            if let Some(cookie) = self.cookie(&url) {
                request = request.header(header::COOKIE, cookie);
            }
            if let Some(origin) = &origin {
                request = request.header(header::ORIGIN, origin);
            }
            if form.is_some() {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            }
            let answer = self.http.request(request.body(form.take().unwrap_or_default().into())?).await?;
            self.keep_cookies(&url, answer.headers());
            if let Some(to) = goes_on_to(&answer)? {
                url = url.join(to)?;
                (method, origin) = (Method::GET, None);
                continue;
            }
            let status = answer.status();
            let html = String::from_utf8(
                Limited::new(answer.into_body(), MAX_PAGE)
                    .collect()
                    .await
                    .map_err(|why| anyhow!(why))?
                    .to_bytes()
                    .into(),
            )?;
            ensure!(status.is_success(), "{} answered {status}: {}", url.path(), text_of(&html));
            return Ok(Page { url, html });
        }
        bail!("more than {MAX_REDIRECTS} redirects")
    }

    fn cookie(&self, url: &Url) -> Option<String> {
        let jar = self.cookies.get(url.host_str()?)?;
        Some(jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "))
    }

    fn keep_cookies(&mut self, url: &Url, headers: &http::HeaderMap) {
        let Some(host) = url.host_str() else { return };
        for cookie in headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                let jar = self.cookies.entry(host.to_owned()).or_default();
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
}

/// Where an answer sends the browser on, by a redirect or by the page itself.
fn goes_on_to<B>(answer: &Response<B>) -> Result<Option<&str>> {
    if answer.status().is_redirection() {
        let to = answer.headers().get(header::LOCATION).context("a redirect without a location")?;
        return Ok(Some(to.to_str()?));
    }
    let refresh = answer.headers().get(header::REFRESH).map(|value| value.to_str()).transpose()?;
    Ok(refresh.and_then(|value| value.strip_prefix("0; url=")))
}

/// A form of a page.
pub(super) struct Form {
    /// Where it goes.
    action: String,
    /// Names and values, as the page filled them in.
    fields: Vec<(String, String)>,
}

impl Page {
    /// The form that has this button, with every field the page filled in and the button's own.
    pub(super) fn form_with(&self, button: &str) -> Result<Form> {
        let forms = Regex::new(r"(?s)<form\b([^>]*)>(.*?)</form>")?;
        for found in forms.captures_iter(&self.html) {
            let (_, [open, inside]) = found.extract();
            let Some(pressed) = elements(inside)?.find(|e| attribute(e, "id").as_deref() == Some(button)) else {
                continue;
            };
            let pressed = pressed.to_owned();
            let filled = elements(inside)?.filter(|e| is_filled(e) || **e == pressed);
            let fields =
                filled.filter_map(|e| Some((attribute(e, "name")?, attribute(e, "value").unwrap_or_default())));
            return Ok(Form { action: attribute(open, "action").unwrap_or_default(), fields: fields.collect() });
        }
        bail!("the page {} has no button '{button}': {}", self.url.path(), text_of(&self.html))
    }
}

/// Calls of programs: JSON in, JSON out.
impl Visitor {
    /// Posts a form and reads JSON.
    pub(super) async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Value> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        self.call(url, "application/x-www-form-urlencoded", None, body).await
    }

    /// Posts JSON (nothing for null) and reads JSON, with a bearer token if there is one.
    pub(super) async fn post_json(&self, url: &str, bearer: Option<&str>, body: &Value) -> Result<Value> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.call(url, "application/json", bearer, text).await
    }

    async fn call(&self, url: &str, kind: &str, bearer: Option<&str>, body: String) -> Result<Value> {
        let mut request = Request::post(url)
            .header(header::CONTENT_TYPE, kind)
            .header(header::ACCEPT, "application/json, text/event-stream");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = self.http.request(request.body(body.into())?).await?;
        let (status, path) =
            (answer.status(), Url::parse(url)?.path().split('/').take(4).collect::<Vec<_>>().join("/"));
        let bytes = Limited::new(answer.into_body(), MAX_PAGE).collect().await.map_err(|why| anyhow!(why))?.to_bytes();
        if status == StatusCode::ACCEPTED {
            return Ok(Value::Null);
        }
        ensure!(status.is_success(), "{path} answered {status}: {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).with_context(|| format!("{path} did not answer JSON"))
    }
}

fn elements(html: &str) -> Result<std::vec::IntoIter<&str>> {
    let tags = Regex::new(r"(?s)<(?:input|button)\b[^>]*>")?;
    Ok(tags.find_iter(html).map(|tag| tag.as_str()).collect::<Vec<_>>().into_iter())
}

/// Whether a browser would send this element without its being pressed.
fn is_filled(element: &str) -> bool {
    let ticked = element.contains(" checked");
    element.starts_with("<input") && (attribute(element, "type").as_deref() == Some("hidden") || ticked)
}

fn attribute(element: &str, name: &str) -> Option<String> {
    let (_, [found]) = Regex::new(&format!(r#"\s{name}="([^"]*)""#)).ok()?.captures(element)?.extract();
    Some(found.replace("&quot;", "\"").replace("&#x2f;", "/").replace("&#x27;", "'").replace("&amp;", "&"))
}

/// A page's words without its tags, for an error message.
fn text_of(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let words = Regex::new(r"(?s)<style.*?</style>|<[^>]*>?").map(|tags| tags.replace_all(body, " ").into_owned());
    words.unwrap_or_default().split_whitespace().take(60).collect::<Vec<_>>().join(" ")
}
