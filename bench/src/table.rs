//! The table that all figures end in.

use crate::bursts::{Compared, micros};
use crate::load::Burst;

/// One line for each figure.
pub(crate) struct Table {
    facts: Vec<String>,
    rows: Vec<[String; 5]>,
}

impl Table {
    /// A table under these lines about the machine.
    pub(crate) fn new(facts: Vec<String>) -> Self {
        let head = ["figure", "measured", "beside it", "goal", ""].map(str::to_owned);
        Self { facts, rows: vec![head, [const { "---" }; 5].map(str::to_owned)] }
    }

    /// Adds a figure; `met` says whether it keeps its goal.
    pub(crate) fn row(&mut self, figure: &str, measured: String, beside: String, goal: &str, met: bool) {
        let met = if met { "met" } else { "missed" };
        self.rows.push([figure.to_owned(), measured, beside, goal.to_owned(), met.to_owned()]);
    }

    /// Adds a figure that has no goal.
    pub(crate) fn note(&mut self, figure: &str, measured: String, beside: String) {
        self.rows.push([figure.to_owned(), measured, beside, String::new(), String::new()]);
    }

    /// Adds a figure of this build and of another, which has no goal.
    pub(crate) fn beside(&mut self, figure: &str, found: &Compared) {
        let side = |burst: &Burst| {
            let [rate, cpu, slow] = [burst.rate, micros(burst.cpu), micros(burst.slow) / 1e3];
            format!("{rate:.0}/s, CPU {cpu:.0} us, 99 of 100 within {slow:.1} ms")
        };
        let ratios = format!("rate {:.3} and CPU {:.3} of the other's", found.rate, found.cpu);
        self.note(
            figure,
            format!("{}; {ratios}", side(&found.ours)),
            format!("the other build: {}", side(&found.theirs)),
        );
    }

    /// The whole as Markdown.
    pub(crate) fn text(&self) -> String {
        let facts = self.facts.iter().map(|fact| format!("- {fact}\n")).collect::<String>();
        let rows = self.rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect::<String>();
        format!("{facts}\n{rows}")
    }
}
