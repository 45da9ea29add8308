//! What a client says it can read.

use axum::http::{HeaderMap, header};

/// In which forms a client takes its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepts {
    /// As one JSON document.
    pub(super) whole: bool,
    /// As a stream of events. `*/*` alone does not mean that a client can read one.
    pub(super) streams: bool,
}

impl Accepts {
    /// Reads `Accept`. Who names neither gets JSON: nobody is sent away for it.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<&str> = values.flat_map(|value| value.split(',')).filter_map(acceptable).collect();
        let named =
            |names: &[&str]| ranges.iter().any(|range| names.iter().any(|name| range.eq_ignore_ascii_case(name)));
        let streams = named(&["text/event-stream"]);
        Self { whole: !streams || named(&["application/json", "application/*", "*/*"]), streams }
    }

    /// Whether JSON would not be read.
    pub(super) fn only_streams(self) -> bool {
        self.streams && !self.whole
    }
}

/// The media range, unless its weight is nothing.
fn acceptable(range: &str) -> Option<&str> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?;
    let unwanted = parts.any(|part| {
        let weight = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        weight.is_some_and(|(_, weight)| weight.trim().parse::<f32>().is_ok_and(|weight| weight <= 0.0))
    });
    (!unwanted).then_some(media)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn streams_go_only_to_who_names_them_and_json_to_all_who_do_not_rule_it_out() {
        let accepts = |values: &[&'static str]| {
            let accepts = Accepts::of(&values.iter().map(|v| (header::ACCEPT, HeaderValue::from_static(v))).collect());
            (accepts.whole, accepts.streams)
        };
        for both in [
            &["application/json, text/event-stream"][..],
            &["application/json", "Text/Event-Stream;q=0.5"],
            &["text/event-stream, */*;q=0.1"],
            &["application/*,text/event-stream"],
        ] {
            assert_eq!(accepts(both), (true, true), "{both:?}");
        }
        for whole in [
            &[][..],
            &["*/*"],
            &["application/json"],
            &["text/event-streams"],
            &["text/html"],
            &[""],
            &["application/json, text/event-stream;q=0"],
            &["text/event-stream; q=0.000"],
        ] {
            assert_eq!(accepts(whole), (true, false), "{whole:?}");
        }
        for streams in [&["text/event-stream"][..], &["text/event-stream;q=0.9, application/json;q=0"]] {
            assert_eq!(accepts(streams), (false, true), "{streams:?}");
        }
    }
}
