//! Small charts: bars in a drawing that the server makes, and the same in words for whoever does not see it.

use serde::Serialize;

/// How high a chart is, in the drawing's own units.
const HEIGHT: u64 = 60;
/// How far bars stand apart, and how wide each is.
const STEP: usize = 10;
const WIDTH: usize = 8;
/// For how many bars there is room at least: a few are not drawn as blocks.
const ROOM: usize = 14;

/// A chart, ready to be drawn.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Chart {
    /// What it shows, in words.
    words: String,
    /// Its width.
    width: usize,
    /// Its height.
    height: u64,
    /// The bars, from the left.
    bars: Vec<Bar>,
    /// What stands below its left and right end.
    ends: (String, String),
    /// The highest value, with its unit.
    most: String,
}

/// A bar of two parts, the one that went wrong on top.
#[derive(Clone, Debug, Serialize)]
struct Bar {
    x: usize,
    width: usize,
    y: u64,
    height: u64,
    bad_y: u64,
    bad_height: u64,
}

/// One value of a chart.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// What it is of.
    pub(super) label: String,
    /// All of it.
    pub(super) whole: u64,
    /// The part that went wrong.
    pub(super) bad: u64,
}

impl Chart {
    /// One for samples.
    pub(super) fn sample() -> Self {
        let value =
            |(at, whole): (usize, &u64)| Value { label: format!("11-{:02}", at + 1), whole: *whole, bad: whole / 7 };
        let values: Vec<_> = [3, 9, 14, 0, 7, 21, 12].iter().enumerate().map(value).collect();
        Self::of("11-01: 3, of which 0 failed; 11-02: 9, of which 1 failed".into(), &values, "")
    }

    /// Draws values. `unit` stands behind the highest one.
    pub(super) fn of(words: String, values: &[Value], unit: &str) -> Self {
        let most = values.iter().map(|value| value.whole).max().unwrap_or(0);
        // Something is seen of everything that is there.
        let scaled = |value: u64| if value == 0 { 0 } else { (value.saturating_mul(HEIGHT) / most.max(1)).max(1) };
        let empty = ROOM.saturating_sub(values.len());
        let bar = |(at, value): (usize, &Value)| {
            let (height, bad_height) = (scaled(value.whole), scaled(value.bad.min(value.whole)));
            let y = HEIGHT.saturating_sub(height);
            let rest = height.saturating_sub(bad_height);
            Bar {
                x: (empty + at) * STEP + 1,
                width: WIDTH,
                y: HEIGHT.saturating_sub(rest),
                height: rest,
                bad_y: y,
                bad_height,
            }
        };
        let label = |value: Option<&Value>| value.map(|value| value.label.clone()).unwrap_or_default();
        Self {
            words,
            width: (empty + values.len()) * STEP,
            height: HEIGHT,
            bars: values.iter().enumerate().map(bar).collect(),
            ends: (label(values.first()), label(values.last())),
            most: format!("{most}{unit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fit_and_what_is_there_is_seen() {
        let value = |whole: u64, bad| Value { label: whole.to_string(), whole, bad };
        let chart = Chart::of("words".into(), &[value(0, 0), value(1, 1), value(1_000, 500), value(7, 0)], " ms");
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.y, bar.height, bar.bad_y, bar.bad_height)).collect();
        assert_eq!(bars, [(60, 0, 60, 0), (60, 0, 59, 1), (30, 30, 0, 30), (59, 1, 59, 0)]);
        assert!(chart.bars.iter().all(|bar| bar.x + bar.width <= chart.width));
        assert_eq!((chart.most.as_str(), chart.ends), ("1000 ms", ("0".to_owned(), "7".to_owned())));
        assert_eq!(Chart::of(String::new(), &[], "").bars.len(), 0);
    }
}
