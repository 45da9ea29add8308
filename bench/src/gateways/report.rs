//! The figures as Markdown.

use crate::bursts::micros;
use crate::gateways::contestant::Contestant;
use crate::gateways::figures::{CONNECTIONS, Figure, Found};
use crate::gateways::messages::{ERAS, What};

/// What could not be measured stands below the tables, once for each answer.
pub(crate) struct Report {
    text: String,
    failed: Vec<String>,
}

impl Report {
    /// Begins with these lines about the machine.
    pub(crate) fn new(facts: &[String]) -> Self {
        let text = facts.iter().map(|fact| format!("- {fact}\n")).collect();
        Self { text, failed: Vec::new() }
    }

    /// Adds a table.
    pub(crate) fn table<const N: usize>(&mut self, head: [&str; N], rows: Vec<[String; N]>) {
        self.text += &format!("\n| {} |\n|{}\n", head.join(" | "), "---|".repeat(N));
        for row in rows {
            self.text += &format!("| {} |\n", row.join(" | "));
        }
    }

    /// Adds a line of text.
    pub(crate) fn line(&mut self, line: &str) {
        self.text += &format!("\n{line}\n");
    }

    /// Says what somebody could not do.
    pub(crate) fn failed(&mut self, who: &str, what: &str, words: &str) {
        self.failed.push(format!("{who}, {what}: {words}"));
    }

    /// Adds a table for each method and era, with a row for each of them.
    pub(crate) fn figures(&mut self, whats: &[What], all: &[&Contestant], figures: &[Figure]) {
        for what in whats.iter().copied() {
            for era in ERAS {
                let title = format!("{}, {}", what.method(), era.name());
                let mut rows = Vec::new();
                for name in all.iter().map(|one| one.name) {
                    let mut row = [const { String::new() }; 4];
                    let cells = CONNECTIONS.map(|connections| {
                        let of = |one: &&Figure| (one.what, one.era, one.connections) == (what, era, connections);
                        let found = figures.iter().find(of).and_then(|figure| figure.found.get(name));
                        self.cell(name, &format!("{title}, {connections} at a time"), found)
                    });
                    for (place, text) in row.iter_mut().zip([name.to_owned()].into_iter().chain(cells)) {
                        *place = text;
                    }
                    rows.push(row);
                }
                self.table([title.as_str(), "1 at a time", "64", "256"], rows);
            }
        }
    }

    fn cell(&mut self, name: &str, what: &str, found: Option<&Result<Found, String>>) -> String {
        match found {
            Some(Ok(found)) => {
                let burst = &found.burst;
                let [median, slow] = [burst.median, burst.slow].map(|time| micros(time) / 1e3);
                let cpu = micros(burst.cpu);
                // In a quick run a burst may be shorter than what the kernel counts in.
                let ratio = if found.ratio.is_finite() { format!(" ({:.1})", found.ratio) } else { String::new() };
                format!("{:.0}/s, p50 {median:.2}, p99 {slow:.2} ms, CPU {cpu:.0} us{ratio}", burst.rate)
            }
            Some(Err(words)) => {
                self.failed(name, what, words);
                "not so".to_owned()
            }
            None => String::new(),
        }
    }

    /// The whole.
    pub(crate) fn text(self) -> String {
        let failed: String = self.failed.iter().map(|line| format!("- {line}\n")).collect();
        format!("{}\n{failed}", self.text)
    }
}
