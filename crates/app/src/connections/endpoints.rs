//! Where a connection reaches: its own settings, else the connector's.

use crate::{Error, Result};
use url::Url;
use valetkey_domain::connection::Settings;

/// How many bytes a connection's settings take at most, as JSON.
const MOST_BYTES: usize = 64 * 1024;

/// Where a connection reaches: its own settings, else the connector's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where people sign in, if they do so at the vendor.
    pub authorize_url: Option<String>,
    /// Where access tokens are had, if there are any.
    pub token_url: Option<String>,
    /// Where tokens are revoked, if the vendor offers it.
    pub revoke_url: Option<String>,
    /// Who the account is, if the vendor says.
    pub identity_url: Option<String>,
    /// What replaces scheme, host and port of the connector's API, if anything.
    pub api_base_url: Option<String>,
}

/// The vendor's own endpoints.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vendors<'a> {
    pub(super) authorize_url: Option<&'a str>,
    pub(super) token_url: Option<&'a str>,
    pub(super) revoke_url: Option<&'a str>,
    pub(super) identity_url: Option<&'a str>,
}

impl Endpoints {
    /// Of a connection with these settings, where the vendor has these. What the vendor has no need of, no connection has.
    pub(super) fn of(vendors: Vendors<'_>, own: &Settings) -> Self {
        // Of an MCP server that is still to be asked where they are, they are empty.
        let or = |own: &Option<String>, theirs: Option<&str>| {
            own.clone().or_else(|| theirs.map(str::to_owned)).filter(|url| !url.is_empty())
        };
        Self {
            authorize_url: vendors.authorize_url.and_then(|theirs| or(&own.authorize_url, Some(theirs))),
            token_url: vendors.token_url.and_then(|theirs| or(&own.token_url, Some(theirs))),
            revoke_url: or(&own.revoke_url, vendors.revoke_url),
            identity_url: or(&own.identity_url, vendors.identity_url),
            // As it is kept today, so that one from before is not taken for another.
            api_base_url: own.api_base_url.as_ref().map(|text| base(text).unwrap_or_else(|_| text.clone())),
        }
    }

    /// All of them, by the names that the API has for them where it has one.
    pub(super) fn named(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("authorize_uri", self.authorize_url.as_deref()),
            ("token_uri", self.token_url.as_deref()),
            ("revoke_url", self.revoke_url.as_deref()),
            ("user_info_uri", self.identity_url.as_deref()),
            ("api_base_url", self.api_base_url.as_deref()),
        ]
    }
}

/// `scheme://host[:port]` of a web address.
pub(crate) fn origin(url: &str) -> Option<String> {
    Url::parse(url).ok().map(|url| url.origin().ascii_serialization())
}

/// Whether an address is one of this machine, which others can't reach.
pub(super) fn on_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Endpoints are where people and secrets are sent: web addresses without credentials or a fragment, and in clear text
/// only on this machine. Whether a private address may be reached at all is the guard's matter, at connect time.
///
/// What comes back has the API's base as it will be used: a path is kept, for the app's own paths to go on from.
///
/// # Errors
/// One is something else; the message names it.
pub(super) fn checked(mut settings: Settings) -> Result<Settings> {
    let given = [
        ("authorize_url", &settings.authorize_url),
        ("token_url", &settings.token_url),
        ("revoke_url", &settings.revoke_url),
        ("identity_url", &settings.identity_url),
    ];
    for (member, text) in given {
        if let Some(text) = text {
            address(member, text)?;
        }
    }
    if let Some(text) = &settings.api_base_url {
        settings.api_base_url = Some(base(text)?);
    }
    let size = serde_json::to_vec(&settings).map_err(Error::internal)?.len();
    if size > MOST_BYTES {
        return Err(Error::invalid(format!("a connection's settings take {size} bytes: {MOST_BYTES} are the most")));
    }
    Ok(settings)
}

fn address(member: &str, text: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|why| Error::invalid(format!("{member} is not a web address: {why}")))?;
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && on_this_machine(&url));
    if !scheme || url.host_str().is_none() {
        return Err(Error::invalid(format!("{member} must begin with https:// (http:// only on this machine)")));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Error::invalid(format!("{member} must not hold a user name, a password or a fragment")));
    }
    Ok(url)
}

/// Scheme, host, port and path, in the one form that addresses are made from: no slash at the end.
fn base(text: &str) -> Result<String> {
    let url = address("api_base_url", text)?;
    if url.query().is_some() {
        return Err(Error::invalid(
            "api_base_url must not hold a query (from ? on): the app's own paths are put behind it, so give scheme, \
             host, port and at most a path",
        ));
    }
    if climbs(text) {
        return Err(Error::invalid(
            "api_base_url must not hold the segments . or .. in its path: give the path that they lead to",
        ));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether a path goes up or stands still, in any of the ways that URL parsers read so.
fn climbs(text: &str) -> bool {
    let plain = |segment: &str| segment.trim().to_ascii_lowercase().replace("%2e", ".");
    text.split(['/', '\\']).map(plain).any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn based(text: &str) -> Result<String> {
        let settings = checked(Settings { api_base_url: Some(text.to_owned()), ..Settings::default() })?;
        Ok(settings.api_base_url.unwrap())
    }

    #[test]
    fn a_base_keeps_its_path_and_loses_the_slashes_behind_it() {
        for (given, kept) in [
            ("https://ghe.example", "https://ghe.example"),
            ("https://ghe.example/", "https://ghe.example"),
            ("https://ghe.example/api/v3", "https://ghe.example/api/v3"),
            ("https://ghe.example/api/v3//", "https://ghe.example/api/v3"),
            ("HTTPS://GHE.example:443/Api", "https://ghe.example/Api"),
            ("https:\\\\ghe.example\\api", "https://ghe.example/api"),
            ("https://ghe.example/a b", "https://ghe.example/a%20b"),
            ("https://ghe.example/..well/v.1", "https://ghe.example/..well/v.1"),
            ("http://127.0.0.1:8090/google/", "http://127.0.0.1:8090/google"),
        ] {
            assert_eq!(based(given).unwrap(), kept, "{given}");
        }
    }

    #[test]
    fn a_base_that_was_kept_before_is_the_same_base() {
        let at = |base: &str| {
            let settings = Settings { api_base_url: Some(base.to_owned()), ..Settings::default() };
            Endpoints::of(Vendors::default(), &settings)
        };
        assert_eq!(at("HTTPS://ghe.example/api//"), at("https://ghe.example/api"));
        assert_ne!(at("https://ghe.example/api"), at("https://ghe.example/Api"));
    }

    #[test]
    fn what_a_base_may_not_hold_is_refused_by_name() {
        for (given, why) in [
            ("https://ghe.example/api?x=1", "a query"),
            ("https://ghe.example?", "a query"),
            ("https://ghe.example/a/../b", "segments"),
            ("https://ghe.example/a/%2E%2e/b", "segments"),
            ("https://ghe.example/a/.%2e", "segments"),
            ("https://ghe.example/./a", "segments"),
            ("https://ghe.example\\..\\a", "segments"),
            ("https://ghe.example/a#b", "fragment"),
            ("https://user@ghe.example", "user name"),
            ("http://ghe.example", "https://"),
            ("ghe.example", "not a web address"),
        ] {
            let refused = based(given).unwrap_err();
            assert!(
                refused.message().contains("api_base_url") && refused.message().contains(why),
                "{given}: {refused}"
            );
        }
    }
}
