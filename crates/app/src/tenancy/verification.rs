//! Where people are sent to be confirmed by the app, after they have signed in.

use crate::{Error, Result};
use url::Url;
use valetkey_domain::Kind;
use valetkey_domain::authorization::VerifyAt;
use valetkey_domain::environment::{Environment, VerifyMode};

/// An address to which a browser may be sent: https, or this machine, without anything that hides where it leads.
///
/// # Errors
/// It is something else.
pub(crate) fn checked(text: &str) -> Result<Url> {
    let wrong = |why: &str| Error::invalid(format!("user_verify_url {why}"));
    let url = Url::parse(text).map_err(|_| wrong("is not a web address"))?;
    let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if !(url.scheme() == "https" || url.scheme() == "http" && here) || url.host_str().is_none() {
        return Err(wrong("must begin with https:// (http:// only on this machine)"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("must not hold a user name, a password or a fragment"));
    }
    if text.contains('\\') || text.contains(char::is_control) || text.trim() != text {
        return Err(wrong("holds what no address does: a backslash, a blank or a control character"));
    }
    Ok(url)
}

/// Where a link's person is confirmed: at the address that the link brings, else at the config's that it is made for, else at
/// the environment's. A link that brings one is always confirmed; without one it is where the environment wants it so. Where
/// the config or the environment has an address, a link's leads to the same origin as the one that stands in for it.
///
/// # Errors
/// The address is no place to send people to, or none is known though the environment wants it.
pub(crate) fn of_link(
    environment: &Environment,
    config: Option<&str>,
    url: Option<&str>,
    state: Option<&str>,
) -> Result<Option<VerifyAt>> {
    let own = config.or(environment.user_verify_url.as_deref());
    let confirmed = environment.user_verify_mode == Some(VerifyMode::App);
    let chosen = match (url, own) {
        (Some(url), own) => {
            let origin = checked(url)?.origin();
            if let Some(own) = own.map(checked).transpose()?.map(|own| own.origin()).filter(|own| *own != origin) {
                let (wanted, given) = (own.ascii_serialization(), origin.ascii_serialization());
                let message = format!(
                    "user_verify_url leads to {given}, and this environment confirms people at {wanted} only: use that \
                     origin, or have the operator set another (valetkey environment update NAME --user-verify-url URL)"
                );
                return Err(Error::invalid(message));
            }
            url
        }
        (None, Some(own)) if confirmed => own,
        (None, None) if confirmed => {
            let message = "user_verify_url not configured for verification redirect: this environment has every user \
                           confirmed by the app (user_verify_mode B2B), so give user_verify_url with the link, or have the \
                           operator set the config's or the environment's";
            return Err(Error::new(Kind::FailedPrecondition, message));
        }
        (None, _) => return Ok(None),
    };
    Ok(Some(VerifyAt { url: chosen.to_owned(), state: state.map(str::to_owned) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_domain::Timestamp;
    use valetkey_domain::id::EnvironmentId;

    fn environment(mode: Option<VerifyMode>, url: Option<&str>) -> Environment {
        Environment {
            id: EnvironmentId::parse("env_1").unwrap(),
            name: "one".into(),
            display_name: None,
            user_verify_mode: mode,
            user_verify_url: url.map(str::to_owned),
            brand: Default::default(),
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn attack_15_nobody_is_sent_where_it_cannot_be_seen() {
        for good in ["https://app.example/verify", "https://app.example:8443/v?a=b", "http://localhost:3000/v"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "http://app.example/v",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//evil.example",
            "/v",
            "https://user@app.example/v",
            "https://u:p@app.example",
            "https://app.example/#x",
            "https:\\\\evil.example",
            "https://app.example\\@evil.example",
            " https://app.example",
            "https://app.example/\n",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example/",
            "ftp://app.example",
            "",
            "http://0x7f000001.evil",
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_links_address_counts_and_lies_at_the_environments_origin() {
        let at = |mode, own, url| of_link(&environment(mode, own), None, url, Some("s")).map(|at| at.map(|at| at.url));
        let (own, mode) = (Some("https://app.example/verify"), Some(VerifyMode::App));
        assert_eq!(at(None, None, None).unwrap(), None);
        assert_eq!(at(None, own, None).unwrap(), None, "an address alone confirms nobody");
        assert_eq!(at(mode, own, None).unwrap().as_deref(), own);
        assert_eq!(at(None, None, Some("https://a.example/x")).unwrap().as_deref(), Some("https://a.example/x"));
        assert_eq!(at(mode, own, Some("https://app.example/2")).unwrap().as_deref(), Some("https://app.example/2"));
        for elsewhere in
            ["https://evil.example/verify", "https://app.example:8443/x", "https://app.example.evil.example"]
        {
            assert!(at(mode, own, Some(elsewhere)).is_err(), "{elsewhere}");
        }
        let of = |own, config, url| of_link(&environment(mode, own), config, url, None).map(|at| at.map(|at| at.url));
        let configs = Some("https://one.example/verify");
        assert_eq!(of(own, configs, None).unwrap().as_deref(), configs, "a config's goes before the environment's");
        assert_eq!(of(None, configs, None).unwrap().as_deref(), configs, "and stands alone");
        assert_eq!(of(own, configs, Some("https://one.example/2")).unwrap().as_deref(), Some("https://one.example/2"));
        assert!(of(own, configs, own).is_err(), "a link's lies at the config's origin then");
        let unasked = of_link(&environment(None, None), configs, None, None).unwrap();
        assert!(unasked.is_none(), "a config's address alone confirms nobody");
        let refused = at(mode, None, None).unwrap_err();
        assert_eq!(refused.kind(), Kind::FailedPrecondition);
        assert!(refused.message().starts_with("user_verify_url not configured for verification redirect"));
    }
}
