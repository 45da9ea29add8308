//! Which traces are kept. A caller chooses its trace's id and whether it calls it sampled, so neither decides, unless the
//! operator says that callers are to be trusted: chance does, for each request anew.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// Keeps a part of the requests, each with all that happens within.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// The part that is kept, 0 to 1.
    pub(super) part: f64,
    /// Whether a caller's word on its own trace counts.
    pub(super) trust_callers: bool,
}

impl ShouldSample for Sample {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent =
            parent.filter(|context| context.has_active_span()).map(|context| context.span().span_context().clone());
        let decided = parent.as_ref().filter(|parent| !parent.is_remote() || self.trust_callers);
        let keep = decided.map_or_else(|| rand::random_bool(self.part), |parent| parent.is_sampled());
        SamplingResult {
            decision: if keep { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: parent.map_or_else(TraceState::default, |parent| parent.trace_state().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags};

    /// How many of a thousand requests are kept whose parent is like this.
    fn kept(sample: Sample, remote: bool, flags: TraceFlags, trace: u128) -> usize {
        let parent = SpanContext::new(TraceId::from(trace), SpanId::from(1), flags, remote, TraceState::default());
        let context = Context::new().with_remote_span_context(parent);
        let decide = || {
            sample.should_sample(Some(&context), TraceId::from(trace), "request", &SpanKind::Server, &[], &[]).decision
        };
        (0..1000).filter(|_| decide() == SamplingDecision::RecordAndSample).count()
    }

    #[test]
    fn no_caller_decides_what_is_kept() {
        let tenth = Sample { part: 0.1, trust_callers: false };
        for flags in [TraceFlags::SAMPLED, TraceFlags::default()] {
            for trace in [1, u128::from(u64::MAX) << 64 | 1, u128::MAX] {
                let kept = kept(tenth, true, flags, trace);
                assert!((20..300).contains(&kept), "{kept} of 1000 with {flags:?} and {trace:x}");
            }
        }
        assert_eq!(kept(Sample { part: 0.0, ..tenth }, true, TraceFlags::SAMPLED, 1), 0);
        assert_eq!(kept(Sample { part: 1.0, ..tenth }, true, TraceFlags::default(), u128::MAX), 1000);
    }

    #[test]
    fn what_happens_within_a_request_goes_with_it() {
        let tenth = Sample { part: 0.1, trust_callers: false };
        assert_eq!(kept(tenth, false, TraceFlags::SAMPLED, u128::MAX), 1000);
        assert_eq!(kept(tenth, false, TraceFlags::default(), 1), 0);
    }

    #[test]
    fn callers_decide_where_they_are_trusted() {
        let trusting = Sample { part: 0.1, trust_callers: true };
        assert_eq!(kept(trusting, true, TraceFlags::SAMPLED, u128::MAX), 1000);
        assert_eq!(kept(trusting, true, TraceFlags::default(), 1), 0);
    }
}
