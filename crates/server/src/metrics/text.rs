//! The two text formats: OpenMetrics, as the registry writes it, and Prometheus' older one for who does not ask for it.
//!
//! Sources: <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md> and
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::HashMap;
use std::fmt::Write as _;

/// The media type of OpenMetrics.
pub(super) const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The media type of the older format.
pub(super) const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// OpenMetrics in the older format: there a family has the name of its samples, suffix and all, an info is a gauge, and
/// neither units nor an end are written.
pub(super) fn plain(open: &str) -> String {
    let types: HashMap<&str, &str> =
        open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut told = String::with_capacity(open.len());
    for line in open.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        let described = line.strip_prefix("# ").and_then(|rest| {
            let (word, rest) = rest.split_once(' ')?;
            let (family, rest) = rest.split_once(' ')?;
            Some((word, family, rest))
        });
        // Writing to a String cannot fail.
        let _ = match described {
            Some((word, family, rest)) => {
                let (suffix, rest) = match types.get(family) {
                    Some(&"counter") => ("_total", rest),
                    Some(&"info") => ("_info", if word == "TYPE" { "gauge" } else { rest }),
                    _ => ("", rest),
                };
                writeln!(told, "# {word} {family}{suffix} {rest}")
            }
            None => writeln!(told, "{line}"),
        };
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_named_after_their_samples() {
        let open = "# HELP a_calls Calls.\n# TYPE a_calls counter\na_calls_total{x=\"# TYPE\"} 3\n\
            # HELP a_build Which.\n# TYPE a_build info\na_build_info{version=\"1\"} 1\n\
            # HELP a_seconds How long.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 2.5\n# EOF\n";
        let told = "# HELP a_calls_total Calls.\n# TYPE a_calls_total counter\na_calls_total{x=\"# TYPE\"} 3\n\
            # HELP a_build_info Which.\n# TYPE a_build_info gauge\na_build_info{version=\"1\"} 1\n\
            # HELP a_seconds How long.\n# TYPE a_seconds gauge\na_seconds 2.5\n";
        assert_eq!(plain(open), told);
    }
}
