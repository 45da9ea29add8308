//! What browsers see of this server: its one public origin, the cookie that tells one browser from another, and the one
//! that says which member is signed in to the dashboard.
//!
//! All come from `public_url` alone. `Host` and `X-Forwarded-*` are the sender's to choose, so they build nothing.

use http::{HeaderMap, HeaderValue, header};
use url::Url;
use valetkey_domain::Secret;

/// How long a browser keeps its cookie, in seconds: the person who signed in with it is asked for a word by it later.
const COOKIE_LIFE: u64 = 90 * 24 * 60 * 60;
/// How long it finds back to the page that a sign-in was begun from, in seconds: about as long as that opens.
const PAGE_LIFE: u64 = 15 * 60;
/// The longest of what says that a member signed in at a browser, in bytes.
const LONGEST_MARK: usize = 256;
/// The longest link of such a page.
const LONGEST_LINK: usize = 512;

/// The longest of what is kept in a browser, in bytes.
const LONGEST_KEPT: usize = 4_000;

/// The public side of the server.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    origin: String,
    /// The path of `public_url` without its last slash: empty, unless a proxy shows the server further down.
    pub(crate) base: String,
    browser: String,
    session: String,
    mark: String,
    page: String,
    kept: String,
    secure: bool,
}

impl Site {
    /// The site at this `public_url`.
    pub(crate) fn at(public_url: &Url) -> Self {
        let secure = public_url.scheme() == "https";
        // Cookies know no ports: two servers on one machine would overwrite each other's. `__Host-` needs https.
        let cookie = |what| match public_url.port_or_known_default() {
            Some(port) if !secure => format!("valetkey_{what}_{port}"),
            _ => format!("__Host-valetkey_{what}"),
        };
        let base = public_url.path().trim_end_matches('/').to_owned();
        let [browser, session, mark, page, kept] = ["browser", "session", "member", "page", "agent"].map(cookie);
        Self { origin: public_url.origin().ascii_serialization(), base, browser, session, mark, page, kept, secure }
    }

    /// The browser's secret, if it sent exactly one. Two of the name mean that somebody else set one of them.
    pub(crate) fn browser(&self, headers: &HeaderMap) -> Option<Secret<str>> {
        one_cookie(headers, &self.browser)
    }

    /// The secret of a member's session, by the same rule.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<Secret<str>> {
        one_cookie(headers, &self.session)
    }

    /// What says that a member signed in at this browser before, by the same rule.
    pub(crate) fn mark(&self, headers: &HeaderMap) -> Option<Secret<str>> {
        only(headers, &self.mark).filter(|value| value.len() <= LONGEST_MARK).map(Secret::from)
    }

    /// The header that gives a browser its secret.
    pub(crate) fn remember(&self, browser: &Secret<str>) -> Option<HeaderValue> {
        self.cookie(&self.browser, browser.expose(), COOKIE_LIFE)
    }

    /// The header that gives a browser a member's session, for so many seconds.
    pub(crate) fn begin_session(&self, session: &Secret<str>, seconds: u64) -> Option<HeaderValue> {
        self.cookie(&self.session, session.expose(), seconds)
    }

    /// The header that has a browser keep that a member signed in there.
    pub(crate) fn keep_mark(&self, mark: &Secret<str>) -> Option<HeaderValue> {
        self.cookie(&self.mark, mark.expose(), COOKIE_LIFE)
    }

    /// The header that takes it away.
    pub(crate) fn end_session(&self) -> Option<HeaderValue> {
        self.cookie(&self.session, "", 0)
    }

    /// The link of the instance's page that a sign-in was begun from, if the browser sent one.
    pub(crate) fn came_from<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        only(headers, &self.page).filter(|link| is_link(link))
    }

    /// The header that lets a browser find back to an instance's page after a sign-in; none for what is no link.
    pub(crate) fn begin_at(&self, link: &str) -> Option<HeaderValue> {
        is_link(link).then(|| self.cookie(&self.page, link, PAGE_LIFE)).flatten()
    }

    /// What a browser keeps while somebody signs in for an agent, by the last part of its cookie's name.
    pub(crate) fn kept(&self, headers: &HeaderMap, name: &str) -> Option<Secret<str>> {
        only(headers, &format!("{}_{name}", self.kept)).filter(|value| value.len() <= LONGEST_KEPT).map(Secret::from)
    }

    /// The header that has it kept, for so many seconds.
    pub(crate) fn keep(&self, name: &str, value: &Secret<str>, seconds: u64) -> Option<HeaderValue> {
        self.cookie(&format!("{}_{name}", self.kept), value.expose(), seconds)
    }

    fn cookie(&self, name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
        let mut cookie = HeaderValue::try_from(cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// Whether a change was asked for by one of our own pages: scheme, host and port of `Origin` are ours. A browser
    /// sends it with every POST; `null` and none are somebody else's.
    pub(crate) fn is_own(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let ours = origins.next().is_some_and(|origin| origin.as_bytes() == self.origin.as_bytes());
        ours && origins.next().is_none()
    }
}

fn one_cookie(headers: &HeaderMap, wanted: &str) -> Option<Secret<str>> {
    only(headers, wanted).filter(|value| is_bearer(value)).map(Secret::from)
}

/// The value of the only cookie of this name.
fn only<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value);
    let value = ours.next()?;
    ours.next().is_none().then_some(value)
}

/// Whether it can be the link of an instance's page: whether it is one, is looked at where it opens.
fn is_link(value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_LINK).contains(&value.len()) && value.bytes().all(plain)
}

/// Whether it can be one that we gave: 256 bits as base64url.
fn is_bearer(value: &str) -> bool {
    value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        Site::at(&url.parse().unwrap())
    }

    fn headers(all: &[(header::HeaderName, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).fold(
            HeaderMap::new(),
            |mut map, (name, value)| {
                map.append(name, value);
                map
            },
        )
    }

    #[test]
    fn cookie_is_host_bound_on_https_and_port_bound_on_clear_text() {
        let cookie = |url| site(url).remember(&"x".into()).unwrap().to_str().unwrap().to_owned();
        let rest = "Path=/; HttpOnly; SameSite=Lax; Max-Age=7776000";
        assert_eq!(cookie("https://keys.example.com"), format!("__Host-valetkey_browser=x; {rest}; Secure"));
        assert_eq!(cookie("http://localhost:8080"), format!("valetkey_browser_8080=x; {rest}"));
    }

    #[test]
    fn a_browser_finds_back_by_what_can_be_a_link_and_by_nothing_else() {
        let ours = site("https://keys.example.com");
        let kept = ours.begin_at("vkp_a.B-1").unwrap();
        let kept = kept.to_str().unwrap();
        assert!(
            kept.starts_with("__Host-valetkey_page=vkp_a.B-1; Path=/; HttpOnly; SameSite=Lax; Max-Age=900; Secure")
        );
        for odd in ["", "a b", "a;b", "../x", "a/b", &"x".repeat(513)] {
            assert!(ours.begin_at(odd).is_none(), "{odd}");
        }
        let sent = |value: &str| headers(&[(header::COOKIE, &format!("__Host-valetkey_page={value}"))]);
        assert_eq!(ours.came_from(&sent("vkp_a")), Some("vkp_a"));
        assert_eq!(ours.came_from(&sent("../x")), None);
        assert_eq!(ours.came_from(&sent("a; __Host-valetkey_page=b")), None);
    }

    #[test]
    fn one_well_formed_cookie_counts_and_two_do_not() {
        let (site, value) = (site("http://localhost:8080"), "a".repeat(43));
        let read = |lines: &[String]| {
            let all: Vec<_> = lines.iter().map(|line| (header::COOKIE, line.as_str())).collect();
            site.browser(&headers(&all)).map(|secret| secret.expose().to_owned())
        };
        let ours = format!("valetkey_browser_8080={value}");
        assert_eq!(read(&[format!("a=b; {ours}; c=d")]), Some(value.clone()));
        assert_eq!(read(&[ours.clone(), ours.clone()]), None);
        assert_eq!(read(&[format!("{ours}; {ours}")]), None);
        assert_eq!(read(&[format!("valetkey_browser_9090={value}")]), None, "a neighbour's");
        assert_eq!(read(&["valetkey_browser_8080=short".into()]), None);
        assert_eq!(read(&[]), None);
    }

    /// Attacks 38 and 67.
    #[test]
    fn only_the_exact_origin_is_own() {
        let site = site("http://localhost:8080/");
        let own = |origins: &[&str]| {
            let all: Vec<_> = origins.iter().map(|origin| (header::ORIGIN, *origin)).collect();
            site.is_own(&headers(&all))
        };
        assert!(own(&["http://localhost:8080"]));
        let foreign = [
            "http://localhost:9999",
            "https://localhost:8080",
            "http://localhost",
            "null",
            "",
            "http://127.0.0.1:8080",
        ];
        for wrong in foreign {
            assert!(!own(&[wrong]), "{wrong}");
        }
        assert!(!own(&[]));
        assert!(!own(&["http://localhost:8080", "http://localhost:8080"]));
    }
}
