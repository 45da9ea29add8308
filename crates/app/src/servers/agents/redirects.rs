//! Where an agent may be sent an answer to: to a web server, to a program on the person's own machine, or to one that is
//! started by a scheme of its own (RFC 8252 §7).

use url::Url;

/// The longest address, in bytes.
const LONGEST: usize = 1_024;

/// The schemes of programs that have no domain name for one (RFC 8252 §7.1 wants that; these came before they were asked).
const PROGRAMS: [&str; 5] = ["cursor", "vscode", "vscode-insiders", "windsurf", "zed"];

/// The address, if answers may be sent there at all. What a browser would run itself (`javascript:`, `data:`) is none.
pub(super) fn read(text: &str) -> Option<Url> {
    if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    let taken = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(&url),
        scheme => scheme.contains('.') || PROGRAMS.contains(&scheme),
    };
    (plain && taken).then_some(url)
}

/// Whether an answer may be sent there by a client that registered `known`: byte for byte, but for the port of a program on
/// the person's machine, which takes one that is free (RFC 8252 §7.3).
pub(super) fn fits(known: &str, given: &str) -> bool {
    if known == given {
        return true;
    }
    let of_any_port = |text: &str| {
        let mut url = read(text).filter(is_loopback)?;
        url.set_port(None).ok()?;
        Some(url)
    };
    let (known, given) = (of_any_port(known), of_any_port(given));
    known.is_some() && known == given
}

/// Whether it is on the machine of whoever opens it.
pub(super) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_15_and_17_only_places_that_take_an_answer_are_sent_one() {
        for good in [
            "https://agent.example/cb",
            "https://agent.example/cb?a=b",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9/cb",
            "com.example.agent:/cb",
            "cursor://anysphere.cursor-retrieval/oauth/callback",
        ] {
            assert!(read(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "http://agent.example/cb",
            "http://localhost.evil.example/cb",
            "http://localhost@evil.example/cb",
            "https://a:b@agent.example/cb",
            "https://agent.example/cb#x",
            "https://agent.example/\r\ncb",
            "https://agent.example/ cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "blob:https://agent.example/x",
            "ms-msdt:x",
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
        assert!(read(&format!("https://agent.example/{}", "a".repeat(1_024))).is_none());
    }

    #[test]
    fn attack_15_a_place_is_the_one_that_was_registered() {
        let known = "https://agent.example/cb";
        assert!(fits(known, known));
        for other in [
            "https://agent.example/cb/",
            "https://agent.example/cb?x",
            "https://AGENT.example/cb",
            "https://agent.example:8443/cb",
        ] {
            assert!(!fits(known, other), "{other}");
        }
        assert!(
            fits("http://localhost:1/cb", "http://localhost:2/cb")
                && fits("http://127.0.0.1/cb", "http://127.0.0.1:2/cb")
        );
        for other in ["http://localhost:2/other", "http://127.0.0.1:1/cb", "http://localhost.evil.example:1/cb"] {
            assert!(!fits("http://localhost:1/cb", other), "{other}");
        }
    }
}
