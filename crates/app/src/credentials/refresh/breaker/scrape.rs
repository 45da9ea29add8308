//! How breakers stand, as a scrape is told.

use super::{Breakers, FORGOTTEN, State};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use valetkey_domain::{Clock, Timestamp};

impl Breakers {
    /// Makes them part of what a scrape is answered with.
    pub(in crate::credentials::refresh) fn register(&self, registry: &mut Registry, clock: Arc<dyn Clock>) {
        self.counts.register(registry);
        registry.register_collector(Box::new(Standing { breakers: self.clone(), clock }));
    }

    /// How many stand in each state, in a word; those not heard of for long count as forgotten.
    fn standing(&self, now: Timestamp) -> [(&'static str, i64); 3] {
        let (mut failing, mut open, mut trying) = (0, 0, 0);
        for entry in self.locked().values().filter(|entry| entry.last_heard + FORGOTTEN > now) {
            match entry.state {
                State::Closed { .. } => failing += 1,
                State::Open { .. } => open += 1,
                State::Trying { .. } => trying += 1,
            }
        }
        [("failing", failing), ("open", open), ("trying", trying)]
    }
}

/// How the breakers stand, read when it is asked for.
struct Standing {
    breakers: Breakers,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Standing(..)")
    }
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Token endpoints whose last answer was a failure";
        let kind = ConstGauge::new(0i64).metric_type();
        let mut family = encoder.encode_descriptor("breakers", help, None, kind)?;
        for (state, count) in self.breakers.standing(self.clock.now()) {
            let gauge = ConstGauge::new(count);
            gauge.encode(family.encode_family(&[("state", state)])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, endpoint, fail};
    use super::*;
    use crate::credentials::refresh::breaker::{Urgency, Verdict};
    use std::time::Duration;
    use valetkey_testkit::ManualClock;

    /// A scrape's samples of breakers, without help and types.
    fn scraped(registry: &Registry) -> Vec<String> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[test]
    fn a_scrape_tells_how_breakers_stand_what_they_did_and_whose_they_are_to_nobody() {
        let (breakers, mut registry) = (Breakers::default(), Registry::default());
        let clock = Arc::new(ManualClock::at(at(0)));
        breakers.register(&mut registry, clock.clone());
        fail(&breakers, 5, at(0));
        breakers.admit(&endpoint("env_2"), at(0), Urgency::OnUse).unwrap().end(at(0), Verdict::Down);
        breakers.admit(&endpoint("env_1"), at(1), Urgency::OnUse).unwrap_err();
        breakers.admit(&endpoint("env_1"), at(1), Urgency::Ahead).unwrap_err();
        let standing = |failing, open, trying| [("failing", failing), ("open", open), ("trying", trying)];
        assert_eq!(breakers.standing(at(1)), standing(1, 1, 0));
        let permit = breakers.admit(&endpoint("env_1"), at(10), Urgency::OnUse).unwrap();
        assert_eq!(breakers.standing(at(10)), standing(1, 0, 1));
        permit.end(at(10), Verdict::Down);
        breakers.admit(&endpoint("env_1"), at(30), Urgency::OnUse).unwrap().end(at(30), Verdict::Works);

        let mut samples = scraped(&registry);
        samples.sort();
        let told = [
            "breaker_changes_total{change=\"closed\"} 1",
            "breaker_changes_total{change=\"opened\"} 1",
            "breaker_changes_total{change=\"reopened\"} 1",
            "breaker_refusals_total{urgency=\"ahead\"} 1",
            "breaker_refusals_total{urgency=\"on_use\"} 1",
            "breakers{state=\"failing\"} 1",
            "breakers{state=\"open\"} 0",
            "breakers{state=\"trying\"} 0",
        ];
        assert_eq!(samples, told);
        clock.advance(FORGOTTEN + Duration::from_secs(1));
        assert!(scraped(&registry).contains(&"breakers{state=\"failing\"} 0".to_owned()), "long forgotten");
    }
}
