//! What a request's head may hold, on both versions of HTTP alike: the library counts fields on HTTP/1.1 alone, and
//! bytes in another way on each.

use http::request::Parts;

/// The most bytes of a request's head: two bearer tokens, which Python sends, fit many times over.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// The most fields of a head.
pub(super) const MAX_FIELDS: usize = 100;

/// Whether it is within both bounds, written as HTTP/1.1 would.
pub(super) fn fits(head: &Parts) -> bool {
    let target = head.uri.path_and_query().map_or(1, |target| target.as_str().len());
    let line = head.method.as_str().len() + target + " HTTP/1.1 \r\n".len();
    let fields = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    head.headers.len() <= MAX_FIELDS && line + fields.sum::<usize>() <= MAX_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn fields_and_bytes_are_counted() {
        let with = |count: usize, length: usize| {
            let fields = (0..count).map(|at| (format!("x-{at}"), "a".repeat(length)));
            let request = fields.fold(Request::get("/"), |request, (name, value)| request.header(name, value));
            fits(&request.body(()).unwrap().into_parts().0)
        };
        assert!(with(100, 10) && !with(101, 1) && with(10, 6_500) && !with(10, 6_600));
        let long = Request::get(format!("/{}", "a".repeat(65_500))).header("x", "a".repeat(100)).body(()).unwrap();
        assert!(!fits(&long.into_parts().0));
    }
}
