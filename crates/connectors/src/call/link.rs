//! The next page in the header `Link` (RFC 8288): `<https://app.test/things?page=2>; rel="next"`.

use http::{HeaderMap, header};
use serde_json::Value;
use url::Url;

/// The longest header that is read, in bytes.
const MAX_HEADER: usize = 16 * 1024;

/// The value of a query parameter in the address of the next page; nothing where there is none.
pub(super) fn next(headers: &HeaderMap, parameter: &str) -> Option<Value> {
    let links = headers.get_all(header::LINK).iter().take(8);
    let links = links.filter_map(|value| value.to_str().ok()).filter(|text| text.len() <= MAX_HEADER);
    let address = links.flat_map(split).find_map(next_address)?;
    let found = Url::parse(address).ok()?.query_pairs().find(|(name, _)| name == parameter)?.1.into_owned();
    // A page's number is told as the number that the argument takes.
    Some(found.parse::<i64>().map_or(Value::String(found), Value::from))
}

/// The links of a header: each begins with an address in angle brackets, in which commas may stand.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split('<').skip(1)
}

/// The address of a link whose relation is `next`.
fn next_address(link: &str) -> Option<&str> {
    let (address, parameters) = link.split_once('>')?;
    let is_next = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let value = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && value.split(' ').any(|relation| relation.eq_ignore_ascii_case("next"))
    });
    is_next.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(link: &str, parameter: &str) -> Option<Value> {
        let mut headers = HeaderMap::new();
        headers.insert("link", link.parse().unwrap());
        next(&headers, parameter)
    }

    #[test]
    fn the_next_page_is_found_among_the_links() {
        let both = "<https://api.github.com/repositories/1/issues?page=1>; rel=\"prev\", \
                    <https://api.github.com/repositories/1/issues?q=a,b%3Cc&page=3>; rel=\"next\", \
                    <https://api.github.com/repositories/1/issues?page=9>; rel=\"last\"";
        assert_eq!(found(both, "page"), Some(3.into()));
        assert_eq!(found("<https://x.test/?after=Y3Vyc29y&page=a>;rel=next", "after"), Some("Y3Vyc29y".into()));
        assert_eq!(found("<https://x.test/?page=2>; title=\"x\"; REL=\"last Next\"", "page"), Some(2.into()));
    }

    #[test]
    fn where_there_is_none_there_is_none() {
        for link in [
            "<https://x.test/?page=1>; rel=\"prev\"",
            "<https://x.test/?per_page=1>; rel=\"next\"",
            "https://x.test/?page=2; rel=\"next\"",
            "<https://x.test/?page=2",
            "</relative?page=2>; rel=\"next\"",
            "<>",
        ] {
            assert_eq!(found(link, "page"), None, "{link}");
        }
        assert_eq!(next(&HeaderMap::new(), "page"), None);
    }
}
