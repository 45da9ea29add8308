//! Where the tools of a document send: below the provider's own address, whatever the document names. What it says of a path
//! below the same host is kept.

use valetkey_domain::invisible::shown;

/// The most characters of an address that are told.
const MAX_SHOWN: usize = 100;

/// What is put before the paths of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// The path between the provider's address and an operation's.
    pub(super) prefix: String,
    /// What is to be known of it.
    pub(super) notes: Vec<String>,
}

impl Places {
    /// Of a document that names these servers; the provider's address has names of account fields in braces.
    pub(super) fn of(servers: &[String], address: &str) -> Self {
        let (host, base) = parted(address);
        let here = servers.iter().find_map(|server| {
            let (of, path) = parted(server);
            (of.is_empty() || of.eq_ignore_ascii_case(host)).then_some(path)
        });
        let Some(path) = here else {
            let named: Vec<_> = servers.iter().take(3).map(|server| shown(server, MAX_SHOWN)).collect();
            let note = format!(
                "the document names other servers ({}): tools send to the provider's address alone, {address}",
                named.join(", ")
            );
            return Self { prefix: String::new(), notes: if named.is_empty() { Vec::new() } else { vec![note] } };
        };
        if path.is_empty() || path == base {
            return Self::default();
        }
        let plain = path.starts_with('/') && !path.contains(['{', '}', '?', '#', '\\', '%']);
        let below = path.strip_prefix(base).filter(|rest| plain && rest.starts_with('/'));
        if let Some(prefix) = below {
            return Self { prefix: prefix.to_owned(), notes: Vec::new() };
        }
        let note = format!(
            "the document has the API below {}, which is not below the provider's address: tools send below {address}",
            shown(path, MAX_SHOWN)
        );
        Self { prefix: String::new(), notes: vec![note] }
    }
}

/// Host and path of an address; no host of one that is a path only. A slash at the end says nothing.
fn parted(address: &str) -> (&str, &str) {
    let whole = ["https://", "http://"].into_iter().find_map(|scheme| address.strip_prefix(scheme));
    let (host, path) = match whole {
        Some(rest) => rest.find('/').map_or((rest, ""), |at| rest.split_at(at)),
        None if address.starts_with("//") || !address.starts_with('/') => (address, ""),
        None => ("", address),
    };
    (host, path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(servers: &[&str], address: &str) -> (String, usize) {
        let servers: Vec<String> = servers.iter().map(|one| (*one).to_owned()).collect();
        let places = Places::of(&servers, address);
        (places.prefix, places.notes.len())
    }

    #[test]
    fn a_path_below_the_providers_address_is_kept_and_a_host_never_is() {
        let api = "https://api.acme.com";
        assert_eq!(of(&[], api), (String::new(), 0));
        assert_eq!(of(&["/"], api), (String::new(), 0));
        assert_eq!(of(&["/v2/"], api), ("/v2".to_owned(), 0));
        assert_eq!(of(&["https://api.acme.com/v2"], api), ("/v2".to_owned(), 0));
        assert_eq!(of(&["https://api.acme.com/v2"], "https://api.acme.com/v2/"), (String::new(), 0));
        assert_eq!(of(&["https://api.acme.com/v2/eu"], "https://api.acme.com/v2"), ("/eu".to_owned(), 0));
        assert_eq!(of(&["https://api.acme.com/v21"], "https://api.acme.com/v2"), (String::new(), 1));
        assert_eq!(of(&["/api"], "https://{domain}.acme.com"), ("/api".to_owned(), 0));
    }

    #[test]
    fn attack_60_no_server_of_a_document_leads_elsewhere() {
        let api = "https://api.acme.com";
        for server in [
            "https://evil.test/v2",
            "//evil.test",
            "evil.test",
            "https://api.acme.com@evil.test/v2",
            "https://api.acme.com.evil.test",
            "https://api.acme.com:8443/v2",
            "javascript:alert(1)",
            "@evil.test",
        ] {
            assert_eq!(of(&[server], api), (String::new(), 1), "{server}");
        }
        for path in ["/{region}", "/a?b=c", "/a#b", "/a\\b", "/%2e%2e"] {
            assert_eq!(of(&[path], api), (String::new(), 1), "{path}");
        }
    }
}
