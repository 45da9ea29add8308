//! What a proxied request asks for: in whose name, and which path of the app.

use crate::failure::Failure;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use valetkey_domain::Kind;
use valetkey_domain::name::Identifier;

/// In whose name.
#[derive(Debug)]
pub(super) struct Whose {
    /// The connection's name.
    pub(super) connection: String,
    /// The app's name for the user.
    pub(super) identifier: Identifier,
}

/// In whose name a request is to be made.
///
/// # Errors
/// A header is missing, is there twice, or can be read in two ways; the method can't be passed on.
pub(super) fn whose(head: &Parts) -> Result<Whose, Failure> {
    // An app that serves TRACE would give the caller the user's credential.
    if matches!(head.method, Method::TRACE | Method::CONNECT) {
        let message = format!("the request was not made: {} is not passed on", head.method);
        return Err(Failure::new(Kind::Unimplemented, message));
    }
    let connection = one(&head.headers, "connection_name")?.to_owned();
    let identifier = Identifier::parse(one(&head.headers, "identifier")?);
    let identifier = identifier.map_err(|why| Failure::invalid(format!("the header 'identifier': {why}")))?;
    Ok(Whose { connection, identifier })
}

/// The one value of a header: two of them could be two users.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Failure> {
    let mut values = headers.get_all(name).iter();
    let (first, more) = (values.next(), values.next());
    let wrong = |why: &str| Failure::invalid(format!("the request was not made: the header '{name}' {why}"));
    let value = first.ok_or_else(|| wrong("is missing (some reverse proxies drop names with '_')"))?;
    if more.is_some() {
        return Err(wrong("is there more than once"));
    }
    // Clients write other letters in different ways, and one user could be taken for another.
    let text = value.to_str().map_err(|_| wrong("has letters outside of ASCII, which HTTP headers can't carry"))?;
    let text = text.trim();
    if text.is_empty() { Err(wrong("is empty")) } else { Ok(text) }
}

/// Path and query behind `/proxy`, as they were written.
pub(super) fn target(uri: &Uri) -> String {
    let written = uri.path_and_query().map_or("", |written| written.as_str());
    written.strip_prefix("/proxy").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn head(headers: &[(&str, &[u8])]) -> Parts {
        let mut request = Request::get("/proxy/a");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn both_headers_are_needed_once_in_any_case() {
        let whose = whose(&head(&[("Connection_name", b"MY_GMAIL"), ("Identifier", b" ann ")])).unwrap();
        assert_eq!((whose.connection.as_str(), whose.identifier.as_str()), ("MY_GMAIL", "ann"));
    }

    #[test]
    fn attack_1_two_users_or_one_that_can_be_read_in_two_ways_are_none() {
        for (headers, word) in [
            (vec![("identifier", b"ann".as_slice())], "missing"),
            (vec![("connection_name", b"x".as_slice())], "missing"),
            (
                vec![("connection_name", b"x"), ("identifier", b"ann".as_slice()), ("Identifier", b"bob")],
                "more than once",
            ),
            (vec![("connection_name", b"x"), ("identifier", b"")], "empty"),
            (vec![("connection_name", b"x"), ("identifier", b"\xC3\xA9")], "ASCII"),
        ] {
            let refused = whose(&head(&headers)).unwrap_err();
            assert!(refused.message.contains(word), "{headers:?}: {}", refused.message);
        }
    }

    #[test]
    fn the_path_is_what_was_written() {
        for (uri, wanted) in
            [("/proxy", ""), ("/proxy/", "/"), ("/proxy//a/%2e?b=1&b=2", "//a/%2e?b=1&b=2"), ("/proxy?a", "?a")]
        {
            assert_eq!(target(&uri.parse().unwrap()), wanted);
        }
    }
}
