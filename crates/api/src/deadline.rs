//! `grpc-timeout`: how long a caller waits. At most eight digits and a unit; the SDKs write the same setting as `20S`,
//! `20100m` and `20000m`, so the digits alone mean nothing.

use crate::failure::Failure;
use http::HeaderMap;
use std::time::Duration;

/// How long the caller waits: `most` at most, and that if it doesn't say.
///
/// # Errors
/// The header is there and makes no sense.
pub(crate) fn time_left(headers: &HeaderMap, most: Duration) -> Result<Duration, Failure> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(most) };
    let wrong = || Failure::invalid("grpc-timeout must be 1 to 8 digits and a unit (H, M, S, m, u, n), such as 20S");
    let text = value.to_str().map_err(|_| wrong())?;
    Ok(parse(text).ok_or_else(wrong)?.min(most))
}

fn parse(text: &str) -> Option<Duration> {
    let (unit, digits) = text.as_bytes().split_last()?;
    let digits = std::str::from_utf8(digits).ok()?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(count * 3600)),
        b'M' => Some(Duration::from_secs(count * 60)),
        b'S' => Some(Duration::from_secs(count)),
        b'm' => Some(Duration::from_millis(count)),
        b'u' => Some(Duration::from_micros(count)),
        b'n' => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit() {
        for (text, micros) in [
            ("20S", 20_000_000),
            ("20100m", 20_100_000),
            ("99999999u", 99_999_999),
            ("5000n", 5),
            ("2M", 120_000_000),
            ("1H", 3_600_000_000),
            ("0S", 0),
        ] {
            assert_eq!(parse(text), Some(Duration::from_micros(micros)), "{text}");
        }
        for wrong in ["", "S", "20", "20s", "-1S", "+1S", "1 S", "123456789S", "1.5S", "é"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_waits_longer_than_the_most() {
        let most = Duration::from_secs(60);
        let mut headers = HeaderMap::new();
        assert_eq!(time_left(&headers, most).unwrap(), most);
        headers.insert("grpc-timeout", "2H".parse().unwrap());
        assert_eq!(time_left(&headers, most).unwrap(), most);
        headers.insert("grpc-timeout", "20100m".parse().unwrap());
        assert_eq!(time_left(&headers, most).unwrap(), Duration::from_millis(20_100));
    }
}
