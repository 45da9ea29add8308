//! The formats that Discovery documents name, and whether a text has one.
//!
//! Source: <https://developers.google.com/discovery/v1/type-format>.

use jiff::{Timestamp, civil::Date};
use std::ops::RangeInclusive;

/// What is wrong with a text that should have this format; nothing if it has, or if the format is not known here.
pub(crate) fn wrong_text(format: &str, text: &str) -> Option<&'static str> {
    let good = match format {
        "date" => text.parse::<Date>().is_ok() && text.len() == 10,
        "date-time" | "google-datetime" => text.parse::<Timestamp>().is_ok(),
        "int64" => text.parse::<i64>().is_ok(),
        "uint64" => text.parse::<u64>().is_ok(),
        "byte" => text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+/=".contains(&b)),
        _ => true,
    };
    (!good).then_some(match format {
        "date" => "is not a date such as 2026-11-22",
        "date-time" | "google-datetime" => "is not an RFC 3339 time with an offset, such as 2026-11-22T09:00:00Z",
        "byte" => "is not base64",
        _ => "is not a whole number of 64 bits in text",
    })
}

/// The whole numbers that an integer of this format holds.
pub(crate) fn range(format: Option<&str>) -> RangeInclusive<i64> {
    match format {
        Some("uint32") => 0..=i64::from(u32::MAX),
        Some("uint64") => 0..=i64::MAX,
        Some("int64") => i64::MIN..=i64::MAX,
        _ => i64::from(i32::MIN)..=i64::from(i32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_an_offset_and_dates_are_only_dates() {
        assert_eq!(wrong_text("date-time", "2026-11-22T09:00:00+01:00"), None);
        assert_eq!(wrong_text("date-time", "2026-11-22T09:00:00Z"), None);
        assert!(wrong_text("date-time", "2026-11-22T09:00:00").is_some());
        assert!(wrong_text("date-time", "tomorrow").is_some());
        assert_eq!(wrong_text("date", "2026-11-22"), None);
        assert!(wrong_text("date", "2026-11-22T09:00:00").is_some());
    }

    #[test]
    fn numbers_in_text_and_base64_are_looked_at() {
        assert_eq!(wrong_text("uint64", "18446744073709551615"), None);
        assert!(wrong_text("uint64", "-1").is_some());
        assert_eq!(wrong_text("byte", "aGk_-w=="), None);
        assert!(wrong_text("byte", "not base64").is_some());
        assert!(!range(Some("uint32")).contains(&-1));
    }
}
