//! JSON as pages show it: with indents, and no longer than a page bears.

use serde_json::Value;
use std::io::{Error, Write};

/// The most bytes of an answer that a page shows.
pub(super) const MOST: usize = 64 * 1024;

/// A value as indented JSON, and whether it is only its beginning.
pub(super) fn pretty(value: &Value) -> (String, bool) {
    let mut kept = Kept { bytes: Vec::new(), full: false };
    // The only way to fail is to be full.
    serde_json::to_writer_pretty(&mut kept, value).ok();
    let text = String::from_utf8_lossy(&kept.bytes);
    (text.trim_end_matches('\u{fffd}').to_owned(), kept.full)
}

/// Keeps what comes until there is enough; then it refuses, which ends the writing.
struct Kept {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Kept {
    fn write(&mut self, part: &[u8]) -> Result<usize, Error> {
        let room = MOST.saturating_sub(self.bytes.len());
        if room == 0 && !part.is_empty() {
            self.full = true;
            return Err(Error::other("enough"));
        }
        let taken = part.get(..room.min(part.len())).unwrap_or(part);
        self.bytes.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_long_is_cut_and_said_to_be() {
        assert_eq!(pretty(&json!({"a": 1})), ("{\n  \"a\": 1\n}".to_owned(), false));
        let (text, cut) = pretty(&json!(vec!["é".repeat(1000); 1000]));
        assert!(cut && text.len() <= MOST && text.len() > MOST - 8);
        let just = json!("x".repeat(MOST - 2));
        assert!(!pretty(&just).1, "all of it is there");
    }
}
