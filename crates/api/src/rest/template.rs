//! Path templates of google.api.http: `/api/v1/mcp/instances/{instance_id}:get_auth_state`. A template is literals and
//! variables of one segment each, perhaps a verb at the end, or `**` for all that follows.
//!
//! Of several templates that fit a path the most particular wins: segment by segment a literal beats a variable, which
//! beats `**`; then a verb beats none.

use percent_encoding::percent_decode_str;

/// A template, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    segments: Vec<Segment>,
    verb: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// One segment, whose text goes into this field of the request.
    Variable(String),
    /// All that follows, if anything.
    Rest,
}

/// What the variables of a template took from a path, decoded: field path and text.
pub(crate) type Captures = Vec<(String, String)>;

impl Template {
    /// Takes a template apart; none if it says something that we don't serve.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut raw: Vec<&str> = text.strip_prefix('/')?.split('/').collect();
        let last = raw.pop()?;
        let (last, verb) = split_verb(last);
        raw.push(last);
        let segments = raw.into_iter().map(segment).collect::<Option<Vec<_>>>()?;
        let rest_is_last = segments.iter().rev().skip(1).all(|segment| *segment != Segment::Rest);
        rest_is_last.then(|| Self { segments, verb: verb.map(str::to_owned) })
    }

    /// Sorts the most particular template first.
    pub(crate) fn rank(&self) -> (Vec<u8>, bool) {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Variable(_) => 1,
            Segment::Rest => 2,
        };
        (self.segments.iter().map(rank).collect(), self.verb.is_none())
    }

    /// The names of the variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Fits a raw path (percent-encoded, without the query) to the template.
    pub(crate) fn fit(&self, path: &str) -> Option<Captures> {
        let path = match &self.verb {
            Some(verb) => path.strip_suffix(verb.as_str())?.strip_suffix(':')?,
            None => path,
        };
        let mut given = path.strip_prefix('/')?.split('/');
        let mut captures = Captures::new();
        for segment in &self.segments {
            match segment {
                Segment::Rest => return Some(captures),
                Segment::Literal(literal) => {
                    if !percent_decode_str(given.next()?).eq(literal.bytes()) {
                        return None;
                    }
                }
                Segment::Variable(name) => {
                    let text = given.next().filter(|raw| !raw.is_empty())?;
                    let text = percent_decode_str(text).decode_utf8().ok()?;
                    captures.push((name.clone(), text.into_owned()));
                }
            }
        }
        given.next().is_none().then_some(captures)
    }
}

/// A colon outside braces begins a verb.
fn split_verb(last: &str) -> (&str, Option<&str>) {
    let after = last.rfind('}').map_or(0, |end| end + 1);
    match last.get(after..).and_then(|tail| tail.find(':')) {
        Some(at) => (last.get(..after + at).unwrap_or(last), last.get(after + at + 1..)),
        None => (last, None),
    }
}

fn segment(text: &str) -> Option<Segment> {
    if text == "**" {
        return Some(Segment::Rest);
    }
    if let Some(name) = text.strip_prefix('{') {
        let name = name.strip_suffix('}')?;
        let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        return fits.then(|| Segment::Variable(name.to_owned()));
    }
    let plain = !text.is_empty() && !text.contains(['{', '}', '*']);
    plain.then(|| Segment::Literal(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    fn fit(template: &str, path: &str) -> Option<Captures> {
        Template::parse(template).unwrap().fit(path)
    }

    fn captured(pairs: &[(&str, &str)]) -> Option<Captures> {
        Some(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn literals_variables_and_verbs() {
        let verb = "/api/v1/mcp/instances/{instance_id}:get_auth_state";
        assert_eq!(fit(verb, "/api/v1/mcp/instances/inst_1:get_auth_state"), captured(&[("instance_id", "inst_1")]));
        assert_eq!(fit(verb, "/api/v1/mcp/instances/inst_1"), None);
        assert_eq!(fit(verb, "/api/v1/mcp/instances/:get_auth_state"), None);
        assert_eq!(fit("/api/v1/tools:search", "/api/v1/tools:search"), captured(&[]));
        assert_eq!(fit("/api/v1/tools:search", "/api/v1/tools"), None);
        assert_eq!(fit("/a/{x}/b/{y}", "/a/1/b/2"), captured(&[("x", "1"), ("y", "2")]));
        for other in ["/a/1/b", "/a/1/b/2/", "/a//b/2", "/a/1/c/2", "a/1/b/2", ""] {
            assert_eq!(fit("/a/{x}/b/{y}", other), None, "{other}");
        }
    }

    #[test]
    fn a_colon_without_a_verb_belongs_to_the_value() {
        let path = "/api/v1/custom-providers/GOOGLEWORKSPACE:12345";
        assert_eq!(
            fit("/api/v1/custom-providers/{identifier}", path),
            captured(&[("identifier", "GOOGLEWORKSPACE:12345")])
        );
    }

    #[test]
    fn a_colon_that_is_not_at_the_end_belongs_to_its_literal() {
        let template = "/api/v1/organizations:external/{external_id}";
        assert_eq!(fit(template, "/api/v1/organizations:external/acme"), captured(&[("external_id", "acme")]));
        assert_eq!(fit("/api/v1/organizations/{id}", "/api/v1/organizations:external/acme"), None);
    }

    #[test]
    fn the_rest() {
        assert_eq!(fit("/wb/**", "/wb/a/b?"), captured(&[]));
        assert_eq!(fit("/wb/**", "/wb"), captured(&[]));
        assert_eq!(Template::parse("/wb/**/c"), None);
    }

    #[test]
    fn the_most_particular_comes_first() {
        let order = ["/a/this", "/a/this:x", "/a/{id}", "/a/{id}:x", "/a/**"].map(|t| Template::parse(t).unwrap());
        let mut sorted = order.to_vec();
        sorted.sort_by_key(Template::rank);
        let [this, this_x, id, id_x, rest] = order;
        assert_eq!(sorted, [this_x, this, id_x, id, rest]);
    }

    #[test]
    fn what_we_do_not_serve_is_refused() {
        for wrong in ["", "a", "/", "/a//b", "/{", "/{}", "/{a=b/*}", "/a/*", "/{a.b}", "/a{b}"] {
            assert_eq!(Template::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_value_comes_back_as_it_was(values in prop::collection::vec("\\PC{1,20}", 1..4)) {
            let names: Vec<_> = (0..values.len()).map(|n| format!("v{n}")).collect();
            let template: String = names.iter().map(|name| format!("/x/{{{name}}}")).collect();
            let path: String =
                values.iter().map(|value| format!("/x/{}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
            let expected: Captures = names.into_iter().zip(values).collect();
            prop_assert_eq!(fit(&format!("{template}:go"), &format!("{path}:go")), Some(expected.clone()));
            prop_assert_eq!(fit(&template, &path), Some(expected));
        }

        #[test]
        fn no_path_makes_it_panic(path in "\\PC{0,60}", template in "(/([a-z]{1,4}|\\{[a-z]{1,3}\\})){1,4}(:[a-z]{1,3})?") {
            let _ = Template::parse(&template).unwrap().fit(&path);
        }
    }
}
