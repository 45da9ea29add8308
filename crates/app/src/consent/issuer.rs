//! From whom an answer comes (RFC 9207): a person who signs in at one provider must not bring us a code of another.

use crate::connections;

/// Whether the `iss` of an answer is that of the provider that was asked. `promised` is the issuer that the connector
/// names because its provider puts it into every answer; without one, an `iss` that is there must at least be of the
/// place where the person was sent.
pub(super) fn is_right(promised: Option<&str>, authorize_url: &str, given: Option<&str>) -> bool {
    match (promised, given) {
        (Some(promised), given) => given == Some(promised),
        (None, None) => true,
        (None, Some(given)) => {
            let origin = connections::origin(given);
            origin.is_some() && origin == connections::origin(authorize_url)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_14_iss_wrong_or_absent_though_promised() {
        let google = "https://accounts.google.com";
        let asked = "https://accounts.google.com/o/oauth2/v2/auth";
        assert!(is_right(Some(google), asked, Some(google)));
        assert!(is_right(None, asked, Some(google)));
        assert!(is_right(None, asked, None));
        for wrong in [None, Some("https://evil.example"), Some("https://accounts.google.com/"), Some("")] {
            assert!(!is_right(Some(google), asked, wrong), "{wrong:?}");
        }
        for wrong in ["https://evil.example", "http://accounts.google.com", "", "accounts.google.com", "data:,x"] {
            assert!(!is_right(None, asked, Some(wrong)), "{wrong}");
        }
    }
}
